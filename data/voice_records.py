"""What is kept of a voice and of its owner's consent, as plain values: rules judge exactly what the database holds.

No SQL and no I/O here. `Check` names every rule on voices; a refusal is stored, logged and told under that name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

MOODS: Final = ("neutral", "happy", "sad", "angry", "excited")
MOST_CLIPS: Final = 3
UNDECIDED_S: Final = 24 * 3600.0
"""How long recordings are kept about which nobody has decided."""


class Check(StrEnum):
    """The names of all checks. `refused_<name with _ for .>` is the code of the sentence for a person."""

    CLOCK_BACK = "clock.back"
    CLOCK_INVALID = "clock.invalid"
    CONSENT_NONE = "consent.none"
    CONSENT_BROKEN = "consent.broken"
    CONSENT_REVOKED = "consent.revoked"
    CONSENT_EXPIRED = "consent.expired"
    CONSENT_LONG = "consent.long"
    CONSENT_GUILD = "consent.guild"
    CONSENT_PERSON = "consent.person"
    CONSENT_PURPOSE = "consent.purpose"
    CONSENT_MODEL = "consent.model"
    CONSENT_SAMPLES = "consent.samples"
    VOICE_AGREEMENT = "voice.agreement"
    VOICE_STEP = "voice.step"
    VOICE_LATE = "voice.late"
    VOICE_NAME = "voice.name"
    VOICE_FAMOUS = "voice.famous"
    VOICE_WORDS = "voice.words"
    VOICE_UNKNOWN = "voice.unknown"
    VOICE_BUNDLED = "voice.bundled"
    VOICE_BLEND = "voice.blend"
    VOICE_FILE = "voice.file"
    VOICE_PATH = "voice.path"
    CLIP_COUNT = "clip.count"
    CLIP_TWICE = "clip.twice"
    CLIP_CHANGED = "clip.changed"
    PHRASE_NONE = "phrase.none"
    PHRASE_REUSED = "phrase.reused"
    PHRASE_LATE = "phrase.late"
    PHRASE_GUILD = "phrase.guild"
    PHRASE_PERSON = "phrase.person"
    PHRASE_PURPOSE = "phrase.purpose"
    PHRASE_MODEL = "phrase.model"
    PHRASE_SAMPLES = "phrase.samples"
    PHRASE_TRIES = "phrase.tries"
    PHRASE_FAILED = "phrase.failed"
    PHRASE_SILENT = "phrase.silent"
    PHRASE_EXTRA = "phrase.extra"
    PHRASE_WORDS = "phrase.words"
    PHRASE_ORDER = "phrase.order"
    PHRASE_UNCHECKED = "phrase.unchecked"
    SPEAKER_DIFFERS = "speaker.differs"
    SPEAKER_UNMEASURED = "speaker.unmeasured"
    MARK_FOUND = "mark.found"
    MARK_FAILED = "mark.failed"
    WITNESS_NONE = "witness.none"
    WITNESS_SELF = "witness.self"
    WITNESS_GUILD = "witness.guild"
    WITNESS_ROLE = "witness.role"
    WITNESS_OPERATOR = "witness.operator"
    WITNESS_PRESENCE = "witness.presence"
    WITNESS_REFUSED = "witness.refused"
    AGE_UNKNOWN = "age.unknown"
    AGE_REFERENCE = "age.reference"

    @property
    def code(self) -> str:
        """The code of its sentence."""
        return f"refused_{self.value.replace('.', '_')}"


class Answer(StrEnum):
    """`OPEN`: this check cannot tell, a teacher who was in the room has to."""

    ALLOWED = "allowed"
    OPEN = "open"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check says. `subject` is what was judged ("phrase"), `check` what stands against it."""

    answer: Answer
    subject: str
    check: Check | None = None

    def __post_init__(self) -> None:
        # the answer decides whether somebody's voice is copied: anything but these three is an error here
        if not isinstance(self.answer, Answer) or not self.subject:
            raise TypeError("a finding is allowed, open or refused, and names its subject")
        if (self.answer is Answer.ALLOWED) != (self.check is None):
            raise ValueError("a finding that does not allow names its check, one that allows has none")

    @classmethod
    def allow(cls, subject: str) -> Finding:
        return cls(Answer.ALLOWED, subject)

    @classmethod
    def refuse(cls, check: Check) -> Finding:
        return cls(Answer.REFUSED, check.partition(".")[0], check)

    @classmethod
    def ask(cls, check: Check) -> Finding:
        return cls(Answer.OPEN, check.partition(".")[0], check)

    @property
    def allowed(self) -> bool:
        return self.answer is Answer.ALLOWED


