"""Sound: uploads decoded under limits and written anew, pieces as they are posted."""

from __future__ import annotations

import json
import math
import random
import struct
import wave
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from bot.png import read_recipe
from generation.environments import Environments
from generation.errors import WorkerError
from generation.supervisor import Outcome
from tests.contract.audio_counts import MAKERS, Hostile, count, make_files, run_in_media, unclean, wav
from tests.contract.picture_files import drawn, pixels
from tests.contract.picture_runs import Runs

RATE = 32_000
TEAL, BLUE, AMBER = (79, 195, 161), (143, 180, 255), (242, 184, 75)
POST: dict[str, Any] = {
    "label": "Mit KI gemacht – für alle",
    "title": "fröhlich, schnell",
    "format": "ogg",
    "recipe": {"model": "mini-music", "model_title": "Mini-Musik", "prompt": "Grüße „&“ <Köln>"},
    "flagged_text": "Dieses Stück zeigen wir nicht.",
}
SOURCE = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def honest(environments: Environments, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("honest")
    await make_files(environments, folder, 1)
    return folder


async def look(environments: Environments, *files: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(await run_in_media(environments, "look", *files))
    return found


async def probe(runs: Runs, file: Path) -> Outcome:
    return await runs.media("probe_audio", {"file": str(file)})


async def reason(runs: Runs, file: Path) -> str:
    with pytest.raises(WorkerError) as caught:
        await probe(runs, file)
    assert caught.value.code == "invalid_input"
    return str(caught.value.values["reason"])


@pytest.mark.parametrize(
    ("name", "kind", "rate", "channels"),
    [
        ("tone.wav", "wav", 32_000, 2),
        ("mono.wav", "wav", 16_000, 1),
        ("u8.wav", "wav", 22_050, 1),
        ("s24.wav", "wav", 32_000, 2),
        ("float.wav", "wav", 32_000, 1),
        ("six.wav", "wav", 32_000, 1),
        ("high.wav", "wav", 32_000, 1),
        ("quiet.wav", "wav", 32_000, 1),
        ("tone.flac", "flac", 32_000, 2),
        ("opus.ogg", "ogg", 32_000, 2),
        ("vorbis.ogg", "ogg", 32_000, 2),
        ("flac.ogg", "ogg", 32_000, 1),
        ("tone.mp3", "mp3", 32_000, 2),
        ("tone.m4a", "mp4", 32_000, 1),
        ("lossless.m4a", "mp4", 32_000, 1),
        ("tone.webm", "webm", 32_000, 1),
        ("film.mp4", "mp4", 32_000, 2),
    ],
)
async def test_what_phones_and_browsers_record_is_written_anew(
    runs: Runs, honest: Path, name: str, kind: str, rate: int, channels: int
) -> None:
    outcome = await probe(runs, honest / name)
    assert (outcome.facts["format"], outcome.facts["sample_rate"], outcome.facts["channels"]) == (
        kind,
        rate,
        channels,
    )
    assert outcome.facts["seconds"] == pytest.approx(2.0, abs=0.05)
    assert [(file.name, file.kind) for file in outcome.files] == [("clean.wav", "upload")]
    clean = outcome.out / "clean.wav"
    assert unclean(clean) == ""
    assert b"where I live" in (honest / name).read_bytes() or kind in ("wav", "mp3")
    assert b"where I live" not in clean.read_bytes()
    assert pitch(clean) == pytest.approx(440, abs=5)
    # a sine of -18 LUFS, in one channel or two
    assert level(clean) == pytest.approx(-18.0 + 0.6 - 3 * (channels - 1), abs=0.8)


def samples(file: Path) -> list[float]:
    """Those of the first channel, full scale 1."""
    with wave.open(str(file)) as sound:
        content = sound.readframes(sound.getnframes())
        channels = sound.getnchannels()
    return [value / 32768 for value in struct.unpack(f"<{len(content) // 2}h", content)[::channels]]


def pitch(file: Path) -> float:
    """By counting how often it rises through zero."""
    with wave.open(str(file)) as sound:
        rate = sound.getframerate()
    found = samples(file)
    middle = found[len(found) // 4 : -len(found) // 4]
    rises = sum(1 for one, next_one in pairwise(middle) if one < 0 <= next_one)
    return rises * rate / len(middle)


def level(file: Path) -> float:
    """dB, the root of the mean power in its middle."""
    found = samples(file)
    middle = found[len(found) // 4 : -len(found) // 4]
    return 10 * math.log10(sum(value**2 for value in middle) / len(middle))


async def test_a_minute_is_taken_and_more_is_refused(runs: Runs, honest: Path) -> None:
    outcome = await probe(runs, honest / "minute.mp3")
    assert outcome.facts["seconds"] == pytest.approx(60, abs=0.05)
    assert outcome.facts["seconds"] <= 60
    assert outcome.facts["sample_rate"] == 16_000
    for name in ("long.m4a", "hours.flac"):
        assert await reason(runs, honest / name) == "audio_long"


async def test_a_header_that_lies_about_its_length_is_not_believed(runs: Runs, tmp_path: Path) -> None:
    rng = random.Random(1)
    file = tmp_path / "claims.wav"
    file.write_bytes(wav(rate=8000, data=rng.randbytes(16_000), claim=8000 * 2 * 3600 * 27))
    assert (await probe(runs, file)).facts["seconds"] == pytest.approx(1.0)


@pytest.mark.parametrize(("rate", "kept"), [(31_999, 32_000), (8_001, 11_025), (44_101, 32_000)])
async def test_odd_rates_become_usual_ones(runs: Runs, tmp_path: Path, rate: int, kept: int) -> None:
    rng = random.Random(1)
    file = tmp_path / "odd.wav"
    file.write_bytes(wav(rate=rate, data=rng.randbytes(2 * rate), claim=2 * rate))
    facts = (await probe(runs, file)).facts
    assert (facts["sample_rate"], facts["seconds"]) == (kept, pytest.approx(1.0, abs=0.01))


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("nan.wav", "audio_broken"),
        ("inf.wav", "audio_broken"),
        ("huge.wav", "audio_broken"),
        ("silent.flac", "audio_silent"),
        ("mute.mp4", "audio_empty"),
        ("gone.wav", "audio_missing"),
    ],
)
async def test_each_fault_has_its_code(runs: Runs, honest: Path, name: str, code: str) -> None:
    assert await reason(runs, honest / name) == code


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "audio_empty"),
        (b"Alle meine Entchen", "audio_kind"),
        (b"#EXTM3U\n/etc/passwd\n", "audio_kind"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "audio_kind"),
        (b"\xff\xf1" + bytes(100), "audio_kind"),
        (b"OggS" + bytes(100), "audio_broken"),
        (b"ID3" + bytes(100), "audio_broken"),
        (wav(rate=0, data=bytes(100)), "audio_broken"),
        (wav(rate=4000, data=bytes(8000)), "audio_kind"),
        (wav(kind=17, bits=4, data=bytes(8000)), "audio_kind"),
        (wav(data=b""), "audio_empty"),
        (wav(data=bytes(200)), "audio_empty"),
    ],
)
async def test_what_is_no_sound_is_refused(runs: Runs, tmp_path: Path, content: bytes, code: str) -> None:
    file = tmp_path / "upload.mp3"
    file.write_bytes(content)
    assert await reason(runs, file) == code


