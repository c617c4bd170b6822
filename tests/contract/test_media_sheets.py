"""What is shown: the sheet, the single files and what is written into them."""

from __future__ import annotations

import json
import zlib
from pathlib import Path
from random import Random
from typing import Any

import pytest

from bot.png import read_recipe
from generation.errors import WorkerError
from generation.supervisor import Outcome
from tests.contract.picture_files import chunks, drawn, pixel, pixels, plain, png, png_of_rows
from tests.contract.picture_runs import Runs

COLOURS = ((200, 40, 40), (40, 160, 60), (50, 80, 200), (220, 200, 60))
SOURCE = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"


def pictures(
    folder: Path, count: int, *, side: int = 128, flagged: int | None = None
) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = []
    for index in range(1, count + 1):
        file = folder / f"{index}.png"
        file.write_bytes(plain(COLOURS[index - 1], side))
        shown = None if index == flagged else str(file)
        entries.append({"file": shown, "index": index, "seed": 1000 + index - 1})
    return entries


def sheet_of(outcome: Outcome) -> Path:
    return next(outcome.out / file.name for file in outcome.files if file.kind == "sheet")


def near(one: tuple[int, ...], other: tuple[int, ...]) -> bool:
    return all(abs(a - b) <= 6 for a, b in zip(one, other, strict=True))


async def test_four_pictures_stand_in_reading_order(runs: Runs, tmp_path: Path) -> None:
    outcome = await runs.sheet(pictures(tmp_path, 4))
    sheet = sheet_of(outcome)
    width, height = outcome.facts["width"], outcome.facts["height"]
    assert (width, height) == pixels(sheet)[:2]
    assert 512 <= width <= 1024
    assert 512 <= height <= 1024
    found = [pixel(sheet, x, y) for y in (200, 600) for x in (200, 600)]
    assert all(near(one, colour) for one, colour in zip(found, COLOURS, strict=True))
    assert [(file.kind, file.index, file.seed) for file in outcome.files] == [
        ("sheet", 0, None),
        *(("image", index, 999 + index) for index in (1, 2, 3, 4)),
    ]
    assert outcome.facts["bytes"] == {
        file.name: (outcome.out / file.name).stat().st_size for file in outcome.files
    }


@pytest.mark.parametrize(("count", "size"), [(1, (512, 548)), (2, (792, 428)), (3, (792, 820))])
async def test_fewer_pictures_make_a_smaller_sheet(
    runs: Runs, tmp_path: Path, count: int, size: tuple[int, int]
) -> None:
    outcome = await runs.sheet(pictures(tmp_path, count))
    assert (outcome.facts["width"], outcome.facts["height"]) == size
    assert len(outcome.files) == count + 1


async def test_a_refused_picture_is_black_with_a_sentence_and_no_file(runs: Runs, tmp_path: Path) -> None:
    outcome = await runs.sheet(pictures(tmp_path, 4, flagged=2))
    sheet = sheet_of(outcome)
    assert pixel(sheet, 500, 100) == (0, 0, 0)
    width, _, values = pixels(sheet)
    row = [values[(200 * width + x) * 3] for x in range(420, 770)]
    assert max(row) > 100  # the sentence
    assert [file.index for file in outcome.files] == [0, 1, 3, 4]


async def test_a_sheet_of_refused_pictures_only(runs: Runs, tmp_path: Path) -> None:
    refused = [{"file": None, "index": index, "seed": index} for index in (1, 2)]
    outcome = await runs.sheet(refused)
    assert [file.kind for file in outcome.files] == ["sheet"]


