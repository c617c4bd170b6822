"""The post of a spoken sentence, and what stands in the list of voices, moods and qualities before one is chosen."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

import discord

from bot.buttons import speech_rows
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
from bot.services.speech_ports import LanguageOffer, OfferedVoice, SpeechPost
from bot.texts import cut, plain, shown
from generation.errors import NotFound

TEXT_SHOWN: Final = 1000
NAME_SHOWN: Final = 100
_FRAME: Final = ("```\n", "\n```")
_HOUR, _DAY = 3600.0, 24 * 3600.0


def compose_speech(
    post: SpeechPost, sentences: Sentences, *, file_limit: int, fill: Fill = Fill.ALL, buttons: bool = True
) -> ComposedPost:
    """Files that do not fit are left out, and the message says so; the picture goes first."""
    picture, player = _picture(post, sentences), _player(post, sentences)
    offered = {Fill.ALL: (picture, player), Fill.SHEET: (player,), Fill.NOTHING: ()}
    files = fitting(offered[fill], file_limit)
    return ComposedPost(
        content=_content(post, sentences, left_out=2 - len(files)),
        embeds=(_embed(post, sentences, picture=picture if picture in files else None),),
        files=files,
        view=speech_rows(sentences, post.job.id, post.job.locale) if buttons else None,
    )


def _content(post: SpeechPost, sentences: Sentences, *, left_out: int) -> str:
    locale = post.job.locale
    lines = [sentences.text("post.seeds", locale, n=1, seeds=f"`{post.seed}`")]
    said = [sentences.text(f"notice.{code}", locale) for code in post.notices]
    lines += dict.fromkeys([*said, *notices(post.job, sentences)])
    if left_out:
        lines.append(sentences.text("post.left_out", locale, n=left_out))
    return cut("\n".join(lines), CONTENT_LIMIT)


def _embed(post: SpeechPost, sentences: Sentences, *, picture: PostFile | None) -> discord.Embed:
    job, locale = post.job, post.job.locale
    words = quoted("speech.text", job.params.get("text"), TEXT_SHOWN, sentences, locale)
    embed = discord.Embed(
        title=sentences.text("speech.title_cloned" if post.cloned else "speech.title", locale),
        description="\n\n".join([words, _origin(post, sentences), *_rehearsal(post, sentences)]),
        colour=COLOUR,
    )
    embed.set_author(name=sentences.text("speech.label", locale))
    facts: dict[str, str] = {
        "post.model": shown(post.model_title, 200),
        "speech.voice": _voice_name(post, sentences),
        "speech.emotion": emotion_name(str(job.params.get("emotion")), sentences, locale),
    }
    if post.cloned:
        facts["speech.quality"] = quality_name(str(job.params.get("quality")), sentences, locale)
    facts["post.heard"] = duration(post.length, sentences, locale)
    facts["post.seconds"] = duration(post.seconds, sentences, locale)
    for key, value in facts.items():
        embed.add_field(name=sentences.text(key, locale), value=value, inline=True)
    embed.set_footer(text=footer_of(job.id, sentences, locale))
    if picture is not None:
        embed.set_image(url=f"attachment://{picture.name}")
    return embed


def _origin(post: SpeechPost, sentences: Sentences) -> str:
    """Whose voice that is, and until when it may be used; of nobody's, where its model has it from."""
    owner, locale = post.owner or "", post.job.locale
    if not post.cloned:
        return cut(post.about or sentences.text("speech.of_nobody", locale), TEXT_SHOWN)
    whose = f"<@{owner}>" if owner.isdigit() else shown(owner, NAME_SHOWN)
    until = f"<t:{math.floor(post.until or 0)}:f>"
    key = "speech.cloned" if owner else "speech.cloned_unnamed"
    return sentences.text(key, locale, owner=whose, until=until)


def _rehearsal(post: SpeechPost, sentences: Sentences) -> list[str]:
    return [sentences.text("speech.rehearsal", post.job.locale)] if post.is_rehearsal else []


def _voice_name(post: SpeechPost, sentences: Sentences) -> str:
    if post.cloned:
        return shown(post.voice_name, NAME_SHOWN) or "–"
    return speaker_name(post.voice_name, sentences, post.job.locale)


def _stem(post: SpeechPost) -> str:
    return f"atelier-{post.job.id}"


