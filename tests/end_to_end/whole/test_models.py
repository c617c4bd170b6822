"""From the hub to a picture: fetch a model and its checker, then paint with them without any network."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import bot
from bot.i18n import Sentences
from generation.catalog import Catalog
from generation.model_entries import ModelInfo
from tests.hub_server import HubServer, Repository

ROOT = Path(bot.__file__).parents[1]
MINI = ROOT / "generation" / "mini"
SENTENCES = Sentences.load(strict=True)
PAINTER = "lcm-dreamshaper-7"


@pytest.fixture
def painter(tmp_path: Path) -> ModelInfo:
    """An entry whose hashes nobody has confirmed: the mini model's files can stand for the real ones."""
    return Catalog.read(ROOT / "generation" / "families", tmp_path / "none").get(PAINTER)


@pytest.fixture
def hub(painter: ModelInfo) -> Iterator[HubServer]:
    server = HubServer()
    assert painter.repository
    assert painter.revision
    folder = MINI / "diffusion" / "weights"
    files = {name: (folder / name).read_bytes() for name in painter.files if (folder / name).is_file()}
    files.setdefault("tokenizer/special_tokens_map.json", b"{}")
    server.repositories[painter.repository] = Repository(painter.revision, files)
    with server.running():
        yield server


@pytest.fixture
def variables(tmp_path: Path, hub: HubServer) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "ATELIER_"))}
    cache = {name: os.environ[name] for name in ("ATELIER_CACHE_DIR",) if name in os.environ}
    return (
        kept
        | cache
        | {
            "PYTHONPATH": str(ROOT),
            "LC_ALL": "de_DE.UTF-8",
            "HF_ENDPOINT": hub.address,
            "HF_HOME": str(tmp_path / "client"),
            "ATELIER_MODELS_DIR": str(tmp_path / "models"),
            "ATELIER_DATA_DIR": str(tmp_path / "data"),
            "ATELIER_MEMORY_MB": "8000",
            "ATELIER_WORKER_THREADS": "1",
            "ATELIER_FAMILIES": "diffusion,safety,media",
        }
    )


def atelier(variables: dict[str, str], *words: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "bot.cli", *words],
        env=variables,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def paint(variables: dict[str, str], out: Path) -> dict[str, Any]:
    words = ("generate", "image", "ein roter Ball", "--count", "1", "--size", "256", "--steps", "2", "--json")
    _, plain, error = atelier(variables, *words, "--language", "de", "--out", str(out))
    assert plain, error
    result: dict[str, Any] = json.loads(plain)
    return result


def test_a_fetched_model_becomes_the_default_once_its_checker_is_here(
    environments: None, variables: dict[str, str], hub: HubServer, painter: ModelInfo, tmp_path: Path
) -> None:
    assert painter.repository
    code, _, error = atelier(variables, "models", "pull", PAINTER, "--trust-first-download")
    assert code == 0, error
    assert "stable-diffusion-safety-checker" in error
    hub.stop()

    # a real model whose pictures nobody could judge paints nothing
    refused = paint(variables, tmp_path / "out")
    assert refused["message"] == SENTENCES.text("error.checker_missing", "de", model=painter.title)
    assert refused["files"] == []

    folder = tmp_path / "models" / "stable-diffusion-safety-checker"
    for name in ("safety_checker", "feature_extractor"):
        (folder / name).mkdir(parents=True)
    for file in (MINI / "safety" / "weights").iterdir():
        part = "feature_extractor" if file.name.startswith("preprocessor") else "safety_checker"
        (folder / part / file.name).write_bytes(file.read_bytes())
    made = paint(variables, tmp_path / "out")
    assert made["verdict"] == "approved", made
    assert made["model"] == PAINTER
    assert (tmp_path / "out" / made["files"][0]).is_file()

    code, _, error = atelier(variables, "models", "remove", PAINTER, "--yes")
    assert code == 0, error
    assert paint(variables, tmp_path / "out")["model"] == "mini"
