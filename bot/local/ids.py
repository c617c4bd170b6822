"""Snowflakes: ids that grow, carry their moment and never repeat, restarts included."""

from __future__ import annotations

import secrets

from bot.local.clock import Clock, iso

EPOCH_MS = 1_420_070_400_000
"""Discord's epoch, the first second of 2015, in unix milliseconds."""


class Snowflakes:
    """Makes ids as decimal strings. `seen` is told every id read from a journal, so that new ones lie above."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last = 0

    def next(self) -> str:
        """A new id, above every earlier one."""
        at_least = (int(self._clock.now() * 1000) - EPOCH_MS) << 22
        self._last = max(self._last + 1, at_least)
        return str(self._last)

    def seen(self, snowflake: str) -> None:
        """Never hand out this id or a smaller one again."""
        self._last = max(self._last, int(snowflake))


def moment_of(snowflake: str) -> str:
    """When an id was made, as Discord writes moments."""
    return iso(((int(snowflake) >> 22) + EPOCH_MS) / 1000)


def unguessable() -> str:
    """62 random bits in the form of an id. For attachments: whoever knows the address may read the file."""
    return str((1 << 61) | secrets.randbits(61))


def secret() -> str:
    """A token for an interaction, a window or a session: 192 random bits."""
    return secrets.token_urlsafe(24)
