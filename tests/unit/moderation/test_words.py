import random
import subprocess
import sys
from pathlib import Path

import pytest

from moderation.verdict import Verdict
from moderation.wordlist import SECTIONS, WordListError, load
from moderation.words import WORDLISTS, WordCheck
from tests.unit.moderation.disguises import CARRIERS, RULES, TARGETS, disguised
from tests.unit.moderation.harmless import generated, tricky


@pytest.fixture(scope="module")
def words() -> WordCheck:
    return WordCheck()


@pytest.fixture
def rng() -> random.Random:
    """Another seed every time; it is in the report of a test that fails."""
    seed = random.SystemRandom().getrandbits(32)
    print(f"seed {seed}")
    return random.Random(seed)


def own(folder: Path, text: str, name: str = "xx.txt") -> WordCheck:
    (folder / name).write_text(text, encoding="utf-8")
    return WordCheck(folder)


@pytest.mark.parametrize("target", TARGETS)
def test_undisguised_words_are_refused_in_every_sentence(words: WordCheck, target: str) -> None:
    for carrier in CARRIERS:
        assert not words.check(carrier.format(target)).allowed


def test_disguises_are_seen_through(words: WordCheck, rng: random.Random) -> None:
    missed = [sample for sample in disguised(rng, 48) if words.check(sample.text).allowed]
    # The target of 99 % is counted on 500; one miss among 48 is chance, two are a broken rule.
    assert len(missed) <= 1, missed


@pytest.mark.parametrize("name", [name for name in RULES if name not in {"umlauts", "strokes"}])
def test_every_rule_alone(words: WordCheck, name: str, rng: random.Random) -> None:
    for word in ("schlampe", "pornografie", "erotic", "suicide"):
        text = RULES[name](rng, word)
        assert not words.check(text).allowed, text


def test_harmless_prompts_pass(words: WordCheck, rng: random.Random) -> None:
    prompts = generated(rng, 1_000)
    assert len(set(prompts)) == 1_000
    refused = [prompt for prompt in prompts if not words.check(prompt).allowed]
    assert len(refused) <= 20, refused


def test_tricky_prompts_pass(words: WordCheck) -> None:
    prompts = tricky()
    assert len(prompts) >= 150
    refused = [prompt for prompt in prompts if not words.check(prompt).allowed]
    assert len(refused) <= 0.02 * len(prompts), refused


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("eine nackte Frau", "sexual"),
        ("a nude portrait", "sexual"),
        ("zeichne ein Hakenkreuz", "hate"),
        ("ein blutüberströmter Mann", "violence"),
        ("ich will mich umbringen", "self_harm"),
        ("wie baue ich eine Bombe", "drugs_weapons"),
        ("mein Mitschüler ist hässlich", "person_dignity"),
        ("nackt und ich will mich umbringen", "self_harm"),
        ("wie ritze ich mich", "self_harm"),
        ("Ich ficke deine Mutter", "sexual"),
        ("verfickte Hausaufgaben", "sexual"),
        ("Bist du behindert?", "hate"),
    ],
)
def test_the_code_says_why(words: WordCheck, text: str, code: str) -> None:
    verdict = words.check(text)
    assert (verdict.allowed, verdict.code) == (False, code)
    assert verdict.matches


def test_calling_is_checking(words: WordCheck) -> None:
    assert words("Haus am See") == Verdict.allow("words")


def test_an_excuse_covers_its_own_words_and_no_disguise(words: WordCheck) -> None:
    assert words.check("eine Nacktschnecke im Salat").allowed
    assert words.check("eine Nacktschnecke und eine nackte Frau").matches == ("nackt*",)
    assert not words.check("eine N4cktschnecke im Salat").allowed


@pytest.mark.parametrize(
    "text", ["Bußen und Bussen", "Rappe", "Rap E-Gitarre", "c d e f a g e", "5 Ex-Schüler"]
)
def test_neighbours_of_listed_words_pass(words: WordCheck, text: str) -> None:
    assert words.check(text).allowed


def test_both_languages_always_apply(words: WordCheck) -> None:
    assert words.check("a picture of eine nackte woman").matches == ("nackt*",)
    assert words.check("ein Bild von naked Frau").matches == ("naked",)


@pytest.mark.parametrize("language", ["de", "en"])
def test_the_lists_are_complete(language: str) -> None:
    entries = load([WORDLISTS / f"{language}.txt"])
    assert {entry.section for entry in entries} == {*SECTIONS, "allow"}
    assert sum(entry.section != "allow" for entry in entries) >= 150


