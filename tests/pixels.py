"""Pixels of a PNG file with nothing but the standard library: the bot's own environment has no picture library."""

from __future__ import annotations

import struct
import zlib

_CHANNELS = {0: 1, 2: 3, 4: 2, 6: 4}


def pixels(png: bytes) -> tuple[int, int, bytes]:
    """Width, height and the 8-bit samples of a PNG that is not interlaced."""
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    at, data, header = 8, b"", b""
    while at < len(png):
        length, kind = struct.unpack(">I4s", png[at : at + 8])
        body = png[at + 8 : at + 8 + length]
        header = body if kind == b"IHDR" else header
        data += body if kind == b"IDAT" else b""
        at += 12 + length
    width, height, depth, colour, _, _, interlaced = struct.unpack(">IIBBBBB", header)
    assert (depth, interlaced) == (8, 0)
    return width, height, _unfilter(zlib.decompress(data), width * _CHANNELS[colour], _CHANNELS[colour])


def largest_difference(first: bytes, second: bytes) -> int:
    """The largest difference of a sample of two PNG files of the same size, 0 … 255."""
    one, two = pixels(first), pixels(second)
    assert one[:2] == two[:2]
    return max(abs(a - b) for a, b in zip(one[2], two[2], strict=True))


def _unfilter(raw: bytes, stride: int, step: int) -> bytes:
    out, above = bytearray(), bytes(stride)
    for start in range(0, len(raw), stride + 1):
        line = _line(raw[start], bytearray(raw[start + 1 : start + 1 + stride]), above, step)
        out += line
        above = bytes(line)
    return bytes(out)


def _line(kind: int, line: bytearray, above: bytes, step: int) -> bytearray:
    for i in range(len(line)):
        left = line[i - step] if i >= step else 0
        corner = above[i - step] if i >= step else 0
        line[i] = (line[i] + _predicted(kind, left, above[i], corner)) & 255
    return line


def _predicted(kind: int, left: int, up: int, corner: int) -> int:
    if kind == 4:
        guess = left + up - corner
        return min((left, up, corner), key=lambda value: abs(guess - value))
    return (0, left, up, (left + up) // 2)[kind]
