"""What `atelier generate video` asks for."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NoReturn

import pytest
import typer
from typer.testing import CliRunner

from bot.cli import app
from bot.i18n import Sentences
from bot.services.video_ports import ScriptRequest, VideoRequest

SENTENCES = Sentences.load(strict=True)
Made = list[tuple[Any, dict[str, Any]]]


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Made:
    """What is asked of `make`, instead of making it."""
    asked: Made = []

    def note(request: Any, **how: Any) -> NoReturn:
        asked.append((request, how))
        raise typer.Exit(0)

    monkeypatch.setattr("bot.generate_video_commands.make", note)
    return asked


def call(*arguments: str) -> Any:
    return CliRunner().invoke(app, ["generate", "video", *arguments])


def test_two_prompts(made: Made, tmp_path: Path) -> None:
    song = tmp_path / "song.wav"
    song.write_bytes(b"RIFF")
    options = ["--seconds", "3", "--fps", "12", "--seed", "1", "--seed2", "2", "--model", "mini", "--json"]
    assert call("a", "b", *options, "--song", str(song), "--rights", "public-domain").exit_code == 0
    ((request, how),) = made
    assert isinstance(request, VideoRequest)
    assert (request.prompt1, request.prompt2, request.seconds, request.fps) == ("a", "b", 3, 12)
    assert (request.seed1, request.seed2, request.model) == ("1", "2", "mini")
    assert request.song is not None
    assert (request.song.name, request.song.size) == ("song.wav", 4)
    assert (how["json"], how["declaration"]) == (True, "public_domain")


def test_a_script(made: Made, tmp_path: Path) -> None:
    script = tmp_path / "script.txt"
    script.write_text("0: Äpfel\n8: Birnen", encoding="utf-8-sig")  # as Windows saves it
    assert call("Aquarell", "--script", str(script), "--seconds", "4", "--seed", "5").exit_code == 0
    ((request, _),) = made
    expected = ScriptRequest(lines="0: Äpfel\n8: Birnen", common="Aquarell", seconds=4, seed="5")
    assert request == expected


@pytest.mark.parametrize(
    ("arguments", "key"),
    [
        (["a"], "script_or_second"),
        (["a", "b", "--script", "x.txt"], "script_or_second"),
        (["a", "--script", "x.txt", "--fps", "8"], "script_alone"),
        (["a", "--script", "x.txt", "--seed2", "8"], "script_alone"),
        (["a", "--script", "x.txt", "--song", "x.wav"], "script_alone"),
        (["a", "b", "--song", "x.wav"], "rights_needed"),
    ],
)
@pytest.mark.parametrize("language", ["de", "en"])
def test_what_does_not_go_together_is_said(made: Made, arguments: list[str], key: str, language: str) -> None:
    answer = call(*arguments, "--language", language)
    assert answer.exit_code == 2
    assert SENTENCES.text(f"cli.{key}", language)[:40] in answer.output.replace("\n", " ")
    assert made == []


def test_files_that_are_not_there(made: Made, tmp_path: Path) -> None:
    missing = str(tmp_path / "nothing")
    for arguments in (["a", "--script", missing], ["a", "b", "--song", missing, "--rights", "own"]):
        answer = call(*arguments, "--language", "en")
        assert answer.exit_code == 2
    assert made == []
