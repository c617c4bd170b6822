"""The works of the gallery as rows: one way along the table of moves, whoever presses at the same moment."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator
from dataclasses import replace

import pytest

from data.database import Database
from data.errors import StaleMove
from data.gallery import GalleryEntries
from data.gallery_records import (
    DECISIONS,
    GALLERY_MOVES,
    Filter,
    GalleryMessage,
    GalleryPlace,
    GalleryState,
    ShownFile,
)
from data.jobs import Jobs
from generation.errors import LimitReached, Refused
from generation.job import Job, JobState, new_job_id

S = GalleryState


class Hall:
    def __init__(self, database: Database) -> None:
        self.time: Iterator[int] = itertools.count(1000)
        self.database = database
        self.jobs = Jobs(database)
        self.entries = GalleryEntries(database, clock=lambda: float(next(self.time)))

    async def posted(self, owner: str = "anna", medium: str = "image", parent: str | None = None) -> Job:
        job = Job(
            id=new_job_id(), guild_id="class", channel_id="1", owner_id=owner, medium=medium, family="fake",
            model="mini", params={"prompt": "a canary"}, seed=1, locale="de", created_at=1.0,
            state=JobState.QUEUED, parent=parent,
        )  # fmt: skip
        await self.jobs.add(job)
        for state in (JobState.RUNNING, JobState.CHECKING, JobState.POSTING, JobState.POSTED):
            job = await self.jobs.move(job.id, state)
        return job

    async def sent_in(self, owner: str = "anna", *, to: GalleryState = S.WAITING, named: bool = True) -> Job:
        job = await self.posted(owner)
        await self.entries.submit(job, named=named, name="Anna", to=to, limit=9)
        return job

    async def state(self, job: Job) -> GalleryState:
        entry = await self.entries.get(job.id)
        assert entry is not None
        return entry.state


@pytest.fixture
def hall(database: Database) -> Hall:
    return Hall(database)


async def test_a_work_is_sent_in_reviewed_changed_and_accepted(hall: Hall) -> None:
    job = await hall.sent_in()
    changed = await hall.entries.decide(job, 1, S.CHANGE, by="sommer", reason="Bitte heller.")
    assert (changed.state, changed.round, changed.name) == (S.CHANGE, 1, "Anna")
    again = await hall.entries.submit(job, named=False, name="Anna", to=S.WAITING, limit=9)
    assert (again.round, again.named, again.name) == (2, False, "")
    with pytest.raises(StaleMove):  # a button of the first round
        await hall.entries.decide(job, 1, S.ACCEPTED, by="sommer")
    await hall.entries.decide(job, 2, S.ACCEPTED, by="sommer")
    said = [(one.round, one.state, one.reason) for one in await hall.entries.decisions(job.id)]
    assert said == [(1, S.CHANGE, "Bitte heller."), (2, S.ACCEPTED, "")]


async def test_the_decisions_about_what_it_was_made_from_are_told(hall: Hall) -> None:
    first = await hall.sent_in()
    await hall.entries.decide(first, 1, S.DECLINED, by="sommer", reason="Zu laut.")
    second = await hall.posted(parent=first.id)
    assert [one.reason for one in await hall.entries.decisions(second.id)] == ["Zu laut."]


async def test_of_two_teachers_at_once_one_decides(hall: Hall) -> None:
    for first, second in itertools.product(sorted(DECISIONS), repeat=2):
        job = await hall.sent_in(owner=f"{first}{second}")
        outcomes = await asyncio.gather(
            hall.entries.decide(job, 1, first, by="sommer"),
            hall.entries.decide(job, 1, second, by="winter"),
            return_exceptions=True,
        )
        assert [type(one) for one in outcomes].count(StaleMove) == 1
        assert len(await hall.entries.decisions(job.id)) == 1


async def test_a_withdrawal_and_a_decision_at_once_end_in_one_of_both_orders(hall: Hall) -> None:
    for order in itertools.permutations(("withdraw", "accept")):
        job = await hall.sent_in()
        ways = {
            "withdraw": hall.entries.end(job.id, S.WITHDRAWN, by="anna"),
            "accept": hall.entries.decide(job, 1, S.ACCEPTED, by="sommer"),
        }
        await asyncio.gather(*(ways[name] for name in order), return_exceptions=True)
        assert await hall.state(job) is S.WITHDRAWN
        entry = await hall.entries.get(job.id)
        assert entry is not None
        assert entry.name == ""


@pytest.mark.parametrize("end", [S.DECLINED, S.TAKEN_DOWN])
async def test_what_is_final_stays(hall: Hall, end: GalleryState) -> None:
    job = await hall.sent_in()
    if end is S.DECLINED:
        await hall.entries.decide(job, 1, end, by="sommer")
    else:
        await hall.entries.end(job.id, end, by="sommer")
    assert GALLERY_MOVES[end] == frozenset()
    with pytest.raises(StaleMove):
        await hall.entries.submit(job, named=True, name="Anna", to=S.WAITING, limit=9)
    with pytest.raises(StaleMove):
        await hall.entries.decide(job, 1, S.ACCEPTED, by="sommer")


async def test_only_what_is_posted_is_sent_in_or_accepted(hall: Hall) -> None:
    job = await hall.sent_in()
    await hall.jobs.purge(1e12)
    with pytest.raises(StaleMove):
        await hall.entries.decide(job, 1, S.ACCEPTED, by="sommer")
    with pytest.raises(StaleMove):
        await hall.entries.submit(replace(job, id=new_job_id()), named=False, name="", to=S.WAITING, limit=9)
    assert await hall.entries.unfinished() == [job.id]


async def test_a_pupil_has_so_many_waiting(hall: Hall) -> None:
    await hall.sent_in()
    job = await hall.posted()
    with pytest.raises(LimitReached):
        await hall.entries.submit(job, named=False, name="", to=S.WAITING, limit=1)
    assert await hall.entries.get(job.id) is None


async def test_the_gate_is_asked_in_the_transaction(hall: Hall) -> None:
    codes = {"": ""}
    entries = GalleryEntries(hall.database, gate=lambda _, job: codes.get(job.id, ""))
    job = await hall.sent_in()
    codes[job.id] = "refused_consent_revoked"
    with pytest.raises(Refused):
        await entries.decide(job, 1, S.ACCEPTED, by="sommer")
    other = await hall.posted()
    codes[other.id] = "refused_consent_revoked"
    with pytest.raises(Refused):
        await entries.submit(other, named=False, name="", to=S.ACCEPTED, limit=9)
    assert await hall.state(job) is S.WAITING
    assert await entries.get(other.id) is None


async def test_what_a_crash_leaves_is_found(hall: Hall) -> None:
    job = await hall.sent_in()
    unfinished = hall.entries.unfinished
    assert await unfinished() == [job.id]  # no card yet
    await hall.entries.plan(job.id, GalleryPlace.REVIEW, "9")
    assert await unfinished() == [job.id]
    card = GalleryMessage(job=job.id, place=GalleryPlace.REVIEW, round=1, channel="9", message="90")
    await hall.entries.done(card)
    assert await unfinished() == []
    await hall.entries.decide(job, 1, S.CHANGE, by="sommer")
    assert await unfinished() == []
    await hall.entries.submit(job, named=True, name="Anna", to=S.WAITING, limit=9)
    assert await unfinished() == [job.id]  # the card is that of the first round
    await hall.entries.plan(job.id, GalleryPlace.REVIEW, "9")
    await hall.entries.done(replace(card, round=2))
    await hall.entries.decide(job, 2, S.ACCEPTED, by="sommer")
    assert await unfinished() == [job.id]  # accepted, and does not hang
    await hall.entries.plan(job.id, GalleryPlace.GALLERY, "8")
    shown = ShownFile(name="image-1.png", sha256="ab", alt="a house")
    hung = GalleryMessage(job=job.id, place=GalleryPlace.GALLERY, round=2, channel="8", message="80")
    await hall.entries.done(hung, [shown])
    assert await unfinished() == []
    assert await hall.entries.files(job.id) == [shown]
    await hall.entries.end(job.id, S.WITHDRAWN, by="anna")
    assert await unfinished() == [job.id]
    assert not await hall.entries.forget(job.id)
    await hall.entries.gone(job.id, GalleryPlace.REVIEW)
    await hall.entries.gone(job.id, GalleryPlace.GALLERY)
    assert await hall.entries.forget(job.id)
    assert await hall.entries.get(job.id) is None


async def test_stars_are_turned_and_only_given_to_what_hangs(hall: Hall) -> None:
    job, waiting = await hall.sent_in(to=S.ACCEPTED), await hall.sent_in(owner="ben")
    counts = [(await hall.entries.star(job.id, "class", who)).stars for who in ("ben", "cem", "ben")]
    assert counts == [1, 2, 1]
    for wrong, guild in ((waiting, "class"), (job, "other")):
        with pytest.raises(StaleMove):
            await hall.entries.star(wrong.id, guild, "ben")
    await hall.entries.forget_stars("class", "cem")
    assert (await hall.entries.find("class", Filter()))[0].stars == 0


async def test_works_are_found_by_medium_stars_and_by_people_who_want_it(hall: Hall) -> None:
    named = await hall.sent_in("anna", to=S.ACCEPTED)
    hidden = await hall.sent_in("anna", to=S.ACCEPTED, named=False)
    other = await hall.sent_in("ben", to=S.ACCEPTED)
    await hall.sent_in("ben")
    await hall.entries.star(hidden.id, "class", "cem")

    async def found(**wanted: object) -> list[str]:
        return [one.entry.job for one in await hall.entries.find("class", Filter(**wanted))]  # type: ignore[arg-type]

    assert await found() == [other.id, hidden.id, named.id]
    assert await found(by_stars=True) == [hidden.id, other.id, named.id]
    assert await found(person="anna") == [named.id]
    assert await found(person="anna", own=True) == [hidden.id, named.id]
    assert await found(medium="music") == []
    assert await found(limit=1, offset=1) == [hidden.id]
    assert await hall.entries.find("other", Filter()) == []


async def test_an_erased_person_is_in_no_row(hall: Hall) -> None:
    gone, standing = await hall.sent_in(), await hall.sent_in()
    await hall.entries.plan(standing.id, GalleryPlace.REVIEW, "9")
    assert await hall.entries.of_person("class", "anna") == [gone.id, standing.id]
    assert [await hall.entries.forget(job.id) for job in (gone, standing)] == [True, False]
    assert await hall.entries.of_person("class", "anna") == []
    assert await hall.entries.unfinished() == [standing.id]
    assert await hall.state(standing) is S.TAKEN_DOWN
