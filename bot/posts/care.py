"""What looking after a class looks like: reporting, asking about a refusal, and what a teacher sees of both."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any, Final

import discord

from bot.buttons import IN_A_ROW, ButtonId, free_row
from bot.forms import LABEL_LIMIT, TITLE_LIMIT
from bot.i18n import Sentences
from bot.services.appeals import is_judgement, may_be_asked
from bot.services.care_ports import NOTE_LIMIT, REASONS, Asked, Reported, Waiting, WordsView
from bot.texts import cut, shown
from data.blocks import Block
from data.care_cards import CardKind, CareCard
from generation.errors import AtelierError
from generation.job import Job

CONTENT_LIMIT: Final = 2000
TEXT_SHOWN: Final = 900
MOST_ROWS: Final = 10
MOST_WORDS: Final = 40
_STYLE = discord.ButtonStyle
Card = tuple[str, discord.ui.View | None]


# -- under posts and refusals --


def with_report(
    view: discord.ui.View | None, job_id: str, sentences: Sentences, locale: object
) -> discord.ui.View:
    """The buttons of a post, and at their end the one that reports it."""
    view = view or _view([])
    row, label = free_row(view), sentences.text("button.report", locale)
    return view.add_item(_button("report", job_id, label, row=row, emoji="🚩"))


def ask_row(job: Job, sentences: Sentences, locale: object) -> discord.ui.View | None:
    """Under a refusal that is told: let the teacher look. None where there is nothing to look at."""
    return _ask(job.id, sentences, locale) if may_be_asked(job) else None


def ask_row_of(error: AtelierError, sentences: Sentences, locale: object) -> discord.ui.View | None:
    """The same for an error on its way to a person: it names its job where that can be asked about."""
    job = error.values.get("job")
    return _ask(str(job), sentences, locale) if job and is_judgement(error.code) else None


def _ask(job_id: str, sentences: Sentences, locale: object) -> discord.ui.View:
    return _view([_button("ask", job_id, sentences.text("button.ask_teacher", locale), emoji="🙋")])


# -- the form --


def report_form(job_id: str, sentences: Sentences, locale: object) -> discord.ui.Modal:
    """Why; own words if one likes."""
    custom_id = ButtonId(action="report", subject=job_id, index=1, nonce=secrets.token_hex(4))
    form = discord.ui.Modal(
        title=sentences.text("form.report", locale)[:TITLE_LIMIT], custom_id=str(custom_id), timeout=None
    )
    options = [
        discord.SelectOption(label=sentences.text(f"reason.{code}", locale)[:100], value=code)
        for code in REASONS
    ]
    menu: discord.ui.Select[discord.ui.View] = discord.ui.Select(
        custom_id="reason", options=options, required=True
    )
    form.add_item(
        discord.ui.Label(text=sentences.text("form.report_reason", locale)[:LABEL_LIMIT], component=menu)
    )
    note: discord.ui.TextInput[discord.ui.Modal] = discord.ui.TextInput(
        custom_id="note", required=False, max_length=NOTE_LIMIT, style=discord.TextStyle.paragraph
    )
    hint = sentences.text("form.report_note_hint", locale)[:100]
    label = sentences.text("form.report_note", locale)[:LABEL_LIMIT]
    form.add_item(discord.ui.Label(text=label, component=note, description=hint))
    form.stop()  # not kept by discord.py
    return form


def read_report(data: Mapping[str, Any]) -> tuple[str, str]:
    """Reason and note as they were submitted; "" for what is missing, and the service says what is wrong with that."""
    given = {
        str(field.get("custom_id")): next(iter(field.get("values") or [field.get("value")]))
        for field in _fields(data)
    }
    return str(given.get("reason") or ""), str(given.get("note") or "")


def _fields(data: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    inner = data.get("component")
    children = [*(data.get("components") or []), *([inner] if inner else [])]
    return [child for child in children if "custom_id" in child] + [
        field for child in children for field in _fields(child)
    ]


# -- the teacher's cards --


def desk_card(
    reports: Sequence[Reported], asked: Sequence[Job], sentences: Sentences, locale: object
) -> Card:
    """`/reports`: what waits, with a button for each."""
    lines, buttons = [sentences.text("care.reports", locale, n=len(reports))], []
    for place, one in enumerate(reports[:MOST_ROWS], 1):
        reason = sentences.text(f"reason.{one.report.reason}", locale)
        when = f"<t:{round(one.report.reported_at)}:R>"
        lines.append(f"{place}. {reason} · {_name(one.job, sentences, locale)} · {when}")
        label = sentences.text("button.see_report", locale, place=place)
        buttons.append(_button("repsee", one.report.id, label, row=(place - 1) // IN_A_ROW, emoji="🚩"))
    lines += ["", sentences.text("care.asked", locale, n=len(asked))]
    for place, job in enumerate(asked[:MOST_ROWS], 1):
        lines.append(f"{place}. <@{job.owner_id}> · {_category(job, sentences, locale)}")
        label = sentences.text("button.see_asked", locale, place=place)
        buttons.append(_button("appsee", job.id, label, row=2 + (place - 1) // IN_A_ROW, emoji="🙋"))
    return cut("\n".join(lines), CONTENT_LIMIT), _view(buttons) if buttons else None


def report_card(one: Reported, sentences: Sentences, locale: object, *, guild_id: str) -> Card:
    """Who, which post, why; and what to do about it."""
    report = one.report
    note = shown(report.note, NOTE_LIMIT) or sentences.text("care.no_note", locale)
    text = sentences.text(
        "care.report",
        locale,
        person=f"<@{report.person}>",
        owner=f"<@{one.job.owner_id}>",
        reason=sentences.text(f"reason.{report.reason}", locale),
        note=note,
        link=link_of(one.link, guild_id) or f"`{one.job.id}`",
    )
    take, keep = sentences.text("button.take_down", locale), sentences.text("button.let_stand", locale)
    buttons = [
        _button("reptake", report.id, take, style=_STYLE.danger, emoji="🗑️"),
        _button("repkeep", report.id, keep, emoji="👍"),
    ]
    return cut(text, CONTENT_LIMIT), _view(buttons)


def asked_card(asked: Asked, sentences: Sentences, locale: object) -> Card:
    """What was typed, why it was refused, which lines of the lists match."""
    typed = "\n".join(f"> {shown(text, TEXT_SHOWN)}" for text in asked.texts[:3])
    text = sentences.text(
        "care.look",
        locale,
        person=f"<@{asked.job.owner_id}>",
        category=_category(asked.job, sentences, locale),
        typed=typed or sentences.text("care.typed_gone", locale),
    )
    if asked.entries:
        found = ", ".join(f"`{entry}`" for entry in asked.entries[:MOST_ROWS])
        text += "\n" + sentences.text("care.entries", locale, entries=found)
    right = sentences.text("button.refusal_right", locale)
    wrong = sentences.text("button.refusal_wrong", locale)
    buttons = [
        _button("appright", asked.job.id, right, emoji="👍"),
        _button("appwrong", asked.job.id, wrong, style=_STYLE.primary, emoji="🔧"),
    ]
    return cut(text, CONTENT_LIMIT), _view(buttons)


def words_card(view: WordsView, sentences: Sentences, locale: object) -> str:
    """`/words` without options."""
    lines = [
        sentences.text(
            "words.refused", locale, n=len(view.refused), words=_words(view.refused, sentences, locale)
        ),
        sentences.text(
            "words.allowed", locale, n=len(view.allowed), words=_words(view.allowed, sentences, locale)
        ),
    ]
    decided = sum(one.decided for one in view.counts)
    wrong = sum(one.wrong for one in view.counts)
    if decided:
        lines.append(sentences.text("words.judged", locale, wrong=wrong, n=decided))
        lines += [
            f"- {_code(one.code, sentences, locale)}: {one.wrong}/{one.decided}"
            for one in view.counts[:MOST_ROWS]
        ]
    if view.blamed:
        blamed = ", ".join(f"`{entry}` ({times})" for entry, times in view.blamed)
        lines.append(sentences.text("words.blamed", locale, entries=blamed))
    lines.append(sentences.text("words.how", locale))
    return cut("\n".join(lines), CONTENT_LIMIT)


def blocks_card(blocks: Sequence[Block], sentences: Sentences, locale: object) -> str:
    """Who is blocked, and until when."""
    if not blocks:
        return sentences.text("blocks.nobody", locale)
    lines = [sentences.text("blocks.standing", locale, n=len(blocks))]
    lines += [f"- <@{one.person}> · <t:{round(one.until)}:R>" for one in blocks[:30]]
    return cut("\n".join(lines), CONTENT_LIMIT)


SEEING: Final = {CardKind.REPORT: "repsee", CardKind.QUESTION: "appsee"}
"""The action of a card's button."""


