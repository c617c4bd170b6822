"""`atelier generate video` through the real workers: a walk to a melody, a script, and what a wrong one is told."""

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
pytestmark = pytest.mark.usefixtures("environments")
Make = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Run the command; gives its exit code and the JSON that it printed. Its files lie in `out`."""
    write_melody(tmp_path / "melody.wav")
    (tmp_path / "good.txt").write_text("0: ein roter Kreis\n\n4: ein blaues Quadrat\n", "utf-8")
    (tmp_path / "card.txt").write_text(f"0: ein roter Kreis\n3: {CARD}\n6: ein roter Kreis\n", "utf-8")
    (tmp_path / "bad.txt").write_text("0: ein roter Kreis\n\nein blaues Quadrat\n", "utf-8")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ATELIER_")}
    cache = {name: os.environ[name] for name in ("ATELIER_CACHE_DIR",) if name in os.environ}
    variables = {"ATELIER_DATA_DIR": str(tmp_path / "data"), "PYTHONPATH": str(ROOT)}

    command = (sys.executable, "-m", "bot.cli", "generate", "video")

    def run(*words: str) -> tuple[int, dict[str, Any]]:
        done = subprocess.run(
            [*command, *words, "--json", "--language", "de", "--out", "out"],
            cwd=tmp_path,
            env=kept | cache | variables,
            capture_output=True,
            text=True,
            timeout=250,
            check=False,
        )
        assert "Traceback" not in done.stderr
        return done.returncode, json.loads(done.stdout)

    return run


async def test_a_walk_to_a_melody(make: Make, settings: Settings, tmp_path: Path) -> None:
    song = ("--song", "melody.wav", "--rights", "own")
    code, made = make(
        "ein roter Kreis",
        "ein blaues Quadrat",
        *song,
        "--seconds",
        "1",
        "--fps",
        "4",
        "--seed",
        "3",
        "--seed2",
        "4",
    )
    assert code == 0, made
    assert (made["medium"], made["model"], made["seeds"]) == ("video", "mini", [3, 4])
    assert (made["frames"], made["lengths"], made["sound"]) == (4, [1.0], True)
    assert made["parameters"]["declaration"] == "own"
    assert [Path(name).suffix for name in made["files"]] == [".mp4", ".png"]
    python = environments_of(settings, report=print).python("media")
    (heard,) = await listen(python, [tmp_path / "out" / made["files"][0]])
    assert heard.seconds == pytest.approx(1.0, abs=0.3)


def test_a_script(make: Make) -> None:
    code, made = make("bei Nacht", "--script", "good.txt", "--seconds", "1", "--seed", "5")
    assert code == 0, made
    assert (made["frames"], made["seeds"], made["sound"]) == (8, [5], False)
    assert [key["prompt"] for key in made["parameters"]["keys"]] == (
        ["ein roter Kreis, bei Nacht", "ein blaues Quadrat, bei Nacht"]
    )


def test_a_wrong_script_names_its_line(make: Make) -> None:
    code, made = make("bei Nacht", "--script", "bad.txt")
    assert (code, made["code"], made["files"]) == (1, "script_line", [])
    assert made["message"] == SENTENCES.text("error.script_line", "de", line=3)


CARD = "testbild"
"""The rehearsal model draws a test card for this word, and the rehearsal checker flags it."""


def test_a_card_between_two_good_ends_refuses_the_finished_video(make: Make, tmp_path: Path) -> None:
    """Whoever sees only how it begins and ends finds nothing: it is the check of every decoded frame that refuses."""
    code, made = make("", "--script", "card.txt", "--seconds", "1", "--seed", "5")
    assert (code, made["verdict"], made["code"]) == (1, "refused", "refused_video_flagged")
    assert made["files"] == []
    assert list((tmp_path / "out").iterdir()) == []


def test_a_card_at_its_end_ends_a_long_video_at_once(make: Make, tmp_path: Path) -> None:
    """Its ends are judged while the other frames are made: long before 480 of them are there, on any machine."""
    code, made = make(
        "ein roter Kreis", CARD, "--seconds", "20", "--fps", "24", "--seed", "3", "--seed2", "4"
    )
    assert (code, made["verdict"], made["code"]) == (1, "refused", "refused_video_ends")
    assert made["files"] == []
    assert list((tmp_path / "out").iterdir()) == []
