"""`/pruefe` over real sockets: the file arrives, and the answer is seen by one person."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.posts.sound_check import compose_sound_check
from bot.services.audio_ports import Upload
from bot.services.ports import Requester
from bot.services.probe import OwnTags
from bot.services.sound_check import SoundReport
from generation.errors import InvalidInput
from tests.end_to_end.discord_layer.conftest import Class
from tests.end_to_end.discord_layer.music_school import private

CONTENT = b"a sound as somebody sent it"
FOUND = SoundReport(
    seconds=3.25, marked=True, tags=OwnTags(machine=True, job="0a1b2c3d4e", seed=4_294_967_295)
)


class Listener:
    """Finds the mark in `CONTENT` and has nothing to say of anything else."""

    async def take(self, upload: Upload, who: Requester) -> SoundReport:
        assert upload.size == len(await upload.read())
        if await upload.read() != CONTENT:
            raise InvalidInput("audio_short")
        return FOUND


@pytest.fixture
def sound(klass: Class, tmp_path: Path) -> Path:
    desk: Any = klass.desk
    desk.sound_check = Listener()
    file = tmp_path / "aufnahme.ogg"
    file.write_bytes(CONTENT)
    return file


@pytest.mark.parametrize(
    ("person", "locale", "command", "option"),
    [("Ada", "de", "pruefe", "datei"), ("Ben", "en-GB", "check", "file")],
)
async def test_one_person_is_told_what_was_found(
    klass: Class, sound: Path, person: str, locale: str, command: str, option: str
) -> None:
    visitor = await klass.enter(person, locale)
    said = await private(visitor.command(command, **{option: sound}))
    assert said["content"] == compose_sound_check(FOUND, sound.name, klass.school.sentences, locale)
    assert "0a1b2c3d4e" in said["content"]
    assert "4294967295" in said["content"]
    assert said["attachments"] == []


async def test_what_is_wrong_with_the_file_is_said_in_private(klass: Class, sound: Path) -> None:
    sound.write_bytes(b"too short")
    said = await private((await klass.enter()).command("pruefe", datei=sound))
    assert said["content"] == klass.say("error.audio_short")
