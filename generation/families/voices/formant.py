"""Speech by rules (formant synthesis): espeak-ng, in a process of its own for every text.

espeak-ng keeps state from text to text (the second time, the same words come out a little different), is not made for
threads and is written in C: a process that says one text and ends is always the same, and nobody else falls with it.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from generation.families.voices.manners import MANNERS
from generation.families.voices.wish import Spoken, Wish
from generation.worker.api import Context, TaskFailed

CHILD = Path(__file__).with_name("espeak_child.py")
SECONDS = 30.0
"""300 characters take a twentieth of a second."""
WORDS_A_MINUTE = 160
SLOWEST, FASTEST = 80, 450
"""What espeak-ng can do, in words a minute."""


def speak(wish: Wish, options: Mapping[str, Any], seed: int, context: Context) -> Spoken:
    """Raises Cancelled; TaskFailed invalid "speaker" or "language_unsupported", worker_failed."""
    order = order_of(wish, options, seed)
    head, samples = _run(order, context)
    facts = json.loads(head)
    if not samples or not any(samples):
        raise TaskFailed("invalid", "speech_empty")
    return Spoken(samples, int(facts["rate"]), str(facts["phonemes"]))


def order_of(wish: Wish, options: Mapping[str, Any], seed: int) -> dict[str, Any]:
    """What the child is told. The voice comes from the model's entry alone, never from the request."""
    languages, speakers = options.get("voices", {}), options.get("speakers", {})
    if wish.language not in languages:
        raise TaskFailed("invalid", "language_unsupported")
    if wish.speaker and wish.speaker not in speakers:
        raise TaskFailed("invalid", "speaker")
    variant = speakers[wish.speaker] if wish.speaker else next(iter(speakers.values()), "")
    manner = MANNERS[wish.emotion]
    rate = round(WORDS_A_MINUTE * manner.rate * wish.speed)
    return {
        "text": wish.text,
        "voice": f"{languages[wish.language]}+{variant}" if variant else languages[wish.language],
        "rate": min(max(rate, SLOWEST), FASTEST),
        "pitch": manner.pitch,
        "melody": manner.melody,
        "volume": round(100 * manner.volume),
        "pause": manner.pause,
        "seed": seed % 2**31,
    }


def _run(order: Mapping[str, Any], context: Context) -> tuple[bytes, bytes]:
    """The first line that the child wrote, and the rest. The text goes in where no list of processes shows it."""
    child = subprocess.Popen(  # noqa: S603  our own interpreter and script
        [sys.executable, "-I", str(CHILD)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    given: bytes | None = json.dumps(order).encode()
    until = time.monotonic() + SECONDS
    try:
        while True:
            context.check()
            if time.monotonic() > until:
                raise TaskFailed("worker_failed", "espeak-ng hangs")
            try:
                answer, _ = child.communicate(given, timeout=0.05)
            except subprocess.TimeoutExpired:
                given = None  # it is on its way
                continue
            if child.returncode != 0:
                raise TaskFailed("worker_failed", f"espeak-ng ended with {child.returncode}")
            head, _, samples = answer.partition(b"\n")
            return head, samples
    finally:
        child.kill()
        child.wait()
