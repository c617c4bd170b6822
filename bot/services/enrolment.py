"""A pupil adds a voice: agreement, clips, a fresh phrase read within its time, the checks; then a witness is asked.

What may be done when is decided in `data.enrolments` under the rules of `moderation`; here the parts meet.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from bot.services.audio_ports import Upload
from bot.services.enrolment_ports import Checked, NewVoice
from bot.services.listening import Listening
from bot.services.ports import Requester
from bot.services.probe import UploadProbe
from bot.services.uploads import AT_ONCE, read_upload
from data.enrolments import MOST_TRIES, Enrolments
from data.errors import VoiceRefused
from data.voice_records import MOODS, UNDECIDED, Check, Finding, Phrase, Voice, VoiceState
from data.voices import Voices
from generation.catalog import Catalog, ModelInfo
from generation.errors import AtelierError, InvalidInput, LimitReached, ModelMissing
from moderation.consent import NOBODYS_FAMILY, SPEECH
from moderation.enrolment import judge_agreement
from moderation.phrase import (
    LANGUAGES,
    LIFETIME_S,
    Hearing,
    Tolerance,
    draw_phrase,
    judge_phrase,
    judge_words,
)
from moderation.voice_evidence import SAME_SPEAKER, SpeakerMatch, judge_marks, judge_speaker
from moderation.voice_names import judge_name

_log = logging.getLogger(__name__)
LEAST_CLIP_S: Final = 3.0
"""A shorter clip says too little of a voice, and comparing needs two seconds of speech."""


class Enrol:
    """`/stimme-aufnehmen` and its buttons. Methods raise an AtelierError with its sentence's code."""

    def __init__(
        self,
        *,
        enrolments: Enrolments,
        voices: Voices,
        listening: Listening,
        probe: UploadProbe,
        catalog: Catalog,
        threshold: float = SAME_SPEAKER,
        tolerance: Tolerance | None = None,
        most_tries: int = MOST_TRIES,
    ) -> None:
        self._enrolments = enrolments
        self._voices = voices
        self._listening = listening
        self._probe = probe
        self._catalog = catalog
        self._threshold = threshold
        self._tolerance = tolerance or Tolerance()
        self._most_tries = most_tries
        self._busy: set[tuple[str, str]] = set()
        self._room = asyncio.Semaphore(AT_ONCE)
        self._languages: dict[str, str] = {}

    def model(self) -> ModelInfo:
        """The model that copies a voice, and that the consent names; it need not be installed. Raises ModelMissing."""
        models = [one for one in self._catalog.models(SPEECH) if one.family != NOBODYS_FAMILY]
        if not models or not self._listening.is_on:
            raise ModelMissing("medium_off")
        return models[0]

    async def mine(self, who: Requester) -> list[Voice]:
        """The voices of this person that have not ended: undecided ones, and those with a consent."""
        return await self._voices.of_person(who.guild_id, who.person_id)

    async def undecided(self, who: Requester) -> Voice | None:
        """The voice that this person has begun."""
        return next((one for one in await self.mine(who) if one.state in UNDECIDED), None)

    async def reading(self, guild_ids: Collection[str], person_id: str) -> Voice | None:
        """The voice for which this person has words to read aloud, in one of these servers; the latest asked for."""
        found = [one for guild in guild_ids for one in await self._voices.of_person(guild, person_id)]
        open_ones = [
            (one.phrase.issued_at, one.id, one)
            for one in found
            if one.state is VoiceState.PHRASE_ISSUED and one.phrase is not None
        ]
        return max(open_ones)[-1] if open_ones else None

    def language_of(self, person_id: str) -> str | None:
        """The language in which this person asked for words; None after a restart. A direct message does not say it."""
        return self._languages.get(person_id)

    async def begin(self, new: NewVoice, who: Requester) -> Voice:
        """Start with the first clip; what the person had begun before is dropped. Nothing begins where it is no good.

        Raises VoiceRefused voice.agreement, voice.name, voice.famous or voice.words; InvalidInput mood_unknown,
        voice_language, clip_short and those of an upload; ModelMissing; WorkerError.
        """
        for finding in (judge_agreement(new.agreed), judge_name(new.name)):
            if not finding.allowed:
                raise VoiceRefused(finding.check or Check.VOICE_NAME)
        if new.language not in LANGUAGES:
            raise InvalidInput("voice_language")
        model = self.model()
        with self._turn(who):
            async with self._room, self._probe.probed("audio", await _fetched(new.clip, new.mood)) as found:
                clean = _long_enough(found.clean, found.seconds)
                voice = await self._enrolments.start(
                    who.guild_id,
                    who.person_id,
                    name=new.name.strip(),
                    purpose=SPEECH,
                    model=model.id,
                    language=new.language,
                    agreed=new.agreed,
                    as_teacher=who.is_teacher,
                )
                return await self._add(voice.id, who, clean, found.seconds, new.mood)

    async def add_clip(self, voice_id: str, clip: Upload, mood: str, who: Requester) -> Voice:
        """One more clip. Raises as `begin` does, and VoiceRefused clip.count, clip.twice, voice.step."""
        with self._turn(who):
            async with self._room, self._probe.probed("audio", await _fetched(clip, mood)) as found:
                clean = _long_enough(found.clean, found.seconds)
                return await self._add(voice_id, who, clean, found.seconds, mood)

    async def issue(self, voice_id: str, who: Requester) -> Phrase:
        """Fresh words to read aloud before `expires_at`; those from before are void. Raises VoiceRefused."""
        self.model()
        voice = await self.own(voice_id, who)
        self._languages[who.person_id] = who.locale
        words = draw_phrase(voice.language)
        return await self._enrolments.issue(
            voice_id, who.guild_id, who.person_id, words, lifetime_s=LIFETIME_S
        )

    async def take_phrase(self, voice_id: str, recording: Upload, who: Requester) -> Checked:
        """Keep the recording of the phrase, which uses it up, and check everything; then the witness may be asked.

        A file that is no sound leaves the phrase as it is. Raises VoiceRefused, InvalidInput, WorkerError.
        """
        self.model()
        voice = await self.own(voice_id, who)
        if voice.phrase is None or voice.state is not VoiceState.PHRASE_ISSUED:
            used = voice.phrase is not None and voice.phrase.used_at is not None
            raise VoiceRefused(Check.PHRASE_REUSED if used else Check.PHRASE_NONE)
        with self._turn(who):
            async with self._room, self._probe.probed("audio", await _fetched(recording)) as found:
                clean = _long_enough(found.clean, found.seconds, least_s=0.0)
                recorded = await self._enrolments.record(
                    voice.phrase.id, clean, lambda *now: _judge_given(voice, who, *now)
                )
            return await self._check(recorded)

    async def withdraw(self, voice_id: str, who: Requester) -> None:
        """Its owner has thought better of it: the recordings are deleted. Raises VoiceRefused voice.step: too late."""
        await self._enrolments.withdraw(voice_id, who.guild_id, who.person_id)

    def tries_left(self, voice: Voice) -> int:
        """How many phrases may still be asked for."""
        return max(0, self._most_tries - voice.tries)

    async def own(self, voice_id: str, who: Requester) -> Voice:
        """Another's voice is as unknown as none. Raises VoiceRefused voice.unknown."""
        voice = await self._voices.get(voice_id, who.guild_id)
        if voice is None or voice.person != who.person_id:
            raise VoiceRefused(Check.VOICE_UNKNOWN)
        return voice

    async def _add(self, voice_id: str, who: Requester, clean: Path, seconds: float, mood: str) -> Voice:
        return await self._enrolments.add_clip(
            voice_id, who.guild_id, who.person_id, clean, seconds=seconds, mood=mood
        )

    async def _check(self, voice: Voice) -> Checked:
        findings = await self._findings(voice)
        voice = await self._enrolments.note_checks(voice.id, findings)
        if voice.state is VoiceState.CHECKED:
            voice = await self._enrolments.ask(voice.id)
        return Checked(voice=voice, findings=tuple(findings), tries_left=self.tries_left(voice))

    async def _findings(self, voice: Voice) -> list[Finding]:
        """One of each check, in the order in which they are told. Each fails closed on its own."""
        phrase = voice.phrase
        if phrase is None or phrase.recording is None:
            return [Finding.refuse(Check.PHRASE_FAILED)]
        clips = [clip.path for clip in voice.clips]
        recordings = [phrase.recording, *clips]
        heard = await _facts(self._listening.hear(phrase.recording, phrase.language), "hear")
        alike = await _facts(self._listening.compare(phrase.recording, clips), "compare")
        marks = [await _facts(self._listening.find_mark(one), "find_mark") for one in recordings]
        return [
            judge_words(
                Hearing.of(heard),
                phrase,
                measured=self._listening.measured_languages,
                tolerance=self._tolerance,
            ),
            judge_speaker(SpeakerMatch.of(alike), threshold=self._threshold),
            judge_marks(marks, recordings=len(recordings)),
        ]

    @contextmanager
    def _turn(self, who: Requester) -> Iterator[None]:
        """One thing at a time for each person. Raises LimitReached upload_busy."""
        person = (who.guild_id, who.person_id)
        if person in self._busy:
            raise LimitReached("upload_busy")
        self._busy.add(person)
        try:
            yield
        finally:
            self._busy.discard(person)


