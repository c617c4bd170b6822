"""`atelier mini score`: runs each script in its environment; a model whose environment takes long to make is named."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import cast

import pytest

from bot.mini_scores import SCORED, score_minis
from generation.environments import Environments
from generation.errors import WorkerError


class OwnPython:
    """Environments that all are this interpreter; those in `ready` are there already."""

    def __init__(self, root: Path, ready: set[str]) -> None:
        self.source_root = root
        self._ready = ready

    def is_ready(self, family: str) -> bool:
        return family in self._ready

    async def ensure(self, family: str) -> Path:
        return Path(sys.executable)


def scripts(root: Path, text: str) -> None:
    for scored in SCORED.values():
        script = root / "generation" / "mini" / scored.script
        script.parent.mkdir(parents=True, exist_ok=True)
        script.write_text(text)


async def scored(root: Path, ready: set[str]) -> tuple[dict[str, object], list[str]]:
    left_out: list[str] = []
    environments = cast("Environments", OwnPython(root, ready))
    return await score_minis(environments, quick=True, left_out=left_out.append), left_out


async def test_every_script_is_run_and_what_it_prints_is_read(tmp_path: Path) -> None:
    scripts(tmp_path, "import json, sys\nprint(json.dumps(sys.argv[1:]))")
    assert await scored(tmp_path, {"text", "music"}) == ({name: ["--quick"] for name in SCORED}, [])


async def test_without_its_environment_a_large_family_is_named_once_and_the_others_are_scored(
    tmp_path: Path,
) -> None:
    scripts(tmp_path, "print(1)")
    assert await scored(tmp_path, set()) == ({"diffusion": 1, "safety": 1}, ["music", "text"])
    sounds = {"music": 1, "sound": 1, "notes": 1}
    assert await scored(tmp_path, {"music"}) == ({"diffusion": 1, "safety": 1, **sounds}, ["text"])


async def test_a_script_that_fails_is_an_error_with_its_last_words(tmp_path: Path) -> None:
    scripts(tmp_path, "raise SystemExit('no weights')")
    with pytest.raises(WorkerError) as caught:
        await scored(tmp_path, set())
    assert caught.value.code == "scores_failed"
    assert "no weights" in str(caught.value.values["reason"])
