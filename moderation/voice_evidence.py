"""What recordings tell of a voice: the same speaker, and not made by our own engine. Pure rules on measured numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeGuard

from data.voice_records import Check, Finding
from moderation.clock import is_number

SPEAKER: Final = "speaker"
MARK: Final = "mark"
SAME_SPEAKER: Final = 0.80
"""Cosine of two speaker embeddings. Measured on four synthetic voices only, see `moderation/README.md`."""
_ROUNDING: Final = 1e-3


@dataclass(frozen=True, slots=True)
class SpeakerMatch:
    """How alike the phrase's voice is to the least similar clip (-1 … 1), and whether the measure is valid for them."""

    least: float
    usable: bool

    @classmethod
    def of(cls, facts: object) -> SpeakerMatch | None:
        """Read a worker's facts {similarity: {min, mean}, usable}; None where anything is missing or no number."""
        similarity = facts.get("similarity") if isinstance(facts, Mapping) else None
        if not isinstance(facts, Mapping) or not isinstance(similarity, Mapping):
            return None
        least, mean, usable = similarity.get("min"), similarity.get("mean"), facts.get("usable")
        if not is_number(least) or not is_number(mean) or not isinstance(usable, bool):
            return None
        return cls(float(least), usable) if least <= mean + _ROUNDING else None


def judge_speaker(match: object, *, threshold: float = SAME_SPEAKER) -> Finding:
    """Whether phrase and clips are one speaker's. A measure that is low, invalid or missing is the teacher's question.

    Raises ValueError for a threshold that lets everybody or nobody pass.
    """
    if not is_number(threshold) or not 0.0 < threshold < 1.0:
        raise ValueError("a threshold lies between 0 and 1")
    if not isinstance(match, SpeakerMatch) or match.usable is not True or not is_number(match.least):
        return Finding.ask(Check.SPEAKER_UNMEASURED)
    if not -1.0 - _ROUNDING <= match.least <= 1.0 + _ROUNDING:
        return Finding.ask(Check.SPEAKER_UNMEASURED)
    return Finding.allow(SPEAKER) if match.least >= threshold else Finding.ask(Check.SPEAKER_DIFFERS)


def judge_marks(facts: object, *, recordings: int) -> Finding:
    """Whether none of the phrase's and the clips' recordings bears our engine's mark.

    `facts`: a worker's {marked, confidence} for each recording. One that could not be looked at refuses all: no teacher
    can hear the mark.
    """
    found = [_marked(one) for one in facts] if _is_row(facts) else []
    if True in found:
        return Finding.refuse(Check.MARK_FOUND)
    complete = isinstance(recordings, int) and recordings >= 1 and len(found) == recordings
    return Finding.allow(MARK) if complete and None not in found else Finding.refuse(Check.MARK_FAILED)


def _is_row(value: object) -> TypeGuard[Sequence[object]]:
    return isinstance(value, list | tuple)


def _marked(facts: object) -> bool | None:
    """None where the facts say neither. A mark counts as found however small the confidence is."""
    if not isinstance(facts, Mapping):
        return None
    marked, confidence = facts.get("marked"), facts.get("confidence")
    if marked is True:
        return True
    return False if marked is False and is_number(confidence) and 0.0 <= confidence <= 1.0 else None
