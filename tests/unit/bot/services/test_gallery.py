"""The gallery: who may do what, that nothing is seen unreviewed, and what races, restarts and deletions leave."""

from __future__ import annotations

import asyncio
import random
import zipfile
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.services.gallery_ports import GalleryRule, Review, Shown
from bot.services.gallery_rules import LessonGalleryRules
from bot.services.ports import Hindrance, NotDelivered, Requester
from data.erasures import EVERYBODY, Erasure
from data.errors import StorageFailed
from data.gallery_records import Filter, GalleryPlace, GalleryState
from data.jobs import Gate
from data.lessons import Lessons, Rules
from generation.errors import AtelierError, InvalidInput, LimitReached, NotAllowed, NotFound, Refused
from generation.job import Job, JobState, new_job_id
from tests.fakes import Fault
from tests.fakes_gallery import Hall, Standing
from tests.unit.bot.services.conftest import ANNA, BEN, STRANGER, TEACHER, Room

S, P = GalleryState, GalleryPlace
OTHER_TEACHER = replace(TEACHER, person_id="winter")
ACCEPT = Review(round=1, state=S.ACCEPTED)
CHANGE = Review(round=1, state=S.CHANGE, reason="Bitte heller.")
DECLINE = Review(round=1, state=S.DECLINED, reason="Zu laut.")


class School:
    """A room of services with a gallery; `restart` as after kill -9: what waits in memory is lost."""

    def __init__(self, room: Room, folder: Path) -> None:
        self.room = room
        self.hall = Hall(folder)
        self.open()

    def open(self, gate: Gate | None = None) -> None:
        deliver = self.room.atelier.recovery._deliver
        self.hall.open(
            database=self.room.database,
            jobs=self.room.jobs,
            artifacts=self.room.artifacts,
            finishers=deliver._finishers,
            posting=deliver._posting,
            work_dir=self.room.work_dir,
            gate=gate,
        )
        self.clearing = self.hall.clearing
        self.gallery, self.wall, self.entries = self.hall.gallery, self.hall.wall, self.hall.entries

    async def restart(self) -> None:
        await self.room.restart()
        self.wall.away, self.wall.lost = Fault(), Fault()
        self.open()
        await self.clearing.purge()

    async def posted(self, who: Requester = ANNA) -> Job:
        return await self.room.end(await self.room.ask(who=who))

    async def sent_in(self, who: Requester = ANNA, *, named: bool = True) -> Job:
        job = await self.posted(who)
        await self.gallery.submit(job.id, who, named=named, name="Anna")
        return job

    async def state(self, job: Job) -> GalleryState | None:
        entry = await self.entries.get(job.id)
        return None if entry is None else entry.state

    def seen(self) -> list[str]:
        return self.wall.at(P.GALLERY)


@pytest.fixture
async def school(room: Room, tmp_path: Path) -> AsyncIterator[School]:
    opened = School(room, tmp_path)
    yield opened
    if opened.wall.hold is not None:
        opened.wall.hold.set()


async def code_of(work: object) -> str:
    """How a call is refused."""
    with pytest.raises(AtelierError) as caught:
        await work  # type: ignore[misc]
    return caught.value.code


async def test_a_work_is_seen_by_the_class_only_after_a_teacher_has_accepted_it(school: School) -> None:
    job = await school.sent_in()
    (card,) = school.wall.messages.values()
    assert (card.place, card.channel, card.round, card.named) == (P.REVIEW, "9", 1, True)
    assert school.seen() == []
    done = await school.gallery.review(job.id, ACCEPT, TEACHER)
    assert (done.shown, done.told) == (Shown.STANDS, True)
    assert school.seen() == [job.id]
    assert school.wall.told == [("anna", "accepted", "")]
    assert card.settled
    lines = [(one.what, dict(one.detail)["round"]) for one in await school.hall.audit.entries("class")]
    assert lines == [("gallery.submit", 1), ("gallery.accept", 1)]
    assert await school.entries.unfinished() == []


async def test_a_change_goes_back_privately_and_the_next_card_tells_of_it(school: School) -> None:
    job = await school.sent_in()
    await school.gallery.review(job.id, CHANGE, TEACHER)
    assert school.wall.told == [("anna", "change", "Bitte heller.")]
    await school.gallery.submit(job.id, ANNA, named=False)
    (card,) = school.wall.messages.values()
    assert (card.round, card.history, card.named) == (2, 1, False)
    assert await code_of(school.gallery.review(job.id, ACCEPT, TEACHER)) == "gallery_decided"
    await school.gallery.review(job.id, replace(ACCEPT, round=2), TEACHER)
    assert school.seen() == [job.id]


