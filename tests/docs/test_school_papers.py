"""The papers for schools: commands and options exist, each sheet is whole, both languages say the same, the privacy
notice names everything that is kept of people."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import app
from bot.i18n import LANGUAGES, Sentences
from data.data_map import PLACES, TABLES

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
SENTENCES = Sentences.load(strict=True)
PAPERS = [*sorted((DOCS / "de").glob("*.md")), *sorted((DOCS / "en").glob("*.md")), DOCS / "README.md"]
SHEETS = {
    "bild": "pictures",
    "sprache": "speech",
    "musik": "music",
    "video": "video",
    "text": "text",
}
LETTERS = {"eltern": "parents", "datenschutz": "privacy"}
HEADINGS = {
    "de": ["Vorher", "Aufgaben", "Fragen", "Gefahren und Schutz", "Zeitplan"],
    "en": ["Before", "Tasks", "Questions", "Dangers and protection", "Timing"],
}
SPAN = re.compile(r"`/([\w-]+)([^`]*)`")
OPTION = re.compile(r"(?:^|\s)([a-zäöüß_]+\d?):")


def commands(language: str) -> dict[str, set[str]]:
    """The names of the commands in this language, each with those of its options."""
    found: dict[str, set[str]] = {}
    keys = SENTENCES.keys(language)
    for key in keys:
        match = re.fullmatch(r"command\.(\w+)\.name", key)
        if match is not None:
            options = [one for one in keys if re.fullmatch(rf"command\.{match[1]}\.option\.\w+\.name", one)]
            found[SENTENCES.text(key, language)] = {SENTENCES.text(one, language) for one in options}
    return found


COMMANDS = {language: commands(language) for language in LANGUAGES}


def language_of(paper: Path) -> str | None:
    return paper.parent.name if paper.parent.name in LANGUAGES else None


def name_of(paper: Path) -> str:
    return str(paper.relative_to(DOCS))


@pytest.mark.parametrize("paper", PAPERS, ids=name_of)
def test_every_command_and_option_exists(paper: Path) -> None:
    language = language_of(paper)
    known = COMMANDS[language] if language else COMMANDS["de"] | COMMANDS["en"]
    for command, rest in SPAN.findall(paper.read_text("utf-8")):
        assert command in known, command
        assert set(OPTION.findall(rest)) <= known[command], (command, rest)


@pytest.mark.parametrize("paper", PAPERS, ids=name_of)
def test_every_command_of_the_terminal_exists(paper: Path) -> None:
    for words in re.findall(r"uv run atelier ((?:[a-z]+ ?)+)", paper.read_text("utf-8")):
        answer = CliRunner().invoke(app, [*words.split(), "--help"])
        assert answer.exit_code == 0, words


@pytest.mark.parametrize("paper", PAPERS, ids=name_of)
def test_every_link_leads_somewhere(paper: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)(?:#[\w-]+)?\)", paper.read_text("utf-8"))
    for target in links:
        assert (paper.parent / target).is_file(), target


def test_all_papers_are_there_in_both_languages_and_in_the_index() -> None:
    index = (DOCS / "README.md").read_text("utf-8")
    for german, english in {**SHEETS, **LETTERS}.items():
        assert f"(de/{german}.md)" in index
        assert f"(en/{english}.md)" in index
    assert {paper.stem for paper in (DOCS / "de").glob("*.md")} == {*SHEETS, *LETTERS}
    assert {paper.stem for paper in (DOCS / "en").glob("*.md")} == {*SHEETS.values(), *LETTERS.values()}


@pytest.mark.parametrize(("german", "english"), SHEETS.items())
def test_a_sheet_is_whole_and_alike_in_both_languages(german: str, english: str) -> None:
    texts = {
        "de": (DOCS / "de" / f"{german}.md").read_text("utf-8"),
        "en": (DOCS / "en" / f"{english}.md").read_text("utf-8"),
    }
    for language, text in texts.items():
        assert re.findall(r"(?m)^## (.+)$", text) == HEADINGS[language]
        assert ("**Ziel.**" if language == "de" else "**Aim.**") in text
        assert re.search(r"(?m)^\| 90 Minuten|^\| 90 minutes", text)
        assert re.search(r"(?m)^\| ein Vormittag|^\| a morning", text)
    for what in (r"(?m)^\d+\. \*\*", r"(?m)^- ", r"(?m)^\| "):
        counts = {language: len(re.findall(what, text)) for language, text in texts.items()}
        assert counts["de"] == counts["en"] > 3, (what, counts)


def test_the_same_commands_are_named_in_both_languages() -> None:
    keys = {
        language: {
            SENTENCES.text(key, language): key
            for key in SENTENCES.keys(language)
            if re.fullmatch(r"command\.\w+\.name", key)
        }
        for language in LANGUAGES
    }
    for german, english in {**SHEETS, **LETTERS}.items():
        named = {
            language: {
                keys[language][command]
                for command, _ in SPAN.findall((DOCS / language / f"{paper}.md").read_text("utf-8"))
            }
            for language, paper in (("de", german), ("en", english))
        }
        assert named["de"] == named["en"], german


@pytest.mark.parametrize("paper", ["de/datenschutz.md", "en/privacy.md"])
def test_the_privacy_notice_names_everything_that_is_kept_of_people(paper: str) -> None:
    text = (DOCS / paper).read_text("utf-8")
    tables = [table.name for table in TABLES if table.is_personal]
    assert [name for name in tables if f"`{name}`" not in text] == []
    # the database's own files hold the tables; what the command line keeps is of no class
    folders = {place.name for place in PLACES if place.is_personal}
    folders = {name for name in folders if not name.startswith("atelier.sqlite")} - {"generate"}
    assert [name for name in sorted(folders) if f"`{name}`" not in text] == []


@pytest.mark.parametrize("paper", ["de/datenschutz.md", "en/privacy.md"])
def test_the_privacy_notice_gives_the_times_of_the_data_map(paper: str) -> None:
    text = (DOCS / paper).read_text("utf-8")
    for table in TABLES:
        for number in re.findall(r"\((\d+)\)", table.kept) if table.is_personal else ():
            assert re.search(rf"\b{number} (Tage|Stunden|days|hours)", text), (table.name, number)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_letter_asks_for_the_parents_of_those_under_16(language: str) -> None:
    paper = {"de": "eltern", "en": "parents"}[language]
    text = (DOCS / language / f"{paper}.md").read_text("utf-8")
    assert re.search(r"(unter|under) 16", text)
    assert "/" + SENTENCES.text("command.voice_withdraw.name", language) in text
    assert "[" in text, "the school's own names are left open"
