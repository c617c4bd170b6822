"""How long jobs will take, from what was measured on this machine."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from generation.errors import AtelierError
from generation.job import Job
from generation.params import work_units
from generation.ports import Timings
from generation.speech_params import quality_key

if TYPE_CHECKING:
    from generation.supervisor import Outcome

_LOG = logging.getLogger(__name__)


class Forecast:
    """Seconds from `timings`; None wherever something was never measured."""

    def __init__(self, timings: Timings) -> None:
        self._timings = timings

    def seconds(self, job: Job) -> float | None:
        """How long its worker will have it."""
        return self._timings.expected(job.model, work_units(job.params))

    def left(self, job: Job, since: float, now: float) -> float | None:
        """How much longer a worker will have a job that it has had `since` then."""
        expected = self.seconds(job)
        return None if expected is None else max(0.0, expected - (now - since))

    def together(
        self, work: Mapping[str, float], running: Sequence[float | None], loaded: frozenset[str]
    ) -> float | None:
        """What runs and then units of `work` for each model, which is brought into memory once unless `loaded`."""
        parts = [*running, *(self._timings.expected(model, units) for model, units in work.items())]
        known = [part for part in parts if part is not None]
        if len(known) < len(parts):
            return None
        return sum(known) + sum(self._timings.expected_load(model) or 0.0 for model in work.keys() - loaded)

    async def note(self, job: Job, outcome: Outcome) -> None:
        """Keep what this job took; the fact "load_seconds", where a family states it, counts for itself."""
        load = outcome.facts.get("load_seconds", 0.0)
        load = float(load) if isinstance(load, int | float) else 0.0
        try:
            await self._timings.add(job.model, work_units(job.params), outcome.seconds - load)
            await self._timings.add_load(job.model, load)
            quality = job.params.get("quality")
            if isinstance(quality, str):  # what is said of a quality before it is chosen was measured with it
                name = quality_key(job.model, quality)
                await self._timings.add(name, work_units(job.params), outcome.seconds - load)
        except AtelierError as error:
            _LOG.warning("a measurement was not kept (%s)", error.code)
