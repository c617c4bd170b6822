"""`/my-data show | export | delete`, in German `/meine-daten zeigen | exportieren | loeschen`. All of it is private."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Sequence
from typing import Final

import discord

from bot.answers import defer, say_in_private
from bot.client import AtelierBot
from bot.commands import Callback, make_group
from bot.i18n import Sentences
from bot.services.erasing import Deleted
from bot.services.my_data import Export
from bot.services.ports import Requester
from bot.texts import cut
from cogs.options import Interaction

EMBED_LIMIT: Final = 4000
CONTENT_LIMIT: Final = 2000
MOST_LINKS: Final = 10
MOST_NAMES: Final = 5
FILE_BYTES: Final = 10 * 1024 * 1024
PATIENCE_S: Final = 10 * 60.0
"""An answer can be sent for 15 minutes; a class with many posts takes longer."""


async def show(interaction: Interaction, class_wide: bool = False) -> None:
    await defer(interaction, private=True)
    bot = interaction.client
    who = bot.requester(interaction)
    lines = await bot.desk.my_data.show(who, whole=class_wide)
    suffix = "_class" if class_wide else ""
    if not lines:
        await say_in_private(interaction, bot.sentences.text(f"my_data.nothing{suffix}", who.locale))
        return
    embed = discord.Embed(
        title=bot.sentences.text(f"my_data.title{suffix}", who.locale),
        description=cut("\n".join(f"- {line}" for line in lines), EMBED_LIMIT),
    )
    embed.set_footer(text=bot.sentences.text("my_data.elsewhere", who.locale))
    await say_in_private(interaction, "", embed=embed)


async def export(interaction: Interaction, class_wide: bool = False) -> None:
    await defer(interaction, private=True)
    bot = interaction.client
    who = bot.requester(interaction)
    made = await bot.desk.my_data.export(who, limit=_room(interaction), whole=class_wide)
    await say_in_private(interaction, export_text(made, bot.sentences, who.locale, whole=class_wide))
    for index in range(len(made.parts)):
        content = await asyncio.to_thread(made.archive, index)
        part = bot.sentences.text("my_data.export_part", who.locale, part=index + 1, parts=len(made.parts))
        file = discord.File(io.BytesIO(content), filename=f"atelier-{index + 1}.zip")
        await interaction.followup.send(part, file=file, ephemeral=True)


async def delete(
    interaction: Interaction,
    really: bool = False,
    class_wide: bool = False,
    person: discord.User | None = None,
) -> None:
    await defer(interaction, private=True)
    bot = interaction.client
    who = bot.requester(interaction)
    of = None if person is None or person.id == interaction.user.id else person
    meant = None if of is None else str(of.id)
    bot.desk.my_data.demand(who, whole=class_wide, person=meant)
    if not really:
        await say_in_private(interaction, _explained(bot, who, of, class_wide=class_wide))
        return
    work = asyncio.ensure_future(bot.desk.my_data.delete(who, whole=class_wide, person=meant))
    ended, _ = await asyncio.wait({work}, timeout=PATIENCE_S)
    if not ended:
        work.add_done_callback(_heard)
        await say_in_private(interaction, bot.sentences.text("my_data.deleted_going_on", who.locale))
        return
    await say_in_private(interaction, deleted_text(work.result(), bot.sentences, who))


def _explained(bot: AtelierBot, who: Requester, of: discord.User | None, *, class_wide: bool) -> str:
    """What would be deleted; `of`: somebody else, as a teacher may."""
    if class_wide:
        keys = ["my_data.delete_explain_class"]
    else:
        explain = "my_data.delete_explain" if of is None else "my_data.delete_explain_person"
        keys = [explain, "my_data.delete_stays" if of is None else "my_data.delete_stays_person"]
    mention, days = "" if of is None else of.mention, bot.desk.my_data.days
    return "\n\n".join(bot.sentences.text(key, who.locale, days=days, person=mention) for key in keys)


def export_text(made: Export, sentences: Sentences, locale: str, *, whole: bool) -> str:
    lines = [sentences.text("my_data.export_done", locale, n=len(made.parts))]
    if whole:
        lines.append(sentences.text("my_data.export_voices", locale))
    if made.left_out:
        names = _named(made.left_out)
        lines.append(sentences.text("my_data.export_left_out", locale, n=len(made.left_out), names=names))
    return cut("\n".join(lines), CONTENT_LIMIT)


def deleted_text(deleted: Deleted, sentences: Sentences, who: Requester) -> str:
    lines = [sentences.text("my_data.deleted" if deleted.is_done else "my_data.deleted_later", who.locale)]
    for key, count in (("posts", deleted.posts), ("voices", deleted.voices), ("left", len(deleted.left))):
        if count:
            lines.append(sentences.text(f"my_data.deleted_{key}", who.locale, n=count))
    for left in deleted.left[:MOST_LINKS]:
        link = f"https://discord.com/channels/{who.guild_id}/{left.channel}/{left.message}"
        lines.append(f"- {link}" if left.message else f"- <#{left.channel}>")
    return cut("\n".join(lines), CONTENT_LIMIT)


def _named(names: Sequence[str]) -> str:
    shown = ", ".join(f"`{name}`" for name in names[:MOST_NAMES])
    return f"{shown} …" if len(names) > MOST_NAMES else shown


def _room(interaction: Interaction) -> int:
    return FILE_BYTES if interaction.guild is None else min(interaction.guild.filesize_limit, FILE_BYTES)


def _heard(work: asyncio.Future[Deleted]) -> None:
    """Its failure is logged where it runs."""
    if not work.cancelled():
        work.exception()


async def setup(bot: AtelierBot) -> None:
    members: dict[str, Callback] = {"my_data_show": show, "my_data_export": export, "my_data_delete": delete}
    bot.tree.add_command(make_group("my_data", bot.sentences, members))
