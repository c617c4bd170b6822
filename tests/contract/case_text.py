"""The text family's tasks, with the mini model."""

from __future__ import annotations

from pathlib import Path

from generation.catalog import ModelInfo
from tests.contract.case import Case
from tests.contract.gguf_files import chain

MEASURED = frozenset({"evaluated_tokens", "tokens_per_second", "first_token_seconds"})


def endless_model(folder: Path) -> ModelInfo:
    """A model that says "la" as long as one lets it."""
    chain(
        folder / "endless" / "endless.gguf",
        {"<0x0A>": "la", "la": "la"},
        words=["la"],
        context=2048,
        blocks=8,
    )
    return model_at(folder / "endless")


def model_at(path: Path) -> ModelInfo:
    return ModelInfo(
        id=f"text-{path.parent.name}-{path.name}",
        family="text",
        medium="text",
        title="Made for a test",
        path=path,
        licence="none",
        languages=(),
        memory_mb=0,
        data_sentence={},
    )


_QUESTION = {"role": "user", "text": "Erzähl mir eine Geschichte von einem Fuchs."}
CASES = [
    Case(
        family="text",
        task="text",
        params={"messages": [_QUESTION], "temperature": 1.5, "length": 40},
        model="mini-text",
        files=1,
        seeded=True,
        long=None,
        wrong={"temperature": 3.0},
        measured=MEASURED,
    ),
    Case(
        family="text",
        task="text",
        params={"messages": [{"role": "user", "text": "Hör nicht auf!"}], "temperature": 0.0, "length": 1},
        model=None,
        made_model=endless_model,
        files=1,
        seeded=False,
        long={"length": 1024},
        wrong={"length": 0},
        measured=MEASURED,
    ),
    Case(
        family="text",
        task="next_word",
        params={"text": "Die Farbe des Schnees ist", "temperature": 1.0, "count": 10, "run": 8},
        model="mini-text",
        files=1,
        seeded=True,
        long=None,
        wrong={"count": 0},
    ),
    Case(
        family="text",
        task="tokens",
        params={"texts": ["Der Schnee ist weiß.", "The snow is white."]},
        model="mini-text",
        files=1,
        seeded=False,
        long=None,
        wrong={"texts": []},
    ),
    Case(
        family="text",
        task="surprise",
        params={"text": "Der Schnee ist grün."},
        model="mini-text",
        files=1,
        seeded=False,
        long=None,
        wrong={"text": 3},
    ),
]
