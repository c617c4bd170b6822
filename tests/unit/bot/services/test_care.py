"""Looking after a class with the real queue, checks and database: words, appeals, reports, blocks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from bot.services.appeals import typed_texts
from bot.services.blocks import LONGEST_MINUTES
from bot.services.care import Care, open_care
from bot.services.ports import Hindrance, Posted, ReplyAddress, Requester, TakenBack
from bot.services.posting import Posting
from data.audit import Audit
from data.conversations import Conversations
from generation.errors import AtelierError, InvalidInput, LimitReached, NotAllowed, NotFound, Refused
from generation.job import Job, JobState
from moderation.class_words import ClassWords
from tests.unit.bot.services.conftest import ANNA, BEN, STRANGER, TEACHER, WORDS, Room

SECOND = replace(TEACHER, person_id="winter")


@dataclass
class Notes:
    """What was written down; refuses what the log refuses."""

    lines: list[tuple[str, str, str, Mapping[str, str | int]]] = field(default_factory=list)

    async def note(
        self,
        guild: str,
        actor: str,
        what: str,
        subject: str = "",
        *,
        detail: Mapping[str, str | int] | None = None,
    ) -> None:
        self.lines.append((actor, what, subject, detail or {}))


@dataclass
class Ground:
    room: Room
    care: Care
    words: ClassWords
    notes: Notes


@pytest.fixture
async def ground(room: Room) -> AsyncIterator[Ground]:
    words, notes = ClassWords(WORDS), Notes()
    desk: Any = room.desk
    # the seam in the pipeline: the check of the lists is asked for the class
    desk.submit._intake._pipeline._text_checks = (words,)
    posting = Posting(
        jobs=room.jobs,
        addresses=room.addresses,
        posts=room.posts,
        conversations=Conversations(room.database),
        publisher=room.discord,
        late=0.0,
    )
    care = await open_care(
        room.database,
        jobs=room.jobs,
        artifacts=room.artifacts,
        posting=posting,
        dispatcher=desk.cancel._dispatcher,
        words=words,
        notes=notes,
    )
    yield Ground(room, care, words, notes)
    await posting.close()


async def refused(room: Room, who: Requester = ANNA, prompt: str = "Ein Splatterfilm im Wald") -> str:
    with pytest.raises(Refused):
        await room.ask(prompt, who)
    (job, *_) = await room.jobs.of_owner(who.guild_id, who.person_id)
    assert job.state is JobState.REFUSED
    return job.id


async def posted(room: Room, who: Requester = ANNA) -> Job:
    job = await room.end(await room.ask(who=who))
    assert job.state is JobState.POSTED
    return job


# -- appeals --


async def test_a_teacher_sees_a_prompt_only_when_its_owner_asks_and_only_until_they_have_decided(
    ground: Ground,
) -> None:
    appeals, job = ground.care.appeals, await refused(ground.room)
    with pytest.raises(NotFound):
        await appeals.look(job, TEACHER)
    assert [await appeals.ask(job, ANNA), await appeals.ask(job, ANNA)] == [True, False]
    assert [one.id for one in await appeals.waiting(TEACHER)] == [job]
    asked = await appeals.look(job, TEACHER)
    assert asked.texts == ("Ein Splatterfilm im Wald",)
    assert asked.code == "violence"
    assert asked.entries
    await appeals.decide(job, TEACHER, wrong=True)
    with pytest.raises(NotFound):
        await appeals.look(job, TEACHER)
    view = await ground.care.words.view(TEACHER)
    assert [(one.code, one.decided, one.wrong) for one in view.counts] == [("violence", 1, 1)]
    assert [entry for entry, _ in view.blamed] == list(asked.entries)
    ((actor, what, subject, detail),) = ground.notes.lines
    assert (actor, what, subject) == (TEACHER.person_id, "refusal.reviewed", ANNA.person_id)
    assert "Splatterfilm" not in str(detail)


async def test_nobody_asks_about_or_looks_at_what_is_not_theirs(ground: Ground) -> None:
    appeals, job = ground.care.appeals, await refused(ground.room)
    for who in (BEN, TEACHER, STRANGER, replace(ANNA, guild_id="elsewhere")):
        with pytest.raises(NotFound):
            await appeals.ask(job, who)
    for forged in ("", "0000000000", (await posted(ground.room)).id):
        with pytest.raises(NotFound):
            await appeals.ask(forged, ANNA)
    await appeals.ask(job, ANNA)
    for who in (ANNA, BEN):
        for step in (appeals.look(job, who), appeals.decide(job, who, wrong=True), appeals.waiting(who)):
            with pytest.raises(NotAllowed):
                await step
    with pytest.raises(NotFound):
        await appeals.look(job, STRANGER)
    assert await ground.care.appeals.waiting(STRANGER) == []


async def test_two_teachers_decide_at_once_and_one_is_told_that_it_is_decided(ground: Ground) -> None:
    appeals, job = ground.care.appeals, await refused(ground.room)
    await appeals.ask(job, ANNA)
    outcomes = await asyncio.gather(
        appeals.decide(job, TEACHER, wrong=True),
        appeals.decide(job, SECOND, wrong=False),
        return_exceptions=True,
    )
    assert [isinstance(one, NotFound) for one in outcomes].count(True) == 1
    view = await ground.care.words.view(TEACHER)
    assert sum(one.decided for one in view.counts) == 1


def test_what_was_typed_is_found_in_every_medium() -> None:
    video = {
        "keys": [{"prompt": "ein Wal", "seed": 3}, {"prompt": "eine Wolke"}],
        "negative": "Regen",
        "fps": 8,
    }
    assert list(typed_texts(video)) == ["Regen", "ein Wal", "eine Wolke"]
    song = {
        "prompt": "calm",
        "original": "ruhig",
        "sections": [{"text": "la la", "seconds": 3}],
        "model": "mini",
    }
    assert list(typed_texts(song)) == ["ruhig", "calm", "la la"]
    assert list(typed_texts({"keys": None, "prompt": 7, "text": " "})) == []


# -- words --


async def test_a_word_of_the_class_is_refused_from_the_next_request_on_and_in_this_class_alone(
    ground: Ground,
) -> None:
    await posted(ground.room)
    impact = await ground.care.words.refuse("  Red House ", TEACHER)
    assert (impact.refuses, impact.is_much) == (0, False)
    with pytest.raises(Refused) as caught:
        await ground.room.ask("a red house by the sea")
    assert caught.value.code == "refused_class_word"
    elsewhere = replace(ANNA, guild_id="elsewhere")
    assert (await ground.room.end(await ground.room.ask("a red house", elsewhere))).state is JobState.POSTED
    await ground.care.words.remove("red house", TEACHER)
    await posted(ground.room)


async def test_an_allowed_word_passes_from_the_next_request_on(ground: Ground) -> None:
    prompt = "eine Nacktkatze am Fenster"
    await refused(ground.room, prompt=prompt)
    await ground.care.words.allow("Nacktkatze", TEACHER)
    assert (await ground.room.end(await ground.room.ask(prompt))).state is JobState.POSTED


async def test_words_are_there_after_a_restart(ground: Ground) -> None:
    await ground.care.words.refuse("einhorn*", TEACHER)
    again = ClassWords(WORDS)
    from bot.services.class_lists import ClassLists
    from data.appeals import AppealRows
    from data.class_words import ClassWordRows

    database = ground.room.database
    await ClassLists(rows=ClassWordRows(database), check=again, appeals=AppealRows(database)).open()
    assert not again.for_class(TEACHER.guild_id)("zwei Einhörner").allowed


@pytest.mark.parametrize(
    ("word", "code"),
    [
        ("e", "word_short"),
        ("die", "word_refuses_much"),
        ("", "word_invalid"),
        ("🦄", "word_invalid"),
        ("#x", "word_invalid"),
        ("x" * 61, "word_invalid"),
        ("x" * 5000, "word_invalid"),
        ("ü" * 30, "word_invalid"),
        ("мир", "word_invalid"),
        (".*", "word_invalid"),
        ("(a+)+$", "word_invalid"),
        ("[a-z]", "word_invalid"),
        ("ein-horn", "word_invalid"),
        ("hund, katze", "word_invalid"),
        ("'; DROP TABLE class_words; --", "word_invalid"),
        ("@everyone", "word_invalid"),
        ("\u200b\u202e", "word_invalid"),
        ("*", "word_invalid"),
        ("&", "word_invalid"),
        ("*ab", "word_short"),
        ("*der*", "word_short"),
    ],
)
async def test_a_wrong_addition_is_warned_of_with_a_count(ground: Ground, word: str, code: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        await ground.care.words.refuse(word, TEACHER)
    assert caught.value.code == code
    if code != "word_invalid":
        assert int(caught.value.values["n"]) > 0.02 * int(caught.value.values["of"])
    assert (await ground.care.words.view(TEACHER)).refused == ()


@pytest.mark.parametrize(
    ("word", "code"),
    [
        ("🦄", "word_invalid"),
        ("", "word_invalid"),
        ("x" * 61, "word_invalid"),
        ("ab", "word_short"),
        ("hund & katze", "word_written_out"),
        ("hund*", "word_written_out"),
    ],
)
async def test_what_cannot_be_allowed_is_said_rightly(ground: Ground, word: str, code: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        await ground.care.words.allow(word, TEACHER)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("typed", "other", "kept"),
    [
        ("einhorn\u200b", "EINHORN", "einhorn"),
        ("Straßenbahn", " straßenbahn ", "straßenbahn"),
        ("\ufb01sch", "fisch", "fisch"),
        ("mu\u0308ller*", "Müller*", "müller*"),
        ("drei   haselnüsse", "Drei Haselnüsse", "drei haselnüsse"),
        ("*tier*", "*TIER*", "*tier*"),
    ],
)
async def test_a_word_is_found_again_however_it_is_typed(
    ground: Ground, typed: str, other: str, kept: str
) -> None:
    words = ground.care.words
    await words.refuse(typed, TEACHER)
    assert (await words.view(TEACHER)).refused == (kept,)
    await words.remove(other, TEACHER)
    assert (await words.view(TEACHER)).refused == ()


async def test_a_word_with_many_umlauts_takes_no_longer_than_another(ground: Ground) -> None:
    async with asyncio.timeout(2):
        for word in ("ü" * 60, "äöü" * 20, f"{'ü' * 25} {'ä' * 25}"):
            for step in (ground.care.words.refuse, ground.care.words.allow):
                with pytest.raises(InvalidInput):
                    await step(word, TEACHER)


async def test_a_teacher_who_was_warned_may_still_add_a_word(ground: Ground) -> None:
    await ground.care.words.refuse("die", TEACHER, anyway=True)
    assert (await ground.care.words.view(TEACHER)).refused == ("die",)


async def test_allowing_warns_of_what_it_lifts_and_never_lifts_sex_or_self_harm(ground: Ground) -> None:
    words = ground.care.words
    with pytest.raises(InvalidInput) as caught:
        await words.allow("hitler", TEACHER)
    assert caught.value.code == "word_lifts"
    with pytest.raises(NotAllowed):
        await words.allow("nackt", TEACHER, anyway=True)
    with pytest.raises(InvalidInput):
        await words.allow("*katze", TEACHER)
    await words.allow("hitler", TEACHER, anyway=True)
    assert (await words.view(TEACHER)).allowed == ("hitler",)


async def test_only_teachers_of_the_class_see_and_change_its_words(ground: Ground) -> None:
    words = ground.care.words
    await words.refuse("einhorn*", TEACHER)
    for step in (
        words.view(ANNA),
        words.refuse("hund", ANNA),
        words.allow("hund", ANNA),
        words.remove("einhorn*", ANNA),
    ):
        with pytest.raises(NotAllowed):
            await step
    with pytest.raises(NotFound):
        await words.remove("einhorn*", STRANGER)
    assert (await words.view(STRANGER)).refused == ()
    assert (await words.view(TEACHER)).refused == ("einhorn*",)


# -- reports --


async def test_a_reported_post_is_taken_down_for_all_who_reported_it(ground: Ground) -> None:
    room, reports, job = ground.room, ground.care.reports, await posted(ground.room)
    assert await reports.report(job.id, "person", "  das bin   ich ", BEN)
    assert not await reports.report(job.id, "other", "", BEN)
    assert await reports.report(job.id, "hurtful", "", ANNA)
    first, second = await reports.waiting(TEACHER)
    assert (first.report.note, first.report.person) == ("das bin ich", BEN.person_id)
    assert first.link == (job.channel_id, f"m-{job.id}")
    taken = await reports.take_down(first.report.id, TEACHER)
    assert taken.hindrance is None
    assert room.discord.messages == {}
    assert room.kept(job.id) == []
    assert await reports.waiting(TEACHER) == []
    with pytest.raises(NotFound):
        await reports.keep(second.report.id, TEACHER)
    assert [what for _, what, _, _ in ground.notes.lines] == ["report", "report", "report.decided"]


async def test_a_post_that_may_not_be_deleted_keeps_its_report_waiting(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = await posted(ground.room)
    await ground.care.reports.report(job.id, "violent", "", BEN)

    async def forbidden(job: Job, posted: Posted | None, address: ReplyAddress | None) -> TakenBack:
        return TakenBack(hindrance=Hindrance.FORBIDDEN)

    monkeypatch.setattr(ground.room.discord, "take_back", forbidden)
    (one,) = await ground.care.reports.waiting(TEACHER)
    taken = await ground.care.reports.take_down(one.report.id, TEACHER)
    assert taken.hindrance is Hindrance.FORBIDDEN
    assert taken.link == one.link
    assert len(await ground.care.reports.waiting(TEACHER)) == 1


async def test_a_post_that_is_kept_stays(ground: Ground) -> None:
    job = await posted(ground.room)
    await ground.care.reports.report(job.id, "copied", "", BEN)
    (one,) = await ground.care.reports.waiting(TEACHER)
    await ground.care.reports.keep(one.report.id, TEACHER)
    assert list(ground.room.discord.messages) == [job.id]
    assert ground.room.kept(job.id)
    with pytest.raises(NotFound):
        await ground.care.reports.take_down(one.report.id, TEACHER)


async def test_reports_of_nothing_by_nobody_or_without_a_reason_are_none(ground: Ground) -> None:
    reports, job = ground.care.reports, await posted(ground.room)
    gone = await refused(ground.room)
    bad: list[tuple[str, str, str, Requester]] = [
        ("0000000000", "other", "", BEN),
        (gone, "other", "", BEN),
        (job.id, "other", "", STRANGER),
        (job.id, "because", "", BEN),
        (job.id, "", "", BEN),
        (job.id, "other", "x" * 301, BEN),
    ]
    for job_id, reason, note, who in bad:
        with pytest.raises(AtelierError):
            await reports.report(job_id, reason, note, who)
    assert await reports.waiting(TEACHER) == []
    await reports.report(job.id, "other", "", BEN)
    (one,) = await reports.waiting(TEACHER)
    for who in (ANNA, BEN):
        for step in (
            reports.waiting(who),
            reports.look(one.report.id, who),
            reports.take_down(one.report.id, who),
        ):
            with pytest.raises(NotAllowed):
                await step
    with pytest.raises(NotFound):
        await reports.take_down(one.report.id, STRANGER)
    assert list(ground.room.discord.messages) == [job.id]


# -- blocks --


async def test_a_blocked_pupil_waits_for_nothing_until_somebody_frees_them(ground: Ground) -> None:
    room, blocks = ground.room, ground.care.blocks
    room.workers.hold_check = asyncio.Event()
    running = await room.ask()
    await room.workers.started(running.job.id)
    waiting, others = await room.ask(), await room.ask(who=BEN)
    block, cancelled = await blocks.block(ANNA.person_id, 45, TEACHER, is_teacher=False)
    assert cancelled >= 1
    assert await room.state(waiting.job.id) is JobState.CANCELLED
    with pytest.raises(NotAllowed) as caught:
        await blocks.demand(ANNA)
    assert caught.value.values == {"until": round(block.until)}
    for free in (BEN, replace(ANNA, guild_id="elsewhere"), replace(ANNA, is_teacher=True)):
        await blocks.demand(free)
    await blocks.unblock(ANNA.person_id, TEACHER)
    await blocks.demand(ANNA)
    room.workers.hold_check.set()
    await room.end(others)
    assert [what for _, what, _, _ in ground.notes.lines] == ["block", "unblock"]


async def test_who_may_block_whom_and_for_how_long(ground: Ground) -> None:
    blocks = ground.care.blocks
    with pytest.raises(NotAllowed):
        await blocks.block("ben", 5, ANNA, is_teacher=False)
    with pytest.raises(NotAllowed):
        await blocks.block("winter", 5, TEACHER, is_teacher=True)
    with pytest.raises(NotAllowed):
        await blocks.block(TEACHER.person_id, 5, TEACHER, is_teacher=False)
    for minutes in (0, -1, LONGEST_MINUTES + 1):
        with pytest.raises(InvalidInput):
            await blocks.block("ben", minutes, TEACHER, is_teacher=False)
    for step in (blocks.unblock("ben", ANNA), blocks.standing(ANNA)):
        with pytest.raises(NotAllowed):
            await step
    with pytest.raises(NotFound):
        await blocks.unblock("ben", TEACHER)
    await blocks.block("ben", LONGEST_MINUTES, TEACHER, is_teacher=False)
    assert [one.person for one in await blocks.standing(TEACHER)] == ["ben"]
    assert await blocks.standing(STRANGER) == []
    with pytest.raises(NotFound):
        await blocks.unblock("ben", STRANGER)


async def test_the_real_log_takes_what_is_written_down(ground: Ground) -> None:
    room = ground.room
    audit = Audit(room.database, room.folder / "heads")
    posting: Any = ground.care.reports
    care = await open_care(
        room.database,
        jobs=room.jobs,
        artifacts=room.artifacts,
        posting=posting._posting,
        dispatcher=room.desk.cancel._dispatcher,
        words=ground.words,
        notes=audit,
    )
    job, no = await posted(room), await refused(room)
    await care.words.refuse("einhorn*", TEACHER)
    await care.words.remove("einhorn*", TEACHER)
    await care.reports.report(job.id, "other", "ein geheimer Satz", BEN)
    (one,) = await care.reports.waiting(TEACHER)
    await care.reports.keep(one.report.id, TEACHER)
    await care.appeals.ask(no, ANNA)
    await care.appeals.decide(no, TEACHER, wrong=False)
    await care.blocks.block("ben", 5, TEACHER, is_teacher=False)
    entries = await audit.entries(TEACHER.guild_id)
    assert [entry.what for entry in entries] == [
        "word.add", "word.remove", "report", "report.decided", "refusal.reviewed", "block",
    ]  # fmt: skip
    assert await audit.verify() is None
    assert not any(word in str(entries) for word in ("einhorn", "geheimer", "Splatterfilm", "ben"))


async def test_a_pupil_cannot_bury_the_teacher_in_reports(ground: Ground) -> None:
    from data.reports import MOST_OPEN

    job = await posted(ground.room)
    for number in range(MOST_OPEN):
        copy = replace(job, id=f"copy{number:06}", state=JobState.QUEUED, finished_at=None)
        await ground.room.jobs.add(copy)
        for state in (JobState.RUNNING, JobState.CHECKING, JobState.POSTING, JobState.POSTED):
            await ground.room.jobs.move(copy.id, state)
        await ground.care.reports.report(copy.id, "other", "", BEN)
    with pytest.raises(LimitReached):
        await ground.care.reports.report(job.id, "other", "", BEN)