def test_every_entry_refuses_itself(words: WordCheck) -> None:
    lists = [WORDLISTS / "de.txt", WORDLISTS / "en.txt"]
    silent = [
        entry.text
        for entry in load(lists)
        if entry.section != "allow" and words.check(entry.text.replace("*", "").replace("&", "und")).allowed
    ]
    assert silent == []


@pytest.mark.parametrize(
    ("entry", "refused", "allowed"),
    [
        ("wolke", ["Wolke", "W O L K E", "wolke7"], ["Wolken", "Wolkenbruch"]),
        ("wolke*", ["Wolke", "Wolkenbruch"], ["Gewölk", "Regenwolke"]),
        ("*wolke", ["Regenwolke"], ["Regenwolken"]),
        ("*wolke*", ["Regenwolken"], ["Gewölk"]),
        ("rote wolke*", ["rote Wolken", "rote_wolke"], ["Wolke rote", "rote dicke Wolke"]),
        ("rot & wolke*", ["Wolken in rot"], ["rot a b c d e f wolke"]),
        ("rote wolke & see", ["See mit rote Wolke"], ["rote See Wolke"]),
        ("größe", ["Größe", "GROESSE", "Grosse", "größe"], ["groß"]),
    ],
)
def test_pattern_syntax(tmp_path: Path, entry: str, refused: list[str], allowed: list[str]) -> None:
    check = own(tmp_path, f"# comment\n[sexual]\n{entry}  # why\n")
    assert [text for text in refused if check.check(text).allowed] == []
    assert [text for text in allowed if not check.check(text).allowed] == []
    assert check.check(refused[0]).matches == (entry,)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "empty"),
        ("# only a comment", "empty"),
        ("wolke", "line 1: an entry before the first section"),
        ("[sexual]\nwolke\nwolke", "line 3: 'wolke' is there twice"),
        ("[sexy]\nwolke", "line 1: unknown section"),
        ("[sexual\nwolke", "line 1: unknown section"),
        ("[sexual]\nab", "line 2: 'ab' is too short"),
        ("[sexual]\n*", "line 2: an empty word"),
        ("[sexual]\n*abc", "line 2: '\\*abc' is too short"),
        ("[sexual]\nw.lke", "line 2: .* something other than letters"),
        ("[sexual]\nwolke &", "line 2: nothing beside"),
        ("[sexual]\nwolke\n[allow]\nrot & wolke", "line 4: .* in a row only"),
        ("[allow]\nwolke", "none that refuses"),
    ],
)
def test_a_broken_list_is_an_error_that_says_where(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(WordListError, match=message):
        own(tmp_path, content)


def test_no_list_and_no_text_file_are_errors(tmp_path: Path) -> None:
    with pytest.raises(WordListError, match="no word list"):
        WordCheck(tmp_path)
    (tmp_path / "xx.txt").write_bytes(b"[sexual]\n\xff\xfe")
    with pytest.raises(WordListError, match=r"xx\.txt: cannot be read"):
        WordCheck(tmp_path)


WATCHER = """
import sys
opened = []
sys.addaudithook(lambda name, values: opened.append(str(values[0])) if name == "open" else None)
from moderation.class_words import ClassEntries, ClassWords, everyday
from moderation.words import WordCheck
words = ClassWords(WordCheck())
words.load({"1": ClassEntries(refused=("einhorn*",), allowed=("nacktkatze",))})
for text in ("ein Haus", "p0rn0", "ein Einhorn"):
    words.for_class("1")(text)
words.impact("hund", allow=False)
print(*opened, *(getattr(one, "__file__", None) or "" for one in list(sys.modules.values())), sep="\\n")
"""


def test_the_filter_reads_its_lists_and_none_of_the_tests() -> None:
    """Seen by Python itself: every file that is opened, and every module that is there, in a process of its own."""
    root = WORDLISTS.parents[1]
    done = subprocess.run(
        [sys.executable, "-c", WATCHER], cwd=root, capture_output=True, text=True, check=True, timeout=60
    )
    files = {Path(line).resolve() for line in done.stdout.splitlines() if line}
    assert {WORDLISTS / "de.txt", WORDLISTS / "en.txt"} <= files
    assert [one for one in files if one.is_relative_to(root / "tests")] == []


@pytest.mark.parametrize(
    "text", ["ich will selbst mord begehen", "wie bringe ich mich um?", "Selbst  Mord begehen"]
)
def test_self_harm_is_seen_in_wrong_spelling_too(words: WordCheck, text: str) -> None:
    assert words.check(text).code == "self_harm"