async def test_a_file_that_is_too_large_is_not_even_opened(runs: Runs, tmp_path: Path) -> None:
    file = tmp_path / "upload.wav"
    with file.open("wb") as large:
        large.write(b"RIFF")
        large.truncate(33 * 1024 * 1024)
    assert await reason(runs, file) == "audio_large"


async def test_hostile_files_do_no_harm(runs: Runs, honest: Path) -> None:
    counted = await count(runs, Hostile(honest, random.Random(11)), 2 * len(MAKERS))
    assert counted.faults == []
    assert counted.slowest < 12


def piece(folder: Path, index: int, values: Sequence[float], **more: Any) -> dict[str, Any]:
    """One channel of 32 kHz."""
    file = folder / f"{index}.wav"
    content = struct.pack(f"<{len(values)}h", *(round(max(-1, min(1, one)) * 32767) for one in values))
    file.write_bytes(wav(rate=RATE, data=content))
    return {"file": str(file), "index": index, "seed": 6 + index, **more}


def tune(seconds: float = 2.0, strength: float = 0.3, hertz: float = 440) -> list[float]:
    return [strength * math.sin(math.tau * hertz * place / RATE) for place in range(round(seconds * RATE))]


async def post(runs: Runs, *pieces: dict[str, Any], **params: Any) -> Outcome:
    return await runs.media("audio_post", {**POST, **params, "pieces": list(pieces)})


def measured(outcome: Outcome, name: str = "piece-1.ogg") -> dict[str, Any]:
    found: dict[str, Any] = outcome.facts["measured"][name]
    return found


