"""Whether what was posted can be heard: files are decoded by a program of its own, in the media family's environment.

The bot holds no decoder, and what the worker said of a file is no proof of what came.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

SILENT_DB: Final = -50.0
_LISTEN = """
import json, math, sys
import av, mido

def heard(path):
    if path.endswith(".mid"):
        file = mido.MidiFile(path)
        sounding = [one for one in file if one.type == "note_on" and one.velocity]
        return {"seconds": file.length, "notes": len(sounding), "rms_db": None}
    samples, power = 0, 0.0
    resampler = av.AudioResampler(format="flt", layout="mono", rate=48000)
    with av.open(path) as opened:
        for frame in opened.decode(audio=0):
            for part in resampler.resample(frame):
                block = part.to_ndarray().astype("float64")
                samples += block.size
                power += float((block ** 2).sum())
    loud = 10 * math.log10(power / samples) if power else -200.0
    return {"seconds": samples / 48000, "notes": 0, "rms_db": loud}

print(json.dumps([heard(path) for path in sys.argv[1:]]))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What a file holds: its length, and how loud it is (RMS, dB of full scale) or how many notes it has (MIDI)."""

    name: str
    seconds: float
    rms_db: float | None
    notes: int

    @property
    def is_silent(self) -> bool:
        return not self.notes if self.rms_db is None else not self.rms_db > SILENT_DB


async def listen(python: Path, files: Sequence[Path]) -> list[Heard]:
    """Decode the files. Raises LookupError for one that cannot be played. `python` is the media family's."""
    process = await asyncio.create_subprocess_exec(
        python,
        "-I",
        "-c",
        _LISTEN,
        *[str(file) for file in files],
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    answer, complaints = await process.communicate()
    if process.returncode != 0:
        raise LookupError(complaints.decode(errors="replace").strip().rpartition("\n")[2])
    return [Heard(name=file.name, **one) for file, one in zip(files, json.loads(answer), strict=True)]
