"""Ways in which a check fails, and what the pipeline makes of each: shared by the tests and the counts.

Every fault that concerns one picture concerns the one at `victim`; the others are judged properly.
"""

import asyncio
import math
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from moderation.audio_check import Bounds
from moderation.guard_check import read_judgement
from moderation.pipeline import ImageScore, Pipeline
from moderation.verdict import Verdict

TIMEOUT_S = 0.05
PICTURES = 4
Faulty = Callable[[Sequence[Path], int], Awaitable[Any]]


def allow_text(text: str) -> Verdict:
    del text
    return Verdict.allow("words")


async def allow_images(files: Sequence[Path]) -> list[ImageScore]:
    return [ImageScore(file, flagged=False, scores=(0.1, 0.2)) for file in files]


def pictures(folder: Path, count: int = PICTURES) -> list[Path]:
    files = [folder / f"{number}.png" for number in range(count)]
    for number, file in enumerate(files):
        file.write_bytes(b"picture %d" % number)
    return files


def answering(change: Callable[[list[Any], int], Any]) -> Faulty:
    async def check(files: Sequence[Path], victim: int) -> Any:
        return change(list(await allow_images(files)), victim)

    return check


def scoring(**changes: Any) -> Faulty:
    def change(scores: list[Any], victim: int) -> list[Any]:
        scores[victim] = replace(scores[victim], **changes)
        return scores

    return answering(change)


def putting(thing: Any) -> Faulty:
    def change(scores: list[Any], victim: int) -> list[Any]:
        scores[victim] = thing
        return scores

    return answering(change)


def touching(act: Callable[[Path], object]) -> Faulty:
    async def check(files: Sequence[Path], victim: int) -> Any:
        act(files[victim])
        return await allow_images(files)

    return check


def raising(error: BaseException) -> Faulty:
    async def check(files: Sequence[Path], victim: int) -> Any:
        raise error

    return check


async def _hang(files: Sequence[Path], victim: int) -> None:
    await asyncio.sleep(60)


async def _hang_on(files: Sequence[Path], victim: int) -> list[ImageScore]:
    """Swallows its cancellation and says yes too late."""
    with suppress(asyncio.CancelledError):
        await asyncio.sleep(60)
    await asyncio.sleep(TIMEOUT_S)
    return await allow_images(files)


