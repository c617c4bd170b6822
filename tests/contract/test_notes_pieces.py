"""Notes through a real worker: what words choose, how a melody goes on, the same again, cancelled within a token."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from generation.catalog import Catalog
from generation.environments import Environments
from generation.errors import ModelMissing, TaskCancelled, WorkerError
from generation.supervisor import Outcome, Progress, Supervisor
from tests.contract.notes_runs import DUCKS, NotesRuns, Row, typed

C_MAJOR = {0, 2, 4, 5, 7, 9, 11}


@pytest.fixture
def notes(supervisor: Supervisor, environments: Environments, catalog: Catalog, tmp_path: Path) -> NotesRuns:
    return NotesRuns(supervisor, environments, catalog, tmp_path)


def share(rows: Sequence[Row], classes: set[int]) -> float:
    return sum(row[0] % 12 in classes for row in rows) / len(rows)


def contents(outcome: Outcome) -> list[bytes]:
    return [(outcome.out / file.name).read_bytes() for file in outcome.files]


async def test_a_mood_a_tempo_and_a_scale_are_heeded(notes: NotesRuns) -> None:
    happy = await notes.write("fröhlich, schnell, C-Dur", tokens=128, count=3)
    sad = await notes.write("a sad slow melody in C minor", tokens=128, count=3)

    rows = [row for index in (1, 2, 3) for row in (await notes.read(happy, index))[0]]
    assert share(rows, C_MAJOR) >= 0.8
    assert happy.facts["known_words"] == ["fröhlich", "schnell", "dur"]
    assert sad.facts["known_words"] == ["sad", "slow", "minor"]
    assert min(happy.facts["tempo"]) > 110 > 90 > max(sad.facts["tempo"])


async def test_the_facts_are_those_of_the_file(notes: NotesRuns) -> None:
    outcome = await notes.write("lustig", count=2)

    for index in (1, 2):
        rows, tempo = await notes.read(outcome, index)
        assert outcome.facts["notes"][index - 1] == len(rows)
        assert outcome.facts["tempo"][index - 1] == pytest.approx(tempo, abs=0.01)
        end = max(start + length for _, start, length in rows)
        assert outcome.facts["seconds"][index - 1] == pytest.approx(end * 60 / tempo, abs=0.01)
    assert all(8 <= tokens <= 64 for tokens in outcome.facts["tokens"])
    assert {file.kind for file in outcome.files} == {"notes"}
    assert b"AI-generated" in (outcome.out / "1.mid").read_bytes()


async def test_six_continuations_of_all_my_ducklings(notes: NotesRuns) -> None:
    outcome = await notes.write(melody=typed(DUCKS), count=6)

    pieces = [(await notes.read(outcome, index))[0] for index in range(1, 7)]
    for rows in pieces:
        assert rows[:6] == [(pitch, float(place), 1.0) for place, pitch in enumerate(DUCKS)]
        assert rows[6][1] >= 6.0
    new = [tuple(rows[6:]) for rows in pieces]
    assert len(set(new)) == 6
    assert sum(share(rows, C_MAJOR) for rows in new) / 6 >= 0.8
    assert outcome.facts["given_notes"] == 6


async def test_an_unknown_title_changes_the_chance_only_and_the_same_again_is_the_same(
    notes: NotesRuns,
) -> None:
    first = await notes.write("Bohemian Rhapsody, Queen")
    other = await notes.write("Nine Green Bicycles")
    again = await notes.write("Bohemian Rhapsody, Queen")

    assert first.facts["known_words"] == other.facts["known_words"] == []
    assert contents(first) == contents(again)
    assert contents(first)[0].count(b"MTrk") == 2
    assert contents(first) != contents(other)


async def test_a_piece_is_the_same_alone(notes: NotesRuns) -> None:
    three = await notes.write("ruhig", count=3)
    seed = three.files[2].seed
    assert seed is not None
    alone = await notes.write("ruhig", seed=seed)

    notes_alone, _ = await notes.read(alone)
    notes_third, _ = await notes.read(three, 3)
    assert notes_alone == notes_third
    assert contents(alone) == contents(three)[2:]


@pytest.mark.parametrize(
    "melody",
    [
        typed([127, 126, 127]),
        typed([0, 2, 4]),
        [{"pitch": 60, "start": 240.0, "length": 7.3}],
        [{"pitch": pitch, "start": 0.0, "length": 4.0} for pitch in (60, 64, 67)],
        typed([60, 62] * 256, 0.25),
        typed([60, 60, 60], 1 / 3),
    ],
    ids=["high", "low", "late", "chord", "long", "triplets"],
)
async def test_any_melody_goes_on(notes: NotesRuns, melody: list[dict[str, float]]) -> None:
    outcome = await notes.write(melody=melody, tokens=32)

    assert outcome.facts["notes"][0] > len(melody)


async def test_more_than_the_model_can_keep_in_mind_at_the_highest_temperature(notes: NotesRuns) -> None:
    outcome = await notes.write("wild", melody=typed([60, 62] * 100, 0.5), tokens=512, temperature=2.0)

    assert outcome.facts["tokens"][0] > 300
    assert outcome.facts["notes"][0] > 250


async def test_no_piece_is_longer_than_a_class_listens(notes: NotesRuns) -> None:
    long = typed([60, 64, 67, 64] * 16, length=4.0)
    outcome = await notes.write("traurig und langsam, 60 bpm", long, tokens=512)
    assert 256.0 < outcome.facts["seconds"][0] <= 296.0


async def test_cancelled_within_a_token_and_as_before_afterwards(notes: NotesRuns) -> None:
    before = contents(await notes.write("munter"))
    steps: list[Progress] = []
    begun = asyncio.Event()

    def seen(step: Progress) -> None:
        if step.total and step.done:
            steps.append(step)
            begun.set()

    running = asyncio.create_task(notes.write("munter", tokens=512, count=6, job="long", on_progress=seen))
    await asyncio.wait_for(begun.wait(), 60)
    await notes.supervisor.cancel("long")
    with pytest.raises(TaskCancelled):
        await running

    assert steps[-1].done < 6 * 512
    assert contents(await notes.write("munter")) == before


@pytest.mark.parametrize(
    "wrong",
    [
        {"tokens": 15},
        {"tokens": 513},
        {"count": 7},
        {"temperature": 0.0},
        {"prompt": ""},
        {"melody": [{"pitch": 128, "start": 0, "length": 1}]},
        {"melody": "C D E"},
        {"unheard": 1},
    ],
    ids=str,
)
async def test_wrong_parameters_are_refused(notes: NotesRuns, wrong: dict[str, object]) -> None:
    with pytest.raises(WorkerError) as caught:
        await notes.write(**{"prompt": "froh", **wrong})  # type: ignore[arg-type]

    assert caught.value.code == "invalid_input"


async def test_other_peoples_models_are_played_by_the_same_code_and_broken_ones_are_named(
    notes: NotesRuns,
) -> None:
    made = await notes.made_models()

    outcome = await notes.write("fröhlich", model=made / "other", tokens=200, temperature=1.5)
    further = await notes.write(melody=typed(DUCKS), model=made / "other")
    assert outcome.facts["known_words"] == []
    assert (await notes.read(further))[0][:1] == [(60, 0.0, 1.0)]
    for name in ("no_tokens", "pickle", "nowhere"):
        with pytest.raises(ModelMissing):
            await notes.write("froh", model=made / name)
    for name in ("cut", "strange", "small", "incomplete"):
        with pytest.raises(WorkerError) as caught:
            await notes.write("froh", model=made / name)
        assert caught.value.code == "model_broken", name
