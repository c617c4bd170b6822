"""The adapter of Piper voices, on a network that the tests write themselves in the real file format.

What it shows: files, phonemes, seeds, speed and faults go through piper-tts and onnxruntime as with a real voice.
What it cannot show: how a real voice sounds.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from generation.errors import ModelMissing, WorkerError
from tests.contract import onnx_files
from tests.contract.voice_files import read
from tests.contract.voice_runs import VoiceRuns


async def test_a_network_speaks(voices: VoiceRuns, tmp_path: Path) -> None:
    made = await voices.say("Größe zwölf", model=onnx_files.voice(tmp_path))
    samples, rate = read(made.out / "1.wav")

    assert rate == made.facts["sample_rate"] == onnx_files.RATE
    assert len(samples) % onnx_files.LENGTH == 0
    assert made.facts["phonemes"].startswith("ɡrˈøːsə tsvˈœlf"), "read as German"
    # a beginning, an end, and a gap behind each phoneme
    count = len(made.facts["phonemes"])
    assert len(samples) // onnx_files.LENGTH == 2 * count + 3
    assert max(map(abs, samples)) == pytest.approx(32_000 / 32_768, abs=0.001)


async def test_seeds_speed_emotion_and_sentences(voices: VoiceRuns, tmp_path: Path) -> None:
    model = onnx_files.voice(tmp_path)
    usual = await voices.say("Guten Morgen.", model=model)
    again, other = [await voices.say("Guten Morgen.", model=model, seed=seed) for seed in (7, 8)]
    fast, sad, two = [
        await voices.say(text, model=model, **changes)
        for text, changes in (
            ("Guten Morgen.", {"speed": 2.0}),
            ("Guten Morgen.", {"emotion": "sad"}),
            ("Guten Morgen. Guten Morgen.", {}),
        )
    ]

    assert read(usual.out / "1.wav") == read(again.out / "1.wav") != read(other.out / "1.wav")
    assert fast.facts["seconds"] == pytest.approx(usual.facts["seconds"] / 2, rel=0.01)
    assert sad.facts["seconds"] > 1.2 * usual.facts["seconds"]
    assert two.facts["seconds"] == pytest.approx(2 * usual.facts["seconds"], rel=0.01)
    assert two.facts["phonemes"].count(" | ") == 1


async def test_brackets_are_letters(voices: VoiceRuns, tmp_path: Path) -> None:
    model = onnx_files.voice(tmp_path)
    raw, nested = [await voices.say(text, model=model) for text in ("Das [[aaaa]] da", "Das [[[aaaa]]] da")]

    assert "aaaa" not in raw.facts["phonemes"] + nested.facts["phonemes"]


async def test_another_language_and_other_speakers_are_refused(voices: VoiceRuns, tmp_path: Path) -> None:
    model = onnx_files.voice(tmp_path)
    for language, changes in (("en", {}), ("de", {"speaker": "alto"})):
        with pytest.raises(WorkerError) as caught:
            await voices.say("Guten Morgen.", language, model=model, **changes)
        assert caught.value.code == "invalid_input"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"broken": "network"}, "model_broken"),
        ({"broken": "settings"}, "model_broken"),
        ({"phoneme_type": "pinyin"}, "model_broken"),
        ({"rate": 400_000}, "model_broken"),
        ({"broken": "nan"}, "worker_failed"),
        ({"broken": "silent"}, "worker_failed"),
    ],
    ids=str,
)
async def test_what_cannot_be_used_is_said_so(
    voices: VoiceRuns, tmp_path: Path, changes: dict[str, object], code: str
) -> None:
    with pytest.raises(WorkerError) as caught:
        await voices.say("Guten Morgen.", model=onnx_files.voice(tmp_path, **changes))  # type: ignore[arg-type]
    assert caught.value.code == code


async def test_a_folder_without_a_network_or_its_settings_is_missing(
    voices: VoiceRuns, tmp_path: Path
) -> None:
    model = onnx_files.voice(tmp_path)
    next(tmp_path.rglob("*.json")).unlink()
    (tmp_path / "empty" / "voice").mkdir(parents=True)

    for one in (model, onnx_files.model_at(tmp_path / "empty" / "voice")):
        with pytest.raises(ModelMissing):
            await voices.say("Guten Morgen.", model=one)
