"""Tokens of the mini notes model: REMI of miditok, with what a prompt asks as tokens in front.

A document: BOS, what is asked (Mood, Speed, Beats, Root, Kind, each only if asked), then bar by bar position, pitch
and length of every note, the tempo before the first; EOS. `write_words` stores the table of words by which a reader
without this package finds the tokens of a prompt.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from random import Random

from miditok import REMI, TokenizerConfig
from symusic import Note as ScoreNote
from symusic import Score, Tempo, Track

from generation.mini.notes.composer import (
    BPM,
    KINDS,
    MOODS,
    TEMPI,
    Note,
    Piece,
    Scale,
    Wish,
    compose,
    tempo_of,
)
from generation.mini.notes.words import ENDINGS, table, trained_wish

ORDER = ("Mood", "Speed", "Beats", "Root", "Kind")
PITCHES = (36, 97)
TICKS = 480
_PROGRAMS = {"flute": 73, "organ": 19, "guitar": 24, "bell": 10, "chip": 80}
# The twelve notes as German and English prompts name them; "b" is the German one.
_ROOTS = {
    "c": 0,
    "cis": 1,
    "des": 1,
    "d": 2,
    "dis": 3,
    "es": 3,
    "e": 4,
    "f": 5,
    "fis": 6,
    "ges": 6,
    "g": 7,
    "gis": 8,
    "as": 8,
    "a": 9,
    "ais": 10,
    "b": 10,
    "h": 11,
    "c sharp": 1,
    "e flat": 3,
    "f sharp": 6,
    "a flat": 8,
    "b flat": 10,
}


def make() -> REMI:
    """Sixteenths, lengths up to four beats, tempi of 40, 44, 48 … 200 beats a minute; no loudness, no bass."""
    asked = {
        "Mood": MOODS,
        "Speed": tuple(TEMPI),
        "Beats": BPM,
        "Root": tuple(range(12)),
        "Kind": tuple(KINDS),
    }
    return REMI(
        TokenizerConfig(
            pitch_range=PITCHES,
            beat_res={(0, 4): 4},
            special_tokens=[
                "PAD",
                "BOS",
                "EOS",
                *(f"{name}_{value}" for name in ORDER for value in asked[name]),
            ],
            use_velocities=False,
            use_time_signatures=False,
            use_pitchdrum_tokens=False,
            use_tempos=True,
            num_tempos=41,
            tempo_range=(40, 200),
        )
    )


def asked(wish: Wish) -> list[str]:
    """The tokens of a wish, in their order."""
    values = (wish.mood, wish.tempo, wish.bpm, wish.root, wish.kind)
    return [f"{name}_{value}" for name, value in zip(ORDER, values, strict=True) if value is not None]


def score_of(notes: tuple[Note, ...], bpm: float) -> Score:
    """The melody as symusic holds it."""
    score = Score(TICKS)
    score.tempos.append(Tempo(0, bpm))
    track = Track("melody", 0)
    for note in notes:
        track.notes.append(ScoreNote(round(note.start * TICKS), round(note.length * TICKS), note.pitch, 80))
    score.tracks.append(track)
    return score


def encode(tokenizer: REMI, piece: Piece, wish: Wish) -> tuple[list[int], int]:
    """(a document's tokens, how many of them are given and not learned)."""
    given = [tokenizer["BOS_None"], *(tokenizer[token] for token in asked(wish))]
    written = tokenizer(score_of(piece.melody, piece.bpm))[0].ids
    return [*given, *written, tokenizer["EOS_None"]], len(given)


def document(rng: Random, bars: int) -> tuple[Piece, Wish]:
    """A piece to learn from, and what of it was asked: in a third of all nothing.

    Where nothing is asked mood and tempo do not hang together, and the piece may lie in any octave: so a model that
    has to continue somebody's melody looks at the notes. Every key occurs.
    """
    if rng.random() < 0.35:
        piece = compose(rng, Wish(mood=rng.choice(MOODS), bpm=rng.choice(BPM)), bars)
        return transposed(piece, rng.randint(-18, 12)), Wish()
    wish = trained_wish(rng)
    piece = compose(rng, wish, bars)
    if rng.random() < 0.5:
        return piece, wish
    shift = rng.randint(-5, 6)
    moved = transposed(piece, shift)
    return moved, wish if wish.root is None else replace(wish, root=moved.scale.root)


def transposed(piece: Piece, steps: int) -> Piece:
    """The same, so many half tones higher."""
    melody = tuple(replace(note, pitch=note.pitch + steps) for note in piece.melody)
    return replace(piece, melody=melody, scale=Scale((piece.scale.root + steps) % 12, piece.scale.kind))


def write_words(path: Path) -> None:
    """What the words of a prompt ask of this model.

    `phrases`: word -> {attribute: value}, found with one of `endings`; an attribute named in `order` is a token,
    `Program` the sound of the file. `roots` stand before a phrase with `Kind`. `numbers`: a number before one of
    `units` is the nearest of `beats`, which asks these attributes.
    """
    phrases = {word: _attributes(wish) for word, wish in sorted(table().items())}
    numbers = {str(bpm): {"Beats": bpm, "Speed": tempo_of(bpm)} for bpm in BPM}
    stored = {
        "order": ORDER,
        "phrases": phrases,
        "endings": ENDINGS,
        "roots": _ROOTS,
        "numbers": {"units": ["bpm", "schläge", "beats"], "beats": numbers},
    }
    path.write_text(json.dumps(stored, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _attributes(wish: Wish) -> dict[str, str | int]:
    values = {
        "Mood": wish.mood,
        "Speed": wish.tempo,
        "Beats": wish.bpm,
        "Kind": wish.kind,
        "Program": _PROGRAMS[wish.timbre] if wish.timbre else None,
    }
    return {name: value for name, value in values.items() if value is not None}
