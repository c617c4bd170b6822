"""A voice's way to its consent with the unmodified bot and real workers, spoken by a voice that is made of rules."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.families import environments_of
from bot.settings import Settings
from tests.end_to_end.whole.conftest import Klass
from tests.end_to_end.whole.microphone import Person


@pytest.fixture(scope="session")
async def voice_python(settings: Settings, environments: None) -> Path:
    """The interpreter of nobody's voices; the environment that listens is there, too."""
    made = environments_of(settings, report=print)
    for family in ("voices", "listening"):
        await made.ensure(family)
    return made.python("voices")


@pytest.mark.parametrize(("name", "direct"), [("ada", False), ("ben", True)])
async def test_words_are_read_checked_and_confirmed(
    klass: Klass, voice_python: Path, tmp_path: Path, name: str, direct: bool
) -> None:
    pupil = Person(klass, klass.visitors[name], voice_python, tmp_path, "alto")
    teacher = Person(klass, klass.teacher, voice_python, tmp_path, "bass")
    chiara = set(klass.chiara.seen)

    card, said = await pupil.enrol("Klang", "en", direct=direct)
    assert pupil.text("consent.mood_neutral") in card["content"]
    for key in ("ok_phrase", "ok_speaker", "ok_mark", "next_witness"):
        assert pupil.text(f"consent.{key}") in said["content"]
    folder = klass.data_dir / "voices"
    assert len(list(folder.glob("*.wav"))) >= 2

    look = await teacher.look("Klang")
    first, clip = look["attachments"]
    heard = [await teacher.visitor.download(one) for one in (first, clip)]
    assert all(content[:4] == b"RIFF" for content in heard)
    granted = await teacher.confirm(look, in_room="yes", under_16="yes", parents="Ordner 7b, Blatt 3")
    assert "✅" in granted["content"]
    kept = [file.read_bytes() for file in folder.glob("*.wav")]
    assert heard[0] not in kept, "what was read is deleted at the decision"
    assert heard[1] in kept

    again = await teacher.told(teacher.give("consents"))
    files = await teacher.press(again, "witness_export", form="JSON")
    plain = json.loads(await teacher.visitor.download(files["attachments"][0]))
    (row,) = [one for one in plain["consents"] if one["person"] == pupil.id]
    assert (row["under_16"], row["parents_reference"], row["model"]) == (
        True,
        "Ordner 7b, Blatt 3",
        "tortoise",
    )
    assert set(klass.chiara.seen) == chiara, "nobody else saw any of it"
    assert all(word not in klass.bot.last_lines(2000) for word in ("Klang", "Ordner 7b")), "nothing is logged"
