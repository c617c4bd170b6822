"""A person of the class who speaks: a voice made of rules stands in for theirs, all else is what they would do."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.lesson.speaker import speak
from bot.local.visitor import Handle, Visitor
from tests.end_to_end.whole.conftest import EPHEMERAL, PATIENCE, Klass

ACCENTS = {"de": "de", "en": "en-us"}
CLIPS = {
    "en": (
        "Good morning. My bicycle is red, and every afternoon I ride along the river to my best friend.",
        "It has been raining for a week now. Nobody wants to go out, and my cat sleeps all day long.",
    ),
    "de": ("Guten Morgen. Mein Fahrrad ist rot, und jeden Nachmittag fahre ich damit am Fluss entlang.",),
}
TRIES = 5
"""The recogniser is right often, not always; so many words to read are given out."""


@dataclass
class Person:
    """`speaker`: one of `bot.lesson.speaker`, by the interpreter `python`. Recordings are made in `folder`."""

    klass: Klass
    visitor: Visitor
    python: Path
    folder: Path
    speaker: str

    @property
    def id(self) -> str:
        return str(self.visitor.me["id"])

    def text(self, key: str, **values: Any) -> str:
        return self.klass.sentences.text(key, self.visitor.me["locale"], **values)

    def give(self, command: str, **options: Any) -> Handle:
        """A command by its key among the sentences; options by their English names."""
        return self.visitor.command(self.text(f"command.{command}.name"), **options)

    def push(self, message: dict[str, Any], button: str, **values: Any) -> Handle:
        """Press a button of a message in this person's language."""
        return self.visitor.press(message, label=self.text(f"button.{button}", **values))

    async def told(self, handle: Handle) -> dict[str, Any]:
        """What is said to this person alone."""
        return await handle.message(
            lambda one: bool(one["flags"] & EPHEMERAL and one["content"]), timeout=PATIENCE
        )

    async def press(self, message: dict[str, Any], button: str, **values: Any) -> dict[str, Any]:
        return await self.told(self.push(message, button, **values))

    async def fill(self, message: dict[str, Any], button: str, **fields: Any) -> dict[str, Any]:
        """Fill in the form behind a button."""
        form = await self.visitor.open_form(self.push(message, button))
        return await self.told(self.visitor.fill_in(form, **fields))

    async def record(self, text: str, language: str) -> Path:
        file = self.folder / f"{self.id}.wav"
        return await speak(self.python, text, file, speaker=self.speaker, language=ACCENTS[language])

    async def enrol(
        self, name: str, language: str, moods: Sequence[str] = ("neutral",), *, direct: bool = False
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Agree, give a clip of each mood, read words aloud until nothing is wrong with them.

        Gives the card with the buttons and what the checks said. `direct`: the recording is sent as a voice message.
        """
        start = await self.told(self.give("record_voice"))
        texts = dict(zip(moods, CLIPS[language], strict=False))
        first = await self.record(texts.pop(moods[0]), language)
        named = {"name": name, "language": language}
        card = await self.fill(start, "voice_agree", **named, mood=moods[0], file=first)
        for mood, text in texts.items():
            card = await self.fill(card, "voice_clip", mood=mood, file=await self.record(text, language))
        for _ in range(TRIES):
            said = await self.read(card, language, direct=direct)
            if "❌" not in said["content"]:
                break
        assert self.text("consent.ok_mark") in said["content"], said["content"]
        return card, said

    async def read(self, card: dict[str, Any], language: str, *, direct: bool) -> dict[str, Any]:
        """Fetch words, read them aloud, hand the recording in; what the checks say of it."""
        phrase = await self.press(card, "voice_phrase")
        words = re.search(r"(?m)^# (.+)$", phrase["content"])
        assert words is not None, phrase["content"]
        recording = await self.record(words[1].replace(" · ", ", "), language)
        if not direct:
            return await self.fill(phrase, "voice_give", file=recording)
        since = len(self.visitor.events)
        await self.visitor.voice_message(recording, seconds=8.0, waveform=bytes(32))
        return await self.visitor.wait_for_message(
            lambda one: one["author"]["id"] == self.visitor.state["bot"]["id"] and "✅" in one["content"],
            channel=await self.visitor.direct(),
            since=since,
            timeout=PATIENCE,
        )

    async def look(self, name: str) -> dict[str, Any]:
        """As a teacher, open the voice of this name among those that wait."""
        return await self.press(await self.told(self.give("consents")), "witness_see", name=name)

    async def confirm(self, look: dict[str, Any], **stated: Any) -> dict[str, Any]:
        """Say yes to what no check could tell, then fill in the form."""
        while any(one.get("label") == self.text("button.yes") for one in _buttons(look)):
            handle = self.push(look, "yes")
            await handle.acknowledged()
            look = self.visitor.seen[look["id"]]
        return await self.fill(look, "witness_confirm", **stated)

    async def choose(self, command: str, name: str) -> str:
        """The voice of this name, as it is offered while the command is typed."""
        choices = await self.visitor.autocomplete(self.text(f"command.{command}.name"), "voice", name)
        (choice,) = [one for one in choices if name in one["name"]]
        return str(choice["value"])


def _buttons(message: dict[str, Any]) -> list[dict[str, Any]]:
    return [one for row in message["components"] for one in row.get("components", [])]
