"""A bot with voices but without Discord and models: the real queue, rules, database, posting and publisher's locks.

`Board` is what people see; it outlives a bot. Sends and deletions take time, fail, get lost, arrive late.
"""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.i18n import Sentences
from bot.publisher import DiscordPublisher
from bot.services.deliver import Deliver
from bot.services.latents import Latents
from bot.services.ports import Hindrance, NotDelivered, Post, Posted, ReplyAddress, TakenBack
from bot.services.posting import Posting
from bot.services.recovery import Recovery
from bot.services.revoke import Revoke
from data.addresses import ReplyAddresses
from data.artifacts import Artifact, Artifacts, NewArtifact
from data.audit import Audit
from data.conversations import Conversations
from data.errors import StorageFailed
from data.posts import Posts
from data.timings import Timings
from data.tombstones import Tombstones
from data.traces import Traces
from data.voice_ends import VoiceEnds
from generation.dispatcher import Dispatcher
from generation.errors import TaskCancelled
from generation.job import Job
from generation.queue import FairQueue
from generation.supervisor import Outcome, Request
from generation.worker.api import File
from moderation.consent import NOBODYS_FAMILY
from moderation.pipeline import Pipeline
from moderation.verdict import Approved, Verdict
from tests.fakes import Fault, FaultyDatabase
from tests.voice_room import Clock, Room

LATE_S = 0.03
STEP_S = 0.04
DIRECT = "direct"


@dataclass
class Board:
    """Messages by id: whose job, in which channel. `closed`: jobs whose messages the bot may not delete."""

    rng: random.Random
    trouble: float = 0.5
    messages: dict[str, tuple[str, str]] = field(default_factory=dict)
    told: list[tuple[str, bool]] = field(default_factory=list)
    closed: set[str] = field(default_factory=set)
    ids: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def shown(self) -> set[str]:
        return {job for job, _ in self.messages.values()}

    async def edit_answer(self, address: ReplyAddress | None, **what: Any) -> None:
        await self._wait()

    async def tell(
        self, job: Job, address: ReplyAddress | None, text: str, *, private: bool, view: object = None
    ) -> None:
        self.told.append((job.id, private))

    async def deliver(self, post: Post, address: ReplyAddress | None) -> Posted:
        job = post.job
        # some are on their way for longer than anybody would wait who only looked twice
        await asyncio.sleep(self.rng.choice((0.002, 0.01, 3 * LATE_S)))
        for name, (owner, channel) in self.messages.items():
            if owner == job.id:
                return Posted(channel_id=channel, message_id=name)
        if self.rng.random() < self.trouble:
            await self._go_wrong(job)
        posted = self._put(job, job.channel_id)
        await self._wait()
        return posted

    async def _go_wrong(self, job: Job) -> None:
        kind = self.rng.choice(["away", "lost", "late", "twice", "broken"])
        if kind == "late":
            asyncio.get_running_loop().call_later(self.rng.random() * LATE_S / 3, self._put_late, job)
        elif kind != "away":
            self._put(job, DIRECT if kind == "twice" else job.channel_id)
            await self._wait()
        if kind == "broken":
            raise RuntimeError
        if kind != "twice":  # that one goes on, and stands in the channel as well
            raise NotDelivered

    async def take_back(self, job: Job, posted: Posted | None, address: ReplyAddress | None) -> TakenBack:
        await self._wait()
        if self.rng.random() < self.trouble / 3:
            return TakenBack(hindrance=Hindrance.AWAY)
        found = [name for name, (owner, _) in self.messages.items() if owner == job.id]
        if posted is not None and posted.channel_id == job.channel_id:
            # what is known is deleted where it stands, and looked for nowhere else but where it could be too
            found = [name for name in found if name == posted.message_id or self.messages[name][1] == DIRECT]
        if found and job.id in self.closed:
            return TakenBack(hindrance=Hindrance.FORBIDDEN)
        for name in found:
            del self.messages[name]
        return TakenBack(deleted=len(found))

    def _put(self, job: Job, channel: str) -> Posted:
        name = str(next(self.ids))
        self.messages[name] = (job.id, channel)
        return Posted(channel_id=channel, message_id=name)

    def _put_late(self, job: Job) -> None:
        if job.id not in self.shown():  # the nonce: the same message only once
            self._put(job, job.channel_id)

    async def _wait(self) -> None:
        await asyncio.sleep(self.rng.random() * 0.01)


