"""Composes short melodies: phrases that repeat and vary over a row of chords, and a close on the root.

Everything follows from a `random.Random`. Lengths are multiples of half a beat (an eighth), and all five tempi have
eighths of whole frames at 16 frames a second, so that a codec of that rate can hold every onset exactly:
60 bpm 8 frames an eighth, 80 bpm 6, 96 bpm 5, 120 bpm 4, 160 bpm 3. Sixteenths and triplets never occur.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

LOWEST, HIGHEST = 60, 84  # the melody stays between C4 and C6
BEATS = 4  # in a bar
TEMPI = {"slow": (60, 80), "medium": (96,), "fast": (120, 160)}
BPM = tuple(bpm for row in TEMPI.values() for bpm in row)
ROOTS = {"C": 0, "D": 2, "F": 5, "G": 7, "A": 9}
KINDS = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "pentatonic": (0, 2, 4, 7, 9),
    "blues": (0, 3, 5, 6, 7, 10),
}
TIMBRES = ("flute", "organ", "guitar", "bell", "chip")
MOODS = ("happy", "sad", "calm", "wild")

# Chords as steps in semitones above the root; the first is the bass. A row has four bars and begins on the tonic.
_CHORDS: dict[str, dict[str, tuple[int, ...]]] = {
    "major": {"I": (0, 4, 7), "ii": (2, 5, 9), "IV": (5, 9, 0), "V": (7, 11, 2), "vi": (9, 0, 4)},
    "minor": {"I": (0, 3, 7), "IV": (5, 8, 0), "V": (7, 10, 2), "vi": (8, 0, 3), "ii": (3, 7, 10)},
    "pentatonic": {"I": (0, 4, 7), "ii": (2, 9), "IV": (9, 0, 4), "V": (7, 2), "vi": (9, 0, 4)},
    "blues": {"I": (0, 3, 7, 10), "IV": (5, 0, 3), "V": (7, 10, 5), "ii": (5, 0), "vi": (3, 7, 10)},
}
_ROWS = (("I", "V", "vi", "IV"), ("I", "IV", "I", "V"), ("I", "vi", "ii", "V"), ("I", "IV", "V", "I"))


@dataclass(frozen=True)
class Mood:
    """What a mood prefers where nothing else was asked: rhythms are lengths of one bar in beats."""

    tempi: tuple[str, ...]
    kinds: tuple[str, ...]
    centre: int
    leaps: float
    rhythms: tuple[tuple[float, ...], ...]


_MOODS: dict[str, Mood] = {
    "happy": Mood(
        ("fast",),
        ("major", "major", "pentatonic"),
        77,
        0.2,
        ((1, 1, 0.5, 0.5, 1), (0.5, 0.5, 1, 0.5, 0.5, 1), (1, 0.5, 0.5, 1, 1), (0.5, 0.5, 0.5, 0.5, 1, 1)),
    ),
    "sad": Mood(("slow",), ("minor",), 65, 0.08, ((2, 2), (3, 1), (2, 1, 1), (1, 1, 2), (1.5, 0.5, 2))),
    "calm": Mood(
        ("slow", "medium"), ("pentatonic", "major"), 70, 0.1, ((1, 1, 2), (2, 1, 1), (2, 2), (1, 1, 1, 1))
    ),
    "wild": Mood(
        ("fast",),
        ("minor", "blues"),
        72,
        0.4,
        (
            (0.5,) * 8,
            (0.5, 0.5, 0.5, 0.5, 1, 0.5, 0.5),
            (1, 0.5, 0.5, 0.5, 0.5, 1),
            (0.5, 1, 0.5, 0.5, 1, 0.5),
        ),
    ),
}


@dataclass(frozen=True)
class Note:
    """`pitch` as MIDI number; `start` and `length` in beats."""

    pitch: int
    start: float
    length: float

    @property
    def end(self) -> float:
        return self.start + self.length


@dataclass(frozen=True)
class Scale:
    """`root` as pitch class (0 is C), `kind` one of KINDS."""

    root: int
    kind: str

    @property
    def classes(self) -> frozenset[int]:
        return frozenset((self.root + step) % 12 for step in KINDS[self.kind])

    def pitches(self, lowest: int = LOWEST, highest: int = HIGHEST) -> tuple[int, ...]:
        return tuple(pitch for pitch in range(lowest, highest + 1) if pitch % 12 in self.classes)


@dataclass(frozen=True)
class Wish:
    """What somebody asks of a piece; None leaves it open. `bpm` and `tempo` agree where both are given."""

    mood: str | None = None
    tempo: str | None = None
    bpm: int | None = None
    root: int | None = None
    kind: str | None = None
    timbre: str | None = None


@dataclass(frozen=True)
class Piece:
    """A melody of single notes without overlap, a bass of one or two notes a bar, and how to play them."""

    melody: tuple[Note, ...]
    bass: tuple[Note, ...]
    bpm: int
    scale: Scale
    timbre: str
    mood: str
    beats: float

    @property
    def seconds(self) -> float:
        return self.beats * 60 / self.bpm


def tempo_of(bpm: float) -> str:
    """The class of a tempo: slow, medium or fast."""
    if bpm < 90:
        return "slow"
    return "medium" if bpm < 110 else "fast"


def compose(rng: Random, wish: Wish | None = None, bars: int = 8) -> Piece:
    """A piece of `bars` bars that fulfils the wish; what the wish leaves open follows the mood and chance."""
    wish = wish or Wish()
    mood = wish.mood or rng.choice(_fitting(wish))
    manner = _MOODS[mood]
    bpm = wish.bpm or rng.choice(TEMPI[wish.tempo or rng.choice(manner.tempi)])
    root = rng.choice(tuple(ROOTS.values())) if wish.root is None else wish.root
    scale = Scale(root, wish.kind or rng.choice(manner.kinds))
    row = [rng.choice(_ROWS), rng.choice(_ROWS)]
    chords = [_chord(scale, row[bar // 4 % 2][bar % 4]) for bar in range(bars)]
    chords[-1] = _chord(scale, "I")
    melody = _melody(rng, manner, scale, chords)
    timbre = wish.timbre or rng.choice(TIMBRES)
    return Piece(melody, _bass(chords), bpm, scale, timbre, mood, float(bars * BEATS))


def _fitting(wish: Wish) -> tuple[str, ...]:
    """The moods that would choose what was asked; all of them if none would."""
    tempo = wish.tempo or (tempo_of(wish.bpm) if wish.bpm else None)
    fits = tuple(
        name
        for name, mood in _MOODS.items()
        if tempo in (None, *mood.tempi) and wish.kind in (None, *mood.kinds)
    )
    return fits or MOODS


def _chord(scale: Scale, name: str) -> tuple[int, ...]:
    return tuple((scale.root + step) % 12 for step in _CHORDS[scale.kind][name])


def _bass(chords: list[tuple[int, ...]]) -> tuple[Note, ...]:
    """The first tone of each chord, between E2 and D#3, for its whole bar."""
    return tuple(
        Note(40 + (chord[0] - 40) % 12, float(bar * BEATS), float(BEATS)) for bar, chord in enumerate(chords)
    )


