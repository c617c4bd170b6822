"""Where an answer goes: makes and reads `ReplyAddress`. Its text holds an interaction's token: never log it."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from typing import Any

import discord

from bot.services.ports import ReplyAddress

TOKEN_LIFETIME_S = 15 * 60.0
MARGIN_S = 45.0
"""A token is taken for dead this long before Discord lets it die: an upload takes its time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A command's own answer. `expires_at`: epoch seconds; `file_limit`: bytes a file may have there."""

    application_id: int
    token: str
    channel_id: int
    expires_at: float
    file_limit: int
    message_id: int | None = None

    def __repr__(self) -> str:
        return f"<Answer in {self.channel_id}>"  # never the token

    def is_open(self, now: float) -> bool:
        return now < self.expires_at - MARGIN_S


def write_address(answer: Answer) -> ReplyAddress:
    return ReplyAddress(json.dumps(asdict(answer), separators=(",", ":")))


def read_address(address: ReplyAddress | None) -> Answer | None:
    """None for no address and for one that this version cannot read (an older bot may have stored it)."""
    if address is None:
        return None
    try:
        return Answer(**json.loads(address))
    except (ValueError, TypeError):
        return None


def answer_of(interaction: discord.Interaction[Any], message_id: int | None) -> Answer:
    """Call it as soon as the interaction has come: its age is counted on our clock, which may not be Discord's."""
    return Answer(
        application_id=interaction.application_id,
        token=interaction.token,
        channel_id=interaction.channel_id or 0,
        expires_at=time.time() + TOKEN_LIFETIME_S,
        file_limit=interaction.filesize_limit,
        message_id=message_id,
    )
