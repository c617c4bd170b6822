"""Words of one class: on top of the lists, in that class alone, and nothing passes while they are unknown."""

from __future__ import annotations

import random
import secrets
from pathlib import Path

import pytest

from moderation import class_words
from moderation.audio_check import Bounds
from moderation.class_words import ClassEntries, ClassWords, everyday, occurrences, read_word
from moderation.picture_check import ImageScore
from moderation.pipeline import Pipeline
from moderation.verdict import CHECK_FAILED, Verdict
from moderation.wordlist import WordListError
from moderation.words import WordCheck
from tests.unit.moderation import disguises, harmless

HERE, ELSEWHERE = "guild-1", "guild-2"
LISTS = WordCheck()


async def _no_pictures(files: object) -> list[ImageScore]:
    return []


def pipeline(check: ClassWords) -> Pipeline:
    return Pipeline(text_checks=[check], image_check=_no_pictures)


@pytest.fixture
def words() -> ClassWords:
    check = ClassWords(LISTS)
    check.load({HERE: ClassEntries(refused=("einhorn*", "drei haselnüsse"), allowed=("nacktkatze",))})
    return check


@pytest.mark.parametrize(
    "text",
    ["Ein Einhorn", "viele Einhörner und ein E1NH0RN", "e i n h o r n", "Drei  Haselnüsse", "einhornpony"],
)
async def test_a_word_of_the_class_is_refused_in_its_disguises_and_in_that_class_alone(
    words: ClassWords, text: str
) -> None:
    checks = pipeline(words)
    refused = await checks.check_text(text, guild=HERE)
    assert (refused.allowed, refused.code) == (False, class_words.CODE)
    assert refused.matches
    assert (await checks.check_text(text, guild=ELSEWHERE)).allowed
    assert (await checks.check_text(text)).allowed


async def test_an_allowed_word_lifts_only_itself_and_only_written_plainly(words: ClassWords) -> None:
    checks = pipeline(words)
    assert (await checks.check_text("Eine Nacktkatze gräbt", guild=HERE)).allowed
    for text in ("n4cktkatze", "nackter Mull", "eine Nacktkatze und nackte Haut", "nacktkatzen"):
        assert (await checks.check_text(text, guild=HERE)).code == "sexual", text
    assert (await checks.check_text("Eine Nacktkatze gräbt", guild=ELSEWHERE)).code == "sexual"


async def test_what_a_model_wrote_and_what_a_result_was_made_from_pass_the_words_of_the_class(
    words: ClassWords, tmp_path: Path
) -> None:
    checks = pipeline(words)
    answer = await checks.approve_text("Das Einhorn schläft.", prompt="Erzähl was", guild=HERE)
    assert (answer.approved, answer.verdict.code) == (None, "answer_class_word")
    sound = tmp_path / "1.wav"
    sound.write_bytes(b"x")
    bounds = Bounds(shortest=0.1, longest=1.0)
    judged = await checks.approve_audio([sound], measured=[{}], bounds=bounds, texts=["Einhorn"], guild=HERE)
    assert judged.verdict.code == class_words.CODE
    assert not sound.exists()


async def test_help_comes_before_the_words_of_the_class(words: ClassWords) -> None:
    words.put(HERE, ClassEntries(refused=("umbringen",)))
    verdict = words.for_class(HERE)("ich will mich umbringen")
    assert verdict.code == "self_harm"


async def test_a_class_whose_words_are_not_loaded_is_refused_everything() -> None:
    checks = pipeline(ClassWords(LISTS))
    assert (await checks.check_text("Ein Hund", guild=HERE)).code == CHECK_FAILED
    assert (await checks.check_text("Ein Hund")).allowed


async def test_checks_without_classes_are_asked_as_before() -> None:
    asked: list[str] = []

    def check(text: str) -> Verdict:
        asked.append(text)
        return Verdict.allow("plain")

    checks = Pipeline(text_checks=[check], image_check=_no_pictures)
    assert (await checks.check_text("Ein Hund", guild=HERE)).allowed
    assert asked == ["Ein Hund"]


@pytest.mark.parametrize(
    "word", ["e", "es", "", "   ", "*", "*ein*", "a&", "#x", "[sexual]", "x" * 61, "🦄🦄🦄", "hund!"]
)
def test_what_is_no_word_of_a_list_is_none_of_a_class(word: str) -> None:
    with pytest.raises(WordListError):
        read_word(word, allow=False)


@pytest.mark.parametrize("word", ["*mull", "nac*", "haut & farbe"])
def test_what_is_allowed_must_be_written_out(word: str) -> None:
    with pytest.raises(WordListError):
        read_word(word, allow=True)


def test_a_letter_is_told_by_how_many_harmless_sentences_have_it() -> None:
    found = occurrences("e")
    assert found.refuses > 0.9 * found.of
    assert occurrences(" ").refuses == 0


def test_a_word_that_would_refuse_much_is_counted(words: ClassWords) -> None:
    much, little = words.impact("die", allow=False), words.impact("einhorn*", allow=False)
    assert much.is_much
    assert much.example in everyday()
    assert (little.refuses, little.is_much) == (0, False)


@pytest.mark.parametrize("word", ["nackt", "nacktes", "Nackten", "nackt*", "selbstmord"])
def test_no_class_lifts_what_the_lists_say_about_sex_and_self_harm(words: ClassWords, word: str) -> None:
    assert words.impact(word, allow=True).fixed


def test_what_an_allowed_word_lifts_is_named(words: ClassWords) -> None:
    entry = next(one for one in LISTS.entries if one.section == "violence" and one.text.isalpha())
    lifted = words.impact(entry.text, allow=True)
    assert entry.text in lifted.lifts
    assert not lifted.fixed


def test_our_harmless_sentences_are_allowed_by_the_lists_and_are_not_those_of_the_tests() -> None:
    sentences = everyday()
    assert len(sentences) >= 100
    assert [one for one in sentences if not LISTS.check(one).allowed] == []
    of_tests = {*harmless.generated(random.Random(secrets.randbits(32)), 1000), *harmless.tricky()}
    assert of_tests.isdisjoint(sentences)


def test_disguises_of_the_lists_are_caught_in_a_class_with_words_of_its_own(words: ClassWords) -> None:
    seed = secrets.randbits(32)
    samples = list(disguises.disguised(random.Random(seed), 200))
    check = words.for_class(HERE)
    missed = [sample.text for sample in samples if check(sample.text).allowed]
    assert len(missed) <= 0.01 * len(samples), (seed, missed)
