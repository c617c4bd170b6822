"""Reading what is written into a PNG file: its recipe. Standard library only; for people who hold only the file."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterator
from typing import Any

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_KEYWORD = "klassenatelier"
_TEXT_LIMIT = 1 << 20


def read_recipe(png: bytes) -> dict[str, Any] | None:
    """The recipe that the media family wrote into a picture; None if there is none or it cannot be read."""
    try:
        text = next((text for keyword, text in _texts(png) if keyword == _KEYWORD), "null")
        recipe = json.loads(text)
    except (ValueError, RecursionError, zlib.error):
        return None
    return recipe if isinstance(recipe, dict) else None


def _texts(png: bytes) -> Iterator[tuple[str, str]]:
    """Keyword and text of each iTXt chunk (PNG specification, 11.3.3.4)."""
    for kind, body in _chunks(png):
        if kind != b"iTXt":
            continue
        keyword, _, rest = body.partition(b"\0")
        if len(rest) < 2:
            continue
        compressed = rest[0] == 1
        parts = rest[2:].split(b"\0", 2)
        if len(parts) < 3:
            continue
        data = parts[2]
        if compressed:
            data = zlib.decompressobj().decompress(data, _TEXT_LIMIT)
        yield keyword.decode("latin-1"), data.decode("utf-8", "replace")


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    if not png.startswith(_SIGNATURE):
        return
    at = len(_SIGNATURE)
    while at + 12 <= len(png):
        length, kind = struct.unpack(">I4s", png[at : at + 8])
        yield kind, png[at + 8 : at + 8 + length]
        at += 12 + length
