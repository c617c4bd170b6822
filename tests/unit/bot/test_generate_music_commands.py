"""`atelier generate music | sound | notes` used wrongly: one sentence, exit code 2, and nothing is opened."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.cli import app
from bot.i18n import LANGUAGES, Sentences
from bot.lesson.melody import write_melody

SENTENCES = Sentences.load(strict=True)
Call = Callable[..., Result]


@pytest.fixture(params=LANGUAGES)
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, language: str) -> Call:
    """The command in an empty folder; a data folder that it must not make."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ATELIER_DATA_DIR", str(tmp_path / "data"))
    write_melody(tmp_path / "melody.wav")

    def run(*words: str) -> Result:
        result = CliRunner().invoke(app, ["generate", *words, "--language", language])
        assert not (tmp_path / "data").exists()
        return result

    return run


@pytest.mark.parametrize(
    "words",
    [
        ("music", "Tanz", "--melody", "melody.wav"),
        ("music", "Tanz", "--continue", "melody.wav"),
        ("notes", "--midi", "melody.wav"),
    ],
)
def test_a_file_without_a_word_on_its_rights(call: Call, language: str, words: tuple[str, ...]) -> None:
    result = call(*words)
    assert result.exit_code == 2
    assert result.stderr.strip() == SENTENCES.text("cli.rights_needed", language)


@pytest.mark.parametrize(
    "words",
    [
        ("music", "Tanz", "--rights", "own", "--melody"),
        ("music", "Tanz", "--rights", "own", "--continue"),
        ("music", "Tanz", "--lyric"),
        ("notes", "--rights", "permission", "--midi"),
    ],
)
@pytest.mark.parametrize("file", ["nothing.wav", "."])
def test_a_file_that_is_none(call: Call, language: str, words: tuple[str, ...], file: str) -> None:
    result = call(*words, file)
    assert result.exit_code == 2
    assert result.stderr.strip() == SENTENCES.text("cli.no_file", language, file=file)


def test_a_lyric_that_is_no_text(call: Call, language: str) -> None:
    result = call("music", "Tanz", "--lyric", "melody.wav")
    assert result.exit_code == 2
    assert result.stderr.strip() == SENTENCES.text("cli.file_no_text", language, file="melody.wav")


def test_a_recording_to_continue_stands_alone(call: Call, language: str) -> None:
    both = ("--continue", "melody.wav", "--melody", "melody.wav")
    result = call("music", "Tanz", "--rights", "own", *both)
    assert result.exit_code == 2
    assert result.stderr.strip() == SENTENCES.text("cli.continue_alone", language)


def test_rights_that_nobody_knows(call: Call) -> None:
    assert call("music", "Tanz", "--melody", "melody.wav", "--rights", "found").exit_code == 2
