from __future__ import annotations

from pathlib import Path

import pytest

from bot.i18n import MissingSentence, Sentences, language_of


def make(*, strict: bool = False) -> Sentences:
    tables = {
        "en": {"a": "{x} pictures", "b": {"one": "one", "other": "{n} many"}, "only": "English"},
        "de": {"a": "{x} Bilder", "b": {"one": "eins", "other": "{n} viele"}},
    }
    return Sentences(tables, strict=strict)


@pytest.mark.parametrize(
    ("locale", "language"),
    [("de", "de"), ("de-DE", "de"), ("de_DE", "de"), ("en-US", "en"), ("fr", "en"), ("", "en"), (None, "en")],
)
def test_language_of(locale: object, language: str) -> None:
    assert language_of(locale) == language


def test_numbers_are_written_as_the_language_does() -> None:
    assert make().text("a", "de", x=6.5) == "6,5 Bilder"
    assert make().text("a", "en", x=6.5) == "6.5 pictures"
    assert make().text("a", "de", x=1.0) == "1 Bilder"


def test_plurals() -> None:
    assert [make().text("b", "de", n=n) for n in (0, 1, 2)] == ["0 viele", "eins", "2 viele"]


def test_a_missing_key_is_english_and_in_tests_an_error() -> None:
    assert make().text("only", "de") == "English"
    with pytest.raises(MissingSentence):
        make(strict=True).text("only", "de")
    with pytest.raises(MissingSentence):
        make().text("nowhere", "de")


def test_a_missing_value_leaves_a_gap_and_is_in_tests_an_error() -> None:
    assert make().text("a", "de") == "… Bilder"
    with pytest.raises(KeyError):
        make(strict=True).text("a", "de")


def test_values_are_never_formats() -> None:
    assert make().text("a", "en", x="{x.__class__} {0}") == "{x.__class__} {0} pictures"


def test_a_broken_file_is_said_at_load(tmp_path: Path) -> None:
    for language in ("en", "de"):
        (tmp_path / f"{language}.toml").write_text("= 1", encoding="utf-8")
    with pytest.raises(ValueError, match="line 1"):
        Sentences.load(tmp_path)


def test_an_error_of_a_worker_is_told_by_its_reason() -> None:
    tables = {
        "en": {"error.invalid_input": "odd", "error.invalid_short": "too short", "error.internal": "oh"},
        "de": {"error.invalid_input": "komisch", "error.invalid_short": "zu kurz", "error.internal": "ach"},
    }
    sentences = Sentences(tables, strict=True)
    assert sentences.of_error("invalid_input", "de", {"reason": "short"}) == "zu kurz"
    for values in ({}, {"reason": ""}, {"reason": "unheard_of"}, {"reason": None}):
        assert sentences.of_error("invalid_input", "de", values) == "komisch"
    assert sentences.of_error("nobody_knows", "en", {"reason": "short"}) == "oh"
    assert sentences.of_error("internal", "en", {"reason": "short"}) == "oh"
