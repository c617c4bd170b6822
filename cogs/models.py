"""`/models`, in German `/modelle`: private; which models are here and what each has learned from."""

from __future__ import annotations

from collections.abc import Sequence

import discord

from bot.answers import defer, say_in_private
from bot.client import AtelierBot
from bot.commands import make_command
from bot.i18n import Sentences, language_of
from bot.models.listing import Row, doubts, medium_name, rows
from bot.texts import cut

Interaction = discord.Interaction[AtelierBot]

FIELDS_LIMIT = 20
FIELD_NAME_LIMIT = 256
FIELD_LIMIT = 1024
EMBED_LIMIT = 6000
"""Discord counts title, description and all fields together."""
OTHERS_SHOWN = 15
_ROOM_FOR_THE_REST = 1500


async def models(interaction: Interaction) -> None:
    await defer(interaction, private=True)
    bot = interaction.client
    embed = models_embed(rows(bot.desk.catalog), bot.sentences, interaction.locale)
    await say_in_private(interaction, "", embed=embed)


def models_embed(found: Sequence[Row], sentences: Sentences, locale: object) -> discord.Embed:
    """Those on this machine, one a field, as many as Discord takes; below, the names of the others."""
    here = [row for row in found if row.installed]
    embed = discord.Embed(title=sentences.text("models.title", locale))
    for row in here[:FIELDS_LIMIT]:
        name, value = _field(row, sentences, locale)
        if len(embed) + len(name) + len(value) > EMBED_LIMIT - _ROOM_FOR_THE_REST:
            break
        embed.add_field(name=name, value=value, inline=False)
    lines = [sentences.text("models.star", locale)] if any(row.default for row in here) else []
    if left := len(here) - len(embed.fields):
        lines.append(sentences.text("models.more", locale, n=left))
    if others := [row.model.title for row in found if not row.installed]:
        names = ", ".join(others[:OTHERS_SHOWN])
        lines.append(sentences.text("models.others", locale, names=names))
        if len(others) > OTHERS_SHOWN:
            lines.append(sentences.text("models.more", locale, n=len(others) - OTHERS_SHOWN))
    embed.description = cut("\n".join(lines), _ROOM_FOR_THE_REST)
    return embed


def _field(row: Row, sentences: Sentences, locale: object) -> tuple[str, str]:
    model = row.model
    title = model.title
    if model.mini:
        title = sentences.text("model.rehearsal", locale, title=title)
    name = sentences.text(
        "models.field_default" if row.default else "models.field",
        locale,
        title=title,
        medium=medium_name(model.medium, sentences, locale),
    )
    value = sentences.text(
        "models.about",
        locale,
        sentence=model.data_sentence[language_of(locale)],
        languages=", ".join(model.languages) or sentences.text("models.any_language", locale),
        licence=model.licence,
    )
    if model.unconfirmed:
        keys = doubts(model.unconfirmed, sentences, locale)
        value += "\n" + sentences.text("models.unconfirmed", locale, keys=keys)
    return cut(name, FIELD_NAME_LIMIT), cut(value, FIELD_LIMIT)


async def setup(bot: AtelierBot) -> None:
    bot.tree.add_command(make_command(models, "models", bot.sentences))
