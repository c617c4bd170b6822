"""Rate limits: Discord's buckets, their headers and the 429."""

from __future__ import annotations

from dataclasses import dataclass

from bot.local.clock import Clock
from bot.local.config import Rate


@dataclass
class _Window:
    started: float
    used: int


@dataclass(frozen=True)
class Verdict:
    """What a request's bucket says: the headers of the answer and, when it is full, how long to wait."""

    headers: dict[str, str]
    retry_after: float | None


class Buckets:
    """Fixed windows that begin with the first request, one per bucket and major parameter (channel, token)."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._windows: dict[tuple[str, str], _Window] = {}

    def take(self, name: str, major: str, rate: Rate) -> Verdict:
        """Count one request."""
        now = self._clock.now()
        window = self._windows.get((name, major))
        if window is None or now >= window.started + rate.seconds:
            self._forget(now)
            window = self._windows[name, major] = _Window(now, 0)
        full = window.used >= rate.count
        window.used += not full
        reset_after = window.started + rate.seconds - now
        headers = {
            "X-RateLimit-Limit": str(rate.count),
            "X-RateLimit-Remaining": str(rate.count - window.used),
            "X-RateLimit-Reset": f"{window.started + rate.seconds:.3f}",
            "X-RateLimit-Reset-After": f"{reset_after:.3f}",
            "X-RateLimit-Bucket": name,
        }
        return Verdict(headers, reset_after if full else None)

    def _forget(self, now: float) -> None:
        if len(self._windows) > 1000:
            self._windows = {key: one for key, one in self._windows.items() if now < one.started + 60}
