"""The post of a video: its player, a picture of it, and how it was made; and its pictures while one waits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import discord

from bot.buttons import video_row
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
from bot.services.ports import Status
from bot.services.video_ports import VideoPost, VideoStatus
from bot.texts import cut, plain, shown
from generation.job import Job

PROMPT_SHOWN: Final = 1000
LINE_SHOWN: Final = 200
KEYS_SHOWN: Final = 1500
PICTURES_LIMIT: Final = 2200
"""With the times before the prompts, and what is masked in them."""
ALT_PROMPT: Final = 700
SMALLER: Final = {"smaller_retry": "video_smaller"}
"""Where other media make fewer, a video gets smaller pictures."""


def compose_video(
    post: VideoPost, sentences: Sentences, *, file_limit: int, fill: Fill = Fill.ALL, buttons: bool = True
) -> ComposedPost:
    """Files that do not fit are left out, and the message says so; the video is what may be too large."""
    video, poster = _video(post, sentences), _poster(post, sentences)
    wanted = [video, poster]
    files = fitting({Fill.ALL: wanted, Fill.SHEET: [poster], Fill.NOTHING: []}[fill], file_limit)
    job = post.job
    return ComposedPost(
        content=_content(post, sentences, left_out=len(wanted) - len(files)),
        embeds=(_embed(post, sentences, poster=poster if poster in files else None),),
        files=files,
        view=video_row(sentences, job.id, job.locale, seeds=len(_seeds(job))) if buttons else None,
    )


def preview_files(job: Job, status: Status, sentences: Sentences) -> tuple[PostFile, ...]:
    """The first and the last picture, where the status has them."""
    if not isinstance(status, VideoStatus) or status.pictures is None:
        return ()
    return tuple(
        PostFile(
            path=path,
            name=f"atelier-{job.id}-{place}.png",
            alt=cut(sentences.text(f"video.alt_{place}", job.locale, prompt=_alt_prompt(prompt)), ALT_LIMIT),
        )
        for path, place, prompt in zip(status.pictures.value, ("first", "last"), _ends(job), strict=True)
    )


def _keys(job: Job) -> Sequence[Mapping[str, Any]]:
    keys: Sequence[Mapping[str, Any]] = job.params["keys"]
    return keys


def _seeds(job: Job) -> list[int]:
    """Each once, in the order in which they are seen."""
    return list(dict.fromkeys(int(key["seed"]) for key in _keys(job)))


def _ends(job: Job) -> tuple[str, str]:
    keys = _keys(job)
    return str(keys[0]["prompt"]), str(keys[-1]["prompt"])


def _kind(job: Job) -> str:
    """A walk from one picture to another, one to a song, or a script."""
    if job.params.get("song"):
        return "song"
    keys = _keys(job)
    is_walk = len(keys) == 2 and keys[-1]["frame"] == int(job.params["frames"]) - 1
    return "walk" if is_walk else "script"


def _content(post: VideoPost, sentences: Sentences, *, left_out: int) -> str:
    job, locale = post.job, post.job.locale
    seeds = _seeds(job)
    lines = [
        sentences.text("post.seeds", locale, n=len(seeds), seeds=" → ".join(f"`{seed}`" for seed in seeds))
    ]
    said = [sentences.text(f"notice.{code}", locale) for code in post.notices]
    lines += dict.fromkeys([*said, *notices(job, sentences, instead=SMALLER)])
    if left_out:
        lines.append(sentences.text("post.left_out", locale, n=left_out))
    return cut("\n".join(lines), CONTENT_LIMIT)


def _embed(post: VideoPost, sentences: Sentences, *, poster: PostFile | None) -> discord.Embed:
    job, params, locale = post.job, post.job.params, post.job.locale
    embed = discord.Embed(
        title=sentences.text(f"video.title_{_kind(job)}", locale),
        description="\n\n".join(_description(post, sentences)),
        colour=COLOUR,
    )
    embed.set_author(name=sentences.text("post.label", locale))
    seen = post.measured
    facts: dict[str, object] = {
        "model": shown(post.model_title, 200),
        "watched": sentences.text("post.duration", locale, seconds=round(seen.seconds, 1)),
        "frames": sentences.text("video.frames", locale, frames=seen.frames, fps=params.get("fps", "–")),
        "size": f"{seen.width}×{seen.height}",
        "steps": params.get("steps", "–"),
        "seconds": duration(post.seconds, sentences, locale),
    }
    for name, value in facts.items():
        embed.add_field(name=sentences.text(f"post.{name}", locale), value=str(value), inline=True)
    embed.set_footer(text=footer_of(job.id, sentences, locale))
    if poster is not None:
        embed.set_thumbnail(url=f"attachment://{poster.name}")
    return embed


def _description(post: VideoPost, sentences: Sentences) -> list[str]:
    job, params, locale = post.job, post.job.params, post.job.locale
    parts = []
    if params.get("original"):
        parts.append(quoted("post.prompt", params["original"], PROMPT_SHOWN, sentences, locale))
    key = "post.translated" if params.get("original") else "video.pictures"
    parts.append(_pictures(job, sentences, sentences.text(key, locale)))
    if post.motion == "travel":
        parts.append(sentences.text("video.says_travel", locale))
    if params.get("song"):
        parts.append(_song(str(params["song"]), sentences, locale))
    if params.get("declaration"):
        said = sentences.text(f"declaration.{params['declaration']}", locale)
        parts.append(sentences.text("audio.declared", locale, said=said))
    if post.is_rehearsal:
        parts.append(sentences.text("post.rehearsal", locale))
    return parts


def _song(song: str, sentences: Sentences, locale: str) -> str:
    """That it moves to music, and to which, where that was made here."""
    said = sentences.text("video.says_song", locale)
    piece, _, index = song.partition("/")
    if not index:
        return said
    which = sentences.text("video.says_piece", locale, job=piece, index=index)
    return f"{said} {which}"


def _pictures(job: Job, sentences: Sentences, heading: str) -> str:
    """Each key with the time at which it is reached; in tenths, because keys may stand close together."""
    lines, room = [f"**{heading}**"], KEYS_SHOWN
    for key in _keys(job):
        text = shown(str(key["prompt"]), min(LINE_SHOWN, room)) if room > 0 else "…"
        room -= len(text)
        seconds = round(int(key["frame"]) / int(job.params["fps"]), 1)
        lines.append(f"`{sentences.text('post.number', job.locale, number=seconds)} s` {text}")
    return cut("\n".join(lines), PICTURES_LIMIT)


def _alt_prompt(prompt: str) -> str:
    return cut(plain(prompt), ALT_PROMPT)


def _video(post: VideoPost, sentences: Sentences) -> PostFile:
    return _file(post, sentences, "video", post.video.suffix)


def _poster(post: VideoPost, sentences: Sentences) -> PostFile:
    return _file(post, sentences, "poster", ".png")


def _file(post: VideoPost, sentences: Sentences, kind: str, suffix: str) -> PostFile:
    job = post.job
    first, last = _ends(job)
    prompts = str(job.params.get("original") or (first if first == last else f"{first} → {last}"))
    alt = sentences.text(
        f"video.alt_{kind}",
        job.locale,
        seconds=round(post.measured.seconds, 1),
        prompt=_alt_prompt(prompts),
    )
    path = post.video if kind == "video" else post.poster
    return PostFile(path=path, name=f"atelier-{job.id}-{kind}{suffix}", alt=cut(alt, ALT_LIMIT))
