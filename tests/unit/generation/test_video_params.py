from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.errors import AtelierError, InvalidInput
from generation.job import SEED_LIMIT
from generation.params import SCHEDULERS, work_units
from generation.video_params import KEYS_LIMIT, VIDEO_SCHEDULERS, Key, VideoParams, with_end

APPLES = Key(frame=0, prompt="Äpfel", seed=7)
ORANGES = Key(frame=30, prompt="Orangen", seed=8)
GOOD: dict[str, Any] = {"keys": (APPLES, ORANGES), "frames": 60, "width": 128, "height": 128}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"keys": (APPLES,), "frames": 2, "fps": 4},
        {"song": "1/2", "declaration": "own", "original": "apples", "motion": "travel", "negative": "Haus"},
        {"scheduler": "dpm++", "steps": 4, "guidance": 1.0, "frames": 480, "fps": 24},
    ],
)
def test_the_plain_form_is_json_and_comes_back(changes: dict[str, Any]) -> None:
    params = VideoParams(**{**GOOD, **changes})
    plain = json.loads(json.dumps(params.to_plain(), allow_nan=False))
    assert plain == params.to_plain()
    assert VideoParams.from_plain(plain) == params


def test_facts_that_there_are_not_are_left_out() -> None:
    assert VideoParams(**GOOD).to_plain() == {
        "keys": [
            {"frame": 0, "prompt": "Äpfel", "seed": 7},
            {"frame": 30, "prompt": "Orangen", "seed": 8},
        ],
        "frames": 60,
        "fps": 8,
        "width": 128,
        "height": 128,
        "steps": 25,
        "guidance": 6.5,
        "scheduler": None,
        "negative": "",
        "motion": "walk",
    }


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"keys": ()}, "keys_invalid"),
        ({"keys": tuple(Key(frame=n, prompt="x", seed=n) for n in range(KEYS_LIMIT + 1))}, "keys_invalid"),
        ({"keys": (ORANGES,)}, "keys_order"),
        ({"keys": (APPLES, APPLES)}, "keys_order"),
        ({"keys": (APPLES, Key(frame=-3, prompt="x", seed=1))}, "keys_order"),
        ({"keys": (Key(frame=False, prompt="x", seed=1), ORANGES)}, "keys_order"),
        ({"frames": 30}, "keys_order"),
        ({"frames": 1}, "frames_invalid"),
        ({"frames": 481}, "frames_invalid"),
        ({"frames": True}, "frames_invalid"),
        ({"fps": 3}, "fps_invalid"),
        ({"fps": 25}, "fps_invalid"),
        ({"fps": 7.5}, "fps_invalid"),
        ({"keys": (Key(frame=0, prompt=" ", seed=1),)}, "prompt_empty"),
        ({"keys": (Key(frame=0, prompt="a\x07", seed=1),)}, "prompt_control"),
        ({"keys": (Key(frame=0, prompt="x", seed=2**32),)}, "seed_invalid"),
        ({"keys": (Key(frame=0, prompt="x", seed=None),)}, "seed_invalid"),  # type: ignore[arg-type]
        ({"negative": "x" * 2000}, "prompt_long"),
        ({"steps": 0}, "steps_invalid"),
        ({"guidance": float("nan")}, "guidance_invalid"),
        ({"width": 100}, "size_invalid"),
        ({"scheduler": "euler_a"}, "scheduler_unknown"),
        ({"motion": "run"}, "motion_unknown"),
        ({"declaration": "found it"}, "declaration_unknown"),
    ],
)
def test_what_cannot_be_done_is_refused_with_its_code(changes: dict[str, Any], code: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        VideoParams(**{**GOOD, **changes})
    assert caught.value.code == code


@given(st.dictionaries(st.sampled_from(sorted(VideoParams(**GOOD).to_plain())), st.none() | st.integers()))
def test_no_plain_form_raises_what_nobody_expects(changes: dict[str, Any]) -> None:
    try:
        VideoParams.from_plain(VideoParams(**GOOD).to_plain() | changes)
    except (AtelierError, KeyError, TypeError, AttributeError):
        return


def test_the_texts_to_check_are_all_that_was_written_each_once() -> None:
    again = Key(frame=50, prompt="Äpfel", seed=9)
    params = VideoParams(**{**GOOD, "keys": (APPLES, ORANGES, again), "negative": "Haus", "original": "o"})
    assert params.texts == ("Äpfel", "Orangen", "Haus", "o")


def test_after_the_last_key_it_goes_on_to_the_next_seed() -> None:
    assert with_end((APPLES, ORANGES), 31) == (APPLES, ORANGES)
    assert with_end((APPLES, ORANGES), 60)[-1] == Key(frame=59, prompt="Orangen", seed=9)
    highest = Key(frame=0, prompt="x", seed=SEED_LIMIT - 1)
    assert with_end((highest,), 2)[-1].seed == 0


def test_no_noise_on_the_way() -> None:
    assert set(SCHEDULERS) - set(VIDEO_SCHEDULERS) == {"euler_a"}


def test_the_work_grows_with_frames_pixels_and_steps() -> None:
    usual = work_units(VideoParams(**GOOD).to_plain())
    picture = work_units({"count": 1, "steps": 25, "width": 128, "height": 128})
    assert usual == 60 * picture
    for change in ({"frames": 120}, {"width": 256}, {"steps": 50}):
        assert work_units(VideoParams(**{**GOOD, **change}).to_plain()) == 2 * usual
