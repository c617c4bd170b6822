"""`atelier generate` without workers: what it says, what it writes, that it always ends."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bot import generate
from bot.app import assemble
from bot.generate import as_json
from bot.generate import generate as generate_into
from bot.services.ports import ImageRequest
from bot.settings import Settings
from bot.work_folder import prepare_work_folder
from data.database import Database
from generation.errors import WorkerError
from moderation.words import WordCheck
from tests.fakes import Fault, Workshop, small_catalog

WORDS = WordCheck()
Make = Callable[..., Any]


@pytest.fixture
def workers() -> Workshop:
    return Workshop()


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workers: Workshop) -> Make:
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
                catalog=small_catalog(),
                supervisor=runner,
                work_dir=prepare_work_folder(settings.data_dir, settings.work_dir),
                publisher=publisher,
                sentences=sentences,
            )

    monkeypatch.setattr(generate, "open_atelier", opened)
    monkeypatch.setattr("bot.app.WordCheck", lambda: WORDS)
    settings = Settings(_env_file=None, data_dir=tmp_path / "data", work_dir=tmp_path / "work")  # type: ignore[call-arg]

    async def run(prompt: str = "a house", *, out: Path = tmp_path / "out", **more: Any) -> dict[str, Any]:
        request = ImageRequest(prompt=prompt, **{"count": 2, "seed": 7, **more})
        async with asyncio.timeout(10):
            return await generate_into(settings, request, out=out, locale="de", report=lambda line: None)

    return run


async def test_files_and_facts(make: Make, tmp_path: Path) -> None:
    result = await make()
    assert (result["verdict"], result["seeds"], result["model"]) == ("approved", [7, 8], "mini")
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == sorted(result["files"])
    assert len(result["files"]) == 3
    assert json.loads(as_json(result))["parameters"]["prompt"] == "a house"


async def test_flagged_pictures_are_not_written(make: Make, workers: Workshop, tmp_path: Path) -> None:
    workers.flagged = {8}
    result = await make()
    assert (result["verdict"], result["flagged"]) == ("partly_flagged", [2])
    assert b"picture 8" not in b"".join(file.read_bytes() for file in (tmp_path / "out").iterdir())


async def test_a_refused_picture_and_a_refused_prompt(make: Make, workers: Workshop, tmp_path: Path) -> None:
    assert (await make("nackt"))["code"] == "refused_sexual"
    workers.flagged = {7, 8}
    result = await make()
    assert (result["verdict"], result["code"]) == ("refused", "refused_image_flagged")
    assert not (tmp_path / "out").exists()


async def test_bad_input_is_one_sentence(make: Make) -> None:
    result = await make(seed="-1")
    assert (result["verdict"], result["code"]) == ("failed", "seed_invalid")
    assert "4294967295" in result["message"]


async def test_a_failure_that_nobody_wrote_a_sentence_for_ends_too(make: Make, workers: Workshop) -> None:
    workers.fault["image"] = Fault(WorkerError("something_new"))
    result = await make()
    assert (result["verdict"], result["code"]) == ("failed", "something_new")
    assert result["message"]


async def test_a_folder_that_cannot_be_written_ends_too(make: Make, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = await make(out=tmp_path / "file")
    assert (result["verdict"], result["code"]) == ("failed", "storage_failed")


async def test_it_may_run_beside_the_bot(make: Make, tmp_path: Path) -> None:
    async with await Database.open(tmp_path / "data"):
        assert (await make())["verdict"] == "approved"
