"""Play notes: a small additive synthesiser whose tones begin and fade like struck strings. 48 kHz, two channels.

A tone is a sum of slightly stretched partials (as stiff strings have them), higher ones fading sooner, each in two
stages; a damper ends it, and a short room follows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy
from scipy.signal import fftconvolve

from generation.families.media.decode_midi import Note
from generation.families.media.loudness import Samples
from generation.families.media.sound_files import RATE

PARTIALS = 14
HIGHEST = 11_000
"""Hz; partials above are left out."""
ATTACK, DAMPING = 0.003, 0.09
"""Seconds in which a tone rises, and in which it falls to a third once its key is let go."""
TAIL = 0.5
"""Seconds after the last note, for damper and room."""
LONGEST = 6.0
"""Seconds after which a held tone has faded."""
ROOM, WET = 0.8, 0.16
WIDTH = 0.35
"""How far the lowest and highest notes stand apart, 1: wholly left and right."""


def play(notes: Sequence[Note], tempo: float) -> Samples:
    """The notes at `tempo` (beats a minute); without notes a moment of silence."""
    beat = 60 / tempo
    seconds = max([note.end * beat for note in notes], default=0.0) + TAIL
    mix = numpy.zeros((round(seconds * RATE), 2))
    tones = _tones(notes, beat)
    for note in notes:
        start = round(note.start * beat * RATE)
        tone = _damped(tones[note.pitch], note.length * beat)[: len(mix) - start] * (note.velocity / 127)
        side = numpy.clip((note.pitch - 64) / 40, -1, 1) * WIDTH
        for channel, share in enumerate((1 - side, 1 + side)):
            mix[start : start + len(tone), channel] += tone * share
    for channel, room in enumerate(_rooms()):
        mix[:, channel] += WET * fftconvolve(mix[:, channel], room)[: len(mix)]
    return mix * 0.25


def _tones(notes: Sequence[Note], beat: float) -> Mapping[int, Samples]:
    """Each pitch once, as long as its longest note."""
    longest: dict[int, float] = {}
    for note in notes:
        longest[note.pitch] = max(longest.get(note.pitch, 0.0), note.length * beat)
    return {pitch: _tone(pitch, min(length + TAIL, LONGEST)) for pitch, length in longest.items()}


def _tone(pitch: int, seconds: float) -> Samples:
    time = numpy.arange(round(seconds * RATE)) / RATE
    base = 440 * 2 ** ((pitch - 69) / 12)
    stiffness = 0.0003 * 2 ** ((pitch - 60) / 16)
    slowness = (base / 260) ** 0.6
    tone = numpy.zeros(len(time))
    for number in range(1, PARTIALS + 1):
        frequency = number * base * (1 + stiffness * number**2) ** 0.5
        if frequency > HIGHEST:
            break
        # struck at an eighth of its length a string lacks the eighth partial
        strength = number**-1.25 * (0.15 + abs(numpy.sin(numpy.pi * number / 8)))
        fading = slowness * (0.7 + 0.45 * number)
        shape = 0.7 * numpy.exp(-3.2 * fading * time) + 0.3 * numpy.exp(-0.7 * fading * time)
        tone += strength * shape * numpy.sin(2 * numpy.pi * frequency * time + number)
    tone *= 1 - numpy.exp(-time / ATTACK)
    fall = min(len(tone), round(0.02 * RATE))
    tone[len(tone) - fall :] *= numpy.linspace(1, 0, fall)
    return tone


def _damped(tone: Samples, seconds: float) -> Samples:
    end = round(seconds * RATE)
    length = min(len(tone), end + round(TAIL * RATE))
    damped = tone[:length].copy()
    after = numpy.arange(max(0, length - end)) / RATE
    damped[end:] *= numpy.exp(-after / DAMPING)
    return damped


@lru_cache(maxsize=1)
def _rooms() -> tuple[Samples, Samples]:
    """Fading noise, another for each ear, always the same."""
    rng = numpy.random.default_rng(5)
    time = numpy.arange(round(ROOM * RATE)) / RATE
    rooms = [rng.normal(0, 1, len(time)) * numpy.exp(-time * 9) for _ in range(2)]
    left, right = (room / numpy.sqrt((room**2).sum()) for room in rooms)
    return left, right
