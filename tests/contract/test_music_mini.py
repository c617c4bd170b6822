"""The mini models that come with the source, through the same worker: what a class uses on the first day."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.contract.music_runs import MusicRuns, samples, sound, tune

HEARD = 300
"""Of 32767."""


def loudest(file: Path) -> int:
    return max(map(abs, samples(file)[2]))


@pytest.mark.parametrize("prompt", ["fröhliche schnelle Musik in Dur", "sad slow music in minor"])
async def test_music_in_both_languages(music: MusicRuns, prompt: str) -> None:
    made = await music.make(music.catalog.get("mini-music"), prompt=prompt, seconds=3)

    assert made.facts["seconds"] == [3.0]
    assert loudest(sound(made)) > HEARD


async def test_a_melody_and_a_continuation(music: MusicRuns, tmp_path: Path) -> None:
    model = music.catalog.get("mini-music")
    melody = tune(tmp_path / "tune.wav", [262, 294, 330, 349, 392, 392])
    plain = await music.make(model, seconds=3)
    followed = await music.make(model, seconds=3, melody=melody)
    longer = await music.make(model, seconds=2, prior=str(sound(plain)))

    assert samples(sound(followed)) != samples(sound(plain))
    assert longer.facts["prior_seconds"] == 3.0
    assert longer.facts["seconds"] == [5.0]
    assert min(loudest(sound(made)) for made in (plain, followed, longer)) > HEARD


async def test_beyond_the_window(music: MusicRuns) -> None:
    made = await music.make(music.catalog.get("mini-music"), seconds=34)

    assert made.facts["seconds"] == [34.0]
    assert made.facts["windows"] > 1


@pytest.mark.parametrize("prompt", ["Regen", "rain"])
async def test_sounds_in_both_languages(music: MusicRuns, prompt: str) -> None:
    made = await music.make(music.catalog.get("mini-sound"), task="sound", prompt=prompt, seconds=2)

    assert loudest(sound(made)) > HEARD
