"""`/stunde stand`: how the class stands, as numbers and as one picture of how busy the machine was."""

from __future__ import annotations

import asyncio
import logging
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, Final, Protocol

from bot.services.door import Door
from bot.services.lesson_ports import demand_teacher
from bot.services.overview import Overview, QueueRow
from bot.services.ports import Post, Requester
from data.jobs import Jobs
from data.lessons import HandIn, Lesson, Lessons, Rules
from data.spendings import Span, Spendings, Spent
from data.stops import Stop, Stops
from generation.errors import NotAllowed, NotFound, WorkerError, WorkerGarbage
from generation.job import Job, JobState
from generation.ports import Runner
from generation.supervisor import Request
from moderation.verdict import Approved

_log = logging.getLogger(__name__)

SLICES: Final = 12
SHORTEST_S: Final = 60.0
LONGEST_S: Final = 3600.0
"""How far the picture looks back at most."""
TIMEOUT_S: Final = 60.0
Sentence = Callable[..., str]


class Approves(Protocol):
    """`bot.services.gallery_approval.GalleryApproval`."""

    async def of(self, job: Job) -> Approved[Post]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """A part of the time: `ago` seconds until its end, `asked` jobs, the share of it in which a worker was busy."""

    ago: float
    asked: int
    busy: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """`rows`: what waits and runs; `spent` by person; `refused`: how many, `refusals`: the newest of them first;
    `hand_ins` for the task as it stands; times since the epoch."""

    lesson: Lesson | None
    rules: Rules
    paused_since: float | None
    emergency_since: float | None
    rows: tuple[QueueRow, ...]
    spent: Mapping[str, Spent]
    refused: int
    refusals: tuple[Job, ...]
    hand_ins: tuple[HandIn, ...]
    load: tuple[Slice, ...]


