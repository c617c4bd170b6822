"""Which Latin letters a character may stand for: look-alikes, small capitals, digits and signs.

A character has one or more readings, each a short string: Cyrillic "р" looks like p and sounds like r, "1" is
i or l, "ä" is ae or a. The table is made for German and English and grows by the lists below.
"""

import re
import unicodedata
from collections.abc import Mapping
from functools import cache
from typing import Final

Readings = tuple[str, ...]

DIGITS: Final[Mapping[str, Readings]] = {
    "0": ("o",),
    "1": ("i", "l"),
    "2": ("z",),
    "3": ("e",),
    "4": ("a",),
    "5": ("s",),
    "6": ("g", "b"),
    "7": ("t",),
    "8": ("b",),
    "9": ("g",),
}

# Signs that are punctuation in one reading and a letter in the other. "*" hides a letter: mostly a vowel, in
# the commonest word also c and k.
SIGNS: Final[Mapping[str, Readings]] = {
    "@": ("a",),
    "$": ("s",),
    "!": ("i", "l"),
    "¡": ("i",),
    "|": ("i", "l"),
    "+": ("t",),
    "†": ("t",),
    "(": ("c",),
    "[": ("c",),
    "{": ("c",),
    "<": ("c",),
    "¢": ("c",),
    "©": ("c",),
    "€": ("e",),
    "£": ("l", "e"),
    "¥": ("y",),
    "§": ("s",),
    "®": ("r",),
    "°": ("o",),
    "×": ("x",),
    "∂": ("d",),
    "∑": ("e", "s"),
    "√": ("v",),
    "∩": ("n",),
    "∪": ("u",),
    "∆": ("a",),
    "^": ("a",),
    "*": tuple("aeiouyck"),
}

_GERMAN: Final[Mapping[str, Readings]] = {
    "ä": ("ae", "a"),
    "ö": ("oe", "o"),
    "ü": ("ue", "u"),
    "ß": ("ss", "b"),
    "æ": ("ae", "a"),
    "œ": ("oe", "o"),
    "ø": ("o", "oe"),
}

# Character followed by its readings of one letter each; pairs are separated by blanks.
_OTHER_SCRIPTS: Final = (
    # Cyrillic
    "аa бb вbv гrg дda еe жx зez иniu кk лln мm нhn оo пnp рpr сcs тt уyu фfo хxh цuc чyc шw щw ъb ьb эe яr "
    "ѕs іi јj ԁd ԛq ԝw ѵv ѡw һh ӏli ґrg қk ңnh үy ұy ҳx әe өo ҝk ғf ҫc ԍg "
    # Greek
    "αa βb γyg δd εe ζz ηnh θo ιi κk λla μum νvn ξxe οo πnp ρpr σso ςs τt υuy φfo χx ψy ωwo ϲc ϳj ϵe "
    # Armenian
    "օo սu ոn հh ցg յj լl գq զq քfp ռn տu "
    # Cherokee, by its capitals
    "Ꭺa Ᏼb Ꮯc Ꭰd Ꭼe Ꮐg Ꮋh Ꭵi Ꭻj Ꮶk Ꮮl Ꮇm Ꮲp Ꮢr Ꮪs Ꭲt Ꮩv Ꮃw Ꮓz "
    # Latin letters whose names say nothing about their shape
    "ɑa ɒa əe ɘe ɛe ɜe ɔoc ɩi ıi ȷj ʃs ŋn ðd þp ƿp ĸk ʌva ɣy ʊu ɸo ꞵb ꭓx ꞷw ɤy "
)

# Alphabets from A to Z that NFKC leaves alone: in black circles, in black squares, flag letters, outlines.
_ALPHABETS: Final = (0x1F150, 0x1F170, 0x1F1E6, 0x1CCD6)

_LATIN_BLOCKS: Final = ((0xC0, 0x2B0), (0x1D00, 0x1DC0), (0x1E00, 0x1F00), (0x2C60, 0x2C80), (0xA720, 0xA800))
# "LATIN SMALL LETTER D WITH STROKE", "LATIN LETTER SMALL CAPITAL R", "LATIN SMALL LETTER TURNED A" ...
_LATIN_NAME: Final = re.compile(
    r"LATIN (?:SMALL |CAPITAL )?LETTER (?:SMALL CAPITAL |TURNED |REVERSED |SCRIPT |BARRED |SIDEWAYS |OPEN "
    r"|SMALL |CLOSED |INVERTED |LONG |DOTLESS )*([A-Z])(?: WITH .*)?"
)


@cache
def look_alikes() -> Mapping[str, Readings]:
    """Lower-case characters outside a-z, digits and signs, with their readings."""
    table: dict[str, Readings] = {}
    for first, end in _LATIN_BLOCKS:
        for character in map(chr, range(first, end)):
            named = _LATIN_NAME.fullmatch(unicodedata.name(character, ""))
            if named:
                table[character.lower()] = (named.group(1).lower(),)
    for start in _ALPHABETS:
        table.update({chr(start + place): (chr(ord("a") + place),) for place in range(26)})
    for pair in _OTHER_SCRIPTS.split():
        table[pair[0].lower()] = tuple(pair[1:])
    table.update(_GERMAN)
    return {character: found for character, found in table.items() if len(character) == 1}
