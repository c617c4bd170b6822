"""What can be asked of the music family: music, sounds and notes, validated once at the edge."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal, Self, get_args

from generation.errors import InvalidInput
from generation.params import COUNT_LIMIT, clean_prompt, is_seen
from generation.text_params import clean_text

MUSIC: Final = "music"
SOUND: Final = "sound"
NOTES: Final = "notes"
MEDIA: Final = (MUSIC, SOUND, NOTES)
Mark = Literal["intro", "verse", "chorus", "solo", "instrumental", "outro"]
MARKS: Final[tuple[Mark, ...]] = get_args(Mark)
Format = Literal["ogg", "mp3"]
FORMATS: Final[tuple[Format, ...]] = get_args(Format)
Declaration = Literal["own", "public_domain", "permission"]
DECLARATIONS: Final[tuple[Declaration, ...]] = get_args(Declaration)
"""Why somebody may use the melody that they upload: made by themselves, free of rights, or allowed."""
MUSIC_SECONDS, DEFAULT_MUSIC_SECONDS = 60, 10
SOUND_SECONDS, DEFAULT_SOUND_SECONDS = 10, 5
SECTION_SECONDS: Final = 2
"""The shortest section of a piece; shorter ones cannot be told apart."""
LYRIC_LIMIT: Final = 2000
TOKENS_LOW, TOKENS_HIGH, DEFAULT_TOKENS = 16, 512, 128
NOTES_COUNT_LIMIT, CONTINUATIONS = 6, 6
NOTES_LIMIT: Final = 512
MELODY_BEATS: Final = 256.0
"""How long a melody may be that is to be continued: with what follows it has to fit into a few minutes of sound."""
NOTES_TEMPERATURE_LOW, NOTES_TEMPERATURE_HIGH, DEFAULT_NOTES_TEMPERATURE = 0.1, 2.0, 1.0
FOR_PEOPLE: Final = ("original", "declaration", "upload")
"""Facts that no model reads; left out of the plain form where there are none."""


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a piece, `seconds` long; `text` is what stands under its mark, "" for none."""

    mark: Mark
    text: str
    seconds: int


@dataclass(frozen=True, slots=True)
class Note:
    """MIDI `pitch` 0 … 127 (60: the middle C); `start` and `length` in beats (quarter notes)."""

    pitch: int
    start: float
    length: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MusicParams:
    """Music of `seconds`; with `sections` it is made one after another, and their seconds add up to `seconds`.

    `melody` (to be followed) and `prior` (to be continued) name an upload, or `<job>/<index>` for a posted piece. With
    a prior `seconds` counts what is new. `original`: what was typed, where `prompt` is its translation.
    `declaration`: why the uploaded file may be used.
    """

    prompt: str
    seconds: int = DEFAULT_MUSIC_SECONDS
    count: int = 1
    melody: str | None = None
    prior: str | None = None
    sections: tuple[Section, ...] = ()
    format: Format = "ogg"
    original: str = ""
    declaration: Declaration | None = None

    def __post_init__(self) -> None:
        _clean(self)
        _demand_whole(self.seconds, 1, MUSIC_SECONDS, "seconds_invalid")
        _demand_whole(self.count, 1, COUNT_LIMIT, "takes_invalid")
        for section in self.sections:
            if section.mark not in MARKS:
                raise InvalidInput("section_unknown", known=", ".join(MARKS))
            _demand_whole(section.seconds, 1, MUSIC_SECONDS, "seconds_invalid")
        if self.sections and sum(section.seconds for section in self.sections) != self.seconds:
            raise InvalidInput("seconds_invalid", low=1, high=MUSIC_SECONDS)
        if sum(len(section.text) for section in self.sections) > LYRIC_LIMIT:
            raise InvalidInput("lyric_long", limit=LYRIC_LIMIT)

    @property
    def texts(self) -> tuple[str, ...]:
        """All that a person wrote, or read in translation: what has to be checked."""
        return _written(self.prompt, self.original, *(section.text for section in self.sections))

    def to_plain(self) -> dict[str, Any]:
        return _plain(self)

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Self:
        sections = tuple(
            Section(one["mark"], one["text"], one["seconds"]) for one in plain.get("sections", ())
        )
        return cls(**{**plain, "sections": sections})


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundParams:
    """A sound of `seconds`. `original` as in MusicParams."""

    prompt: str
    seconds: int = DEFAULT_SOUND_SECONDS
    count: int = 1
    format: Format = "ogg"
    original: str = ""

    def __post_init__(self) -> None:
        _clean(self)
        _demand_whole(self.seconds, 1, SOUND_SECONDS, "seconds_invalid")
        _demand_whole(self.count, 1, COUNT_LIMIT, "takes_invalid")

    @property
    def texts(self) -> tuple[str, ...]:
        return _written(self.prompt, self.original)

    def to_plain(self) -> dict[str, Any]:
        return _plain(self)

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Self:
        return cls(**plain)