class Worker:
    """One thing at a time. `latents`: the voices that it remembers."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._one = asyncio.Lock()
        self._tasks: dict[str, asyncio.Task[Outcome]] = {}
        self.latents: set[str] = set()
        self.stops = 0

    async def run(self, request: Request, on_progress: Any = None) -> Outcome:
        task = asyncio.ensure_future(self._work(request))
        self._tasks[request.job] = task
        try:
            return await task
        except asyncio.CancelledError:
            current = asyncio.current_task()
            if current is not None and current.cancelling():
                raise
            raise TaskCancelled from None
        finally:
            self._tasks.pop(request.job, None)

    async def cancel(self, job: str) -> None:
        """Noticed at the next step, which may take a while."""
        if job in self._tasks:
            asyncio.get_running_loop().call_later(self._rng.random() * STEP_S, self._tasks[job].cancel)

    async def stop(self, family: str) -> None:
        self.stops += 1
        self.latents.clear()
        for task in list(self._tasks.values()):
            task.cancel()

    def loaded(self, family: str) -> str | None:
        return "tortoise"

    async def _work(self, request: Request) -> Outcome:
        async with self._one:
            if request.task == "forget":
                await asyncio.sleep(0.2 if self._rng.random() < 0.1 else 0.001)
                self.latents.discard(str(request.params["voice"]))
                return Outcome(files=(), facts={}, seconds=0.0, out=request.out)
            if voice := request.params.get("voice"):
                self.latents.add(str(voice))
            await asyncio.sleep(self._rng.random() * STEP_S)
            request.out.mkdir(parents=True, exist_ok=True)
            (request.out / "1.wav").write_bytes(b"speech")
            files = (File(name="1.wav", index=1, seed=request.seed),)
            return Outcome(files=files, facts={}, seconds=0.1, out=request.out)


@dataclass
class Maker:
    """A finisher: checks for a while, keeps the file."""

    artifacts: Artifacts
    rng: random.Random
    pipeline: Pipeline

    async def finish(self, job: Job, outcome: Outcome) -> Approved[Post] | Verdict:
        await asyncio.sleep(self.rng.random() * 0.01)
        new = NewArtifact(index=1, seed=1, kind="audio", path=outcome.out / "1.wav")
        await self.artifacts.store(job.id, [new])
        return await self._approved(job)

    async def finish_kept(
        self, job: Job, kept: Sequence[Artifact], *, seconds: float
    ) -> Approved[Post] | Verdict:
        await asyncio.sleep(self.rng.random() * 0.01)
        return await self._approved(job)

    async def _approved(self, job: Job) -> Approved[Post] | Verdict:
        decision = await self.pipeline.approve_text("hello")
        assert decision.approved is not None
        return decision.approved.map(lambda _: Post(job=job, model_title="Tortoise", seconds=0.1))


class _NoImages:
    async def __call__(self, files: Sequence[Path], /) -> Sequence[Any]:
        raise AssertionError


PIPELINE = Pipeline(text_checks=[lambda _: Verdict.allow("text")], image_check=_NoImages())
SENTENCES = Sentences.load()


@dataclass
class Stage:
    """`open` and `crash` it as often as needed: the board, the clock and the folder stay."""

    folder: Path
    rng: random.Random
    board: Board
    clock: Clock = field(default_factory=Clock)

    async def open(self) -> None:
        self.database = await FaultyDatabase.open(self.folder / "data")
        # commits that need not survive a power cut
        self.database._connection.execute("PRAGMA synchronous=OFF")
        self.room = Room(self.database, self.folder, clock=self.clock)
        self.worker = Worker(self.rng)
        self.artifacts = Artifacts(self.database, self.folder / "artifacts")
        self.addresses = ReplyAddresses(self.database, clock=self.clock)
        self.posts, self.jobs = Posts(self.database), self.room.jobs
        self.publisher = DiscordPublisher(sentences=SENTENCES, clock=self.clock)
        board: Any = self.board
        self.publisher._delivery = self.publisher._taking_back = board
        self.posting = Posting(
            jobs=self.jobs,
            addresses=self.addresses,
            posts=self.posts,
            conversations=Conversations(self.database),
            publisher=self.publisher,
            pauses=(0.01,),
            late=LATE_S,
            clock=self.clock,
        )
        maker: Any = Maker(self.artifacts, self.rng, PIPELINE)
        self.deliver = Deliver(
            jobs=self.jobs,
            artifacts=self.artifacts,
            finishers=dict.fromkeys(("speech", "clip", "image", "music", "video"), maker),
            posting=self.posting,
            work_dir=self.folder / "work",
        )
        worker: Any = self.worker
        self.dispatcher = Dispatcher(
            queue=FairQueue(),
            supervisor=worker,
            store=self.jobs,
            timings=await Timings.open(self.database),
            requests=self._request,
            on_progress=lambda job, progress: None,
            on_outcome=self.deliver.on_outcome,
            on_failure=self.deliver.on_failure,
        )
        self.traces = Traces(self.database, unaffected=(NOBODYS_FAMILY,))
        records = self.folder / "records"
        self.audit = Audit(self.database, records, clock=self.clock)
        await self.audit.keep_head()  # as at every start
        self.tombstones = Tombstones(records, clock=self.clock)
        self.ends = VoiceEnds(
            self.database, self.room.files, tombstones=self.tombstones, audit=self.audit, clock=self.clock
        )
        self.revoke = Revoke(
            consents=self.room.consents,
            voices=self.room.voices,
            enrolments=self.room.enrolments,
            traces=self.traces,
            jobs=self.jobs,
            posts=self.posts,
            artifacts=self.artifacts,
            posting=self.posting,
            deliver=self.deliver,
            dispatcher=self.dispatcher,
            publisher=self.publisher,
            latents=Latents(workers=worker, work_dir=self.folder / "work", patience=0.05),
            ends=self.ends,
            pauses=(0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.3),
        )
        self.recovery = Recovery(
            found=await self.jobs.unfinished(),
            untold=await self.addresses.of_ended(),
            jobs=self.jobs,
            dispatcher=self.dispatcher,
            deliver=self.deliver,
            take_back=self.revoke.finish,
        )
        await self.dispatcher.start()

    async def crash(self) -> None:
        """As if the process was killed: nothing is written any more, everything stops where it is."""
        self.database.refuse = Fault(StorageFailed(reason="disk_full"))
        # again: the end of one job begins the next
        while tasks := [*self.dispatcher._tasks, *self.posting._tasks]:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        await self.database.close()
        await asyncio.sleep(0.02)  # a thread that copies a file ends with the process, not here

    async def close(self) -> None:
        await self.dispatcher.close()
        await self.posting.close()
        await self.database.close()

    def _request(self, job: Job) -> Request:
        return Request(
            family=job.family,
            task=job.medium,
            params=job.params,
            job=job.id,
            attempt=job.attempt,
            seed=job.seed,
            out=self.folder / "work" / f"{job.id}-{job.attempt}",
        )
