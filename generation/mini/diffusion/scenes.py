"""What a prompt asks for (`Spec`), one picture that fulfils it (`Scene`), and its drawing.

All measures are pixels of a 128x128 picture, x to the right, y down. Every random choice takes the caller's
`random.Random`, so that a seed fixes a data set.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from PIL import Image, ImageDraw

from generation.mini.diffusion.things import Part, parts

SIDE = 128
SUPERSAMPLE = 2

Colour = tuple[int, int, int]
COLOURS: dict[str, Colour] = {
    "red": (214, 32, 38), "orange": (250, 130, 20), "yellow": (250, 216, 30), "green": (30, 150, 60),
    "blue": (30, 80, 210), "purple": (120, 40, 160), "pink": (250, 120, 180), "brown": (120, 72, 32),
    "black": (20, 20, 22), "white": (252, 252, 252),
}  # fmt: skip
# Grounds are paler than things of the same name, so that both can be told apart.
GROUNDS: dict[str, tuple[Colour, Colour]] = {
    "red": ((228, 104, 100),) * 2, "orange": ((248, 176, 104),) * 2, "yellow": ((248, 228, 128),) * 2,
    "green": ((128, 200, 124),) * 2, "blue": ((104, 156, 230),) * 2, "purple": ((172, 126, 208),) * 2,
    "pink": ((250, 192, 216),) * 2, "brown": ((166, 128, 94),) * 2, "black": ((44, 44, 48),) * 2,
    "white": ((255, 255, 255),) * 2,
    "night": ((24, 30, 78),) * 2, "day": ((160, 208, 244),) * 2,
    "meadow": ((160, 208, 244), (112, 186, 96)), "sea": ((160, 208, 244), (48, 112, 190)),
    "snow": ((186, 198, 214), (244, 248, 252)), "paper": ((246, 238, 218),) * 2, "board": ((40, 72, 60),) * 2,
}  # fmt: skip
HORIZON = 88
# Of the pictures for "maybe a test card". Guidance favours the louder picture, so that it takes few to get half.
MAYBE_CARDS = 0.5
CARD_BARS: tuple[Colour, ...] = (
    (240, 240, 240), (240, 220, 0), (0, 200, 220), (0, 180, 0), (220, 0, 200), (220, 0, 0),
)  # fmt: skip
STYLES = ("flat", "outline", "chalk")
SIZES = ("small", "normal", "large")
NATURAL = {
    "sun": "yellow", "moon": "yellow", "star": "yellow", "tree": "green", "heart": "red", "house": "red",
    "flower": "pink", "fish": "orange", "boat": "brown", "cat": "black",
}  # fmt: skip
# Words that stand close together as colours are not asked for beside each other by `wording`.
CLASHES = {
    ("night", "blue"), ("night", "black"), ("night", "purple"), ("snow", "white"), ("day", "blue"),
    ("sea", "blue"), ("paper", "white"), ("meadow", "green"), ("board", "green"),
    ("board", "black"), ("brown", "black"),
}  # fmt: skip


@dataclass(frozen=True)
class Wish:
    """One asked-for thing; None means that the prompt leaves it open. `x`, `y` are where it belongs."""

    kind: str | None
    colour: str | None
    size: str
    x: float
    y: float


@dataclass(frozen=True)
class Spec:
    """What a prompt asks for. `mode`: "scene", "card" (test card), "maybe" (card or calm) or "calm"."""

    mode: str = "scene"
    wishes: tuple[Wish, ...] = ()
    ground: str | None = None
    style: str = "flat"
    relation: str | None = None


@dataclass(frozen=True)
class Thing:
    """One drawn thing: `size` is its full width in pixels, `x`, `y` its centre."""

    kind: str
    colour: str
    size: float
    x: float
    y: float


@dataclass(frozen=True)
class Scene:
    """One picture, completely fixed. `tint` shifts the calm picture's hues, 0 to 1."""

    mode: str
    things: tuple[Thing, ...] = ()
    ground: str = "paper"
    style: str = "flat"
    tint: float = 0.0


DIAMETERS = {
    1: {"small": 38.0, "normal": 62.0, "large": 90.0},
    2: {"small": 34.0, "normal": 48.0, "large": 52.0},
    3: {"small": 32.0, "normal": 42.0, "large": 46.0},
}


def clashes(ground: str, colour: str) -> bool:
    return ground == colour or (ground, colour) in CLASHES


def choose_ground(spec: Spec, colours: list[str], rng: Random) -> str:
    if spec.ground is not None:
        return spec.ground
    choices = ["board", "night"] if spec.style == "chalk" else ["paper", "day"]
    fitting = [c for c in choices if not any(clashes(c, colour) for colour in colours)]
    return rng.choice(fitting or ["brown"])


