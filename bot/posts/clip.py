"""The post of a combined piece: its player, its subtitles, and everything that it was made of."""

from __future__ import annotations

import math
from typing import Final

import discord

from bot.buttons import clip_row
from bot.i18n import Sentences
from bot.posts.shared import (
    ALT_LIMIT,
    COLOUR,
    CONTENT_LIMIT,
    ComposedPost,
    Fill,
    PostFile,
    duration,
    fitting,
    footer_of,
    notices,
    quoted,
)
from bot.services.clip_ports import ClipPost
from bot.texts import cut, plain, shown

LINES_SHOWN: Final = 1500
SPOKEN_SHOWN: Final = 1000
ALT_SPOKEN: Final = 700
NAME_SHOWN: Final = 100


def compose_clip(
    post: ClipPost, sentences: Sentences, *, file_limit: int, fill: Fill = Fill.ALL, buttons: bool = True
) -> ComposedPost:
    """Files that do not fit are left out, and the message says so; the piece itself is what may be too large."""
    video, poster = _file(post, sentences, "video"), _file(post, sentences, "poster")
    words = [] if post.subtitles is None else [_file(post, sentences, "subtitles")]
    wanted = [video, poster, *words]
    files = fitting({Fill.ALL: wanted, Fill.SHEET: [poster], Fill.NOTHING: []}[fill], file_limit)
    job = post.job
    return ComposedPost(
        content=_content(post, sentences, left_out=len(wanted) - len(files)),
        embeds=(_embed(post, sentences, poster=poster if poster in files else None),),
        files=files,
        view=clip_row(sentences, job.id, job.locale, subtitled=bool(words)) if buttons else None,
    )


def _content(post: ClipPost, sentences: Sentences, *, left_out: int) -> str:
    locale = post.job.locale
    lines = [sentences.text("clip.made", locale)]
    said = [sentences.text(f"notice.{code}", locale) for code in post.notices]
    lines += dict.fromkeys([*said, *notices(post.job, sentences)])
    if left_out:
        lines.append(sentences.text("post.left_out", locale, n=left_out))
    return cut("\n".join(lines), CONTENT_LIMIT)


def _embed(post: ClipPost, sentences: Sentences, *, poster: PostFile | None) -> discord.Embed:
    job, locale, seen = post.job, post.job.locale, post.measured
    embed = discord.Embed(
        title=shown(post.lines[0], NAME_SHOWN),
        description="\n\n".join(_description(post, sentences)),
        colour=COLOUR,
    )
    labels = ["post.label", *(["speech.label"] if post.spoken else [])]
    embed.set_author(name=" · ".join(sentences.text(one, locale) for one in labels))
    facts = {
        "post.watched": sentences.text("post.duration", locale, seconds=round(seen.seconds, 1)),
        "post.size": f"{seen.width}×{seen.height}",
        "post.seconds": duration(post.seconds, sentences, locale),
    }
    if post.spoken:
        facts["clip.subtitles"] = sentences.text(f"clip.subtitles_{job.params.get('subtitles')}", locale)
    for key, value in facts.items():
        embed.add_field(name=sentences.text(key, locale), value=value, inline=True)
    embed.set_footer(text=footer_of(job.id, sentences, locale))
    if poster is not None:
        embed.set_thumbnail(url=f"attachment://{poster.name}")
    return embed


def _description(post: ClipPost, sentences: Sentences) -> list[str]:
    """Every model with its seeds; what is said, and with whose voice."""
    job, locale = post.job, post.job.locale
    made_of = "\n".join(f"- {shown(line, 300)}" for line in post.lines[1:])
    heading = sentences.text("clip.made_of", locale)
    parts = [f"**{heading}**\n{cut(made_of, LINES_SHOWN)}"]
    if post.spoken:
        parts.append(quoted("clip.spoken", post.spoken, SPOKEN_SHOWN, sentences, locale))
    if post.owner is not None:
        whose = f"<@{post.owner}>" if post.owner.isdigit() else shown(post.owner, NAME_SHOWN)
        until = f"<t:{math.floor(post.until or 0)}:f>"
        key = "speech.cloned" if post.owner else "speech.cloned_unnamed"
        parts.append(sentences.text(key, locale, owner=whose, until=until))
    if job.params.get("declaration"):
        said = sentences.text(f"declaration.{job.params['declaration']}", locale)
        parts.append(sentences.text("audio.declared", locale, said=said))
    return parts


def _file(post: ClipPost, sentences: Sentences, kind: str) -> PostFile:
    paths = {"video": post.video, "poster": post.poster, "subtitles": post.subtitles or post.video}
    told = "unspoken" if kind == "video" and not post.spoken else kind
    alt = sentences.text(
        f"clip.alt_{told}",
        post.job.locale,
        seconds=round(post.measured.seconds, 1),
        title=plain(post.lines[0]),
        text=cut(plain(post.spoken), ALT_SPOKEN),
    )
    path = paths[kind]
    return PostFile(path=path, name=f"atelier-{post.job.id}-{kind}{path.suffix}", alt=cut(alt, ALT_LIMIT))
