"""Notes models of random numbers, as other people's come: `python notes_files.py FOLDER`, in the family's environment.

"other" (another architecture, another kind of tokens, instruments, no words), and broken ones: "cut", "no_tokens",
"pickle" (weights in a format that can hold programs), "strange" (a kind of tokens that nobody knows), "small" (fewer
tokens than the tokeniser has), "incomplete".
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from generation.families.music.hub import PrivateHub  # noqa: E402

PrivateHub().prepare()

from generation.families.music import packages  # noqa: E402, I001 - first: with it transformers can be imported

import torch  # noqa: E402
from miditok import TSD, TokenizerConfig  # noqa: E402
from safetensors.torch import load_file, save_file  # noqa: E402
from transformers import GPT2Config, GPT2LMHeadModel  # noqa: E402


def write_other(folder: Path, size: int | None = None) -> None:
    """A GPT-2 that knows instruments and rests, with 96 places only."""
    tokenizer = TSD(TokenizerConfig(use_programs=True, use_rests=True, use_tempos=True, num_velocities=4))
    config = GPT2Config(
        vocab_size=size or len(tokenizer), n_positions=96, n_embd=32, n_layer=1, n_head=2, bos_token_id=1
    )
    GPT2LMHeadModel(config).save_pretrained(folder)
    tokenizer.save(folder / "tokenizer.json")


def copied(source: Path, target: Path) -> Path:
    shutil.copytree(source, target)
    return target


def write_broken(folder: Path) -> None:
    whole = folder / "other"
    weights = "model.safetensors"
    data = (whole / weights).read_bytes()
    (copied(whole, folder / "cut") / weights).write_bytes(data[: len(data) // 2])
    (copied(whole, folder / "no_tokens") / "tokenizer.json").unlink()
    state = load_file(whole / weights)
    pickled = copied(whole, folder / "pickle")
    (pickled / weights).unlink()
    torch.save(state, pickled / "pytorch_model.bin")
    tokens = json.loads((whole / "tokenizer.json").read_text(encoding="utf-8"))
    (copied(whole, folder / "strange") / "tokenizer.json").write_text(
        json.dumps({**tokens, "tokenization": "MusicTokenizer"}), encoding="utf-8"
    )
    state.pop("transformer.h.0.mlp.c_fc.weight")
    save_file(state, copied(whole, folder / "incomplete") / weights, metadata={"format": "pt"})
    write_other(folder / "small", size=10)


if __name__ == "__main__":
    packages.prepare()
    torch.manual_seed(1)
    write_other(Path(sys.argv[1]) / "other")
    write_broken(Path(sys.argv[1]))
