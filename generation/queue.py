"""Whose job is next: everybody in turn, and within that the model that is in memory already.

Every person has a count of the jobs served. The turn is with the lowest count, then with who has waited longest
since the last one. Somebody else's job for a loaded model may go first while its owner is fewer than FAIRNESS
jobs ahead of the one whose turn it is. So the counts of two people who both wait never differ by more than
FAIRNESS, and with thirty people most jobs find their model loaded.
"""

from __future__ import annotations

import heapq
import itertools
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from generation.job import Job
from generation.params import work_units
from generation.service_order import Person, ServiceOrder

FAIRNESS: Final = 3
ADDED_UP: Final = 100
"""Up to this place the work before a job is added up; beyond, it is a share of all that waits."""

Lane = tuple[str, str]
"""Family and model: jobs that a worker can run one after another without loading anything."""


@dataclass(slots=True)
class _Owner:
    served: int
    turn: int
    passed: int = 0
    """How often in a row a younger job of this person went before the oldest."""
    lanes: dict[Lane, OrderedDict[str, tuple[int, Job]]] = field(default_factory=dict)

    def number(self, lane: Lane) -> int:
        """The arrival number of the oldest job in that lane."""
        return next(iter(self.lanes[lane].values()))[0]

    def oldest(self, lane: Lane) -> Job:
        return next(iter(self.lanes[lane].values()))[1]

    def jobs(self) -> list[Job]:
        """All waiting, oldest first."""
        numbered = itertools.chain.from_iterable(lane.values() for lane in self.lanes.values())
        return [job for _, job in sorted(numbered, key=lambda entry: entry[0])]