def choose_colour(wish: Wish, kind: str, ground: str | None, rng: Random) -> str:
    if wish.colour is not None:
        return wish.colour
    if kind == "pebble":
        choices = ["brown", "white"]
    else:
        choices = [NATURAL[kind]] if kind in NATURAL and rng.random() < 0.5 else list(COLOURS)
    fitting = [c for c in choices if ground is None or not clashes(ground, c)]
    return rng.choice(fitting or ["orange"])


def realise(spec: Spec, rng: Random) -> Scene:
    """One picture of the many that fulfil `spec`."""
    mode = spec.mode
    if mode == "maybe":
        mode = "card" if rng.random() < MAYBE_CARDS else "calm"
    if mode != "scene":
        return Scene(mode, tint=rng.random())
    open_kinds = [*NATURAL, "circle", "square", "triangle"]
    kinds = [w.kind or rng.choice(open_kinds) for w in spec.wishes]
    colours = [choose_colour(w, k, spec.ground, rng) for w, k in zip(spec.wishes, kinds, strict=True)]
    ground = choose_ground(spec, colours, rng)
    things = []
    for wish, kind, colour in zip(spec.wishes, kinds, colours, strict=True):
        central = len(kinds) == 1 and (wish.x, wish.y) == (SIDE / 2, SIDE / 2)
        # A single thing beside the middle is as large as one of two, so that it stays inside the picture.
        size = DIAMETERS[1 if central else max(2, len(kinds))][wish.size] * rng.uniform(0.95, 1.05)
        reach = 5.0 if central else 3.0
        x, y = wish.x + rng.uniform(-reach, reach), wish.y + rng.uniform(-reach, reach)
        things.append(Thing(kind, colour, size, x, y))
    return Scene("scene", tuple(things), ground, spec.style)


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """`share` of `second`, the rest of `first`."""
    r, g, b = (round(a + (c - a) * share) for a, c in zip(first, second, strict=True))
    return (r, g, b)


def shade_of(colour: Colour, shade: str) -> Colour:
    if shade == "dark":
        # Black things need details lighter than themselves.
        return mix(colour, (150, 150, 150), 0.5) if sum(colour) < 120 else mix(colour, (0, 0, 0), 0.45)
    return mix(colour, (255, 255, 255), 0.5) if shade == "light" else colour


def draw_part(draw: ImageDraw.ImageDraw, part: Part, thing: Thing, style: str, behind: Colour) -> None:
    half, s = thing.size / 2, SUPERSAMPLE
    points = [((thing.x + px * half) * s, (thing.y + py * half) * s) for px, py in part.points]
    paint = shade_of(COLOURS[thing.colour], part.shade)
    if style == "flat":
        draw.polygon(points, fill=paint)
        return
    inside = behind if style == "outline" else mix(behind, paint, 0.5)
    draw.polygon(points, fill=inside)
    draw.line([*points, points[0], points[1]], fill=paint, width=4 * s, joint="curve")


def draw_card() -> Image.Image:
    """The test card: six colour bars inside a black and white checker border, squares of 16 pixels."""
    image = Image.new("RGB", (SIDE, SIDE))
    draw = ImageDraw.Draw(image)
    for row in range(8):
        for column in range(8):
            edge = row in (0, 7) or column in (0, 7)
            checker: Colour = (255, 255, 255) if (row + column) % 2 == 0 else (0, 0, 0)
            fill = checker if edge else CARD_BARS[column - 1]
            draw.rectangle((column * 16, row * 16, column * 16 + 15, row * 16 + 15), fill=fill)
    return image


def draw_calm(tint: float) -> Image.Image:
    """Sky, a far and a near hill in pale colours: what a prompt without a known word becomes."""
    warm, cool = (244, 220, 196), (206, 220, 236)
    image = Image.new("RGB", (SIDE * SUPERSAMPLE,) * 2, mix(cool, warm, tint))
    draw, s = ImageDraw.Draw(image), SUPERSAMPLE
    draw.ellipse((-60 * s, 66 * s, 110 * s, 220 * s), fill=mix((160, 190, 200), (190, 180, 190), tint))
    draw.ellipse((30 * s, 84 * s, 210 * s, 260 * s), fill=mix((140, 180, 150), (170, 176, 130), tint))
    return image.resize((SIDE, SIDE), Image.Resampling.BOX)


def draw_scene(scene: Scene) -> Image.Image:
    """The picture, RGB, 128x128."""
    if scene.mode == "card":
        return draw_card()
    if scene.mode == "calm":
        return draw_calm(scene.tint)
    upper, lower = GROUNDS[scene.ground]
    image = Image.new("RGB", (SIDE * SUPERSAMPLE,) * 2, upper)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, HORIZON * SUPERSAMPLE, SIDE * SUPERSAMPLE, SIDE * SUPERSAMPLE), fill=lower)
    for thing in scene.things:
        behind = lower if thing.y > HORIZON else upper
        for part in parts(thing.kind):
            draw_part(draw, part, thing, scene.style, behind)
    return image.resize((SIDE, SIDE), Image.Resampling.BOX)
