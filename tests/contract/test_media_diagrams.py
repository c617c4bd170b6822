"""Diagrams of a language model's inside: the shares that are drawn are those that were handed in."""

from __future__ import annotations

import re
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

import generation
from bot.png import read_recipe
from generation.errors import WorkerError
from generation.supervisor import Outcome
from tests.contract.picture_files import chunks, drawn, pixels
from tests.contract.picture_runs import Runs

TEAL, AMBER = (79, 195, 161), (242, 184, 75)
LEFT, RIGHT = 370, 860
FOOT: dict[str, Any] = {
    "foot": "Mini · Temperatur 0,7",
    "label": "Mit KI gemacht",
    "recipe": {"model": "mini"},
}


def panel(
    *shares: float | None, names: list[str] | None = None, twin: bool = False, scale: float = 1.0
) -> dict[str, Any]:
    bars = [None if share is None else {"share": share, "shown": f"{share:.1%}"} for share in shares]
    names = names or [f" Wort{number}" for number in range(len(bars))]
    return {
        "heading": "",
        "series": [["Klasse", "class"], ["Modell", "model"]] if twin else [["Modell", "model"]],
        "rows": [
            {"name": name, "bars": [bar, bar] if twin else [bar]}
            for name, bar in zip(names, bars, strict=True)
        ],
        "scale": scale,
        "ticks": [{"share": 0.0, "shown": "0 %"}, {"share": scale, "shown": "…"}],
    }


async def bars(runs: Runs, *panels: dict[str, Any], text: str = "Die Farbe des Schnees ist") -> Path:
    return file_of(
        await runs.media("draw_bars", {**FOOT, "heading": "?", "text": text, "panels": list(panels)})
    )


def file_of(outcome: Outcome) -> Path:
    assert [(file.kind, file.index) for file in outcome.files] == [("diagram", 0)]
    file = outcome.out / outcome.files[0].name
    assert (outcome.facts["width"], outcome.facts["height"]) == pixels(file)[:2]
    return file


def lengths(file: Path, colour: tuple[int, int, int]) -> list[int]:
    """The lengths of the bars of a colour from top to bottom, measured at the grid's left edge and to the right."""
    width, height, values = pixels(file)

    def run(y: int) -> int:
        x = LEFT
        while x < width and values[(y * width + x) * 3 : (y * width + x) * 3 + 3] == bytes(colour):
            x += 1
        return x - LEFT

    rows = [run(y) for y in range(height)]
    return [max(group) for full, group in groupby(rows, bool) if full]


async def test_a_bar_is_as_long_as_its_share(runs: Runs) -> None:
    shares = [0.8, 0.1, 0.05, 0.0]
    found = lengths(await bars(runs, panel(*shares)), TEAL)
    assert found == pytest.approx([share * (RIGHT - LEFT) for share in shares if share], abs=2)


async def test_a_smaller_scale_makes_longer_bars(runs: Runs) -> None:
    found = lengths(await bars(runs, panel(0.2, 0.1, scale=0.25)), TEAL)
    assert found == pytest.approx([0.8 * (RIGHT - LEFT), 0.4 * (RIGHT - LEFT)], abs=2)


async def test_two_series_stand_under_each_other(runs: Runs) -> None:
    file = await bars(runs, panel(0.5, None, 0.25, twin=True))
    assert lengths(file, AMBER) == lengths(file, TEAL)
    assert lengths(file, TEAL) == pytest.approx([0.5 * (RIGHT - LEFT), 0.25 * (RIGHT - LEFT)], abs=2)


async def test_spaces_at_the_beginning_are_seen(runs: Runs) -> None:
    pictures = [
        drawn(await bars(runs, panel(0.5, names=[name]))) for name in ("weiß", " weiß", "  weiß", "\nweiß")
    ]
    assert len(set(pictures)) == 4


async def test_dollar_signs_are_no_formulas(runs: Runs) -> None:
    plain = drawn(await bars(runs, panel(0.5, names=["x_1"]), text="x_1"))
    assert plain != drawn(await bars(runs, panel(0.5, names=["$x_1$"]), text="$x_1$"))
    await bars(runs, panel(0.5, names=["$\\frac{"]), text="$\\frac{ $")


async def test_any_letters_are_drawn_or_boxed(runs: Runs) -> None:
    names = ["猫", "😀", "אב", "⟨F0⟩", "▮▮▮", "a\u0301", "\u200d", "W" * 80, "", "\ufffd"]
    await bars(runs, panel(*[0.1] * len(names), names=names), text="猫" * 400 + " ﷽" * 50)


