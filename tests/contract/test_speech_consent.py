"""A voice without its owner's consent is refused: each way is one change to a request that is served."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from generation import voice_token
from generation.errors import WorkerError
from generation.request import Request
from tests.contract.speech_runs import SpeechRuns, Voice, hum, model_at, packages, speech, token


@dataclass(frozen=True)
class Twin:
    """A request that is served, and what to change it with."""

    runs: SpeechRuns
    voice: Voice
    request: Request

    @property
    def clip(self) -> Path:
        return Path(self.voice.clips["neutral"][0])

    def with_voice(self, **changes: Any) -> Request:
        voice = {**self.request.params["voice"], **changes}
        return replace(self.request, params={**self.request.params, "voice": voice})

    def with_paths(self, *paths: Path | str, mood: str = "neutral") -> Request:
        return self.with_voice(clips={mood: [str(one) for one in paths]})

    def with_token(self, *, job: str | None = None, **changes: Any) -> Request:
        made = token(job or self.request.job, self.voice, self.request.model_id, **changes)
        return self.with_voice(token=made)

    def file(self, name: str) -> Path:
        """Another file with the very bytes of the clip."""
        return Path(shutil.copyfile(self.clip, self.runs.folder / name))


def swapped(twin: Twin) -> Request:
    hum(twin.clip, 444.0)
    return twin.request


def another_way_to_write(twin: Twin) -> Request:
    return twin.with_voice(token=twin.request.params["voice"]["token"] + "=")


def through_a_link(twin: Twin) -> Request:
    link = twin.runs.folder / f"{twin.voice.id}-link.wav"
    link.symlink_to(twin.clip)
    return twin.with_paths(link)


def body_of_another(twin: Twin) -> Request:
    other = token(twin.request.job, twin.voice, twin.request.model_id, until=time.time() + 3000)
    signature = twin.request.params["voice"]["token"].partition(".")[2]
    return twin.with_voice(token=f"{other.partition('.')[0]}.{signature}")


def another_voice(twin: Twin) -> Request:
    somebody = replace(twin.voice, id="somebody")
    return twin.with_voice(token=token(twin.request.job, somebody, twin.request.model_id))


def bundled_recording(twin: Twin) -> Request:
    """A voice of somebody famous that comes with tortoise, by its full path."""
    found = sorted(packages(twin.runs).glob("tortoise/voices/*/*.wav"))
    assert found
    return twin.with_paths(found[0])


WAYS: dict[str, Callable[[Twin], Request]] = {
    "no token": lambda twin: twin.with_voice(token=""),
    "token is no text": lambda twin: twin.with_voice(token=None),
    "no key of ours": lambda twin: twin.with_token(key=voice_token.new_key()),
    "signature cut": lambda twin: twin.with_voice(token=twin.request.params["voice"]["token"][:-3]),
    "signature of another token": body_of_another,
    "written in another way": another_way_to_write,
    "another job": lambda twin: twin.with_token(job="speech0"),
    "an old job again": lambda twin: replace(twin.request, job=f"{twin.request.job}again"),
    "another voice": another_voice,
    "voice renamed": lambda twin: twin.with_voice(id="somebody"),
    "another model": lambda twin: replace(
        twin.request, model=model_at(twin.runs.models / "plain", max_mel_tokens=9)
    ),
    "another purpose": lambda twin: twin.with_token(purpose="enrolment"),
    "too late": lambda twin: twin.with_token(ago=700.0),
    "good for too long": lambda twin: twin.with_token(ago=-3600.0, until=time.time() + 10 * 3600.0),
    "other clips": lambda twin: twin.with_token(samples=frozenset({"0" * 64})),
    "clip swapped after hashing": swapped,
    "clip left out": lambda twin: twin.with_voice(clips={}),
    "clip of somebody else": lambda twin: twin.with_paths(hum(twin.runs.folder / "else.wav", 99.0)),
    "clip added": lambda twin: twin.with_paths(twin.clip, hum(twin.runs.folder / "more.wav", 99.0)),
    "the same clip twice": lambda twin: twin.with_paths(twin.clip, twin.file("twice.wav")),
    "no mood of ours": lambda twin: twin.with_paths(twin.clip, mood="drunk"),
    "a file of numbers": lambda twin: twin.with_paths(twin.file("latents.pth")),
    "a name instead of a path": lambda twin: twin.with_paths(twin.clip.name),
    "a way around": lambda twin: twin.with_paths(twin.clip.parent / "x" / ".." / twin.clip.name),
    "a link": through_a_link,
    "a folder": lambda twin: twin.with_paths(twin.runs.folder),
    "a bundled recording": bundled_recording,
    "a bundled voice": lambda twin: twin.with_voice(id="tom", clips={}),
    "a bundled voice by its name": lambda twin: replace(
        twin.request, params={**twin.request.params, "voice": "tom"}
    ),
    "two voices mixed": lambda twin: twin.with_voice(id=f"{twin.voice.id}&tom"),
    "a voice by chance": lambda twin: twin.with_voice(id="random", clips={}),
}


@pytest.fixture
def twin(speaking: SpeechRuns) -> Twin:
    voice = speaking.voice()
    model = model_at(speaking.models / "plain", max_mel_tokens=8)
    return Twin(speaking, voice, speaking.request(model, voice))


@pytest.mark.parametrize("way", WAYS.values(), ids=list(WAYS))
async def test_one_change_is_enough_to_be_refused(twin: Twin, way: Callable[[Twin], Request]) -> None:
    served = await twin.runs.supervisor.run(twin.request)
    changed = replace(way(twin), out=twin.runs.folder / "refused")
    with pytest.raises(WorkerError) as caught:
        await twin.runs.supervisor.run(changed)

    assert speech(served)
    assert (caught.value.code, caught.value.values.get("reason")) == ("invalid_input", "no_consent")
    assert not list(changed.out.iterdir())


async def test_no_consent_is_said_before_any_model_is_looked_at(twin: Twin) -> None:
    gone = replace(twin.request, model=model_at(twin.runs.models / "gone"))
    with pytest.raises(WorkerError) as caught:
        await twin.runs.supervisor.run(gone)

    assert caught.value.values.get("reason") == "no_consent"


async def test_consent_that_ends_while_it_speaks_ends_the_speech(speaking: SpeechRuns) -> None:
    voice = speaking.voice()
    await speaking.say("plain", voice)
    request = speaking.request("plain", voice, quality="high_quality")
    short = token(request.job, voice, request.model_id, until=time.time() + 1.0)
    request = replace(request, params={**request.params, "voice": voice.plain(short)})
    began = time.monotonic()
    with pytest.raises(WorkerError) as caught:
        await speaking.supervisor.run(request)

    assert caught.value.values.get("reason") == "no_consent"
    assert time.monotonic() - began < 6
    assert not list(request.out.iterdir())
    assert await speaking.forget(voice.id) == 0, "what was heard in the voice went with the consent"


async def test_what_was_heard_in_a_voice_is_forgotten_when_asked(speaking: SpeechRuns) -> None:
    voice, other = speaking.voice(neutral=120.0, sad=80.0), speaking.voice()
    first = await speaking.say("plain", voice)
    await speaking.say("plain", voice, emotion="sad")
    await speaking.say("plain", other)

    assert await speaking.forget(voice.id) == 2
    assert await speaking.forget(voice.id) == 0
    kept, again = await speaking.say("plain", other), await speaking.say("plain", voice)
    assert [one.facts["conditioning_calls"] for one in (first, kept, again)] == [1, 0, 1]
    assert speech(again) == speech(first)


async def test_a_refused_token_drops_what_was_heard(speaking: SpeechRuns) -> None:
    voice = speaking.voice()
    await speaking.say("plain", voice)
    request = speaking.request("plain", voice)
    with pytest.raises(WorkerError):
        await speaking.supervisor.run(replace(request, job="another"))

    assert await speaking.forget(voice.id) == 0


@pytest.mark.parametrize("name", ["", "a&b", "../x", 7, None])
async def test_only_a_voice_can_be_forgotten(speaking: SpeechRuns, name: object) -> None:
    with pytest.raises(WorkerError) as caught:
        await speaking.forget(name)
    assert caught.value.code == "invalid_input"


@pytest.mark.parametrize(
    ("clip", "reason"),
    [
        (b"RIFF no sound", "clip_broken"),
        ({"seconds": 0.2}, "clip_length"),
        ({"rate": 4_000}, "clip_length"),
        ({"pitch": 0.0}, "clip_silent"),
    ],
    ids=str,
)
async def test_a_clip_that_is_no_recording_is_said_so(speaking: SpeechRuns, clip: Any, reason: str) -> None:
    voice = speaking.voice()
    file = Path(voice.clips["neutral"][0])
    if isinstance(clip, bytes):
        file.write_bytes(clip)
    else:
        hum(file, **{"pitch": 200.0, **clip})
    with pytest.raises(WorkerError) as caught:
        await speaking.say("plain", voice)
    assert caught.value.values.get("reason") == reason


async def test_clips_of_every_kind_that_the_bot_keeps_are_heard(speaking: SpeechRuns) -> None:
    for rate, channels in ((8_000, 1), (48_000, 2)):
        name = f"rate{rate}"
        file = hum(speaking.folder / f"{name}.wav", 200.0, rate=rate, channels=channels)
        assert (await speaking.say("plain", Voice(name, {"neutral": [file]}))).facts["seconds"] > 0
