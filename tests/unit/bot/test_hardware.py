from __future__ import annotations

from pathlib import Path

import pytest

from bot import hardware
from bot.hardware import (
    GraphicsCard,
    free_disk_mb,
    graphics_card,
    main_memory_mb,
    model_memory_mb,
    worker_threads,
)


@pytest.fixture
def smi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program called nvidia-smi, alone on PATH; a test writes what it says."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path / "nvidia-smi"


def says(program: Path, *lines: str, code: int = 0) -> None:
    program.write_text("#!/bin/sh\n" + "".join(f"echo '{line}'\n" for line in lines) + f"exit {code}\n")
    program.chmod(0o755)


def test_the_largest_card_counts(smi: Path) -> None:
    says(smi, "Small Card, 8188", "A Card, with a comma, 24564")
    assert graphics_card() == GraphicsCard(name="A Card, with a comma", memory_mb=24564)
    assert model_memory_mb(None) == 24564


@pytest.mark.parametrize("lines", [[], ["No devices were found"], ["A Card, [N/A]"], [""]])
def test_without_a_usable_card_half_of_the_main_memory_counts(smi: Path, lines: list[str]) -> None:
    says(smi, *lines)
    assert graphics_card() is None
    assert model_memory_mb(None) == main_memory_mb() // 2


@pytest.mark.parametrize(
    ("cores", "allowed", "threads"), [(8, 8, 7), (2, 2, 1), (1, 1, 1), (8, 2, 1), (None, 4, 1)]
)
def test_a_core_stays_free(
    monkeypatch: pytest.MonkeyPatch, cores: int | None, allowed: int, threads: int
) -> None:
    monkeypatch.setattr("psutil.cpu_count", lambda *, logical: cores)
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(allowed)), raising=False)
    assert worker_threads(None) == threads
    assert worker_threads(5) == 5


def test_a_driver_that_fails_is_no_card(smi: Path) -> None:
    says(smi, "A Card, 8188", code=9)
    assert graphics_card() is None


def test_a_program_that_cannot_run_is_no_card(smi: Path) -> None:
    smi.write_bytes(b"\0\0")
    smi.chmod(0o755)
    assert graphics_card() is None


def test_without_the_program_there_is_no_card(smi: Path) -> None:
    assert graphics_card() is None


def test_what_was_chosen_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hardware, "graphics_card", lambda: pytest.fail("nobody needs to ask"))
    assert model_memory_mb(6000) == 6000


def test_free_space_of_a_folder_that_is_not_there_yet(tmp_path: Path) -> None:
    assert free_disk_mb(tmp_path / "not" / "yet") == pytest.approx(free_disk_mb(tmp_path), abs=200)
    assert free_disk_mb(Path("not-yet")) > 0
