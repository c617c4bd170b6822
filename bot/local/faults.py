"""Faults on demand: the next requests that match a route fail in a chosen way."""

from __future__ import annotations

import fnmatch
from dataclasses import dataclass, field


@dataclass
class Fault:
    """One planned fault. `hits` counts how often it struck."""

    method: str
    path: str
    times: int
    status: int | None = None
    retry_after: float = 0.2
    close: bool = False
    applied: bool = False
    delay: float = 0.0
    hits: int = field(default=0, init=False)


class Faults:
    """The planned faults, tried in the order they were added."""

    def __init__(self) -> None:
        self._planned: list[Fault] = []

    def add(
        self,
        method: str,
        path: str,
        *,
        times: int = 1,
        status: int | None = None,
        retry_after: float = 0.2,
        close: bool = False,
        applied: bool = False,
        delay: float = 0.0,
    ) -> Fault:
        """Plan a fault for the next `times` requests whose method and path match.

        `path` is a shell pattern for the path behind `/api/v10`, e.g. `/webhooks/*/*/messages/@original`; `method`
        may be `*`. One of: `status` (429 with `retry_after` seconds, 500, 503, …), `close` (the connection drops
        without an answer). With `applied` the request is carried out first: accepted, but the answer is lost or
        replaced. `delay` seconds pass before anything else.
        """
        fault = Fault(method, path, times, status, retry_after, close, applied, delay)
        self._planned.append(fault)
        return fault

    def clear(self) -> None:
        self._planned.clear()

    def strike(self, method: str, path: str) -> Fault | None:
        """The fault for this request, if one is planned; it is used up by being asked for."""
        for fault in self._planned:
            if fault.hits >= fault.times or fault.method not in ("*", method):
                continue
            if fnmatch.fnmatchcase(path, fault.path):
                fault.hits += 1
                return fault
        return None
