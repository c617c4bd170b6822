"""The guard family needs a model that is on no machine by itself: here one that finds everything unsafe."""

from __future__ import annotations

from pathlib import Path

from generation.catalog import ModelInfo
from tests.contract.case import Case
from tests.contract.gguf_files import EOS, GUARD_NAMES, chain

AFTER_PROMPT = "<0x0A>"


def guard_model(folder: Path, answer: str = "unsafe\nS1", **changes: float) -> ModelInfo:
    """A Llama Guard in form, whose answer is always `answer`; "" ends at once."""
    words = [] if answer == "" else [answer]
    follows = {AFTER_PROMPT: answer or EOS}
    chain(folder / "guard" / "guard.gguf", follows, control=GUARD_NAMES, words=words, context=4096, **changes)
    return model_at(folder / "guard")


def model_at(path: Path) -> ModelInfo:
    return ModelInfo(
        id=f"guard-{path.parent.name}",
        family="guard",
        medium="guard",
        title="Guard",
        path=path,
        licence="none",
        languages=(),
        memory_mb=0,
        data_sentence={},
    )


CASES = [
    Case(
        family="guard",
        task="judge",
        params={"texts": [{"role": "user", "text": "Was kommt nach drei?"}]},
        model=None,
        made_model=guard_model,
        files=0,
        seeded=False,
        long=None,
        wrong={"texts": []},
    )
]
