"""What the composition root hands on for combined pieces and chains; see `wiring.py`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from bot.services.chain import Chain
from bot.services.chain_steps import ChainSteps
from bot.services.clip import Clip
from bot.services.clip_finishing import ClipFinisher
from bot.services.clip_sources import ClipSources
from bot.services.clip_start import ClipStart
from bot.services.intake import Intake
from bot.services.music import Music
from bot.services.ports import Publisher
from bot.services.references import References
from bot.services.speak import Speak
from bot.services.submit import Submit
from bot.services.uploads import Uploads
from bot.services.video_compose import VideoComposer
from bot.services.voice_owner import VoiceOwner
from bot.services.write import Write
from data.chains import Chains

if TYPE_CHECKING:
    from bot.wiring import Parts


def sources_of(parts: Parts) -> ClipSources:
    return ClipSources(jobs=parts.jobs, artifacts=parts.artifacts, catalog=parts.catalog)


def clip_finisher_of(parts: Parts, *, prepare: Callable[[], Awaitable[None]]) -> ClipFinisher:
    """`prepare` waits until pictures can be checked."""
    sentence = parts.sentences.text
    return ClipFinisher(
        pipeline=parts.pipeline,
        composer=VideoComposer(supervisor=parts.supervisor, catalog=parts.catalog, sentence=sentence),
        artifacts=parts.artifacts,
        sources=sources_of(parts),
        consents=parts.consents,
        sentence=sentence,
        work_dir=parts.work_dir,
        prepare=prepare,
    )


def clip_start_of(parts: Parts, *, references: References, publisher: Publisher) -> ClipStart:
    return ClipStart(
        sources=sources_of(parts),
        references=references,
        sentence=parts.sentences.text,
        limit=publisher.file_limit,
    )


def clip_of(parts: Parts, *, intake: Intake, uploads: Uploads, owner: VoiceOwner) -> Clip:
    return Clip(intake=intake, sources=sources_of(parts), uploads=uploads, owner=owner)


def chain_of(
    parts: Parts,
    *,
    intake: Intake,
    publisher: Publisher,
    write: Write,
    submit: Submit,
    speak: Speak,
    music: Music,
    clip: Clip,
) -> Chain:
    """Opened when posts can be sent, closed with everything else."""
    sentence = parts.sentences.text
    return Chain(
        chains=Chains(parts.database),
        jobs=parts.jobs,
        steps=ChainSteps(
            artifacts=parts.artifacts,
            voices=parts.voices,
            write=write,
            submit=submit,
            speak=speak,
            music=music,
            clip=clip,
            sentence=sentence,
        ),
        intake=intake,
        publisher=publisher,
        sentence=sentence,
    )
