"""A small CLIP tokenizer: byte-level BPE whose merges make every word of the vocabulary one token.

Other words fall apart into pieces. Files: vocab.json, merges.txt, tokenizer_config.json.
"""

from __future__ import annotations

import json
from collections import Counter
from itertools import pairwise
from pathlib import Path

START, END = "<|startoftext|>", "<|endoftext|>"
MAX_TOKENS = 40


def byte_letters() -> dict[int, str]:
    """The printable letter that byte-level BPE writes for each byte."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    letters = {byte: chr(byte) for byte in plain}
    others = (byte for byte in range(256) if byte not in letters)
    return letters | {byte: chr(256 + k) for k, byte in enumerate(others)}


def learn_merges(words: list[str]) -> list[tuple[str, str]]:
    """Merges in the order they are to be applied, until every word is one token."""
    letters = byte_letters()
    spelled = []
    for word in words:
        pieces = [letters[byte] for byte in word.encode()]
        spelled.append([*pieces[:-1], pieces[-1] + "</w>"])
    merges: list[tuple[str, str]] = []
    while True:
        pairs = Counter(pair for pieces in spelled for pair in pairwise(pieces))
        if not pairs:
            return merges
        best = max(pairs, key=lambda pair: (pairs[pair], pair))
        merges.append(best)
        spelled = [apply_merge(pieces, best) for pieces in spelled]


def apply_merge(pieces: list[str], pair: tuple[str, str]) -> list[str]:
    merged: list[str] = []
    k = 0
    while k < len(pieces):
        if tuple(pieces[k : k + 2]) == pair:
            merged.append(pieces[k] + pieces[k + 1])
            k += 2
        else:
            merged.append(pieces[k])
            k += 1
    return merged


def write_tokenizer(words: list[str], folder: Path) -> int:
    """Writes the files, returns the number of tokens."""
    folder.mkdir(parents=True, exist_ok=True)
    merges = learn_merges(words)
    letters = list(byte_letters().values())
    tokens = [*letters, *(letter + "</w>" for letter in letters), *(a + b for a, b in merges), START, END]
    vocab = {token: k for k, token in enumerate(dict.fromkeys(tokens))}
    (folder / "vocab.json").write_text(json.dumps(vocab, ensure_ascii=False), encoding="utf-8")
    lines = ["#version: 0.2", *(f"{a} {b}" for a, b in merges)]
    (folder / "merges.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    config = {
        "tokenizer_class": "CLIPTokenizer", "model_max_length": MAX_TOKENS, "do_lower_case": True,
        "bos_token": START, "eos_token": END, "pad_token": END, "unk_token": END,
    }  # fmt: skip
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    return len(vocab)
