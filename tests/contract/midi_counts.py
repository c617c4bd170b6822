"""Hostile MIDI files through a real worker: `python -m tests.contract.midi_counts -n 200`."""

from __future__ import annotations

import argparse
import asyncio
import math
import random
import struct
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from generation.errors import WorkerError
from tests.contract.audio_counts import SECONDS, Counted
from tests.contract.midi_files import ENTCHEN, midi, number, row, tempo, track
from tests.contract.picture_runs import Runs
from tests.contract.text_runs import opened

CODES = {"midi_broken", "midi_empty", "midi_long"}


def honest(rng: random.Random) -> bytes:
    notes = row((rng.randint(40, 90), rng.choice([0.25, 0.5, 1, 2])) for _ in range(rng.randint(4, 60)))
    return midi([track([], before=tempo(rng.randint(40, 200))), track(row(ENTCHEN)), track(notes, channel=1)])


def truncated(rng: random.Random) -> bytes:
    data = honest(rng)
    return data[: rng.randrange(len(data))]


def mutated(rng: random.Random) -> bytes:
    data = bytearray(honest(rng))
    for _ in range(rng.randint(1, 30)):
        data[rng.randrange(len(data))] = rng.randrange(256)
    return bytes(data)


def mutated_notes(rng: random.Random) -> bytes:
    """Only behind the headers, so that more of it is read."""
    data = bytearray(honest(rng))
    for _ in range(rng.randint(1, 8)):
        data[rng.randrange(60, len(data))] = rng.choice([0, 0x7F, 0x80, 0x90, 0xF0, 0xFF])
    return bytes(data)


def lying(rng: random.Random) -> bytes:
    body = track(row(ENTCHEN))
    claims = b"MTrk" + struct.pack(">I", 0xFFFFFFFF) + body[8:]
    return rng.choice(
        [
            midi([body], ticks=0),
            midi([body], ticks=0xE728),
            midi([body], ticks=1),
            midi([body], kind=2),
            midi([body], kind=9),
            midi([claims]),
            midi([body])[:10] + b"\xff\xff" + midi([body])[12:],
            midi([track(row(ENTCHEN), before=b"\0\xff\x51\x03\0\0\0")]),
            midi([track(row(ENTCHEN), before=number(2**28 - 1) + b"\xff\x51\x03\x07\xa1\x20")]),
            midi([track(row(ENTCHEN), before=b"\0\xff\x01" + number(2**28 - 1))]),
            midi([track(row(ENTCHEN), before=b"\0\xf0" + number(900_000))]),
        ]
    )


def crowded(rng: random.Random) -> bytes:
    """Up to half a megabyte of notes, one after another or all at once."""
    count, together = rng.choice([600, 5000, 50_000]), rng.random() < 0.5
    events = (b"\0" if together else b"\x40") + b"\x90\x3c\x50" + b"\x10\x3c\0\x00\x3d\x50\x10\x3d\0" * count
    body = events[:500_000] + b"\0\xff\x2f\0"
    return midi([b"MTrk" + struct.pack(">I", len(body)) + body])


def no_notes(rng: random.Random) -> bytes:
    drums = track(row(ENTCHEN), channel=9)
    return rng.choice(
        [b"", b"MThd", b"MThd" + rng.randbytes(500), rng.randbytes(2000), midi([]), midi([drums]), b"x" * 9]
    )


MAKERS: tuple[Callable[[random.Random], bytes], ...] = (
    truncated,
    mutated,
    mutated_notes,
    lying,
    crowded,
    no_notes,
)


async def count(runs: Runs, rng: random.Random, amount: int) -> Counted:
    counted = Counted()
    file = runs.folder / "upload.mid"
    file.write_bytes(honest(rng))
    await runs.media("probe_midi", {"file": str(file)})
    before = _pid(runs)
    for place in range(amount):
        maker = MAKERS[place % len(MAKERS)]
        file.write_bytes(maker(rng))
        began = time.monotonic()
        try:
            outcome = await runs.media("probe_midi", {"file": str(file)})
        except WorkerError as error:
            code = str(error.values.get("reason"))
            if code not in CODES:
                counted.faults.append(f"{maker.__name__}: {error}")
        else:
            code = "taken"
            if fault := unsound(outcome.facts) or (any(outcome.out.iterdir()) and "a file was left"):
                counted.faults.append(f"{maker.__name__}: {fault}")
        counted.outcomes[f"{maker.__name__}: {code}"] += 1
        counted.slowest = max(counted.slowest, time.monotonic() - began)
    if counted.slowest > SECONDS:
        counted.faults.append(f"{counted.slowest:.1f} s")
    if _pid(runs) != before:
        counted.faults.append("the worker is another one")
    return counted


def unsound(facts: Any) -> str:
    """What is wrong with what should be a melody; "" for nothing."""
    notes = facts["notes"]
    if not 1 <= len(notes) <= 512 or not 20 <= facts["tempo"] <= 400:
        return f"{len(notes)} notes, tempo {facts['tempo']}"
    end = 0.0
    for pitch, start, length in notes:
        if pitch not in range(128) or not math.isfinite(start + length) or length <= 0 or start < end - 0.001:
            return f"a note {pitch} {start} {length} behind {end}"
        end = start + length
    return "" if end <= 2048 else f"{end} beats"


def _pid(runs: Runs) -> int | None:
    return next(one.pid for one in runs.supervisor.states() if one.family == "media")


async def main(amount: int, seed: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        async with opened(Path(name)) as texts:
            counted = await count(
                Runs(texts.supervisor, texts.catalog, Path(name)), random.Random(seed), amount
            )
    for outcome, times in sorted(Counter(counted.outcomes).items()):
        print(f"{times:4} {outcome}")
    print(f"{len(counted.faults)} of {amount} went wrong, the slowest took {counted.slowest:.1f} s")
    print(*counted.faults, sep="\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    asyncio.run(main(arguments.n, arguments.seed))
