"""The forms: behind the buttons 1-4 one picture's recipe, to be changed; behind "Answer" the next question.

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
from bot.services.ports import Adaptation
from generation.job import Job
from generation.params import PROMPT_LIMIT
from generation.text_params import TEXT_LIMIT

FIELDS = ("prompt", "negative", "guidance", "steps")
QUESTION = "question"
WORD = "word"
SHORT_LIMIT = 20
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
    typed = {str(part.get("custom_id")): str(part.get("value") or "") for part in _parts(data)}
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


def _parts(data: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The inputs of a submission, whether they lie in rows (`components`) or under labels (`component`)."""
    children = data.get("components") or []
    inner = data.get("component")
    for child in [*children, *([inner] if inner else [])]:
        if "value" in child:
            yield child
        yield from _parts(child)
