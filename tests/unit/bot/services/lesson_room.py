"""The room of the other tests with a door: lessons, pauses and the emergency stop, wired as in the running bot."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.app import Atelier
from bot.services.deliver import Deliver
from bot.services.desk import Desk
from bot.services.door import Door
from bot.services.emergency import Emergency
from bot.services.gallery_approval import GalleryApproval
from bot.services.intake import Intake
from bot.services.lesson_rules import CAREFUL
from bot.services.lessons import LessonDesk
from bot.services.limits import Limits
from bot.services.overview import Overview
from bot.services.ports import Posted, ReplyAddress
from bot.services.posting import Posting
from bot.services.prompt_help import PromptHelp
from bot.services.recovery import Recovery
from bot.services.standing import LessonBoard
from bot.services.submit import Submit
from bot.settings import Settings
from bot.wiring import Parts
from bot.wiring_finishing import finishers_of, preparing
from bot.work_folder import prepare_work_folder
from bot.worker_requests import fits, request_of
from data.addresses import ReplyAddresses
from data.artifacts import Artifacts
from data.jobs import Jobs
from data.lesson_voices import LessonVoices
from data.lessons import Lessons, Rules
from data.posts import Posts
from data.spendings import Spendings
from data.stops import Stops, in_turn
from data.timings import Timings
from data.voice_files import VoiceFiles
from generation.dispatcher import Dispatcher
from generation.queue import FairQueue
from generation.supervisor import Request
from moderation.consent import judge_job, needs_consent
from moderation.pipeline import Pipeline
from moderation.safety_check import SafetyCheck
from moderation.verdict import Approved
from tests.fakes import FakeDiscord, Fault, FaultyDatabase, Message, Workshop
from tests.unit.bot.services.conftest import SENTENCES, WORDS, Room


@dataclass
class SlowDiscord(FakeDiscord):
    """A send in `slow` is on its way until `arrive`; what is broken off meanwhile may still get through."""

    slow: set[str] = field(default_factory=set)
    on_way: asyncio.Event = field(default_factory=asyncio.Event)
    arrive: asyncio.Event = field(default_factory=asyncio.Event)
    gets_through_after: float | None = None
    late: list[asyncio.Task[None]] = field(default_factory=list)

    async def publish(self, post: Approved[Any], address: ReplyAddress | None) -> Posted:
        if post.value.job.owner_id not in self.slow:
            return await super().publish(post, address)
        self.on_way.set()
        value = post.value
        sent = Message(post=value, sheet=value.sheet.read_bytes(), pictures={}, address=address)
        try:
            await self.arrive.wait()
        except asyncio.CancelledError:
            if self.gets_through_after is not None:
                self.late.append(asyncio.create_task(self._late(sent)))
            raise
        return await super().publish(post, address)

    async def _late(self, sent: Message) -> None:
        """Discord had it already: nothing on our side holds it back any more."""
        await asyncio.sleep(self.gets_through_after or 0.0)
        self.messages[sent.post.job.id] = sent


class KillableWorkshop(Workshop):
    """A worker that is killed loses what it is at; it never ends a step because it was asked to."""

    def __init__(self) -> None:
        super().__init__()
        self.killed: list[str] = []
        self.deaf = False
        self._asked: set[str] = set()

    async def cancel(self, job: str) -> None:
        self._asked.add(job)
        if not self.deaf:
            await super().cancel(job)

    def kill(self, family: str) -> None:
        self.killed.append(family)
        for request in self.requests:
            if request.family == family and request.job in self._running:
                self._cancelled.add(request.job)
                self._running[request.job].set()

    async def stop(self, family: str) -> None:
        self.kill(family)


class _Draws:
    """The media family where it is to draw bars: it keeps what it is asked."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.error: Exception | None = None

    async def run(self, request: Request, on_progress: Any = None) -> Any:
        from generation.supervisor import Outcome
        from generation.worker.api import File

        self.requests.append(request)
        if self.error is not None:
            raise self.error
        (request.out / "diagram.png").write_bytes(b"bars")
        file = File(name="diagram.png", index=0, kind="diagram")
        return Outcome(files=(file,), facts={}, seconds=0.1, out=request.out)

    async def cancel(self, job: str) -> None:
        raise AssertionError(job)

    def loaded(self, family: str) -> str | None:
        return None


