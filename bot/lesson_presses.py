"""The button that lifts an emergency stop. Routed by `views.Presses`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from bot.answers import Press, defer, say_in_private
from bot.buttons import ButtonId
from bot.i18n import Sentences
from bot.posts.lesson import CLASS
from bot.services.emergency import Emergency
from bot.services.ports import Requester
from generation.errors import NotFound


class HasEmergency(Protocol):
    """What is needed of the desk."""

    @property
    def emergency(self) -> Emergency: ...


class LessonPresses:
    def __init__(
        self, *, desk: HasEmergency, sentences: Sentences, who: Callable[[Press], Requester]
    ) -> None:
        self._desk = desk
        self._sentences = sentences
        self._who = who

    @property
    def buttons(self) -> Mapping[str, Callable[[Press, ButtonId], Awaitable[None]]]:
        return {"liftstop": self._lift}

    async def _lift(self, interaction: Press, pressed: ButtonId) -> None:
        if pressed.subject != CLASS:
            raise NotFound("button_unknown")
        await defer(interaction, private=True)
        lifted = await self._desk.emergency.lift(self._who(interaction))
        key = "lesson.lifted" if lifted else "lesson.not_stopped"
        await say_in_private(interaction, self._sentences.text(key, interaction.locale))
