"""Lessons: what a class may do from when to when, its task, and who has handed in what for it."""

from __future__ import annotations

import json
import secrets
import sqlite3
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Final, Literal, Self, get_args

from data.database import Database
from data.errors import LessonRefused

GalleryRule = Literal["reviewed", "open", "off"]
"""What pupils send in is seen after a teacher's yes, at once, or not at all."""
GALLERY_RULES: Final[tuple[GalleryRule, ...]] = get_args(GalleryRule)
_COLUMNS: Final = "id, guild_id, started_at, ends_at, ended_at, rules, task"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the class may do. `media`: groups of `bot.services.lesson_rules`; `models`: their ids, none: all of them.

    `items` and `gpu_seconds` are one pupil's budget, None: as much as they like. `private`: only who asked sees a
    result. `gallery_names`: whether the gallery may name who made a work.
    """

    media: tuple[str, ...]
    models: tuple[str, ...] = ()
    items: int | None = None
    gpu_seconds: int | None = None
    private: bool = False
    gallery: GalleryRule = "reviewed"
    gallery_names: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What everybody makes. `medium` is the group that it is about; `style` and `words` must occur in what is typed.

    `until`: seconds since the epoch; afterwards nothing is handed in any more. Each pupil hands in once.
    """

    number: int
    medium: str
    words: tuple[str, ...] = ()
    style: str = ""
    model: str | None = None
    until: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """Times are seconds since the epoch; `ends_at` is when it ends by itself."""

    id: str
    guild: str
    started_at: float
    ends_at: float
    rules: Rules
    task: Task | None = None
    ended_at: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HandIn:
    """`person` has handed in `job` for task number `task`."""

    task: int
    person: str
    job: str
    at: float


