"""The buttons under a message: their ids and rows. What a press does is in `views.py`.

An id says all that is needed, `ka:<action>:<job or number>[:<picture>[:<nonce>]]`, so that a button works as long
as its message stands, also after a restart of the bot. Whatever arrives as an id may be forged: the services look
the job up and decide.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import discord

from bot.i18n import Sentences
from bot.services.speech_ports import LanguageOffer
from generation.music_params import DECLARATIONS
from generation.speech_params import EMOTIONS

_ID = re.compile(
    r"ka:(?P<action>[a-z]{1,12}):(?P<subject>[0-9a-z]{1,20})"
    r"(?::(?P<index>[1-9][0-9]?)(?::(?P<nonce>[0-9a-z]{1,20}))?)?"
)

ROWS, IN_A_ROW = 5, 5
"""Of buttons under a message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ButtonId:
    """A component's or a form's id. `subject`: a job's or a conversation's id, or an example's number."""

    action: str
    subject: str
    index: int | None = None
    nonce: str | None = None

    def __str__(self) -> str:
        parts = ["ka", self.action, self.subject]
        parts += [str(part) for part in (self.index, self.nonce) if part is not None]
        return ":".join(parts)

    @classmethod
    def read(cls, custom_id: str) -> ButtonId | None:
        """None for anything that is not one of ours."""
        match = _ID.fullmatch(custom_id)
        if match is None:
            return None
        index = match["index"]
        return cls(
            action=match["action"],
            subject=match["subject"],
            index=None if index is None else int(index),
            nonce=match["nonce"],
        )


def cancel_row(sentences: Sentences, job_id: str, locale: str) -> discord.ui.View:
    return _view([_button("cancel", job_id, sentences.text("button.cancel", locale), row=0, emoji="✋")])


def result_rows(sentences: Sentences, job_id: str, locale: str, pictures: Iterable[int]) -> discord.ui.View:
    """Row 1: the pictures that can be adapted. Row 2: once more."""
    buttons = [
        _button("adapt", job_id, str(index), row=0, index=index, style=discord.ButtonStyle.primary)
        for index in pictures
    ]
    buttons.append(_button("again", job_id, sentences.text("button.again", locale), row=1, emoji="🔁"))
    buttons.append(_button("seeds", job_id, sentences.text("button.seeds", locale), row=1, emoji="🎲"))
    return _view(buttons)


def text_row(sentences: Sentences, job_id: str, locale: str) -> discord.ui.View:
    """Under a text: once more, or once more with another seed."""
    same, other = sentences.text("button.again", locale), sentences.text("button.seed", locale)
    return _view(
        [
            _button("textagain", job_id, same, row=0, emoji="🔁"),
            _button("textseed", job_id, other, row=0, emoji="🎲"),
        ]
    )


def audio_rows(
    sentences: Sentences,
    job_id: str,
    locale: str,
    takes: int,
    *,
    longer: int | None = None,
    further: bool = False,
) -> discord.ui.View:
    """Under music and sounds. Row 1: once more, another seed, `longer` seconds more. Row 2: which take to continue."""
    seed = "button.seed" if takes == 1 else "button.seeds"
    buttons = [
        _button("audioagain", job_id, sentences.text("button.again", locale), row=0, emoji="🔁"),
        _button("audioseed", job_id, sentences.text(seed, locale), row=0, emoji="🎲"),
    ]
    if longer is not None:
        label = sentences.text("button.longer", locale, seconds=longer)
        buttons.append(_button("longer", job_id, label, row=0, emoji="⏩"))
    for take in range(1, takes + 1) if further else ():
        one = takes == 1
        label = sentences.text("button.further" if one else "button.further_take", locale, index=take)
        buttons.append(_button("further", job_id, label, row=0 if one else 1, index=take, emoji="▶️"))
    return _view(buttons)


def notes_row(sentences: Sentences, job_id: str, locale: str, takes: int) -> discord.ui.View:
    """Under notes: once more, or once more with another seed."""
    seed = "button.seed" if takes == 1 else "button.seeds"
    return _view(
        [
            _button("notesagain", job_id, sentences.text("button.again", locale), row=0, emoji="🔁"),
            _button("notesseed", job_id, sentences.text(seed, locale), row=0, emoji="🎲"),
        ]
    )


