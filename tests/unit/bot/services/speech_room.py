"""From `/stimme` to its post: real services, queue, gate and database; workers and Discord are stood in for."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.i18n import Sentences
from bot.services.deliver import Deliver
from bot.services.intake import Intake
from bot.services.limits import Limits
from bot.services.listening import Listening
from bot.services.ports import Requester, Ticket
from bot.services.posting import Posting
from bot.services.speak import Speak
from bot.services.speech_compose import SpeechComposer
from bot.services.speech_finishing import SpeechFinisher
from bot.services.speech_ports import LanguageOffer, SpeechRequest
from bot.services.speech_start import SpeechStart
from bot.services.voice_owner import VoiceOwner
from data.addresses import ReplyAddresses
from data.artifacts import Artifacts
from data.conversations import Conversations
from data.database import Database
from data.posts import Posts
from data.timings import Timings
from data.voice_records import Consent
from generation.catalog import Catalog
from generation.dispatcher import Dispatcher
from generation.job import ENDED, Job
from generation.queue import FairQueue
from generation.supervisor import Request
from generation.voice_token import KEY_VARIABLE, new_key
from moderation.pipeline import Pipeline
from tests.fakes import until
from tests.fakes_speech import SpeechDiscord, SpeechWorkshop, speech_catalog
from tests.unit.bot.services.conftest import ADDRESS, ANNA, WORDS
from tests.unit.moderation.faults import allow_images
from tests.voice_room import Room as VoiceRoom

SENTENCES = Sentences.load(strict=True)
ENGLISH = "Good morning, this is the voice that I have given to the class."
GERMAN = "Guten Morgen, ich spreche heute mit euch."


@dataclass
class SpeechRoom:
    """`voices` holds the kept voices; `key` is what the workers of this run know."""

    folder: Path
    database: Database
    catalog: Catalog = field(default_factory=speech_catalog)
    discord: SpeechDiscord = field(default_factory=SpeechDiscord)
    workers: SpeechWorkshop = field(default_factory=SpeechWorkshop)
    anna: Requester = ANNA
    environ: dict[str, str] = field(default_factory=lambda: {KEY_VARIABLE: new_key()})

    @property
    def before(self) -> dict[str, Any]:
        """What happens before a task is done, by its name."""
        return self.workers.before

    async def open(self, stack: AsyncExitStack) -> None:
        self.work_dir = self.folder / "work"
        self.work_dir.mkdir()
        self.voices = VoiceRoom(self.database, self.folder)
        self.voices.clock.now = time.time()
        jobs, workers = self.voices.jobs, self.workers
        runner: Any = workers
        self.artifacts = Artifacts(self.database, self.folder / "artifacts")
        pipeline = Pipeline(text_checks=[WORDS], image_check=allow_images)
        self.finisher = SpeechFinisher(
            pipeline=pipeline,
            listening=Listening(supervisor=runner, work_dir=self.work_dir, is_on=True),
            composer=SpeechComposer(supervisor=runner, catalog=self.catalog, sentence=SENTENCES.text),
            artifacts=self.artifacts,
            voices=self.voices.voices,
            consents=self.voices.consents,
            catalog=self.catalog,
            work_dir=self.work_dir,
        )
        posting = Posting(
            jobs=jobs,
            addresses=ReplyAddresses(self.database),
            posts=Posts(self.database),
            conversations=Conversations(self.database),
            publisher=self.discord,
            pauses=(0.01,),
        )
        stack.push_async_callback(posting.close)
        self.deliver = Deliver(
            jobs=jobs,
            artifacts=self.artifacts,
            finishers={"speech": self.finisher},
            posting=posting,
            work_dir=self.work_dir,
        )
        self.timings = await Timings.open(self.database)
        self.start = SpeechStart(
            voices=self.voices.voices,
            consents=self.voices.consents,
            clock=self.voices.clock,
            environ=self.environ,
        )
        dispatcher = Dispatcher(
            queue=FairQueue(),
            supervisor=runner,
            store=jobs,
            timings=self.timings,
            requests=self._request,
            prepare=self.start.prepare,
            on_progress=lambda job, progress: None,
            on_outcome=self.deliver.on_outcome,
            on_failure=self.deliver.on_failure,
        )
        stack.push_async_callback(dispatcher.close)
        await dispatcher.start()
        self.intake = Intake(
            catalog=self.catalog,
            jobs=jobs,
            dispatcher=dispatcher,
            pipeline=pipeline,
            limits=Limits(jobs=jobs, waiting=20),
        )
        self.speak = self.speaking(self.catalog)

    def speaking(self, catalog: Catalog, *, is_marked: bool = True) -> Speak:
        """The service with other models, or where nothing can be marked."""
        return Speak(
            intake=self.intake,
            catalog=catalog,
            voices=self.voices.voices,
            consents=self.voices.consents,
            timings=self.timings,
            owner=VoiceOwner(consents=self.voices.consents, jobs=self.voices.jobs, members=self.discord),
            is_marked=is_marked,
            clock=self.voices.clock,
        )

    def _request(self, job: Job) -> Request:
        return Request(
            family=job.family,
            task=job.medium,
            params=job.params,
            job=job.id,
            attempt=job.attempt,
            seed=job.seed,
            out=self.work_dir / f"{job.id}-{job.attempt}",
            model=self.catalog.get(job.model),
        )

    async def ask(self, text: str = GERMAN, who: Requester = ANNA, **more: Any) -> Ticket | LanguageOffer:
        return await self.speak.speak(SpeechRequest(text=text, **{"seed": 7, **more}), who, ADDRESS)

    async def said(self, text: str = GERMAN, who: Requester = ANNA, **more: Any) -> Job:
        ticket = await self.ask(text, who, **more)
        assert isinstance(ticket, Ticket)
        return await self.end(ticket)

    async def end(self, ticket: Ticket) -> Job:
        async def reached() -> bool:
            job = await self.voices.jobs.get(ticket.job.id)
            return job is not None and job.state in ENDED

        await until(reached)
        await until(lambda: not list(self.work_dir.iterdir()))
        job = await self.voices.jobs.get(ticket.job.id)
        assert job is not None
        return job

    async def consent(self, person: str = "anna", **terms: Any) -> Consent:
        return await self.voices.granted(person, ANNA.guild_id, **terms)

    def spoken_by(self, job: Job) -> Request:
        """What the worker that speaks was given."""
        return next(one for one in self.workers.requests if (one.job, one.task) == (job.id, "speech"))


@asynccontextmanager
async def speech_room(folder: Path, **parts: Any) -> AsyncIterator[SpeechRoom]:
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(await Database.open(folder / "data"))
        room = SpeechRoom(folder, database, **parts)
        await room.open(stack)
        yield room