@pytest.mark.parametrize("ending", ["ogg", "mp3"])
async def test_a_piece_plays_as_long_as_it_is_and_says_what_it_is(
    runs: Runs, environments: Environments, tmp_path: Path, ending: str
) -> None:
    outcome = await post(runs, piece(tmp_path, 1, tune(2.345)), piece(tmp_path, 2, tune()), format=ending)
    assert [(file.name, file.kind, file.index, file.seed) for file in outcome.files] == [
        ("waves.png", "sheet", 0, None),
        (f"piece-1.{ending}", "audio", 1, 7),
        (f"piece-2.{ending}", "audio", 2, 8),
    ]
    assert outcome.facts["bytes"] == {
        file.name: (outcome.out / file.name).stat().st_size for file in outcome.files
    }
    (found,) = await look(environments, outcome.out / f"piece-1.{ending}")
    facts = measured(outcome, f"piece-1.{ending}")
    assert (found["rate"], found["channels"]) == (48_000, 1)
    assert found["seconds"] == pytest.approx(2.345, abs=0.05)
    assert found["pitch"] == pytest.approx(440, abs=2)
    assert facts["seconds"] == pytest.approx(found["seconds"], abs=0.001)
    assert facts["peak"] == pytest.approx(found["peak"], abs=0.001)
    assert facts["finite"] is True
    tags = {name.lower(): text for name, text in found["tags"].items()}
    assert tags["title"] == POST["title"]
    assert tags["comment"] == POST["label"]
    assert tags["digitalsourcetype"] == SOURCE
    assert json.loads(tags["klassenatelier"]) == {**POST["recipe"], "seed": 7, "index": 1}
    assert read_recipe((outcome.out / "waves.png").read_bytes()) == {**POST["recipe"], "seeds": [7, 8]}


@pytest.mark.parametrize("strength", [0.001, 0.02, 0.1, 0.5, 1.0])
async def test_nothing_is_louder_than_it_should_be(runs: Runs, tmp_path: Path, strength: float) -> None:
    facts = measured(await post(runs, piece(tmp_path, 1, tune(3, strength))))
    before = 20 * math.log10(strength) - 3.01
    assert facts["loudness_lufs"] == pytest.approx(min(-16.0, before + 12), abs=1.2)
    assert facts["loudness_lufs"] <= -15.5
    assert facts["peak"] <= 10 ** (-1 / 20) + 0.001


async def test_clicks_are_limited_and_stay_below_the_ceiling(runs: Runs, tmp_path: Path) -> None:
    values = tune(3, 0.05)
    for place in range(1000, len(values), 9000):
        values[place : place + 20] = [0.98] * 20
    facts = measured(await post(runs, piece(tmp_path, 1, values)))
    assert facts["peak"] <= 10 ** (-1 / 20) + 0.001
    assert facts["clipped"] == 0


async def test_silence_stays_silence_and_is_measured_so(runs: Runs, tmp_path: Path) -> None:
    facts = measured(await post(runs, piece(tmp_path, 1, [0.0] * RATE)))
    assert facts["silent_share"] == 1
    assert facts["loudness_lufs"] is None
    assert facts["peak"] < 0.001
    half = measured(await post(runs, piece(tmp_path, 1, tune(1) + [0.0] * RATE)))
    assert half["silent_share"] == pytest.approx(0.5, abs=0.06)


async def test_what_came_clipped_is_measured_so_though_it_was_made_quieter(
    runs: Runs, tmp_path: Path
) -> None:
    facts = measured(await post(runs, piece(tmp_path, 1, tune(2, 6.0))))
    assert facts["clipped"] > 0.5
    assert measured(await post(runs, piece(tmp_path, 1, tune(2, 0.999))))["clipped"] < 0.001


@pytest.mark.parametrize("seconds", [0.01, 0.2, 0.4])
async def test_a_very_short_piece_is_still_one(runs: Runs, tmp_path: Path, seconds: float) -> None:
    facts = measured(await post(runs, piece(tmp_path, 1, tune(seconds))))
    assert facts["seconds"] == pytest.approx(seconds, abs=0.05)


async def test_without_samples_there_is_nothing(runs: Runs, tmp_path: Path) -> None:
    with pytest.raises(WorkerError) as caught:
        await post(runs, piece(tmp_path, 1, []))
    assert caught.value.code == "worker_failed"


def columns(file: Path, colour: tuple[int, int, int]) -> list[int]:
    """The columns of a picture in which a colour is found."""
    width, height, values = pixels(file)
    wanted = bytes(colour)
    return [
        x
        for x in range(width)
        if any(values[(y * width + x) * 3 : (y * width + x) * 3 + 3] == wanted for y in range(height - 80))
    ]


async def test_the_wave_is_as_long_as_the_piece(runs: Runs, tmp_path: Path) -> None:
    outcome = await post(runs, piece(tmp_path, 1, tune(4)), piece(tmp_path, 2, tune(2, hertz=220)))
    assert (outcome.facts["width"], outcome.facts["height"]) == pixels(outcome.out / "waves.png")[:2]
    alone = await post(runs, piece(tmp_path, 1, tune(4)))
    found = columns(alone.out / "waves.png", TEAL)
    assert found[0] < 70
    assert found[-1] > 1000


