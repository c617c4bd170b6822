"""Files in forms, files in direct messages, voice messages: sound that reaches an unmodified discord.py bot."""

from __future__ import annotations

import asyncio
import base64
import json
import wave
from pathlib import Path
from typing import Any

import aiohttp
import discord
import pytest

from bot.local.server import ClassServer
from bot.local.visitor import VisitError, Visitor
from tests.unit.bot.local.conftest import Api, Classroom
from tests.unit.bot.local.example_bot import ExampleBot

WEBM = b"\x1aE\xdf\xa3\x9fB\x86\x81\x01B\x82\x84webm"
MP4 = b"\0\0\0\x18ftypisom\0\0\x02\0"


def _wav(path: Path, seconds: float = 0.5) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(int(seconds * 16000)))
    return path


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return _wav(tmp_path / "probe eins.wav")


async def _heard(bot: ExampleBot, message_id: str) -> discord.Message:
    async with asyncio.timeout(5):
        while not (found := [one for one in bot.heard if one.id == int(message_id)]):
            await asyncio.sleep(0.01)
    return found[0]


# Forms


async def test_a_form_takes_files(ada: Visitor, clip: Path, tmp_path: Path) -> None:
    second = _wav(tmp_path / "zwei.wav", 0.1)
    form = await ada.open_form(ada.command("abgeben"))
    upload = form["components"][1]["component"]
    assert [upload[key] for key in ("type", "min_values", "max_values", "required")] == [19, 1, 3, True]
    (answer,) = await ada.fill_in(form, Name="Ada", Clips=[clip, second], extra=second)
    sizes = clip.stat().st_size, second.stat().st_size
    told = [f"probe_eins.wav audio/wav {sizes[0]} True", f"zwei.wav audio/wav {sizes[1]} True"]
    assert answer["content"] == f"Ada: {told} ['zwei.wav']"


async def test_a_form_counts_its_files(ada: Visitor, clip: Path) -> None:
    form = await ada.open_form(ada.command("abgeben"))
    for clips in ([], [clip] * 4):
        with pytest.raises(VisitError) as refused:
            await ada.fill_in(form, clips=clips)
        assert refused.value.code == 50035
        assert "clips" in refused.value.body["errors"]["components"]
    (answer,) = await ada.fill_in(form, clips=clip)
    assert answer["content"].endswith("[]")


async def test_a_refused_form_leaves_no_files(ada: Visitor, clip: Path, server: ClassServer) -> None:
    form = await ada.open_form(ada.command("abgeben"))
    before = set(server._world.files.iterdir())
    with pytest.raises(VisitError):
        await ada.fill_in(form, clips=[clip] * 4)
    assert set(server._world.files.iterdir()) == before


@pytest.mark.parametrize(
    "counts", [{"min_values": 11, "max_values": 11}, {"max_values": 0}, {"min_values": 2}]
)
async def test_a_form_asks_for_ten_files_at_most(api: Api, ada: Visitor, counts: dict[str, int]) -> None:
    handle = ada.command("silent")
    event = await _interaction(ada, handle, api)
    upload = {"type": 19, "custom_id": "a", **counts}
    modal = {"title": "t", "custom_id": "m", "components": [{"type": 18, "label": "l", "component": upload}]}
    body = {"type": 9, "data": modal}
    status, refusal = await api("POST", f"/interactions/{event['id']}/{event['token']}/callback", json=body)
    assert (status, refusal["code"]) == (400, 50035)


async def _interaction(ada: Visitor, handle: Any, api: Api) -> dict[str, Any]:
    interaction_id = await handle.sent()
    record: dict[str, Any] = api.server.state.interactions[interaction_id]
    return record


# Direct messages


async def test_files_in_direct_messages_reach_the_bot(ada: Visitor, bot: ExampleBot, clip: Path) -> None:
    said = await ada.direct_message("mein Satz", files=[clip])
    heard = await _heard(bot, said["id"])
    assert isinstance(heard.channel, discord.DMChannel)
    assert (heard.guild, heard.content, heard.author.id) == (None, "mein Satz", int(ada.me["id"]))
    assert await heard.attachments[0].read() == clip.read_bytes()
    answer = await heard.channel.send("angekommen")
    await ada.wait_for_message(lambda one: one["id"] == str(answer.id))


async def test_intents_decide_about_direct_messages(ada: Visitor, server: ClassServer, clip: Path) -> None:
    got: list[str] = []
    session = next(iter(server.gateway.sessions.values()))
    push, intents = session.push, session.intents
    session.push = lambda name, data: got.append(name)  # type: ignore[method-assign]
    try:
        session.intents &= ~(1 << 12)
        await ada.direct_message(files=[clip])
        session.intents = intents
        await ada.direct_message(files=[clip])
    finally:
        session.push, session.intents = push, intents  # type: ignore[method-assign]
    assert got == ["MESSAGE_CREATE"]


async def test_a_deleted_direct_message_is_gone_at_once(ada: Visitor, bot: ExampleBot, clip: Path) -> None:
    user = await bot.fetch_user(int(ada.me["id"]))
    message = await user.send(file=discord.File(clip))
    there = await ada.wait_for_message(lambda one: one["id"] == str(message.id))
    await message.delete()
    await ada.wait_for(lambda name, data: name == "MESSAGE_DELETE" and data["id"] == there["id"])
    assert there["id"] not in ada.seen
    with pytest.raises(VisitError):
        await ada.download(there["attachments"][0])


# Voice messages


