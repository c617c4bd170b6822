from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from bot.i18n import Sentences
from bot.transcript import Transcript
from tests.unit.bot.test_png import END, itxt, png

SENTENCES = Sentences.load(strict=True)
RECIPE = {
    "job": "0123456789",
    "medium": "image",
    "model": "mini",
    "seeds": [7, 8],
    "params": {"prompt": "ein Haus"},
    "parent": None,
    "flagged": [],
    "seconds": 1.5,
}


class Reader:
    """Somebody at a window: gets the bytes of an attachment."""

    def __init__(self, **files: bytes) -> None:
        self._files = files

    async def download(self, attachment: dict[str, Any]) -> bytes:
        return self._files[attachment["id"]]


def message(**changes: Any) -> dict[str, Any]:
    return {
        "id": "1",
        "content": "",
        "flags": 0,
        "attachments": [],
        "embeds": [],
        "components": [],
        **changes,
    }


async def row_of(folder: Path, **changes: Any) -> dict[str, Any]:
    reader: Any = Reader()
    return await Transcript(folder, SENTENCES).add(reader, message(**changes))


async def test_a_result_is_told_by_the_recipe_in_its_file(tmp_path: Path) -> None:
    transcript = Transcript(tmp_path, SENTENCES)
    data = png(itxt(json.dumps(RECIPE).encode()), END)
    reader: Any = Reader(a=data)
    row = await transcript.add(
        reader,
        message(
            attachments=[{"id": "a", "filename": "../häuschen.png"}],
            embeds=[{"title": "Ein Bild", "fields": [{"name": "Modell", "value": "Mini"}]}],
            interaction_metadata={
                "type": 2,
                "name": "bild",
                "user": {"username": "ada", "global_name": "Ada"},
            },
        ),
    )
    assert (row["command"], row["user"], row["verdict"]) == ("/bild", "Ada", "approved")
    assert (row["seeds"], row["model"], row["parameters"]) == ([7, 8], "mini", {"prompt": "ein Haus"})
    assert row["text"] == "Ein Bild\nModell: Mini"
    (name,) = row["files"]
    assert "/" not in name
    assert (tmp_path / name).read_bytes() == data
    assert json.loads(transcript.write().read_text("utf-8")) == [row]


async def test_pictures_held_back_are_told(tmp_path: Path) -> None:
    reader: Any = Reader(a=png(itxt(json.dumps({**RECIPE, "flagged": [2]}).encode()), END))
    row = await Transcript(tmp_path, SENTENCES).add(
        reader, message(attachments=[{"id": "a", "filename": "a.png"}])
    )
    assert (row["verdict"], row["flagged"]) == ("partly_flagged", [2])


async def test_words_are_told_by_their_sentence_in_every_language(tmp_path: Path) -> None:
    cases = {"refused_sexual": "refused", "cancelled": "cancelled", "seed_invalid": "error"}
    for code, verdict in cases.items():
        for language in ("de", "en"):
            text = SENTENCES.text(f"error.{code}", language, high=4294967295)
            row = await row_of(tmp_path, content=text, flags=64)
            assert (row["verdict"], row["code"], row["private"]) == (verdict, code, True)


async def test_anything_else_is_an_answer(tmp_path: Path) -> None:
    row = await row_of(
        tmp_path, content="Hallo", components=[{"components": [{"custom_id": "ka:cancel:abcdef0123"}]}]
    )
    assert (row["verdict"], row["code"], row["job"], row["private"]) == (
        "answered",
        None,
        "abcdef0123",
        False,
    )
    assert row["command"] == "none"
