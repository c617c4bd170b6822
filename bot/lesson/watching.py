"""What a posted video holds: decoded by a program of its own, in the media family's environment."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_WATCH: Final = """
import json, sys
import av

def watched(path):
    with av.open(path) as opened:
        stream = opened.streams.video[0]
        pictures = [frame.to_ndarray(format="gray") for frame in opened.decode(stream)]
        size = [stream.width, stream.height]
        sound = bool(opened.streams.audio)
        fps = float(stream.average_rate)
    changes = [
        float(abs(one.astype("int16") - other.astype("int16")).mean())
        for one, other in zip(pictures, pictures[1:])
    ]
    darkest = min(int(one.max()) for one in pictures)
    return {"frames": len(pictures), "fps": fps, "size": size, "sound": sound, "darkest": darkest,
            "change": max(changes, default=0.0)}

print(json.dumps(watched(sys.argv[1])))
"""
_BLACK: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """`darkest`: the brightest pixel of the darkest frame; `change`: the largest mean difference of two frames that
    follow one another, both of 255."""

    frames: int
    fps: float
    size: tuple[int, int]
    sound: bool
    darkest: int
    change: float

    @property
    def seconds(self) -> float:
        return self.frames / self.fps

    @property
    def has_black(self) -> bool:
        return self.darkest < _BLACK


async def watch(python: Path, file: Path) -> Watched:
    """Decode every frame. Raises LookupError. `python` is the media family's."""
    process = await asyncio.create_subprocess_exec(
        python,
        "-I",
        "-c",
        _WATCH,
        str(file),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    answer, complaints = await process.communicate()
    if process.returncode != 0:
        raise LookupError(complaints.decode(errors="replace").strip().rpartition("\n")[2])
    told = json.loads(answer)
    return Watched(**{**told, "size": tuple(told["size"])})
