"""From what was typed or pressed to a post with music, on the real wiring."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.services.audio_ports import AudioPost, ContinueRequest, MusicRequest, SoundRequest
from bot.services.music import LONGER_S
from bot.services.ports import Ticket
from bot.services.prompt_help import ONLY_ENGLISH
from generation.catalog import Catalog
from generation.errors import InvalidInput, LimitReached, ModelMissing, NotFound, Refused
from generation.job import Job, JobState
from tests.fakes_music import PRIOR_S, MusicDiscord, MusicWorkshop, an_upload, music_catalog
from tests.fakes_text import text_catalog
from tests.unit.bot.services.conftest import ADDRESS, ANNA, BEN, STRANGER
from tests.unit.bot.services.music_room import MusicRoom, music_room

NAMES = ("mini-music", "musicgen", "mini-sound", "mini-notes", "writer", "mini", "big", "checker")
SONG = "[Strophe]\nDer Schnee fällt leise\n[Refrain]\nWir bleiben wach"


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[MusicRoom]:
    async with music_room(tmp_path) as opened:
        yield opened


def post(room: MusicRoom, job: Job) -> AudioPost:
    return room.stage.pieces[job.id]


async def test_music_is_made_and_posted(room: MusicRoom) -> None:
    job = await room.played(count=3, seconds=12)
    assert job.state is JobState.POSTED
    shown = post(room, job)
    assert [(piece.index, piece.seed, piece.seconds) for piece in shown.pieces] == [
        (1, 7, 12.0),
        (2, 8, 12.0),
        (3, 9, 12.0),
    ]
    assert room.stage.sounds[job.id] == [b"sound 12.00 of 7", b"sound 12.00 of 8", b"sound 12.00 of 9"]
    assert (shown.is_rehearsal, shown.model_title) == (True, "Mini-Music")
    assert all(piece.midi is None for piece in shown.pieces)
    waves = [f"wave-{index}.wav" for index in (1, 2, 3)]
    assert room.kept(job.id) == [*(f"audio-{index}.ogg" for index in (1, 2, 3)), "sheet-0.png", *waves]
    assert room.left_behind() == []


async def test_defaults_and_the_format(room: MusicRoom) -> None:
    job = await room.played(seed=None, format="MP3")
    assert (job.params["seconds"], job.params["count"], job.params["format"]) == (10, 1, "mp3")
    assert post(room, job).pieces[0].file.suffix == ".mp3"


async def test_a_lyric_makes_sections_and_the_post_says_that_nobody_sings(room: MusicRoom) -> None:
    job = await room.played(lyric=SONG, seconds=20)
    assert [(one["mark"], one["text"]) for one in job.params["sections"]] == [
        ("verse", "Der Schnee fällt leise"),
        ("chorus", "Wir bleiben wach"),
    ]
    assert sum(one["seconds"] for one in job.params["sections"]) == 20
    assert job.notices == ("no_singing",)
    drawn = room.request(f"{job.id}-post", "audio_post").params
    assert drawn["sections"] == [{"mark": "verse", "start": 0}, {"mark": "chorus", "start": 10}]
    assert drawn["section_words"]["verse"] == "Strophe"
    assert drawn["decimal"] == ","


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"prompt": " "}, "prompt_empty"),
        ({"prompt": "x" * 5000}, "prompt_long"),
        ({"seconds": 0}, "seconds_invalid"),
        ({"seconds": 61}, "seconds_invalid"),
        ({"count": 5}, "takes_invalid"),
        ({"seed": "seven"}, "seed_invalid"),
        ({"format": "flac"}, "format_unknown"),
        ({"lyric": "[verse]\n[bridge]"}, "lyric_mark"),
        ({"lyric": "[verse]\n" * 9}, "sections_short"),
    ],
)
async def test_bad_input_is_one_error_and_nothing_is_stored(
    room: MusicRoom, changes: dict[str, Any], code: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        await room.desk.music.music(MusicRequest(**{"prompt": "Pop", **changes}), ANNA, ADDRESS)
    assert caught.value.code == code
    assert await room.jobs.of_owner(ANNA.guild_id, ANNA.person_id) == []


@pytest.mark.parametrize(
    "changes", [{"prompt": "Pornos"}, {"lyric": "[verse]\nla la\n[chorus]\nPornos"}, {"lyric": "Pornos"}]
)
async def test_prompts_and_lyrics_are_checked(room: MusicRoom, changes: dict[str, Any]) -> None:
    with pytest.raises(Refused):
        await room.desk.music.music(MusicRequest(**{"prompt": "Pop", **changes}), ANNA, ADDRESS)
    (job,) = await room.jobs.of_owner(ANNA.guild_id, ANNA.person_id)
    assert job.state is JobState.REFUSED
    assert "music" not in room.tasks()


async def test_a_model_for_english_alone_says_so_where_nothing_can_translate(room: MusicRoom) -> None:
    job = await room.played("ein fröhliches Lied mit Gitarre", model="musicgen")
    assert job.notices == (ONLY_ENGLISH,)
    assert (await room.played("a happy song with guitar", model="musicgen")).notices == ()
    assert (await room.played("ein fröhliches Lied")).notices == ()


async def test_a_prompt_is_translated_where_a_real_text_model_is_here(tmp_path: Path) -> None:
    catalog = music_catalog()
    catalog = Catalog(
        [*(catalog.get(name) for name in NAMES), replace(text_catalog("real").get("real"), mini=False)],
        memory_mb=0,
    )
    room = MusicRoom(tmp_path, catalog=catalog, discord=MusicDiscord(), workers=MusicWorkshop())
    room.band.write = lambda request: "a happy song with guitar"
    await room.open()
    try:
        typed = "ein fröhliches Lied mit Gitarre"
        job = await room.played(typed, model="musicgen", lyric="[verse]\nIch bin froh", seconds=5)
        assert (job.params["prompt"], job.params["original"]) == ("a happy song with guitar", typed)
        assert job.notices == ("no_singing",)
        assert "original" not in room.request(job.id).params
        assert room.request(job.id).params["prompt"] == "a happy song with guitar"
        drawn = room.request(f"{job.id}-post", "audio_post").params
        assert drawn["title"] == typed
        again = await room.end(await room.desk.music.again(job.id, ANNA, ADDRESS, new_seed=True))
        assert again.params == job.params
        assert (await room.played(typed, model="mini-music")).params["prompt"] == typed
    finally:
        await room.close()


async def test_a_real_music_model_needs_no_checker_of_pictures(room: MusicRoom) -> None:
    assert (await room.played("a song", model="musicgen")).state is JobState.POSTED


async def test_sounds(room: MusicRoom) -> None:
    request = SoundRequest(prompt="Regen", count=2, seed=3)
    job = await room.end(await room.desk.music.sound(request, ANNA, ADDRESS))
    assert (job.medium, job.params["seconds"]) == ("sound", 5)
    assert [piece.seed for piece in post(room, job).pieces] == [3, 4]
    assert room.kept(job.id) == ["audio-1.ogg", "audio-2.ogg", "sheet-0.png"]
    with pytest.raises(InvalidInput, match="seconds_invalid"):
        await room.desk.music.sound(SoundRequest(prompt="Regen", seconds=11), ANNA, ADDRESS)
    with pytest.raises(NotFound, match="job_gone"):
        await room.desk.music.longer(job.id, ANNA, ADDRESS)


# Buttons


@pytest.mark.parametrize("new_seed", [False, True])
async def test_again(room: MusicRoom, new_seed: bool) -> None:
    old = await room.played(lyric=SONG, count=2)
    job = await room.end(await room.desk.music.again(old.id, BEN, ADDRESS, new_seed=new_seed))
    assert (job.owner_id, job.params, job.notices) == ("ben", old.params, old.notices)
    assert (job.seed == old.seed) is not new_seed
    sound = await room.end(await room.desk.music.sound(SoundRequest(prompt="Regen", seed=3), ANNA, ADDRESS))
    ticket = await room.desk.music.again(sound.id, ANNA, ADDRESS, new_seed=new_seed)
    assert (ticket.job.medium, ticket.job.seed == 3) == ("sound", not new_seed)


async def test_longer(room: MusicRoom) -> None:
    old = await room.played(lyric=SONG, seconds=45)
    job = await room.end(await room.desk.music.longer(old.id, ANNA, ADDRESS))
    assert (job.seed, job.params["seconds"]) == (old.seed, 45 + LONGER_S)
    assert sum(one["seconds"] for one in job.params["sections"]) == 55
    assert [one["text"] for one in job.params["sections"]] == [one["text"] for one in old.params["sections"]]
    longest = await room.end(await room.desk.music.longer(job.id, ANNA, ADDRESS))
    assert longest.params["seconds"] == 60
    with pytest.raises(InvalidInput, match="longest"):
        await room.desk.music.longer(longest.id, ANNA, ADDRESS)


async def test_another_class_cannot_press(room: MusicRoom) -> None:
    old = await room.played()
    music = room.desk.music
    for press in (
        music.again(old.id, STRANGER, ADDRESS, new_seed=True),
        music.longer(old.id, STRANGER, ADDRESS),
        music.recipe(old.id, 1, STRANGER),
        music.further(ContinueRequest(job=old.id), STRANGER, ADDRESS),
    ):
        with pytest.raises(NotFound, match="job_gone"):
            await press
    assert (await music.recipe(old.id, 1, BEN)).id == old.id
    with pytest.raises(NotFound, match="job_gone"):
        await music.recipe(old.id, 2, BEN)


# Continuing a piece


async def further(room: MusicRoom, who: Any = ANNA, **more: Any) -> Job:
    answer = await room.desk.music.further(ContinueRequest(**{"seed": 9, **more}), who, ADDRESS)
    assert isinstance(answer, Ticket)
    return await room.end(answer)


async def test_a_posted_piece_is_continued_as_the_model_made_it(room: MusicRoom) -> None:
    old = await room.played(count=2)
    wave = (room.folder / "data" / "artifacts" / old.id / "wave-2.wav").read_bytes()
    job = await further(room, BEN, job=old.id, index=2, count=3, seconds=6)
    assert job.state is JobState.POSTED
    assert room.band.heard[job.id] == wave
    assert (job.params["prior"], job.parent, job.parent_index) == (f"{old.id}/2", old.id, 2)
    assert (job.params["prompt"], job.params["seconds"]) == (old.params["prompt"], 6)
    assert [piece.seconds for piece in post(room, job).pieces] == [6 + PRIOR_S] * 3
    drawn = room.request(f"{job.id}-post", "audio_post").params
    assert [piece["seam"] for piece in drawn["pieces"]] == [PRIOR_S] * 3


async def test_the_last_piece_is_meant_without_a_number(room: MusicRoom) -> None:
    with pytest.raises(NotFound, match="no_piece"):
        await further(room)
    await room.played("eins")
    last = await room.played("zwei")
    await room.played("drei", who=BEN)
    await room.end(await room.desk.music.sound(SoundRequest(prompt="Regen"), ANNA, ADDRESS))
    job = await further(room, prompt="lauter")
    assert (job.parent, job.params["prompt"]) == (last.id, "lauter")
    with pytest.raises(NotFound, match="piece_gone"):
        await further(room, index=2)
    with pytest.raises(InvalidInput, match="piece_twice"):
        await further(room, job=last.id, file=an_upload())


async def test_it_goes_on_with_the_piece_s_own_model_as_long_as_that_is_here(room: MusicRoom) -> None:
    old = await room.played("a song", model="musicgen")
    assert (await further(room, job=old.id)).model == "musicgen"
    assert (await further(room, job=old.id, model="mini-music")).model == "mini-music"


async def test_a_piece_whose_file_is_gone_is_not_replaced_by_nothing(room: MusicRoom) -> None:
    old = await room.played()
    await room.artifacts.delete(old.id)
    job = await further(room, job=old.id)
    assert (job.state, job.error_code) == (JobState.FAILED, "piece_gone")
    assert room.tasks().count("music") == 1
    assert "piece_gone" in room.discord.codes(job.id)


async def test_a_changed_file_counts_as_gone(room: MusicRoom) -> None:
    old = await room.played()
    (room.folder / "data" / "artifacts" / old.id / "wave-1.wav").write_bytes(b"another")
    assert (await further(room, job=old.id)).error_code == "piece_gone"


async def test_limits_and_missing_models(room: MusicRoom) -> None:
    room.band.on_start = lambda request: room.band.held.add(request.job)
    for _ in range(3):
        await room.play()
    with pytest.raises(LimitReached):
        await room.play()
    with pytest.raises(NotFound, match="model_unknown"):
        await room.play(model="nothing")
    gone = replace(room.catalog.get("mini-music"), path=None)
    room.catalog._models["mini-music"] = gone
    with pytest.raises(ModelMissing):
        await room.play(who=BEN, model="mini-music")
