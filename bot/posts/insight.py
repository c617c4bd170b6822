"""The posts that let people see inside a language model: bars of next words, tokens, surprising words, a vote."""

from __future__ import annotations

from collections.abc import Sequence

import discord

from bot.buttons import next_word_rows, vote_rows
from bot.i18n import Sentences
from bot.posts.shared import (
    ALT_LIMIT,
    COLOUR,
    CONTENT_LIMIT,
    ComposedPost,
    Fill,
    PostArchive,
    PostFile,
    duration,
    fitting,
    footer_of,
    notices,
)
from bot.services.insight import next_temperature, votes_of
from bot.services.insight_data import (
    HIDDEN,
    NextWord,
    Surprise,
    Tokens,
    candidates,
    hides,
    most_surprising,
    readable,
)
from bot.services.insight_drawing import expected, model_percents
from bot.services.ports import InsightPost
from bot.texts import cut, plain, shown
from generation.job import Job

TEXT_SHOWN, RUN_SHOWN = 1500, 500
LABEL_SHOWN = 60


def compose_insight(
    post: InsightPost, sentences: Sentences, *, file_limit: int, fill: Fill = Fill.ALL, buttons: bool = True
) -> ComposedPost:
    wanted = _files(post, sentences) if fill is not Fill.NOTHING else ()
    files = fitting(wanted, file_limit)
    return ComposedPost(
        content=_content(post, sentences, left_out=post.picture is not None and not files),
        embeds=(_embed(post, sentences, files),),
        files=files,
        view=_view(post, sentences) if buttons else None,
    )


def vote_count(number: int, sentences: Sentences, locale: str) -> str:
    """What stands above a vote; a press writes it anew."""
    return sentences.text("insight.nobody_voted" if number == 0 else "insight.voted", locale, n=number)


def _content(post: InsightPost, sentences: Sentences, *, left_out: bool) -> str:
    job, lines = post.job, []
    if job.params.get("vote"):
        lines.append(vote_count(0, sentences, job.locale))
    if job.params.get("run"):
        lines.append(sentences.text("post.seeds", job.locale, n=1, seeds=f"`{job.seed}`"))
    said = [sentences.text(f"notice.{code}", job.locale) for code in post.notices]
    lines += dict.fromkeys([*said, *notices(job, sentences)])
    if left_out:
        lines.append(sentences.text("post.left_out", job.locale, n=1))
    return cut("\n".join(lines), CONTENT_LIMIT)


def _embed(post: InsightPost, sentences: Sentences, files: Sequence[PostFile | PostArchive]) -> discord.Embed:
    job = post.job
    parts = [*_description(post, sentences)]
    if hides(post.insight):
        parts.append(sentences.text("insight.hidden", job.locale))
    if post.is_rehearsal:
        parts.append(sentences.text("insight.rehearsal", job.locale))
    embed = discord.Embed(
        title=sentences.text(f"insight.title_{_kind(job)}", job.locale),
        description="\n\n".join(parts),
        colour=COLOUR,
    )
    embed.set_author(name=sentences.text("post.label", job.locale))
    facts: dict[str, object] = {"model": shown(post.model_title, 200)}
    if "temperature" in job.params:
        facts["temperature"] = sentences.text(
            "post.number", job.locale, number=float(job.params["temperature"])
        )
    facts["seconds"] = duration(post.seconds, sentences, job.locale)
    for name, value in facts.items():
        embed.add_field(name=sentences.text(f"post.{name}", job.locale), value=str(value), inline=True)
    embed.set_footer(text=footer_of(job.id, sentences, job.locale))
    if files:
        embed.set_image(url=f"attachment://{files[0].name}")
    return embed


def _kind(job: Job) -> str:
    """Which title and which explanation."""
    if job.medium != "next_word":
        return job.medium
    if job.params.get("vote"):
        return "vote"
    return "next_word" if votes_of(job) is None else "resolved"


def _description(post: InsightPost, sentences: Sentences) -> list[str]:
    job, found = post.job, post.insight
    explained = sentences.text(f"insight.says_{_kind(job)}", job.locale)
    if isinstance(found, Tokens):
        if any(not piece.text for pieces in found.texts for piece in pieces):
            explained += " " + sentences.text("insight.part", job.locale)
        return [*_counts(job, found, sentences), explained]
    if isinstance(found, Surprise):
        told = [
            expected(found.words[place], sentences.text, job.locale) for place in most_surprising(found.words)
        ]
        return [explained, *(["\n".join(shown(line, 300) for line in told)] if told else [])]
    parts = [_text_so_far(job, found)]
    if _kind(job) != "next_word" or job.parent is None:
        parts.append(explained)  # said once: who goes on by a press has just read it
    if found.book is not None:
        ending = shown(readable(found.book.ending), 200)
        key = "insight.looked_up" if found.book.own else "insight.looked_up_in_ours"
        parts.append(
            sentences.text(key, job.locale, ending=ending, n=found.book.occurrences, words=found.book.words)
        )
    return parts