class LessonBoard:
    """For teachers alone: raises NotAllowed teachers_only."""

    def __init__(  # noqa: PLR0913  the composition root names each of them
        self,
        *,
        lessons: Lessons,
        stops: Stops,
        spendings: Spendings,
        door: Door,
        overview: Overview,
        jobs: Jobs,
        approval: Approves,
        media: Runner,
        work_dir: Path,
        sentence: Sentence,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._lessons = lessons
        self._stops = stops
        self._spendings = spendings
        self._door = door
        self._overview = overview
        self._jobs = jobs
        self._approval = approval
        self._media = media
        self._work_dir = work_dir
        self._sentence = sentence
        self._clock = clock

    async def look(self, who: Requester) -> Standing:
        demand_teacher(who)
        guild = who.guild_id
        lesson, since = self._lessons.current(guild), self._door.since(guild)
        refusals = await self._overview.refusals(who)
        counts = await self._spendings.counts(guild, since)
        return Standing(
            lesson=lesson,
            rules=self._door.rules(guild),
            paused_since=self._stops.since(guild, Stop.PAUSE),
            emergency_since=self._stops.since(guild, Stop.EMERGENCY),
            rows=tuple(await self._overview.all(who)),
            spent=await self._spendings.of_all(guild, since),
            refused=sum(n for (_, state), n in counts.items() if state is JobState.REFUSED),
            refusals=tuple(job for job in refusals if job.created_at >= since),
            hand_ins=await self._for_task(lesson),
            load=await self._load(guild, since),
        )

    async def handed_in(self, who: Requester) -> list[Job]:
        """What was handed in in the lesson that goes on, or in the last one; newest first."""
        demand_teacher(who)
        lesson = self._lessons.current(who.guild_id) or await self._lessons.last(who.guild_id)
        handed = [] if lesson is None else await self._lessons.hand_ins(lesson.id)
        found = [await self._jobs.get(one.job) for one in reversed(handed)]
        return [job for job in found if job is not None]

    async def show(self, job_id: str, who: Requester) -> Approved[Post]:
        """One of them, judged anew: its post may be private. In a pause, too, nobody else sees it.

        Raises NotFound job_gone, NotAllowed emergency_on, and Refused besides.
        """
        job = next((one for one in await self.handed_in(who) if one.id == job_id), None)
        if job is None:
            raise NotFound("job_gone")
        if self._stops.since(who.guild_id, Stop.EMERGENCY) is not None:
            raise NotAllowed("emergency_on")
        return await self._approval.of(job)

    async def _for_task(self, lesson: Lesson | None) -> tuple[HandIn, ...]:
        if lesson is None or lesson.task is None:
            return ()
        number = lesson.task.number
        return tuple(one for one in await self._lessons.hand_ins(lesson.id) if one.task == number)

    async def picture(self, standing: Standing, who: Requester) -> bytes | None:
        """A PNG of `standing.load`; None where the media family cannot draw now: the numbers are there anyway."""
        demand_teacher(who)
        folder = Path(await asyncio.to_thread(mkdtemp, dir=self._work_dir, prefix="load-"))
        try:
            async with asyncio.timeout(TIMEOUT_S):
                made = await self._media.run(self._request(standing, who.locale, folder))
            if [(file.kind, file.index) for file in made.files] != [("diagram", 0)]:
                raise WorkerGarbage
            return await asyncio.to_thread((made.out / made.files[0].name).read_bytes)
        except (WorkerError, TimeoutError, OSError) as error:
            _log.warning("the load could not be drawn (%s)", type(error).__name__)
            return None
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    async def _load(self, guild: str, since: float) -> tuple[Slice, ...]:
        now = self._clock()
        begin = max(since, now - LONGEST_S)
        spans = await self._spendings.spans(guild, since)
        return slices(spans, await self._spendings.asked_at(guild, since), begin=begin, now=now)

    def _request(self, standing: Standing, locale: str, out: Path) -> Request:
        return Request(
            family="media",
            task="draw_bars",
            job=out.name.replace("_", "0"),
            attempt=1,
            seed=0,
            params=self._params(standing, locale),
            out=out,
            model=None,
        )

    def _params(self, standing: Standing, locale: str) -> dict[str, Any]:
        def say(key: str, **values: object) -> str:
            return self._sentence(f"lesson.{key}", locale, **values)

        most = max((one.asked for one in standing.load), default=0) or 1
        rows = [
            {
                "name": say("load_ago", n=round(one.ago / 60))
                if one.ago >= SHORTEST_S / 2
                else say("load_newest"),
                "bars": [
                    {"share": one.asked / most, "shown": str(one.asked)},
                    {"share": one.busy, "shown": _percent(one.busy, locale)},
                ],
                "faint": False,
            }
            for one in standing.load
        ]
        waiting = sum(row.place > 0 for row in standing.rows)
        panel = {
            "heading": "",
            "series": [[say("load_asked"), "class"], [say("load_busy"), "model"]],
            "rows": rows,
            "scale": 1.0,
            "ticks": [],  # jobs are no percents: each bar says what it is
        }
        return {
            "heading": say("load_heading"),
            "text": say("load_now", running=len(standing.rows) - waiting, waiting=waiting),
            "goes_on": False,
            "panels": [panel],
            "foot": say("load_foot", minutes=_minutes(standing.load)),
            "label": say("load_foot", minutes=_minutes(standing.load)),
            "recipe": {},
        }


def slices(spans: Sequence[Span], asked: Sequence[float], *, begin: float, now: float) -> tuple[Slice, ...]:
    """At most SLICES equal parts of the time from `begin` to `now`, oldest first, none shorter than a minute."""
    length = max(SHORTEST_S, (now - begin) / SLICES)
    count = max(1, min(SLICES, round((now - begin) / length)))
    made = []
    for number in range(count, 0, -1):
        low, high = now - number * length, now - (number - 1) * length
        inside = sorted((max(low, one.begin), min(high, one.end)) for one in spans)
        made.append(
            Slice(
                ago=now - high,
                asked=sum(low < at <= high for at in asked),
                busy=min(1.0, _covered(inside) / length),
            )
        )
    return tuple(made)


def _covered(spans: Sequence[tuple[float, float]]) -> float:
    """Seconds that at least one of these takes; sorted by their beginning."""
    total, reached = 0.0, float("-inf")
    for begin, end in spans:
        total += max(0.0, end - max(begin, reached))
        reached = max(reached, end)
    return total


def _minutes(load: Sequence[Slice]) -> float:
    """How long a slice is."""
    seconds = load[-2].ago - load[-1].ago if len(load) > 1 else SHORTEST_S
    return float(round(seconds / 60, 1))


def _percent(share: float, locale: str) -> str:
    return f"{share * 100:.0f} %" if locale == "de" else f"{share * 100:.0f}%"
