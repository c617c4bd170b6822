"""What a teacher takes down is gone from every piece that somebody has put together of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.services.ports import Hindrance, Requester
from bot.services.reports import Reports
from data.reports import ReportRows
from generation.clip_params import ClipParams
from generation.job import Job
from tests.unit.bot.services.erasing_room import ANNA, BEN, CLASS, TEACHER, ErasingRoom

SOMMER = Requester(guild_id=CLASS, channel_id="1", person_id=TEACHER, locale="de", is_teacher=True)


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[ErasingRoom]:
    made = ErasingRoom(tmp_path)
    await made.open()
    yield made
    await made.close()


def reports_of(room: ErasingRoom) -> Reports:
    stage = room.stage
    return Reports(
        rows=ReportRows(stage.database),
        jobs=stage.jobs,
        posts=stage.posts,
        posting=stage.posting,
        artifacts=stage.artifacts,
        pieces=room.pieces,
        notes=room.audit,
    )


def piece_of(picture: Job) -> dict[str, Any]:
    return {"medium": "clip", "params": ClipParams(pictures=(f"{picture.id}/1",)).to_plain()}


async def reported(room: ErasingRoom, job: Job) -> str:
    who = Requester(guild_id=CLASS, channel_id="1", person_id=BEN, locale="de", is_teacher=False)
    assert await reports_of(room).report(job.id, "hurtful", "", who)
    (one,) = await reports_of(room).waiting(SOMMER)
    return one.report.id


async def test_a_post_goes_with_the_pieces_that_hold_it(room: ErasingRoom) -> None:
    """Also with one that is still being made; what only has its prompt stays."""
    picture = await room.posted(ANNA, medium="image")
    again = await room.posted(BEN, medium="image", parent=picture.id, parent_index=1)
    piece, other = await room.posted(BEN, **piece_of(picture)), await room.posted(BEN, **piece_of(again))
    report = await reported(room, picture)
    made = await room.ask(BEN, **piece_of(picture))
    taken = await reports_of(room).take_down(report, SOMMER)
    assert taken.hindrance is None
    assert piece.id in {one.id for one in taken.pieces}
    assert room.board.shown() == {again.id, other.id}
    for gone in (picture, piece, made):
        assert await room.stage.artifacts.of_job(gone.id) == []
    assert await reports_of(room).waiting(SOMMER) == []
    lines = {(one.what, one.detail["job"], one.detail["code"]) for one in await room.audit.entries(CLASS)}
    assert ("piece.taken_down", piece.id, picture.id) in lines


@pytest.mark.parametrize("hindrance", list(Hindrance))
async def test_the_report_waits_while_a_piece_may_still_be_seen(
    room: ErasingRoom, hindrance: Hindrance
) -> None:
    picture = await room.posted(ANNA, medium="image")
    piece = await room.posted(BEN, **piece_of(picture))
    report = await reported(room, picture)
    room.board.unreached = {piece.id: hindrance}
    taken = await reports_of(room).take_down(report, SOMMER)
    assert (taken.hindrance, taken.pieces) == (hindrance, ())
    post = await room.stage.posts.of_job(piece.id)
    assert post is not None
    assert taken.link == (post.channel_id, post.message_id)
    assert room.board.shown() == {piece.id}
    room.board.unreached = {}
    taken = await reports_of(room).take_down(report, SOMMER)
    assert (taken.hindrance, [one.id for one in taken.pieces]) == (None, [piece.id])
    assert room.board.shown() == set()
