"""The lesson of `atelier demo --once`, played in this class; and that it notices when something is missing."""

from __future__ import annotations

import json
import os
import sys
from asyncio import create_subprocess_exec, subprocess
from pathlib import Path

import pytest

from bot.families import environments_of
from bot.lesson import STEPS, play
from bot.settings import Settings
from generation.errors import EnvironmentFailed
from tests.end_to_end.whole.conftest import Klass


async def ready_families(settings: Settings) -> set[str]:
    """Pictures, music, voices, and texts where there is a compiler."""
    made = environments_of(settings, report=print)
    ready = {"diffusion"}
    try:
        for family in {"music", "text", "voices", "listening"} & set(settings.families):
            try:
                await made.ensure(family)
            except EnvironmentFailed as error:
                if error.code != "no_compiler":
                    raise
            else:
                ready.add(family)
    finally:
        await made.close()
    return ready


@pytest.mark.compiled(optional=True)
async def test_every_step_goes_well_and_its_posts_are_written_down(
    klass: Klass, settings: Settings, tmp_path: Path
) -> None:
    told: list[str] = []
    families = await ready_families(settings)
    _, wrong = await play(
        klass.server.base_url,
        tmp_path,
        families=families,
        python=environments_of(settings, report=print).python,
        sentences=klass.sentences,
        language="de",
        report=told.append,
    )
    assert wrong == 0, "\n".join(told)
    rows = json.loads((tmp_path / "transcript.json").read_text("utf-8"))
    asked = [step for step in STEPS if step.needs in families]
    # two steps of music have an answer before the music (which rights, which words); who adds a voice or confirms one
    # gets four answers, or three; what a teacher does is answered, and so is whoever meets with it; a task is given,
    # missed, kept to, handed in, handed in again and ended; who sends a work in is asked first, cards are decided
    more = len(rows) - len(asked) - 20 - 2 * ("music" in families) - 8 * ("listening" in families)
    # words that were misheard are followed by other words, and what was found then
    assert more in range(0, 9 if "listening" in families else 1, 2)
    pictures = [row for row in rows if row["medium"] == "image"]
    assert {row["verdict"] for row in rows} >= {
        "approved",
        "partly_flagged",
        "refused",
        "cancelled",
        "error",
        "answered",
    }
    for row in pictures:
        assert row["job"]
        assert row["model"] == "mini"
        assert len(row["files"]) == 1 + len(row["seeds"]) - len(row["flagged"])
        assert all((tmp_path / name).stat().st_size for name in row["files"])
        assert row["seconds"] > 0
        assert row["user"] in {"Ada", "Ben", "Chiara", None}
    assert sum(row["user"] is None for row in pictures) == 3, (
        "two cards for the teacher, one work in the gallery"
    )
    watched = [row for row in rows if row["medium"] in {"video", "clip"}]
    assert len(watched) == 2 + ("music" in families) + ("listening" in families) + ("text" in families)
    assert all("checked" in row for row in watched)
    heard = [row for row in rows if "checked" in row and row not in watched]
    # of music all but the one that is refused; two posts are spoken
    played = max(sum(step.needs == "music" and "video" not in step.what for step in asked) - 1, 0)
    assert len(heard) == played + 2 * ("listening" in families)
    assert {row["model"] for row in heard} <= {"mini-music", "mini-sound", "mini-notes", "espeak"}


async def test_a_lesson_without_pictures_fails(environments: None, tmp_path: Path) -> None:
    process = await create_subprocess_exec(
        sys.executable,
        "-m",
        "bot.cli",
        "demo",
        "--once",
        "--out",
        str(tmp_path),
        env={**os.environ, "ATELIER_FAMILIES": "safety,media", "LANG": "de_DE.UTF-8"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    _, told = await process.communicate()
    assert process.returncode == 1
    assert "Das ist gerade ausgeschaltet" in told.decode()
    assert "Traceback" not in told.decode()
