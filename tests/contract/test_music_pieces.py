"""What the music family makes: lengths, channels, melodies, continuations, windows and sections."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest

from generation.errors import WorkerError
from generation.job import seed_of
from generation.supervisor import Outcome
from tests.contract.music_runs import RATE, MusicRuns, samples, seconds, sound, tune

LOUD = 20
"""Of 32767: a tiny model of random numbers is quiet, but never silent."""


def test_is_ours(music: MusicRuns) -> None:
    """What was seen in a process of its own, see music_probe.py."""
    seen = music.models.seen

    assert seen["bare_equal"], "audiocraft alone makes something else from the same seed"
    assert not seen["stood_in"], "packages that are left out can be imported"
    assert seen["mark_32000"] == seen["mark_16000"] == [1.0, 0.0]


async def test_text_becomes_music(music: MusicRuns) -> None:
    made = await music.make("plain", seconds=2, count=2)

    for file in made.files:
        rate, channels, found = samples(made.out / file.name)
        assert (rate, channels, len(found)) == (RATE, 1, 2 * RATE)
        assert max(map(abs, found)) > LOUD
        assert file.kind == "audio"
    assert [file.seed for file in made.files] == [seed_of(7, 1), seed_of(7, 2)]
    assert made.facts == {
        "sample_rate": RATE,
        "channels": 1,
        "seconds": [2.0, 2.0],
        "windows": 1,
        "prior_seconds": None,
        "sections": [],
        "watermark": "perth",
        "device": made.facts["device"],
    }
    assert samples(sound(made, 1)) != samples(sound(made, 2))


async def test_the_prompt_counts(music: MusicRuns) -> None:
    calm, fast = [await music.make("plain", prompt=prompt) for prompt in ("calm piano", "fast drums")]

    assert samples(sound(calm)) != samples(sound(fast))


async def test_stereo_has_two_different_sides(music: MusicRuns) -> None:
    rate, channels, found = samples(sound(await music.make("stereo")))

    assert (rate, channels, len(found)) == (RATE, 2, 2 * RATE)
    assert found[::2] != found[1::2]


async def test_a_sound_comes_from_a_model_of_its_own_kind(music: MusicRuns) -> None:
    made = await music.make("sound", task="sound", prompt="rain", seconds=1, count=2)

    assert [seconds(made.out / file.name) for file in made.files] == [1.0, 1.0]
    assert made.facts["sections"] == []


async def test_a_melody_is_followed(music: MusicRuns, tmp_path: Path) -> None:
    low = tune(tmp_path / "low.wav", [220, 247, 262], rate=44_100, channels=2)
    high = tune(tmp_path / "high.wav", [330, 370, 415])
    made = {
        name: samples(sound(await music.make("melody", melody=melody)))
        for name, melody in {"none": None, "low": low, "high": high}.items()
    }
    again = samples(sound(await music.make("melody", melody=low)))

    assert made["low"] != made["high"] != made["none"] != made["low"]
    assert again == made["low"]


async def test_a_model_that_follows_no_melody_says_so(music: MusicRuns, tmp_path: Path) -> None:
    with pytest.raises(WorkerError, match="melody_unsupported") as caught:
        await music.make("plain", melody=tune(tmp_path / "tune.wav", [220]))
    assert caught.value.code == "invalid_input"


async def test_a_piece_goes_on_after_the_end_of_another(music: MusicRuns, tmp_path: Path) -> None:
    first = tune(tmp_path / "first.wav", [220] * 4, rate=RATE)
    other = tune(tmp_path / "other.wav", [440] * 4, rate=RATE)
    made, after_other = [await music.make("plain", prior=prior, seconds=1) for prior in (first, other)]

    assert made.facts["prior_seconds"] == 2.0
    assert made.facts["seconds"] == [3.0]
    assert seconds(sound(made)) == 3.0
    assert samples(sound(made))[2][2 * RATE :] != samples(sound(after_other))[2][2 * RATE :]


async def test_of_a_long_piece_the_end_is_kept(music: MusicRuns, tmp_path: Path) -> None:
    long = tune(tmp_path / "long.wav", [220] * 30, rate=8_000)
    made = await music.make("stereo", prior=long, seconds=1)

    # half of a window of 20 seconds
    assert made.facts["prior_seconds"] == 10.0
    assert made.facts["seconds"] == [11.0]


@pytest.mark.parametrize("prior", ["", "no sound"])
async def test_a_file_that_is_no_sound_is_refused(music: MusicRuns, tmp_path: Path, prior: str) -> None:
    file = tmp_path / "prior.wav"
    file.write_text(prior)

    with pytest.raises(WorkerError) as caught:
        await music.make("plain", prior=str(file))
    assert caught.value.code == "invalid_input"


async def test_beyond_the_window_it_goes_on(music: MusicRuns) -> None:
    steps: list[tuple[int, int]] = []
    made = await music.make(
        "plain", seconds=34, on_progress=lambda step: steps.append((step.done, step.total))
    )

    assert made.facts["windows"] == 2
    assert seconds(sound(made)) == 34.0
    found = samples(sound(made))[2]
    assert all(max(map(abs, found[second * RATE : (second + 1) * RATE])) > LOUD for second in range(34))
    # 50 tokens a second, and for each window the steps by which the last stream lags behind the first
    assert steps[-1] == (34 * 50 + 2 * 3, 34 * 50 + 2 * 3)
    assert steps == sorted(steps)
    assert len({total for _, total in steps if total}) == 1


async def test_sections_follow_each_other_without_a_click(music: MusicRuns) -> None:
    plan = [("intro", 1), ("chorus", 2), ("outro", 1)]
    sections = [{"mark": mark, "text": "la la la", "seconds": length} for mark, length in plan]
    made = await music.make("plain", seconds=4, sections=sections)

    assert made.facts["windows"] == 3
    assert made.facts["sections"] == [
        {"mark": "intro", "start": 0.0, "seconds": 1},
        {"mark": "chorus", "start": 1.0, "seconds": 2},
        {"mark": "outro", "start": 3.0, "seconds": 1},
    ]
    found = samples(sound(made))[2]
    steps = [abs(second - first) for first, second in itertools.pairwise(found)]
    for second in (1, 3):
        around = steps[second * RATE - 50 : second * RATE + 50]
        assert max(around) <= max(steps[: RATE - 100] + steps[RATE + 100 : 3 * RATE - 100])


async def test_words_of_a_verse_are_not_sung(music: MusicRuns) -> None:
    def lyric(text: str, mark: str = "verse") -> list[dict[str, Any]]:
        return [{"mark": mark, "text": text, "seconds": 1}]

    one, other = [await music.make("plain", sections=lyric(text)) for text in ("calm", "fast drums")]
    chorus = await music.make("plain", sections=lyric("calm", "chorus"))

    assert samples(sound(one)) == samples(sound(other))
    assert samples(sound(one)) != samples(sound(chorus))


async def test_a_model_may_know_no_words_for_sections(music: MusicRuns) -> None:
    model = music.models.get("plain", section_words=False)
    sections = [{"mark": "chorus", "text": "", "seconds": 1}]
    marked, plain = [await music.make(model, sections=one) for one in (sections, [])]

    assert samples(sound(marked)) == samples(sound(plain))


async def test_a_model_chooses_as_its_entry_says(music: MusicRuns) -> None:
    usual, bold = [
        await music.make(music.models.get("plain", **options)) for options in ({}, {"temperature": 3.0})
    ]
    narrow = [await music.make(music.models.get("plain", top_k=1), seed=seed) for seed in (1, 2)]

    assert samples(sound(usual)) != samples(sound(bold))
    assert same_notes(*narrow)


def same_notes(first: Outcome, second: Outcome) -> bool:
    return samples(sound(first)) == samples(sound(second))
