"""What the teacher's services share: who may, where it is written down, and what a lesson was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from bot.services.ports import Requester
from data.lesson_voices import EndedVoices
from data.lessons import Lesson
from data.stops import Stop
from generation.errors import NotAllowed
from generation.job import JobState


class Shows(Protocol):
    """Something else that shows results, such as the gallery: it is stopped and goes on with the class."""

    async def break_off(self, guild: str) -> None: ...

    async def finish(self) -> None: ...


class Notes(Protocol):
    """Where it is written down who has decided what (`data.audit.Audit`)."""

    async def note(
        self,
        guild: str,
        actor: str,
        what: str,
        subject: str = "",
        *,
        detail: Mapping[str, str | int] | None = None,
    ) -> None: ...


def demand_teacher(who: Requester) -> None:
    """Raises NotAllowed teachers_only."""
    if not who.is_teacher:
        raise NotAllowed("teachers_only")


@dataclass(frozen=True, slots=True, kw_only=True)
class Paused:
    """`running`: jobs that still end and then wait unposted; `waiting`: those that do not start."""

    is_new: bool
    running: int
    waiting: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """What a lesson was. `jobs`: how many by state; `cancelled`: those that still waited at its end; `held`: what
    still holds the class, and `ready`: results that wait for the end of that; `running`: jobs that still end and
    are posted; `by_itself`: its time was over before
    anybody asked, and of its voices nothing is known any more."""

    lesson: Lesson
    jobs: Mapping[JobState, int]
    people: int
    items: int
    seconds: float
    hand_ins: int
    cancelled: int
    voices: EndedVoices | None
    held: Stop | None = None
    ready: int = 0
    running: int = 0
    by_itself: bool = False
