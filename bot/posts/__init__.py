"""What a message looks like: a job's status and its result. One file a medium."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

import discord

from bot.buttons import free_row, gallery_button
from bot.i18n import Sentences
from bot.posts.audio import compose_audio
from bot.posts.care import with_report
from bot.posts.clip import compose_clip
from bot.posts.image import compose_image
from bot.posts.insight import compose_insight
from bot.posts.shared import ComposedPost, Fill
from bot.posts.speech import compose_speech
from bot.posts.text import compose_text
from bot.posts.video import compose_video
from bot.services.audio_ports import AudioPost
from bot.services.clip_ports import ClipPost
from bot.services.ports import ImagePost, InsightPost, Post, TextPost
from bot.services.speech_ports import SpeechPost
from bot.services.video_ports import VideoPost
from generation.job import Job

_LOOKS: Final[Mapping[type[Post], Callable[..., ComposedPost]]] = {
    ImagePost: compose_image,
    TextPost: compose_text,
    InsightPost: compose_insight,
    AudioPost: compose_audio,
    SpeechPost: compose_speech,
    VideoPost: compose_video,
    ClipPost: compose_clip,
}


def compose_post(
    post: Post, sentences: Sentences, *, file_limit: int, fill: Fill = Fill.ALL, buttons: bool = True
) -> ComposedPost:
    """The finished result of any medium. Files that do not fit are left out, and the message says so."""
    compose = _LOOKS.get(type(post))
    if compose is None:
        raise TypeError(f"no post looks like a {type(post).__name__}")
    made = compose(post, sentences, file_limit=file_limit, fill=fill, buttons=buttons)
    if not buttons:
        return made
    view = _with_gallery(made.view, post.job, sentences)
    if not post.job.params.get("private"):  # what one person alone sees nobody else reports
        view = with_report(view, post.job.id, sentences, post.job.locale)
    return replace(made, view=view)


def _with_gallery(view: discord.ui.View | None, job: Job, sentences: Sentences) -> discord.ui.View | None:
    """Where it can be sent in; an answer in a chat is no work, nor is an explanation that one person asked for."""
    if job.params.get("conversation") or job.params.get("private"):
        return view
    view = discord.ui.View(timeout=None) if view is None else view
    view.stop()
    return view.add_item(gallery_button(sentences, job.id, job.locale, row=free_row(view)))
