"""Words heard from a list, on a synthetic voice that the recogniser copes with; error rates: listening_counts.py."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from generation.errors import WorkerError
from moderation.phrase import phrase_words
from tests.contract.voice_files import read, write
from tests.contract.voice_runs import VoiceRuns

WORDS = ("photograph", "banana", "sandwich", "hammer", "piano", "guitar", "museum", "october")
SPOKEN = ", ".join(WORDS)


async def phrase(voices: VoiceRuns, text: str = SPOKEN) -> str:
    return await voices.voice_file(text, speaker="alto", speed=0.9)


async def test_the_words_that_were_said_are_heard_in_order(voices: VoiceRuns) -> None:
    right, backwards = await phrase(voices), await phrase(voices, ", ".join(reversed(WORDS)))
    heard, heard_backwards = [await voices.hear(file) for file in (right, backwards)]

    for said, found in ((WORDS, heard), (WORDS[::-1], heard_backwards)):
        kept = [word for word in found["words"] if word in said]
        assert len(kept) >= 6
        assert kept == sorted(kept, key=said.index), "in the order in which they were said"
    assert heard["measured"] is True
    assert 3 < heard["speech_seconds"] < 9
    assert heard["noise_db"] > 20
    assert -40 < heard["level_db"] < -6


async def test_the_list_is_all_that_it_is_told(voices: VoiceRuns) -> None:
    """Whatever the order of the list, and whatever was heard before: the same words."""
    file, other = await phrase(voices), await phrase(voices, "butterfly, river, kangaroo")
    usual = await voices.hear(file)
    await voices.hear(other)
    shuffled = random.Random(4).sample(phrase_words("en"), len(phrase_words("en")))

    assert await voices.hear(file, vocabulary=shuffled) == usual
    # words that were not said are not heard because they are asked for
    absent = [word for word in phrase_words("en") if word not in WORDS]
    assert set((await voices.hear(file, vocabulary=absent))["words"]).isdisjoint(WORDS)


async def test_a_language_without_a_recogniser_is_not_guessed_at(voices: VoiceRuns) -> None:
    heard = await voices.hear(await phrase(voices), "de", phrase_words("de"))

    assert (heard["measured"], heard["words"]) == (False, [])
    assert heard["speech_seconds"] > 3


async def test_no_speech_no_words(voices: VoiceRuns, tmp_path: Path) -> None:
    rng = random.Random(5)
    hiss = write(tmp_path / "hiss.wav", [rng.gauss(0, 0.0005) for _ in range(32_000)])
    silence = write(tmp_path / "silence.wav", [0.0] * 32_000)

    for file in (hiss, silence):
        heard = await voices.hear(file)
        assert (heard["words"], heard["speech_seconds"]) == ([], 0.0)


async def test_rate_and_channels_do_not_matter(voices: VoiceRuns, tmp_path: Path) -> None:
    file = await phrase(voices)
    samples, rate = read(file)
    both = write(tmp_path / "both.wav", samples, rate=rate, channels=2)

    assert (await voices.hear(both))["words"] == (await voices.hear(file))["words"]


@pytest.mark.parametrize(
    "vocabulary",
    [
        [],
        ["banana"] * 48,
        [*phrase_words("en")[:47], "xyzzyplugh"],
        [*phrase_words("en")[:47], "a); grammar x; public <y> = (b"],
        [*phrase_words("en")[:47], 5],
        [f"word{number}" for number in range(501)],
    ],
    ids=["empty", "one", "unknown", "grammar", "number", "many"],
)
async def test_a_list_that_cannot_be_used_is_refused(
    voices: VoiceRuns, tmp_path: Path, vocabulary: list[Any]
) -> None:
    file = write(tmp_path / "any.wav", [0.1, -0.1] * 8_000)

    with pytest.raises(WorkerError) as caught:
        await voices.hear(file, vocabulary=vocabulary)
    assert caught.value.code == "invalid_input"


async def test_what_is_no_clean_file_is_refused(voices: VoiceRuns, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.wav"
    wrong.write_text("no sound")
    cases = {
        str(wrong): "audio_kind",
        str(tmp_path / "none.wav"): "audio_missing",
        write(tmp_path / "long.wav", [0.0] * 8_000 * 61, rate=8_000): "audio_long",
        write(tmp_path / "empty.wav", []): "audio_empty",
        write(tmp_path / "fast.wav", [0.0] * 100, rate=96_000): "audio_kind",
    }
    for file, reason in cases.items():
        with pytest.raises(WorkerError) as caught:
            await voices.hear(file)
        assert (caught.value.code, caught.value.values.get("reason")) == ("invalid_input", reason)
