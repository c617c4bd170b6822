"""The papers for schools: commands, options and buttons exist, each sheet is whole, both languages say the same, the
teacher's handbook names every command, the privacy notice everything that is kept of people."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import app
from bot.i18n import LANGUAGES, Sentences
from data.data_map import PLACES, TABLES
from tests.docs.command_names import SPAN, Spoken, commands, faults

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
LOCALES = ROOT / "bot" / "locales"
SENTENCES = Sentences.load(strict=True)
PAPERS = [*sorted((DOCS / "de").glob("*.md")), *sorted((DOCS / "en").glob("*.md")), DOCS / "README.md"]
SHEETS = {
    "bild": "pictures",
    "sprache": "speech",
    "musik": "music",
    "video": "video",
    "text": "text",
    "stueck": "piece",
}
OTHERS = {"eltern": "parents", "datenschutz": "privacy", "handbuch": "handbook"}
HEADINGS = {
    "de": ["Vorher", "Aufgaben", "Fragen", "Gefahren und Schutz", "Zeitplan"],
    "en": ["Before", "Tasks", "Questions", "Dangers and protection", "Timing"],
}
BUTTONS = re.compile(
    r"\b(?:Knopf|Knöpfe|Knöpfen|Knopfs|buttons?) ((?:`[^`]+`(?:, | oder | und | or | and )?)+)"
)
"""What is pressed: the word, then the names in backticks."""
READMES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted(ROOT.glob("[a-z]*/**/README.md"))]
OF_THE_LESSON = frozenset(["set-up", "lesson", "pause", "resume", "emergency-stop"])
TEACHERS = OF_THE_LESSON | {"reports", "words", "block", "unblock", "consents", "log"}
"""Commands that are for teachers alone, by their English names."""
Known = Mapping[str, Mapping[str, Spoken]]


@pytest.fixture(scope="module")
async def known() -> Known:
    return await commands()


def language_of(paper: Path) -> str | None:
    return paper.parent.name if paper.parent.name in LANGUAGES else None


def name_of(paper: Path) -> str:
    return str(paper.relative_to(DOCS))


@pytest.mark.parametrize("paper", PAPERS, ids=name_of)
def test_every_command_and_option_exists(paper: Path, known: Known) -> None:
    language = language_of(paper)
    if language:
        assert faults(paper.read_text("utf-8"), known[language]) == []
    else:
        assert in_neither(paper.read_text("utf-8"), known) == []


def in_neither(text: str, known: Known) -> list[str]:
    """What a page in both languages names and no language has."""
    spans = [match[0] for match in SPAN.finditer(text)]
    return [one for one in spans if all(faults(one, known[language]) for language in LANGUAGES)]


@pytest.mark.parametrize("page", READMES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_of_a_readme_exists(page: Path, known: Known) -> None:
    assert in_neither(page.read_text("utf-8"), known) == []


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("`/bilder`", ["/bilder"]),
        ("`/start`", ["/start"]),
        ("`/stunde anfang`", ["/stunde: anfang"]),
        ("`/stunde start dauer:45`", ["/stunde: dauer"]),
        ("`/bild prompt:ein Haus farbe:rot`", ["/bild: farbe"]),
        ("`/meine-daten zeigen | holen`", ["/meine-daten: holen"]),
        ("`/stunde` und `/stunde start minuten:45`, `/meine-daten zeigen | loeschen`, `/dev/shm`", []),
    ],
)
def test_what_does_not_exist_is_found(written: str, found: list[str], known: Known) -> None:
    assert faults(written, known["de"]) == found


@pytest.mark.parametrize("language", LANGUAGES)
def test_sentences_name_only_commands_that_exist(language: str, known: Known) -> None:
    wrong = {key: faults(text, known[language]) for key, text in texts(language).items()}
    assert {key: one for key, one in wrong.items() if one} == {}


def texts(language: str) -> dict[str, str]:
    """Every sentence of the locale as it is written, its forms for numbers one after the other."""
    found: dict[str, str] = {}
    waiting: list[tuple[str, object]] = [
        ("", tomllib.loads((LOCALES / f"{language}.toml").read_text("utf-8")))
    ]
    while waiting:
        name, inner = waiting.pop()
        if isinstance(inner, dict):
            waiting += [(f"{name}.{key}".lstrip("."), value) for key, value in inner.items()]
        else:
            found[name] = str(inner)
    return found


@pytest.mark.parametrize(("language", "paper"), [("de", "handbuch"), ("en", "handbook")])
def test_the_handbook_names_every_command(language: str, paper: str, known: Known) -> None:
    named = {name for name, _ in SPAN.findall((DOCS / language / f"{paper}.md").read_text("utf-8"))}
    assert known[language].keys() - named == set()


def test_the_front_door_lists_every_command_in_both_languages(known: Known) -> None:
    named = {name for name, _ in SPAN.findall((ROOT / "README.md").read_text("utf-8"))}
    # in both languages the same word: named once
    assert {name for language in LANGUAGES for name in known[language]} - named == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_help_names_every_command_of_a_pupil_and_fits_into_a_message(language: str, known: Known) -> None:
    text = SENTENCES.text("help.text", language)
    named = {known[language][name].key for name, _ in SPAN.findall(text)}
    assert {one.key for one in known[language].values()} - named == TEACHERS | {"help"}
    assert len(SENTENCES.text("help.title", language)) + len(text) < 1900


@pytest.mark.parametrize("paper", [paper for paper in PAPERS if language_of(paper)], ids=name_of)
def test_every_button_exists(paper: Path) -> None:
    # what a sentence fills in (a number, a name) may be anything
    labels = [text for key, text in texts(str(language_of(paper))).items() if key.startswith("button.")]
    patterns = [re.sub(r"\\{\w+\\}", ".+", re.escape(text)) for text in labels] + ["[1-4]"]
    for named in BUTTONS.findall(paper.read_text("utf-8")):
        for button in re.findall(r"`([^`]+)`", named):
            assert any(re.fullmatch(pattern, button) for pattern in patterns), button


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
    for german, english in {**SHEETS, **OTHERS}.items():
        assert f"(de/{german}.md)" in index
        assert f"(en/{english}.md)" in index
    assert {paper.stem for paper in (DOCS / "de").glob("*.md")} == {*SHEETS, *OTHERS}
    assert {paper.stem for paper in (DOCS / "en").glob("*.md")} == {*SHEETS.values(), *OTHERS.values()}


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


@pytest.mark.parametrize(("german", "english"), [*SHEETS.items(), *OTHERS.items()])
def test_the_same_commands_are_named_in_both_languages(german: str, english: str, known: Known) -> None:
    named = {
        language: [
            known[language][command].key
            for command, _ in SPAN.findall((DOCS / language / f"{paper}.md").read_text("utf-8"))
        ]
        for language, paper in (("de", german), ("en", english))
    }
    assert named["de"] == named["en"]


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
