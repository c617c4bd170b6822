from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.errors import InvalidInput
from generation.job import SEED_LIMIT
from generation.params import PROMPT_LIMIT, ImageParams, clean_prompt, parse_seed, parse_size

GOOD: dict[str, Any] = {"prompt": "a house", "width": 512, "height": 512}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"prompt": ""}, "prompt_empty"),
        ({"prompt": "  \n\t "}, "prompt_empty"),
        ({"prompt": "\u200b\u2060\ufe0f"}, "prompt_empty"),
        ({"prompt": "\u3164 \u2800"}, "prompt_empty"),
        ({"prompt": "\u0301\u0301"}, "prompt_empty"),
        ({"prompt": "x" * 5000}, "prompt_long"),
        ({"prompt": "a\x00b"}, "prompt_control"),
        ({"prompt": "a\x1b[31mb"}, "prompt_control"),
        ({"prompt": "a\ud800b"}, "prompt_control"),
        ({"negative": "a\x07b"}, "prompt_control"),
        ({"negative": "x" * 5000}, "prompt_long"),
        ({"steps": 0}, "steps_invalid"),
        ({"steps": -1}, "steps_invalid"),
        ({"steps": 10**9}, "steps_invalid"),
        ({"steps": 2.5}, "steps_invalid"),
        ({"steps": True}, "steps_invalid"),
        ({"steps": "many"}, "steps_invalid"),
        ({"count": 0}, "count_invalid"),
        ({"count": 99}, "count_invalid"),
        ({"width": 7, "height": 7}, "size_invalid"),
        ({"width": 100}, "size_invalid"),
        ({"height": 0}, "size_invalid"),
        ({"width": -64}, "size_invalid"),
        ({"width": 65536}, "size_invalid"),
        ({"guidance": float("nan")}, "guidance_invalid"),
        ({"guidance": float("inf")}, "guidance_invalid"),
        ({"guidance": -1.0}, "guidance_invalid"),
        ({"guidance": 0.5}, "guidance_invalid"),
        ({"scheduler": "quickest"}, "scheduler_unknown"),
    ],
)
def test_what_cannot_be_done_is_refused_with_its_code(change: dict[str, Any], code: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        ImageParams(**{**GOOD, **change})
    assert caught.value.code == code


@pytest.mark.parametrize("prompt", ["🎨🔥", "🩷", "\U0001fae9 müde", "ein Kreis \U0001fadc", "👩‍🚀", "דג"])
def test_emoji_are_prompts_also_those_newer_than_python(prompt: str) -> None:
    assert ImageParams(**{**GOOD, "prompt": prompt}).prompt == prompt


@pytest.mark.parametrize("text", ["-1", str(2**32), str(2**40), "1.5", "abc", "1e3", "٣٣x", "--1"])
def test_seeds_out_of_range_are_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="seed_invalid"):
        parse_seed(text)


@pytest.mark.parametrize(
    ("text", "seed"),
    [
        (None, None),
        ("", None),
        ("  ", None),
        ("0", 0),
        (" 17 ", 17),
        (5, 5),
        (str(SEED_LIMIT - 1), SEED_LIMIT - 1),
    ],
)
def test_seeds(text: str | int | None, seed: int | None) -> None:
    assert parse_seed(text) == seed


@pytest.mark.parametrize(
    ("text", "size"),
    [("512", (512, 512)), ("512x768", (512, 768)), (" 64 × 1024 ", (64, 1024)), ("128*64", (128, 64))],
)
def test_sizes(text: str, size: tuple[int, int]) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize(
    "text", ["", "7", "7x7", "512x", "x512", "0", "-512", "512x512x512", "99999999", "1e2", "5²"]
)
def test_sizes_that_are_none(text: str) -> None:
    with pytest.raises(InvalidInput, match="size_invalid"):
        parse_size(text)


@given(st.text())
def test_a_prompt_is_one_clean_line_or_refused(text: str) -> None:
    try:
        prompt = clean_prompt(text)
    except InvalidInput:
        return
    assert prompt
    assert len(prompt) <= PROMPT_LIMIT
    assert prompt == " ".join(prompt.split())
    assert not any(ord(char) < 32 or char in "\u2028\u2029\x85" for char in prompt)
    assert clean_prompt(prompt) == prompt


def test_params_survive_the_way_through_the_database() -> None:
    params = ImageParams(**GOOD, negative="fog", steps=20, count=2, guidance=7.5, scheduler="ddim")
    assert ImageParams.from_plain(params.to_plain()) == params
