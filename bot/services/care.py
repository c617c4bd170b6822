"""Looking after a class: one object with its services, for the commands, buttons and forms of `bot/care_presses.py`."""

from __future__ import annotations

from dataclasses import dataclass

from bot.services.appeals import Appeals
from bot.services.blocks import Blocks
from bot.services.care_ports import CareNotes
from bot.services.class_lists import ClassLists
from bot.services.posting import Posting
from bot.services.reports import Elsewhere, Reports
from data.appeals import AppealRows
from data.artifacts import Artifacts
from data.blocks import BlockRows
from data.class_words import ClassWordRows
from data.database import Database
from data.jobs import Jobs
from data.posts import Posts
from data.reports import ReportRows
from generation.dispatcher import Dispatcher
from moderation.class_words import ClassWords


@dataclass(frozen=True, slots=True, kw_only=True)
class Care:
    words: ClassLists
    appeals: Appeals
    reports: Reports
    blocks: Blocks


async def open_care(
    database: Database,
    *,
    jobs: Jobs,
    artifacts: Artifacts,
    posting: Posting,
    dispatcher: Dispatcher,
    words: ClassWords,
    elsewhere: tuple[Elsewhere, ...] = (),
    notes: CareNotes | None = None,
) -> Care:
    """`words` is the text check of the pipeline; the words of the classes are loaded here. Raises StorageFailed."""
    appeals = AppealRows(database)
    lists = ClassLists(rows=ClassWordRows(database), check=words, appeals=appeals, notes=notes)
    await lists.open()
    return Care(
        words=lists,
        appeals=Appeals(rows=appeals, jobs=jobs, words=words, notes=notes),
        reports=Reports(
            rows=ReportRows(database),
            jobs=jobs,
            posts=Posts(database),
            posting=posting,
            artifacts=artifacts,
            elsewhere=elsewhere,
            notes=notes,
        ),
        blocks=Blocks(rows=BlockRows(database), jobs=jobs, dispatcher=dispatcher, notes=notes),
    )
