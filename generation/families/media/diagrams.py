"""What is seen of a language model's inside: bars, tokens, surprising words. Every word comes with the request."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from PIL import Image

from generation.families.media import bars, flow, marking
from generation.worker.api import File, Result, Task, TaskFailed

PIECES_LIMIT = 4000
"""Of one task; more than the longest text has."""


def draw(task: Task) -> Result:
    """`diagram.png` of kind "diagram", index 0. Facts: width, height. Raises TaskFailed invalid.

    Params of all: foot (a line at the foot), label and recipe (written into the file, see `marking`).

    - draw_bars: heading, text (what stands there so far), panels [{heading, series [[name, "model" | "class" |
      "book"]], rows [{name, bars [{share 0 … 1, shown} or null] one a series, faint}], scale, ticks [{share, shown}]}],
      goes_on (true: an ellipsis behind the text)
    - draw_tokens: columns, one or two [{heading, pieces [{text, below}], more: a sentence with {n}}]
    - draw_words: heading, pieces [{text, level 0 … 5}], more, notes [{text, level or null}]
    """
    drawing: Mapping[str, Callable[[Mapping[str, Any]], Image.Image]] = {
        "draw_bars": _bars,
        "draw_tokens": _tokens,
        "draw_words": _words,
    }
    params = task.params
    try:
        picture = drawing[task.name](params)
        recipe = marking.recipe_text(params["recipe"])
        label = str(params["label"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise TaskFailed("invalid", f"{task.name}: {type(error).__name__}") from None
    (task.out / "diagram.png").write_bytes(marking.png(picture, label, recipe, marking.DRAWN_FROM_DATA))
    facts = {"width": picture.width, "height": picture.height}
    return Result(files=[File(name="diagram.png", index=0, kind="diagram")], facts=facts)


def _bars(params: Mapping[str, Any]) -> Image.Image:
    panels = bars.read_panels(params["panels"])
    if not 1 <= len(panels) <= 2 or sum(len(panel.rows) for panel in panels) > 40:
        raise ValueError("one or two panels")
    goes_on = bool(params.get("goes_on", True))
    heading, foot = str(params["heading"]), str(params["foot"])
    return bars.draw_bars(str(params["text"]), heading, panels, foot, goes_on=goes_on)


def _tokens(params: Mapping[str, Any]) -> Image.Image:
    columns = params["columns"]
    if not 1 <= len(columns) <= 2 or sum(len(one["pieces"]) for one in columns) > PIECES_LIMIT:
        raise ValueError("one or two columns")
    return flow.draw_columns([flow.read_column(one, flow.TURNS) for one in columns], str(params["foot"]))


def _words(params: Mapping[str, Any]) -> Image.Image:
    if not 1 <= len(params["pieces"]) <= PIECES_LIMIT or len(params["notes"]) > 20:
        raise ValueError("too much")
    column = flow.read_column(params, flow.LEVELS)
    return flow.draw_words(column, flow.read_notes(params["notes"]), str(params["foot"]))
