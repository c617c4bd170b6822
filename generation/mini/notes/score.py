"""Measures the stored notes model through the family's own code: held-out prompts, moods, continuations. Prints JSON.

python generation/mini/notes/score.py [--quick]
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from random import Random
from statistics import mean
from typing import Any

import mido

from generation.families.music.adapter import create
from generation.mini.music import listener
from generation.mini.music.listener import Heard, Tone
from generation.mini.notes.composer import BEATS, ROOTS, Note, Scale, Wish, compose, tempo_of
from generation.mini.notes.words import LANGUAGES, held_out, prompt, random_wish
from generation.music_params import CONTINUATIONS
from generation.worker.api import Model, Task

WEIGHTS = Path(__file__).parent / "weights"
DUCKS = tuple(Note(pitch, float(place), 1.0) for place, pitch in enumerate((60, 62, 64, 65, 67, 67)))
"""The beginning of "Alle meine Entchen", as it is typed: C D E F G G."""
TITLES = (
    "Bohemian Rhapsody, Queen",
    "99 Luftballons, Nena",
    "Für Elise, Ludwig van Beethoven",
    "Yesterday, The Beatles",
    "Zerbrochene Lampe",
    "Unser Klassenzimmer",
    "Nine Green Bicycles",
    "The Librarian's Umbrella",
)
SIZES, QUICK = {"prompts": 120, "moods": 40, "melodies": 30}, {"prompts": 24, "moods": 10, "melodies": 6}


class Silent:
    """A context that nobody listens to."""

    def progress(self, done: int, total: int, stage: str = "") -> None: ...

    def loading(self, model: str) -> None: ...

    def check(self) -> None: ...


class Player:
    """Writes pieces with the stored weights, through the family's adapter."""

    def __init__(self, weights: Path) -> None:
        # a package of the family says on the standard output that it is there; that is kept for the scores
        with contextlib.redirect_stdout(sys.stderr):
            self._adapter = create()
        self._model = Model(id="mini-notes", path=weights)

    def write(self, seed: int, **params: Any) -> tuple[list[tuple[Note, ...]], dict[str, Any]]:
        """The notes of each piece, and the facts."""
        melody = [{"pitch": n.pitch, "start": n.start, "length": n.length} for n in params.pop("melody", ())]
        with tempfile.TemporaryDirectory() as folder:
            task = Task(
                job="score",
                attempt=1,
                name="notes",
                params={"prompt": "", "melody": melody, **params},
                seed=seed,
                out=Path(folder),
                model=self._model,
            )
            result = self._adapter.run(task, Silent())
            return [read(Path(folder) / file.name) for file in result.files], dict(result.facts)


def read(file: Path) -> tuple[Note, ...]:
    """The notes of a file, by time."""
    midi = mido.MidiFile(file)
    notes = []
    for track in midi.tracks:
        now, begun = 0, {}
        for message in track:
            now += message.time
            if message.type == "note_on" and message.velocity:
                begun[message.note] = now
            elif message.type in ("note_on", "note_off") and message.note in begun:
                start = begun.pop(message.note)
                beat = midi.ticks_per_beat
                notes.append(Note(message.note, start / beat, (now - start) / beat))
    return tuple(sorted(notes, key=lambda note: (note.start, note.pitch)))


def tones(notes: Sequence[Note], bpm: float) -> tuple[Tone, ...]:
    return tuple(Tone(note.pitch, note.start * 60 / bpm, note.length * 60 / bpm) for note in notes)


def on_scale(notes: Sequence[Note], scale: Scale) -> float:
    return listener.on_scale(tones(notes, 60), scale)


