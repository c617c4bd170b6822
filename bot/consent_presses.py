"""The buttons and forms of `/stimme-aufnehmen` and `/einwilligungen`. Routed by `views.Presses`.

Everything said here is private. What may be done is decided by the services, whatever a press claims.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import discord

from bot.answers import DROPPED, Press, defer, edit_pressed, say_in_private, send_form
from bot.buttons import ButtonId
from bot.consent_forms import (
    clip_form,
    read_file,
    read_mood,
    read_voice,
    read_witness,
    recording_form,
    voice_form,
    witness_form,
)
from bot.i18n import Sentences
from bot.posts.consent import (
    Card,
    checked_card,
    denied_rows,
    granted_text,
    overview_embed,
    overview_rows,
    phrase_card,
    start_card,
    voice_card,
    witness_card,
)
from bot.revoke_presses import summary
from bot.services.ports import Requester
from data.errors import VoiceRefused
from data.voice_records import UNDECIDED, VoiceState
from generation.errors import NotFound

if TYPE_CHECKING:
    from bot.services.desk import Desk

_log = logging.getLogger(__name__)

Handler = Callable[[Press, ButtonId], Awaitable[None]]
Who = Callable[[Press], Requester]
NAMES_LIMIT = 60
"""People whose names are looked up for an export; the others stand in it by their ids."""


class VoicePresses:
    """A pupil adds a voice."""

    def __init__(self, *, desk: Desk, sentences: Sentences, who: Who) -> None:
        self._desk = desk
        self._sentences = sentences
        self._who = who

    @property
    def buttons(self) -> Mapping[str, Handler]:
        return {
            "voiceagree": self._open_voice,
            "voiceclip": self._open_clip,
            "voicephrase": self._issue,
            "voicegive": self._open_recording,
            "voicedrop": self._drop,
        }

    @property
    def forms(self) -> Mapping[str, Handler]:
        return {"voicenew": self._begin, "voiceclip": self._add_clip, "voicegive": self._take}

    async def _open_voice(self, interaction: Press, pressed: ButtonId) -> None:
        self._who(interaction)
        self._desk.enrol.model()
        await send_form(interaction, voice_form(self._sentences, interaction.locale))

    async def _begin(self, interaction: Press, pressed: ButtonId) -> None:
        await defer(interaction, private=True)
        who = self._who(interaction)
        voice = await self._desk.enrol.begin(read_voice(interaction), who)
        await self._say(interaction, self._card(interaction, voice, who))
        await close_card(interaction, self._sentences.text("consent.agreed", interaction.locale))

    async def _open_clip(self, interaction: Press, pressed: ButtonId) -> None:
        # no defer: a form must be the first answer, so it is one quick read
        await self._desk.enrol.own(pressed.subject, self._who(interaction))
        await send_form(interaction, clip_form(pressed.subject, self._sentences, interaction.locale))

    async def _add_clip(self, interaction: Press, pressed: ButtonId) -> None:
        await defer(interaction, private=True)
        who = self._who(interaction)
        clip, mood = read_file(interaction), read_mood(interaction)
        voice = await self._desk.enrol.add_clip(pressed.subject, clip, mood, who)
        await self._say(interaction, self._card(interaction, voice, who))

    async def _issue(self, interaction: Press, pressed: ButtonId) -> None:
        await defer(interaction, private=True)
        phrase = await self._desk.enrol.issue(pressed.subject, self._who(interaction))
        await self._say(interaction, phrase_card(phrase, self._sentences, interaction.locale))

    async def _open_recording(self, interaction: Press, pressed: ButtonId) -> None:
        await self._desk.enrol.own(pressed.subject, self._who(interaction))
        await send_form(interaction, recording_form(pressed.subject, self._sentences, interaction.locale))

    async def _take(self, interaction: Press, pressed: ButtonId) -> None:
        await defer(interaction, private=True)
        who, locale = self._who(interaction), interaction.locale
        checked = await self._desk.enrol.take_phrase(pressed.subject, read_file(interaction), who)
        card = checked_card(checked, self._sentences, locale, is_teacher=who.is_teacher)
        await self._say(interaction, card)
        await close_card(interaction, self._sentences.text("consent.taken", locale))

    async def _drop(self, interaction: Press, pressed: ButtonId) -> None:
        # no defer: rows and files, and the answer is the message itself, changed
        who = self._who(interaction)
        try:
            await self._desk.enrol.withdraw(pressed.subject, who)
        except VoiceRefused as refused:
            await self._end(interaction, pressed, who, refused)
            return
        said = self._sentences.text("consent.dropped", interaction.locale)
        await edit_pressed(interaction, content=said, view=None)

    async def _end(
        self, interaction: Press, pressed: ButtonId, who: Requester, refused: VoiceRefused
    ) -> None:
        """Who wants all of it deleted means a consent that was given meanwhile, too. Else raises `refused`."""
        voice = await self._desk.enrol.own(pressed.subject, who)
        if voice.state is not VoiceState.GRANTED:
            raise refused
        await defer(interaction, private=True)
        revoked = await self._desk.revoke.revoke(voice.id, who)
        said = summary(revoked, self._sentences, interaction.locale, guild_id=who.guild_id)
        await say_in_private(interaction, said)
        await close_card(interaction, self._sentences.text("consent.dropped", interaction.locale))

    def _card(self, interaction: Press, voice: Any, who: Requester) -> Card:
        left = self._desk.enrol.tries_left(voice)
        return voice_card(voice, left, self._sentences, interaction.locale, is_teacher=who.is_teacher)

    async def _say(self, interaction: Press, card: Card) -> None:
        await say_in_private(interaction, card[0], view=card[1])


class WitnessPresses:
    """A teacher confirms. `teaches`: whether a member of the class has the teacher role."""

    def __init__(
        self, *, desk: Desk, sentences: Sentences, who: Who, teaches: Callable[[discord.Member], bool]
    ) -> None:
        self._desk = desk
        self._sentences = sentences
        self._who = who
        self._teaches = teaches

    @property
    def buttons(self) -> Mapping[str, Handler]:
        return {
            "witsee": self._see,
            "wityes": self._yes,
            "witno": self._no,
            "witform": self._open_form,
            "witrefuse": self._refuse,
            "witexport": self._export,
        }

    @property
    def forms(self) -> Mapping[str, Handler]:
        return {"witgrant": self._grant}

    async def _see(self, interaction: Press, pressed: ButtonId) -> None:
        await defer(interaction, private=True)
        locale = interaction.locale
        asked = await self._desk.witnessing.look(pressed.subject, self._who(interaction))
        owner_is_teacher = await self._is_teacher(interaction, asked.voice.person)
        text, view = witness_card(
            asked, 0, self._sentences, locale, owner_is_teacher=owner_is_teacher is not False
        )
        read = self._sentences.text("witness.file_phrase", locale)
        files = [_file(asked.recording, f"{read}.wav")]
        clip = self._sentences.text("witness.file_clip", locale)
        files += [_file(path, f"{clip}-{number}.wav") for number, path in enumerate(asked.clips, 1)]
        await interaction.followup.send(text, view=view, files=files, ephemeral=True)

    async def _yes(self, interaction: Press, pressed: ButtonId) -> None:
        asked = await self._desk.witnessing.look(pressed.subject, self._who(interaction))
        answered = min(pressed.index or 0, len(asked.questions))
        text, view = witness_card(asked, answered, self._sentences, interaction.locale)
        await edit_pressed(interaction, content=text, view=view)

    async def _no(self, interaction: Press, pressed: ButtonId) -> None:
        await self._desk.witnessing.look(pressed.subject, self._who(interaction))
        locale = interaction.locale
        said = self._sentences.text("witness.denied", locale)
        view = denied_rows(pressed.subject, self._sentences, locale)
        await edit_pressed(interaction, content=said, view=view)

    async def _open_form(self, interaction: Press, pressed: ButtonId) -> None:
        await self._desk.witnessing.look(pressed.subject, self._who(interaction))
        decided = (pressed.index or 1) - 1
        form = witness_form(pressed.subject, decided, self._sentences, interaction.locale)
        await send_form(interaction, form)

    async def _grant(self, interaction: Press, pressed: ButtonId) -> None:
        await defer(interaction, private=True)
        who, locale = self._who(interaction), interaction.locale
        asked = await self._desk.witnessing.look(pressed.subject, who)
        owner_is_teacher = await self._is_teacher(interaction, asked.voice.person)
        if owner_is_teacher is None:
            raise NotFound("owner_unknown")
        said = read_witness(interaction, (pressed.index or 1) - 1)
        consent = await self._desk.witnessing.grant(
            pressed.subject, said, who, owner_is_teacher=owner_is_teacher
        )
        await say_in_private(interaction, granted_text(consent, asked.voice.name, self._sentences, locale))
        await close_card(interaction, self._sentences.text("witness.decided", locale))

    async def _refuse(self, interaction: Press, pressed: ButtonId) -> None:
        await self._desk.witnessing.refuse(pressed.subject, self._who(interaction))
        said = self._sentences.text("witness.refused", interaction.locale)
        await edit_pressed(interaction, content=said, view=None, attachments=[])

    async def _export(self, interaction: Press, pressed: ButtonId) -> None:
        await defer(interaction, private=True)
        who, locale = self._who(interaction), interaction.locale
        names = await _names(interaction, await self._desk.witnessing.persons(who))
        made = await self._desk.witnessing.export(pressed.subject, names, who)
        files = [discord.File(io.BytesIO(content), filename=name) for name, content in made.items()]
        said = self._sentences.text("witness.exported", locale)
        await interaction.followup.send(said, files=files, ephemeral=True)

    async def _is_teacher(self, interaction: Press, person: str) -> bool | None:
        """Whether the owner of a voice teaches; None when that cannot be found out now."""
        member = await _member(interaction, person)
        return None if member is None else self._teaches(member)


async def show_voice(interaction: Press, desk: Desk, sentences: Sentences, who: Requester) -> None:
    """The answer of `/stimme-aufnehmen`, deferred already: what was begun, or what is asked first."""
    voices, locale = await desk.enrol.mine(who), interaction.locale
    voice = next((one for one in voices if one.state in UNDECIDED), None)
    if voice is None:
        desk.enrol.model()
        text, view = start_card(await desk.witnessing.living(who), sentences, locale)
    else:
        left = desk.enrol.tries_left(voice)
        text, view = voice_card(voice, left, sentences, locale, is_teacher=who.is_teacher)
    await say_in_private(interaction, text, view=view)


async def show_consents(interaction: Press, desk: Desk, sentences: Sentences, who: Requester) -> None:
    """The answer of `/einwilligungen`, deferred already."""
    overview, locale = await desk.witnessing.overview(who), interaction.locale
    await say_in_private(
        interaction,
        sentences.text("witness.intro", locale),
        embed=overview_embed(overview, sentences, locale),
        view=overview_rows(overview, sentences, locale),
    )


async def close_card(interaction: Press, content: str) -> None:
    """The private message that led here says `content` from now on, without its buttons and recordings. Best effort."""
    if interaction.message is None:
        return
    try:
        await interaction.followup.edit_message(
            interaction.message.id, content=content, view=None, attachments=[]
        )
    except (discord.DiscordException, *DROPPED) as error:
        _log.info("a private message stays as it was (%s)", type(error).__name__)


async def _member(interaction: Press, person: str) -> discord.Member | None:
    if interaction.guild is None or not person.isdecimal():
        return None
    try:
        return await interaction.guild.fetch_member(int(person))
    except (discord.DiscordException, *DROPPED) as error:
        _log.warning("a member could not be looked up (%s)", type(error).__name__)
        return None


async def _names(interaction: Press, persons: Sequence[str]) -> dict[str, str]:
    found = [(one, await _member(interaction, one)) for one in persons[:NAMES_LIMIT]]
    return {person: member.display_name for person, member in found if member is not None}


def _file(path: Path, name: str) -> discord.File:
    return discord.File(path, filename=name)
