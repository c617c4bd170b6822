"""A result that was handed in, shown to the teacher alone: its own post may be seen by nobody else, or be far away."""

from __future__ import annotations

from dataclasses import replace

import discord

from bot.answers import Press
from bot.i18n import Sentences
from bot.posts import compose_post
from bot.posts.shared import CONTENT_LIMIT, DEFAULT_FILE_LIMIT, Fill
from bot.services.door import PRIVATE
from bot.services.ports import Post
from bot.texts import cut
from moderation.verdict import Approved


async def show_privately(interaction: Press, post: Approved[Post], sentences: Sentences) -> None:
    """As the answer of a command that was deferred privately. Raises TypeError for anything but an `Approved`.

    Without buttons: they belong to the post of whoever made it.
    """
    if not isinstance(post, Approved):
        raise TypeError("only what the pipeline approved is shown")
    made = compose_post(
        _for_teacher(post.value), sentences, file_limit=DEFAULT_FILE_LIMIT, fill=Fill.ALL, buttons=False
    )
    owner = sentences.text("lesson.handed_in_by", interaction.locale, owner=f"<@{post.value.job.owner_id}>")
    await interaction.followup.send(
        cut(f"{owner}\n{made.content}", CONTENT_LIMIT),
        embeds=list(made.embeds),
        files=[file.open() for file in made.files],
        ephemeral=True,
        allowed_mentions=discord.AllowedMentions.none(),
    )


def _for_teacher(post: Post) -> Post:
    """Without the sentence that nobody but its owner sees it."""
    notices = tuple(code for code in post.job.notices if code != PRIVATE)
    return replace(post, job=replace(post.job, notices=notices))
