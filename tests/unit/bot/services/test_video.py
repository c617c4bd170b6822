"""Videos on the real wiring: what is typed becomes a job, its frames one file of which every frame was judged."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.services.ports import Ticket
from bot.services.prompt_help import NOT_TRANSLATED, ONLY_ENGLISH
from bot.services.video import SCRIPT_SECONDS
from bot.services.video_ports import VideoPost, VideoRequest
from generation.catalog import Catalog
from generation.errors import InvalidInput, ModelMissing, NotAllowed, NotFound, Refused, WorkerCrashed
from generation.job import Job, JobState
from generation.video_params import VIDEO, VideoParams
from tests.fakes import until
from tests.fakes_music import an_upload
from tests.fakes_text import text_catalog
from tests.fakes_video import VideoDiscord, VideoWorkshop, video_catalog
from tests.unit.bot.services.conftest import ADDRESS, ANNA, BEN, STRANGER
from tests.unit.bot.services.video_room import VideoRoom, video_room

SCRIPT = "0: apples in a basket\n\n16: oranges in a basket"


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[VideoRoom]:
    async with video_room(tmp_path) as opened:
        yield opened


def post(room: VideoRoom, job: Job) -> VideoPost:
    return room.cinema.videos[job.id]


async def test_a_walk_from_one_picture_to_another(room: VideoRoom) -> None:
    job = await room.shot(seconds=2, fps=6)
    assert (job.medium, job.family, job.model, job.seed) == (VIDEO, "diffusion", "mini", 7)
    params = VideoParams.from_plain(job.params)
    assert [(key.frame, key.prompt, key.seed) for key in params.keys] == [
        (0, "a red house", 7),
        (11, "a blue house", 9),
    ]
    assert (params.frames, params.fps, params.motion, params.song) == (12, 6, "walk", None)
    assert (params.width, params.height, params.steps) == (64, 64, 20)
    given = room.request(job.id, VIDEO)
    assert given.params["song"] is None
    assert Path(given.params["keep"]) == room.work_dir / f"{job.id}-keep"
    shown = post(room, job)
    assert (shown.measured.frames, shown.measured.has_sound, shown.notices) == (12, False, ())
    assert room.cinema.played[job.id].split(b"\n") == [
        b"silent",
        *(b"frame %d" % n for n in range(1, 13)),
    ]
    assert room.kept(job.id) == ["facts-1.json", "sheet-0.png", "video-1.mp4"]
    made = room.request(f"{job.id}-post", "video_post").params
    assert (made["fps"], made["song"], made["title"]) == (6, None, "a red house")
    assert made["recipe"]["seeds"] == [7, 9]


async def test_without_numbers_it_has_five_seconds_and_drawn_seeds(room: VideoRoom) -> None:
    job = await room.shot(seconds=None, seed1=None, seed2="")
    params = VideoParams.from_plain(job.params)
    assert (params.frames, params.fps) == (40, 8)
    assert params.keys[0].seed == job.seed
    assert params.keys[0].seed != params.keys[1].seed


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"seconds": 0}, "seconds_invalid"),
        ({"seconds": 21}, "seconds_invalid"),
        ({"fps": 3}, "fps_invalid"),
        ({"fps": 25}, "fps_invalid"),
        ({"seed1": "x"}, "seed_invalid"),
        ({"seed2": 2**32}, "seed_invalid"),
        ({"prompt1": " "}, "prompt_empty"),
        ({"prompt2": ""}, "prompt_empty"),
        ({"prompt2": "x" * 1001}, "prompt_long"),
    ],
)
async def test_what_cannot_be_is_said(room: VideoRoom, changes: dict[str, Any], code: str) -> None:
    values = {"prompt1": "a house", "prompt2": "a tree", **changes}
    for song in (None, an_upload()):
        with pytest.raises(InvalidInput, match=code):
            await room.desk.video.video(VideoRequest(**values, song=song), ANNA, ADDRESS)
    assert room.tasks() == []


@pytest.mark.parametrize("place", ["prompt1", "prompt2"])
async def test_prompts_are_checked_before_a_song_is_fetched(room: VideoRoom, place: str) -> None:
    values = {"prompt1": "a house", "prompt2": "a tree", place: "pornografie"}
    for song in (None, an_upload()):
        with pytest.raises(Refused):
            await room.desk.video.video(VideoRequest(**values, song=song), ANNA, ADDRESS)
    jobs = await room.jobs.of_owner(ANNA.guild_id, ANNA.person_id)
    assert [(job.medium, job.state) for job in jobs] == [(VIDEO, JobState.REFUSED)] * 2
    assert room.uploaded() == []
    assert room.tasks() == []


# Models


async def test_steps_stay_within_what_a_model_was_made_for(tmp_path: Path) -> None:
    async with video_room(tmp_path, default_steps=4, options={"steps": [1, 8]}) as room:
        assert (await room.shot()).params["steps"] == 4


async def test_without_a_checker_a_real_model_makes_none(tmp_path: Path) -> None:
    catalog = video_catalog()
    models = [one for medium in catalog.media() for one in catalog.models(medium) if one.medium != "safety"]
    checker = replace(catalog.default("safety"), mini=True)
    room = VideoRoom(
        tmp_path, catalog=Catalog([*models, checker]), discord=VideoDiscord(), workers=VideoWorkshop()
    )
    await room.open()
    try:
        with pytest.raises(ModelMissing, match="checker_missing"):
            await room.shoot(model="big")
        assert (await room.shot(model="mini")).state is JobState.POSTED
    finally:
        await room.close()


# Scripts


async def test_a_script(room: VideoRoom) -> None:
    job = await room.scripted(SCRIPT, common="watercolour")
    params = VideoParams.from_plain(job.params)
    assert [(key.frame, key.prompt, key.seed) for key in params.keys] == [
        (0, "apples in a basket, watercolour", 5),
        (16, "oranges in a basket, watercolour", 5),
    ]
    assert (params.frames, params.fps, params.motion) == (32, 8, "walk")
    assert post(room, job).measured.frames == 32


async def test_a_script_has_at_most_240_frames(room: VideoRoom) -> None:
    job = await room.scripted("0: apples", seconds=SCRIPT_SECONDS)
    assert job.params["frames"] == 240
    with pytest.raises(InvalidInput, match="seconds_invalid"):
        await room.scripted("0: apples", seconds=SCRIPT_SECONDS + 1)


async def test_a_script_says_which_line_is_wrong(room: VideoRoom) -> None:
    with pytest.raises(InvalidInput) as found:
        await room.scripted("0: apples\n\noranges")
    assert (found.value.code, found.value.values) == ("script_line", {"line": 3})
    with pytest.raises(InvalidInput) as found:
        await room.scripted("0: apples\n32: oranges")
    assert (found.value.code, found.value.values) == ("script_frame", {"line": 2, "last": 31})


async def test_every_line_of_a_script_is_checked(room: VideoRoom) -> None:
    with pytest.raises(Refused):
        await room.scripted("0: apples\n8: pornografie\n16: oranges")


async def test_a_script_travels_where_the_motion_model_that_its_model_names_is_here(tmp_path: Path) -> None:
    catalog = video_catalog(options={"motion": {"adapter": "motion"}})
    models = [one for medium in catalog.media() for one in catalog.models(medium)]
    motion = replace(catalog.get("big"), id="motion", medium="motion")
    room = VideoRoom(
        tmp_path, catalog=Catalog([*models, motion]), discord=VideoDiscord(), workers=VideoWorkshop()
    )
    await room.open()
    try:
        job = await room.scripted(SCRIPT, model="mini")
        assert (job.params["motion"], post(room, job).motion) == ("travel", "travel")
        assert (await room.scripted(SCRIPT, model="big")).params["motion"] == "walk"
        assert (await room.shot(model="mini")).params["motion"] == "walk"
        # the worker found it too much for the memory
        room.studio.change[VIDEO] = lambda done: replace(done, facts={**done.facts, "motion": "walk"})
        job = await room.scripted(SCRIPT, model="mini")
        assert (job.params["motion"], post(room, job).motion) == ("travel", "walk")
    finally:
        await room.close()
    async with video_room(tmp_path / "bare", options={"motion": {"adapter": "motion"}}) as bare:
        assert (await bare.scripted(SCRIPT, model="mini")).params["motion"] == "walk"


# Languages


async def test_a_model_for_english_alone_says_so_where_nothing_can_translate(room: VideoRoom) -> None:
    german = {"prompt1": "ein rotes Haus", "prompt2": "ein blaues Haus"}
    assert (await room.shot(**german, model="big")).notices == (ONLY_ENGLISH,)
    assert (await room.shot(**german)).notices == ()
    assert (await room.scripted("0: ein rotes Haus", model="big")).notices == (ONLY_ENGLISH,)
    assert (await room.shot(model="big")).notices == ()


async def test_all_lines_are_translated_or_none(tmp_path: Path) -> None:
    catalog = video_catalog()
    models = [one for medium in catalog.media() for one in catalog.models(medium)]
    real = replace(text_catalog("real").get("real"), mini=False)
    room = VideoRoom(
        tmp_path, catalog=Catalog([*models, real]), discord=VideoDiscord(), workers=VideoWorkshop()
    )
    english = {"ein rotes Haus": "a red house", "ein blaues Haus": "a blue house", "Aquarell": "watercolour"}
    room.studio.write = lambda request: english.get(request.params["messages"][-1]["text"], "")
    await room.open()
    try:
        job = await room.shot("ein rotes Haus", prompt2="ein blaues Haus", model="big")
        assert [key["prompt"] for key in job.params["keys"]] == ["a red house", "a blue house"]
        assert (job.params["original"], job.notices) == ("ein rotes Haus → ein blaues Haus", ())
        assert "original" not in room.request(job.id, VIDEO).params
        assert room.request(f"{job.id}-post", "video_post").params["title"] == job.params["original"]
        again = await room.end(await room.desk.video.again(job.id, BEN, ADDRESS, new_seeds=False))
        assert again.params == job.params
        job = await room.scripted("0: ein rotes Haus", common="Aquarell", model="big")
        assert [key["prompt"] for key in job.params["keys"]] == ["a red house, watercolour"]
        job = await room.shot("ein rotes Haus", prompt2="ein grünes Haus", model="big")
        assert [key["prompt"] for key in job.params["keys"]] == ["ein rotes Haus", "ein grünes Haus"]
        assert job.notices == (NOT_TRANSLATED,)
    finally:
        await room.close()


async def test_all_that_was_typed_is_checked_also_where_it_was_translated(tmp_path: Path) -> None:
    """What stands in the job of a very long text is its beginning."""
    catalog = video_catalog()
    models = [one for medium in catalog.media() for one in catalog.models(medium)]
    real = replace(text_catalog("real").get("real"), mini=False)
    room = VideoRoom(
        tmp_path, catalog=Catalog([*models, real]), discord=VideoDiscord(), workers=VideoWorkshop()
    )
    room.studio.write = lambda request: "a red house"
    await room.open()
    try:
        long = ("ein rotes Haus mit " * 60)[:980]
        job = await room.shot(long, prompt2="ein blaues Haus", model="big")
        assert len(job.params["original"]) <= 1000
        with pytest.raises(Refused):
            await room.shoot(long, prompt2="ein rotes Haus, pornografie", model="big")
    finally:
        await room.close()


# Songs


async def test_a_song_is_asked_for_and_moves_the_video(room: VideoRoom) -> None:
    question = await room.asked_for_song(seconds=None)
    assert VIDEO not in room.tasks()
    job = await room.decided(question, declaration="permission")
    assert (job.state, job.medium, job.seed) == (JobState.POSTED, VIDEO, 7)
    # the recording has 3.5 seconds
    assert (job.params["frames"], job.params["keys"][-1]["frame"]) == (32, 31)
    assert job.params["declaration"] == "permission"
    assert room.studio.moved[job.id] == b"clean a melody"
    given = room.request(job.id, VIDEO).params
    assert "declaration" not in given
    assert Path(given["song"]).is_absolute()
    assert room.request(f"{job.id}-post", "video_post").params["song"] == given["song"]
    assert post(room, job).measured.has_sound


async def test_a_song_that_was_declared_before_is_not_asked_for_again(room: VideoRoom) -> None:
    old = await room.decided(await room.asked_for_song(seconds=2))
    request = VideoRequest(prompt1="a house", prompt2="a tree", song=an_upload(), seconds=3)
    answer = await room.desk.video.video(request, ANNA, ADDRESS)
    assert isinstance(answer, Ticket)
    job = await room.end(answer)
    assert (job.params["song"], job.params["frames"]) == (old.params["song"], 24)
    assert job.params["declaration"] == "own"


async def test_cancelling_the_question_makes_nothing(room: VideoRoom) -> None:
    question = await room.asked_for_song()
    assert await room.desk.uploads.cancel(question.id, ANNA)
    assert room.uploaded() == []
    with pytest.raises(NotFound, match="upload_gone"):
        await room.desk.uploads.decide(question.id, "own", ANNA, ADDRESS)


async def test_a_piece_of_the_class_moves_a_video(room: VideoRoom) -> None:
    piece = await room.played(count=2, seconds=4)
    wave = (room.folder / "data" / "artifacts" / piece.id / "wave-2.wav").read_bytes()
    job = await room.shot(who=BEN, seconds=None, job=piece.id, index=2)
    assert (job.params["song"], job.parent, job.parent_index) == (f"{piece.id}/2", piece.id, 2)
    assert job.params["frames"] == 32
    assert room.studio.moved[job.id] == wave
    assert [one.id for one in await room.desk.video.songs(BEN)] == [piece.id]


async def test_only_pieces_that_are_there(room: VideoRoom) -> None:
    piece = await room.played()
    for changes in ({"job": "nothing"}, {"job": piece.id, "index": 2}, {"job": piece.id, "who": STRANGER}):
        with pytest.raises(NotFound, match="job_gone"):
            await room.shoot(**changes)
    with pytest.raises(InvalidInput, match="piece_twice"):
        await room.shoot(job=piece.id, song=an_upload())
    await room.artifacts.delete(piece.id)
    job = await room.shot(job=piece.id)
    assert (job.state, job.error_code) == (JobState.FAILED, "song_gone")
    assert VIDEO not in room.tasks()


async def test_a_silent_file_for_a_song_is_no_result(room: VideoRoom) -> None:
    room.studio.seen = lambda facts: {**facts, "audio": None}
    job = await room.decided(await room.asked_for_song(seconds=1))
    assert (job.state, job.error_code) == (JobState.FAILED, "worker_garbage")


# Buttons


@pytest.mark.parametrize("new_seeds", [False, True])
async def test_again(room: VideoRoom, new_seeds: bool) -> None:
    old = await room.shot()
    job = await room.end(await room.desk.video.again(old.id, BEN, ADDRESS, new_seeds=new_seeds))
    assert job.owner_id == "ben"
    assert (job.params == old.params) is not new_seeds
    assert job.seed == job.params["keys"][0]["seed"]
    script = await room.scripted(SCRIPT)
    job = await room.end(await room.desk.video.again(script.id, ANNA, ADDRESS, new_seeds=new_seeds))
    seeds = {key["seed"] for key in job.params["keys"]}
    assert len(seeds) == 1
    assert (seeds == {5}) is not new_seeds


async def test_a_song_of_somebody_else_is_not_used_again(room: VideoRoom) -> None:
    old = await room.decided(await room.asked_for_song(seconds=1))
    assert (await room.end(await room.desk.video.again(old.id, ANNA, ADDRESS, new_seeds=True))).state is (
        JobState.POSTED
    )
    with pytest.raises(NotAllowed, match="song_of_other"):
        await room.desk.video.again(old.id, BEN, ADDRESS, new_seeds=False)
    with pytest.raises(NotFound, match="job_gone"):
        await room.desk.video.again(old.id, STRANGER, ADDRESS, new_seeds=False)
    with pytest.raises(NotFound, match="job_gone"):
        await room.desk.video.again((await room.played()).id, ANNA, ADDRESS, new_seeds=False)


# While it is made


async def test_cancelled(room: VideoRoom) -> None:
    room.studio.on_start = lambda request: room.studio.held.add(request.job)
    ticket = await room.shoot()
    await room.studio.started(ticket.job.id)
    assert await room.desk.cancel.cancel(ticket.job.id, ANNA)
    job = await room.end(ticket)
    assert job.state is JobState.CANCELLED
    assert room.kept(job.id) == []
    assert room.cinema.played == {}


async def test_after_a_crash_the_next_attempt_finds_the_same_folder(room: VideoRoom) -> None:
    room.studio.on_start = lambda request: room.studio.errors[request.job].extend(
        [WorkerCrashed()] if request.attempt == 1 and request.task == VIDEO else []
    )
    job = await room.shot()
    assert (job.state, job.attempt) == (JobState.POSTED, 2)
    keeps = [one.params["keep"] for one in room.workers.requests if one.task == VIDEO]
    assert len(keeps) == 2
    assert len(set(keeps)) == 1


async def test_the_first_and_the_last_picture_are_shown(
    room: VideoRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.services.progress._LEAST_SECONDS", -1.0)
    room.studio.on_start = lambda request: room.studio.held.add(request.job)
    ticket = await room.shoot(seconds=2)
    await until(lambda: ticket.job.id in room.cinema.previews)
    assert room.cinema.previews[ticket.job.id] == [b"frame 1", b"frame 16"]
    await asyncio.sleep(0)
    room.studio.release(ticket.job.id)
    assert (await room.end(ticket)).state is JobState.POSTED