def video_row(sentences: Sentences, job_id: str, locale: str, seeds: int) -> discord.ui.View:
    """Under a video: once more, or once more with other seeds."""
    other = sentences.text("button.seed" if seeds == 1 else "button.seeds", locale)
    return _view(
        [
            _button("videoagain", job_id, sentences.text("button.again", locale), row=0, emoji="🔁"),
            _button("videoseeds", job_id, other, row=0, emoji="🎲"),
        ]
    )


def clip_row(sentences: Sentences, job_id: str, locale: str, *, subtitled: bool) -> discord.ui.View:
    """Under a combined piece: once more, and where somebody speaks, with the other sort of subtitles."""
    buttons = [_button("clipagain", job_id, sentences.text("button.again", locale), row=0, emoji="🔁")]
    if subtitled:
        label = sentences.text("button.other_subtitles", locale)
        buttons.append(_button("clipwords", job_id, label, row=0, emoji="💬"))
    return _view(buttons)


def declaration_rows(sentences: Sentences, question_id: str, locale: object) -> discord.ui.View:
    """Why may this file be used? The place in DECLARATIONS stands in the id; below, the way out."""
    buttons = [
        _button("declare", question_id, sentences.text(f"declaration.{code}", locale), row=0, index=place)
        for place, code in enumerate(DECLARATIONS, 1)
    ]
    buttons.append(
        _button("undeclare", question_id, sentences.text("button.cancel", locale), row=1, emoji="✋")
    )
    return _view(buttons)


def speech_rows(sentences: Sentences, job_id: str, locale: str) -> discord.ui.View:
    """Under speech: once more, or once more with another seed."""
    same, other = sentences.text("button.again", locale), sentences.text("button.seed", locale)
    return _view(
        [
            _button("speechagain", job_id, same, row=0, emoji="🔁"),
            _button("speechseed", job_id, other, row=0, emoji="🎲"),
        ]
    )


def offer_row(sentences: Sentences, offer: LanguageOffer, locale: object) -> discord.ui.View:
    """Language, place in EMOTIONS and the seed, if one was typed, stand in the id; the text in the message."""
    custom_id = ButtonId(
        action="speakin",
        subject=offer.language,
        index=1 + [str(one) for one in EMOTIONS].index(offer.emotion),
        nonce=None if offer.seed is None else str(offer.seed),
    )
    label = sentences.text(f"button.speak_{offer.language}", locale)
    style = discord.ButtonStyle.primary
    return _view([discord.ui.Button(custom_id=str(custom_id), label=_label(label), emoji="🗣️", style=style)])


def kit_row(sentences: Sentences, locale: object) -> discord.ui.View:
    """Under `/music-kit`: make it, or another suggestion."""
    make, other = sentences.text("button.kit_make", locale), sentences.text("button.kit_other", locale)
    return _view(
        [
            _button("kitmake", "prompt", make, row=0, emoji="🎸", style=discord.ButtonStyle.primary),
            _button("kitother", "prompt", other, row=0, emoji="🎲"),
        ]
    )


def next_word_rows(
    sentences: Sentences,
    job_id: str,
    locale: str,
    choices: Iterable[tuple[int, str]],
    temperatures: tuple[float | None, float | None],
) -> discord.ui.View:
    """Row 1: which of the likeliest pieces (place, label) comes next. Row 2: cooler, warmer, let it run."""
    cooler, warmer = temperatures
    items: list[discord.ui.Item[discord.ui.View]] = []
    options = [discord.SelectOption(label=_label(label), value=str(place)) for place, label in choices]
    if options:
        hint = sentences.text("button.next_pick", locale)
        custom_id = str(ButtonId(action="nextpick", subject=job_id))
        items.append(discord.ui.Select(custom_id=custom_id, placeholder=hint, options=options, row=0))
    for action, emoji, step in (("nextcool", "🔽", cooler), ("nextwarm", "🔼", warmer)):
        if step is not None:
            label = sentences.text("button.next_temperature", locale, temperature=step)
            items.append(_button(action, job_id, label, row=1, emoji=emoji))
    items.append(_button("nextrun", job_id, sentences.text("button.next_run", locale), row=1, emoji="🎲"))
    return _view(items)


