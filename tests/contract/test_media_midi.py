"""Notes: a melody is found in uploads, and pieces become MIDI files, sound and a piano roll."""

from __future__ import annotations

import json
import random
import struct
from pathlib import Path
from typing import Any

import pytest

from bot.png import read_recipe
from generation.environments import Environments
from generation.errors import WorkerError
from generation.supervisor import Outcome
from tests.contract import midi_counts
from tests.contract.audio_counts import run_in_media
from tests.contract.midi_files import ENTCHEN, midi, row, tempo, texts, track
from tests.contract.picture_files import drawn, pixels
from tests.contract.picture_runs import Runs

TEAL, BLUE, AMBER = (79, 195, 161), (143, 180, 255), (242, 184, 75)
GERMAN = ["C", "Cis", "D", "Dis", "E", "F", "Fis", "G", "Gis", "A", "B", "H"]
POST: dict[str, Any] = {
    "label": "Mit KI gemacht – für alle",
    "title": "Alle meine Entchen, ähnlich",
    "recipe": {"model": "mini-notes", "model_title": "Mini-Noten"},
    "flagged_text": "Dieses Stück zeigen wir nicht.",
}
SOURCE = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"


async def melody(runs: Runs, folder: Path, content: bytes) -> Outcome:
    file = folder / "upload.mid"
    file.write_bytes(content)
    return await runs.media("probe_midi", {"file": str(file)})


async def reason(runs: Runs, folder: Path, content: bytes) -> str:
    with pytest.raises(WorkerError) as caught:
        await melody(runs, folder, content)
    assert caught.value.code == "invalid_input"
    return str(caught.value.values["reason"])


def plain(notes: Any) -> list[list[float]]:
    return [
        [pitch, pytest.approx(start, abs=0.01), pytest.approx(length, abs=0.01)]
        for pitch, start, length in notes
    ]


async def test_a_melody_is_read_with_its_tempo(runs: Runs, tmp_path: Path) -> None:
    outcome = await melody(runs, tmp_path, midi([track(row(ENTCHEN), before=tempo(90))]))
    assert outcome.facts["notes"] == plain(row(ENTCHEN))
    assert outcome.facts["tempo"] == pytest.approx(90, abs=0.1)
    assert outcome.files == ()


async def test_without_a_tempo_it_is_120(runs: Runs, tmp_path: Path) -> None:
    assert (await melody(runs, tmp_path, midi([track(row(ENTCHEN))]))).facts["tempo"] == 120


async def test_the_voice_with_most_notes_is_taken_and_drums_are_not(runs: Runs, tmp_path: Path) -> None:
    bass, drums = row([(36, 4), (43, 4)]), row([(42, 0.25)] * 60)
    content = midi([track(bass), track(drums, channel=9), track(row(ENTCHEN), channel=3)])
    assert (await melody(runs, tmp_path, content)).facts["notes"] == plain(row(ENTCHEN))


async def test_the_top_line_is_the_melody(runs: Runs, tmp_path: Path) -> None:
    chords = [(pitch - down, start, length) for pitch, start, length in row(ENTCHEN) for down in (12, 8, 0)]
    assert (await melody(runs, tmp_path, midi([track(chords)]))).facts["notes"] == plain(row(ENTCHEN))


async def test_held_chords_below_are_left_out_and_notes_that_overlap_a_little_are_not(
    runs: Runs, tmp_path: Path
) -> None:
    falling = [(72, 0.0, 1.1), (71, 1.0, 1.1), (69, 2.0, 1.1), (67, 3.0, 1.0)]
    under = [(48, 0.5, 0.4), (52, 2.4, 0.5)]
    found = (await melody(runs, tmp_path, midi([track(falling + under)]))).facts["notes"]
    assert found == plain([(72, 0, 1), (71, 1, 1), (69, 2, 1), (67, 3, 1)])


async def test_rests_before_the_first_note_are_cut_by_whole_beats(runs: Runs, tmp_path: Path) -> None:
    late = [(pitch, start + 16.5, length) for pitch, start, length in row(ENTCHEN)]
    found = (await melody(runs, tmp_path, midi([track(late)]))).facts["notes"]
    assert [start for _, start, _ in found] == [pytest.approx(one + 0.5) for one in (0, 1, 2, 3, 4, 6)]


