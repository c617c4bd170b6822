"""The locales: complete, alike in both languages, no key too many and none missing, none too long for Discord."""

from __future__ import annotations

import importlib
import pkgutil
import re
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

import bot
import data
import generation
from bot.i18n import LANGUAGES, LOCALES_DIR, Sentences
from bot.views import EXAMPLES
from data.voice_records import Check
from generation.errors import AtelierError

SENTENCES = Sentences.load(strict=True)
ROOT = Path(bot.__file__).parents[1]
KEYS = sorted(SENTENCES.keys("en"))
# Required by the contracts with services and moderation, whether or not somebody raises them today.
PROMISED = [
    "prompt_empty",
    "prompt_long",
    "prompt_control",
    "size_invalid",
    "seed_invalid",
    "count_invalid",
    "steps_invalid",
    "guidance_invalid",
    "scheduler_unknown",
    "model_unknown",
    "limit_waiting",
    "job_gone",
    "limit_chats",
    "chat_busy",
    "chat_not_here",
    "chat_ended",
    "chat_place",
    "chat_permission",
    "nothing_to_explain",
    "not_allowed",
    "worker_failed",
    "worker_crashed",
    "worker_hung",
    "worker_garbage",
    "out_of_memory",
    "medium_off",
    "scores_failed",
    "model_missing",
    "model_broken",
    "audio_missing",
    "audio_large",
    "audio_kind",
    "audio_broken",
    "audio_long",
    "audio_empty",
    "audio_silent",
    "audio_short",
    "invalid_no_consent",
    "invalid_only_english",
    "invalid_text_empty",
    "invalid_text_long",
    "invalid_speech_empty",
    "invalid_speech_long",
    "invalid_language_unsupported",
    "invalid_language",
    "invalid_speaker",
    "invalid_emotion",
    "invalid_clip_broken",
    "invalid_clip_kind",
    "invalid_clip_length",
    "invalid_clip_silent",
    "invalid_audio_missing",
    "invalid_audio_kind",
    "invalid_audio_long",
    "invalid_audio_empty",
    "invalid_audio_short",
    "notes_empty",
    "midi_missing",
    "midi_broken",
    "midi_empty",
    "midi_long",
    "environment_failed",
    "no_compiler",
    "cancelled",
    "data_folder_locked",
    "records_damaged",
    "storage_failed",
    "paused",
    "restarted",
    "refused",
    "refused_sexual",
    "refused_violence",
    "refused_hate",
    "refused_self_harm",
    "refused_drugs_weapons",
    "refused_person_dignity",
    "refused_check_failed",
    "refused_image_flagged",
    "refused_names",
    "refused_crime",
    "refused_advice",
    "refused_privacy",
    "refused_unsuitable",
    "refused_answer_sexual",
    "refused_answer_violence",
    "refused_answer_hate",
    "refused_answer_drugs_weapons",
    "refused_answer_person_dignity",
    "refused_answer_crime",
    "refused_answer_advice",
    "refused_answer_privacy",
    "refused_answer_repetition",
    "refused_answer_unsuitable",
    "refused_voice_owner_gone",
    "refused_voice_owner_unsure",
    "takes_invalid",
    "seconds_invalid",
    "tokens_invalid",
    "notes_temperature",
    "format_unknown",
    "frames_invalid",
    "fps_invalid",
    "keys_invalid",
    "keys_order",
    "motion_unknown",
    "invalid_clip_long",
    "clip_empty",
    "clip_both",
    "clip_pictures",
    "clip_title",
    "clip_reference",
    "clip_gone",
    "clip_changed",
    "subtitles_unknown",
    "chain_limit",
    "chain_ended",
    "chain_cannot",
    "section_unknown",
    "lyric_mark",
    "lyric_long",
    "sections_limit",
    "sections_short",
    "longest",
    "melody_of_model",
    "melody_twice",
    "melody_empty",
    "melody_long",
    "note_unknown",
    "note_range",
    "note_length",
    "piece_twice",
    "no_piece",
    "piece_gone",
    "upload_large",
    "upload_lost",
    "upload_broken",
    "upload_busy",
    "upload_gone",
    "upload_of_other",
    "limit_uploads",
    "declaration_unknown",
    "speech_empty",
    "speech_long",
    "speech_language",
    "speech_model_missing",
    "speech_unmarked",
    "emotion_unknown",
    "quality_unknown",
    "script_empty",
    "script_line",
    "script_inside",
    "script_prompt",
    "script_control",
    "script_long",
    "script_first",
    "script_order",
    "script_frame",
    "script_lines",
    "song_gone",
    "song_of_other",
    "video_limit",
    "refused_audio_silent",
    "refused_audio_broken",
    "refused_audio_clipped",
    "refused_audio_length",
    "refused_video_flagged",
    "refused_video_black",
    "refused_video_frames",
    "gallery_off",
    "gallery_unplaced",
    "gallery_not_yours",
    "gallery_waiting",
    "gallery_hangs",
    "gallery_declined",
    "gallery_taken_down",
    "gallery_lost",
    "data_of_whom",
    "gallery_soon",
    "gallery_decided",
    "gallery_gone",
    "gallery_limit",
    "gallery_rounds",
    "gallery_reason",
    "gallery_reason_long",
    "gallery_own_star",
    "setup_missing",
    "setup_country_missing",
    "setup_age_missing",
    "setup_age_low",
    "emergency_on",
    "emergency",
    "lesson_over",
    "lesson_none",
    "lesson_running",
    "lesson_media",
    "lesson_models",
    "lesson_model_media",
    "lesson_number",
    "lesson_gallery",
    "lesson_medium",
    "lesson_model",
    "lesson_items",
    "lesson_seconds",
    "careful_items",
    "careful_seconds",
    "task_long",
    "task_medium",
    "task_model_media",
    "task_model_rules",
    "task_over",
    "task_words",
    "task_style",
    "task_model",
    "task_none",
    "task_late",
    "task_handed_in",
    "internal",
]


