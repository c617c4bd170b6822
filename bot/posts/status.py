"""What an answer shows while one waits."""

from __future__ import annotations

import discord

from bot.buttons import cancel_row
from bot.i18n import Sentences
from bot.services.ports import Status
from bot.services.video_ports import VideoStatus
from bot.texts import bar
from generation.job import Job
from generation.video_params import VIDEO


def compose_status(
    job: Job, status: Status, sentences: Sentences, *, has_pictures: bool = False
) -> tuple[str, discord.ui.View]:
    """Place and countdown while waiting, a bar while it is worked on; with the cancel button.

    A video counts its frames, and says what its pictures are, where it has some (`posts.video.preview_files`).
    `has_pictures`: they stand there since an earlier status.
    """
    lines = []
    if status.total > 0:
        percent = max(0, min(100, round(100 * status.done / status.total)))
        lines.append(sentences.text("status.working", job.locale))
        lines.append(f"{bar(status.done, status.total)} {percent} %")
        if job.medium == VIDEO:
            done = min(status.done, status.total)
            lines.append(sentences.text("status.frames", job.locale, done=done, total=status.total))
    elif status.place > 1:
        lines.append(sentences.text("status.waiting", job.locale, n=status.place - 1))
    else:
        lines.append(sentences.text("status.next", job.locale))
    if status.ready_at is not None:
        lines.append(sentences.text("status.ready_at", job.locale, when=f"<t:{round(status.ready_at)}:R>"))
    if has_pictures or (isinstance(status, VideoStatus) and status.pictures is not None):
        lines.append(sentences.text("status.ends", job.locale))  # the last one: they stand right below it
    return "\n".join(lines), cancel_row(sentences, job.id, job.locale)
