"""Uploads: probed, kept, asked about once, used by their person alone, forgotten in time. On the real wiring."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest

from bot.services.audio_ports import ContinueRequest, MusicRequest, Question, Upload
from bot.services.ports import Requester, Ticket
from bot.services.upkeep import Upkeep
from bot.services.uploads import AT_ONCE, QUESTIONS_LIMIT
from data.errors import StorageFailed
from data.uploads import UNDECIDED_S, KeptUploads
from generation.errors import (
    InvalidInput,
    LimitReached,
    NotAllowed,
    NotFound,
    Refused,
    WorkerCrashed,
    WorkerGarbage,
)
from generation.job import JobState
from generation.music_params import DECLARATIONS, Declaration
from generation.supervisor import Outcome
from moderation.verdict import Verdict
from tests.fakes import Fault, until
from tests.fakes_music import an_upload
from tests.unit.bot.services.conftest import ADDRESS, ANNA, BEN, SENTENCES, STRANGER
from tests.unit.bot.services.music_room import PRESS, MusicRoom, music_room


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[MusicRoom]:
    async with music_room(tmp_path) as opened:
        yield opened


async def ask(
    room: MusicRoom, upload: Upload, who: Requester = ANNA, prompt: str = "fröhlich", **more: Any
) -> Ticket | Question:
    request = MusicRequest(**{"prompt": prompt, "seed": 7, "melody": upload, **more})
    return await room.desk.music.music(request, who, ADDRESS)


@pytest.mark.parametrize("declaration", DECLARATIONS)
async def test_a_melody_waits_for_its_declaration_and_is_used(
    room: MusicRoom, declaration: Declaration
) -> None:
    question = await room.asked()
    assert await room.jobs.of_owner("class", "anna") == []
    assert room.tasks() == ["probe_audio"]
    press = replace(ANNA, channel_id="elsewhere")
    ticket = await room.desk.uploads.decide(question.id, declaration, press, PRESS)
    assert await room.addresses.get(ticket.job.id) in {PRESS, None}
    job = await room.end(ticket)
    assert (job.state, job.channel_id, job.seed) == (JobState.POSTED, "channel", 7)
    assert job.params["declaration"] == declaration
    assert room.band.heard[job.id] == b"clean a melody"
    assert "declaration" not in room.request(job.id).params
    recipe = room.request(f"{job.id}-post", "audio_post").params["recipe"]
    assert recipe["params"]["declaration"] == declaration
    assert room.left_behind() == []


async def test_the_same_file_is_asked_about_once_a_person(room: MusicRoom) -> None:
    await room.decided(await room.asked())
    answer = await ask(room, an_upload(name="renamed.ogg"))
    assert isinstance(answer, Ticket)
    assert (await room.end(answer)).params["declaration"] == "own"
    assert room.tasks().count("probe_audio") == 1
    assert isinstance(await ask(room, an_upload(), BEN), Question), "another person answers for themselves"
    assert isinstance(await ask(room, an_upload(b"another")), Question)
    assert len(room.uploaded()) == 3


async def test_a_song_is_continued(room: MusicRoom) -> None:
    request = ContinueRequest(file=an_upload(), prompt="und jetzt schneller", count=3, seconds=5)
    question = await room.desk.music.further(request, ANNA, ADDRESS)
    assert isinstance(question, Question)
    job = await room.decided(question, declaration="permission")
    assert (job.state, job.params["count"], job.parent) == (JobState.POSTED, 3, None)
    assert room.band.heard[job.id] == b"clean a melody"
    followed = await room.end(
        await room.desk.music.further(ContinueRequest(job=job.id), BEN, ADDRESS)  # type: ignore[arg-type]
    )
    assert followed.params["declaration"] == "permission", "what was declared stays with what comes of it"
    with pytest.raises(InvalidInput, match="prompt_empty"):
        await room.desk.music.further(ContinueRequest(file=an_upload()), ANNA, ADDRESS)


@pytest.mark.parametrize(
    ("content", "code"), [(b"broken", "audio_broken"), (b"long", "audio_long"), (b"odd", "upload_broken")]
)
async def test_a_file_that_is_no_good_is_one_sentence(room: MusicRoom, content: bytes, code: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        await ask(room, an_upload(content))
    assert caught.value.code == code
    for language in ("de", "en"):
        assert SENTENCES.text(f"error.{code}", language, **caught.value.values)
    assert room.uploaded() == []
    assert room.left_behind() == []


async def test_a_large_file_is_not_even_fetched(room: MusicRoom) -> None:
    async def read() -> bytes:
        raise AssertionError("fetched")

    with pytest.raises(InvalidInput, match="upload_large"):
        await ask(room, Upload(name="x", size=10**9, read=read))
    with pytest.raises(InvalidInput, match="upload_large"):
        await ask(room, an_upload(b"x" * (25 * 2**20 + 1), size=1))


async def test_a_file_that_cannot_be_fetched(room: MusicRoom, caplog: pytest.LogCaptureFixture) -> None:
    async def read() -> bytes:
        raise OSError("https://cdn.example/secret")

    with pytest.raises(InvalidInput, match="upload_lost"):
        await ask(room, Upload(name="x", size=3, read=read))
    assert "secret" not in caplog.text


async def test_a_prompt_is_refused_before_the_file_is_looked_at(room: MusicRoom) -> None:
    with pytest.raises(Refused):
        await ask(room, an_upload(), prompt="Pornos")
    assert room.tasks() == []
    assert room.uploaded() == []


@pytest.mark.parametrize(
    "change",
    [
        lambda done: replace(done, facts={}),
        lambda done: replace(done, facts={"seconds": float("nan")}),
        lambda done: replace(done, facts={"seconds": 36_000}),
        lambda done: replace(done, facts={"seconds": True}),
        lambda done: replace(done, files=()),
        lambda done: replace(done, files=(replace(done.files[0], name="../clean.wav"),)),
        lambda done: replace(done, files=(replace(done.files[0], kind="audio"),)),
    ],
)
async def test_nonsense_of_the_probe_keeps_nothing(room: MusicRoom, change: Any) -> None:
    room.band.change["probe_audio"] = change
    with pytest.raises(WorkerGarbage):
        await ask(room, an_upload())
    assert room.uploaded() == []
    assert room.left_behind() == []


@pytest.mark.parametrize(
    "notes", [None, [], [[60]], [["60", 0, 1]], [[60, 0, 0]], [[200, 0, 1]], [[60, 0, 1]] * 600]
)
async def test_nonsense_of_the_probe_of_notes(room: MusicRoom, notes: Any) -> None:
    def change(done: Outcome) -> Outcome:
        return replace(done, facts={"notes": notes})

    room.band.change["probe_midi"] = change
    with pytest.raises(WorkerGarbage):
        await room.desk.uploads.take(an_upload(), "midi", ANNA)


async def test_a_crash_of_the_probe_says_so(room: MusicRoom) -> None:
    room.band.fault["probe_audio"] = Fault(WorkerCrashed(), 1)
    with pytest.raises(WorkerCrashed):
        await ask(room, an_upload())
    assert isinstance(await ask(room, an_upload()), Question)


# Whose it is


async def test_nobody_answers_for_another(room: MusicRoom) -> None:
    question = await room.asked()
    for who in (BEN, STRANGER):
        with pytest.raises(NotFound, match="upload_gone"):
            await room.desk.uploads.decide(question.id, "own", who, PRESS)
        with pytest.raises(NotFound, match="upload_gone"):
            await room.desk.uploads.cancel(question.id, who)
    with pytest.raises(InvalidInput, match="declaration_unknown"):
        await room.desk.uploads.decide(question.id, "stolen", ANNA, PRESS)  # type: ignore[arg-type]
    assert (await room.decided(question)).state is JobState.POSTED


async def test_another_s_file_is_not_used_but_what_came_of_it_is_continued(room: MusicRoom) -> None:
    job = await room.decided(await room.asked())
    music = room.desk.music
    for press in (
        music.again(job.id, BEN, ADDRESS, new_seed=True),
        music.longer(job.id, BEN, ADDRESS),
    ):
        with pytest.raises(NotAllowed, match="upload_of_other"):
            await press
    again = await room.end(await music.again(job.id, ANNA, ADDRESS, new_seed=True))
    assert room.band.heard[again.id] == b"clean a melody"
    answer = await music.further(ContinueRequest(job=job.id), BEN, ADDRESS)
    assert isinstance(answer, Ticket)
    assert (await room.end(answer)).state is JobState.POSTED


async def test_a_job_with_another_s_upload_fails_without_making_anything(room: MusicRoom) -> None:
    """Whatever path an id took into a job, it is looked up for the job's owner."""
    job = await room.decided(await room.asked())
    room.band.requests.clear()
    stolen = await room.desk.music._intake.queue(
        room.catalog.get("mini-music"), job.params, 1, BEN, None, texts=("x",)
    )
    ended = await room.end(stolen)
    assert (ended.state, ended.error_code) == (JobState.FAILED, "upload_gone")
    assert "music" not in room.tasks()


