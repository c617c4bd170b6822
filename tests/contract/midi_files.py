"""MIDI files written by hand (Standard MIDI Files 1.0): format 1, beats of 480 ticks."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence

TICKS = 480
ENTCHEN = ((60, 1), (62, 1), (64, 1), (65, 1), (67, 2), (67, 2))
Notes = Iterable[tuple[int, float, float]]
"""Pitch, start and length in beats."""


def number(value: int) -> bytes:
    """Of variable length, seven bits a byte."""
    parts = [value & 127]
    while value := value >> 7:
        parts.append(value & 127 | 128)
    return bytes(reversed(parts))


def row(notes: Iterable[tuple[int, float]]) -> list[tuple[int, float, float]]:
    """(pitch, length) one after another."""
    made, start = [], 0.0
    for pitch, length in notes:
        made.append((pitch, start, length))
        start += length
    return made


def track(notes: Notes, *, channel: int = 0, before: bytes = b"") -> bytes:
    events = []
    for pitch, start, length in notes:
        events.append((round(start * TICKS), 1, bytes([0x90 | channel, pitch, 80])))
        events.append((round((start + length) * TICKS), 0, bytes([0x80 | channel, pitch, 0])))
    body, now = before, 0
    for tick, _, event in sorted(events):
        body += number(tick - now) + event
        now = tick
    body += b"\0\xff\x2f\0"
    return b"MTrk" + struct.pack(">I", len(body)) + body


def tempo(beats_a_minute: float) -> bytes:
    return b"\0\xff\x51\x03" + round(60_000_000 / beats_a_minute).to_bytes(3)


def midi(tracks: Sequence[bytes], *, ticks: int = TICKS, kind: int = 1) -> bytes:
    return b"MThd" + struct.pack(">IHHH", 6, kind, len(tracks), ticks) + b"".join(tracks)


def texts(file: bytes) -> list[str]:
    """The texts and names in a file, in their order: meta events 1 and 3, as far as their length is one byte or two."""
    found, at = [], 0
    while (at := file.find(b"\xff", at)) >= 0:
        if file[at + 1] in (1, 3):
            size, start = file[at + 2], at + 3
            if size & 128:
                size, start = (size & 127) << 7 | file[at + 3], at + 4
            found.append(file[start : start + size].decode())
        at += 1
    return found