class VoiceState(StrEnum):
    STARTED = "started"
    CLIPS = "clips"
    PHRASE_ISSUED = "phrase_issued"
    RECORDED = "recorded"
    CHECKED = "checked"
    WAITING = "waiting_for_witness"
    GRANTED = "granted"
    REFUSED = "refused"
    EXPIRED = "expired"
    ENDED = "ended"


_S = VoiceState
VOICE_MOVES: Final[Mapping[VoiceState, frozenset[VoiceState]]] = {
    _S.STARTED: frozenset({_S.CLIPS, _S.EXPIRED}),
    _S.CLIPS: frozenset({_S.CLIPS, _S.PHRASE_ISSUED, _S.EXPIRED}),
    # back to clips: that phrase is used up, another may be asked for
    _S.PHRASE_ISSUED: frozenset({_S.PHRASE_ISSUED, _S.RECORDED, _S.CLIPS, _S.EXPIRED}),
    _S.RECORDED: frozenset({_S.CHECKED, _S.CLIPS, _S.REFUSED, _S.EXPIRED}),
    _S.CHECKED: frozenset({_S.WAITING, _S.REFUSED, _S.EXPIRED}),
    _S.WAITING: frozenset({_S.GRANTED, _S.REFUSED, _S.EXPIRED}),
    # the consent ran out or was withdrawn: the clips are gone
    _S.GRANTED: frozenset({_S.ENDED}),
    _S.REFUSED: frozenset(),
    _S.EXPIRED: frozenset(),
    _S.ENDED: frozenset(),
}
UNDECIDED: Final = frozenset(state for state, following in VOICE_MOVES.items() if _S.EXPIRED in following)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """One recording of a voice, clean and written anew. `sha256` is that of the file at `path`."""

    number: int
    mood: str
    sha256: str
    seconds: float
    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """Fresh words to read aloud, once, before `expires_at`; bound to everything else in it.

    `sample_hashes` are the sorted SHA-256 of the clips it was issued for. `recording` is there until the decision.
    """

    id: str
    voice: str
    guild: str
    person: str
    purpose: str
    model: str
    sample_hashes: tuple[str, ...]
    language: str
    words: tuple[str, ...]
    issued_at: float
    expires_at: float
    used_at: float | None = None
    recording: Path | None = None
    recording_sha256: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """Somebody's voice on its way to a consent, or with one. `phrase` is the latest; `tries` counts the issued ones."""

    id: str
    guild: str
    person: str
    name: str
    purpose: str
    model: str
    language: str
    state: VoiceState
    created_at: float
    changed_at: float
    tries: int
    clips: tuple[Clip, ...] = ()
    phrase: Phrase | None = None
    findings: tuple[Finding, ...] = ()

    @property
    def sample_hashes(self) -> tuple[str, ...]:
        return tuple(sorted(clip.sha256 for clip in self.clips))

    @property
    def decide_before(self) -> float:
        """At this very second, and later, it is too late. A sum, because a float's difference may miss the end."""
        return self.created_at + UNDECIDED_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """Whose voice (`person`), for what, which model, until when. Times are seconds since the epoch.

    `allowed`: persons of the same server who may use it besides the owner. `witness`: the teacher, or `OPERATOR`.
    """

    id: str
    voice: str
    guild: str
    person: str
    sample_hashes: tuple[str, ...]
    purpose: str
    model: str
    allowed: tuple[str, ...]
    granted_at: float
    until: float
    revoked_at: float | None
    witness: str
    under_16: bool
    parents_reference: str | None


OPERATOR: Final = "operator"
"""Witnesses for a teacher's own voice, on the command line."""


def voice_of(params: Mapping[str, Any]) -> str | None:
    """The id of the voice that a job's plain parameters name; None if they name none."""
    voice = params.get("voice")
    if isinstance(voice, Mapping):
        voice = voice.get("id")
    return voice if isinstance(voice, str) and voice else None
