"""What the effects model is asked for: six sounds with attributes, as German and English prompts.

A `Sound` says what is to be heard; `prompt` words it. Frames and phrases marked as held out are never trained: the
scores ask with them. Everything follows from the random generator that is handed in.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from generation.mini.music.effects_phrases import HELD_OUT, TRAINED

KINDS = ("dog", "steps", "rain", "wind", "bell", "siren")
LANGUAGES = ("de", "en")

Words = dict[str, dict[tuple[str, int], tuple[str, ...]]]

# Which attributes a sound of a kind has; each is -1, 0 (not mentioned, middling) or 1.
AXES = {
    "dog": ("pace", "pitch", "level"),
    "steps": ("pace", "pitch", "level"),
    "rain": ("level",),
    "wind": ("pitch", "level"),
    "bell": ("pace", "pitch", "level"),
    "siren": ("pace", "pitch", "level"),
}


@dataclass(frozen=True)
class Sound:
    """One effect. pace: slow..fast, pitch: low..high, level: quiet or far..loud or near; -1, 0 or 1 each."""

    kind: str
    pace: int = 0
    pitch: int = 0
    level: int = 0

    def value(self, axis: str) -> int:
        """The value of one attribute."""
        return {"pace": self.pace, "pitch": self.pitch, "level": self.level}[axis]


# Words for the attributes; in German they take endings in front of a noun.
WORDS: Words = {
    "de": {
        ("pace", -1): ("langsam",),
        ("pace", 1): ("schnell",),
        ("pitch", -1): ("tief",),
        ("pitch", 1): ("hell",),
        ("level", -1): ("leise", "fern"),
        ("level", 1): ("laut", "nah"),
    },
    "en": {
        ("pace", -1): ("slow",),
        ("pace", 1): ("fast", "quick"),
        ("pitch", -1): ("low", "deep"),
        ("pitch", 1): ("high", "bright"),
        ("level", -1): ("quiet", "distant"),
        ("level", 1): ("loud", "near"),
    },
}
# Only behind the phrase; and words of a kind of its own.
BEHIND: Words = {
    "de": {
        ("pitch", 1): ("hoch",),
        ("level", -1): ("in der Ferne", "weit weg"),
        ("level", 1): ("ganz nah", "in der Nähe"),
    },
    "en": {
        ("pace", -1): ("slowly",),
        ("pace", 1): ("quickly",),
        ("level", -1): ("far away", "in the distance", "quietly"),
        ("level", 1): ("close", "close by", "loudly"),
    },
}
SPECIAL: dict[str, dict[tuple[str, str, int], tuple[str, ...]]] = {
    "de": {
        ("dog", "pitch", -1): ("groß",),
        ("dog", "pitch", 1): ("klein",),
        ("steps", "pitch", -1): ("schwer",),
        ("steps", "pitch", 1): ("leicht",),
        ("bell", "pitch", -1): ("groß",),
        ("bell", "pitch", 1): ("klein",),
        ("rain", "level", -1): ("leicht", "sanft"),
        ("rain", "level", 1): ("stark", "heftig"),
        ("wind", "level", -1): ("sanft", "schwach"),
        ("wind", "level", 1): ("stark", "heftig"),
    },
    "en": {
        ("dog", "pitch", -1): ("big",),
        ("dog", "pitch", 1): ("small",),
        ("steps", "pitch", -1): ("heavy",),
        ("steps", "pitch", 1): ("light",),
        ("bell", "pitch", -1): ("big",),
        ("bell", "pitch", 1): ("small",),
        ("rain", "level", -1): ("light", "gentle"),
        ("rain", "level", 1): ("heavy", "strong"),
        ("wind", "level", -1): ("gentle", "soft"),
        ("wind", "level", 1): ("strong", "heavy"),
    },
}

FRAMES = {
    "de": ("{}", "{}", "{}", "Geräusch: {}", "man hört: {}", "bitte {}", "ein Geräusch: {}", "{}, Geräusch"),
    "en": ("{}", "{}", "{}", "sound: {}", "you can hear: {}", "please {}", "a sound: {}", "{}, sound effect"),
}
HELD_OUT_FRAMES = {
    "de": ("{}", "Geräusch von: {}", "man hört {}", "{}, bitte"),
    "en": ("{}", "sound of {}", "you hear {}", "{}, please"),
}


def draw(rng: random.Random, kind: str | None = None) -> Sound:
    """A random sound; each attribute is middling in three of seven cases."""
    kind = kind or rng.choice(KINDS)
    values = {axis: rng.choice((-1, -1, 0, 0, 0, 1, 1)) for axis in AXES[kind]}
    return Sound(kind, **values)


def prompt(sound: Sound, language: str, rng: random.Random, *, held_out: bool = False) -> str:
    """A wording of this sound; `held_out` takes the phrases and frames that training never sees."""
    phrases = (HELD_OUT if held_out else TRAINED)[language][sound.kind]
    frames = (HELD_OUT_FRAMES if held_out else FRAMES)[language]
    phrase, ending = rng.choice(phrases)
    asked = [axis for axis in AXES[sound.kind] if sound.value(axis)]
    rng.shuffle(asked)
    front = [axis for axis in asked if ending and rng.random() < 0.6]
    before = [_word(sound, axis, language, rng) for axis in front]
    if language == "de":
        before = [_inflected(word, ending) for word in before]
    after = [_word(sound, axis, language, rng, behind=True) for axis in asked if axis not in front]
    text = frames[rng.randrange(len(frames))].format(_joined(before, phrase, after, language, rng))
    return text if held_out else _cased(text, rng)


def sentences(seed: int, count: int) -> list[str]:
    """Training prompts for whoever learns the vocabulary, half German, half English."""
    rng = random.Random(seed)
    return [prompt(draw(rng), LANGUAGES[index % 2], rng) for index in range(count)]


def _word(sound: Sound, axis: str, language: str, rng: random.Random, *, behind: bool = False) -> str:
    value = sound.value(axis)
    words = WORDS[language][axis, value]
    if behind:
        words += BEHIND[language].get((axis, value), ())
    # "a dog barks big" is no sentence; "it rains heavy" nearly is.
    if not behind or sound.kind not in ("dog", "bell"):
        words += SPECIAL[language].get((sound.kind, axis, value), ())
    return rng.choice(words)


def _inflected(word: str, ending: str) -> str:
    return word[:-1] + ending if word.endswith("e") else word + ending


def _joined(before: list[str], phrase: str, after: list[str], language: str, rng: random.Random) -> str:
    and_ = " und " if language == "de" else " and "
    text = " ".join((", ".join(before), phrase)).strip()
    if not after:
        return text
    glue = rng.choice((", ", " "))
    return text + glue + (rng.choice((", ", and_)).join(after))


def _cased(text: str, rng: random.Random) -> str:
    chance = rng.random()
    if chance < 0.3:
        return text.lower()
    return text[0].upper() + text[1:] if chance < 0.6 else text
