"""Teachers hear of a report or a question in their own channel, by a card that says neither who nor what.

A card is planned before it is sent and noted after: one that a crash left unnoted is looked for before another is
sent. What could not be sent, or not be changed once it was decided, is tried again every minute.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from typing import Final
from weakref import WeakValueDictionary

from bot.services.care_ports import CareBoard, Waiting
from bot.services.ports import NotDelivered
from data.appeals import AppealRows
from data.care_cards import CardKind, CareCard, CareCardRows
from data.errors import StorageFailed
from data.jobs import Jobs
from data.reports import ReportRows

_log = logging.getLogger(__name__)
Room = Callable[[str], Awaitable[str | None]]
"""A class server's id -> the channel that only its teachers see, if one was chosen."""
REFUSED: Final = "refused_"
AT_ONCE: Final = 20
"""Cards that are sent, and that are changed, in one go: Discord takes a few a second, and other chores wait."""


class CareCards:
    """`attach` gives it the place where cards are shown; until then, and without a room, nothing is sent."""

    def __init__(
        self, *, rows: CareCardRows, reports: ReportRows, appeals: AppealRows, jobs: Jobs, room: Room
    ) -> None:
        self._rows = rows
        self._reports = reports
        self._appeals = appeals
        self._jobs = jobs
        self._room = room
        self._board: CareBoard | None = None
        self._locks: WeakValueDictionary[tuple[CardKind, str], asyncio.Lock] = WeakValueDictionary()

    def attach(self, board: CareBoard) -> None:
        self._board = board

    async def show(self, kind: CardKind, guild: str, job: str) -> bool:
        """Whether a card stands now. Sends it if it is missing and somebody waits; what fails is tried again."""
        async with self._lock(kind, job):
            if self._board is None:
                return False
            try:
                standing = await self._rows.get(kind, job)
                if standing is not None and standing.message is not None:
                    return True
                return await self._send(self._board, kind, guild, job, standing)
            except (NotDelivered, StorageFailed) as error:
                _log.warning("teachers could not be told yet that somebody waits (%s)", type(error).__name__)
                return False

    async def settle(self, kind: CardKind, job: str) -> None:
        """It was decided: its card says so, and asks for nothing more. What fails is tried again by `finish`."""
        async with self._lock(kind, job):
            try:
                card = await self._rows.get(kind, job)
                if card is not None:
                    await self._settle(card)
            except (NotDelivered, StorageFailed) as error:
                _log.warning("a card that is decided could not be changed yet (%s)", type(error).__name__)

    async def finish(self) -> None:
        """Go on with what a crash or Discord held up; each card for itself."""
        missing = await self._rows.missing()
        random.shuffle(
            missing
        )  # what cannot be sent to one class does not stand before the others every time
        rooms = {guild: await self._room(guild) for guild in {guild for _, guild, _ in missing}}
        with_room = [one for one in missing if rooms[one[1]] is not None]
        for kind, guild, job in with_room[:AT_ONCE]:
            await self.show(kind, guild, job)
        for card in (await self._rows.over())[:AT_ONCE]:
            await self.settle(card.kind, card.job)

    async def sweep(self) -> None:
        """At the start there is no connection yet; the first minute does it."""

    async def purge(self) -> None:
        """For the upkeep."""
        await self.finish()

    async def _send(
        self, board: CareBoard, kind: CardKind, guild: str, job: str, planned: CareCard | None
    ) -> bool:
        """Raises NotDelivered."""
        if planned is not None and (found := await board.find(planned)) is not None:
            await self._rows.sent(planned, found)
            return True
        room, waiting = await self._room(guild), await self._waiting(kind, guild, job)
        if room is None or waiting is None:
            return False
        card = CareCard(kind=kind, job=job, guild=guild, marker=waiting.marker, channel=room)
        await self._rows.plan(card)
        await self._rows.sent(card, await board.put(card, waiting))
        return True

    async def _settle(self, card: CareCard) -> None:
        if self._board is None or await self._waiting(card.kind, card.guild, card.job) is not None:
            return
        message = card.message or await self._board.find(card)
        if message is not None:
            await self._board.settle(card, message)
        await self._rows.forget(card)

    async def _waiting(self, kind: CardKind, guild: str, job: str) -> Waiting | None:
        if kind is CardKind.REPORT:
            reports = [one for one in await self._reports.waiting(guild) if one.job == job]
            if not reports:
                return None
            first = reports[0]
            return Waiting(marker=first.id, code=first.reason, since=first.reported_at)
        appeal, asked = await self._appeals.get(guild, job), await self._jobs.get(job)
        if appeal is None or appeal.decision is not None or asked is None:
            return None
        return Waiting(marker=job, code=(asked.error_code or "").removeprefix(REFUSED), since=appeal.asked_at)

    def _lock(self, kind: CardKind, job: str) -> asyncio.Lock:
        return self._locks.setdefault((kind, job), asyncio.Lock())
