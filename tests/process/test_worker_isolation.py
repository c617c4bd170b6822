"""What a worker sees of the bot's world, and that it does not outlive the bot."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest

from tests.process.workers import ROOT, bench, eventually, is_running

BOT = """
import asyncio, sys
from pathlib import Path
from tests.process.workers import bench

async def main():
    async with bench(Path(sys.argv[1]), lock_dir=Path(sys.argv[1]) / "locks") as b:
        await b.supervisor.start("fake")
        steps = 2 if sys.argv[2] != "slow" else 10_000
        job = b.begin("j1", sys.argv[2], params={"steps": steps}, fake={"step_seconds": 0.01})
        await asyncio.sleep(0.6)
        print(b.pid(), flush=True)
        await job

asyncio.run(main())
"""


@asynccontextmanager
async def other_bot(tmp_path: Path, behaviour: str) -> AsyncIterator[tuple[asyncio.subprocess.Process, int]]:
    """A bot in a process of its own, busy with one job; its worker's pid."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        BOT,
        str(tmp_path),
        behaviour,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        yield process, int(await asyncio.wait_for(process.stdout.readline(), 30))
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_no_secret_reaches_a_worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", "top-secret-value")
    monkeypatch.setenv("HF_TOKEN", "top-secret-value")
    monkeypatch.setenv("CUDA_API_KEY", "top-secret-value")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("SOMETHING_ELSE", "top-secret-value")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    monkeypatch.setenv("ATELIER_THREADS", "1")
    async with bench(tmp_path) as b:
        await b.supervisor.start("fake")
        seen = psutil.Process(b.pid()).environ()

    assert "top-secret-value" not in seen.values()
    assert "PYTHONPATH" not in seen
    assert seen["CUDA_VISIBLE_DEVICES"] == "0"
    assert seen["OMP_NUM_THREADS"] == "1"
    assert seen["HF_HUB_OFFLINE"] == "1"
    assert seen["PATH"] == os.environ["PATH"]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a process in the middle of a C call")
@pytest.mark.parametrize("behaviour", ["slow", "hang", "silent"])
async def test_a_worker_is_gone_when_the_bot_is_killed(tmp_path: Path, behaviour: str) -> None:
    """`silent` sits in a C call that holds the interpreter's lock."""
    async with other_bot(tmp_path, behaviour) as (bot, pid):
        assert is_running(pid)
        bot.send_signal(signal.SIGKILL)

        assert await eventually(lambda: not is_running(pid), 5) < 2


async def test_a_worker_is_gone_when_its_commands_end(tmp_path: Path) -> None:
    """The way that works everywhere: nobody asks the kernel, the pipe closes."""
    boot = ROOT / "generation" / "worker" / "boot.py"
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-P",
        str(boot),
        "fake",
        env={"PATH": os.environ["PATH"]},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    while b"ready" not in await process.stdout.readline():
        continue
    began = time.monotonic()
    process.stdin.close()
    await process.wait()

    assert time.monotonic() - began < 2


async def test_a_family_has_one_worker_even_when_the_bot_is_started_again(tmp_path: Path) -> None:
    lock_dir = tmp_path / "locks"
    async with bench(tmp_path, lock_dir=lock_dir) as first, bench(tmp_path, lock_dir=lock_dir) as second:
        await first.run("j1")
        job = second.begin("j2")
        await asyncio.sleep(0.5)
        assert not job.done()

        await first.supervisor.stop("fake")
        assert (await asyncio.wait_for(job, 20)).files


async def test_a_worker_imports_ours_and_nothing_else_of_the_source_folder(tmp_path: Path) -> None:
    """`-P` and a registered package: the folder itself is not on the path."""
    code = (
        "import importlib.util as u; from pathlib import Path\n"
        f"spec = u.spec_from_file_location('boot', {str(ROOT / 'generation/worker/boot.py')!r})\n"
        "boot = u.module_from_spec(spec); spec.loader.exec_module(boot)\n"
        f"boot.register_package(Path({str(ROOT / 'generation')!r}))\n"
        "import generation.wire, generation.families.fake.adapter\n"
        "print([name for name in ('bot', 'tests', 'api') if u.find_spec(name)])\n"
    )
    # -I: neither the current folder nor the test's own variables; -S: not the bot's installed packages
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-I", "-S", "-c", code, cwd=tmp_path, stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()

    assert output.decode().strip() == "[]"
