"""The post of finished pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import discord

from bot.buttons import result_rows
from bot.i18n import Sentences
from bot.posts.shared import (
    ALT_LIMIT,
    COLOUR,
    CONTENT_LIMIT,
    FILE_COUNT_LIMIT,
    NEGATIVE_SHOWN,
    PROMPT_SHOWN,
    ComposedPost,
    Fill,
    PostArchive,
    PostFile,
    duration,
    fitting,
    footer_of,
    notices,
    quoted,
)
from bot.services.ports import ImagePost, Picture
from bot.texts import cut, plain, shown
from generation.job import Job


def compose_image(
    post: ImagePost, sentences: Sentences, *, file_limit: int, fill: Fill = Fill.ALL, buttons: bool = True
) -> ComposedPost:
    """The finished pictures. Files that do not fit are left out, and the message says so."""
    wanted = _files(post, sentences)
    files = fitting(wanted[:fill] if fill is not Fill.ALL else wanted, file_limit)
    job = post.job
    visible = [picture.index for picture in post.pictures if picture.file is not None]
    return ComposedPost(
        content=_content(post, sentences, left_out=len(wanted) - len(files)),
        embeds=(_embed(post, sentences, files),),
        files=files,
        view=result_rows(sentences, job.id, job.locale, visible) if buttons else None,
    )


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
    lines += notices(job, sentences)
    if left_out:
        lines.append(sentences.text("post.left_out", job.locale, n=left_out))
    return cut("\n".join(lines), CONTENT_LIMIT)


def _embed(post: ImagePost, sentences: Sentences, files: Sequence[PostFile | PostArchive]) -> discord.Embed:
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
        "seconds": duration(post.seconds, sentences, job.locale),
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
    parts = _as_typed("prompt", "original", PROMPT_SHOWN, job, sentences)
    if job.params.get("negative"):
        parts += _as_typed("negative", "original_negative", NEGATIVE_SHOWN, job, sentences)
    if post.is_rehearsal:
        parts.append(sentences.text("post.rehearsal", job.locale))
    return "\n\n".join(parts)


def _as_typed(field: str, original: str, limit: int, job: Job, sentences: Sentences) -> list[str]:
    """What the person typed and, where the model read a translation of it, that too; `limit` for both."""
    read, typed = job.params.get(field), job.params.get(original)
    if not typed:
        return [quoted(f"post.{field}", read, limit, sentences, job.locale)]
    half = limit // 2
    return [
        quoted(f"post.{field}", typed, half, sentences, job.locale),
        quoted("post.translated", read, half, sentences, job.locale),
    ]


def _files(post: ImagePost, sentences: Sentences) -> tuple[PostFile, ...]:
    """The sheet first, then the single pictures."""
    job = post.job
    prompt = plain(str(job.params.get("original") or job.params.get("prompt", "")))
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
