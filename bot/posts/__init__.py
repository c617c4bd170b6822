"""What a message looks like: a job's status and its result. One file a medium."""

from __future__ import annotations

from bot.i18n import Sentences
from bot.posts.audio import compose_audio
from bot.posts.image import compose_image
from bot.posts.insight import compose_insight
from bot.posts.shared import ComposedPost, Fill
from bot.posts.speech import compose_speech
from bot.posts.text import compose_text
from bot.services.audio_ports import AudioPost
from bot.services.ports import ImagePost, InsightPost, Post, TextPost
from bot.services.speech_ports import SpeechPost


def compose_post(
    post: Post, sentences: Sentences, *, file_limit: int, fill: Fill = Fill.ALL, buttons: bool = True
) -> ComposedPost:
    """The finished result of any medium. Files that do not fit are left out, and the message says so."""
    if isinstance(post, ImagePost):
        return compose_image(post, sentences, file_limit=file_limit, fill=fill, buttons=buttons)
    if isinstance(post, TextPost):
        return compose_text(post, sentences, file_limit=file_limit, fill=fill, buttons=buttons)
    if isinstance(post, InsightPost):
        return compose_insight(post, sentences, file_limit=file_limit, fill=fill, buttons=buttons)
    if isinstance(post, AudioPost):
        return compose_audio(post, sentences, file_limit=file_limit, fill=fill, buttons=buttons)
    if isinstance(post, SpeechPost):
        return compose_speech(post, sentences, file_limit=file_limit, fill=fill, buttons=buttons)
    raise TypeError(f"no post looks like a {type(post).__name__}")
