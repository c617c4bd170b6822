"""What the bot and a worker say to each other: one JSON object a line, UTF-8, at most 1 MiB with its newline.

| direction     | type      | fields                                                                 |
|---------------|-----------|------------------------------------------------------------------------|
| bot -> worker | start     | job, attempt, task, params, seed, out, model {id, path, options} or null |
| bot -> worker | cancel    | job                                                                    |
| bot -> worker | shutdown  |                                                                        |
| worker -> bot | ready     | family, pid, protocol                                                  |
| worker -> bot | heartbeat |                                                                        |
| worker -> bot | loading   | job, model                                                             |
| worker -> bot | progress  | job, attempt, done, total, stage; total 0: the task has begun          |
| worker -> bot | done      | job, attempt, files [{name, index, seed, kind}], facts, seed, seconds  |
| worker -> bot | failed    | job, attempt, code (see `FAILURES`), detail                            |

Numbers are finite. Unknown fields are ignored, unknown types are not. `out` is absolute; large results
travel as files in it. This module is read on both sides, so it needs the standard library only.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from generation.worker.api import File, Model

PROTOCOL = 1
LINE_LIMIT = 1024 * 1024
FAILURES = frozenset(
    {"cancelled", "out_of_memory", "model_missing", "model_broken", "invalid", "worker_failed"}
)
_TEXT_LIMIT = 4096
_WHOLE_LIMIT = 2**53


class WireError(Exception):
    """A line that is not part of the protocol. The message names the type and field, never a value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    job: str
    attempt: int
    task: str
    params: Mapping[str, Any]
    seed: int
    out: Path
    model: Model | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel:
    job: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shutdown:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    family: str
    pid: int
    protocol: int = PROTOCOL


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeat:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Loading:
    job: str
    model: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    job: str
    attempt: int
    done: int
    total: int
    stage: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    job: str
    attempt: int
    files: tuple[File, ...]
    facts: Mapping[str, Any] = field(default_factory=dict)
    seed: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    job: str
    attempt: int
    code: str
    detail: str = ""


Command = Start | Cancel | Shutdown
Report = Ready | Heartbeat | Loading | Progress | Done | Failed
_Message = TypeVar("_Message")
_Check = Callable[[Any], Any]
_Shape = tuple[type[_Message], Mapping[str, _Check]]


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > _TEXT_LIMIT:
        raise ValueError
    return value


def _name(value: Any) -> str:
    if not _text(value) or not value.isprintable():
        raise ValueError
    return _text(value)


def _whole(value: Any) -> int:
    if type(value) is not int or not 0 <= value < _WHOLE_LIMIT:
        raise ValueError
    return value


def _number(value: Any) -> float:
    if type(value) not in {int, float} or not 0 <= value < _WHOLE_LIMIT:
        raise ValueError
    return float(value)


def _mapping(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError
    return value


def _folder(value: Any) -> Path:
    path = Path(_name(value))
    if not path.is_absolute():
        raise ValueError
    return path


def _model(value: Any) -> Model | None:
    if value is None:
        return None
    return Model(id=_name(value["id"]), path=_folder(value["path"]), options=_mapping(value["options"]))


def _file(value: Any) -> File:
    seed = None if value["seed"] is None else _whole(value["seed"])
    return File(name=_name(value["name"]), index=_whole(value["index"]), seed=seed, kind=_name(value["kind"]))


def _files(value: Any) -> tuple[File, ...]:
    if not isinstance(value, list):
        raise TypeError
    return tuple(_file(one) for one in value)


def _code(value: Any) -> str:
    if value not in FAILURES:
        raise ValueError
    return str(value)


_JOB: Mapping[str, _Check] = {"job": _name, "attempt": _whole}
_COMMANDS: Mapping[str, _Shape[Command]] = {
    "start": (
        Start,
        {**_JOB, "task": _name, "params": _mapping, "seed": _whole, "out": _folder, "model": _model},
    ),
    "cancel": (Cancel, {"job": _name}),
    "shutdown": (Shutdown, {}),
}
_REPORTS: Mapping[str, _Shape[Report]] = {
    "ready": (Ready, {"family": _name, "pid": _whole, "protocol": _whole}),
    "heartbeat": (Heartbeat, {}),
    "loading": (Loading, {"job": _name, "model": _name}),
    "progress": (Progress, {**_JOB, "done": _whole, "total": _whole, "stage": _text}),
    "done": (Done, {**_JOB, "files": _files, "facts": _mapping, "seed": _whole, "seconds": _number}),
    "failed": (Failed, {**_JOB, "code": _code, "detail": _text}),
}
_TYPES = {shape[0]: name for table in (_COMMANDS, _REPORTS) for name, shape in table.items()}


def encode(message: Command | Report) -> bytes:
    """One line with its newline. Raises WireError for what JSON cannot say, for NaN, and beyond 1 MiB."""
    kind = _TYPES[type(message)]
    try:
        text = json.dumps({"type": kind, **asdict(message)}, default=_plain, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise WireError(f"{kind}: not plain") from error
    if len(text) >= LINE_LIMIT:
        raise WireError(f"{kind}: longer than a line may be")
    return text.encode() + b"\n"


def decode_command(line: bytes) -> Command:
    """Raises WireError and nothing else."""
    return _decode(line, _COMMANDS)


def decode_report(line: bytes) -> Report:
    """Raises WireError and nothing else."""
    return _decode(line, _REPORTS)


def _plain(value: Any) -> str:
    if isinstance(value, Path):
        return str(value)
    raise TypeError


def _decode(line: bytes, table: Mapping[str, _Shape[_Message]]) -> _Message:
    plain = _parse(line)
    kind = plain.get("type")
    if not isinstance(kind, str) or kind not in table:
        raise WireError("unknown type")
    make, checks = table[kind]
    fields = {}
    for name, check in checks.items():
        try:
            fields[name] = check(plain[name])
        except (KeyError, TypeError, ValueError) as error:
            raise WireError(f"{kind}: field {name}") from error
    return make(**fields)


def _parse(line: bytes) -> dict[str, Any]:
    if len(line) > LINE_LIMIT:
        raise WireError("longer than a line may be")
    try:
        plain = json.loads(line.decode(), parse_constant=_not_finite, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        raise WireError("not JSON") from error
    if not isinstance(plain, dict):
        raise WireError("not an object")
    return plain


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError
    return number


def _not_finite(text: str) -> float:
    raise ValueError(text)
