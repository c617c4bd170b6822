"""What passes between bot and class server, offered to observers: tests check it against Discord's own description."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bot.local.errors import Json


@dataclass(frozen=True)
class Exchange:
    """One request of the bot and its answer. Bodies are parsed JSON (a multipart request's `payload_json`)."""

    method: str
    path: str
    """Without `/api/v10` and without the query."""
    template: str | None
    """The modelled route, e.g. `/channels/{channel_id}/messages`; None when there is none."""
    query: dict[str, str]
    request: Any
    files: tuple[str, ...]
    """File names of a multipart request."""
    status: int
    """0 when the connection was closed instead of an answer."""
    response: Any


@dataclass(frozen=True)
class Dispatched:
    """One event sent to the bot over the gateway."""

    name: str
    data: Json


Observer = Callable[[Exchange | Dispatched], None]


class Traffic:
    """The list of observers. They are called in the server's loop and must return at once."""

    def __init__(self) -> None:
        self.observers: list[Observer] = []

    def saw(self, happening: Exchange | Dispatched) -> None:
        for observer in self.observers:
            observer(happening)
