"""Hostile sound files through a real worker: `python -m tests.contract.audio_counts -n 200`.

None may end the worker, take longer than its limit, make anything but a clean file of at most 60 s, or have another
file or an address opened.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import math
import os
import random
import struct
import tempfile
import time
import wave
import zipfile
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from generation.environments import Environments
from generation.errors import WorkerError
from tests.contract.picture_files import plain
from tests.contract.picture_runs import Runs
from tests.contract.text_runs import opened

CODES = {"audio_kind", "audio_broken", "audio_long", "audio_empty", "audio_silent", "audio_large"}
SECONDS = 13
"""Ten of the child's own, and what a busy machine needs around it."""
MAGIC = (
    b"RIFF\x24\0\0\0WAVEfmt ",
    b"\0\0\0\x20ftypisom",
    b"fLaC\0\0\0\x22",
    b"OggS\0\x02",
    b"\x1aE\xdf\xa3",
    b"ID3\x04\0\0",
)
Maker = Callable[["Hostile"], bytes]


@dataclass
class Hostile:
    """Makes hostile files of honest ones in `folder`; `url` is an address that nobody may ask."""

    folder: Path
    rng: random.Random
    url: str = "http://127.0.0.1:9/"

    def honest(self, *endings: str) -> bytes:
        files = sorted(file for file in self.folder.iterdir() if file.stat().st_size < 2_000_000)
        return self.rng.choice([file for file in files if file.name.endswith(endings or "")]).read_bytes()

    def lists(self) -> list[bytes]:
        """Playlists and the like that name a sound beside them, a file of the system and an address."""
        names = [
            str(self.folder / "tone.wav"),
            "/etc/passwd",
            f"{self.url}tone.mp3",
            f"concat:{self.folder / 'tone.wav'}",
        ]
        made = []
        for name in names:
            hls = f"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n{name}\n#EXT-X-ENDLIST\n"
            made += [
                hls,
                f"ffconcat version 1.0\nfile '{name}'\n",
                f"[playlist]\nFile1={name}\nNumberOfEntries=1\n",
            ]
            made += [f"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nm=audio 9 RTP/AVP 0\na=control:{name}\n", name]
            made += [f'<?xml version="1.0"?><MPD><Period><BaseURL>{name}</BaseURL></Period></MPD>']
        return [one.encode() for one in made]


def wav(
    rate: int = 44_100,
    channels: int = 1,
    bits: int = 16,
    kind: int = 1,
    data: bytes = b"",
    claim: int | None = None,
) -> bytes:
    frame = channels * bits // 8
    head = struct.pack("<HHIIHH", kind, channels, rate, rate * frame & 0xFFFFFFFF, frame & 0xFFFF, bits)
    size = len(data) if claim is None else claim
    body = b"WAVEfmt " + struct.pack("<I", 16) + head + b"data" + struct.pack("<I", size) + data
    return b"RIFF" + struct.pack("<I", len(body) & 0xFFFFFFFF) + body


def truncated(hostile: Hostile) -> bytes:
    data = hostile.honest()
    return data[: hostile.rng.randrange(len(data))]


def mutated(hostile: Hostile) -> bytes:
    data = bytearray(hostile.honest())
    for _ in range(hostile.rng.randint(1, 60)):
        data[hostile.rng.randrange(len(data))] = hostile.rng.randrange(256)
    return bytes(data)


def mutated_head(hostile: Hostile) -> bytes:
    data = bytearray(hostile.honest())
    for _ in range(hostile.rng.randint(1, 12)):
        data[hostile.rng.randrange(4, min(300, len(data)))] = hostile.rng.choice([0, 1, 127, 128, 255])
    return bytes(data)


def cut_out(hostile: Hostile) -> bytes:
    """A piece is missing, doubled or moved."""
    data, rng = hostile.honest(), hostile.rng
    start, end = sorted(rng.randrange(len(data)) for _ in range(2))
    return rng.choice([data[:start] + data[end:], data[:end] + data[start:], data[end:] + data[:end]])


