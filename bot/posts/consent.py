"""What the private messages about voices look like: to whom a voice belongs, and to whom confirms it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import discord

from bot.buttons import ButtonId
from bot.i18n import Sentences
from bot.services.enrolment_ports import Checked
from bot.services.witnessing import Asked, Overview
from bot.texts import cut, shown
from data.voice_records import MOST_CLIPS, Answer, Consent, Finding, Phrase, Voice, VoiceState

NAME_SHOWN = 64
WAITING_BUTTONS = 20
LISTED = 15
_SIGNS = {Answer.ALLOWED: "✅", Answer.OPEN: "❓", Answer.REFUSED: "❌"}
_STYLE = discord.ButtonStyle
Card = tuple[str, discord.ui.View]
"""A private message's text and its buttons."""


def start_card(given: Sequence[tuple[Consent, str]], sentences: Sentences, locale: object) -> Card:
    """What is asked before anything is recorded. `given`: this person's consents that live, with the voice's name."""
    own = [
        sentences.text(
            "consent.own",
            locale,
            name=shown(name, NAME_SHOWN),
            until=f"<t:{int(one.until)}:f>",
            others=_others(one, sentences, locale),
        )
        for one, name in given
    ]
    text = "\n\n".join([sentences.text("consent.start", locale), *own[:3]])
    agree = _button("voiceagree", "new", sentences.text("button.voice_agree", locale), style=_STYLE.success)
    return text, _rows([agree])


def voice_card(
    voice: Voice, tries_left: int, sentences: Sentences, locale: object, *, is_teacher: bool
) -> Card:
    """Where a voice stands that is not decided, and what comes next."""
    moods = ", ".join(sentences.text(f"consent.mood_{clip.mood}", locale) for clip in voice.clips)
    head = sentences.text(
        "consent.card",
        locale,
        name=shown(voice.name, NAME_SHOWN),
        clips=len(voice.clips),
        limit=MOST_CLIPS,
        moods=moods or "–",
    )
    key, buttons = "consent.next_busy", ["voicedrop"]
    if voice.state is VoiceState.WAITING:
        key = "consent.next_operator" if is_teacher else "consent.next_witness"
    elif voice.state in {VoiceState.CLIPS, VoiceState.PHRASE_ISSUED} and tries_left:
        more = voice.state is VoiceState.CLIPS and len(voice.clips) < MOST_CLIPS
        key = "consent.next_clip_or_phrase" if more else "consent.next_phrase"
        buttons = [*(["voiceclip"] if more else []), "voicephrase", "voicedrop"]
    elif not tries_left:
        key = "consent.next_none"
    said = sentences.text(key, locale, voice=voice.id)
    return f"{head}\n\n{said}", _voice_row(buttons, voice.id, sentences, locale)


def phrase_card(phrase: Phrase, sentences: Sentences, locale: object) -> Card:
    """The words to read, and how long there is time: Discord counts down by itself."""
    text = sentences.text(
        "consent.phrase",
        locale,
        words=" · ".join(phrase.words),
        language=sentences.text(f"consent.language_{phrase.language}", locale),
        until=f"<t:{int(phrase.expires_at)}:R>",
    )
    return text, _voice_row(["voicegive", "voicephrase"], phrase.voice, sentences, locale)


def checked_card(checked: Checked, sentences: Sentences, locale: object, *, is_teacher: bool) -> Card:
    """Each check's result in one line, then what to do next."""
    voice = checked.voice
    # a try that failed is not a teacher's to decide: its open questions would only confuse
    told = [one for one in checked.findings if checked.waits or one.answer is not Answer.OPEN]
    lines = _lines(told, sentences, locale)
    buttons: list[str] = []
    if checked.waits:
        key = "consent.next_operator" if is_teacher else "consent.next_witness"
        buttons = ["voicedrop"]
    elif checked.may_repeat:
        key, buttons = "consent.once_more", ["voicephrase", "voicedrop"]
    else:
        key = "consent.over"
    said = sentences.text(key, locale, n=checked.tries_left, voice=voice.id)
    return "\n".join([*lines, "", said]), _voice_row(buttons, voice.id, sentences, locale)


def overview_embed(overview: Overview, sentences: Sentences, locale: object) -> discord.Embed:
    """Who waits, whose consents live and which are over; the export has all of them."""
    waiting = [
        sentences.text(
            "witness.row_waiting", locale, name=shown(one.name, NAME_SHOWN), person=f"<@{one.person}>"
        )
        for one in overview.waiting
    ]
    consents = [_consent_line(one, name, sentences, locale) for one, name in overview.consents]
    parts = [
        _section("witness.waiting", waiting, sentences, locale),
        _section("witness.given", consents, sentences, locale),
    ]
    return discord.Embed(
        title=sentences.text("witness.title", locale), description=cut("\n\n".join(parts), 4000)
    )


def overview_rows(overview: Overview, sentences: Sentences, locale: object) -> discord.ui.View:
    """Each waiting voice, then the export."""
    buttons = [
        _button(
            "witsee",
            one.id,
            sentences.text("button.witness_see", locale, name=cut(one.name, 40)),
            style=_STYLE.primary,
        )
        for one in overview.waiting[:WAITING_BUTTONS]
    ]
    export = [
        _button("witexport", form, sentences.text("button.witness_export", locale, form=form.upper()))
        for form in ("csv", "json")
    ]
    return _rows(buttons, export)


