"""The gallery's rule as the lesson that is going on has set it; without one, the careful one."""

from __future__ import annotations

from typing import Protocol

from bot.services.gallery_ports import GalleryRule
from data.lessons import Lesson


class CurrentLessons(Protocol):
    """`data.lessons.Lessons`."""

    def current(self, guild: str) -> Lesson | None: ...

    async def last(self, guild: str) -> Lesson | None: ...


class LessonGalleryRules:
    """`bot.services.gallery_ports.GalleryRules`."""

    def __init__(self, lessons: CurrentLessons) -> None:
        self._lessons = lessons

    async def gallery(self, guild: str) -> GalleryRule:
        lesson = self._lessons.current(guild)
        if lesson is None:
            return GalleryRule()
        rules = lesson.rules
        return GalleryRule(
            open=rules.gallery in {"reviewed", "open"},
            review=rules.gallery != "open",
            names=rules.gallery_names,
        )

    async def names(self, guild: str) -> bool:
        """Teachers often decide after the lesson: then the last one counts."""
        lesson = self._lessons.current(guild) or await self._lessons.last(guild)
        return lesson is not None and lesson.rules.gallery_names