async def test_a_continuation_shows_what_was_there_and_where_it_goes_on(runs: Runs, tmp_path: Path) -> None:
    outcome = await post(runs, piece(tmp_path, 1, tune(4), seam=1.0), seam_text="ab hier neu")
    waves = outcome.out / "waves.png"
    old, new, seam = (columns(waves, colour) for colour in (BLUE, TEAL, AMBER))
    width = 1080 - 2 * (36 + 16)
    assert 36 + 16 + width / 4 == pytest.approx(seam[0], abs=4)
    assert max(old) <= seam[0] + 6 <= min(new) + 12


async def test_a_refused_piece_has_a_sentence_and_no_file(runs: Runs, tmp_path: Path) -> None:
    refused = {"file": None, "index": 2, "seed": 8}
    outcome = await post(runs, piece(tmp_path, 1, tune()), refused)
    assert [file.name for file in outcome.files] == ["waves.png", "piece-1.ogg"]
    assert list(outcome.facts["measured"]) == ["piece-1.ogg"]
    assert [file.name for file in (await post(runs, refused)).files] == ["waves.png"]


async def test_tenths_of_a_second_are_written_as_the_language_does(runs: Runs, tmp_path: Path) -> None:
    pictures = [
        drawn((await post(runs, piece(tmp_path, 1, tune(2)), decimal=sign)).out / "waves.png")
        for sign in (",", ".")
    ]
    assert pictures[0] != pictures[1]


async def test_the_marks_of_sections_are_words(runs: Runs, tmp_path: Path) -> None:
    sections = [{"mark": "intro", "start": 0}, {"mark": "chorus", "start": 2}]
    pictures = set()
    for more in ({}, {"sections": sections}, {"sections": sections, "section_words": {"chorus": "Refrain"}}):
        outcome = await post(runs, piece(tmp_path, 1, tune(4)), **more)
        pictures.add(drawn(outcome.out / "waves.png"))
    assert len(pictures) == 3


@pytest.mark.parametrize(
    "wrong",
    [
        {"format": "flac"},
        {"pieces": []},
        {"pieces": "x"},
        {"pieces": [{"file": None}]},
        {"pieces": [{"file": None, "index": 1}] * 2},
        {"pieces": [{"file": None, "index": index} for index in range(5)]},
        {"pieces": [{"file": None, "index": 1, "seam": "x"}]},
        {"sections": [{"mark": "intro"}]},
        {"sections": 5},
    ],
)
async def test_a_strange_request_is_refused(runs: Runs, wrong: dict[str, Any]) -> None:
    right = {**POST, "pieces": [{"file": None, "index": 1, "seed": 1}]}
    with pytest.raises(WorkerError) as caught:
        await runs.media("audio_post", {**right, **wrong})
    assert caught.value.code == "invalid_input"


@pytest.mark.parametrize(
    "content", [b"", b"RIFF", wav(bits=8, data=bytes(8000)), wav(channels=6, data=bytes(9600))]
)
async def test_what_no_worker_of_ours_writes_fails(runs: Runs, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "piece.wav"
    file.write_bytes(content)
    with pytest.raises(WorkerError) as caught:
        await post(runs, {"file": str(file), "index": 1, "seed": 1})
    assert caught.value.code == "worker_failed"


async def test_what_was_posted_is_measured_again(runs: Runs, tmp_path: Path) -> None:
    for ending in ("ogg", "mp3"):
        outcome = await post(
            runs, piece(tmp_path, 1, tune()), piece(tmp_path, 2, [0.0] * RATE), format=ending
        )
        files = [str(outcome.out / f"piece-{index}.{ending}") for index in (1, 2)]
        again = await runs.media("measure_audio", {"files": files})
        assert again.files == ()
        assert again.facts["measured"] == {file: measured(outcome, Path(file).name) for file in files}
        assert again.facts["measured"][files[1]]["silent_share"] == 1.0


@pytest.mark.parametrize("files", [None, [], [1], ["/etc/passwd"], ["x.ogg"] * 7, ["/nowhere/piece-1.ogg"]])
async def test_what_cannot_be_measured_has_no_numbers(runs: Runs, files: Any) -> None:
    with pytest.raises(WorkerError):
        await runs.media("measure_audio", {"files": files})


async def test_what_is_no_sound_of_ours_has_no_numbers(runs: Runs, tmp_path: Path) -> None:
    file = tmp_path / "piece-1.ogg"
    file.write_bytes(b"OggS" + bytes(1000))
    with pytest.raises(WorkerError):
        await runs.media("measure_audio", {"files": [str(file)]})
