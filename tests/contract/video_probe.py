"""Makes and looks into video files, in the media family's environment, with PyAV alone: nothing of ours is used.

`video_probe.py look FILE HZ…` prints what the file is made of: boxes, streams, tags, every frame, subtitles, how loud
each of the tones is in every tenth of a second. `video_probe.py make FOLDER` writes videos that are none of ours.
"""

from __future__ import annotations

import json
import struct
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy

WINDOW = 0.1


def boxes(data: bytes) -> list[str]:
    found, at = [], 0
    while at < len(data):
        (size,) = struct.unpack(">I", data[at : at + 4])
        found.append(data[at + 4 : at + 8].decode("latin-1"))
        at += size
    return found


def frame_facts(frame: Any) -> dict[str, Any]:
    """When it is seen; its middle's mean colour, that of its upper edge; the height of light letters near its foot in
    pixels; how dark it is there."""
    pixels = frame.to_ndarray(format="rgb24").astype(int)
    height, width = pixels.shape[:2]
    middle = pixels[height * 3 // 8 : height * 5 // 8, width * 3 // 8 : width * 5 // 8]
    foot = pixels[height * 2 // 3 :, width // 20 : width - width // 20]
    light = numpy.flatnonzero((foot.min(axis=2) > 215).mean(axis=1) > 0.01)
    return {
        "start": float(frame.pts * frame.time_base),
        "seconds": float(frame.duration * frame.time_base),
        "middle": [round(float(value)) for value in middle.mean(axis=(0, 1))],
        "edge": [round(float(value)) for value in pixels[: max(1, height // 40)].mean(axis=(0, 1))],
        "letters": int(light[-1] - light[0] + 1) if len(light) else 0,
        "dark": float(numpy.percentile(foot.max(axis=2), 5)),
    }


def levels(samples: Any, rate: int, hertz: float) -> list[float]:
    """dB of one tone in every window."""
    size = round(WINDOW * rate)
    whole = samples.mean(axis=0)[: samples.shape[1] // size * size].reshape(-1, size)
    turn = numpy.exp(-2j * numpy.pi * hertz * numpy.arange(size) / rate)
    strength = 2 * numpy.abs(whole @ turn) / size
    return [round(float(20 * numpy.log10(max(one, 1e-6))), 1) for one in strength]


def look(path: Path, tones: list[float]) -> dict[str, Any]:
    with av.open(str(path), options={"export_xmp": "1"}) as file:
        facts: dict[str, Any] = {
            "boxes": boxes(path.read_bytes()),
            "tags": dict(file.metadata),
            "streams": [stream_facts(stream) for stream in file.streams],
            "frames": [frame_facts(frame) for frame in file.decode(video=0)],
        }
    with av.open(str(path)) as file:
        if file.streams.audio:
            resampler = av.AudioResampler(format="fltp")
            parts = [one.to_ndarray() for frame in file.decode(audio=0) for one in resampler.resample(frame)]
            rate, samples = file.streams.audio[0].rate, numpy.concatenate(parts, axis=1)
            facts["sound"] = {
                "seconds": samples.shape[1] / rate,
                "peak": float(numpy.abs(samples).max()),
                "levels": {f"{hertz:g}": levels(samples, rate, hertz) for hertz in tones},
            }
    with av.open(str(path)) as file:
        for stream in file.streams.subtitles:
            facts["cues"] = [
                [float(one.pts * one.time_base), float((one.pts + one.duration) * one.time_base), text(one)]
                for one in file.demux(stream)
                if one.size > 2
            ]
    return facts


def text(packet: Any) -> str:
    content = bytes(packet)
    return content[2 : 2 + int.from_bytes(content[:2])].decode()


def stream_facts(stream: Any) -> dict[str, Any]:
    facts = {"type": stream.type, "codec": stream.codec_context.name, "frames": stream.frames}
    if stream.type == "video":
        facts |= {"format": stream.pix_fmt, "width": stream.width, "height": stream.height}
        facts |= {"profile": stream.profile, "colours": stream.codec_context.colorspace}
    return facts


def make(folder: Path) -> None:
    """Videos of other coders, with a second picture stream, and with a frame that an edit list hides."""
    _write(folder / "mpeg4.mp4", "mpeg4", "yuv420p")
    _write(folder / "wide.mp4", "libx264", "yuv444p")
    _write(folder / "two.mp4", "libx264", "yuv420p", streams=2)
    _write(folder / "film.mkv", "libx264", "yuv420p", box="matroska")
    _write(folder / "whole.mp4", "libx264", "yuv420p")
    _hide_first(folder / "whole.mp4", folder / "hidden.mp4")


def _write(path: Path, coder: str, pixels: str, *, box: str = "mp4", streams: int = 1) -> None:
    with av.open(str(path), "w", format=box) as file:
        made = [file.add_stream(coder, rate=8, options={"bf": "0"}) for _ in range(streams)]
        for stream in made:
            stream.width, stream.height, stream.pix_fmt = 64, 64, pixels
        for number in range(8):
            for stream in made:
                frame = av.VideoFrame.from_ndarray(numpy.full((64, 64, 3), 90 + number, numpy.uint8), "rgb24")
                frame.pts, frame.time_base = number, Fraction(1, 8)
                file.mux(stream.encode(frame.reformat(format=pixels)))
        for stream in made:
            file.mux(stream.encode(None))


def _hide_first(source: Path, target: Path) -> None:
    """The edit list says that the video begins with its third frame."""
    data = bytearray(source.read_bytes())
    at = data.index(b"elst") + 4 + 4 + 4  # flags, then the number of entries
    scale = int.from_bytes(data[data.index(b"mdhd") + 16 : data.index(b"mdhd") + 20])
    data[at + 4 : at + 8] = (scale // 4).to_bytes(4)
    target.write_bytes(data)


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make(Path(sys.argv[2]))
    else:
        print(json.dumps(look(Path(sys.argv[2]), [float(one) for one in sys.argv[3:]])))
