"""What `/set-up` shows: where each step stands and why it is there, with buttons for what can be done by pressing."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import discord

from bot.buttons import ButtonId
from bot.forms import TITLE_LIMIT, line_input
from bot.i18n import Sentences
from bot.services.setup_rules import (
    SUGGESTED_AGE,
    SUGGESTED_COUNTRY,
    Place,
    Report,
    Statement,
    Step,
)

DONE, OPEN = "✅", "▫️"
SERVER, FORM = "server", "new"
"""What the ids of buttons and of the form name: there is one of each in a class server."""
MOST_PERMISSIONS = 8
_STYLE = discord.ButtonStyle
_TYPES = {
    Place.STUDIO: [discord.ChannelType.text],
    Place.GALLERY: [discord.ChannelType.text, discord.ChannelType.forum],
    Place.REVIEW: [discord.ChannelType.text],
}


def setup_card(
    report: Report, *, sentences: Sentences, locale: object, teacher_role: str, given: Statement
) -> str:
    """One paragraph a step: done or not, and what it is good for."""
    lines = [sentences.text("setup.title", locale)]
    for step in Step:
        sign = DONE if step in report.done else OPEN
        text = _step(step, report, sentences, locale, teacher_role=teacher_role, given=given)
        lines.append(f"{sign} {text}")
    lines.append(sentences.text("setup.ready" if report.is_complete else "setup.go_on", locale))
    return "\n\n".join(lines)


def _step(
    step: Step, report: Report, sentences: Sentences, locale: object, *, teacher_role: str, given: Statement
) -> str:
    def say(key: str, **values: object) -> str:
        return sentences.text(f"setup.{key}", locale, **values)

    if step is Step.RULES:
        said = say("step_rules", country=report.statement.country or "–", age=report.statement.min_age or "–")
        return f"{said} {say('rules_given')}" if _is_given(given) else said
    if step is Step.ROLES:
        return say("step_roles", teachers=teacher_role, pupils=say("role_class"))
    if step is Step.CHANNELS:
        said = say("step_channels", **{str(place): _channel(report, place) for place in Place})
        return f"{said} {say('review_open')}" if report.review_is_open else said
    if step is Step.PERMISSIONS:
        return "\n".join([say("step_permissions"), *_missing(report, sentences, locale)])
    return say("step_yourself", teachers=teacher_role)


def _channel(report: Report, place: Place) -> str:
    channel = report.channels.get(place)
    return "–" if channel is None else f"<#{channel.id}>"


def _missing(report: Report, sentences: Sentences, locale: object) -> Iterator[str]:
    for name, channels in list(report.missing.items())[:MOST_PERMISSIONS]:
        line = f"- {sentences.text(f'permission.{name}', locale)}"
        where = " ".join(f"<#{one}>" for one in channels)
        yield f"{line} ({where})" if where else line


def _is_given(given: Statement) -> bool:
    return given.country is not None and given.min_age is not None


def setup_rows(
    report: Report, *, sentences: Sentences, locale: object, given: Statement, link: str
) -> discord.ui.View:
    """What can be done now. `link` gives the bot the permissions to make roles and channels."""
    view = discord.ui.View(timeout=None)
    if not _is_given(given):
        view.add_item(_button("setuprules", sentences.text("button.setup_rules", locale), "📝"))
    if report.wants_making and report.may_make:
        view.add_item(_button("setupmake", sentences.text("button.setup_make", locale), "🧰"))
    elif report.wants_making:
        label = sentences.text("button.setup_link", locale)
        view.add_item(discord.ui.Button(style=_STYLE.link, url=link, label=label))
    view.add_item(_button("setuppick", sentences.text("button.setup_pick", locale), "#️⃣"))
    view.add_item(_button("setuplook", sentences.text("button.setup_look", locale), "🔄"))
    view.stop()  # not kept: presses are read from their ids
    return view


def place_rows(sentences: Sentences, locale: object) -> discord.ui.View:
    """A menu of channels for each place."""
    view = discord.ui.View(timeout=None)
    for row, place in enumerate(Place):
        menu: discord.ui.ChannelSelect[discord.ui.View] = discord.ui.ChannelSelect(
            custom_id=str(ButtonId(action="setuproom", subject=str(place))),
            placeholder=sentences.text(f"setup.pick_{place}", locale),
            channel_types=_TYPES[place],
            row=row,
        )
        view.add_item(menu)
    view.stop()
    return view


def rules_form(statement: Statement, sentences: Sentences, locale: object) -> discord.ui.Modal:
    """Country and minimum age, filled in with what holds or is suggested."""
    form = discord.ui.Modal(
        title=sentences.text("form.setup", locale)[:TITLE_LIMIT],
        custom_id=str(ButtonId(action="setuprules", subject=FORM, index=1, nonce=secrets.token_hex(4))),
        timeout=None,
    )
    country = statement.country or SUGGESTED_COUNTRY
    age = str(statement.min_age or SUGGESTED_AGE)
    form.add_item(line_input("country", sentences, locale, label="form.setup_country", default=country))
    form.add_item(line_input("age", sentences, locale, label="form.setup_age", default=age))
    form.stop()
    return form


def _button(action: str, label: str, emoji: str) -> discord.ui.Button[discord.ui.View]:
    custom_id = str(ButtonId(action=action, subject=SERVER))
    return discord.ui.Button(custom_id=custom_id, label=label, emoji=emoji, style=_STYLE.secondary)
