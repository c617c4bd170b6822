"""The forms of voices: the first clip, one more, the recording of the words, and what a witness states.

As in `forms.py` nothing waits here: what comes back is read from the submission itself, files included.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import discord

from bot.answers import Press
from bot.buttons import ButtonId
from bot.forms import LABEL_LIMIT, TITLE_LIMIT
from bot.i18n import Sentences
from bot.services.audio_ports import Upload
from bot.services.enrolment_ports import NewVoice
from bot.services.witnessing import LASTINGS, Said
from data.voice_records import MOODS
from generation.errors import InvalidInput
from moderation.consent import LONGEST_REFERENCE
from moderation.phrase import LANGUAGES
from moderation.voice_names import LONGEST_NAME

FILE = "file"
MOST_ALLOWED = 10
YES, NO = "yes", "no"
Choices = Iterable[tuple[str, str, bool]]
"""(value, what is shown, chosen already)"""


def voice_form(sentences: Sentences, locale: object) -> discord.ui.Modal:
    """A name, the language of the words, and the first clip. Sent only after the person has agreed."""
    form = _form("voicenew", "new", sentences.text("form.voice", locale))
    name: discord.ui.TextInput[discord.ui.Modal] = discord.ui.TextInput(
        custom_id="name", max_length=LONGEST_NAME
    )
    form.add_item(_labelled(sentences.text("form.voice_name", locale), name))
    spoken = [
        (one, sentences.text(f"consent.language_{one}", locale), one == LANGUAGES[0]) for one in LANGUAGES
    ]
    form.add_item(_labelled(sentences.text("form.voice_language", locale), _menu("language", spoken)))
    _add_clip(form, sentences, locale)
    return form


def clip_form(voice_id: str, sentences: Sentences, locale: object) -> discord.ui.Modal:
    """One more clip, with its mood."""
    form = _form("voiceclip", voice_id, sentences.text("form.voice_clip", locale))
    _add_clip(form, sentences, locale)
    return form


def recording_form(voice_id: str, sentences: Sentences, locale: object) -> discord.ui.Modal:
    """The recording of the words that are to be read."""
    form = _form("voicegive", voice_id, sentences.text("form.voice_phrase", locale))
    hint = sentences.text("form.voice_phrase_hint", locale)
    form.add_item(_labelled(sentences.text("form.voice_recording", locale), _file(), hint))
    return form


def witness_form(voice_id: str, decided: int, sentences: Sentences, locale: object) -> discord.ui.Modal:
    """What the witness states; nothing of it is filled in for them but how long it lasts."""
    form = _form("witgrant", voice_id, sentences.text("form.witness", locale), index=decided + 1)
    yes, no = sentences.text("button.yes", locale), sentences.text("button.no", locale)
    answers = [(YES, yes, False), (NO, no, False)]
    room_hint = sentences.text("form.witness_room_hint", locale)
    form.add_item(
        _labelled(sentences.text("form.witness_room", locale), _menu("in_room", answers), room_hint)
    )
    form.add_item(_labelled(sentences.text("form.witness_age", locale), _menu("under_16", answers)))
    parents: discord.ui.TextInput[discord.ui.Modal] = discord.ui.TextInput(
        custom_id="parents", required=False, max_length=LONGEST_REFERENCE
    )
    parents_hint = sentences.text("form.witness_parents_hint", locale)
    form.add_item(_labelled(sentences.text("form.witness_parents", locale), parents, parents_hint))
    lasting = [(one, sentences.text(f"lasting.{one}", locale), one == "lesson") for one in LASTINGS]
    form.add_item(_labelled(sentences.text("form.witness_lasting", locale), _menu("lasting", lasting)))
    others: discord.ui.UserSelect[discord.ui.View] = discord.ui.UserSelect(
        custom_id="allowed", min_values=0, max_values=MOST_ALLOWED, required=False
    )
    others_hint = sentences.text("form.witness_others_hint", locale)
    form.add_item(_labelled(sentences.text("form.witness_others", locale), others, others_hint))
    return form


def read_voice(interaction: Press) -> NewVoice:
    """What was filled in, with the file still to be fetched. Raises InvalidInput audio_missing."""
    given = _given(interaction)
    return NewVoice(
        agreed=True,  # the form stands behind the button of the agreement, see `voice_form`
        name=_one(given, "name"),
        language=_one(given, "language"),
        clip=read_file(interaction),
        mood=_one(given, "mood"),
    )


def read_mood(interaction: Press) -> str:
    return _one(_given(interaction), "mood")


def read_file(interaction: Press) -> Upload:
    """The file of the submission. Raises InvalidInput audio_missing."""
    data: Any = interaction.data or {}
    files = (data.get("resolved") or {}).get("attachments") or {}
    file = files.get(_one(_given(interaction), FILE))
    if not isinstance(file, Mapping) or not file.get("url"):
        raise InvalidInput("audio_missing")
    url, client = str(file["url"]), interaction.client

    async def read() -> bytes:
        content: bytes = await client.http.get_from_cdn(url)
        return content

    return Upload(name=str(file.get("filename", "")), size=int(file.get("size", 0)), read=read)


def read_witness(interaction: Press, decided: int) -> Said:
    """What the witness stated; an age that was not chosen stays unknown, which no consent passes."""
    given = _given(interaction)
    return Said(
        in_room=_one(given, "in_room") == YES,
        under_16={YES: True, NO: False}.get(_one(given, "under_16")),
        parents_reference=_one(given, "parents") or None,
        lasting=_one(given, "lasting"),
        allowed=tuple(filter(str.isdecimal, given.get("allowed", ()))),
        decided=decided,
    )


def _form(action: str, subject: str, title: str, *, index: int = 1) -> discord.ui.Modal:
    """Its id is new each time, because Discord compares ids."""
    custom_id = ButtonId(action=action, subject=subject, index=index, nonce=secrets.token_hex(4))
    form = discord.ui.Modal(title=title[:TITLE_LIMIT], custom_id=str(custom_id), timeout=None)
    form.stop()  # not kept by discord.py
    return form


def _add_clip(form: discord.ui.Modal, sentences: Sentences, locale: object) -> None:
    moods = [(one, sentences.text(f"consent.mood_{one}", locale), one == MOODS[0]) for one in MOODS]
    form.add_item(_labelled(sentences.text("form.voice_mood", locale), _menu("mood", moods)))
    hint = sentences.text("form.voice_clip_hint", locale)
    form.add_item(_labelled(sentences.text("form.voice_recording", locale), _file(), hint))


def _labelled(
    text: str, component: discord.ui.Item[Any], hint: str | None = None
) -> discord.ui.Label[discord.ui.Modal]:
    return discord.ui.Label(text=text[:LABEL_LIMIT], component=component, description=hint and hint[:100])


def _file() -> discord.ui.FileUpload[discord.ui.Modal]:
    return discord.ui.FileUpload(custom_id=FILE, required=True, min_values=1, max_values=1)


def _menu(custom_id: str, choices: Choices) -> discord.ui.Select[discord.ui.View]:
    options = [
        discord.SelectOption(label=label[:100], value=value, default=chosen)
        for value, label, chosen in choices
    ]
    return discord.ui.Select(custom_id=custom_id, options=options, required=True)


def _given(interaction: Press) -> Mapping[str, list[str]]:
    """Every field's values by its id; a text is one value."""
    data: Any = interaction.data or {}
    return {
        str(field["custom_id"]): [str(one) for one in field.get("values") or [field.get("value") or ""]]
        for field in _fields(data)
    }


def _one(given: Mapping[str, list[str]], field: str) -> str:
    return next(iter(given.get(field) or [""]))


def _fields(data: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    inner = data.get("component")
    for child in [*(data.get("components") or []), *([inner] if inner else [])]:
        if "custom_id" in child:
            yield child
        yield from _fields(child)