@pytest.mark.parametrize(("wants", "may"), [(True, True), (True, False), (False, True)])
async def test_a_name_appears_where_the_pupil_wants_it_and_the_lesson_has_names(
    school: School, wants: bool, may: bool
) -> None:
    school.hall.rules.rule = GalleryRule(names=may)
    job = await school.sent_in(named=wants)
    entry = await school.entries.get(job.id)
    assert entry is not None
    assert (entry.named, entry.name) == ((True, "Anna") if wants and may else (False, ""))


async def test_only_ones_own_posted_results_of_this_class_are_sent_in(school: School) -> None:
    job = await school.posted()
    waiting = await school.room.ask()
    tries = [
        (job.id, BEN),
        (job.id, TEACHER),
        (job.id, STRANGER),
        (waiting.job.id, ANNA),
        (new_job_id(), ANNA),
    ]
    codes = [await code_of(school.gallery.submit(one, who, named=True)) for one, who in tries]
    assert codes == ["gallery_not_yours", "gallery_not_yours", "job_gone", "job_gone", "job_gone"]
    assert [await code_of(school.gallery.offer(one, who)) for one, who in tries] == codes
    assert school.wall.messages == {}
    await school.room.end(waiting)


async def test_what_stands_already_and_is_still_being_noted_waits_a_moment(school: School) -> None:
    made = await school.posted()
    job = replace(made, id=new_job_id(), state=JobState.QUEUED)
    await school.room.jobs.add(job)
    for state in (JobState.RUNNING, JobState.CHECKING, JobState.POSTING):
        await school.room.jobs.move(job.id, state)
    assert (await school.gallery.offer(job.id, ANNA)).entry is None
    assert await code_of(school.gallery.submit(job.id, ANNA, named=True)) == "gallery_soon"
    assert school.wall.messages == {}


async def test_only_this_classs_teachers_review_and_take_down(school: School) -> None:
    job = await school.sent_in()
    gallery = school.gallery
    for who in (ANNA, BEN):
        for said in (ACCEPT, CHANGE, DECLINE):
            assert await code_of(gallery.review(job.id, said, who)) == "not_allowed"
    assert await code_of(gallery.review(job.id, ACCEPT, STRANGER)) == "gallery_gone"
    assert await code_of(gallery.take_down(job.id, STRANGER, "x")) == "gallery_gone"
    assert await code_of(gallery.take_down(job.id, BEN, "x")) == "not_allowed"
    assert await code_of(gallery.find(BEN, Filter(states=frozenset(S)))) == "not_allowed"
    assert await code_of(gallery.find(BEN, Filter(person="anna", own=True))) == "not_allowed"
    assert await school.state(job) is S.WAITING
    assert school.seen() == []


async def test_forged_ids_do_nothing(school: School) -> None:
    job = await school.sent_in()
    rng = random.Random(8)
    people = [ANNA, BEN, TEACHER, STRANGER]
    for _ in range(50):
        forged = rng.choice([new_job_id(), job.id[:-1], job.id + "0", "0", "x" * 20])
        who, round_ = rng.choice(people), rng.randrange(1, 99)
        calls = [
            school.gallery.review(forged, Review(round=round_, state=S.ACCEPTED), who),
            school.gallery.take_down(forged, who, "x"),
            school.gallery.star(forged, who),
            school.gallery.submit(forged, who, named=True),
        ]
        for call in calls:
            with pytest.raises(AtelierError):
                await call
    with pytest.raises(NotFound):
        await school.gallery.review(job.id, Review(round=2, state=S.ACCEPTED), TEACHER)
    assert await school.state(job) is S.WAITING
    assert len(school.wall.messages) == 1


async def test_of_two_teachers_at_once_one_decides(school: School) -> None:
    for first, second in ((ACCEPT, DECLINE), (DECLINE, ACCEPT), (ACCEPT, ACCEPT), (CHANGE, DECLINE)):
        job = await school.sent_in()
        outcomes = await asyncio.gather(
            school.gallery.review(job.id, first, TEACHER),
            school.gallery.review(job.id, second, OTHER_TEACHER),
            return_exceptions=True,
        )
        refused = [one for one in outcomes if isinstance(one, NotFound)]
        assert [one.code for one in refused] == ["gallery_decided"]
        hangs = await school.state(job) is S.ACCEPTED
        assert (job.id in school.seen()) is hangs
        assert school.seen().count(job.id) <= 1
        assert len(await school.entries.decisions(job.id)) == 1
    assert len(school.wall.told) == 4


