"""Frames become a video that a phone plays, a finished video becomes its frames, and nothing is left out of them."""

from __future__ import annotations

import asyncio
import json
import random
import re
import shutil
import time
import zlib
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from bot.png import read_recipe
from generation.environments import Environments
from generation.errors import TaskCancelled, WorkerError
from generation.supervisor import Outcome, Progress, Request
from tests.contract.picture_files import plain, png, png_of_rows
from tests.contract.picture_runs import Runs
from tests.contract.video_counts import count
from tests.contract.video_runs import POST, checker, frames, judged, look, run_probe, scene, tone

SOURCE = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def strange(environments: Environments, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("strange")
    await run_probe(environments, "make", folder)
    return folder


async def post(runs: Runs, paths: list[str], **params: Any) -> Outcome:
    return await runs.media("video_post", {**POST, "frames": paths, **params})


def measured(outcome: Outcome) -> dict[str, Any]:
    found: dict[str, Any] = outcome.facts["measured"]
    return found


async def test_a_video_is_what_discord_plays_inline_and_says_what_it_is(
    runs: Runs, environments: Environments, tmp_path: Path
) -> None:
    song = tone(tmp_path, "song.wav", 330, 20)
    outcome = await post(runs, frames(tmp_path / "in", 21), song=song)
    assert [(file.name, file.kind, file.index, file.seed) for file in outcome.files] == [
        ("video.mp4", "video", 1, 7),
        ("poster.png", "sheet", 0, None),
    ]
    assert outcome.facts["reduced"] is None
    found = await look(environments, outcome.out / "video.mp4")
    assert found["boxes"] == ["ftyp", "moov", "free", "mdat", "uuid"], "faststart, and the marks at the end"
    video, audio = found["streams"]
    assert (video["codec"], video["format"], video["profile"]) == ("h264", "yuv420p", "High")
    assert (video["width"], video["height"]) == (512, 512)
    assert (audio["type"], audio["codec"]) == ("audio", "aac")
    assert len(found["frames"]) == video["frames"] == 21
    assert [frame["start"] for frame in found["frames"]] == pytest.approx([n / 8 for n in range(21)])
    assert found["frames"][-1]["seconds"] == pytest.approx(1 / 8)
    assert found["sound"]["seconds"] == pytest.approx(21 / 8, abs=0.05)
    facts = measured(outcome)
    assert (facts["frames"], facts["fps"], facts["seconds"]) == (21, 8.0, 2.625)
    assert facts["bytes"] == (outcome.out / "video.mp4").stat().st_size
    tags = found["tags"]
    assert (tags["title"], tags["artist"], tags["comment"]) == (
        POST["title"],
        "Klassenatelier",
        POST["label"],
    )
    assert json.loads(tags["synopsis"]) == POST["recipe"]
    assert SOURCE in tags["xmp"]
    assert "Köln" in tags["xmp"]
    assert read_recipe((outcome.out / "poster.png").read_bytes()) == POST["recipe"]


async def test_the_pictures_keep_their_colours_and_their_order(
    runs: Runs, environments: Environments, tmp_path: Path
) -> None:
    colours = [(200, 40, 40), (40, 160, 60), (50, 80, 200), (230, 220, 90), (128, 128, 128)]
    paths = []
    for number, colour in enumerate(colours):
        paths.append(tmp_path / f"{number}.png")
        paths[-1].write_bytes(plain(colour, 64))
    outcome = await post(runs, [str(path) for path in paths], fps=4)
    found = await look(environments, outcome.out / "video.mp4")
    for colour, frame in zip(colours, found["frames"], strict=True):
        assert frame["middle"] == pytest.approx(colour, abs=8)
    assert "sound" not in found
    assert measured(outcome)["audio"] is None


@pytest.mark.parametrize(("seconds", "strength"), [(9, 0.02), (1, 0.9), (2.5, 0.3)])
async def test_a_song_is_cut_or_padded_and_as_loud_as_others(
    runs: Runs, environments: Environments, tmp_path: Path, seconds: float, strength: float
) -> None:
    outcome = await post(
        runs, frames(tmp_path / "in", 20), song=tone(tmp_path, "a.wav", 330, seconds, strength)
    )
    audio = measured(outcome)["audio"]
    assert audio["seconds"] == pytest.approx(2.5, abs=0.05)
    assert audio["peak_db"] <= -0.95
    if strength >= 0.3:  # quieter ones are raised by 12 dB at most
        assert audio["lufs"] == pytest.approx(-16, abs=0.7)
    found = await look(environments, outcome.out / "video.mp4", 330)
    levels = found["sound"]["levels"]["330"]
    if seconds < 2:
        assert max(levels[12:]) < -60, "silence follows"
    elif seconds > 3:
        assert levels[-1] < levels[10] - 6, "the end fades"


async def test_the_same_request_makes_the_same_bytes(runs: Runs, tmp_path: Path) -> None:
    song, paths = tone(tmp_path, "a.wav", 330, 3), frames(tmp_path / "in", 9)
    first, again = [await post(runs, paths, song=song, limit_bytes=40_000) for _ in range(2)]
    for name in ("video.mp4", "poster.png"):
        assert (first.out / name).read_bytes() == (again.out / name).read_bytes()


async def test_odd_sizes_become_even(runs: Runs, environments: Environments, tmp_path: Path) -> None:
    path = tmp_path / "odd.png"
    path.write_bytes(scene(1, width=333, height=211))
    outcome = await post(runs, [str(path)] * 3)
    video = (await look(environments, outcome.out / "video.mp4"))["streams"][0]
    assert (video["width"], video["height"]) == (666, 422)


def noise(folder: Path, count: int, side: int = 160) -> list[str]:
    """Pictures that are hard to make smaller."""
    paths = []
    for number in range(count):
        rng = random.Random(number)
        rows = b"".join(b"\0" + rng.randbytes(side * 3) for _ in range(side))
        paths.append(folder / f"noise{number}.png")
        paths[-1].write_bytes(png_of_rows(side, side, zlib.compress(rows, 1)))
    return [str(path) for path in paths]


async def test_it_gets_coarser_first_and_smaller_then_and_says_so(runs: Runs, tmp_path: Path) -> None:
    paths = noise(tmp_path, 6)
    whole = await post(runs, paths)
    full = measured(whole)["bytes"]
    assert whole.facts["reduced"] is None
    sizes = []
    for part in (0.5, 0.1, 0.02):
        outcome = await post(runs, paths, limit_bytes=max(16_384, round(full * part)))
        facts, reduced = measured(outcome), outcome.facts["reduced"]
        assert facts["bytes"] <= max(16_384, full * part)
        assert (reduced["width"], reduced["height"]) == (facts["width"], facts["height"])
        assert reduced["bit_rate"] == pytest.approx(facts["bytes"] * 8 / 0.75, rel=0.01)
        sizes.append(facts["width"])
    assert sizes[0] == measured(whole)["width"]
    assert sizes[-1] < sizes[0]
    assert sizes == sorted(sizes, reverse=True)


async def test_what_cannot_fit_says_so(runs: Runs, tmp_path: Path) -> None:
    paths = noise(tmp_path, 6) * 10
    with pytest.raises(WorkerError) as caught:
        await post(runs, paths, limit_bytes=16_384)
    assert caught.value.code == "invalid_input"
    assert caught.value.values["reason"] == "video_limit"


@pytest.mark.parametrize(
    "wrong",
    [
        {"frames": []},
        {"frames": "x"},
        {"frames": None},
        {"frames": ["relative.png"]},
        {"frames": [5]},
        {"frames": ["/nowhere/frame.png"] * 481},
        {"fps": 0},
        {"fps": 61},
        {"fps": 8.5},
        {"fps": True},
        {"fps": "8"},
        {"limit_bytes": 0},
        {"limit_bytes": -1},
        {"limit_bytes": 1000},
        {"limit_bytes": 10**30},
        {"limit_bytes": True},
        {"limit_bytes": "10"},
        {"limit_bytes": None},
        {"song": 5},
        {"song": "relative.wav"},
        {"recipe": "x"},
    ],
    ids=str,
)
async def test_a_strange_request_is_refused(runs: Runs, tmp_path: Path, wrong: dict[str, Any]) -> None:
    with pytest.raises(WorkerError) as caught:
        await runs.media("video_post", {**POST, "frames": frames(tmp_path / "in", 2), **wrong})
    assert caught.value.code == "invalid_input"


def missing(paths: list[str]) -> None:
    Path(paths[-1]).unlink()


def broken(paths: list[str]) -> None:
    content = Path(paths[-1]).read_bytes()
    Path(paths[-1]).write_bytes(content[: len(content) // 2])


def no_picture(paths: list[str]) -> None:
    Path(paths[-1]).write_bytes(b"hello")


def another_size(paths: list[str]) -> None:
    Path(paths[-1]).write_bytes(plain((1, 200, 3), 64))


def too_large(paths: list[str]) -> None:
    for path in paths:
        Path(path).write_bytes(
            png(1, 1, lambda _x, _y: (9, 9, 9)).replace(b"\0\0\0\1\0\0\0\1", b"\0\0\xff\0\0\0\xff\0", 1)
        )


def a_folder(paths: list[str]) -> None:
    Path(paths[-1]).unlink()
    Path(paths[-1]).mkdir()


@pytest.mark.parametrize("damage", [missing, broken, no_picture, another_size, too_large, a_folder])
async def test_frames_that_no_family_writes_fail(runs: Runs, tmp_path: Path, damage: Any) -> None:
    paths = frames(tmp_path / "in", 5)
    damage(paths)
    with pytest.raises(WorkerError) as caught:
        await post(runs, paths)
    assert caught.value.code == "worker_failed"


@pytest.mark.parametrize("content", [b"", b"RIFF", b"\0" * 5000, None])
async def test_a_song_that_is_none_fails(runs: Runs, tmp_path: Path, content: bytes | None) -> None:
    song = tmp_path / "song.wav"
    if content is not None:
        song.write_bytes(content)
    with pytest.raises(WorkerError) as caught:
        await post(runs, frames(tmp_path / "in", 3), song=str(song))
    assert caught.value.code == "worker_failed"


async def test_a_cancelled_video_ends_within_a_frame(runs: Runs, tmp_path: Path) -> None:
    paths = frames(tmp_path / "in", 24)
    first = await post(runs, paths[:3])
    (before,) = [state.pid for state in runs.supervisor.states() if state.family == "media"]
    seen: list[Progress] = []
    request = Request(
        family="media",
        task="video_post",
        params={**POST, "frames": paths * 20},
        job="cancelled-video",
        attempt=1,
        out=tmp_path / "cancelled",
    )
    running = asyncio.create_task(runs.supervisor.run(request, seen.append))
    while not seen:
        assert not running.done()
        await asyncio.sleep(0.01)
    began = time.monotonic()
    await runs.supervisor.cancel(request.job)
    with pytest.raises(TaskCancelled):
        await running
    assert time.monotonic() - began < 3
    again = await post(runs, paths[:3])
    assert measured(again) == measured(first)
    (after,) = [state.pid for state in runs.supervisor.states() if state.family == "media"]
    assert before == after


async def test_every_frame_of_the_file_is_read(runs: Runs, tmp_path: Path) -> None:
    made = await post(runs, frames(tmp_path / "in", 23), song=tone(tmp_path, "a.wav", 330, 3))
    read = await runs.media("read_frames", {"file": str(made.out / "video.mp4")})
    assert [file.name for file in read.files] == [f"frame-{number:05}.png" for number in range(1, 24)]
    assert {(file.kind, file.seed) for file in read.files} == {("frame", None)}
    assert read.facts["sha256"] == measured(made)["sha256"]
    assert len(read.facts["light"]) == read.facts["frames"] == 23
    told = {name: value for name, value in read.facts.items() if name != "light"}
    assert told == {name: value for name, value in measured(made).items() if name != "light"}


async def test_black_frames_are_seen_and_refused(runs: Runs, tmp_path: Path) -> None:
    paths = frames(tmp_path / "in", 9)
    Path(paths[6]).write_bytes(plain((0, 0, 0)))
    made = await post(runs, paths)
    light = measured(made)["light"]
    assert [number for number, value in enumerate(light) if value <= 16] == [6]
    decision = await judged(runs, made, checker(runs), expected=9)
    assert decision.verdict.code == "video_black"
    assert not (made.out / "video.mp4").exists()


async def test_a_dark_picture_is_not_black(runs: Runs, tmp_path: Path) -> None:
    def night(x: int, y: int) -> tuple[int, int, int]:
        return (190, 180, 120) if (x - 90) ** 2 + (y - 30) ** 2 < 40 else (6, 7, 12)

    path = tmp_path / "night.png"
    path.write_bytes(png(128, 128, night))
    made = await post(runs, [str(path)] * 4)
    assert (await judged(runs, made, checker(runs), expected=4)).frames_checked == 4


async def test_no_clip_with_a_planted_card_is_shown(runs: Runs) -> None:
    """A sample of `python -m tests.contract.video_counts -n 200`."""
    counted = await count(runs, random.Random(20), 6)
    assert counted.faults == []
    assert sum(counted.refused.values()) == 6


@pytest.mark.parametrize("name", ["mpeg4.mp4", "wide.mp4", "two.mp4", "film.mkv"])
async def test_videos_of_others_are_not_read(runs: Runs, strange: Path, name: str) -> None:
    with pytest.raises(WorkerError) as caught:
        await runs.media("read_frames", {"file": str(strange / name)})
    assert caught.value.code == "worker_failed"


async def test_a_frame_that_is_hidden_from_players_is_read(
    runs: Runs, environments: Environments, strange: Path
) -> None:
    shown = await look(environments, strange / "hidden.mp4")
    assert len(shown["frames"]) < 8
    for name in ("whole.mp4", "hidden.mp4"):
        read = await runs.media("read_frames", {"file": str(strange / name)})
        assert read.facts["frames"] == len(read.files) == 8


@pytest.mark.parametrize("file", [None, 5, "relative.mp4"])
async def test_a_strange_file_is_refused(runs: Runs, file: Any) -> None:
    with pytest.raises(WorkerError) as caught:
        await runs.media("read_frames", {"file": file})
    assert caught.value.code == "invalid_input"


async def test_a_damaged_video_is_no_video(runs: Runs, tmp_path: Path) -> None:
    """Whatever is wrong with it: it fails, or every frame it says it has is there; the worker lives on."""
    made = await post(runs, frames(tmp_path / "in", 12))
    (before,) = [state.pid for state in runs.supervisor.states() if state.family == "media"]
    content = (made.out / "video.mp4").read_bytes()
    rng, codes = random.Random(3), list[str]()
    middle = re.search(b"mdat", content)
    assert middle is not None
    for turn in range(24):
        damaged = bytearray(content)
        if turn % 3 == 0:
            damaged = damaged[: rng.randrange(len(damaged))]
        for _ in range(turn % 3 * 6):
            start = middle.start() if turn % 2 else 0
            damaged[rng.randrange(start, len(damaged))] = rng.randrange(256)
        file = tmp_path / "damaged.mp4"
        file.write_bytes(damaged)
        try:
            read = await runs.media("read_frames", {"file": str(file)})
        except WorkerError as error:
            codes.append(error.code)
        else:
            assert read.facts["frames"] == len(read.files)
            shutil.rmtree(read.out)
    (after,) = [state.pid for state in runs.supervisor.states() if state.family == "media"]
    assert before == after
    assert set(codes) == {"worker_failed"}
    assert len(codes) >= 8, "what was cut off is damaged"
