"""The text family's benchmark runs with its smallest setting; what it prints is nobody's business here."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from benchmarks.text import main
from tests.contract.conftest import ROOT
from tests.contract.text_runs import TextRuns


async def test_prints_its_figures(texts: TextRuns) -> None:
    await texts.environments.ensure("text")
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "benchmarks.text", "--quick"),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()

    assert process.returncode == 0, output.decode()
    for line in ("text tokens a second", "first token of a second question", "old tokens computed again: 0"):
        assert line in output.decode()


def test_a_file_that_is_not_there_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--model", str(tmp_path / "none.gguf")])
    assert "there is no file" in capsys.readouterr().err