@pytest.mark.parametrize("spoil", ["changed", "deleted", "undeclared"])
async def test_a_job_never_runs_without_its_melody(room: MusicRoom, spoil: str) -> None:
    job = await room.decided(await room.asked())
    room.band.on_start = lambda request: room.band.held.add(request.job)
    await room.play(who=BEN)
    waiting = await room.desk.music.again(job.id, ANNA, ADDRESS, new_seed=True)
    (name,) = room.uploaded()
    file = room.folder / "data" / "uploads" / name
    if spoil == "changed":
        file.write_bytes(b"another")
    elif spoil == "deleted":
        file.unlink()
    else:
        query = "UPDATE uploads SET declaration = NULL, declared_at = NULL"
        await room.database.write(lambda connection: connection.execute(query).rowcount)
    room.band.on_start = lambda request: None
    room.band.release(next(iter(room.band.held)))
    ended = await room.in_state(waiting.job.id, JobState.FAILED, JobState.POSTED)
    assert (ended.state, ended.error_code) == (JobState.FAILED, "upload_gone")


# Waiting


async def test_a_request_waits_over_a_restart(room: MusicRoom) -> None:
    question = await room.asked(lyric="[verse]\nla", seconds=11, count=2)
    await room.restart()
    job = await room.decided(question)
    assert (job.state, job.params["seconds"], job.params["count"], job.seed) == (JobState.POSTED, 11, 2, 7)
    assert job.notices == ("no_singing",)


