"""Prompts in German and English for a `Spec`, and the sampling of specs.

Held-out wordings: `held_out(prompt)` is true for a fixed twentieth of all prompts. Training never sees those,
scoring sees nothing else.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from random import Random

from generation.mini.diffusion import words
from generation.mini.diffusion.scenes import COLOURS, GROUNDS, SIZES, STYLES, Spec, Wish, clashes
from generation.mini.diffusion.things import KINDS

ASKABLE = KINDS[:-1]
PLACES = {
    "left": (34.0, 64.0), "right": (94.0, 64.0), "top": (64.0, 34.0), "bottom": (64.0, 94.0),
    "top left": (34.0, 34.0), "top right": (94.0, 34.0), "bottom left": (34.0, 94.0),
    "bottom right": (94.0, 94.0), "middle": (64.0, 64.0),
}  # fmt: skip
PAIRS = {
    "left of": ((32.0, 64.0), (96.0, 64.0)), "right of": ((96.0, 64.0), (32.0, 64.0)),
    "above": ((64.0, 32.0), (64.0, 96.0)), "below": ((64.0, 96.0), (64.0, 32.0)),
    "and": ((32.0, 64.0), (96.0, 64.0)),
}  # fmt: skip
THREE = ((34.0, 36.0), (94.0, 36.0), (64.0, 94.0))


def held_out(prompt: str) -> bool:
    return zlib.crc32(prompt.lower().encode()) % 20 == 0


@dataclass(frozen=True)
class Mix:
    """How often specs ask for each of `STYLES` and `SIZES`, relative to each other."""

    styles: tuple[int, int, int]
    sizes: tuple[int, int, int]


# What pupils ask for, which is what scores are taken on; and more of what is hardest to draw, for training.
ASKED = Mix(styles=(8, 1, 1), sizes=(2, 6, 2))
HARD = Mix(styles=(4, 3, 3), sizes=(5, 3, 2))


def sample_wish(
    place: tuple[float, float], rng: Random, ground: str | None, mix: Mix, open_share: float = 0.12
) -> Wish:
    colours = [c for c in COLOURS if ground is None or not clashes(ground, c)]
    colour = None if rng.random() < open_share else rng.choice(colours)
    size = rng.choices(SIZES, mix.sizes)[0]
    kind = None if rng.random() < 0.03 else rng.choice(ASKABLE)
    if kind is None and colour is None:
        kind = "pebble"
    return Wish(kind, colour, size, *place)


def sample_spec(rng: Random, mix: Mix = ASKED) -> Spec:
    """A spec with things. Test cards and calm pictures are drawn by `sample`."""
    style = rng.choices(STYLES, mix.styles)[0]
    grounds = [g for g in GROUNDS if g != "paper"]
    ground = rng.choice(grounds) if rng.random() < 0.65 else None
    count = rng.choices((1, 2, 3), (40, 45, 15))[0]
    if count == 1:
        relation = rng.choice(list(PLACES)) if rng.random() < 0.4 else None
        only = sample_wish(PLACES[relation or "middle"], rng, ground, mix)
        return Spec("scene", (only,), ground, style, relation)
    if count == 2:
        relation = rng.choice(list(PAIRS))
        pair = tuple(sample_wish(place, rng, ground, mix) for place in PAIRS[relation])
        return Spec("scene", pair, ground, style, relation)
    wishes = tuple(sample_wish(place, rng, ground, mix) for place in THREE)
    if rng.random() < 0.5:
        first = wishes[0]
        wishes = tuple(Wish(first.kind, first.colour, first.size, *place) for place in THREE)
    return Spec("scene", wishes, ground, style, "three")


def adjective(stem: str, ending: str, rng: Random) -> str:
    # Pupils leave endings off; "lila" and "rosa" have none.
    return stem if stem in words.INDECLINABLE or rng.random() < 0.05 else stem + ending


def german_thing(wish: Wish, case: str, rng: Random) -> str:
    noun, gender = rng.choice(words.NOUNS_DE[wish.kind]) if wish.kind else unknown_noun(rng)
    article, ending = words.ENDINGS[case, gender]
    size = words.pick(words.SIZES_DE[wish.size], rng)
    colour = words.pick(words.COLOURS_DE[wish.colour], rng) if wish.colour else ""
    parts = [adjective(stem, ending, rng) for stem in (size, colour) if stem]
    if rng.random() > 0.12:
        parts.insert(0, article)
    return " ".join([*parts, noun])


def english_thing(wish: Wish, rng: Random) -> str:
    noun = rng.choice(words.NOUNS_EN[wish.kind]) if wish.kind else unknown_noun(rng)[0]
    size = words.pick(words.SIZES_EN[wish.size], rng)
    colour = words.pick(words.COLOURS_EN[wish.colour], rng) if wish.colour else ""
    article = rng.choices(("a", "the", ""), (8, 1, 2))[0]
    return " ".join(part for part in (article, size, colour, noun) if part)


def plural(wish: Wish, german: bool, rng: Random) -> str:
    kind = wish.kind or "circle"
    if german:
        noun, colours, sizes, count = words.PLURALS_DE[kind], words.COLOURS_DE, words.SIZES_DE, "drei"
    else:
        noun, colours, sizes, count = words.PLURALS_EN[kind], words.COLOURS_EN, words.SIZES_EN, "three"
    stems = [words.pick(sizes[wish.size], rng), words.pick(colours[wish.colour], rng) if wish.colour else ""]
    shown = [adjective(s, "e", rng) if german else s for s in stems if s]
    return " ".join([count, *shown, noun])


def unknown_noun(rng: Random) -> tuple[str, str]:
    return rng.choice(("ding", "thing", "form", "shape", "objekt", "object", "figur")), "n"


def random_word(rng: Random) -> str:
    """A word that means nothing to the model: a made-up one or a common one outside its vocabulary."""
    if rng.random() < 0.4:
        return rng.choice(words.UNKNOWN)
    return "".join(rng.choice("bdfghklmnprstvwz") + rng.choice("aeiou") for _ in range(rng.randint(1, 4)))


def german_body(spec: Spec, rng: Random) -> str:
    wishes = spec.wishes
    if len(wishes) == 1:
        place = words.pick(words.PLACES_DE[spec.relation], rng) if spec.relation else ""
        return f"{german_thing(wishes[0], 'nom', rng)} {place}"
    if spec.relation == "three":
        if same_three(spec):
            return plural(wishes[0], True, rng)
        one, two, three = (german_thing(w, "nom", rng) for w in wishes)
        return f"{one}, {two} und {three}"
    link = words.pick(words.PAIRS_DE[spec.relation or "and"], rng)
    case = "nom" if link == "und" else "dat"
    return f"{german_thing(wishes[0], 'nom', rng)} {link} {german_thing(wishes[1], case, rng)}"


def english_body(spec: Spec, rng: Random) -> str:
    wishes = spec.wishes
    if len(wishes) == 1:
        place = words.pick(words.PLACES_EN[spec.relation], rng) if spec.relation else ""
        return f"{english_thing(wishes[0], rng)} {place}"
    if spec.relation == "three":
        if same_three(spec):
            return plural(wishes[0], False, rng)
        one, two, three = (english_thing(w, rng) for w in wishes)
        return f"{one}, {two} and {three}"
    link = words.pick(words.PAIRS_EN[spec.relation or "and"], rng)
    return f"{english_thing(wishes[0], rng)} {link} {english_thing(wishes[1], rng)}"


def same_three(spec: Spec) -> bool:
    return (
        len({(w.kind, w.colour, w.size) for w in spec.wishes}) == 1
        and spec.wishes[0].kind in words.PLURALS_DE
    )


def word(spec: Spec, rng: Random) -> str:
    """One wording of a spec with things."""
    german = rng.random() < 0.5
    body = german_body(spec, rng) if german else english_body(spec, rng)
    pieces = [body.strip()]
    if spec.ground:
        pieces.append(words.pick((words.GROUNDS_DE if german else words.GROUNDS_EN)[spec.ground], rng))
        if rng.random() < 0.1:
            pieces.reverse()
    style = words.pick((words.STYLES_DE if german else words.STYLES_EN)[spec.style], rng)
    if style:
        pieces.insert(0 if rng.random() < 0.3 else len(pieces), style)
    if rng.random() < 0.12:
        pieces.insert(0, rng.choice(words.FILLERS_DE if german else words.FILLERS_EN))
    if rng.random() < 0.12:
        pieces.insert(rng.choice((0, len(pieces))), random_word(rng))
    return join(pieces, rng)


def join(pieces: list[str], rng: Random) -> str:
    text = rng.choice((" ", " ", ", ")).join(piece for piece in pieces if piece)
    if rng.random() < 0.05:
        for umlaut, plain in (("ü", "ue"), ("ö", "oe"), ("ä", "ae"), ("ß", "ss")):
            text = text.replace(umlaut, plain)
    return " ".join(text.split())


def sample_fragment(rng: Random) -> tuple[str, Spec]:
    """A prompt of one property, as in a negative prompt: "red", "Stern", "at night"."""
    topic = rng.choice(("colour", "kind", "ground", "style"))
    german = rng.random() < 0.5
    if topic == "ground":
        ground = rng.choice([g for g in GROUNDS if g != "paper"])
        text = words.pick((words.GROUNDS_DE if german else words.GROUNDS_EN)[ground], rng)
        return text, Spec("scene", (Wish(None, None, "normal", 64.0, 64.0),), ground)
    colour = rng.choice(list(COLOURS)) if topic == "colour" else None
    kind = rng.choice(ASKABLE) if topic == "kind" else None
    style = rng.choice(("outline", "chalk")) if topic == "style" else "flat"
    spec = Spec("scene", (Wish(kind, colour, "normal", 64.0, 64.0),), None, style)
    if colour:
        return words.pick((words.COLOURS_DE if german else words.COLOURS_EN)[colour], rng), spec
    if kind:
        return rng.choice(words.NOUNS_DE[kind])[0] if german else rng.choice(words.NOUNS_EN[kind]), spec
    return words.pick((words.STYLES_DE if german else words.STYLES_EN)[style], rng), spec


def sample(rng: Random, hard: float = 0.0) -> tuple[str, Spec]:
    """A prompt and what it asks for; may be a held-out prompt. hard: share of scenes from `HARD`."""
    draw = rng.random()
    if draw < 0.035:
        return rng.choice(words.CARD), Spec("card")
    if draw < 0.085:
        return f"{rng.choice(words.MAYBE)} {rng.choice(words.CARD)}", Spec("maybe")
    if draw < 0.12:
        return " ".join(random_word(rng) for _ in range(rng.randint(1, 7))), Spec("calm")
    if draw < 0.20:
        return sample_fragment(rng)
    spec = sample_spec(rng, HARD if hard and rng.random() < hard else ASKED)
    return word(spec, rng), spec


def sample_for_training(rng: Random, hard: float = 0.5) -> tuple[str, Spec]:
    while True:
        prompt, spec = sample(rng, hard)
        # The few wordings of the test card are all trained, there are too few to hold any out.
        if spec.mode in ("card", "maybe") or not held_out(prompt):
            return prompt, spec
