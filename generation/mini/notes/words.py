"""Prompts in German and English for a wish, and the wish that a prompt states.

`prompt(rng, wish)` writes one; `read(text)` finds every attribute that a text fixes, whoever wrote it. Some frames and
some combinations of attributes are kept for the scores: training never sees them (`held_out`).
"""

from __future__ import annotations

import re
from dataclasses import fields, replace
from random import Random
from typing import Any
from zlib import crc32

from generation.mini.notes.composer import BPM, KINDS, MOODS, ROOTS, TEMPI, TIMBRES, Wish, tempo_of

LANGUAGES = ("de", "en")
ENDINGS = ("e", "es", "er", "en", "em", "n", "s")

# Adjectives without their ending: German ones take "e", "es", "er", "en" or nothing, English ones nothing.
MOOD_WORDS = {
    "de": {
        "happy": ("fröhlich", "heiter", "lustig", "munter", "vergnügt"),
        "sad": ("traurig", "wehmütig", "trübsinnig", "melancholisch", "betrübt"),
        "calm": ("ruhig", "sanft", "friedlich", "entspannt", "verträumt"),
        "wild": ("wild", "aufgeregt", "dramatisch", "stürmisch", "spannend"),
    },
    "en": {
        "happy": ("happy", "cheerful", "joyful", "funny", "merry"),
        "sad": ("sad", "sorrowful", "gloomy", "melancholic", "mournful"),
        "calm": ("calm", "gentle", "peaceful", "relaxed", "dreamy"),
        "wild": ("wild", "excited", "dramatic", "stormy", "exciting"),
    },
}
TEMPO_WORDS = {
    "de": {
        "slow": ("langsam", "gemächlich", "getragen"),
        "medium": ("mäßig schnell", "mittelschnell"),
        "fast": ("schnell", "flott", "rasch"),
    },
    "en": {
        "slow": ("slow", "unhurried"),
        "medium": ("moderate", "medium tempo", "mid tempo"),
        "fast": ("fast", "quick", "rapid"),
    },
}
TIMBRE_WORDS = {
    "de": {
        "flute": ("Flöte", "Querflöte", "Blockflöte"),
        "organ": ("Orgel", "Kirchenorgel"),
        "guitar": ("Gitarre", "Harfe", "Laute"),
        "bell": ("Glocke", "Spieluhr"),
        "chip": ("Spielkonsole",),
    },
    "en": {
        "flute": ("flute", "recorder"),
        "organ": ("organ", "church organ"),
        "guitar": ("guitar", "harp", "lute"),
        "bell": ("bell", "music box"),
        "chip": ("game console",),
    },
}
# Genres state more than one thing at once.
GENRES = {
    "de": {
        "Wiegenlied": Wish(mood="calm", tempo="slow"),
        "Schlaflied": Wish(mood="calm", tempo="slow"),
        "Trauermusik": Wish(mood="sad", tempo="slow", kind="minor"),
        "Tanzmusik": Wish(mood="happy", tempo="fast"),
        "Kinderlied": Wish(mood="happy", kind="major"),
        "Verfolgungsjagd": Wish(mood="wild", tempo="fast"),
        "Chiptune": Wish(timbre="chip"),
        "8-Bit": Wish(timbre="chip"),
        "Blues": Wish(kind="blues"),
    },
    "en": {
        "lullaby": Wish(mood="calm", tempo="slow"),
        "funeral music": Wish(mood="sad", tempo="slow", kind="minor"),
        "dance music": Wish(mood="happy", tempo="fast"),
        "nursery rhyme": Wish(mood="happy", kind="major"),
        "chase scene": Wish(mood="wild", tempo="fast"),
        "chiptune": Wish(timbre="chip"),
        "8-bit": Wish(timbre="chip"),
        "blues": Wish(kind="blues"),
    },
}
_KIND_WORDS = {
    "de": {"major": "Dur", "minor": "Moll", "pentatonic": "Pentatonik", "blues": "Blues"},
    "en": {"major": "major", "minor": "minor", "pentatonic": "pentatonic", "blues": "blues"},
}
_NOUNS = {
    "de": (
        ("Melodie", "e"),
        ("Weise", "e"),
        ("Musik", "e"),
        ("Lied", "es"),
        ("Stück", "es"),
        ("Thema", "es"),
    ),
    "en": (("melody", ""), ("tune", ""), ("piece", ""), ("song", ""), ("theme", "")),
}
_FILLERS = {
    "de": ("", "", "", "", "kurz", "instrumental", "bitte", "ohne Gesang", "für meine Klasse", "einstimmig"),
    "en": ("", "", "", "", "short", "instrumental", "please", "no vocals", "for my class", "solo"),
}
# The last frame of a language is held out. {a} adjectives and noun, {t} instrument, {s} scale, {b} number, {g} genre.
_FRAMES = {
    "de": (
        "{a}{t}{s}{b}{g}",
        "Ich möchte {a}{t}{s}{b}{g}",
        "Mach mir {a}{t}{s}{b}{g}",
        "Wir hören {a}{t}{s}{b}{g}",
    ),
    "en": (
        "{a}{t}{s}{b}{g}",
        "I would like {a}{t}{s}{b}{g}",
        "Make {a}{t}{s}{b}{g}",
        "Let us hear {a}{t}{s}{b}{g}",
    ),
}


