"""A video is shown if every one of its frames was judged and allowed, and for nothing less."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from moderation.pipeline import ImageScore, Pipeline, VideoDecision
from moderation.verdict import CHECK_FAILED
from moderation.video_check import BATCH, MOST_TIMEOUTS
from moderation.words import WordCheck
from tests.unit.moderation.faults import allow_images, allow_text
from tests.unit.moderation.video_faults import VIDEO_FRAMES, VIDEO_KINDS, film, inject_video


class Marked:
    """Flags the pictures in whose bytes "bad" stands, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[list[Path]] = []

    async def __call__(self, files: Sequence[Path], /) -> list[ImageScore]:
        self.asked.append(list(files))
        return [ImageScore(file, flagged=b"bad" in file.read_bytes(), scores=(0.5,)) for file in files]


async def approve(
    film_: tuple[Path, Sequence[Path], dict[str, Any]], check: Any = None, **changes: Any
) -> VideoDecision:
    video, frames, measured = film_
    pipeline = Pipeline(
        text_checks=changes.pop("text_checks", [allow_text]),
        image_check=check or Marked(),
        timeout_s=changes.pop("timeout_s", 5.0),
    )
    usual: dict[str, Any] = {"expected": len(frames), "measured": measured, "texts": ["ein Boot"]}
    return await pipeline.approve_video(video, frames, **{**usual, **changes})


@pytest.mark.parametrize("count", [1, BATCH - 1, BATCH, BATCH + 1, 3 * BATCH + 5])
async def test_every_frame_is_judged_once_and_in_order(tmp_path: Path, count: int) -> None:
    made, check = film(tmp_path, count), Marked()
    decision = await approve(made, check)
    assert decision.approved is not None
    assert decision.approved.value == made[0]
    assert decision.frames_checked == count
    assert decision.digest == made[2]["sha256"]
    assert [file for batch in check.asked for file in batch] == made[1]
    assert max(map(len, check.asked)) <= BATCH
    assert all(file.exists() for file in (made[0], *made[1]))


@pytest.mark.parametrize("victim", [0, 1, BATCH - 1, BATCH, VIDEO_FRAMES - 1])
async def test_the_first_bad_frame_refuses_all_and_nothing_is_asked_after_it(
    tmp_path: Path, victim: int
) -> None:
    made, check = film(tmp_path), Marked()
    made[1][victim].write_bytes(b"bad")
    decision = await approve(made, check)
    assert decision.approved is None
    assert decision.verdict.code == "video_flagged"
    assert decision.frames_checked == victim
    assert decision.digest == ""
    assert len(check.asked) == victim // BATCH + 1
    assert not any(file.exists() for file in (made[0], *made[1]))


async def test_its_texts_are_judged_before_its_frames(tmp_path: Path) -> None:
    made, check = film(tmp_path), Marked()
    decision = await approve(made, check, text_checks=[WordCheck()], texts=["ein Boot", "nackt"])
    assert decision.verdict.code == "sexual"
    assert check.asked == []
    assert not made[0].exists()


@pytest.mark.parametrize("expected", [VIDEO_FRAMES - 1, VIDEO_FRAMES + 1, 0])
async def test_as_many_frames_as_were_asked_for(tmp_path: Path, expected: int) -> None:
    assert (await approve(film(tmp_path), expected=expected)).verdict.code == "video_frames"


async def test_a_clip_has_the_frames_that_it_has(tmp_path: Path) -> None:
    assert (await approve(film(tmp_path), expected=None)).frames_checked == VIDEO_FRAMES


async def test_a_video_may_be_silent(tmp_path: Path) -> None:
    video, frames, measured = film(tmp_path)
    assert (await approve((video, frames, {**measured, "audio": None}))).approved is not None


@pytest.mark.parametrize(("light", "allowed"), [(0, False), (16, False), (17, True)])
async def test_black_frames_are_no_result(tmp_path: Path, light: int, allowed: bool) -> None:
    video, frames, measured = film(tmp_path, 5)
    decision = await approve((video, frames, {**measured, "light": [200, 200, 200, 200, light]}))
    assert decision.verdict.code == ("" if allowed else "video_black")
    assert video.exists() is allowed


@pytest.mark.parametrize("change", ["none", "twice", "one left out", "one too many"])
async def test_no_frame_is_left_out_or_judged_twice(tmp_path: Path, change: str) -> None:
    video, frames, measured = film(tmp_path, 6)
    extra = tmp_path / "extra.png"
    extra.write_bytes(b"extra")
    given = {
        "none": [],
        "twice": [*frames[:5], frames[0]],
        "one left out": frames[:5],
        "one too many": [*frames, extra],
    }[change]
    decision = await approve((video, given, measured), expected=None)
    assert decision.verdict.code == CHECK_FAILED
    assert not video.exists()


@pytest.mark.parametrize("victim", [0, VIDEO_FRAMES - 1])
@pytest.mark.parametrize(("kind", "name"), VIDEO_KINDS)
async def test_no_fault_publishes(tmp_path: Path, kind: str, name: str, victim: int) -> None:
    outcome = await inject_video(kind, name, tmp_path, victim)
    assert not outcome.published
    assert not outcome.left_on_disk


async def test_more_frames_get_more_time_but_not_for_ever(tmp_path: Path) -> None:
    """Each batch stays within its own time, and all of them together do not."""
    made = film(tmp_path, 600)
    slow, timeout = 0.06, 0.05
    asked = []

    async def check(files: Sequence[Path]) -> list[ImageScore]:
        asked.append(len(files))
        await asyncio.sleep(slow)
        return await allow_images(files)

    began = asyncio.get_running_loop().time()
    decision = await approve(made, check, timeout_s=timeout)
    assert asyncio.get_running_loop().time() - began < MOST_TIMEOUTS * timeout + 2
    assert decision.verdict.code == CHECK_FAILED
    assert 1 < len(asked) < 600 / BATCH
    assert not made[0].exists()


async def test_a_cancelled_caller_leaves_nothing(tmp_path: Path) -> None:
    made = film(tmp_path)
    asked = asyncio.Event()

    async def wait(files: Sequence[Path]) -> list[ImageScore]:
        asked.set()
        await asyncio.sleep(60)
        return await allow_images(files)

    task = asyncio.create_task(approve(made, wait))
    await asked.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not any(file.exists() for file in (made[0], *made[1]))
