"""Tiny music models of random numbers in audiocraft's own layout: `python music_files.py FOLDER`.

Runs in the music family's environment and writes a folder a kind: "plain" (one channel), "stereo", "melody", "sound"
(AudioGen, whose settings are pickled objects), "flat" (text reader and separator beside the weights, as
`atelier models pull` puts them), and broken ones: "program" (a pickle that would run something), "magnet",
"no_reader", "no_separator", "other_separator", "cut", "incomplete", "nan" and so on.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from generation.families.music.hub import PrivateHub  # noqa: E402

HUB = PrivateHub()
HUB.prepare()

from generation.families.music import packages  # noqa: E402, I001 - first: with it torchaudio can be imported

import torch  # noqa: E402
from omegaconf import OmegaConf  # noqa: E402
from safetensors.torch import save_file  # noqa: E402
from tokenizers import Tokenizer, models, pre_tokenizers  # noqa: E402
from transformers import PreTrainedTokenizerFast, T5Config, T5EncoderModel  # noqa: E402


RATE, BINS, WIDTH = 16_000, 256, 16
WORDS = ["<pad>", "</s>", "<unk>", "calm", "piano", "fast", "drums", "rain", "quiet", "intro", "chorus", ","]


def codec_settings(rate: int) -> dict[str, Any]:
    """50 frames a second of `rate` Hz."""
    return {
        "compression_model": "encodec",
        "encodec": {
            "autoencoder": "seanet",
            "quantizer": "rvq",
            "sample_rate": rate,
            "channels": 1,
            "causal": False,
            "renormalize": False,
        },
        "seanet": {
            "dimension": WIDTH,
            "channels": 1,
            "causal": False,
            "n_filters": 2,
            "n_residual_layers": 1,
            "ratios": [8, 5, 4, rate // 8000],
            "lstm": 0,
            "encoder": {},
            "decoder": {},
        },
        "rvq": {"n_q": 4, "bins": BINS, "kmeans_init": False},
    }


def model_settings(*, window: float, stereo: bool = False, melody: bool = False) -> dict[str, Any]:
    streams = 8 if stereo else 4
    description = {"name": "t5-small", "finetune": False, "word_dropout": 0.0, "normalize_text": False}
    conditioners: dict[str, Any] = {"args": {}, "description": {"model": "t5", "t5": description}}
    fuser: dict[str, Any] = {"sum": [], "prepend": [], "cross": ["description"], "input_interpolate": []}
    if melody:
        chroma = {"sample_rate": RATE, "n_chroma": 12, "radix2_exp": 11, "argmax": True}
        conditioners["self_wav"] = {"model": "chroma_stem", "chroma_stem": chroma}
        fuser |= {"prepend": ["self_wav", "description"], "cross": []}
    return {
        "lm_model": "transformer_lm",
        "transformer_lm": {
            "n_q": streams,
            "card": BINS,
            "dim": 32,
            "num_heads": 2,
            "num_layers": 1,
            "hidden_scale": 2,
            "norm_first": True,
            "causal": True,
            "memory_efficient": True,
        },
        "codebooks_pattern": {
            "modeling": "delay",
            "delay": {"delays": [0, 0, 1, 1, 2, 2, 3, 3] if stereo else [0, 1, 2, 3]},
        },
        "attribute_dropout": {},
        "classifier_free_guidance": {"training_dropout": 0.3, "inference_coef": 3.0},
        "conditioners": conditioners,
        "fuser": fuser,
        "dataset": {"segment_duration": window},
        "interleave_stereo_codebooks": {"use": stereo, "per_timestep": False},
        "compression_model_n_q": None,
        "dtype": "float32",
    }


def write_model(folder: Path, *, window: float = 30.0, as_objects: bool = False, **kind: bool) -> None:
    from audiocraft.models import builders

    folder.mkdir(parents=True)
    write_reader(folder / "hub" / "models--t5-small" / "snapshots" / "1")
    write_ref(folder / "hub" / "models--t5-small")
    if kind.get("melody"):
        write_separator(folder / "hub" / "models--adefossez--HTDemucs" / "snapshots" / "1")
        write_ref(folder / "hub" / "models--adefossez--HTDemucs")
    settings = OmegaConf.create({**model_settings(window=window, **kind), "device": "cpu"})
    codec = OmegaConf.create({**codec_settings(RATE), "device": "cpu"})
    with HUB.showing(folder, "t5-small"):
        model = builders.get_lm_model(settings)
    for name, made, said in (
        ("state_dict.bin", model, settings),
        ("compression_state_dict.bin", builders.get_compression_model(codec), codec),
    ):
        write_checkpoint(folder / name, made.state_dict(), said if as_objects else OmegaConf.to_yaml(said))


def write_checkpoint(file: Path, state: Any, settings: Any) -> None:
    torch.save({"best_state": state, "xp.cfg": settings, "version": "1.3.0", "exported": True}, file)


def write_ref(place: Path) -> None:
    (place / "refs").mkdir()
    (place / "refs" / "main").write_text("1", encoding="ascii")


def write_reader(folder: Path) -> None:
    """A T5 with a handful of words; 512 is the width that audiocraft expects of "t5-small"."""
    words = Tokenizer(models.Unigram([(word, -1.0) for word in WORDS], unk_id=2))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    PreTrainedTokenizerFast(
        tokenizer_object=words, pad_token="<pad>", eos_token="</s>", unk_token="<unk>"
    ).save_pretrained(folder)
    settings = T5Config(vocab_size=len(WORDS), d_model=512, d_kv=8, d_ff=16, num_layers=1, num_heads=1)
    T5EncoderModel(settings).save_pretrained(folder)


def write_separator(folder: Path, klass: str = "demucs.htdemucs.HTDemucs") -> None:
    from demucs.htdemucs import HTDemucs

    settings: dict[str, Any] = {
        "channels": 4,
        "growth": 1,
        "t_layers": 1,
        "t_heads": 2,
        "dconv_mode": 0,
        "segment": Fraction(2, 1),
    }
    sources = ["drums", "bass", "other", "vocals"]
    separator = HTDemucs(sources, **settings)
    folder.mkdir(parents=True)
    settings["segment"] = {"_type": "fraction", "numerator": 2, "denominator": 1}
    facts = {"klass": klass, "args": json.dumps([sources]), "kwargs": json.dumps(settings)}
    save_file(dict(separator.state_dict()), folder / "abcd1234.safetensors", metadata=facts)
    (folder / "htdemucs.yaml").write_text("models: ['abcd1234']\n", encoding="utf-8")


class Program:
    """Its pickle says: call os.mkdir."""

    def __init__(self, trace: Path) -> None:
        self._trace = trace

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self._trace),)


def copied(source: Path, target: Path) -> Path:
    shutil.copytree(source, target)
    return target


def write_broken(folder: Path) -> None:
    plain = folder / "plain"
    for name in ("program", "program_codec"):
        file = "state_dict.bin" if name == "program" else "compression_state_dict.bin"
        state = {"a": Program(folder / f"{name}_has_run")}
        write_checkpoint(copied(plain, folder / name) / file, state, "{}")
    settings = OmegaConf.create(model_settings(window=10.0))
    settings.lm_model = "transformer_lm_magnet"
    write_checkpoint(
        copied(plain, folder / "magnet") / "state_dict.bin", {"a": torch.ones(1)}, OmegaConf.to_yaml(settings)
    )
    shutil.rmtree(copied(plain, folder / "no_reader") / "hub" / "models--t5-small")
    whole = (plain / "state_dict.bin").read_bytes()
    (copied(plain, folder / "cut") / "state_dict.bin").write_bytes(whole[: len(whole) // 2])
    (copied(plain, folder / "no_codec") / "compression_state_dict.bin").unlink()
    contents = torch.load(plain / "state_dict.bin")
    contents["best_state"].popitem()
    torch.save(contents, copied(plain, folder / "incomplete") / "state_dict.bin")
    write_nan(copied(plain, folder / "nan") / "compression_state_dict.bin")
    shutil.rmtree(copied(folder / "melody", folder / "no_separator") / "hub" / "models--adefossez--HTDemucs")
    other = copied(folder / "melody", folder / "other_separator")
    shutil.rmtree(other / "hub" / "models--adefossez--HTDemucs" / "snapshots")
    write_separator(other / "hub" / "models--adefossez--HTDemucs" / "snapshots" / "1", klass="os.system")


def write_nan(file: Path) -> None:
    """A codec whose every sound is not a number."""
    contents = torch.load(file)
    last = [name for name in contents["best_state"] if name.startswith("decoder.") and name.endswith("bias")][
        -1
    ]
    contents["best_state"][last].fill_(float("nan"))
    torch.save(contents, file)


def write_flat(folder: Path) -> None:
    """All files in one folder, as they come from several repositories."""
    melody, flat = folder / "melody", folder / "flat"
    flat.mkdir()
    for file in melody.rglob("*"):
        if file.is_file() and "refs" not in file.parts and file.suffix != ".yaml":
            shutil.copyfile(file, flat / file.name)


def main(folder: Path) -> None:
    packages.prepare()
    torch.set_num_threads(1)
    torch.manual_seed(1)
    write_model(folder / "plain")
    write_model(folder / "stereo", window=20.0, stereo=True)
    write_model(folder / "melody", window=20.0, melody=True)
    write_model(folder / "sound", window=10.0, as_objects=True)
    write_flat(folder)
    write_broken(folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
