"""What a lesson's rules mean: which media belong together, what holds without one, whether a request fits a task."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from bot.services.insight_data import MEDIA as INSIGHT_MEDIA
from data.lessons import GALLERY_RULES, GalleryRule, Lesson, Rules, Task
from data.spendings import Spent
from generation.clip_params import CLIP
from generation.errors import AtelierError, InvalidInput, LimitReached, NotAllowed
from generation.music_params import MEDIA as AUDIO_MEDIA
from generation.video_params import VIDEO
from moderation.consent import SPEECH

GROUPS: Final[Mapping[str, frozenset[str]]] = {
    "image": frozenset({"image"}),
    "text": frozenset({"text", *INSIGHT_MEDIA}),
    "music": frozenset(AUDIO_MEDIA),
    "speech": frozenset({SPEECH}),
    "video": frozenset({VIDEO, CLIP}),
}
"""What a teacher allows by one word, and the media of the jobs that it means."""
MADE_WITH: Final[Mapping[str, frozenset[str]]] = {**GROUPS, "video": frozenset({"image"})}
"""And what the models make that such jobs run on: a video is made of pictures."""
CAREFUL: Final = Rules(media=tuple(GROUPS), items=40, gpu_seconds=1200)
"""Without a lesson, for each pupil and day: nobody watches, so nobody can use up the card."""
DAY_S: Final = 24 * 3600.0
MINUTES: Final = (5, 480)
DEFAULT_MINUTES: Final = 90
ITEMS: Final = (1, 1000)
GPU_SECONDS: Final = (10, 36000)
WORDS_LIMIT: Final = 10
WORD_LIMIT: Final = 40
TYPED: Final = frozenset({"prompt", "original", "text", "texts", "title"})
"""Where a job's parameters hold what somebody wants to see or hear: not what is to be left out, no instruction."""
HELP: Final = frozenset({"explain", "precise"})
"""Texts that are no work of anybody: somebody else's words made clear, a better prompt. No task is about them."""
SHORT_WORD: Final = 3
"""Letters of a word that only counts where another begins with it: "rot" is in "rote", but not in "Brot"."""
_COMMA: Final = re.compile(r"[,;\n]")
_SPACE: Final = re.compile(r"\s+")
_DIGRAPHS: Final = re.compile(r"([aou])e")


@dataclass(frozen=True, slots=True, kw_only=True)
class LessonRequest:
    """`/lesson start` as it was typed; None: as it is suggested. `media` and `models`: ids, separated by commas."""

    minutes: int | None = None
    media: str | None = None
    items: int | None = None
    gpu_seconds: int | None = None
    models: str | None = None
    private: bool | None = None
    gallery: str | None = None
    gallery_names: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRequest:
    """`/lesson task` as it was typed. `minutes`: from now on."""

    medium: str | None = None
    words: str | None = None
    style: str | None = None
    model: str | None = None
    minutes: int | None = None


def read_rules(
    asked: LessonRequest, known_models: Sequence[str], medium_of: Callable[[str], str | None]
) -> Rules:
    """Raises InvalidInput lesson_media, lesson_models, lesson_model_media, lesson_number or lesson_gallery."""
    media = _chosen(asked.media, tuple(GROUPS), "lesson_media") or tuple(GROUPS)
    models = _chosen(asked.models, known_models, "lesson_models")
    for model in models:
        if not any(medium_of(model) in MADE_WITH[group] for group in media):
            raise InvalidInput("lesson_model_media", model=model)
    return Rules(
        media=media,
        models=models,
        items=_between(asked.items, ITEMS),
        gpu_seconds=_between(asked.gpu_seconds, GPU_SECONDS),
        private=bool(asked.private),
        gallery=_gallery(asked.gallery),
        gallery_names=bool(asked.gallery_names),
    )


