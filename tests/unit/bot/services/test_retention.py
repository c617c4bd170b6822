"""What is kept no longer than it was said: after its hours and days nothing typed is left, and nothing too early."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from bot.services.ports import Hindrance, Requester
from bot.services.retention import DAY_S, Retention, Times
from data.conversations import Conversations
from data.forgetting import FORGOTTEN, Forgetting
from data.pieces import PieceLinks
from data.voice_records import VoiceState
from generation.clip_params import ClipParams
from generation.job import JobState
from tests.fakes_dispatch import make_job
from tests.unit.bot.services.erasing_room import ANNA, BEN, CLASS, SAID, WORD, ErasingRoom

TIMES = Times()


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[ErasingRoom]:
    made = ErasingRoom(tmp_path)
    await made.open()
    yield made
    await made.close()


def retention_of(room: ErasingRoom, *, spared: tuple[str, ...] = ()) -> Retention:
    stage = room.stage

    async def kept() -> tuple[str, ...]:
        return spared

    return Retention(
        forgetting=Forgetting(stage.database, stage.traces),
        artifacts=stage.artifacts,
        voices=stage.room.voices,
        traces=stage.traces,
        uploads=room.uploads,
        pieces=PieceLinks(stage.database),
        audit=room.audit,
        times=TIMES,
        spared=kept,
        clock=stage.clock,
    )


async def test_a_refused_job_keeps_its_texts_for_a_day(room: ErasingRoom) -> None:
    job = make_job(
        ANNA, guild_id=CLASS, state=JobState.ACCEPTED, params={"prompt": WORD, "count": 2, "keys": [WORD]}
    )
    await room.stage.jobs.add(job)
    await room.stage.jobs.move(job.id, JobState.REFUSED, error_code="refused_violence")
    retention = retention_of(room)
    await room.later(TIMES.refused_hours * 3600 - 10)
    await retention.sweep()
    kept = await room.stage.jobs.get(job.id)
    assert kept is not None
    assert kept.params["prompt"] == WORD
    await room.later(20)
    await retention.sweep()
    kept = await room.stage.jobs.get(job.id)
    assert kept is not None
    assert kept.params == {"count": 2}
    assert (kept.error_code, kept.medium) == ("refused_violence", job.medium)
    assert room.traces([WORD]) == {}
    await room.later(TIMES.days * DAY_S)
    await retention.sweep()
    assert await room.stage.jobs.get(job.id) is None


async def test_after_thirty_days_a_job_is_gone_with_its_files_and_its_post_stays(room: ErasingRoom) -> None:
    job = await room.posted(ANNA)
    (kept,) = await room.stage.artifacts.of_job(job.id)
    assert kept.path is not None
    await room.later(TIMES.days * DAY_S - 10)
    retention = retention_of(room)
    await retention.sweep()
    assert kept.path.exists()
    await room.later(20)
    await retention.sweep()
    assert await room.stage.jobs.get(job.id) is None
    assert not kept.path.exists()
    assert room.traces([WORD, job.id]) == {}
    assert job.id in room.board.shown()


async def test_what_is_spared_stays(room: ErasingRoom) -> None:
    job, other = await room.posted(ANNA), await room.posted(ANNA)
    await room.later(TIMES.days * DAY_S + 10)
    await retention_of(room, spared=(job.id,)).sweep()
    assert await room.stage.jobs.get(job.id) is not None
    assert await room.stage.jobs.get(other.id) is None


async def test_a_copied_voice_can_be_withdrawn_as_long_as_it_is_known(room: ErasingRoom) -> None:
    """Its jobs lose their texts, and are found all the same."""
    consent = await room.stage.room.granted(ANNA, CLASS, allowed=(BEN,))
    spoken = await room.posted(
        BEN,
        medium="speech",
        family="speech",
        model=consent.model,
        params={"text": SAID, "voice": {"id": consent.voice}},
    )
    await room.later(TIMES.days * DAY_S + 10)
    await room.stage.room.voices.purge()
    await retention_of(room).sweep()
    kept = await room.stage.jobs.get(spoken.id)
    assert kept is not None
    assert (kept.medium, kept.params) == (FORGOTTEN, {"voice": consent.voice})
    assert room.traces([SAID]) == {}
    revoked = await room.stage.revoke.revoke(consent.voice, _requester())
    assert revoked.deleted == 1
    assert spoken.id not in room.board.shown()


async def test_a_voice_is_not_forgotten_while_something_of_it_stands(room: ErasingRoom) -> None:
    consent = await room.stage.room.granted(ANNA, CLASS)
    spoken = await room.posted(
        ANNA,
        medium="speech",
        family="speech",
        model=consent.model,
        params={"text": SAID, "voice": consent.voice},
    )
    room.board.hindrance = Hindrance.FORBIDDEN
    await room.stage.revoke.revoke(consent.voice, _requester())
    assert await room.stage.traces.unfinished() == [consent.voice]
    await room.later(TIMES.consents_days * DAY_S + 10)
    await retention_of(room).sweep()
    voice = await room.stage.room.voices.get(consent.voice, CLASS)
    assert voice is not None
    assert voice.state is VoiceState.ENDED
    room.board.hindrance = None
    await room.stage.revoke.revoke(consent.voice, _requester())
    assert spoken.id not in room.board.shown()
    await retention_of(room).sweep()
    assert await room.stage.room.voices.get(consent.voice, CLASS) is None
    assert await room.stage.room.consents.decisions(CLASS) == []


async def test_conversations_go_with_what_they_said(room: ErasingRoom) -> None:
    await room.leave(ANNA, BEN)
    conversations = Conversations(room.stage.database, clock=room.stage.clock)
    (own,) = await conversations.open_of(CLASS, ANNA)
    await retention_of(room).sweep()
    assert await conversations.get(own.id) is not None
    await room.later(TIMES.days * DAY_S + 10)
    await retention_of(room).sweep()
    assert await conversations.get(own.id) is None
    assert "turns" not in {one.table for one in await room.personal.holdings(CLASS, ANNA)}


async def test_uploads_that_no_job_names_go_without_a_restart(room: ErasingRoom) -> None:
    clean = room.folder / "clean.wav"
    clean.write_text(WORD)
    kept = await room.uploads.add_sound(CLASS, ANNA, "a" * 64, clean=clean, seconds=3.0)
    clean.unlink()
    await room.uploads.declare(kept.id, "own")
    retention = retention_of(room)
    await retention.sweep()
    assert room.traces([WORD])
    await room.later(DAY_S + 10)
    await retention.purge()
    assert room.traces([WORD]) == {}


async def test_it_works_once_an_hour_whatever_the_clock_does(room: ErasingRoom) -> None:
    retention = retention_of(room)
    await retention.sweep()
    job = await room.posted(ANNA)
    await room.stage.database.write(
        lambda connection: (
            connection.execute("UPDATE jobs SET finished_at = 0 WHERE id = ?", (job.id,)).rowcount
        )
    )
    await room.later(60)
    await retention.purge()
    assert await room.stage.jobs.get(job.id) is not None
    await room.later(-40 * DAY_S)
    await retention.purge()
    assert await room.stage.jobs.get(job.id) is not None
    await room.later(80 * DAY_S)
    await retention.purge()
    assert await room.stage.jobs.get(job.id) is None


async def test_who_was_not_named_for_long_is_nobody(room: ErasingRoom) -> None:
    await room.audit.note(CLASS, ANNA, "data.shown")
    await room.later(TIMES.log_days * DAY_S + 10)
    await retention_of(room).sweep()
    assert await room.audit.pseudonym(CLASS, ANNA) is None


def _requester() -> Requester:
    return Requester(guild_id=CLASS, channel_id="1", person_id=ANNA, locale="de", is_teacher=False)


async def test_what_a_reader_kept_is_overwritten_within_a_minute(room: ErasingRoom) -> None:
    retention, database = retention_of(room), room.stage.database
    await retention.sweep()
    database._connection.execute("PRAGMA busy_timeout=20")
    await room.audit.note(CLASS, ANNA, "data.shown")
    with closing(sqlite3.connect(database.path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM pseudonyms").fetchall()
        await room.audit.forget(CLASS, ANNA)
        await retention.purge()
        assert room.traces([ANNA]) != {}
        reader.execute("COMMIT")
    await room.later(60)
    await retention.purge()
    assert room.traces([ANNA]) == {}


async def test_at_the_very_second_and_not_before(room: ErasingRoom) -> None:
    """What was refused is looked at every minute; a job's last second is its last, too."""
    start = room.stage.clock.now
    refused = make_job(ANNA, guild_id=CLASS, state=JobState.ACCEPTED, params={"prompt": WORD})
    await room.stage.jobs.add(refused)
    await room.stage.jobs.move(refused.id, JobState.REFUSED, error_code="refused_violence")
    job = await room.posted(ANNA)
    retention = retention_of(room)
    await retention.sweep()

    async def prompt() -> object:
        kept = await room.stage.jobs.get(refused.id)
        return None if kept is None else kept.params.get("prompt")

    room.stage.clock.now = start + TIMES.refused_hours * 3600 - 0.01
    await retention.purge()
    assert await prompt() == WORD
    room.stage.clock.now = start + TIMES.refused_hours * 3600
    await retention.purge()
    assert await prompt() is None
    room.stage.clock.now = start + TIMES.days * DAY_S - 0.01
    await retention.sweep()
    assert await room.stage.jobs.get(job.id) is not None
    room.stage.clock.now = start + TIMES.days * DAY_S
    await retention.sweep()
    assert await room.stage.jobs.get(job.id) is None


