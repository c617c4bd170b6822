"""The gallery when something changes between sending in and hanging: the rule, the lesson, who may take part, what a
check finds, where messages may stand."""

from __future__ import annotations

import asyncio
import json
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.i18n import Sentences
from bot.posts.gallery import list_text
from bot.services.gallery_own import OwnWorks, recipe
from bot.services.gallery_ports import GalleryRule, NoPlace, Review, Shown
from bot.services.gallery_rules import LessonGalleryRules
from bot.services.ports import Hindrance, NotDelivered
from data.artifacts import NewArtifact
from data.gallery_records import Filter, GalleryPlace, GalleryState
from data.lessons import Lessons, Rules
from generation.errors import Refused
from generation.job import Job
from tests.fakes import Fault
from tests.unit.bot.services.conftest import ANNA, BEN, TEACHER, Room
from tests.unit.bot.services.test_gallery import ACCEPT, CHANGE, School, code_of

S, P = GalleryState, GalleryPlace
OPEN, REVIEWED = GalleryRule(review=False), GalleryRule()
SENTENCES = Sentences.load(strict=True)


@pytest.fixture
async def school(room: Room, tmp_path: Path) -> School:
    return School(room, tmp_path)


async def test_no_name_appears_where_names_were_allowed_when_it_was_sent_in(school: School) -> None:
    job = await school.sent_in(named=True)
    school.hall.rules.rule = GalleryRule(names=False)
    await school.gallery.review(job.id, ACCEPT, TEACHER)
    entry = await school.entries.get(job.id)
    assert entry is not None
    assert (entry.state, entry.named, entry.name) == (S.ACCEPTED, False, "")
    assert [one.named for one in school.wall.messages.values() if one.place is P.GALLERY] == [False]


async def test_after_a_lesson_its_rule_about_names_holds_until_the_next(school: School) -> None:
    lessons = await Lessons.open(school.room.database)
    rules = LessonGalleryRules(lessons)
    assert not await rules.names("class")
    for names in (True, False, True):
        lesson = await lessons.start("class", Rules(media=("image",), gallery_names=names), 60.0)
        assert await rules.names("class") is names
        await lessons.end(lesson.id)
        assert await rules.names("class") is names
        assert not (await rules.gallery("class")).names, "what is sent in now is sent in without a lesson"
    assert not await rules.names("other")


async def test_where_the_rule_changes_while_it_is_judged_the_new_one_holds(school: School) -> None:
    job = await school.posted()
    school.hall.rules.rule = OPEN
    school.room.workers.hold_check, school.room.workers.checking = asyncio.Event(), asyncio.Event()
    sending = asyncio.create_task(school.gallery.submit(job.id, ANNA, named=False))
    await school.room.workers.checking.wait()
    school.hall.rules.rule = REVIEWED
    school.room.workers.hold_check.set()
    assert (await sending).entry.state is S.WAITING
    assert (school.seen(), school.wall.at(P.REVIEW)) == ([], [job.id])


@pytest.mark.parametrize("lost", [False, True])
async def test_what_nobody_reviewed_and_could_not_be_hung_is_reviewed_once_the_rule_says_so(
    school: School, lost: bool
) -> None:
    job = await school.posted()
    school.hall.rules.rule = OPEN
    if lost:  # it may stand, and nobody knows
        school.wall.lost = Fault(NotDelivered(), 1)
    else:
        school.wall.away = Fault(NotDelivered(), 1)
    assert (await school.gallery.submit(job.id, ANNA, named=False)).shown is Shown.AWAY
    school.hall.rules.rule = REVIEWED
    await school.clearing.purge()
    assert await school.state(job) is S.WAITING
    assert (school.seen(), school.wall.at(P.REVIEW)) == ([], [job.id])
    await school.gallery.review(job.id, ACCEPT, TEACHER)
    assert school.seen() == [job.id]
    assert await school.entries.unfinished() == []


async def test_what_hangs_or_was_reviewed_stays_whatever_the_rule_becomes(school: School) -> None:
    reviewed, hangs = await school.sent_in(), await school.posted()
    school.wall.away = Fault(NotDelivered(), 1)
    await school.gallery.review(reviewed.id, ACCEPT, TEACHER)
    school.hall.rules.rule = OPEN
    await school.gallery.submit(hangs.id, ANNA, named=False)
    school.hall.rules.rule = REVIEWED
    await school.clearing.purge()
    assert school.seen() == sorted([reviewed.id, hangs.id])


