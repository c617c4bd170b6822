"""`/music-kit`, in German `/musik-baukasten`: private; writes a prompt for music out of a few choices."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from random import Random
from typing import Any

from bot.answers import defer, say_in_private
from bot.client import AtelierBot
from bot.commands import choices_for, make_command
from bot.posts.music_kit import kit_embed, kit_view, name_of, names_of
from bot.services.music_kit import INSTRUMENTS_LIMIT, PARTS, TABLES, read_part, suggest
from cogs.options import Choices, Interaction


async def music_kit(
    interaction: Interaction,
    genre: str | None = None,
    mood: str | None = None,
    tempo: str | None = None,
    instruments: str | None = None,
) -> None:
    await defer(interaction, private=True)
    sentences, locale = interaction.client.sentences, interaction.locale
    typed = {"genre": genre, "mood": mood, "tempo": tempo, "instruments": instruments}
    names = names_of(sentences)
    asked = {part: read_part(part, typed[part], names) for part in PARTS}
    small = interaction.client.desk.music.rehearses()
    found = suggest(asked, Random(), small=small)  # noqa: S311 - variety, not secrecy
    embed = kit_embed(found, sentences, locale, small=small)
    await say_in_private(interaction, "", embed=embed, view=kit_view(sentences, locale))


def _complete(part: str) -> Callable[[Interaction, str], Coroutine[Any, Any, Choices]]:
    async def complete(interaction: Interaction, current: str) -> Choices:
        sentences, locale = interaction.client.sentences, interaction.locale
        names = [name_of(part, key, sentences, locale) for key in TABLES[part]]
        return choices_for(current, [(name, name) for name in names])

    return complete


async def complete_instruments(interaction: Interaction, current: str) -> Choices:
    """One instrument after another: what stands before the last comma stays."""
    sentences, locale = interaction.client.sentences, interaction.locale
    *before, last = [word.strip() for word in current.split(",")]
    kept = [word for word in before if word][: INSTRUMENTS_LIMIT - 1]
    names = [name_of("instruments", key, sentences, locale) for key in TABLES["instruments"]]
    new = [name for name in names if name.casefold() not in {word.casefold() for word in kept}]
    return [
        choice
        for one in choices_for(last, [(name, name) for name in new])
        for choice in choices_for("", [(", ".join([*kept, one.value]),) * 2])
    ]


async def setup(bot: AtelierBot) -> None:
    completions = {part: _complete(part) for part in PARTS} | {"instruments": complete_instruments}
    bot.tree.add_command(make_command(music_kit, "music_kit", bot.sentences, completions=completions))
