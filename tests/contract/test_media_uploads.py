"""Files from strangers are decoded under limits and written anew."""

from __future__ import annotations

import contextlib
import random
import struct
import zlib
from pathlib import Path

import pytest

from generation.errors import WorkerError
from tests.contract.picture_files import chunk, chunks, pixels, plain, png, png_of_rows
from tests.contract.picture_runs import Runs


def bomb(side: int) -> bytes:
    """A small file that unpacks to side x side white pixels."""
    packer = zlib.compressobj(9)
    row = b"\0" + b"\xff" * (side * 3)
    packed = b"".join([*(packer.compress(row) for _ in range(side)), packer.flush()])
    return png_of_rows(side, side, packed)


async def test_a_picture_is_written_anew_without_what_it_carried(runs: Runs, tmp_path: Path) -> None:
    file = tmp_path / "upload.png"
    file.write_bytes(png(50, 30, lambda x, y: (x, y, 7), chunk(b"tEXt", b"Comment\0my address")))
    outcome = await runs.probe(file)
    assert outcome.facts == {"width": 50, "height": 30, "format": "png"}
    clean = outcome.out / "clean.png"
    assert pixels(clean) == pixels(file)
    assert {kind for kind, _ in chunks(clean.read_bytes())} == {b"IHDR", b"IDAT", b"IEND"}


async def test_transparency_becomes_white(runs: Runs, tmp_path: Path) -> None:
    file = tmp_path / "glass.png"
    file.write_bytes(png(8, 8, lambda _x, _y: (5, 6, 7), chunk(b"tRNS", struct.pack(">HHH", 5, 6, 7))))
    outcome = await runs.probe(file)
    assert set(pixels(outcome.out / "clean.png")[2]) == {255}


@pytest.mark.parametrize("side", [5000, 30_000])
async def test_a_bomb_is_refused(runs: Runs, tmp_path: Path, side: int) -> None:
    file = tmp_path / "bomb.png"
    # the larger one claims its size only: it must not even be unpacked
    file.write_bytes(bomb(side) if side < 10_000 else png_of_rows(side, side, zlib.compress(b"")))
    assert file.stat().st_size < 1_000_000
    with pytest.raises(WorkerError) as caught:
        await runs.probe(file)
    assert caught.value.code == "invalid_input"


async def test_the_largest_allowed_picture_is_taken(runs: Runs, tmp_path: Path) -> None:
    file = tmp_path / "large.png"
    file.write_bytes(bomb(4096))
    assert (await runs.probe(file)).facts["width"] == 4096


@pytest.mark.parametrize(
    "content", [b"", b"GIF89a", b"\x89PNG\r\n\x1a\n", b"%PDF-1.7", b"P6 9 9 255 x", b"\xff\xd8\xff"]
)
async def test_what_is_no_picture_is_refused(runs: Runs, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "upload"
    file.write_bytes(content)
    with pytest.raises(WorkerError) as caught:
        await runs.probe(file)
    assert caught.value.code == "invalid_input"


async def test_damaged_pictures_never_end_the_worker(runs: Runs, tmp_path: Path) -> None:
    await runs.probe(_written(tmp_path, plain((1, 2, 3), 32)))
    (before,) = [state.pid for state in runs.supervisor.states() if state.family == "media"]
    whole, rng = plain((1, 2, 3), 32), random.Random(5)
    for _ in range(10):
        damaged = bytearray(whole)
        for _ in range(rng.randint(1, 6)):
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        with contextlib.suppress(WorkerError):
            await runs.probe(_written(tmp_path, bytes(damaged[: rng.randint(8, len(damaged))])))
    (after,) = [state.pid for state in runs.supervisor.states() if state.family == "media"]
    assert before == after


async def test_a_missing_file_is_refused(runs: Runs, tmp_path: Path) -> None:
    with pytest.raises(WorkerError) as caught:
        await runs.probe(tmp_path / "gone.png")
    assert caught.value.code == "invalid_input"


def _written(folder: Path, content: bytes) -> Path:
    file = folder / "upload.png"
    file.write_bytes(content)
    return file