def lying_header(hostile: Hostile) -> bytes:
    rng, noise = hostile.rng, hostile.rng.randbytes(40_000)
    return rng.choice(
        [
            wav(rate=0, data=noise),
            wav(rate=0xFFFFFFFF, data=noise),
            wav(rate=rng.choice([1, 100, 7999, 192_001]), data=noise),
            wav(channels=300, data=noise),
            wav(channels=0, data=noise),
            wav(channels=65_535, data=noise),
            wav(bits=rng.choice([0, 1, 7, 65_535]), data=noise),
            wav(kind=rng.randrange(65_536), data=noise),
            wav(data=noise, claim=0xFFFFFFFF),
            wav(rate=8000, data=noise[:8000], claim=8000 * 2 * 3600 * 27),
            wav(data=b"", claim=1_000_000),
        ]
    )


def wrong_numbers(hostile: Hostile) -> bytes:
    rng = hostile.rng
    values = [rng.uniform(-0.5, 0.5) for _ in range(9000)]
    for _ in range(rng.randint(1, 50)):
        values[rng.randrange(len(values))] = rng.choice([math.nan, math.inf, -math.inf, 3e38, -3e38, 1e20])
    if rng.random() < 0.3:
        values = [math.nan] * len(values)
    bits = rng.choice([32, 64])
    return wav(bits=bits, kind=3, data=struct.pack(f"<{len(values)}{'f' if bits == 32 else 'd'}", *values))


def endless(hostile: Hostile) -> bytes:
    rng = hostile.rng
    return rng.choice(
        [
            (hostile.folder / "hours.flac").read_bytes(),
            (hostile.folder / "long.m4a").read_bytes(),
            (hostile.folder / "tone.mp3").read_bytes() * 40,
            (hostile.folder / "opus.ogg").read_bytes() * 40,
            wav(rate=8000, bits=8, data=rng.randbytes(8000) * 61),
            wav(rate=192_000, channels=2, bits=8, data=rng.randbytes(384_000) * 61),
        ]
    )


def no_sound(hostile: Hostile) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("tone.wav", bytes(1_000_000))
    mute = (hostile.folder / "mute.mp4").read_bytes()
    others = [
        b"",
        b"\0",
        b"hello " * 100,
        plain((1, 2, 3), 64),
        archive.getvalue(),
        mute,
        b"%PDF-1.7\n",
        bytes(5000),
    ]
    return hostile.rng.choice([*others, hostile.rng.randbytes(5000), wav(data=bytes(88_200))])


def list_of_files(hostile: Hostile) -> bytes:
    return hostile.rng.choice(hostile.lists())


def false_beginning(hostile: Hostile) -> bytes:
    """The first bytes of one kind before something else."""
    rng = hostile.rng
    rest = rng.choice([hostile.honest(), rng.randbytes(20_000), rng.choice(hostile.lists()), bytes(20_000)])
    return rng.choice(MAGIC) + rest


def elsewhere(hostile: Hostile) -> bytes:
    """An MP4 whose samples are said to lie in another file, as an alias of old Mac files: the absolute path (2).

    FFmpeg reads the other file if it is allowed to.
    """
    name = hostile.rng.choice([str(hostile.folder / "tone.m4a"), "/etc/passwd", hostile.url]).encode()
    body = bytes(10) + b"\4disk".ljust(28, b"\0") + bytes(12) + b"\x08tone.m4a".ljust(64, b"\0") + bytes(16)
    body += (
        struct.pack(">hh16xhh", 0, 0, 2, len(name)) + name + bytes(len(name) % 2) + struct.pack(">hh", -1, 0)
    )
    return referring(hostile.honest("tone.m4a", "lossless.m4a"), b"alis", body)


def at_an_address(hostile: Hostile) -> bytes:
    """The same as an address, which FFmpeg does not know for MP4: the samples in the file itself are read."""
    return referring(hostile.honest(".m4a"), b"url ", hostile.url.encode() + b"\0")


def referring(data: bytes, kind: bytes, body: bytes) -> bytes:
    """An MP4 with another data reference."""
    at = data.index(b"url \0\0\0\x01")
    made = bytearray(data[:at] + kind + bytes(4) + body + data[at + 8 :])
    for outer in (b"moov", b"trak", b"mdia", b"minf", b"dinf", b"dref", kind):
        start = made.rindex(outer, 0, at + 4) - 4
        size = int.from_bytes(made[start : start + 4]) + len(body)
        made[start : start + 4] = size.to_bytes(4)
    return bytes(made)


def chained(hostile: Hostile) -> bytes:
    return hostile.honest(".ogg") + hostile.honest(".ogg", ".flac")