def _text_so_far(job: Job, found: NextWord) -> str:
    """The end of the text; what the model has written by itself is bold."""
    typed = str(job.params["text"])
    written = found.text[len(typed) :] if found.text.startswith(typed) else ""
    head = readable(found.text[: len(found.text) - len(written)])
    if len(head) > TEXT_SHOWN:
        head = "…" + head[-TEXT_SHOWN:]
    tail = shown(readable(written).strip(), RUN_SHOWN)
    return f"{shown(head, TEXT_SHOWN * 3 // 2)} {f'**{tail}**' if tail else ''}".rstrip() + " …"


def _counts(job: Job, found: Tokens, sentences: Sentences) -> list[str]:
    lines = []
    for place, (text, pieces) in enumerate(zip(job.params["texts"], found.texts, strict=True)):
        key = "insight.counts" if len(found.texts) == 1 else f"insight.counts_{place}"
        counted = {"tokens": len(pieces), "chars": len(text), "words": len(text.split())}
        values = {
            name: sentences.text(f"insight.count_{name}", job.locale, n=number)
            for name, number in counted.items()
        }
        lines.append(sentences.text(key, job.locale, **values))
    quoted = [f"> {shown(text, 500)}" for text in job.params["texts"]]
    return ["\n".join(quoted), "\n".join(lines)]


def _view(post: InsightPost, sentences: Sentences) -> discord.ui.View | None:
    job, found = post.job, post.insight
    if not isinstance(found, NextWord) or job.medium != "next_word":
        return None
    if job.params.get("vote"):
        words = [cut(plain(readable(word.strip(" "))), LABEL_SHOWN) for word in candidates(found)]
        return vote_rows(sentences, job.id, job.locale, words)
    printed = model_percents(found, job.locale)
    choices = [
        (place, f"{_piece(choice.text or '')} · {shown_percent}")
        for place, (choice, shown_percent) in enumerate(zip(found.choices, printed, strict=False), 1)
        if choice.can_follow
    ]
    now = float(job.params["temperature"])
    steps = (next_temperature(now, up=False), next_temperature(now, up=True))
    return next_word_rows(sentences, job.id, job.locale, choices, steps)


def _piece(text: str) -> str:
    """A piece of text for a label, its spaces visible at the ends."""
    inner = readable(text.strip(" "))
    left, right = len(text) - len(text.lstrip(" ")), len(text) - len(text.rstrip(" "))
    if not inner:
        return "␣" * len(text)
    return cut("␣" * left + plain(inner) + "␣" * right, LABEL_SHOWN)


def _files(post: InsightPost, sentences: Sentences) -> tuple[PostFile, ...]:
    if post.picture is None:
        return ()
    name = f"atelier-{post.job.id}-{post.job.medium.replace('_', '-')}.png"
    return (PostFile(path=post.picture, name=name, alt=cut(_alt(post, sentences), ALT_LIMIT)),)


def _alt(post: InsightPost, sentences: Sentences) -> str:
    """The picture in words, so that nobody has to see it."""
    job, found = post.job, post.insight
    if isinstance(found, Tokens):
        columns = [" | ".join(readable(piece.text) for piece in pieces) for pieces in found.texts]
        return sentences.text("insight.alt_tokens", job.locale, tokens=plain(" || ".join(columns)))
    if isinstance(found, Surprise):
        words = [
            f"{readable(word.text.strip(' '))} ({_bits(word.bits, sentences, job)})" for word in found.words
        ]
        return sentences.text("insight.alt_words", job.locale, words=plain(", ".join(words)))
    return sentences.text(
        "insight.alt_bars",
        job.locale,
        bars=plain(_listed(job, found, sentences)),
        text=plain(found.text[-200:]),
    )


def _listed(job: Job, found: NextWord, sentences: Sentences) -> str:
    names = [
        HIDDEN if choice.text is None else _piece(choice.text) or sentences.text("insight.end", job.locale)
        for choice in found.choices
    ]
    names.append(sentences.text("insight.rest", job.locale))
    model = ", ".join(
        f"{name} {percent}" for name, percent in zip(names, model_percents(found, job.locale), strict=True)
    )
    votes = votes_of(job)
    if votes is None and found.book is None:
        return model
    first, pairs = "insight.class", list((votes or {}).items())
    if found.book is not None:
        first, pairs = "insight.book", list(found.book.followers)
    counted = ", ".join(f"{readable(word)} {number}" for word, number in pairs) or "–"
    sides = [sentences.text(key, job.locale) for key in (first, "insight.model")]
    return f"{sides[0]}: {counted}. {sides[1]}: {model}"


def _bits(bits: float | None, sentences: Sentences, job: Job) -> str:
    return "–" if bits is None else sentences.text("insight.bits", job.locale, bits=round(bits, 1))
