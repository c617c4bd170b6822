"""What the composition root hands on for a job's two ends: how it is prepared, and how its result is finished."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING

from bot.services.audio_compose import AudioComposer
from bot.services.audio_finishing import AudioFinisher
from bot.services.compose import Composer
from bot.services.finishing import Finisher
from bot.services.image_finishing import ImageFinisher
from bot.services.insight_data import MEDIA as INSIGHT_MEDIA
from bot.services.insight_drawing import InsightDrawing
from bot.services.insight_finishing import InsightFinisher
from bot.services.ports import Publisher
from bot.services.references import References
from bot.services.speech_compose import SpeechComposer
from bot.services.speech_finishing import SpeechFinisher
from bot.services.speech_start import SpeechStart
from bot.services.text_finishing import TextFinisher
from bot.services.video_compose import VideoComposer
from bot.services.video_finishing import VideoFinisher
from bot.services.voice_owner import VoiceOwner
from bot.wiring_clip import clip_finisher_of, clip_start_of
from generation.clip_params import CLIP
from generation.job import Job
from generation.music_params import MEDIA as AUDIO_MEDIA
from generation.video_params import VIDEO
from moderation.consent import SPEECH

if TYPE_CHECKING:
    from bot.wiring import Parts


def finishers_of(
    parts: Parts, *, prepare: Callable[[], Awaitable[None]], publisher: Publisher
) -> Mapping[str, Finisher]:
    """One a medium. `prepare` waits until pictures can be checked."""
    pipeline, artifacts, catalog = parts.pipeline, parts.artifacts, parts.catalog
    sentence = parts.sentences.text
    insight = InsightFinisher(
        pipeline=pipeline,
        drawing=InsightDrawing(supervisor=parts.supervisor, catalog=catalog, sentence=sentence),
        artifacts=artifacts,
        catalog=catalog,
    )
    image = ImageFinisher(
        pipeline=pipeline,
        composer=Composer(
            supervisor=parts.supervisor, catalog=catalog, artifacts=artifacts, sentence=sentence
        ),
        artifacts=artifacts,
        work_dir=parts.work_dir,
        prepare=prepare,
    )
    text = TextFinisher(
        pipeline=pipeline, artifacts=artifacts, conversations=parts.conversations, catalog=catalog
    )
    audio = AudioFinisher(
        pipeline=pipeline,
        composer=AudioComposer(supervisor=parts.supervisor, catalog=catalog, sentence=sentence),
        artifacts=artifacts,
        catalog=catalog,
        work_dir=parts.work_dir,
    )
    speech = SpeechFinisher(
        pipeline=pipeline,
        listening=parts.listening,
        composer=SpeechComposer(supervisor=parts.supervisor, catalog=catalog, sentence=sentence),
        artifacts=artifacts,
        voices=parts.voices,
        consents=parts.consents,
        catalog=catalog,
        work_dir=parts.work_dir,
    )
    video = VideoFinisher(
        pipeline=pipeline,
        composer=VideoComposer(supervisor=parts.supervisor, catalog=catalog, sentence=sentence),
        artifacts=artifacts,
        references=references_of(parts),
        catalog=catalog,
        work_dir=parts.work_dir,
        prepare=prepare,
        limit=publisher.file_limit,
    )
    return {
        "image": image,
        "text": text,
        VIDEO: video,
        CLIP: clip_finisher_of(parts, prepare=prepare),
        SPEECH: speech,
        **dict.fromkeys(INSIGHT_MEDIA, insight),
        **dict.fromkeys(AUDIO_MEDIA, audio),
    }


def references_of(parts: Parts) -> References:
    return References(
        uploads=parts.uploads, jobs=parts.jobs, artifacts=parts.artifacts, work_dir=parts.work_dir
    )


def preparing(parts: Parts, *, publisher: Publisher) -> Callable[[Job], Awaitable[Job]]:
    """What a job's parameters refer to is looked up when it starts: files, and the voice with its consent."""
    references = references_of(parts)
    speech = SpeechStart(voices=parts.voices, consents=parts.consents)
    clip = clip_start_of(parts, references=references, publisher=publisher)

    owner = VoiceOwner(consents=parts.consents, jobs=parts.jobs, members=publisher)

    async def prepare(job: Job) -> Job:
        await owner.demand_job(job)
        return await clip.prepare(await speech.prepare(await references.prepare(job)))

    return prepare
