"""Deleting posts over real sockets: known, unknown, gone already, forbidden, and while one is on its way."""

from __future__ import annotations

import asyncio
import dataclasses

import discord
import pytest

from bot.delivery import Delivery
from bot.publisher import DiscordPublisher
from bot.services.door import PRIVATE
from bot.services.ports import Hindrance, Posted, TakenBack, Withheld
from tests.end_to_end.discord_layer.conftest import Class
from tests.end_to_end.discord_layer.fakes import approved
from tests.end_to_end.discord_layer.test_publisher import again, results, waiting

GONE, NOTHING = TakenBack(deleted=1), TakenBack()


async def test_a_known_post_is_deleted_once_and_never_shown_again(klass: Class) -> None:
    ada = await klass.enter()
    _, job = await waiting(klass, ada)
    posted = await klass.desk.finish(job)
    publisher = again(klass)
    assert await publisher.take_back(job, posted, None) == GONE
    assert await results(ada, job) == []
    assert await publisher.take_back(job, posted, None) == NOTHING
    try:
        await publisher.publish(await approved(job, klass.school.folder), klass.desk.addresses[job.id])
    except Withheld:
        assert await results(ada, job) == []
    else:
        raise AssertionError("it was shown again")


async def test_a_post_that_was_never_noted_is_found_by_its_footer(klass: Class) -> None:
    ada = await klass.enter()
    _, job = await waiting(klass, ada)
    _, other = await waiting(klass, ada)
    await klass.desk.finish(job)
    await klass.desk.finish(other)
    assert await again(klass).take_back(job, None, None) == GONE
    assert await results(ada, job) == []
    assert len(await results(ada, other)) == 1


async def test_a_send_on_its_way_is_awaited(klass: Class) -> None:
    ada = await klass.enter()
    _, job = await waiting(klass, ada)
    klass.school.server.faults.add("PATCH", "/webhooks/*/*/messages/@original", delay=0.2)
    publisher: DiscordPublisher = klass.school.bot.publisher
    post = await approved(job, klass.school.folder)
    sending = asyncio.create_task(publisher.publish(post, klass.desk.addresses[job.id]))
    await asyncio.sleep(0.05)
    assert await publisher.take_back(job, None, klass.desk.addresses[job.id]) == GONE
    assert sending.done()
    assert await results(ada, job) == []


async def test_what_somebody_else_has_deleted_is_no_hindrance(klass: Class) -> None:
    ada, teacher = await klass.enter(), await klass.enter("Frau Sommer")
    _, job = await waiting(klass, ada)
    posted = await klass.desk.finish(job)
    await teacher.delete((await results(ada, job))[0])
    assert await again(klass).take_back(job, posted, None) == NOTHING
    gone = Posted(channel_id="123", message_id=posted.message_id)
    assert await again(klass).take_back(job, gone, None) == NOTHING


async def test_what_discord_forbids_or_does_not_answer_is_said(klass: Class) -> None:
    ada = await klass.enter()
    _, job = await waiting(klass, ada)
    posted = await klass.desk.finish(job)
    faults = klass.school.server.faults
    faults.add("DELETE", "/channels/*/messages/*", status=403)
    forbidden = await again(klass).take_back(job, posted, None)
    assert forbidden.hindrance is Hindrance.FORBIDDEN
    faults.clear()
    faults.add("DELETE", "/channels/*/messages/*", close=True, times=9)
    assert (await again(klass).take_back(job, posted, None)).hindrance is Hindrance.AWAY
    faults.clear()
    assert await again(klass).take_back(job, posted, None) == GONE


async def test_a_person_is_told_in_private(klass: Class) -> None:
    ada = await klass.enter()
    _, job = await waiting(klass, ada)
    assert await again(klass).tell_person(job.owner_id, "Deine Stimme wird nicht mehr verwendet.")
    assert not await again(klass).tell_person("nobody", "…")


class _PrivateLesson:
    def posts_privately(self, guild: str) -> bool:
        return True


async def test_what_one_person_alone_sees_is_taken_back_too(
    klass: Class, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An emergency stop in a private lesson: no history shows the answer, and the send arrives after the last look."""
    monkeypatch.setattr(klass.school.bot.desk, "door", _PrivateLesson(), raising=False)
    ada = await klass.enter()
    handle, job = await waiting(klass, ada)
    job = dataclasses.replace(job, notices=(PRIVATE,))
    address = klass.desk.addresses[job.id]
    (answer,) = handle.messages
    assert answer["flags"] & 1 << 6
    publisher = again(klass)
    assert (await publisher.take_back(job, None, address)).hindrance is None
    late = Delivery(sentences=klass.school.sentences, clock=klass.school.server.clock.now)
    late.attach(klass.school.bot)
    with pytest.raises(discord.NotFound):
        await late.edit_answer(address, content="a result", view=None)
    assert handle.messages == []
    await publisher.tell_owner(job, address, "emergency", {}, private=True)
    told = await handle.message(lambda one: "Notaus" in one["content"])
    assert told["flags"] & 1 << 6
