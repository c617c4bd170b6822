"""`atelier generate music | sound | notes` without workers: files, facts, and that nothing is made without rights."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bot import generate
from bot.app import assemble
from bot.generate import AnyRequest
from bot.generate import generate as generate_into
from bot.services.audio_ports import ContinueRequest, MusicRequest, NotesRequest, SoundRequest
from bot.settings import Settings
from bot.work_folder import prepare_work_folder
from data.database import Database
from tests.fakes_music import MusicWorkshop, an_upload, music_catalog

Make = Callable[..., Any]


@pytest.fixture
def workers() -> MusicWorkshop:
    return MusicWorkshop()


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workers: MusicWorkshop) -> Make:
    @asynccontextmanager
    async def opened(settings: Settings, *, publisher: Any, sentences: Any, report: Any) -> Any:
        del report
        runner: Any = workers
        async with AsyncExitStack() as stack:
            database = await stack.enter_async_context(await Database.open(settings.data_dir))
            yield await assemble(
                settings,
                stack,
                database=database,
                catalog=music_catalog(),
                supervisor=runner,
                work_dir=prepare_work_folder(settings.data_dir, settings.work_dir),
                publisher=publisher,
                sentences=sentences,
            )

    monkeypatch.setattr(generate, "open_atelier", opened)
    settings = Settings(_env_file=None, data_dir=tmp_path / "data", work_dir=tmp_path / "work")  # type: ignore[call-arg]

    async def run(request: AnyRequest, declaration: Any = None) -> dict[str, Any]:
        async with asyncio.timeout(10):
            return await generate_into(
                settings,
                request,
                out=tmp_path / "out",
                locale="de",
                report=lambda line: None,
                declaration=declaration,
            )

    return run


def written(folder: Path) -> list[str]:
    return sorted(file.name for file in (folder / "out").iterdir())


@pytest.mark.parametrize(
    ("request_", "endings", "lengths"),
    [
        (MusicRequest(prompt="Tanz", seconds=8, count=2, seed=7), [".png", ".ogg", ".ogg"], [8.0, 8.0]),
        (SoundRequest(prompt="Regen", seconds=3, format="mp3", seed=7), [".png", ".mp3"], [3.0]),
        (NotesRequest(melody="C D E", count=2, seed=7), [".png", ".ogg", ".mid", ".ogg", ".mid"], [8.0, 8.0]),
    ],
)
async def test_files_and_facts(
    make: Make, tmp_path: Path, request_: AnyRequest, endings: list[str], lengths: list[float]
) -> None:
    made = await make(request_)
    assert made["verdict"] == "approved"
    assert made["seeds"] == [7, 8][: len(lengths)]
    assert made["lengths"] == lengths
    assert [Path(name).suffix for name in made["files"]] == endings
    assert written(tmp_path) == sorted(made["files"])


@pytest.mark.parametrize(
    "request_",
    [
        MusicRequest(prompt="Tanz", melody=an_upload()),
        ContinueRequest(prompt="Tanz", file=an_upload()),
        NotesRequest(file=an_upload(b"midi", "song.mid")),
    ],
)
async def test_a_file_is_used_with_a_declaration_only(
    make: Make, tmp_path: Path, workers: MusicWorkshop, request_: AnyRequest
) -> None:
    refused = await make(request_)
    assert (refused["verdict"], refused["code"]) == ("failed", "declaration_unknown")
    assert not any(one.family == "music" for one in workers.requests)
    assert not any((tmp_path / "data" / "generate" / "uploads").glob("*")), "it is not kept either"
    made = await make(request_, "permission")
    assert made["verdict"] == "approved"
    assert made["parameters"]["declaration"] == "permission"


async def test_what_cannot_be_heard_is_not_written(
    make: Make, tmp_path: Path, workers: MusicWorkshop
) -> None:
    workers.measured = lambda index, facts: {**facts, "rms_db": -120.0, "silent_share": 1.0}
    made = await make(MusicRequest(prompt="Tanz", seed=7))
    assert made["verdict"] != "approved"
    assert made["files"] == []
    assert not (tmp_path / "out").exists()
