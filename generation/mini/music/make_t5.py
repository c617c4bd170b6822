"""Writes the small T5 that reads the prompts, in the layout of a hub cache, where `T5Conditioner` looks for it.

    python generation/mini/music/make_t5.py --out FOLDER

It is made, not trained: a vocabulary of our composer's words and a table in which words that mean the same (in either
language) lie close together; the encoder's one layer passes them on. What other words say is too quiet to be heard.
The language model learns what the directions sound like.
"""

from __future__ import annotations

import argparse
import io
import json
import string
import tempfile
from dataclasses import fields
from pathlib import Path
from typing import Any

import torch
from sentencepiece import SentencePieceTrainer
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from transformers import T5Config, T5EncoderModel
from transformers.convert_slow_tokenizer import import_protobuf

from generation.mini.notes.composer import BPM, ROOTS, Wish, tempo_of
from generation.mini.notes.words import table

# What T5Conditioner knows by name; it asks for vectors of 512 numbers.
NAME, WIDTH = "t5-small", 512
COMMIT = "0" * 39 + "1"
NUMBERS = range(40, 221)
# Pieces of a vocabulary, as the tokeniser sees them, and the names of what they mean.
Known = dict[str, list[str]]
_ENDINGS = ("e", "es", "er", "en", "em", "n", "s")
_LOUD, _OWN, _QUIET = 4.0, 0.3, 0.05
# Which word of a phrase speaks for it; of others the first. "music" and "game" alone mean nothing.
_SPEAKS = {"music box": "box", "game console": "console"}
_SIGNS = ",.;:!?'\"()/"


def concepts(wish: Wish) -> list[str]:
    """The names of everything that a wish fixes, for instance `mood happy`."""
    named = {field.name: getattr(wish, field.name) for field in fields(wish)}
    return [f"{name} {value}" for name, value in named.items() if value is not None]


def meanings() -> Known:
    """Every piece of the vocabulary that means something, as the tokeniser sees it, and what it means."""
    known: dict[str, list[str]] = {}
    for phrase, wish in table().items():
        known["▁" + _SPEAKS.get(phrase, phrase.split(" ")[0])] = concepts(wish)
    for name, step in ROOTS.items():
        # "a" is an article; only the capital, which the tokeniser keeps, is a root.
        letter = name if name == "A" else name.lower()
        known[f"▁{letter}"] = [f"root {step}"]
        for word, kind in (
            ("dur", "major"),
            ("moll", "minor"),
            ("pentatonik", "pentatonic"),
            ("blues", "blues"),
        ):
            for start in {letter, name.lower()}:
                known[f"▁{start}-{word}"] = [f"root {step}", f"kind {kind}"]
    for number in NUMBERS:
        bpm = min(BPM, key=lambda bpm: abs(bpm - number))
        known[f"▁{number}"] = [f"bpm {bpm}", f"tempo {tempo_of(bpm)}"]
    # At the beginning of a sentence words with a capital A keep it.
    return known | {"▁A" + piece[2:]: meant for piece, meant in known.items() if piece.startswith("▁a")}


def pieces(known: Known) -> list[tuple[str, float]]:
    """The vocabulary with its scores: what means something is cheapest, letters are dearest."""
    special = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0)]
    words = [(piece, -1.0) for piece in sorted(known)]
    endings = [(ending, -2.0) for ending in _ENDINGS if len(ending) > 1]
    letters = [(letter, -8.0) for letter in "▁" + string.ascii_lowercase + string.digits + "Aäöüß-" + _SIGNS]
    return [*special, *words, *endings, *letters]


def small_letters() -> bytes:
    """A character map in sentencepiece's form: capitals but A become small; the only normalising that is loaded."""
    capitals = (set(string.ascii_uppercase) - {"A"}) | set("ÄÖÜ")
    rules = [f"{ord(letter):X}\t{ord(letter.lower()):X}" for letter in sorted(capitals)]
    made = io.BytesIO()
    with tempfile.NamedTemporaryFile("w", suffix=".tsv") as file:
        file.write("\n".join(rules) + "\n")
        file.flush()
        SentencePieceTrainer.train(
            sentence_iterator=iter(["abc def ghi"] * 9),
            model_writer=made,
            vocab_size=14,
            hard_vocab_limit=False,
            normalization_rule_tsv=file.name,
            minloglevel=2,
        )
    model = import_protobuf().ModelProto()
    model.ParseFromString(made.getvalue())
    return bytes(model.normalizer_spec.precompiled_charsmap)


