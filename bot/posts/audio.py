"""The post of music, sounds and notes: players, a picture of them, and how they were made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import discord

from bot.buttons import audio_rows, notes_row
from bot.i18n import Sentences
from bot.posts.shared import (
    ALT_LIMIT,
    COLOUR,
    CONTENT_LIMIT,
    FILE_COUNT_LIMIT,
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
from bot.services.audio_ports import AudioPost, Piece
from bot.services.music import LONGER_S
from bot.texts import cut, plain, shown
from generation.job import Job
from generation.music_params import MUSIC_SECONDS

PROMPT_SHOWN: Final = 1000
LYRIC_SHOWN: Final = 1400
SECTION_SHOWN: Final = 200
ALT_PROMPT: Final = 700


def compose_audio(
    post: AudioPost, sentences: Sentences, *, file_limit: int, fill: Fill = Fill.ALL, buttons: bool = True
) -> ComposedPost:
    """Files that do not fit are left out, and the message says so; of many the first piece is the last to go."""
    picture, players, notes = _picture(post, sentences), _players(post, sentences), _notes(post, sentences)
    wanted: list[PostFile | PostArchive] = [picture, *players, *notes]
    offered: Mapping[Fill, Sequence[PostFile | PostArchive]]
    offered = {Fill.ALL: wanted, Fill.SHEET: players[:1], Fill.NOTHING: ()}
    files = fitting(offered[fill], file_limit)
    return ComposedPost(
        content=_content(post, sentences, left_out=len(wanted) - len(files)),
        embeds=(_embed(post, sentences, picture=picture if picture in files else None),),
        files=files,
        view=_view(post, sentences) if buttons else None,
    )


def _view(post: AudioPost, sentences: Sentences) -> discord.ui.View:
    job, takes = post.job, len(post.pieces)
    if job.medium == "notes":
        return notes_row(sentences, job.id, job.locale, takes)
    is_music = job.medium == "music"
    can_grow = is_music and int(job.params.get("seconds", MUSIC_SECONDS)) < MUSIC_SECONDS
    return audio_rows(
        sentences, job.id, job.locale, takes, longer=LONGER_S if can_grow else None, further=is_music
    )


def _content(post: AudioPost, sentences: Sentences, *, left_out: int) -> str:
    locale = post.job.locale
    seeds = " · ".join(f"`{piece.seed}`" for piece in post.pieces)
    lines = [sentences.text("post.seeds", locale, n=len(post.pieces), seeds=seeds)]
    said = [sentences.text(f"notice.{code}", locale) for code in post.notices]
    lines += dict.fromkeys([*said, *notices(post.job, sentences)])
    if left_out:
        lines.append(sentences.text("post.left_out", locale, n=left_out))
    return cut("\n".join(lines), CONTENT_LIMIT)


def _embed(post: AudioPost, sentences: Sentences, *, picture: PostFile | None) -> discord.Embed:
    job, locale = post.job, post.job.locale
    embed = discord.Embed(
        title=sentences.text(f"audio.title_{_kind(job)}", locale, n=len(post.pieces)),
        description="\n\n".join(_description(post, sentences)),
        colour=COLOUR,
    )
    embed.set_author(name=sentences.text("post.label", locale))
    facts: dict[str, object] = {
        "model": shown(post.model_title, 200),
        "heard": _lengths(post, sentences),
    }
    if job.medium == "notes":
        facts["length"] = job.params.get("tokens", "–")
        number = float(job.params.get("temperature", 0))
        facts["temperature"] = sentences.text("post.number", locale, number=number)
    facts["seconds"] = duration(post.seconds, sentences, locale)
    for name, value in facts.items():
        embed.add_field(name=sentences.text(f"post.{name}", locale), value=str(value), inline=True)
    embed.set_footer(text=footer_of(job.id, sentences, locale))
    if picture is not None:
        embed.set_image(url=f"attachment://{picture.name}")
    return embed


def _kind(job: Job) -> str:
    """Which title: a continuation is a piece of its own kind."""
    continued = job.params.get("prior") if job.medium == "music" else job.params.get("melody")
    if job.medium in ("music", "notes") and continued:
        return f"{job.medium}_further"
    return job.medium


def _description(post: AudioPost, sentences: Sentences) -> list[str]:
    job, params, locale = post.job, post.job.params, post.job.locale
    parts = _prompt(job, sentences)
    if params.get("sections"):
        parts.append(_lyric(params["sections"], sentences, locale))
    if job.medium == "music" and params.get("melody"):
        parts.append(sentences.text("audio.follows", locale))
    if _kind(job).endswith("_further"):
        parts.append(sentences.text(f"audio.says_{_kind(job)}", locale))
    if params.get("declaration"):
        said = sentences.text(f"declaration.{params['declaration']}", locale)
        parts.append(sentences.text("audio.declared", locale, said=said))
    if post.is_rehearsal:
        parts.append(sentences.text(f"audio.rehearsal_{job.medium}", locale))
    return parts


def _prompt(job: Job, sentences: Sentences) -> list[str]:
    """What the person typed and, where the model read a translation of it, that too. Notes may have none."""
    key = "post.title_typed" if job.medium == "notes" else "post.prompt"
    read, typed = job.params.get("prompt"), job.params.get("original")
    if typed:
        half = PROMPT_SHOWN // 2
        return [
            quoted(key, typed, half, sentences, job.locale),
            quoted("post.translated", read, half, sentences, job.locale),
        ]
    return [quoted(key, read, PROMPT_SHOWN, sentences, job.locale)] if read else []


def _lyric(sections: Sequence[Any], sentences: Sentences, locale: str) -> str:
    """Each section with the time at which it begins. The text is shown, not sung: see the notice no_singing."""
    heading = sentences.text("audio.sections", locale)
    lines = [f"**{heading}**"]
    start, room = 0, LYRIC_SHOWN
    for section in sections:
        words = str(section["text"]).replace("\n", " / ")
        text = shown(words, min(SECTION_SHOWN, room)) if room > 0 else ""
        room -= len(text)
        mark = sentences.text(f"drawn.section_{section['mark']}", locale)
        lines.append(f"`{_clock(start)}` **{mark}** {text}".rstrip())
        start += int(section["seconds"])
    return cut("\n".join(lines), 2 * LYRIC_SHOWN)


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"


def _lengths(post: AudioPost, sentences: Sentences) -> str:
    """How long each piece is to be heard, in their order; said once where all are alike."""
    each = [
        sentences.text("post.duration", post.job.locale, seconds=round(one.seconds, 1)) for one in post.pieces
    ]
    return " · ".join(each if len(set(each)) > 1 else each[:1]) or "–"


def _alt_prompt(job: Job, sentences: Sentences) -> str:
    """Notes that go on from a melody may have no words at all."""
    written = job.params.get("original") or job.params.get("prompt")
    return cut(plain(str(written or sentences.text("drawn.untitled", job.locale))), ALT_PROMPT)


def _picture(post: AudioPost, sentences: Sentences) -> PostFile:
    job = post.job
    kind = "roll" if job.medium == "notes" else "waves"
    alt = sentences.text(
        f"audio.alt_{kind}", job.locale, n=len(post.pieces), prompt=_alt_prompt(job, sentences)
    )
    return PostFile(path=post.picture, name=f"atelier-{job.id}-{kind}.png", alt=cut(alt, ALT_LIMIT))


def _players(post: AudioPost, sentences: Sentences) -> list[PostFile]:
    return [
        PostFile(
            path=piece.file,
            name=f"{_stem(post.job, piece)}{piece.file.suffix}",
            alt=_alt_piece(post.job, piece, sentences),
        )
        for piece in post.pieces
    ]


def _notes(post: AudioPost, sentences: Sentences) -> list[PostFile | PostArchive]:
    """The .mid files, together in one .zip where the message has no place for each."""
    single = [
        PostFile(
            path=piece.midi, name=f"{_stem(post.job, piece)}.mid", alt=_alt_piece(post.job, piece, sentences)
        )
        for piece in post.pieces
        if piece.midi is not None
    ]
    if 1 + len(post.pieces) + len(single) <= FILE_COUNT_LIMIT:
        return list(single)
    alt = sentences.text("audio.alt_zip", post.job.locale, n=len(single))
    return [PostArchive(files=tuple(single), name=f"atelier-{post.job.id}-midi.zip", alt=alt)]


def _stem(job: Job, piece: Piece) -> str:
    return f"atelier-{job.id}-{piece.index}-seed-{piece.seed}"


def _alt_piece(job: Job, piece: Piece, sentences: Sentences) -> str:
    alt = sentences.text(
        "audio.alt_notes" if job.medium == "notes" else "audio.alt_piece",
        job.locale,
        index=piece.index,
        seed=piece.seed,
        seconds=round(piece.seconds, 1),
        prompt=_alt_prompt(job, sentences),
    )
    return cut(alt, ALT_LIMIT)
