"""The ways of a result over real sockets: own answer, channel, direct message; and what gets lost on the way."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import Any, cast

import pytest

from bot.addresses import read_address
from bot.local.visitor import Handle, Visitor
from bot.publisher import DiscordPublisher
from bot.services.ports import NotDelivered, ReplyAddress, Status
from bot.services.video_ports import VideoStatus
from generation.job import Job
from generation.video_params import VIDEO
from tests.end_to_end.discord_layer.conftest import Class
from tests.end_to_end.discord_layer.fakes import approved

PROMPT = "ein blauer Kreis"
ORIGINAL = "/webhooks/*/*/messages/@original"
EDIT = "PATCH /webhooks/{application_id}/{token}/messages/@original"
SEND = "POST /channels/{channel_id}/messages"
HISTORY = "GET /channels/{channel_id}/messages"


async def waiting(klass: Class, visitor: Visitor) -> tuple[Handle, Job]:
    """A job whose status is shown."""
    handle = visitor.command("bild", prompt=PROMPT, anzahl=1)
    await handle
    job = klass.desk.newest()
    klass.school.exchanges.clear()
    return handle, job


def again(klass: Class) -> DiscordPublisher:
    """A publisher that remembers nothing, as after a restart."""
    publisher = DiscordPublisher(sentences=klass.school.sentences, clock=klass.school.server.clock.now)
    publisher.attach(klass.school.bot)
    return publisher


async def results(visitor: Visitor, job: Job) -> list[dict[str, Any]]:
    messages = await visitor.messages()
    return [one for one in messages if any(job.id in embed["footer"]["text"] for embed in one["embeds"])]


async def test_only_approved_things_are_published(klass: Class) -> None:
    publisher = klass.school.bot.publisher
    with pytest.raises(TypeError):
        await publisher.publish(cast("Any", object()), None)


async def test_publishing_twice_posts_once(klass: Class) -> None:
    ada = await klass.enter()
    _, job = await waiting(klass, ada)
    first = await klass.desk.finish(job)
    assert await klass.desk.finish(job) == first
    assert klass.school.calls() == [EDIT]
    # after a restart the edit is done once more, on the same message
    post = await approved(job, klass.school.folder)
    assert await again(klass).publish(post, klass.desk.addresses[job.id]) == first
    assert len(await results(ada, job)) == 1


async def test_a_dead_token_leads_to_the_channel_once(klass: Class) -> None:
    ada = await klass.enter()
    handle, job = await waiting(klass, ada)
    (status,) = handle.messages
    klass.school.server.clock.advance(15 * 60)
    posted = await klass.desk.finish(job)
    assert klass.school.calls()[:2] == [HISTORY, SEND]
    (result,) = await results(ada, job)
    assert result["id"] == posted.message_id
    assert status["id"] not in [one["id"] for one in await ada.messages()]
    # nothing is remembered after a restart: the history tells
    post = await approved(job, klass.school.folder)
    assert (await again(klass).publish(post, None)).message_id == posted.message_id
    assert len(await results(ada, job)) == 1
    # the post's buttons work there too
    klass.school.server.clock.set(time.time())
    await ada.press(result, label="Nochmal")


async def test_a_token_that_is_dead_earlier_than_thought(klass: Class) -> None:
    ada = await klass.enter()
    _, job = await waiting(klass, ada)
    answer = read_address(klass.desk.addresses[job.id])
    assert answer is not None
    klass.desk.addresses[job.id] = ReplyAddress(
        str(klass.desk.addresses[job.id]).replace(answer.token, answer.token[:-3] + "xyz")
    )
    await klass.desk.finish(job)
    assert klass.school.calls()[:3] == [
        "PATCH /webhooks/{application_id}/{token}/messages/@original",
        HISTORY,
        SEND,
    ]
    assert len(await results(ada, job)) == 1


async def test_a_lost_answer_does_not_post_twice(klass: Class) -> None:
    ada = await klass.enter()
    _, job = await waiting(klass, ada)
    klass.school.server.clock.advance(15 * 60)
    klass.school.server.faults.add("POST", "/channels/*/messages", close=True, applied=True)
    await klass.desk.finish(job)
    assert len(await results(ada, job)) == 1


async def test_an_edit_that_is_never_confirmed_stays(klass: Class) -> None:
    ada = await klass.enter()
    _, job = await waiting(klass, ada)
    klass.school.server.faults.add("PATCH", ORIGINAL, close=True, applied=True, times=9)
    await klass.desk.finish(job)
    # it is looked for and found, and it is not taken for the old status
    assert klass.school.calls()[-1] == HISTORY
    assert len(await results(ada, job)) == 1


async def test_a_result_found_after_the_token_died_stays(klass: Class) -> None:
    ada = await klass.enter()
    _, job = await waiting(klass, ada)
    address = klass.desk.addresses[job.id]
    post = await approved(job, klass.school.folder)
    await klass.school.bot.publisher.publish(post, address)
    klass.school.server.clock.advance(15 * 60)
    await again(klass).publish(post, address)
    assert len(await results(ada, job)) == 1


async def test_an_answer_deleted_by_a_teacher_is_posted_in_the_channel(klass: Class) -> None:
    ada, teacher = await klass.enter(), await klass.enter("Frau Sommer")
    handle, job = await waiting(klass, ada)
    await teacher.delete(handle.messages[0])
    await klass.desk.finish(job)
    assert len(await results(ada, job)) == 1


async def test_dropped_connections_are_tried_once_more(klass: Class) -> None:
    ada = await klass.enter()
    faults = klass.school.server.faults
    faults.add("POST", "/interactions/*/*/callback", close=True)
    handle, job = await waiting(klass, ada)
    faults.add("PATCH", ORIGINAL, close=True, applied=True)
    await klass.desk.finish(job)
    assert len(await results(ada, job)) == 1
    await handle.message(lambda one: bool(one["attachments"]))


async def test_a_first_answer_that_arrived_unnoticed(klass: Class) -> None:
    ada = await klass.enter()
    klass.school.server.faults.add("POST", "/interactions/*/*/callback", close=True, applied=True)
    handle, job = await waiting(klass, ada)
    await klass.desk.finish(job)
    await handle.message(lambda one: bool(one["attachments"]))


async def test_trouble_of_discord_is_waited_out(klass: Class) -> None:
    ada = await klass.enter()
    _, job = await waiting(klass, ada)
    klass.school.server.faults.add("PATCH", ORIGINAL, status=500)
    klass.school.server.faults.add("PATCH", ORIGINAL, status=429, retry_after=0.1)
    await klass.desk.finish(job)
    assert len(await results(ada, job)) == 1


async def test_direct_message_when_the_channel_is_closed(klass: Class) -> None:
    ada = await klass.enter()
    _, job = await waiting(klass, ada)
    klass.school.server.faults.add("POST", f"/channels/{job.channel_id}/messages", status=403, times=9)
    post = await approved(job, klass.school.folder)
    direct = await ada.direct()
    await klass.school.bot.publisher.publish(post, None)
    (message,) = await ada.messages(direct["id"])
    assert message["attachments"]
    assert message["components"] == []


async def test_not_delivered_when_no_way_is_left(klass: Class) -> None:
    ada = await klass.enter()
    _, job = await waiting(klass, ada)
    klass.school.server.faults.add("POST", f"/channels/{job.channel_id}/messages", status=403, times=9)
    klass.school.server.set_direct_messages(ada.me["id"], allowed=False)
    post = await approved(job, klass.school.folder)
    publisher = klass.school.bot.publisher
    with pytest.raises(NotDelivered):
        await publisher.publish(post, None)
    # the next try may succeed
    klass.school.server.faults.clear()
    await publisher.publish(post, None)
    assert len(await results(ada, job)) == 1


async def test_a_late_status_never_replaces_the_result(klass: Class) -> None:
    ada = await klass.enter()
    handle, job = await waiting(klass, ada)
    address = klass.desk.addresses[job.id]
    publisher = klass.school.bot.publisher
    klass.school.server.faults.add("PATCH", ORIGINAL, delay=0.2)
    early = asyncio.create_task(publisher.show_status(job, address, Status(done=1, total=4)))
    await asyncio.sleep(0.05)
    result = asyncio.create_task(klass.desk.finish(job))
    await asyncio.sleep(0)
    await publisher.show_status(job, address, Status(done=2, total=4))
    await asyncio.gather(early, result)
    await publisher.show_status(job, address, Status(done=3, total=4))
    assert klass.school.calls() == [EDIT, EDIT]
    await handle.message(lambda one: bool(one["attachments"]))


async def test_at_most_two_status_edits(klass: Class) -> None:
    ada = await klass.enter()
    _, job = await waiting(klass, ada)
    publisher = klass.school.bot.publisher
    for done in range(10):
        await publisher.show_status(
            job, klass.desk.addresses[job.id], Status(place=2, done=done, total=done and 10)
        )
    assert klass.school.calls() == [EDIT]


async def test_what_the_pictures_of_a_video_are_is_said_as_long_as_they_stand_there(klass: Class) -> None:
    ada = await klass.enter()
    handle, job = await waiting(klass, ada)
    keys = [{"frame": frame, "prompt": PROMPT, "seed": 1} for frame in (0, 15)]
    video = replace(job, medium=VIDEO, params={"keys": keys, "frames": 16, "fps": 8})
    post = await approved(job, klass.school.folder)
    pictures = post.map(lambda value: (value.sheet, value.sheet))
    publisher, address = klass.school.bot.publisher, klass.desk.addresses[job.id]
    sentence = klass.say("status.ends")

    async def shown(done: int, **more: Any) -> dict[str, Any]:
        await publisher.show_status(video, address, VideoStatus(done=done, total=16, ready_at=1.0, **more))
        return await handle.message(lambda one: f"Bild {done} von 16" in one["content"])

    assert sentence not in (await shown(1))["content"]
    klass.school.server.faults.add("PATCH", ORIGINAL, status=403)
    await publisher.show_status(video, address, VideoStatus(done=2, total=16, pictures=pictures))
    assert sentence not in (await shown(3))["content"]
    first = await shown(4, pictures=pictures)
    later = await shown(9)
    for message in (first, later):
        assert message["content"].endswith(sentence)
        assert len(message["attachments"]) == 2


async def test_a_status_that_fails_is_no_error(klass: Class) -> None:
    ada = await klass.enter()
    _, job = await waiting(klass, ada)
    klass.school.server.faults.add("PATCH", ORIGINAL, status=403)
    await klass.school.bot.publisher.show_status(job, klass.desk.addresses[job.id], Status(done=1, total=2))
    await klass.school.bot.publisher.show_status(job, None, Status(done=1, total=2))
    await klass.desk.finish(job)


async def test_a_refusal_is_seen_by_its_owner_alone(klass: Class) -> None:
    ada, ben = await klass.enter(), await klass.enter("Ben")
    handle, job = await waiting(klass, ada)
    (status,) = handle.messages
    publisher = klass.school.bot.publisher
    await publisher.tell_owner(job, klass.desk.addresses[job.id], "refused_image_flagged", {}, private=True)
    said = await handle.message(lambda one: one["content"] == klass.say("error.refused_image_flagged"))
    assert said["flags"] & 64
    assert said["id"] not in ben.seen
    assert status["id"] not in [one["id"] for one in await ben.messages()]


async def test_a_failure_replaces_the_status(klass: Class) -> None:
    ada = await klass.enter()
    handle, job = await waiting(klass, ada)
    publisher = klass.school.bot.publisher
    await publisher.tell_owner(job, klass.desk.addresses[job.id], "worker_hung", {}, private=False)
    ended = await handle.message(lambda one: one["content"] == klass.say("error.worker_hung"))
    assert ended["components"] == []


async def test_what_a_worker_found_wrong_is_told_by_its_reason(klass: Class) -> None:
    handle, job = await waiting(klass, await klass.enter())
    publisher, address = klass.school.bot.publisher, klass.desk.addresses[job.id]
    await publisher.tell_owner(job, address, "invalid_input", {"reason": "only_english"}, private=False)
    assert await handle.message(lambda one: one["content"] == klass.say("error.invalid_only_english"))


@pytest.mark.parametrize("private", [True, False])
async def test_telling_the_owner_after_the_token_died(klass: Class, private: bool) -> None:
    ada = await klass.enter()
    _, job = await waiting(klass, ada)
    klass.school.server.clock.advance(15 * 60)
    direct = await ada.direct()
    publisher = again(klass)
    await publisher.tell_owner(job, klass.desk.addresses[job.id], "restarted", {}, private=private)
    (message,) = await ada.messages(direct["id"] if private else None)
    assert klass.say("error.restarted") in message["content"]


async def test_a_late_refusal_can_be_asked_about_too(klass: Class) -> None:
    ada = await klass.enter()
    _, job = await waiting(klass, ada)
    klass.school.server.clock.advance(15 * 60)
    direct = await ada.direct()
    publisher = again(klass)
    await publisher.tell_owner(job, klass.desk.addresses[job.id], "refused_image_flagged", {}, private=True)
    (message,) = await ada.messages(direct["id"])
    (button,) = message["components"][0]["components"]
    assert button["custom_id"] == f"ka:ask:{job.id}"


async def test_telling_the_owner_never_raises(klass: Class) -> None:
    ada = await klass.enter()
    _, job = await waiting(klass, ada)
    klass.school.server.set_direct_messages(ada.me["id"], allowed=False)
    await again(klass).tell_owner(job, None, "no such code", {}, private=True)


async def test_who_is_in_the_class_is_asked_of_discord_each_time(klass: Class) -> None:
    ada = await klass.enter()
    _, job = await waiting(klass, ada)
    server, publisher = klass.school.server, klass.school.bot.publisher
    assert await publisher.is_member(job.guild_id, job.owner_id) is True
    elsewhere = server.add_guild("another class")
    assert await publisher.is_member(job.guild_id, "999") is False
    async with asyncio.timeout(5):
        while klass.school.bot.get_guild(int(elsewhere)) is None:
            await asyncio.sleep(0.01)
    assert await publisher.is_member(elsewhere, job.owner_id) is False
    for guild, person in (
        ("1", job.owner_id),
        ("x", job.owner_id),
        (job.guild_id, "anna"),
        (job.guild_id, ""),
    ):
        assert await publisher.is_member(guild, person) is None
