"""The wire: what goes in comes out, and nothing but WireError ever comes of a bad line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation import wire
from generation.worker.api import File, Model

START = wire.Start(
    job="j1",
    attempt=2,
    task="image",
    params={"prompt": "Größe 12 🦊", "steps": 3, "guidance": 6.5},
    seed=2**32 - 1,
    out=Path("/tmp/out/j1"),
    model=Model(id="mini", path=Path("/models/mini"), options={"sides": [64, 256]}),
)
DONE = wire.Done(
    job="j1",
    attempt=1,
    files=(File(name="1.png", index=1, seed=5),),
    facts={"steps": 3},
    seed=5,
    seconds=0.25,
)
COMMANDS: list[wire.Command] = [START, wire.Cancel(job="j1"), wire.Shutdown()]
REPORTS: list[wire.Report] = [
    wire.Ready(family="fake", pid=77),
    wire.Heartbeat(),
    wire.Loading(job="j1", model="mini"),
    wire.Progress(job="j1", attempt=1, done=2, total=5, stage="drawing"),
    DONE,
    wire.Done(job="j1", attempt=1, files=(File(name="a.png", seed=None),), facts={}, seed=0, seconds=0),
    wire.Failed(job="j1", attempt=1, code="out_of_memory", detail="MemoryError in run, line 3"),
]


@pytest.mark.parametrize("message", COMMANDS, ids=lambda message: type(message).__name__)
def test_a_command_arrives_as_it_was_sent(message: wire.Command) -> None:
    line = wire.encode(message)

    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert wire.decode_command(line[:-1]) == message


@pytest.mark.parametrize("message", REPORTS, ids=lambda message: type(message).__name__)
def test_a_report_arrives_as_it_was_sent(message: wire.Report) -> None:
    assert wire.decode_report(wire.encode(message)) == message


def test_commands_and_reports_are_not_mixed_up() -> None:
    with pytest.raises(wire.WireError):
        wire.decode_report(wire.encode(wire.Shutdown()))
    with pytest.raises(wire.WireError):
        wire.decode_command(wire.encode(wire.Heartbeat()))


@pytest.mark.parametrize(
    "changed",
    [
        {"seed": -1},
        {"seed": True},
        {"seed": "5"},
        {"seed": 2**60},
        {"attempt": None},
        {"job": ""},
        {"job": "a\nb"},
        {"job": "x" * 5000},
        {"files": {}},
        {"files": [{"name": "1.png"}]},
        {"files": [{"name": "\x00", "index": 1, "seed": 1, "kind": "image"}]},
        {"files": ["1.png"]},
        {"facts": []},
        {"seconds": -0.5},
        {"seconds": "soon"},
        {"type": ["done"]},
        {"type": "finished"},
    ],
)
def test_a_done_with_one_wrong_field_is_refused(changed: dict[str, Any]) -> None:
    plain = json.loads(wire.encode(DONE)) | changed

    with pytest.raises(wire.WireError):
        wire.decode_report(json.dumps(plain).encode())


@pytest.mark.parametrize("field", ["job", "attempt", "files", "facts", "seed", "seconds", "type"])
def test_a_done_without_a_field_is_refused(field: str) -> None:
    plain = json.loads(wire.encode(DONE))
    del plain[field]

    with pytest.raises(wire.WireError):
        wire.decode_report(json.dumps(plain).encode())


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_numbers_are_finite_wherever_they_stand(number: str) -> None:
    line = wire.encode(DONE).replace(b'"steps": 3', f'"steps": {number}'.encode())

    with pytest.raises(wire.WireError):
        wire.decode_report(line)


def test_a_start_needs_an_absolute_folder_and_a_known_failure_code() -> None:
    relative = json.loads(wire.encode(START)) | {"out": "here"}
    strange = {"type": "failed", "job": "j", "attempt": 1, "code": "bad_luck", "detail": ""}

    with pytest.raises(wire.WireError, match="out"):
        wire.decode_command(json.dumps(relative).encode())
    with pytest.raises(wire.WireError, match="code"):
        wire.decode_report(json.dumps(strange).encode())


def test_the_error_names_the_field_and_not_what_stood_in_it() -> None:
    plain = json.loads(wire.encode(START)) | {"params": "a secret prompt"}

    with pytest.raises(wire.WireError) as caught:
        wire.decode_command(json.dumps(plain).encode())

    assert "params" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_what_does_not_fit_a_line_is_not_sent() -> None:
    with pytest.raises(wire.WireError):
        wire.encode(wire.Cancel(job="x" * wire.LINE_LIMIT))
    with pytest.raises(wire.WireError):
        wire.encode(wire.Done(job="j", attempt=1, files=(), facts={"score": float("nan")}, seed=1, seconds=1))
    with pytest.raises(wire.WireError):
        wire.encode(wire.Done(job="j", attempt=1, files=(), facts={"score": object()}, seed=1, seconds=1))


def test_a_line_that_is_too_long_or_too_deep_is_refused() -> None:
    with pytest.raises(wire.WireError):
        wire.decode_report(b'{"type":"heartbeat","x":"' + b"x" * wire.LINE_LIMIT + b'"}')
    with pytest.raises(wire.WireError):
        wire.decode_report(b"[" * 200_000)


@given(st.binary(max_size=200))
def test_any_bytes_give_a_message_or_a_wire_error(line: bytes) -> None:
    for decode in (wire.decode_command, wire.decode_report):
        try:
            decode(line)
        except wire.WireError:
            continue


_PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)
_FIELDS = [
    "job",
    "attempt",
    "task",
    "params",
    "seed",
    "out",
    "model",
    "files",
    "facts",
    "code",
    "done",
    "total",
]
_FIELDS += [
    "family",
    "pid",
    "protocol",
    "stage",
    "detail",
    "seconds",
    "id",
    "path",
    "options",
    "name",
    "index",
    "kind",
]
_TYPES = ["start", "cancel", "shutdown", "ready", "heartbeat", "loading", "progress", "done", "failed"]


@given(st.sampled_from(_TYPES), st.dictionaries(st.sampled_from(_FIELDS), _PLAIN, max_size=12))
def test_any_object_gives_a_message_or_a_wire_error(kind: str, fields: dict[str, Any]) -> None:
    line = json.dumps({**fields, "type": kind}).encode()
    for decode in (wire.decode_command, wire.decode_report):
        try:
            decode(line)
        except wire.WireError:
            continue


@given(
    st.text(min_size=1, max_size=40).filter(str.isprintable),
    st.dictionaries(st.text(max_size=8), st.text(max_size=30) | st.integers(), max_size=5),
    st.integers(min_value=0, max_value=2**32 - 1),
)
def test_any_printable_job_and_any_params_survive_the_way(
    job: str, params: dict[str, Any], seed: int
) -> None:
    start = wire.Start(job=job, attempt=1, task="image", params=params, seed=seed, out=Path("/o"), model=None)

    assert wire.decode_command(wire.encode(start)) == start