def _judge_given(
    voice: Voice, who: Requester, phrase: Phrase | None, samples: Sequence[str], now: float, last_seen: float
) -> Finding:
    """Asked inside the transaction, about the phrase and the clips as they are then."""
    return judge_phrase(
        phrase,
        guild=who.guild_id,
        person=who.person_id,
        sample_hashes=samples,
        purpose=voice.purpose,
        model=voice.model,
        now=now,
        last_seen=last_seen,
    )


async def _fetched(upload: Upload, mood: str = MOODS[0]) -> bytes:
    if mood not in MOODS:
        raise InvalidInput("mood_unknown")
    return await read_upload(upload, "audio")


def _long_enough(clean: Path | None, seconds: float, *, least_s: float = LEAST_CLIP_S) -> Path:
    if clean is None:
        raise InvalidInput("upload_broken")
    if seconds < least_s:
        raise InvalidInput("clip_short", low=int(LEAST_CLIP_S))
    return clean


async def _facts(asking: Awaitable[Mapping[str, Any]], what: str) -> Mapping[str, Any] | None:
    """None when it cannot be told, whatever went wrong: the rule says what that means."""
    try:
        return await asking
    except AtelierError as error:
        _log.warning("%s could not tell (%s)", what, error.code)
    except Exception as error:  # noqa: BLE001 - a check that errs must not end in the middle of an enrolment
        _log.error("%s failed (%s)", what, type(error).__name__)
    return None
