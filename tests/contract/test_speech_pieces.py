"""What the speech family says: moods, presets, seeds, cancels, files, and what it does not say."""

from __future__ import annotations

import asyncio
import logging
import struct
import time
import wave
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from generation.errors import ModelMissing, TaskCancelled, WorkerError
from generation.supervisor import Progress
from tests.contract.speech_runs import TEXT, SpeechRuns, Voice, hum, model_at, speech

LONG_TEXT = "A fox and a crow met. " * 13


async def test_text_becomes_speech(speaking: SpeechRuns) -> None:
    made = await speaking.say("plain", speaking.voice())

    with wave.open(str(made.out / "1.wav"), "rb") as opened:
        assert (opened.getframerate(), opened.getnchannels(), opened.getsampwidth()) == (24_000, 1, 2)
        frames = opened.readframes(opened.getnframes())
    samples = struct.unpack(f"<{len(frames) // 2}h", frames)
    assert max(map(abs, samples)) > 1000
    assert [(file.name, file.index, file.seed, file.kind) for file in made.files] == [
        ("1.wav", 1, 7, "audio")
    ]
    assert made.facts == {
        "sample_rate": 24_000,
        "seconds": round(len(samples) / 24_000, 3),
        "language": "en",
        "quality": "ultra_fast",
        "emotion": "neutral",
        "bracketed": False,
        "conditioning_calls": 1,
        "device": made.facts["device"],
    }
    # 40 tokens of 1024 samples at 22,050 Hz
    assert 1.8 < made.facts["seconds"] < 1.9


async def test_the_voice_and_the_text_count(speaking: SpeechRuns) -> None:
    low, high = speaking.voice(neutral=110.0), speaking.voice(neutral=330.0)
    made = [speech(await speaking.say("plain", voice)) for voice in (low, high)]
    other_text = speech(await speaking.say("plain", low, text="A crow."))

    assert len({*made, other_text}) == 3


async def test_a_mood_has_clips_of_its_own(speaking: SpeechRuns) -> None:
    both = speaking.voice(neutral=150.0, sad=90.0)
    calm, sad, angry = [await speaking.say("plain", both, emotion=one) for one in ("neutral", "sad", "angry")]

    assert speech(sad) != speech(calm)
    assert speech(angry) == speech(calm), "without clips in that mood the neutral ones speak"
    assert [one.facts["emotion"] for one in (calm, sad, angry)] == ["neutral", "sad", "angry"]
    assert not any(one.facts["bracketed"] for one in (calm, sad, angry))


@pytest.mark.parametrize("kind", ["bracket", "hub"])
async def test_words_set_the_mood_and_are_cut_out_again(speaking: SpeechRuns, kind: str) -> None:
    voice = speaking.voice()
    calm, sad = [await speaking.say(kind, voice, emotion=one) for one in ("neutral", "sad")]
    plain = await speaking.say("plain", voice)

    assert (calm.facts["bracketed"], sad.facts["bracketed"]) == (False, True)
    assert speech(calm) == speech(plain)
    # this alignment takes every letter for equally long
    spoken = "I am really sad, " + TEXT
    assert sad.facts["seconds"] == pytest.approx(calm.facts["seconds"] * len(TEXT) / len(spoken), abs=0.005)


async def test_words_that_cannot_be_cut_out_are_not_spoken(speaking: SpeechRuns) -> None:
    """And tortoise's own trace of it, with the voice and the text, lies nowhere."""
    voice = speaking.voice()
    steps: list[Progress] = []
    before = set(Path.cwd().iterdir())
    unlucky = await speaking.say("unlucky", voice, emotion="sad", on_progress=steps.append)
    plain = await speaking.say("plain", voice, emotion="sad")

    assert not unlucky.facts["bracketed"]
    assert speech(unlucky) == speech(plain)
    assert set(Path.cwd().iterdir()) == before
    assert not list(speaking.folder.rglob("alignment_debug.pth"))
    done = [step.done for step in steps]
    assert done == sorted(done)
    assert steps[-1].done == steps[-1].total


async def test_four_qualities_take_the_steps_of_tortoise_s_presets(speaking: SpeechRuns) -> None:
    voice = speaking.voice()
    model = model_at(speaking.models / "plain", max_mel_tokens=6, batch=16)
    totals, made = {}, set()
    for quality in ("ultra_fast", "fast", "standard", "high_quality"):
        steps: list[Progress] = []
        outcome = await speaking.say(model, voice, quality=quality, on_progress=steps.append)
        totals[quality] = steps[-1].total
        made.add(speech(outcome))
        assert steps[-1].done == steps[-1].total
        assert outcome.facts["quality"] == quality

    # batches of 16 samples of 6 tokens; without conditioning-free guidance one call a step, with it two
    assert totals == {
        "ultra_fast": 1 * 6 + 30,
        "fast": 6 * 6 + 160,
        "standard": 16 * 6 + 400,
        "high_quality": 16 * 6 + 800,
    }
    assert len(made) == 4


async def test_no_sample_is_left_out_by_an_odd_batch(speaking: SpeechRuns) -> None:
    steps: list[Progress] = []
    model = model_at(speaking.models / "plain", max_mel_tokens=6, batch=5)
    await speaking.say(model, speaking.voice(), on_progress=steps.append)

    assert steps[-1].total == 4 * 6 + 30, "16 samples in batches of 4"


