"""What the gallery needs from the outside, and the plain values it hands over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from bot.services.ports import Hindrance, NotDelivered, Post, TakenBack
from data.gallery_records import Entry, GalleryDecision, GalleryMessage, GalleryState, ShownFile
from generation.job import Job
from moderation.verdict import Approved


@dataclass(frozen=True, slots=True, kw_only=True)
class GalleryRule:
    """What holds in a class at the moment. Without a lesson: reviewed, and no names.

    `open`: works may be sent in. `review`: a teacher looks first. `names`: pupils may have their name appear.
    """

    open: bool = True
    review: bool = True
    names: bool = False


class GalleryRules(Protocol):
    """Which rule the lesson has set."""

    async def gallery(self, guild: str) -> GalleryRule: ...

    async def names(self, guild: str) -> bool:
        """Whether names may appear on what is accepted now, in the lesson or after it."""


class GalleryPlaces(Protocol):
    """Which channels a class has chosen, by `GalleryPlace` (`data.setup.Setups`)."""

    async def places(self, guild_id: str) -> Mapping[str, str]: ...


class GalleryNotes(Protocol):
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


class Approves(Protocol):
    """Judges a posted result anew: `GalleryApproval`, `Gallery` with what follows from a refusal."""

    async def of(self, job: Job) -> Approved[Post]: ...


class Shown(StrEnum):
    """What became of showing a work. What did not stand yet is tried again, unless it is gone."""

    STANDS = "stands"
    HELD = "held"
    """The class pauses, or was stopped."""
    AWAY = "away"
    """Discord did not take it."""
    BARRED = "barred"
    """The bot may not write there, or the channel is no more."""
    GONE = "gone"
    """It was ended meanwhile, or must not be shown any more."""


class NoPlace(NotDelivered):
    """A channel is missing, or the bot may not write into it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A result that was approved anew, with what is known of it in the gallery."""

    post: Post
    entry: Entry
    history: tuple[GalleryDecision, ...] = ()
    stars: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Hung:
    """Where a work stands now, and with which files, in order."""

    message: GalleryMessage
    files: tuple[ShownFile, ...] = ()


class GalleryWall(Protocol):
    """How works are shown. What takes a work takes it `Approved` only; sending twice makes one message."""

    async def review(self, work: Approved[Work], channel: str) -> Hung:
        """A card for the teachers. Raises NotDelivered, NoPlace."""

    async def hang(self, work: Approved[Work], channel: str) -> Hung:
        """A post in the gallery, a text channel or a forum. Raises NotDelivered, NoPlace."""

    async def settle(self, message: GalleryMessage, entry: Entry, decision: GalleryDecision) -> None:
        """The card says what was decided and has no more buttons. Best effort."""

    async def remove(self, message: GalleryMessage, entry: Entry) -> TakenBack:
        """Delete it; where only a plan is known, look for it first. Never raises; again is no error."""

    async def tell(self, job: Job, entry: Entry, decision: GalleryDecision) -> bool:
        """Say in private to its pupil what was decided. False: they take nothing. Raises NotDelivered where that is
        worth another try."""


class NoWall:
    """Where no class looks on, as on the command line: nothing can be shown, and nothing is said to be gone."""

    async def review(self, work: Approved[Work], channel: str) -> Hung:
        raise NotDelivered

    async def hang(self, work: Approved[Work], channel: str) -> Hung:
        raise NotDelivered

    async def settle(self, message: GalleryMessage, entry: Entry, decision: GalleryDecision) -> None:
        """Nobody sees the card."""

    async def remove(self, message: GalleryMessage, entry: Entry) -> TakenBack:
        return TakenBack(hindrance=Hindrance.AWAY)

    async def tell(self, job: Job, entry: Entry, decision: GalleryDecision) -> bool:
        raise NotDelivered


class Hanging(Protocol):
    """What the withdrawal of a voice needs of the gallery (`bot.services.gallery.Gallery`)."""

    async def clear_job(self, job_id: str) -> TakenBack: ...


class Seen(Protocol):
    """Something that shows what hangs and is to follow every change."""

    async def refresh(self, guild: str) -> None: ...

    async def catch_up(self) -> None:
        """Make up for what a crash or the disk held up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """What a teacher says about a round of a work, as it was typed."""

    round: int
    state: GalleryState
    reason: str = ""
