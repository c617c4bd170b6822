"""Short calls of the music family, through a supervisor and a real worker, with tiny models made for the tests."""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
import json
import math
import struct
import wave
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from generation.catalog import Catalog, ModelInfo
from generation.environments import Environments
from generation.supervisor import Outcome, Progress, Request, Supervisor

RATE = 16_000
_NUMBERS = itertools.count(1)


@dataclasses.dataclass(frozen=True)
class MusicModels:
    """The folders that `music_probe.py` wrote, and what it saw when it ran the family in a process of its own."""

    folder: Path

    @classmethod
    async def make(cls, environments: Environments, folder: Path) -> MusicModels:
        python = await environments.ensure("music")
        script = Path(__file__).with_name("music_probe.py")
        process = await asyncio.create_subprocess_exec(
            python, script, folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        said, _ = await process.communicate()
        assert process.returncode == 0, said.decode()[-4000:]
        return cls(folder)

    @property
    def seen(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / "seen.json").read_text(encoding="utf-8"))
        return found

    def get(self, kind: str, **options: Any) -> ModelInfo:
        """The model of a folder; the id is as special as its options."""
        told = "".join(f"-{key}{value}" for key, value in sorted(options.items()))
        return ModelInfo(
            id=f"music-{kind}{told}",
            family="music",
            medium="sound" if kind == "sound" else "music",
            title="Made for a test",
            path=self.folder / kind,
            licence="none",
            languages=(),
            memory_mb=0,
            data_sentence={},
            options=options,
        )


@dataclasses.dataclass(frozen=True)
class MusicRuns:
    supervisor: Supervisor
    catalog: Catalog
    models: MusicModels
    folder: Path

    async def make(
        self,
        kind: str | ModelInfo,
        *,
        task: str = "music",
        seed: int = 7,
        job: str | None = None,
        on_progress: Callable[[Progress], None] | None = None,
        **params: Any,
    ) -> Outcome:
        """A piece of one second unless told otherwise."""
        number = next(_NUMBERS)
        request = Request(
            family="music",
            task=task,
            params={"prompt": "calm piano", "seconds": 1, **params},
            model=self.models.get(kind) if isinstance(kind, str) else kind,
            seed=seed,
            job=job or f"music{number}",
            attempt=1,
            out=self.folder / f"out{number}",
        )
        return await self.supervisor.run(request, on_progress)


def sound(outcome: Outcome, index: int = 1) -> Path:
    return outcome.out / f"{index}.wav"


def samples(file: Path) -> tuple[int, int, tuple[int, ...]]:
    """Rate, channels, and all samples of a 16 bit WAV file."""
    with wave.open(str(file), "rb") as opened:
        assert opened.getsampwidth() == 2
        frames = opened.readframes(opened.getnframes())
        return opened.getframerate(), opened.getnchannels(), struct.unpack(f"<{len(frames) // 2}h", frames)


def seconds(file: Path) -> float:
    with wave.open(str(file), "rb") as opened:
        return opened.getnframes() / opened.getframerate()


def tune(
    file: Path, pitches: Sequence[float], *, each: float = 0.5, rate: int = 32_000, channels: int = 1
) -> str:
    """A WAV file of plain tones, as the media family hands uploads over; its path as the task wants it."""
    with wave.open(str(file), "wb") as opened:
        opened.setnchannels(channels)
        opened.setsampwidth(2)
        opened.setframerate(rate)
        for pitch in pitches:
            for time in range(int(each * rate)):
                level = int(12_000 * math.sin(2 * math.pi * pitch * time / rate))
                opened.writeframesraw(struct.pack("<h", level) * channels)
    return str(file)
