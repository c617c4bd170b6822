"""Notes that are typed as letters, "C D E F G G", become pitches and beats.

The notation is small: letters in any case, `#`/`is` and `b`/`es` for sharps and flats, `'` for an octave higher and `_`
for one lower, lengths in beats behind the note (`G2`, `C/2`, `D3/2`; without: 1), `-` for a rest. Blanks, commas and
bar lines separate. C is the middle C (60). In German H is the white key and B the black one; `Bb` is that in both.
"""

from __future__ import annotations

import re
from typing import Final

from generation.errors import InvalidInput
from generation.music_params import MELODY_BEATS, NOTES_LIMIT, Note

TYPED_LIMIT: Final = 1000
"""Characters."""
MIDDLE_C: Final = 60
SHORTEST, LONGEST = 0.125, 16.0
"""Beats of one note."""
_KEYS: Final = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "h": 11, "b": 11}
_LENGTH: Final = r"(?P<beats>\d{1,2})?(?:/(?P<parts>\d{1,2}))?"
_NOTE: Final = re.compile(
    rf"(?P<key>[a-h])(?P<sign>is|es|s|#|♯|b|♭)?(?P<octave>'{{1,3}}|_{{1,3}})?{_LENGTH}\Z", re.IGNORECASE
)
_REST: Final = re.compile(rf"-{_LENGTH}\Z")
_SEPARATORS: Final = re.compile(r"[\s,;|]+")
_APOSTROPHES: Final = str.maketrans(dict.fromkeys("’‘´`′", "'"))


def read_notes(typed: str, locale: str) -> tuple[Note, ...]:
    """The melody, one note after another. `locale` "de": a bare B is the black key below H.

    Raises InvalidInput note_unknown (with its place), melody_long, melody_empty.
    """
    if len(typed) > TYPED_LIMIT:
        raise InvalidInput("melody_long", limit=NOTES_LIMIT, beats=int(MELODY_BEATS))
    words = [word for word in _SEPARATORS.split(typed.translate(_APOSTROPHES)) if word]
    notes: list[Note] = []
    start = 0.0
    for place, word in enumerate(words, 1):
        pitch, length = _read(word, place, locale)
        if pitch is not None:
            notes.append(Note(pitch, start, length))
        start += length
    if not notes:
        raise InvalidInput("melody_empty")
    return tuple(notes)


def _read(word: str, place: int, locale: str) -> tuple[int | None, float]:
    """Pitch (None: a rest) and length in beats."""
    note = _NOTE.match(word)
    match = note or _REST.match(word)
    if match is None:
        raise InvalidInput("note_unknown", place=place)
    parts = int(match["parts"] or 1)
    length = int(match["beats"] or 1) / parts if parts else 0.0
    if not SHORTEST <= length <= LONGEST:
        raise InvalidInput("note_unknown", place=place)
    return (None if note is None else _pitch(note, place, locale)), length


def _pitch(note: re.Match[str], place: int, locale: str) -> int:
    key, sign = note["key"].lower(), (note["sign"] or "").lower()
    if sign == "s" and key not in "ae":
        raise InvalidInput("note_unknown", place=place)
    step = {"": 0, "is": 1, "#": 1, "♯": 1}.get(sign, -1)
    if key == "b" and not sign and locale == "de":
        step = -1
    octave = note["octave"] or ""
    return MIDDLE_C + _KEYS[key] + step + 12 * (octave.count("'") - octave.count("_"))
