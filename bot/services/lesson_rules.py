"""What a lesson's rules mean: which media belong together, what holds without one, whether a request fits a task."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bot.services.insight_data import MEDIA as INSIGHT_MEDIA
from data.lessons import GALLERY_RULES, GalleryRule, Rules, Task
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
CAREFUL: Final = Rules(media=tuple(GROUPS), items=40, gpu_seconds=1200)
"""Without a lesson, for each pupil and day: nobody watches, so nobody can use up the card."""
DAY_S: Final = 24 * 3600.0
MINUTES: Final = (5, 480)
DEFAULT_MINUTES: Final = 90
ITEMS: Final = (1, 1000)
GPU_SECONDS: Final = (10, 36000)
WORDS_LIMIT: Final = 10
WORD_LIMIT: Final = 40


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


def read_rules(asked: LessonRequest, known_models: Sequence[str]) -> Rules:
    """Raises InvalidInput lesson_media, lesson_models, lesson_number or lesson_gallery."""
    return Rules(
        media=_chosen(asked.media, tuple(GROUPS), "lesson_media") or tuple(GROUPS),
        models=_chosen(asked.models, known_models, "lesson_models"),
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


def read_task(asked: TaskRequest, known_models: Sequence[str], *, now: float, ends_at: float) -> Task:
    """Its number is drawn where it is kept. Raises InvalidInput lesson_media, lesson_models, lesson_number or
    task_long."""
    words = tuple(one.strip() for one in (asked.words or "").split(",") if one.strip())
    style = (asked.style or "").strip()
    if len(words) > WORDS_LIMIT or any(len(one) > WORD_LIMIT for one in (*words, style)):
        raise InvalidInput("task_long", words=WORDS_LIMIT, letters=WORD_LIMIT)
    models = _chosen(asked.model, known_models, "lesson_models")
    until = None if asked.minutes is None else now + read_minutes(asked.minutes, ends_at - now)
    return Task(
        number=0,
        medium=(_chosen(asked.medium, tuple(GROUPS), "lesson_media") or ("image",))[0],
        words=words,
        style=style,
        model=models[0] if models else None,
        until=until,
    )


def demand_allowed(rules: Rules, medium: str, model: str, medium_of: Callable[[str], str | None]) -> None:
    """`medium_of`: what a model makes. Where the rules name no model for that, all are allowed.

    Raises NotAllowed lesson_medium or lesson_model.
    """
    if not any(medium in GROUPS[group] for group in rules.media):
        raise NotAllowed("lesson_medium")
    kind = medium_of(model)
    named = [one for one in rules.models if kind is not None and medium_of(one) == kind]
    if named and model not in named:
        raise NotAllowed("lesson_model", known=", ".join(named))


def demand_budget(rules: Rules, spent: Spent, items: int, *, in_lesson: bool) -> None:
    """Raises LimitReached lesson_items or lesson_seconds, without a lesson careful_items or careful_seconds."""
    prefix = "lesson" if in_lesson else "careful"
    if rules.items is not None and spent.items + items > rules.items:
        left = max(0, rules.items - spent.items)
        raise LimitReached(f"{prefix}_items", limit=rules.items, left=left)
    if rules.gpu_seconds is not None and spent.seconds >= rules.gpu_seconds:
        raise LimitReached(f"{prefix}_seconds", limit=rules.gpu_seconds)


def demand_task(task: Task, medium: str, model: str, texts: Sequence[str]) -> None:
    """Whether a request for what the task is about keeps to it. Raises InvalidInput task_words, task_style or
    task_model."""
    if medium not in GROUPS[task.medium]:
        return
    if (error := _missed(task, model, texts)) is not None:
        raise error


def _missed(task: Task, model: str, texts: Sequence[str]) -> AtelierError | None:
    typed = " ".join(texts).casefold()
    missing = [word for word in task.words if word.casefold() not in typed]
    if missing:
        return InvalidInput("task_words", words=", ".join(missing))
    if task.style.casefold() not in typed:
        return InvalidInput("task_style", style=task.style)
    if task.model is not None and model != task.model:
        return InvalidInput("task_model", model=task.model)
    return None


def _chosen(typed: str | None, known: Sequence[str], code: str) -> tuple[str, ...]:
    chosen = dict.fromkeys(one.strip().casefold() for one in (typed or "").split(",") if one.strip())
    by_name = {one.casefold(): one for one in known}
    if not chosen.keys() <= by_name.keys():
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