async def test_a_voice_message(ada: Visitor, bot: ExampleBot, clip: Path) -> None:
    said = await ada.voice_message(clip, seconds=0.5, waveform=bytes([0, 128, 255]))
    assert (said["flags"], said["content"]) == (8192, "")
    heard = await _heard(bot, said["id"])
    assert heard.flags.voice
    (sound,) = heard.attachments
    assert sound.is_voice_message()
    assert (sound.duration, sound.waveform, sound.content_type) == (0.5, bytes([0, 128, 255]), "audio/wav")
    assert await sound.read() == clip.read_bytes()


async def test_a_voice_message_in_a_channel(ada: Visitor, ben: Visitor, bot: ExampleBot, clip: Path) -> None:
    said = await ada.voice_message(clip, seconds=0.5, channel="atelier")
    there = await ben.wait_for_message(lambda one: one["id"] == said["id"])
    assert there["attachments"][0]["duration_secs"] == 0.5
    heard = await _heard(bot, said["id"])
    assert (heard.attachments, heard.flags.voice) == ([], True)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"content": "dazu"}, 50159),
        ({"attachments": None}, 50161),
        ({"attachments": [{"id": "0", "duration_secs": 1}]}, 50161),
        ({"attachments": [{"id": "0", "waveform": "AAAA"}]}, 50161),
        ({"attachments": [{"id": "0", "duration_secs": -1, "waveform": "AAAA"}]}, 50035),
        ({"attachments": [{"id": "0", "duration_secs": "x", "waveform": "AAAA"}]}, 50035),
        ({"attachments": [{"id": "0", "duration_secs": 1, "waveform": "ä"}]}, 50035),
        ({"attachments": [{"id": "0", "duration_secs": 1, "waveform": "A" * 404}]}, 50035),
        ({"attachments": [{"id": "0", "duration_secs": 1, "waveform": "AAAA"}]}, None),
    ],
)
async def test_a_voice_message_is_sound_alone(
    ada: Visitor, clip: Path, change: dict[str, Any], code: int | None
) -> None:
    channel = await ada.direct()
    body = {"content": "", "flags": 8192, **change}
    path = f"/channels/{channel['id']}/messages"
    if code is None:
        assert (await ada._post(path, body, [clip]))["flags"] == 8192
        return
    with pytest.raises(VisitError) as refused:
        await ada._post(path, body, [clip])
    assert refused.value.code == code


async def test_a_voice_message_has_one_sound(ada: Visitor, clip: Path, tmp_path: Path) -> None:
    text = tmp_path / "a.txt"
    text.write_text("kein Ton", encoding="utf-8")
    with pytest.raises(VisitError) as refused:
        await ada.voice_message(text, seconds=1)
    assert refused.value.code == 50160
    body = {"flags": 8192, "attachments": [{"id": "0", "duration_secs": 1, "waveform": ""}]}
    channel = await ada.direct()
    for files in ([], [clip, clip]):
        with pytest.raises(VisitError) as refused:
            await ada._post(f"/channels/{channel['id']}/messages", body, files)
        assert refused.value.code == 50160


async def test_people_set_no_other_flags(ada: Visitor) -> None:
    channel = ada.channel_id("atelier")
    said = await ada._post(f"/channels/{channel}/messages", {"content": "x", "flags": 64 | 4096}, [])
    assert said["flags"] == 4096
    with pytest.raises(VisitError) as refused:
        await ada._post(f"/channels/{channel}/messages", {"content": "x", "flags": "viele"}, [])
    assert refused.value.code == 50035


async def test_voice_messages_need_a_permission(
    ada: Visitor, api: Api, classroom: Classroom, clip: Path, server: ClassServer
) -> None:
    record = server.state.roles[classroom.id]
    server._world.put("roles", {**record, "permissions": record["permissions"] & ~(1 << 46)})
    with pytest.raises(VisitError) as refused:
        await ada.voice_message(clip, seconds=0.5, channel="atelier")
    assert refused.value.code == 50173


async def test_a_bot_sends_a_voice_message_but_edits_none(api: Api, clip: Path, ada: Visitor) -> None:
    form = aiohttp.FormData()
    described = {"id": "0", "duration_secs": 0.5, "waveform": base64.b64encode(bytes(4)).decode()}
    form.add_field("payload_json", json.dumps({"flags": 8192, "attachments": [described]}))
    form.add_field("files[0]", clip.read_bytes(), filename="voice-message.wav")
    status, message = await api("POST", f"/channels/{api.channel()}/messages", data=form)
    assert (status, message["flags"]) == (200, 8192)
    path = f"/channels/{api.channel()}/messages/{message['id']}"
    status, refusal = await api("PATCH", path, json={"content": "doch"})
    assert (status, refusal["code"]) == (400, 50162)


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("a.webm", WEBM + b"A_OPUS", "audio/webm"),
        ("a.webm", WEBM + b"V_VP8" + b"A_OPUS", "video/webm"),
        ("a.mp4", MP4 + b"hdlr\0\0\0\0\0\0\0\0soun", "audio/mp4"),
        ("a.mp4", MP4 + b"hdlr\0\0\0\0\0\0\0\0vide", "video/mp4"),
        ("a.mp4", b"", "video/mp4"),
        ("a.m4a", b"", "audio/mp4"),
    ],
)
async def test_containers_without_pictures_are_sound(
    ada: Visitor, tmp_path: Path, name: str, content: bytes, kind: str
) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    said = await ada.say("", files=[file])
    assert said["attachments"][0]["content_type"] == kind