async def test_the_same_seed_says_the_same_whatever_came_before(speaking: SpeechRuns) -> None:
    voice = Voice("long", {"neutral": [hum(speaking.folder / "long.wav", 140.0, seconds=8.0)]})
    first = await speaking.say("plain", voice)
    other = await speaking.say("plain", voice, seed=8)
    await speaking.say("bracket", speaking.voice(), emotion="happy", seed=1)
    again = await speaking.say("plain", voice)
    cached = await speaking.say("plain", voice)

    assert speech(first) == speech(again) == speech(cached)
    assert speech(other) != speech(first)
    # of eight seconds it hears six: the same six, in another process of the model's life as well
    assert [one.facts["conditioning_calls"] for one in (first, again, cached)] == [1, 1, 0]


@pytest.mark.parametrize("stage", ["autoregressive", "diffusion"])
async def test_a_cancel_ends_either_stage(speaking: SpeechRuns, stage: str) -> None:
    voice = speaking.voice()
    before = speech(await speaking.say("plain", voice))
    seen = asyncio.Event()
    request = speaking.request(
        "plain", voice, quality="high_quality" if stage == "autoregressive" else "fast"
    )

    def look(step: Progress) -> None:
        if step.stage == stage:
            seen.set()

    running = asyncio.create_task(speaking.supervisor.run(request, look))
    await seen.wait()
    began = time.monotonic()
    await speaking.supervisor.cancel(request.job)
    with pytest.raises(TaskCancelled):
        await running

    assert time.monotonic() - began < 5
    assert not list(request.out.iterdir())
    assert speech(await speaking.say("plain", voice)) == before


@pytest.mark.parametrize(
    ("params", "reason"),
    [
        ({"text": "x" * 301}, "text_long"),
        ({"text": "9" * 300}, "text_long"),
        ({"text": "77777 " * 50}, "text_long"),
        ({"text": "  \n"}, "text_empty"),
        ({"text": "[...]"}, "text_empty"),
        ({"text": 7}, "text_empty"),
        ({"text": "Привет"}, "only_english"),
        ({"emotion": "bored"}, "unknown_choice"),
        ({"quality": "best"}, "unknown_choice"),
        ({"speed": 2}, "unknown_parameter"),
        ({"seed": 8}, "unknown_parameter"),
    ],
    ids=lambda one: str(one)[:30],
)
async def test_what_cannot_be_said_is_refused(
    speaking: SpeechRuns, params: dict[str, Any], reason: str
) -> None:
    request = speaking.request("plain", speaking.voice())

    with pytest.raises(WorkerError) as caught:
        await speaking.supervisor.run(replace(request, params={**request.params, **params}))
    assert (caught.value.code, caught.value.values.get("reason", reason)) == ("invalid_input", reason)


async def test_three_hundred_letters_can_be_said(speaking: SpeechRuns) -> None:
    text = LONG_TEXT.ljust(300, "!")[:300]

    assert len(text) == 300
    assert (await speaking.say("bracket", speaking.voice(), text=text, emotion="excited")).facts[
        "seconds"
    ] > 0


async def test_brackets_of_a_person_s_own_cut_nothing_out(speaking: SpeechRuns) -> None:
    voice = speaking.voice()
    typed, plain = [
        await speaking.say("bracket", voice, text=text) for text in ("The [quick] fox.", "The quick fox.")
    ]

    assert speech(typed) == speech(plain)


@pytest.mark.parametrize("kind", ["no_vocoder", "gone"])
async def test_what_is_not_there_is_missing(speaking: SpeechRuns, kind: str) -> None:
    with pytest.raises(ModelMissing):
        await speaking.say(kind, speaking.voice())


@pytest.mark.parametrize(
    "kind", ["cut", "incomplete", "no_group", "bad_aligner", "program", "program_vocoder"]
)
async def test_what_cannot_be_used_is_said_so_and_nothing_of_it_runs(speaking: SpeechRuns, kind: str) -> None:
    with pytest.raises(WorkerError) as caught:
        await speaking.say(kind, speaking.voice())
    assert caught.value.code == "model_broken"
    assert not (speaking.models / f"{kind}_has_run").exists()

    assert (await speaking.say("plain", speaking.voice())).facts["seconds"] > 0


@pytest.mark.parametrize("kind", ["nan", "silent"])
async def test_what_is_no_sound_never_leaves(speaking: SpeechRuns, kind: str) -> None:
    request = speaking.request(kind, speaking.voice())
    with pytest.raises(WorkerError) as caught:
        await speaking.supervisor.run(request)
    assert caught.value.code == "worker_failed"
    assert not list(request.out.iterdir())


async def test_neither_text_nor_token_is_in_the_log(
    speaking: SpeechRuns, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    voice = speaking.voice()
    good = speaking.request("nan", voice, text="A secret badger.")
    with pytest.raises(WorkerError):
        await speaking.supervisor.run(good)
    with pytest.raises(WorkerError):
        await speaking.supervisor.run(replace(good, job="another", out=good.out / "other"))
    written = caplog.text

    assert "token.job" in written, "which check refused is there"
    for word in ("badger", good.params["voice"]["token"], "clips"):
        assert word not in written
