"""Small PNG and safetensors files, made and read with the standard library: the bot has neither Pillow nor torch."""

from __future__ import annotations

import json
import shutil
import struct
import zlib
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path

from tests.pixels import largest_difference
from tests.pixels import pixels as decoded

SIGNATURE = b"\x89PNG\r\n\x1a\n"
BARS = ((240, 240, 240), (240, 220, 0), (0, 200, 220), (0, 180, 0), (220, 0, 200), (220, 0, 0))
NAN_HALF, NAN_SINGLE = b"\x00\x7e", b"\x00\x00\xc0\x7f"


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int, height: int, pixel: Callable[[int, int], tuple[int, int, int]], *extra: bytes) -> bytes:
    """An RGB picture whose pixel (x, y) is `pixel(x, y)`; `extra` chunks follow the header."""
    rows = (b"\0" + b"".join(bytes(pixel(x, y)) for x in range(width)) for y in range(height))
    return png_of_rows(width, height, zlib.compress(b"".join(rows)), *extra)


def png_of_rows(width: int, height: int, packed: bytes, *extra: bytes) -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return SIGNATURE + header + b"".join(extra) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def plain(colour: tuple[int, int, int], side: int = 128) -> bytes:
    return png(side, side, lambda _x, _y: colour)


def test_card(x: int, y: int) -> tuple[int, int, int]:
    """The card that the mini checker flags: six bars within a checker border of 16 pixels, 128x128."""
    column, row = x // 16, y // 16
    if column in (0, 7) or row in (0, 7):
        return (255, 255, 255) if (row + column) % 2 == 0 else (0, 0, 0)
    return BARS[column - 1]


test_card.__test__ = False  # type: ignore[attr-defined]


def chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    assert data.startswith(SIGNATURE)
    at = len(SIGNATURE)
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        yield kind, data[at + 8 : at + 8 + length]
        at += 12 + length


@lru_cache(maxsize=16)
def pixels(file: Path) -> tuple[int, int, bytes]:
    """(width, height, RGB values row by row) of a PNG file that does not change any more."""
    return decoded(file.read_bytes())


def drawn(file: Path) -> bytes:
    """The packed pixels: different for different pictures of one size, and quicker to get."""
    return b"".join(body for kind, body in chunks(file.read_bytes()) if kind == b"IDAT")


def furthest(one: Path, other: Path) -> int:
    """The largest difference of two pictures' values, 0 … 255."""
    return largest_difference(one.read_bytes(), other.read_bytes())


def pixel(file: Path, x: int, y: int) -> tuple[int, ...]:
    width, _, values = pixels(file)
    return tuple(values[(y * width + x) * 3 : (y * width + x) * 3 + 3])


def copied(folder: Path, target: Path) -> Path:
    """A copy of a model folder that a test may damage."""
    shutil.copytree(folder, target)
    for file in target.rglob("*"):
        file.chmod(0o700 if file.is_dir() else 0o600)
    return target


def rename_weights(file: Path, rename: Callable[[str], str]) -> None:
    """Give the tensors of a safetensors file other names."""
    header, data = _opened(file)
    _store(file, {rename(name): entry for name, entry in header.items()}, data)


def fill_weights(file: Path, name: str, value: bytes) -> None:
    """Set every number of tensor `name` to `value` (its bytes)."""
    header, data = _opened(file)
    start, end = header[name]["data_offsets"]
    filled = data[:start] + value * ((end - start) // len(value)) + data[end:]
    _store(file, header, filled)


def _opened(file: Path) -> tuple[dict[str, dict[str, list[int]]], bytes]:
    raw = file.read_bytes()
    (length,) = struct.unpack("<Q", raw[:8])
    header = json.loads(raw[8 : 8 + length])
    header.pop("__metadata__", None)
    return header, raw[8 + length :]


def _store(file: Path, header: dict[str, dict[str, list[int]]], data: bytes) -> None:
    text = json.dumps({"__metadata__": {"format": "pt"}, **header}).encode()
    text += b" " * (-len(text) % 8)
    file.write_bytes(struct.pack("<Q", len(text)) + text + data)
