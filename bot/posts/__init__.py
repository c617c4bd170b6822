"""What a message looks like: a job's status and its result. One file a medium."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

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
    if not buttons or post.job.params.get("private"):  # what one person alone sees nobody else reports
        return made
    return replace(made, view=with_report(made.view, post.job.id, sentences, post.job.locale))
