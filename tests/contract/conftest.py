"""One supervisor with real workers for all contract tests; environments are made on demand, which may take minutes."""

from __future__ import annotations

import logging
import os
from collections.abc import AsyncIterator
from pathlib import Path

import platformdirs
import pytest
import pytest_asyncio

import generation
from generation.budget import MemoryBudget
from generation.catalog import Catalog
from generation.environments import Environments
from generation.supervisor import Supervisor
from generation.voice_token import KEY_VARIABLE, new_key
from tests.contract.music_runs import MusicModels, MusicRuns
from tests.contract.picture_runs import Runs
from tests.contract.speech_runs import ReducedEnvironments, SpeechRuns, written_in
from tests.contract.text_runs import TextRuns
from tests.contract.voice_runs import VoiceRuns

ROOT = Path(generation.__file__).parents[1]
_log = logging.getLogger(__name__)


@pytest.fixture(scope="session")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """The models that come with the source: no others are looked for."""
    return Catalog.read(ROOT / "generation" / "families", tmp_path_factory.mktemp("models"))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def environments() -> AsyncIterator[Environments]:
    cache_dir = Path(os.environ.get("ATELIER_CACHE_DIR") or platformdirs.user_cache_path("klassenatelier"))
    environments = ReducedEnvironments(
        cache_dir=cache_dir, source_root=ROOT, report=lambda line: _log.info("%s", line)
    )
    yield environments
    await environments.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def supervisor(
    environments: Environments, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Supervisor]:
    # two threads on a busy machine are many times slower than one
    os.environ.setdefault("ATELIER_THREADS", "1")
    os.environ.setdefault(KEY_VARIABLE, new_key())
    supervisor = Supervisor(
        environments=environments,
        budget=MemoryBudget(64_000),
        lock_dir=tmp_path_factory.mktemp("locks"),
    )
    yield supervisor
    await supervisor.close()


@pytest.fixture
def runs(supervisor: Supervisor, catalog: Catalog, tmp_path: Path) -> Runs:
    return Runs(supervisor, catalog, tmp_path)


@pytest.fixture
def texts(supervisor: Supervisor, environments: Environments, catalog: Catalog, tmp_path: Path) -> TextRuns:
    return TextRuns(supervisor, environments, catalog, tmp_path)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def music_models(environments: Environments, tmp_path_factory: pytest.TempPathFactory) -> MusicModels:
    return await MusicModels.make(environments, tmp_path_factory.mktemp("music"))


@pytest.fixture
def music(supervisor: Supervisor, catalog: Catalog, music_models: MusicModels, tmp_path: Path) -> MusicRuns:
    return MusicRuns(supervisor, catalog, music_models, tmp_path)


@pytest.fixture
def voices(supervisor: Supervisor, catalog: Catalog, tmp_path: Path) -> VoiceRuns:
    return VoiceRuns(supervisor, catalog, tmp_path)


@pytest.fixture
def speaking(supervisor: Supervisor, environments: Environments, tmp_path: Path) -> SpeechRuns:
    return SpeechRuns(supervisor, environments, written_in(environments), tmp_path)