def sources() -> Iterator[str]:
    for package in ("bot", "cogs", "generation", "moderation", "data"):
        for file in (ROOT / package).rglob("*.py"):
            if "mini" not in file.parts:
                yield file.read_text(encoding="utf-8")


SOURCE = "\n".join(sources())
COMPOSED = set(re.findall(r'f"([a-z_]+\.[a-z_]*)\{', SOURCE))
"""How keys begin that are put together, e.g. "doctor." from f"doctor.{key}"."""


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_both_languages_have_the_same_keys() -> None:
    assert SENTENCES.keys("de") == SENTENCES.keys("en")


@pytest.mark.parametrize("key", KEYS)
def test_a_sentence_is_alike_in_both_languages(key: str) -> None:
    english, german = (SENTENCES.forms(key, language) for language in ("en", "de"))
    assert len(english) == len(german)
    found = [set().union(*(placeholders(form) for form in forms)) - {"n"} for forms in (english, german)]
    assert found[0] == found[1]
    assert all(form.rstrip() == form and form for form in (*english, *german))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_promised_error_has_a_sentence(language: str) -> None:
    missing = [code for code in PROMISED if f"error.{code}" not in SENTENCES.keys(language)]
    assert missing == []


def test_every_error_class_has_a_sentence() -> None:
    for package in (generation, data):
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            if module.name.endswith("errors"):
                importlib.import_module(module.name)

    def below(kind: type[AtelierError]) -> Iterator[type[AtelierError]]:
        for sub in kind.__subclasses__():
            yield sub
            yield from below(sub)

    codes = {kind.default_code for kind in (AtelierError, *below(AtelierError))}
    assert sorted(code for code in codes if not SENTENCES.has(f"error.{code}")) == []


def test_every_code_raised_has_a_sentence_with_its_values() -> None:
    raised = re.findall(
        r"(?:InvalidInput|LimitReached|NotAllowed|NotFound|Refused|ModelMissing|WorkerCrashed)\(\s*\"(\w+)\"((?:[^()]|\([^()]*\))*)",
        SOURCE,
    )
    assert len(raised) > 10
    for code, values in raised:
        needed = set().union(*(placeholders(form) for form in SENTENCES.forms(f"error.{code}", "de")))
        assert needed <= set(re.findall(r"(\w+)=", values)), code


