"""The prompt builder for music: genre, mood, tempo and instruments become a prompt that a model can follow.

Models of music have learned from English descriptions, so the words are English, whatever language was chosen in. They
begin with what small models know too (mood, tempo) and end with what only large ones understand. Pure: no model.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

from generation.errors import InvalidInput
from generation.params import clean_prompt

PARTS: Final = ("genre", "mood", "tempo", "instruments")
INSTRUMENTS_LIMIT: Final = 4
FREE_LIMIT: Final = 60
"""Characters of a part in words of one's own."""
Name = Callable[[str, str], str]
"""What an entry is called: (part, key) -> name in some language."""


@dataclass(frozen=True, slots=True)
class Genre:
    """English wordings, instruments that are typical, and moods that suit: what is drawn fits together."""

    wordings: tuple[str, ...]
    instruments: tuple[str, ...]
    moods: tuple[str, ...]


GENRES: Final[Mapping[str, Genre]] = {
    "melody": Genre(
        ("melody", "little tune"),
        ("flute", "guitar", "organ", "bell", "chip"),
        ("happy", "sad", "calm", "wild"),
    ),
    "pop": Genre(
        ("catchy pop song", "bright radio pop track"),
        ("synthesizer", "guitar", "drums", "bass"),
        ("happy", "dreamy", "funny"),
    ),
    "rock": Genre(
        ("rock track with saturated guitars", "driving rock anthem with drum fills"),
        ("electricguitar", "bass", "drums"),
        ("wild", "epic", "happy"),
    ),
    "reggae": Genre(
        ("classic reggae track with an offbeat rhythm", "sunny reggae groove"),
        ("electricguitar", "organ", "bass", "drums"),
        ("happy", "calm"),
    ),
    "jazz": Genre(
        ("swinging jazz tune", "smoky late night jazz"),
        ("piano", "saxophone", "bass", "trumpet"),
        ("happy", "calm", "sad"),
    ),
    "blues": Genre(
        ("blues track", "twelve bar blues"), ("electricguitar", "piano", "organ", "bass"), ("sad", "calm")
    ),
    "classical": Genre(
        ("classical chamber music", "orchestral piece in a classical style"),
        ("violin", "strings", "piano", "flute"),
        ("happy", "sad", "calm", "epic"),
    ),
    "electronic": Genre(
        ("electronic dance track", "pulsing techno beat"), ("synthesizer", "drums", "bass"), ("wild", "happy")
    ),
    "lofi": Genre(
        ("lofi chill beat with organic samples", "dusty lofi study beat"),
        ("piano", "guitar", "drums", "bass"),
        ("calm", "dreamy", "sad"),
    ),
    "hiphop": Genre(
        ("hip hop beat", "boom bap beat"),
        ("drums", "bass", "piano", "synthesizer"),
        ("happy", "wild", "calm"),
    ),
    "folk": Genre(
        ("acoustic folk tune", "folk dance from the countryside"),
        ("guitar", "violin", "accordion", "flute"),
        ("happy", "sad", "funny"),
    ),
    "metal": Genre(
        ("heavy metal track with fast riffs", "thundering metal"),
        ("electricguitar", "bass", "drums"),
        ("wild", "epic"),
    ),
    "film": Genre(
        ("cinematic film score", "film music for a wide landscape"),
        ("strings", "trumpet", "harp", "drums"),
        ("epic", "mysterious", "scary", "dreamy", "sad"),
    ),
    "game": Genre(
        ("8-bit video game music", "chiptune game theme"), ("chip", "synthesizer"), ("happy", "wild", "funny")
    ),
    "waltz": Genre(
        ("waltz in three four time", "ballroom waltz"),
        ("violin", "accordion", "piano"),
        ("happy", "dreamy", "sad"),
    ),
    "lullaby": Genre(
        ("lullaby", "gentle lullaby like a music box"), ("bell", "harp", "flute"), ("calm", "dreamy")
    ),
    "samba": Genre(
        ("samba with lively percussion", "carnival samba"), ("drums", "guitar", "trumpet"), ("happy", "wild")
    ),
}
MOODS: Final[Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    # key: (wordings, tempi that suit it)
    "happy": (("happy", "happy and cheerful", "happy and sunny"), ("fast",)),
    "sad": (("sad", "sad and longing", "sad and quiet"), ("slow",)),
    "calm": (("calm", "calm and warm", "calm and relaxed"), ("slow", "medium")),
    "wild": (("wild", "wild and energetic", "wild and loud"), ("fast",)),
    "dreamy": (("dreamy and calm", "dreamy with a lot of reverb"), ("slow", "medium")),
    "mysterious": (("mysterious and gentle", "mysterious and dark"), ("slow", "medium")),
    "epic": (("epic and dramatic", "dramatic and triumphant"), ("medium", "fast")),
    "funny": (("funny and happy", "playful and happy"), ("medium", "fast")),
    "scary": (("scary and dramatic", "dark and stormy"), ("slow", "medium")),
}
TEMPI: Final[Mapping[str, tuple[int, ...]]] = {"slow": (60, 80), "medium": (96,), "fast": (120, 160)}
INSTRUMENTS: Final[Mapping[str, str]] = {
    "piano": "piano",
    "guitar": "acoustic guitar",
    "electricguitar": "electric guitar",
    "bass": "bass",
    "drums": "drums",
    "flute": "flute",
    "organ": "organ",
    "bell": "bell",
    "violin": "violin",
    "strings": "strings",
    "saxophone": "saxophone",
    "trumpet": "trumpet",
    "synthesizer": "synthesizer",
    "chip": "chiptune sounds of a game console",
    "accordion": "accordion",
    "harp": "harp",
}
SMALL: Final[Mapping[str, frozenset[str]]] = {
    "genre": frozenset({"melody", "blues", "game", "lullaby"}),
    "mood": frozenset({"happy", "sad", "calm", "wild"}),
    "instruments": frozenset({"flute", "organ", "guitar", "bell", "chip"}),
}
"""What a rehearsal model knows; for it nothing else is drawn. See `generation/mini/notes/words.py`."""
TABLES: Final[Mapping[str, Sequence[str]]] = {
    "genre": tuple(GENRES),
    "mood": tuple(MOODS),
    "tempo": tuple(TEMPI),
    "instruments": tuple(INSTRUMENTS),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """`parts`: for each of PARTS the keys or own words; those in `drawn` were not asked for. `prompt` is English."""

    parts: Mapping[str, tuple[str, ...]]
    drawn: frozenset[str]
    prompt: str


def read_part(part: str, typed: str | None, names: Sequence[Name]) -> tuple[str, ...]:
    """What was chosen or typed, as keys where a name or a key is meant, else as it is. Empty for nothing.

    Raises InvalidInput kit_long or prompt_control.
    """
    entries = [typed or ""]
    if part == "instruments":
        words = (typed or "").replace(";", ",").replace("+", ",").replace("&", ",")
        entries = words.replace(" und ", ",").replace(" and ", ",").split(",")
    found = []
    for entry in entries:
        text = clean_prompt(entry, required=False)
        if len(text) > FREE_LIMIT:
            raise InvalidInput("kit_long", limit=FREE_LIMIT)
        if text:
            found.append(_key(part, text, names) or text)
    return tuple(dict.fromkeys(found))[:INSTRUMENTS_LIMIT]


def suggest(
    asked: Mapping[str, tuple[str, ...]], random: Random, *, small: bool = False, but_not: str = ""
) -> Suggestion:
    """A prompt of what was asked; the rest is drawn so that it fits.

    `small`: only of what a rehearsal model knows. Another prompt than `but_not`, where there is one.
    """
    for _ in range(20):
        found = _suggest(asked, random, small)
        if found.prompt != but_not:
            break
    return found


def _suggest(asked: Mapping[str, tuple[str, ...]], random: Random, small: bool) -> Suggestion:
    parts = {part: tuple(asked.get(part, ())) for part in PARTS}
    drawn = frozenset(part for part in PARTS if not parts[part])
    genre = parts["genre"] or (random.choice(_known(_genres_for(parts["mood"]), "genre", small)),)
    known = GENRES.get(genre[0])
    mood = parts["mood"] or (random.choice(_known(_moods_for(known, parts["tempo"]), "mood", small)),)
    tempo = parts["tempo"] or (random.choice(MOODS[mood[0]][1] if mood[0] in MOODS else tuple(TEMPI)),)
    typical = _known(tuple(INSTRUMENTS) if known is None else known.instruments, "instruments", small)
    instruments = parts["instruments"] or tuple(random.sample(typical, 1 if small else 2))
    parts = {"genre": genre, "mood": mood, "tempo": tempo, "instruments": instruments}
    return Suggestion(parts=parts, drawn=drawn, prompt=_worded(parts, random))


def _known(entries: Sequence[str], part: str, small: bool) -> Sequence[str]:
    """Those that a small model knows; if it knows none of these, others that it knows."""
    if not small:
        return entries
    return [one for one in entries if one in SMALL[part]] or sorted(SMALL[part])


def _genres_for(mood: tuple[str, ...]) -> Sequence[str]:
    """Genres that suit the mood; all of them where none does."""
    return [key for key, genre in GENRES.items() if not mood or mood[0] in genre.moods] or tuple(GENRES)


def _moods_for(genre: Genre | None, tempo: tuple[str, ...]) -> Sequence[str]:
    """Moods that suit the genre and go with the tempo; of those that suit, all where none goes with it."""
    suiting = tuple(MOODS) if genre is None else genre.moods
    return [mood for mood in suiting if not tempo or tempo[0] in MOODS[mood][1]] or suiting


def _worded(parts: Mapping[str, tuple[str, ...]], random: Random) -> str:
    genre, mood, tempo = (parts[part][0] for part in ("genre", "mood", "tempo"))
    what = random.choice(GENRES[genre].wordings) if genre in GENRES else genre
    how = random.choice(MOODS[mood][0]) if mood in MOODS else mood
    pace = f"{tempo} tempo, {random.choice(TEMPI[tempo])} bpm" if tempo in TEMPI else tempo
    played = [INSTRUMENTS.get(one, one) for one in parts["instruments"]]
    listed = played[0] if len(played) == 1 else f"{', '.join(played[:-1])} and {played[-1]}"
    return f"{how} {what}, {pace}, with {listed}"


def _key(part: str, text: str, names: Sequence[Name]) -> str | None:
    wanted = text.casefold()
    for key in TABLES[part]:
        if wanted == key or any(wanted == name(part, key).casefold() for name in names):
            return key
    return None