def _picture(post: SpeechPost, sentences: Sentences) -> PostFile:
    alt = sentences.text("speech.alt_wave", post.job.locale, text=_alt_text(post))
    return PostFile(path=post.picture, name=f"{_stem(post)}-wave.png", alt=cut(alt, ALT_LIMIT))


def _player(post: SpeechPost, sentences: Sentences) -> PostFile:
    alt = sentences.text(
        "speech.alt_sound",
        post.job.locale,
        seed=post.seed,
        seconds=round(post.length, 1),
        text=_alt_text(post),
    )
    name = f"{_stem(post)}-seed-{post.seed}{post.file.suffix}"
    return PostFile(path=post.file, name=name, alt=cut(alt, ALT_LIMIT))


def _alt_text(post: SpeechPost) -> str:
    return plain(str(post.job.params.get("text", "")))


# -- names, as they are offered and shown --


def emotion_name(emotion: str, sentences: Sentences, locale: object) -> str:
    return _named(f"speech.emotion_{emotion}", emotion, sentences, locale)


def quality_name(quality: str, sentences: Sentences, locale: object) -> str:
    return _named(f"speech.quality_{quality}", quality, sentences, locale)


def read_shown(typed: str | None, names: Mapping[str, str]) -> str | None:
    """What was typed; where it is one of the names in the list, its value: nobody has to choose it there."""
    wanted = (typed or "").strip().casefold()
    return next((value for value, name in names.items() if wanted == name.casefold()), typed)


def speaker_name(speaker: str, sentences: Sentences, locale: object) -> str:
    """One of nobody's voices; a speaker that no sentence knows keeps its own name."""
    name = speaker or "standard"
    return _named(f"speech.speaker_{name}", name, sentences, locale)


def _named(key: str, name: str, sentences: Sentences, locale: object) -> str:
    return sentences.text(key, locale) if sentences.has(key) else shown(name, NAME_SHOWN) or "–"


def voice_choice(
    voice: OfferedVoice, person_id: str, now: float, sentences: Sentences, locale: object
) -> str:
    """A line of the list: nobody's voice, one of nobody's speakers, or whose voice and how long it may be used."""
    if voice.owner is None and not voice.title:
        return sentences.text("speech.choice_nobody", locale)
    if voice.owner is None:
        speaker = speaker_name(voice.speaker, sentences, locale)
        return sentences.text("speech.choice_speaker", locale, model=voice.title, speaker=speaker)
    key = "speech.choice_own" if voice.owner == person_id else "speech.choice_other"
    name = plain(cut(voice.title, NAME_SHOWN))
    return sentences.text(key, locale, name=name, left=_left((voice.until or now) - now, sentences, locale))


def quality_choice(
    quality: str, seconds: float | None, sentences: Sentences, locale: object, *, same: bool = False
) -> str:
    """What it costs, measured on this machine, before somebody chooses it. `same`: this voice has one quality only."""
    name = quality_name(quality, sentences, locale)
    if seconds is None:
        time = sentences.text("speech.unmeasured", locale)
    else:
        time = sentences.text("speech.about", locale, seconds=max(1, round(seconds)))
    return sentences.text(
        "speech.choice_same" if same else "speech.choice_quality", locale, quality=name, time=time
    )


def _left(seconds: float, sentences: Sentences, locale: object) -> str:
    if seconds < 2 * _HOUR:
        return sentences.text("speech.left_minutes", locale, count=max(1, math.floor(seconds / 60)))
    if seconds < 2 * _DAY:
        return sentences.text("speech.left_hours", locale, count=math.floor(seconds / _HOUR))
    return sentences.text("speech.left_days", locale, count=math.floor(seconds / _DAY))


# -- the offer to speak it in its own language --


def offer_text(offer: LanguageOffer, sentences: Sentences, locale: object) -> str:
    said = sentences.text(f"speech.offer_{offer.language}", locale, model=shown(offer.model, NAME_SHOWN))
    start, end = _FRAME
    # a person may type what ends the frame
    return f"{said}\n{start}{offer.text.replace('`', chr(39))}{end}"


def offered_text(message: discord.Message | None) -> str:
    """The text in a message made by `offer_text`. Raises NotFound button_unknown."""
    start, end = _FRAME
    content = "" if message is None else message.content
    _, opened, rest = content.partition(start)
    text, closed, after = rest.partition(end)
    if not opened or not closed or after or not text:
        raise NotFound("button_unknown")
    return text