@dataclass
class LessonRoom(Room):
    discord: FakeDiscord = field(default_factory=SlowDiscord)
    workers: Workshop = field(default_factory=KillableWorkshop)
    careful: Rules = CAREFUL
    expected: Callable[[str, float], float | None] = lambda model, units: None
    draws: _Draws = field(default_factory=_Draws)
    drift: float = 0.0

    def clock(self) -> float:
        import time

        return time.time() + self.drift

    async def open(self) -> None:
        settings = Settings(
            _env_file=None,  # type: ignore[call-arg]
            data_dir=self.folder / "data",
            work_dir=self.folder / "work",
            limit_waiting=self.limit,
        )
        self.stack = AsyncExitStack()
        self.database = await self.stack.enter_async_context(await FaultyDatabase.open(settings.data_dir))
        self.database.refuse = Fault()
        self.work_dir = prepare_work_folder(settings.data_dir, settings.work_dir)
        workers: Any = self.workers
        check = SafetyCheck(supervisor=workers, model=self.catalog.default("safety"), work_dir=self.work_dir)
        parts = Parts(
            settings=settings,
            database=self.database,
            catalog=self.catalog,
            supervisor=workers,
            work_dir=self.work_dir,
            sentences=SENTENCES,
            pipeline=Pipeline(text_checks=[WORDS], image_check=check, timeout_s=5.0),
        )
        gate = in_turn(parts.consents.gate(needs_consent, judge_job), Stops.gate)
        object.__setattr__(parts, "jobs", Jobs(self.database, gate=gate))
        self.stops = await Stops.open(self.database)
        self.lessons = await Lessons.open(self.database, clock=self.clock)
        self.spendings = Spendings(self.database)
        self.door = Door(
            lessons=self.lessons,
            stops=self.stops,
            spendings=self.spendings,
            catalog=self.catalog,
            careful=self.careful,
            expected=self.expected,
            clock=self.clock,
        )
        await self._assemble(parts, check)
        self.jobs, self.posts = parts.jobs, Posts(self.database)
        self.addresses = ReplyAddresses(self.database)
        self.artifacts = Artifacts(self.database, settings.data_dir / "artifacts")

    async def _assemble(self, parts: Parts, check: SafetyCheck) -> None:
        workers: Any = self.workers
        posting = Posting(
            jobs=parts.jobs,
            addresses=ReplyAddresses(self.database),
            posts=Posts(self.database),
            conversations=parts.conversations,
            publisher=self.discord,
            pauses=self.pauses,
            may_post=self.door.may_post,
        )
        self.stack.push_async_callback(posting.close)
        finishers = finishers_of(parts, prepare=check.prepare, publisher=self.discord)
        deliver = Deliver(
            jobs=parts.jobs,
            artifacts=parts.artifacts,
            finishers=finishers,
            posting=posting,
            work_dir=self.work_dir,
        )
        self.dispatcher = dispatcher = Dispatcher(
            queue=FairQueue(),
            supervisor=workers,
            store=parts.jobs,
            timings=await Timings.open(self.database),
            requests=lambda job: request_of(job, self.catalog, self.work_dir),
            prepare=preparing(parts, publisher=self.discord),
            on_progress=lambda job, progress: None,
            on_outcome=deliver.on_outcome,
            on_failure=deliver.on_failure,
            fits=lambda job: fits(job, self.catalog, workers),
            is_held=self.door.is_held,
        )
        self.stack.push_async_callback(dispatcher.close)
        found, untold = await parts.jobs.unfinished(), await ReplyAddresses(self.database).of_ended()
        self.emergency = Emergency(
            stops=self.stops,
            jobs=parts.jobs,
            artifacts=parts.artifacts,
            posting=posting,
            deliver=deliver,
            dispatcher=dispatcher,
            workers=workers,
        )
        self.stack.push_async_callback(self.emergency.close)
        self.desk_of_lessons = LessonDesk(
            lessons=self.lessons,
            stops=self.stops,
            spendings=self.spendings,
            voices=LessonVoices(self.database, VoiceFiles(self.folder / "data" / "voices")),
            latents=parts.latents,
            jobs=parts.jobs,
            dispatcher=dispatcher,
            deliver=deliver,
            catalog=self.catalog,
            clock=self.clock,
        )
        self.stack.push_async_callback(self.desk_of_lessons.close)
        self.board = LessonBoard(
            lessons=self.lessons,
            stops=self.stops,
            spendings=self.spendings,
            door=self.door,
            overview=Overview(jobs=parts.jobs, dispatcher=dispatcher),
            jobs=parts.jobs,
            approval=GalleryApproval(
                jobs=parts.jobs, artifacts=parts.artifacts, finishers=finishers, posting=posting
            ),
            media=self.draws,
            work_dir=self.work_dir,
            sentence=SENTENCES.text,
            clock=self.clock,
        )
        self._commands(parts, dispatcher)
        await dispatcher.start()
        recovery = Recovery(
            found=found,
            untold=untold,
            jobs=parts.jobs,
            dispatcher=dispatcher,
            deliver=deliver,
            take_back=self.emergency.finish,
        )
        desk: Any = self.desk
        self.atelier = Atelier(desk=desk, recovery=recovery, supervisor=workers, families=())

    def _commands(self, parts: Parts, dispatcher: Dispatcher) -> None:
        workers: Any = self.workers
        intake = Intake(
            catalog=self.catalog,
            jobs=parts.jobs,
            dispatcher=dispatcher,
            pipeline=parts.pipeline,
            limits=Limits(jobs=parts.jobs, waiting=self.limit),
            door=self.door,
        )
        prompt_help = PromptHelp(
            intake=intake,
            catalog=self.catalog,
            supervisor=workers,
            pipeline=parts.pipeline,
            sentence=SENTENCES.text,
            work_dir=self.work_dir,
        )

        class Only:
            submit = Submit(intake=intake, catalog=self.catalog, prompt_help=prompt_help)

        desk: Any = Only()
        self.desk: Desk = desk

    async def restart(self) -> None:
        await self.close()
        self.workers = KillableWorkshop()
        await self.open()
        await self.atelier.recovery.run()


@asynccontextmanager
async def lesson_room(folder: Path, **more: Any) -> AsyncIterator[LessonRoom]:
    opened = LessonRoom(folder, **more)
    await opened.open()
    try:
        yield opened
    finally:
        await opened.close()
