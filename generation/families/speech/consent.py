"""Whether a voice may be used: looked at before anything of the voice or of a model is touched, and at every step."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from generation import voice_token
from generation.families.speech import clips
from generation.families.speech.clips import Clip
from generation.voice_token import Claim, TokenCheck, TokenRefused
from generation.worker.api import Task

_ID = re.compile(r"[\w-]{1,64}", re.ASCII)
"""No "&", by which tortoise mixes voices, and nothing that is a path."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Permit:
    """A voice that may be used for one task, `until` by the clock of `Keeper`."""

    voice: str
    clips: tuple[Clip, ...]
    until: float


class Clock:
    """Seconds since 1970 that never run backwards: who turns the machine's clock back gains nothing."""

    def __init__(
        self, wall: Callable[[], float] = time.time, steady: Callable[[], float] = time.monotonic
    ) -> None:
        self._wall, self._steady = wall, steady
        self._ahead = wall() - steady()

    def now(self) -> float:
        self._ahead = max(self._ahead, self._wall() - self._steady())
        return self._steady() + self._ahead


class Keeper:
    """Holds the key. Never tells it, and tells of a token only which check refused it."""

    def __init__(self, key: str | None, clock: Clock | None = None) -> None:
        self._key = key
        self._clock = clock or Clock()

    def permit(self, task: Task) -> Permit:
        """Raises TokenRefused: everything about a voice that is not as it should be is a missing consent."""
        voice = task.params.get("voice")
        if not isinstance(voice, Mapping) or set(voice) != {"id", "clips", "token"}:
            raise TokenRefused(TokenCheck.VOICE)
        name = voice_id(voice)
        if name is None:
            raise TokenRefused(TokenCheck.VOICE)
        found = clips.read(voice["clips"])
        wanted = Claim(
            job=task.job,
            voice=name,
            samples=frozenset(one.sha256 for one in found),
            model="" if task.model is None else task.model.id,
            until=0.0,
        )
        until = voice_token.check_token(voice["token"], self._key, wanted, now=self._clock.now())
        return Permit(voice=name, clips=found, until=until)

    def demand(self, permit: Permit) -> None:
        """That it still holds. Raises TokenRefused."""
        if self.is_over(permit.until):
            raise TokenRefused(TokenCheck.LATE)

    def is_over(self, until: float) -> bool:
        return self._clock.now() >= until


def voice_id(voice: Any) -> str | None:
    """The id in the parameter "voice", None for what is none."""
    name = voice.get("id") if isinstance(voice, Mapping) else None
    return name if isinstance(name, str) and _ID.fullmatch(name) else None
