"""`atelier generate music | sound | notes` through the real workers: files that play, facts as JSON, exit codes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import bot
from bot.families import environments_of
from bot.i18n import Sentences
from bot.lesson.hearing import listen
from bot.lesson.melody import write_melody
from bot.settings import Settings

ROOT = Path(bot.__file__).parents[1]
SENTENCES = Sentences.load(strict=True)
Make = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Run the command; gives its exit code and the JSON that it printed. Its files lie in `out`."""
    write_melody(tmp_path / "melody.wav")
    (tmp_path / "words.txt").write_text(
        "[verse]\nEin Igel geht spazieren\n[chorus]\nUnd kommt zurück\n", "utf-8"
    )
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ATELIER_")}
    cache = {name: os.environ[name] for name in ("ATELIER_CACHE_DIR",) if name in os.environ}
    variables = {"ATELIER_DATA_DIR": str(tmp_path / "data"), "ATELIER_WORKER_THREADS": "1"}

    def run(*words: str) -> tuple[int, dict[str, Any]]:
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "bot.cli",
                "generate",
                *words,
                "--json",
                "--language",
                "de",
                "--out",
                "out",
            ],
            cwd=tmp_path,
            env=kept | cache | variables | {"PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=250,
            check=False,
        )
        assert "Traceback" not in done.stderr
        return done.returncode, json.loads(done.stdout)

    return run


async def test_two_takes_after_a_melody(make: Make, music: None, settings: Settings, tmp_path: Path) -> None:
    file = ("--melody", "melody.wav", "--rights", "own", "--format", "mp3")
    code, made = make(
        "music", "fröhliche Melodie, Flöte", *file, "--seconds", "4", "--count", "2", "--seed", "7"
    )
    assert code == 0, made
    assert (made["medium"], made["model"], made["seeds"]) == ("music", "mini-music", [7, 8])
    assert made["parameters"]["declaration"] == "own"
    assert [Path(name).suffix for name in made["files"]] == [".png", ".mp3", ".mp3"]
    python = environments_of(settings, report=print).python("media")
    heard = await listen(python, [tmp_path / "out" / name for name in made["files"][1:]])
    assert made["lengths"] == pytest.approx([one.seconds for one in heard], abs=0.1)
    assert made["lengths"] == pytest.approx([4.0, 4.0], abs=0.3)
    assert not any(one.is_silent for one in heard)


async def test_six_continuations(make: Make, music: None, settings: Settings, tmp_path: Path) -> None:
    code, made = make("notes", "--melody", "C D E F G G", "--count", "6", "--tokens", "64", "--seed", "1")
    assert code == 0, made
    assert (made["medium"], made["seeds"]) == ("notes", [1, 2, 3, 4, 5, 6])
    midi = [tmp_path / "out" / name for name in made["files"] if name.endswith(".mid")]
    python = environments_of(settings, report=print).python("media")
    heard = await listen(python, midi)
    assert len(heard) == 6
    assert all(one.notes > 6 for one in heard), "they go on where the melody ends"


@pytest.mark.parametrize(
    ("words", "code", "values"),
    [
        (("music", " "), "prompt_empty", {}),
        (("music", "Tanz", "--seconds", "61"), "seconds_invalid", {"low": 1, "high": 60}),
        (("sound", "Regen", "--seconds", "11"), "seconds_invalid", {"low": 1, "high": 10}),
        (("music", "Tanz", "--count", "5"), "takes_invalid", {"low": 1, "high": 4}),
        (("music", "Tanz", "--format", "wma"), "format_unknown", {"known": "ogg, mp3"}),
        (("music", "Tanz", "--seed", "-1"), "seed_invalid", {"high": 2**32 - 1}),
        (("music", "Tanz", "--melody", "words.txt", "--rights", "own"), "audio_kind", {}),
        (("notes", "--midi", "melody.wav", "--rights", "own"), "midi_broken", {}),
        (("notes", "--melody", "C D Q"), "note_unknown", None),
        (("notes",), "notes_empty", {}),
        (("sound", "a n4ked person"), "refused_sexual", {}),
        (("music", "Tanz", "--model", "traum"), "model_unknown", None),
    ],
)
def test_bad_input_is_one_sentence(
    make: Make, environments: None, words: tuple[str, ...], code: str, values: dict[str, Any] | None
) -> None:
    exit_code, result = make(*words)
    assert exit_code == 1
    assert (result["code"], result["files"]) == (code, [])
    if values is not None:
        assert result["message"] == SENTENCES.text(f"error.{code}", "de", **values)
