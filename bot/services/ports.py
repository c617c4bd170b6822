"""What the services need from the outside, and the plain values they hand over. No Discord, no SQL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, NewType, Protocol

from bot.services.insight_data import Insight
from generation.job import Job
from moderation.verdict import Approved

ReplyAddress = NewType("ReplyAddress", str)
"""Where a job's answer goes. Made and read only in `bot/` (the Discord side); opaque here, never logged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Requester:
    """Who asks, and where. `locale` is "de" or "en"."""

    guild_id: str
    channel_id: str
    person_id: str
    locale: str
    is_teacher: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageRequest:
    """`/bild` as it was typed, nothing validated yet. None means "the model's or the class's default"."""

    prompt: str
    negative: str | None = None
    count: int | None = None
    guidance: float | None = None
    steps: int | None = None
    seed: str | int | None = None
    size: str | None = None
    model: str | None = None
    scheduler: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TextRequest:
    """`/text` as it was typed, nothing validated yet. `length` in tokens."""

    prompt: str
    preset: str | None = None
    temperature: float | None = None
    length: int | None = None
    seed: str | int | None = None
    model: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatRequest:
    """`/chat` as it was typed, nothing validated yet. `prompt` is the first question, if there is one already."""

    prompt: str | None = None
    model: str | None = None
    temperature: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Adaptation:
    """The form of the buttons 1-4: texts as they were typed; the picture's seed is kept."""

    prompt: str
    negative: str
    guidance: str
    steps: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """A queued job: its `place` (1 = next) and the seconds until its result (None: never measured)."""

    job: Job
    place: int
    expected_seconds: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What an answer shows while one waits: `done`/`total` steps (0/0 while waiting), `ready_at` epoch seconds."""

    place: int = 0
    done: int = 0
    total: int = 0
    ready_at: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """Picture `index` (1…) of a job; `file` is None when it was flagged and is shown as a black tile."""

    index: int
    seed: int
    file: Path | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A finished job, ready to be shown; each medium has its own. `seconds`: how long it was in the worker."""

    job: Job
    model_title: str
    seconds: float
    is_rehearsal: bool = False
    """Made by a mini model: the post says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImagePost(Post):
    """`sheet` is the numbered overview, `pictures` in order.

    `beside`: the seed of the older picture that stands on the left of the sheet (Bildanpassung), else None.
    """

    sheet: Path
    pictures: tuple[Picture, ...]
    beside: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TextPost(Post):
    """A text that a model wrote; `file` holds the whole of it, for posts in which it does not fit."""

    text: str
    file: Path
    notices: tuple[str, ...] = ()
    """Codes of sentences beside those of the job, e.g. that the answer stops where its length was used up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InsightPost(Post):
    """What a text model said of its inside; words that may not be shown are taken out of `insight` already.

    `picture` is None while the class guesses. `data` holds the numbers as they are.
    """

    insight: Insight
    picture: Path | None
    data: Path
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """Where a result stands now."""

    channel_id: str
    message_id: str


class Hindrance(StrEnum):
    """Why a result may still be seen although it was to be taken back."""

    FORBIDDEN = "forbidden"
    """The bot may not look or delete there (any more): a person has to."""
    AWAY = "away"
    """Discord did not answer, or a send is still on its way: worth another try."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenBack:
    """`deleted`: how many messages went now. Without a `hindrance` nothing of the result stands any more."""

    deleted: int = 0
    hindrance: Hindrance | None = None

    def __add__(self, other: TakenBack) -> TakenBack:
        worst = max((self.hindrance, other.hindrance), key=_weight)
        return TakenBack(deleted=self.deleted + other.deleted, hindrance=worst)


def _weight(hindrance: Hindrance | None) -> int:
    return (None, Hindrance.FORBIDDEN, Hindrance.AWAY).index(hindrance)


class Publisher(Protocol):
    """The only way to a person's eyes: `bot.publisher` on Discord, a folder for `atelier generate`."""

    def file_limit(self, job: Job) -> int:
        """Bytes that a single file of this job's result may have."""

    async def show_status(self, job: Job, address: ReplyAddress | None, status: Status) -> None:
        """Best effort, at most two a job, of a video more; errors are logged, never raised."""

    async def publish(self, post: Approved[Post], address: ReplyAddress | None) -> Posted:
        """Edit the command's own answer while `address` lives, else a channel message, else a direct message.

        Idempotent for one job. Raises `NotDelivered` when nothing worked; the job stays in `posting`. Raises
        `Withheld` after `withhold`.
        """

    def withhold(self, job_id: str) -> None:
        """From now on, in this run, nothing of this job is shown; what is being sent at this moment may get through."""

    async def take_back(self, job: Job, posted: Posted | None, address: ReplyAddress | None) -> TakenBack:
        """`withhold`, wait for the send that is on its way, delete what can be seen. Never raises; again is no error.

        `posted`: where it is known to stand; None where it was planned and never noted: then it is looked for.
        """

    async def is_member(self, guild_id: str, person_id: str) -> bool | None:
        """Whether this person is in this class now; None: it cannot be found out. Never raises."""

    async def tell_person(self, person_id: str, text: str) -> bool:
        """Say something that is about no job, in private. False: it could not be delivered."""

    async def tell_owner(
        self, job: Job, address: ReplyAddress | None, code: str, values: Mapping[str, Any], *, private: bool
    ) -> None:
        """Say the sentence `error.<code>` instead of a result; `private`: delete what others see first."""


class Withheld(Exception):
    """What was to be shown has been taken back meanwhile."""


class NotDelivered(Exception):
    """Every way to show a result failed; it is kept and tried again at the next start."""
