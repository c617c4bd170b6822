"""Scripts: read as they are meant, or the line is named that cannot be read."""

from __future__ import annotations

import re
import string
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.i18n import Sentences
from bot.services.video_script import Line, joined, read_script
from generation.errors import InvalidInput
from generation.params import PROMPT_LIMIT
from generation.video_params import FRAMES_LIMIT, KEYS_LIMIT, Key, VideoParams

SENTENCES = Sentences.load(strict=True)
CODES = {
    "script_line",
    "script_inside",
    "script_prompt",
    "script_control",
    "script_long",
    "script_first",
    "script_order",
    "script_frame",
    "script_lines",
}
UNSEEN = (
    string.whitespace
    + "\ufeff\u200b\u2060\x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000\x1c\x1d\x1e\x1f"
    + "".join(map(chr, range(0x2000, 0x200B)))
)
WORDS = st.text("abcdefghijäöüß ,.-", min_size=1, max_size=40).filter(lambda text: text.strip(" ,;.-"))


def test_the_script_of_the_lesson() -> None:
    lines = read_script('0: apples,\r\n\n  30 : "oranges in a basket",\n60:Trauben', frames=80)
    assert lines == (Line(0, "apples"), Line(30, "oranges in a basket"), Line(60, "Trauben"))


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n", "\v", "\f", "\x85", "\u2028", "\u2029"])
def test_every_end_of_a_line_is_one(end: str) -> None:
    lines = read_script(f"0: apples{end}{end}30: oranges{end}", frames=80)
    assert lines == (Line(0, "apples"), Line(30, "oranges"))
    with pytest.raises(InvalidInput) as found:
        read_script(f"0: apples{end}{end}oranges", frames=80)
    assert found.value.values == {"line": 3}


@pytest.mark.parametrize("unseen", ["\ufeff", "\u200b", "\u2060 "])
def test_what_nobody_sees_in_copied_text_is_no_mistake(unseen: str) -> None:
    lines = read_script(f"{unseen}0: apples\n{unseen}30: oranges\n{unseen}", frames=80)
    assert lines == (Line(0, "apples"), Line(30, "oranges"))


def test_times_of_day_are_no_second_line() -> None:
    (line,) = read_script("0: a clock, 12:30, 8: 15 in the morning", frames=80)
    assert line.prompt == "a clock, 12:30, 8: 15 in the morning"


def test_the_common_prompt_stands_behind_each() -> None:
    assert joined("apples", "watercolour") == "apples, watercolour"
    assert joined("apples", "") == "apples"


@pytest.mark.parametrize(
    ("text", "code", "values"),
    [
        ("", "script_empty", {}),
        ("\n \n\t", "script_empty", {}),
        ("apples", "script_line", {"line": 1}),
        ("0: apples\n\n\noranges", "script_line", {"line": 4}),
        ("0: apples\n-3: oranges", "script_line", {"line": 2}),
        ("0: apples\n3.5: oranges", "script_line", {"line": 2}),
        ("0: apples\n³: oranges", "script_line", {"line": 2}),
        ("0: apples, 30: oranges", "script_inside", {"line": 1}),
        ("0: apples\n8: pears; 30: oranges", "script_inside", {"line": 2}),
        ("0:", "script_prompt", {"line": 1}),
        ('0: apples\n8: ""', "script_prompt", {"line": 2}),
        ("0: apples\n8: \u200b", "script_prompt", {"line": 2}),
        ("0: apples\n8: a\x00b", "script_control", {"line": 2}),
        (f"0: {'a' * 1001}", "script_long", {"line": 1, "limit": 1000}),
        ("1: apples", "script_first", {"line": 1}),
        ("\n5: apples", "script_first", {"line": 2}),
        ("0: apples\n0: oranges", "script_order", {"line": 2, "before": 0}),
        ("0: apples\n9: pears\n8: oranges", "script_order", {"line": 3, "before": 9}),
        ("0: apples\n80: oranges", "script_frame", {"line": 2, "last": 79}),
        (f"0: apples\n{'9' * 5000}: oranges", "script_frame", {"line": 2, "last": 79}),
        ("\n".join(f"{n}: a" for n in range(25)), "script_lines", {"line": 25, "limit": KEYS_LIMIT}),
    ],
)
def test_what_is_wrong_is_said_with_the_line(text: str, code: str, values: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput) as found:
        read_script(text, frames=80)
    assert (found.value.code, found.value.values) == (code, values)
    for locale in ("de", "en"):
        said = SENTENCES.text(f"error.{code}", locale, **values)
        assert str(values.get("line", "")) in said


def test_a_line_and_the_common_prompt_together_must_not_be_too_long() -> None:
    assert read_script("0: " + "a" * 900, frames=8, common="b" * 98)
    with pytest.raises(InvalidInput) as found:
        read_script("0: a\n4: " + "a" * 900, frames=8, common="b" * 99)
    assert found.value.values == {"line": 2, "limit": PROMPT_LIMIT}


@settings(max_examples=80)
@given(
    text=st.text(max_size=300) | st.text("0123456789:, a\n;\"'", max_size=120),
    frames=st.integers(1, FRAMES_LIMIT),
)
def test_whatever_is_typed_is_read_or_its_line_is_named(text: str, frames: int) -> None:
    try:
        lines = read_script(text, frames=frames)
    except InvalidInput as error:
        named = error
    else:
        check_lines(lines, frames)
        return
    if named.code == "script_empty":
        assert not text.strip(UNSEEN)
        return
    assert named.code in CODES
    line = named.values["line"]
    assert isinstance(line, int)
    # the line that is named is one that somebody wrote
    assert re.split(r"\r\n|[\r\n\v\f\x85\u2028\u2029]", text)[line - 1].strip(UNSEEN)


def check_lines(lines: Sequence[Line], frames: int) -> None:
    frame_numbers = [line.frame for line in lines]
    assert frame_numbers[0] == 0
    assert frame_numbers == sorted(set(frame_numbers))
    assert frame_numbers[-1] < frames


@settings(max_examples=60)
@given(
    places=st.lists(st.integers(1, FRAMES_LIMIT - 1), unique=True, max_size=KEYS_LIMIT - 1),
    prompts=st.lists(WORDS, min_size=KEYS_LIMIT, max_size=KEYS_LIMIT),
    common=WORDS | st.just(""),
    empty=st.integers(0, 3),
)
def test_what_is_read_makes_a_video(places: list[int], prompts: list[str], common: str, empty: int) -> None:
    frames = [0, *sorted(places)]
    text = "\n".join(
        f"{frame}: {prompt}" + "\n" * empty for frame, prompt in zip(frames, prompts, strict=False)
    )
    common = " ".join(common.split())
    lines = read_script(text, frames=FRAMES_LIMIT, common=common)
    assert [line.frame for line in lines] == frames
    keys = tuple(Key(frame=line.frame, prompt=joined(line.prompt, common), seed=1) for line in lines)
    params = VideoParams(keys=keys, frames=FRAMES_LIMIT, width=64, height=64)
    assert params.keys == keys


@settings(max_examples=40)
@given(
    good=st.integers(1, 10),
    bad=st.sampled_from(["apples", "x: apples", ": apples", "7 apples", "7:", "²: a", "0: a"]),
    blank=st.integers(0, 4),
)
def test_the_number_of_a_wrong_line_counts_the_empty_ones(good: int, bad: str, blank: int) -> None:
    lines = [*(f"{n}: a" for n in range(good)), *[""] * blank, bad]
    with pytest.raises(InvalidInput) as found:
        read_script("\n".join(lines), frames=80)
    assert found.value.values["line"] == len(lines)
