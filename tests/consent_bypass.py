"""Attempts to get past a consent: `python -m tests.consent_bypass -n 2000`.

Every attempt is made twice: once with everything in order, which must succeed, and once with one thing changed, which
must die at its own check and at no other. Pure rules and a real database; no model, no Discord. Prints a line a kind
and ends with 1 if one got through, died elsewhere, or a twin failed. The seed is drawn, printed and can be given.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import random
import secrets
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from data import voice_rows
from data.database import Database
from generation.errors import AtelierError
from tests.consent_kinds import KINDS, Kind, Scene
from tests.voice_room import Room

LEAST_KINDS = 24
MODULES = (
    "consent_use_kinds",
    "consent_enrolment_kinds",
    "consent_evidence_kinds",
    "consent_token_kinds",
    "consent_service_kinds",
    "consent_clip_kinds",
)
for name in MODULES:
    importlib.import_module(f"tests.{name}")


@dataclass
class Count:
    """How often a kind was tried; `wrong` says what happened instead of dying at its check."""

    tried: int = 0
    wrong: Counter[str] = field(default_factory=Counter)


async def run(count: int, seed: int, folder: Path) -> dict[str, Count]:
    """Make `count` attempts, the kinds in turn; the answer is by the kind's name."""
    rng = random.Random(seed)
    counts = {one.name: Count() for one in KINDS}
    order = [KINDS[number % len(KINDS)] for number in range(count)]
    if count < len(KINDS):
        order = rng.sample(KINDS, count)
    async with await Database.open(folder / "data") as database:
        # thousands of commits that need not survive a power cut
        database._connection.execute("PRAGMA synchronous=OFF")
        room = Room(database, folder)
        for number, one in enumerate(order):
            counts[one.name].tried += 1
            found = await _pair(room, one, number, random.Random(rng.getrandbits(64)))
            if found:
                counts[one.name].wrong[found] += 1
    return counts


async def _pair(room: Room, one: Kind, number: int, rng: random.Random) -> str:
    """ "" if the twin succeeds and the changed one dies where it must; else what happened."""
    state = rng.getstate()
    twin = await _attempt(room, one, f"{number}t", rng, mutated=False)
    if twin:
        return f"its twin died: {twin}"
    rng.setstate(state)
    died = await _attempt(room, one, f"{number}m", rng, mutated=True)
    if not died:
        return "GOT THROUGH"
    return "" if died == one.dies_at else f"died at {died} instead of {one.dies_at}"


async def _attempt(room: Room, one: Kind, name: str, rng: random.Random, *, mutated: bool) -> str:
    """The code of the check that stopped it, "" if none did."""
    # after everything that was ever seen: the attempts share a clock, not a time
    room.clock.now = 100.0 + max(1e6, await room.database.write(voice_rows.last_seen))
    try:
        await one.attempt(Scene(room, rng, f"owner{name}", f"other{name}"), mutated)
    except AtelierError as error:
        return error.code
    except Exception as error:  # noqa: BLE001  not one of ours: nobody would have been told why
        return f"{type(error).__name__}: {error}"
    return ""


def report(counts: dict[str, Count]) -> int:
    """Print the counts; how many attempts went wrong."""
    wrong = 0
    for name, one in counts.items():
        wrong += one.wrong.total()
        print(f"{'ok ' if not one.wrong else 'BAD'} {name}: {one.tried}", *one.wrong.items())
    tried = sum(one.tried for one in counts.values())
    through = sum(one.wrong["GOT THROUGH"] for one in counts.values())
    bound = f"true rate below {3 / tried:.2%} (95 %)" if tried and not through else ""
    print(f"{through} of {tried} attempts of {len(counts)} kinds got through; {wrong} went wrong. {bound}")
    return wrong


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=secrets.randbits(32))
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}")
    with tempfile.TemporaryDirectory() as folder:
        counts = asyncio.run(run(arguments.n, arguments.seed, Path(folder)))
    return 1 if report(counts) or len(counts) < LEAST_KINDS else 0


if __name__ == "__main__":
    sys.exit(main())