class Lessons:
    """The lessons of all classes, at most one at a time in each. What goes on is known without asking the database.

    Methods raise StorageFailed.
    """

    def __init__(
        self,
        database: Database,
        running: Mapping[str, Lesson] | None = None,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._database = database
        self._running = dict(running or {})
        self._clock = clock

    @classmethod
    async def open(cls, database: Database, *, clock: Callable[[], float] = time.time) -> Self:
        query = f"SELECT {_COLUMNS} FROM lessons WHERE ended_at IS NULL"  # noqa: S608
        async with database.read() as connection:
            found = [_lesson(row) for row in await connection.execute_fetchall(query)]
        return cls(database, {lesson.guild: lesson for lesson in found}, clock=clock)

    def current(self, guild: str) -> Lesson | None:
        """The lesson that goes on now; None also when its time is over and nobody has ended it yet."""
        lesson = self._running.get(guild)
        return lesson if lesson is not None and self._clock() < lesson.ends_at else None

    def ends_at(self, guild: str) -> float | None:
        """When the class's lesson ends, None without one: how long a consent lasts that says nothing else."""
        lesson = self.current(guild)
        return None if lesson is None else lesson.ends_at

    def unended(self, guild: str) -> Lesson | None:
        """The lesson that nobody has ended, whether its time is over or not."""
        return self._running.get(guild)

    def over(self) -> list[Lesson]:
        """Those whose time is over and that nobody has ended."""
        now = self._clock()
        return [lesson for lesson in self._running.values() if lesson.ends_at <= now]

    async def last(self, guild: str) -> Lesson | None:
        """The lesson that ended last, as long as it is remembered."""
        query = (
            f"SELECT {_COLUMNS} FROM lessons WHERE guild_id = ? AND ended_at IS NOT NULL"  # noqa: S608
            " ORDER BY ended_at DESC, id LIMIT 1"
        )
        async with self._database.read() as connection:
            rows = list(await connection.execute_fetchall(query, (guild,)))
        return _lesson(rows[0]) if rows else None

    async def start(self, guild: str, rules: Rules, seconds: float) -> Lesson:
        """Raises LessonRefused lesson_running: there is one that nobody has ended."""
        now = self._clock()
        lesson = Lesson(
            id=secrets.token_hex(6), guild=guild, started_at=now, ends_at=now + seconds, rules=rules
        )
        query = f"INSERT INTO lessons ({_COLUMNS}) VALUES (?, ?, ?, ?, NULL, ?, NULL)"  # noqa: S608
        values = (lesson.id, guild, now, lesson.ends_at, json.dumps(asdict(rules)))

        def unit(connection: sqlite3.Connection) -> None:
            try:
                connection.execute(query, values)
            except sqlite3.IntegrityError:
                raise LessonRefused("lesson_running") from None

        await self._database.write(unit)
        self._running[guild] = lesson
        return lesson

    async def set_task(self, lesson_id: str, task: Task | None) -> Lesson:
        """Give the class this task, or none; its number is drawn here. Raises LessonRefused lesson_none."""

        def unit(connection: sqlite3.Connection) -> Lesson:
            lesson = _unended(connection, lesson_id)
            numbers = "SELECT coalesce(max(task), 0) FROM hand_ins WHERE lesson = ?"
            last = int(connection.execute(numbers, (lesson_id,)).fetchone()[0])
            number = max(last, 0 if lesson.task is None else lesson.task.number) + 1
            changed = replace(lesson, task=None if task is None else replace(task, number=number))
            plain = None if changed.task is None else json.dumps(asdict(changed.task), ensure_ascii=False)
            connection.execute("UPDATE lessons SET task = ? WHERE id = ?", (plain, lesson_id))
            return changed

        lesson = await self._database.write(unit)
        self._running[lesson.guild] = lesson
        return lesson

    async def end(self, lesson_id: str) -> Lesson:
        """Raises LessonRefused lesson_none: somebody else has ended it."""
        now = self._clock()

        def unit(connection: sqlite3.Connection) -> Lesson:
            lesson = _unended(connection, lesson_id)
            at = max(lesson.started_at, min(now, lesson.ends_at))
            connection.execute("UPDATE lessons SET ended_at = ? WHERE id = ?", (at, lesson_id))
            return replace(lesson, ended_at=at)

        lesson = await self._database.write(unit)
        if (known := self._running.get(lesson.guild)) is not None and known.id == lesson_id:
            del self._running[lesson.guild]
        return lesson

    async def hand_in(self, lesson_id: str, person: str, job: str) -> HandIn:
        """For the task as it stands. Raises LessonRefused lesson_none, task_none, task_late, task_handed_in."""
        now = self._clock()

        def unit(connection: sqlite3.Connection) -> HandIn:
            task = _unended(connection, lesson_id).task
            if task is None:
                raise LessonRefused("task_none")
            if task.until is not None and now > task.until:
                raise LessonRefused("task_late")
            values = (lesson_id, task.number, person, job, now)
            try:
                connection.execute("INSERT INTO hand_ins VALUES (?, ?, ?, ?, ?)", values)
            except sqlite3.IntegrityError:
                raise LessonRefused("task_handed_in") from None
            return HandIn(task=task.number, person=person, job=job, at=now)

        return await self._database.write(unit)

    async def hand_ins(self, lesson_id: str) -> list[HandIn]:
        """Oldest first."""
        query = "SELECT task, person_id, job, at FROM hand_ins WHERE lesson = ? ORDER BY at, person_id"
        async with self._database.read() as connection:
            rows = await connection.execute_fetchall(query, (lesson_id,))
        return [HandIn(task=row[0], person=row[1], job=row[2], at=row[3]) for row in rows]

    async def forget(self, before: float) -> int:
        """Delete the lessons that ended before that time, with what was handed in; returns how many."""
        query = "DELETE FROM lessons WHERE ended_at < ?"
        return await self._database.write(lambda connection: connection.execute(query, (before,)).rowcount)


def _unended(connection: sqlite3.Connection, lesson_id: str) -> Lesson:
    query = f"SELECT {_COLUMNS} FROM lessons WHERE id = ? AND ended_at IS NULL"  # noqa: S608
    row = connection.execute(query, (lesson_id,)).fetchone()
    if row is None:
        raise LessonRefused("lesson_none")
    return _lesson(row)


def _lesson(row: Any) -> Lesson:
    rules, task = json.loads(row[5]), None if row[6] is None else json.loads(row[6])
    return Lesson(
        id=row[0],
        guild=row[1],
        started_at=row[2],
        ends_at=row[3],
        ended_at=row[4],
        rules=Rules(**{**rules, "media": tuple(rules["media"]), "models": tuple(rules["models"])}),
        task=None if task is None else Task(**{**task, "words": tuple(task["words"])}),
    )
