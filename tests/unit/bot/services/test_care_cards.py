"""Teachers hear of reports and questions: one card each, whatever breaks, restarts or happens at once."""

from __future__ import annotations

import asyncio
import secrets
import time
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from bot.services.care import Care
from bot.services.care_cards import AT_ONCE
from bot.services.care_ports import Waiting
from bot.services.ports import NotDelivered, Requester
from data.care_cards import CardKind, CareCard
from data.errors import StorageFailed
from data.setup import Setups
from generation.errors import Refused
from generation.job import JobState
from tests.fakes import Fault
from tests.fakes_dispatch import make_job
from tests.unit.bot.services.conftest import ANNA, BEN, TEACHER, Room

REPORT, QUESTION = CardKind.REPORT, CardKind.QUESTION
REVIEW = {"review": "77"}
WAY = (JobState.RUNNING, JobState.CHECKING, JobState.POSTING, JobState.POSTED)


@dataclass
class Board:
    """A channel of teachers. `away`: nothing gets through; `lost`: it does, and the answer gets lost."""

    messages: dict[str, tuple[CareCard, Waiting]] = field(default_factory=dict)
    settled: list[str] = field(default_factory=list)
    away: bool = False
    lost: bool = False

    async def put(self, card: CareCard, waiting: Waiting) -> str:
        self._answer()
        await asyncio.sleep(0)
        message = str(len(self.messages) + 1)
        self.messages[message] = card, waiting
        if self.lost:
            raise NotDelivered
        return message

    async def find(self, card: CareCard) -> str | None:
        self._answer()
        found = [one for one, (sent, _) in self.messages.items() if sent.marker == card.marker]
        return found[-1] if found else None

    async def settle(self, card: CareCard, message: str) -> None:
        self._answer()
        self.settled.append(message)

    def _answer(self) -> None:
        if self.away:
            raise NotDelivered


@dataclass
class Stage:
    room: Room
    board: Board

    @property
    def care(self) -> Care:
        return self.room.desk.care

    async def restart(self) -> None:
        await self.room.restart()
        self.care.cards.attach(self.board)

    async def posted(self) -> str:
        job = make_job(id=secrets.token_hex(5), created_at=time.time())
        await self.room.jobs.add(job)
        for state in WAY:
            await self.room.jobs.move(job.id, state)
        return job.id

    async def reported(self, who: Requester = BEN, job: str | None = None) -> str:
        job = job or await self.posted()
        await self.care.reports.report(job, "hurtful", "", who)
        return job

    async def asked(self) -> str:
        with pytest.raises(Refused) as caught:
            await self.room.ask("Ein Splatterfilm im Wald")
        job = str(caught.value.values["job"])
        await self.care.appeals.ask(job, ANNA)
        return job

    async def review(self) -> None:
        await Setups(self.room.database).choose(ANNA.guild_id, REVIEW)


@pytest.fixture
async def stage(room: Room) -> Stage:
    found = Stage(room, Board())
    found.care.cards.attach(found.board)
    return found


async def test_without_a_channel_nothing_is_sent_and_once_there_is_one_what_waits_is(stage: Stage) -> None:
    report, question = await stage.reported(), await stage.asked()
    assert not await stage.care.cards.show(REPORT, ANNA.guild_id, report)
    assert not await stage.care.cards.show(QUESTION, ANNA.guild_id, question)
    await stage.care.cards.purge()
    assert stage.board.messages == {}
    await stage.review()
    for _ in range(3):
        await stage.care.cards.purge()
    sent = [(card.kind, card.job, card.channel, one.code) for card, one in stage.board.messages.values()]
    assert sorted(sent) == sorted([(REPORT, report, "77", "hurtful"), (QUESTION, question, "77", "violence")])


async def test_many_who_report_one_post_make_one_card_and_a_new_report_another(stage: Stage) -> None:
    await stage.review()
    job = await stage.posted()
    for who in (BEN, ANNA, replace(BEN, person_id="carla")):
        await stage.reported(who, job)
    shown = await asyncio.gather(*(stage.care.cards.show(REPORT, ANNA.guild_id, job) for _ in range(5)))
    assert all(shown)
    assert len(stage.board.messages) == 1
    (first, *_) = await stage.care.reports.waiting(TEACHER)
    await stage.care.reports.keep(first.report.id, TEACHER)
    await stage.care.cards.settle(REPORT, job)
    assert stage.board.settled == ["1"]
    await stage.reported(replace(BEN, person_id="dora"), job)
    await stage.care.cards.purge()
    assert len(stage.board.messages) == 2


