"""How long the bot waits for a worker."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """All in seconds, but for `step_factor`. Tests use small numbers."""

    heartbeat: float = 2.0
    """A worker's sign of life comes this often."""
    silence: float = 60.0
    """Nothing at all for this long: hung. A C call may hold the interpreter's lock for many seconds."""
    loading: float = 300.0
    """The same while a worker starts or a job loads its model."""
    progress: float = 60.0
    """A job without a step for this long is hung …"""
    step_factor: float = 10.0
    """… unless its own longest step so far says otherwise: then this many times that."""
    shutdown: float = 3.0
    """From asking a worker to end to SIGTERM."""
    terminate: float = 3.0
    """From SIGTERM to SIGKILL, and from there to giving up on it."""
