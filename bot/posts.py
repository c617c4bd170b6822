"""What a message looks like: a job's status and its result, within Discord's limits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any

import discord

from bot.buttons import cancel_row, result_rows
from bot.i18n import Sentences
from bot.services.ports import ImagePost, Picture, Status
from bot.texts import bar, cut, plain, shown
from generation.job import Job

CONTENT_LIMIT = 2000
ALT_LIMIT = 1024
FILE_COUNT_LIMIT = 10
REQUEST_LIMIT = 25 * 1024 * 1024 - 256 * 1024
"""Bytes of one request, less what the text and the form's frame take."""
DEFAULT_FILE_LIMIT = 10 * 1024 * 1024
PROMPT_SHOWN, NEGATIVE_SHOWN = 2400, 1000
COLOUR = 0x2E7D6B


class Fill(IntEnum):
    """How many files a post carries: fewer after Discord found it too large."""

    NOTHING = 0
    SHEET = 1
    ALL = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class PostFile:
    path: Path
    name: str
    alt: str

    def open(self) -> discord.File:
        """A new file object: sending uses one up."""
        return discord.File(self.path, filename=self.name, description=self.alt)


@dataclass(frozen=True, slots=True, kw_only=True)
class ComposedPost:
    """A message, not yet sent. `view` is None where its buttons would have no meaning."""

    content: str
    embed: discord.Embed
    files: tuple[PostFile, ...]
    view: discord.ui.View | None


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


def compose_post(
    post: ImagePost, sentences: Sentences, *, file_limit: int, fill: Fill = Fill.ALL, buttons: bool = True
) -> ComposedPost:
    """The finished pictures. Files that do not fit are left out, and the message says so."""
    wanted = _files(post, sentences)
    files = _fitting(wanted[:fill] if fill is not Fill.ALL else wanted, file_limit)
    job = post.job
    visible = [picture.index for picture in post.pictures if picture.file is not None]
    return ComposedPost(
        content=_content(post, sentences, left_out=len(wanted) - len(files)),
        embed=_embed(post, sentences, files),
        files=files,
        view=result_rows(sentences, job.id, job.locale, visible) if buttons else None,
    )


def footer_of(job_id: str, sentences: Sentences, locale: str) -> str:
    return sentences.text("post.footer", locale, job=job_id)


def _content(post: ImagePost, sentences: Sentences, *, left_out: int) -> str:
    job = post.job
    seen = [picture for picture in post.pictures if picture.file is not None]
    seeds = " · ".join(f"`{picture.seed}`" for picture in seen)
    lines = [sentences.text("post.seeds", job.locale, n=len(seen), seeds=seeds)]
    if post.beside is not None:
        lines.append(sentences.text("post.beside", job.locale, seed=post.beside))
    flagged = [str(picture.index) for picture in post.pictures if picture.file is None]
    if flagged:
        lines.append(sentences.text("post.flagged", job.locale, n=len(flagged), which=", ".join(flagged)))
    lines += _notices(job, sentences)
    if left_out:
        lines.append(sentences.text("post.left_out", job.locale, n=left_out))
    return cut("\n".join(lines), CONTENT_LIMIT)


def _notices(job: Job, sentences: Sentences) -> list[str]:
    return [
        sentences.text(f"notice.{code}", job.locale)
        for code in job.notices
        if sentences.has(f"notice.{code}")
    ]


def _embed(post: ImagePost, sentences: Sentences, files: tuple[PostFile, ...]) -> discord.Embed:
    job, params = post.job, post.job.params
    embed = discord.Embed(
        title=sentences.text(
            "post.adapted" if post.beside is not None else "post.title", job.locale, n=len(post.pictures)
        ),
        description=_description(post, sentences),
        colour=COLOUR,
    )
    embed.set_author(name=sentences.text("post.label", job.locale))
    facts: dict[str, object] = {
        "model": shown(post.model_title, 200),
        "steps": params.get("steps", "–"),
        "guidance": sentences.text("post.number", job.locale, number=float(params.get("guidance", 0))),
        "size": f"{params.get('width', '–')} × {params.get('height', '–')}",
        "seconds": sentences.text("post.duration", job.locale, seconds=round(post.seconds, 1)),
    }
    if params.get("scheduler"):
        facts["scheduler"] = shown(str(params["scheduler"]), 50)
    for name, value in facts.items():
        embed.add_field(name=sentences.text(f"post.{name}", job.locale), value=str(value), inline=True)
    embed.set_footer(text=footer_of(job.id, sentences, job.locale))
    if files:
        embed.set_image(url=f"attachment://{files[0].name}")
    return embed


def _description(post: ImagePost, sentences: Sentences) -> str:
    job = post.job
    parts = [_quoted("post.prompt", job.params.get("prompt"), PROMPT_SHOWN, sentences, job.locale)]
    if job.params.get("negative"):
        parts.append(_quoted("post.negative", job.params["negative"], NEGATIVE_SHOWN, sentences, job.locale))
    if post.is_rehearsal:
        parts.append(sentences.text("post.rehearsal", job.locale))
    return "\n\n".join(parts)


def _quoted(key: str, text: object, limit: int, sentences: Sentences, locale: str) -> str:
    return f"**{sentences.text(key, locale)}**\n{shown(str(text or ''), limit)}"


def _files(post: ImagePost, sentences: Sentences) -> tuple[PostFile, ...]:
    """The sheet first, then the single pictures."""
    job = post.job
    prompt = plain(str(job.params.get("prompt", "")))
    sheet_alt = sentences.text("post.alt_sheet", job.locale, n=len(post.pictures), prompt=prompt)
    sheet = PostFile(path=post.sheet, name=f"atelier-{job.id}.png", alt=cut(sheet_alt, ALT_LIMIT))
    singles = (_single(picture, job, prompt, sentences) for picture in post.pictures)
    return (sheet, *(single for single in singles if single is not None))[:FILE_COUNT_LIMIT]


def _single(picture: Picture, job: Job, prompt: str, sentences: Sentences) -> PostFile | None:
    if picture.file is None:
        return None
    values: Mapping[str, Any] = {"index": picture.index, "seed": picture.seed, "prompt": prompt}
    alt = cut(sentences.text("post.alt_picture", job.locale, **values), ALT_LIMIT)
    return PostFile(
        path=picture.file, name=f"atelier-{job.id}-{picture.index}-seed-{picture.seed}.png", alt=alt
    )


def _fitting(files: Iterable[PostFile], file_limit: int) -> tuple[PostFile, ...]:
    fitting = []
    room = REQUEST_LIMIT
    for file in files:
        size = file.path.stat().st_size
        if size <= min(file_limit, room):
            fitting.append(file)
            room -= size
    return tuple(fitting)
