from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.services.lyric import NAMES, SECTIONS_LIMIT, plan, stretch
from generation.errors import InvalidInput
from generation.music_params import LYRIC_LIMIT, MARKS, MusicParams, Section

SONG = """[Intro]
[Strophe 1]
Der Schnee fällt leise auf das Haus
und alle Lichter gehen aus

[Refrain] Wir bleiben wach
[Zwischenspiel]
[Schluss]
"""


def test_a_song_becomes_sections_that_add_up() -> None:
    sections = plan(SONG, 30)
    assert [section.mark for section in sections] == ["intro", "verse", "chorus", "instrumental", "outro"]
    assert sections[1].text == "Der Schnee fällt leise auf das Haus\nund alle Lichter gehen aus"
    assert sections[2].text == "Wir bleiben wach"
    assert sum(section.seconds for section in sections) == 30
    assert sections[1].seconds > sections[0].seconds
    assert MusicParams(prompt="Pop", seconds=30, sections=sections).sections == sections


def test_without_a_mark_it_is_one_verse_and_without_words_nothing() -> None:
    (section,) = plan("la la\nla", 7)
    assert (section.mark, section.text, section.seconds) == ("verse", "la la\nla", 7)
    assert plan(" \n ", 7) == ()


def test_words_before_the_first_mark_are_a_verse() -> None:
    assert [section.mark for section in plan("la la\n[solo]", 10)] == ["verse", "solo"]


def test_brackets_inside_a_line_are_words() -> None:
    (section,) = plan("[verse]\nla [leise] la", 10)
    assert section.text == "la [leise] la"


def test_marks_in_one_line_as_in_an_option_of_a_command() -> None:
    sections = plan("[intro] [Verse 1] Die Sonne [leise] geht auf [chorus]Wir tanzen[outro]", 20)
    assert [(one.mark, one.text) for one in sections] == [
        ("intro", ""),
        ("verse", "Die Sonne [leise] geht auf"),
        ("chorus", "Wir tanzen"),
        ("outro", ""),
    ]


@pytest.mark.parametrize("mark", ["[Bridge]", "[Brücke 2]", "[HOOK]"])
def test_a_mark_of_other_songs_inside_a_line_is_told_too(mark: str) -> None:
    with pytest.raises(InvalidInput, match="lyric_mark"):
        plan(f"[verse] Die Sonne geht auf {mark} Wir tanzen", 20)


@pytest.mark.parametrize("mark", ["[Bridge]", "[]", "  [ vers e ]", "[verse", "[1]"])
def test_an_unknown_mark_is_told_with_its_line(mark: str) -> None:
    if mark == "[verse":
        assert plan(f"[intro]\n{mark}\n", 10)[1].mark == "verse", "a bracket that was forgotten is no mistake"
        return
    with pytest.raises(InvalidInput) as caught:
        plan(f"[intro]\n\n{mark}\nla", 10)
    assert (caught.value.code, caught.value.values) == ("lyric_mark", {"line": 3})


@pytest.mark.parametrize(
    ("lyric", "seconds", "code"),
    [
        ("[verse]\n" * 6, 10, "sections_short"),
        ("[verse]\n" * (SECTIONS_LIMIT + 1), 60, "sections_limit"),
        ("x" * (LYRIC_LIMIT + 1), 60, "lyric_long"),
        ("[verse]\na\0b", 10, "prompt_control"),
    ],
)
def test_what_cannot_be_planned(lyric: str, seconds: int, code: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        plan(lyric, seconds)
    assert caught.value.code == code


def test_a_longer_piece_keeps_its_sections() -> None:
    sections = plan(SONG, 20)
    longer = stretch(sections, 30)
    assert [(one.mark, one.text) for one in longer] == [(one.mark, one.text) for one in sections]
    assert sum(one.seconds for one in longer) == 30
    assert all(new.seconds >= old.seconds for new, old in zip(longer, sections, strict=True))


LINES = st.text(st.characters(blacklist_categories=["Cs", "Cc", "Co", "Cn"]), max_size=30)
MARKED = st.sampled_from([f"[{name}]" for name in NAMES] + [f"[{name.upper()} 2]" for name in NAMES])


@given(st.lists(st.one_of(MARKED, LINES), max_size=14), st.integers(1, 60))
def test_every_lyric_is_a_plan_or_one_clear_error(lines: list[str], seconds: int) -> None:
    lyric, code = "\n".join(lines), ""
    sections: tuple[Section, ...] = ()
    try:
        sections = plan(lyric, seconds)
    except InvalidInput as error:
        code = error.code
    assert code in {"", "lyric_mark", "sections_short", "sections_limit", "prompt_empty", "prompt_control"}
    assert bool(sections) == (bool(lyric.strip()) and not code)
    assert sum(section.seconds for section in sections) == (seconds if sections else 0)
    assert all(section.mark in MARKS and section.seconds >= 2 for section in sections)