def tokeniser(known: Known) -> Tokenizer:
    """A unigram tokeniser over small letters, in the parts that `T5Tokenizer` takes over from a file."""
    made = Tokenizer(models.Unigram(pieces(known), unk_id=2, byte_fallback=False))
    made.normalizer = normalizers.Precompiled(small_letters())
    made.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")]
    )
    made.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
    made.post_processor = processors.TemplateProcessing(
        single=["$A", "</s>"], pair=["$A", "</s>", "$B", "</s>"], special_tokens=[("</s>", 1)]
    )
    return made


def vectors(meant: Known, seed: int = 3) -> torch.Tensor:
    """The table of words: one direction for each thing that can be asked, a little of its own for each word."""
    listed = [piece for piece, _ in pieces(meant)]
    names = sorted({name for row in meant.values() for name in row})
    source = torch.Generator().manual_seed(seed)
    directions = torch.linalg.qr(torch.randn(WIDTH, len(names), generator=source))[0].T * WIDTH**0.5
    own = torch.randn(len(listed), WIDTH, generator=source)
    rows = []
    for number, piece in enumerate(listed):
        told = [directions[names.index(name)] for name in meant.get(piece, ())]
        rows.append(_LOUD * (sum(told) + _OWN * own[number]) if told else _QUIET * own[number])
    return torch.stack(rows)


def readers() -> torch.Tensor:
    """Which head reads which words, shape (vocabulary, 4): instrument, mood, tempo, scale."""
    topics = (("timbre",), ("mood",), ("tempo", "bpm"), ("root", "kind"))
    known = meanings()
    listed = [[name.split()[0] for name in known.get(piece, ())] for piece, _ in pieces(known)]
    return torch.tensor(
        [[float(any(name in topic for name in names)) for topic in topics] for names in listed]
    )


def encoder(known: Known) -> T5EncoderModel:
    """The encoder around the table. A large epsilon keeps quiet words quiet where the last norm evens out the rest."""
    table_ = vectors(known)
    shape = T5Config(
        vocab_size=len(table_),
        d_model=WIDTH,
        d_kv=4,
        d_ff=4,
        num_layers=1,
        num_heads=1,
        layer_norm_epsilon=1.0,
    )
    model = T5EncoderModel(shape).eval()
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if weight.ndim == 2 and not name.endswith(("shared.weight", "embed_tokens.weight")):
                weight.zero_()
        model.shared.weight.copy_(table_)
    return model


def write(hub: Path, known: Known) -> Path:
    """Writes `models--t5-small` with these words into a hub cache; returns the folder of the snapshot."""
    root = hub / f"models--{NAME}"
    snapshot = root / "snapshots" / COMMIT
    (root / "refs").mkdir(parents=True, exist_ok=True)
    (root / "refs" / "main").write_text(COMMIT)
    encoder(known).half().save_pretrained(snapshot)
    config: dict[str, Any] = json.loads((snapshot / "config.json").read_text())
    config["dtype"] = "float32"
    (snapshot / "config.json").write_text(json.dumps(config, indent=1, sort_keys=True) + "\n")
    tokeniser(known).save(str(snapshot / "tokenizer.json"))
    settings = {"tokenizer_class": "T5Tokenizer", "extra_ids": 0, "model_max_length": 512}
    settings |= {"pad_token": "<pad>", "eos_token": "</s>", "unk_token": "<unk>"}
    (snapshot / "tokenizer_config.json").write_text(json.dumps(settings, indent=1) + "\n")
    return snapshot


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    write(parser.parse_args().out, meanings())


if __name__ == "__main__":
    main()
