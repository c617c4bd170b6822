"""Somebody at the microphone: a voice that is made of rules speaks for a person of the lesson.

It bears no mark, unlike everything that the bot posts, so the checks of a consent meet it as they would meet a person.
"""

from __future__ import annotations

import asyncio
import json
import wave
from pathlib import Path
from typing import Final

import generation

_CHILD: Final = Path(generation.__file__).parent / "families" / "voices" / "espeak_child.py"
SPEAKERS: Final = {"alto": "f2", "bass": "m8", "soprano": "linda"}
"""Variants of espeak-ng that are told apart well."""
_WORDS_A_MINUTE: Final = 144
"""A little slower than usual: the recogniser understands it better."""


async def speak(python: Path, text: str, to: Path, *, speaker: str, language: str = "en-us") -> Path:
    """Write `text` as a WAV file. Raises LookupError. `python` is the voices family's."""
    order = {
        "text": text,
        "voice": f"{language}+{SPEAKERS[speaker]}",
        "rate": _WORDS_A_MINUTE,
        "pitch": 50,
        "melody": 50,
        "volume": 80,
        "pause": 0,
        "seed": 7,
    }
    process = await asyncio.create_subprocess_exec(
        python,
        "-I",
        str(_CHILD),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    answer, complaints = await process.communicate(json.dumps(order).encode())
    if process.returncode != 0:
        raise LookupError(complaints.decode(errors="replace").strip().rpartition("\n")[2])
    head, _, samples = answer.partition(b"\n")
    await asyncio.to_thread(_write, to, samples, int(json.loads(head)["rate"]))
    return to


def _write(file: Path, samples: bytes, rate: int) -> None:
    with wave.open(str(file), "wb") as opened:
        opened.setnchannels(1)
        opened.setsampwidth(2)
        opened.setframerate(rate)
        opened.writeframes(samples)
