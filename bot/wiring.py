"""What the composition root hands on: the parts of nearly everything, and what the commands call."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from bot.i18n import Sentences
from bot.services.cancel import Cancel
from bot.services.chat import Chat
from bot.services.deliver import Deliver
from bot.services.desk import Desk
from bot.services.enrolment import Enrol
from bot.services.explain import Explain
from bot.services.insight import Insight
from bot.services.insight_kept import KeptInsights
from bot.services.insight_votes import InsightVotes
from bot.services.intake import Intake
from bot.services.latents import Latents
from bot.services.limits import Limits
from bot.services.listening import FAMILY as LISTENING
from bot.services.listening import Listening
from bot.services.music import Music
from bot.services.notes import Notes
from bot.services.overview import Overview
from bot.services.ports import Publisher
from bot.services.posting import Posting
from bot.services.probe import UploadProbe
from bot.services.prompt_help import PromptHelp
from bot.services.revoke import Revoke
from bot.services.sound_check import SoundCheck
from bot.services.speak import Speak
from bot.services.submit import Submit
from bot.services.uploads import Uploads
from bot.services.video import Video
from bot.services.voice_owner import VoiceOwner
from bot.services.voice_upkeep import VoiceUpkeep
from bot.services.witnessing import Witnessing
from bot.services.write import Write
from bot.settings import Settings
from bot.wiring_clip import chain_of, clip_of
from bot.wiring_gallery import Exhibition
from bot.wiring_lesson import Entrance, Staffroom
from bot.wiring_teacher import Records, my_data_of, protocol_of
from data.artifacts import Artifacts
from data.audit import Audit
from data.consents import Consents
from data.conversations import Conversations
from data.database import Database
from data.enrolments import Enrolments
from data.jobs import Jobs
from data.posts import Posts
from data.stops import Stops, in_turn
from data.timings import Timings
from data.tombstones import Tombstones
from data.traces import Traces
from data.uploads import KeptUploads
from data.voice_ends import VoiceEnds
from data.voice_files import VoiceFiles
from data.voices import Voices
from data.votes import Votes
from generation.catalog import Catalog
from generation.dispatcher import Dispatcher
from generation.supervisor import Supervisor
from moderation.consent import NOBODYS_FAMILY, judge_job, needs_consent
from moderation.phrase import Tolerance
from moderation.pipeline import Pipeline


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What nearly every service is made of."""

    settings: Settings
    database: Database
    catalog: Catalog
    supervisor: Supervisor
    work_dir: Path
    sentences: Sentences
    pipeline: Pipeline
    jobs: Jobs = field(init=False)
    artifacts: Artifacts = field(init=False)
    conversations: Conversations = field(init=False)
    uploads: KeptUploads = field(init=False)
    voices: Voices = field(init=False)
    enrolments: Enrolments = field(init=False)
    consents: Consents = field(init=False)
    listening: Listening = field(init=False)
    traces: Traces = field(init=False)
    audit: Audit = field(init=False)
    tombstones: Tombstones = field(init=False)
    voice_ends: VoiceEnds = field(init=False)
    latents: Latents = field(init=False)

    def __post_init__(self) -> None:
        database, folder = self.database, self.settings.data_dir
        files = VoiceFiles(folder / "voices")
        consents = Consents(database, files)
        records = self.settings.records_folder
        audit, tombstones = Audit(database, records), Tombstones(records)
        made = {
            "jobs": Jobs(database, gate=in_turn(consents.gate(needs_consent, judge_job), Stops.gate)),
            "artifacts": Artifacts(database, folder / "artifacts"),
            "conversations": Conversations(database),
            "uploads": KeptUploads(database, folder / "uploads"),
            "voices": Voices(database, files),
            "enrolments": Enrolments(database, files, most_tries=self.settings.phrase_tries),
            "consents": consents,
            "traces": Traces(database, unaffected=(NOBODYS_FAMILY,)),
            "audit": audit,
            "tombstones": tombstones,
            "voice_ends": VoiceEnds(database, files, tombstones=tombstones, audit=audit),
            "latents": Latents(workers=self.supervisor, work_dir=self.work_dir),
            "listening": Listening(
                supervisor=self.supervisor,
                work_dir=self.work_dir,
                is_on=LISTENING in self.settings.families,
            ),
        }
        for name, value in made.items():
            object.__setattr__(self, name, value)