@pytest.mark.parametrize("restart", [False, True])
@pytest.mark.parametrize("broken", ["away", "lost"])
async def test_what_breaks_while_a_card_is_sent_neither_loses_nor_doubles_it(
    stage: Stage, broken: str, restart: bool
) -> None:
    await stage.review()
    report, question = await stage.reported(), await stage.asked()
    setattr(stage.board, broken, True)
    assert not await stage.care.cards.show(REPORT, ANNA.guild_id, report)
    assert not await stage.care.cards.show(QUESTION, ANNA.guild_id, question)
    setattr(stage.board, broken, False)
    if restart:
        await stage.restart()
    await stage.care.cards.purge()
    await stage.care.cards.purge()
    assert sorted(card.job for card, _ in stage.board.messages.values()) == sorted([report, question])


async def test_the_channel_that_was_chosen_later_gets_what_could_not_be_sent(stage: Stage) -> None:
    await stage.review()
    report = await stage.reported()
    stage.board.away = True
    await stage.care.cards.show(REPORT, ANNA.guild_id, report)
    stage.board.away = False
    await Setups(stage.room.database).choose(ANNA.guild_id, {"review": "78"})
    await stage.care.cards.purge()
    assert [card.channel for card, _ in stage.board.messages.values()] == ["78"]


async def test_a_decision_is_written_onto_the_card_also_after_a_restart(stage: Stage) -> None:
    await stage.review()
    report, question = await stage.reported(), await stage.asked()
    await stage.care.cards.purge()
    (one,) = await stage.care.reports.waiting(TEACHER)
    stage.board.away = True
    await stage.care.reports.keep(one.report.id, TEACHER)
    await stage.care.cards.settle(REPORT, report)
    await stage.care.appeals.decide(question, TEACHER, wrong=True)
    await stage.care.cards.settle(QUESTION, question)
    assert stage.board.settled == []
    stage.board.away = False
    await stage.restart()
    await stage.care.cards.purge()
    await stage.care.cards.purge()
    assert sorted(stage.board.settled) == ["1", "2"]


async def test_a_card_asks_for_nothing_more_when_its_job_is_deleted(stage: Stage) -> None:
    await stage.review()
    await stage.asked()
    await stage.care.cards.purge()

    def unit(connection: Any) -> None:
        connection.execute("DELETE FROM jobs")

    await stage.room.database.write(unit)
    await stage.care.cards.purge()
    assert stage.board.settled == ["1"]


async def test_what_waits_still_is_not_settled(stage: Stage) -> None:
    await stage.review()
    report = await stage.reported()
    await stage.care.cards.purge()
    await stage.care.cards.settle(REPORT, report)
    await stage.care.cards.settle(QUESTION, "0000000000")
    assert stage.board.settled == []


async def test_without_a_board_nothing_is_claimed(room: Room) -> None:
    stage = Stage(room, Board())
    await stage.review()
    report = await stage.reported()
    assert not await stage.care.cards.show(REPORT, ANNA.guild_id, report)
    await stage.care.cards.finish()


async def test_a_disk_that_refuses_takes_nothing_back_and_the_card_comes_later(stage: Stage) -> None:
    await stage.review()
    report = await stage.reported()
    stage.room.database.refuse = Fault(StorageFailed())
    assert not await stage.care.cards.show(REPORT, ANNA.guild_id, report)
    stage.room.database.refuse = Fault()
    await stage.care.cards.purge()
    assert len(stage.board.messages) == 1


async def test_many_cards_come_bit_by_bit_and_a_class_without_a_channel_holds_nobody_up(stage: Stage) -> None:
    for number in range(AT_ONCE + 5):
        await stage.reported(replace(BEN, person_id=f"pupil{number}"))
    far = make_job(id="elsewhere0", guild_id="other", created_at=time.time())
    await stage.room.jobs.add(far)
    for state in WAY:
        await stage.room.jobs.move(far.id, state)
    await stage.care.reports.report(far.id, "other", "", replace(BEN, guild_id="other"))
    await Setups(stage.room.database).choose("other", {"review": "88"})
    await stage.care.cards.purge()
    assert [card.channel for card, _ in stage.board.messages.values()] == ["88"]
    await stage.review()
    await stage.care.cards.purge()
    assert len(stage.board.messages) == 1 + AT_ONCE
    await stage.care.cards.purge()
    assert len(stage.board.messages) == 1 + AT_ONCE + 5