def random_wish(rng: Random) -> Wish:
    """A wish with some things left open; sometimes with nothing but a mood, sometimes complete."""
    complete = rng.random() < 0.3

    def asked(share: float) -> bool:
        return complete or rng.random() < share

    mood = rng.choice(MOODS) if asked(0.7) else None
    tempo = rng.choice(tuple(TEMPI)) if asked(0.4) else None
    bpm = rng.choice(TEMPI[tempo]) if tempo and rng.random() < 0.4 else None
    kind = rng.choice(tuple(KINDS)) if asked(0.5) else None
    root = rng.choice(tuple(ROOTS.values())) if kind and rng.random() < 0.85 else None
    timbre = rng.choice(TIMBRES) if asked(0.5) else None
    return Wish(mood, tempo, bpm, root, kind, timbre)


def held_out(wish: Wish) -> bool:
    """An eighth of all combinations of at least three attributes is for the scores only."""
    values = [getattr(wish, field.name) for field in fields(wish)]
    stated = sum(value is not None for value in values)
    return stated >= 3 and crc32(repr(values).encode()) % 8 == 0


def trained_wish(rng: Random) -> Wish:
    """A wish that may be trained."""
    while held_out(wish := random_wish(rng)):
        pass
    return wish


def prompt(rng: Random, wish: Wish, language: str | None = None, *, held_out_frame: bool = False) -> str:
    """A prompt that states exactly this wish, as a sentence or as words with commas."""
    language = language or rng.choice(LANGUAGES)
    if not held_out_frame and rng.random() < 0.4:
        return _listed(rng, wish, language)
    text = _sentence(rng, wish, language, held_out_frame)
    return text.lower() if rng.random() < 0.2 and wish.root is None else text


def _listed(rng: Random, wish: Wish, language: str) -> str:
    """Words with commas, in any order."""
    parts = [*_adjectives(rng, wish, language), _scale(rng, wish, language), _bpm(rng, wish, language)]
    if wish.timbre:
        parts.append(rng.choice(TIMBRE_WORDS[language][wish.timbre]))
    parts.append(rng.choice(_FILLERS[language]))
    parts = [part for part in parts if part] or [rng.choice(_NOUNS[language])[0]]
    rng.shuffle(parts)
    return ", ".join(parts)


def _sentence(rng: Random, wish: Wish, language: str, last: bool) -> str:
    german = language == "de"
    frames = _FRAMES[language]
    noun, ending = rng.choice(_NOUNS[language])
    adjectives = _adjectives(rng, wish, language)
    described = ", ".join(word + ending for word in adjectives) + " " if adjectives else ""
    article = _article(described + noun, ending)
    timbre = rng.choice(TIMBRE_WORDS[language][wish.timbre]) if wish.timbre else ""
    played = rng.choice((" für ", " mit ") if german else (" for ", " with ", " played on "))
    scale = _scale(rng, wish, language)
    filler = rng.choice(_FILLERS[language])
    return (frames[-1] if last else rng.choice(frames[:-1])).format(
        a=article + described + noun,
        t=played + timbre if timbre else "",
        s=f" in {scale}" if scale else "",
        b=f", {_bpm(rng, wish, language)}" if wish.bpm else "",
        g=f", {filler}" if filler else "",
    )


