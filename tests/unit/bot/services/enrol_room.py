"""A bot's voices with their services: a real database and real files, and ears that read what is said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bot.services.enrolment import Enrol
from bot.services.enrolment_ports import Checked, NewVoice
from bot.services.listening import Listening
from bot.services.ports import Requester
from bot.services.probe import UploadProbe
from bot.services.witnessing import Said, Witnessing
from data.audit import Audit
from data.voice_records import Voice
from generation.catalog import Catalog
from tests.fakes import model_info
from tests.fakes_voices import Ears, spoken
from tests.unit.bot.services.conftest import ANNA, TEACHER
from tests.voice_room import Room

PUPIL = replace(ANNA, locale="de")
YES = Said(in_room=True, under_16=False, parents_reference=None, lasting="lesson")


def voice_catalog() -> Catalog:
    """The model that copies voices, not installed, and one that is nobody's."""
    cloning = replace(model_info("tortoise", "speech", "speech"), path=None)
    return Catalog([model_info("espeak", "voices", "speech"), cloning])


@dataclass
class EnrolRoom:
    room: Room
    ears: Ears = field(default_factory=Ears)
    is_on: bool = True
    lesson: float | None = None

    def __post_init__(self) -> None:
        work_dir = self.room.folder / "work"
        work_dir.mkdir(exist_ok=True)
        self.listening = Listening(supervisor=self.ears, work_dir=work_dir, is_on=self.is_on)
        self.enrol = Enrol(
            enrolments=self.room.enrolments,
            voices=self.room.voices,
            listening=self.listening,
            probe=UploadProbe(supervisor=self.ears, work_dir=work_dir),
            catalog=voice_catalog(),
        )
        self.audit = Audit(self.room.database, self.room.folder / "records")
        self.witnessing = Witnessing(
            consents=self.room.consents,
            voices=self.room.voices,
            audit=self.audit,
            lesson_ends=lambda _: self.lesson,
            clock=self.room.clock,
        )
        self.work_dir = work_dir

    def left_behind(self) -> list[Path]:
        return list(self.work_dir.iterdir())

    async def begun(self, who: Requester = PUPIL, **changes: Any) -> Voice:
        values: dict[str, Any] = {
            "agreed": True,
            "name": "Annas Stimme",
            "language": "en",
            "clip": spoken("hello there", by=who.person_id),
            "mood": "neutral",
        }
        return await self.enrol.begin(NewVoice(**{**values, **changes}), who)

    async def read(
        self,
        voice: Voice,
        who: Requester = PUPIL,
        *,
        words: Sequence[str] | None = None,
        by: str | None = None,
        marked: bool = False,
    ) -> Checked:
        """Fetch a phrase and read it; `words` instead of those of the phrase."""
        phrase = await self.enrol.issue(voice.id, who)
        said = " ".join(phrase.words if words is None else words)
        recording = spoken(said, by=by or who.person_id, marked=marked)
        return await self.enrol.take_phrase(voice.id, recording, who)

    async def waiting(self, who: Requester = PUPIL, **changes: Any) -> Voice:
        """A voice for which a witness is asked."""
        checked = await self.read(await self.begun(who, **changes), who)
        assert checked.waits
        return checked.voice

    async def granted(self, said: Said = YES, teacher: Requester = TEACHER, **changes: Any) -> Any:
        voice = await self.waiting(**changes)
        return await self.witnessing.grant(voice.id, said, teacher, owner_is_teacher=False)
