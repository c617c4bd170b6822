"""The same seed makes the same file, wherever and after whatever; a cancel ends at once."""

from __future__ import annotations

import asyncio
import hashlib

import pytest

from generation.errors import TaskCancelled
from generation.supervisor import Progress
from tests.contract.music_runs import MusicRuns, samples, sound


async def test_the_same_in_another_process_and_after_other_requests(music: MusicRuns) -> None:
    first = sound(await music.make("plain")).read_bytes()
    await music.make("plain", prompt="fast drums", seconds=2, seed=99)
    await music.make("sound", task="sound", prompt="rain")
    again = sound(await music.make("plain")).read_bytes()

    assert again == first
    assert hashlib.sha256(first).hexdigest() == music.models.seen["sum"]


async def test_a_take_is_the_same_alone(music: MusicRuns) -> None:
    three = await music.make("plain", count=3)
    seed = three.files[2].seed
    assert seed is not None
    alone = await music.make("plain", seed=seed)

    assert sound(alone).read_bytes() == sound(three, 3).read_bytes()


def test_progress_counts_every_token(music: MusicRuns) -> None:
    steps = music.models.seen["steps"]

    # a second has 50 frames, and the last of four streams lags three steps behind
    assert steps == [[done, 53] for done in range(1, 54)]
    # 24 s in windows of 20, twice; the last of eight streams lags three steps, too
    assert music.models.seen["steps_long"] == [2 * (24 * 50 + 2 * 3)] * 2


def test_not_one_token_more_after_a_cancel(music: MusicRuns) -> None:
    """The cancel comes with token 20; what the model was about to say by then is its last word."""
    assert music.models.seen["cancelled"] == {"tokens": 20, "model_calls": 21, "files": 0}


async def test_after_a_cancel_the_model_is_as_before(music: MusicRuns) -> None:
    before = samples(sound(await music.make("plain")))
    begun = asyncio.Event()

    def seen(step: Progress) -> None:
        if step.total and step.done:
            begun.set()

    running = asyncio.create_task(music.make("plain", seconds=60, job="long", on_progress=seen))
    await asyncio.wait_for(begun.wait(), 60)
    await music.supervisor.cancel("long")
    with pytest.raises(TaskCancelled):
        await running

    assert samples(sound(await music.make("plain"))) == before
