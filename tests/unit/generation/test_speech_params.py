"""What can be asked of the families that speak, and how much work it is."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.errors import InvalidInput
from generation.params import SPEECH_START, work_units
from generation.speech_params import EMOTIONS, QUALITIES, TEXT_LIMIT, SpeechParams, quality_key

VOICE = "0123456789abcdef"


@pytest.mark.parametrize("emotion", EMOTIONS)
@pytest.mark.parametrize("quality", QUALITIES)
@pytest.mark.parametrize("voice", [None, VOICE])
def test_plain_and_back(emotion: Any, quality: Any, voice: str | None) -> None:
    params = SpeechParams(text=" Guten\n Tag ", emotion=emotion, quality=quality, voice=voice)
    plain = params.to_plain()
    assert plain["text"] == "Guten Tag"
    assert SpeechParams.from_plain(plain).to_plain() == plain
    assert ("voice" in plain, "quality" in plain) == (voice is not None,) * 2
    assert ("speaker" in plain, "language" in plain) == (voice is None,) * 2


def taken(text: str) -> str | None:
    try:
        return SpeechParams(text=text).text
    except InvalidInput:
        return None


@given(st.text(max_size=400))
def test_what_is_taken_can_be_spoken(text: str) -> None:
    line = taken(text)
    if line is not None:
        assert 1 <= len(line) <= TEXT_LIMIT
        assert any(char.isalnum() for char in line)
        assert line == " ".join(text.split())


@pytest.mark.parametrize("changes", [{"emotion": "bored"}, {"quality": "best"}, {"language": "fr"}])
def test_unknown_choices(changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        SpeechParams(**{"text": "Hello", **changes})


def test_work_grows_with_length_and_quality() -> None:
    texts = ["a" * length for length in (1, 100, 300)]
    for texts_of in (
        [work_units(SpeechParams(text=text).to_plain()) for text in texts],
        [work_units(SpeechParams(text="a", voice=VOICE, quality=one).to_plain()) for one in QUALITIES],
    ):
        assert sorted(set(texts_of)) == texts_of
    assert work_units(SpeechParams(text="a").to_plain()) == SPEECH_START + 1


def test_other_media_are_measured_as_before() -> None:
    assert work_units({"text": "The weather", "temperature": 1.0, "run": False}) == 1.0
    assert work_units({"steps": 10, "count": 2}) == 20.0


def test_a_quality_has_a_name_that_no_model_has() -> None:
    assert quality_key("tortoise", "fast") == "tortoise@fast"
