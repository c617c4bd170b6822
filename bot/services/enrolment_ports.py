"""Adding a voice: what a pupil gives, and what they are told of the checks."""

from __future__ import annotations

from dataclasses import dataclass

from bot.services.audio_ports import Upload
from data.voice_records import Finding, Voice, VoiceState


@dataclass(frozen=True, slots=True, kw_only=True)
class NewVoice:
    """A name, the language of the words to read, and the first clip; nothing validated yet.

    `agreed`: the person said yes to the check of their voice, in a step of its own.
    """

    agreed: bool
    name: str
    language: str
    clip: Upload
    mood: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What was found on a recording, in the order in which it is told, and where the voice stands now."""

    voice: Voice
    findings: tuple[Finding, ...]
    tries_left: int

    @property
    def waits(self) -> bool:
        """Whether a witness is asked from now on."""
        return self.voice.state is VoiceState.WAITING

    @property
    def may_repeat(self) -> bool:
        """Whether other words may be asked for."""
        return self.voice.state is VoiceState.CLIPS and self.tries_left > 0