MAKERS: tuple[Maker, ...] = (
    truncated,
    mutated,
    lying_header,
    list_of_files,
    mutated_head,
    false_beginning,
    wrong_numbers,
    cut_out,
    no_sound,
    endless,
    elsewhere,
    at_an_address,
    chained,
)
FOLLOWING = frozenset({"list_of_files", "elsewhere"})
"""What is only a name of something else, and must be refused."""


@dataclass
class Counted:
    """`faults`: what must not happen, in words."""

    outcomes: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    slowest: float = 0.0


async def count(runs: Runs, hostile: Hostile, number: int) -> Counted:
    counted = Counted()
    asked: list[bytes] = []
    async with listening(asked) as hostile.url:
        await runs.media("probe_audio", {"file": str(hostile.folder / "tone.wav")})
        before = _pid(runs)
        for place in range(number):
            maker = MAKERS[place % len(MAKERS)]
            content = maker(hostile)
            await _try(runs, maker.__name__, content, counted)
        if _pid(runs) != before:
            counted.faults.append("the worker is another one")
    if asked:
        counted.faults.append("an address was asked")
    return counted


async def _try(runs: Runs, name: str, content: bytes, counted: Counted) -> None:
    file = runs.folder / f"upload{random.choice(['', '.wav', '.mp3', '.m3u8'])}"
    file.write_bytes(content)
    began = time.monotonic()
    try:
        outcome = await runs.media("probe_audio", {"file": str(file)})
    except WorkerError as error:
        code = str(error.values.get("reason"))
        counted.outcomes[f"{name}: {code}"] += 1
        if error.code != "invalid_input" or code not in CODES:
            counted.faults.append(f"{name}: {error}")
    else:
        counted.outcomes[f"{name}: taken"] += 1
        wrong = unclean(outcome.out / "clean.wav") or (name in FOLLOWING and "another file was read")
        left = {one.name for one in outcome.out.iterdir()} - {"clean.wav"}
        if wrong or left:
            counted.faults.append(f"{name}: {wrong} {left}")
    took = time.monotonic() - began
    counted.slowest = max(counted.slowest, took)
    if took > SECONDS:
        counted.faults.append(f"{name}: {took:.1f} s")
    file.unlink()


def unclean(file: Path) -> str:
    """What is wrong with a file that should be clean; "" for nothing. Whole numbers are finite by themselves."""
    with wave.open(str(file)) as sound:
        channels, width, rate, frames = sound.getparams()[:4]
        content = sound.readframes(frames)
    if width != 2 or channels not in (1, 2) or not 8000 <= rate <= 32_000:
        return f"{channels} channels, {width} bytes, {rate} Hz"
    if not 0 < frames <= 60 * rate or file.stat().st_size != 44 + len(content):
        return f"{frames} frames at {rate} Hz, {file.stat().st_size} bytes"
    return "" if any(content) else "silent"


def _pid(runs: Runs) -> int | None:
    return next(one.pid for one in runs.supervisor.states() if one.family == "media")


@asynccontextmanager
async def listening(asked: list[bytes]) -> AsyncIterator[str]:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.read(100))
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    finally:
        server.close()


async def make_files(environments: Environments, folder: Path, hours: int) -> None:
    """The honest files, into an empty folder."""
    await run_in_media(environments, "make", folder, hours)


async def run_in_media(environments: Environments, *arguments: object) -> bytes:
    """What `audio_files.py` prints, in the media family's environment."""
    python = await environments.ensure("media")
    process = await asyncio.create_subprocess_exec(
        str(python),
        str(Path(__file__).with_name("audio_files.py")),
        *map(str, arguments),
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    assert process.returncode == 0, arguments
    return output


async def main(number: int, seed: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with opened(folder / "work") as texts:
            (folder / "work").mkdir(exist_ok=True)
            (folder / "honest").mkdir()
            await make_files(texts.environments, folder / "honest", 10)
            runs = Runs(texts.supervisor, texts.catalog, folder / "work")
            counted = await count(runs, Hostile(folder / "honest", random.Random(seed)), number)
    for outcome, times in sorted(counted.outcomes.items()):
        print(f"{times:4} {outcome}")
    print(f"{len(counted.faults)} of {number} went wrong, the slowest took {counted.slowest:.1f} s")
    print(*counted.faults, sep="\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    asyncio.run(main(arguments.n, arguments.seed))
