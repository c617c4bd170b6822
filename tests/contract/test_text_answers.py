"""Answers of the text family: the same again, with memory of one thread only, cut to fit, cancelled within a token."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from generation.errors import TaskCancelled, WorkerError
from tests.contract.case_text import endless_model, model_at
from tests.contract.gguf_files import EOS, chain
from tests.contract.text_canaries import leaks
from tests.contract.text_runs import TextRuns, assistant, system, user

STORY = "Erzähl mir eine Geschichte von einem Fuchs."


async def test_the_mini_model_answers_in_german_and_english(texts: TextRuns) -> None:
    german = await texts.ask(user("Welche Farbe hat der Schnee?"), temperature=0.0)
    english = await texts.ask(user("What colour is snow?"), temperature=0.0)

    assert "weiß" in german.text
    assert "white" in english.text
    assert german.facts["ended"] == english.facts["ended"] == "stop"
    assert german.facts["template"] == "own"


async def test_the_same_again_also_after_others_and_in_another_process(texts: TextRuns) -> None:
    """What is remembered from before may save time, but never change a text."""
    first = await texts.ask(user(STORY), temperature=1.5, length=80)
    thread = [user(STORY), assistant(first.text), user("Erzähl mir eine Geschichte von einer Eule.")]
    remembered = await texts.ask(*thread, temperature=1.5, length=80)
    for other in ("Wie viele Beine hat eine Biene?", STORY + " Bitte!", "What comes after three?"):
        await texts.ask(user(other), temperature=1.5, length=80)
    fresh = await texts.ask(*thread, temperature=1.5, length=80)
    await texts.supervisor.stop("text")
    restarted = await texts.ask(*thread, temperature=1.5, length=80)

    assert remembered.facts["evaluated_tokens"] < fresh.facts["evaluated_tokens"]
    assert remembered.text == fresh.text == restarted.text
    assert (await texts.ask(*thread, temperature=1.5, length=80, seed=8)).text != fresh.text


async def test_what_is_remembered_gives_the_same_numbers_to_the_last_bit(texts: TextRuns) -> None:
    """Equal texts could be luck; these are the logits."""
    messages = [
        system("Antworte kurz."),
        user(STORY * 30),
        assistant("Der Fuchs schläft. " * 9),
        user("Warum?"),
    ]
    found = await texts.inside("remembered", messages)

    assert found["evaluated"][1] < found["evaluated"][0]
    assert found["different"] == 0


async def test_a_second_question_reads_hardly_anything_again(texts: TextRuns) -> None:
    opening = [system("Antworte kurz."), user("Guten Tag! " * 20)]
    first = await texts.ask(*opening, length=60, temperature=1.0)
    old = first.facts["prompt_tokens"] + first.facts["tokens"]
    question = user("Welche Farbe hat der Schnee?")
    second = await texts.ask(*opening, assistant(first.text), question, length=60)
    (cut,) = (await texts.look("tokens", texts=[question["text"]]))["texts"]

    again = second.facts["evaluated_tokens"] - len(cut)
    assert 0 <= again <= 0.05 * old
    assert first.facts["evaluated_tokens"] == first.facts["prompt_tokens"]


async def test_nothing_of_one_conversation_is_in_another(texts: TextRuns) -> None:
    assert await leaks(texts, 40) == []


async def test_length_ends_an_answer(texts: TextRuns, tmp_path: Path) -> None:
    answer = await texts.ask(user("Hör nicht auf!"), model=endless_model(tmp_path), length=5)

    assert answer.text == "lalalalala"
    assert (answer.facts["ended"], answer.facts["tokens"]) == ("length", 5)
    assert answer.facts["template"] == "plain"


async def test_the_oldest_turns_go_first_and_the_system_prompt_stays(texts: TextRuns) -> None:
    rule = system("Antworte kurz.")
    turns = [one for k in range(40) for one in (user(f"Frage {k}: Wie ist das Wetter?"), assistant("Schön."))]
    last = user("Welche Farbe hat der Schnee?")
    long = await texts.ask(rule, *turns, last, temperature=0.0, length=60)
    kept = await texts.ask(rule, last, temperature=0.0, length=60)

    assert (long.facts["memory_cut"], long.facts["prompt_cut"]) == (True, False)
    assert (kept.facts["memory_cut"], kept.facts["prompt_cut"]) == (False, False)
    assert 300 < long.facts["prompt_tokens"] <= 512 - 60


async def test_a_single_turn_that_is_too_long_is_shortened(texts: TextRuns) -> None:
    answer = await texts.ask(system("Antworte kurz."), user("Der Schnee ist weiß. " * 190), length=60)

    assert (answer.facts["memory_cut"], answer.facts["prompt_cut"]) == (False, True)
    assert 440 <= answer.facts["prompt_tokens"] <= 512 - 60
    with pytest.raises(WorkerError) as caught:
        await texts.ask(system("Antworte kurz. " * 200), user("Warum?"), length=60)
    assert caught.value.code == "invalid_input"


async def test_cancelled_within_a_token(texts: TextRuns, tmp_path: Path) -> None:
    model = endless_model(tmp_path)
    steps: list[float] = []
    params = {"messages": [user("Los!")], "temperature": 0.0, "length": 1024}
    running = asyncio.create_task(
        texts.run("text", params, model=model, job="stop-me", on_progress=lambda one: steps.append(one.done))
    )
    while len(steps) < 2:
        assert not running.done()
        await asyncio.sleep(0.005)
    began = time.monotonic()
    await texts.supervisor.cancel("stop-me")
    with pytest.raises(TaskCancelled):
        await running

    assert time.monotonic() - began < 2
    assert max(steps) < 1024
    assert (await texts.ask(user("Los!"), model=model, length=3)).text == "lalala"


@pytest.mark.parametrize("strength", [float("nan"), float("inf")])
async def test_numbers_that_are_none_give_no_answer(texts: TextRuns, tmp_path: Path, strength: float) -> None:
    file = chain(tmp_path / "nan" / "nan.gguf", {"<0x0A>": "la"}, words=["la"], strength=strength)
    with pytest.raises(WorkerError) as caught:
        await texts.ask(user("Hallo"), model=model_at(file.parent))
    assert caught.value.code == "worker_failed"
    with pytest.raises(WorkerError):
        await texts.look("next_word", model=model_at(file.parent), text="a", temperature=1.0, count=3, run=2)
    with pytest.raises(WorkerError):
        await texts.look("surprise", model=model_at(file.parent), text="a b")


async def test_an_empty_answer_is_none(texts: TextRuns, tmp_path: Path) -> None:
    file = chain(tmp_path / "silent" / "silent.gguf", {"<0x0A>": EOS})
    with pytest.raises(WorkerError) as caught:
        await texts.ask(user("Hallo"), model=model_at(file.parent))
    assert caught.value.code == "worker_failed"


async def test_a_model_without_a_template_does_not_play_the_pupil_too(
    texts: TextRuns, tmp_path: Path
) -> None:
    """What would be the next turn is no part of the answer."""
    words = ["ja", "\n### User:", "Frage"]
    follows = {"<0x0A>": "ja", "ja": "\n### User:", "\n### User:": "Frage", "Frage": "Frage"}
    file = chain(tmp_path / "turns" / "turns.gguf", follows, words=words)
    answer = await texts.ask(user("Hallo"), model=model_at(file.parent), temperature=0.0)

    assert (answer.text, answer.facts["ended"]) == ("ja", "stop")


@pytest.mark.parametrize(
    "messages",
    [
        [],
        [assistant("Ja.")],
        [user("Hallo"), system("Regel")],
        [{"role": "tool", "text": "x"}],
        [user("  ")],
        [{"role": "user"}],
        "Hallo",
        [user("Hallo"), assistant("Ja.")],
    ],
)
async def test_conversations_that_are_none(texts: TextRuns, messages: object) -> None:
    with pytest.raises(WorkerError) as caught:
        await texts.run("text", {"messages": messages, "temperature": 1.0, "length": 5})
    assert caught.value.code == "invalid_input"
