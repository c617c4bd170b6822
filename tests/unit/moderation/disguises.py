"""Disguises for words that must not get through, made from rules and a random generator.

The tables here are written from what pupils and spammers do; they share nothing with `moderation.letters`.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

TARGETS = (
    "nackt",
    "nackte",
    "porno",
    "pornografie",
    "ficken",
    "titten",
    "vergewaltigung",
    "orgasmus",
    "hakenkreuz",
    "hurensohn",
    "schlampe",
    "kokain",
    "selbstmord",
    "suizid",
    "zerstückelt",
    "blutüberströmt",
    "enthauptete leiche blut",
    "amoklauf",
    "masturbieren",
    "blowjob",
    "naked",
    "nude",
    "porn",
    "fucking",
    "blowjobs",
    "masturbate",
    "vagina",
    "penis",
    "rape",
    "swastika",
    "nigger",
    "faggot",
    "suicide",
    "cocaine",
    "heroin",
    "decapitated",
    "dismembered",
    "behead",
    "erotic",
    "topless",
    "undressed",
    "hentai",
    "bordell",
    "prostituierte",
    "kinderporno",
    "crystal meth",
)
CARRIERS = (
    "{}",
    "ein Bild von {} bitte",
    "male mir {}",
    "a picture of {}, high detail",
    "Aquarell, {} im Wald",
    "please draw {} for me!",
    "4 mal {} in 3d",
    "Text: \u201e{}\u201c",
)

_CYRILLIC = dict(zip("aeopcxyiskmthbnrug", "аеорсхуіѕкмтнвпгцд", strict=True)) | {
    "g": "ԍ",
    "d": "ԁ",
    "l": "ӏ",
    "w": "ԝ",
}
_GREEK = dict(zip("aeioknptuvxz", "αειοκηρτυνχζ", strict=True))
_SMALL_CAPITALS = dict(zip("abcdeghijklmnoprtuvwz", "ᴀʙᴄᴅᴇɢʜɪᴊᴋʟᴍɴᴏᴘʀᴛᴜᴠᴡᴢ", strict=True))
_STROKES = dict(zip("abcdefhiklmnorstuz", "ȧƀçđęƒħɨķłṁñørşŧůž", strict=True))
_LEET = {
    "a": "4@",
    "e": "3€",
    "i": "1!|",
    "l": "1|",
    "o": "0",
    "s": "5$",
    "t": "7+",
    "b": "8",
    "g": "96",
    "z": "2",
    "c": "(",
}
_ALPHABETS = (0x1D41A, 0x1D482, 0x1D4EA, 0x1D51E, 0x1D5BA, 0x1D68A, 0x24D0, 0xFF41)
_CAPITAL_ALPHABETS = (0x1F130, 0x1F150, 0x1F170, 0x1F1E6)
_INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u00ad\u202e\u202c\u061c\ufe0f\u180e\u034f"
_SEPARATORS = (
    " ",
    ".",
    "-",
    "_",
    " - ",
    "*",
    "/",
    "~",
    "\u2009",
    "\u00a0",
    "\U0001f642",
    ", ",
    "|",
    "\n",
    "·",
)


@dataclass(frozen=True)
class Disguised:
    text: str
    word: str
    rules: tuple[str, ...]


Rule = Callable[[random.Random, str], str]


def _mapped(table: dict[str, str], share: float) -> Rule:
    """Exchange some of the letters that the table knows, at least one where there is one, and never all."""

    def rule(rng: random.Random, word: str) -> str:
        known = [place for place, letter in enumerate(word) if letter in table]
        letters = [place for place, letter in enumerate(word) if letter.isalpha()]
        chosen = {place for place in known if rng.random() < share} or set(known[:1])
        if len(chosen) == len(letters):
            chosen.pop()
        return "".join(
            rng.choice(table[letter]) if place in chosen else letter for place, letter in enumerate(word)
        )

    return rule


def _other_alphabet(rng: random.Random, word: str) -> str:
    start = rng.choice(_ALPHABETS + _CAPITAL_ALPHABETS)
    return "".join(chr(start + ord(letter) - ord("a")) if "a" <= letter <= "z" else letter for letter in word)


def _invisible(rng: random.Random, word: str) -> str:
    return "".join(letter + rng.choice(_INVISIBLE) * rng.randint(0, 2) for letter in word)


def _zalgo(rng: random.Random, word: str) -> str:
    return "".join(
        letter + "".join(chr(rng.randint(0x300, 0x36F)) for _ in range(rng.randint(0, 6))) for letter in word
    )


def _spaced(rng: random.Random, word: str) -> str:
    separator = rng.choice(_SEPARATORS)
    return " ".join(separator.join(part) for part in word.split(" "))


def _broken(rng: random.Random, word: str) -> str:
    place = rng.randint(1, len(word.split(" ")[0]) - 1)
    return word[:place] + rng.choice(("-", ".", "_", "/", "\U0001f642", "~", "'")) + word[place:]


def _stretched(rng: random.Random, word: str) -> str:
    places = {rng.randrange(len(word)) for _ in range(2)}
    return "".join(
        letter * (rng.randint(2, 6) if place in places and letter != " " else 1)
        for place, letter in enumerate(word)
    )


def _case(rng: random.Random, word: str) -> str:
    return "".join(rng.choice((letter.upper(), letter)) for letter in word)


def _umlauts(rng: random.Random, word: str) -> str:
    del rng
    return word.replace("ü", "ue").replace("ö", "oe").replace("ä", "ae")


def _glued(rng: random.Random, word: str) -> str:
    separator = rng.choice(("_", "-", ".", "/", "+", "&", ","))
    return separator.join(
        (rng.choice(("rot", "bild", "photo", "xx")), word, rng.choice(("frau", "hd", "99")))
    )


def _framed(rng: random.Random, word: str) -> str:
    frame = rng.choice(("!!", "123", "69", "~", "**", "\u2728", "$$", "__"))
    return word + frame if rng.random() < 0.5 else frame + word + frame


def _hidden_vowel(rng: random.Random, word: str) -> str:
    vowels = [place for place, letter in enumerate(word) if letter in "aeiou"]
    place = rng.choice(vowels)
    return word[:place] + "*" + word[place + 1 :]


RULES: dict[str, Rule] = {
    "invisible": _invisible,
    "zalgo": _zalgo,
    "cyrillic": _mapped(_CYRILLIC, 0.7),
    "greek": _mapped(_GREEK, 0.7),
    "small capitals": _mapped(_SMALL_CAPITALS, 0.9),
    "strokes": _mapped(_STROKES, 0.5),
    "leet": _mapped(_LEET, 0.7),
    "alphabet": _other_alphabet,
    "spaced": _spaced,
    "broken": _broken,
    "stretched": _stretched,
    "case": _case,
    "umlauts": _umlauts,
    "glued": _glued,
    "framed": _framed,
    "hidden vowel": _hidden_vowel,
}
# The order in which two rules make sense: letters first, then what stands between, then what is laid over.
_SECOND: Sequence[str] = (
    "spaced",
    "broken",
    "invisible",
    "zalgo",
    "case",
    "stretched",
    "framed",
    "cyrillic",
    "leet",
)
_FIRST: Sequence[str] = (
    "leet",
    "cyrillic",
    "greek",
    "small capitals",
    "stretched",
    "case",
    "umlauts",
    "broken",
)


def disguised(rng: random.Random, count: int) -> list[Disguised]:
    """Disguises in sentences: every rule in turn, four of ten followed by a second one."""
    names = list(RULES)
    return [_one(rng, names[number % len(names)]) for number in range(count)]


def _one(rng: random.Random, name: str) -> Disguised:
    word = rng.choice(TARGETS)
    rules = (name,)
    if name in _FIRST and rng.random() < 0.8:
        rules = (name, rng.choice([other for other in _SECOND if other != name]))
    text = word
    for rule in rules:
        text = RULES[rule](rng, text)
    return Disguised(rng.choice(CARRIERS).format(text), word, rules)
