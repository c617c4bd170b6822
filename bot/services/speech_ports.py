"""Speech: what was typed, what may be chosen, the offer to speak it in another language, and what is shown."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bot.services.ports import Post
from generation.speech_params import Language


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechRequest:
    """`/stimme` as it was typed, nothing validated yet. None means the default.

    `voice`: "", "nobody" or None for nobody's voice, "<model>.<speaker>" for one of nobody's, or a kept voice's id.
    `model`: which one speaks with nobody's voice. `language`: that of the text, where somebody has said it.
    """

    text: str
    voice: str | None = None
    emotion: str | None = None
    quality: str | None = None
    seed: str | int | None = None
    model: str | None = None
    language: Language | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageOffer:
    """Instead of a Ticket: the voice that was chosen does not speak the text's `language`; nobody's voice does.

    `text`, `emotion` and `seed` as they were asked for; `model` is the title of the one that cannot.
    """

    text: str
    emotion: str
    seed: int | None
    language: Language
    model: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedVoice:
    """One that a person may use now. `value` is what SpeechRequest.voice takes, "nobody" for the usual one.

    Of nobody's: `title` is its model's and `speaker` the name of a variant, "" where there is one only. Of a kept one:
    `title` is what its owner called it, `owner` whose it is, `until` (epoch seconds) the end of the consent.
    """

    value: str
    title: str
    speaker: str = ""
    owner: str | None = None
    until: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechPost(Post):
    """A sentence, spoken: `file` can be played, `picture` shows its wave form, `length` in seconds, measured.

    `voice_name`: what the owner called a copied voice (`cloned`), else the name of the speaker, "" for the usual one.
    `owner`: whose voice was copied; `until`: when the consent ends, epoch seconds. `about` in the person's language:
    what the model learned from.
    """

    file: Path
    picture: Path
    length: float
    seed: int
    voice_name: str
    cloned: bool
    about: str
    owner: str | None = None
    until: float | None = None
    notices: tuple[str, ...] = ()
    """Codes of sentences beside those of the job."""
