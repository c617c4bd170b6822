"""Ways around a consent, each one change to something that works. `tests.consent_bypass` runs them.

A kind is a function of (scene, mutated): it does the same both times, and the one thing differently when `mutated`. It
raises what the bot's own parts raise. To add kinds (with workers, with Discord): a module that uses `kind`,
named in `tests.consent_bypass.MODULES`.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from data.errors import VoiceRefused
from data.voice_records import Check, Finding
from tests.voice_room import Room


@dataclass(frozen=True)
class Scene:
    """One attempt: persons of its own in a room that others use too."""

    room: Room
    rng: random.Random
    owner: str
    other: str


Attempt = Callable[[Scene, bool], Awaitable[None]]


@dataclass(frozen=True)
class Kind:
    """`dies_at`: the code of the one check that must stop it."""

    name: str
    dies_at: str
    attempt: Attempt


KINDS: Final[list[Kind]] = []


def kind(name: str, dies_at: Check | str) -> Callable[[Attempt], Attempt]:
    """Register an attempt."""

    def register(attempt: Attempt) -> Attempt:
        KINDS.append(Kind(name, dies_at.code if isinstance(dies_at, Check) else dies_at, attempt))
        return attempt

    return register


async def write(scene: Scene, statement: str, values: tuple[Any, ...]) -> None:
    """What only somebody with the file in their hands can do."""
    await scene.room.database.write(lambda connection: connection.execute(statement, values).rowcount)


def demand(finding: Finding) -> None:
    if finding.check is not None:
        raise VoiceRefused(finding.check)
