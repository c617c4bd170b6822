"""Looks at a GGUF file before llama.cpp does: what is cut off or no GGUF at all is refused, not crashed upon.

Layout, little-endian: magic, version, number of tensors and of keys; the keys with their values; for each tensor its
name, shape, type and offset; then, aligned, the tensors. Standard library only.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

_MAGIC = b"GGUF"
_VERSIONS = frozenset({2, 3})
_KEYS_LIMIT = 100_000
_TEXT_LIMIT = 16 * 1024 * 1024
_ARRAY_LIMIT = 4_000_000
_DIMENSIONS = 4
_ALIGNMENT = 32
_TEXT, _ARRAY = 8, 9
_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "B", 10: "Q", 11: "q", 12: "d"}
# type: (numbers in a block, bytes of a block); a type that is not here is only checked to begin inside the file
_BLOCKS = {
    0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34), 10: (256, 84),
    11: (256, 110), 12: (256, 144), 13: (256, 176), 14: (256, 210), 30: (1, 2),
}  # fmt: skip


class BrokenFile(Exception):
    """No usable GGUF; the message says what is wrong and holds nothing of the file's content."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """`keys` holds texts and single numbers, for a list its length."""

    keys: Mapping[str, Any]
    tensors: int

    def number(self, name: str) -> int | None:
        """The value of `<architecture>.<name>`, if it is a whole number."""
        value = self.keys.get(f"{self.keys['general.architecture']}.{name}")
        return value if isinstance(value, int) else None


def read_header(path: Path) -> Header:
    """Raises BrokenFile for what is no GGUF, has an impossible header or ends too early; OSError."""
    size = path.stat().st_size
    with path.open("rb") as file:
        reader = _Reader(file, size)
        if reader.take(4) != _MAGIC:
            raise BrokenFile("no GGUF")
        version, tensors, count = reader.numbers("<IQQ")
        if version not in _VERSIONS or not 0 < tensors <= _KEYS_LIMIT or count > _KEYS_LIMIT:
            raise BrokenFile("impossible header")
        keys = {reader.text(): reader.value() for _ in range(count)}
        needed = [_extent(reader) for _ in range(tensors)]
        header = Header(keys=keys, tensors=tensors)
        _check(header, needed, begin=file.tell(), size=size)
    return header


def _check(header: Header, needed: list[int], *, begin: int, size: int) -> None:
    alignment = header.keys.get("general.alignment", _ALIGNMENT)
    if not isinstance(alignment, int) or alignment < 1 or alignment & (alignment - 1):
        raise BrokenFile("impossible alignment")
    begin += -begin % alignment
    if any(begin + end > size for end in needed):
        raise BrokenFile("cut off")
    if not isinstance(header.keys.get("general.architecture"), str):
        raise BrokenFile("no architecture")
    for name in ("embedding_length", "block_count", "context_length"):
        if (header.number(name) or 0) < 1:
            raise BrokenFile(f"no {name}")


def _extent(reader: _Reader) -> int:
    """How many bytes of the tensors' part this one needs from its beginning."""
    reader.text()
    (dimensions,) = reader.numbers("<I")
    if not 0 < dimensions <= _DIMENSIONS:
        raise BrokenFile("impossible tensor")
    shape = reader.numbers(f"<{dimensions}Q")
    kind, offset = reader.numbers("<IQ")
    numbers, width = _BLOCKS.get(kind, (1, 0))
    count = 1
    for side in shape:
        count *= side
    if count < 1 or shape[0] % numbers:
        raise BrokenFile("impossible tensor")
    return int(offset + count // numbers * width)


class _Reader:
    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file = file
        self._size = size

    def take(self, length: int) -> bytes:
        if length > self._size - self._file.tell():
            raise BrokenFile("cut off")
        return self._file.read(length)

    def numbers(self, form: str) -> tuple[Any, ...]:
        return struct.unpack(form, self.take(struct.calcsize(form)))

    def text(self) -> str:
        (length,) = self.numbers("<Q")
        if length > _TEXT_LIMIT:
            raise BrokenFile("impossible text")
        return self.take(length).decode("utf-8", "replace")

    def value(self) -> Any:
        (kind,) = self.numbers("<I")
        return self._array() if kind == _ARRAY else self._single(kind)

    def _single(self, kind: int) -> Any:
        if kind == _TEXT:
            return self.text()
        if kind not in _SCALARS:
            raise BrokenFile("impossible value")
        return self.numbers(f"<{_SCALARS[kind]}")[0]

    def _array(self) -> int:
        """Read past it; its length."""
        kind, count = self.numbers("<IQ")
        if count > _ARRAY_LIMIT or (kind not in _SCALARS and kind != _TEXT):
            raise BrokenFile("impossible list")
        if kind in _SCALARS:
            self.take(count * struct.calcsize(f"<{_SCALARS[kind]}"))
        else:
            for _ in range(count):
                self.text()
        return int(count)