def _article(words: str, ending: str) -> str:
    """German nouns have an ending for their adjectives, English ones have none."""
    if ending:
        return "eine " if ending == "e" else "ein "
    return "an " if words[0].lower() in "aeiou" else "a "


def _adjectives(rng: Random, wish: Wish, language: str) -> list[str]:
    words = []
    if wish.mood:
        words.append(rng.choice(MOOD_WORDS[language][wish.mood]))
    # A number says the tempo already; half the prompts say it in words, too.
    if wish.tempo and (wish.bpm is None or rng.random() < 0.5):
        words.append(rng.choice(TEMPO_WORDS[language][wish.tempo]))
    return words


def _scale(rng: Random, wish: Wish, language: str) -> str:
    if wish.kind is None:
        return ""
    kind = _KIND_WORDS[language][wish.kind]
    if wish.root is None:
        return kind
    root = next(name for name, step in ROOTS.items() if step == wish.root)
    if language == "en":
        return f"{root} {kind}"
    return f"{root.lower() if wish.kind == 'minor' and rng.random() < 0.5 else root}-{kind}"


def _bpm(rng: Random, wish: Wish, language: str) -> str:
    if wish.bpm is None:
        return ""
    return f"{wish.bpm} {rng.choice(('bpm', 'BPM', 'Schläge pro Minute' if language == 'de' else 'beats per minute'))}"


def titled(rng: Random, language: str | None = None) -> tuple[str, Wish]:
    """A prompt that names a genre, and the wish that it states."""
    language = language or rng.choice(LANGUAGES)
    genre = rng.choice(tuple(GENRES[language]))
    wish = GENRES[language][genre]
    more = Wish(timbre=wish.timbre or rng.choice((None, *TIMBRES)))
    listed = _listed(rng, replace(more, timbre=None if wish.timbre else more.timbre), language)
    return f"{genre}, {listed}", replace(wish, timbre=more.timbre)


def table() -> dict[str, Wish]:
    """Every word or phrase that means something, in small letters, and what it fixes."""
    known: dict[str, Wish] = {}
    for name, listed in (("mood", MOOD_WORDS), ("tempo", TEMPO_WORDS), ("timbre", TIMBRE_WORDS)):
        for meanings in listed.values():
            for value, words in meanings.items():
                known |= {word.lower(): _wish(name, value) for word in words}
    for genres in GENRES.values():
        known |= {word.lower(): wish for word, wish in genres.items()}
    for kinds in _KIND_WORDS.values():
        known |= {word.lower(): Wish(kind=kind) for kind, word in kinds.items()}
    return known


def _wish(name: str, value: str) -> Wish:
    stated: dict[str, Any] = {name: value}
    return Wish(**stated)


_TABLE = table()
_WORDS = re.compile(
    r"(?<!\w)(?:(?P<root>[cdfga])[- ])?(?P<word>"
    + "|".join(re.escape(word) for word in sorted(_TABLE, key=len, reverse=True))
    + rf")(?:{'|'.join(ENDINGS)})?(?!\w)"
)
_NUMBER = re.compile(r"(?<!\w)(\d{2,3})\s*(?:bpm|schläge|beats)(?!\w)")


def read(text: str) -> Wish:
    """What a text fixes; the first word that speaks of an attribute decides. A number of beats decides the tempo."""
    found = Wish()
    small = text.lower()
    for match in _WORDS.finditer(small):
        meant = _TABLE[match["word"]]
        if match["root"] and meant.kind and found.kind is None:
            meant = replace(meant, root=ROOTS[match["root"].upper()])
        stated = {field.name: getattr(meant, field.name) for field in fields(meant)}
        found = replace(
            found,
            **{
                name: value
                for name, value in stated.items()
                if getattr(found, name) is None and value is not None
            },
        )
    number = _NUMBER.search(small)
    if number is None:
        return found
    bpm = min(BPM, key=lambda known: abs(known - int(number[1])))
    return replace(found, bpm=bpm, tempo=tempo_of(bpm))
