"""What Discord is told about the bot's commands, as it is at a start."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from bot.client import AtelierBot
from bot.commands import LocaleTranslator
from bot.i18n import Sentences
from bot.publisher import DiscordPublisher
from cogs import EXTENSIONS


async def command_payloads(extensions: Sequence[str] = EXTENSIONS) -> list[dict[str, Any]]:
    """A payload a command, with its names and descriptions in both languages."""
    sentences = Sentences.load(strict=True)
    bot = AtelierBot(
        desk=cast("Any", None),
        publisher=DiscordPublisher(sentences=sentences),
        sentences=sentences,
        teacher_role="Lehrkraft",
        extensions=extensions,
    )
    for extension in extensions:
        await bot.load_extension(extension)
    translator = LocaleTranslator(sentences)
    made = [await one.get_translated_payload(bot.tree, translator) for one in bot.tree.get_commands()]
    await bot.close()
    return made
