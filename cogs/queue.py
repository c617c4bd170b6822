"""`/queue`, in German `/warteschlange`: private; teachers also see everybody's jobs and the last refusals."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import discord

from bot.answers import defer, say_in_private
from bot.buttons import cancel_rows
from bot.client import AtelierBot
from bot.commands import make_command
from bot.i18n import Sentences
from bot.services.ports import Requester
from bot.texts import cut, plain, shown
from generation.job import Job

if TYPE_CHECKING:
    from bot.services.overview import QueueRow

Interaction = discord.Interaction[AtelierBot]

ROWS_SHOWN = 10
WHAT_SHOWN = 60
CONTENT_LIMIT = 2000


async def queue(interaction: Interaction) -> None:
    await defer(interaction, private=True)
    bot = interaction.client
    who = bot.requester(interaction)
    own = await bot.desk.queue.of_person(who)
    rows, text = own, own_text(own, bot.sentences, who.locale)
    if who.is_teacher:
        rows = await bot.desk.queue.all(who)
        refused = await bot.desk.queue.refusals(who)
        text = teacher_text(rows, refused, bot.sentences, who.locale)
    await say_in_private(interaction, cut(text, CONTENT_LIMIT), view=_buttons(rows, bot.sentences, who))


def own_text(rows: Sequence[QueueRow], sentences: Sentences, locale: str) -> str:
    if not rows:
        return sentences.text("queue.nothing", locale)
    return "\n".join([sentences.text("queue.own", locale), *_lines(rows, sentences, locale)])


def teacher_text(rows: Sequence[QueueRow], refused: Sequence[Job], sentences: Sentences, locale: str) -> str:
    """Everybody's jobs with names, and the last refusals as facts: who, when, why; never the prompt."""
    lines = [sentences.text("queue.everybody", locale)]
    lines += _lines(rows, sentences, locale, names=True) or [sentences.text("queue.nobody", locale)]
    lines += ["", sentences.text("queue.refusals", locale)]
    lines += [_refusal(job, sentences, locale) for job in refused[:ROWS_SHOWN]]
    if not refused:
        lines.append(sentences.text("queue.no_refusals", locale))
    return "\n".join(lines)


def _lines(rows: Sequence[QueueRow], sentences: Sentences, locale: str, *, names: bool = False) -> list[str]:
    lines = []
    for row in rows[:ROWS_SHOWN]:
        line = _line(row, sentences, locale)
        if names:
            line = sentences.text("queue.whose", locale, owner=f"<@{row.job.owner_id}>", line=line)
        lines.append(line)
    if len(rows) > ROWS_SHOWN:
        lines.append(sentences.text("queue.more", locale, n=len(rows) - ROWS_SHOWN))
    return lines


def _line(row: QueueRow, sentences: Sentences, locale: str) -> str:
    key = "queue.waiting" if row.place else "queue.at_work"
    values: dict[str, object] = {"place": row.place, "what": shown(_name(row.job), 2 * WHAT_SHOWN)}
    if row.expected_seconds is not None:
        key += "_until"
        values["when"] = f"<t:{round(time.time() + row.expected_seconds)}:R>"
    return sentences.text(key, locale, **values)


def _refusal(job: Job, sentences: Sentences, locale: str) -> str:
    category = f"category.{(job.error_code or '').removeprefix('refused_')}"
    return sentences.text(
        "queue.refusal",
        locale,
        when=f"<t:{round(job.finished_at or job.created_at)}:t>",
        owner=f"<@{job.owner_id}>",
        category=sentences.text(category if sentences.has(category) else "category.other", locale),
    )


def _name(job: Job) -> str:
    """What was typed; of a video where it begins."""
    begins = (key["prompt"] for key in job.params.get("keys", ()))
    typed = (job.params.get(name) for name in ("original", "prompt", "text", "title"))
    written = next(filter(None, typed), None) or next(begins, job.medium)
    return cut(plain(str(written)), WHAT_SHOWN)


def _buttons(rows: Sequence[QueueRow], sentences: Sentences, who: Requester) -> discord.ui.View | None:
    if not rows:
        return None
    return cancel_rows(sentences, [(row.job.id, _name(row.job)) for row in rows[:ROWS_SHOWN]], who.locale)


async def setup(bot: AtelierBot) -> None:
    bot.tree.add_command(make_command(queue, "queue", bot.sentences))
