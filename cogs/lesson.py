"""`/lesson start|status|task|end` and `/hand-in`, in German `/stunde start|stand|aufgabe|ende` and `/abgeben`."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from typing import TYPE_CHECKING

import discord
from discord import app_commands

from bot.answers import Press, defer, say_in_private
from bot.client import AtelierBot
from bot.commands import choices_for, make_command, make_group
from bot.hand_ins import show_privately
from bot.posts.lesson import GALLERY_NAMES, GROUP_NAMES, LessonWords, names_of, told
from bot.services.lesson_rules import GPU_SECONDS, ITEMS, MINUTES, LessonRequest, TaskRequest
from bot.texts import plain
from cogs.options import Between, Choices
from generation.job import Job

PICTURE = "load.png"
if TYPE_CHECKING:
    Minutes = int
    TaskMinutes = int
    Items = int
    Seconds = int
else:
    _WHOLE = discord.AppCommandOptionType.integer
    Minutes = app_commands.Transform[int, Between(_WHOLE, *MINUTES)]
    TaskMinutes = app_commands.Transform[int, Between(_WHOLE, 1, MINUTES[1])]
    Items = app_commands.Transform[int, Between(_WHOLE, *ITEMS)]
    Seconds = app_commands.Transform[int, Between(_WHOLE, *GPU_SECONDS)]


async def start(
    interaction: Press,
    minutes: Minutes | None = None,
    media: str | None = None,
    items: Items | None = None,
    gpu_seconds: Seconds | None = None,
    models: str | None = None,
    private: bool | None = None,
    gallery: str | None = None,
    names: bool | None = None,
) -> None:
    await defer(interaction, shared=True)  # the class is to see what holds
    bot = interaction.client
    asked = LessonRequest(
        minutes=minutes,
        media=_ids(interaction, GROUP_NAMES, media),
        items=items,
        gpu_seconds=gpu_seconds,
        models=models,
        private=private,
        gallery=_ids(interaction, GALLERY_NAMES, gallery),
        gallery_names=names,
    )
    who = bot.requester(interaction)
    lesson = await bot.desk.lessons.start(asked, who)
    held = bot.desk.lessons.held(who.guild_id)
    await interaction.followup.send(_words(interaction).started(lesson, held))


async def end(interaction: Press) -> None:
    await defer(interaction, private=True)
    bot = interaction.client
    ended = await bot.desk.lessons.end(bot.requester(interaction))
    await say_in_private(interaction, _words(interaction).ended(ended))


async def status(interaction: Press, result: str | None = None) -> None:
    await defer(interaction, private=True)
    bot = interaction.client
    who = bot.requester(interaction)
    if result is not None:
        post = await bot.desk.lesson_board.show(result.strip(), who)
        await show_privately(interaction, post, bot.sentences)
        return
    standing = await bot.desk.lesson_board.look(who)
    text = _words(interaction).standing(standing)
    picture = await bot.desk.lesson_board.picture(standing, who)
    if picture is None:
        await say_in_private(interaction, text)
    else:
        file = discord.File(BytesIO(picture), PICTURE)
        await interaction.followup.send(text, ephemeral=True, file=file)


async def task(
    interaction: Press,
    words: str | None = None,
    style: str | None = None,
    model: str | None = None,
    medium: str | None = None,
    minutes: TaskMinutes | None = None,
    remove: bool | None = None,
) -> None:
    await defer(interaction, shared=True)
    bot = interaction.client
    medium = _ids(interaction, GROUP_NAMES, medium)
    asked = TaskRequest(medium=medium, words=words, style=style, model=model, minutes=minutes)
    lesson = await bot.desk.lessons.give_task(None if remove else asked, bot.requester(interaction))
    await interaction.followup.send(_words(interaction).task(lesson.task))


async def hand_in(interaction: Press, result: str) -> None:
    await defer(interaction, private=True)
    bot = interaction.client
    await bot.desk.lessons.hand_in(result.strip(), bot.requester(interaction))
    await say_in_private(interaction, bot.sentences.text("lesson.handed_in", interaction.locale))


async def complete_media(interaction: Press, current: str) -> Choices:
    """Several, separated by commas: the last one is completed."""
    words = _words(interaction)
    begun, _, last = current.rpartition(",")
    before = f"{begun.strip()}, " if begun.strip() else ""
    return choices_for(
        last, [(f"{before}{words.group(one)}", f"{before}{words.group(one)}") for one in GROUP_NAMES[1]]
    )


async def complete_medium(interaction: Press, current: str) -> Choices:
    return choices_for(current, [(_words(interaction).group(one), one) for one in GROUP_NAMES[1]])


async def complete_gallery(interaction: Press, current: str) -> Choices:
    return choices_for(current, [(_words(interaction).gallery(one), one) for one in GALLERY_NAMES[1]])


async def complete_models(interaction: Press, current: str) -> Choices:
    begun, _, last = current.rpartition(",")
    before = f"{begun.strip()}, " if begun.strip() else ""
    catalog = interaction.client.desk.catalog
    known = [one for medium in catalog.media() for one in catalog.models(medium) if one.path is not None]
    return choices_for(last, [(f"{before}{one.title}", f"{before}{one.id}") for one in known])


async def complete_handed_in(interaction: Press, current: str) -> Choices:
    """For the teacher: who has handed in what."""
    bot = interaction.client
    who = bot.requester(interaction)
    if not who.is_teacher:
        return []
    handed = await bot.desk.lesson_board.handed_in(who)
    return choices_for(current, [(_told_of(interaction, job), job.id) for job in handed])


def _told_of(interaction: Press, job: Job) -> str:
    """With a name where the bot knows it: it does not ask Discord who is in the class."""
    known = None if interaction.guild is None else interaction.guild.get_member(int(job.owner_id))
    return told(job) if known is None else f"{plain(known.display_name)}: {told(job)}"


async def complete_result(interaction: Press, current: str) -> Choices:
    bot = interaction.client
    offered = await bot.desk.lessons.offered(bot.requester(interaction))
    return choices_for(current, [(f"{told(job)} · {job.id}", job.id) for job in offered])


def _ids(interaction: Press, kind: tuple[str, tuple[str, ...]], typed: str | None) -> str | None:
    """What was chosen or typed in either language as ids; what is none of them stays, and the service says so."""
    if typed is None:
        return None
    known: Mapping[str, str] = names_of(interaction.client.sentences, *kind)
    parts = [one.strip() for one in typed.split(",") if one.strip()]
    return ",".join(known.get(one.casefold(), one) for one in parts)


def _words(interaction: Press) -> LessonWords:
    return LessonWords(interaction.client.sentences, interaction.locale)


async def setup(bot: AtelierBot) -> None:
    said = bot.sentences
    begin = {"media": complete_media, "models": complete_models, "gallery": complete_gallery}
    given = {"medium": complete_medium, "model": complete_models}
    group = make_group("lesson", said, {"lesson_end": end})
    group.add_command(make_command(start, "lesson_start", said, completions=begin))
    handed_in = {"result": complete_handed_in}
    group.add_command(make_command(status, "lesson_status", said, completions=handed_in))
    group.add_command(make_command(task, "lesson_task", said, completions=given))
    bot.tree.add_command(group)
    results = {"result": complete_result}
    bot.tree.add_command(make_command(hand_in, "hand_in", said, completions=results))
