"""From `/clip` and `/chain` to their posts: real services, queue, gate and database; workers and Discord are stood in
for. What is made can be stopped and started again over the same folder."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.i18n import Sentences
from bot.services.chain import Chain, ChainRequest
from bot.services.chain_steps import ChainSteps
from bot.services.clip import Clip
from bot.services.clip_ports import Chosen, ClipRequest
from bot.services.clip_sources import ClipSources
from bot.services.deliver import Deliver
from bot.services.door import Door
from bot.services.intake import Intake
from bot.services.lesson_rules import GROUPS
from bot.services.limits import Limits
from bot.services.music import Music
from bot.services.ports import ImageRequest, Requester, Ticket
from bot.services.posting import Posting
from bot.services.prompt_help import PromptHelp
from bot.services.recovery import Recovery
from bot.services.revoke import Revoke
from bot.services.speak import Speak
from bot.services.speech_ports import SpeechRequest
from bot.services.submit import Submit
from bot.services.uploads import Uploads
from bot.services.video_ports import VideoRequest
from bot.services.voice_owner import VoiceOwner
from bot.services.write import Write
from bot.settings import Settings
from bot.wiring import Parts
from bot.wiring_finishing import finishers_of, preparing
from data.addresses import ReplyAddresses
from data.chains import Chains
from data.database import Database
from data.lessons import Lessons, Rules
from data.posts import Posts
from data.spendings import Spendings
from data.stops import Stops
from data.timings import Timings
from data.voice_records import Consent
from generation.catalog import Catalog
from generation.clip_params import CLIP, CLIP_TASK
from generation.dispatcher import Dispatcher
from generation.job import ENDED, Job, JobState
from generation.queue import FairQueue
from generation.supervisor import Request
from generation.voice_token import KEY_VARIABLE, new_key
from moderation.pipeline import Pipeline
from moderation.safety_check import SafetyCheck
from tests.fakes import until
from tests.fakes_clip import ClipDiscord, ClipWorkshop, clip_catalog
from tests.unit.bot.services.conftest import ADDRESS, ANNA, WORDS
from tests.voice_room import Room as VoiceRoom

SENTENCES = Sentences.load(strict=True)
TEXT = "Es war einmal ein Fuchs. Er lief durch den Schnee!"


@dataclass
class ClipRoom:
    folder: Path
    catalog: Catalog = field(default_factory=clip_catalog)
    discord: ClipDiscord = field(default_factory=ClipDiscord)
    limit: int = 20
    rules: Rules = field(default_factory=lambda: Rules(media=tuple(GROUPS)))
    """What holds for the class; `open` reads them."""

    async def open(self) -> None:
        self.stack = AsyncExitStack()
        self.workers: Any = ClipWorkshop(write=lambda _: TEXT)
        settings = Settings(
            _env_file=None,  # type: ignore[call-arg]
            data_dir=self.folder / "data",
            work_dir=self.folder / "work",
            country="DE",
            min_age=16,
        )
        self.database = await self.stack.enter_async_context(await Database.open(settings.data_dir))
        self.work_dir = self.folder / "work"
        self.work_dir.mkdir(exist_ok=True)
        check = SafetyCheck(
            supervisor=self.workers, model=self.catalog.default("safety"), work_dir=self.work_dir
        )
        self.parts = parts = Parts(
            settings=settings,
            database=self.database,
            catalog=self.catalog,
            supervisor=self.workers,
            work_dir=self.work_dir,
            sentences=SENTENCES,
            pipeline=Pipeline(text_checks=[WORDS], image_check=check),
        )
        self.jobs, self.artifacts = parts.jobs, parts.artifacts
        self.voices = VoiceRoom(self.database, settings.data_dir)
        self.voices.clock.now = time.time()
        self.stops = await Stops.open(self.database)
        self.door = Door(
            lessons=await Lessons.open(self.database),
            stops=self.stops,
            spendings=Spendings(self.database),
            catalog=self.catalog,
            careful=self.rules,
        )
        self.sources = ClipSources(jobs=self.jobs, artifacts=self.artifacts, catalog=self.catalog)
        self._post(check)
        await self._queue()
        self._ask()

    def _post(self, check: SafetyCheck) -> None:
        parts = self.parts
        self.posting = Posting(
            jobs=self.jobs,
            addresses=ReplyAddresses(self.database),
            posts=Posts(self.database),
            conversations=parts.conversations,
            publisher=self.discord,
            pauses=(0.01,),
            late=0.01,
            may_post=self.door.may_post,
        )
        self.stack.push_async_callback(self.posting.close)
        self.deliver = Deliver(
            jobs=self.jobs,
            artifacts=self.artifacts,
            finishers=finishers_of(parts, prepare=check.prepare, publisher=self.discord),
            posting=self.posting,
            work_dir=self.work_dir,
        )

    async def _queue(self) -> None:
        self.timings = await Timings.open(self.database)
        self.dispatcher = Dispatcher(
            queue=FairQueue(),
            supervisor=self.workers,
            store=self.jobs,
            timings=self.timings,
            requests=self._request,
            prepare=preparing(self.parts, publisher=self.discord),
            on_progress=lambda job, progress: None,
            on_outcome=self.deliver.on_outcome,
            on_failure=self.deliver.on_failure,
        )
        self.stack.push_async_callback(self.dispatcher.close)
        await self.dispatcher.start()

    def _ask(self) -> None:
        parts, catalog = self.parts, self.catalog
        self.intake = intake = Intake(
            catalog=catalog,
            jobs=self.jobs,
            dispatcher=self.dispatcher,
            pipeline=parts.pipeline,
            limits=Limits(jobs=self.jobs, waiting=self.limit),
            door=self.door,
        )
        help_ = PromptHelp(
            intake=intake,
            catalog=catalog,
            supervisor=self.workers,
            pipeline=parts.pipeline,
            sentence=SENTENCES.text,
            work_dir=self.work_dir,
        )
        probe: Any = _Probe()
        self.uploads = Uploads(intake=intake, kept=parts.uploads, probe=probe)
        owner = VoiceOwner(consents=parts.consents, jobs=self.jobs, members=self.discord)
        self.clip = Clip(intake=intake, sources=self.sources, uploads=self.uploads, owner=owner)
        self.submit = Submit(intake=intake, catalog=catalog, prompt_help=help_)
        self.music = Music(intake=intake, catalog=catalog, prompt_help=help_, uploads=self.uploads)
        self.write = Write(intake=intake, sentence=SENTENCES.text)
        self.speak = Speak(
            intake=intake,
            catalog=catalog,
            voices=parts.voices,
            consents=parts.consents,
            timings=self.timings,
            owner=owner,
        )
        self.chains = Chains(self.database)
        self.chain = Chain(
            chains=self.chains,
            jobs=self.jobs,
            steps=ChainSteps(
                artifacts=self.artifacts,
                voices=parts.voices,
                write=self.write,
                submit=self.submit,
                speak=self.speak,
                music=self.music,
                clip=self.clip,
                sentence=SENTENCES.text,
            ),
            intake=intake,
            publisher=self.discord,
            sentence=SENTENCES.text,
            pause=0.005,
        )
        self.chain.open()
        self.stack.push_async_callback(self.chain.close)

    def revoking(self) -> Revoke:
        parts = self.parts
        latents: Any = _Latents()
        return Revoke(
            consents=parts.consents,
            voices=parts.voices,
            enrolments=parts.enrolments,
            traces=parts.traces,
            jobs=self.jobs,
            posts=Posts(self.database),
            artifacts=self.artifacts,
            posting=self.posting,
            deliver=self.deliver,
            dispatcher=self.dispatcher,
            publisher=self.discord,
            latents=latents,
            ends=parts.voice_ends,
            pauses=(0.01, 0.05, 0.2),
        )

    async def close(self) -> None:
        await self.stack.aclose()

    async def restart(self) -> None:
        await self.close()
        await self.open()
        found = await self.jobs.unfinished()
        recovery = Recovery(
            found=found,
            untold=await ReplyAddresses(self.database).of_ended(),
            jobs=self.jobs,
            dispatcher=self.dispatcher,
            deliver=self.deliver,
        )
        await recovery.run()

    def _request(self, job: Job) -> Request:
        is_clip = job.medium == CLIP
        return Request(
            family=job.family,
            task=CLIP_TASK if is_clip else job.medium,
            params=job.params,
            job=job.id,
            attempt=job.attempt,
            seed=job.seed,
            out=self.work_dir / f"{job.id}-{job.attempt}",
            model=None if is_clip else self.catalog.get(job.model),
        )

    # -- what people do --

    async def end(self, ticket: object) -> Job:
        assert isinstance(ticket, Ticket)

        async def reached() -> bool:
            job = await self.jobs.get(ticket.job.id)
            return job is not None and job.state in ENDED

        await until(reached)
        job = await self.jobs.get(ticket.job.id)
        assert job is not None
        return job

    async def posted(self, ticket: object) -> Job:
        job = await self.end(ticket)
        assert job.state is JobState.POSTED, job.error_code
        return job

    async def painted(self, prompt: str = "a fox", who: Requester = ANNA, **more: Any) -> Job:
        request = ImageRequest(prompt=prompt, **{"count": 2, "seed": 7, **more})
        return await self.posted(await self.submit.image(request, who, ADDRESS))

    async def played(self, who: Requester = ANNA) -> Job:
        from bot.services.audio_ports import MusicRequest

        return await self.posted(
            await self.music.music(MusicRequest(prompt="fröhlich", seed=5), who, ADDRESS)
        )

    async def spoken(self, text: str = TEXT, who: Requester = ANNA, **more: Any) -> Job:
        request = SpeechRequest(text=text, **{"seed": 3, **more})
        return await self.posted(await self.speak.speak(request, who, ADDRESS))

    async def shot(self, piece: str | None = None) -> Job:
        from bot.services.video import Video

        help_: Any = self.submit._prompt_help
        video = Video(intake=self.intake, catalog=self.catalog, prompt_help=help_, uploads=self.uploads)
        request = VideoRequest(prompt1="a house", prompt2="a tree", seconds=1, seed1=7, seed2=9, job=piece)
        return await self.posted(await video.video(request, ANNA, ADDRESS))

    async def ask(self, who: Requester = ANNA, **parts: Any) -> Any:
        return await self.clip.clip(ClipRequest(**parts), who, ADDRESS)

    async def everything(self, **more: Any) -> dict[str, Any]:
        picture, music, speech = await self.painted(), await self.played(), await self.spoken()
        return {
            "pictures": (Chosen(job=picture.id, index=2), Chosen(job=picture.id, index=1)),
            "music": Chosen(job=music.id),
            "speech": Chosen(job=speech.id),
            "title": "Der Fuchs",
            **more,
        }

    async def cloned(self, person: str = "anna", **terms: Any) -> tuple[Consent, Job]:
        consent = await self.voices.granted(person, ANNA.guild_id, **terms)
        who = Requester(guild_id="class", channel_id="channel", person_id=person, locale="en")
        speech = await self.spoken("Good morning, this is my voice.", who, voice=consent.voice)
        return consent, speech

    async def begin(self, theme: str = "ein Fuchs im Schnee", who: Requester = ANNA, **more: Any) -> Ticket:
        return await self.chain.start(ChainRequest(theme=theme, **{"seed": 40, **more}), who, ADDRESS)

    async def all_jobs(self, who: Requester = ANNA) -> list[Job]:
        """Oldest first."""
        return (await self.jobs.of_owner(who.guild_id, who.person_id, 50))[::-1]

    async def chain_over(self) -> list[Job]:
        async def over() -> bool:
            return not await self.chains.open()

        await until(over)
        return await self.all_jobs()


class _Latents:
    async def forget(self, voice: str) -> None:
        """Nothing remembers a voice here."""


class _Probe:
    @asynccontextmanager
    async def probed(self, kind: str, content: bytes) -> AsyncIterator[Any]:
        raise AssertionError("nothing is uploaded here")
        yield


@asynccontextmanager
async def clip_room(folder: Path, monkeypatch: Any, **parts: Any) -> AsyncIterator[ClipRoom]:
    monkeypatch.setenv(KEY_VARIABLE, new_key())
    room = ClipRoom(folder, **parts)
    await room.open()
    try:
        yield room
    finally:
        await room.close()
