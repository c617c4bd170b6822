"""What the media family is asked for, and what of its answer is believed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from bot.services.ports import Adaptation
from generation.job import Job, JobState
from generation.supervisor import Outcome, Request
from tests.unit.bot.services.conftest import ANNA, SENTENCES, Room


def _asked(room: Room, job: Job) -> Request:
    (request,) = [one for one in room.workers.requests if one.job == f"{job.id}-post"]
    return request


async def test_the_recipe_holds_what_makes_the_picture_again(room: Room) -> None:
    room.workers.flagged = {8}
    job = await room.end(await room.ask(count=3, negative="rain"))
    recipe = _asked(room, job).params["recipe"]
    assert {key: recipe[key] for key in ("job", "medium", "model", "model_title", "seed")} == {
        "job": job.id,
        "medium": "image",
        "model": "mini",
        "model_title": "Mini",
        "seed": 7,
    }
    assert recipe["seeds"] == [7, 8, 9]
    assert recipe["flagged"] == [2]
    assert recipe["params"] == job.params
    assert recipe["parent"] is None


async def test_flagged_pictures_do_not_reach_the_media_family(room: Room) -> None:
    room.workers.flagged = {8}
    job = await room.end(await room.ask(count=3))
    pictures = _asked(room, job).params["pictures"]
    assert [entry["file"] is None for entry in pictures] == [False, True, False]
    assert [entry["seed"] for entry in pictures] == [7, 8, 9]


async def test_the_words_on_the_sheet_are_in_the_persons_language(room: Room) -> None:
    job = await room.end(await room.ask())
    params = _asked(room, job).params
    assert params["label"] == SENTENCES.text("post.label", "de")
    assert params["flagged_text"] == SENTENCES.text("post.flagged_tile", "de")


@pytest.mark.parametrize(
    "change",
    [
        lambda outcome: replace(outcome, files=()),
        lambda outcome: replace(outcome, files=outcome.files[1:]),
        lambda outcome: replace(outcome, files=outcome.files[:-1]),
        lambda outcome: replace(outcome, files=(*outcome.files, replace(outcome.files[1], index=2))),
        lambda outcome: replace(outcome, files=(*outcome.files, replace(outcome.files[1], kind="extra"))),
    ],
)
async def test_other_files_than_the_approved_ones_are_not_shown(
    room: Room, change: Callable[[Outcome], Outcome]
) -> None:
    """Picture 2 was flagged: whatever comes under its number has been seen by no check."""
    room.workers.flagged = {8}
    room.workers.change["image_sheet"] = change
    job = await room.end(await room.ask(count=3))
    assert (job.state, job.error_code) == (JobState.FAILED, "worker_garbage")
    assert room.discord.messages == {}


@pytest.mark.parametrize("damage", ["changed", "gone"])
async def test_an_old_picture_that_is_not_what_was_approved_does_not_stand_beside_the_new(
    room: Room, damage: str
) -> None:
    old = await room.end(await room.ask())
    file = room.folder / "data" / "artifacts" / old.id / "image-1.png"
    if damage == "changed":
        file.write_bytes(b"something else 1")
    else:
        file.unlink()
    changes = Adaptation(prompt="a blue house", negative="", guidance="7", steps="20")
    job = await room.end(await room.desk.submit.adapt(old.id, 1, changes, ANNA, None))
    assert job.state is JobState.POSTED
    assert _asked(room, job).params["beside"] is None
    assert room.discord.messages[job.id].post.beside is None
