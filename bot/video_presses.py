"""What happens when somebody presses a button of a video, or sends the form of a script. Routed by `views.Presses`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from bot.answers import Press, defer
from bot.buttons import ButtonId
from bot.services.ports import ReplyAddress, Requester, Ticket
from bot.video_forms import read_script_form

if TYPE_CHECKING:
    from bot.services.desk import Desk

Handler = Callable[[Press, ButtonId], Awaitable[None]]
Wait = Callable[[Ticket, ReplyAddress], Awaitable[None]]


class VideoPresses:
    """A press makes an answer of the person who pressed. `wait`: shows that a job is queued."""

    def __init__(self, *, desk: Desk, who: Callable[[Press], Requester], wait: Wait) -> None:
        self._desk = desk
        self._who = who
        self._wait = wait

    @property
    def buttons(self) -> Mapping[str, Handler]:
        return {"videoagain": self._again, "videoseeds": self._again}

    @property
    def forms(self) -> Mapping[str, Handler]:
        return {"videoscript": self._script}

    async def _again(self, interaction: Press, pressed: ButtonId) -> None:
        address = await defer(interaction)
        ticket = await self._desk.video.again(
            pressed.subject, self._who(interaction), address, new_seeds=pressed.action == "videoseeds"
        )
        await self._wait(ticket, address)

    async def _script(self, interaction: Press, pressed: ButtonId) -> None:
        address = await defer(interaction)
        data: Any = interaction.data
        request = read_script_form(data or {})
        ticket = await self._desk.video.script(request, self._who(interaction), address)
        await self._wait(ticket, address)
