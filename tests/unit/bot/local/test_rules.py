"""The rules in themselves: options, commands, permissions, mentions, file names, visitor's messages."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.local.errors import Problems, Refusal
from bot.local.faults import Faults
from bot.local.options import Filled, fill
from bot.local.permissions import ALL, PUPIL, Permission, in_channel
from bot.local.rest_commands import check_commands
from bot.local.server import ClassServer
from bot.local.uploads import clean_name, picture_size
from bot.local.visitor import Visitor
from tests.unit.bot.local.conftest import Api, Classroom
from tests.unit.bot.local.example_bot import PNG

few = settings(max_examples=40, deadline=None)


def _filled(server: ClassServer) -> Filled:
    return Filled(server._world, None, "0", "0", [])


def _errors(server: ClassServer, definition: dict[str, Any], value: Any) -> bool:
    problems = Problems()
    definition = {"name": "o", "description": "o", **definition}
    fill(_filled(server), [definition], [{"name": "o", "value": value}], problems, partial=False)
    return bool(problems)


@few
@given(value=st.integers(), low=st.integers(-100, 0), high=st.integers(1, 100))
def test_numbers_lie_within_their_bounds(server: ClassServer, value: int, low: int, high: int) -> None:
    definition = {"type": 4, "min_value": low, "max_value": high}
    assert _errors(server, definition, value) == (not low <= value <= high)
    assert _errors(server, definition, str(value))
    assert _errors(server, {"type": 10}, value) == (abs(value) > 2**53)


@few
@given(value=st.text(max_size=30), low=st.integers(0, 10), high=st.integers(10, 20))
def test_texts_have_their_length(server: ClassServer, value: str, low: int, high: int) -> None:
    definition = {"type": 3, "min_length": low, "max_length": high}
    assert _errors(server, definition, value) == (not low <= len(value) <= high)


@few
@given(st.sampled_from(["a", "b", "c", "A", ""]))
def test_only_choices_are_chosen(server: ClassServer, value: str) -> None:
    choices = [{"name": one, "value": one} for one in "ab"]
    assert _errors(server, {"type": 3, "choices": choices}, value) == (value not in ("a", "b"))


@given(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.text(),
        st.lists(st.none()),
        st.dictionaries(st.text(), st.none()),
    )
)
def test_no_value_breaks_the_check(server: ClassServer, value: Any) -> None:
    for kind in range(3, 12):
        _errors(server, {"type": kind}, value)


def _command(**changes: Any) -> dict[str, Any]:
    return {"name": "bild", "description": "x", **changes}


def _option(**changes: Any) -> dict[str, Any]:
    return {"type": 3, "name": "o", "description": "x", **changes}


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (_command(name="Bild"), "APPLICATION_COMMAND_INVALID_NAME"),
        (_command(name="x" * 33), "APPLICATION_COMMAND_INVALID_NAME"),
        (_command(name="zwei wörter"), "APPLICATION_COMMAND_INVALID_NAME"),
        (_command(description=""), "BASE_TYPE_BAD_LENGTH"),
        (_command(description="x" * 101), "BASE_TYPE_BAD_LENGTH"),
        (_command(name_localizations={"xx": "y"}), "BASE_TYPE_CHOICES"),
        (_command(name_localizations={"de": "Groß"}), "APPLICATION_COMMAND_INVALID_NAME"),
        (_command(description_localizations={"de": "x" * 101}), "BASE_TYPE_BAD_LENGTH"),
        (_command(options=[_option(name=f"o{n}") for n in range(26)]), "BASE_TYPE_MAX_LENGTH"),
        (_command(options=[_option(), _option()]), "APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS"),
        (
            _command(
                options=[
                    _option(name="a", name_localizations={"de": "gleich"}),
                    _option(name="b", name_localizations={"de": "gleich"}),
                ]
            ),
            "APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS",
        ),
        (
            _command(options=[_option(name="a"), _option(name="b", required=True)]),
            "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID",
        ),
        (
            _command(options=[_option(choices=[{"name": str(n), "value": str(n)} for n in range(26)])]),
            "BASE_TYPE_MAX_LENGTH",
        ),
        (
            _command(options=[_option(autocomplete=True, choices=[{"name": "a", "value": "a"}])]),
            "APPLICATION_COMMAND_OPTION_AUTOCOMPLETE_CHOICES",
        ),
        (_command(options=[_option(min_value=1)]), "APPLICATION_COMMAND_OPTION_BOUNDS_INVALID"),
        (
            _command(
                options=[
                    _option(name=f"o{n}", choices=[{"name": f"{c}" * 50, "value": "x" * 90} for c in "abc"])
                    for n in range(25)
                ]
            ),
            "APPLICATION_COMMAND_TOO_LARGE",
        ),
    ],
)
def test_commands_beyond_the_limits(command: dict[str, Any], code: str) -> None:
    with pytest.raises(Refusal) as refused:
        check_commands([command])
    assert refused.value.code == 50035
    assert code in str(refused.value.errors)


def test_at_most_a_hundred_commands() -> None:
    with pytest.raises(Refusal) as refused:
        check_commands([_command(name=f"c{n}") for n in range(101)])
    assert refused.value.code == 30032
    with pytest.raises(Refusal):
        check_commands([_command(), _command()])


async def test_registering_keeps_ids(api: Api) -> None:
    place = f"/applications/{api.server.bot_id}/guilds/{api.guild}/commands"
    _status, first = await api("PUT", place, json=[_command(), _command(name="ton")])
    _status, second = await api("PUT", place, json=[_command(), _command(name="film")])
    assert first[0] == second[0]
    assert [one["name"] for one in (await api("GET", place))[1]] == ["bild", "film"]
    _status, changed = await api("PUT", place, json=[_command(description="neu")])
    assert changed[0]["id"] == first[0]["id"]
    assert changed[0]["version"] != first[0]["version"]
    assert (await api("POST", place, json=_command(name="neu")))[0] == 201
    assert (await api("POST", place, json=_command(name="neu")))[0] == 200
    assert (await api("DELETE", f"{place}/{changed[0]['id']}"))[0] == 204


def test_overwrites_in_discords_order(server: ClassServer, classroom: Classroom) -> None:
    ada = server.person_id("Ada", classroom.id)
    role = server.state.members[f"{classroom.id}:{ada}"]["roles"][0]
    view = str(int(Permission.VIEW_CHANNEL))
    channel = dict(server.state.channels[server.channel_id("atelier", classroom.id)])
    assert in_channel(server.state, channel, ada) == PUPIL

    def seen(*overwrites: tuple[str, str, str]) -> bool:
        listed = [{"id": who, "allow": allow, "deny": deny} for who, allow, deny in overwrites]
        return bool(in_channel(server.state, {**channel, "permission_overwrites": listed}, ada))

    assert not seen((classroom.id, "0", view))
    assert seen((classroom.id, "0", view), (role, view, "0"))
    assert not seen((role, view, "0"), (ada, "0", view))
    assert seen((role, "0", view), (ada, view, "0"))
    owner = server.state.guilds[classroom.id]["owner_id"]
    assert in_channel(server.state, channel, owner) == ALL


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("a b.png", "a_b.png"),
        ("../../x", "x"),
        ("C:\\x\\y.txt", "y.txt"),
        ("ä.png", "a.png"),
        ("", "file"),
        (".x", "x"),
    ],
)
def test_file_names(name: str, kept: str) -> None:
    assert clean_name(name) == kept


def test_sizes_of_pictures() -> None:
    assert picture_size(PNG) == (2, 3)
    assert picture_size(b"GIF89a\x05\x00\x06\x00") == (5, 6)
    jpeg = bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffc0001108000400070311")
    assert picture_size(jpeg) == (7, 4)
    assert picture_size(b"RIFF\0\0\0\0WEBPVP8X" + bytes(8) + b"\x01\0\0\x02\0\0") == (2, 3)
    assert picture_size(b"hello") is None


@few
@given(st.binary(max_size=64))
def test_no_bytes_break_the_look_at_a_picture(data: bytes) -> None:
    for head in (b"\xff\xd8", b"RIFF0000WEBPVP8 ", b"\x89PNG\r\n\x1a\n", b""):
        picture_size(head + data)


def test_faults_are_used_up_in_order() -> None:
    faults = Faults()
    faults.add("POST", "/a/*", status=500)
    faults.add("*", "/a/*", status=503)
    struck = [faults.strike(method, "/a/b") for method in ("GET", "POST", "POST")]
    assert [one.status if one else None for one in struck] == [503, 500, None]


async def test_a_visitors_timeout_tells_what_was_seen(ada: Visitor) -> None:
    await ada.command("echo", text="gesehen")
    with pytest.raises(TimeoutError, match="gesehen"):
        await ada.wait_for(lambda name, data: name == "NEVER", timeout=0.05)
    with pytest.raises(LookupError, match="0 components fit"):
        ada.press({"components": []}, label="x")
    with pytest.raises(KeyError, match="plauderecke"):
        ada.channel_id("nirgends")
