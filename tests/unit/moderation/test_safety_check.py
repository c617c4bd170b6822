from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from generation.errors import WorkerCrashed
from moderation.pipeline import Pipeline
from moderation.safety_check import SafetyCheck
from moderation.verdict import Verdict
from tests.fakes import Fault, Workshop, small_catalog


@pytest.fixture
def workers() -> Workshop:
    return Workshop()


@pytest.fixture
def check(workers: Workshop, tmp_path: Path) -> SafetyCheck:
    (tmp_path / "work").mkdir()
    return SafetyCheck(
        supervisor=workers, model=small_catalog().default("safety"), work_dir=tmp_path / "work"
    )


def pictures(folder: Path) -> list[Path]:
    files = [folder / f"{number}.png" for number in (1, 2)]
    for number, file in enumerate(files):
        file.write_bytes(b"picture %d" % number)
    return files


async def test_scores_come_back_for_each_file_and_no_folder_stays(
    check: SafetyCheck, workers: Workshop, tmp_path: Path
) -> None:
    workers.flagged = {1}
    files = pictures(tmp_path)
    assert [(score.file, score.flagged) for score in await check(files)] == [
        (files[0], False),
        (files[1], True),
    ]
    assert list((tmp_path / "work").iterdir()) == []


async def test_no_folder_stays_after_an_error(check: SafetyCheck, workers: Workshop, tmp_path: Path) -> None:
    workers.fault["check_images"] = Fault(WorkerCrashed())
    with pytest.raises(WorkerCrashed):
        await check(pictures(tmp_path))
    assert list((tmp_path / "work").iterdir()) == []


async def test_a_worker_that_hangs_refuses_and_no_folder_stays(
    check: SafetyCheck, workers: Workshop, tmp_path: Path
) -> None:
    workers.hold_check = asyncio.Event()
    pipeline = Pipeline(text_checks=[lambda _: Verdict.allow("text")], image_check=check, timeout_s=0.05)
    files = pictures(tmp_path)
    decision = await pipeline.approve_images(files)
    assert decision.approved is None
    assert not any(file.exists() for file in files)
    await asyncio.sleep(0.05)
    assert list((tmp_path / "work").iterdir()) == []


async def test_checks_at_the_same_time_do_not_meet(
    check: SafetyCheck, workers: Workshop, tmp_path: Path
) -> None:
    files = pictures(tmp_path)
    await asyncio.gather(*(check(files) for _ in range(5)))
    assert len({request.job for request in workers.requests}) == 5
    assert len({request.out for request in workers.requests}) == 5
