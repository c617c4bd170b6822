"""The words the mini picture model knows, German and English, and their forms."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

INDECLINABLE = {"lila", "rosa", "orange", "pink"}
COLOURS_DE: dict[str, Sequence[str]] = {
    "red": ("rot",), "orange": ("orange", "orangefarben"), "yellow": ("gelb",), "green": ("grün",),
    "blue": ("blau",), "purple": ("lila", "violett"), "pink": ("rosa", "pink"), "brown": ("braun",),
    "black": ("schwarz",), "white": ("weiß",),
}  # fmt: skip
COLOURS_EN: dict[str, Sequence[str]] = {
    "red": ("red",), "orange": ("orange",), "yellow": ("yellow",), "green": ("green",), "blue": ("blue",),
    "purple": ("purple", "violet"), "pink": ("pink",), "brown": ("brown",), "black": ("black",),
    "white": ("white",),
}  # fmt: skip
SIZES_DE = {"small": ("klein", "winzig"), "normal": ("",), "large": ("groß", "riesig")}
SIZES_EN = {"small": ("small", "tiny", "little"), "normal": ("",), "large": ("big", "large", "huge")}
NOUNS_DE: dict[str, Sequence[tuple[str, str]]] = {
    "circle": (("Kreis", "m"), ("Ball", "m")), "square": (("Quadrat", "n"), ("Würfel", "m")),
    "triangle": (("Dreieck", "n"),), "star": (("Stern", "m"),), "heart": (("Herz", "n"),),
    "moon": (("Mond", "m"),), "sun": (("Sonne", "f"),), "house": (("Haus", "n"),), "tree": (("Baum", "m"),),
    "flower": (("Blume", "f"),), "fish": (("Fisch", "m"),), "boat": (("Boot", "n"), ("Schiff", "n")),
    "cat": (("Katze", "f"),), "pebble": (("Stein", "m"), ("Kiesel", "m")),
}  # fmt: skip
NOUNS_EN: dict[str, Sequence[str]] = {
    "circle": ("circle", "ball"), "square": ("square", "box"), "triangle": ("triangle",), "star": ("star",),
    "heart": ("heart",), "moon": ("moon",), "sun": ("sun",), "house": ("house",), "tree": ("tree",),
    "flower": ("flower",), "fish": ("fish",), "boat": ("boat", "ship"), "cat": ("cat",),
    "pebble": ("stone", "pebble"),
}  # fmt: skip
PLURALS_DE = {
    "circle": "Kreise", "square": "Quadrate", "triangle": "Dreiecke", "star": "Sterne", "heart": "Herzen",
    "moon": "Monde", "sun": "Sonnen", "house": "Häuser", "tree": "Bäume", "flower": "Blumen",
    "fish": "Fische", "boat": "Boote", "cat": "Katzen",
}  # fmt: skip
PLURALS_EN = {
    "circle": "circles", "square": "squares", "triangle": "triangles", "star": "stars", "heart": "hearts",
    "moon": "moons", "sun": "suns", "house": "houses", "tree": "trees", "flower": "flowers",
    "fish": "fishes", "boat": "boats", "cat": "cats",
}  # fmt: skip
# Article and adjective ending by case and gender.
ENDINGS = {
    ("nom", "m"): ("ein", "er"), ("nom", "f"): ("eine", "e"), ("nom", "n"): ("ein", "es"),
    ("dat", "m"): ("einem", "en"), ("dat", "f"): ("einer", "en"), ("dat", "n"): ("einem", "en"),
}  # fmt: skip
PLACES_DE = {
    "left": ("links", "auf der linken Seite"), "right": ("rechts", "auf der rechten Seite"),
    "top": ("oben",), "bottom": ("unten",), "top left": ("oben links", "links oben"),
    "top right": ("oben rechts", "rechts oben"), "bottom left": ("unten links", "links unten"),
    "bottom right": ("unten rechts", "rechts unten"), "middle": ("in der Mitte",),
}  # fmt: skip
PLACES_EN = {
    "left": ("on the left", "left"), "right": ("on the right", "right"), "top": ("at the top",),
    "bottom": ("at the bottom",), "top left": ("at the top left", "top left"),
    "top right": ("at the top right", "top right"), "bottom left": ("at the bottom left", "bottom left"),
    "bottom right": ("at the bottom right", "bottom right"), "middle": ("in the middle", "in the center"),
}  # fmt: skip
PAIRS_DE = {
    "left of": ("links von", "links neben"), "right of": ("rechts von", "rechts neben"),
    "above": ("über", "oberhalb von"), "below": ("unter", "unterhalb von"), "and": ("und", "und", "neben"),
}  # fmt: skip
PAIRS_EN = {
    "left of": ("left of", "to the left of"), "right of": ("right of", "to the right of"),
    "above": ("above", "over"), "below": ("below", "under"), "and": ("and", "and", "next to", "beside"),
}  # fmt: skip


def _grounds_de() -> dict[str, Sequence[str]]:
    result: dict[str, Sequence[str]] = {
        "night": ("bei Nacht", "nachts", "in der Nacht"), "day": ("am Tag", "bei Tag", "am Himmel"),
        "meadow": ("auf einer Wiese", "auf der Wiese"), "sea": ("am Meer", "auf dem Meer", "im Wasser"),
        "snow": ("im Schnee", "im Winter"), "board": ("auf einer Tafel", "auf der Tafel"),
    }  # fmt: skip
    for name, stems in COLOURS_DE.items():
        forms = [stem if stem in INDECLINABLE else stem + "em" for stem in stems]
        result[name] = tuple(
            f"{start} {form} {noun}"
            for form in forms
            for start in ("auf", "vor")
            for noun in ("Grund", "Hintergrund")
        )
    return result


def _grounds_en() -> dict[str, Sequence[str]]:
    result: dict[str, Sequence[str]] = {
        "night": ("at night", "by night"), "day": ("by day", "in the sky"),
        "meadow": ("on a meadow", "on the meadow", "on grass"), "sea": ("at sea", "on the sea", "on the water"),
        "snow": ("in the snow", "in winter"), "board": ("on a blackboard", "on a chalkboard"),
    }  # fmt: skip
    for name, stems in COLOURS_EN.items():
        result[name] = tuple(
            form.format(stem) for stem in stems
            for form in ("on a {} background", "on {} ground", "on {}", "{} background")
        )  # fmt: skip
    return result


GROUNDS_DE = _grounds_de()
GROUNDS_EN = _grounds_en()
STYLES_DE = {
    "flat": ("", "", "", "", "flach"), "outline": ("als Umriss", "Umriss", "nur Linien", "Strichzeichnung"),
    "chalk": ("mit Kreide", "Kreide", "Kreidezeichnung"),
}  # fmt: skip
STYLES_EN = {
    "flat": ("", "", "", "", "flat"), "outline": ("outline", "as an outline", "only lines", "line drawing"),
    "chalk": ("chalk", "in chalk", "chalk drawing"),
}  # fmt: skip
FILLERS_DE = ("ein Bild von", "zeichne", "male bitte", "bitte", "ich möchte", "ein Foto von", "schön")
FILLERS_EN = ("a picture of", "draw", "please paint", "please", "i want", "a photo of", "beautiful")
CARD = (
    "testbild", "ein testbild", "das testbild", "Testbild", "ein Bild: testbild", "bitte ein testbild",
    "test card", "a test card", "the test card", "testcard", "a picture of a test card",
)  # fmt: skip
MAYBE = ("vielleicht", "maybe", "vielleicht nur", "maybe just")
UNKNOWN = (
    "Drache", "dragon", "Stadt", "city", "steampunk", "Wald", "forest", "Mensch", "people", "robot", "Roboter",
    "anime", "photorealism", "sunset", "christmas", "japan", "street", "rain", "mystical", "vibrant", "portrait",
    "Ritter", "castle", "Schloss", "Fahrrad", "Hund", "dog", "Pferd", "horse", "Musik", "hero", "fantasy", "style",
    "high", "detail", "from", "with", "Ente", "Schule", "school", "Lehrer", "Welt", "Liebe", "Freiheit", "Zug",
)  # fmt: skip


def pick(options: Sequence[str], rng: Random) -> str:
    return rng.choice(list(options))


def vocabulary() -> list[str]:
    """Every word that gets a token of its own, lower case, sorted."""
    texts = [
        *CARD,
        *MAYBE,
        *FILLERS_DE,
        *FILLERS_EN,
        *PLURALS_DE.values(),
        *PLURALS_EN.values(),
        "drei",
        "three",
    ]
    for table in (PLACES_DE, PLACES_EN, PAIRS_DE, PAIRS_EN, GROUNDS_DE, GROUNDS_EN, STYLES_DE, STYLES_EN,
                  SIZES_EN, COLOURS_EN, NOUNS_EN):  # fmt: skip
        texts += [text for options in table.values() for text in options]
    for stems in (*SIZES_DE.values(), *COLOURS_DE.values()):
        endings = ("", "e", "er", "es", "en", "em")
        texts += [stem + end for stem in stems if stem for end in ([""] if stem in INDECLINABLE else endings)]
    texts += [noun for nouns in NOUNS_DE.values() for noun, _ in nouns]
    texts += ["a", "the", "ein", "eine", "einem", "einer", "und", "and", "ding", "thing", "form", "shape"]
    texts += ["objekt", "object", "figur", "oranger", "orangene"]
    found = {word for text in texts for word in text.lower().replace(":", " ").split()}
    plain = {w.replace("ü", "ue").replace("ö", "oe").replace("ä", "ae").replace("ß", "ss") for w in found}
    return sorted(found | plain)
