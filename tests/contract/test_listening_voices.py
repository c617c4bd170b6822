"""Whether two recordings are of one voice, and whether an engine made them."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from data.voice_records import Check
from generation.errors import WorkerError
from moderation.voice_evidence import SpeakerMatch, judge_marks, judge_speaker
from tests.contract.voice_files import read, write
from tests.contract.voice_runs import VoiceRuns

CLIP = "The weather is fine today, and I like to read books in the garden."
PHRASE = "museum, hammer, piano, october, photograph, banana"


async def test_one_voice_is_more_alike_than_two(voices: VoiceRuns) -> None:
    phrase, same, other = [
        await voices.voice_file(text, speaker=speaker)
        for text, speaker in ((PHRASE, "tenor"), (CLIP, "tenor"), (CLIP, "soprano"))
    ]
    alike, apart, both = [
        await voices.compare(phrase, *clips) for clips in ((same,), (other,), (same, other))
    ]

    assert alike["usable"] is apart["usable"] is True
    assert alike["similarity"]["min"] > 0.8 > apart["similarity"]["min"]
    # one clip of somebody else shows, whatever the others are
    assert both["similarity"]["min"] == pytest.approx(apart["similarity"]["min"], abs=0.001)
    assert both["similarity"]["min"] < both["similarity"]["mean"] < alike["similarity"]["min"]
    assert judge_speaker(SpeakerMatch.of(alike)).allowed
    assert judge_speaker(SpeakerMatch.of(both)).check is Check.SPEAKER_DIFFERS
    # nothing of the voice leaves but these numbers
    assert set(both) == {"usable", "similarity", "why"}


async def test_what_cannot_be_compared_is_said_so(voices: VoiceRuns, tmp_path: Path) -> None:
    clip = await voices.voice_file(CLIP, speaker="tenor")
    samples, rate = read(clip)
    rng = random.Random(6)
    others = {
        "short": samples[: rate // 2],
        "quiet": [one / 40 for one in samples],
        "noisy": [one / 3 + rng.gauss(0, 0.08) for one in samples],
    }
    for why, changed in others.items():
        file = write(tmp_path / f"{why}.wav", changed, rate=rate)
        for pair in ((file, clip), (clip, file)):
            found = await voices.compare(*pair)
            assert (found["usable"], found["similarity"]) == (False, None)
            # of a very quiet voice the detector hears little
            assert found["why"] in {why, "short" if why == "quiet" else why}
    assert judge_speaker(SpeakerMatch.of(found)).check is Check.SPEAKER_UNMEASURED
    silence = write(tmp_path / "silence.wav", [0.0] * rate * 3, rate=rate)
    assert (await voices.compare(clip, silence))["why"] == "short"


async def test_a_mark_is_found_again_where_it_was_put(voices: VoiceRuns) -> None:
    clip = await voices.voice_file(CLIP, speaker="tenor")
    marked = await voices.mark(clip)
    before, after = await voices.find_mark(clip), await voices.find_mark(marked)

    assert before["marked"] is False
    assert after["marked"] is True
    assert judge_marks([before], recordings=1).allowed
    assert judge_marks([before, after], recordings=2).check is Check.MARK_FOUND
    assert before["confidence"] < 0.3 < 0.7 < after["confidence"] <= 1
    assert [len(read(file)[0]) for file in (clip, marked)] == [len(read(clip)[0])] * 2
    # nobody hears it: the difference lies far below the sound
    pairs = list(zip(*(read(file)[0] for file in (clip, marked)), strict=True))
    error = sum((one - other) ** 2 for one, other in pairs)
    assert error < 0.05 * sum(one**2 for one, _ in pairs)


@pytest.mark.parametrize("ending", ["ogg", "mp3"])
async def test_a_mark_survives_being_posted_and_uploaded(voices: VoiceRuns, ending: str) -> None:
    clip = await voices.voice_file(CLIP, speaker="alto")
    marked = await voices.mark(clip)

    assert (await voices.find_mark(await voices.posted(marked, ending)))["marked"] is True
    assert (await voices.find_mark(await voices.posted(clip, ending)))["marked"] is False


async def test_a_mark_cannot_be_looked_for_in_an_instant(voices: VoiceRuns, tmp_path: Path) -> None:
    with pytest.raises(WorkerError) as caught:
        await voices.find_mark(write(tmp_path / "blip.wav", [0.1] * 4_000))
    assert caught.value.values.get("reason") == "audio_short"
