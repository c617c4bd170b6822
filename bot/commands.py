"""Making slash commands whose names and descriptions stand in the locales, and telling Discord about them."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, Protocol

import discord
from discord import app_commands
from discord.http import Route

from bot.answers import DROPPED
from bot.i18n import Sentences

_log = logging.getLogger(__name__)

Callback = Callable[..., Coroutine[Any, Any, None]]
Completion = Callable[[Any, str], Coroutine[Any, Any, list[app_commands.Choice[str]]]]
Tree = app_commands.CommandTree[Any]
Command = app_commands.Command[Any, ..., None]

CHOICES_LIMIT = 25
CHOICE_LIMIT = 100


class CommandMemory(Protocol):
    """Remembers between two runs which commands Discord has been told."""

    async def recall(self) -> str | None: ...

    async def remember(self, fingerprint: str) -> None: ...


class LocaleTranslator(app_commands.Translator):
    """Looks up what `said` has marked. English is the default text; other languages come from their locale."""

    def __init__(self, sentences: Sentences) -> None:
        self._sentences = sentences

    async def translate(
        self, string: app_commands.locale_str, locale: discord.Locale, context: Any
    ) -> str | None:
        key = string.extras.get("key")
        if key is None or locale is not discord.Locale.german:
            return None
        return self._sentences.text(key, locale)


def said(sentences: Sentences, key: str) -> app_commands.locale_str:
    return app_commands.locale_str(sentences.text(key, "en"), key=key)


def make_command(
    callback: Callback, key: str, sentences: Sentences, *, completions: Mapping[str, Completion] | None = None
) -> Command:
    """The command `key` with its names and descriptions `command.<key>…`; for classes only, never in messages."""
    prefix = f"command.{key}"
    command: Command = app_commands.Command(
        name=said(sentences, f"{prefix}.name"),
        description=said(sentences, f"{prefix}.description"),
        callback=callback,
        allowed_contexts=app_commands.AppCommandContext(guild=True),
        allowed_installs=app_commands.AppInstallationType(guild=True),
    )
    options = [parameter.name for parameter in command.parameters]
    # all in one call: what is not described in it gets a "…"
    app_commands.describe(**{one: said(sentences, f"{prefix}.option.{one}.description") for one in options})(
        command
    )
    app_commands.rename(**{one: said(sentences, f"{prefix}.option.{one}.name") for one in options})(command)
    for name, completion in (completions or {}).items():
        command.autocomplete(name)(completion)
    return command


def make_group(key: str, sentences: Sentences, members: Mapping[str, Callback]) -> app_commands.Group:
    """The command `key` that is written with a second word, one of `members`: key -> callback."""
    group = app_commands.Group(
        name=said(sentences, f"command.{key}.name"),
        description=said(sentences, f"command.{key}.description"),
        allowed_contexts=app_commands.AppCommandContext(guild=True),
        allowed_installs=app_commands.AppInstallationType(guild=True),
    )
    for member, callback in members.items():
        group.add_command(make_command(callback, member, sentences))
    return group


def make_menu(callback: Callback, key: str, sentences: Sentences) -> app_commands.ContextMenu:
    """The entry `command.<key>.name` in the context menu of messages or people, by the callback's second parameter."""
    return app_commands.ContextMenu(
        name=said(sentences, f"command.{key}.name"),
        callback=callback,
        allowed_contexts=app_commands.AppCommandContext(guild=True),
        allowed_installs=app_commands.AppInstallationType(guild=True),
    )


def choices_for(current: str, options: Sequence[tuple[str, str]]) -> list[app_commands.Choice[str]]:
    """The (shown, value) pairs that contain every word typed so far, as many as Discord takes."""
    words = current.casefold().split()
    fitting = (pair for pair in options if all(word in f"{pair[0]} {pair[1]}".casefold() for word in words))
    return [
        app_commands.Choice(name=shown[:CHOICE_LIMIT], value=value[:CHOICE_LIMIT])
        for shown, value in list(fitting)[:CHOICES_LIMIT]
    ]


async def sync_commands(
    tree: Tree, *, application_id: int | None, guild_ids: Sequence[int], memory: CommandMemory | None
) -> bool:
    """Tell Discord which commands there are, if it does not know yet. True if it was told now.

    Without `guild_ids` they hold everywhere. A server that cannot be told is logged; the bot goes on, because the
    commands of the last run are still there.
    """
    fingerprint = await _fingerprint(tree, application_id, guild_ids)
    if memory is not None and await memory.recall() == fingerprint:
        return False
    for guild_id in guild_ids:
        tree.copy_global_to(guild=discord.Object(guild_id))
    if guild_ids:
        tree.clear_commands(guild=None)  # else every command stood in the list twice
    told = True
    for guild in [None, *(discord.Object(guild_id) for guild_id in guild_ids)]:
        try:
            await tree.sync(guild=guild)
        except (discord.HTTPException, *DROPPED) as error:
            told = False
            _log.warning("the commands could not be sent to Discord (%s)", _why(error))
    if told and memory is not None:
        await memory.remember(fingerprint)
    return told


def _why(error: BaseException) -> str:
    return (
        f"{error.status}/{error.code}" if isinstance(error, discord.HTTPException) else type(error).__name__
    )


async def _fingerprint(tree: Tree, application_id: int | None, guild_ids: Sequence[int]) -> str:
    translator = tree.translator
    commands = [
        await command.get_translated_payload(tree, translator) if translator else command.to_dict(tree)
        for command in tree.get_commands()
    ]
    commands.sort(key=lambda command: str(command["name"]))
    told = [Route.BASE, application_id, sorted(guild_ids), commands]
    return hashlib.sha256(json.dumps(told, sort_keys=True, default=str).encode()).hexdigest()
