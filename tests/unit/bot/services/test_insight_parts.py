"""Numbers as they are printed, and looking things up in a book."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.services.insight_book import BOOK_LIMIT, BOOKS_DIR, BookCount, count_in, decode
from bot.services.insight_data import Choice, NextWord, candidates, readable
from bot.services.insight_numbers import percents, printed_percent, scale_of, ticks_of, whole_percent
from generation.errors import InvalidInput

SHARES = st.lists(st.floats(0, 1), min_size=1, max_size=11).filter(lambda found: sum(found) > 0.1)


@given(SHARES)
def test_printed_percents_are_true_and_make_a_hundred(found: list[float]) -> None:
    shares = [share / math.fsum(found) for share in found]
    printed = percents(shares)
    assert math.fsum(printed) == pytest.approx(100.0)
    for share, percent in zip(shares, printed, strict=True):
        assert abs(share * 100 - percent) < 0.1 + 1e-6
        assert re.fullmatch(r"< 0,1 %|\d{1,3},\d %", printed_percent(percent, share, "de"))
        assert re.fullmatch(r"< 0.1%|\d{1,3}\.\d%", printed_percent(percent, share, "en"))


def test_numbers_are_written_as_in_the_language() -> None:
    assert percents([0.123, 0.877]) == [12.3, 87.7]
    assert percents([1 / 3] * 3) == [33.4, 33.3, 33.3]
    assert percents([1.0, 0.0]) == [100.0, 0.0]
    assert printed_percent(12.3, 0.123, "de") == "12,3 %"
    assert printed_percent(12.3, 0.123, "en") == "12.3%"
    assert printed_percent(0.0, 1e-9, "de") == "< 0,1 %"
    assert printed_percent(0.0, 0.0, "de") == "0,0 %"
    assert (whole_percent(0.419, "de"), whole_percent(0.419, "en")) == ("42 %", "42%")


@given(st.lists(st.floats(0, 1), min_size=1))
def test_everything_fits_on_the_scale(shares: list[float]) -> None:
    scale = scale_of(shares)
    assert max(shares) <= scale
    ticks = ticks_of(scale)
    assert (ticks[0], ticks[-1]) == (0, scale)
    assert len({whole_percent(tick, "de") for tick in ticks}) == len(ticks)


# The book


def found_in(book: str, beginning: str) -> tuple[str, int, dict[str, int]]:
    count = count_in(book.encode(), beginning, "de")
    return count.ending, count.occurrences, dict(count.followers)


def test_the_longest_ending_that_the_book_knows_is_looked_up() -> None:
    book = "Die rote Katze schläft. Eine rote Katze frisst. Der rote Hund bellt."
    assert found_in(book, "Die rote Katze") == ("Die rote Katze", 1, {"schläft": 1})
    assert found_in(book, "Unsere rote Katze") == ("rote Katze", 2, {"schläft": 1, "frisst": 1})
    assert found_in(book, "Alles ist rote") == ("rote", 3, {"Katze": 2, "Hund": 1})


def test_at_most_four_words_are_looked_up() -> None:
    book = "a b c d e f. x b c d e g."
    assert found_in(book, "a b c d e") == ("b c d e", 2, {"f": 1, "g": 1})


def test_case_and_punctuation_do_not_matter_but_the_end_of_a_sentence_is_a_continuation() -> None:
    assert found_in("Der Hund, Der HUND. Der Hund!", "der hund") == (
        "der hund",
        3,
        {"Der": 1, ".": 1, "!": 1},
    )


def test_the_end_of_the_book_is_no_continuation() -> None:
    with pytest.raises(InvalidInput, match="book_unknown"):
        found_in("ein Wort am Ende", "Ende")


@pytest.mark.parametrize(
    ("book", "code"), [("", "book_short"), ("Wort", "book_short"), ("a b", "book_unknown")]
)
def test_books_in_which_nothing_is_found(book: str, code: str) -> None:
    with pytest.raises(InvalidInput, match=code):
        found_in(book, "zzz")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1", "cp1252"])
def test_usual_encodings_are_read(encoding: str) -> None:
    assert (
        decode("Größe ist „alles“\n".replace("„", '"').replace("“", '"').encode(encoding))
        == 'Größe ist "alles"\n'
    )


@pytest.mark.parametrize(
    "content",
    [
        b"%PDF-1.7\n\x00\x01\x02",
        b"\x89PNG\r\n\x1a\n\x00\x00",
        b"PK\x03\x04\x14\x00",
        b"\xff\xfe\x00",
        b"\xff\xfe\x00\xd8x\x00",
        b"a\x00b",
    ],
)
def test_other_files_are_no_text(content: bytes) -> None:
    with pytest.raises(InvalidInput, match="book_unreadable"):
        decode(content)


def test_a_large_book_is_refused_and_the_largest_is_counted() -> None:
    with pytest.raises(InvalidInput, match="book_large"):
        decode(b"a" * (BOOK_LIMIT + 1))
    book = ("die Katze " * 110_000)[: (BOOK_LIMIT // 10 - 1) * 10]
    ending, occurrences, followers = found_in(book, "und die")
    assert (ending, list(followers)) == ("die", ["Katze"])
    assert occurrences > 100_000


@given(st.binary(max_size=300), st.text(max_size=50))
def test_no_file_breaks_the_reader(content: bytes, beginning: str) -> None:
    try:
        count = count_in(content, beginning, "de")
    except InvalidInput as error:
        assert error.code.startswith("book_")  # noqa: PT017  either of both is right
    else:
        assert BookCount.from_plain(count.to_plain()) == count
        assert sum(number for _, number in count.followers) <= count.occurrences


@pytest.mark.parametrize(
    ("language", "beginning", "word"),
    [("de", "Die Farbe des Schnees ist", "weiß"), ("en", "The colour of the snow is", "white")],
)
def test_our_own_book_knows_our_small_world(language: str, beginning: str, word: str) -> None:
    count = count_in(None, beginning, language)
    assert (count.followers[0][0], count.own) == (word, False)
    assert 4_000 < (BOOKS_DIR / f"{language}.txt").stat().st_size < 10_000


# Candidates


def test_candidates_stand_in_the_order_of_the_alphabet() -> None:
    words = [" weiß", "Weiß", " Äpfel", " blau", None, "", "\n", "⟨E2⟩", "blau", "\x07"]
    choices = tuple(Choice(text=word, probability=0.1) for word in words)
    found = NextWord(text="x", tokens=1, choices=choices, rest=0.1, cut=False)
    assert candidates(found) == [" Äpfel", " blau", " weiß", "Weiß"]


def test_unseen_characters_are_told() -> None:
    assert readable("a\nb\tc\x07") == "a↵b⇥c"