def witness_card(
    asked: Asked, answered: int, sentences: Sentences, locale: object, *, owner_is_teacher: bool = False
) -> Card:
    """What the witness sees of a voice: what was found, then one open question after the other, then the decision."""
    voice = asked.voice
    head = sentences.text(
        "witness.card", locale, name=shown(voice.name, NAME_SHOWN), person=f"<@{voice.person}>"
    )
    parts = [head, "\n".join(_lines(voice.findings, sentences, locale, for_witness=True))]
    if asked.words:
        parts.append(sentences.text("witness.words", locale, words=" · ".join(asked.words)))
    refuse = _button("witrefuse", voice.id, sentences.text("button.witness_refuse", locale), style=_STYLE.red)
    if owner_is_teacher:
        parts.append(sentences.text("witness.operator", locale, voice=voice.id))
        return "\n\n".join(parts), _rows([refuse])
    if answered < len(asked.questions):
        check = asked.questions[answered].value.replace(".", "_")
        number = sentences.text("witness.question", locale, index=answered + 1, n=len(asked.questions))
        parts.append(f"**{number}** {sentences.text(f'witness.ask_{check}', locale)}")
        yes = _button("wityes", voice.id, sentences.text("button.yes", locale), index=answered + 1)
        no = _button("witno", voice.id, sentences.text("button.no", locale))
        return "\n\n".join(parts), _rows([yes, no])
    parts.append(sentences.text("witness.decide", locale))
    confirm = _button(
        "witform",
        voice.id,
        sentences.text("button.witness_confirm", locale),
        index=answered + 1,
        style=_STYLE.success,
    )
    return "\n\n".join(parts), _rows([confirm, refuse])


def denied_rows(voice_id: str, sentences: Sentences, locale: object) -> discord.ui.View:
    """After a no: refuse the voice, or look once more."""
    return _rows(
        [
            _button("witrefuse", voice_id, sentences.text("button.witness_refuse", locale), style=_STYLE.red),
            _button("witsee", voice_id, sentences.text("button.witness_again", locale)),
        ]
    )


def granted_text(consent: Consent, name: str, sentences: Sentences, locale: object) -> str:
    return sentences.text(
        "witness.granted",
        locale,
        name=shown(name, NAME_SHOWN),
        person=f"<@{consent.person}>",
        until=f"<t:{int(consent.until)}:f>",
        others=_others(consent, sentences, locale),
    )


def _others(consent: Consent, sentences: Sentences, locale: object) -> str:
    named = ", ".join(f"<@{one}>" for one in consent.allowed)
    return named or sentences.text("witness.nobody_else", locale)


def _consent_line(consent: Consent, name: str, sentences: Sentences, locale: object) -> str:
    ended = consent.revoked_at
    return sentences.text(
        "witness.row_given" if ended is None else "witness.row_revoked",
        locale,
        name=shown(name, NAME_SHOWN),
        person=f"<@{consent.person}>",
        until=f"<t:{int(consent.until if ended is None else ended)}:f>",
        witness=consent.witness if not consent.witness.isdecimal() else f"<@{consent.witness}>",
    )


def _section(key: str, lines: Sequence[str], sentences: Sentences, locale: object) -> str:
    told = [f"• {line}" for line in lines[:LISTED]] or [sentences.text("witness.none", locale)]
    if len(lines) > LISTED:
        told.append(sentences.text("witness.more", locale, n=len(lines) - LISTED))
    return "\n".join([f"**{sentences.text(key, locale)}**", *told])


def _lines(
    findings: Iterable[Finding], sentences: Sentences, locale: object, *, for_witness: bool = False
) -> list[str]:
    return [f"{_SIGNS[one.answer]} {_said(one, sentences, locale, for_witness)}" for one in findings]


def _said(finding: Finding, sentences: Sentences, locale: object, for_witness: bool) -> str:
    """The sentences of errors speak to the voice's owner; a witness reads of somebody else."""
    if finding.check is None:
        return sentences.text(f"consent.ok_{finding.subject}", locale)
    if for_witness:
        return sentences.text(f"witness.open_{finding.check.value.replace('.', '_')}", locale)
    return sentences.text(f"error.{finding.check.code}", locale)


def _voice_row(
    actions: Iterable[str], voice_id: str, sentences: Sentences, locale: object
) -> discord.ui.View:
    looks = {
        "voiceclip": (sentences.text("button.voice_clip", locale), _STYLE.secondary),
        "voicephrase": (sentences.text("button.voice_phrase", locale), _STYLE.primary),
        "voicegive": (sentences.text("button.voice_give", locale), _STYLE.success),
        "voicedrop": (sentences.text("button.voice_drop", locale), _STYLE.secondary),
    }
    return _rows([_button(action, voice_id, looks[action][0], style=looks[action][1]) for action in actions])


def _button(
    action: str,
    subject: str,
    label: str,
    *,
    index: int | None = None,
    style: discord.ButtonStyle = discord.ButtonStyle.secondary,
) -> discord.ui.Button[discord.ui.View]:
    custom_id = str(ButtonId(action=action, subject=subject, index=index))
    return discord.ui.Button(custom_id=custom_id, label=cut(label, 80), style=style)


def _rows(*groups: Sequence[discord.ui.Button[discord.ui.View]]) -> discord.ui.View:
    """Each group begins a new row; five buttons a row."""
    view = discord.ui.View(timeout=None)
    row = 0
    for group in groups:
        for place, button in enumerate(group):
            button.row = row + place // 5
            view.add_item(button)
        row += -(-len(group) // 5)
    view.stop()  # sent all the same, but not kept: presses are read from their ids
    return view
