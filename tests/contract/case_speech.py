"""The speech family's tasks, with a small tortoise."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import platformdirs

from generation.catalog import ModelInfo
from generation.environments import Environments
from generation.supervisor import Request
from tests.contract.case import Case
from tests.contract.speech_runs import TEXT, Voice, hum, model_at, token, written_in


def small_tortoise(_: Path) -> ModelInfo:
    cache = Path(os.environ.get("ATELIER_CACHE_DIR") or platformdirs.user_cache_path("klassenatelier"))
    root = Path(__file__).parents[2]
    environments = Environments(cache_dir=cache, source_root=root, report=lambda _: None)
    return model_at(written_in(environments) / "plain")


def a_voice(folder: Path) -> dict[str, Any]:
    return {"voice": {"id": "case", "clips": {"neutral": [hum(folder / "clip.wav", 200.0)]}}}


def allowed(request: Request) -> Mapping[str, Any]:
    """The same with the token of a consent."""
    voice = request.params["voice"]
    made = token(request.job, Voice(voice["id"], voice["clips"]), request.model_id)
    return {**request.params, "voice": {**voice, "token": made}}


CASES = [
    Case(
        family="speech",
        task="speech",
        params={"text": TEXT, "emotion": "neutral", "quality": "ultra_fast"},
        inputs=a_voice,
        model=None,
        made_model=small_tortoise,
        signed=allowed,
        files=1,
        seeded=True,
        long={"quality": "high_quality"},
        wrong={"emotion": "bored"},
        measured=frozenset({"conditioning_calls"}),
    ),
]
