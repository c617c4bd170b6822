"""What happens when somebody presses a button of music, sounds or notes. Routed by `views.Presses`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from random import Random
from typing import TYPE_CHECKING, Any

from bot.answers import Press, close_pressed, defer, edit_pressed, send_form
from bot.buttons import ButtonId
from bot.forms import further_form, read_further, read_song
from bot.i18n import Sentences
from bot.posts.music_kit import chosen_prompt, kit_embed, kit_view, read_back
from bot.services.audio_ports import MusicRequest, Question
from bot.services.music_kit import suggest
from bot.services.ports import ReplyAddress, Requester, Ticket
from generation.errors import NotFound
from generation.music_params import DECLARATIONS

if TYPE_CHECKING:
    from bot.services.desk import Desk

Handler = Callable[[Press, ButtonId], Awaitable[None]]
Show = Callable[[Press, Ticket | Question, ReplyAddress], Awaitable[None]]


class AudioPresses:
    """A press makes an answer of the person who pressed. `show`: that a job is queued, or what an upload asks."""

    def __init__(
        self, *, desk: Desk, sentences: Sentences, who: Callable[[Press], Requester], show: Show
    ) -> None:
        self._desk = desk
        self._sentences = sentences
        self._who = who
        self._show = show

    @property
    def buttons(self) -> Mapping[str, Handler]:
        return {
            "audioagain": self._again,
            "audioseed": self._again,
            "notesagain": self._notes_again,
            "notesseed": self._notes_again,
            "longer": self._longer,
            "further": self._open_further,
            "declare": self._declare,
            "undeclare": self._undeclare,
            "kitmake": self._make_kit,
            "kitother": self._other_kit,
        }

    @property
    def forms(self) -> Mapping[str, Handler]:
        return {"further": self._further, "song": self._song}

    async def _again(self, interaction: Press, pressed: ButtonId) -> None:
        address = await defer(interaction)
        ticket = await self._desk.music.again(
            pressed.subject, self._who(interaction), address, new_seed=pressed.action == "audioseed"
        )
        await self._show(interaction, ticket, address)

    async def _notes_again(self, interaction: Press, pressed: ButtonId) -> None:
        address = await defer(interaction)
        ticket = await self._desk.notes.again(
            pressed.subject, self._who(interaction), address, new_seed=pressed.action == "notesseed"
        )
        await self._show(interaction, ticket, address)

    async def _longer(self, interaction: Press, pressed: ButtonId) -> None:
        address = await defer(interaction)
        ticket = await self._desk.music.longer(pressed.subject, self._who(interaction), address)
        await self._show(interaction, ticket, address)

    async def _open_further(self, interaction: Press, pressed: ButtonId) -> None:
        # no defer: a form must be the first answer, so the recipe is one quick read
        index = pressed.index or 0
        job = await self._desk.music.recipe(pressed.subject, index, self._who(interaction))
        await send_form(interaction, further_form(job, index, self._sentences, interaction.locale))

    async def _further(self, interaction: Press, pressed: ButtonId) -> None:
        address = await defer(interaction)
        request = read_further(_data(interaction), pressed.subject, pressed.index or 0)
        outcome = await self._desk.music.further(request, self._who(interaction), address)
        await self._show(interaction, outcome, address)

    async def _song(self, interaction: Press, pressed: ButtonId) -> None:
        address = await defer(interaction)
        request = read_song(_data(interaction))
        outcome = await self._desk.music.music(request, self._who(interaction), address)
        await self._show(interaction, outcome, address)

    async def _declare(self, interaction: Press, pressed: ButtonId) -> None:
        address = await defer(interaction)
        place = pressed.index or 0
        if not 1 <= place <= len(DECLARATIONS):
            raise NotFound("button_unknown")
        declaration = DECLARATIONS[place - 1]
        ticket = await self._desk.uploads.decide(
            pressed.subject, declaration, self._who(interaction), address
        )
        await self._show(interaction, ticket, address)
        said = self._sentences.text(f"declaration.{declaration}", interaction.locale)
        thanks = self._sentences.text("declaration.thanks", interaction.locale, said=said)
        await close_pressed(interaction, thanks)

    async def _undeclare(self, interaction: Press, pressed: ButtonId) -> None:
        # no defer: it deletes a row and a file, and its answer is the question itself, changed
        gone = await self._desk.uploads.cancel(pressed.subject, self._who(interaction))
        key = "declaration.deleted" if gone else "declaration.still_needed"
        content = self._sentences.text(key, interaction.locale)
        await edit_pressed(interaction, content=content, view=None)

    async def _make_kit(self, interaction: Press, pressed: ButtonId) -> None:
        address = await defer(interaction)
        prompt = chosen_prompt(interaction.message, self._sentences)
        outcome = await self._desk.music.music(MusicRequest(prompt=prompt), self._who(interaction), address)
        await self._show(interaction, outcome, address)

    async def _other_kit(self, interaction: Press, pressed: ButtonId) -> None:
        before = chosen_prompt(interaction.message, self._sentences)
        asked = read_back(interaction.message, self._sentences)
        small, locale = self._desk.music.rehearses(), interaction.locale
        found = suggest(asked, Random(), small=small, but_not=before)  # noqa: S311 - variety, not secrecy
        embed = kit_embed(found, self._sentences, locale, small=small)
        await edit_pressed(interaction, embed=embed, view=kit_view(self._sentences, locale))


def _data(interaction: Press) -> Mapping[str, Any]:
    data: Any = interaction.data
    return data or {}
