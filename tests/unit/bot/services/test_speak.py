"""Which voice may say what, in which language, and what its worker is given; on real voices, consents and jobs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.services.ports import Requester, Ticket
from bot.services.speak import NOBODY, SEED_RULES, language_of_speech
from bot.services.speech_ports import LanguageOffer, SpeechRequest
from data.voice_records import Check
from generation.errors import (
    AtelierError,
    InvalidInput,
    ModelMissing,
    NotFound,
    Refused,
    WorkerCrashed,
    WorkerError,
)
from generation.job import JobState
from generation.speech_params import EMOTIONS, QUALITIES
from generation.voice_token import KEY_VARIABLE, Claim, check_token
from tests.fakes import Fault
from tests.fakes_speech import ESPEAK, MISSING, PIPER, TORTOISE, speech_catalog
from tests.unit.bot.services.conftest import ADDRESS, ANNA, BEN, STRANGER
from tests.unit.bot.services.speech_room import ENGLISH, GERMAN, SpeechRoom, speech_room
from tests.voice_room import WAY

BAD = "Ich rede heute über Pornografie."


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[SpeechRoom]:
    async with speech_room(tmp_path) as opened:
        yield opened


async def refused(
    room: SpeechRoom, code: str, text: str = ENGLISH, who: Requester = ANNA, **more: Any
) -> None:
    """Refused with this sentence, and no worker is asked for anything."""
    with pytest.raises(AtelierError) as caught:
        await room.ask(text, who, **more)
    assert caught.value.code == code
    assert room.workers.requests == []


async def test_where_nothing_can_be_marked_nothing_is_begun(room: SpeechRoom) -> None:
    room.speak = room.speaking(room.catalog, is_marked=False)
    await refused(room, "medium_off")


# Nobody's voice


@pytest.mark.parametrize("voice", [None, "", " ", NOBODY])
@pytest.mark.parametrize(("text", "language"), [(GERMAN, "de"), (ENGLISH, "en")])
async def test_nobody_s_voice_is_the_default(
    room: SpeechRoom, voice: str | None, text: str, language: str
) -> None:
    job = await room.said(text, voice=voice, emotion="happy")
    assert (job.state, job.family, job.model) == (JobState.POSTED, "voices", "espeak")
    given = {"text": text, "emotion": "happy", "language": language, "speaker": ""}
    assert (job.params, room.spoken_by(job).params) == (given, given)
    post = room.discord.spoken[job.id]
    assert (post.cloned, post.seed, post.owner, post.until) == (False, 7, None, None)


async def test_a_speaker_of_nobody_s(room: SpeechRoom) -> None:
    job = await room.said(voice="espeak.alto")
    assert (job.params["speaker"], room.discord.spoken[job.id].voice_name) == ("alto", "alto")


@pytest.mark.parametrize("value", ["piper.de", "piper.de.", "espeak.nobody", "espeakalto", "tortoise"])
async def test_a_model_s_id_may_have_dots(room: SpeechRoom, value: str) -> None:
    speak = room.speaking(speech_catalog(ESPEAK, PIPER, TORTOISE))
    if value == "piper.de":
        ticket = await speak.speak(SpeechRequest(text=GERMAN, voice=value), ANNA, ADDRESS)
        assert isinstance(ticket, Ticket)
        assert ticket.job.model == "piper.de"
    else:
        with pytest.raises(Refused) as caught:
            await speak.speak(SpeechRequest(text=GERMAN, voice=value), ANNA, ADDRESS)
        assert caught.value.code == Check.VOICE_UNKNOWN.code


async def test_rank_never_makes_a_copy(room: SpeechRoom) -> None:
    """Of all models for speech tortoise ranks highest; nobody who chose no voice gets it."""
    for text in (GERMAN, ENGLISH):
        assert (await room.said(text)).family == "voices"
    speak = room.speaking(speech_catalog(ESPEAK, PIPER, TORTOISE))
    assert [speak.nobodys("de").id, speak.nobodys("en").id] == ["piper.de", "espeak"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"text": " "}, "speech_empty"),
        ({"text": "…!"}, "speech_empty"),
        ({"text": "ab" * 151}, "speech_long"),
        ({"text": "a\0b"}, "prompt_control"),
        ({"emotion": "bored"}, "emotion_unknown"),
        ({"quality": "best"}, "quality_unknown"),
        ({"seed": "4294967296"}, "seed_invalid"),
        ({"model": "tortoise"}, "model_unknown"),
    ],
)
async def test_what_cannot_be_said(room: SpeechRoom, changes: dict[str, Any], code: str) -> None:
    await refused(room, code, **{"text": GERMAN, **changes})


async def test_three_hundred_characters_are_fine(room: SpeechRoom) -> None:
    assert (await room.said("ab " * 99 + "abc")).state is JobState.POSTED


async def test_words_are_checked(room: SpeechRoom) -> None:
    await refused(room, "refused_sexual", BAD)


async def test_a_bot_without_voices(room: SpeechRoom) -> None:
    with pytest.raises(ModelMissing) as off:
        await room.speaking(speech_catalog(TORTOISE)).speak(SpeechRequest(text=GERMAN), ANNA, ADDRESS)
    assert off.value.code == "medium_off"


# Languages


@pytest.mark.parametrize(
    ("text", "locale", "language"),
    [
        ("Guten Morgen, liebe Klasse!", "en", "de"),
        ("Schönes Wetter", "en", "de"),
        ("Heute ist ein guter Tag.", "en", "de"),
        ("She sells sea shells on the sea shore.", "de", "en"),
        ("Hello Tom", "de", "en"),
        ("Good morning everybody", "de", "en"),
        ("Tom, Tom, Tom", "de", "de"),
        ("Tom, Tom, Tom", "en", "en"),
    ],
)
def test_the_language_of_a_sentence(text: str, locale: str, language: str) -> None:
    assert language_of_speech(text, locale, ESPEAK) == language


def test_where_words_tell_nothing_a_model_s_only_language_counts() -> None:
    assert language_of_speech("Tom, Tom, Tom", "de", TORTOISE) == "en"
    assert language_of_speech(GERMAN, "en", TORTOISE) == "de"


async def test_german_to_an_english_model_is_offered_to_the_german_voice(room: SpeechRoom) -> None:
    consent = await room.consent()
    offer = await room.ask(GERMAN, voice=consent.voice, emotion="sad")
    assert offer == LanguageOffer(text=GERMAN, emotion="sad", seed=7, language="de", model="Tortoise")
    assert room.workers.requests == []
    ticket = await room.ask(GERMAN, language="de")
    assert isinstance(ticket, Ticket)
    assert ticket.job.family == "voices"


async def test_english_to_a_german_voice_is_offered_to_the_english_one(room: SpeechRoom) -> None:
    speak = room.speaking(speech_catalog(ESPEAK, PIPER))
    offer = await speak.speak(SpeechRequest(text=ENGLISH, voice="piper.de"), ANNA, ADDRESS)
    assert isinstance(offer, LanguageOffer)
    assert (offer.language, offer.seed) == ("en", None)


async def test_where_no_voice_speaks_it_nothing_is_offered(room: SpeechRoom) -> None:
    consent = await room.consent()
    with pytest.raises(InvalidInput) as caught:
        await room.speaking(speech_catalog(TORTOISE)).speak(
            SpeechRequest(text=GERMAN, voice=consent.voice), ANNA, ADDRESS
        )
    assert caught.value.code == "speech_language"


async def test_an_offer_is_made_for_good_words_only(room: SpeechRoom) -> None:
    consent = await room.consent()
    await refused(room, "refused_sexual", BAD, voice=consent.voice)


# Somebody's voice


async def test_a_copied_voice_gets_clips_and_a_token_for_one_job(room: SpeechRoom) -> None:
    consent = await room.consent()
    job = await room.said(ENGLISH, voice=consent.voice, emotion="excited", quality="standard")
    assert (job.state, job.family, job.model) == (JobState.POSTED, "speech", "tortoise")
    assert job.params["voice"] == consent.voice
    given = room.spoken_by(job).params
    assert {name: given[name] for name in given if name != "voice"} == {
        "text": ENGLISH,
        "emotion": "excited",
        "quality": "standard",
    }
    (path,) = given["voice"]["clips"]["neutral"]
    assert Path(path).is_absolute()
    wanted = Claim(
        job=job.id,
        voice=consent.voice,
        samples=frozenset(consent.sample_hashes),
        model="tortoise",
        until=0.0,
    )
    key, now = room.environ[KEY_VARIABLE], room.voices.clock.now
    assert check_token(given["voice"]["token"], key, wanted, now=now) == consent.until
    post = room.discord.spoken[job.id]
    assert (post.cloned, post.owner, post.until, post.voice_name) == (True, "anna", consent.until, "Stimme")


NOT_A_VOICE = {
    "emma": Check.VOICE_BUNDLED,
    "random": Check.VOICE_BUNDLED,
    "emma&tom": Check.VOICE_BLEND,
    "0123456789abcdef&0123456789abcdef": Check.VOICE_BLEND,
    "anna.pth": Check.VOICE_FILE,
    "../voices/anna": Check.VOICE_PATH,
    "/etc/passwd": Check.VOICE_PATH,
    "0123456789abcdef": Check.VOICE_UNKNOWN,
    "0123456789ABCDEF": Check.VOICE_UNKNOWN,
    "tom hanks": Check.VOICE_UNKNOWN,
}


@pytest.mark.parametrize("value", list(NOT_A_VOICE))
async def test_a_voice_s_name_is_judged_before_anything_else(room: SpeechRoom, value: str) -> None:
    await refused(room, NOT_A_VOICE[value].code, voice=value)
    await refused(room, NOT_A_VOICE[value].code, "", voice=value)  # also with a text that cannot be spoken


async def test_each_reason_against_a_voice_is_its_own_sentence(room: SpeechRoom) -> None:
    consent = await room.consent()
    await refused(room, Check.CONSENT_PERSON.code, who=BEN, voice=consent.voice)
    await refused(room, Check.VOICE_UNKNOWN.code, who=STRANGER, voice=consent.voice)
    waiting = await room.voices.waiting("ben", ANNA.guild_id)
    await refused(room, Check.CONSENT_NONE.code, who=BEN, voice=waiting.id)
    room.voices.clock.now += 3601
    await refused(room, Check.CONSENT_EXPIRED.code, voice=consent.voice)
    room.voices.clock.now -= 3601
    await room.voices.revoke(consent)
    await refused(room, Check.CONSENT_REVOKED.code, voice=consent.voice)


async def test_whom_the_consent_names_may_use_it(room: SpeechRoom) -> None:
    consent = await room.consent(allowed=("ben",))
    assert (await room.said(ENGLISH, BEN, voice=consent.voice)).state is JobState.POSTED


@pytest.mark.parametrize("models", [(ESPEAK, MISSING), (ESPEAK,)], ids=["not here", "switched off"])
async def test_without_tortoise_the_real_model_is_missing(room: SpeechRoom, models: Any) -> None:
    consent = await room.consent()
    with pytest.raises(ModelMissing) as missing:
        await room.speaking(speech_catalog(*models)).speak(
            SpeechRequest(text=ENGLISH, voice=consent.voice), ANNA, ADDRESS
        )
    assert missing.value.code == "speech_model_missing"


async def test_a_clock_that_went_back_is_found_by_the_gate(room: SpeechRoom) -> None:
    consent = await room.consent()
    room.voices.clock.now += 100
    await room.said(ENGLISH, voice=consent.voice)
    room.voices.clock.now -= 50
    before = len(room.workers.requests)
    with pytest.raises(Refused) as caught:
        await room.ask(ENGLISH, voice=consent.voice)
    assert caught.value.code == Check.CLOCK_BACK.code
    assert len(room.workers.requests) == before


# Starting


async def test_clips_that_were_changed_are_not_used(room: SpeechRoom) -> None:
    consent = await room.consent()
    for file in room.voices.files.folder.iterdir():
        file.chmod(0o600)
        file.write_bytes(b"another voice")
    job = await room.said(ENGLISH, voice=consent.voice)
    assert (job.state, job.error_code) == (JobState.FAILED, Check.CLIP_CHANGED.code)
    assert room.workers.requests == []


async def test_a_revocation_before_the_start_is_seen_by_the_one_who_makes_the_token(room: SpeechRoom) -> None:
    consent = await room.consent()
    job = room.voices.job(consent)
    started = await room.start.prepare(job)
    assert started.params["voice"]["id"] == consent.voice
    await room.voices.revoke(consent)
    with pytest.raises(Refused):
        await room.start.prepare(job)


@pytest.mark.parametrize("changes", [{"guild_id": "other"}, {"owner_id": "ben"}, {"model": "other"}])
async def test_a_forged_job_gets_no_token(room: SpeechRoom, changes: dict[str, Any]) -> None:
    job = room.voices.job(await room.consent())
    with pytest.raises(Refused):
        await room.start.prepare(replace(job, **changes))


async def test_nobody_s_family_never_gets_a_voice(room: SpeechRoom) -> None:
    job = replace(room.voices.job(await room.consent()), family="voices")
    with pytest.raises(Refused):
        await room.start.prepare(job)


@pytest.mark.parametrize("key", [None, "", "not a key"])
async def test_without_a_key_nothing_starts(room: SpeechRoom, key: str | None) -> None:
    job = room.voices.job(await room.consent())
    room.environ.clear()
    if key is not None:
        room.environ[KEY_VARIABLE] = key
    with pytest.raises(WorkerError):
        await room.start.prepare(job)


async def test_other_media_start_as_they_are(room: SpeechRoom) -> None:
    job = replace(room.voices.job(await room.consent()), medium="music", params={"prompt": "x"})
    assert await room.start.prepare(job) is job


# Once more


@pytest.mark.parametrize("new_seed", [False, True])
async def test_once_more(room: SpeechRoom, new_seed: bool) -> None:
    old = await room.said(voice="espeak.alto", emotion="sad")
    ticket = await room.speak.again(old.id, BEN, ADDRESS, new_seed=new_seed)
    assert ticket.job.params == old.params
    assert ticket.job.owner_id == "ben"
    assert (ticket.job.seed == 7) is not new_seed
    assert ticket.job.notices == ((SEED_RULES,) if new_seed else ())


async def test_once_more_asks_for_the_consent_again(room: SpeechRoom) -> None:
    consent = await room.consent()
    old = await room.said(ENGLISH, voice=consent.voice)
    assert (
        await room.end(await room.speak.again(old.id, ANNA, ADDRESS, new_seed=True))
    ).state is JobState.POSTED
    with pytest.raises(Refused) as of_other:
        await room.speak.again(old.id, BEN, ADDRESS, new_seed=False)
    assert of_other.value.code == Check.CONSENT_PERSON.code
    await room.voices.revoke(consent)
    with pytest.raises(Refused) as over:
        await room.speak.again(old.id, ANNA, ADDRESS, new_seed=False)
    assert over.value.code == Check.CONSENT_REVOKED.code


async def test_once_more_where_there_is_nothing(room: SpeechRoom) -> None:
    old = await room.said()
    for job_id, who in (("nothing", ANNA), (old.id, STRANGER)):
        with pytest.raises(NotFound):
            await room.speak.again(job_id, who, ADDRESS, new_seed=False)


async def test_an_old_job_that_is_tried_again_passes_the_gate(room: SpeechRoom) -> None:
    """A job that waits when the consent ends never reaches a worker."""
    consent = await room.consent()
    job = await room.voices.step(room.voices.job(consent), WAY[0])
    await room.voices.revoke(consent)
    with pytest.raises(Refused):
        await room.voices.step(job, WAY[1])


async def test_another_attempt_after_a_crash_passes_the_gate_again(room: SpeechRoom) -> None:
    consent = await room.consent()

    async def revoke() -> None:
        await room.voices.revoke(consent)

    room.before["speech"] = revoke
    room.workers.fault["speech"] = Fault(WorkerCrashed(), 1)
    job = await room.said(ENGLISH, voice=consent.voice)
    assert (job.state, job.error_code) == (JobState.REFUSED, Check.CONSENT_REVOKED.code)
    assert [one.task for one in room.workers.requests] == ["speech"]
    assert room.discord.spoken == {}


async def test_another_attempt_gets_a_token_of_its_own(room: SpeechRoom) -> None:
    consent = await room.consent()

    async def later() -> None:
        room.voices.clock.now += 10

    room.before["speech"] = later
    room.workers.fault["speech"] = Fault(WorkerCrashed(), 1)
    job = await room.said(ENGLISH, voice=consent.voice)
    assert job.state is JobState.POSTED
    given = [one.params["voice"] for one in room.workers.requests if one.task == "speech"]
    assert len(given) == 2
    assert {one["id"] for one in given} == {consent.voice}


# What may be chosen


async def test_nobody_s_voice_comes_first_then_one_s_own(room: SpeechRoom) -> None:
    of_ben = await room.consent("ben", allowed=("anna",))
    own = await room.consent()
    await room.consent("carl")
    offered = await room.speak.offered(ANNA)
    assert [one.value for one in offered] == [
        NOBODY,
        own.voice,
        of_ben.voice,
        "espeak.standard",
        "espeak.alto",
    ]
    assert [one.owner for one in offered][:3] == [None, "anna", "ben"]
    room.voices.clock.now += 3600
    assert {one.owner for one in await room.speak.offered(ANNA)} == {None}
    for one in await room.speak.offered(STRANGER):
        assert one.owner is None


async def test_all_that_is_offered_can_be_spoken_with(room: SpeechRoom) -> None:
    await room.consent()
    for one in await room.speak.offered(ANNA):
        assert (await room.said(ENGLISH, voice=one.value)).state is JobState.POSTED


# Seconds


async def test_seconds_are_those_that_were_measured_in_this_quality(room: SpeechRoom) -> None:
    consent = await room.consent()
    assert {room.speak.seconds_of(one, ENGLISH, consent.voice) for one in QUALITIES} == {None}
    assert room.speak.seconds_of("fast", ENGLISH) is None
    await room.said(ENGLISH, voice=consent.voice, quality="standard")  # the stand-in takes 2 s
    assert room.speak.seconds_of("standard", ENGLISH, consent.voice) == pytest.approx(2.0)
    assert room.speak.seconds_of("standard", "", consent.voice) == pytest.approx(2 * 40 / (40 + len(ENGLISH)))
    assert room.speak.seconds_of("fast", ENGLISH, consent.voice) is None
    assert room.speak.seconds_of("standard", ENGLISH) is None
    await room.said(ENGLISH)
    assert room.speak.seconds_of("fast", ENGLISH, "espeak.alto") == pytest.approx(2.0)


@pytest.mark.parametrize("times", [1, 3])
async def test_a_ticket_forecasts_by_quality_and_length(room: SpeechRoom, times: int) -> None:
    consent = await room.consent()
    await room.said(ENGLISH, voice=consent.voice, quality="ultra_fast")  # the stand-in takes 2 s
    ticket = await room.ask(" ".join([ENGLISH] * times), voice=consent.voice, quality="fast")
    assert isinstance(ticket, Ticket)
    length = times * len(ENGLISH) + times - 1
    assert ticket.expected_seconds == pytest.approx(10.0 * (40 + length) / (40 + len(ENGLISH)), abs=0.1)


@pytest.mark.parametrize("emotion", EMOTIONS)
async def test_every_emotion_reaches_both_families(room: SpeechRoom, emotion: str) -> None:
    consent = await room.consent()
    for voice in (NOBODY, consent.voice):
        job = await room.said(ENGLISH, voice=voice, emotion=emotion)
        assert room.spoken_by(job).params["emotion"] == emotion


async def test_a_worker_that_fails_is_told(room: SpeechRoom) -> None:
    room.workers.fault["speech"] = Fault(WorkerError("worker_failed"))
    job = await room.said()
    assert (job.state, job.error_code) == (JobState.FAILED, "worker_failed")
    assert room.discord.spoken == {}
