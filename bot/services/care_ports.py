"""What looking after a class needs from the outside, and what its services hand over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from bot.services.ports import Hindrance, Requester
from data.appeals import RefusalCount
from data.care_cards import CareCard
from data.reports import Report
from generation.errors import NotAllowed
from generation.job import Job

REASONS: Final = ("person", "hurtful", "sexual", "violent", "copied", "other")
"""Why a post may be reported; each has a sentence `reason.<code>`."""
NOTE_LIMIT: Final = 300
"""Letters of a reporter's own words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What a card is about: the id that its button names, why it was reported or refused, since when."""

    marker: str
    code: str
    since: float


class CareBoard(Protocol):
    """Where teachers see that somebody waits (`bot.care_board`). Methods raise NotDelivered."""

    async def put(self, card: CareCard, waiting: Waiting) -> str:
        """Send it; the message's id."""

    async def find(self, card: CareCard) -> str | None:
        """The message of a card that was planned; None where there is none, or nowhere to look."""

    async def settle(self, card: CareCard, message: str) -> None:
        """Say that it is decided, without buttons. One that is gone is no error."""


class CareNotes(Protocol):
    """Where it is written down who has decided what (`data.audit.Audit`): codes and numbers, never a text."""

    async def note(
        self,
        guild: str,
        actor: str,
        what: str,
        subject: str = "",
        *,
        detail: Mapping[str, str | int] | None = None,
    ) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class WordsView:
    """`/words`: the class's own, how refusals were judged, and which lines of the lists were wrong how often."""

    refused: tuple[str, ...]
    allowed: tuple[str, ...]
    counts: tuple[RefusalCount, ...]
    blamed: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A refusal that a pupil asked about. `texts`: what they had typed, empty once it was deleted; `entries`: the lines
    of the lists that match it now."""

    job: Job
    code: str
    texts: tuple[str, ...]
    entries: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """A report, the job it is about, and where its post stands (None: nobody knows)."""

    report: Report
    job: Job
    link: tuple[str, str] | None
    """Channel and message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenDown:
    """`hindrance`: why the post, or a piece that holds it, may still be seen; the report waits on then, and `link` is
    where. `pieces`: those that went with it now."""

    job: Job
    link: tuple[str, str] | None
    hindrance: Hindrance | None
    pieces: tuple[Job, ...] = ()


def demand_teacher(who: Requester) -> None:
    """Raises NotAllowed teachers_only."""
    if not who.is_teacher:
        raise NotAllowed("teachers_only")
