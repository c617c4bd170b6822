"""Makes sound files and looks into them, in the media family's environment, with PyAV alone: nothing of ours is used.

`audio_files.py make FOLDER HOURS` writes one honest file of each kind, and some that are none;
`audio_files.py encode WAV FILE…` writes what a recording says in the kinds that browsers and telephones record in;
`audio_files.py look FILE…` prints one JSON line: rate, channels, seconds, peak, pitch (the strongest, Hz), tags.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import av
import numpy

PITCH = 440
SECONDS = 2.0
KINDS: dict[str, tuple[str, str, int, int]] = {
    "tone.wav": ("wav", "pcm_s16le", 44_100, 2),
    "mono.wav": ("wav", "pcm_s16le", 16_000, 1),
    "u8.wav": ("wav", "pcm_u8", 22_050, 1),
    "s24.wav": ("wav", "pcm_s24le", 48_000, 2),
    "float.wav": ("wav", "pcm_f32le", 44_100, 1),
    "six.wav": ("wav", "pcm_s16le", 48_000, 6),
    "high.wav": ("wav", "pcm_s32le", 192_000, 1),
    "tone.flac": ("flac", "flac", 44_100, 2),
    "opus.ogg": ("ogg", "libopus", 48_000, 2),
    "vorbis.ogg": ("ogg", "vorbis", 44_100, 2),
    "flac.ogg": ("ogg", "flac", 44_100, 1),
    "tone.mp3": ("mp3", "libmp3lame", 44_100, 2),
    "tone.m4a": ("mp4", "aac", 44_100, 1),
    "lossless.m4a": ("mp4", "alac", 44_100, 1),
    "tone.webm": ("webm", "libopus", 48_000, 1),
}
LAYOUTS = {1: "mono", 2: "stereo", 6: "5.1"}


def tone(rate: int, channels: int, seconds: float = SECONDS, strength: float = 0.3) -> Any:
    time = numpy.arange(round(seconds * rate)) / rate
    wave = strength * numpy.sin(2 * numpy.pi * PITCH * time)
    return numpy.stack([wave] * channels).astype(numpy.float32)


def write(path: Path, box: str, coder: str, rate: int, samples: Any, *, video: bool = False) -> None:
    layout = LAYOUTS[len(samples)]
    with av.open(str(path), "w", format=box) as file:
        file.metadata["title"] = "where I live"
        stream = file.add_stream(coder, rate=rate, layout=layout, options={"strict": "experimental"})
        picture = file.add_stream("mpeg4", rate=5, width=64, height=64, pix_fmt="yuv420p") if video else None
        for number in range(5 if picture else 0):
            frame = av.VideoFrame.from_ndarray(numpy.full((96, 64), 40 * number, numpy.uint8), "yuv420p")
            frame.pts = number
            file.mux(picture.encode(frame))
        if picture:
            file.mux(picture.encode(None))
        for start in range(0, samples.shape[1], 4096):
            part = numpy.ascontiguousarray(samples[:, start : start + 4096])
            frame = av.AudioFrame.from_ndarray(part, format="fltp", layout=layout)
            frame.sample_rate, frame.pts = rate, start
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))


def make(folder: Path, hours: int) -> None:
    for name, (box, coder, rate, channels) in KINDS.items():
        write(folder / name, box, coder, rate, tone(rate, channels))
    write(folder / "film.mp4", "mp4", "aac", 44_100, tone(44_100, 2), video=True)
    write(folder / "quiet.wav", "wav", "pcm_f32le", 44_100, tone(44_100, 1, strength=0.01))
    write(folder / "silent.flac", "flac", "flac", 44_100, tone(44_100, 1, strength=0))
    write(folder / "minute.mp3", "mp3", "libmp3lame", 16_000, tone(16_000, 1, 60))
    write(folder / "long.m4a", "mp4", "aac", 16_000, tone(16_000, 1, 63))
    for name, value in (("nan.wav", numpy.nan), ("inf.wav", numpy.inf), ("huge.wav", 1e30)):
        samples = tone(44_100, 1)
        samples[0, 5000:5003] = value
        write(folder / name, "wav", "pcm_f32le", 44_100, samples)
    _silent_hours(folder / "hours.flac", hours)
    _film_alone(folder / "mute.mp4")


def _silent_hours(path: Path, hours: int) -> None:
    rate = 8000
    with av.open(str(path), "w", format="flac") as file:
        stream = file.add_stream("flac", rate=rate, layout="mono", options={"compression_level": "0"})
        silence = numpy.zeros((1, rate * 60), numpy.int16)
        for minute in range(60 * hours):
            frame = av.AudioFrame.from_ndarray(silence, format="s16", layout="mono")
            frame.sample_rate, frame.pts = rate, minute * rate * 60
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))


def _film_alone(path: Path) -> None:
    with av.open(str(path), "w", format="mp4") as file:
        picture = file.add_stream("mpeg4", rate=5, width=64, height=64, pix_fmt="yuv420p")
        frame = av.VideoFrame.from_ndarray(numpy.full((96, 64), 40, numpy.uint8), "yuv420p")
        file.mux(picture.encode(frame))
        file.mux(picture.encode(None))


RECORDED = {
    ".webm": "tone.webm",
    ".m4a": "tone.m4a",
    ".ogg": "opus.ogg",
    ".wav": "tone.wav",
    ".mp3": "tone.mp3",
}


def encode(wav: Path, paths: list[Path]) -> None:
    for path in paths:
        box, coder, rate, channels = KINDS[RECORDED[path.suffix]]
        with av.open(str(wav)) as file:
            resampler = av.AudioResampler(format="fltp", layout=LAYOUTS[channels], rate=rate)
            frames = [*file.decode(audio=0), None]
            parts = [one.to_ndarray() for frame in frames for one in resampler.resample(frame)]
        write(path, box, coder, rate, numpy.concatenate(parts, axis=1))


def look(path: Path) -> dict[str, Any]:
    with av.open(str(path)) as file:
        tags = {**file.metadata, **file.streams.audio[0].metadata}
        resampler = av.AudioResampler(format="fltp")
        parts = [one.to_ndarray() for frame in file.decode(audio=0) for one in resampler.resample(frame)]
        rate = file.streams.audio[0].rate
    samples = numpy.concatenate(parts, axis=1)
    spectrum = numpy.abs(numpy.fft.rfft(samples.mean(axis=0)))
    return {
        "rate": rate,
        "channels": len(samples),
        "seconds": samples.shape[1] / rate,
        "peak": float(numpy.abs(samples).max()),
        "pitch": float(numpy.argmax(spectrum)) * rate / samples.shape[1],
        "tags": tags,
    }


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make(Path(sys.argv[2]), int(sys.argv[3]))
    elif sys.argv[1] == "encode":
        encode(Path(sys.argv[2]), [Path(name) for name in sys.argv[3:]])
    else:
        print(json.dumps([look(Path(name)) for name in sys.argv[2:]]))
