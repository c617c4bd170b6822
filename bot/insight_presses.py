"""What happens when somebody presses a button of a next word or of a vote. Routed by `views.Presses`."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

import discord

from bot.answers import DROPPED, Press, defer, edit_pressed, say_in_private, send_form
from bot.buttons import ButtonId
from bot.forms import read_word, word_form
from bot.i18n import Sentences
from bot.posts.insight import vote_count
from bot.services.insight_data import readable
from bot.services.ports import ReplyAddress, Requester, Ticket
from bot.texts import shown
from generation.errors import NotFound

if TYPE_CHECKING:
    from bot.services.desk import Desk
    from bot.services.insight_votes import Cast

_log = logging.getLogger(__name__)

Handler = Callable[[Press, ButtonId], Awaitable[None]]
Wait = Callable[[Ticket, ReplyAddress], Awaitable[None]]


class InsightPresses:
    """A press makes an answer of the person who pressed: nobody changes what others see.

    Only the number of votes is written into the post itself, by whoever votes. `wait` says that a job is queued.
    """

    def __init__(
        self, *, desk: Desk, sentences: Sentences, who: Callable[[Press], Requester], wait: Wait
    ) -> None:
        self._desk = desk
        self._sentences = sentences
        self._who = who
        self._wait = wait

    @property
    def buttons(self) -> Mapping[str, Handler]:
        return {
            "nextpick": self._pick,
            "nextcool": self._change_temperature,
            "nextwarm": self._change_temperature,
            "nextrun": self._run_on,
            "vote": self._vote,
            "voteword": self._open_word,
            "resolve": self._resolve,
        }

    @property
    def forms(self) -> Mapping[str, Handler]:
        return {"voteword": self._vote_word}

    async def _pick(self, interaction: Press, pressed: ButtonId) -> None:
        address = await defer(interaction)
        values = _data(interaction).get("values") or [""]
        place = str(values[0])
        if not (place.isascii() and place.isdecimal() and len(place) <= 2):
            raise NotFound("choice_gone")
        who = self._who(interaction)
        await self._wait(await self._desk.insight.pick(pressed.subject, int(place), who, address), address)

    async def _change_temperature(self, interaction: Press, pressed: ButtonId) -> None:
        address = await defer(interaction)
        ticket = await self._desk.insight.change_temperature(
            pressed.subject, self._who(interaction), address, up=pressed.action == "nextwarm"
        )
        await self._wait(ticket, address)

    async def _run_on(self, interaction: Press, pressed: ButtonId) -> None:
        address = await defer(interaction)
        ticket = await self._desk.insight.run_on(pressed.subject, self._who(interaction), address)
        await self._wait(ticket, address)

    async def _vote(self, interaction: Press, pressed: ButtonId) -> None:
        # no defer: storing a vote takes milliseconds, and so the first answer can be the new number in the post itself,
        # which has no limit of the channel's to share
        cast = await self._desk.votes.cast(pressed.subject, pressed.index or 0, self._who(interaction))
        content = vote_count(cast.number, self._sentences, cast.job.locale)
        await edit_pressed(interaction, content=content)
        try:
            await say_in_private(interaction, self._confirmed(cast, interaction))
        except (discord.DiscordException, *DROPPED) as error:
            # the vote counts; an error's usual answer would begin by deleting the post of the whole class
            _log.info("a vote was not confirmed (%s)", type(error).__name__)

    async def _open_word(self, interaction: Press, pressed: ButtonId) -> None:
        await self._desk.insight.recipe(pressed.subject, self._who(interaction), vote=True)
        await send_form(interaction, word_form(pressed.subject, self._sentences, interaction.locale))

    async def _vote_word(self, interaction: Press, pressed: ButtonId) -> None:
        await defer(interaction, private=True)
        cast = await self._desk.votes.cast_word(
            pressed.subject, read_word(_data(interaction)), self._who(interaction)
        )
        await say_in_private(interaction, self._confirmed(cast, interaction))
        await _edit_post(interaction, content=vote_count(cast.number, self._sentences, cast.job.locale))

    async def _resolve(self, interaction: Press, pressed: ButtonId) -> None:
        address = await defer(interaction)
        ticket = await self._desk.votes.resolve(pressed.subject, self._who(interaction), address)
        await self._wait(ticket, address)
        content = self._sentences.text("insight.closed", ticket.job.locale)
        await _edit_post(interaction, content=content, view=None)

    def _confirmed(self, cast: Cast, interaction: Press) -> str:
        word = shown(readable(cast.choice.strip()), 100)
        return self._sentences.text("insight.your_vote", interaction.locale, word=word)


async def _edit_post(interaction: Press, **what: Any) -> None:
    """Best effort: what it says stands in the database, and presses are judged by that."""
    if interaction.message is None:
        return
    try:
        await interaction.message.edit(**what)
    except (discord.DiscordException, *DROPPED) as error:
        _log.info("a vote's post was not edited (%s)", type(error).__name__)


def _data(interaction: Press) -> Mapping[str, Any]:
    data: Any = interaction.data
    return data or {}
