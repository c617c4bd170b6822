"""The forms: a picture's recipe to be changed, the next question, a word of one's own, a song, how music goes on.

Discord.py keeps forms in memory and loses them in a restart, so nothing waits here: the form is sent, and what
comes back is read from the submission itself.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from typing import Any

import discord

from bot.buttons import ButtonId
from bot.i18n import Sentences
from bot.services.audio_ports import ContinueRequest, MusicRequest
from bot.services.ports import Adaptation
from generation.errors import InvalidInput
from generation.job import Job
from generation.music_params import DEFAULT_MUSIC_SECONDS, LYRIC_LIMIT, MUSIC_SECONDS
from generation.params import COUNT_LIMIT, PROMPT_LIMIT
from generation.text_params import TEXT_LIMIT

FIELDS = ("prompt", "negative", "guidance", "steps")
QUESTION = "question"
WORD = "word"
SHORT_LIMIT = 20
SONG_SECONDS = 20
FURTHER_COUNT = 3
"""Continuations to choose from, unless somebody wants another number."""
TITLE_LIMIT = LABEL_LIMIT = 45


def adapt_form(job: Job, index: int, sentences: Sentences, locale: object) -> discord.ui.Modal:
    """Pre-filled with the recipe of picture `index`. Its id is new each time, because Discord compares ids."""
    form = discord.ui.Modal(
        title=sentences.text("form.title", locale, index=index)[:TITLE_LIMIT],
        custom_id=str(ButtonId(action="adapt", subject=job.id, index=index, nonce=secrets.token_hex(4))),
        timeout=None,
    )
    for field in FIELDS:
        form.add_item(_input(field, job.params, sentences, locale))
    form.stop()  # not kept by discord.py: see above
    return form


def _input(
    field: str, params: Mapping[str, Any], sentences: Sentences, locale: object
) -> discord.ui.TextInput[discord.ui.Modal]:
    long = field in {"prompt", "negative"}
    value = params.get(field, "")
    shown = sentences.text("post.number", locale, number=value)
    # a longer text than the limit is accepted here and answered with our own sentence
    limit = 4 * PROMPT_LIMIT if long else SHORT_LIMIT
    return discord.ui.TextInput(
        label=sentences.text(f"form.{field}", locale)[:LABEL_LIMIT],
        custom_id=field,
        style=discord.TextStyle.paragraph if long else discord.TextStyle.short,
        default=shown[:limit],
        required=field != "negative",
        max_length=limit,
    )


def read_form(data: Mapping[str, Any]) -> Adaptation:
    """What was typed; a field that is missing is empty, and the service says what is wrong with that."""
    typed = typed_in(data)
    return Adaptation(**{field: typed.get(field, "") for field in FIELDS})


def question_form(conversation: str, sentences: Sentences, locale: object) -> discord.ui.Modal:
    """An empty field for the next question of a conversation."""
    custom_id = ButtonId(action="answer", subject=conversation, index=1, nonce=secrets.token_hex(4))
    form = discord.ui.Modal(
        title=sentences.text("form.ask", locale)[:TITLE_LIMIT], custom_id=str(custom_id), timeout=None
    )
    question: discord.ui.TextInput[discord.ui.Modal] = discord.ui.TextInput(
        label=sentences.text("form.question", locale)[:LABEL_LIMIT],
        custom_id=QUESTION,
        style=discord.TextStyle.paragraph,
        max_length=TEXT_LIMIT,
    )
    form.add_item(question)
    form.stop()
    return form


def read_question(data: Mapping[str, Any]) -> str:
    """What was asked; "" for a submission without it, and the service says what is wrong with that."""
    asked = (str(part["value"] or "") for part in _parts(data) if part.get("custom_id") == QUESTION)
    return next(asked, "")


def word_form(job_id: str, sentences: Sentences, locale: object) -> discord.ui.Modal:
    """An empty field for a next word of one's own."""
    custom_id = ButtonId(action="voteword", subject=job_id, index=1, nonce=secrets.token_hex(4))
    form = discord.ui.Modal(
        title=sentences.text("form.vote", locale)[:TITLE_LIMIT], custom_id=str(custom_id), timeout=None
    )
    word: discord.ui.TextInput[discord.ui.Modal] = discord.ui.TextInput(
        label=sentences.text("form.word", locale)[:LABEL_LIMIT], custom_id=WORD, max_length=100
    )
    form.add_item(word)
    form.stop()
    return form


def read_word(data: Mapping[str, Any]) -> str:
    """What was typed; "" for a submission without it, and the service says what is wrong with that."""
    typed = (str(part["value"] or "") for part in _parts(data) if part.get("custom_id") == WORD)
    return next(typed, "")