async def test_what_is_in_a_younger_piece_of_somebody_can_still_be_deleted(room: ErasingRoom) -> None:
    """Of an old picture only ids stay, until the last piece with it is as old."""
    picture = await room.posted(ANNA, medium="image")
    other = await room.posted(ANNA, medium="image")
    await room.later(TIMES.days * DAY_S - 60)
    piece = await room.posted(
        BEN, medium="clip", params=ClipParams(pictures=(f"{picture.id}/1",), title="Regen").to_plain()
    )
    await room.later(120)
    await retention_of(room).sweep()
    assert await room.stage.jobs.get(other.id) is None
    kept = await room.stage.jobs.get(picture.id)
    assert kept is not None
    assert (kept.medium, await room.stage.artifacts.of_job(picture.id)) == (FORGOTTEN, [])
    assert WORD not in str(kept.params)
    assert (await room.erasing.erase(CLASS, ANNA, ANNA)).is_done
    assert piece.id not in room.board.shown()
    assert await room.stage.artifacts.of_job(piece.id) == []


async def test_a_piece_and_what_is_in_it_end_together(room: ErasingRoom) -> None:
    picture = await room.posted(ANNA, medium="image")
    piece = await room.posted(BEN, medium="clip", params=ClipParams(pictures=(f"{picture.id}/1",)).to_plain())
    await room.later(TIMES.days * DAY_S + 60)
    await retention_of(room).sweep()
    assert [await room.stage.jobs.get(one.id) for one in (picture, piece)] == [None, None]


async def test_nor_is_it_lost_while_an_old_piece_hangs_in_the_gallery(room: ErasingRoom) -> None:
    picture = await room.posted(ANNA, medium="image")
    piece = await room.posted(BEN, medium="clip", params=ClipParams(pictures=(f"{picture.id}/1",)).to_plain())
    await room.later(TIMES.days * DAY_S + 60)
    await retention_of(room, spared=(piece.id,)).sweep()
    assert await room.stage.jobs.get(piece.id) is not None
    assert (await room.erasing.erase(CLASS, ANNA, ANNA)).is_done
    assert piece.id not in room.board.shown()