class FairQueue:
    """The jobs that wait, in memory. Neither a decision nor a ticket goes through all of them."""

    def __init__(self) -> None:
        # Kept when somebody has nothing waiting any more: who comes back at once has had their turn.
        self._owners: dict[Person, _Owner] = {}
        self._of_job: dict[str, tuple[Person, Lane]] = {}
        # Per lane who has a job in it, by turn; entries whose turn is over are dropped when they come up.
        self._turns: dict[Lane, list[tuple[int, int, Person]]] = {}
        # How many jobs wait in each lane, and their units of work: a ticket need not add them up.
        self._waiting: dict[Lane, tuple[int, float]] = {}
        self._order = ServiceOrder()
        # Whose entries in `_order` are no longer right: put right when somebody asks, not at every decision.
        self._stale: set[Person] = set()
        self._order_floor = 0
        self._floor = 0
        self._people = 0
        self._passed = 0
        self._count = itertools.count(1)

    def __len__(self) -> int:
        return len(self._of_job)

    def __contains__(self, job_id: object) -> bool:
        return job_id in self._of_job

    def add(self, job: Job, *, first: bool = False, behind_others: bool = False) -> None:
        """Let a job wait. `first`: before the person's other jobs; `behind_others`: everybody else goes once.

        Raises ValueError when it waits already.
        """
        if job.id in self._of_job:
            raise ValueError("this job waits already")
        person, lane = (job.guild_id, job.owner_id), (job.family, job.model)
        owner = self._owners.setdefault(person, _Owner(served=self._floor, turn=next(self._count)))
        if not owner.lanes:
            self._people += 1
            owner.served, owner.turn = max(owner.served, self._floor), next(self._count)
        number = next(self._count)
        jobs = owner.lanes.setdefault(lane, OrderedDict())
        jobs[job.id] = (-number if first else number, job)
        jobs.move_to_end(job.id, last=not first)
        self._of_job[job.id] = (person, lane)
        self._note(person, lane, 1, work_units(job.params))
        if behind_others:
            waiting = [other.served for other in self._owners.values() if other.lanes]
            owner.served, owner.turn = max(waiting), next(self._count)
        self._announce(person, owner)

    def remove(self, job_id: str) -> Job | None:
        """Take a job out, wherever it stands; None when it does not wait."""
        if job_id not in self._of_job:
            return None
        person, lane = self._of_job.pop(job_id)
        owner = self._owners[person]
        _, job = owner.lanes[lane].pop(job_id)
        if not owner.lanes[lane]:
            del owner.lanes[lane]
        self._people -= not owner.lanes
        self._note(person, lane, -1, -work_units(job.params))
        return job

    def pick(
        self,
        can_run: Callable[[Job], bool],
        loaded: frozenset[str] = frozenset(),
        *,
        is_held: Callable[[str], bool] = lambda guild: False,
    ) -> Job | None:
        """Take out the next job that can run now; `loaded` are the models in memory.

        `can_run` is asked once per family and model, with one of its jobs. Classes that are held keep their places.
        """
        tops = {
            lane: owner
            for lane in list(self._turns)
            if (owner := self._top(lane, is_held)) is not None and can_run(owner.oldest(lane))
        }
        if not tops:
            return None
        turn = min(tops.values(), key=_order)
        # Whoever could not run for a while goes first now, but does not catch up on every turn missed.
        self._floor = max(self._floor, turn.served)
        lane = self._preferred(tops, loaded)
        owner = turn if lane is None else tops[lane]
        self._passed = 0 if owner is turn else self._passed + 1
        return self._take(owner, lane or _oldest_lane(turn, tops), tops)

    def place(self, job_id: str) -> int:
        """1: next. Exact when everything can run and nothing is loaded; 0 when the job does not wait."""
        if job_id not in self._of_job:
            return 0
        self._put_right()
        return self._order.place(job_id)

    def ahead(self, job_id: str) -> list[Job]:
        """The jobs before this one, in their order."""
        return self._order.first(max(0, self.place(job_id) - 1))

    def work_until(self, job_id: str) -> dict[str, float]:
        """Units of work for each model of the job's family, up to and with the job; empty when it does not wait.

        Beyond ADDED_UP places an estimate: as if those before it were as the average of all who wait.
        """
        place = self.place(job_id)
        if not place:
            return {}
        _, (family, _) = self._of_job[job_id]
        if place > ADDED_UP:
            share = place / len(self)
            return {lane[1]: units * share for lane, (_, units) in self._waiting.items() if lane[0] == family}
        work: dict[str, float] = {}
        for job in self._order.first(place):
            if job.family == family:
                work[job.model] = work.get(job.model, 0.0) + work_units(job.params)
        return work

    def _note(self, person: Person, lane: Lane, count: int, units: float) -> None:
        """So many jobs more in that lane."""
        self._stale.add(person)
        before, units_before = self._waiting.get(lane, (0, 0.0))
        count, units = before + count, units_before + units
        if count:
            self._waiting[lane] = count, units
        else:
            del self._waiting[lane]  # with what the sum of many numbers has lost by rounding

    def _put_right(self) -> None:
        if self._order_floor != self._floor:
            # it lifts who could not run for a while, and nobody else
            self._stale |= {who for who, owner in self._owners.items() if owner.served < self._floor}
            self._order_floor = self._floor
        owners = [(person, self._owners[person]) for person in self._stale]
        self._order.update(
            (person, (self._base(owner), owner.served, owner.turn), owner.jobs()) for person, owner in owners
        )
        self._stale.clear()

    def _base(self, owner: _Owner) -> int:
        return max(owner.served, self._floor)

    def _preferred(self, tops: dict[Lane, _Owner], loaded: frozenset[str]) -> Lane | None:
        if self._passed >= FAIRNESS * self._people:  # newcomers without end could keep somebody waiting
            return None
        lanes = [
            lane
            for lane, owner in tops.items()
            if lane[1] in loaded
            and owner.served < self._floor + FAIRNESS
            and (owner.passed < FAIRNESS or lane == _oldest_lane(owner, tops))
        ]
        return min(lanes, key=lambda lane: _order(tops[lane]), default=None)

    def _take(self, owner: _Owner, lane: Lane, tops: dict[Lane, _Owner]) -> Job:
        owner.passed = 0 if lane == _oldest_lane(owner, tops) else owner.passed + 1
        job = owner.oldest(lane)
        self.remove(job.id)
        owner.served, owner.turn = self._base(owner) + 1, next(self._count)
        self._announce((job.guild_id, job.owner_id), owner)
        return job

    def _announce(self, person: Person, owner: _Owner) -> None:
        for lane in owner.lanes:
            heapq.heappush(self._turns.setdefault(lane, []), (owner.served, owner.turn, person))

    def _top(self, lane: Lane, is_held: Callable[[str], bool]) -> _Owner | None:
        """Whose turn it is among those with a job in this lane."""
        turns = self._turns[lane]
        while turns:
            _, turn, person = turns[0]
            owner = self._owners[person]
            if owner.turn == turn and lane in owner.lanes:
                return self._first_free(lane, is_held) if is_held(person[0]) else owner
            heapq.heappop(turns)
        del self._turns[lane]
        return None

    def _first_free(self, lane: Lane, is_held: Callable[[str], bool]) -> _Owner | None:
        """The same among the classes that are not held; rarely needed, so all are looked at."""
        known = (self._owners[person] for _, _, person in self._turns[lane] if not is_held(person[0]))
        return min((owner for owner in known if lane in owner.lanes), key=_order, default=None)


def _order(owner: _Owner) -> tuple[int, int]:
    return owner.served, owner.turn


def _oldest_lane(owner: _Owner, tops: dict[Lane, _Owner]) -> Lane:
    """The lane with the person's oldest job among those that can run."""
    return min((lane for lane in owner.lanes if lane in tops), key=owner.number)
