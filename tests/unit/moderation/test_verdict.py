import ast
import copy
import dataclasses
import pickle
from pathlib import Path
from typing import Any

import pytest

from moderation.pipeline import Pipeline
from moderation.verdict import Approved, Verdict
from tests.unit.moderation.faults import allow_images, allow_text

ROOT = Path(__file__).parents[3]
PACKAGES = ("bot", "cogs", "data", "generation", "moderation")
MAY_NAME_THE_SEAL = {"moderation/verdict.py", "moderation/pipeline.py"}


async def approved() -> Approved[tuple[str, ...]]:
    decision = await Pipeline(text_checks=[allow_text], image_check=allow_images).approve_text("Haus")
    assert decision.approved is not None
    return decision.approved


@pytest.mark.parametrize("seal", [None, True, object(), "seal"])
def test_nobody_else_makes_an_approved(seal: object) -> None:
    with pytest.raises(TypeError):
        Approved("forged", (Verdict.allow("me"),), seal=seal)
    with pytest.raises(TypeError):
        Approved("forged", (Verdict.allow("me"),))  # type: ignore[call-arg]


@pytest.mark.parametrize("seal", [None, object()])
def test_one_made_around_the_constructor_gives_nothing_up(seal: object) -> None:
    forged: Any = object.__new__(Approved)
    for name, value in (("_value", "forged"), ("_verdicts", (Verdict.allow("me"),)), ("_seal", seal)):
        object.__setattr__(forged, name, value)
    for take in (lambda: forged.value, lambda: forged.verdicts, lambda: forged.map(str)):
        with pytest.raises(TypeError):
            take()
    with pytest.raises(TypeError):
        _ = object.__new__(Approved).value


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
async def test_it_is_not_pickled(protocol: int) -> None:
    with pytest.raises(TypeError):
        pickle.dumps(await approved(), protocol)


async def test_it_is_neither_copied_nor_replaced() -> None:
    genuine: Any = await approved()
    for forge in (
        copy.copy,
        copy.deepcopy,
        dataclasses.replace,
        getattr(copy, "replace", dataclasses.replace),
    ):
        with pytest.raises(TypeError):
            forge(genuine)


async def test_it_does_not_change() -> None:
    genuine: Any = await approved()
    for name in ("value", "_value", "_verdicts", "_seal", "new"):
        with pytest.raises(AttributeError):
            setattr(genuine, name, "forged")
        with pytest.raises(AttributeError):
            delattr(genuine, name)


def test_it_has_no_subclass() -> None:
    with pytest.raises(TypeError):
        type("Forged", (Approved,), {})


async def test_approval_is_carried_over_to_what_is_composed() -> None:
    async def sheet(texts: tuple[str, ...]) -> int:
        return len(texts)

    genuine = await approved()
    assert genuine.map(lambda texts: texts[0].upper()).value == "HAUS"
    composed = await genuine.compose(sheet)
    assert composed.value == 1
    assert composed.verdicts == genuine.verdicts


async def test_an_approved_never_shows_its_value_by_accident() -> None:
    assert "Haus" not in f"{await approved()!r} {await approved()}"


async def test_approval_needs_verdicts_that_allow() -> None:
    seal = (await approved())._seal
    for verdicts in ((), (Verdict.allow("a"), Verdict.refuse("b", "sexual"))):
        with pytest.raises(ValueError, match="verdicts"):
            Approved("forged", verdicts, seal=seal)


def test_nobody_but_the_pipeline_names_the_seal() -> None:
    named = {
        file.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for file in (ROOT / package).rglob("*.py")
        if any(_names_seal(node) for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))))
    }
    assert named == MAY_NAME_THE_SEAL


def _names_seal(node: ast.AST) -> bool:
    names = (getattr(node, field, None) for field in ("id", "attr", "name", "arg"))
    return any(name in {"_SEAL", "_seal"} for name in names)


@pytest.mark.parametrize(
    ("allowed", "check", "code"),
    [(1, "a", ""), (None, "a", "x"), ("yes", "a", ""), (True, "a", "x"), (False, "a", ""), (True, "", "")],
)
def test_a_verdict_says_one_thing(allowed: Any, check: str, code: str) -> None:
    with pytest.raises((TypeError, ValueError)):
        Verdict(allowed, check, code)
