"""`/set-up` and the buttons and forms under it. Routed by `views.Presses`; everything said here is private.

Who may set up is read from Discord's own answer about the member and decided by the service, at every press again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any
from weakref import WeakValueDictionary

import discord

from bot.answers import DROPPED, Press, close_pressed, defer, say_in_private, send_form
from bot.buttons import ButtonId
from bot.errors import answer_error
from bot.forms import typed_in
from bot.i18n import Sentences
from bot.invite import invite_link
from bot.posts.setup import FORM, SERVER, place_rows, rules_form, setup_card, setup_rows
from bot.services.blocks import Blocks
from bot.services.ports import Requester
from bot.services.setup import Founder, Setup
from bot.services.setup_rules import FoundChannel, Place
from bot.setup_ground import Ground
from generation.errors import AtelierError, NotAllowed, NotFound

Handler = Callable[[Press, ButtonId], Awaitable[None]]


class SetupPresses:
    """`setup` is looked up at each press; `teacher_role`: name or id from the settings."""

    def __init__(
        self,
        *,
        setup: Callable[[], Setup],
        sentences: Sentences,
        teacher_role: str,
        who: Callable[[Press], Requester],
    ) -> None:
        self._find = setup
        self._sentences = sentences
        self._teacher_role = teacher_role
        self._who = who
        self._ground = Ground(sentences=sentences, teacher_role=teacher_role)
        self._making: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    @property
    def _setup(self) -> Setup:
        return self._find()

    @property
    def buttons(self) -> Mapping[str, Handler]:
        return {
            "setuprules": self._open_rules,
            "setupmake": self._make,
            "setuplook": self._look_again,
            "setuppick": self._pick,
            "setuproom": self._choose,
        }

    @property
    def forms(self) -> Mapping[str, Handler]:
        return {"setuprules": self._state}

    async def show(self, interaction: Press) -> None:
        """The card, as the answer of a command or press that was deferred privately."""
        founder = self._founder(interaction)
        found = await self._ground.read(_guild(interaction))
        report = await self._setup.look(found, founder)
        await self._adopt(report.channels, founder)
        given, locale = self._setup.given, interaction.locale
        link = invite_link(str(interaction.application_id), for_setup=True)
        text = setup_card(
            report, sentences=self._sentences, locale=locale, teacher_role=self._teacher_role, given=given
        )
        view = setup_rows(report, sentences=self._sentences, locale=locale, given=given, link=link)
        # in a message's own text only half as much has room
        await say_in_private(interaction, "", embed=discord.Embed(description=text), view=view)

    async def _open_rules(self, interaction: Press, pressed: ButtonId) -> None:
        _demand_ours(pressed)
        # no defer: a form must be the first answer, so it is one quick read
        founder = self._founder(interaction)
        self._setup.demand_right(founder)
        statement = await self._setup.statement(founder.who.guild_id)
        await send_form(interaction, rules_form(statement, self._sentences, interaction.locale))

    async def _state(self, interaction: Press, pressed: ButtonId) -> None:
        _demand_ours(pressed)
        await defer(interaction, private=True)
        data: Any = interaction.data or {}
        typed = typed_in(data)
        await self._setup.state(typed.get("country", ""), typed.get("age", ""), self._founder(interaction))
        await self._again(interaction)

    async def _make(self, interaction: Press, pressed: ButtonId) -> None:
        _demand_ours(pressed)
        await defer(interaction, private=True)
        founder, guild = self._founder(interaction), _guild(interaction)
        lock = self._making.setdefault(guild.id, asyncio.Lock())
        async with lock:  # two presses at once would make everything twice
            report = await self._setup.look(await self._ground.read(guild), founder)
            self._setup.demand_making(report, founder)
            channels = await self._ground.make(guild, report, interaction.locale)
            await self._adopt(channels, founder)
        await self._again(interaction)

    async def _adopt(self, channels: Mapping[Place, FoundChannel], founder: Founder) -> None:
        """Use what was made, chosen, or is called so already: what the card shows is what holds.

        A channel for reviews that everybody sees is not used meanwhile; the card says so.
        """
        closed = {
            place: one
            for place, one in channels.items()
            if not (place is Place.REVIEW and one.everybody)
            and one.id != await self._setup.place(founder.who.guild_id, place)
        }
        await self._setup.adopt(closed, founder)

    async def _look_again(self, interaction: Press, pressed: ButtonId) -> None:
        _demand_ours(pressed)
        await defer(interaction, private=True)
        await self._again(interaction)

    async def _pick(self, interaction: Press, pressed: ButtonId) -> None:
        _demand_ours(pressed)
        await defer(interaction, private=True)
        self._setup.demand_right(self._founder(interaction))
        text = self._sentences.text("setup.pick", interaction.locale)
        await say_in_private(interaction, text, view=place_rows(self._sentences, interaction.locale))

    async def _choose(self, interaction: Press, pressed: ButtonId) -> None:
        await defer(interaction, private=True)
        founder = self._founder(interaction)
        self._setup.demand_right(founder)
        data: Any = interaction.data or {}
        wanted = next(iter(data.get("values") or []), "")
        found = await self._ground.read(_guild(interaction))
        channel = next((one for one in found.channels if one.id == wanted), None)
        if channel is None or pressed.subject not in set(Place):
            raise NotFound("button_unknown")
        await self._setup.adopt({Place(pressed.subject): channel}, founder)
        await self.show(interaction)

    async def _again(self, interaction: Press) -> None:
        """A fresh card; the old one only says that there is a newer one."""
        await self.show(interaction)
        await close_pressed(interaction, self._sentences.text("setup.newer", interaction.locale))

    def _founder(self, interaction: Press) -> Founder:
        who = self._who(interaction)
        person = interaction.user
        manages = isinstance(person, discord.Member) and person.guild_permissions.manage_guild
        return Founder(who=who, manages=manages)


async def is_open(
    interaction: Press, setup: Setup, blocks: Blocks, sentences: Sentences, who: Callable[[Press], Requester]
) -> bool:
    """For `interaction_check` of the command tree: whether this command may begin; if not, its person is told why.

    Looks into memory, once a class two reads: it stands before the command's first answer.
    """
    if interaction.guild_id is None:
        return True  # of no class: the command says so itself
    named = "" if interaction.command is None else interaction.command.qualified_name
    try:
        await setup.demand(str(interaction.guild_id), command=named)
        await blocks.demand_free(who(interaction), command=named)
    except AtelierError as error:
        if interaction.type is discord.InteractionType.autocomplete:
            with suppress(discord.HTTPException, *DROPPED):  # nobody waits for it
                await interaction.response.autocomplete([])
        else:
            await answer_error(interaction, error, sentences)
        return False
    return True


def _demand_ours(pressed: ButtonId) -> None:
    """Whatever names something else was made by nobody. Raises NotFound button_unknown."""
    if pressed.subject not in {SERVER, FORM}:
        raise NotFound("button_unknown")


def _guild(interaction: Press) -> discord.Guild:
    if interaction.guild is None:
        raise NotAllowed("only_in_class")
    return interaction.guild
