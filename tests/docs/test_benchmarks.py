"""Each benchmark runs with its smallest setting and prints its figures; what they are is nobody's business here."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from bot.families import environments_of
from bot.settings import Settings

ROOT = Path(__file__).parents[2]
PATIENCE_S = 120.0
LINES = {
    ("ack", "--quick"): ("C6 in-process, 20 at once, deferred", "C6 loopback, 20 over 0.2 s, told"),
    ("idle", "--quick"): ("C12 model libraries mapped into the bot: none", "C12 memory without workers, RSS"),
    ("overhead", "--quick"): ("C1 the bot's process", "C1 overhead"),
}


@pytest.fixture(scope="module")
async def environments() -> None:
    """The bot checks and composes with these even where no model paints."""
    made = environments_of(Settings(_env_file=None), report=print)  # type: ignore[call-arg]
    for family in ("media", "safety"):
        await made.ensure(family)


@pytest.fixture(scope="module")
async def printed(environments: None) -> dict[str, str]:
    """What each one prints, or its error. All at once: most of their time is waiting for processes to start."""
    outputs = await asyncio.gather(*(_run(*arguments) for arguments in LINES))
    return {arguments[0]: output for arguments, output in zip(LINES, outputs, strict=True)}


async def _run(name: str, *options: str) -> str:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        f"benchmarks.{name}",
        *options,
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        output, _ = await asyncio.wait_for(process.communicate(), PATIENCE_S)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return (
        output.decode() if process.returncode == 0 else f"exit code {process.returncode}\n{output.decode()}"
    )


@pytest.mark.parametrize(("arguments", "lines"), LINES.items(), ids=lambda one: one[0])
def test_prints_its_figures(
    printed: dict[str, str], arguments: tuple[str, ...], lines: tuple[str, ...]
) -> None:
    for line in lines:
        assert line in printed[arguments[0]], printed[arguments[0]]


def test_every_benchmark_is_tried() -> None:
    # parts that have tests of their own, and what needs models' packages (tests/contract/test_*_benchmark.py)
    others = {"music", "speech", "store", "text", "video"}
    runnable = {
        file.stem
        for file in (ROOT / "benchmarks").glob("*.py")
        if "def main(" in file.read_text("utf-8") and "add_argument" in file.read_text("utf-8")
    }
    assert runnable - others == {arguments[0] for arguments in LINES}


def test_every_benchmark_is_explained() -> None:
    page = (ROOT / "benchmarks" / "README.md").read_text("utf-8")
    for arguments in LINES:
        assert f"benchmarks.{arguments[0]}" in page
