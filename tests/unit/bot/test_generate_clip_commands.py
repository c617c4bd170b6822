"""What `atelier generate clip` asks for."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, NoReturn

import pytest
import typer
from typer.testing import CliRunner

from bot.cli import app
from bot.i18n import Sentences
from bot.services.clip_ports import Chosen, ClipRequest

SENTENCES = Sentences.load(strict=True)
Made = list[tuple[Any, dict[str, Any]]]
JOB = "0123456789"


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Made:
    """What is asked of `make`, instead of making it."""
    asked: Made = []

    def note(request: Any, **how: Any) -> NoReturn:
        asked.append((request, how))
        raise typer.Exit(0)

    monkeypatch.setattr("bot.generate_clip_commands.make", note)
    return asked


def call(*arguments: str) -> Any:
    return CliRunner().invoke(app, ["generate", "clip", *arguments])


def put(folder: Path, name: str) -> Path:
    file = folder / f"{JOB}-{name}"
    file.write_bytes(name.encode())
    return file


def sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def test_files_that_were_made_here(made: Made, tmp_path: Path) -> None:
    picture, music, speech = (put(tmp_path, name) for name in ("image-2.png", "audio-1.ogg", "audio-3.ogg"))
    options = ["--subtitles", "track", "--title", "Der Fuchs", "--json"]
    named = ["--pictures", str(picture), "--music", str(music), "--speech", str(speech)]
    assert call(*named, *options).exit_code == 0
    ((request, how),) = made
    assert request == ClipRequest(
        pictures=(Chosen(job=JOB, index=2, sha256=sha256(picture)),),
        music=Chosen(job=JOB, index=1, sha256=sha256(music)),
        speech=Chosen(job=JOB, index=3, sha256=sha256(speech)),
        subtitles="track",
        title="Der Fuchs",
    )
    assert (how["json"], how["declaration"]) == (True, None)


def test_a_folder_and_a_recording_of_ones_own(made: Made, tmp_path: Path) -> None:
    for index in range(1, 7):
        put(tmp_path, f"image-{index}.png")
    put(tmp_path, "sheet-0.png")
    song = tmp_path / "song.wav"
    song.write_bytes(b"RIFF")
    assert call("--pictures", str(tmp_path), "--music", str(song), "--rights", "own").exit_code == 0
    ((request, how),) = made
    assert [one.index for one in request.pictures] == [1, 2, 3, 4]
    assert (request.music, request.song.name) == (None, "song.wav")
    assert how["declaration"] == "own"


def test_a_recording_of_ones_own_needs_a_reason(made: Made, tmp_path: Path) -> None:
    song = tmp_path / "song.wav"
    song.write_bytes(b"RIFF")
    answer = call("--video", str(put(tmp_path, "video-1.mp4")), "--music", str(song))
    assert (answer.exit_code, made) == (2, [])


@pytest.mark.parametrize(
    "arguments", [["--pictures", "photo.png"], ["--video", f"{JOB}-image-1.png"], ["--speech", "me.wav"]]
)
def test_other_files_are_not_taken(made: Made, arguments: list[str], tmp_path: Path) -> None:
    option, name = arguments
    (tmp_path / name).write_bytes(b"x")
    answer = call(option, str(tmp_path / name), "--language", "en")
    assert (answer.exit_code, made) == (2, [])
    assert "atelier generate" in answer.output


def test_a_file_that_is_gone_is_named(made: Made, tmp_path: Path) -> None:
    answer = call("--video", str(tmp_path / f"{JOB}-video-1.mp4"), "--language", "en")
    assert (answer.exit_code, made) == (2, [])