async def _killed(files: Sequence[Path], victim: int) -> list[ImageScore]:
    """A real process that is killed before it answers: the stream ends, and with it the list of scores."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-S", "-c", "import time; time.sleep(60)", stdout=asyncio.subprocess.PIPE
    )
    process.kill()
    answer, _ = await process.communicate()
    return [ImageScore(file, flagged=False, scores=(0.1,)) for file, _ in zip(files, answer, strict=False)]


def _link(file: Path) -> None:
    twin = file.with_suffix(".twin")
    twin.write_bytes(file.read_bytes())
    file.unlink()
    file.symlink_to(twin)


def _swapped_order(scores: list[Any], victim: int) -> list[Any]:
    return [*scores[1:], scores[0]]


def _other_picture_twice(scores: list[Any], victim: int) -> list[Any]:
    scores[victim] = scores[victim - 1]
    return scores


FAULTS: dict[str, Faulty] = {
    "raises": raising(RuntimeError("a prompt that must not be logged")),
    "raises OSError": raising(OSError()),
    "out of memory": raising(MemoryError()),
    "stream ended": raising(EOFError()),
    "times out itself": raising(TimeoutError()),
    "cancelled": raising(asyncio.CancelledError()),
    "hangs": _hang,
    "hangs on": _hang_on,
    "killed": _killed,
    "None": answering(lambda scores, victim: None),
    "True": answering(lambda scores, victim: True),
    "a dict": answering(lambda scores, victim: {score.file: score for score in scores}),
    "a generator": answering(lambda scores, victim: (score for score in scores)),
    "empty list": answering(lambda scores, victim: []),
    "short list": answering(lambda scores, victim: scores[:-1]),
    "long list": answering(lambda scores, victim: [*scores, scores[0]]),
    "another order": answering(_swapped_order),
    "another picture's": answering(_other_picture_twice),
    "None inside": putting(None),
    "a number inside": putting(0.1),
    "NaN": scoring(scores=(0.1, math.nan)),
    "only NaN": scoring(scores=(math.nan,)),
    "infinite": scoring(scores=(math.inf,)),
    "minus infinite": scoring(scores=(0.1, -math.inf)),
    "no scores": scoring(scores=()),
    "scores None": scoring(scores=None),
    "scores as text": scoring(scores=("0.1",)),
    "scores as list": scoring(scores=[0.1]),
    "flagged None": scoring(flagged=None),
    "flagged 0": scoring(flagged=0),
    "flagged as text": scoring(flagged="no"),
    "wrong file": scoring(file=Path("elsewhere.png")),
    "file as text": scoring(file="0.png"),
    "file changed": touching(lambda file: file.write_bytes(b"something else")),
    "file emptied": touching(lambda file: file.write_bytes(b"")),
    "file gone": touching(lambda file: file.unlink()),
    "file became a link": touching(_link),
}


@dataclass(frozen=True)
class Outcome:
    """What came of one injected fault. `published`: the picture that was hit, or any if all were."""

    published: bool
    left_on_disk: bool
    code: str


async def inject(name: str, folder: Path, victim: int) -> Outcome:
    files = pictures(folder)

    async def check(given: Sequence[Path]) -> Any:
        return await FAULTS[name](given, victim)

    pipeline = Pipeline(
        text_checks=[allow_text], image_check=check, timeout_s=1.0 if name == "killed" else TIMEOUT_S
    )
    decision = await pipeline.approve_images(files)
    shown = decision.approved.value if decision.approved else ()
    return Outcome(
        published=files[victim] in shown,
        left_on_disk=files[victim].exists() or files[victim].is_symlink(),
        code=decision.verdicts[victim].code,
    )


def _raise(text: str) -> Any:
    raise ValueError(text)


def _hang_thread(text: str) -> Verdict:
    time.sleep(TIMEOUT_S * 4)
    return allow_text(text)


async def _asynchronous(text: str) -> Verdict:
    return allow_text(text)


def _exit(text: str) -> Any:
    raise SystemExit(text)


TEXT_FAULTS: dict[str, Callable[[str], Any]] = {
    "raises": _raise,
    "hangs": _hang_thread,
    "ends its thread": _exit,
    "None": lambda text: None,
    "True": lambda text: True,
    "text": lambda text: "allowed",
    "the class": lambda text: Verdict,
    "asynchronous": _asynchronous,
    "a tuple": lambda text: (True, "words"),
}


async def inject_text(name: str, *, before: bool) -> Outcome:
    """The faulty check stands before or after a good one."""
    checks = [TEXT_FAULTS[name], allow_text] if before else [allow_text, TEXT_FAULTS[name]]
    pipeline = Pipeline(text_checks=checks, image_check=allow_images, timeout_s=TIMEOUT_S)
    decision = await pipeline.approve_text("Ein Haus am See")
    return Outcome(decision.approved is not None, left_on_disk=False, code=decision.verdict.code)


GUARD_FACTS: dict[str, Any] = {
    "nothing": {},
    "no categories": {"safe": True},
    "safe as text": {"safe": "safe", "categories": []},
    "safe as number": {"safe": 1, "categories": []},
    "safe None": {"safe": None, "categories": []},
    "safe with a hazard": {"safe": True, "categories": ["S1"]},
    "categories None": {"safe": True, "categories": None},
    "categories as tuple": {"safe": True, "categories": ()},
    "categories as text": {"safe": False, "categories": "S1"},
    "a number as category": {"safe": False, "categories": [1]},
    "facts None": None,
    "unsafe": {"safe": False, "categories": ["S1"]},
    "unsafe without a category": {"safe": False, "categories": []},
    "unsafe, unknown category": {"safe": False, "categories": ["S99"]},
}


async def _never(turns: object) -> Verdict:
    await asyncio.sleep(60)
    return Verdict.allow("guard")


async def _raises(turns: object) -> Verdict:
    raise RuntimeError("a prompt that must not be logged")


async def _none(turns: object) -> None:
    return None


GUARD_FAULTS: dict[str, Callable[[Any], Any]] = {
    "hangs": _never,
    "raises": _raises,
    "answers None": _none,
    "is not asynchronous": lambda turns: Verdict.allow("guard"),
    "raises before it begins": lambda turns: 1 / 0,
}


def _saying(facts: Any) -> Callable[[Any], Any]:
    async def check(turns: object) -> Verdict:
        return read_judgement(facts)

    return check


GUARD_FAULTS |= {name: _saying(facts) for name, facts in GUARD_FACTS.items()}


async def inject_guard(name: str) -> Outcome:
    pipeline = Pipeline(
        text_checks=[allow_text],
        image_check=allow_images,
        dialogue_check=GUARD_FAULTS[name],
        timeout_s=TIMEOUT_S,
    )
    decision = await pipeline.approve_text("Ein Haus am See", prompt="Wo?")
    return Outcome(decision.approved is not None, left_on_disk=False, code=decision.verdict.code)


SOUND: dict[str, Any] = {
    "seconds": 10.0,
    "finite": True,
    "peak": 0.9,
    "rms_db": -18.0,
    "loudness_lufs": -16.0,
    "clipped": 0.0,
    "silent_share": 0.1,
}
"""What a good sound measures."""
BOUNDS = Bounds(9.0, 11.0)
_NUMBERS = ("seconds", "peak", "rms_db", "clipped", "silent_share")

AUDIO_FAULTS: dict[str, Any] = {
    "None": None,
    "True": True,
    "nothing": {},
    "a list": [SOUND],
    "not finite": {**SOUND, "finite": False},
    "finite as text": {**SOUND, "finite": "yes"},
    "finite 1": {**SOUND, "finite": 1},
    "silent": {**SOUND, "peak": 0.0, "rms_db": -120.0, "silent_share": 1.0},
    "hardly heard": {**SOUND, "rms_db": -70.0},
    "a click in silence": {**SOUND, "silent_share": 0.999},
    "clipped": {**SOUND, "clipped": 0.05},
    "too short": {**SOUND, "seconds": 3.0},
    "too long": {**SOUND, "seconds": 36_000.0},
    "a share above one": {**SOUND, "silent_share": 1.5},
    "a share below nothing": {**SOUND, "clipped": -1.0},
    "a negative peak": {**SOUND, "peak": -0.9},
}
for _name in _NUMBERS:
    AUDIO_FAULTS |= {
        f"no {_name}": {name: value for name, value in SOUND.items() if name != _name},
        f"{_name} NaN": {**SOUND, _name: math.nan},
        f"{_name} infinite": {**SOUND, _name: math.inf},
        f"{_name} minus infinite": {**SOUND, _name: -math.inf},
        f"{_name} beyond any number": {**SOUND, _name: 10**400},
        f"{_name} as text": {**SOUND, _name: "0.5"},
        f"{_name} True": {**SOUND, _name: True},
        f"{_name} None": {**SOUND, _name: None},
    }
AUDIO_FILE_FAULTS: dict[str, Callable[[Path], object]] = {
    "file changed": lambda file: file.write_bytes(b"something else"),
    "file emptied": lambda file: file.write_bytes(b""),
    "file gone": lambda file: file.unlink(),
    "file became a link": _link,
}


async def inject_audio(name: str, folder: Path, victim: int) -> Outcome:
    """One of four sounds is measured wrongly, or touched while the texts are judged."""
    files = pictures(folder)
    measured: list[Any] = [SOUND] * len(files)

    def touch(text: str) -> Verdict:
        if name in AUDIO_FILE_FAULTS and files[victim].exists() and not files[victim].is_symlink():
            AUDIO_FILE_FAULTS[name](files[victim])
        return allow_text(text)

    if name in AUDIO_FAULTS:
        measured[victim] = AUDIO_FAULTS[name]
    pipeline = Pipeline(text_checks=[touch], image_check=allow_images)
    decision = await pipeline.approve_audio(files, measured=measured, bounds=BOUNDS, texts=["ein Lied"])
    left = any(file.exists() or file.is_symlink() for file in files)
    return Outcome(decision.approved is not None, left_on_disk=left, code=decision.verdict.code)
