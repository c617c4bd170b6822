"""What happens when somebody presses a button of a combined piece. Routed by `views.Presses`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING

from bot.answers import Press, defer
from bot.buttons import ButtonId
from bot.services.ports import ReplyAddress, Requester, Ticket

if TYPE_CHECKING:
    from bot.services.desk import Desk

Handler = Callable[[Press, ButtonId], Awaitable[None]]
Wait = Callable[[Ticket, ReplyAddress], Awaitable[None]]


def somebody_speaks(interaction: Press) -> bool:
    """Whether the piece whose button was pressed has a voice: then the button for its subtitles stands beside it."""
    rows = [] if interaction.message is None else interaction.message.components
    inside = [one for row in rows for one in getattr(row, "children", [])]
    pressed = [ButtonId.read(str(getattr(one, "custom_id", None))) for one in inside]
    actions = {one.action for one in pressed if one is not None}
    return "clipagain" not in actions or "clipwords" in actions


class ClipPresses:
    """A press makes an answer of the person who pressed. `wait`: shows that a job is queued."""

    def __init__(self, *, desk: Desk, who: Callable[[Press], Requester], wait: Wait) -> None:
        self._desk = desk
        self._who = who
        self._wait = wait

    @property
    def buttons(self) -> Mapping[str, Handler]:
        return {"clipagain": self._again, "clipwords": self._again}

    async def _again(self, interaction: Press, pressed: ButtonId) -> None:
        address = await defer(interaction, shared=somebody_speaks(interaction))
        ticket = await self._desk.clip.again(
            pressed.subject, self._who(interaction), address, other_subtitles=pressed.action == "clipwords"
        )
        await self._wait(ticket, address)
