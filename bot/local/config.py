"""What can be set about a class server, with Discord's own values as defaults."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Rate:
    """`count` requests per `seconds`, counted from the first one."""

    count: int
    seconds: float


@dataclass
class Limits:
    """Sizes in bytes, times in seconds. A rate of None is neither announced in headers nor enforced."""

    file_bytes: int = 10 * 1024 * 1024
    request_bytes: int = 25 * 1024 * 1024
    answer_within: float = 3.0
    token_life: float = 15 * 60.0
    heartbeat: float = 41.25
    resume_within: float = 120.0
    resume_events: int = 2000
    channel_messages: Rate | None = field(default_factory=lambda: Rate(5, 5.0))
    interaction_webhook: Rate | None = field(default_factory=lambda: Rate(5, 5.0))
    everything: Rate | None = field(default_factory=lambda: Rate(50, 1.0))
    privileged_intents: int = 0
    """Bits of the privileged intents that are switched on for the application: 2 members, 256 presences,
    32768 message content. Asking for others closes the gateway with 4014, as Discord does."""
