"""A picture that goes is gone from the combined piece that somebody else has made with it, in the running bot."""

from __future__ import annotations

from typing import Any

import pytest

from bot.local.visitor import Visitor
from tests.end_to_end.whole.conftest import PATIENCE, Klass
from tests.end_to_end.whole.test_care import Say, said, use
from tests.end_to_end.whole.test_clips import job_of, kinds


@pytest.fixture
async def made(klass: Klass) -> tuple[dict[str, Any], dict[str, Any]]:
    """Chiara's picture, and Ben's piece with it."""
    picture = await klass.result(klass.chiara.command("bild", prompt="ein roter Kreis", anzahl=1))
    piece = await klass.result(klass.ben.command("clip", picture1=f"{job_of(picture)}:1"))
    assert kinds(piece)[0] == "mp4"
    assert {picture["id"], piece["id"]} <= await seen(klass.ada)
    return picture, piece


async def seen(visitor: Visitor) -> set[str]:
    await visitor.refresh()
    return set(visitor.seen)


async def test_what_a_teacher_takes_down(
    klass: Klass, say: Say, made: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    picture, piece = made
    form = await klass.ada.open_form(use(klass.ada, picture, "report"))
    await said(klass.ada.fill_in(form, reason=["other"], note=""))
    listed = await said(klass.teacher.command("meldungen"))
    card = await said(use(klass.teacher, listed, "repsee"))
    taken = await said(use(klass.teacher, card, "reptake"))
    assert taken["content"].splitlines() == [
        say("care.taken_down", "de"),
        say("care.taken_down_pieces", "de", n=1),
    ]
    assert not {picture["id"], piece["id"]} & await seen(klass.ada)
    told = say("care.piece_taken_from_you", "en")
    await klass.ben.wait_for_message(lambda one: one["content"] == told)


async def test_what_somebody_has_deleted(
    klass: Klass, say: Say, made: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    picture, piece = made
    deleted = await klass.chiara.command("meine-daten loeschen", wirklich=True).message(
        lambda one: bool(one["content"]), timeout=PATIENCE
    )
    assert deleted["content"].startswith(say("my_data.deleted", "de"))
    assert not {picture["id"], piece["id"]} & await seen(klass.ada)
    assert not list((klass.data_dir / "artifacts").glob(f"{job_of(piece)}/*"))
