"""From a title, typed notes or a MIDI file to a post with notes, on the real wiring."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.services.audio_ports import NotesRequest, Question
from bot.services.ports import Requester, Ticket
from generation.errors import InvalidInput, NotAllowed, NotFound, Refused
from generation.job import Job, JobState
from tests.fakes_music import MIDI, an_upload
from tests.unit.bot.services.conftest import ADDRESS, ANNA, BEN, STRANGER
from tests.unit.bot.services.music_room import PRESS, MusicRoom, music_room

ENTCHEN = "C D E F G2 G2"


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[MusicRoom]:
    async with music_room(tmp_path) as opened:
        yield opened


async def ask(room: MusicRoom, who: Requester = ANNA, **request: Any) -> Ticket | Question:
    return await room.desk.notes.notes(NotesRequest(**{"seed": 7, **request}), who, ADDRESS)


async def written(room: MusicRoom, who: Requester = ANNA, **request: Any) -> Job:
    answer = await ask(room, who, **request)
    assert isinstance(answer, Ticket)
    return await room.end(answer)


async def test_a_title_becomes_notes(room: MusicRoom) -> None:
    job = await written(room, prompt="Mondscheinsonate, Beethoven", count=2, tokens=64, temperature=0.5)
    assert job.state is JobState.POSTED
    pieces = room.stage.pieces[job.id].pieces
    assert [(piece.seed, piece.file.suffix) for piece in pieces] == [(7, ".ogg"), (8, ".ogg")]
    assert all(piece.midi is not None and piece.midi.read_bytes() == MIDI for piece in pieces)
    assert room.request(job.id, "notes").params == {
        "prompt": "Mondscheinsonate, Beethoven",
        "melody": [],
        "tokens": 64,
        "count": 2,
        "temperature": 0.5,
    }
    drawn = room.request(f"{job.id}-post", "notes_post").params
    assert drawn["note_names"][-1] == "H"


async def test_typed_notes_are_continued_six_times(room: MusicRoom) -> None:
    job = await written(room, melody=ENTCHEN)
    assert job.params["count"] == 6
    assert [note["pitch"] for note in job.params["melody"]] == [60, 62, 64, 65, 67, 67]
    assert "declaration" not in job.params
    drawn = room.request(f"{job.id}-post", "notes_post").params
    assert [piece["given"] for piece in drawn["pieces"]] == [6] * 6
    assert drawn["title"] == "Ohne Titel"


async def test_german_and_english_names(room: MusicRoom) -> None:
    assert (await written(room, melody="H B")).params["melody"][1]["pitch"] == 70
    assert (await written(room, BEN, melody="H B")).params["melody"][1]["pitch"] == 71


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ({}, "notes_empty"),
        ({"melody": "C D X"}, "note_unknown"),
        ({"melody": "- -"}, "melody_empty"),
        ({"prompt": "x", "tokens": 15}, "tokens_invalid"),
        ({"prompt": "x", "tokens": 513}, "tokens_invalid"),
        ({"prompt": "x", "count": 7}, "takes_invalid"),
        ({"prompt": "x", "temperature": 2.1}, "notes_temperature"),
        ({"prompt": "x", "temperature": float("nan")}, "notes_temperature"),
        ({"melody": "C", "file": an_upload()}, "melody_twice"),
        ({"file": an_upload(b"midi?")}, "midi_broken"),
        ({"file": an_upload(size=2**21)}, "upload_large"),
    ],
)
async def test_bad_input(room: MusicRoom, request_: dict[str, Any], code: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        await ask(room, **request_)
    assert caught.value.code == code
    assert await room.jobs.of_owner(ANNA.guild_id, ANNA.person_id) == []
    assert room.left_behind() == []


async def test_titles_are_checked(room: MusicRoom) -> None:
    with pytest.raises(Refused):
        await ask(room, prompt="Pornos")
    with pytest.raises(Refused):
        await ask(room, prompt="Pornos", file=an_upload(MIDI))
    assert room.tasks() == []


async def test_a_midi_file_asks_once_and_is_continued(room: MusicRoom) -> None:
    question = await ask(room, file=an_upload(MIDI, "entchen.mid"))
    assert isinstance(question, Question)
    assert question.name == "entchen.mid"
    job = await room.end(await room.desk.uploads.decide(question.id, "public_domain", ANNA, PRESS))
    assert (job.params["declaration"], job.params["count"]) == ("public_domain", 6)
    assert [note["pitch"] for note in job.params["melody"]] == [60, 62]
    assert {"declaration", "upload"}.isdisjoint(room.request(job.id, "notes").params)
    second = await written(room, file=an_upload(MIDI, "another name.mid"), count=1)
    assert second.params["declaration"] == "public_domain"
    assert room.tasks().count("probe_midi") == 1
    assert room.uploaded() == []


async def test_again(room: MusicRoom) -> None:
    old = await written(room, melody=ENTCHEN)
    ticket = await room.desk.notes.again(old.id, BEN, ADDRESS, new_seed=True)
    assert ticket.job.params == old.params
    assert ticket.job.seed != old.seed
    assert (await room.desk.notes.again(old.id, ANNA, ADDRESS, new_seed=False)).job.seed == old.seed
    with pytest.raises(NotFound, match="job_gone"):
        await room.desk.notes.again(old.id, STRANGER, ADDRESS, new_seed=False)


async def test_a_melody_from_a_file_is_its_person_s(room: MusicRoom) -> None:
    question = await ask(room, file=an_upload(MIDI))
    assert isinstance(question, Question)
    job = await room.end(await room.desk.uploads.decide(question.id, "own", ANNA, PRESS))
    with pytest.raises(NotAllowed, match="upload_of_other"):
        await room.desk.notes.again(job.id, BEN, ADDRESS, new_seed=True)
    assert (await room.desk.notes.again(job.id, ANNA, ADDRESS, new_seed=True)).job.params == job.params
