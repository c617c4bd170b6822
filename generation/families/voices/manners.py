"""How an emotion sounds, as far as a voice without feelings can show it: speed, pitch, melody, loudness, pauses.

The directions are those that studies of spoken emotion agree on (Scherer 2003): joy and anger are faster, louder
and livelier than neutral speech, sadness is slower, lower, quieter and flatter. The sizes were chosen by us so that the
tests can tell them apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """`rate` and `volume` are factors; `pitch` and `melody` points on espeak-ng's scales from 0 to 100, where 50 is a
    voice's own; `pause` more time between words, in its units of 10 ms at normal speed."""

    rate: float = 1.0
    pitch: int = 50
    melody: int = 50
    volume: float = 0.8
    pause: int = 0


MANNERS: Mapping[str, Manner] = {
    "neutral": Manner(),
    "happy": Manner(rate=1.12, pitch=66, melody=80, volume=0.9),
    "sad": Manner(rate=0.78, pitch=34, melody=22, volume=0.6, pause=4),
    "angry": Manner(rate=1.2, pitch=56, melody=95, volume=1.0),
    "excited": Manner(rate=1.3, pitch=76, melody=92, volume=1.0),
    "calm": Manner(rate=0.88, pitch=44, melody=34, volume=0.7, pause=2),
}
