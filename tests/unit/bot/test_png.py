from __future__ import annotations

import json
import struct
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.png import read_recipe

RECIPE = {"job": "0123456789", "seeds": [1, 2], "params": {"prompt": "ein Häuschen 🏠"}}
END = (b"IEND", b"")


def png(*chunks: tuple[bytes, bytes]) -> bytes:
    parts = [b"\x89PNG\r\n\x1a\n"]
    for kind, data in chunks:
        parts.append(struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)))
    return b"".join(parts)


def itxt(text: bytes, *, keyword: bytes = b"klassenatelier", compress: bool = False) -> tuple[bytes, bytes]:
    flag = b"\1" if compress else b"\0"
    return b"iTXt", keyword + b"\0" + flag + b"\0" + b"de\0recipe\0" + (
        zlib.compress(text) if compress else text
    )


@pytest.mark.parametrize("compress", [False, True])
def test_the_recipe_is_read(compress: bool) -> None:
    chunk = itxt(json.dumps(RECIPE, ensure_ascii=False).encode(), compress=compress)
    other = itxt(b"{}", keyword=b"Software")
    assert read_recipe(png((b"IHDR", bytes(13)), other, (b"iTXt", b"odd"), chunk, END)) == RECIPE


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GIF89a",
        png(END),
        png(itxt(b"{}", keyword=b"Comment"), END),
        png(itxt(b"no json"), END),
        png(itxt(b"[1, 2]"), END),
        png(itxt(b"[" * 200_000), END),
        png((b"iTXt", b"klassenatelier\0\1\0\0\0not zlib"), END),
        png((b"iTXt", b"klassenatelier\0"), END),
        png((b"iTXt", b"klassenatelier\0\0\0de"), END),
        png(itxt(json.dumps(RECIPE).encode()), END)[:60],
        b"\x89PNG\r\n\x1a\n" + b"\xff" * 20,
    ],
)
def test_what_cannot_be_read_is_no_recipe(data: bytes) -> None:
    assert read_recipe(data) is None


def test_a_bomb_is_cut_off() -> None:
    assert read_recipe(png(itxt(b'{"a": "' + b"x" * 50_000_000, compress=True), END)) is None


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=300))
def test_noise_never_raises(noise: bytes) -> None:
    read_recipe(b"\x89PNG\r\n\x1a\n" + noise)
    read_recipe(png((b"iTXt", b"klassenatelier\0" + noise), END))