def waiting_card(
    card: CareCard, waiting: Waiting, sentences: Sentences, locale: object
) -> tuple[str, discord.ui.View]:
    """In the teachers' channel: why and since when; who and what only they see who press."""
    if card.kind is CardKind.REPORT:
        why = sentences.text(f"reason.{waiting.code}", locale)
    else:
        why = _code(waiting.code, sentences, locale)
    text = sentences.text(f"care.card_{card.kind}", locale, why=why, when=f"<t:{round(waiting.since)}:R>")
    label = sentences.text("button.see", locale)
    return cut(text, CONTENT_LIMIT), _view([_button(SEEING[card.kind], waiting.marker, label, emoji="👀")])


def settled_text(card: CareCard, sentences: Sentences, locale: object) -> str:
    return sentences.text(f"care.card_{card.kind}_done", locale)


def link_of(link: tuple[str, str] | None, guild_id: str) -> str:
    return "" if link is None else f"https://discord.com/channels/{guild_id}/{link[0]}/{link[1]}"


def _words(words: Sequence[str], sentences: Sentences, locale: object) -> str:
    left = len(words) - MOST_WORDS
    more = " " + sentences.text("words.more", locale, n=left) if left > 0 else ""
    return (", ".join(f"`{word}`" for word in words[:MOST_WORDS]) or "–") + more


def _name(job: Job, sentences: Sentences, locale: object) -> str:
    known = f"gallery.medium_{job.medium}"
    medium = sentences.text(known if sentences.has(known) else "gallery.medium_other", locale)
    return f"{medium} `{job.id}`"


def _category(job: Job, sentences: Sentences, locale: object) -> str:
    return _code((job.error_code or "").removeprefix("refused_"), sentences, locale)


def _code(code: str, sentences: Sentences, locale: object) -> str:
    key = f"category.{code}"
    return sentences.text(key if sentences.has(key) else "category.other", locale)


def _button(
    action: str,
    subject: str,
    label: str,
    *,
    row: int = 0,
    emoji: str | None = None,
    style: discord.ButtonStyle = discord.ButtonStyle.secondary,
) -> discord.ui.Button[discord.ui.View]:
    custom_id = str(ButtonId(action=action, subject=subject))
    return discord.ui.Button(custom_id=custom_id, label=label[:80], row=row, emoji=emoji, style=style)


def _view(buttons: Sequence[discord.ui.Item[discord.ui.View]]) -> discord.ui.View:
    view = discord.ui.View(timeout=None)
    for button in buttons:
        view.add_item(button)
    view.stop()  # presses are read from the ids, see buttons.py
    return view