def read_minutes(minutes: int | None, most: float | None = None) -> float:
    """Seconds. Raises InvalidInput lesson_number."""
    low, high = MINUTES
    high = high if most is None else max(1, int(most // 60))
    chosen = DEFAULT_MINUTES if minutes is None else minutes
    return 60.0 * (_between(chosen, (min(low, high) if most is None else 1, high)) or 0)


def read_task(
    asked: TaskRequest,
    known_models: Sequence[str],
    medium_of: Callable[[str], str | None],
    *,
    now: float,
    lesson: Lesson,
) -> Task:
    """Its number is drawn where it is kept.

    Raises InvalidInput lesson_media, lesson_models, lesson_number, task_long, or task_medium, task_model_media and
    task_model_rules for what nobody could do in this lesson.
    """
    words, style = _words(asked)
    media = _chosen(asked.medium, tuple(GROUPS), "lesson_media") or ("image",)
    models = _chosen(asked.model, known_models, "lesson_models")
    if len(media) > 1 or media[0] not in lesson.rules.media:
        raise InvalidInput("task_medium")
    if len(models) > 1 or any(medium_of(one) not in MADE_WITH[media[0]] for one in models):
        raise InvalidInput("task_model_media", model=", ".join(models))
    for one in models:
        if one not in (named_for(lesson.rules, medium_of(one), medium_of) or models):
            raise InvalidInput("task_model_rules", model=one)
    return Task(
        number=0,
        medium=media[0],
        words=words,
        style=style,
        model=models[0] if models else None,
        until=None if asked.minutes is None else now + read_minutes(asked.minutes, lesson.ends_at - now),
    )


def _words(asked: TaskRequest) -> tuple[tuple[str, ...], str]:
    """The words and the style. Raises InvalidInput task_long."""
    typed = (_SPACE.sub(" ", one).strip() for one in _COMMA.split(asked.words or ""))
    words = tuple(dict.fromkeys(one for one in typed if alike(one)))
    style = _SPACE.sub(" ", asked.style or "").strip()
    if len(words) > WORDS_LIMIT or any(len(one) > WORD_LIMIT for one in (*words, style)):
        raise InvalidInput("task_long", words=WORDS_LIMIT, letters=WORD_LIMIT)
    return words, style


def demand_allowed(rules: Rules, medium: str, model: str, medium_of: Callable[[str], str | None]) -> None:
    """`medium_of`: what a model makes. Where the rules name no model for that, all are allowed.

    Raises NotAllowed lesson_medium or lesson_model.
    """
    if not any(medium in GROUPS[group] for group in rules.media):
        raise NotAllowed("lesson_medium")
    named = named_for(rules, medium_of(model), medium_of)
    if named and model not in named:
        raise NotAllowed("lesson_model", known=", ".join(named))


def named_for(rules: Rules, medium: str | None, medium_of: Callable[[str], str | None]) -> tuple[str, ...]:
    """The models that the rules name for what a medium is; none: they all are allowed."""
    return tuple(one for one in rules.models if medium is not None and medium_of(one) == medium)


def demand_budget(rules: Rules, spent: Spent, items: int, *, in_lesson: bool) -> None:
    """Raises LimitReached lesson_items or lesson_seconds, without a lesson careful_items or careful_seconds."""
    prefix = "lesson" if in_lesson else "careful"
    if rules.items is not None and spent.items + items > rules.items:
        left = max(0, rules.items - spent.items)
        raise LimitReached(f"{prefix}_items", limit=rules.items, left=left)
    if rules.gpu_seconds is not None and spent.seconds >= rules.gpu_seconds:
        raise LimitReached(f"{prefix}_seconds", limit=rules.gpu_seconds)


def demand_task(task: Task, medium: str, model: str, texts: Iterable[str]) -> None:
    """Whether a request for what the task is about keeps to it. Raises InvalidInput task_words, task_style or
    task_model."""
    if medium not in GROUPS[task.medium]:
        return
    if (error := _missed(task, model, alike(" ".join(texts)))) is not None:
        raise error


def typed_in(params: Mapping[str, Any]) -> Iterator[str]:
    """What somebody wrote and wants to see or hear, wherever it stands in a job's parameters, in its order."""
    for key, value in params.items():
        if key in TYPED and isinstance(value, str):
            yield value
        elif key in TYPED and isinstance(value, list | tuple):
            yield from (one for one in value if isinstance(one, str))
        elif key in ("keys", "sections"):
            for one in value:
                yield from typed_in(one)


def alike(text: str) -> str:
    """For comparing: small letters without marks, "ae" as "ä", one blank between words, nothing that is not seen."""
    seen = "".join(char for char in text if unicodedata.category(char) != "Cf")
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", seen).casefold())
    bare = "".join(char for char in apart if not unicodedata.combining(char))
    return _SPACE.sub(" ", _DIGRAPHS.sub(r"\1", bare)).strip()


def occurs(word: str, typed: str) -> bool:
    """Whether `word`, or a form of it, occurs in what `alike` gave: endings, compounds and umlauts do not matter."""
    wanted = re.escape(alike(word))
    return re.search(rf"\b{wanted}" if len(word) <= SHORT_WORD else wanted, typed) is not None


def _missed(task: Task, model: str, typed: str) -> AtelierError | None:
    missing = [word for word in task.words if not occurs(word, typed)]
    if missing:
        return InvalidInput("task_words", words=", ".join(missing))
    if task.style and not occurs(task.style, typed):
        return InvalidInput("task_style", style=task.style)
    if task.model is not None and model != task.model:
        return InvalidInput("task_model", model=task.model)
    return None


def _chosen(typed: str | None, known: Sequence[str], code: str) -> tuple[str, ...]:
    """Empty where nothing was typed; commas alone are no choice, and not every choice either."""
    chosen = dict.fromkeys(one.strip().casefold() for one in (typed or "").split(",") if one.strip())
    by_name = {one.casefold(): one for one in known}
    if not chosen.keys() <= by_name.keys() or (typed is not None and not chosen):
        raise InvalidInput(code, known=", ".join(known))
    return tuple(by_name[one] for one in chosen)


def _gallery(typed: str | None) -> GalleryRule:
    wanted = (typed or GALLERY_RULES[0]).strip().casefold()
    found = next((one for one in GALLERY_RULES if one == wanted), None)
    if found is None:
        raise InvalidInput("lesson_gallery", known=", ".join(GALLERY_RULES))
    return found


def _between(number: int | None, bounds: tuple[int, int]) -> int | None:
    low, high = bounds
    if number is not None and not low <= number <= high:
        raise InvalidInput("lesson_number", low=low, high=high)
    return number
