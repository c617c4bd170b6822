"""Notes in MIDI files; strangers' files inside the limited process (see `probe_child.py`), so it imports nothing of
ours.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

NOTES_LIMIT = 512
BEATS_LIMIT = 256.0
"""As of `generation.music_params.MELODY_BEATS`; nothing of ours can be imported here."""
SHORTEST = 1 / 32
"""Beats; less is a slip of the finger."""
DRUMS = 9
TEMPO, TEMPI = 120.0, (20.0, 400.0)
HIDDEN_SHARE = 0.5
"""A lower note is no part of the top line if a higher one sounds over this much of it."""


@dataclass(frozen=True, slots=True)
class Note:
    """`start` and `length` in beats (quarter notes)."""

    pitch: int
    start: float
    length: float
    velocity: int = 80

    @property
    def end(self) -> float:
        return self.start + self.length


def decode(source: str, _: str) -> dict[str, Any]:
    """The melody of a file: facts notes [[pitch, start, length]] in beats, and tempo in beats a minute.

    Nothing is written. Faults: midi_broken, midi_empty, midi_long.
    """
    import mido

    try:
        file = mido.MidiFile(source, clip=True)
        voices, tempo = read(file)
    except (OSError, EOFError, ValueError, LookupError):
        return {"fault": "midi_broken"}
    most = max(voices, key=len, default=[])
    melody = top_line(most)
    if not melody:
        return {"fault": "midi_empty"}
    # a rest before the first note is of no use; where in its beat it begins is
    first = math.floor(melody[0].start)
    if len(melody) > NOTES_LIMIT or melody[-1].end - first > BEATS_LIMIT:
        return {"fault": "midi_long"}
    notes = [[note.pitch, round(note.start - first, 4), round(note.length, 4)] for note in melody]
    return {"notes": notes, "tempo": round(tempo, 2)}


def read(file: Any) -> tuple[list[list[Note]], float]:
    """(the notes of each voice but the drums, sorted; the first tempo). A voice is one channel of one track.

    Raises ValueError for a file whose time is not counted in beats.
    """
    if not 1 <= file.ticks_per_beat <= 32767:
        raise ValueError("time not in beats")
    voices: list[list[Note]] = []
    tempi: list[tuple[int, float]] = []
    for track in file.tracks:
        notes, found = _read_track(track, file.ticks_per_beat)
        voices += [sorted(one, key=lambda note: (note.start, -note.pitch)) for one in notes]
        tempi += found
    tempo = min(tempi, key=lambda one: one[0])[1] if tempi else TEMPO
    return voices, min(max(tempo, TEMPI[0]), TEMPI[1])


def top_line(notes: Iterable[Note]) -> list[Note]:
    """One note at a time: the highest. `notes` are sorted by their start, higher ones first."""
    line: list[Note] = []
    for note in notes:
        if note.length < SHORTEST:
            continue
        if line and line[-1].end > note.start:
            last = line[-1]
            if last.start == note.start or (last.pitch > note.pitch and _hides(last, note)):
                continue
            line[-1] = Note(last.pitch, last.start, note.start - last.start, last.velocity)
        line.append(note)
    return [note for note in line if note.length >= SHORTEST]


def _hides(higher: Note, lower: Note) -> bool:
    return higher.end - lower.start >= HIDDEN_SHARE * lower.length


def _read_track(track: Any, ticks_per_beat: int) -> tuple[list[list[Note]], list[tuple[int, float]]]:
    sounding: dict[tuple[int, int], tuple[float, int]] = {}
    notes: defaultdict[int, list[Note]] = defaultdict(list)
    tempi: list[tuple[int, float]] = []
    tick = 0
    for message in track:
        tick += message.time
        if message.type == "set_tempo" and message.tempo > 0:
            tempi.append((tick, 60_000_000 / message.tempo))
        if message.type not in ("note_on", "note_off") or message.channel == DRUMS:
            continue
        beat, key = tick / ticks_per_beat, (message.channel, message.note)
        if key in sounding:
            start, velocity = sounding.pop(key)
            notes[key[0]].append(Note(message.note, start, beat - start, velocity))
        if message.type == "note_on" and message.velocity > 0:
            sounding[key] = (beat, message.velocity)
    for (channel, pitch), (start, velocity) in sounding.items():  # never ended: one beat
        notes[channel].append(Note(pitch, start, 1.0, velocity))
    return list(notes.values()), tempi
