"""The lesson's own melody, and that what cannot be heard is noticed."""

from __future__ import annotations

import cmath
import math
import struct
import sys
import wave
from pathlib import Path

import pytest

from bot.lesson.hearing import Heard, listen
from bot.lesson.melody import FIRST_BAR, write_melody


def strength(samples: tuple[int, ...], rate: int, pitch: int) -> float:
    """How much of the tone of this pitch is in the samples."""
    turn = 2j * math.pi * 440 * 2 ** ((pitch - 69) / 12) / rate
    return abs(sum(sample * cmath.exp(-turn * k) for k, sample in enumerate(samples)))


def test_the_melody_has_the_notes_of_the_song(tmp_path: Path) -> None:
    with wave.open(str(write_melody(tmp_path / "melody.wav")), "rb") as opened:
        assert (opened.getnchannels(), opened.getsampwidth()) == (1, 2)
        rate, count = opened.getframerate(), opened.getnframes()
        samples = struct.unpack(f"<{count}h", opened.readframes(count))
    beat = rate // 2
    assert count == beat * 7, "the last note is held twice as long"
    beats = [samples[k * beat : (k + 1) * beat] for k in range(6)]
    heard = [max(range(55, 75), key=lambda pitch: strength(one, rate, pitch)) for one in beats]
    assert tuple(heard) == FIRST_BAR
    assert max(map(abs, samples)) < 32767, "nothing is clipped"


@pytest.mark.parametrize(
    ("rms_db", "notes", "silent"),
    [(-20.0, 0, False), (-70.0, 0, True), (math.nan, 0, True), (None, 4, False), (None, 0, True)],
)
def test_silence_is_noticed(rms_db: float | None, notes: int, silent: bool) -> None:
    assert Heard(name="1.ogg", seconds=1.0, rms_db=rms_db, notes=notes).is_silent is silent


async def test_without_a_decoder_nothing_is_heard(tmp_path: Path) -> None:
    with pytest.raises(LookupError, match="av"):
        await listen(Path(sys.executable), [write_melody(tmp_path / "melody.wav")])
