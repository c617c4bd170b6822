"""A job: one person's one request, and the only table along which its state moves."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

SEED_LIMIT = 2**32
MAX_ATTEMPTS = 3


class JobState(StrEnum):
    ACCEPTED = "accepted"
    QUEUED = "queued"
    RUNNING = "running"
    CHECKING = "checking"
    POSTING = "posting"
    POSTED = "posted"
    REFUSED = "refused"
    FAILED = "failed"
    CANCELLED = "cancelled"


_S = JobState
MOVES: Mapping[JobState, frozenset[JobState]] = {
    _S.ACCEPTED: frozenset({_S.QUEUED, _S.REFUSED, _S.FAILED, _S.CANCELLED}),
    # refused from here too: what a job needs (a consent) is read again at every move
    _S.QUEUED: frozenset({_S.RUNNING, _S.REFUSED, _S.FAILED, _S.CANCELLED}),
    # back to queued: out of memory (smaller retry) and a restart of the bot
    _S.RUNNING: frozenset({_S.CHECKING, _S.QUEUED, _S.REFUSED, _S.FAILED, _S.CANCELLED}),
    _S.CHECKING: frozenset({_S.POSTING, _S.QUEUED, _S.REFUSED, _S.FAILED, _S.CANCELLED}),
    _S.POSTING: frozenset({_S.POSTED, _S.QUEUED, _S.REFUSED, _S.FAILED}),
    _S.POSTED: frozenset(),
    _S.REFUSED: frozenset(),
    _S.FAILED: frozenset(),
    _S.CANCELLED: frozenset(),
}
ENDED = frozenset(state for state, following in MOVES.items() if not following)


def may_move(old: JobState, new: JobState) -> bool:
    return new in MOVES[old]


def new_job_id() -> str:
    """Ten letters and digits: short enough to read aloud, fits a component id and a message nonce."""
    return secrets.token_hex(5)


def draw_seed() -> int:
    """A seed in 0 … 2^32-1."""
    return secrets.randbelow(SEED_LIMIT)


def seed_of(seed: int, index: int) -> int:
    """The seed of picture `index` (1, 2, …) of a job: its own start number, valid alone."""
    return (seed + index - 1) % SEED_LIMIT


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One request. `params` is the plain form of the medium's parameters (see `params.py`).

    Times are seconds since the epoch. `parent` is the job whose picture `parent_index` (1…) was adapted.
    `guild_id`, `channel_id` and `owner_id` are opaque here.
    """

    id: str
    guild_id: str
    channel_id: str
    owner_id: str
    medium: str
    family: str
    model: str
    params: Mapping[str, Any]
    seed: int
    locale: str
    created_at: float
    state: JobState = JobState.ACCEPTED
    attempt: int = 0
    parent: str | None = None
    parent_index: int | None = None
    started_at: float | None = None
    finished_at: float | None = None
    error_code: str | None = None
    notices: tuple[str, ...] = field(default=())
    """Codes of sentences the result must carry, e.g. "smaller_retry"."""
