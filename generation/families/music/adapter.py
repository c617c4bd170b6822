"""The music family: tasks "music", "sound" and "notes". Parameters and results stand in README.md."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generation.families.music.hub import PrivateHub

if TYPE_CHECKING:
    from generation.families.music.making import MusicAdapter


def create() -> MusicAdapter:
    hub = PrivateHub()
    hub.prepare()
    # only now: what this imports reads the hub's settings once, and takes seconds
    from generation.families.music.making import MusicAdapter

    return MusicAdapter(hub)
