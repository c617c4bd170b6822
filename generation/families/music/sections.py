"""What the marks of a lyric tell the model. The words of a lyric are never sung: no model here can sing."""

from __future__ import annotations

from typing import Final

from generation.music_params import Mark, MusicParams

WORDS: Final[dict[Mark, str]] = {
    "intro": "quiet intro",
    "verse": "verse",
    "chorus": "powerful chorus",
    "solo": "instrumental solo",
    "instrumental": "instrumental",
    "outro": "slow ending",
}


def lengths(params: MusicParams) -> list[int]:
    """Seconds of each stretch; one for a piece without sections."""
    return [section.seconds for section in params.sections] or [params.seconds]


def prompts(params: MusicParams, *, marked: bool) -> list[str]:
    """The prompt of each stretch; `marked`: with a word for its mark, for models that know such words."""
    if not params.sections:
        return [params.prompt]
    return [f"{params.prompt}, {WORDS[one.mark]}" if marked else params.prompt for one in params.sections]


def places(params: MusicParams, *, after: float) -> list[dict[str, str | float]]:
    """Where each section begins in the file, in seconds, `after` seconds of an earlier piece."""
    found: list[dict[str, str | float]] = []
    for section in params.sections:
        found.append({"mark": section.mark, "start": round(after, 3), "seconds": section.seconds})
        after += section.seconds
    return found
