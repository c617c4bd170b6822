# ruff: noqa: E501 - the table of refusals is easier to read with one line each
"""Discord's refusals, with their codes: raw requests of the bot, and interactions answered by hand."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from bot.local.config import Rate
from bot.local.server import ClassServer
from bot.local.traffic import Dispatched, Exchange
from bot.local.visitor import InteractionFailed, Visitor
from tests.unit.bot.local.conftest import Api
from tests.unit.bot.local.example_bot import ExampleBot


def _button(**changes: Any) -> dict[str, Any]:
    return {"type": 2, "style": 1, "label": "a", "custom_id": "a", **changes}


def _row(*inner: dict[str, Any]) -> dict[str, Any]:
    return {"type": 1, "components": list(inner)}


def _menu(**changes: Any) -> dict[str, Any]:
    return {"type": 3, "custom_id": "m", "options": [{"label": "a", "value": "a"}], **changes}


MESSAGES: list[tuple[dict[str, Any], str, str]] = [
    ({"content": "x" * 2001}, "content", "BASE_TYPE_MAX_LENGTH"),
    ({"embeds": [{"title": "x" * 257}]}, "embeds.0.title", "BASE_TYPE_MAX_LENGTH"),
    ({"embeds": [{"description": "x" * 4097}]}, "embeds.0.description", "BASE_TYPE_MAX_LENGTH"),
    ({"embeds": [{"footer": {"text": "x" * 2049}}]}, "embeds.0.footer.text", "BASE_TYPE_MAX_LENGTH"),
    ({"embeds": [{"description": "x" * 3001}] * 2}, "embeds", "MAX_EMBED_SIZE_EXCEEDED"),
    ({"embeds": [{"title": "x"}] * 11}, "embeds", "BASE_TYPE_MAX_LENGTH"),
    ({"embeds": [{"fields": [{"name": "a", "value": "b"}] * 26}]}, "embeds.0.fields", "BASE_TYPE_MAX_LENGTH"),
    ({"embeds": [{"fields": [{"name": "", "value": "b"}]}]}, "embeds.0.fields.0.name", "BASE_TYPE_REQUIRED"),
    ({"components": [_row(_button())] * 6}, "components", "BASE_TYPE_BAD_LENGTH"),
    ({"components": [_row(*[_button(custom_id=str(n)) for n in range(6)])]}, "components.0.components", "BASE_TYPE_BAD_LENGTH"),
    ({"components": [_row(_button(label="x" * 81))]}, "components.0.components.0.label", "BASE_TYPE_MAX_LENGTH"),
    ({"components": [_row(_button(custom_id="x" * 101))]}, "components.0.components.0.custom_id", "BASE_TYPE_BAD_LENGTH"),
    ({"components": [_row(_button(), _button())]}, "components", "COMPONENT_CUSTOM_ID_DUPLICATED"),
    ({"components": [_row(_button(style=5, custom_id=None))]}, "components.0.components.0.url", "BASE_TYPE_REQUIRED"),
    ({"components": [_row(_menu(options=[]))]}, "components.0.components.0.options", "BASE_TYPE_BAD_LENGTH"),
    ({"components": [_row(_menu(options=[{"label": str(n), "value": str(n)} for n in range(26)]))]}, "components.0.components.0.options", "BASE_TYPE_BAD_LENGTH"),
    ({"components": [_row(_menu(), _button())]}, "components.0.components", "COMPONENT_LAYOUT_WIDTH_EXCEEDED"),
    ({"components": [{"type": 17, "components": []}]}, "components.0.type", "BASE_TYPE_CHOICES"),
    ({"flags": 1 << 15, "content": "x", "components": [{"type": 10, "content": "y"}]}, "content", "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2"),
    ({"flags": 1 << 15, "components": [{"type": 10, "content": str(n)} for n in range(41)]}, "components", "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED"),
    ({"content": "x", "nonce": "x" * 26}, "nonce", "BASE_TYPE_MAX_LENGTH"),
    ({"content": "x", "allowed_mentions": {"parse": ["users"], "users": ["1"]}}, "allowed_mentions", "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE"),
    ({"content": "x", "message_reference": {"message_id": "1"}}, "message_reference", "REPLIES_UNKNOWN_MESSAGE"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "field", "code"), MESSAGES)
async def test_messages_beyond_the_limits(api: Api, body: dict[str, Any], field: str, code: str) -> None:
    status, answer = await api("POST", f"/channels/{api.channel()}/messages", json=body)
    assert (status, answer["code"]) == (400, 50035)
    node = answer["errors"]
    for step in field.split("."):
        node = node[step]
    assert code in [one["code"] for one in node["_errors"]]


@pytest.mark.parametrize("body", [{}, {"content": ""}, {"content": "  "}, {"embeds": []}])
async def test_an_empty_message(api: Api, body: dict[str, Any]) -> None:
    assert (await api("POST", f"/channels/{api.channel()}/messages", json=body))[1]["code"] == 50006


async def test_an_edit_that_empties_a_message(api: Api) -> None:
    path = f"/channels/{api.channel()}/messages"
    _status, message = await api("POST", path, json={"content": "x"})
    status, answer = await api("PATCH", f"{path}/{message['id']}", json={"content": ""})
    assert (status, answer["code"]) == (400, 50006)
    assert (await api("GET", f"{path}/{message['id']}"))[1]["content"] == "x"


async def test_what_does_not_exist(api: Api) -> None:
    channel = f"/channels/{api.channel()}"
    for path, code in (
        ("/channels/1", 10003),
        (f"{channel}/messages/1", 10008),
        ("/guilds/1", 10004),
        ("/users/1", 10013),
        (f"/guilds/{api.guild}/members/1", 10013),
        (f"/guilds/{api.guild}/members/{api.server.state.guilds[api.guild]['owner_id']}", 10007),
        (f"/webhooks/{api.server.bot_id}/nonsense/messages/@original", 10015),
        (f"/applications/{api.server.bot_id}/commands/1", 10063),
    ):
        status, answer = await api("GET", path)
        assert (status, answer["code"]) == (404, code), path


async def test_who_is_not_the_bot(api: Api) -> None:
    assert await api("GET", "/users/@me", token="wrong") == (401, {"message": "401: Unauthorized", "code": 0})


async def test_only_exact_json(api: Api) -> None:
    headers = {"Content-Type": "application/json; charset=utf-8"}
    status, answer = await api(
        "POST", f"/channels/{api.channel()}/messages", data=b'{"content":"x"}', headers=headers
    )
    assert (status, answer["code"]) == (400, 50035)
    broken = await api(
        "POST", f"/channels/{api.channel()}/messages", data=b"{", headers={"Content-Type": "application/json"}
    )
    assert (broken[0], broken[1]["code"]) == (400, 50109)


async def test_an_unmodelled_route_is_noted(api: Api) -> None:
    status, _answer = await api("GET", f"/guilds/{api.guild}/audit-logs")
    assert status == 501
    assert api.server.unmodelled == [f"GET /guilds/{api.guild}/audit-logs"]
    api.server.unmodelled.clear()


def _form(*sizes: int, payload: dict[str, Any] | None = None) -> aiohttp.FormData:
    form = aiohttp.FormData(quote_fields=False)
    form.add_field("payload_json", json.dumps(payload or {}))
    for place, size in enumerate(sizes):
        form.add_field(
            f"files[{place}]", bytes(size), filename=f"{place}.bin", content_type="application/octet-stream"
        )
    return form


async def test_files_too_large(api: Api) -> None:
    limits = api.server.limits
    limits.file_bytes, limits.request_bytes = 1000, 2500
    stored = set(api.server._world.files.iterdir())
    try:
        path = f"/channels/{api.channel()}/messages"
        for sizes in ((1001,), (900, 900, 900)):
            status, answer = await api("POST", path, data=_form(*sizes))
            assert (status, answer["code"]) == (413, 40005)
        assert (await api("POST", path, data=_form(1000, 1000)))[0] == 200
    finally:
        limits.file_bytes, limits.request_bytes = 10 * 1024**2, 25 * 1024**2
    assert len(set(api.server._world.files.iterdir()) - stored) == 2


async def test_a_refused_message_leaves_no_files(api: Api) -> None:
    stored = set(api.server._world.files.iterdir())
    form = _form(10, payload={"content": "x" * 2001})
    assert (await api("POST", f"/channels/{api.channel()}/messages", data=form))[0] == 400
    assert set(api.server._world.files.iterdir()) == stored


async def test_patch_keeps_only_listed_files(api: Api) -> None:
    path = f"/channels/{api.channel()}/messages"
    _status, message = await api("POST", path, data=_form(1, 2, 3))
    keep = message["attachments"][1]["id"]
    body = {"attachments": [{"id": "0", "description": "new"}, {"id": keep}]}
    _status, edited = await api("PATCH", f"{path}/{message['id']}", data=_form(7, payload=body))
    assert [one["size"] for one in edited["attachments"]] == [2, 7]
    assert edited["attachments"][1]["description"] == "new"
    _status, untouched = await api("PATCH", f"{path}/{message['id']}", json={"content": "text"})
    assert len(untouched["attachments"]) == 2
    _status, without = await api("PATCH", f"{path}/{message['id']}", json={"attachments": []})
    assert without["attachments"] == []


# Interactions answered by hand


@asynccontextmanager
async def _interaction(api: Api, ada: Visitor, **options: Any) -> AsyncIterator[dict[str, Any]]:
    """An interaction that the bot leaves alone (`/silent`), as the gateway sent it."""
    seen: list[dict[str, Any]] = []

    def observe(happening: Exchange | Dispatched) -> None:
        if isinstance(happening, Dispatched) and happening.name == "INTERACTION_CREATE":
            seen.append(happening.data)

    api.server.observe(observe)
    handle = ada.command("silent", **options)
    await handle.sent()
    async with asyncio.timeout(3):
        while not seen:
            await asyncio.sleep(0.01)
    yield {**seen[-1], "handle": handle}
    api.server._world.traffic.observers.remove(observe)


def _callback(interaction: dict[str, Any]) -> str:
    return f"/interactions/{interaction['id']}/{interaction['token']}/callback"


def _hook(api: Api, interaction: dict[str, Any]) -> str:
    return f"/webhooks/{api.server.bot_id}/{interaction['token']}"


async def test_the_shape_of_an_interaction(api: Api, ada: Visitor) -> None:
    async with _interaction(api, ada) as interaction:
        assert interaction["member"]["user"]["id"] == ada.me["id"]
        assert interaction["guild_id"] == api.guild
        assert (interaction["locale"], interaction["context"], interaction["version"]) == ("de", 0, 1)
        assert interaction["attachment_size_limit"] == 10 * 1024**2
        assert interaction["channel"]["id"] == api.channel()
        assert int(interaction["app_permissions"]) & 1 << 11


async def test_answers_are_given_once(api: Api, ada: Visitor) -> None:
    async with _interaction(api, ada) as interaction:
        hook = _hook(api, interaction)
        assert (await api("POST", hook, json={"content": "early"}))[1]["code"] == 10015
        body = {"type": 4, "data": {"content": "x"}}
        assert (await api("POST", _callback(interaction), json=body)) == (204, "")
        again = await api("POST", _callback(interaction), json=body)
        assert (again[0], again[1]["code"]) == (400, 40060)
        wrong = await api("POST", f"/interactions/{interaction['id']}/wrong/callback", json=body)
        assert (wrong[0], wrong[1]["code"]) == (404, 10062)


async def test_answers_come_within_three_seconds(api: Api, ada: Visitor) -> None:
    async with _interaction(api, ada) as interaction:
        api.server.clock.advance(3.5)
        late = await api("POST", _callback(interaction), json={"type": 5})
        assert (late[0], late[1]["code"]) == (404, 10062)
        with pytest.raises(InteractionFailed):
            await interaction["handle"]
        assert (await api("GET", _hook(api, interaction) + "/messages/@original"))[1]["code"] == 10015


async def test_a_token_lives_fifteen_minutes(api: Api, ada: Visitor) -> None:
    async with _interaction(api, ada) as interaction:
        await api("POST", _callback(interaction), json={"type": 5})
        hook = _hook(api, interaction)
        api.server.clock.advance(14 * 60 + 50)
        assert (await api("PATCH", hook + "/messages/@original", json={"content": "x"}))[0] == 200
        api.server.clock.advance(15)
        for method, path in (
            ("PATCH", "/messages/@original"),
            ("POST", ""),
            ("DELETE", "/messages/@original"),
        ):
            body = {"json": {"content": "x"}} if method != "DELETE" else {}
            status, answer = await api(method, hook + path, **body)
            assert (status, answer["code"]) == (401, 50027)


async def test_the_kinds_of_answers(api: Api, ada: Visitor) -> None:
    async with _interaction(api, ada) as interaction:
        for kind in (1, 6, 7, 8, None):
            status, answer = await api("POST", _callback(interaction), json={"type": kind})
            assert (status, answer["code"]) == (400, 50035), kind
        long = {"type": 4, "data": {"content": "x" * 2001}}
        assert "content" in (await api("POST", _callback(interaction), json=long))[1]["errors"]["data"]
        assert (await api("POST", _callback(interaction), json={"type": 4, "data": {}}))[1]["code"] == 50006
        form = {"type": 9, "data": {"title": "x" * 46, "custom_id": "", "components": []}}
        errors = (await api("POST", _callback(interaction), json=form))[1]["errors"]["data"]
        assert set(errors) == {"title", "custom_id", "components"}
        assert (await api("POST", _callback(interaction) + "?with_response=1", json={"type": 5}))[0] == 200


async def test_the_original_answer(api: Api, ada: Visitor) -> None:
    async with _interaction(api, ada) as interaction:
        original = _hook(api, interaction) + "/messages/@original"
        _status, answer = await api(
            "POST", _callback(interaction) + "?with_response=true", json={"type": 5, "data": {"flags": 64}}
        )
        about = answer["interaction"]
        assert about["response_message_loading"]
        assert about["response_message_ephemeral"]
        assert (await api("GET", original))[1]["flags"] == 64 | 128
        assert (await api("PATCH", original, json={"content": "there"}))[1]["flags"] == 64
        path = f"/channels/{api.channel()}/messages/{about['response_message_id']}"
        assert (await api("GET", path))[1]["code"] == 10008
        assert (await api("GET", _hook(api, interaction) + f"/messages/{about['response_message_id']}"))[
            0
        ] == 200
        assert (await api("DELETE", original))[0] == 204
        assert (await api("GET", original))[1]["code"] == 10008
        _status, follow = await api("POST", _hook(api, interaction), json={"content": "public"})
        assert follow["flags"] == 0
        other = await api("POST", f"/channels/{api.channel()}/messages", json={"content": "not ours"})
        assert (await api("GET", _hook(api, interaction) + f"/messages/{other[1]['id']}"))[1]["code"] == 10008


# Rates and faults


async def test_a_channel_takes_five_messages_in_five_seconds(api: Api) -> None:
    server = api.server
    server.limits.channel_messages = Rate(5, 5.0)
    path = f"/channels/{api.channel()}/messages"
    try:
        for left in (4, 3, 2, 1, 0):
            async with api.raw("POST", path, json={"content": "x"}) as response:
                assert response.headers["X-RateLimit-Remaining"] == str(left)
                assert float(response.headers["X-RateLimit-Reset-After"]) <= 5
        async with api.raw("POST", path, json={"content": "x"}) as response:
            assert response.status == 429
            assert response.headers["Via"]
            assert 0 < (await response.json())["retry_after"] <= 5
        other = f"/channels/{api.channel('galerie')}/messages"
        assert (await api("POST", other, json={"content": "x"}))[0] == 200
        server.clock.advance(5)
        assert (await api("POST", path, json={"content": "x"}))[0] == 200
    finally:
        server.limits.channel_messages = None


async def test_each_interaction_has_its_own_bucket(api: Api, ada: Visitor, server: ClassServer) -> None:
    server.limits.interaction_webhook = Rate(2, 5.0)
    try:
        async with _interaction(api, ada) as interaction:
            await api("POST", _callback(interaction), json={"type": 5})
            path = _hook(api, interaction) + "/messages/@original"
            assert [(await api("PATCH", path, json={"content": "x"}))[0] for _ in range(3)] == [200, 200, 429]
        async with _interaction(api, ada) as interaction:
            await api("POST", _callback(interaction), json={"type": 5})
            assert (await api("GET", _hook(api, interaction) + "/messages/@original"))[0] == 200
    finally:
        server.limits.interaction_webhook = None


async def test_fifty_requests_a_second_overall(api: Api, server: ClassServer) -> None:
    server.limits.everything = Rate(3, 1.0)
    try:
        statuses = [await api("GET", "/users/@me") for _ in range(4)]
        assert [status for status, _body in statuses] == [200, 200, 200, 429]
        assert statuses[-1][1]["global"] is True
    finally:
        server.limits.everything = None


async def test_planned_faults(api: Api, server: ClassServer) -> None:
    path = f"/channels/{api.channel()}/messages"
    server.faults.add("POST", "/channels/*/messages", status=503, times=2)
    fault = server.faults.add("POST", "/channels/*/messages", close=True)
    assert [(await api("POST", path, json={"content": "x"}))[0] for _ in range(2)] == [503, 503]
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await api("POST", path, json={"content": "x"})
    assert fault.hits == 1
    assert (await api("GET", path))[1] == []
    server.faults.add("POST", "/channels/*/messages", close=True, applied=True)
    with pytest.raises(aiohttp.ClientError):
        await api("POST", path, json={"content": "lost answer"})
    assert [one["content"] for one in (await api("GET", path))[1]] == ["lost answer"]
    server.faults.add("*", "/users/@me", status=429, retry_after=0.5)
    status, body = await api("GET", "/users/@me")
    assert (status, body["retry_after"]) == (429, 0.5)


async def test_the_bot_lives_through_a_fault(ada: Visitor, server: ClassServer, bot: ExampleBot) -> None:
    fault = server.faults.add("PATCH", "/webhooks/*/*/messages/@original", status=429, retry_after=0.05)
    (message,) = await ada.command("bild", prompt="trotzdem")
    assert message["content"].startswith("trotzdem")
    assert fault.hits == 1
