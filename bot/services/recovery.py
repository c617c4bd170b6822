"""After a start: jobs of the last run go on, are posted, or their owners are told. Nothing is posted twice, and what
the last run was taking back is taken back."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from bot.services.deliver import Deliver
from data.errors import StaleMove
from data.jobs import Jobs
from generation.dispatcher import Dispatcher
from generation.job import Job, JobState

_log = logging.getLogger(__name__)
RESTARTED = "restarted"


class Recovery:
    """`found`: the last run's unfinished jobs, `untold`: its ended ones whose owners may not know.

    Both are read before this run's first command; later jobs are not its affair. `take_back` goes on with the
    revocations that a stop has interrupted; it goes first, and nobody else's jobs wait for it. It never raises.
    """

    def __init__(
        self,
        *,
        found: Sequence[Job],
        jobs: Jobs,
        dispatcher: Dispatcher,
        deliver: Deliver,
        untold: Sequence[str] = (),
        take_back: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._found = tuple(found)
        self._untold = tuple(untold)
        self._jobs = jobs
        self._dispatcher = dispatcher
        self._deliver = deliver
        self._take_back = take_back

    async def run(self) -> int:
        """Call once, when posts can be sent. Returns the number of jobs that were found unfinished."""
        first = () if self._take_back is None else (self._take_back(),)
        await asyncio.gather(*first, self._go_on())
        return len(self._found)

    async def _go_on(self) -> None:
        if self._found:
            _log.info("found %d unfinished jobs of the last run", len(self._found))
        accepted = [job for job in self._found if job.state is JobState.ACCEPTED]
        recovered = await self._dispatcher.recover(
            job for job in self._found if job.state is not JobState.ACCEPTED
        )
        for job in recovered.failed:
            await self._tell(job)
        for job in accepted:
            await self._give_up(job)
        for job in recovered.posting:
            await self._deliver.post_again(job)
        for job_id in self._untold:
            if (ended := await self._jobs.get(job_id)) is not None:
                await self._tell(ended)

    async def _give_up(self, job: Job) -> None:
        """Its command never got an answer: it was cut off before the job could wait."""
        try:
            ended = await self._jobs.move(
                job.id, JobState.FAILED, expect=JobState.ACCEPTED, error_code=RESTARTED
            )
        except StaleMove:
            return
        await self._tell(ended)

    async def _tell(self, job: Job) -> None:
        try:
            await self._deliver.on_end(job, job.error_code or RESTARTED)
        except Exception as error:  # noqa: BLE001  the others wait for their turn
            _log.warning("after job %s something stays behind (%s)", job.id, type(error).__name__)
