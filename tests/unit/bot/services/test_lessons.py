"""Lessons: what a class may do, what is used up, tasks, pauses, and how it ends, also for two at once and restarts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.i18n import Sentences
from bot.posts.lesson import GALLERY_NAMES, GROUP_NAMES, LessonWords, names_of
from bot.services.door import PRIVATE
from bot.services.lesson_rules import (
    GROUPS,
    LessonRequest,
    TaskRequest,
    demand_task,
    read_rules,
    read_task,
    typed_in,
)
from bot.services.lessons import LESSON_OVER
from bot.services.ports import Requester
from bot.services.standing import slices
from data.errors import LessonRefused
from data.lessons import Lesson, Rules, Task
from data.spendings import Span, Spent
from data.stops import Stop
from generation.errors import AtelierError, InvalidInput, LimitReached, NotAllowed, NotFound, WorkerError
from generation.job import JobState
from generation.supervisor import Request
from tests.unit.bot.services.conftest import ANNA, BEN, STRANGER, TEACHER
from tests.unit.bot.services.lesson_room import LessonRoom, lesson_room

SENTENCES = Sentences.load(strict=True)
PUPILS = [
    Requester(guild_id="class", channel_id="channel", person_id=f"pupil{n}", locale="de") for n in range(6)
]
MAKES = {"mini": "image", "other": "image", "mini-music": "music"}
LESSON = Lesson(
    id="a",
    guild="class",
    started_at=1000.0,
    ends_at=4600.0,
    rules=Rules(media=("image", "video"), models=("mini",)),
)


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[LessonRoom]:
    async with lesson_room(tmp_path) as opened:
        yield opened


async def start(room: LessonRoom, **asked: object) -> Lesson:
    return await room.desk_of_lessons.start(LessonRequest(**asked), TEACHER)  # type: ignore[arg-type]


def hold_every_picture(room: LessonRoom) -> None:
    room.workers.on_start = lambda request: (
        room.workers.held.add(request.job) if request.task == "image" else None
    )


# -- beginning and rules --


async def test_a_lesson_has_rules_and_only_one_begins(room: LessonRoom) -> None:
    both = await asyncio.gather(start(room, media="image", items=4), start(room), return_exceptions=True)
    begun = [one for one in both if isinstance(one, Lesson)]
    refused = [one for one in both if isinstance(one, LessonRefused)]
    assert [len(begun), [one.code for one in refused]] == [1, ["lesson_running"]]
    assert room.lessons.ends_at("class") == begun[0].ends_at
    assert room.lessons.ends_at("other") is None
    await room.restart()
    assert room.lessons.current("class") == begun[0]


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"media": "image, knitting"}, "lesson_media"),
        ({"media": " , "}, "lesson_media"),
        ({"media": ""}, "lesson_media"),
        ({"models": ","}, "lesson_models"),
        ({"media": "music", "models": "big"}, "lesson_model_media"),
        ({"models": "gpt"}, "lesson_models"),
        ({"minutes": 3}, "lesson_number"),
        ({"minutes": 10_000}, "lesson_number"),
        ({"items": 0}, "lesson_number"),
        ({"gpu_seconds": 1}, "lesson_number"),
        ({"gallery": "always"}, "lesson_gallery"),
    ],
)
async def test_what_is_no_rule(room: LessonRoom, asked: dict[str, object], code: str) -> None:
    with pytest.raises(InvalidInput, match=code):
        await start(room, **asked)
    assert room.lessons.current("class") is None


async def test_pupils_do_not_lead_the_lesson(room: LessonRoom) -> None:
    desk = room.desk_of_lessons
    calls = [
        desk.start(LessonRequest(), ANNA),
        desk.end(ANNA),
        desk.give_task(TaskRequest(), ANNA),
        desk.pause(ANNA),
        desk.resume(ANNA),
        room.board.look(ANNA),
    ]
    for call in calls:
        with pytest.raises(NotAllowed, match="teachers_only"):
            await call


async def test_media_and_models(room: LessonRoom) -> None:
    await start(room, media="music")
    with pytest.raises(NotAllowed, match="lesson_medium"):
        await room.ask()
    await room.desk_of_lessons.end(TEACHER)
    await start(room, models="big")
    with pytest.raises(NotAllowed, match="lesson_model") as refused:
        await room.ask()
    assert refused.value.values == {"known": "big"}
    assert (await room.end(await room.ask(model="big"))).state is JobState.POSTED
    assert (await room.end(await room.ask(who=TEACHER))).state is JobState.POSTED
    # where the rules name no model, all are allowed
    await room.door.demand(ANNA, "clip", "clip", {})
    assert (await room.end(await room.ask(who=STRANGER))).state is JobState.POSTED


async def test_private_lessons_mark_their_jobs(room: LessonRoom) -> None:
    await start(room, private=True)
    assert room.door.posts_privately("class")
    job = await room.end(await room.ask())
    assert PRIVATE in job.notices
    await room.desk_of_lessons.end(TEACHER)
    assert PRIVATE not in (await room.end(await room.ask())).notices


# -- budgets --


async def test_items_are_counted_and_failures_are_not(room: LessonRoom) -> None:
    await start(room, items=5)
    await room.end(await room.ask(count=2))
    room.workers.flagged = {7, 8}
    await room.end(await room.ask(count=2))  # refused: nothing was made
    room.workers.flagged = set()
    await room.end(await room.ask(count=2))
    assert (await room.door.spent("class", "anna")).items == 4
    with pytest.raises(LimitReached, match="lesson_items") as refused:
        await room.ask(count=2)
    assert refused.value.values == {"limit": 5, "left": 1}
    await room.end(await room.ask(count=1))
    assert (await room.end(await room.ask(who=BEN, count=2))).state is JobState.POSTED
    assert (await room.end(await room.ask(who=TEACHER, count=4))).state is JobState.POSTED


async def test_the_last_item_is_given_once(room: LessonRoom) -> None:
    await start(room, items=3)
    asked = await asyncio.gather(*[room.ask(count=2) for _ in range(3)], return_exceptions=True)
    assert [type(one).__name__ for one in asked].count("Ticket") == 1
    assert {one.code for one in asked if isinstance(one, AtelierError)} == {"lesson_items"}


async def test_seconds_are_measured_from_the_moves(room: LessonRoom) -> None:
    await start(room, gpu_seconds=10)
    ticket = await room.ask()
    await room.end(ticket)
    query = "UPDATE job_events SET at = at - 11 WHERE job = ? AND new = 'running'"
    await room.database.write(lambda connection: connection.execute(query, (ticket.job.id,)))
    assert 11 <= (await room.door.spent("class", "anna")).seconds < 13
    with pytest.raises(LimitReached, match="lesson_seconds"):
        await room.ask()
    assert (await room.end(await room.ask(who=BEN))).state is JobState.POSTED


async def test_nobody_pays_for_what_went_wrong(room: LessonRoom) -> None:
    """A worker that breaks down costs no seconds, whoever cancels a job has used them."""
    await start(room, gpu_seconds=10)
    tries: list[str] = []

    def break_down(request: Request) -> None:
        if request.task == "image":
            tries.append(request.job)
            room.workers.errors[request.job] += [WorkerError("worker_crashed")]

    room.workers.on_start = break_down
    failed = await room.end(await room.ask())
    assert failed.state is JobState.FAILED
    hold_every_picture(room)
    cancelled = await room.ask()
    await room.workers.started(cancelled.job.id)
    query = "UPDATE job_events SET at = at - 11 WHERE job = ? AND new = 'running'"
    await room.database.write(lambda connection: connection.execute(query, (failed.id,)))
    spent = await room.door.spent("class", "anna")
    assert (spent.items, spent.seconds < 1) == (2, True)
    await room.dispatcher.cancel(cancelled.job.id)
    await room.end(cancelled)
    await room.database.write(lambda connection: connection.execute(query, (cancelled.job.id,)))
    spent = await room.door.spent("class", "anna")
    assert (spent.items, spent.seconds > 10) == (0, True)
    # the picture of the load knows of both
    spans = await room.spendings.spans("class", 0.0)
    assert sum(span.end - span.begin for span in spans) > 20


async def test_many_at_once_do_not_all_get_the_last_second(tmp_path: Path) -> None:
    async with lesson_room(tmp_path, limit=9, expected=lambda model, units: 6.0) as room:
        await start(room, gpu_seconds=10)
        hold_every_picture(room)
        running = await room.ask(count=1)
        await room.workers.started(running.job.id)
        await room.ask(count=1)  # 6 seconds are spoken for, not all
        asked = await asyncio.gather(*[room.ask(count=1) for _ in range(4)], return_exceptions=True)
        assert [type(one).__name__ for one in asked].count("Ticket") == 1
        assert {one.code for one in asked if isinstance(one, AtelierError)} == {"lesson_seconds"}
        assert (await room.ask(who=BEN, count=1)).job.owner_id == "ben"


async def test_time_without_the_bot_costs_nobody_anything(room: LessonRoom) -> None:
    await start(room)
    hold_every_picture(room)
    ticket = await room.ask()
    await room.workers.started(ticket.job.id)
    query = "UPDATE job_events SET at = at - 500 WHERE job = ? AND new = 'running'"
    await room.database.write(lambda connection: connection.execute(query, (ticket.job.id,)))
    await room.jobs.move(ticket.job.id, JobState.QUEUED, error_code="restarted")  # as after a kill
    assert (await room.door.spent("class", "anna")).seconds < 1


async def test_careful_without_a_lesson(tmp_path: Path) -> None:
    careful = Rules(media=("image",), items=3)
    async with lesson_room(tmp_path, careful=careful) as room:
        await room.end(await room.ask(count=2))
        with pytest.raises(LimitReached, match="careful_items"):
            await room.ask(count=2)
        with pytest.raises(NotAllowed, match="lesson_medium"):
            await room.door.demand(ANNA, "video", "mini", {})
        await start(room)
        assert (await room.end(await room.ask(count=4))).state is JobState.POSTED


# -- tasks --


async def test_a_task_asks_for_words_a_style_and_a_model(room: LessonRoom) -> None:
    await start(room)
    asked = TaskRequest(words="Turm, Fluss", style="Aquarell", model="big", minutes=20)
    lesson = await room.desk_of_lessons.give_task(asked, TEACHER)
    assert lesson.task is not None
    assert (lesson.task.number, lesson.task.words) == (1, ("Turm", "Fluss"))
    for prompt, model, code in (
        ("ein turm", "big", "task_words"),
        ("ein turm am fluss", "big", "task_style"),
        ("ein turm am fluss, aquarell", "mini", "task_model"),
    ):
        with pytest.raises(InvalidInput, match=code):
            await room.ask(prompt, model=model)
    job = await room.end(await room.ask("Ein TURM am Fluss, Aquarell", model="big"))
    assert job.state is JobState.POSTED
    await room.restart()
    with pytest.raises(InvalidInput, match="task_words"):
        await room.ask("ein haus", model="big")
    await room.desk_of_lessons.give_task(None, TEACHER)
    assert (await room.end(await room.ask("ein haus"))).state is JobState.POSTED


async def test_everybody_hands_in_once(room: LessonRoom) -> None:
    early = await room.end(await room.ask("ein turm"))
    desk = room.desk_of_lessons
    with pytest.raises(LessonRefused, match="task_over"):
        await desk.hand_in(early.id, ANNA)
    await start(room)
    with pytest.raises(LessonRefused, match="task_none"):
        await desk.hand_in(early.id, ANNA)
    other = await room.end(await room.ask("ein haus"))
    await desk.give_task(TaskRequest(words="turm"), TEACHER)
    mine = await room.end(await room.ask("ein turm"))
    again = await room.end(await room.ask("noch ein turm"))
    assert [job.id for job in await desk.offered(ANNA)] == [again.id, mine.id, other.id]
    with pytest.raises(NotFound, match="job_gone"):
        await desk.hand_in(early.id, ANNA)  # from before the lesson
    with pytest.raises(NotFound, match="job_gone"):
        await desk.hand_in(mine.id, BEN)
    with pytest.raises(InvalidInput, match="task_words"):
        await desk.hand_in(other.id, ANNA)
    both = await asyncio.gather(
        desk.hand_in(mine.id, ANNA), desk.hand_in(again.id, ANNA), return_exceptions=True
    )
    assert [one.code for one in both if isinstance(one, LessonRefused)] == ["task_handed_in"]
    lesson = await desk.give_task(TaskRequest(words="turm"), TEACHER)
    assert lesson.task is not None
    assert lesson.task.number == 2
    await desk.hand_in(again.id, ANNA)  # another task, another result


async def test_the_teacher_sees_what_was_handed_in(room: LessonRoom) -> None:
    await start(room, private=True)
    await room.desk_of_lessons.give_task(TaskRequest(words="turm"), TEACHER)
    assert "noch niemand" in LessonWords(SENTENCES, "de").standing(await room.board.look(TEACHER))
    mine = await room.end(await room.ask("ein turm"))
    other = await room.end(await room.ask("ein turm", who=BEN))
    await room.desk_of_lessons.hand_in(mine.id, ANNA)
    assert "<@anna>" in LessonWords(SENTENCES, "de").standing(await room.board.look(TEACHER)).splitlines()[1]
    assert [job.id for job in await room.board.handed_in(TEACHER)] == [mine.id]
    post = await room.board.show(mine.id, TEACHER)
    assert post.value.job.id == mine.id
    with pytest.raises(NotFound, match="job_gone"):
        await room.board.show(other.id, TEACHER)  # nobody has handed that in
    await room.desk_of_lessons.pause(TEACHER)
    assert (await room.board.show(mine.id, TEACHER)).value.job.id == mine.id
    await room.emergency.stop(TEACHER)
    with pytest.raises(NotAllowed, match="emergency_on"):
        await room.board.show(mine.id, TEACHER)
    for call in (room.board.show(mine.id, ANNA), room.board.handed_in(ANNA)):
        with pytest.raises(NotAllowed, match="teachers_only"):
            await call
    await room.desk_of_lessons.end(TEACHER)
    assert [job.id for job in await room.board.handed_in(TEACHER)] == [mine.id]


async def test_nothing_is_handed_in_that_nobody_has_seen(room: LessonRoom) -> None:
    await start(room)
    await room.desk_of_lessons.give_task(TaskRequest(), TEACHER)
    seen = await room.end(await room.ask())
    hold_every_picture(room)
    held = await room.ask()
    await room.workers.started(held.job.id)
    await room.desk_of_lessons.pause(TEACHER)
    room.workers.release(held.job.id)
    await room.in_state(held.job.id, JobState.POSTING)
    assert [job.id for job in await room.desk_of_lessons.offered(ANNA)] == [seen.id]
    standing = LessonWords(SENTENCES, "de").standing(await room.board.look(TEACHER))
    assert "fertig, kommt nach der Pause: <@anna>" in standing
    await room.emergency.stop(TEACHER)
    with pytest.raises(NotAllowed, match="emergency_on"):
        await room.desk_of_lessons.hand_in(seen.id, ANNA)


async def test_after_the_deadline_nothing_is_handed_in(room: LessonRoom) -> None:
    await start(room)
    await room.desk_of_lessons.give_task(TaskRequest(minutes=5), TEACHER)
    job = await room.end(await room.ask())
    room.drift = 301.0
    with pytest.raises(LessonRefused, match="task_late"):
        await room.desk_of_lessons.hand_in(job.id, ANNA)


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"words": ",".join("abcdefghijkl")}, "task_long"),
        ({"style": "x" * 41}, "task_long"),
        ({"model": "gpt"}, "lesson_models"),
        ({"model": "mini, other"}, "task_model_media"),
        ({"model": "mini-music"}, "task_model_media"),
        ({"model": "other"}, "task_model_rules"),
        ({"medium": "video", "model": "mini-music"}, "task_model_media"),
        ({"medium": "music"}, "task_medium"),
        ({"medium": "image, video"}, "task_medium"),
        ({"medium": "knitting"}, "lesson_media"),
        ({"medium": ""}, "lesson_media"),
        ({"minutes": 61}, "lesson_number"),
        ({"minutes": 0}, "lesson_number"),
    ],
)
def test_what_is_no_task(asked: dict[str, object], code: str) -> None:
    request = TaskRequest(**asked)  # type: ignore[arg-type]
    with pytest.raises(InvalidInput) as refused:
        read_task(request, [*MAKES], MAKES.get, now=1000.0, lesson=LESSON)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("wanted", "typed", "is_there"),
    [
        ("Turm", "ein TURM am Fluss", True),
        ("Turm", "zwei Türme", True),
        ("Turm", "zwei Tu\u0308rme", True),
        ("Bäume", "drei Baeume und ein Haus", True),
        ("Straße", "DIE STRASSE", True),
        ("rote Blumen", "rote \n\u00a0 Blumen", True),
        ("Blume", "Sonnenblumen", True),
        ("Turm", "ein T\u200burm", True),
        ("rot", "ein roter Kreis", True),
        ("rot", "ein Laib Brot", False),
        ("red", "a hundred birds", False),
        ("Turm", "ein Haus", False),
    ],
)
def test_a_word_counts_in_each_of_its_forms(wanted: str, typed: str, is_there: bool) -> None:
    task = Task(number=1, medium="image", words=(wanted,))
    if is_there:
        demand_task(task, "image", "mini", [typed])
        demand_task(replace(task, words=(), style=wanted), "image", "mini", [typed])
        return
    with pytest.raises(InvalidInput, match="task_words"):
        demand_task(task, "image", "mini", [typed])


async def test_help_is_no_work(room: LessonRoom) -> None:
    await start(room)
    await room.desk_of_lessons.give_task(TaskRequest(medium="text", words="turm"), TEACHER)
    for preset in ("explain", "precise"):  # of somebody else's words, and of a prompt
        await room.door.demand(ANNA, "text", "writer", {"prompt": "ein haus", "preset": preset})
    with pytest.raises(InvalidInput, match="task_words"):
        await room.door.demand(ANNA, "text", "writer", {"prompt": "ein haus", "preset": "poem"})


async def test_what_is_to_be_left_out_is_no_word_of_the_task(room: LessonRoom) -> None:
    await start(room)
    await room.desk_of_lessons.give_task(TaskRequest(words="turm;  roter \n Kreis"), TEACHER)
    assert room.lessons.current("class").task.words == ("turm", "roter", "Kreis")  # type: ignore[union-attr]
    with pytest.raises(InvalidInput, match="task_words"):
        await room.ask("ein haus", negative="turm, roter Kreis")


def test_a_model_for_pictures_makes_videos_too() -> None:
    rules = read_rules(LessonRequest(media="video", models="mini"), [*MAKES], MAKES.get)
    assert rules.models == ("mini",)
    task = read_task(
        TaskRequest(medium="video", model="mini"), [*MAKES], MAKES.get, now=1000.0, lesson=LESSON
    )
    assert task.model == "mini"


# -- pauses --


async def test_a_pause_lets_jobs_end_and_shows_nothing_until_it_is_over(room: LessonRoom) -> None:
    hold_every_picture(room)
    first, second = await room.ask(), await room.ask(who=BEN)
    await room.workers.started(first.job.id)
    paused = await room.desk_of_lessons.pause(TEACHER)
    assert (paused.is_new, paused.running, paused.waiting) == (True, 1, 1)
    with pytest.raises(NotAllowed, match="paused"):
        await room.ask()
    room.workers.release(first.job.id)
    await room.in_state(first.job.id, JobState.POSTING)
    await asyncio.sleep(0.1)
    assert room.discord.messages == {}
    assert await room.state(second.job.id) is JobState.QUEUED
    elsewhere = await room.ask(who=STRANGER)  # another class goes on, with the same worker
    await room.workers.started(elsewhere.job.id)
    room.workers.release(elsewhere.job.id)
    assert (await room.end(elsewhere)).state is JobState.POSTED
    room.workers.on_start = lambda request: None
    assert await room.desk_of_lessons.resume(TEACHER) == 1
    for ticket in (first, second):
        assert (await room.end(ticket)).state is JobState.POSTED
    assert room.discord.messages[first.job.id].edits == 1
    assert await room.desk_of_lessons.resume(TEACHER) is None


async def test_a_pause_holds_over_a_restart(room: LessonRoom) -> None:
    hold_every_picture(room)
    first, second = await room.ask(), await room.ask(who=BEN)
    await room.workers.started(first.job.id)
    await room.desk_of_lessons.pause(TEACHER)
    room.workers.release(first.job.id)
    await room.in_state(first.job.id, JobState.POSTING)
    await room.restart()
    assert not (await room.desk_of_lessons.pause(TEACHER)).is_new
    assert room.discord.messages == {}
    assert await room.state(second.job.id) is JobState.QUEUED
    await room.desk_of_lessons.resume(TEACHER)
    for ticket in (first, second):
        assert (await room.end(ticket)).state is JobState.POSTED
        assert room.discord.messages[ticket.job.id].edits == 1


async def test_pausing_and_going_on_at_once_loses_nothing(room: LessonRoom) -> None:
    tickets = [await room.ask(who=who) for who in PUPILS]
    for _ in range(10):
        await room.desk_of_lessons.pause(TEACHER)
        await asyncio.sleep(0.01)
        await room.desk_of_lessons.resume(TEACHER)
    for ticket in tickets:
        assert (await room.end(ticket)).state is JobState.POSTED
    assert len(room.discord.messages) == len(PUPILS)


async def test_an_emergency_during_a_pause(room: LessonRoom) -> None:
    ticket = await room.ask()
    await room.desk_of_lessons.pause(TEACHER)
    await room.in_state(ticket.job.id, *JobState)
    await room.emergency.stop(TEACHER)
    await room.desk_of_lessons.resume(TEACHER)
    assert room.stops.since("class", Stop.EMERGENCY) is not None
    with pytest.raises(NotAllowed, match="emergency_on"):
        await room.ask()
    assert room.discord.messages == {}


# -- the end --


async def test_the_end_is_kind(room: LessonRoom) -> None:
    await start(room)
    done = await room.end(await room.ask(count=2))
    hold_every_picture(room)
    running, waiting = await room.ask(count=1), await room.ask(who=BEN)
    await room.workers.started(running.job.id)
    ended = await room.desk_of_lessons.end(TEACHER)
    assert ended.voices is not None
    assert (ended.people, ended.items, ended.cancelled, ended.voices.kept) == (1, 3, 1, 0)
    assert (ended.by_itself, ended.running) == (False, 1)
    assert "Ein Auftrag läuft noch zu Ende." in LessonWords(SENTENCES, "de").ended(ended)
    assert (ended.jobs[JobState.POSTED], ended.jobs[JobState.CANCELLED]) == (1, 1)
    assert (await room.in_state(waiting.job.id, JobState.CANCELLED)).error_code == LESSON_OVER
    room.workers.release(running.job.id)
    assert (await room.end(running)).state is JobState.POSTED
    assert done.state is JobState.POSTED
    with pytest.raises(LessonRefused, match="lesson_none"):
        await room.desk_of_lessons.end(TEACHER)
    for locale in ("de", "en"):
        assert "1" in LessonWords(SENTENCES, locale).ended(ended)


async def test_two_teachers_end_it_once(room: LessonRoom) -> None:
    await start(room)
    both = await asyncio.gather(
        room.desk_of_lessons.end(TEACHER), room.desk_of_lessons.end(TEACHER), return_exceptions=True
    )
    assert [one.code for one in both if isinstance(one, LessonRefused)] == ["lesson_none"]


async def test_a_lesson_ends_by_itself(room: LessonRoom) -> None:
    lesson = await start(room, minutes=5, media="music")
    room.drift = 301.0
    assert room.lessons.current("class") is None
    assert room.lessons.ends_at("class") is None
    assert room.door.rules("class") == room.careful
    await room.desk_of_lessons.purge()
    assert room.lessons.unended("class") is None
    await room.desk_of_lessons.purge()
    assert await room.lessons.forget(lesson.ends_at + 1e6) == 1


@pytest.mark.parametrize("by_itself", [False, True])
async def test_a_pause_outlives_the_lesson(room: LessonRoom, by_itself: bool) -> None:
    """The class has read that nothing is shown until somebody goes on."""
    await start(room, minutes=5)
    hold_every_picture(room)
    ticket = await room.ask()
    await room.workers.started(ticket.job.id)
    await room.desk_of_lessons.pause(TEACHER)
    room.workers.release(ticket.job.id)
    await room.in_state(ticket.job.id, JobState.POSTING)
    if by_itself:
        room.drift = 301.0
        await room.desk_of_lessons.purge()
    ended = await room.desk_of_lessons.end(TEACHER)
    assert (ended.held, ended.ready, ended.by_itself) == (Stop.PAUSE, 1, by_itself)
    assert "/weiter" in LessonWords(SENTENCES, "de").ended(ended)
    lesson = await start(room)
    assert "/weiter" in LessonWords(SENTENCES, "de").started(lesson, room.desk_of_lessons.held("class"))
    await asyncio.sleep(0.1)
    assert room.discord.messages == {}
    with pytest.raises(NotAllowed, match="paused"):
        await room.ask(who=BEN)
    assert await room.desk_of_lessons.resume(TEACHER) == 1
    assert (await room.end(ticket)).state is JobState.POSTED


async def test_two_begin_the_next_one_after_a_lesson_that_is_over(room: LessonRoom) -> None:
    await start(room, minutes=5)
    room.drift = 301.0
    both = await asyncio.gather(start(room), start(room), return_exceptions=True)
    assert sorted(getattr(one, "code", type(one).__name__) for one in both) == ["Lesson", "lesson_running"]


async def test_who_asks_for_the_end_too_late_gets_the_summary(room: LessonRoom) -> None:
    await start(room, minutes=5)
    await room.end(await room.ask(count=2))
    room.drift = 301.0
    await room.desk_of_lessons.purge()
    query = "UPDATE jobs SET created_at = created_at + 400 WHERE id = ?"
    later = await room.end(await room.ask(who=BEN))
    await room.database.write(lambda connection: connection.execute(query, (later.id,)))
    ended = await room.desk_of_lessons.end(TEACHER)
    assert (ended.by_itself, ended.people, ended.items, ended.voices) == (True, 1, 2, None)
    assert "von selbst" in LessonWords(SENTENCES, "de").ended(ended)
    room.drift = 301.0 + 13 * 3600
    with pytest.raises(LessonRefused, match="lesson_none"):
        await room.desk_of_lessons.end(TEACHER)


# -- how it stands --


async def test_how_the_class_stands(room: LessonRoom) -> None:
    await start(room, items=9)
    await room.end(await room.ask(count=2))
    room.workers.flagged = {7, 8}
    await room.end(await room.ask(who=BEN))
    hold_every_picture(room)
    running, waiting = await room.ask(who=BEN), await room.ask()
    await room.workers.started(running.job.id)
    standing = await room.board.look(TEACHER)
    assert [row.job.id for row in standing.rows] == [running.job.id, waiting.job.id]
    assert standing.spent["anna"].items == 4
    assert [job.owner_id for job in standing.refusals] == ["ben"]
    text = LessonWords(SENTENCES, "de").standing(standing)
    assert "<@anna>: 4 Ergebnisse" in text
    assert "red house" not in text  # never a prompt
    assert await room.board.picture(standing, TEACHER) == b"bars"
    params = room.draws.requests[0].params
    assert params["text"] == "In Arbeit: 1, wartend: 1"
    assert len(params["panels"][0]["rows"]) == len(standing.load) == 1
    room.draws.error = WorkerError()
    assert await room.board.picture(standing, TEACHER) is None
    assert not list(room.work_dir.glob("load-*"))


async def test_everything_that_is_said_fits_into_a_message(room: LessonRoom) -> None:
    await start(room)
    for who in PUPILS:
        await room.ask(who=who, count=4)
    standing = await room.board.look(TEACHER)
    many = {f"{10**17 + n}": Spent(items=100, seconds=1000.0) for n in range(30)}
    object.__setattr__(standing, "spent", many)
    for locale in ("de", "en"):
        assert len(LessonWords(SENTENCES, locale).standing(standing)) <= 2000


def test_teachers_may_type_names_in_both_languages() -> None:
    assert names_of(SENTENCES, *GROUP_NAMES)["bilder"] == "image"
    assert names_of(SENTENCES, *GROUP_NAMES)["pictures"] == "image"
    assert names_of(SENTENCES, *GALLERY_NAMES)["nach durchsicht"] == "reviewed"
    assert set(names_of(SENTENCES, *GROUP_NAMES).values()) == set(GROUPS)


def test_everything_that_was_typed_is_found() -> None:
    params = {
        "prompt": "a",
        "keys": [{"prompt": "b"}, {"prompt": "c"}],
        "sections": [{"mark": "refrain", "text": "e"}],
        "texts": ["f", "g"],
        "negative": "not this",
        "messages": [{"role": "system", "text": "nor this"}],
        "count": 2,
        "voice": {"text": "d"},
    }
    assert list(typed_in(params)) == ["a", "b", "c", "e", "f", "g"]


@given(
    st.lists(st.tuples(st.floats(0, 4000), st.floats(0, 900)), max_size=12),
    st.floats(1, 4000),
)
def test_the_picture_of_the_load_counts_every_second_once(
    spans: list[tuple[float, float]], length: float
) -> None:
    """Whatever overlaps: busy time is at most all time, and what lies in it is found."""
    made = [Span(person="a", begin=begin, end=begin + seconds) for begin, seconds in spans]
    parts = slices(made, [], begin=4000.0 - length, now=4000.0)
    assert 1 <= len(parts) <= 12
    assert all(0 <= one.busy <= 1 for one in parts)
    assert parts[-1].ago == 0
    lone = slices([Span(person="a", begin=0.0, end=1200.0)], [600.0], begin=0.0, now=1200.0)
    assert all(one.busy == pytest.approx(1.0) for one in lone)
    assert sum(one.asked for one in lone) == 1