async def test_who_is_blocked_sends_nothing_in_and_gives_no_stars_but_may_withdraw(school: School) -> None:
    job, bens, hangs = await school.posted(), await school.sent_in(BEN), await school.sent_in()
    await school.gallery.review(bens.id, ACCEPT, TEACHER)
    school.hall.blocked.add("anna")
    assert await code_of(school.gallery.submit(job.id, ANNA, named=True)) == "not_allowed"
    assert await code_of(school.gallery.star(bens.id, ANNA)) == "not_allowed"
    assert await school.state(job) is None
    await school.gallery.take_down(hangs.id, ANNA)
    assert await school.state(hangs) is S.WITHDRAWN


async def test_what_is_found_unfit_when_it_is_handed_out_leaves_the_gallery(school: School) -> None:
    hangs, waits = await school.sent_in(), await school.sent_in()
    await school.gallery.review(hangs.id, ACCEPT, TEACHER)
    school.room.workers.flagged = {7}
    async with school.hall.own.packed(ANNA) as packed:
        assert packed.works == 0
    assert school.wall.messages == {}
    assert [await school.state(job) for job in (hangs, waits)] == [S.TAKEN_DOWN, S.TAKEN_DOWN]
    assert school.room.kept(hangs.id) == []


async def test_what_is_found_unfit_when_it_comes_back_leaves_its_old_card_too(school: School) -> None:
    job = await school.sent_in()
    await school.gallery.review(job.id, CHANGE, TEACHER)
    assert school.wall.at(P.REVIEW) == [job.id]
    school.room.workers.flagged = {7}
    with pytest.raises(Refused):
        await school.gallery.submit(job.id, ANNA, named=True)
    assert school.wall.messages == {}
    assert await school.state(job) is S.TAKEN_DOWN


@pytest.mark.parametrize(
    ("error", "shown"), [(NotDelivered(), Shown.AWAY), (NoPlace(), Shown.BARRED), (None, Shown.STANDS)]
)
async def test_why_it_is_not_seen_yet_is_told(
    school: School, error: NotDelivered | None, shown: Shown
) -> None:
    job = await school.sent_in()
    if error is not None:
        school.wall.away = Fault(error, 1)
    assert (await school.gallery.review(job.id, ACCEPT, TEACHER)).shown is shown
    await school.clearing.purge()
    assert school.seen() == [job.id]


async def test_what_is_withdrawn_while_it_is_hung_is_not_promised(school: School) -> None:
    job = await school.sent_in()
    school.wall.hold, school.wall.sending = asyncio.Event(), asyncio.Event()
    accepting = asyncio.create_task(school.gallery.review(job.id, ACCEPT, TEACHER))
    await school.wall.sending.wait()
    withdrawing = asyncio.create_task(school.gallery.take_down(job.id, ANNA))
    while await school.state(job) is not S.WITHDRAWN:
        await asyncio.sleep(0.002)
    school.wall.hold.set()
    await asyncio.gather(accepting, withdrawing)
    assert school.seen() == []
    assert (await school.hall.hanging.show(job.id)) is Shown.GONE


async def test_a_card_whose_answer_was_lost_does_not_stay_open_once_it_is_decided(school: School) -> None:
    job = await school.posted()
    school.wall.lost = Fault(NotDelivered(), 1)
    await school.gallery.submit(job.id, ANNA, named=True)
    await school.gallery.review(job.id, ACCEPT, TEACHER)  # by the card that nobody has noted
    await school.clearing.purge()
    assert school.seen() == [job.id]
    assert [one for one in school.wall.messages.values() if not one.settled and one.place is P.REVIEW] == []
    assert await school.entries.unfinished() == []


async def test_what_an_earlier_round_left_hanging_goes_before_the_next_one_hangs(school: School) -> None:
    job = await school.sent_in()
    await school.gallery.review(job.id, ACCEPT, TEACHER)
    school.wall.hindrance = Hindrance.AWAY
    await school.gallery.take_down(job.id, ANNA)
    await school.gallery.submit(job.id, ANNA, named=False)
    done = await school.gallery.review(job.id, replace(ACCEPT, round=2), TEACHER)
    assert done.shown is Shown.AWAY
    school.wall.hindrance = None
    await school.clearing.purge()
    hung = [
        (one.job, one.round, one.named) for one in school.wall.messages.values() if one.place is P.GALLERY
    ]
    assert hung == [(job.id, 2, False)]
    assert await school.entries.unfinished() == []


async def test_what_is_hung_anew_keeps_its_stars(school: School) -> None:
    job = await school.sent_in()
    school.wall.away = Fault(NotDelivered(), 1)
    await school.gallery.review(job.id, ACCEPT, TEACHER)
    await school.gallery.star(job.id, BEN)
    await school.clearing.purge()
    assert [one.stars for one in school.wall.messages.values() if one.place is P.GALLERY] == [1]


class Fine:
    """Finds everything fit to be shown."""

    async def of(self, job: Job) -> Any:
        return job


