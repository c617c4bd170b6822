"""Sound from strangers, inside the limited process (see `probe_child.py`); imports nothing of ours.

The kind of file is told by its first bytes, and the demuxer for it is named, so that nothing is guessed. Playlists and
lists of other files are among none of them. The demuxer reads from a file that is open already; whatever else it asks
for is refused, so no address and no other path is ever opened.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

SECONDS_LIMIT = 60.0
PADDING = 0.15
"""Seconds that coders add at both ends."""
SHORTEST = 0.1
RATES = (8_000, 192_000)
CODECS = frozenset(
    {
        "opus",
        "libopus",
        "vorbis",
        "flac",
        "alac",
        "aac",
        "mp3",
        "mp3float",
        "pcm_u8",
        "pcm_s16le",
        "pcm_s16be",
    }
    | {"pcm_s24le", "pcm_s32le", "pcm_f32le", "pcm_f64le", "pcm_alaw", "pcm_mulaw"}
)
DAMAGED_SHARE = 0.1
"""Of the packets may be unreadable; a recording whose end is missing is still one."""
_TERMS = "http://cv.iptc.org/newscodes/digitalsourcetype/"
MADE_BY_MACHINES = (f"{_TERMS}trainedAlgorithmicMedia", f"{_TERMS}algorithmicMedia")
RECIPE_LIMIT = 200_000
"""Characters of a recipe that are read."""
SEED_LIMIT = 2**32
_JOB = re.compile(r"[0-9a-f]{10}")


class Fault(Exception):
    """What is wrong with the file; its text is the code."""


def decode(source: str, target: str) -> dict[str, Any]:
    """Write the samples of the first audio stream to `target`: float32, channels interleaved, 1 or 2 of them.

    Facts: rate (Hz), channels, frames, format, tags (see `own_tags`).
    Faults: audio_kind, audio_broken, audio_long, audio_empty.
    """
    try:
        with Path(source).open("rb") as file:
            return _decode(file, target)
    except Fault as fault:
        return {"fault": str(fault)}


def format_of(head: bytes) -> str | None:
    """The demuxer for a file that begins with `head`; None: none of those that are taken."""
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        return "wav"
    if head[4:8] == b"ftyp":
        return "mp4"
    for magic, name in ((b"fLaC", "flac"), (b"OggS", "ogg"), (b"\x1aE\xdf\xa3", "webm"), (b"ID3", "mp3")):
        if head.startswith(magic):
            return name
    # the eleven bits of a frame's beginning, and layer III
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2:
        return "mp3"
    return None


def _decode(file: Any, target: str) -> dict[str, Any]:
    import av

    head = file.read(16)
    name = format_of(head)
    if not head:
        raise Fault("audio_empty")
    if name is None:
        raise Fault("audio_kind")
    file.seek(0)
    options = {"codec_whitelist": ",".join(sorted(CODECS)), "protocol_whitelist": "none", "enable_drefs": "0"}
    if name != "mp4":
        del options["enable_drefs"]
    try:
        with av.open(
            file, "r", format=name, options=options, io_open=_refused, metadata_errors="replace"
        ) as box:
            return {**_written(box, target), "format": name, "tags": own_tags(box)}
    except av.error.FFmpegError:
        raise Fault("audio_broken") from None


def own_tags(box: Any) -> dict[str, Any]:
    """What the file says of itself in the tags that `marking.sound_tags` writes; anybody may have written them.

    machine: whether a trained model, or a program of rules, is named as its source; job and seed of its recipe, None
    where there is none.
    """
    said: dict[str, str] = {}
    for tags in (box.metadata, *(stream.metadata for stream in box.streams.audio[:1])):
        said.update({str(name).casefold(): str(value) for name, value in tags.items()})
    recipe = _recipe(said.get("klassenatelier", ""))
    job, seed = recipe.get("job"), recipe.get("seed")
    is_seed = isinstance(seed, int) and not isinstance(seed, bool) and 0 <= seed < SEED_LIMIT
    return {
        "machine": said.get("digitalsourcetype", "").strip() in MADE_BY_MACHINES,
        "job": job if isinstance(job, str) and _JOB.fullmatch(job) else None,
        "seed": seed if is_seed else None,
    }


def _recipe(text: str) -> Mapping[str, Any]:
    try:
        recipe = json.loads(text) if 0 < len(text) <= RECIPE_LIMIT else None
    except (ValueError, RecursionError):
        return {}
    return recipe if isinstance(recipe, dict) else {}


def _refused(*_: Any) -> Any:
    raise OSError("no other file belongs to this one")


def _written(box: Any, target: str) -> dict[str, Any]:
    stream = next(iter(box.streams.audio), None)
    if stream is None:
        raise Fault("audio_empty")
    if stream.codec_context is None or stream.codec_context.name not in CODECS:
        raise Fault("audio_kind")
    stream.codec_context.thread_count = 1
    rate = channels = frames = 0
    with Path(target).open("wb") as out:
        for frame in _frames(box, stream):
            if not frames:
                rate, channels = _checked(frame)
            elif (frame.sample_rate, frame.layout.nb_channels) != (rate, channels):
                raise Fault("audio_broken")
            frames += frame.samples
            if frames > (SECONDS_LIMIT + PADDING) * rate:
                raise Fault("audio_long")
            out.write(_samples(frame, channels))
    if frames < SHORTEST * rate or not frames:
        raise Fault("audio_empty")
    return {"rate": rate, "channels": min(channels, 2) if channels < 3 else 1, "frames": frames}


def _checked(frame: Any) -> tuple[int, int]:
    rate, channels = frame.sample_rate, frame.layout.nb_channels
    if not RATES[0] <= rate <= RATES[1] or channels < 1:
        raise Fault("audio_kind")
    return rate, channels


def _frames(box: Any, stream: Any) -> Any:
    """The decoded frames that hold samples; damaged packets are left out while they are few."""
    import av

    good = damaged = 0
    for packet in box.demux(stream):
        try:
            frames = packet.decode()
        except av.error.FFmpegError:
            damaged += 1
            continue
        good += 1
        yield from (frame for frame in frames if frame.samples)
    if damaged > max(3, DAMAGED_SHARE * good):
        raise Fault("audio_broken")


def _samples(frame: Any, channels: int) -> bytes:
    """float32, interleaved; more than two channels become one."""
    import numpy

    values = frame.to_ndarray()
    scale = {"u1": 128.0, "i2": 32768.0, "i4": 2147483648.0}.get(values.dtype.str[1:], 1.0)
    with numpy.errstate(all="ignore"):  # what is no number is found by whoever reads this
        values = values.astype(numpy.float64) / scale - (1.0 if values.dtype.str[1:] == "u1" else 0.0)
        values = values.T if frame.format.is_planar else values.reshape(-1, channels)
        if channels > 2:
            values = values.mean(axis=1, keepdims=True)
        content: bytes = numpy.ascontiguousarray(values, dtype=numpy.float32).tobytes()
    return content
