"""The combined piece, decoded again: what is seen when, what is heard over what, what is to be read."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from generation.environments import Environments
from generation.errors import WorkerError
from generation.supervisor import Outcome
from tests.contract.picture_files import plain, png
from tests.contract.picture_runs import Runs
from tests.contract.video_runs import CLIP, POST, checker, frames, judged, look, scene, tone

GROUND = (59, 65, 78)
RED, GREEN = (190, 60, 50), (60, 150, 80)
HEIGHTS = ((0, 0), (20, 40), (60, 84))
"""Pixels of no, one and two lines of subtitles, 640 pixels wide: with and without what stands above and below."""
VOICE, OTHER_VOICE, MUSIC = 1000, 1500, 220
TEXT = "Es war einmal ein kleiner Fuchs, der über die Brücke lief und höflich grüßte. Dann kam der Bär!"


def picture(
    folder: Path, name: str, colour: tuple[int, int, int], seconds: float, size: Any = None
) -> dict[str, Any]:
    file = folder / name
    file.write_bytes(plain(colour, 64) if size is None else png(*size, lambda _x, _y: colour))
    return {"kind": "picture", "file": str(file), "seconds": seconds}


async def clip(runs: Runs, parts: list[dict[str, Any]], **params: Any) -> Outcome:
    return await runs.media("clip_post", {**CLIP, "parts": parts, **params})


def near(colour: Any) -> Any:
    return pytest.approx(colour, abs=9)


def mean(values: list[float], start: float, end: float) -> float:
    """Of windows of a tenth of a second that lie within."""
    inside = values[round(start * 10) + 1 : round(end * 10) - 1]
    return sum(inside) / len(inside)


async def test_pictures_stand_as_long_as_asked_on_a_neutral_ground(
    runs: Runs, environments: Environments, tmp_path: Path
) -> None:
    parts = [
        picture(tmp_path, "a.png", RED, 2, (96, 96)),
        picture(tmp_path, "b.png", GREEN, 1.3, (96, 32)),
        picture(tmp_path, "c.png", RED, 0.5, (32, 96)),
    ]
    outcome = await clip(runs, parts)
    found = await look(environments, outcome.out / "clip.mp4")
    shown = found["frames"]
    assert shown[-1]["start"] + shown[-1]["seconds"] == pytest.approx(4.8, abs=0.002)
    ends = [
        sum(frame["seconds"] for frame in shown if low <= frame["start"] < high - 1e-3)
        for low, high in ((0, 1), (1, 3), (3, 4.3), (4.3, 4.8))
    ]
    assert ends == pytest.approx([1, 2, 1.3, 0.5], abs=0.002)
    for frame in shown:
        start = frame["start"] + 0.01
        if start > 1:
            assert frame["middle"] == near(GREEN if 3 < start < 4.3 else RED)
        assert min(frame["edge"]) > 40, "nothing is black"
        if 3 < start < 4.3:
            assert frame["edge"] == near(GROUND)
    assert [stream["type"] for stream in found["streams"]] == ["video"]
    assert outcome.facts["measured"]["audio"] is None
    assert [file.name for file in outcome.files] == ["clip.mp4", "poster.png"]


async def test_what_is_spoken_is_read_on_a_dark_box(
    runs: Runs, environments: Environments, tmp_path: Path
) -> None:
    parts = [picture(tmp_path, "a.png", RED, 12)]
    speech = [
        {"file": tone(tmp_path, "1.wav", VOICE, 4), "text": TEXT},
        {"file": tone(tmp_path, "2.wav", OTHER_VOICE, 2), "text": "Übermütig öffnete er die große Tür."},
    ]
    outcome = await clip(runs, parts, speech=speech)
    cues = read_srt((outcome.out / "clip.srt").read_text("utf-8"))
    assert outcome.facts["subtitles"] == len(cues) == 3
    assert " ".join(line for _, _, lines in cues[:2] for line in lines) == TEXT
    assert [cues[0][0], cues[1][1], cues[2][0], cues[2][1]] == pytest.approx([1, 5, 5.35, 7.35], abs=0.01)
    found = await look(environments, outcome.out / "clip.mp4")
    assert [stream["type"] for stream in found["streams"]] == ["video", "audio"]
    for frame in found["frames"]:
        middle = frame["start"] + frame["seconds"] / 2
        lines = next((lines for start, end, lines in cues if start <= middle < end), [])
        if middle > 1:
            low, high = HEIGHTS[len(lines)]
            assert low <= frame["letters"] <= high, frame["start"]
            assert (frame["dark"] < 60) is bool(lines), "the box"
    assert HEIGHTS[1][0] * 360 / 640 > 11, "capitals on a phone 360 points wide: as those of a message"


def read_srt(text: str) -> list[tuple[float, float, list[str]]]:
    found = []
    for block in text.strip().split("\n\n"):
        number, times, *lines = block.splitlines()
        assert int(number) == len(found) + 1
        assert 1 <= len(lines) <= 2
        clocks = re.fullmatch(r"(\d\d):(\d\d):(\d\d),(\d{3}) --> (\d\d):(\d\d):(\d\d),(\d{3})", times)
        assert clocks is not None
        hour, minute, second, milli = (list(map(int, clocks.groups()[place::4])) for place in range(4))
        start, end = (
            h * 3600 + m * 60 + s + t / 1000 for h, m, s, t in zip(hour, minute, second, milli, strict=True)
        )
        assert not found or start >= found[-1][1]
        found.append((start, end, lines))
    return found


async def test_subtitles_as_a_track_leave_the_picture_alone(
    runs: Runs, environments: Environments, tmp_path: Path
) -> None:
    text = "Was {\\b1}fett{\\b0} wäre --> bleibt <i>Text</i>."
    speech = [{"file": tone(tmp_path, "1.wav", VOICE, 2), "text": text, "at": 2.0}]
    outcome = await clip(runs, [picture(tmp_path, "a.png", RED, 6)], speech=speech, subtitles="track")
    found = await look(environments, outcome.out / "clip.mp4")
    assert [stream["codec"] for stream in found["streams"]] == ["h264", "aac", "mov_text"]
    (cue,) = found["cues"]
    assert cue[:2] == pytest.approx([2, 4], abs=0.01)
    assert cue[2].replace("\n", " ") == text
    assert {frame["letters"] for frame in found["frames"] if frame["start"] >= 1} == {0}
    assert "→" in (outcome.out / "clip.srt").read_text("utf-8")


async def test_voices_stand_in_front_and_never_speak_at_once(
    runs: Runs, environments: Environments, tmp_path: Path
) -> None:
    speech = [
        {"file": tone(tmp_path, "1.wav", VOICE, 3, 0.4), "text": "Eins.", "at": 3},
        {"file": tone(tmp_path, "2.wav", OTHER_VOICE, 2, 0.05), "text": "Zwei.", "at": 4},
    ]
    music = tone(tmp_path, "music.wav", MUSIC, 60, 0.5)
    parts = [picture(tmp_path, "a.png", RED, 11)]
    outcome = await clip(runs, parts, speech=speech, music=music)
    (first, second) = outcome.facts["spoken"]
    assert first == [3, 6]
    assert second == [6.35, 8.35]
    found = await look(environments, outcome.out / "clip.mp4", MUSIC, VOICE, OTHER_VOICE)
    levels = found["sound"]["levels"]
    alone, under = mean(levels["220"], 0.5, 2), mean(levels["220"], 3, 6)
    assert alone - under == pytest.approx(14, abs=2), "the music steps back"
    assert mean(levels["220"], 9.5, 11) - under > 8, "and comes again"
    assert mean(levels["1000"], 3, 6) > under + 12
    # the quiet voice is as loud as the other
    assert mean(levels["1500"], 6.35, 8.35) == pytest.approx(mean(levels["1000"], 3, 6), abs=2.5)
    assert mean(levels["1500"], 3, 6) < -50
    assert mean(levels["1000"], 6.5, 8.3) < -50
    audio = outcome.facts["measured"]["audio"]
    assert audio["lufs"] == pytest.approx(-16, abs=0.7)
    assert audio["peak_db"] <= -0.95
    assert audio["seconds"] == pytest.approx(12, abs=0.05)


async def test_the_last_picture_waits_for_the_voice(
    runs: Runs, environments: Environments, tmp_path: Path
) -> None:
    speech = [{"file": tone(tmp_path, "1.wav", VOICE, 5), "text": "Lang."}]
    outcome = await clip(runs, [picture(tmp_path, "a.png", RED, 1)], speech=speech)
    assert outcome.facts["held"] == pytest.approx(4.3)
    found = await look(environments, outcome.out / "clip.mp4")
    last = found["frames"][-1]
    assert last["start"] + last["seconds"] == pytest.approx(6.3, abs=0.002)
    assert last["middle"] == near(RED)


async def test_a_video_keeps_its_frames_and_its_sound(
    runs: Runs, environments: Environments, tmp_path: Path
) -> None:
    song = tone(tmp_path, "song.wav", 440, 3)
    made = await runs.media(
        "video_post", {**POST, "frames": frames(tmp_path / "in", 24), "fps": 12, "song": song}
    )
    video = shutil.copy(made.out / "video.mp4", tmp_path / "part.mp4")
    parts = [picture(tmp_path, "a.png", RED, 1), {"kind": "video", "file": str(video)}]
    for music in (None, tone(tmp_path, "music.wav", MUSIC, 9)):
        outcome = await clip(runs, parts, music=music)
        found = await look(environments, outcome.out / "clip.mp4", 440, MUSIC)
        moving = [frame for frame in found["frames"] if frame["start"] > 1.99]
        assert [frame["seconds"] for frame in moving] == pytest.approx([1 / 12] * 24, abs=1e-4)
        levels = found["sound"]["levels"]
        if music is None:
            assert mean(levels["440"], 0, 2) < -60 < -30 < mean(levels["440"], 2, 3.5)
        else:
            assert mean(levels["440"], 2, 3.5) < -50 < -30 < mean(levels["220"], 0, 3.5)


async def test_the_title_names_what_it_is_told(
    runs: Runs, environments: Environments, tmp_path: Path
) -> None:
    seen = set()
    for lines in (["Ein Titel"], ["Ein Titel", "Bild: Mini · Seed 7"], ["Wort " * 200] * 12):
        outcome = await clip(runs, [picture(tmp_path, "a.png", RED, 0.5)], title={"lines": lines})
        found = await look(environments, outcome.out / "clip.mp4")
        assert found["tags"]["title"] == lines[0]
        card = found["frames"][0]
        assert card["seconds"] == 0.25
        assert card["edge"] == near(GROUND)
        seen.add((tuple(card["middle"]), card["letters"], outcome.facts["measured"]["bytes"]))
        assert outcome.facts["measured"]["seconds"] == pytest.approx(3.5)
    assert len(seen) == 3


async def test_a_finished_clip_is_judged_frame_by_frame(runs: Runs, tmp_path: Path) -> None:
    speech = [{"file": tone(tmp_path, "1.wav", VOICE, 1), "text": "Hallo."}]
    outcome = await clip(
        runs, [picture(tmp_path, "a.png", RED, 2), picture(tmp_path, "b.png", GREEN, 1)], speech=speech
    )
    decision = await judged(runs, outcome, checker(runs), name="clip.mp4")
    assert decision.approved is not None
    assert decision.frames_checked == outcome.facts["measured"]["frames"] == 16


async def test_the_same_request_makes_the_same_bytes(runs: Runs, tmp_path: Path) -> None:
    speech = [{"file": tone(tmp_path, "1.wav", VOICE, 1), "text": TEXT}]
    parts = [picture(tmp_path, "a.png", RED, 2)]
    for subtitles in ("burned", "track"):
        first, again = [await clip(runs, parts, speech=speech, subtitles=subtitles) for _ in range(2)]
        for file in first.files:
            assert (first.out / file.name).read_bytes() == (again.out / file.name).read_bytes()


async def test_a_black_picture_is_no_part(runs: Runs, tmp_path: Path) -> None:
    with pytest.raises(WorkerError) as caught:
        await clip(runs, [picture(tmp_path, "a.png", RED, 1), picture(tmp_path, "b.png", (0, 0, 0), 1)])
    assert caught.value.code == "worker_failed"


@pytest.mark.parametrize(
    "wrong",
    [
        {"parts": []},
        {"parts": "x"},
        {"parts": [5]},
        {"parts": [{"kind": "picture"}]},
        {"parts": [{"kind": "film", "file": "/x.png"}]},
        {"title": None},
        {"title": {"lines": []}},
        {"title": {"lines": [5]}},
        {"title": {"lines": ["x"] * 13}},
        {"title": {"lines": ["x"], "seconds": 100}},
        {"title": {"lines": ["x"], "seconds": float("1e308")}},
        {"subtitles": "sung"},
        {"music": 5},
        {"speech": [{"text": "x"}]},
        {"speech": "x"},
        {"limit_bytes": 1},
        {"recipe": 5},
    ],
    ids=str,
)
async def test_a_strange_request_is_refused(runs: Runs, tmp_path: Path, wrong: dict[str, Any]) -> None:
    right = {"parts": [picture(tmp_path, "a.png", RED, 1)]}
    with pytest.raises(WorkerError) as caught:
        await runs.media("clip_post", {**CLIP, **right, **wrong})
    assert caught.value.code == "invalid_input"


@pytest.mark.parametrize("text", ["", "  ", None, "x" * 4001])
async def test_speech_has_words(runs: Runs, tmp_path: Path, text: Any) -> None:
    speech = [{"file": tone(tmp_path, "1.wav", VOICE, 1), "text": text}]
    with pytest.raises(WorkerError) as caught:
        await clip(runs, [picture(tmp_path, "a.png", RED, 1)], speech=speech)
    assert caught.value.code == "invalid_input"


@pytest.mark.parametrize("seconds", [0, -1, 61, None, "2", True])
async def test_a_picture_stands_for_a_time(runs: Runs, tmp_path: Path, seconds: Any) -> None:
    part = {**picture(tmp_path, "a.png", RED, 1), "seconds": seconds}
    with pytest.raises(WorkerError) as caught:
        await clip(runs, [part])
    assert caught.value.code == "invalid_input"


async def test_a_clip_has_an_end(runs: Runs, tmp_path: Path) -> None:
    with pytest.raises(WorkerError) as caught:
        await clip(runs, [picture(tmp_path, "a.png", RED, 60)] * 4)
    assert caught.value.values["reason"] == "clip_long"


@pytest.mark.parametrize("name", ["gone.mp4", "text.mp4", "sound.mp3", "picture.png"])
async def test_parts_that_no_family_makes_fail(runs: Runs, tmp_path: Path, name: str) -> None:
    if name != "gone.mp4":
        (tmp_path / name).write_bytes(scene(1) if name == "picture.png" else b"hello" * 100)
    with pytest.raises(WorkerError) as caught:
        await clip(runs, [{"kind": "video", "file": str(tmp_path / name)}])
    assert caught.value.code == "worker_failed"
    with pytest.raises(WorkerError) as caught:
        await clip(runs, [picture(tmp_path, "a.png", RED, 1)], music=str(tmp_path / name))
    assert caught.value.code == "worker_failed"
