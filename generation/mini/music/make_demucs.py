"""Trains a tiny separator in the format of demucs' `htdemucs`: what MusicGen's melody conditioner listens through.

    python generation/mini/music/make_demucs.py --out FOLDER --minutes 5

The class and the file format are demucs' own; the layout is that of a hub cache (`models--adefossez--HTDemucs`). It
learns to hand a melody to the stem "other" and what lies below to "bass"; "drums" and "vocals" stay nearly silent.
"""

from __future__ import annotations

import argparse
import json
import logging
import time
from pathlib import Path
from random import Random

import torch
from demucs.htdemucs import HTDemucs
from safetensors.torch import save_file
from torch.nn import functional

from generation.mini.music.data import BASS_UP, eighth
from generation.mini.music.synth import SAMPLE_RATE, Tone, render
from generation.mini.notes.composer import TIMBRES, compose

log = logging.getLogger("make_demucs")
COMMIT, SIGNATURE = "0" * 39 + "1", "00000001"
SOURCES = ["drums", "bass", "other", "vocals"]
SHAPE = {
    "sources": SOURCES,
    "audio_channels": 1,
    "channels": 8,
    "depth": 2,
    "nfft": 1024,
    "t_layers": 0,
    "dconv_depth": 1,
    "samplerate": SAMPLE_RATE,
    "segment": 4,
}


def model() -> HTDemucs:
    """The separator before its training."""
    return HTDemucs(**SHAPE)


def example(rng: Random, frames: int = 64) -> torch.Tensor:
    """The stems of a part of a piece, shape (4, 1, samples): drums and vocals are silent."""
    piece = compose(rng)
    beat = 2 * eighth(piece.bpm)
    first = rng.randrange(max(1, round(piece.beats * beat) - frames))
    timbre, level = rng.choice(TIMBRES), rng.uniform(0.3, 1.2)
    high = [Tone(n.pitch, round(n.start * beat), round(n.length * beat), timbre) for n in piece.melody]
    low = [
        Tone(n.pitch + rng.choice((0, BASS_UP)), round(n.start * beat), round(n.length * beat), "bass")
        for n in piece.bass
    ]
    stems = torch.zeros(4, 1, render([], frames).size)
    stems[1, 0] = torch.from_numpy(render(low, frames, first)) * rng.choice((0.0, 1.0, 1.5))
    stems[2, 0] = torch.from_numpy(render(high, frames, first)) * level
    return stems


def train(minutes: float, seed: int = 4) -> HTDemucs:
    """A separator after so many minutes of processor time."""
    torch.manual_seed(seed)
    made, start, step = model(), time.process_time(), 0
    optimiser = torch.optim.AdamW(made.parameters(), lr=3e-3)
    while (share := (time.process_time() - start) / (60 * minutes)) < 1:
        optimiser.param_groups[0]["lr"] = 3e-3 * (1 - share) + 1e-5
        stems = torch.stack([example(Random(f"{seed} {step} {k}")) for k in range(4)])
        made.train()
        loss = functional.l1_loss(made(stems.sum(1)), stems)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        step += 1
        if step % 50 == 0:
            log.info(
                "%d steps, %.0f %%, loss %.4f of %.4f",
                step,
                100 * share,
                loss.item(),
                stems.abs().mean().item(),
            )
    return made.eval()


def write(made: HTDemucs, hub: Path) -> Path:
    """Writes the model into a hub cache; returns the folder of the snapshot."""
    root = hub / "models--adefossez--HTDemucs"
    snapshot = root / "snapshots" / COMMIT
    snapshot.mkdir(parents=True, exist_ok=True)
    (root / "refs").mkdir(exist_ok=True)
    (root / "refs" / "main").write_text(COMMIT)
    (snapshot / "htdemucs.yaml").write_text(f"models: ['{SIGNATURE}']\n")
    facts = {"klass": "demucs.htdemucs.HTDemucs", "args": "[]", "kwargs": json.dumps(SHAPE)}
    state = {name: value.half().contiguous() for name, value in made.state_dict().items()}
    save_file(state, snapshot / f"{SIGNATURE}.safetensors", metadata=facts)
    return snapshot


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=5)
    chosen = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.set_num_threads(1)
    write(train(chosen.minutes), chosen.out)


if __name__ == "__main__":
    main()
