"""What happens when somebody presses a button of speech. Routed by `views.Presses`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING

from bot.answers import Press, defer, turn_private
from bot.buttons import ButtonId, offer_row
from bot.i18n import Sentences
from bot.posts.speech import offer_text, offered_text
from bot.services.ports import ReplyAddress, Requester, Ticket
from bot.services.speak import read_language
from bot.services.speech_ports import LanguageOffer, SpeechRequest
from generation.errors import NotFound
from generation.speech_params import EMOTIONS

if TYPE_CHECKING:
    from bot.services.desk import Desk

Handler = Callable[[Press, ButtonId], Awaitable[None]]
Wait = Callable[[Ticket, ReplyAddress], Awaitable[None]]


class SpeechPresses:
    """A press makes an answer of the person who pressed. `wait`: says that a job is queued."""

    def __init__(
        self, *, desk: Desk, sentences: Sentences, who: Callable[[Press], Requester], wait: Wait
    ) -> None:
        self._desk = desk
        self._sentences = sentences
        self._who = who
        self._wait = wait

    @property
    def buttons(self) -> Mapping[str, Handler]:
        return {"speechagain": self._again, "speechseed": self._again, "speakin": self._speak_in}

    async def _again(self, interaction: Press, pressed: ButtonId) -> None:
        address = await defer(interaction, shared=True)
        ticket = await self._desk.speak.again(
            pressed.subject, self._who(interaction), address, new_seed=pressed.action == "speechseed"
        )
        await self._wait(ticket, address)

    async def _speak_in(self, interaction: Press, pressed: ButtonId) -> None:
        """With nobody's voice of the language in the id; the text stands in the message, whoever presses."""
        address = await defer(interaction, shared=True)
        place = pressed.index or 0
        if not 1 <= place <= len(EMOTIONS):
            raise NotFound("button_unknown")
        request = SpeechRequest(
            text=offered_text(interaction.message),
            emotion=EMOTIONS[place - 1],
            seed=pressed.nonce,
            language=read_language(pressed.subject),
        )
        outcome = await self._desk.speak.speak(request, self._who(interaction), address)
        if isinstance(outcome, Ticket):
            await self._wait(outcome, address)
        else:
            await offer_language(interaction, outcome, self._sentences)


async def offer_language(interaction: Press, offer: LanguageOffer, sentences: Sentences) -> None:
    """Only this person sees that the voice does not speak this language, and the button for one that does."""
    locale = interaction.locale
    view = offer_row(sentences, offer, locale)
    await turn_private(interaction, offer_text(offer, sentences, locale), view=view)
