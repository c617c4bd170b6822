"""The sound of a video: a song as long as the pictures, or voices in front of music that steps back for them.

Samples are float64 (frames, channels) at `sound_files.RATE`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy

from generation.families.media import loudness, sound_files, video_files
from generation.families.media.loudness import Samples
from generation.families.media.sound_files import RATE
from generation.worker.api import TaskFailed

TARGET_LUFS, CEILING_DB = -16.0, -1.0
RAISED_DB, LIMITING_DB = 12.0, 6.0
VOICE_LUFS, MUSIC_LUFS = -16.0, -20.0
VOICE_RAISED_DB = 24.0
DUCKED_DB = -14.0
"""What music loses while somebody speaks."""
_LEAD, _TAIL, _RAMP = 0.15, 0.3, 0.25
"""Seconds: music is down so long before a voice and after it, and takes so long to change."""
_FADE = 0.5
_TRIES = 4


@dataclass(frozen=True, slots=True)
class Placed:
    """Sound that begins at `start` seconds."""

    start: float
    samples: Samples

    @property
    def end(self) -> float:
        return self.start + len(self.samples) / RATE


def read(path: Path) -> Samples:
    """A sound of ours: WAV, ogg, mp3, or that of a video. Raises TaskFailed worker_failed."""
    if path.suffix == ".wav":
        samples, rate = sound_files.read_wav(path)
        return loudness.resampled(samples, rate, RATE)
    if path.suffix not in {".ogg", ".mp3", ".mp4"}:
        raise TaskFailed("worker_failed", "not a sound of ours")
    try:
        samples = sound_files.decode(path)
    except (OSError, ValueError, LookupError) as error:
        raise TaskFailed("worker_failed", f"unreadable: {type(error).__name__}") from None
    if not 0 < len(samples) <= sound_files.SECONDS_LIMIT * RATE or not numpy.isfinite(samples).all():
        raise TaskFailed("worker_failed", "empty, too long or no numbers")
    return samples


def cut(samples: Samples, seconds: float) -> Samples:
    """Exactly `seconds` long: the end fades where it was cut, silence follows where there was too little."""
    wanted = round(seconds * RATE)
    if len(samples) <= wanted:
        return numpy.pad(samples, ((0, wanted - len(samples)), (0, 0)))
    fade = min(round(_FADE * RATE), wanted)
    shorter = samples[:wanted].copy()
    shorter[wanted - fade :] *= numpy.linspace(1, 0, fade)[:, None]
    return shorter


def levelled(samples: Samples, folder: Path, rate: int = 128_000) -> Samples:
    """-16 LUFS, and below the ceiling when it comes out of the coder: tried in a file of `folder` that goes again."""
    level = loudness.levelled(
        samples, RATE, target=TARGET_LUFS, ceiling=CEILING_DB, raised=RAISED_DB, limiting=LIMITING_DB
    )
    trial = folder / "sound.mp4"
    try:
        for _ in range(_TRIES):
            video_files.write_sound(trial, level, rate)
            heard = sound_files.decode(trial)
            over = float(numpy.abs(heard).max(initial=0.0)) / loudness.factor_of(CEILING_DB)
            if not over > 1:
                break
            level = level / (over * 1.01)  # the coder's own overshoot
    finally:
        trial.unlink(missing_ok=True)
    return level


def mixed(seconds: float, music: Sequence[Placed], voices: Sequence[Placed]) -> Samples | None:
    """`seconds` of voices in front of music; None without either. Every voice is as loud as the others."""
    if not music and not voices:
        return None
    wanted = round(seconds * RATE)
    channels = max(one.samples.shape[1] for one in (*music, *voices))
    bed, speech = numpy.zeros((wanted, channels)), numpy.zeros((wanted, channels))
    for one in music:
        _add(bed, one.start, _even(one.samples, MUSIC_LUFS, RAISED_DB))
    for one in voices:
        _add(speech, one.start, _even(one.samples, VOICE_LUFS, VOICE_RAISED_DB))
    return bed * _ducking(wanted, voices)[:, None] + speech


def _even(samples: Samples, target: float, raised: float) -> Samples:
    return loudness.levelled(
        samples, RATE, target=target, ceiling=CEILING_DB, raised=raised, limiting=LIMITING_DB
    )


def _add(whole: Samples, start: float, samples: Samples) -> None:
    """One channel is heard on both sides; what reaches beyond the end is left out."""
    at = round(start * RATE)
    part = samples[: max(0, len(whole) - at)]
    whole[at : at + len(part)] += part


def _ducking(wanted: int, voices: Sequence[Placed]) -> Samples:
    """A factor for each sample of the music: 1, and little while somebody speaks."""
    curve = numpy.zeros(wanted)
    times = numpy.arange(wanted) / RATE
    for voice in voices:
        down, up = voice.start - _LEAD, voice.end + _TAIL
        shape = numpy.interp(times, [down - _RAMP, down, up, up + _RAMP], [0.0, 1.0, 1.0, 0.0])
        curve = numpy.maximum(curve, shape)
    return 10 ** (DUCKED_DB / 20 * curve)
