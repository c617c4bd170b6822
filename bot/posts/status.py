"""What an answer shows while one waits."""

from __future__ import annotations

import discord

from bot.buttons import cancel_row
from bot.i18n import Sentences
from bot.services.ports import Status
from bot.texts import bar
from generation.job import Job


def compose_status(job: Job, status: Status, sentences: Sentences) -> tuple[str, discord.ui.View]:
    """Place and countdown while waiting, a bar while it is worked on; with the cancel button."""
    lines = []
    if status.total > 0:
        percent = max(0, min(100, round(100 * status.done / status.total)))
        lines.append(sentences.text("status.working", job.locale))
        lines.append(f"{bar(status.done, status.total)} {percent} %")
    elif status.place > 1:
        lines.append(sentences.text("status.waiting", job.locale, n=status.place - 1))
    else:
        lines.append(sentences.text("status.next", job.locale))
    if status.ready_at is not None:
        lines.append(sentences.text("status.ready_at", job.locale, when=f"<t:{round(status.ready_at)}:R>"))
    return "\n".join(lines), cancel_row(sentences, job.id, job.locale)