async def test_who_withdraws_while_it_is_being_hung_is_not_seen(school: School) -> None:
    job = await school.sent_in()
    school.wall.hold, school.wall.sending = asyncio.Event(), asyncio.Event()
    accepting = asyncio.create_task(school.gallery.review(job.id, ACCEPT, TEACHER))
    await school.wall.sending.wait()
    withdrawing = asyncio.create_task(school.gallery.take_down(job.id, ANNA))
    while await school.state(job) is not S.WITHDRAWN:
        await asyncio.sleep(0.002)
    school.wall.hold.set()
    await asyncio.gather(accepting, withdrawing)
    assert school.wall.messages == {}
    assert await school.entries.unfinished() == []


async def test_who_withdraws_while_it_is_approved_anew_is_not_seen(school: School) -> None:
    job = await school.sent_in()
    school.room.workers.hold_check, school.room.workers.checking = asyncio.Event(), asyncio.Event()
    accepting = asyncio.create_task(school.gallery.review(job.id, ACCEPT, TEACHER))
    await school.room.workers.checking.wait()
    await school.gallery.take_down(job.id, ANNA)
    school.room.workers.hold_check.set()
    assert await code_of(accepting) == "gallery_decided"
    assert school.wall.messages == {}


async def test_a_job_that_is_deleted_under_review_leaves_nothing(school: School) -> None:
    waiting, hanging = await school.sent_in(), await school.sent_in()
    await school.gallery.review(hanging.id, ACCEPT, TEACHER)
    await school.room.jobs.purge(1e12)
    assert await code_of(school.gallery.review(waiting.id, ACCEPT, TEACHER)) == "gallery_gone"
    await school.clearing.purge()
    assert school.wall.messages == {}
    assert [await school.entries.get(job.id) for job in (waiting, hanging)] == [None, None]


async def test_an_erased_pupil_is_nowhere(school: School) -> None:
    mine, hangs, bens = await school.sent_in(), await school.sent_in(), await school.sent_in(BEN)
    for job in (hangs, bens):
        await school.gallery.review(job.id, ACCEPT, TEACHER)
    await school.gallery.star(bens.id, ANNA)
    later = await school.sent_in()
    entry = await school.entries.get(later.id)
    assert entry is not None
    before = Erasure(guild="class", person="anna", asked_at=entry.submitted_at - 0.0001)
    assert await school.clearing.leave(before)
    assert school.seen() == [bens.id]
    assert [await school.entries.get(job.id) for job in (mine, hangs)] == [None, None]
    assert (await school.gallery.find(BEN, Filter()))[0].stars == 0
    assert school.wall.at(P.REVIEW) == sorted([bens.id, later.id]), "what was sent in afterwards stays"


async def test_what_cannot_be_deleted_yet_is_nobodys_and_goes_later(school: School) -> None:
    job = await school.sent_in()
    school.wall.hindrance = Hindrance.AWAY
    assert not await school.clearing.leave(Erasure(guild="class", person=EVERYBODY, asked_at=2e12))
    entry = await school.entries.get(job.id)
    assert entry is not None
    assert (entry.person, entry.name) == ("", "")
    school.wall.hindrance = None
    await school.clearing.purge()
    assert school.wall.messages == {}
    assert await school.entries.get(job.id) is None


@pytest.mark.parametrize("trouble", ["away", "lost", "before", "noting"])
async def test_a_restart_in_the_middle_of_a_review_loses_and_doubles_nothing(
    school: School, trouble: str
) -> None:
    def go_wrong() -> None:
        error = {"away": NotDelivered()}.get(trouble, StorageFailed(reason="io_error"))
        if trouble == "away":
            school.wall.away = Fault(error)
        elif trouble == "lost":
            school.wall.lost = Fault(NotDelivered())
        elif trouble == "before":
            school.wall.away = Fault(RuntimeError("killed"))
        else:
            school.wall.lost = Fault(RuntimeError("killed"))

    job = await school.posted()
    go_wrong()
    await asyncio.gather(school.gallery.submit(job.id, ANNA, named=True, name="Anna"), return_exceptions=True)
    await school.restart()
    assert [one.job for one in school.wall.messages.values()] == [job.id]
    assert await school.entries.unfinished() == []
    go_wrong()
    await asyncio.gather(school.gallery.review(job.id, ACCEPT, TEACHER), return_exceptions=True)
    assert await school.state(job) is S.ACCEPTED
    await school.restart()
    assert school.seen() == [job.id]
    assert len(school.wall.at(P.REVIEW)) == 1
    go_wrong()
    school.wall.hindrance = Hindrance.AWAY
    await school.gallery.take_down(job.id, ANNA)
    school.wall.hindrance = None
    await school.restart()
    assert school.wall.messages == {}


