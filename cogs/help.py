"""`/help` and `/glossary`, in German `/hilfe` and `/glossar`: private."""

from __future__ import annotations

import discord
from discord import app_commands

from bot.answers import defer, say_in_private
from bot.buttons import example_rows
from bot.client import AtelierBot
from bot.commands import choices_for, make_command
from bot.i18n import Sentences
from bot.views import HELP_EXAMPLES

Interaction = discord.Interaction[AtelierBot]

TERMS = ("prompt", "seed", "steps", "guidance", "temperature", "token")


async def help(interaction: Interaction) -> None:  # noqa: A001 - the command's name
    await defer(interaction, private=True)
    sentences, locale = interaction.client.sentences, interaction.locale
    title, text = sentences.text("help.title", locale), sentences.text("help.text", locale)
    examples = [sentences.text(f"examples.{example}", locale) for example in HELP_EXAMPLES]
    await say_in_private(interaction, f"**{title}**\n{text}", view=example_rows(examples))


async def glossary(interaction: Interaction, term: str | None = None) -> None:
    await defer(interaction, private=True)
    sentences, locale = interaction.client.sentences, interaction.locale
    terms = find_terms(term, sentences, locale)
    await say_in_private(interaction, "", embed=glossary_embed(terms, sentences, locale))


def find_terms(typed: str | None, sentences: Sentences, locale: object) -> tuple[str, ...]:
    """The term that was chosen or typed; all of them for anything else."""
    wanted = (typed or "").strip().casefold()
    names = {term: sentences.text(f"glossary.{term}_name", locale).casefold() for term in TERMS}
    return tuple(term for term in TERMS if wanted in {term, names[term]}) or TERMS


def glossary_embed(terms: tuple[str, ...], sentences: Sentences, locale: object) -> discord.Embed:
    embed = discord.Embed(title=sentences.text("glossary.title", locale))
    for term in terms:
        name = sentences.text(f"glossary.{term}_name", locale)
        embed.add_field(name=name, value=sentences.text(f"glossary.{term}_text", locale), inline=False)
    return embed


async def complete_term(interaction: Interaction, current: str) -> list[app_commands.Choice[str]]:
    sentences = interaction.client.sentences
    names = [(sentences.text(f"glossary.{term}_name", interaction.locale), term) for term in TERMS]
    return choices_for(current, names)


async def setup(bot: AtelierBot) -> None:
    bot.tree.add_command(make_command(help, "help", bot.sentences))
    bot.tree.add_command(
        make_command(glossary, "glossary", bot.sentences, completions={"term": complete_term})
    )
