"""A chain: five jobs one after the other, over restarts too, and a kind word where one does not come about."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.services.chain_text import for_picture, for_voice
from bot.services.lesson_rules import GROUPS
from bot.services.ports import ImageRequest, Requester
from data.lessons import Rules
from data.stops import Stop
from generation.errors import AtelierError, NotAllowed, WorkerError
from generation.job import Job, JobState
from tests.fakes import until
from tests.unit.bot.services.clip_room import SENTENCES, TEXT, ClipRoom, clip_room
from tests.unit.bot.services.conftest import ADDRESS, ANNA, BEN

STEPS = ["text", "image", "speech", "music", "clip"]


@pytest.fixture
async def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ClipRoom]:
    async with clip_room(tmp_path, monkeypatch) as opened:
        yield opened


def media(jobs: list[Job]) -> list[str]:
    return [job.medium for job in jobs]


def hold(room: ClipRoom, task: str) -> None:
    """Jobs with this task wait until they are released."""

    def start(request: Any) -> None:
        if request.task == task:
            room.workers.held.add(request.job)

    room.workers.on_start = start


async def running(room: ClipRoom, medium: str) -> Job:
    found: list[Job] = []

    async def there() -> bool:
        found[:] = [
            one for one in await room.all_jobs() if one.medium == medium and one.state is JobState.RUNNING
        ]
        return bool(found)

    await until(there)
    return found[0]


async def test_a_theme_becomes_a_piece(room: ClipRoom) -> None:
    await room.begin()
    jobs = await room.chain_over()
    assert media(jobs) == STEPS
    assert {job.state for job in jobs} == {JobState.POSTED}
    text, picture, speech, music, clip = jobs
    assert [job.seed for job in jobs] == [40, 41, 42, 43, 41]
    assert picture.params["prompt"] == "ein Fuchs im Schnee. Es war einmal ein Fuchs."
    assert (speech.params["text"], speech.family) == (TEXT, "voices")
    assert clip.params["speech"] == speech.id
    assert clip.params["title"] == "ein Fuchs im Schnee"
    post = room.discord.clips[clip.id]
    assert [line.partition(":")[0] for line in post.lines[1:]] == ["Bilder", "Musik", "KI-Stimme"]
    recipe = next(one for one in room.workers.requests if one.job == clip.id).params["recipe"]
    assert [(one["job"], one["parents"]) for one in recipe["steps"]] == [
        (text.id, []), (picture.id, [text.id]), (speech.id, [text.id]), (music.id, [])
    ]  # fmt: skip
    assert room.discord.told == []


async def test_nothing_of_it_is_kept_after_its_end(room: ClipRoom) -> None:
    await room.begin()
    await room.chain_over()
    async with room.database.read() as connection:
        for table in ("chains", "chain_steps"):
            rows = list(await connection.execute_fetchall(f"SELECT count(*) FROM {table}"))
            assert rows[0][0] == 0


@pytest.mark.parametrize("place", range(5))
async def test_it_goes_on_after_a_restart_in_any_step(room: ClipRoom, place: int) -> None:
    hold(room, ["text", "image", "speech", "music", "clip_post"][place])
    await room.begin()
    held = await running(room, STEPS[place])
    await room.restart()
    jobs = await room.chain_over()
    assert media(jobs) == STEPS
    assert jobs[place].id == held.id
    assert {job.state for job in jobs} == {JobState.POSTED}


@pytest.mark.parametrize("place", range(1, 5))
async def test_a_step_that_was_asked_for_and_not_noted_is_found_again(room: ClipRoom, place: int) -> None:
    hold(room, ["text", "image", "speech", "music", "clip_post"][place])
    await room.begin()
    held = await running(room, STEPS[place])
    await until(lambda: not room.chain._busy)
    await room.database.write(
        lambda connection: connection.execute("DELETE FROM chain_steps WHERE job = ?", (held.id,))
    )
    await room.restart()
    jobs = await room.chain_over()
    assert media(jobs) == STEPS
    assert jobs[place].id == held.id


async def test_a_crash_before_the_first_step_leaves_nothing(room: ClipRoom) -> None:
    hold(room, "text")
    ticket = await room.begin()
    await room.database.write(lambda connection: connection.execute("DELETE FROM chain_steps"))
    await room.database.write(
        lambda connection: connection.execute("UPDATE jobs SET seed = 1 WHERE id = ?", (ticket.job.id,))
    )
    await room.restart()
    assert media(await room.chain_over()) == ["text"]


async def test_a_step_that_fails_ends_it_kindly(room: ClipRoom) -> None:
    def broken(request: Any) -> None:
        if request.task == "music":
            room.workers.errors[request.job] += [WorkerError("worker_failed")] * 3

    room.workers.on_start = broken
    await room.begin()
    jobs = await room.chain_over()
    assert media(jobs) == STEPS[:4]
    assert jobs[-1].state is JobState.FAILED
    await until(lambda: len(room.discord.told) == 2)
    told = {code: (job, values, private) for job, code, values, private in room.discord.told}
    assert told["worker_failed"][0] == jobs[3].id
    left = SENTENCES.text("chain.left_more", "de")
    values = {"step": "Musik", "number": 4, "of": 5, "left": left}
    assert told["chain_ended"] == (jobs[2].id, values, False)


async def test_it_goes_on_with_the_pictures_that_may_be_seen(room: ClipRoom) -> None:
    room.workers.flagged = {42}
    await room.begin()
    jobs = await room.chain_over()
    assert jobs[-1].params["pictures"] == [f"{jobs[1].id}/{index}" for index in (1, 3, 4)]
    assert jobs[-1].state is JobState.POSTED


async def test_a_step_that_is_refused_ends_it_in_private(room: ClipRoom) -> None:
    room.workers.flagged = {41, 42, 43, 44}
    await room.begin()
    jobs = await room.chain_over()
    assert [job.state for job in jobs] == [JobState.POSTED, JobState.REFUSED]
    await until(lambda: len(room.discord.told) == 2)
    assert all(private for _, _, _, private in room.discord.told)
    # there is nothing yet of which a piece could be made
    (left,) = [values["left"] for _, code, values, _ in room.discord.told if code == "chain_ended"]
    assert left == SENTENCES.text("chain.left_text", "de")


async def test_a_first_step_that_fails_says_so_itself(room: ClipRoom) -> None:
    room.workers.write = lambda _: "pornografie"
    ticket = await room.begin()
    jobs = await room.chain_over()
    assert media(jobs) == ["text"]
    assert "chain_ended" not in room.discord.codes(ticket.job.id)


async def test_what_cannot_be_asked_for_ends_it_with_the_reason(room: ClipRoom) -> None:
    room.workers.write = lambda _: "…"
    await room.begin()
    jobs = await room.chain_over()
    assert media(jobs) == STEPS[:2]
    await until(lambda: bool(room.discord.told))
    ((_, code, values, _),) = room.discord.told
    assert (code, values["step"], values["number"]) == ("chain_cannot", "Stimme", 3)
    assert values["why"]


async def test_it_waits_for_its_turn_among_the_persons_own_jobs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with clip_room(tmp_path, monkeypatch, limit=1) as room:
        hold(room, "image")
        ticket = await room.begin()
        await room.posted(ticket)
        await running(room, "image")
        other = await room.all_jobs()
        with pytest.raises(AtelierError, match="limit_waiting"):
            await room.submit.image(ImageRequest(prompt="ein Haus"), ANNA, ADDRESS)
        room.workers.on_start = lambda request: None
        room.workers.release(other[-1].id)
        assert media(await room.chain_over()) == STEPS


async def test_one_at_a_time_for_each_person(room: ClipRoom) -> None:
    hold(room, "text")
    first = await room.begin()
    with pytest.raises(AtelierError, match="chain_limit"):
        await room.begin()
    room.workers.on_start = lambda request: None
    other = await room.begin(who=BEN)
    await until(lambda: first.job.id in room.workers.held)
    room.workers.release(first.job.id)
    await room.posted(other)
    assert media(await room.chain_over()) == STEPS
    assert media(await room.all_jobs(BEN)) == STEPS


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"theme": "   "}, "prompt_empty"),
        ({"theme": "x" * 301}, "prompt_long"),
        ({"theme": "pornografie"}, "refused_sexual"),
        ({"music": "pornografie"}, "refused_sexual"),
        ({"seed": "minus"}, "seed_invalid"),
        ({"subtitles": "loud"}, "subtitles_unknown"),
        ({"voice": "f" * 16}, "refused_voice_unknown"),
        ({"voice": "a&b"}, "refused_voice_unknown"),
    ],
)
async def test_nothing_begins_with_what_is_wrong(room: ClipRoom, more: dict[str, Any], code: str) -> None:
    with pytest.raises(AtelierError) as raised:
        await room.begin(**more)
    assert raised.value.code == code
    assert await room.chains.open() == []
    # a word that is refused is kept as a fact for the teacher, as it is by every other command
    facts = [(job.state, job.error_code) for job in await room.all_jobs()]
    assert facts == ([(JobState.REFUSED, code)] if code == "refused_sexual" else [])


@pytest.mark.parametrize(
    ("rules", "code"),
    [
        (Rules(media=("image", "text", "speech", "video")), "lesson_medium"),
        (Rules(media=("image", "text", "speech", "music")), "lesson_medium"),
        (Rules(media=tuple(GROUPS), items=7), "careful_items"),
    ],
)
async def test_a_step_that_the_class_may_not_make_is_told_before_the_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rules: Rules, code: str
) -> None:
    async with clip_room(tmp_path, monkeypatch, rules=rules) as room:
        with pytest.raises(AtelierError, match=code):
            await room.begin()
        assert await room.all_jobs() == []
        assert await room.chains.open() == []


async def test_all_of_a_budget_is_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with clip_room(tmp_path, monkeypatch, rules=Rules(media=tuple(GROUPS), items=8)) as room:
        await room.begin()
        assert media(await room.chain_over()) == STEPS


async def test_a_budget_that_is_used_up_on_the_way_ends_it_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with clip_room(tmp_path, monkeypatch, rules=Rules(media=tuple(GROUPS), items=8)) as room:
        hold(room, "text")
        await room.begin()
        held = await running(room, "text")
        other = await room.painted("a house", count=3)
        room.workers.release(held.id)
        own = [job for job in await room.chain_over() if job.id != other.id]
        assert media(own) == STEPS[:2]
        await until(lambda: bool(room.discord.told))
        ((_, code, values, _),) = room.discord.told
        assert (code, values["number"]) == ("chain_cannot", 3)


async def test_it_waits_for_the_end_of_a_pause(room: ClipRoom) -> None:
    hold(room, "image")
    await room.begin()
    held = await running(room, "image")
    await room.stops.set(ANNA.guild_id, Stop.PAUSE)
    room.workers.on_start = lambda request: None
    room.workers.release(held.id)

    async def ready() -> bool:
        job = await room.jobs.get(held.id)
        return job is not None and job.state is JobState.POSTING

    await until(ready)
    await room.jobs.move(held.id, JobState.POSTED)  # as if it had been shown in the very moment of the pause
    for _ in range(20):
        await asyncio.sleep(0.005)
    assert await room.chains.open() != []
    await room.stops.lift(ANNA.guild_id, Stop.PAUSE)
    assert media(await room.chain_over()) == STEPS
    assert room.discord.told == []


async def test_that_its_person_was_blocked_meanwhile_is_told_to_them_alone(room: ClipRoom) -> None:
    async def blocked(_: Requester) -> None:
        raise NotAllowed("blocked", until=1_800_000_000)

    room.chain._pause = 0.2
    await room.posted(await room.begin())
    room.door._others = (blocked,)
    assert media(await room.chain_over()) == ["text"]
    await until(lambda: bool(room.discord.told))
    ((_, code, values, private),) = room.discord.told
    assert (code, private) == ("chain_cannot", True)
    assert "1800000000" in values["why"]


async def test_an_emergency_stop_ends_it_and_says_why_in_private(room: ClipRoom) -> None:
    room.chain._pause = 0.2
    await room.posted(await room.begin())
    await room.stops.set(ANNA.guild_id, Stop.EMERGENCY)
    (text,) = await room.chain_over()
    await until(lambda: bool(room.discord.told))
    ((job, code, values, private),) = room.discord.told
    assert (job, code, private) == (text.id, "chain_cannot", True)
    assert values["why"] == SENTENCES.text("error.emergency_on", "de")


async def test_the_persons_own_voice_while_its_consent_lives(room: ClipRoom) -> None:
    room.workers.write = lambda _: "There once was a fox. It ran through the snow and was happy."
    consent = await room.voices.granted("anna", "class")
    await room.begin("a fox in the snow", voice=consent.voice)
    jobs = await room.chain_over()
    assert media(jobs) == STEPS
    assert jobs[2].params["voice"] == consent.voice
    assert room.discord.clips[jobs[4].id].owner == "anna"
    await room.revoking().revoke(consent.voice, ANNA)
    assert room.discord.clips == {}
    assert [one.state for one in await room.all_jobs()] == [JobState.POSTED] * 5


async def test_nobody_elses_voice_even_if_it_is_allowed(room: ClipRoom) -> None:
    consent = await room.voices.granted("anna", "class", allowed=("ben",))
    with pytest.raises(AtelierError) as raised:
        await room.begin(who=BEN, voice=consent.voice)
    assert raised.value.code == "refused_consent_person"


async def test_a_consent_that_ends_on_the_way_ends_the_chain(room: ClipRoom) -> None:
    room.workers.write = lambda _: "There once was a fox. It ran through the snow and was happy."
    consent = await room.voices.granted("anna", "class")
    hold(room, "image")
    await room.begin("a fox in the snow", voice=consent.voice)
    held = await running(room, "image")
    await room.voices.revoke(consent)
    room.workers.on_start = lambda request: None
    room.workers.release(held.id)
    jobs = await room.chain_over()
    assert media(jobs) == STEPS[:2]
    await until(lambda: bool(room.discord.told))
    ((_, code, values, private),) = room.discord.told
    assert (code, values["step"], private) == ("chain_cannot", "Stimme", True)
    with pytest.raises(AtelierError, match="refused_consent_none"):
        await room.begin(voice=consent.voice)


def test_what_is_spoken_is_whole_sentences() -> None:
    long = "Ein Satz steht hier. " * 20
    assert for_voice(long) == ("Ein Satz steht hier. " * 14).strip()
    assert for_voice("**Titel**\n\n- `Punkt`  eins.\nZwei") == "Titel - Punkt eins. Zwei"
    assert for_voice("wort " * 100) == ("wort " * 60).strip()
    assert for_voice("x" * 400) == "x" * 300
    assert for_voice("\n\t ") == ""


def test_a_picture_has_the_theme_and_the_beginning() -> None:
    assert for_picture("ein Fuchs", "Er lief. Dann schlief er.") == "ein Fuchs. Er lief."
    assert len(for_picture("t" * 300, "y" * 400)) == 300 + 2 + 160
