"""`/stimme`: which voice may say it, in which language it can, and a job of it.

A copied voice is read here for a clear sentence; whether it is used is decided again at every move of the job.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from bot.services.intake import Intake
from bot.services.ports import ReplyAddress, Requester, Ticket
from bot.services.prompt_language import ENGLISH, GERMAN, language_of_prompt
from bot.services.speech_ports import LanguageOffer, OfferedVoice, SpeechRequest
from bot.services.voice_owner import VoiceOwner
from data.consents import Consents
from data.voice_records import Check, Finding
from data.voices import Voices
from generation.catalog import Catalog, ModelInfo
from generation.errors import InvalidInput, ModelMissing, NotFound, Refused
from generation.job import Job, draw_seed
from generation.params import parse_seed, work_units
from generation.speech_params import (
    CLONES_FAMILY,
    DEFAULT_QUALITY,
    EMOTIONS,
    LANGUAGES,
    NOBODYS_FAMILY,
    QUALITIES,
    SPEECH,
    Emotion,
    Language,
    Quality,
    SpeechParams,
    clean_speech,
    quality_key,
)
from moderation.consent import judge_use
from moderation.voice_names import judge_reference

NOBODY: Final = "nobody"
"""The value of nobody's voice in the text's language: the default."""
SEED_RULES: Final = "seed_rules"
"""Notice: a voice made of rules sounds nearly the same with each seed."""


class Measured(Protocol):
    """Measured seconds (`data.timings.Timings`)."""

    def expected(self, model: str, work_units: float) -> float | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _Chosen:
    """`voice`: a kept one's id, None for nobody's. `model` None: the best that speaks the text's language."""

    voice: str | None
    model: ModelInfo | None
    speaker: str = ""


