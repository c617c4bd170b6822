"""The one object that all parts of the class server share.

`commit` is the only way to change the state: the event is applied, journalled and announced to the bot and to
the windows, in this order and without a pause in between.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Protocol

from bot.local.clock import Clock
from bot.local.config import Limits
from bot.local.errors import Json
from bot.local.faults import Faults
from bot.local.ids import Snowflakes
from bot.local.journal import Journal
from bot.local.state import State, key_of
from bot.local.traffic import Traffic

Announce = Callable[[Json, Json | None], None]


class Dispatcher(Protocol):
    """Where events for the bot go (the gateway)."""

    @property
    def online(self) -> bool: ...

    def dispatch(self, name: str, data: Json, *, intent: int = 0) -> None: ...


class WindowSender(Protocol):
    """Where events for people go (their open windows)."""

    def send(self, user_ids: set[str], name: str, make: Callable[[str], Json]) -> None:
        """Send an event to the windows of these people; `make` builds it for a viewer's id."""

    def channels_changed(self, changed: str | None = None) -> None:
        """Tell every window which channels came into or went out of its sight, and which one changed."""


class World:
    """State, clock, journal and the two ways out; `bot_id` is user id and application id in one."""

    gateway: Dispatcher
    windows: WindowSender
    announce: Announce

    def __init__(self, *, files: Path, journal: Journal | None, limits: Limits, token: str) -> None:
        self.clock = Clock()
        self.ids = Snowflakes(self.clock)
        self.state = State()
        self.limits = limits
        self.token = token
        self.files = files
        self.journal = journal
        self.faults = Faults()
        self.traffic = Traffic()
        self.bot_id = ""
        self.base_url = ""
        self.choices: dict[str, asyncio.Future[list[Json]]] = {}
        """Autocomplete requests that wait for the bot, by interaction id."""
        self._tasks: set[asyncio.Task[None]] = set()

    def commit(self, event: Json, *, quiet: bool = False) -> None:
        """Apply, journal and (unless `quiet`) announce one event."""
        before = self.state.apply(event)
        if self.journal is not None:
            self.journal.append(event)
        if not quiet:
            self.announce(event, before)

    def put(self, table: str, record: Json, *, quiet: bool = False) -> Json:
        """Commit a new or replaced record and return it."""
        self.commit({"type": f"{table}.put", "value": record}, quiet=quiet)
        return record

    def delete(self, table: str, record: Json, *, quiet: bool = False) -> None:
        """Commit that a record is gone."""
        self.commit({"type": f"{table}.delete", "id": key_of(table, record)}, quiet=quiet)

    def replay(self) -> None:
        """Read the journal into the state and start a fresh one without the history."""
        if self.journal is None:
            return
        for event in self.journal.read():
            self.state.apply(event)
            for field in ("id", "version"):
                if str(event.get("value", {}).get(field, "")).isdigit():
                    self.ids.seen(event["value"][field])
        self._forget_old()
        self.journal.rewrite(self.state.events())

    def _forget_old(self) -> None:
        """Let go of interactions whose token is over, of open forms, and of files that no message has."""
        over = self.clock.now() - self.limits.token_life
        for one in list(self.state.interactions.values()):
            if one["created_at"] < over:
                self.state.apply({"type": "interactions.delete", "id": one["id"]})
        for one in list(self.state.modals.values()):
            if one["interaction_id"] not in self.state.interactions:
                self.state.apply({"type": "modals.delete", "id": one["id"]})
        kept = {file["id"] for one in self.state.messages.values() for file in one["attachments"]}
        for path in self.files.iterdir():
            if path.name not in kept:
                path.unlink()

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run something beside the requests; it is cancelled when the server stops."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Cancel what `spawn` started and close the journal."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self.journal is not None:
            self.journal.close()
