"""The private answer of `/prompt-help`, and reading back what its buttons stand under.

The texts stand in the message and nowhere else: a button takes the very text that the person sees, after a restart too.
"""

from __future__ import annotations

from typing import Final

import discord

from bot.buttons import help_row
from bot.i18n import LANGUAGES, Sentences
from bot.posts.shared import COLOUR
from bot.services.prompt_help import Advice
from bot.texts import cut
from generation.errors import NotFound

CHOICES: Final = ("translation", "suggestion")
"""Subjects of the buttons, names of the sentences, fields of an Advice."""
_FRAME: Final = ("```\n", "\n```")
_FIELD_LIMIT: Final = 1024


def advice_embed(advice: Advice, sentences: Sentences, locale: object) -> discord.Embed:
    embed = discord.Embed(
        title=sentences.text("advice.title", locale),
        description=sentences.text("advice.text", locale),
        colour=COLOUR,
    )
    embed.set_author(name=sentences.text("post.label", locale))
    # a person may type what ends the frame; what a model wrote has no such signs any more
    _add(embed, sentences.text("advice.original", locale), _framed(advice.prompt.replace("`", "'")))
    for choice in CHOICES:
        approved = getattr(advice, choice)
        if approved is not None:
            text = _framed(approved.value)
        elif choice == "translation" and advice.is_english:
            text = sentences.text("advice.is_english", locale)
        else:
            text = sentences.text("advice.failed", locale)
        _add(embed, sentences.text(f"advice.{choice}", locale), text)
    return embed


def advice_row(advice: Advice, sentences: Sentences, locale: object) -> discord.ui.View:
    return help_row(sentences, locale, [choice for choice in CHOICES if getattr(advice, choice) is not None])


def chosen_text(message: discord.Message | None, choice: str, sentences: Sentences) -> str:
    """The text of `choice` in a message made by `advice_embed`. Raises NotFound button_unknown."""
    if choice in CHOICES and message is not None:
        names = {sentences.text(f"advice.{choice}", language) for language in LANGUAGES}
        start, end = _FRAME
        for embed in message.embeds:
            for field in embed.fields:
                text = field.value or ""
                if field.name in names and text.startswith(start) and text.endswith(end):
                    return text[len(start) : -len(end)]
    raise NotFound("button_unknown")


def _framed(text: str) -> str:
    start, end = _FRAME
    return f"{start}{cut(text, _FIELD_LIMIT - len(start) - len(end))}{end}"


def _add(embed: discord.Embed, name: str, text: str) -> None:
    embed.add_field(name=name, value=text, inline=False)