class Speak:
    """Each raises an AtelierError with its sentence's code; then nothing is queued. `is_marked`: whether what is spoken
    can be marked here; without the mark nothing is posted, so nothing is begun."""

    def __init__(
        self,
        *,
        intake: Intake,
        catalog: Catalog,
        voices: Voices,
        consents: Consents,
        timings: Measured,
        owner: VoiceOwner,
        is_marked: bool = True,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._intake = intake
        self._catalog = catalog
        self._voices = voices
        self._consents = consents
        self._timings = timings
        self._owner = owner
        self._is_marked = is_marked
        self._clock = clock

    async def speak(
        self, request: SpeechRequest, who: Requester, address: ReplyAddress | None
    ) -> Ticket | LanguageOffer:
        """Raises InvalidInput, ModelMissing, NotFound, LimitReached, or Refused with the name of the check."""
        chosen = await self._chosen(request, who)  # first: no name of a voice gets any further unread
        text = clean_speech(request.text)
        emotion, quality = read_emotion(request.emotion), read_quality(request.quality)
        seed = parse_seed(request.seed)
        language = request.language or language_of_speech(text, who.locale, chosen.model)
        model = chosen.model or self.nobodys(language)
        params = SpeechParams(
            text=text,
            emotion=emotion,
            voice=chosen.voice,
            quality=quality,
            language=language,
            speaker=chosen.speaker,
        )
        if language in model.languages:
            return await self._queue(model, params, draw_seed() if seed is None else seed, who, address)
        # whoever confides something is answered by the check of words, not by an offer
        await self._intake.demand_allowed(model, params.to_plain(), who, texts=params.texts)
        if not any(
            one.path is not None and language in one.languages for one in self._models(NOBODYS_FAMILY)
        ):
            raise InvalidInput("speech_language")
        return LanguageOffer(text=text, emotion=emotion, seed=seed, language=language, model=model.title)

    async def again(
        self, job_id: str, who: Requester, address: ReplyAddress | None, *, new_seed: bool
    ) -> Ticket:
        """The same words once more, for the person who asks, by the same rules. Raises NotFound job_gone besides."""
        old = await self._intake.recipe(job_id, SPEECH, who)
        params = SpeechParams.from_plain(old.params)
        if params.voice is not None:
            model = await self._copying(params.voice, who)
        else:
            model = self._same_or_best(old, params.language)
        seed = draw_seed() if new_seed else old.seed
        notices = (SEED_RULES,) if new_seed and model.options.get("engine") == "espeak" else ()
        return await self._queue(model, params, seed, who, address, notices=notices)

    async def offered(self, who: Requester) -> Sequence[OfferedVoice]:
        """The voices that this person may use now: nobody's first, because it is the equal choice."""
        nobodys = [model for model in self._models(NOBODYS_FAMILY) if model.path is not None]
        found = [OfferedVoice(value=NOBODY, title="")] if nobodys else []
        for model in nobodys:
            speakers = list(model.options.get("speakers", {})) or [""]
            found += [
                OfferedVoice(
                    value=f"{model.id}.{speaker}" if speaker else model.id, title=model.title, speaker=speaker
                )
                for speaker in speakers
            ]
        kept = [
            OfferedVoice(value=consent.voice, title=name, owner=consent.person, until=consent.until)
            for consent, name in await self._consents.overview(who.guild_id)
            if judge_use(
                consent,
                guild=who.guild_id,
                person=who.person_id,
                purpose=SPEECH,
                model=consent.model,
                sample_hashes=consent.sample_hashes,
                now=self._clock(),
                last_seen=self._clock(),
            ).allowed
        ]
        own = [one for one in kept if one.owner == who.person_id]
        return [*found[:1], *own, *(one for one in kept if one not in own), *found[1:]]

    def seconds_of(self, quality: Quality, text: str, voice: str | None = None) -> float | None:
        """How long a voice took on this machine for as much text in that quality; None: never measured.

        Qualities are those of copied voices: one that is nobody's takes as long in each.
        """
        if is_nobodys(voice) or self._of_nobody(voice or "") is not None:
            model = self._nobodys_or_none(voice or "")
            units = work_units({"text": text, "emotion": ""})
            return None if model is None else self._timings.expected(model.id, units)
        model = next((one for one in self._models(CLONES_FAMILY) if one.path is not None), None)
        if model is None:
            return None
        units = work_units({"text": text, "emotion": "", "quality": quality})
        return self._timings.expected(quality_key(model.id, quality), units)

    def is_nobodys(self, voice: str | None) -> bool:
        """Whether this value names a voice that is nobody's."""
        return is_nobodys(voice) or self._of_nobody(voice or "") is not None

    def nobodys(self, language: Language) -> ModelInfo:
        """The best voice on this machine that is nobody's and speaks it. Raises ModelMissing."""
        known = self._models(NOBODYS_FAMILY)
        if not known:
            raise ModelMissing("medium_off")
        for model in known:
            if model.path is not None and language in model.languages:
                return model
        raise ModelMissing("model_missing", model=known[0].title)

    async def _chosen(self, request: SpeechRequest, who: Requester) -> _Chosen:
        value = request.voice
        if is_nobodys(value):
            return _Chosen(voice=None, model=self._asked(request.model))
        nobodys = self._of_nobody(str(value))
        if nobodys is not None:
            return nobodys
        return _Chosen(voice=str(value), model=await self._copying(str(value), who))

    async def _copying(self, voice_id: str, who: Requester) -> ModelInfo:
        """The model that may copy this voice for this person now. Raises Refused, ModelMissing."""
        _demand(judge_reference(voice_id))
        voice = await self._voices.get(voice_id, who.guild_id)
        if voice is None:
            raise Refused(Check.VOICE_UNKNOWN.code)
        now = self._clock()
        _demand(
            judge_use(
                await self._consents.of_voice(voice_id),
                guild=who.guild_id,
                person=who.person_id,
                purpose=SPEECH,
                model=voice.model,
                sample_hashes=voice.sample_hashes,
                now=now,
                last_seen=now,  # a clock that was turned back is the gate's business: it knows the last time
            )
        )
        await self._owner.demand(voice_id, who.guild_id, who.person_id)
        model = next((one for one in self._models(CLONES_FAMILY) if one.id == voice.model), None)
        if model is None or model.path is None:
            raise ModelMissing("speech_model_missing")
        return model

    def _asked(self, model_id: str | None) -> ModelInfo | None:
        if model_id is None:
            return None
        known = self._models(NOBODYS_FAMILY)
        model = next((one for one in known if one.id == model_id), None)
        if model is None:
            raise NotFound("model_unknown", known=", ".join(one.id for one in known if one.path is not None))
        if model.path is None:
            raise ModelMissing("model_missing", model=model.title)
        return model

    def _of_nobody(self, value: str) -> _Chosen | None:
        """Reads "<model>.<speaker>" and "<model>"; a model's id may have dots of its own."""
        for model in self._models(NOBODYS_FAMILY):
            speakers = ("", *(f".{one}" for one in model.options.get("speakers", {})))
            if (
                model.path is not None
                and value.removeprefix(model.id) in speakers
                and value.startswith(model.id)
            ):
                return _Chosen(voice=None, model=model, speaker=value.removeprefix(model.id)[1:])
        return None

    def _nobodys_or_none(self, value: str) -> ModelInfo | None:
        chosen = self._of_nobody(value)
        if chosen is not None:
            return chosen.model
        return next((one for one in self._models(NOBODYS_FAMILY) if one.path is not None), None)

    def _same_or_best(self, old: Job, language: Language) -> ModelInfo:
        here = (one for one in self._models(NOBODYS_FAMILY) if one.path is not None and one.id == old.model)
        return next(here, None) or self.nobodys(language)

    def _models(self, family: str) -> list[ModelInfo]:
        """By family, not by rank: copying a voice is never the default of anything."""
        return [model for model in self._catalog.models(SPEECH) if model.family == family]

    async def _queue(
        self,
        model: ModelInfo,
        params: SpeechParams,
        seed: int,
        who: Requester,
        address: ReplyAddress | None,
        *,
        notices: tuple[str, ...] = (),
    ) -> Ticket:
        if not self._is_marked:
            raise ModelMissing("medium_off")
        return await self._intake.queue(
            model, params.to_plain(), seed, who, address, texts=params.texts, notices=notices
        )


def is_nobodys(voice: str | None) -> bool:
    """Whether nothing but the usual voice was asked for."""
    return voice is None or voice.strip() in {"", NOBODY}


def language_of_speech(text: str, locale: str, model: ModelInfo | None) -> Language:
    """The text's language; where its words tell none, that of a model with one language, else the person's."""
    only = model.languages[0] if model is not None and len(model.languages) == 1 else locale
    return "de" if language_of_prompt(text, GERMAN if only == GERMAN else ENGLISH) == GERMAN else "en"


def read_emotion(typed: str | None) -> Emotion:
    """Raises InvalidInput emotion_unknown."""
    for known in EMOTIONS:
        if (typed or EMOTIONS[0]).strip().casefold() == known:
            return known
    raise InvalidInput("emotion_unknown", known=", ".join(EMOTIONS))


def read_quality(typed: str | None) -> Quality:
    """Raises InvalidInput quality_unknown."""
    for known in QUALITIES:
        if (typed or DEFAULT_QUALITY).strip().casefold() == known:
            return known
    raise InvalidInput("quality_unknown", known=", ".join(QUALITIES))


def read_language(typed: str) -> Language:
    """Raises NotFound button_unknown."""
    for known in LANGUAGES:
        if typed == known:
            return known
    raise NotFound("button_unknown")


def _demand(finding: Finding) -> None:
    if not finding.allowed:
        raise Refused((finding.check or Check.CONSENT_BROKEN).code)