async def test_cancelling_deletes_the_file_at_once(room: MusicRoom) -> None:
    question = await room.asked()
    await room.desk.uploads.cancel(question.id, ANNA)
    assert room.uploaded() == []
    with pytest.raises(NotFound, match="upload_gone"):
        await room.decided(question)
    assert isinstance(await room.asked(), Question), "it is asked about again"


async def test_cancelling_leaves_what_was_declared_before(room: MusicRoom) -> None:
    first, second = await room.asked(), await room.asked(count=2)
    job = await room.decided(first)
    await room.desk.uploads.cancel(second.id, ANNA)
    assert len(room.uploaded()) == 1
    assert (
        await room.end(await room.desk.music.again(job.id, ANNA, ADDRESS, new_seed=True))
    ).state is JobState.POSTED


async def test_two_presses_make_one_job(room: MusicRoom) -> None:
    question = await room.asked()
    decide = room.desk.uploads.decide
    answers = await asyncio.gather(
        *(decide(question.id, "own", ANNA, PRESS) for _ in range(5)), return_exceptions=True
    )
    assert sum(isinstance(answer, Ticket) for answer in answers) == 1
    assert all(
        isinstance(answer, Ticket) or getattr(answer, "code", "") in {"upload_busy", "upload_gone"}
        for answer in answers
    )
    with pytest.raises(NotFound, match="upload_gone"):
        await decide(question.id, "own", ANNA, PRESS)
    assert len(await room.jobs.of_owner("class", "anna")) == 1


async def test_with_no_room_in_the_queue_it_goes_on_waiting(room: MusicRoom) -> None:
    question = await room.asked()
    room.band.on_start = lambda request: room.band.held.add(request.job)
    tickets = [await room.play() for _ in range(3)]
    with pytest.raises(LimitReached, match="limit_waiting"):
        await room.desk.uploads.decide(question.id, "own", ANNA, PRESS)
    room.band.on_start = lambda request: None
    for ticket in tickets:
        await room.desk.cancel.cancel(ticket.job.id, ANNA)
    assert (await room.decided(question)).state is JobState.POSTED


async def test_cancelling_says_whether_the_file_is_gone(room: MusicRoom) -> None:
    first, second = await room.asked(), await room.asked()
    assert await room.desk.uploads.cancel(first.id, ANNA) is False
    assert len(room.uploaded()) == 1
    assert await room.desk.uploads.cancel(second.id, ANNA) is True
    assert room.uploaded() == []


