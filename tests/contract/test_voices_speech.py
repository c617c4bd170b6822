"""What the voice made of rules says, and how: languages, speakers, emotions; nothing in a text is a command."""

from __future__ import annotations

import itertools
import statistics
from typing import Any

import pytest

from generation.errors import WorkerError
from generation.supervisor import Outcome
from tests.contract.voice_files import pitches, read, rms
from tests.contract.voice_runs import VoiceRuns

SENTENCE = "Heute gehen wir alle zusammen in den Wald."


def pitch(made: Outcome) -> float:
    return statistics.median(pitches(*read(made.out / "1.wav")))


async def test_german_is_read_as_german(voices: VoiceRuns) -> None:
    german, number, english = [
        await voices.say(*asked) for asked in (("Größe zwölf",), ("Größe 12",), ("Größe 12", "en"))
    ]

    assert german.facts["phonemes"] == number.facts["phonemes"] == "ɡɾˈøːsə tsvˈœlf"
    assert "twˈɛlv" in english.facts["phonemes"]
    assert read(german.out / "1.wav") == read(number.out / "1.wav")
    assert read(german.out / "1.wav") != read(english.out / "1.wav")


async def test_what_is_told_is_true(voices: VoiceRuns) -> None:
    made = await voices.say(SENTENCE, speaker="alto")
    samples, rate = read(made.out / "1.wav")

    assert made.facts["sample_rate"] == rate == 22_050
    assert made.facts["seconds"] == pytest.approx(len(samples) / rate, abs=0.001)
    assert 2 < made.facts["seconds"] < 5
    assert (made.facts["language"], made.facts["speaker"]) == ("de", "alto")
    assert [(file.name, file.kind) for file in made.files] == [("1.wav", "audio")]
    assert 0.02 < rms(samples) < max(map(abs, samples)) <= 1


async def test_speakers_are_told_apart(voices: VoiceRuns) -> None:
    speakers = voices.catalog.get("espeak").options["speakers"]
    made = {name: await voices.say(SENTENCE, speaker=name) for name in speakers}

    assert len({(one.out / "1.wav").read_bytes() for one in made.values()}) == len(speakers) == 7
    assert pitch(made["bass"]) < 0.9 * pitch(made["tenor"]) < 0.7 * pitch(made["alto"])
    assert pitch(made["alto"]) < 0.95 * pitch(made["soprano"])
    first = await voices.say(SENTENCE)
    assert read(first.out / "1.wav") == read(made["standard"].out / "1.wav")


async def test_emotions_differ_in_pitch_speed_and_loudness(voices: VoiceRuns) -> None:
    made = {
        emotion: await voices.say(SENTENCE, emotion=emotion)
        for emotion in ("neutral", "happy", "sad", "angry", "excited", "calm")
    }
    high = {emotion: pitch(one) for emotion, one in made.items()}
    long = {emotion: one.facts["seconds"] for emotion, one in made.items()}
    loud = {emotion: rms(read(one.out / "1.wav")[0]) for emotion, one in made.items()}

    assert high["sad"] < 0.9 * high["neutral"] < 0.9 * high["happy"] / 1.05
    assert high["happy"] < high["excited"]
    assert long["excited"] < long["angry"] < long["happy"] < long["neutral"] < long["calm"] < long["sad"]
    assert loud["sad"] < loud["calm"] < loud["neutral"] < loud["angry"]


async def test_speed(voices: VoiceRuns) -> None:
    slow, own, fast = [
        (await voices.say(SENTENCE, speed=speed)).facts["seconds"] for speed in (0.5, 1.0, 2.0)
    ]

    assert slow > 1.6 * own
    assert fast < 0.65 * own


@pytest.mark.parametrize(
    ("text", "letters"),
    [
        ("Das [[h'ElU]] Ende", "Das [ [h'ElU] ] Ende"),
        ("Das \x01200s Ende", "Das 200s Ende"),
        ("Das \x01+50p Ende", "Das +50p Ende"),
        ("Das\x00 Ende", "Das Ende"),
        ("Das\u202e\u200b Ende", "Das Ende"),
    ],
    ids=["phonemes", "speed", "pitch", "zero", "invisible"],
)
async def test_commands_inside_a_text_are_text(voices: VoiceRuns, text: str, letters: str) -> None:
    steered, plain, none = [await voices.say(one) for one in (text, letters, "Das Ende")]

    assert read(steered.out / "1.wav") == read(plain.out / "1.wav")
    assert steered.facts["phonemes"] == plain.facts["phonemes"]
    if letters != "Das Ende":
        assert steered.facts["seconds"] > none.facts["seconds"]


async def test_tags_are_read_aloud(voices: VoiceRuns) -> None:
    pause, words = [
        await voices.say(f"Das {one} Ende") for one in ("<break time='3s'/>", "break time gleich 3 s")
    ]
    shout, entity = [await voices.say(one) for one in ('<prosody volume="x-loud">ja</prosody>', "a &lt; b")]

    assert "bɾˈeːɑːk" in pause.facts["phonemes"]
    assert abs(pause.facts["seconds"] - words.facts["seconds"]) < 0.8
    assert "jˈɑː" in shout.facts["phonemes"]
    assert shout.facts["seconds"] > 1
    assert "ˌɛltˈeː" in entity.facts["phonemes"]


async def test_a_file_of_the_machine_is_no_voice_and_no_sound(voices: VoiceRuns) -> None:
    tag = await voices.say('<audio src="/etc/hostname">ja</audio>')
    assert tag.facts["seconds"] > 1

    for speaker in ("../../../etc/passwd", "f3", "de+f3", "!v/f3", 5):
        with pytest.raises(WorkerError) as caught:
            await voices.say(SENTENCE, speaker=speaker)
        assert caught.value.code == "invalid_input"


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"text": ""}, "speech_empty"),
        ({"text": " … !\n"}, "speech_empty"),
        ({"text": "a" * 301}, "speech_long"),
        ({"text": None}, "speech_empty"),
        ({"language": "fr"}, "language"),
        ({"emotion": ["sad"]}, "emotion"),
        ({"speed": 2.5}, "speed"),
        ({"speed": True}, "speed"),
        ({"clips": ["/tmp/a.wav"]}, "unknown_parameter"),
    ],
    ids=str,
)
async def test_wrong_wishes_are_refused(voices: VoiceRuns, wrong: dict[str, Any], reason: str) -> None:
    with pytest.raises(WorkerError) as caught:
        await voices.say(**{"text": SENTENCE, **wrong})
    assert caught.value.code == "invalid_input"
    assert caught.value.values.get("reason") == reason


async def test_strange_texts_are_spoken_or_refused_and_never_end_the_worker(voices: VoiceRuns) -> None:
    await voices.say(SENTENCE)
    pids = {one.pid for one in voices.supervisor.states() if one.family == "voices"}
    parts = [
        "\ud7ff",
        "𝔄𝔟",
        "👩‍🚀",
        "%s%n",
        "'; --",
        "\\",
        "ﷺ",
        "ä" * 40,
        "9" * 200,
        "Z" * 300,
        "中文",
        "\t\n",
        "=" * 99,
    ]
    for first, second in itertools.pairwise(parts):
        made = await voices.say(f"{first} a {second}"[:300])
        assert made.facts["seconds"] < 120

    assert {one.pid for one in voices.supervisor.states() if one.family == "voices"} == pids
