"""The benchmark of videos runs with its smallest setting; what it prints is nobody's business here."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from benchmarks.video import main
from generation.environments import Environments
from tests.contract.conftest import ROOT


async def test_prints_its_figures(environments: Environments) -> None:
    await environments.ensure("diffusion")
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "benchmarks.video", "--quick"),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()

    assert process.returncode == 0, output.decode()
    for line in ("video import: ", "video CPU seconds a frame: ", "video memory: "):
        assert line in output.decode()


def test_a_folder_that_is_not_there_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["--model", str(tmp_path / "none")])
    assert "there is no folder" in capsys.readouterr().err
