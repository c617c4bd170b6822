"""The last step: a post is planned, shown, and noted down, with patience; or its owner is told why there is none.

What was shown can be taken back, too: with the end of a consent nothing of a voice may stand any more.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from typing import Any, Final

from bot.services.ports import NotDelivered, Post, Posted, Publisher, ReplyAddress, TakenBack, Withheld
from data.addresses import ReplyAddresses
from data.conversations import Conversations
from data.errors import StaleMove
from data.jobs import Jobs
from data.posts import Posts
from generation.errors import MoveRefused, Value
from generation.job import Job, JobState
from moderation.verdict import Approved

_log = logging.getLogger(__name__)

PAUSES_S: Final = (5.0, 30.0, 120.0, 600.0)
"""Between two tries to show a result, or to note that it stands; the last one repeats."""
KEEP_TRYING_S: Final = 24 * 3600.0
LATE_S: Final = 2.0
"""A send that broke off may still arrive: what is taken back and was not found is looked for once more after this."""

Again = Callable[[Job], Awaitable[None]]


class Posting:
    """Once a post may have been seen its job cannot fail any more: it stays `posting` until it is `posted`."""

    def __init__(
        self,
        *,
        jobs: Jobs,
        addresses: ReplyAddresses,
        posts: Posts,
        conversations: Conversations,
        publisher: Publisher,
        pauses: Sequence[float] = PAUSES_S,
        late: float = LATE_S,
        may_post: Callable[[Job], bool] = lambda job: True,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._jobs = jobs
        self._addresses = addresses
        self._posts = posts
        self._conversations = conversations
        self._publisher = publisher
        self._pauses = tuple(pauses)
        self._late = late
        self._may_post = may_post
        self._clock = clock
        self._tries: dict[str, int] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._sends: dict[str, asyncio.Task[Posted]] = {}

    async def post(self, job: Job, post: Approved[Post], *, again: Again) -> None:
        """Show it. When no way is open `again(job)` is called after a while, and at the next start.

        A class that pauses shows nothing: the job waits for `again`, from whoever ends the pause or at the next start.
        Asks the gate once more at the last moment. Raises MoveRefused when it refuses, StaleMove when the job has
        ended; then nothing of this try was shown.
        """
        try:
            await self._jobs.recheck(job.id)
            await self._posts.plan(job.id, job.channel_id, job.id)
            address = await self._address(job)
            if not self._may_post(job):
                _log.info("job %s waits until its class goes on", job.id)
                return
            posted = await self._send(job, post, address)
        except (MoveRefused, StaleMove):
            raise
        except Withheld:
            _log.info("job %s was taken back before it was shown", job.id)
            await self._jobs.recheck(job.id)
        except NotDelivered:
            _log.warning("job %s could not be shown yet; it is kept and tried again", job.id)
            self.later(job, again)
        except Exception as error:  # noqa: BLE001
            # nothing is known about whether it is seen: publishing is repeatable, failing it is not
            _log.error("job %s could not be shown (%s)", job.id, type(error).__name__)
            self.later(job, again)
        else:
            await self._note(job, posted)

    async def finish(self, job: Job) -> bool:
        """Whether its post is known to stand already; then only the last move was missing."""
        post = await self._posts.of_job(job.id)
        if post is None or post.message_id is None:
            return False
        await self._jobs.move(job.id, JobState.POSTED)
        return True

    def break_off(self, job_id: str) -> None:
        """Give up the send that is on its way, if there is one: whether it got through only `take_back` can tell."""
        self._publisher.withhold(job_id)
        if (send := self._sends.get(job_id)) is not None:
            send.cancel()

    async def take_back(self, job: Job, *, late: Sequence[float] = ()) -> TakenBack:
        """Delete what stands, or may stand, of this job; it is not shown (again) in this run. Raises StorageFailed.

        `late`: seconds between looks for a message that was not found yet, instead of one after LATE_S.
        """
        self._tries.pop(job.id, None)
        post = await self._posts.of_job(job.id)
        if post is None:
            self._publisher.withhold(job.id)
            return TakenBack()
        known = (
            None
            if post.message_id is None
            else Posted(channel_id=post.channel_id, message_id=post.message_id)
        )
        taken = await self._publisher.take_back(job, known, await self._address(job))
        for pause in late or (self._late,):
            if known is not None or taken != TakenBack():
                break
            await asyncio.sleep(pause)
            taken = await self._publisher.take_back(job, known, await self._address(job))
        if taken.hindrance is None:
            await self._posts.forget(job.id)
        return taken

    def later(self, job: Job, again: Again) -> None:
        """Call `again(job)` after a pause that grows from try to try."""
        self._tries[job.id] = tries = self._tries.get(job.id, 0) + 1
        self._spawn(self._after(self._pause(tries), job, again))

    def has_waited_enough(self, job: Job) -> bool:
        """Tried in this run and a day old: nobody waits for it any more."""
        return job.id in self._tries and self._clock() - job.created_at > KEEP_TRYING_S

    async def tell(self, job: Job, code: str, values: Mapping[str, Value], *, private: bool) -> None:
        """Say the sentence of an ended job. Best effort; its address is forgotten in any case. Never raises."""
        self._tries.pop(job.id, None)
        try:
            address = await self._address(job)
            if address is not None or not await self._ended_with_its_conversation(job):
                await self._publisher.tell_owner(job, address, code, values, private=private)
        except Exception as error:  # noqa: BLE001  the job has ended; nothing else depends on this
            _log.warning("the owner of job %s was not told %s (%s)", job.id, code, type(error).__name__)
        try:
            await self._addresses.delete(job.id)
        except Exception as error:  # noqa: BLE001  it is purged at its expiry
            _log.warning("the address of job %s was not forgotten (%s)", job.id, type(error).__name__)

    async def _ended_with_its_conversation(self, job: Job) -> bool:
        """The thread has heard of the end already; another message would open it again."""
        conversation_id = job.params.get("conversation")
        if job.state is not JobState.CANCELLED or not conversation_id:
            return False
        conversation = await self._conversations.get(str(conversation_id))
        return conversation is not None and conversation.ended_at is not None

    async def close(self) -> None:
        """What waits for another try is left to the next start."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _send(self, job: Job, post: Approved[Post], address: ReplyAddress | None) -> Posted:
        """Raises what `Publisher.publish` raises, Withheld after `break_off`."""
        self._sends[job.id] = send = asyncio.create_task(self._publisher.publish(post, address))
        try:
            return await send
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            raise Withheld from None
        finally:
            self._sends.pop(job.id, None)

    async def _note(self, job: Job, posted: Posted) -> None:
        """Everybody sees the post: whatever the disk says is no failure. A restart finds the post again."""
        if not await self._noted(job, posted):
            self._spawn(self._keep_noting(job, posted))

    async def _keep_noting(self, job: Job, posted: Posted) -> None:
        for tries in itertools.count(1):
            await asyncio.sleep(self._pause(tries))
            if await self._noted(job, posted):
                return

    async def _noted(self, job: Job, posted: Posted) -> bool:
        """Whether it stands in the database now, or somebody else has seen to it."""
        try:
            await self._posts.done(job.id, posted.channel_id, posted.message_id)
            await self._jobs.move(job.id, JobState.POSTED)
        except StaleMove:
            _log.info("job %s had already ended", job.id)
        except Exception as error:  # noqa: BLE001
            _log.error("the post of job %s was not noted (%s); trying again", job.id, type(error).__name__)
            return False
        self._tries.pop(job.id, None)
        return True

    async def _after(self, pause: float, job: Job, again: Again) -> None:
        await asyncio.sleep(pause)
        await again(job)

    def _pause(self, tries: int) -> float:
        return self._pauses[min(tries, len(self._pauses)) - 1]

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _address(self, job: Job) -> ReplyAddress | None:
        address = await self._addresses.get(job.id)
        return None if address is None else ReplyAddress(address)
