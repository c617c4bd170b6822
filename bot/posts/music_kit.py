"""The private answer of `/music-kit`, and reading back what its buttons stand under.

What was asked for and the prompt stand in the message and nowhere else: both buttons work after a restart too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import discord

from bot.buttons import kit_row
from bot.i18n import LANGUAGES, Sentences
from bot.posts.shared import COLOUR
from bot.services.music_kit import PARTS, TABLES, Name, Suggestion, read_part
from generation.errors import NotFound

_DRAWN: Final = "🎲 "
_FRAME: Final = ("```\n", "\n```")


def names_of(sentences: Sentences) -> Sequence[Name]:
    """What the entries of the kit are called, in each language."""

    def naming(language: str) -> Name:
        return lambda part, key: name_of(part, key, sentences, language)

    return [naming(language) for language in LANGUAGES]


def name_of(part: str, entry: str, sentences: Sentences, locale: object) -> str:
    """An entry's name; words of one's own are their own."""
    if entry not in TABLES[part]:
        return entry
    keys = {
        "genre": f"genre.{entry}",
        "mood": f"mood.{entry}",
        "tempo": f"tempo.{entry}",
        "instruments": f"instrument.{entry}",
    }
    return sentences.text(keys[part], locale)


def kit_embed(found: Suggestion, sentences: Sentences, locale: object, *, small: bool) -> discord.Embed:
    """`small`: a rehearsal model will read it, and only what it knows was drawn."""
    says = [sentences.text("kit.says", locale), *([sentences.text("kit.small", locale)] if small else [])]
    embed = discord.Embed(
        title=sentences.text("kit.title", locale), description="\n\n".join(says), colour=COLOUR
    )
    for part in PARTS:
        named = ", ".join(name_of(part, entry, sentences, locale) for entry in found.parts[part])
        mark = _DRAWN if part in found.drawn else ""
        embed.add_field(name=sentences.text(f"kit.{part}", locale), value=f"{mark}`{_safe(named)}`")
    start, end = _FRAME
    prompt = f"{start}{_safe(found.prompt)}{end}"
    embed.add_field(name=sentences.text("kit.prompt", locale), value=prompt, inline=False)
    return embed


def kit_view(sentences: Sentences, locale: object) -> discord.ui.View:
    return kit_row(sentences, locale)


def chosen_prompt(message: discord.Message | None, sentences: Sentences) -> str:
    """The prompt in a message made by `kit_embed`. Raises NotFound button_unknown."""
    value = _fields(message, sentences).get("prompt", "")
    start, end = _FRAME
    if not (value.startswith(start) and value.endswith(end) and len(value) > len(start) + len(end)):
        raise NotFound("button_unknown")
    return value[len(start) : -len(end)]


def read_back(message: discord.Message | None, sentences: Sentences) -> Mapping[str, tuple[str, ...]]:
    """What was asked for in a message made by `kit_embed`: what was drawn is left out."""
    fields, names = _fields(message, sentences), names_of(sentences)
    return {
        part: read_part(part, fields[part].strip("`"), names)
        for part in PARTS
        if part in fields and not fields[part].startswith(_DRAWN)
    }


def _fields(message: discord.Message | None, sentences: Sentences) -> Mapping[str, str]:
    """The values of the fields by their part, whichever language the message is in."""
    labels = {
        sentences.text(f"kit.{part}", language): part for part in (*PARTS, "prompt") for language in LANGUAGES
    }
    embeds = [] if message is None else message.embeds
    return {
        labels[str(field.name)]: field.value or ""
        for embed in embeds
        for field in embed.fields
        if field.name in labels
    }


def _safe(text: str) -> str:
    """A person may type what ends a frame."""
    return text.replace("`", "'")
