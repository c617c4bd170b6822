"""A voice's way to its consent with the unmodified bot and real workers, spoken by a voice that is made of rules."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from bot.app import environments_of
from bot.lesson.speaker import speak
from bot.local.visitor import Handle, Visitor
from bot.settings import Settings
from tests.end_to_end.whole.conftest import EPHEMERAL, PATIENCE, Klass

CLIP = "Good morning. My bicycle is red, and every afternoon I ride along the river to my best friend."
TRIES = 5


@pytest.fixture(scope="session")
async def voice_python(settings: Settings, environments: None) -> Path:
    """The interpreter of nobody's voices; the environment that listens is there, too."""
    made = environments_of(settings, report=print)
    for family in ("voices", "listening"):
        await made.ensure(family)
    return made.python("voices")


class Person:
    """A visitor who speaks with a synthetic voice; everything is answered in private."""

    def __init__(self, klass: Klass, visitor: Visitor, python: Path, folder: Path, locale: str) -> None:
        self.klass, self.visitor, self.python, self.folder = klass, visitor, python, folder
        self.locale = locale

    def text(self, key: str, **values: Any) -> str:
        return self.klass.sentences.text(key, self.locale, **values)

    async def told(self, handle: Handle) -> dict[str, Any]:
        return await handle.message(
            lambda one: bool(one["flags"] & EPHEMERAL and one["content"]), timeout=PATIENCE
        )

    async def command(self, key: str) -> dict[str, Any]:
        return await self.told(self.visitor.command(self.text(f"command.{key}.name")))

    async def press(self, message: dict[str, Any], key: str, **values: Any) -> dict[str, Any]:
        return await self.told(self.visitor.press(message, label=self.text(f"button.{key}", **values)))

    async def fill(self, message: dict[str, Any], key: str, **fields: Any) -> dict[str, Any]:
        form = await self.visitor.open_form(self.visitor.press(message, label=self.text(f"button.{key}")))
        return await self.told(self.visitor.fill_in(form, **fields))

    async def recording(self, text: str) -> Path:
        return await speak(self.python, text, self.folder / "recording.wav", speaker="alto")

    async def begin(self) -> dict[str, Any]:
        clip = await self.recording(CLIP)
        return await self.fill(
            await self.command("record_voice"), "voice_agree", name="Klang", language="en", file=clip
        )

    async def give(self, card: dict[str, Any], *, direct: bool) -> str:
        """Fetch the words, read them, hand the recording in; what is said of it."""
        phrase = await self.press(card, "voice_phrase")
        words = re.search(r"(?m)^# (.+)$", phrase["content"])
        assert words is not None
        recording = await self.recording(words[1].replace(" · ", ", "))
        if not direct:
            return str((await self.fill(phrase, "voice_give", file=recording))["content"])
        since = len(self.visitor.events)
        await self.visitor.voice_message(recording, seconds=8.0, waveform=bytes(32))
        answer = await self.visitor.wait_for_message(
            lambda one: one["author"]["id"] == self.visitor.state["bot"]["id"] and "✅" in one["content"],
            channel=await self.visitor.direct(),
            since=since,
            timeout=PATIENCE,
        )
        return str(answer["content"])


@pytest.mark.parametrize(("name", "locale", "direct"), [("ada", "de", False), ("ben", "en", True)])
async def test_words_are_read_checked_and_confirmed(
    klass: Klass, voice_python: Path, tmp_path: Path, name: str, locale: str, direct: bool
) -> None:
    pupil = Person(klass, klass.visitors[name], voice_python, tmp_path, locale)
    teacher = Person(klass, klass.teacher, voice_python, tmp_path, "de")
    chiara = set(klass.chiara.seen)

    card = await pupil.begin()
    assert pupil.text("consent.mood_neutral") in card["content"]
    for _ in range(TRIES):  # the recogniser is right often, not always
        said = await pupil.give(card, direct=direct)
        if "❌" not in said:
            break
    for key in ("ok_phrase", "ok_speaker", "ok_mark", "next_witness"):
        assert pupil.text(f"consent.{key}") in said
    folder = klass.data_dir / "voices"
    assert len(list(folder.glob("*.wav"))) >= 2

    overview = await teacher.command("consents")
    look = await teacher.press(overview, "witness_see", name="Klang")
    first, clip = look["attachments"]
    heard = [await teacher.visitor.download(one) for one in (first, clip)]
    assert all(content[:4] == b"RIFF" for content in heard)
    granted = await teacher.fill(
        look, "witness_confirm", in_room="yes", under_16="yes", parents="Ordner 7b, Blatt 3"
    )
    assert "✅" in granted["content"]
    kept = [file.read_bytes() for file in folder.glob("*.wav")]
    assert heard[0] not in kept, "what was read is deleted at the decision"
    assert heard[1] in kept

    again = await teacher.command("consents")
    files = await teacher.press(again, "witness_export", form="JSON")
    plain = json.loads(await teacher.visitor.download(files["attachments"][0]))
    (row,) = [one for one in plain["consents"] if one["person"] == pupil.visitor.me["id"]]
    assert (row["under_16"], row["parents_reference"], row["model"]) == (
        True,
        "Ordner 7b, Blatt 3",
        "tortoise",
    )
    assert set(klass.chiara.seen) == chiara, "nobody else saw any of it"
    assert all(word not in klass.bot.last_lines(2000) for word in ("Klang", "Ordner 7b")), "nothing is logged"