def song_form(sentences: Sentences, locale: object) -> discord.ui.Modal:
    """An empty form for music with a lyric: a slash command's option holds a single line."""
    custom_id = ButtonId(action="song", subject="new", index=1, nonce=secrets.token_hex(4))
    form = discord.ui.Modal(
        title=sentences.text("form.song", locale)[:TITLE_LIMIT], custom_id=str(custom_id), timeout=None
    )
    hint = sentences.text("form.lyric_hint", locale)
    form.add_item(
        line_input("prompt", sentences, locale, label="form.music", limit=4 * PROMPT_LIMIT, long=True)
    )
    form.add_item(
        line_input(
            "lyric", sentences, locale, label="form.lyric", limit=2 * LYRIC_LIMIT, long=True, hint=hint
        )
    )
    seconds = str(SONG_SECONDS)
    form.add_item(line_input("seconds", sentences, locale, label="form.seconds", default=seconds))
    form.add_item(line_input("seed", sentences, locale, label="form.seed", required=False))
    form.stop()
    return form


def read_song(data: Mapping[str, Any]) -> MusicRequest:
    """What was typed. Raises InvalidInput seconds_invalid."""
    typed = typed_in(data)
    return MusicRequest(
        prompt=typed.get("prompt", ""),
        lyric=typed.get("lyric", ""),
        seconds=whole_number(typed.get("seconds", ""), "seconds_invalid", MUSIC_SECONDS),
        seed=typed.get("seed", "").strip() or None,
    )


def further_form(job: Job, index: int, sentences: Sentences, locale: object) -> discord.ui.Modal:
    """How take `index` goes on: its prompt, to be changed, new seconds, and how many continuations."""
    custom_id = ButtonId(action="further", subject=job.id, index=index, nonce=secrets.token_hex(4))
    form = discord.ui.Modal(
        title=sentences.text("form.further", locale, index=index)[:TITLE_LIMIT],
        custom_id=str(custom_id),
        timeout=None,
    )
    prompt = str(job.params.get("original") or job.params.get("prompt") or "")
    limit = 4 * PROMPT_LIMIT
    form.add_item(
        line_input("prompt", sentences, locale, label="form.music", limit=limit, long=True, default=prompt)
    )
    seconds, count = str(DEFAULT_MUSIC_SECONDS), str(FURTHER_COUNT)
    form.add_item(line_input("seconds", sentences, locale, label="form.further_seconds", default=seconds))
    form.add_item(line_input("count", sentences, locale, label="form.further_count", default=count))
    form.stop()
    return form


def read_further(data: Mapping[str, Any], job_id: str, index: int) -> ContinueRequest:
    """What was typed. Raises InvalidInput seconds_invalid or takes_invalid."""
    typed = typed_in(data)
    return ContinueRequest(
        job=job_id,
        index=index,
        prompt=typed.get("prompt", ""),
        seconds=whole_number(typed.get("seconds", ""), "seconds_invalid", MUSIC_SECONDS),
        count=whole_number(typed.get("count", ""), "takes_invalid", COUNT_LIMIT),
    )


def line_input(
    field: str,
    sentences: Sentences,
    locale: object,
    *,
    label: str,
    limit: int = SHORT_LIMIT,
    long: bool = False,
    default: str = "",
    required: bool = True,
    hint: str | None = None,
) -> discord.ui.TextInput[discord.ui.Modal]:
    """A field of a form, of one line unless `long`; `label` is the key of its sentence."""
    return discord.ui.TextInput(
        label=sentences.text(label, locale)[:LABEL_LIMIT],
        custom_id=field,
        style=discord.TextStyle.paragraph if long else discord.TextStyle.short,
        default=default[:limit],
        placeholder=hint,
        required=required,
        max_length=limit,
    )


def typed_in(data: Mapping[str, Any]) -> dict[str, str]:
    """What a submission says, by the ids of its fields."""
    return {str(part.get("custom_id")): str(part.get("value") or "") for part in _parts(data)}


def whole_number(text: str, code: str, high: int) -> int:
    """Raises InvalidInput `code` for what is none; whether it is too large is the service's affair."""
    try:
        return int(text.strip())
    except ValueError:
        raise InvalidInput(code, low=1, high=high) from None


def _parts(data: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The inputs of a submission, whether they lie in rows (`components`) or under labels (`component`)."""
    children = data.get("components") or []
    inner = data.get("component")
    for child in [*children, *([inner] if inner else [])]:
        if "value" in child:
            yield child
        yield from _parts(child)
