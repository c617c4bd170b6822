"""Combined pieces: what was chosen is what is put together, everything of it is checked, and a voice in it ends."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.services.clip_ports import Chosen
from bot.services.clip_sources import Kind
from bot.services.door import PRIVATE, is_private
from bot.services.lesson_rules import GROUPS
from bot.wiring_finishing import preparing, references_of
from data.files import digest
from data.lessons import Rules
from generation.errors import AtelierError, MoveRefused
from generation.job import JobState
from generation.supervisor import Outcome
from moderation.consent import NOBODYS_FAMILY
from tests.fakes import Fault, until
from tests.fakes_clip import CARD
from tests.unit.bot.services.clip_room import TEXT, ClipRoom, clip_room
from tests.unit.bot.services.conftest import ADDRESS, ANNA, BEN, STRANGER


@pytest.fixture
async def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ClipRoom]:
    async with clip_room(tmp_path, monkeypatch) as opened:
        yield opened


async def test_pictures_music_and_speech_become_one_piece(room: ClipRoom) -> None:
    chosen = await room.everything()
    job = await room.posted(await room.ask(**chosen))
    post = room.discord.clips[job.id]
    assert room.discord.clip_bytes[job.id].split(b"\n") == [
        b"with sound", b"card %d" % CARD, b"picture 8", b"picture 7"
    ]  # fmt: skip
    assert post.lines == (
        "Der Fuchs",
        "Bilder: Mini · Seeds 8, 7",
        "Musik: Mini-Music · Seed 5",
        "KI-Stimme: eSpeak NG · Seed 3",
    )
    assert (post.spoken, post.owner) == (TEXT, None)
    assert post.subtitles is not None
    assert TEXT in post.subtitles.read_text(encoding="utf-8")
    assert job.parent == chosen["speech"].job
    assert sorted(one.kind for one in await room.artifacts.of_job(job.id)) == [
        "facts", "sheet", "subtitles", "video"
    ]  # fmt: skip


async def test_the_worker_gets_files_and_a_recipe_with_all_sources(room: ClipRoom) -> None:
    chosen = await room.everything(subtitles="track")
    job = await room.posted(await room.ask(**chosen))
    request = next(one for one in room.workers.requests if one.job == job.id)
    params = request.params
    assert (request.family, request.task, request.model_id) == ("media", "clip_post", "")
    assert params["subtitles"] == "track"
    assert params["music"].endswith("wave-1.wav")
    assert [Path(part["file"]).name for part in params["parts"]] == ["image-2.png", "image-1.png"]
    assert params["speech"] == [{"file": params["speech"][0]["file"], "text": TEXT}]
    recipe = params["recipe"]
    assert [(one["kind"], one["seed"]) for one in recipe["sources"]] == [
        ("picture", 8), ("picture", 7), ("music", 5), ("speech", 3)
    ]  # fmt: skip
    assert {one["medium"] for one in recipe["steps"]} == {"image", "music", "speech"}
    assert recipe["parent"] == {"job": chosen["speech"].job, "index": 1}


async def test_a_video_alone_is_silent_and_has_no_subtitles(room: ClipRoom) -> None:
    video = await room.shot()
    job = await room.posted(await room.ask(video=Chosen(job=video.id)))
    post = room.discord.clips[job.id]
    assert post.subtitles is None
    assert not post.measured.has_sound
    assert post.measured.frames == 9
    assert post.lines[0] == "Unser Stück"


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ({}, "clip_empty"),
        ({"pictures": (Chosen(job="none"),)}, "clip_gone"),
        ({"video": Chosen(job="a"), "pictures": (Chosen(job="b"),)}, "clip_both"),
        ({"pictures": (Chosen(job="a"),) * 5}, "clip_pictures"),
        ({"pictures": (Chosen(job="../x"),)}, "clip_reference"),
        ({"pictures": (Chosen(job="a"),), "title": "x" * 81}, "clip_title"),
        ({"pictures": (Chosen(job="a"),), "subtitles": "loud"}, "subtitles_unknown"),
    ],
)
async def test_wrong_choices_are_named(room: ClipRoom, parts: dict[str, Any], code: str) -> None:
    with pytest.raises(AtelierError) as raised:
        await room.ask(**parts)
    assert raised.value.code == code
    assert await room.all_jobs() == []


async def test_only_results_of_the_own_class_and_of_the_right_sort(room: ClipRoom) -> None:
    picture, music = await room.painted(), await room.played()
    for who, parts in (
        (STRANGER, {"pictures": (Chosen(job=picture.id),)}),
        (ANNA, {"pictures": (Chosen(job=music.id),)}),
        (ANNA, {"video": Chosen(job=picture.id)}),
        (ANNA, {"pictures": (Chosen(job=picture.id, index=3),)}),
        (ANNA, {"pictures": (Chosen(job=picture.id),), "speech": Chosen(job=music.id)}),
    ):
        with pytest.raises(AtelierError) as raised:
            await room.ask(who, **parts)
        assert raised.value.code == "clip_gone"


async def test_what_was_changed_meanwhile_is_not_used(room: ClipRoom) -> None:
    picture = await room.painted()
    kept = next(one for one in await room.artifacts.of_job(picture.id) if one.kind == "image")
    assert kept.path is not None
    sha256 = digest(kept.path)
    assert sha256 is not None
    await room.posted(await room.ask(pictures=(Chosen(job=picture.id, sha256=sha256),)))
    with pytest.raises(AtelierError, match="clip_changed"):
        await room.ask(pictures=(Chosen(job=picture.id, sha256="0" * 64),))
    kept.path.write_bytes(b"another 1")
    with pytest.raises(AtelierError, match="clip_gone"):
        await room.ask(pictures=(Chosen(job=picture.id),))


@pytest.mark.parametrize("bad", [CARD, 7, 8, 900_000])
async def test_one_flagged_frame_wherever_it_stands_refuses_all(room: ClipRoom, bad: int) -> None:
    chosen = await room.everything()
    room.workers.flagged = {bad}
    job = await room.end(await room.ask(**chosen))
    assert job.state is JobState.REFUSED
    assert job.error_code in {"refused_video_flagged", "refused_image_flagged"}
    assert await room.artifacts.of_job(job.id) == []
    assert room.discord.clips == {}


async def test_words_are_checked_before_and_in_what_was_made(room: ClipRoom) -> None:
    chosen = await room.everything()
    with pytest.raises(AtelierError, match="refused_sexual"):
        await room.ask(**{**chosen, "title": "pornografie"})
    room.workers.srt = lambda _: "1\n00:00:01,000 --> 00:00:02,000\npornografie\n"
    job = await room.end(await room.ask(**chosen))
    assert (job.state, job.error_code) == (JobState.REFUSED, "refused_sexual")


async def test_a_piece_without_the_sound_that_was_chosen_is_none(room: ClipRoom) -> None:
    chosen = await room.everything()
    room.workers.seen = lambda facts: {**facts, "audio": None}
    job = await room.end(await room.ask(**chosen))
    assert (job.state, job.error_code) == (JobState.FAILED, "worker_garbage")


async def test_what_is_kept_is_judged_again_and_posted_after_a_restart(room: ClipRoom) -> None:
    chosen = await room.everything()

    def away() -> None:
        raise ConnectionError

    room.discord.fault = away  # type: ignore[assignment]
    ticket = await room.ask(**chosen)

    async def waits() -> bool:
        job = await room.jobs.get(ticket.job.id)
        return job is not None and job.state is JobState.POSTING

    await until(waits)
    await room.close()
    room.discord.fault = Fault()
    await room.open()
    job = await room.jobs.get(ticket.job.id)
    assert job is not None
    await room.deliver.post_again(job)
    await room.posted(ticket)
    assert room.discord.clips[job.id].lines[0] == "Der Fuchs"
    assert room.discord.clips[job.id].spoken == TEXT


async def test_once_more_with_the_other_subtitles(room: ClipRoom) -> None:
    job = await room.posted(await room.ask(**await room.everything()))
    again = await room.posted(await room.clip.again(job.id, BEN, ADDRESS, other_subtitles=True))
    assert (again.owner_id, again.params["subtitles"]) == ("ben", "track")
    assert {**again.params, "subtitles": "burned"} == job.params


# -- what somebody may see, and what is still there --


PRIVATELY = Rules(media=tuple(GROUPS), private=True)


async def test_nobody_else_finds_or_uses_what_only_its_owner_sees(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with clip_room(tmp_path, monkeypatch, rules=PRIVATELY) as room:
        picture, music, video = await room.painted(), await room.played(), await room.shot()
        chosen: list[tuple[Kind, dict[str, Any]]] = [
            ("picture", {"pictures": (Chosen(job=picture.id),)}),
            ("video", {"video": Chosen(job=video.id)}),
            ("music", {"pictures": (Chosen(job=picture.id),), "music": Chosen(job=music.id)}),
        ]
        for kind, parts in chosen:
            assert await room.clip.offered(kind, BEN) == []
            assert len(await room.clip.offered(kind, ANNA)) == 1
            with pytest.raises(AtelierError, match="clip_gone"):
                await room.ask(BEN, **parts)
            await room.posted(await room.ask(**parts))
        with pytest.raises(AtelierError, match="job_gone"):
            await room.submit.again(picture.id, BEN, ADDRESS, new_seeds=True)
        moved = replace(video, owner_id="ben", params={**video.params, "song": f"{music.id}/1"})
        with pytest.raises(AtelierError, match="song_gone"):
            await references_of(room.parts).prepare(moved)


async def test_in_a_private_lesson_a_piece_is_private_unless_somebody_speaks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with clip_room(tmp_path, monkeypatch, rules=PRIVATELY) as room:
        picture, speech = await room.painted(), await room.spoken()
        seen = {"pictures": (Chosen(job=picture.id),)}
        silent = await room.posted(await room.ask(**seen))
        spoken = await room.posted(await room.ask(**seen, speech=Chosen(job=speech.id)))
        told = {job.id: (is_private(job), PRIVATE in job.notices) for job in (silent, speech, spoken)}
        assert told == {silent.id: (True, True), speech.id: (False, False), spoken.id: (False, False)}
        with pytest.raises(AtelierError, match="job_gone"):
            await room.clip.again(silent.id, BEN, ADDRESS, other_subtitles=False)


async def test_what_was_taken_down_is_not_offered(room: ClipRoom) -> None:
    picture = await room.painted()
    assert [one.id for one in await room.clip.offered("picture", BEN)] == [picture.id]
    await room.artifacts.delete(picture.id)
    assert await room.clip.offered("picture", BEN) == []


async def test_what_is_taken_down_while_a_piece_is_made_is_not_shown_in_it(room: ClipRoom) -> None:
    picture = await room.painted()
    kept = [one.path for one in await room.artifacts.of_job(picture.id) if one.path is not None]

    def taken_down(outcome: Outcome) -> Outcome:
        for path in kept:
            path.unlink()
        return outcome

    room.workers.change["clip_post"] = taken_down
    job = await room.end(await room.ask(BEN, pictures=(Chosen(job=picture.id),)))
    assert (job.state, job.error_code) == (JobState.FAILED, "clip_gone")
    assert room.discord.clips == {}


async def test_what_is_taken_down_while_a_piece_waits_to_be_shown_is_not_shown_in_it(room: ClipRoom) -> None:
    picture = await room.painted()

    def away() -> None:
        raise ConnectionError

    room.discord.fault = away  # type: ignore[assignment]
    ticket = await room.ask(pictures=(Chosen(job=picture.id),))

    async def waits() -> bool:
        job = await room.jobs.get(ticket.job.id)
        return job is not None and job.state is JobState.POSTING

    await until(waits)
    await room.artifacts.delete(picture.id)
    room.discord.fault = Fault()
    job = await room.end(ticket)
    assert (job.state, job.error_code) == (JobState.FAILED, "artifact_changed")
    assert room.discord.clips == {}


# -- what is told of it --


async def test_a_title_that_nobody_can_see_is_none(room: ClipRoom) -> None:
    picture = await room.painted()
    for title in ("\u200b", "\u2800 \u3164", "   "):
        job = await room.posted(await room.ask(pictures=(Chosen(job=picture.id),), title=title))
        assert room.discord.clips[job.id].lines[0] == "Unser Stück"


async def test_a_video_is_told_with_all_its_seeds_and_with_the_music_that_it_brings(room: ClipRoom) -> None:
    music = await room.played()
    video = await room.shot(piece=music.id)
    speech = await room.spoken()
    job = await room.posted(await room.ask(video=Chosen(job=video.id), speech=Chosen(job=speech.id)))
    assert room.discord.clips[job.id].lines[1:] == (
        "Video: Mini · Seeds 7, 9",
        "Musik: Mini-Music · Seed 5",
        "KI-Stimme: eSpeak NG · Seed 3",
    )


async def test_why_a_recording_may_be_used_stands_at_the_piece_of_its_video(room: ClipRoom) -> None:
    video = await room.shot()
    await room.database.write(
        lambda connection: connection.execute(
            "UPDATE jobs SET params = json_set(params, '$.song', 'anupload', '$.declaration', 'own') WHERE id = ?",
            (video.id,),
        )
    )
    job = await room.posted(await room.ask(BEN, video=Chosen(job=video.id)))
    assert job.params["declaration"] == "own"
    assert room.discord.clips[job.id].lines[-1] == "Music: a recording of their own"


# -- a voice in it --


async def voiced(room: ClipRoom, speech_id: str, who: Any = ANNA) -> Any:
    picture = await room.painted()
    return await room.ask(
        who, pictures=(Chosen(job=picture.id),), speech=Chosen(job=speech_id), title="Meine Stimme"
    )


async def test_a_copied_voice_is_named_and_traced(room: ClipRoom) -> None:
    consent, speech = await room.cloned()
    job = await room.posted(await voiced(room, speech.id))
    post = room.discord.clips[job.id]
    assert (post.owner, post.until) == ("anna", consent.until)
    assert job.params["speech"] == speech.id == job.parent
    assert [one.job for one in await room.parts.traces.of_voice(consent.voice)] == [speech.id, job.id]


async def test_withdrawing_the_voice_takes_the_piece_back(room: ClipRoom) -> None:
    consent, speech = await room.cloned()
    job = await room.posted(await voiced(room, speech.id))
    revoked = await room.revoking().revoke(consent.voice, ANNA)
    assert (revoked.deleted, revoked.left) == (2, ())
    assert room.discord.clips == {}
    assert room.discord.spoken == {}
    assert await room.artifacts.of_job(job.id) == []
    with pytest.raises(AtelierError) as raised:
        await room.clip.again(job.id, ANNA, ADDRESS, other_subtitles=False)
    assert raised.value.code in {"clip_gone", "refused_consent_revoked"}


async def test_a_withdrawal_while_it_is_made_ends_it(room: ClipRoom) -> None:
    consent, speech = await room.cloned()
    picture = await room.painted()
    started = room.workers.on_start
    room.workers.on_start = lambda request: (
        room.workers.held.add(request.job) if request.task == "clip_post" else started(request)
    )
    ticket = await room.ask(pictures=(Chosen(job=picture.id),), speech=Chosen(job=speech.id))

    await until(lambda: ticket.job.id in room.workers.held)
    await room.revoking().revoke(consent.voice, ANNA)
    job = await room.end(ticket)
    assert job.state in {JobState.CANCELLED, JobState.REFUSED}
    assert job.error_code == "refused_consent_revoked"
    assert room.discord.clips == {}


async def test_whoever_may_not_use_the_voice_may_not_use_what_it_said(room: ClipRoom) -> None:
    _, speech = await room.cloned()
    with pytest.raises(MoveRefused) as raised:
        await voiced(room, speech.id, BEN)
    assert raised.value.code == "refused_consent_person"


@pytest.mark.parametrize("to", [JobState.QUEUED, JobState.RUNNING, JobState.CHECKING, JobState.POSTING])
async def test_the_gate_asks_at_every_move(room: ClipRoom, to: JobState) -> None:
    """By hand: no service is between the job and its moves."""
    consent, speech = await room.cloned()
    way = [JobState.QUEUED, JobState.RUNNING, JobState.CHECKING, JobState.POSTING]
    clip = replace(
        speech,
        id=f"clip{to}",
        medium="clip",
        family="media",
        model="clip",
        params={"pictures": ["a/1"], "speech": speech.id},
        state=JobState.ACCEPTED,
    )
    await room.jobs.add(clip)
    for state in way[: way.index(to)]:
        await room.jobs.move(clip.id, state)
    await room.voices.revoke(consent)
    with pytest.raises(MoveRefused) as raised:
        await room.jobs.move(clip.id, to)
    assert raised.value.code == "refused_consent_revoked"


@pytest.mark.parametrize("speech", ["unknown", 7, ["x"], {"id": "x"}, ""])
async def test_a_voice_that_cannot_be_found_is_no_consent(room: ClipRoom, speech: object) -> None:
    picture = await room.painted()
    clip = replace(
        picture, id="clipx", medium="clip", family="media", params={"speech": speech}, state=JobState.ACCEPTED
    )
    await room.jobs.add(clip)
    with pytest.raises(MoveRefused, match="refused_consent_none"):
        await room.jobs.move(clip.id, JobState.QUEUED)


async def test_nobodys_voice_needs_nobody(room: ClipRoom) -> None:
    speech = await room.spoken()
    assert speech.family == NOBODYS_FAMILY
    job = await room.posted(await voiced(room, speech.id, BEN))
    assert room.discord.clips[job.id].owner is None


@pytest.mark.parametrize(
    ("here", "code"), [(False, "refused_voice_owner_gone"), (None, "refused_voice_owner_unsure")]
)
async def test_nobody_uses_the_voice_of_somebody_who_may_have_left(
    room: ClipRoom, here: bool | None, code: str
) -> None:
    consent, speech = await room.cloned(allowed=("ben",))
    job = await room.posted(await voiced(room, speech.id, BEN))
    room.discord.members["anna"] = here
    for asked in (
        room.spoken("Good morning.", BEN, voice=consent.voice),
        room.speak.again(speech.id, BEN, ADDRESS, new_seed=True),
        voiced(room, speech.id, BEN),
        room.clip.again(job.id, BEN, ADDRESS, other_subtitles=False),
    ):
        with pytest.raises(AtelierError) as raised:
            await asked
        assert raised.value.code == code
    await room.posted(await voiced(room, speech.id, ANNA))  # whose it is stands here and asks


@pytest.mark.parametrize("here", [False, None])
async def test_an_owner_who_leaves_before_a_job_starts_ends_it(room: ClipRoom, here: bool | None) -> None:
    consent, speech = await room.cloned(allowed=("ben",))
    job = await room.posted(await voiced(room, speech.id, BEN))
    prepare = preparing(room.parts, publisher=room.discord)
    said = replace(speech, owner_id="ben")
    for one in (job, said):
        await prepare(one)
    room.discord.members["anna"] = here
    for one in (job, said):
        with pytest.raises(AtelierError, match="refused_voice_owner"):
            await prepare(one)
    assert consent.person == "anna"
