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
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from generation.job import Job

FAIRNESS: Final = 3

Person = tuple[str, str]
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

    def waiting(self) -> int:
        return sum(map(len, self.lanes.values()))


class FairQueue:
    """The jobs that wait, in memory. A decision does not go through all of them."""

    def __init__(self) -> None:
        # Kept when somebody has nothing waiting any more: who comes back at once has had their turn.
        self._owners: dict[Person, _Owner] = {}
        self._of_job: dict[str, tuple[Person, Lane]] = {}
        # Per lane who has a job in it, by turn; entries whose turn is over are dropped when they come up.
        self._turns: dict[Lane, list[tuple[int, int, Person]]] = {}
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
        return job

    def pick(self, can_run: Callable[[Job], bool], loaded: frozenset[str] = frozenset()) -> Job | None:
        """Take out the next job that can run now; `loaded` are the models in memory.

        `can_run` is asked once per family and model, with one of its jobs.
        """
        tops = {
            lane: owner
            for lane in list(self._turns)
            if (owner := self._top(lane)) is not None and can_run(owner.oldest(lane))
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
        return 1 + sum(count for _, count in self._before(job_id))

    def ahead(self, job_id: str) -> list[Job]:
        """The jobs before this one, in no particular order."""
        if job_id not in self._of_job:
            return []
        return [job for owner, count in self._before(job_id) for job in owner.jobs()[:count]]

    def _before(self, job_id: str) -> Iterator[tuple[_Owner, int]]:
        """How many jobs of each person come before this one: their k-th is served in round `base + k`."""
        own = self._owners[self._of_job[job_id][0]]
        depth = [job.id for job in own.jobs()].index(job_id)
        end = self._base(own) + depth
        for owner in self._owners.values():
            if owner is own:
                yield owner, depth
            elif owner.lanes:
                rounds = end - self._base(owner) + (self._tie(owner) < self._tie(own))
                yield owner, max(0, min(rounds, owner.waiting()))

    def _base(self, owner: _Owner) -> int:
        return max(owner.served, self._floor)

    def _tie(self, owner: _Owner) -> tuple[int, int, int]:
        # Within a round those come first who were not served in the last one.
        return -self._base(owner), owner.served, owner.turn

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

    def _top(self, lane: Lane) -> _Owner | None:
        """Whose turn it is among those with a job in this lane."""
        turns = self._turns[lane]
        while turns:
            _, turn, person = turns[0]
            owner = self._owners[person]
            if owner.turn == turn and lane in owner.lanes:
                return owner
            heapq.heappop(turns)
        del self._turns[lane]
        return None


def _order(owner: _Owner) -> tuple[int, int]:
    return owner.served, owner.turn


def _oldest_lane(owner: _Owner, tops: dict[Lane, _Owner]) -> Lane:
    """The lane with the person's oldest job among those that can run."""
    return min((lane for lane in owner.lanes if lane in tops), key=owner.number)
