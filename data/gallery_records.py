"""What is known of a work in the gallery: its plain records, and the table along which it moves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class GalleryState(StrEnum):
    """Where a work stands. `taken_down` and `declined` are final."""

    WAITING = "waiting"
    CHANGE = "change"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    TAKEN_DOWN = "taken_down"


_S = GalleryState
GALLERY_MOVES: Final[Mapping[GalleryState, frozenset[GalleryState]]] = {
    _S.WAITING: frozenset({_S.ACCEPTED, _S.CHANGE, _S.DECLINED, _S.WITHDRAWN, _S.TAKEN_DOWN}),
    _S.CHANGE: frozenset({_S.WAITING, _S.ACCEPTED, _S.WITHDRAWN, _S.TAKEN_DOWN}),
    _S.WITHDRAWN: frozenset({_S.WAITING, _S.ACCEPTED, _S.TAKEN_DOWN}),
    _S.ACCEPTED: frozenset({_S.WITHDRAWN, _S.TAKEN_DOWN}),
    _S.DECLINED: frozenset(),
    _S.TAKEN_DOWN: frozenset(),
}
"""From `change` and `withdrawn` a work is accepted only by being sent in again where nobody reviews. What was accepted
so and does not hang when a review is asked for again waits for one: see `GalleryEntries.hold_back`."""
SENT_IN: Final = frozenset({_S.WAITING, _S.ACCEPTED})
RESUBMITTED: Final = frozenset({_S.CHANGE, _S.WITHDRAWN})
ALIVE: Final = frozenset({_S.WAITING, _S.CHANGE, _S.ACCEPTED})
DECISIONS: Final = frozenset({_S.ACCEPTED, _S.CHANGE, _S.DECLINED})
"""What a teacher may decide about a work that waits."""


class GalleryPlace(StrEnum):
    """Where a message about a work stands. The names are those of the set-up's places."""

    REVIEW = "review"
    GALLERY = "gallery"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A work. `name`: how its pupil is called on pages, "" unless they want their name to appear.

    `round` counts how often it was sent in: a decision holds for the round that was looked at.
    """

    job: str
    guild: str
    person: str
    named: bool
    name: str
    medium: str
    state: GalleryState
    round: int
    submitted_at: float
    changed_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class GalleryDecision:
    """What was decided about a work, by whom and why; `reason` is the teacher's own words or ""."""

    job: str
    round: int
    at: float
    by: str
    state: GalleryState
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GalleryMessage:
    """A message about a work of that round; `message` None: it was about to be sent and may stand or not."""

    job: str
    place: GalleryPlace
    round: int
    channel: str
    message: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownFile:
    """A file of a work as it was accepted: `name` in the job's folder, its SHA-256, what is to be seen or heard."""

    name: str
    sha256: str
    alt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which works are looked for; None means any. `person`: those whose name may be seen, unless `own`."""

    medium: str | None = None
    person: str | None = None
    own: bool = False
    states: frozenset[GalleryState] = frozenset({GalleryState.ACCEPTED})
    by_stars: bool = False
    limit: int = 10
    offset: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A work with its stars, where it hangs its message, and the words with which it was last decided about."""

    entry: Entry
    stars: int
    message: GalleryMessage | None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Starred:
    """`stars` of the whole class; `mine`: one of them is this person's."""

    stars: int
    mine: bool
