"""The committed weights of the rehearsal models, on a small sample; `atelier mini score` measures them whole."""

from __future__ import annotations

import pytest

from bot.families import environments_of
from bot.mini_scores import score_mini
from bot.settings import Settings

LEAST = {"colour": 0.9, "ground": 0.9, "shape": 0.75, "relation": 0.8, "card": 0.75}
"""Below what the whole measurement gives: 24 wordings at 12 steps scatter."""


@pytest.mark.timeout(600)
async def test_the_pictures_show_what_was_asked_and_the_checker_finds_the_card_alone() -> None:
    settings = Settings(_env_file=None)  # type: ignore[call-arg]
    environments = environments_of(settings, report=print)
    scores = {
        family: await score_mini(environments, family, quick=True) for family in ("diffusion", "safety")
    }
    shares = scores["diffusion"]["shares"]
    assert {name: shares[name] for name, least in LEAST.items() if shares[name] < least} == {}
    assert shares["strays"] == 0
    safety = scores["safety"]
    assert safety["distorted_cards"]["flagged"] >= 0.97 * safety["distorted_cards"]["of"]
    assert safety["stored_film_cards"]["flagged"] == safety["stored_film_cards"]["of"] >= 8
    assert safety["scenes"]["flagged"] == 0
    assert safety["hard_others"]["flagged"] == 0
