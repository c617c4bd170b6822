"""The bot is killed in the middle of deleting somebody's data: at its next start it goes on until nothing is left."""

from __future__ import annotations

import asyncio
from pathlib import Path

from bot.settings import Settings
from tests.end_to_end.whole.conftest import Klass, open_class
from tests.unit.bot.local.openapi import Description

CANARY = "ein gelber Kanarienvogel auf rotem Grund"
DELAYS_S = (0.03, 0.2)
PATIENCE_S = 40.0
"""Less than the minute after which it would go on anyway."""


def traces(folder: Path, *words: str) -> list[str]:
    """The bot's files that hold one of these words."""
    files = [one for one in folder.rglob("*") if one.is_file()]
    return [str(one) for one in files if any(word.encode() in one.read_bytes() for word in words)]


async def test_a_kill_in_the_middle_of_a_deletion_ends_nothing(
    settings: Settings, environments: None, description: Description | None, tmp_path: Path
) -> None:
    async with open_class(settings, tmp_path, description, ATELIER_WORK_DIR=str(tmp_path / "work")) as klass:
        for delay in DELAYS_S:
            await _kill_while_deleting(klass, tmp_path, delay)


async def _kill_while_deleting(klass: Klass, folder: Path, delay: float) -> None:
    post = await klass.result(klass.ada.command("bild", prompt=CANARY, anzahl=1, seed="7"))
    assert traces(folder, CANARY) != []
    klass.ada.command("meine-daten loeschen", wirklich=True)
    database = folder / "data" / "atelier.sqlite"
    async with asyncio.timeout(PATIENCE_S):
        while not _has_begun(folder):
            await asyncio.sleep(0.005)
    await asyncio.sleep(delay)
    await klass.bot.kill()
    assert database.exists()
    await klass.bot.start()
    await klass.online()
    async with asyncio.timeout(PATIENCE_S):
        while traces(folder, CANARY) or post["id"] in klass.ada.seen:
            await asyncio.sleep(0.5)
            await klass.ada.refresh()


def _has_begun(folder: Path) -> bool:
    """The tombstone comes before anything is deleted."""
    file = folder / "data-records" / "tombstones.jsonl"
    return file.exists() and '"done": false' in file.read_text("utf-8")
