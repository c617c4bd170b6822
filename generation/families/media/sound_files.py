"""Sound files of ours: read and write WAV, write ogg (opus) and mp3 with tags, decode them again.

Samples are float64 (frames, channels), full scale 1.
"""

from __future__ import annotations

import wave
from collections.abc import Mapping
from pathlib import Path

import av
import numpy

from generation.families.media.loudness import Samples
from generation.worker.api import TaskFailed

RATE = 48_000
"""Hz of what is written: opus knows no other that is as high."""
SECONDS_LIMIT = 300
_FRAMES = 4096
_CODERS = {
    "ogg": ("ogg", "libopus", {1: 96_000, 2: 96_000}, {"vbr": "constrained"}),
    "mp3": ("mp3", "libmp3lame", {1: 112_000, 2: 160_000}, {}),
}
"""Container, coder, bits a second by channels, options."""
FORMATS = frozenset(_CODERS)
_LAYOUTS = {1: "mono", 2: "stereo"}


def read_wav(path: Path) -> tuple[Samples, int]:
    """(samples, rate) of a PCM16 file of one or two channels. Raises TaskFailed worker_failed."""
    try:
        with wave.open(str(path), "rb") as file:
            channels, width, rate, frames = file.getparams()[:4]
            if width != 2 or channels not in _LAYOUTS or not 8000 <= rate <= 96_000:
                raise TaskFailed("worker_failed", "not PCM16 with one or two channels")
            if not 0 < frames <= SECONDS_LIMIT * rate:
                raise TaskFailed("worker_failed", "empty or too long")
            content = file.readframes(frames)
    except (OSError, EOFError, wave.Error) as error:
        raise TaskFailed("worker_failed", f"unreadable: {type(error).__name__}") from None
    whole = len(content) // (2 * channels) * channels
    return numpy.frombuffer(content, "<i2", whole).reshape(-1, channels) / 32768.0, rate


def write_wav(path: Path, samples: Samples, rate: int) -> None:
    """PCM16, nothing but samples."""
    whole = numpy.clip(numpy.round(samples * 32767), -32767, 32767).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(samples.shape[1])
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(whole.tobytes())


def encode(path: Path, samples: Samples, ending: str, tags: Mapping[str, str]) -> None:
    """Write samples of 48 kHz; the same samples and tags make the same bytes."""
    box, coder, rates, options = _CODERS[ending]
    layout = _LAYOUTS[samples.shape[1]]
    values = numpy.ascontiguousarray(samples.T, dtype=numpy.float32)
    with av.open(str(path), "w", format=box, options={"fflags": "+bitexact"}) as file:
        stream = file.add_stream(coder, rate=RATE, layout=layout, options=options)
        stream.bit_rate = rates[samples.shape[1]]
        # Ogg keeps tags with the stream, ID3 with the file
        (stream.metadata if ending == "ogg" else file.metadata).update(tags)
        for start in range(0, values.shape[1], _FRAMES):
            part = numpy.ascontiguousarray(values[:, start : start + _FRAMES])
            frame = av.AudioFrame.from_ndarray(part, format="fltp", layout=layout)
            frame.sample_rate, frame.pts = RATE, start
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))


def decode(path: Path) -> Samples:
    """The samples of a file that `encode` wrote, as a player gets them: what coders added at the ends is gone."""
    with av.open(str(path), "r", format=path.suffix[1:]) as file:
        resampler = av.AudioResampler(format="fltp", rate=RATE)
        frames = [one for frame in file.decode(audio=0) for one in resampler.resample(frame)]
        parts = [frame.to_ndarray() for frame in (*frames, *resampler.resample(None))]
    return numpy.concatenate(parts, axis=1).T.astype(numpy.float64)
