"""What happens when a button is pressed or a form is sent.

Everything is read from the id that comes with the press, nothing is kept in memory: after a restart a press finds the
same code and the same database. (discord.py's own way, dynamic items, stays silent when an id is not on the message
or when something fails; here every press gets an answer.)
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

import discord

from bot.answers import Press, defer, say_in_private, send_form, turn_private
from bot.audio_presses import AudioPresses
from bot.buttons import ButtonId, declaration_rows
from bot.care_presses import CarePresses
from bot.chats import end_chat
from bot.clip_presses import ClipPresses
from bot.consent_presses import VoicePresses, WitnessPresses
from bot.errors import answer_error
from bot.forms import adapt_form, question_form, read_form, read_question
from bot.gallery_presses import GalleryPresses
from bot.i18n import Sentences
from bot.insight_presses import InsightPresses
from bot.lesson_presses import LessonPresses
from bot.posts.prompt_help import chosen_text
from bot.revoke_presses import RevokePresses
from bot.services.audio_ports import Question
from bot.services.ports import ImageRequest, Publisher, ReplyAddress, Requester, Status, Ticket
from bot.setup_presses import SetupPresses
from bot.speech_presses import SpeechPresses
from bot.texts import shown
from bot.video_presses import VideoPresses
from generation.errors import NotFound

if TYPE_CHECKING:
    from bot.services.desk import Desk

Who = Callable[[Press], Requester]
Handler = Callable[[Press, ButtonId], Awaitable[None]]

EXAMPLES = tuple(f"e{number:02}" for number in range(1, 16))
HELP_EXAMPLES = EXAMPLES[:3]


class Presses:
    """Answers every press and every form. `who` says who somebody is, see `checks.requester_of`."""

    def __init__(
        self,
        *,
        desk: Desk,
        publisher: Publisher,
        sentences: Sentences,
        who: Who,
        teaches: Callable[[discord.Member], bool] = lambda _: False,
        setting_up: SetupPresses | None = None,
    ) -> None:
        self._desk = desk
        self._publisher = publisher
        self._sentences = sentences
        self._who = who
        insight = InsightPresses(
            desk=desk,
            sentences=sentences,
            who=who,
            wait=lambda ticket, address: show_waiting(publisher, ticket, address),
        )
        audio = AudioPresses(
            desk=desk,
            sentences=sentences,
            who=who,
            show=lambda press, outcome, address: show_or_ask(publisher, sentences, press, outcome, address),
        )
        speech = SpeechPresses(
            desk=desk,
            sentences=sentences,
            who=who,
            wait=lambda ticket, address: show_waiting(publisher, ticket, address),
        )
        voice = VoicePresses(desk=desk, sentences=sentences, who=who)
        witness = WitnessPresses(desk=desk, sentences=sentences, who=who, teaches=teaches)
        revoke = RevokePresses(desk=desk, publisher=publisher, sentences=sentences, who=who)
        clip = ClipPresses(
            desk=desk, who=who, wait=lambda ticket, address: show_waiting(publisher, ticket, address)
        )
        video = VideoPresses(
            desk=desk, who=who, wait=lambda ticket, address: show_waiting(publisher, ticket, address)
        )
        self.care = CarePresses(
            care=lambda: desk.care, publisher=publisher, sentences=sentences, who=who, teaches=teaches
        )
        self.gallery = GalleryPresses(
            gallery=lambda: desk.gallery, own=lambda: desk.own_works, sentences=sentences, who=who
        )
        lesson = LessonPresses(desk=desk, sentences=sentences, who=who)
        self._buttons: Mapping[str, Handler] = {
            **lesson.buttons,
            **({} if setting_up is None else setting_up.buttons),
            **self.care.buttons,
            **self.gallery.buttons,
            **revoke.buttons,
            **voice.buttons,
            **witness.buttons,
            **speech.buttons,
            **insight.buttons,
            **audio.buttons,
            **video.buttons,
            **clip.buttons,
            "adapt": self._open_form,
            "again": self._again,
            "seeds": self._again,
            "textagain": self._write_again,
            "textseed": self._write_again,
            "cancel": self._cancel,
            "example": self._example,
            "help": self._picture_from_help,
            "answer": self._open_question,
            "endchat": self._end_chat,
        }
        self._forms: Mapping[str, Handler] = {
            **({} if setting_up is None else setting_up.forms),
            **self.care.forms,
            **self.gallery.forms,
            "adapt": self._adapt,
            "answer": self._ask,
            **insight.forms,
            **voice.forms,
            **witness.forms,
            **audio.forms,
            **video.forms,
        }

    async def answer(self, interaction: Press) -> None:
        """Never raises; leaves everything but presses and forms to discord.py."""
        handlers = {
            discord.InteractionType.component: self._buttons,
            discord.InteractionType.modal_submit: self._forms,
        }.get(interaction.type)
        if handlers is None:
            return
        try:
            await self._dispatch(interaction, handlers)
        except Exception as error:  # noqa: BLE001 - whatever it is, a person waits for an answer
            await answer_error(interaction, error, self._sentences)

    async def _dispatch(self, interaction: Press, handlers: Mapping[str, Handler]) -> None:
        pressed = ButtonId.read(str(_data(interaction).get("custom_id", "")))
        handler = handlers.get(pressed.action) if pressed is not None else None
        if pressed is None or handler is None:
            raise NotFound("button_unknown")
        if interaction.guild_id is not None:
            await self._desk.setup.demand(str(interaction.guild_id), action=pressed.action)
            await self._desk.care.blocks.demand_free(self._who(interaction), action=pressed.action)
        await handler(interaction, pressed)

    async def _open_form(self, interaction: Press, pressed: ButtonId) -> None:
        # no defer: a form must be the first answer, so the recipe is one quick read
        index = pressed.index or 0
        job = await self._desk.submit.recipe(pressed.subject, index, self._who(interaction))
        await send_form(interaction, adapt_form(job, index, self._sentences, interaction.locale))

    async def _adapt(self, interaction: Press, pressed: ButtonId) -> None:
        address = await defer(interaction)
        changes = read_form(_data(interaction))
        ticket = await self._desk.submit.adapt(
            pressed.subject, pressed.index or 0, changes, self._who(interaction), address
        )
        await show_waiting(self._publisher, ticket, address)

    async def _again(self, interaction: Press, pressed: ButtonId) -> None:
        address = await defer(interaction)
        ticket = await self._desk.submit.again(
            pressed.subject, self._who(interaction), address, new_seeds=pressed.action == "seeds"
        )
        await show_waiting(self._publisher, ticket, address)

    async def _write_again(self, interaction: Press, pressed: ButtonId) -> None:
        address = await defer(interaction)
        ticket = await self._desk.write.again(
            pressed.subject, self._who(interaction), address, new_seed=pressed.action == "textseed"
        )
        await show_waiting(self._publisher, ticket, address)

    async def _open_question(self, interaction: Press, pressed: ButtonId) -> None:
        # no defer, as above: whether one can go on here is one quick read
        await self._desk.chat.here(self._who(interaction), pressed.subject)
        await send_form(interaction, question_form(pressed.subject, self._sentences, interaction.locale))

    async def _ask(self, interaction: Press, pressed: ButtonId) -> None:
        address = await defer(interaction)
        question = read_question(_data(interaction))
        ticket = await self._desk.chat.ask(
            question, self._who(interaction), address, conversation_id=pressed.subject
        )
        await show_waiting(self._publisher, ticket, address)

    async def _end_chat(self, interaction: Press, pressed: ButtonId) -> None:
        await end_chat(
            interaction,
            self._who(interaction),
            desk=self._desk,
            sentences=self._sentences,
            conversation_id=pressed.subject,
        )

    async def _example(self, interaction: Press, pressed: ButtonId) -> None:
        address = await defer(interaction)
        number = int(pressed.subject) if pressed.subject.isdecimal() else len(HELP_EXAMPLES)
        if number >= len(HELP_EXAMPLES):
            raise NotFound("button_unknown")
        prompt = self._sentences.text(f"examples.{HELP_EXAMPLES[number]}", interaction.locale)
        ticket = await self._desk.submit.image(ImageRequest(prompt=prompt), self._who(interaction), address)
        await show_waiting(self._publisher, ticket, address)

    async def _picture_from_help(self, interaction: Press, pressed: ButtonId) -> None:
        address = await defer(interaction)
        prompt = chosen_text(interaction.message, pressed.subject, self._sentences)
        ticket = await self._desk.submit.image(ImageRequest(prompt=prompt), self._who(interaction), address)
        await show_waiting(self._publisher, ticket, address)

    async def _cancel(self, interaction: Press, pressed: ButtonId) -> None:
        await defer(interaction, private=True)
        done = await self._desk.cancel.cancel(pressed.subject, self._who(interaction))
        key = "cancel.done" if done else "cancel.too_late"
        await say_in_private(interaction, self._sentences.text(key, interaction.locale))


def _data(interaction: Press) -> Mapping[str, Any]:
    data: Any = interaction.data
    return data or {}


async def show_waiting(publisher: Publisher, ticket: Ticket, address: ReplyAddress) -> None:
    """The acknowledgement of a command: place and, if it was ever measured, when the result will be there."""
    seconds: Any = ticket.expected_seconds
    ready_at = None if seconds is None else time.time() + seconds
    await publisher.show_status(ticket.job, address, Status(place=ticket.place, ready_at=ready_at))


async def show_or_ask(
    publisher: Publisher,
    sentences: Sentences,
    interaction: Press,
    outcome: Ticket | Question,
    address: ReplyAddress,
) -> None:
    """The acknowledgement of a command that may bring a file: that it waits, or, privately, why it may be used."""
    if isinstance(outcome, Ticket):
        await show_waiting(publisher, outcome, address)
        return
    locale = interaction.locale
    text = sentences.text("declaration.question", locale, name=shown(outcome.name, 100))
    await turn_private(interaction, text, view=declaration_rows(sentences, outcome.id, locale))
