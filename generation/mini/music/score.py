"""Scores the mini music model through audiocraft's own loader. Prints JSON.

    python generation/mini/music/score.py --weights FOLDER            120 prompts, some minutes
    python generation/mini/music/score.py --weights FOLDER --quick    a small sample for tests

All prompts are of wishes or wordings that training never saw (`notes/words.py`), each with a seed of its own; ten
seconds each, heard by `listener.py`. Shares: `on_scale` of the notes, where a scale was asked; `tempo`, within 15 % of
the number asked or in the range of the word; `mood`, how often "happy fast" sounds more cheerful than "sad slow";
`melody`, the time in which a piece has its melody's pitch class, and with the melody of another piece (`by_chance`);
`continued_scale`, `continued_tempo` of what follows five seconds of a composed piece.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from generation.mini.music import listener
from generation.mini.music.data import tones_of, wave_of
from generation.mini.music.synth import FRAME_RATE, SAMPLE_RATE, render
from generation.mini.notes.composer import TEMPI, TIMBRES, Scale, Wish, compose
from generation.mini.notes.words import held_out, prompt, random_wish

SECONDS, PRIOR_S = 10.0, 5.0
TOLERANCE = 0.15
WEIGHTS = Path(__file__).parent / "weights"


@dataclass(frozen=True)
class Settings:
    """How music is drawn: guidance, temperature, how many of the likeliest codes, or (top_p) what share of them."""

    cfg_coef: float = 3.0
    temperature: float = 0.9
    top_k: int = 250
    top_p: float = 0.0


class Player:
    """The model as audiocraft loads it, one piece a call."""

    def __init__(self, weights: Path, settings: Settings) -> None:
        # read when the libraries are imported
        os.environ["HF_HUB_CACHE"], os.environ["HF_HUB_OFFLINE"] = str(weights / "hub"), "1"
        import torch

        # audiocraft and its separator of voices, as the family imports them: without what it does not use
        from generation.families.music.packages import MusicGen

        torch.set_num_threads(1)
        self._torch = torch
        self._model = MusicGen.get_pretrained(str(weights), device="cpu")
        self._settings = settings

    def _begin(self, seed: int, seconds: float) -> None:

        self._torch.manual_seed(seed)
        random.seed(seed)  # the separator of voices shifts its input by Python's own chance
        chosen = self._settings
        self._model.set_generation_params(
            duration=seconds,
            cfg_coef=chosen.cfg_coef,
            temperature=chosen.temperature,
            top_k=chosen.top_k,
            top_p=chosen.top_p,
            extend_stride=self._model.max_duration / 2,
        )

    def play(
        self, text: str, seed: int, *, melody: np.ndarray | None = None, seconds: float = SECONDS
    ) -> np.ndarray:
        """A mono wave for a text, following a melody (samples,) where one is given."""

        self._begin(seed, seconds)
        if melody is None:
            made = self._model.generate([text])
        else:
            made = self._model.generate_with_chroma(
                [text], self._torch.from_numpy(melody)[None, None], SAMPLE_RATE
            )
        return made[0, 0].numpy()

    def go_on(self, prior: np.ndarray, text: str | None, seed: int, seconds: float = SECONDS) -> np.ndarray:
        """A prior and what follows it, together `seconds` long."""

        self._begin(seed, seconds)
        made = self._model.generate_continuation(
            self._torch.from_numpy(prior)[None, None], SAMPLE_RATE, [text]
        )
        return made[0, 0].numpy()


def asked(rng: Random) -> tuple[str, Wish]:
    """A prompt that training never saw: its combination is held out, or its wording."""
    wish = random_wish(rng)
    if rng.random() < 0.5:
        while not held_out(wish):
            wish = random_wish(rng)
        return prompt(rng, wish), wish
    return prompt(rng, wish, held_out_frame=True), wish


def scale_share(tones: Sequence[listener.Tone], wish: Wish) -> float:
    """The share of notes on the scale that was asked; of a scale without a root on the best of its roots."""
    if not tones:
        return 0.0
    kind = wish.kind or ""
    return (
        listener.on_kind(tones, kind)
        if wish.root is None
        else listener.on_scale(tones, Scale(wish.root, kind))
    )


def tempo_right(heard: listener.Heard, wish: Wish) -> bool:
    """Whether the tempo is what was asked, as a number or as a word."""
    wanted = (wish.bpm,) if wish.bpm else TEMPI[wish.tempo or ""]
    return any(listener.tempo_fits(heard, bpm, TOLERANCE) for bpm in wanted)


def mean(values: Iterable[float]) -> float:
    listed = [value for value in values if not math.isnan(value)]
    return round(statistics.fmean(listed), 3) if listed else math.nan


def score_prompts(player: Player, count: int, seed: int) -> dict[str, Any]:
    """Scale and tempo over held-out prompts."""
    rng = Random(f"prompts {seed}")
    scales, tempi, notes = [], [], []
    for number in range(count):
        text, wish = asked(rng)
        heard = listener.listen(player.play(text, number), SAMPLE_RATE)
        notes.append(float(len(heard.tones)))
        if wish.kind:
            scales.append(scale_share(heard.tones, wish))
        if wish.tempo:
            tempi.append(float(tempo_right(heard, wish)))
    return {
        "prompts": count,
        "on_scale": mean(scales),
        "scales_asked": len(scales),
        "pieces_above_80_percent_on_scale": mean(float(share >= 0.8) for share in scales),
        "tempo": mean(tempi),
        "tempi_asked": len(tempi),
        "notes": mean(notes),
    }


def score_mood(player: Player, count: int) -> dict[str, Any]:
    """ "Happy fast" against "sad slow", in turns in German and English."""
    texts = (("fröhlich schnell", "traurig langsam"), ("happy fast", "sad slow"))
    cheers: tuple[list[float], list[float]] = ([], [])
    tempi: tuple[list[float], list[float]] = ([], [])
    for number in range(count):
        for side, text in enumerate(texts[number % 2]):
            heard = listener.listen(player.play(text, 1000 + number), SAMPLE_RATE)
            cheers[side].append(listener.cheer(heard))
            tempi[side].append(heard.bpm or math.nan)
    happier = [float(one > other) for one in cheers[0] for other in cheers[1]]
    return {
        "mood": mean(happier),
        "cheer": [mean(side) for side in cheers],
        "bpm": [mean(side) for side in tempi],
    }


def score_melody(player: Player, count: int, seed: int) -> dict[str, Any]:
    """Pieces that follow a melody played by another instrument."""
    rng = Random(f"melody {seed}")
    followed, strange = [], []
    before: list[listener.Tone] = []
    for number in range(count):
        piece, timbre = compose(rng), rng.choice(TIMBRES)
        tones, _ = tones_of(piece, bass=False)
        melody = render(tones, int(SECONDS * FRAME_RATE))
        text = prompt(rng, Wish(timbre=timbre))
        heard = listener.listen(player.play(text, 2000 + number, melody=melody), SAMPLE_RATE)
        true = [
            listener.Tone(tone.pitch, tone.start / FRAME_RATE, tone.frames / FRAME_RATE)
            for tone in tones
            if tone.start < SECONDS * FRAME_RATE
        ]
        followed.append(listener.agreement(true, heard.tones))
        if before:
            strange.append(listener.agreement(before, heard.tones))
        before = true
    return {"melody": mean(followed), "by_chance": mean(strange)}


def score_continuation(player: Player, count: int, seed: int) -> dict[str, Any]:
    """What follows the first seconds of a composed piece."""
    rng = Random(f"continuation {seed}")
    scales, tempi = [], []
    for number in range(count):
        piece = compose(rng)
        prior = wave_of(piece)[: int(PRIOR_S * SAMPLE_RATE)]
        made = player.go_on(prior, None, 3000 + number, 3 * PRIOR_S)
        heard = listener.listen(made[len(prior) :], SAMPLE_RATE)
        scales.append(listener.on_scale(heard.tones, piece.scale))
        tempi.append(float(listener.tempo_fits(heard, piece.bpm, TOLERANCE)))
    return {"continued_scale": mean(scales), "continued_tempo": mean(tempi)}


def score(weights: Path, settings: Settings, count: int, seed: int = 0) -> dict[str, Any]:
    """All scores; `count` prompts and a fifth as many of each other kind."""
    player, some = Player(weights, settings), max(3, count // 5)
    found = score_prompts(player, count, seed) | score_mood(player, some)
    return found | score_melody(player, some, seed) | score_continuation(player, some, seed)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", type=Path, default=WEIGHTS)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--count", type=int, default=120)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--cfg", type=float, default=Settings.cfg_coef)
    parser.add_argument("--temperature", type=float, default=Settings.temperature)
    parser.add_argument("--top-k", type=int, default=Settings.top_k)
    parser.add_argument("--top-p", type=float, default=Settings.top_p)
    chosen = parser.parse_args()
    settings = Settings(chosen.cfg, chosen.temperature, chosen.top_k, chosen.top_p)
    print(
        json.dumps(
            score(chosen.weights, settings, 12 if chosen.quick else chosen.count, chosen.seed), indent=1
        )
    )


if __name__ == "__main__":
    main()
