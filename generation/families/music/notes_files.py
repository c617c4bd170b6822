"""Notes as MIDI files, the same bytes for the same notes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import mido

from generation.music_params import Note

TICKS = 480
DRUMS = 9
_VELOCITY = 88


@dataclass(frozen=True, slots=True)
class Voice:
    """Notes of one instrument: `program` of General MIDI, 0 … 127."""

    notes: tuple[Note, ...]
    program: int = 0
    drums: bool = False


def write(path: Path, voices: Sequence[Voice], bpm: float, title: str, label: str) -> None:
    """A file of type 1: first a track with tempo, title and label, then one for each voice."""
    file = mido.MidiFile(type=1, ticks_per_beat=TICKS, charset="utf-8")
    head = mido.MidiTrack()
    head.append(mido.MetaMessage("track_name", name=title, time=0))
    head.append(mido.MetaMessage("text", text=label, time=0))
    head.append(mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(bpm), time=0))
    file.tracks.append(head)
    channels = [channel for channel in range(16) if channel != DRUMS]
    for number, voice in enumerate(voices):
        channel = DRUMS if voice.drums else channels[number % len(channels)]
        file.tracks.append(_track(voice, channel))
    file.save(path)


def _track(voice: Voice, channel: int) -> mido.MidiTrack:
    track = mido.MidiTrack()
    track.append(mido.Message("program_change", channel=channel, program=voice.program, time=0))
    # at the same tick what ends comes before what begins
    events = []
    for note in _untangled(voice.notes):
        start = round(note.start * TICKS)
        end = max(start + 1, round((note.start + note.length) * TICKS))
        events += [(start, 1, note.pitch), (end, 0, note.pitch)]
    now = 0
    for tick, begins, pitch in sorted(events):
        kind = "note_on" if begins else "note_off"
        track.append(mido.Message(kind, channel=channel, note=pitch, velocity=_VELOCITY, time=tick - now))
        now = tick
    return track


def _untangled(notes: Sequence[Note]) -> list[Note]:
    """A key that is struck again while it sounds is let go first; struck twice at once it sounds once."""
    following: dict[int, float] = {}
    kept = []
    for note in sorted(notes, key=lambda note: (note.start, note.pitch, note.length), reverse=True):
        free = following.get(note.pitch)
        if free is not None and free <= note.start:
            continue
        length = note.length if free is None else min(note.length, free - note.start)
        kept.append(replace(note, length=length))
        following[note.pitch] = note.start
    return kept[::-1]