async def test_512_notes_are_a_melody_and_one_more_is_not(runs: Runs, tmp_path: Path) -> None:
    notes = row([(60 + place % 12, 0.5) for place in range(513)])
    assert len((await melody(runs, tmp_path, midi([track(notes[:512])]))).facts["notes"]) == 512
    assert await reason(runs, tmp_path, midi([track(notes)])) == "midi_long"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "midi_broken"),
        (b"Alle meine Entchen", "midi_broken"),
        (midi([track(row(ENTCHEN))])[:40], "midi_broken"),
        (midi([track(row(ENTCHEN))], ticks=0), "midi_broken"),
        (midi([]), "midi_empty"),
        (midi([track(row(ENTCHEN), channel=9)]), "midi_empty"),
        (midi([track([(60, 0, 1), (62, 4000, 1)])]), "midi_long"),
        (midi([track([(60, 0, 1), (62, 256, 1)])]), "midi_long"),
        (midi([track([])]) + bytes(1_100_000), "midi_long"),
    ],
)
async def test_each_fault_has_its_code(runs: Runs, tmp_path: Path, content: bytes, code: str) -> None:
    assert await reason(runs, tmp_path, content) == code


async def test_hostile_files_do_no_harm(runs: Runs) -> None:
    counted = await midi_counts.count(runs, random.Random(5), 24)
    assert counted.faults == []
    assert counted.outcomes["crowded: midi_long"] > 0


def piece(folder: Path, index: int, notes: Any = ENTCHEN, **more: Any) -> dict[str, Any]:
    file = folder / f"{index}.mid"
    file.write_bytes(midi([track(row(notes), before=tempo(120))]))
    return {"file": str(file), "index": index, "seed": 6 + index, **more}


async def post(runs: Runs, *pieces: dict[str, Any], **params: Any) -> Outcome:
    return await runs.media("notes_post", {**POST, **params, "pieces": list(pieces)})


async def look(environments: Environments, file: Path) -> dict[str, Any]:
    (found,) = json.loads(await run_in_media(environments, "look", file))
    return dict(found)


async def test_a_piece_is_written_played_and_drawn(
    runs: Runs, environments: Environments, tmp_path: Path
) -> None:
    outcome = await post(runs, piece(tmp_path, 1), piece(tmp_path, 2, [(69, 4)]))
    assert sorted((file.name, file.kind, file.index, file.seed) for file in outcome.files) == [
        ("piece-1.mid", "notes", 1, 7),
        ("piece-1.ogg", "audio", 1, 7),
        ("piece-2.mid", "notes", 2, 8),
        ("piece-2.ogg", "audio", 2, 8),
        ("roll.png", "sheet", 0, None),
    ]
    assert (outcome.facts["width"], outcome.facts["height"]) == pixels(outcome.out / "roll.png")[:2]
    assert read_recipe((outcome.out / "roll.png").read_bytes()) == {**POST["recipe"], "seeds": [7, 8]}
    facts = outcome.facts["measured"]["piece-1.ogg"]
    assert facts["seconds"] == pytest.approx(8 / 2 + 0.5, abs=0.06)
    assert (facts["finite"], facts["clipped"]) == (True, 0)
    assert -24 <= facts["loudness_lufs"] <= -15.5
    assert facts["peak"] <= 10 ** (-1 / 20) + 0.001
    played = await look(environments, outcome.out / "piece-2.ogg")
    assert played["pitch"] == pytest.approx(440, rel=0.01)
    assert (
        json.loads({name.lower(): text for name, text in played["tags"].items()}["klassenatelier"])["index"]
        == 2
    )


@pytest.mark.parametrize("pitch", [36, 48, 60, 72, 84, 96])
async def test_every_key_sounds_as_high_as_it_is(
    runs: Runs, environments: Environments, tmp_path: Path, pitch: int
) -> None:
    outcome = await post(runs, piece(tmp_path, 1, [(pitch, 4)]))
    found = (await look(environments, outcome.out / "piece-1.ogg"))["pitch"]
    assert found == pytest.approx(440 * 2 ** ((pitch - 69) / 12), rel=0.012)


async def test_the_notes_stay_and_the_file_says_what_it_is(runs: Runs, tmp_path: Path) -> None:
    outcome = await post(runs, piece(tmp_path, 1))
    file = outcome.out / "piece-1.mid"
    assert (await melody(runs, tmp_path, file.read_bytes())).facts["notes"] == plain(row(ENTCHEN))
    title, label, *others = texts(file.read_bytes())
    assert (title, label) == (POST["title"], POST["label"])
    named = dict(one.split(": ", 1) for one in others)
    assert named["DIGITALSOURCETYPE"] == SOURCE
    assert json.loads(named["klassenatelier"]) == {**POST["recipe"], "seed": 7, "index": 1}


