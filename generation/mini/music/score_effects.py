"""Scores the effects model: which of the six sounds its answers to held-out wordings are, by `effects_listener.py`.

    python generation/mini/music/score_effects.py            120 sounds, some minutes; prints JSON
    python generation/mini/music/score_effects.py --quick    18 sounds

Loads through audiocraft's own loader. Shares: `kinds`, `attributes` on the asked side; `heard`: how often a kind was
heard as which. `--listener` scores the listener alone, on clean sounds that it has never heard, and prints a table.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray

from generation.mini.music.effects import RATE, play
from generation.mini.music.effects_listener import ANSWERS, Listener, spectrum
from generation.mini.music.effects_words import AXES, KINDS, LANGUAGES, Sound, draw, prompt

SECONDS = (1, 2, 3, 5, 5, 5, 8, 10)


def asked(seed: int, count: int) -> list[tuple[Sound, str, int]]:
    """What is asked for: kinds and languages by turns, held-out wordings, and how many seconds."""
    rng = Random(seed)
    wishes = []
    for number in range(count):
        sound = draw(rng, KINDS[number % len(KINDS)])
        language = LANGUAGES[number // len(KINDS) % 2]
        wishes.append((sound, prompt(sound, language, rng, held_out=True), rng.choice(SECONDS)))
    return wishes


def measure(axis: str, wave: NDArray[Any]) -> float:
    """A number that grows with an attribute: loudness in dB, the logarithm of the middle frequency, onsets a second."""
    power = spectrum(wave)
    loud = power.sum(1)
    if axis == "level":
        return float(10 * np.log10(np.quantile(loud, 0.9) + 1e-9))
    active = power[loud >= np.quantile(loud, 0.7)]
    if axis == "pitch":
        hertz = np.linspace(0, RATE / 2, power.shape[1])
        return float(np.log2((active.sum(0) @ hertz) / active.sum()))
    lowest = np.log10(loud + 1e-3 * loud.max())
    return float((np.diff(lowest, prepend=lowest[0]) > 0.25).sum() * RATE / len(wave))


def middles(seed: int = 31, count: int = 16) -> dict[tuple[str, str], float]:
    """For each attribute of each kind the value half way between clean sounds at its two ends."""
    rng, result = Random(seed), {}
    for kind, axes in AXES.items():
        for axis in axes:
            ends = []
            for value in (-1, 1):
                drawn = [draw(rng, kind) for _ in range(count)]
                sounds = [
                    Sound(sound.kind, **{**{a: sound.value(a) for a in axes}, axis: value}) for sound in drawn
                ]
                heard = [
                    measure(axis, play(sound, 5, np.random.default_rng(rng.getrandbits(32))))
                    for sound in sounds
                ]
                ends.append(float(np.median(heard)))
            result[kind, axis] = sum(ends) / 2
    return result


def table(pairs: Counter[tuple[str, str]]) -> str:
    """Asked (rows) against heard (columns)."""
    lines = ["asked\\heard " + " ".join(f"{answer:>6}" for answer in ANSWERS)]
    for kind in KINDS:
        lines.append(f"{kind:11} " + " ".join(f"{pairs[kind, answer]:6}" for answer in ANSWERS))
    return "\n".join(lines)


def score_listener(seed: int = 77, count: int = 60) -> None:
    """Prints how often the listener is right on clean sounds."""
    rng, listener = Random(seed), Listener.load()
    pairs: Counter[tuple[str, str]] = Counter()
    for kind in KINDS:
        for _ in range(count):
            seconds = rng.choice(SECONDS)
            wave = play(draw(rng, kind), seconds, np.random.default_rng(rng.getrandbits(32)))
            pairs[kind, listener.hear(wave)] += 1
    right = sum(number for (wanted, heard), number in pairs.items() if wanted == heard)
    print(table(pairs))
    print(f"listener: {right} of {count * len(KINDS)} clean sounds")


def faults(wave: NDArray[Any], seconds: int) -> list[str]:
    """What a sound must not be, whatever it is."""
    peak = float(np.abs(wave).max())
    found = {
        "not finite": not bool(np.isfinite(wave).all()),
        "silent": peak < 0.02,
        "clipped": bool((np.abs(wave) > 0.999).mean() > 1e-4),
        "wrong length": abs(len(wave) / RATE - seconds) > 0.05,
    }
    return [name for name, true in found.items() if true]


def generate(folder: Path, wishes: list[tuple[Sound, str, int]], seed: int) -> list[NDArray[Any]]:
    """One call for each wish, with audiocraft's default settings of sampling."""
    # read when the libraries are imported
    os.environ["HF_HUB_CACHE"], os.environ["HF_HUB_OFFLINE"] = str(folder / "hub"), "1"
    import torch

    from generation.families.music import stand_ins

    with stand_ins.importing():
        from audiocraft.models import AudioGen

    torch.set_num_threads(1)
    model = AudioGen.get_pretrained(str(folder), device="cpu")
    waves = []
    for number, (_, words, seconds) in enumerate(wishes):
        torch.manual_seed(seed + number)
        model.set_generation_params(duration=seconds)
        waves.append(model.generate([words])[0, 0].numpy())
    return waves


def score_model(folder: Path, count: int, seed: int) -> dict[str, Any]:
    """Shares of kinds and attributes that came as asked, and whatever is wrong."""
    wishes, listener, limits = asked(seed, count), Listener.load(), middles()
    start = time.process_time()
    waves = generate(folder, wishes, seed)
    spent = time.process_time() - start
    pairs: Counter[tuple[str, str]] = Counter()
    kept: Counter[tuple[str, bool]] = Counter()
    wrong: Counter[str] = Counter()
    mistaken = []
    for (sound, words, seconds), wave in zip(wishes, waves, strict=True):
        heard = listener.hear(wave)
        pairs[sound.kind, heard] += 1
        wrong.update(faults(wave, seconds))
        for axis in AXES[sound.kind]:
            if sound.value(axis) and seconds >= 3:
                kept[axis, (measure(axis, wave) > limits[sound.kind, axis]) == (sound.value(axis) > 0)] += 1
        if heard != sound.kind:
            mistaken.append({"prompt": words, "seconds": seconds, "heard": heard})
    asked_axes = {axis: kept[axis, True] + kept[axis, False] for axis in ("pace", "pitch", "level")}
    return {
        "sounds": count,
        "shares": {
            "kinds": share(sum(pairs[kind, kind] for kind in KINDS), count),
            **{axis: share(kept[axis, True], number) for axis, number in asked_axes.items()},
        },
        "heard": {
            kind: {answer: pairs[kind, answer] for answer in ANSWERS if pairs[kind, answer]} for kind in KINDS
        },
        "faults": dict(wrong),
        "mistaken": mistaken,
        "cpu_seconds_a_second": round(spent / sum(seconds for *_, seconds in wishes), 2),
    }


def share(part: int, whole: int) -> float | None:
    return round(part / whole, 3) if whole else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=Path(__file__).with_name("sound_weights"))
    parser.add_argument("--sounds", type=int, default=120)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--seed", type=int, default=1000)
    parser.add_argument("--listener", action="store_true")
    chosen = parser.parse_args()
    if chosen.listener:
        score_listener()
    else:
        found = score_model(chosen.model, 18 if chosen.quick else chosen.sounds, chosen.seed)
        print(json.dumps(found, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
