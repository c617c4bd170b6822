"""A melody of our own for the lesson's uploads: plain tones in a WAV file, so that no song of anybody's is needed."""

from __future__ import annotations

import math
import struct
import wave
from pathlib import Path
from typing import Final

_RATE: Final = 16_000
_LOUDNESS: Final = 0.4
_OVERTONES: Final = (1.0, 0.4, 0.2)
FIRST_BAR: Final = (60, 62, 64, 65, 67, 67)
"""C D E F G G, as MIDI pitches."""


def write_melody(file: Path, pitches: tuple[int, ...] = FIRST_BAR, *, beat_s: float = 0.5) -> Path:
    """Write the tones one after another, the last of them held twice as long; mono, 16 bit. Blocking."""
    lengths = [beat_s] * (len(pitches) - 1) + [2 * beat_s]
    samples = [
        sample for pitch, seconds in zip(pitches, lengths, strict=True) for sample in _tone(pitch, seconds)
    ]
    with wave.open(str(file), "wb") as opened:
        opened.setnchannels(1)
        opened.setsampwidth(2)
        opened.setframerate(_RATE)
        opened.writeframes(struct.pack(f"<{len(samples)}h", *samples))
    return file


def _tone(pitch: int, seconds: float) -> list[int]:
    """A plucked string: it starts at once and fades."""
    frequency = 440.0 * 2 ** ((pitch - 69) / 12)
    count = round(_RATE * seconds)
    scale = 32767 * _LOUDNESS / sum(_OVERTONES)
    return [
        round(
            scale
            * min(1.0, (count - k) / 400)
            * math.exp(-3.0 * k / count)
            * sum(
                share * math.sin(2 * math.pi * frequency * number * k / _RATE)
                for number, share in enumerate(_OVERTONES, 1)
            )
        )
        for k in range(count)
    ]
