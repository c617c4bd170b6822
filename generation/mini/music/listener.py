"""Hears a melody in a wave: which notes, when, on which scale, how fast, in what mood.

It knows nothing of how the wave was made. Every frame of the spectrum is explained as a sum of harmonic sounds (five
shapes of partials for every pitch), the loudest line of the melody's range is followed through time, and notes begin
where its pitch changes or its loudness jumps. Below the melody a bass may sound.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.signal import resample_poly

from generation.mini.notes.composer import LOWEST, Scale

if TYPE_CHECKING:
    from numpy.typing import NDArray


RATE, WINDOW, HOP = 16_000, 2048, 256
PITCHES = np.arange(48, 97)
# Strengths of the partials: nearly pure, reedy, plucked, hollow, bell. Between them lies what we have heard so far.
_SHAPES = (
    (1.0, 0.2, 0.05),
    (1.0, 0.7, 0.1, 0.5, 0.0, 0.0, 0.0, 0.25),
    (1.0, 0.55, 0.36, 0.22, 0.14, 0.09),
    (1.0, 0.0, 0.34, 0.0, 0.2, 0.0, 0.14, 0.0, 0.1),
    (0.8, 0.0, 0.0, 0.7, 0.0, 0.35),
)
_ROUNDS = 60
_SILENT = 0.06  # of the loudest frame
_CHANGE = 3.0  # what a change of pitch costs, in the units of the log strength
_SHORTEST = 0.08  # seconds
_WEAK = 0.35  # of the strength of the middle one among the notes
_LEAP = 1.4  # times as loud within four frames: struck again
_LENGTHS = {0.5: 0.32, 1.0: 0.4, 1.5: 0.05, 2.0: 0.16, 3.0: 0.07}
_TIMING = 0.035  # seconds that an onset may be off
TEMPO_RANGE = (52.0, 185.0)
_MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
_MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)


@dataclass(frozen=True)
class Tone:
    """A note that was heard: MIDI pitch, start and length in seconds."""

    pitch: int
    start: float
    length: float


@dataclass(frozen=True)
class Heard:
    """The melody of a wave; `bpm` is None where fewer than four notes were heard."""

    tones: tuple[Tone, ...]
    bpm: float | None

    @property
    def register(self) -> float:
        """The mean pitch, by time."""
        whole = sum(tone.length for tone in self.tones)
        return sum(tone.pitch * tone.length for tone in self.tones) / whole if whole else math.nan


def listen(wave: NDArray[np.float64] | NDArray[np.float32], rate: int) -> Heard:
    """Hears a mono wave (samples,) or the mean of (channels, samples)."""
    mono = np.asarray(wave, np.float64)
    mono = mono.mean(axis=0) if mono.ndim == 2 else mono
    if rate != RATE:
        common = math.gcd(rate, RATE)
        mono = resample_poly(mono, RATE // common, rate // common)
    strengths, loudness = _explain(mono)
    tones = _tones(_follow(strengths), strengths, loudness)
    return Heard(tones, tempo(tones))


def on_scale(tones: Iterable[Tone], scale: Scale) -> float:
    """The share of notes whose pitch belongs to the scale; nan without notes."""
    hits = [tone.pitch % 12 in scale.classes for tone in tones]
    return sum(hits) / len(hits) if hits else math.nan


def on_kind(tones: Sequence[Tone], kind: str) -> float:
    """The same where only the kind of scale was asked: on the best of the twelve roots."""
    return max(on_scale(tones, Scale(root, kind)) for root in range(12))


def tempo(tones: Sequence[Tone]) -> float | None:
    """Beats a minute, by which the distances of onsets are likeliest notes of half a beat to three beats.

    Half and double are told apart by this alone: a piece of quarters only is heard as its likelier reading.
    """
    onsets = np.array([tone.start for tone in tones])
    gaps = np.diff(onsets)
    gaps = gaps[gaps > _SHORTEST]
    if len(gaps) < 3:
        return None
    candidates = np.geomspace(*TEMPO_RANGE, 400)
    lengths, shares = np.array(list(_LENGTHS)), np.array(list(_LENGTHS.values()))
    expected = 60.0 / candidates[:, None] * lengths
    offs = (gaps[None, :, None] - expected[:, None, :]) / _TIMING
    likely = (shares * np.exp(-0.5 * offs**2)).sum(-1) + 1e-4
    return float(candidates[np.log(likely).sum(-1).argmax()])


def tempo_fits(heard: Heard, bpm: float, tolerance: float = 0.15) -> bool:
    """Half or double does not count as right."""
    return heard.bpm is not None and abs(heard.bpm / bpm - 1) <= tolerance


def brightness(tones: Sequence[Tone]) -> float:
    """Major against minor, -1..1: the better of the twelve major keys minus the better of the minor ones."""
    weights = np.zeros(12)
    for tone in tones:
        weights[tone.pitch % 12] += tone.length
    if np.ptp(weights) == 0:
        return 0.0
    best = [
        max(np.corrcoef(weights, np.roll(profile, root))[0, 1] for root in range(12))
        for profile in (_MAJOR, _MINOR)
    ]
    return float(np.clip(5 * (best[0] - best[1]), -1, 1))


def cheer(heard: Heard) -> float:
    """How happy a melody sounds, -1 (sad) to 1: by tempo, number of notes a second, register and mode."""
    if not heard.tones or heard.bpm is None:
        return 0.0
    span = heard.tones[-1].start + heard.tones[-1].length - heard.tones[0].start
    pace = np.clip(math.log2(heard.bpm / 98), -1, 1)
    density = np.clip(math.log2(len(heard.tones) / span / 1.6), -1, 1)
    height = np.clip((heard.register - 71) / 6, -1, 1)
    return float(0.3 * pace + 0.2 * density + 0.25 * height + 0.25 * brightness(heard.tones))


def agreement(one: Sequence[Tone], other: Sequence[Tone], step: float = 0.05) -> float:
    """The share of the time of `one` in which `other` has the same pitch class, octaves aside; nan without notes."""
    times = np.arange(0.0, max((tone.start + tone.length for tone in one), default=0.0), step)
    first, second = (_sampled(tones, times) for tones in (one, other))
    sounding = first >= 0
    return float((first[sounding] % 12 == second[sounding] % 12).mean()) if sounding.any() else math.nan


def contour_agreement(one: Sequence[Tone], other: Sequence[Tone]) -> float:
    """The share of steps up, down or level that two melodies have in common, note by note, over the shorter one."""
    ways = [
        [int(np.sign(after.pitch - before.pitch)) for before, after in itertools.pairwise(tones)]
        for tones in (list(one), list(other))
    ]
    pairs = list(zip(*ways, strict=False))
    return sum(first == second for first, second in pairs) / len(pairs) if pairs else math.nan


def _sampled(tones: Sequence[Tone], times: NDArray[np.float64]) -> NDArray[np.int64]:
    """The pitch at each time; -1 where nothing sounds."""
    pitches = np.full(len(times), -1, np.int64)
    for tone in tones:
        pitches[(times >= tone.start) & (times < tone.start + tone.length)] = tone.pitch
    return np.where(pitches < 0, -13, pitches)


@functools.cache
def _atoms() -> NDArray[np.float64]:
    """Spectra of every pitch in every shape, (pitches * shapes, bins), each of sum 1."""
    time = np.arange(WINDOW) / RATE
    spectra = []
    for pitch in PITCHES:
        base = 440.0 * 2 ** ((pitch - 69) / 12)
        for shape in _SHAPES:
            parts = [
                strength * np.sin(2 * np.pi * number * base * time + 0.9 * (number - 1) ** 2)
                for number, strength in enumerate(shape, start=1)
                if strength and number * base < RATE / 2.2
            ]
            spectrum = np.abs(np.fft.rfft(np.sum(parts, axis=0) * np.hanning(WINDOW)))
            spectra.append(spectrum / spectrum.sum())
    return np.array(spectra)


def _explain(mono: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(how strong each pitch is, (frames, pitches); how loud each frame is): a non-negative fit (Lee and Seung)."""
    padded = np.pad(mono, (WINDOW // 2, WINDOW // 2))
    frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP]
    spectra = np.abs(np.fft.rfft(frames * np.hanning(WINDOW), axis=1))
    atoms = _atoms()
    weights = np.ones((len(spectra), len(atoms))) * spectra.mean()
    cross, gram = spectra @ atoms.T, atoms @ atoms.T
    for _ in range(_ROUNDS):
        weights *= cross / (weights @ gram + 1e-9)
    strengths = weights.reshape(len(spectra), len(PITCHES), len(_SHAPES)).sum(-1)
    short = np.lib.stride_tricks.sliding_window_view(np.pad(mono, (HOP // 2, HOP // 2)), HOP)[::HOP]
    return strengths, np.sqrt((short**2).mean(axis=1))[: len(strengths)]


def _follow(strengths: NDArray[np.float64]) -> NDArray[np.int64]:
    """The line of the melody, a pitch for every frame or -1: the best path (Viterbi)."""
    allowed = strengths[:, PITCHES >= LOWEST]
    top = allowed.max()
    if not top > 0:
        return np.full(len(strengths), -1, np.int64)
    floor = _SILENT * top
    scores = np.log(np.hstack([np.full((len(allowed), 1), floor), allowed]) + 1e-3 * floor)
    path = np.zeros(scores.shape, np.int64)
    total = scores[0]
    for frame in range(1, len(scores)):
        jump = int(total.argmax())
        stays = total >= total[jump] - _CHANGE
        path[frame] = np.where(stays, np.arange(len(total)), jump)
        total = np.where(stays, total, total[jump] - _CHANGE) + scores[frame]
    place = int(total.argmax())
    line = np.empty(len(scores), np.int64)
    for frame in range(len(scores) - 1, -1, -1):
        line[frame] = place
        place = int(path[frame, place])
    return np.where(line == 0, -1, line + LOWEST - 1)


def _tones(
    line: NDArray[np.int64], strengths: NDArray[np.float64], loudness: NDArray[np.float64]
) -> tuple[Tone, ...]:
    """Cuts the line where the pitch changes or a note is struck again; drops what is too short or weak for a note.

    What remains of a bass when a plucked note has died away is weak.
    """
    step = HOP / RATE
    cuts = {0, len(line)} | {int(place) for place in np.flatnonzero(np.diff(line)) + 1}
    cuts |= _struck_again(line, loudness)
    edges = sorted(cuts)
    found = [
        Tone(int(line[start]), start * step, (end - start) * step)
        for start, end in itertools.pairwise(edges)
        if line[start] >= 0 and (end - start) * step >= _SHORTEST
    ]
    peaks = [_peak(strengths, tone) for tone in found]
    enough = _WEAK * float(np.median(peaks)) if peaks else 0.0
    return tuple(tone for tone, peak in zip(found, peaks, strict=True) if peak >= enough)


def _peak(strengths: NDArray[np.float64], tone: Tone) -> float:
    first = round(tone.start * RATE / HOP)
    last = first + round(tone.length * RATE / HOP)
    return float(strengths[first:last, tone.pitch - PITCHES[0]].max())


def _struck_again(line: NDArray[np.int64], loudness: NDArray[np.float64]) -> set[int]:
    """Frames in which the wave falls silent for a moment, or leaps up, in the middle of a held pitch."""
    padded = np.pad(loudness, (3, 3), mode="edge")
    around = np.minimum(padded[:-6], padded[6:])
    dips = (loudness < 0.72 * around) & (loudness <= padded[2:-4]) & (loudness <= padded[4:-2])
    before, after = padded[1:-5], padded[5:-1]
    rises = after / (before + 1e-9)
    beside = np.pad(rises, (3, 3))
    leaps = (rises > _LEAP) & (rises >= np.lib.stride_tricks.sliding_window_view(beside, 7).max(axis=1))
    wide = np.pad(line, (4, 4), mode="edge")
    held = (wide[:-8] == line) & (wide[8:] == line)
    return {int(place) for place in np.flatnonzero((dips | leaps) & held)}
