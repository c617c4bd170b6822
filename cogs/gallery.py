"""`/gallery`, in German `/galerie`, lists what hangs; `/my-works` hands out one's own results."""

from __future__ import annotations

import discord
from discord import app_commands

from bot.answers import Press, defer
from bot.client import AtelierBot
from bot.commands import choices_for, make_command
from bot.posts.gallery import MEDIA, medium_name
from data.gallery_records import Filter, GalleryState

PAGE = 10
EVERYTHING = frozenset(GalleryState)
UNDECIDED = frozenset({GalleryState.WAITING, GalleryState.CHANGE})


async def gallery(
    interaction: Press,
    medium: str | None = None,
    person: discord.Member | None = None,
    sort: str | None = None,
    which: str | None = None,
    page: app_commands.Range[int, 1, 500] = 1,
) -> None:
    await defer(interaction, private=True)
    wanted = wanted_of(
        str(interaction.user.id), medium, None if person is None else str(person.id), sort, which, page
    )
    await interaction.client.gallery_presses.show_list(interaction, wanted)


def wanted_of(
    asking: str, medium: str | None, person: str | None, sort: str | None, which: str | None, page: int
) -> Filter:
    """What was chosen; whether somebody may see it is the service's affair."""
    own = which == "mine"
    states = {"mine": EVERYTHING, "waiting": UNDECIDED}.get(which or "", frozenset({GalleryState.ACCEPTED}))
    return Filter(
        medium=medium or None,
        person=asking if own else person,
        own=own,
        states=states,
        by_stars=sort == "stars",
        limit=PAGE,
        offset=(page - 1) * PAGE,
    )


async def my_works(interaction: Press) -> None:
    await defer(interaction, private=True)
    await interaction.client.gallery_presses.send_own(interaction)


async def _media(interaction: Press, current: str) -> list[app_commands.Choice[str]]:
    sentences, locale = interaction.client.sentences, interaction.locale
    return choices_for(current, [(medium_name(one, sentences, locale), one) for one in MEDIA])


async def _sorts(interaction: Press, current: str) -> list[app_commands.Choice[str]]:
    text = interaction.client.sentences.text
    return choices_for(
        current, [(text(f"gallery.sort_{one}", interaction.locale), one) for one in ("new", "stars")]
    )


async def _whiches(interaction: Press, current: str) -> list[app_commands.Choice[str]]:
    text, names = interaction.client.sentences.text, ("hanging", "mine", "waiting")
    return choices_for(current, [(text(f"gallery.which_{one}", interaction.locale), one) for one in names])


async def setup(bot: AtelierBot) -> None:
    completions = {"medium": _media, "sort": _sorts, "which": _whiches}
    bot.tree.add_command(make_command(gallery, "gallery", bot.sentences, completions=completions))
    bot.tree.add_command(make_command(my_works, "my_works", bot.sentences))
