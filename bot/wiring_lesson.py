"""What the composition root hands on for the lesson, its stops, and what a teacher looks after; see `wiring.py`."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot.services.blocks import unblocked
from bot.services.care import Care, open_care
from bot.services.deliver import Deliver
from bot.services.door import Door
from bot.services.emergency import Emergency
from bot.services.lesson_rules import CAREFUL
from bot.services.lessons import LessonDesk
from bot.services.overview import Overview
from bot.services.pieces import Pieces
from bot.services.posting import Posting
from bot.services.setup import Setup
from bot.services.setup_rules import Statement
from bot.services.standing import LessonBoard
from data.audit import Audit
from data.blocks import BlockRows
from data.lesson_voices import LessonVoices
from data.lessons import Lessons
from data.setup import Setups
from data.spendings import Spendings
from data.stops import Stops
from data.timings import Timings
from data.voice_files import VoiceFiles
from generation.dispatcher import Dispatcher
from moderation.class_words import ClassWords

if TYPE_CHECKING:
    from bot.wiring import Parts
    from bot.wiring_gallery import Exhibition


@dataclass(frozen=True, slots=True, kw_only=True)
class Entrance:
    """Who may come in, when, and for how much."""

    door: Door
    lessons: Lessons
    stops: Stops
    spendings: Spendings


@dataclass(frozen=True, slots=True, kw_only=True)
class Staffroom:
    """What teachers do about a class."""

    lessons: LessonDesk
    board: LessonBoard
    emergency: Emergency
    care: Care
    setup: Setup


async def entrance_of(parts: Parts, timings: Timings) -> Entrance:
    """Raises StorageFailed."""
    database, settings = parts.database, parts.settings
    stops, lessons = await Stops.open(database), await Lessons.open(database)
    spendings = Spendings(database)
    careful = replace(CAREFUL, items=settings.daily_items, gpu_seconds=settings.daily_seconds)
    door = Door(
        lessons=lessons,
        stops=stops,
        spendings=spendings,
        catalog=parts.catalog,
        careful=careful,
        expected=timings.expected,
        others=[unblocked(BlockRows(database))],
    )
    return Entrance(door=door, lessons=lessons, stops=stops, spendings=spendings)


async def staffroom_of(
    parts: Parts,
    stack: AsyncExitStack,
    *,
    entrance: Entrance,
    words: ClassWords,
    audit: Audit,
    exhibition: Exhibition,
    pieces: Pieces,
    posting: Posting,
    deliver: Deliver,
    dispatcher: Dispatcher,
) -> Staffroom:
    """`words`: the text check of the pipeline. `stack` closes what is opened here. Raises StorageFailed."""
    jobs, artifacts = parts.jobs, parts.artifacts
    emergency = Emergency(
        stops=entrance.stops,
        jobs=jobs,
        artifacts=artifacts,
        posting=posting,
        deliver=deliver,
        dispatcher=dispatcher,
        workers=parts.supervisor,
        notes=audit,
        also=[exhibition.hanging],
    )
    stack.push_async_callback(emergency.close)
    lessons = LessonDesk(
        lessons=entrance.lessons,
        stops=entrance.stops,
        spendings=entrance.spendings,
        voices=LessonVoices(parts.database, VoiceFiles(parts.settings.data_dir / "voices")),
        latents=parts.latents,
        jobs=jobs,
        dispatcher=dispatcher,
        deliver=deliver,
        catalog=parts.catalog,
        notes=audit,
        also=[exhibition.hanging],
    )
    stack.push_async_callback(lessons.close)
    care = await open_care(
        parts.database,
        jobs=jobs,
        artifacts=artifacts,
        posting=posting,
        dispatcher=dispatcher,
        words=words,
        pieces=pieces,
        elsewhere=(exhibition.clearing.taken_down,),
        notes=audit,
    )
    board = LessonBoard(
        lessons=entrance.lessons,
        stops=entrance.stops,
        spendings=entrance.spendings,
        door=entrance.door,
        overview=Overview(jobs=jobs, dispatcher=dispatcher),
        jobs=jobs,
        approval=exhibition.approval,
        media=parts.supervisor,
        work_dir=parts.work_dir,
        sentence=parts.sentences.text,
    )
    settings = parts.settings
    setup = Setup(
        setups=Setups(parts.database),
        given=Statement(country=settings.country, min_age=settings.min_age),
        on_discord=settings.discord_api_base is None,
        notes=audit,
    )
    return Staffroom(lessons=lessons, board=board, emergency=emergency, care=care, setup=setup)