def score_prompts(player: Player, count: int) -> dict[str, list[float]]:
    """Combinations and sentences that training never showed."""
    rng = Random(7)
    shares: dict[str, list[float]] = {"scale": [], "tempo": [], "root_last": []}
    while len(shares["scale"]) < count:
        wish = random_wish(rng)
        if not held_out(wish) or wish.root is None or wish.kind is None:
            continue
        text = prompt(rng, wish, LANGUAGES[len(shares["scale"]) % 2], held_out_frame=True)
        (notes,), facts = player.write(rng.getrandbits(32), prompt=text)
        shares["scale"].append(on_scale(notes, Scale(wish.root, wish.kind)))
        if facts["tokens"][0] < 128:  # ended by itself
            shares["root_last"].append(notes[-1].pitch % 12 == wish.root)
        if wish.tempo:
            tempo = facts["tempo"][0]
            shares["tempo"].append(tempo == wish.bpm if wish.bpm else tempo_of(tempo) == wish.tempo)
    return shares


def score_moods(player: Player, count: int) -> list[float]:
    """How often one word makes a piece that sounds more cheerful than the other word's with the same seed."""
    pairs = []
    for seed in range(count):
        cheer = []
        for words in (("fröhlich", "traurig"), ("happy", "sad"))[seed % 2]:
            (notes,), facts = player.write(seed, prompt=words)
            bpm = facts["tempo"][0]
            cheer.append(listener.cheer(Heard(tones(notes, bpm), bpm)))
        pairs.append(float(cheer[0] > cheer[1]))
    return pairs


def beginnings(count: int) -> list[tuple[tuple[Note, ...], Scale]]:
    """Our ducks, and the first three bars of pieces, where they have six tones of their scale."""
    made = [(DUCKS, Scale(0, "major"))]
    seed = 0
    while len(made) < count:
        seed += 1
        rng = Random(f"beginning {seed}")
        root = rng.choice(tuple(ROOTS.values()))
        piece = compose(rng, Wish(kind=rng.choice(("major", "minor")), root=root))
        notes = tuple(note for note in piece.melody if note.start < 3 * BEATS)
        if len({note.pitch % 12 for note in notes}) >= 6:
            made.append((notes, piece.scale))
    return made


def score_melodies(player: Player, count: int) -> dict[str, list[float]]:
    """Six continuations each: on the melody's scale, with its lengths of notes, all different."""
    shares: dict[str, list[float]] = {"scale": [], "rhythm": [], "different": [], "ducks_scale": []}
    for seed, (melody, scale) in enumerate(beginnings(count)):
        pieces, _ = player.write(seed, melody=melody, count=CONTINUATIONS, tokens=64)
        new = [piece[len(melody) :] for piece in pieces]
        found = mean(on_scale(notes, scale) for notes in new)
        shares["ducks_scale" if melody is DUCKS else "scale"].append(found)
        shares["different"].append(len(set(new)) / len(new))
        shares["rhythm"].append(mean(_alike(melody, notes) for notes in new))
    return shares


def _alike(melody: Sequence[Note], following: Sequence[Note]) -> float:
    """What the shares of the lengths of notes have in common, 0..1."""
    one, other = (Counter(note.length for note in notes) for notes in (melody, following))
    return sum(min(one[length] / one.total(), other[length] / other.total()) for length in one)


def score(player: Player, sizes: dict[str, int]) -> dict[str, Any]:
    prompts = score_prompts(player, sizes["prompts"])
    melodies = score_melodies(player, sizes["melodies"])
    unknown = [not player.write(1, prompt=title, tokens=16)[1]["known_words"] for title in TITLES]
    found: dict[str, Sequence[float]] = {
        **prompts,
        "moods_apart": score_moods(player, sizes["moods"]),
        **{f"continued_{name}": shares for name, shares in melodies.items()},
        "titles_unknown": unknown,
    }
    return {
        "shares": {name: round(mean(each), 4) if each else None for name, each in found.items()},
        "asked": {name: len(each) for name, each in found.items()},
    }


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--quick", action="store_true", help="a fifth of the prompts and melodies")
    options.add_argument("--weights", type=Path, default=WEIGHTS)
    chosen = options.parse_args()
    result = score(Player(chosen.weights), QUICK if chosen.quick else SIZES)
    sys.stdout.write(json.dumps(result, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