@pytest.mark.parametrize("pair", [("😀", "🦔"), (" 😀", "😀"), ("\u200d", "\u200c"), ("\ufe0e", "\ufe0f")])
async def test_a_character_without_a_letter_form_has_its_number(runs: Runs, pair: tuple[str, str]) -> None:
    pictures = [drawn(await bars(runs, panel(0.5, names=[name]), text="?")) for name in pair]
    assert pictures[0] != pictures[1]


async def test_a_diagram_says_that_it_was_drawn_from_data(runs: Runs) -> None:
    data = (await bars(runs, panel(0.5))).read_bytes()
    texts = dict(body.split(b"\0", 1) for kind, body in chunks(data) if kind in (b"iTXt", b"tEXt"))
    assert b"digitalsourcetype/dataDrivenMedia" in texts[b"XML:com.adobe.xmp"]
    assert read_recipe(data) == {"model": "mini"}


def column(*pieces: str, more: str = "und {n} mehr") -> dict[str, Any]:
    return {
        "heading": f"{len(pieces)} Tokens",
        "pieces": [{"text": piece, "below": str(number)} for number, piece in enumerate(pieces)],
        "more": more,
    }


async def test_tokens_in_one_column_or_two(runs: Runs) -> None:
    german, english = column("Die", " Katze", " läuft", "\n", "⟨F0⟩"), column("The", " cat")
    one = file_of(await runs.media("draw_tokens", {**FOOT, "columns": [german]}))
    two = file_of(await runs.media("draw_tokens", {**FOOT, "columns": [german, english]}))
    assert pixels(one)[0] == pixels(two)[0] == 1080
    assert pixels(two)[1] != pixels(one)[1]


async def test_many_tokens_make_no_endless_picture(runs: Runs) -> None:
    long = column(*[" Donaudampfschifffahrt"] * 1500)
    file = file_of(await runs.media("draw_tokens", {**FOOT, "columns": [long]}))
    shorter = file_of(await runs.media("draw_tokens", {**FOOT, "columns": [{**long, "more": ""}]}))
    assert pixels(shorter)[1] < pixels(file)[1] <= 3400


async def test_every_level_has_its_colour(runs: Runs) -> None:
    pictures = set()
    for level in range(6):
        params = {"heading": "?", "more": "", "notes": [{"text": "sehr überraschend", "level": level}]}
        params["pieces"] = [{"text": "Wort", "level": level}]
        pictures.add(drawn(file_of(await runs.media("draw_words", {**FOOT, **params}))))
    assert len(pictures) == 6


@pytest.mark.parametrize(
    ("task", "wrong"),
    [
        ("draw_bars", {"panels": []}),
        ("draw_bars", {"panels": [panel(float("1.5"))]}),
        ("draw_bars", {"panels": [{**panel(0.1), "scale": 0}]}),
        ("draw_bars", {"panels": [{**panel(0.1), "series": [["x", "pink"]]}]}),
        ("draw_bars", {"panels": [{**panel(0.1), "series": []}]}),
        ("draw_bars", {"panels": [panel(*[0.1] * 50)]}),
        ("draw_tokens", {"columns": [column("a")] * 3}),
        ("draw_tokens", {"columns": [column(*["a"] * 5000)]}),
        ("draw_words", {"pieces": [{"text": "a", "level": 9}], "heading": "", "more": "", "notes": []}),
        ("draw_words", {"pieces": [], "heading": "", "more": "", "notes": []}),
    ],
)
async def test_what_is_no_diagram_fails(runs: Runs, task: str, wrong: dict[str, Any]) -> None:
    right = {**FOOT, "heading": "?", "text": "x", "panels": [panel(0.1)]}
    with pytest.raises(WorkerError) as caught:
        await runs.media(task, {**right, **wrong})
    assert caught.value.code == "invalid_input"


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_words_have_contrast_on_every_ground() -> None:
    """The colours are read from the source: the libraries around them are in the family's environment alone."""
    source = (Path(generation.__file__).parent / "families" / "media" / "flow.py").read_text("utf-8")
    lines = {
        name: re.findall(r"#[0-9a-f]{6}", line)
        for name, line in re.findall(r"(?m)^(\w[\w, ]+) = (.+)$", source)
    }
    ink, sign = lines["PIECE_INK, SIGN_INK"]
    grounds = [*lines["TURNS"], *lines["LEVELS"]]
    assert len(grounds) == 10
    for ground in grounds:
        assert (luminance(ground) + 0.05) / (luminance(ink) + 0.05) >= 4.5
        assert (luminance(ground) + 0.05) / (luminance(sign) + 0.05) >= 3