async def test_what_is_found_unfit_is_destroyed_and_no_teacher_sees_it(school: School) -> None:
    job = await school.posted()
    school.room.workers.flagged = {7}
    with pytest.raises(Refused):
        await school.gallery.submit(job.id, ANNA, named=True)
    assert school.wall.messages == {}
    assert school.room.kept(job.id) == []
    assert job.id not in school.room.discord.messages
    assert await school.state(job) is None


async def test_what_is_found_unfit_at_the_acceptance_leaves_the_review(school: School) -> None:
    job = await school.sent_in()
    school.room.workers.flagged = {7}
    with pytest.raises(Refused):
        await school.gallery.review(job.id, ACCEPT, TEACHER)
    assert school.wall.messages == {}
    assert school.room.kept(job.id) == []
    assert await school.state(job) is S.TAKEN_DOWN


async def test_where_nobody_can_judge_nothing_is_shown_and_nothing_destroyed(school: School) -> None:
    job = await school.sent_in()
    school.room.workers.fault["check_images"] = Fault(RuntimeError("boom"))
    assert await code_of(school.gallery.review(job.id, ACCEPT, TEACHER)) == "refused_check_failed"
    assert school.seen() == []
    assert await school.state(job) is S.WAITING
    assert school.room.kept(job.id) != []
    school.room.workers.fault.clear()
    await school.gallery.review(job.id, ACCEPT, TEACHER)
    assert school.seen() == [job.id]


async def test_a_file_that_is_not_what_was_approved_is_not_shown(school: School) -> None:
    job = await school.posted()
    next((school.room.folder / "data" / "artifacts" / job.id).glob("image-*")).write_bytes(b"picture 9")
    assert await code_of(school.gallery.submit(job.id, ANNA, named=True)) == "gallery_lost"
    assert school.wall.messages == {}


async def test_the_lessons_rule_holds(school: School) -> None:
    job = await school.posted()
    school.hall.rules.rule = GalleryRule(open=False)
    with pytest.raises(NotAllowed):
        await school.gallery.submit(job.id, ANNA, named=True)
    school.hall.rules.rule = GalleryRule(review=False)
    assert (await school.gallery.submit(job.id, ANNA, named=True)).entry.state is S.ACCEPTED
    assert school.seen() == [job.id]
    assert school.wall.at(P.REVIEW) == []
    with pytest.raises(InvalidInput):
        await school.gallery.submit(job.id, ANNA, named=True)


@pytest.mark.parametrize(
    ("rule", "names", "expected"),
    [
        ("reviewed", True, GalleryRule(open=True, review=True, names=True)),
        ("open", False, GalleryRule(open=True, review=False, names=False)),
        ("off", False, GalleryRule(open=False, review=True, names=False)),
    ],
)
async def test_the_rule_is_that_of_the_lesson(
    school: School, rule: Any, names: bool, expected: GalleryRule
) -> None:
    lessons = await Lessons.open(school.room.database)
    rules = LessonGalleryRules(lessons)
    careful = GalleryRule(open=True, review=True, names=False)
    assert await rules.gallery("class") == careful
    await lessons.start("class", Rules(media=("image",), gallery=rule, gallery_names=names), 60.0)
    assert await rules.gallery("class") == expected
    assert await rules.gallery("other") == careful


async def test_without_a_channel_nothing_is_taken_in(school: School) -> None:
    job = await school.posted()
    for missing in ("gallery", "review"):
        school.hall.places.known = {name: "8" for name in ("gallery", "review") if name != missing}
        assert await code_of(school.gallery.submit(job.id, ANNA, named=True)) == "gallery_unplaced"
    assert await school.state(job) is None


async def test_in_a_pause_nothing_is_hung_and_afterwards_it_is(school: School) -> None:
    job = await school.sent_in()
    school.hall.held = True
    assert (await school.gallery.review(job.id, ACCEPT, TEACHER)).shown is Shown.HELD
    await school.clearing.purge()
    assert school.seen() == []
    other = await school.posted()
    assert await code_of(school.gallery.submit(other.id, ANNA, named=True)) == "not_allowed"
    school.hall.held = False
    await school.clearing.purge()
    assert school.seen() == [job.id]


