"""The committed mini text model through the real library, on a small sample; `atelier mini score` measures it whole."""

from __future__ import annotations

import pytest

from bot.families import environments_of
from bot.mini_scores import score_mini
from bot.settings import Settings
from generation.errors import EnvironmentFailed

LEAST = {
    "questions": 0.8,
    "sentences": 0.9,
    "next_words": 0.85,
    "memory": 0.7,
    "honesty": 0.85,
    "control": 1.0,
}
"""What the stored weights keep, not what we want of them (see the card): 40 questions and 12 conversations scatter."""


@pytest.mark.compiled
async def test_it_answers_remembers_says_what_it_does_not_know_and_writes_sentences() -> None:
    environments = environments_of(Settings(_env_file=None), report=print)  # type: ignore[call-arg]
    try:
        await environments.ensure("text")
    except EnvironmentFailed as error:
        pytest.skip(f"llama.cpp cannot be installed here: {error}")
    shares = (await score_mini(environments, "text", quick=True))["shares"]
    assert {name: shares[name] for name, least in LEAST.items() if shares[name] < least} == {}
