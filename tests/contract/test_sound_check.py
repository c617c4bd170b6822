"""`/check` on real workers: what we posted is found again, foreign sounds are not, and what is no good says why."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.services.audio_ports import Upload
from bot.services.listening import Listening
from bot.services.ports import Requester
from bot.services.probe import OwnTags, UploadProbe
from bot.services.sound_check import SoundCheck, SoundReport
from generation.errors import InvalidInput
from tests.contract.picture_runs import Runs
from tests.contract.voice_files import read, write
from tests.contract.voice_runs import VoiceRuns

ANNA = Requester(guild_id="class", channel_id="channel", person_id="anna", locale="de")
TEXT = "The weather is fine today, and I like to read books in the garden."
JOB, SEED = "0a1b2c3d4e", 4_294_967_295
RATE = 24_000


@pytest.fixture
def check(voices: VoiceRuns, tmp_path: Path) -> SoundCheck:
    work: dict[str, Any] = {"supervisor": voices.supervisor, "work_dir": tmp_path / "work"}
    work["work_dir"].mkdir()
    return SoundCheck(listening=Listening(**work, is_on=True), probe=UploadProbe(**work))


@pytest.fixture(autouse=True)
def nothing_is_kept(check: SoundCheck, tmp_path: Path) -> Any:
    yield
    assert list((tmp_path / "work").iterdir()) == []


async def look(check: SoundCheck, file: str | Path) -> SoundReport:
    content = Path(file).read_bytes()

    async def fetch() -> bytes:
        return content

    return await check.take(Upload(name="a.ogg", size=len(content), read=fetch), ANNA)


async def posted(runs: Runs, file: str, ending: str) -> Path:
    """The very file that the class gets to hear."""
    recipe = {"job": JOB, "medium": "speech", "params": {"text": TEXT}, "seed": 1}
    piece = {"file": file, "index": 1, "seed": SEED}
    params = {"pieces": [piece], "format": ending, "label": "KI-Stimme", "recipe": recipe}
    return (await runs.media("audio_post", params)).out / f"piece-1.{ending}"


@pytest.mark.parametrize("ending", ["ogg", "mp3"])
async def test_what_we_posted_is_found_again_and_says_so(
    runs: Runs, voices: VoiceRuns, check: SoundCheck, ending: str
) -> None:
    spoken = await voices.voice_file(TEXT, speaker="alto")
    found = await look(check, await posted(runs, await voices.mark(spoken), ending))
    assert found.marked is True
    assert found.seconds == pytest.approx(len(read(spoken)[0]) / read(spoken)[1], abs=0.1)
    assert found.tags == OwnTags(machine=True, job=JOB, seed=SEED)


async def test_tags_alone_are_no_mark_and_a_mark_needs_no_tags(
    runs: Runs, voices: VoiceRuns, check: SoundCheck
) -> None:
    spoken = await voices.voice_file(TEXT, speaker="tenor")
    forged = await look(check, await posted(runs, spoken, "ogg"))
    assert (forged.marked, forged.tags.job) == (False, JOB)
    bare = await look(check, await voices.mark(spoken))
    assert (bare.marked, bare.tags) == (True, OwnTags())


@pytest.mark.parametrize("second", [False, True])
async def test_a_mark_is_found_in_a_half_that_was_cut_off(
    runs: Runs, voices: VoiceRuns, check: SoundCheck, tmp_path: Path, second: bool
) -> None:
    file = await posted(runs, await voices.mark(await voices.voice_file(TEXT, speaker="alto")), "mp3")
    clean = (await runs.media("probe_audio", {"file": str(file)})).out / "clean.wav"
    samples, rate = read(str(clean))
    half = len(samples) // 2
    cut = samples[half:] if second else samples[:half]
    found = await look(check, write(tmp_path / "half.wav", cut, rate=rate))
    assert (found.marked, found.tags) == (True, OwnTags())


def hum(seconds: float) -> list[float]:
    return [0.3 * math.sin(2 * math.pi * 220 * n / RATE) for n in range(int(seconds * RATE))]


def hiss(seconds: float) -> list[float]:
    rng = random.Random(8)
    return [rng.gauss(0, 0.1) for _ in range(int(seconds * RATE))]


@pytest.mark.parametrize("make", [hum, hiss])
async def test_a_foreign_sound_bears_no_mark(
    check: SoundCheck, tmp_path: Path, make: Callable[[float], list[float]]
) -> None:
    found = await look(check, write(tmp_path / "foreign.wav", make(3.0), rate=RATE))
    assert (found.marked, found.tags) == (False, OwnTags())


async def test_a_foreign_voice_bears_no_mark(voices: VoiceRuns, check: SoundCheck) -> None:
    assert (await look(check, await voices.voice_file(TEXT, speaker="bass"))).marked is False


async def test_what_lasts_a_minute_is_looked_at_whole(check: SoundCheck, tmp_path: Path) -> None:
    found = await look(check, write(tmp_path / "long.wav", hum(60.0), rate=RATE))
    assert (found.marked, found.seconds) == (False, 60.0)


@pytest.mark.parametrize(
    ("samples", "code"),
    [
        (hum(0.05), "audio_empty"),
        (hum(0.4), "audio_short"),
        ([0.0] * 2 * RATE, "audio_silent"),
        (hum(61.0), "audio_long"),
    ],
    ids=["an instant", "less than half a second", "silence", "too long"],
)
async def test_what_cannot_be_looked_at_says_why(
    check: SoundCheck, tmp_path: Path, samples: list[float], code: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        await look(check, write(tmp_path / "odd.wav", samples, rate=RATE))
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "audio_empty"),
        (b"this is no sound", "audio_kind"),
        (b"OggS" + bytes(2000), "audio_broken"),
        (b"RIFF\x24\x00\x00\x00WAVEfmt ", "audio_broken"),
    ],
)
async def test_what_is_no_sound_says_so(check: SoundCheck, tmp_path: Path, content: bytes, code: str) -> None:
    file = tmp_path / "odd.ogg"
    file.write_bytes(content)
    with pytest.raises(InvalidInput) as caught:
        await look(check, file)
    assert caught.value.code == code


FORGED = [
    '{"job": "../../etc", "seed": 7.0}',
    '{"job": "0a1b2c3d4e0", "seed": -1}',
    '{"job": ["0a1b2c3d4e"], "seed": true}',
    '{"job": "0A1B2C3D4E", "seed": 4294967296}',
    "[" * 20_000,
    '{"job":' * 20_000,
    "null",
    "{",
    "",
]


async def test_forged_tags_are_believed_as_far_as_they_fit(
    runs: Runs, voices: VoiceRuns, check: SoundCheck, tmp_path: Path
) -> None:
    ours = (await posted(runs, await voices.voice_file(TEXT), "mp3")).read_bytes()
    sound = ours[10 + read_size(ours[6:10]) :]
    file = tmp_path / "forged.mp3"
    for recipe in FORGED:
        file.write_bytes(tagged(klassenatelier=recipe, DIGITALSOURCETYPE="http://example.com/") + sound)
        assert (await look(check, file)).tags == OwnTags()
    file.write_bytes(tagged(Klassenatelier=f'{{"job": "{JOB}", "seed": "7"}}') + sound)
    assert (await look(check, file)).tags == OwnTags(job=JOB), "so the tags above were read at all"


def read_size(four: bytes) -> int:
    """ID3's numbers have seven bits a byte."""
    return sum(byte << 7 * place for place, byte in enumerate(reversed(four)))


def tagged(**texts: str) -> bytes:
    """The head of an mp3 file with texts of one's own (ID3v2.4, frames TXXX)."""
    frames = b""
    for name, text in texts.items():
        body = b"\3" + name.encode() + b"\0" + text.encode()
        frames += b"TXXX" + write_size(len(body)) + b"\0\0" + body
    return b"ID3\4\0\0" + write_size(len(frames)) + frames


def write_size(number: int) -> bytes:
    return bytes(number >> 7 * place & 127 for place in (3, 2, 1, 0))