@pytest.mark.parametrize("through", [True, False])
async def test_an_emergency_stop_breaks_off_what_is_on_its_way(school: School, through: bool) -> None:
    job = await school.sent_in()
    school.wall.hold, school.wall.sending = asyncio.Event(), asyncio.Event()
    accepting = asyncio.create_task(school.gallery.review(job.id, ACCEPT, TEACHER))
    await school.wall.sending.wait()
    school.hall.held = True
    if through:  # Discord has it, and the bot does not know
        school.wall.messages["99"] = Standing(P.GALLERY, "8", job.id, 1, named=True, history=1)
    await school.hall.hanging.break_off("class")
    assert school.seen() == []
    assert (await accepting).shown is Shown.HELD
    assert await school.state(job) is S.ACCEPTED
    school.hall.held, school.wall.hold = False, None
    await school.clearing.purge()
    assert school.seen() == [job.id]


async def test_no_needs_a_reason(school: School) -> None:
    job = await school.sent_in()
    for said in (replace(CHANGE, reason=" \n"), replace(DECLINE, reason="")):
        assert await code_of(school.gallery.review(job.id, said, TEACHER)) == "gallery_reason"
    long = replace(DECLINE, reason="x" * 501)
    assert await code_of(school.gallery.review(job.id, long, TEACHER)) == "gallery_reason_long"
    await school.gallery.review(job.id, ACCEPT, TEACHER)
    assert await code_of(school.gallery.take_down(job.id, TEACHER)) == "gallery_reason"
    school.wall.deaf = True
    done = await school.gallery.take_down(job.id, TEACHER, "Bitte nicht.")
    assert not done.told
    assert school.wall.messages == {}
    assert await code_of(school.gallery.submit(job.id, ANNA, named=True)) == "gallery_taken_down"


async def test_a_pupil_has_five_waiting(school: School) -> None:
    for _ in range(5):
        await school.sent_in()
    job = await school.posted()
    with pytest.raises(LimitReached):
        await school.gallery.submit(job.id, ANNA, named=True)


async def test_stars_are_for_others_works_that_hang(school: School) -> None:
    job = await school.sent_in()
    with pytest.raises(NotFound):
        await school.gallery.star(job.id, BEN)
    await school.gallery.review(job.id, ACCEPT, TEACHER)
    assert (await school.gallery.star(job.id, BEN)).stars == 1
    assert await code_of(school.gallery.star(job.id, ANNA)) == "gallery_own_star"
    (found,) = await school.gallery.find(BEN, Filter())
    assert (found.entry.job, found.stars) == (job.id, 1)


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_whatever_happens_at_once_only_what_is_accepted_is_seen(school: School, seed: int) -> None:
    rng = random.Random(seed)
    jobs = [await school.posted(who) for who in (ANNA, BEN, ANNA)]
    owners = {job.id: ANNA if job.owner_id == "anna" else BEN for job in jobs}

    async def one() -> None:
        job_id = rng.choice(list(owners))
        round_ = rng.randrange(1, 4)
        await asyncio.sleep(rng.random() * 0.02)
        calls = {
            "submit": lambda: school.gallery.submit(job_id, owners[job_id], named=True, name="x"),
            "accept": lambda: school.gallery.review(job_id, replace(ACCEPT, round=round_), TEACHER),
            "change": lambda: school.gallery.review(job_id, replace(CHANGE, round=round_), OTHER_TEACHER),
            "withdraw": lambda: school.gallery.take_down(job_id, owners[job_id]),
            "finish": school.clearing.purge,
        }
        try:
            await calls[rng.choice(list(calls))]()
        except AtelierError:
            return

    for _ in range(12):
        await asyncio.gather(*(one() for _ in range(6)))
        await school.clearing.purge()
        states = {job.id: await school.state(job) for job in jobs}
        assert school.seen() == sorted(job for job, state in states.items() if state is S.ACCEPTED)
        open_cards = [
            one.job for one in school.wall.messages.values() if one.place is P.REVIEW and not one.settled
        ]
        assert set(open_cards) >= {job for job, state in states.items() if state is S.WAITING}
        assert await school.entries.unfinished() == []


async def test_own_results_come_as_archives_that_fit(school: School, tmp_path: Path) -> None:
    jobs = [await school.posted() for _ in range(3)]
    await school.posted(BEN)
    async with school.hall.own.packed(ANNA) as packed:
        assert (packed.works, packed.left_out, len(packed.archives)) == (3, 0, 1)
        with zipfile.ZipFile(packed.archives[0]) as archive:
            names = set(archive.namelist())
    assert {f"image-{job.id}/recipe.json" for job in jobs} <= names
    assert f"image-{jobs[0].id}/image-1.png" in names
    assert not packed.archives[0].exists()
    school.room.workers.flagged = {7}
    async with school.hall.own.packed(ANNA) as packed:
        assert (packed.works, packed.left_out) == (0, 3)
    async with school.hall.own.packed(STRANGER) as packed:
        assert (packed.works, packed.archives) == (0, ())