def revoke_of(
    parts: Parts,
    *,
    posting: Posting,
    deliver: Deliver,
    dispatcher: Dispatcher,
    publisher: Publisher,
    exhibition: Exhibition,
) -> tuple[Revoke, VoiceUpkeep]:
    """How a voice is taken back, and what sees to it that nothing of it stays."""
    revoke = Revoke(
        consents=parts.consents,
        voices=parts.voices,
        enrolments=parts.enrolments,
        traces=parts.traces,
        jobs=parts.jobs,
        posts=Posts(parts.database),
        artifacts=parts.artifacts,
        posting=posting,
        deliver=deliver,
        dispatcher=dispatcher,
        publisher=publisher,
        latents=parts.latents,
        ends=parts.voice_ends,
        gallery=exhibition.clearing,
    )
    upkeep = VoiceUpkeep(
        voices=parts.voices,
        traces=parts.traces,
        latents=parts.latents,
        revoke=revoke,
        ends=parts.voice_ends,
    )
    return revoke, upkeep


def desk_of(
    parts: Parts,
    dispatcher: Dispatcher,
    *,
    timings: Timings,
    revoke: Revoke,
    publisher: Publisher,
    records: Records,
    entrance: Entrance,
    staffroom: Staffroom,
    exhibition: Exhibition,
) -> Desk:
    """Everything that a command or a press may ask for."""
    catalog, jobs, pipeline, sentence = parts.catalog, parts.jobs, parts.pipeline, parts.sentences.text
    intake = Intake(
        catalog=catalog,
        jobs=jobs,
        dispatcher=dispatcher,
        pipeline=pipeline,
        limits=Limits(jobs=jobs, waiting=parts.settings.limit_waiting),
        door=entrance.door,
    )
    prompt_help = PromptHelp(
        intake=intake,
        catalog=catalog,
        supervisor=parts.supervisor,
        pipeline=pipeline,
        sentence=sentence,
        work_dir=parts.work_dir,
    )
    chat = Chat(
        intake=intake,
        conversations=parts.conversations,
        jobs=jobs,
        dispatcher=dispatcher,
        pipeline=pipeline,
        sentence=sentence,
    )
    probe = UploadProbe(supervisor=parts.supervisor, work_dir=parts.work_dir)
    uploads = Uploads(intake=intake, kept=parts.uploads, probe=probe)
    kept = KeptInsights(artifacts=parts.artifacts)
    insight = Insight(intake=intake, kept=kept)
    submit = Submit(intake=intake, catalog=catalog, prompt_help=prompt_help)
    write = Write(intake=intake, sentence=sentence)
    music = Music(intake=intake, catalog=catalog, prompt_help=prompt_help, uploads=uploads)
    owner = VoiceOwner(consents=parts.consents, jobs=jobs, members=publisher)
    speak = Speak(
        intake=intake,
        catalog=catalog,
        voices=parts.voices,
        consents=parts.consents,
        timings=timings,
        owner=owner,
        is_marked=parts.listening.is_on,
    )
    clip = clip_of(parts, intake=intake, uploads=uploads, owner=owner)
    chain = chain_of(
        parts,
        intake=intake,
        publisher=publisher,
        write=write,
        submit=submit,
        speak=speak,
        music=music,
        clip=clip,
    )
    return Desk(
        submit=submit,
        clip=clip,
        chain=chain,
        prompt_help=prompt_help,
        write=write,
        chat=chat,
        explain=Explain(intake=intake, sentence=sentence),
        insight=insight,
        votes=InsightVotes(insight=insight, kept=kept, votes=Votes(parts.database), pipeline=pipeline),
        music=music,
        notes=Notes(intake=intake, uploads=uploads),
        video=Video(intake=intake, catalog=catalog, prompt_help=prompt_help, uploads=uploads),
        uploads=uploads,
        speak=speak,
        enrol=Enrol(
            enrolments=parts.enrolments,
            voices=parts.voices,
            listening=parts.listening,
            probe=probe,
            catalog=catalog,
            threshold=parts.settings.speaker_threshold,
            tolerance=Tolerance(missed=parts.settings.phrase_missed),
            most_tries=parts.settings.phrase_tries,
        ),
        witnessing=Witnessing(
            consents=parts.consents,
            voices=parts.voices,
            lesson_ends=entrance.lessons.ends_at,
            audit=parts.audit,
        ),
        revoke=revoke,
        sound_check=SoundCheck(listening=parts.listening, probe=probe),
        setup=staffroom.setup,
        door=entrance.door,
        lessons=staffroom.lessons,
        lesson_board=staffroom.board,
        emergency=staffroom.emergency,
        care=staffroom.care,
        gallery=exhibition.gallery,
        gallery_clearing=exhibition.clearing,
        own_works=exhibition.own,
        my_data=my_data_of(parts, records),
        protocol=protocol_of(parts, records),
        cancel=Cancel(jobs=jobs, dispatcher=dispatcher),
        queue=Overview(jobs=jobs, dispatcher=dispatcher),
        catalog=catalog,
    )
