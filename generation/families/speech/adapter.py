"""The speech family: tasks "speech" and "forget". Parameters and results stand in README.md."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from generation import voice_token
from generation.families.speech.hub import PrivateHub

if TYPE_CHECKING:
    from generation.families.speech.making import SpeechAdapter


def create() -> SpeechAdapter:
    # taken away before any package is imported that could look at it
    key = os.environ.pop(voice_token.KEY_VARIABLE, None)
    hub = PrivateHub()
    hub.prepare()
    # only now: what this imports reads the hub's settings once, and takes seconds
    from generation.families.speech.making import SpeechAdapter

    return SpeechAdapter(hub, key)
