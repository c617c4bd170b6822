"""The recordings of a voice: read once, so that what was hashed is what is heard."""

from __future__ import annotations

import io
import wave
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from generation.voice_token import MOST_CLIPS, TokenCheck, TokenRefused, hash_sample
from generation.worker.api import TaskFailed

NEUTRAL = "neutral"
EMOTIONS = (NEUTRAL, "happy", "sad", "angry", "excited")
LARGEST = 32 * 1024 * 1024
SHORTEST_S, LONGEST_S = 0.5, 60.0
_RATES = range(8_000, 48_001)
_FULL = 32768.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """One recording, as it lies on the disk."""

    mood: str
    sha256: str
    contents: bytes


def read(paths: object) -> tuple[Clip, ...]:
    """Clips of {mood: [absolute path]}, at least one. Raises TokenRefused for any other files or names."""
    if not isinstance(paths, Mapping) or not set(paths) <= set(EMOTIONS):
        raise TokenRefused(TokenCheck.SAMPLES)
    if not all(isinstance(some, list) for some in paths.values()):
        raise TokenRefused(TokenCheck.SAMPLES)
    named = [(mood, path) for mood, some in paths.items() for path in some]
    if not 1 <= len(named) <= MOST_CLIPS:
        raise TokenRefused(TokenCheck.SAMPLES)
    found = tuple(_read_one(mood, path) for mood, path in named)
    if len({one.sha256 for one in found}) != len(found):
        raise TokenRefused(TokenCheck.SAMPLES)
    return found


def choose(clips: Sequence[Clip], emotion: str) -> list[Clip]:
    """Those in that mood; without any the neutral ones, without those all."""
    for mood in (emotion, NEUTRAL):
        if chosen := [one for one in clips if one.mood == mood]:
            return chosen
    return list(clips)


def samples(clip: Clip) -> tuple[int, list[Sequence[int]]]:
    """Rate and one row of 16 bit numbers a channel. Raises TaskFailed invalid."""
    try:
        with wave.open(io.BytesIO(clip.contents)) as opened:
            if opened.getsampwidth() != 2 or opened.getnchannels() not in (1, 2):
                raise TaskFailed("invalid", "clip_kind")
            rate, channels = opened.getframerate(), opened.getnchannels()
            raw = opened.readframes(opened.getnframes())
    except (wave.Error, EOFError, ValueError) as error:
        raise TaskFailed("invalid", "clip_broken") from error
    if rate not in _RATES or not SHORTEST_S <= len(raw) / 2 / channels / rate <= LONGEST_S:
        raise TaskFailed("invalid", "clip_length")
    numbers = memoryview(raw[: len(raw) // (2 * channels) * 2 * channels]).cast("h")
    return rate, [numbers[one::channels] for one in range(channels)]


def waves(clips: Iterable[Clip], rate: int) -> list[Any]:
    """Each clip as tortoise takes it: [1, samples] between -1 and 1 at `rate` Hz. Raises TaskFailed invalid."""
    import numpy as np
    import torch

    from generation.families.speech.packages import torchaudio

    made = []
    for clip in clips:
        own_rate, channels = samples(clip)
        mixed = np.mean([np.asarray(one, dtype=np.float32) / _FULL for one in channels], axis=0)
        if not np.any(mixed):
            raise TaskFailed("invalid", "clip_silent")
        sound = torch.from_numpy(np.ascontiguousarray(mixed))
        made.append(torchaudio.functional.resample(sound, own_rate, rate).clip(-1, 1).unsqueeze(0))
    return made


def _read_one(mood: str, path: object) -> Clip:
    """A plain WAV file under its full name: no link, no file of numbers, no way around by ".."."""
    if not isinstance(path, str) or not path or "\0" in path:
        raise TokenRefused(TokenCheck.SAMPLES)
    file = Path(path)
    try:
        plain = file.is_absolute() and ".." not in file.parts and file.suffix == ".wav"
        if not plain or file.is_symlink() or not file.is_file() or file.stat().st_size > LARGEST:
            raise TokenRefused(TokenCheck.SAMPLES)
        contents = file.read_bytes()
    except OSError as error:
        raise TokenRefused(TokenCheck.SAMPLES) from error
    return Clip(mood=mood, sha256=hash_sample(contents), contents=contents)
