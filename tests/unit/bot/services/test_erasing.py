"""Deleted is deleted: not one canary in any file, nothing that others made, whatever comes in between."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bot.services.ports import Hindrance
from data.blocks import BlockRows
from data.erasures import EVERYBODY, Erasure
from data.votes import Votes
from generation.clip_params import ClipParams
from generation.job import Job, JobState
from tests.unit.bot.services.erasing_room import ANNA, BEN, CLASS, SAID, TEACHER, WORD, ErasingRoom


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[ErasingRoom]:
    made = ErasingRoom(tmp_path)
    await made.open()
    yield made
    await made.close()


async def done(room: ErasingRoom) -> None:
    """Until what was begun has ended."""
    async with asyncio.timeout(20):
        while await room.erasures.pending():
            await room.erasing.purge()
            await asyncio.sleep(0.02)


async def test_not_one_trace_is_left_and_others_keep_what_is_theirs(room: ErasingRoom) -> None:
    others = await room.leave(ANNA, BEN)
    assert set(room.traces([WORD, ANNA])) >= {"data/atelier.sqlite", "data/backups/after-m001-1.sqlite"}
    deleted = await room.erasing.erase(CLASS, ANNA, ANNA)
    assert deleted.is_done
    assert deleted.voices == 2
    assert deleted.left == []
    assert await room.personal.holdings(CLASS, ANNA) == []
    assert await room.audit.pseudonym(CLASS, ANNA) is None
    assert await room.audit.verify() is None
    own = await room.stage.jobs.get(others["own"].id)
    assert own is not None
    assert own.state is JobState.POSTED
    assert room.board.shown() >= {own.id}
    assert others["spoken"].id not in room.board.shown(), "what was made with her voice goes with it"
    assert room.traces([WORD, ANNA]) == {}
    assert room.traces([BEN])
    assert await room.erasures.pending() == []


async def test_what_somebody_asks_for_afterwards_stays(room: ErasingRoom) -> None:
    await room.leave(ANNA, BEN)
    await room.erasing.erase(CLASS, ANNA, ANNA)
    await room.later()
    job = await room.posted(ANNA)
    await room.erasing.purge()
    await room.erasing.sweep()
    assert await room.stage.jobs.get(job.id) is not None
    assert await room.erasures.pending() == []


async def test_a_whole_class_leaves_nothing(room: ErasingRoom) -> None:
    await room.leave(ANNA, BEN)
    await room.leave(BEN, ANNA)
    deleted = await room.erasing.erase(CLASS, EVERYBODY, TEACHER)
    assert deleted.is_done
    assert room.board.messages == {}
    assert room.traces([WORD, SAID, ANNA, BEN, TEACHER, CLASS]) == {}
    assert await room.audit.verify() is None


async def test_another_class_is_left_alone(room: ErasingRoom) -> None:
    elsewhere = await room.posted(ANNA, guild_id="901")
    await room.leave(ANNA, BEN)
    await room.erasing.erase(CLASS, ANNA, ANNA)
    assert await room.stage.jobs.get(elsewhere.id) is not None
    assert [one.table for one in await room.personal.holdings("901", ANNA)] == [
        "jobs", "job_events", "artifacts", "posts"
    ]  # fmt: skip


async def test_while_discord_is_away_texts_go_at_once_and_the_rest_later(room: ErasingRoom) -> None:
    await room.leave(ANNA, BEN)
    room.board.hindrance = Hindrance.AWAY
    deleted = await room.erasing.erase(CLASS, ANNA, ANNA)
    assert not deleted.is_done
    assert WORD not in {word for words in room.traces([WORD]).values() for word in words}
    assert await room.personal.holdings(CLASS, ANNA) != []
    room.board.hindrance = None
    await done(room)
    assert await room.personal.holdings(CLASS, ANNA) == []
    assert room.traces([ANNA]) == {}


async def test_what_the_bot_may_not_delete_is_told(room: ErasingRoom) -> None:
    job = await room.posted(ANNA)
    room.board.hindrance = Hindrance.FORBIDDEN
    deleted = await room.erasing.erase(CLASS, ANNA, ANNA)
    assert deleted.is_done
    assert [one.job for one in deleted.left] == [job.id]
    assert deleted.left[0].message is not None


async def test_after_a_crash_it_goes_on(room: ErasingRoom) -> None:
    await room.leave(ANNA, BEN)
    task = asyncio.create_task(room.erasing.erase(CLASS, ANNA, ANNA))
    while not await room.erasures.pending():
        await asyncio.sleep(0.001)
    await room.crash()
    await asyncio.gather(task, return_exceptions=True)
    await room.open()
    assert await room.erasures.pending() != []
    await room.erasing.sweep()
    await done(room)
    assert room.traces([WORD, ANNA]) == {}


@pytest.mark.parametrize("was_done", [True, False])
async def test_a_restored_backup_brings_nobody_back(
    room: ErasingRoom, tmp_path: Path, was_done: bool
) -> None:
    await room.leave(ANNA, BEN)
    await room.stage.database.scrub()
    shutil.copytree(tmp_path / "data", tmp_path / "kept" / "data")
    if not was_done:
        room.board.hindrance = Hindrance.AWAY
    await room.later()
    deleted = await room.erasing.erase(CLASS, ANNA, ANNA)
    assert deleted.is_done is was_done
    await room.close()
    shutil.rmtree(tmp_path / "data")
    shutil.move(tmp_path / "kept" / "data", tmp_path / "data")
    (tmp_path / "kept").rmdir()
    room.board.hindrance = None
    await room.open()
    await room.erasing.sweep()
    if was_done:
        assert await room.personal.holdings(CLASS, ANNA) == []
    await done(room)
    assert room.traces([WORD, ANNA]) == {}
    assert await room.personal.holdings(CLASS, BEN) != []


async def test_nobody_frees_themselves_of_a_block(room: ErasingRoom) -> None:
    blocks = BlockRows(room.stage.database, clock=room.stage.clock)
    await blocks.put(CLASS, ANNA, TEACHER, 600.0)
    await room.posted(ANNA)
    assert (await room.erasing.erase(CLASS, ANNA, ANNA)).is_done
    assert await blocks.of_person(CLASS, ANNA) is not None
    await room.later(700.0)
    await room.erasing.erase(CLASS, ANNA, ANNA)
    assert room.traces([ANNA]) == {}
    await blocks.put(CLASS, ANNA, TEACHER, 600.0)
    await room.erasing.erase(CLASS, EVERYBODY, TEACHER)
    assert room.traces([ANNA]) == {}


async def test_what_hangs_elsewhere_comes_down_first(room: ErasingRoom) -> None:
    asked: list[str] = []
    is_down = False

    async def leave(erasure: Erasure) -> bool:
        asked.append(erasure.person)
        return is_down

    room.erasing._also = (leave,)
    job = await room.posted(ANNA)
    assert not (await room.erasing.erase(CLASS, ANNA, ANNA)).is_done
    assert await room.stage.jobs.get(job.id) is not None
    is_down = True
    await done(room)
    assert await room.stage.jobs.get(job.id) is None
    assert set(asked) == {ANNA}


def _piece_of(picture: Job, **more: Any) -> dict[str, Any]:
    return {"medium": "clip", "params": {**ClipParams(pictures=(f"{picture.id}/1",)).to_plain(), **more}}


async def test_a_picture_goes_from_the_pieces_that_others_have_put_together(room: ErasingRoom) -> None:
    """Also one whose recipe only tells of it: what was typed for it stands there. Other pieces stay."""
    hers, his = await room.posted(ANNA, medium="image"), await room.posted(BEN, medium="image")
    again = await room.posted(BEN, medium="image", parent=hers.id, parent_index=1)
    piece = await room.posted(BEN, **_piece_of(hers))
    telling = await room.posted(BEN, **_piece_of(again))
    other = await room.posted(BEN, **_piece_of(his))
    deleted = await room.erasing.erase(CLASS, ANNA, ANNA)
    assert (deleted.is_done, deleted.posts) == (True, 3)
    assert room.board.shown() == {his.id, again.id, other.id}
    for gone in (piece, telling):
        assert await room.stage.artifacts.of_job(gone.id) == []
        kept = await room.stage.jobs.get(gone.id)
        assert kept is not None, "what he typed is his"
    assert await room.stage.artifacts.of_job(other.id) != []


async def test_a_piece_that_is_being_made_is_never_shown(room: ErasingRoom) -> None:
    hers = await room.posted(ANNA, medium="image")
    piece = await room.ask(BEN, **_piece_of(hers))
    assert (await room.erasing.erase(CLASS, ANNA, ANNA)).is_done
    ended = await room.stage.jobs.get(piece.id)
    assert ended is not None
    assert piece.id not in room.board.shown()
    assert await room.stage.artifacts.of_job(piece.id) == []


async def test_while_a_piece_cannot_be_reached_it_stays_known(room: ErasingRoom) -> None:
    hers = await room.posted(ANNA, medium="image", params={"prompt": WORD, "count": 1})
    piece = await room.posted(BEN, **_piece_of(hers))
    room.board.unreached = {piece.id: Hindrance.AWAY}
    assert not (await room.erasing.erase(CLASS, ANNA, ANNA)).is_done
    assert hers.id not in room.board.shown()
    assert room.traces([WORD]) == {}
    room.board.unreached = {}
    await done(room)
    assert room.board.shown() == set()
    assert room.traces([ANNA]) == {}


async def _erased_and_restored(room: ErasingRoom, person: str, folder: Path) -> None:
    """A copy of the data from before somebody was deleted takes its place again."""
    await room.stage.database.scrub()
    shutil.copytree(folder / "data", folder / "kept")
    await room.later()
    assert (await room.erasing.erase(CLASS, person, person)).is_done
    await room.close()
    shutil.rmtree(folder / "data")
    shutil.move(folder / "kept", folder / "data")
    await room.open()


async def test_a_restored_backup_has_no_picture_in_others_pieces_either(
    room: ErasingRoom, tmp_path: Path
) -> None:
    hers = await room.posted(ANNA, medium="image")
    piece = await room.posted(BEN, **_piece_of(hers))
    await _erased_and_restored(room, ANNA, tmp_path)
    (kept,) = await room.stage.artifacts.of_job(piece.id)
    assert kept.path is not None
    assert kept.path.exists()
    await room.erasing.sweep()
    assert not kept.path.exists()
    assert await room.stage.artifacts.of_job(piece.id) == []


async def test_it_is_not_done_while_somebody_reads_what_was_there(room: ErasingRoom) -> None:
    """Copies stay in the write-ahead log until the reader, who may be another process, has ended."""
    await room.leave(ANNA, BEN)
    database = room.stage.database
    database._connection.execute("PRAGMA busy_timeout=20")
    with closing(sqlite3.connect(database.path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM jobs").fetchall()
        assert not (await room.erasing.erase(CLASS, ANNA, ANNA)).is_done
        assert await room.personal.holdings(CLASS, ANNA) == []
        assert room.traces([WORD]) != {}
        reader.execute("COMMIT")
    await done(room)
    assert room.traces([WORD, ANNA]) == {}


async def _decided(room: ErasingRoom) -> None:
    """Everything that a teacher can have decided about others."""
    job = await room.posted(ANNA, medium="image")
    now = room.stage.clock.now

    def unit(connection: sqlite3.Connection) -> None:
        connection.execute(
            "INSERT INTO gallery (id, guild_id, person_id, named, name, medium, state, round, submitted_at, changed_at)"
            " VALUES (?, ?, ?, 0, '', 'image', 'declined', 1, ?, ?)",
            (job.id, CLASS, ANNA, now, now),
        )
        connection.execute(
            "INSERT INTO gallery_decisions (job, round, at, by_id, state, reason) VALUES (?, 1, ?, ?, 'declined', 'x')",
            (job.id, now, TEACHER),
        )
        connection.execute(
            "INSERT INTO appeals (job, guild_id, person_id, asked_at, decision, decided_by, decided_at)"
            " VALUES (?, ?, ?, ?, 'wrong', ?, ?)",
            (job.id, CLASS, ANNA, now, TEACHER, now),
        )
        connection.execute(
            "INSERT INTO reports (id, job, guild_id, person_id, reason, note, reported_at, decision, decided_by,"
            " decided_at) VALUES ('r', ?, ?, ?, 'other', '', ?, 'kept', ?, ?)",
            (job.id, CLASS, BEN, now, TEACHER, now),
        )

    await room.stage.database.write(unit)
    await BlockRows(room.stage.database, clock=room.stage.clock).put(CLASS, BEN, TEACHER, 60.0)


async def test_who_decided_about_others_is_nobody_and_what_was_decided_stays(room: ErasingRoom) -> None:
    await _decided(room)
    assert room.traces([TEACHER]) != {}
    assert (await room.erasing.erase(CLASS, TEACHER, TEACHER)).is_done
    assert room.traces([TEACHER]) == {}
    kept = {one.table for one in await room.personal.holdings(CLASS, "")}
    assert {"gallery_decisions", "appeals", "reports", "blocks"} <= kept


async def test_nor_does_a_restored_backup_know_who_decided(room: ErasingRoom, tmp_path: Path) -> None:
    await _decided(room)
    await _erased_and_restored(room, TEACHER, tmp_path)
    assert room.traces([TEACHER]) != {}
    await room.erasing.sweep()
    assert room.traces([TEACHER]) == {}
    await room.later(60)
    await BlockRows(room.stage.database, clock=room.stage.clock).put(CLASS, ANNA, TEACHER, 60.0)
    await room.erasing.sweep()
    assert room.traces([TEACHER]) != {}, "what they decide afterwards is their own affair again"


async def test_a_restored_backup_forgets_also_who_has_only_voted(room: ErasingRoom, tmp_path: Path) -> None:
    """Somebody of whom no row says the class by itself."""
    job = await room.posted(BEN)
    await Votes(room.stage.database, clock=room.stage.clock).cast(job.id, ANNA, WORD)
    await _erased_and_restored(room, ANNA, tmp_path)
    await room.erasing.sweep()
    assert room.traces([ANNA]) == {}