@dataclass(frozen=True, slots=True, kw_only=True)
class NotesParams:
    """Notes to be written, after a title, an artist or a mood, or continuing `melody`; one of both is needed.

    `upload` is the file that the melody was read from, if there was one.
    """

    prompt: str = ""
    melody: tuple[Note, ...] = ()
    tokens: int = DEFAULT_TOKENS
    count: int = 1
    temperature: float = DEFAULT_NOTES_TEMPERATURE
    declaration: Declaration | None = None
    upload: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "prompt", clean_prompt(self.prompt, required=False))
        if not self.melody and not any(is_seen(char) for char in self.prompt):
            raise InvalidInput("notes_empty")
        _demand_whole(self.tokens, TOKENS_LOW, TOKENS_HIGH, "tokens_invalid")
        _demand_whole(self.count, 1, NOTES_COUNT_LIMIT, "takes_invalid")
        low, high = NOTES_TEMPERATURE_LOW, NOTES_TEMPERATURE_HIGH
        # also catches NaN: every comparison with it is false
        if isinstance(self.temperature, bool) or not low <= self.temperature <= high:
            raise InvalidInput("notes_temperature", low=low, high=high)
        object.__setattr__(self, "temperature", float(self.temperature))
        _demand_declaration(self.declaration)
        _demand_melody(self.melody)

    @property
    def texts(self) -> tuple[str, ...]:
        return _written(self.prompt)

    def to_plain(self) -> dict[str, Any]:
        return _plain(self)

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Self:
        melody = tuple(Note(one["pitch"], one["start"], one["length"]) for one in plain.get("melody", ()))
        return cls(**{**plain, "melody": melody})


def read_params(medium: str, plain: Mapping[str, Any]) -> MusicParams | SoundParams | NotesParams:
    """The parameters of a job of one of MEDIA. Raises KeyError for another medium."""
    kinds: Mapping[str, type[MusicParams | SoundParams | NotesParams]] = {
        MUSIC: MusicParams,
        SOUND: SoundParams,
        NOTES: NotesParams,
    }
    return kinds[medium].from_plain(plain)


def _written(*texts: str) -> tuple[str, ...]:
    return tuple(text for text in texts if text)


def _clean(params: MusicParams | SoundParams) -> None:
    object.__setattr__(params, "prompt", clean_prompt(params.prompt))
    object.__setattr__(params, "original", clean_prompt(params.original, required=False))
    if params.format not in FORMATS:
        raise InvalidInput("format_unknown", known=", ".join(FORMATS))
    if isinstance(params, MusicParams):
        _demand_declaration(params.declaration)
        sections = (
            Section(
                one.mark, clean_text(one.text, limit=LYRIC_LIMIT) if one.text.strip() else "", one.seconds
            )
            for one in params.sections
        )
        object.__setattr__(params, "sections", tuple(sections))


def _plain(params: MusicParams | SoundParams | NotesParams) -> dict[str, Any]:
    plain = {key: value for key, value in asdict(params).items() if value or key not in FOR_PEOPLE}
    for name in ("sections", "melody"):
        if isinstance(plain.get(name), tuple):
            plain[name] = list(plain[name])
    return plain


def _demand_whole(value: object, low: int, high: int, code: str) -> None:
    """True and 2.5 are no numbers of anything, whoever sends them."""
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise InvalidInput(code, low=low, high=high)


def _demand_declaration(value: str | None) -> None:
    if value is not None and value not in DECLARATIONS:
        raise InvalidInput("declaration_unknown")


def _demand_melody(melody: tuple[Note, ...]) -> None:
    if len(melody) > NOTES_LIMIT:
        raise InvalidInput("midi_long", limit=NOTES_LIMIT, beats=int(MELODY_BEATS))
    for note in melody:
        _demand_whole(note.pitch, 0, 127, "note_range")
        times = (note.start, note.length)
        if not all(math.isfinite(time) and time >= 0 for time in times) or not note.length:
            raise InvalidInput("note_length")
        if sum(times) > MELODY_BEATS:
            raise InvalidInput("midi_long", limit=NOTES_LIMIT, beats=int(MELODY_BEATS))
