"""How often the listener itself errs: clean pieces of the composer, whose notes are known. Prints JSON.

python generation/mini/music/score_listener.py --count 100
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from random import Random
from statistics import mean

from generation.mini.music import listener
from generation.mini.music.data import tones_of
from generation.mini.music.listener import Tone
from generation.mini.music.synth import FRAME_RATE, SAMPLE_RATE, render
from generation.mini.notes.composer import Piece, Wish, compose

SECONDS, NEAR = 10, 0.08


def known(piece: Piece, frames: int) -> tuple[Tone, ...]:
    """The melody as it sounds in the first `frames` frames."""
    tones, _ = tones_of(piece, bass=False)
    return tuple(
        Tone(tone.pitch, tone.start / FRAME_RATE, tone.frames / FRAME_RATE)
        for tone in tones
        if tone.start < frames
    )


def matched(tones: tuple[Tone, ...], others: tuple[Tone, ...]) -> float:
    """The share of tones that the others have too: the same pitch, begun at the same time."""
    found = [any(a.pitch == b.pitch and abs(a.start - b.start) < NEAR for b in others) for a in tones]
    return mean(found) if found else 0.0


def measure(count: int, *, bass: bool) -> dict[str, float]:
    """Means over pieces of ten seconds, every second one happy and fast, the others sad and slow or open."""
    shares: dict[str, list[float]] = defaultdict(list)
    cheer: dict[str, list[float]] = defaultdict(list)
    asked = {"happy": Wish(mood="happy", tempo="fast"), "open": Wish(), "sad": Wish(mood="sad", tempo="slow")}
    for seed in range(count):
        name = tuple(asked)[seed % 3]
        piece = compose(Random(10_000 + seed), asked[name])
        tones, frames = tones_of(piece, bass=bass)
        frames = min(frames, SECONDS * FRAME_RATE)
        truth, heard = known(piece, frames), listener.listen(render(tones, frames), SAMPLE_RATE)
        shares["notes_found"].append(matched(truth, heard.tones))
        shares["notes_right"].append(matched(heard.tones, truth))
        shares["on_scale"].append(listener.on_scale(heard.tones, piece.scale))
        shares["tempo_right"].append(listener.tempo_fits(heard, piece.bpm))
        shares["same_melody"].append(listener.agreement(truth, heard.tones))
        cheer[name].append(listener.cheer(heard))
    pairs = [happy > sad for happy in cheer["happy"] for sad in cheer["sad"]]
    return {
        **{name: round(mean(each), 4) for name, each in shares.items()},
        "moods_apart": round(mean(pairs), 4),
    }


if __name__ == "__main__":
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--count", type=int, default=100)
    chosen = options.parse_args()
    found = {name: measure(chosen.count, bass=bass) for name, bass in (("alone", False), ("with_bass", True))}
    sys.stdout.write(json.dumps(found) + "\n")
