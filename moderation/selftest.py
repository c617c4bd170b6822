"""The plain inputs on which a pipeline tries its checks when the bot starts."""

import struct
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

PLAIN_TEXT: Final = "Ein Haus am See bei Sonnenuntergang"
_SIDE: Final = 64


@contextmanager
def plain_picture() -> Iterator[Path]:
    """A grey PNG of 64 x 64 in a temporary folder, removed at the end."""
    with tempfile.TemporaryDirectory(prefix="atelier-selftest-") as folder:
        file = Path(folder) / "plain.png"
        file.write_bytes(_grey_png())
        yield file


def _grey_png() -> bytes:
    row = b"\x00" + b"\x80" * _SIDE  # filter 0, then grey of 8 bits
    header = struct.pack(">IIBBBBB", _SIDE, _SIDE, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(row * _SIDE)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
