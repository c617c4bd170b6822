from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.texts import bar, cut, escape, plain, shown

HOSTILE = (
    st.text(st.sampled_from("@<>&#!*_~`|\\[]()-+>.:/ eveyronh1\n\u202e\u200b😀Ä"), max_size=300) | st.text()
)
UNESCAPED = re.compile(r"(?<!\\)(?:\\\\)*([*_~`|<>\[\]()#@])")


@settings(max_examples=200, deadline=None)
@given(HOSTILE, st.integers(20, 400))
def test_nothing_stays_markup_and_nothing_gets_too_long(text: str, limit: int) -> None:
    made = shown(text, limit)
    assert len(made) <= limit
    assert "\n" not in made
    assert not UNESCAPED.search(made)
    assert not re.search(r"(?<!\\)@(everyone|here)", made)
    assert not re.search(r"https?://", made)


@settings(max_examples=100, deadline=None)
@given(HOSTILE)
def test_escaping_loses_nothing(text: str) -> None:
    line = plain(text)
    assert re.sub(r"\\([^0-9A-Za-z\s])", r"\1", escape(line)) == line


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ein roter Kreis", "ein roter Kreis"),
        ("@everyone", "\\@everyone"),
        ("<@&1>", "\\<\\@&1\\>"),
        ("```x```", "\\`\\`\\`x\\`\\`\\`"),
        ("- Liste", "\\- Liste"),
        ("1. Liste", "1\\. Liste"),
        ("links-rechts 1.5", "links-rechts 1.5"),
        ("https://example.org", "https\\://example.org"),
        ("discord.gg/abc", "discord\\.gg/abc"),
    ],
)
def test_escape(text: str, expected: str) -> None:
    assert escape(text) == expected


def test_a_very_long_prompt_is_cut() -> None:
    assert shown("x" * 6000, 100) == "x" * 99 + "…"
    assert len(shown("*" * 6000, 100)) <= 100
    assert cut("kurz", 10) == "kurz"


def test_what_is_shown_keeps_new_emoji_and_loses_what_nobody_sees() -> None:
    assert plain("🩷 \U0001fae9\u202e\u200b \U000e0041 \ue000x") == "🩷 \U0001fae9 x"


def test_bar() -> None:
    assert bar(0, 10) == "▱" * 12
    assert bar(5, 10) == "▰" * 6 + "▱" * 6
    assert bar(99, 10) == "▰" * 12
    assert bar(-1, 0) == "▱" * 12
