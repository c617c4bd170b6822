"""After a start: jobs of the last run go on, are posted, or their owners are told. Nothing is posted twice."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from bot.services.deliver import Deliver
from data.addresses import ReplyAddresses
from data.jobs import Jobs
from generation.dispatcher import Dispatcher
from generation.errors import WorkerCrashed
from generation.job import JobState

_log = logging.getLogger(__name__)


class Recovery:
    def __init__(
        self,
        *,
        jobs: Jobs,
        addresses: ReplyAddresses,
        dispatcher: Dispatcher,
        deliver: Deliver,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._jobs = jobs
        self._addresses = addresses
        self._dispatcher = dispatcher
        self._deliver = deliver
        self._clock = clock

    async def run(self) -> int:
        """Call once, when posts can be sent. Returns the number of jobs that were found unfinished."""
        await self._addresses.purge(self._clock())
        unfinished = await self._jobs.unfinished()
        recovered = await self._dispatcher.recover(unfinished)
        for job in recovered.failed:
            await self._deliver.on_failure(job, WorkerCrashed("restarted"))
        for job in recovered.posting:
            await self._deliver.post_again(job)
        for job in unfinished:
            if job.state is JobState.ACCEPTED:
                # its command never got an answer: the check of its prompt was cut off
                ended = await self._jobs.move(job.id, JobState.FAILED, error_code="restarted")
                await self._deliver.on_failure(ended, WorkerCrashed("restarted"))
        if unfinished:
            _log.info("found %d unfinished jobs of the last run", len(unfinished))
        return len(unfinished)