def vote_rows(sentences: Sentences, job_id: str, locale: str, words: Iterable[str]) -> discord.ui.View:
    """The candidates, five a row, then a word of one's own and the end of the vote."""
    buttons = [
        _button("vote", job_id, word, row=(place - 1) // 5, index=place, style=discord.ButtonStyle.primary)
        for place, word in enumerate(list(words)[:20], 1)
    ]
    buttons.append(_button("voteword", job_id, sentences.text("button.own_word", locale), row=4, emoji="✏️"))
    buttons.append(_button("resolve", job_id, sentences.text("button.resolve", locale), row=4, emoji="📊"))
    return _view(buttons)


def chat_row(sentences: Sentences, conversation: str, locale: str) -> discord.ui.View:
    """Under what is said in a conversation: go on, or end it."""
    go_on, end = sentences.text("button.answer", locale), sentences.text("button.end_chat", locale)
    return _view(
        [
            _button("answer", conversation, go_on, row=0, emoji="💬", style=discord.ButtonStyle.primary),
            _button("endchat", conversation, end, row=0),
        ]
    )


def help_row(sentences: Sentences, locale: object, choices: Iterable[str]) -> discord.ui.View:
    """Under `/prompt-help`: a picture from the translation, or from the suggestion."""
    return _view(
        _button("help", choice, sentences.text(f"button.help_{choice}", locale), row=0, emoji="🎨")
        for choice in choices
    )


def cancel_rows(sentences: Sentences, jobs: Iterable[tuple[str, str]], locale: str) -> discord.ui.View:
    """One cancel button for each (job id, short name), five a row, at most 25."""
    return _view(
        _button("cancel", job_id, sentences.text("button.cancel_one", locale, name=name), row=place // 5)
        for place, (job_id, name) in enumerate(list(jobs)[:25])
    )


def example_rows(examples: Iterable[str]) -> discord.ui.View:
    """A button for each example prompt; the number counts from 0."""
    return _view(
        _button("example", str(number), _label(prompt), row=number, emoji="🎨")
        for number, prompt in enumerate(examples)
    )


def gallery_button(
    sentences: Sentences, job_id: str, locale: str, *, row: int
) -> discord.ui.Button[discord.ui.View]:
    """Under any result: send it in for the gallery (`bot.gallery_presses`)."""
    return _button("gallery", job_id, sentences.text("button.gallery", locale), row=row, emoji="🖼️")


def ids_on(message: discord.Message) -> list[str]:
    """The ids of ours that a message's buttons have: by them it is found again."""
    inner = (one for row in message.components if isinstance(row, discord.ActionRow) for one in row.children)
    return [one.custom_id for one in inner if one.custom_id and one.custom_id.startswith("ka:")]


def free_row(view: discord.ui.View) -> int:
    """Where one more button goes: at the end of the last row, or below it where that one is full."""
    used = [item.row or 0 for item in view.children]
    last = max(used, default=0)
    full = used.count(last) >= IN_A_ROW or any(
        isinstance(item, discord.ui.Select) and (item.row or 0) == last for item in view.children
    )
    return min(last + full, ROWS - 1)


def _button(
    action: str,
    subject: str,
    label: str,
    *,
    row: int,
    index: int | None = None,
    emoji: str | None = None,
    style: discord.ButtonStyle = discord.ButtonStyle.secondary,
) -> discord.ui.Button[discord.ui.View]:
    custom_id = str(ButtonId(action=action, subject=subject, index=index))
    return discord.ui.Button(custom_id=custom_id, label=_label(label), row=row, emoji=emoji, style=style)


def _label(text: str) -> str:
    return text if len(text) <= 80 else text[:79] + "…"


def _view(buttons: Iterable[discord.ui.Item[discord.ui.View]]) -> discord.ui.View:
    view = discord.ui.View(timeout=None)
    for button in buttons:
        view.add_item(button)
    # A stopped view is sent all the same but not kept: presses are read from the ids, and memory stays level.
    view.stop()
    return view