def count_of(file: Path, colour: tuple[int, int, int]) -> int:
    values, wanted = pixels(file)[2], bytes(colour)
    return sum(values[place : place + 3] == wanted for place in range(0, len(values), 3))


async def test_the_given_notes_have_a_colour_of_their_own(runs: Runs, tmp_path: Path) -> None:
    whole = [*ENTCHEN, (69, 1), (69, 1), (69, 1), (69, 1), (67, 4)]
    given = (await post(runs, piece(tmp_path, 1, whole, given=6))).out / "roll.png"
    free = (await post(runs, piece(tmp_path, 1, whole))).out / "roll.png"
    assert (count_of(free, BLUE), count_of(free, AMBER)) == (0, 0)
    assert count_of(given, BLUE) == pytest.approx(count_of(given, TEAL), rel=0.15)
    assert count_of(given, BLUE) + count_of(given, TEAL) == pytest.approx(count_of(free, TEAL), rel=0.05)
    assert count_of(given, AMBER) > 100


async def test_german_names_have_an_h(runs: Runs, tmp_path: Path) -> None:
    notes = [(71, 4), (72, 4)]
    english = await post(runs, piece(tmp_path, 1, notes))
    german = await post(runs, piece(tmp_path, 1, notes), note_names=GERMAN)
    same = await post(runs, piece(tmp_path, 1, [(72, 4), (74, 4)]))
    alike = await post(runs, piece(tmp_path, 1, [(72, 4), (74, 4)]), note_names=GERMAN)
    assert drawn(english.out / "roll.png") != drawn(german.out / "roll.png")
    assert drawn(same.out / "roll.png") == drawn(alike.out / "roll.png")


async def test_six_continuations_stand_under_each_other(runs: Runs, tmp_path: Path) -> None:
    rng = random.Random(2)
    pieces = [
        piece(tmp_path, index, [*ENTCHEN, *((rng.randint(60, 79), 0.5) for _ in range(20))], given=6)
        for index in range(1, 7)
    ]
    outcome = await post(runs, *pieces, given_text="vorgegeben", new_text="vom Modell", bar_text="Takt")
    assert len(outcome.files) == 13
    assert 800 <= outcome.facts["height"] <= 1600


async def test_a_long_piece_is_no_endless_picture(runs: Runs, tmp_path: Path) -> None:
    outcome = await post(runs, piece(tmp_path, 1, [(30 + place % 80, 0.25) for place in range(512)]))
    assert outcome.facts["height"] <= 1600


async def test_a_piece_without_notes_is_silence(runs: Runs, tmp_path: Path) -> None:
    outcome = await post(runs, piece(tmp_path, 1, []))
    assert outcome.facts["measured"]["piece-1.ogg"]["silent_share"] == 1


async def test_a_refused_piece_has_a_sentence_and_no_file(runs: Runs, tmp_path: Path) -> None:
    refused = {"file": None, "index": 2, "seed": 8}
    outcome = await post(runs, piece(tmp_path, 1), refused)
    assert [file.name for file in outcome.files] == ["roll.png", "piece-1.mid", "piece-1.ogg"]
    assert [file.name for file in (await post(runs, refused)).files] == ["roll.png"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"pieces": []},
        {"pieces": [{"file": 5, "index": 1}]},
        {"pieces": [{"file": None, "index": 1, "given": "x"}]},
        {"pieces": [{"file": None, "index": index} for index in range(7)]},
        {"note_names": ["C"]},
    ],
)
async def test_a_strange_request_is_refused(runs: Runs, wrong: dict[str, Any]) -> None:
    right = {**POST, "pieces": [{"file": None, "index": 1, "seed": 1}]}
    with pytest.raises(WorkerError) as caught:
        await runs.media("notes_post", {**right, **wrong})
    assert caught.value.code == "invalid_input"


@pytest.mark.parametrize(
    "content", [b"", b"MThd", midi([track([(60, 0, 3000)])]), b"MThd" + struct.pack(">I", 6)]
)
async def test_what_no_worker_of_ours_writes_fails(runs: Runs, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "piece.mid"
    file.write_bytes(content)
    with pytest.raises(WorkerError) as caught:
        await post(runs, {"file": str(file), "index": 1, "seed": 1})
    assert caught.value.code == "worker_failed"
