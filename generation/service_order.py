"""The waiting jobs in the order in which everybody in turn gets them, kept sorted from one question to the next."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence
from typing import Final

from generation.job import Job

MANY: Final = 0.25
"""Above this part of all entries, sorting the whole list anew is cheaper than moving them one by one."""

Person = tuple[str, str]
Standing = tuple[int, int, int]
"""The round of a person's oldest job, how often they were served, and their turn, which is nobody else's."""
Entry = tuple[int, int, int, int, Job]
"""Round, then the rank within it. No two agree in all four numbers, so jobs themselves are never compared."""


class ServiceOrder:
    """A person's k-th job goes k rounds after the first; within a round, who was not in the last one goes first."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._of_person: dict[Person, list[Entry]] = {}
        self._of_job: dict[str, Entry] = {}

    def place(self, job_id: str) -> int:
        """1: first. Raises KeyError for a job that was not given."""
        return bisect_left(self._entries, self._of_job[job_id]) + 1

    def first(self, count: int) -> list[Job]:
        return [entry[-1] for entry in self._entries[:count]]

    def update(self, changed: Iterable[tuple[Person, Standing, Sequence[Job]]]) -> None:
        """Replace these people's jobs, oldest first; none: they wait for nothing any more."""
        old, new = list[Entry](), list[Entry]()
        for person, standing, jobs in changed:
            old += self._of_person.pop(person, [])
            if jobs:
                self._of_person[person] = _entries(standing, jobs)
                new += self._of_person[person]
        for entry in old:
            del self._of_job[entry[-1].id]
        self._of_job.update((entry[-1].id, entry) for entry in new)
        if len(old) + len(new) > MANY * len(self._entries):
            self._entries = sorted(self._of_job.values())
            return
        for entry in old:
            del self._entries[bisect_left(self._entries, entry)]
        for entry in new:
            insort(self._entries, entry)


def _entries(standing: Standing, jobs: Sequence[Job]) -> list[Entry]:
    base, served, turn = standing
    return [(base + depth, -base, served, turn, job) for depth, job in enumerate(jobs)]
