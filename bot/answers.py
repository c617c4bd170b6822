"""Answering an interaction: the first answer within three seconds, and words that only one person sees."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import aiohttp
import discord

from bot.addresses import answer_of, write_address
from bot.services.ports import ReplyAddress

_log = logging.getLogger(__name__)

ALREADY_ANSWERED = 40060
DROPPED = (aiohttp.ClientConnectionError, asyncio.TimeoutError, ConnectionError)
"""The connection broke: whether the server has done it is not known. discord.py does not try again."""

Press = discord.Interaction[Any]


async def defer(interaction: Press, *, private: bool = False, shared: bool = False) -> ReplyAddress:
    """The first line of every command: "the bot is thinking", for all or for one person.

    In a lesson whose results are private only who asked sees it, unless it is `shared`: what may have to be taken back
    must not be out of reach, and what a teacher says concerns all.

    Returns where the real answer goes. A dropped connection is tried once more: a second answer is refused by
    Discord, and then the first one had arrived.
    """
    message_id: int | None = None
    private = private or (not shared and _is_private_lesson(interaction))
    try:
        message_id = await _defer(interaction, private)
    except DROPPED:
        try:
            message_id = await _defer(interaction, private)
        except discord.HTTPException as error:
            if error.code != ALREADY_ANSWERED:
                raise
    interaction.extras["deferred"] = True
    return write_address(answer_of(interaction, message_id))


def _is_private_lesson(interaction: Press) -> bool:
    """A look into memory; a bot without lessons has no door."""
    door = getattr(getattr(interaction.client, "desk", None), "door", None)
    guild = interaction.guild_id
    return door is not None and guild is not None and bool(door.posts_privately(str(guild)))


async def _defer(interaction: Press, private: bool) -> int | None:
    said = await interaction.response.defer(thinking=True, ephemeral=private)
    return None if said is None else said.message_id


async def send_form(interaction: Press, form: discord.ui.Modal) -> None:
    """A form as the first answer; a dropped connection is tried once more, as in `defer`."""
    try:
        await interaction.response.send_modal(form)
    except DROPPED:
        try:
            await interaction.response.send_modal(form)
        except discord.HTTPException as error:
            if error.code != ALREADY_ANSWERED:
                raise


async def edit_pressed(interaction: Press, **what: Any) -> None:
    """The very message whose button was pressed, changed (`content`, `embed`, `view`) as the first answer."""
    try:
        await interaction.response.edit_message(**what)
    except DROPPED:
        try:
            await interaction.response.edit_message(**what)
        except discord.HTTPException as error:
            if error.code != ALREADY_ANSWERED:
                raise


async def close_pressed(interaction: Press, content: str) -> None:
    """The private message whose button was pressed says `content` from now on, after another answer was begun.

    Best effort: what its buttons would do is decided elsewhere.
    """
    if interaction.message is None:
        return
    try:
        await interaction.followup.edit_message(interaction.message.id, content=content, view=None)
    except (discord.DiscordException, *DROPPED) as error:
        _log.info("a question that was answered stays as it was (%s)", type(error).__name__)


def is_deferred(interaction: Press) -> bool:
    return bool(interaction.extras.get("deferred"))


async def say_in_private(
    interaction: Press, text: str, *, embed: discord.Embed | None = None, view: discord.ui.View | None = None
) -> None:
    """The answer of a command that was deferred with `private=True`."""
    extra: dict[str, Any] = {}
    if embed is not None:
        extra["embed"] = embed
    if view is not None:
        extra["view"] = view
    await interaction.followup.send(text, ephemeral=True, **extra)


async def turn_private(interaction: Press, text: str, *, view: discord.ui.View | None = None) -> None:
    """Say `text` to one person only, whatever was answered before: a public "thinking" is taken away first.

    `defer` decides who sees an answer, so an answer that all can see cannot become a private one.
    """
    extra: dict[str, Any] = {} if view is None else {"view": view}
    if not interaction.response.is_done() and not is_deferred(interaction):
        await interaction.response.send_message(text, ephemeral=True, **extra)
        return
    try:
        await interaction.delete_original_response()
    except discord.NotFound:
        _log.debug("there was no answer to take away")
    await interaction.followup.send(text, ephemeral=True, **extra)
