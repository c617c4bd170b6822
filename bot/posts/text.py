"""The post of a text: in the message while it fits, as a file beside its beginning when it does not."""

from __future__ import annotations

import discord

from bot.buttons import chat_row, text_row
from bot.i18n import Sentences
from bot.posts.shared import (
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
from bot.services.ports import TextPost
from bot.texts import cut, shown, split_sentences, written

PART_LIMIT = 2000
PARTS_SHOWN = 2
"""All embeds of a message share 6,000 characters; prompt, facts and footer need theirs."""
PROMPT_SHOWN = 900


def compose_text(
    post: TextPost, sentences: Sentences, *, file_limit: int, fill: Fill = Fill.ALL, buttons: bool = True
) -> ComposedPost:
    """The text in parts that end with a sentence; a longer one is attached whole."""
    parts = split_sentences(written(post.text), PART_LIMIT)
    wanted = (text_file(post, sentences),) if len(parts) > PARTS_SHOWN else ()
    files = fitting(wanted if fill is not Fill.NOTHING else (), file_limit)
    return ComposedPost(
        content=_content(post, sentences, attached=bool(files), left_out=len(wanted) - len(files)),
        embeds=_embeds(post, sentences, parts[:PARTS_SHOWN]),
        files=files,
        view=_view(post, sentences) if buttons else None,
    )


def _view(post: TextPost, sentences: Sentences) -> discord.ui.View | None:
    job = post.job
    if job.params.get("private"):
        return None  # once more would be for all to see
    if conversation := job.params.get("conversation"):
        return chat_row(sentences, str(conversation), job.locale)
    return text_row(sentences, job.id, job.locale)


def _content(post: TextPost, sentences: Sentences, *, attached: bool, left_out: int) -> str:
    locale = post.job.locale
    lines = [sentences.text("post.seeds", locale, n=1, seeds=f"`{post.job.seed}`")]
    said = [sentences.text(f"notice.{code}", locale) for code in post.notices]
    lines += dict.fromkeys([*said, *notices(post.job, sentences)])
    if attached:
        lines.append(sentences.text("post.text_attached", locale))
    if left_out:
        lines.append(sentences.text("post.left_out", locale, n=left_out))
    return cut("\n".join(lines), CONTENT_LIMIT)


def _embeds(post: TextPost, sentences: Sentences, parts: list[str]) -> tuple[discord.Embed, ...]:
    job, locale = post.job, post.job.locale
    preset = str(job.params.get("preset") or "answer")
    head = [quoted("post.prompt", job.params.get("prompt"), PROMPT_SHOWN, sentences, locale)]
    if post.is_rehearsal:
        head.append(sentences.text("post.text_rehearsal", locale))
    first = discord.Embed(
        title=sentences.text(f"preset.{preset}", locale), description="\n\n".join(head), colour=COLOUR
    )
    first.set_author(name=sentences.text("post.label", locale))
    answers = [discord.Embed(description=part, colour=COLOUR) for part in parts]
    last = answers[-1] if answers else first
    facts: dict[str, object] = {
        "model": shown(post.model_title, 200),
        "temperature": sentences.text("post.number", locale, number=float(job.params.get("temperature", 0))),
        "length": job.params.get("length", "–"),
        "seconds": duration(post.seconds, sentences, locale),
    }
    for name, value in facts.items():
        last.add_field(name=sentences.text(f"post.{name}", locale), value=str(value), inline=True)
    last.set_footer(text=footer_of(job.id, sentences, locale))
    return (first, *answers)


def text_file(post: TextPost, sentences: Sentences) -> PostFile:
    """The whole text, however much of it stands in the message."""
    alt = sentences.text("post.alt_text", post.job.locale)
    return PostFile(path=post.file, name=f"atelier-{post.job.id}-seed-{post.job.seed}.txt", alt=alt)
