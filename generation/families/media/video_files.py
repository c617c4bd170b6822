"""Video files of ours: mp4 with h264 (yuv420p) and aac, written, and decoded again frame by frame.

Times are whole ticks of 1/90000 s. Frames need not stand equally long: a picture that stands is a few frames a second.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any
from uuid import UUID

import av
import numpy
from PIL import Image

from generation.families.media.loudness import Samples
from generation.families.media.sound_files import RATE
from generation.families.media.subtitles import Cue
from generation.worker.api import TaskFailed

TICKS = 90_000
FRAMES_LIMIT = 1200
PIXEL_LIMIT = 2048 * 2048
_BT709, _MPEG_RANGE = 1, 1
_THREADS = 2
"""Of the coder: another number makes other bytes."""
_KEY_SECONDS = 2
_XMP_BOX = UUID("be7acfcb-97a9-42e8-9c71-999491e3afac").bytes
_SUBTITLE_TICKS = 1000
_SUBTITLE_STYLE = b"""[Script Info]
ScriptType: v4.00+
[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, \
Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, \
MarginV, Encoding
Style: Default,Sans,18,&Hffffff,&Hffffff,&H0,&H0,0,0,0,0,100,100,0,0,3,1,0,2,10,10,10,0
[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
"""
Shown = tuple[Image.Image, int]
"""A picture (RGB) and the ticks for which it stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reel:
    """What becomes a file. `frames` can be called again and gives `count` pictures of one size, `ticks` long in all."""

    frames: Callable[[], Iterator[Shown]]
    count: int
    ticks: int
    fps: Fraction
    size: tuple[int, int]
    sound: Samples | None
    cues: tuple[Cue, ...]
    tags: Mapping[str, str]
    packet: str

    @property
    def seconds(self) -> float:
        return self.ticks / TICKS


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """`factor`: x264's constant rate factor, six more halve the bytes. `size` is even. `sound_rate`: bits a second."""

    factor: int
    size: tuple[int, int]
    sound_rate: int


def even(size: tuple[float, float]) -> tuple[int, int]:
    """As h264 wants it, and nothing below 16 pixels."""
    width, height = (max(16, int(side) // 2 * 2) for side in size)
    return width, height


def write(path: Path, reel: Reel, quality: Quality, step: Callable[[int], None]) -> int:
    """Bytes of the file. The same reel and quality make the same bytes. `step(n)` follows on the n-th frame."""
    options = {"movflags": "+faststart", "fflags": "+bitexact"}
    with av.open(str(path), "w", format="mp4", options=options) as file:
        file.metadata.update(reel.tags)
        picture = _picture_stream(file, reel, quality)
        sound = None if reel.sound is None else _Sound(file, reel.sound, quality.sound_rate)
        words = _subtitle_stream(file) if reel.cues else None
        file.start_encoding()
        if words is not None:
            _write_cues(file, words, reel.cues)
        at = 0
        for number, (image, ticks) in enumerate(reel.frames(), 1):
            file.mux(picture.encode(_frame(image, quality.size, at, ticks)))
            at += ticks
            if sound is not None:
                sound.write(at / TICKS)
            step(number)
        file.mux(picture.encode(None))
        if sound is not None:
            sound.end()
    with path.open("ab") as whole:
        packet = reel.packet.encode()
        whole.write(struct.pack(">I4s", 24 + len(packet), b"uuid") + _XMP_BOX + packet)
    return path.stat().st_size


def _picture_stream(file: Any, reel: Reel, quality: Quality) -> Any:
    key_frames = max(1, round(_KEY_SECONDS * reel.fps))
    # no frames that depend on later ones: each then stands in the file for as long as it is seen
    options = {
        "crf": str(quality.factor),
        "preset": "medium",
        "profile": "high",
        "g": str(key_frames),
        "bf": "0",
    }
    stream = file.add_stream("libx264", rate=reel.fps, options=options)
    stream.width, stream.height = quality.size
    stream.pix_fmt = "yuv420p"
    coder = stream.codec_context
    coder.time_base = Fraction(1, TICKS)
    coder.thread_count = _THREADS
    coder.flags |= av.codec.context.Flags.frame_duration
    coder.colorspace = coder.color_primaries = coder.color_trc = _BT709
    coder.color_range = _MPEG_RANGE
    return stream


def _frame(image: Image.Image, size: tuple[int, int], at: int, ticks: int) -> Any:
    if image.size != size:
        larger = size[0] > image.width
        image = image.resize(size, Image.Resampling.BICUBIC if larger else Image.Resampling.LANCZOS)
    frame = av.VideoFrame.from_ndarray(numpy.asarray(image), "rgb24").reformat(
        format="yuv420p", dst_colorspace=_BT709, dst_color_range=_MPEG_RANGE
    )
    frame.pts, frame.duration, frame.time_base = at, ticks, Fraction(1, TICKS)
    return frame


class _Sound:
    """Goes into the file beside the pictures, so that a player finds both near each other."""

    _BLOCK = 4096

    def __init__(self, file: Any, samples: Samples, rate: int) -> None:
        self._file = file
        self._layout = "mono" if samples.shape[1] == 1 else "stereo"
        self._values = numpy.ascontiguousarray(samples.T, dtype=numpy.float32)
        self._at = 0
        self._stream = file.add_stream("aac", rate=RATE, layout=self._layout)
        self._stream.bit_rate = rate

    def write(self, until: float) -> None:
        """All blocks that begin before `until` seconds."""
        while self._at < min(until * RATE, self._values.shape[1]):
            part = numpy.ascontiguousarray(self._values[:, self._at : self._at + self._BLOCK])
            frame = av.AudioFrame.from_ndarray(part, format="fltp", layout=self._layout)
            frame.sample_rate, frame.pts = RATE, self._at
            self._file.mux(self._stream.encode(frame))
            self._at += part.shape[1]

    def end(self) -> None:
        self.write(self._values.shape[1] / RATE)
        self._file.mux(self._stream.encode(None))


def write_sound(path: Path, samples: Samples, rate: int) -> None:
    """The sound alone, to hear what the coder makes of it."""
    with av.open(str(path), "w", format="mp4", options={"fflags": "+bitexact"}) as file:
        _Sound(file, samples, rate).end()


def _subtitle_stream(file: Any) -> Any:
    stream = file.add_stream("mov_text")
    stream.codec_context.subtitle_header = _SUBTITLE_STYLE
    stream.codec_context.time_base = stream.time_base = Fraction(1, _SUBTITLE_TICKS)
    return stream


def _write_cues(file: Any, stream: Any, cues: tuple[Cue, ...]) -> None:
    """Written as they are: the coder would take braces for commands."""
    for cue in cues:
        text = "\n".join(cue.lines).encode()
        packet = av.Packet(struct.pack(">H", len(text)) + text)
        start, end = (round(second * _SUBTITLE_TICKS) for second in (cue.start, cue.end))
        packet.pts = packet.dts = start
        packet.duration, packet.time_base, packet.stream = end - start, Fraction(1, _SUBTITLE_TICKS), stream
        file.mux(packet)


def read(path: Path) -> Iterator[Shown]:
    """Every frame that is in the file, in the order in which they are seen.

    Raises TaskFailed worker_failed for a file that `write` would not write, that is damaged, or that has other
    frames than it says.
    """
    try:
        with _opened(path) as file:
            stream = file.streams.video[0]
            count = 0
            for frame in file.decode(stream):
                count += 1
                if frame.is_corrupt or (frame.width, frame.height) != (stream.width, stream.height):
                    raise TaskFailed("worker_failed", "a damaged frame")
                yield frame.to_image(), round((frame.duration or 0) * frame.time_base * TICKS)
            if count != stream.frames:
                raise TaskFailed("worker_failed", "frames are missing")
    except (OSError, ValueError, LookupError) as error:
        raise TaskFailed("worker_failed", f"unreadable: {type(error).__name__}") from None


def durations(path: Path) -> tuple[tuple[int, int], list[int]]:
    """(width, height) and the ticks of each frame, without decoding. Raises TaskFailed worker_failed."""
    try:
        with _opened(path) as file:
            stream = file.streams.video[0]
            packets = sorted((one for one in file.demux(stream) if one.size), key=lambda one: one.pts)
            lengths = [round((one.duration or 0) * one.time_base * TICKS) for one in packets]
            if len(lengths) != stream.frames or min(lengths) <= 0:
                raise TaskFailed("worker_failed", "frames without a length")
            return (stream.width, stream.height), lengths
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise TaskFailed("worker_failed", f"unreadable: {type(error).__name__}") from None


def has_sound(path: Path) -> bool:
    with _opened(path) as file:
        return bool(file.streams.audio)


def _opened(path: Path) -> Any:
    """Edit lists are not applied: a frame that they hide is a frame in the file."""
    options = {"ignore_editlist": "1", "err_detect": "explode"}
    file = av.open(str(path), "r", format="mp4", options=options)
    if not _is_ours(file):
        file.close()
        raise TaskFailed("worker_failed", "not a video of ours")
    return file


def _is_ours(file: Any) -> bool:
    """One picture stream, and beside it at most one of sound and one of subtitles."""
    kinds = sorted(stream.type for stream in file.streams)
    if (
        kinds.count("video") != 1
        or len(set(kinds)) != len(kinds)
        or not set(kinds) <= {"audio", "subtitle", "video"}
    ):
        return False
    picture = file.streams.video[0]
    fits = 0 < picture.width * picture.height <= PIXEL_LIMIT and 0 < picture.frames <= FRAMES_LIMIT
    return fits and picture.codec_context.name == "h264" and picture.pix_fmt == "yuv420p"
