"""Setting up a class server: what the school states, which channels it uses, and what works before that."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from bot.services.ports import Requester
from bot.services.setup_rules import (
    Found,
    FoundChannel,
    Place,
    Report,
    Statement,
    fits,
    lacking,
    read_statement,
    report_of,
)
from data.setup import Setups
from generation.errors import InvalidInput, NotAllowed, NotFound

ALWAYS: Final = frozenset({"set-up", "help"})
"""Commands, by their English names, that need no statement."""
ENDING: Final = frozenset(
    {"voice-withdraw", "emergency-stop", "my-data show", "my-data export", "my-data delete", "log"}
)
"""What ends something is never held back, not even where a statement was taken out of the settings later."""
SETTING_UP: Final = frozenset({"setuprules", "setupmake", "setuplook", "setuppick", "setuproom"})
COMPLAINING: Final = frozenset(
    {"report", "ask", "repsee", "reptake", "repkeep", "appsee", "appright", "appwrong"}
)
CALLING_OFF: Final = frozenset(
    {"cancel", "undeclare", "endchat", "voicedrop", "witrefuse", "revoke", "galdown", "liftstop"}
)
OPEN_PRESSES: Final = SETTING_UP | COMPLAINING | CALLING_OFF
"""Buttons and forms, by their actions, that need no statement: what was made before one was taken back can still be
reported, looked at again, called off and taken down. Nothing new is made by them."""


class SetupNotes(Protocol):
    """Where it is written down who has decided what (`data.audit.Audit`)."""

    async def note(
        self,
        guild: str,
        actor: str,
        what: str,
        subject: str = "",
        *,
        detail: Mapping[str, str | int] | None = None,
    ) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Founder:
    """Who sets up. `manages`: may change this server in Discord, read on the server's side."""

    who: Requester
    manages: bool


class Setup:
    """`given`: what stands in the settings, which the form cannot change. `on_discord`: its age rules hold."""

    def __init__(
        self, *, setups: Setups, given: Statement, on_discord: bool, notes: SetupNotes | None = None
    ) -> None:
        self._setups = setups
        self._notes = notes
        self._known: dict[str, Statement] = {}
        self._stating = asyncio.Lock()
        self.given = given
        self.on_discord = on_discord

    async def statement(self, guild_id: str) -> Statement:
        """What holds in this class: the settings', then what was stated there."""
        if guild_id not in self._known:
            kept = await self._setups.stated(guild_id)
            stated = Statement() if kept is None else Statement(country=kept.country, min_age=kept.min_age)
            # a statement that was made while this one was read is the newer one
            self._known.setdefault(guild_id, self._merged(stated))
        return self._known[guild_id]

    async def demand(self, guild_id: str, *, command: str = "", action: str = "") -> None:
        """Raise NotAllowed with what is missing before a command or press is answered.

        `command`: the English name of a slash command; `action`: that of a button or form.
        """
        if command in ALWAYS | ENDING or action in OPEN_PRESSES:
            return
        statement = await self.statement(guild_id)
        code = lacking(statement, on_discord=self.on_discord)
        if code is not None:
            raise NotAllowed(code)

    async def state(self, country: str, min_age: str, founder: Founder) -> Statement:
        """Keep what was typed. Raises NotAllowed, InvalidInput; what stands in the settings is not changed."""
        guild_id = self.demand_right(founder)
        given = self.given
        typed = read_statement(
            given.country or country,
            str(given.min_age) if given.min_age is not None else min_age,
            on_discord=self.on_discord,
        )
        if typed.country is None or typed.min_age is None:
            raise InvalidInput("country_unknown")
        async with self._stating:
            await self._setups.state(guild_id, typed.country, typed.min_age)
            self._known[guild_id] = self._merged(typed)
        await self._note(founder, {"country": typed.country, "min_age": typed.min_age})
        return await self.statement(guild_id)

    async def look(self, found: Found, founder: Founder) -> Report:
        """Where the set-up stands. Raises NotAllowed."""
        guild_id = self.demand_right(founder)
        return report_of(
            found,
            await self.statement(guild_id),
            await self._setups.places(guild_id),
            on_discord=self.on_discord,
            is_teacher=founder.who.is_teacher,
        )

    async def adopt(self, channels: Mapping[Place, FoundChannel], founder: Founder) -> None:
        """Use these channels from now on. Raises NotAllowed, and InvalidInput review_open for one that all can see.

        One channel cannot serve two places: raises InvalidInput place_taken; a forum is for works alone: place_forum.
        """
        guild_id = self.demand_right(founder)
        review = channels.get(Place.REVIEW)
        if review is not None and review.everybody:
            raise InvalidInput("review_open")
        if not all(fits(one, place) for place, one in channels.items()):
            raise InvalidInput("place_forum")
        ids = {str(place): one.id for place, one in channels.items()}
        after = {**await self._setups.places(guild_id), **ids}
        if len(set(after.values())) < len(after):
            raise InvalidInput("place_taken")
        if ids:
            await self._setups.choose(guild_id, ids)
            await self._note(founder, ids)

    async def place(self, guild_id: str, place: Place) -> str | None:
        """The channel that was chosen for it, whether or not it still stands."""
        return (await self._setups.places(guild_id)).get(place)

    async def forget(self, guild_id: str) -> None:
        """The bot was taken from this class server: what was stated there holds no longer."""
        async with self._stating:
            await self._setups.forget(guild_id)
            self._known.pop(guild_id, None)

    def demand_making(self, report: Report, founder: Founder) -> None:
        """Raise NotAllowed where roles or channels may not be made: by this person, or by the bot."""
        self.demand_right(founder)
        if not report.wants_making:
            raise NotFound("setup_nothing")
        if not report.may_make:
            raise NotAllowed("setup_forbidden")

    def _merged(self, stated: Statement) -> Statement:
        given = self.given
        return Statement(
            country=given.country or stated.country,
            min_age=stated.min_age if given.min_age is None else given.min_age,
        )

    def demand_right(self, founder: Founder) -> str:
        """The class server that this person may set up. Raises NotAllowed."""
        if not (founder.manages or founder.who.is_teacher):
            raise NotAllowed("setup_not_allowed")
        return founder.who.guild_id

    async def _note(self, founder: Founder, detail: Mapping[str, str | int]) -> None:
        if self._notes is not None:
            await self._notes.note(founder.who.guild_id, founder.who.person_id, "setup", detail=detail)
