"""GGUF files for tests, written byte by byte: a chain of tokens for each answer, and files that are broken.

A chain is a llama without thoughts of its own: each token's vector is its number, attention and feed-forward are
zero, and the output names the token that follows.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

NORMAL, UNKNOWN, CONTROL, BYTE = 1, 2, 3, 6
ALIGNMENT = 32
_WIDTH = 320
"""More than there are tokens, and a multiple of every block."""
_HIDDEN = 32
UNK, BOS, EOS = "<unk>", "<s>", "</s>"
GUARD_NAMES = ("<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>")


@dataclass(frozen=True)
class Tokens:
    """The vocabulary: three usual ones, the control tokens, every byte, then words."""

    control: Sequence[str]
    words: Sequence[str]

    @property
    def names(self) -> list[str]:
        return [UNK, BOS, EOS, *self.control, *(f"<0x{byte:02X}>" for byte in range(256)), *self.words]

    @property
    def kinds(self) -> list[int]:
        usual = [UNKNOWN, CONTROL, CONTROL]
        return [*usual, *[CONTROL] * len(self.control), *[BYTE] * 256, *[NORMAL] * len(self.words)]


def chain(
    path: Path,
    follows: Mapping[str, str],
    *,
    control: Sequence[str] = (),
    words: Sequence[str] = (),
    template: str | None = None,
    strength: float = 1.0,
    context: int = 1024,
    blocks: int = 1,
) -> Path:
    """A file in which `follows` says which token comes after which; after all others comes the end.

    `strength` NaN makes every number the model gives NaN; more `blocks` make it slower.
    """
    tokens = Tokens(control, ["▁", *words])
    keys: dict[str, Any] = {
        "general.architecture": "llama",
        "llama.context_length": context,
        "llama.embedding_length": _WIDTH,
        "llama.block_count": blocks,
        "llama.feed_forward_length": _HIDDEN,
        "llama.attention.head_count": 1,
        "llama.attention.head_count_kv": 1,
        "llama.attention.layer_norm_rms_epsilon": 1e-5,
        "llama.rope.dimension_count": _WIDTH,
        "llama.vocab_size": len(tokens.names),
        "tokenizer.ggml.model": "llama",
        "tokenizer.ggml.tokens": tokens.names,
        "tokenizer.ggml.scores": [0.0] * len(tokens.names),
        "tokenizer.ggml.token_type": tokens.kinds,
        "tokenizer.ggml.unknown_token_id": 0,
        "tokenizer.ggml.bos_token_id": 1,
        "tokenizer.ggml.eos_token_id": 2,
        "tokenizer.ggml.add_bos_token": True,
        "tokenizer.ggml.add_space_prefix": True,
    }
    if template is not None:
        keys["tokenizer.chat_template"] = template
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_file(keys, _tensors(tokens.names, follows, strength, blocks)))
    return path


def _tensors(
    names: list[str], follows: Mapping[str, str], strength: float, blocks: int
) -> dict[str, tuple[list[int], bytes]]:
    count = len(names)
    places = {name: place for place, name in enumerate(names)}
    output = [bytearray(4 * _WIDTH) for _ in names]
    for place, name in enumerate(names):
        struct.pack_into("<f", output[places[follows.get(name, EOS)]], 4 * place, strength)
    own = [
        struct.pack("<f", 1.0).rjust(4 * place + 4, b"\0").ljust(4 * _WIDTH, b"\0") for place in range(count)
    ]
    ones = struct.pack("<f", 1.0) * _WIDTH
    square, into = bytes(4 * _WIDTH * _WIDTH), bytes(4 * _WIDTH * _HIDDEN)
    block = {name: ([_WIDTH, _WIDTH], square) for name in ("attn_q", "attn_k", "attn_v", "attn_output")}
    block |= {"ffn_gate": ([_WIDTH, _HIDDEN], into), "ffn_up": ([_WIDTH, _HIDDEN], into)}
    block |= {
        "ffn_down": ([_HIDDEN, _WIDTH], into),
        "attn_norm": ([_WIDTH], ones),
        "ffn_norm": ([_WIDTH], ones),
    }
    return {
        "token_embd.weight": ([_WIDTH, count], b"".join(own)),
        "output_norm.weight": ([_WIDTH], ones),
        "output.weight": ([_WIDTH, count], b"".join(map(bytes, output))),
        **{f"blk.{k}.{name}.weight": tensor for k in range(blocks) for name, tensor in block.items()},
    }


def _file(keys: Mapping[str, Any], tensors: Mapping[str, tuple[list[int], bytes]]) -> bytes:
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(keys))
    head += b"".join(_text(name) + _value(value) for name, value in keys.items())
    body = bytearray()
    for name, (shape, content) in tensors.items():
        head += _text(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, 0, len(body))
        body += content + bytes(-len(content) % ALIGNMENT)
    return head + bytes(-len(head) % ALIGNMENT) + bytes(body)


def _text(text: str) -> bytes:
    plain = text.encode()
    return struct.pack("<Q", len(plain)) + plain


def _value(value: Any) -> bytes:
    if isinstance(value, list):
        kind, form = (5, "<i") if isinstance(value[0], int) else (_kind(value[0]), "")
        plain = [struct.pack(form, one) if form else _bare(one) for one in value]
        return struct.pack("<IIQ", 9, kind, len(value)) + b"".join(plain)
    return struct.pack("<I", _kind(value)) + _bare(value)


def _kind(value: Any) -> int:
    return {bool: 7, int: 4, float: 6, str: 8}[type(value)]


def _bare(value: Any) -> bytes:
    if isinstance(value, str):
        return _text(value)
    return struct.pack({bool: "<?", int: "<I", float: "<f"}[type(value)], value)