def _melody(rng: Random, manner: Mood, scale: Scale, chords: list[tuple[int, ...]]) -> tuple[Note, ...]:
    """Phrases of two bars in the order A A' B A': a phrase that returns keeps its rhythm and its contour."""
    pitches = scale.pitches()
    phrases = [_phrase(rng, manner) for _ in range(2)]
    place = _close(pitches, manner.centre, chords[0])
    notes: list[Note] = []
    for bar, chord in enumerate(chords):
        phrase = phrases[1] if bar // 2 % 4 == 2 else phrases[0]
        rhythm, moves = phrase[bar % 2]
        if bar == len(chords) - 1:
            notes += _ending(pitches, place, scale.root, float(bar * BEATS))
            break
        place = _pull(pitches, place, manner.centre, chord)
        start = float(bar * BEATS)
        for number, (length, move) in enumerate(zip(rhythm, moves, strict=True)):
            if number:
                # Now and then a returning phrase is varied by one step.
                varied = rng.choice((-1, 1)) if rng.random() < 0.08 else 0
                place = _inside(pitches, place + move + varied)
            notes.append(Note(pitches[place], start, float(length)))
            start += length
    return tuple(notes)


def _phrase(rng: Random, manner: Mood) -> list[tuple[tuple[float, ...], list[int]]]:
    """Two bars: the lengths, and for every note its move from the one before in steps of the scale."""
    made = []
    for _ in range(2):
        rhythm = rng.choice(manner.rhythms)
        way = rng.choice((-1, 1))
        moves = []
        for _ in rhythm:
            if rng.random() < 0.3:
                way = -way
            moves.append(
                way * (rng.choice((2, 3)) if rng.random() < manner.leaps else rng.choice((1, 1, 1, 0)))
            )
        made.append((rhythm, moves))
    return made


def _pull(pitches: tuple[int, ...], place: int, centre: int, chord: tuple[int, ...]) -> int:
    """The nearest chord tone from here, drawn a little towards the centre of the register."""
    target = pitches[place] + (centre - pitches[place]) // 2
    return _close(pitches, target, chord)


def _close(pitches: tuple[int, ...], pitch: int, classes: tuple[int, ...]) -> int:
    fitting = [place for place, known in enumerate(pitches) if known % 12 in classes]
    return min(fitting, key=lambda place: abs(pitches[place] - pitch))


def _inside(pitches: tuple[int, ...], place: int) -> int:
    """Turns back at the ends of the range."""
    last = len(pitches) - 1
    return -place if place < 0 else 2 * last - place if place > last else place


def _ending(pitches: tuple[int, ...], place: int, root: int, start: float) -> list[Note]:
    """A last bar: a step to the root, which is held."""
    goal = _close(pitches, pitches[place], (root,))
    step = goal + 1 if goal < len(pitches) - 1 else goal - 1
    return [Note(pitches[step], start, 1.0), Note(pitches[goal], start + 1, 3.0)]
