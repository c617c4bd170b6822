from __future__ import annotations

import inspect
from types import SimpleNamespace
from typing import Any, cast

import discord
import pytest
from discord import app_commands

from bot.checks import is_teacher, requester_of
from bot.errors import sentence_for, unwrap
from bot.i18n import Sentences
from bot.services.cancel import Cancel
from bot.services.overview import Overview
from bot.services.submit import Submit
from generation.errors import AtelierError, InvalidInput, NotAllowed
from tests.end_to_end.discord_layer.fakes import FakeCancel, FakeOverview, FakeSubmit

SENTENCES = Sentences.load(strict=True)


class Person(discord.Member):
    """A member with roles and nothing else."""

    __slots__ = ("_held",)

    def __init__(self, *roles: tuple[int, str], managed: bool = False) -> None:
        self._held = [
            SimpleNamespace(
                id=number, name=name, managed=managed, is_default=lambda name=name: name == "@everyone"
            )
            for number, name in roles
        ]

    @property
    def roles(self) -> Any:
        return self._held


EVERYONE = (1, "@everyone")


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        ("Lehrkraft", True),
        ("lehrkraft", True),
        ("@Lehrkraft", True),
        ("77", True),
        ("7", False),
        ("Lehr", False),
        ("", False),
        ("  ", False),
        ("@everyone", False),
        ("1", False),
    ],
)
def test_teachers_by_name_or_id(role: str, expected: bool) -> None:
    assert is_teacher(Person(EVERYONE, (77, "Lehrkraft")), role) is expected


def test_pupils_and_people_of_no_class_are_no_teachers() -> None:
    assert not is_teacher(Person(EVERYONE, (5, "Klasse")), "Lehrkraft")
    assert not is_teacher(cast("Any", SimpleNamespace(roles=[])), "Lehrkraft")


def test_either_of_two_roles_of_that_name_will_do_and_a_renamed_one_will_not() -> None:
    for number in (77, 78):
        assert is_teacher(Person(EVERYONE, (number, "LEHRKRAFT")), "Lehrkraft")
    assert not is_teacher(Person(EVERYONE, (77, "Lehrkräfte")), "Lehrkraft")
    assert is_teacher(Person(EVERYONE, (77, "Lehrkräfte")), "77")


def test_a_role_that_discord_hands_out_makes_no_teacher_by_its_name() -> None:
    """Boosting a server gives a role, and whoever runs the server may have named it anything."""
    booster = Person(EVERYONE, (77, "Lehrkraft"), managed=True)
    assert not is_teacher(booster, "Lehrkraft")
    assert is_teacher(booster, "77")


def test_a_direct_message_belongs_to_no_class() -> None:
    with pytest.raises(NotAllowed) as raised:
        requester_of(cast("Any", SimpleNamespace(guild_id=None)), "Lehrkraft")
    assert raised.value.code == "only_in_class"


def test_every_error_becomes_a_sentence() -> None:
    assert sentence_for(InvalidInput("prompt_empty"), SENTENCES, "de") == SENTENCES.text(
        "error.prompt_empty", "de"
    )
    assert sentence_for(AtelierError("unheard_of"), SENTENCES, "en-GB") == SENTENCES.text(
        "error.internal", "en"
    )


def test_what_discord_py_wraps_is_unwrapped() -> None:
    inner = InvalidInput("prompt_empty")
    command: Any = SimpleNamespace(name="x")
    assert unwrap(app_commands.CommandInvokeError(command, inner)) is inner
    assert cast("AtelierError", unwrap(app_commands.CommandNotFound("x", []))).code == "command_gone"
    assert isinstance(unwrap(KeyError("x")), KeyError)


@pytest.mark.parametrize(
    ("fake", "real"), [(FakeSubmit, Submit), (FakeCancel, Cancel), (FakeOverview, Overview)]
)
def test_the_fakes_have_the_services_signatures(fake: type, real: type) -> None:
    def signatures(kind: type) -> dict[str, str]:
        methods = inspect.getmembers(kind, inspect.iscoroutinefunction)
        return {name: str(inspect.signature(one)) for name, one in methods if not name.startswith("_")}

    assert signatures(fake) == signatures(real)
