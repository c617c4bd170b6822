from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from data.database import Database
from data.errors import DataFolderLocked, StorageFailed
from data.jobs import Jobs
from tests.fakes_dispatch import make_job

HOLD = """
import asyncio, sys
from data.database import Database

async def main():
    async with await Database.open(sys.argv[1]):
        print("open", flush=True)
        await asyncio.sleep(60)

asyncio.run(main())
"""
READ_ONLY = """
import asyncio, os, sys
sys.path[:0] = sys.argv[2].split(os.pathsep)
from data.database import Database
from data.errors import StorageFailed

os.setuid(65534)

async def main():
    try:
        async with await Database.open(sys.argv[1]):
            print("opened")
    except StorageFailed as error:
        print(error)

asyncio.run(main())
"""


def script(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, timeout=240, check=False
    )


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_kill_minus_nine_loses_and_doubles_nothing() -> None:
    done = script("-m", "tests.process.kill_counts", "-n", "10")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 of 10 points" in done.stdout


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_full_disk_damages_loses_and_tears_nothing() -> None:
    done = script("-m", "tests.process.disk_counts", "-n", "10")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 of 10 points" in done.stdout


async def test_a_second_process_is_locked_out_and_a_killed_one_leaves_no_lock(tmp_path: Path) -> None:
    other = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    try:
        assert other.stdout is not None
        assert other.stdout.readline() == "open\n"
        with pytest.raises(DataFolderLocked):
            await Database.open(tmp_path)
    finally:
        other.send_signal(signal.SIGKILL)
        other.communicate()
    async with await Database.open(tmp_path) as database:
        job = await Jobs(database).add(make_job())
        assert await Jobs(database).get(job.id) == job


@pytest.mark.skipif(
    not hasattr(os, "getuid") or os.getuid() == 0, reason="the administrator may write everywhere"
)
async def test_a_read_only_folder_is_a_clear_error(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o500)
    with pytest.raises(StorageFailed, match="read_only"):
        await Database.open(folder)


@pytest.mark.skipif(
    not hasattr(os, "getuid") or os.getuid() != 0, reason="only the administrator can become nobody"
)
def test_a_folder_of_somebody_else_is_a_clear_error(tmp_path: Path) -> None:
    # readable by nobody, as the test's own folders are not
    folder = Path(tempfile.gettempdir()) / f"atelier-read-only-{os.getpid()}"
    folder.mkdir(mode=0o755)
    try:
        done = script("-c", READ_ONLY, str(folder), os.pathsep.join(sys.path))
        assert "storage_failed reason=read_only" in done.stdout, done.stderr
    finally:
        shutil.rmtree(folder)
