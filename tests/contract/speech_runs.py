"""Short speeches through a supervisor and a real worker, with small tortoises in an environment of the tests' own.

That environment is the family's, seen through a second one that holds nothing but `reduced_tortoise.py`.
"""

from __future__ import annotations

import asyncio
import atexit
import dataclasses
import functools
import itertools
import math
import os
import shutil
import struct
import subprocess
import tempfile
import time
import wave
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from generation import voice_token
from generation.catalog import ModelInfo
from generation.environments import Environments
from generation.supervisor import Outcome, Progress, Request, Supervisor
from generation.voice_token import KEY_VARIABLE, Claim

TEXT = "The fox sleeps under the tree."
_NUMBERS = itertools.count(1)
_HERE = Path(__file__).parent


class ReducedEnvironments(Environments):
    """As they are, but for the speech family with small models."""

    async def ensure(self, family: str) -> Path:
        python = await super().ensure(family)
        return await asyncio.to_thread(reduced, python) if family == "speech" else python


@functools.cache
def reduced(python: Path) -> Path:
    """The interpreter of an environment that shows the packages of `python`'s and makes tortoise's models small."""
    folder = _private_folder()
    subprocess.run([python, "-m", "venv", "--without-pip", folder], check=True)
    ask = "import sysconfig; print(sysconfig.get_path('purelib'))"
    found = [
        subprocess.run([one, "-c", ask], check=True, capture_output=True, text=True).stdout.strip()
        for one in (python, folder / "bin" / "python")
    ]
    packages, own = found[0], Path(found[1])
    shutil.copyfile(_HERE / "reduced_tortoise.py", own / "reduced_tortoise.py")
    (own / "zz_reduced.pth").write_text(f"{packages}\nimport reduced_tortoise\n")
    return folder / "bin" / "python"


@functools.cache
def written(python: Path) -> Path:
    """The folders of `speech_files.py`, written by the interpreter `python`."""
    folder = _private_folder()
    _write(python, folder)
    return folder


def write_brief(python: Path, folder: Path) -> None:
    """Make `folder` a tortoise whose sentences all end after two seconds; `python` as for `written`."""
    _write(python, folder, "brief")


def _write(python: Path, *words: Path | str) -> None:
    script = [python, "-W", "ignore", _HERE / "speech_files.py", *words]
    made = subprocess.run(script, check=False, capture_output=True, text=True)
    assert made.returncode == 0, made.stderr[-4000:]


def written_in(environments: Environments) -> Path:
    """The same from outside any event loop."""
    with ThreadPoolExecutor(1) as pool:
        return written(
            reduced(pool.submit(asyncio.run, Environments.ensure(environments, "speech")).result())
        )


def packages(runs: SpeechRuns) -> Path:
    """Where the family's own environment keeps its packages."""
    python = runs.environments.python("speech")
    return next(python.parents[1].glob("lib/python*/site-packages"))


def _private_folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="speech-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def model_at(path: Path, **options: Any) -> ModelInfo:
    """The id is as special as its options; pieces of at most 40 tokens, 1.9 seconds, unless told otherwise."""
    chosen = {"max_mel_tokens": 40, **options}
    told = "".join(f"-{key}{value}" for key, value in sorted(options.items()))
    return ModelInfo(
        id=f"speech-{path.name}{told}",
        family="speech",
        medium="speech",
        title="Made for a test",
        path=path,
        licence="none",
        languages=("en",),
        memory_mb=0,
        data_sentence={},
        options=chosen,
    )


@dataclasses.dataclass(frozen=True)
class Voice:
    """A voice as the worker gets it."""

    id: str
    clips: Mapping[str, Sequence[str]]

    @property
    def samples(self) -> frozenset[str]:
        paths = [path for some in self.clips.values() for path in some]
        return frozenset(voice_token.hash_sample(Path(path).read_bytes()) for path in paths)

    def plain(self, token: object) -> dict[str, Any]:
        clips = {mood: list(some) for mood, some in self.clips.items()}
        return {"id": self.id, "clips": clips, "token": token}


def token(
    job: str, voice: Voice, model: str, *, key: str | None = None, ago: float = 0.0, **changes: Any
) -> str:
    """What the bot would hand out for this job, for ten minutes; `ago`: made so many seconds ago."""
    now = time.time() - ago
    claim = Claim(job=job, voice=voice.id, samples=voice.samples, model=model, until=now + 600)
    return voice_token.make_token(
        dataclasses.replace(claim, **changes), key or os.environ[KEY_VARIABLE], now=now
    )


@dataclasses.dataclass(frozen=True)
class SpeechRuns:
    supervisor: Supervisor
    environments: Environments
    models: Path
    folder: Path

    def voice(self, id: str | None = None, **pitches: float) -> Voice:  # noqa: A002
        """A voice nobody has used yet, that hums: mood = pitch in Hz."""
        name = id or f"voice{next(_NUMBERS)}"
        moods = pitches or {"neutral": 180.0}
        return Voice(
            name, {mood: [hum(self.folder / f"{name}-{mood}.wav", pitch)] for mood, pitch in moods.items()}
        )

    def request(self, kind: str | ModelInfo, voice: Voice, *, seed: int = 7, **params: Any) -> Request:
        """One that is allowed."""
        number = next(_NUMBERS)
        model = model_at(self.models / kind) if isinstance(kind, str) else kind
        job = f"speech{number}"
        return Request(
            family="speech",
            task="speech",
            params={
                "text": TEXT,
                "emotion": "neutral",
                "quality": "ultra_fast",
                "voice": voice.plain(token(job, voice, model.id)),
                **params,
            },
            model=model,
            seed=seed,
            job=job,
            attempt=1,
            out=self.folder / f"out{number}",
        )

    async def say(
        self,
        kind: str | ModelInfo,
        voice: Voice,
        *,
        on_progress: Callable[[Progress], None] | None = None,
        **params: Any,
    ) -> Outcome:
        return await self.supervisor.run(self.request(kind, voice, **params), on_progress)

    async def forget(self, voice: object) -> Any:
        number = next(_NUMBERS)
        request = Request(
            family="speech", task="forget", params={"voice": voice}, job=f"forget{number}", attempt=1,
            out=self.folder / f"out{number}",
        )  # fmt: skip
        return (await self.supervisor.run(request)).facts["forgotten"]


def hum(file: Path, pitch: float, *, seconds: float = 1.0, rate: int = 22_050, channels: int = 1) -> str:
    """A clean clip, as the bot keeps them; its full path."""
    with wave.open(str(file), "wb") as opened:
        opened.setnchannels(channels)
        opened.setsampwidth(2)
        opened.setframerate(rate)
        for time_ in range(int(seconds * rate)):
            level = int(12_000 * math.sin(2 * math.pi * pitch * time_ / rate))
            opened.writeframesraw(struct.pack("<h", level) * channels)
    return str(file)


def speech(outcome: Outcome) -> bytes:
    return (outcome.out / "1.wav").read_bytes()