def test_every_refusal_category_has_its_sentences() -> None:
    lists = "\n".join(file.read_text("utf-8") for file in (ROOT / "moderation" / "wordlists").glob("*.txt"))
    categories = set(re.findall(r"(?m)^\[(\w+)\]\s*$", lists)) | {"check_failed", "image_flagged"}
    for category in categories - {"allow", "allowed", "harmless"}:
        assert SENTENCES.has(f"error.refused_{category}"), category
        assert SENTENCES.has(f"category.{category}"), category


WORKERS_REASON = re.compile(r'TaskFailed\(\s*"invalid",\s*"([a-z_]+)"\s*\)')
OWN_MISTAKES = {"unknown_parameter", "unknown_choice", "speed", "vocabulary"}
"""Reasons that only a mistake of ours can have: no person's doing, so the general sentence must do."""


@pytest.mark.parametrize("family", ["speech", "voices", "listening"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_reason_of_the_families_of_speech_has_a_sentence(family: str, language: str) -> None:
    folder = ROOT / "generation" / "families" / family
    found = {one for file in folder.glob("*.py") for one in WORKERS_REASON.findall(file.read_text("utf-8"))}
    assert len(found) > 5
    keys = [f"error.invalid_{reason}" for reason in sorted(found - OWN_MISTAKES)]
    assert [key for key in keys if key not in SENTENCES.keys(language)] == []
    # a worker names its reason and no values
    assert [key for key in keys if any(map(placeholders, SENTENCES.forms(key, language)))] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_check_on_voices_has_a_sentence(language: str) -> None:
    keys = SENTENCES.keys(language)
    assert [check for check in Check if f"error.{check.code}" not in keys] == []


def test_no_key_is_missing() -> None:
    literal = set(re.findall(r"(?:text|sentence|_quoted|said)\(\s*\"([a-z_]+\.[a-z_.]+)\"", SOURCE))
    assert literal
    assert sorted(key for key in literal if not SENTENCES.has(key)) == []


@pytest.mark.parametrize("key", KEYS)
def test_no_key_is_unused(key: str) -> None:
    prefix, _, last = key.rpartition(".")
    if prefix.startswith("command") or prefix in {"error", "category"}:
        return  # errors have their own tests above, commands theirs in tests/unit/cogs
    if prefix == "examples":
        assert last in EXAMPLES
        return
    stem = last.removesuffix("_until").removesuffix("_name").removesuffix("_text")
    composed = [start for start in COMPOSED if key.startswith(start)]
    named = re.search(rf"[\"']{re.escape(stem)}[\"']", SOURCE) is not None
    assert (
        f'"{key}"' in SOURCE
        or f'"{prefix}.{stem}"' in SOURCE
        or any(named or not start.endswith(".") for start in composed)
    )


def test_sentences_fit_into_a_message() -> None:
    for language in LANGUAGES:
        for key in SENTENCES.keys(language):
            longest = max(len(form) for form in SENTENCES.forms(key, language))
            assert longest <= (900 if not key.startswith("help.") else 1800), key


def test_examples_fit_into_a_choice_and_a_button() -> None:
    for language in LANGUAGES:
        texts = [SENTENCES.text(f"examples.{example}", language) for example in EXAMPLES]
        assert len(set(texts)) == len(texts)
        assert all(len(text) <= 100 for text in texts)


def test_german_has_umlauts_and_says_du() -> None:
    text = (LOCALES_DIR / "de.toml").read_text(encoding="utf-8")
    assert not re.search(
        r"\b(fuer|ueber|koennen|moechte|waehle|zurueck|grösse|Sie können|Ihnen|Ihre)\b", text
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_self_harm_says_where_to_get_help(language: str) -> None:
    assert "116 111" in SENTENCES.text("error.refused_self_harm", language)