async def test_a_whole_class_at_once_is_taken_a_few_at_a_time(room: MusicRoom) -> None:
    reading, most, go = 0, 0, asyncio.Event()

    async def read() -> bytes:
        nonlocal reading, most
        reading += 1
        most = max(most, reading)
        await go.wait()
        reading -= 1
        return b"a melody"

    def upload() -> Upload:
        return Upload(name="lied.ogg", size=8, read=read)

    pupils = [replace(ANNA, person_id=f"pupil{number}") for number in range(2 * AT_ONCE)]
    asked = [asyncio.create_task(ask(room, upload(), pupil)) for pupil in pupils]
    await until(lambda: reading == AT_ONCE)
    await asyncio.sleep(0.05)
    go.set()
    assert all(isinstance(answer, Question) for answer in await asyncio.gather(*asked))
    assert most == AT_ONCE


async def test_one_who_decides_nothing_cannot_go_on_for_ever(room: MusicRoom) -> None:
    questions = [await room.asked(content=b"%d" % number) for number in range(QUESTIONS_LIMIT)]
    with pytest.raises(LimitReached, match="limit_uploads"):
        await ask(room, an_upload(b"one more"))
    assert len(room.uploaded()) == QUESTIONS_LIMIT, "what nobody is asked about is not kept"
    await room.desk.uploads.cancel(questions[0].id, ANNA)
    assert isinstance(await ask(room, an_upload(b"one more")), Question)


async def test_what_is_refused_at_the_press_is_forgotten(
    room: MusicRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    question = await room.asked()

    async def refuse(*texts: str, guild: str = "") -> Verdict:
        return Verdict.refuse("words", "hate")

    monkeypatch.setattr(room.desk.music._intake._pipeline, "check_text", refuse)
    with pytest.raises(Refused):
        await room.desk.uploads.decide(question.id, "own", ANNA, PRESS)
    monkeypatch.undo()
    with pytest.raises(NotFound, match="upload_gone"):
        await room.desk.uploads.decide(question.id, "own", ANNA, PRESS)


async def test_a_disk_that_refuses_afterwards_queues_once(
    room: MusicRoom, caplog: pytest.LogCaptureFixture
) -> None:
    question = await room.asked()
    room.band.on_start = lambda request: room.band.held.add(request.job)
    # declare, the job, its move to running, then forgetting the request
    room.database.refuse = Fault(StorageFailed(reason="disk_full"), 3, 4)
    with caplog.at_level(logging.WARNING):
        ticket = await room.desk.uploads.decide(question.id, "own", ANNA, PRESS)
    assert ticket.job.params["declaration"] == "own"
    assert "still kept (storage_failed)" in caplog.text


async def test_what_is_not_decided_is_gone_at_a_start_a_day_later(room: MusicRoom) -> None:
    question = await room.asked()
    kept = await room.decided(await room.asked(content=b"declared"))
    query = "UPDATE uploads SET created_at = created_at - ?"
    await room.database.write(lambda connection: connection.execute(query, (UNDECIDED_S + 1,)).rowcount)
    query_of_requests = "UPDATE upload_requests SET created_at = created_at - ?"
    await room.database.write(
        lambda connection: connection.execute(query_of_requests, (UNDECIDED_S + 1,)).rowcount
    )
    await room.restart()
    assert len(room.uploaded()) == 1
    with pytest.raises(NotFound, match="upload_gone"):
        await room.decided(question)
    assert (
        await room.end(await room.desk.music.again(kept.id, ANNA, ADDRESS, new_seed=True))
    ).state is JobState.POSTED


async def test_what_is_not_decided_is_gone_while_the_bot_runs(room: MusicRoom) -> None:
    await room.asked()
    later = KeptUploads(
        room.database, room.folder / "data" / "uploads", clock=lambda: time.time() + UNDECIDED_S + 1
    )
    upkeep = Upkeep(addresses=room.addresses, artifacts=room.artifacts, uploads=later, period=0.01)
    upkeep.start()
    try:
        await until(lambda: not room.uploaded())
    finally:
        await upkeep.close()


async def test_a_name_is_shown_as_one_short_line(room: MusicRoom) -> None:
    answer = await ask(room, an_upload(name="a\nb\u202e" + "x" * 200))
    assert isinstance(answer, Question)
    assert answer.name.isprintable()
    assert len(answer.name) == 60
    assert answer.id.isalnum()


def test_every_declaration_is_known() -> None:
    assert get_args(Declaration) == DECLARATIONS
