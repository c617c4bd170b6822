"""The class's side: who one is, from where one may ask, files, sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from bot.local.classroom import Person
from bot.local.config import Limits
from bot.local.server import ClassServer
from bot.local.visitor import VisitError, Visitor
from tests.unit.bot.local.conftest import Api, Classroom
from tests.unit.bot.local.example_bot import ExampleBot


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def test_every_visit_gets_a_window_of_its_own(
    server: ClassServer, session: aiohttp.ClientSession
) -> None:
    places = []
    for _ in range(2):
        async with session.get(server.base_url, allow_redirects=False) as response:
            assert response.status == 302
            places.append(response.headers["Location"])
    assert places[0] != places[1]
    assert places[0].startswith("/w/")


async def test_the_page_may_load_only_what_is_here(tmp_path: Path, session: aiohttp.ClientSession) -> None:
    (tmp_path / "index.html").write_text("<p>Hallo", encoding="utf-8")
    (tmp_path / "page.js").write_text("1", encoding="utf-8")
    server = ClassServer(pages=tmp_path, limits=Limits())
    await server.start()
    async with session.get(server.base_url) as response:
        assert await response.text() == "<p>Hallo"
        policy = response.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
    async with session.get(server.base_url + "/static/page.js") as response:
        assert response.headers["Content-Type"].startswith("text/javascript")
        assert response.headers["X-Content-Type-Options"] == "nosniff"
    for path in ("/static/..%2f..%2fetc%2fpasswd", "/static/nothing.js"):
        async with session.get(server.base_url + path) as response:
            assert response.status == 404
    await server.stop()


async def test_the_cookie_holds_for_one_window(server: ClassServer, session: aiohttp.ClientSession) -> None:
    origin = {"Origin": server.base_url}
    people = f"{server.base_url}/w/window-one/api/people"
    async with session.get(people) as response:
        ada = next(one for one in (await response.json())["people"] if one["name"] == "Ada")
    body = {"person": ada["id"], "locale": "de"}
    async with session.post(
        f"{server.base_url}/w/window-one/api/session", json=body, headers=origin
    ) as response:
        cookie = response.headers["Set-Cookie"]
        value = response.cookies["atelier"].value
    for part in ("Path=/w/window-one/", "HttpOnly", "SameSite=Strict"):
        assert part in cookie
    for window, status in (("window-one", 200), ("window-two", 401)):
        headers = {"Cookie": f"atelier={value}"}
        place = f"{server.base_url}/w/{window}/api/state"
        async with aiohttp.ClientSession() as fresh, fresh.get(place, headers=headers) as response:
            assert response.status == status


async def test_foreign_hosts_and_origins_are_refused(
    server: ClassServer, session: aiohttp.ClientSession, classroom: Classroom
) -> None:
    place = f"{server.base_url}/w/some-window/api/session"
    for headers, status in (
        ({}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": server.base_url, "Host": "evil.example"}, 421),
    ):
        async with session.post(place, json={}, headers=headers) as response:
            assert response.status == status
    async with session.get(server.base_url, headers={"Host": "evil.example"}) as response:
        assert response.status == 421
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await session.ws_connect(f"{server.base_url}/w/some-window/api/socket")
    assert refused.value.status == 403
    api = {"Authorization": f"Bot {server.token}", "Origin": server.base_url}
    async with session.get(server.api_base + "/users/@me", headers=api) as response:
        assert response.status == 403
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await session.ws_connect(server.gateway_url, headers={"Origin": server.base_url})


async def test_nobody_without_a_session(
    server: ClassServer, session: aiohttp.ClientSession, classroom: Classroom
) -> None:
    origin = {"Origin": server.base_url}
    base = f"{server.base_url}/w/nobodys-window/api"
    channel = server.channel_id("atelier", classroom.id)
    for method, path in (
        ("GET", "/state"),
        ("GET", "/socket"),
        ("DELETE", "/session"),
        ("POST", "/interactions"),
        ("GET", f"/channels/{channel}/messages"),
        ("POST", f"/channels/{channel}/messages"),
    ):
        async with session.request(method, base + path, headers=origin) as response:
            assert response.status == 401, path


async def test_a_class_does_not_see_another(classroom: Classroom, server: ClassServer) -> None:
    ada = await classroom.visit("Ada")
    other = server.add_guild("Nachbarklasse")
    place = server.channel_id("atelier", other)
    for method, path in (("GET", f"/channels/{place}/messages"), ("POST", f"/channels/{place}/messages")):
        with pytest.raises(VisitError) as refused:
            await ada.request(method, path, **({"json": {"content": "x"}} if method == "POST" else {}))
        assert refused.value.code == 10003
    stranger = await Visitor.enter(server.base_url, "Ada", guild=other)
    await stranger.say("hier")
    await stranger.leave()
    await ada.refresh()
    assert "hier" not in [data.get("content") for _name, data in ada.events]


async def test_people_send_no_embeds_and_no_components(classroom: Classroom) -> None:
    ada = await classroom.visit("Ada")
    body = {
        "content": "x",
        "embeds": [{"title": "t"}],
        "components": [{"type": 1}],
        "flags": 64,
        "author": "bot",
    }
    message = await ada.request("POST", f"/channels/{ada.channel_id('atelier')}/messages", json=body)
    assert (message["embeds"], message["components"], message["flags"]) == ([], [], 0)
    assert message["author"]["id"] == ada.me["id"]


async def test_leaving(classroom: Classroom) -> None:
    ada = await classroom.visit("Ada")
    await ada.request("DELETE", "/session")
    with pytest.raises(VisitError) as refused:
        await ada.refresh()
    assert refused.value.status == 401


async def test_files_are_served_in_parts_and_safely(
    classroom: Classroom, session: aiohttp.ClientSession, tmp_path: Path
) -> None:
    ada = await classroom.visit("Ada")
    page, sound = tmp_path / "böse seite.html", tmp_path / "ton.mp3"
    page.write_text("<script>1</script>", encoding="utf-8")
    sound.write_bytes(bytes(range(100)))
    message = await ada.say("da", files=[page, sound])
    first, second = message["attachments"]
    assert first["filename"] == "bose_seite.html"
    async with session.get(first["url"]) as response:
        assert response.headers["Content-Type"] == "application/octet-stream"
        assert response.headers["Content-Disposition"].startswith("attachment")
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in response.headers["Content-Security-Policy"]
    async with session.get(second["url"], headers={"Range": "bytes=10-19"}) as response:
        assert response.status == 206
        assert response.headers["Content-Type"] == "audio/mpeg"
        assert await response.read() == bytes(range(10, 20))
    async with session.get(second["url"].replace(second["id"], str(int(second["id"]) + 1))) as response:
        assert response.status == 404
    await ada.delete(message)
    async with session.get(second["url"]) as response:
        assert response.status == 404


async def test_who_is_removed_is_out(classroom: Classroom, server: ClassServer, api: Api) -> None:
    ben = await classroom.visit("Ben")
    member = server.state.member(classroom.id, ben.me["id"])
    assert member is not None
    server.commit({"type": "members.delete", "id": f"{classroom.id}:{ben.me['id']}"})
    with pytest.raises(VisitError) as refused:
        await ben.refresh()
    assert refused.value.status == 401


@pytest.mark.parametrize("wrong", [None, 5, True, "x", [], [[]], {}, {"a": []}, "x" * 5000])
async def test_no_body_breaks_the_server(classroom: Classroom, bot: ExampleBot, wrong: object) -> None:
    """Whatever a window sends, the answer is a refusal and never an error of the server."""
    ada = await classroom.visit("Ada")
    (message,) = await ada.command("bild", prompt="x")
    form = await ada.open_form(ada.press(message, label="Form"))
    place = ada.channel_id("atelier")
    command = next(one["id"] for one in ada.state["commands"] if one["name"] == "bild")
    whole: list[dict[str, object]] = [
        {
            "type": 2,
            "channel_id": place,
            "command_id": command,
            "options": [{"name": "prompt", "type": 3, "value": "x"}],
        },
        {"type": 3, "message_id": message["id"], "custom_id": "menu", "component_type": 3, "values": ["1"]},
        {"type": 5, "modal_id": form["modal_id"], "custom_id": "x", "components": []},
    ]
    for body in whole:
        for key in body:
            await _refused(ada, "/interactions", {**body, key: wrong})
    for value in ({"value": wrong}, {"name": wrong}, {"type": wrong}):
        option = {"name": "prompt", "type": 3, "value": None, **value}
        await _refused(ada, "/interactions", {**whole[0], "options": [option]})
    for key in ("content", "message_reference", "attachments", "nonce"):
        await _refused(ada, f"/channels/{place}/messages", {key: wrong})
    for key in ("person", "guild", "locale"):
        await _refused(ada, "/session", {key: wrong})


async def _refused(visitor: Visitor, path: str, body: dict[str, object]) -> None:
    try:
        await visitor.request("POST", path, json=body)
    except VisitError as refusal:
        if refusal.status >= 500:
            raise


async def test_uploads_of_commands_are_removed_with_the_token(
    classroom: Classroom, bot: ExampleBot, server: ClassServer, tmp_path: Path
) -> None:
    ada = await classroom.visit("Ada")
    voice = tmp_path / "stimme.wav"
    voice.write_bytes(b"123")
    handle = ada.command("bild", prompt="x", datei=voice)
    assert "3" in (await handle)[0]["content"]
    (kept,) = server.state.interactions[handle.interaction_id or ""]["uploads"]
    assert (server._world.files / kept).exists()
    server.clock.advance(15 * 60)
    async with asyncio.timeout(2):
        while (server._world.files / kept).exists():
            await asyncio.sleep(0.01)


async def test_a_class_of_thirty(server: ClassServer, bot: ExampleBot) -> None:
    """All at once: each gets an acknowledgement well within 3 seconds."""
    guild = server.add_guild("Groß", people=[Person(f"Kind {number}") for number in range(30)])
    visitors = [await Visitor.enter(server.base_url, f"Kind {number}", guild=guild) for number in range(30)]
    handles = [one.command("bild", prompt=f"von {one.me['name']}") for one in visitors]
    answers = await asyncio.gather(*handles)
    assert sorted(one[0]["content"] for one in answers) == sorted(
        f"von Kind {n} None 0 None" for n in range(30)
    )
    for one in visitors:
        await one.wait_for(lambda _name, data: str(data.get("content", "")).startswith("von Kind 29"))
        await one.leave()