async def test_own_results_have_neither_raw_sounds_nor_whose_voice_it_was(school: School) -> None:
    job = await school.posted()
    kinds = {"audio": "piece.ogg", "wave": "raw.wav"}
    for name in kinds.values():
        (school.room.work_dir / name).write_bytes(b"sound")
    new = [
        NewArtifact(index=1, seed=1, kind=kind, path=school.room.work_dir / name)
        for kind, name in kinds.items()
    ]
    await school.room.artifacts.store(job.id, new)
    own = OwnWorks(
        jobs=school.room.jobs, artifacts=school.room.artifacts, approval=Fine(), work_dir=school.room.work_dir
    )
    async with own.packed(ANNA) as packed:
        with zipfile.ZipFile(packed.archives[0]) as archive:
            names = archive.namelist()
    assert names == [f"image-{job.id}/recipe.json", f"image-{job.id}/audio-1.ogg"]
    spoken = replace(job, params={"text": "Hallo", "voice": "0123456789abcdef"})
    assert recipe(spoken)["params"] == {"text": "Hallo"}


async def test_what_a_consent_was_for_leaves_the_gallery_with_its_end(school: School) -> None:
    over: set[str] = set()

    def gate(_connection: Any, job: Job) -> str:
        return "refused_consent_expired" if job.id in over else ""

    school.open(gate=gate)
    hangs, waits, silent = await school.sent_in(), await school.sent_in(BEN), await school.sent_in()
    for job, value in ((hangs, {"voice": "0123456789abcdef"}), (waits, {"speech": hangs.id})):
        await school.room.database.write(
            lambda connection, job=job, value=value: connection.execute(
                "UPDATE jobs SET params = json_patch(params, ?) WHERE id = ?", (json.dumps(value), job.id)
            )
        )
    for job in (hangs, silent):
        await school.gallery.review(job.id, ACCEPT, TEACHER)
    await school.clearing.purge()
    assert school.seen() == sorted([hangs.id, silent.id])
    over |= {hangs.id, waits.id, silent.id}
    await school.clearing.purge()
    assert school.seen() == [silent.id], "nobody is heard in it"
    assert [
        one.job for one in school.wall.messages.values() if not one.settled and one.place is P.REVIEW
    ] == []
    assert [await school.state(job) for job in (hangs, waits)] == [S.TAKEN_DOWN, S.TAKEN_DOWN]
    assert sorted(school.wall.told)[-2:] == [("anna", "taken_down", ""), ("ben", "taken_down", "")]
    await school.clearing.purge()
    assert sum(state == "taken_down" for _, state, _ in school.wall.told) == 2, "told once"


@pytest.mark.parametrize(("said", "state"), [(ACCEPT, "accepted"), (CHANGE, "change")])
async def test_what_was_decided_before_a_crash_is_told_after_it_and_stands_on_the_card(
    school: School, monkeypatch: pytest.MonkeyPatch, said: Review, state: str
) -> None:
    job = await school.sent_in()

    async def killed(*_: object) -> bool:
        raise RuntimeError("killed")

    with monkeypatch.context() as patched:
        patched.setattr(school.hall.hanging, "tell", killed)
        with pytest.raises(RuntimeError, match="killed"):
            await school.gallery.review(job.id, said, TEACHER)
    (card,) = [one for one in school.wall.messages.values() if one.place is P.REVIEW]
    assert (card.settled, school.wall.told) == (False, [])
    for _ in range(2):
        await school.restart()
        assert card.settled
        assert school.wall.told == [("anna", state, said.reason)], "once"


async def test_ones_own_list_tells_the_reason(school: School) -> None:
    job = await school.sent_in()
    await school.gallery.review(job.id, CHANGE, TEACHER)
    own = Filter(person="anna", own=True, states=frozenset(S))
    (listed,) = await school.gallery.find(ANNA, own)
    assert listed.reason == CHANGE.reason
    text = list_text([listed], own, "1", SENTENCES, "de")
    assert CHANGE.reason in text
    teachers = Filter(states=frozenset(S))
    assert CHANGE.reason not in list_text([listed], teachers, "1", SENTENCES, "de")


async def test_a_list_says_that_there_is_more(school: School) -> None:
    jobs = [await school.posted() for _ in range(3)]
    school.hall.rules.rule = OPEN
    for job in jobs:
        await school.gallery.submit(job.id, ANNA, named=False)
    for offset, limit, more in ((0, 2, True), (2, 2, False), (0, 3, False)):
        wanted = Filter(limit=limit, offset=offset)
        found = await school.gallery.find(BEN, replace(wanted, limit=limit + 1))
        text = list_text(found, wanted, "1", SENTENCES, "de")
        assert (SENTENCES.text("gallery.list_more", "de", page=2) in text) is more
        assert text.count("\n- ") == min(limit, 3 - offset)
