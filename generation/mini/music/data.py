"""What the music models learn from: random tones for the codec, pieces of our own composer for the language model."""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random
from typing import TYPE_CHECKING, Protocol

import numpy as np
import torch

from generation.mini.music.synth import FRAME_RATE, Tone, render
from generation.mini.notes.composer import KINDS, ROOTS, TIMBRES, Wish, compose
from generation.mini.notes.words import held_out, prompt, titled, trained_wish

if TYPE_CHECKING:
    from generation.mini.notes.composer import Note, Piece

# The composer's bass lies an octave too low for the grid of frequencies and for small loudspeakers.
BASS_UP = 12
# Shorter crops are always beginnings: what was said is needed there.
BEGINNING = 100


class Sounds(Protocol):
    """A source of waves for a codec."""

    def __call__(self, rng: Random, frames: int) -> np.ndarray:
        """One mono wave of `frames` whole frames, float32 in -1..1."""
        ...


def random_tones(rng: Random, frames: int) -> np.ndarray:
    """Tones of one timbre one after another, often with a bass; no musical sense needed."""
    timbre = rng.choice(TIMBRES)
    first = rng.randrange(4)
    tones = _line(rng, timbre, first - 12, first + frames, (60, 84))
    if rng.random() < 0.6:
        tones += _line(rng, "bass", first - 32, first + frames, (52, 63), longest=32)
    return render(tones, frames, first)


def random_part(rng: Random, frames: int) -> np.ndarray:
    """A part of a composed piece."""
    tones, end = tones_of(compose(rng), bass=rng.random() < 0.85)
    return render(tones, frames, rng.randrange(max(1, end - frames)))


def sounds(rng: Random, frames: int) -> np.ndarray:
    """What the codec learns from: both of them, by turns."""
    return (random_tones if rng.random() < 0.5 else random_part)(rng, frames)


def _line(
    rng: Random, timbre: str, start: int, end: int, pitches: tuple[int, int], longest: int = 12
) -> list[Tone]:
    tones = []
    while start < end:
        long = rng.choice((2, 3, 3, 4, 4, 5, 6, 8, longest, 2 * longest))
        if rng.random() < 0.92:
            tones.append(Tone(rng.randint(*pitches), start, long, timbre))
        start += long
    return tones


def crops(source: Sounds, rng: Random, count: int, frames: int) -> torch.Tensor:
    """Waves of a source as a batch for audiocraft, shape (count, 1, samples)."""
    return torch.from_numpy(np.stack([source(rng, frames) for _ in range(count)]))[:, None]


def eighth(bpm: int) -> int:
    """Frames of half a beat. The grid has 60, 80, 96, 120 and 160 beats a minute; others go to the nearest of these."""
    return max(1, round(FRAME_RATE * 30 / bpm))


def tones_of(piece: Piece, *, bass: bool = True) -> tuple[list[Tone], int]:
    """A piece on the frame grid, and its length in frames."""
    beat = 2 * eighth(piece.bpm)
    tones = [_placed(note, beat, piece.timbre, 0) for note in piece.melody]
    if bass:
        tones += [_placed(note, beat, "bass", BASS_UP) for note in piece.bass]
    return tones, round(piece.beats * beat)


def _placed(note: Note, beat: int, timbre: str, up: int) -> Tone:
    return Tone(note.pitch + up, round(note.start * beat), max(1, round(note.length * beat)), timbre)


def wave_of(piece: Piece, *, bass: bool = True) -> np.ndarray:
    """A piece as it sounds, mono, a whole number of frames."""
    tones, frames = tones_of(piece, bass=bass)
    return render(tones, frames)


@dataclass(frozen=True)
class Example:
    """What a language model learns from: a text (None for nothing said), a wave, a melody that the wave follows."""

    prompt: str | None
    wave: np.ndarray
    melody: np.ndarray | None = None


class Examples(Protocol):
    """A source of examples for a language model."""

    def __call__(self, rng: Random, frames: int, *, melody: bool) -> Example:
        """An example of so many whole frames; with `melody`, some of them carry one."""
        ...


def music(rng: Random, frames: int, *, melody: bool) -> Example:
    """A composed piece and what one would have said to get it; mostly from its beginning, never with its end."""
    guided = melody and rng.random() < 0.3
    text, wish = _asked(rng)
    if guided and rng.random() < 0.7:
        # Whoever brings a melody says less: it knows its scale and its tempo.
        wish = Wish(timbre=wish.timbre)
        text = prompt(rng, wish) if rng.random() < 0.8 else None
    piece = compose(rng, wish, bars=16)
    tones, whole = tones_of(piece)
    last_bar = whole // 16
    start = 0 if frames < BEGINNING or rng.random() < 0.8 else rng.randrange(whole - last_bar - frames + 1)
    wave = render(tones, frames, start)
    if not guided:
        return Example(text, wave)
    timbre = rng.choice(TIMBRES)
    line = [replace(tone, timbre=timbre) for tone in tones if tone.timbre != "bass"]
    return Example(text, wave, render(line, frames, start))


def _asked(rng: Random) -> tuple[str | None, Wish]:
    """What somebody says, and what that means; sometimes nothing."""
    chance = rng.random()
    if chance < 0.05:
        return None, Wish()
    if chance < 0.17:
        return titled(rng)
    wish, language = trained_wish(rng), rng.choice(("de", "en"))
    if wish.root is None and rng.random() < 0.5:
        # Scales are the hardest to learn: they are asked for more often than in the scores.
        wish = replace(
            wish, root=rng.choice(tuple(ROOTS.values())), kind=wish.kind or rng.choice(tuple(KINDS))
        )
        wish = trained_wish(rng) if held_out(wish) else wish
    text = prompt(rng, wish, language)
    # A capital A at the beginning is no root.
    return ("A " + text if language == "en" and rng.random() < 0.15 else text), wish
