"""Looking after a class: one object with its services, for the commands, buttons and forms of `bot/care_presses.py`."""

from __future__ import annotations

from dataclasses import dataclass

from bot.services.appeals import Appeals
from bot.services.blocks import Blocks
from bot.services.care_cards import CareCards
from bot.services.care_ports import CareNotes
from bot.services.class_lists import ClassLists
from bot.services.pieces import Pieces
from bot.services.posting import Posting
from bot.services.reports import Elsewhere, Reports
from bot.services.setup_rules import Place
from data.appeals import AppealRows
from data.artifacts import Artifacts
from data.blocks import BlockRows
from data.care_cards import CareCardRows
from data.class_words import ClassWordRows
from data.database import Database
from data.jobs import Jobs
from data.posts import Posts
from data.reports import ReportRows
from data.setup import Setups
from generation.dispatcher import Dispatcher
from moderation.class_words import ClassWords


@dataclass(frozen=True, slots=True, kw_only=True)
class Care:
    words: ClassLists
    appeals: Appeals
    reports: Reports
    blocks: Blocks
    cards: CareCards


async def open_care(
    database: Database,
    *,
    jobs: Jobs,
    artifacts: Artifacts,
    posting: Posting,
    dispatcher: Dispatcher,
    words: ClassWords,
    pieces: Pieces | None = None,
    elsewhere: tuple[Elsewhere, ...] = (),
    notes: CareNotes | None = None,
) -> Care:
    """`words` is the text check of the pipeline; the words of the classes are loaded here. Raises StorageFailed."""
    appeals, reports, setups = AppealRows(database), ReportRows(database), Setups(database)

    async def review(guild: str) -> str | None:
        return (await setups.places(guild)).get(Place.REVIEW)

    lists = ClassLists(rows=ClassWordRows(database), check=words, appeals=appeals, notes=notes)
    await lists.open()
    return Care(
        words=lists,
        appeals=Appeals(rows=appeals, jobs=jobs, words=words, notes=notes),
        reports=Reports(
            rows=reports,
            jobs=jobs,
            posts=Posts(database),
            posting=posting,
            artifacts=artifacts,
            pieces=pieces,
            elsewhere=elsewhere,
            notes=notes,
        ),
        blocks=Blocks(rows=BlockRows(database), jobs=jobs, dispatcher=dispatcher, notes=notes),
        cards=CareCards(
            rows=CareCardRows(database), reports=reports, appeals=appeals, jobs=jobs, room=review
        ),
    )
