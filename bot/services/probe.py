"""What a stranger's file is: found out by the media family, in a private folder that is gone afterwards."""

from __future__ import annotations

import asyncio
import itertools
import math
import re
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, Final

from data.uploads import Kind
from generation.errors import InvalidInput, WorkerError, WorkerGarbage, WorkerHung
from generation.job import SEED_LIMIT
from generation.music_params import MELODY_BEATS, MUSIC_SECONDS, NOTES_LIMIT, Note, NotesParams
from generation.ports import Runner
from generation.supervisor import Outcome, Request

TIMEOUT_S: Final = 60.0
TASKS: Final[Mapping[Kind, str]] = {"audio": "probe_audio", "midi": "probe_midi"}
SIZES: Final[Mapping[Kind, int]] = {"audio": 25, "midi": 1}
"""Megabytes of a file as it is sent."""
REASONS: Final[Mapping[str, Mapping[str, int]]] = {
    "audio_kind": {},
    "audio_broken": {},
    "audio_long": {"limit": MUSIC_SECONDS},
    "audio_large": {"limit": SIZES["audio"]},
    "audio_empty": {},
    "audio_silent": {},
    "audio_missing": {},
    "midi_broken": {},
    "midi_empty": {},
    "midi_missing": {},
    "midi_long": {"limit": NOTES_LIMIT, "beats": int(MELODY_BEATS)},
}
"""Why a file is no good, each with a sentence of its own and what is put into it."""
_TOLERANCE_S: Final = 0.1
_JOB: Final = re.compile(r"[0-9a-f]{10}")


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnTags:
    """What a sound says of itself in tags such as ours, which anybody can write or take away.

    `machine`: a trained model is named as its source; `job` and `seed` of the recipe in it.
    """

    machine: bool = False
    job: str | None = None
    seed: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Probed:
    """A sound has a `clean` copy that lies in the private folder, its `seconds` and `tags`, a MIDI file its `notes`."""

    clean: Path | None = None
    seconds: float = 0.0
    tags: OwnTags = field(default_factory=OwnTags)
    notes: tuple[tuple[int, float, float], ...] = ()


class UploadProbe:
    def __init__(self, *, supervisor: Runner, work_dir: Path, timeout_s: float = TIMEOUT_S) -> None:
        self._supervisor = supervisor
        self._work_dir = work_dir
        self._timeout_s = timeout_s
        self._numbers = itertools.count(1)

    @asynccontextmanager
    async def probed(self, kind: Kind, content: bytes) -> AsyncIterator[Probed]:
        """Raises InvalidInput with one of REASONS or upload_broken; WorkerError when it cannot be found out."""
        # In the loop's own thread: a caller cancelled meanwhile would never learn the folder's name.
        folder = Path(mkdtemp(dir=self._work_dir, prefix="upload-"))
        try:
            file = folder / "upload"
            await asyncio.to_thread(file.write_bytes, content)
            outcome = await self._run(kind, file, folder / "out")
            yield _sound(outcome) if kind == "audio" else _melody(outcome)
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    async def _run(self, kind: Kind, file: Path, out: Path) -> Outcome:
        request = Request(
            family="media",
            task=TASKS[kind],
            params={"file": str(file)},
            job=f"upload-{next(self._numbers)}",
            attempt=1,
            out=out,
        )
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._supervisor.run(request)
        except TimeoutError:
            raise WorkerHung from None
        except WorkerError as error:
            if error.code != "invalid_input":
                raise
            reason = str(error.values.get("reason", ""))
            if reason in REASONS:
                raise InvalidInput(reason, **REASONS[reason]) from None
            raise InvalidInput("upload_broken") from None


def _sound(outcome: Outcome) -> Probed:
    seconds = outcome.facts.get("seconds")
    named = [(file.kind, file.name) for file in outcome.files] == [("upload", "clean.wav")]
    if not named or isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise WorkerGarbage
    if not math.isfinite(seconds) or not 0 < seconds <= MUSIC_SECONDS + _TOLERANCE_S:
        raise WorkerGarbage
    return Probed(
        clean=outcome.out / "clean.wav", seconds=float(seconds), tags=_tags(outcome.facts.get("tags"))
    )


def _tags(facts: Any) -> OwnTags:
    """They are a stranger's words: what is not as it must be is not there."""
    said: Mapping[str, Any] = facts if isinstance(facts, Mapping) else {}
    job, seed = said.get("job"), said.get("seed")
    is_seed = isinstance(seed, int) and not isinstance(seed, bool) and 0 <= seed < SEED_LIMIT
    return OwnTags(
        machine=said.get("machine") is True,
        job=job if isinstance(job, str) and _JOB.fullmatch(job) else None,
        seed=seed if is_seed else None,
    )


def _melody(outcome: Outcome) -> Probed:
    try:
        if outcome.files:
            raise WorkerGarbage
        notes = tuple(_note(one) for one in outcome.facts["notes"])
        NotesParams(melody=tuple(Note(*one) for one in notes))
    except (KeyError, TypeError, ValueError, InvalidInput):
        raise WorkerGarbage from None
    return Probed(notes=notes)


def _note(plain: Any) -> tuple[int, float, float]:
    pitch, start, length = plain
    if not isinstance(pitch, int) or isinstance(pitch, bool):
        raise WorkerGarbage
    return pitch, float(start), float(length)