async def test_a_single_file_keeps_every_pixel_and_tells_its_recipe(runs: Runs, tmp_path: Path) -> None:
    original = tmp_path / "original.png"
    original.write_bytes(png(40, 24, lambda x, y: (x * 6, y * 10, (x * y) % 256)))
    recipe = {
        "prompt": "Grüße aus Köln: ß, „Anführung“ & <Klammern> 🎨",
        "model": "mini",
        "params": {"steps": 20},
    }
    outcome = await runs.sheet([{"file": str(original), "index": 1, "seed": 4294967295}], recipe=recipe)
    single = outcome.out / "picture-1.png"
    assert pixels(single) == pixels(original)
    assert read_recipe(single.read_bytes()) == {**recipe, "seed": 4294967295, "index": 1}
    assert read_recipe(sheet_of(outcome).read_bytes()) == {**recipe, "seeds": [4294967295]}


async def test_files_say_to_machines_that_they_were_generated(runs: Runs, tmp_path: Path) -> None:
    label = 'Mit KI gemacht – "für" <alle>'
    outcome = await runs.sheet(pictures(tmp_path, 2), label=label)
    for file in outcome.files:
        data = (outcome.out / file.name).read_bytes()
        texts = dict(body.split(b"\0", 1) for kind, body in chunks(data) if kind in (b"iTXt", b"tEXt"))
        assert texts[b"Software"] == b"Klassenatelier"
        assert texts[b"Source"].endswith(label.encode())
        packet = texts[b"XML:com.adobe.xmp"].decode()
        assert f'DigitalSourceType="{SOURCE}"' in packet
        assert json.loads(texts[b"klassenatelier"].rsplit(b"\0", 1)[1])["model"] == "mini"


async def test_the_label_is_visible(runs: Runs, tmp_path: Path) -> None:
    sheet = sheet_of(await runs.sheet(pictures(tmp_path, 1)))
    width, height, values = pixels(sheet)
    assert max(values[(height - 30) * width * 3 :]) > 120


async def test_umlauts_are_drawn_as_themselves(runs: Runs, tmp_path: Path) -> None:
    """A face without them draws one and the same box for each."""
    sheets = [await runs.sheet(pictures(tmp_path, 1), label=letter * 5) for letter in "äöüßÄÖÜ—„“·é"]
    assert len({drawn(sheet_of(one)) for one in sheets}) == 12


async def test_an_adapted_picture_stands_beside_the_old_one(runs: Runs, tmp_path: Path) -> None:
    old = tmp_path / "old.png"
    old.write_bytes(plain((255, 255, 255)))
    outcome = await runs.sheet(pictures(tmp_path, 1), beside=str(old))
    sheet = sheet_of(outcome)
    assert near(pixel(sheet, 260, 300), (255, 255, 255))
    assert near(pixel(sheet, 780, 300), COLOURS[0])


async def test_large_sheets_stay_small_enough_to_be_sent(runs: Runs, tmp_path: Path) -> None:
    entries = []
    for index in (1, 2):
        rows = b"".join(b"\0" + Random(index * 1000 + y).randbytes(768 * 3) for y in range(768))
        file = tmp_path / f"noise{index}.png"
        file.write_bytes(png_of_rows(768, 768, zlib.compress(rows, 1)))
        entries.append({"file": str(file), "index": index, "seed": index})
    outcome = await runs.sheet(entries)
    sheet = sheet_of(outcome)
    assert sheet.suffix == ".webp"
    assert sheet.stat().st_size < 8_000_000
    assert SOURCE.encode() in sheet.read_bytes()


@pytest.mark.parametrize(
    "entries", [[], [{"file": None}], [{"file": None, "index": 1}] * 2, [{"file": None, "index": 1}] * 5, "x"]
)
async def test_a_strange_list_of_pictures_is_refused(runs: Runs, entries: Any) -> None:
    with pytest.raises(WorkerError) as caught:
        await runs.sheet(entries)
    assert caught.value.code == "invalid_input"


async def test_a_picture_that_is_gone_fails(runs: Runs, tmp_path: Path) -> None:
    with pytest.raises(WorkerError) as caught:
        await runs.sheet([{"file": str(tmp_path / "gone.png"), "index": 1, "seed": 1}])
    assert caught.value.code == "worker_failed"
