"""What a worker wrote as music, sounds or notes: read strictly, by the names and headers that were agreed on."""

from __future__ import annotations

import wave
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from data.files import digest
from generation.errors import WorkerGarbage
from generation.job import Job, seed_of
from generation.music_params import MUSIC_SECONDS, NOTES
from generation.supervisor import Outcome
from generation.worker.api import File

LONGEST_PRIOR_S: Final = 30.0
"""More than any model takes of what it continues."""
RATES: Final = range(8_000, 48_001)
MIDI_LIMIT: Final = 64 * 1024
"""Bytes; a thousand notes are a tenth of it."""
_WAVE_LIMIT: Final = int(MUSIC_SECONDS + LONGEST_PRIOR_S + 1) * 48_000 * 4 + 4096
_MIDI_FORMATS: Final = (0, 1)
_MIDI_TRACKS: Final = range(1, 33)


def read_takes(job: Job, outcome: Outcome) -> list[tuple[Path, str]]:
    """The takes in order, each with its SHA-256. Raises WorkerGarbage for anything but these. Reads the disk."""
    kind, ending = ("notes", "mid") if job.medium == NOTES else ("audio", "wav")
    count = int(job.params["count"])
    made = sorted(outcome.files, key=lambda file: file.index)
    if not _agreed(made, kind, [f"{index}.{ending}" for index in range(1, count + 1)], job.seed):
        raise WorkerGarbage
    takes = [outcome.out / file.name for file in made]
    for take in takes:
        if not (is_midi(take) if job.medium == NOTES else is_wave(take)):
            raise WorkerGarbage
    found = [(take, digest(take)) for take in takes]
    if any(sha256 is None for _, sha256 in found):
        raise WorkerGarbage
    return [(take, sha256 or "") for take, sha256 in found]


def _agreed(made: Sequence[File], kind: str, names: Sequence[str], seed: int) -> bool:
    expected = [(kind, index, name, seed_of(seed, index)) for index, name in enumerate(names, 1)]
    return [(file.kind, file.index, file.name, file.seed) for file in made] == expected


def is_wave(file: Path) -> bool:
    """Whether it is PCM of 16 bit, mono or stereo, whose samples are all there."""
    try:
        size = file.stat().st_size
        if size > _WAVE_LIMIT:
            return False
        with wave.open(str(file), "rb") as opened:
            channels, frames = opened.getnchannels(), opened.getnframes()
            plain = opened.getsampwidth() == 2 and channels in (1, 2) and opened.getframerate() in RATES
            return plain and 0 < frames * channels * 2 <= size
    except (OSError, EOFError, wave.Error, RuntimeError):
        return False


def is_midi(file: Path) -> bool:
    """Whether it begins as a MIDI file of one song does."""
    try:
        if file.stat().st_size > MIDI_LIMIT:
            return False
        content = file.read_bytes()
    except OSError:
        return False
    form, tracks = (int.from_bytes(content[start : start + 2]) for start in (8, 10))
    header = content[:8] == b"MThd\0\0\0\6" and content[14:18] == b"MTrk"
    return header and form in _MIDI_FORMATS and tracks in _MIDI_TRACKS
