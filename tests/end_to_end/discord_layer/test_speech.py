"""`/stimme` over real sockets, in German and English: lists, posts, buttons, the offer of a language, refusals."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from typing import Any, cast

import pytest

from bot.local.errors import Json
from bot.local.visitor import Visitor
from data.voice_records import Check, Consent
from generation.supervisor import Request
from generation.voice_token import KEY_VARIABLE, new_key
from tests.end_to_end.discord_layer.chat_room import TalkingSchool
from tests.end_to_end.discord_layer.conftest import Class, School
from tests.end_to_end.discord_layer.music_school import (
    EPHEMERAL,
    facts,
    forged,
    has_files,
    labels,
    names,
    played,
    private,
    told,
)
from tests.fakes_speech import ESPEAK, MISSING, TORTOISE, SpeechWorkshop, speech_catalog
from tests.unit.bot.local.openapi import Description
from tests.unit.bot.services.conftest import Room
from tests.voice_room import Clock
from tests.voice_room import Room as VoiceRoom

GERMAN = "Guten Morgen, ich spreche heute mit euch."
ENGLISH = "Good morning, I am speaking to you today."
NAMES = {"de": ("stimme", "stimme", "qualitaet"), "en": ("speech", "voice", "quality")}


class SpeakingSchool(TalkingSchool):
    @property
    def voices(self) -> VoiceRoom:
        """The kept voices of the bot that runs; the clock is the real one."""
        return VoiceRoom(self.room.database, self.room.folder / "data", clock=cast("Any", Now()))

    def spoken(self) -> Request:
        """What the worker was asked to say last."""
        return next(one for one in reversed(self.room.workers.requests) if one.task == "speech")

    async def consent(self, klass: Class, visitor: Visitor, **terms: Any) -> Consent:
        return await self.voices.granted(str(visitor.me["id"]), klass.guild_id, **terms)


class Now(Clock):
    def __init__(self) -> None:
        super().__init__(time.time())

    def __call__(self) -> float:
        return time.time()


@pytest.fixture(scope="module")
async def speaking(school: School, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[SpeakingSchool]:
    """In place of the school's own bot; what goes over the wire is held against Discord's description."""
    await school.disconnect()
    description = Description.find()
    if description is not None:
        school.server.observe(description.observe)
    folder = tmp_path_factory.mktemp("speaking")
    made = SpeakingSchool(school, Room(folder, catalog=speech_catalog(), limit=20), SpeechWorkshop)
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv(KEY_VARIABLE, new_key())
        await made.connect()
        try:
            yield made
        finally:
            await made.disconnect()
            await school.restart()
    if description is not None:
        assert description.complaints == []


@pytest.fixture
async def klass(speaking: SpeakingSchool, klass: Class) -> Class:
    """Made when the bot with the real services is there."""
    return klass


@pytest.fixture
async def ada(klass: Class) -> Visitor:
    return await klass.enter()


@pytest.fixture
async def ben(klass: Class) -> Visitor:
    return await klass.enter("Ben", "en-GB")


# Nobody's voice


@pytest.mark.parametrize(
    ("person", "locale", "text"), [("Ada", "de", GERMAN), ("Ben", "en-GB", ENGLISH), ("Ben", "en-GB", GERMAN)]
)
async def test_nobody_s_voice_speaks_without_a_question(
    klass: Class, speaking: SpeakingSchool, person: str, locale: str, text: str
) -> None:
    visitor = await klass.enter(person, locale)
    post = await played(visitor, NAMES[locale[:2]][0], text=text, seed="7")
    assert speaking.spoken().params["language"] == ("de" if text == GERMAN else "en")
    job = post["embeds"][0]["footer"]["text"].rsplit(" ", 1)[-1]
    assert names(post) == [f"atelier-{job}-wave.png", f"atelier-{job}-seed-7.ogg"]
    assert not post["flags"] & EPHEMERAL
    (embed,) = post["embeds"]
    assert embed["author"]["name"] == klass.say("speech.label", locale)
    assert embed["title"] == klass.say("speech.title", locale)
    assert facts(post)[klass.say("speech.voice", locale)] == klass.say("speech.speaker_standard", locale)
    assert text in told(post).replace("\\", "")
    assert labels(post) == [[klass.say("button.again", locale), klass.say("button.seed", locale)]]


async def test_the_buttons(klass: Class, ada: Visitor, ben: Visitor, speaking: SpeakingSchool) -> None:
    post = await played(ada, "stimme", text=GERMAN, emotion="sad", seed="7")
    again = await ben.press(post, label="Nochmal").message(has_files)
    assert "Seed: `7`" in again["content"]
    assert again["embeds"][0]["title"] == klass.say("speech.title", "en")
    other = await ben.press(post, label="Neuer Seed").message(has_files)
    assert "Seed: `7`" not in other["content"]
    assert klass.say("notice.seed_rules", "en") in other["content"]
    assert speaking.spoken().params["emotion"] == "sad"


@pytest.mark.parametrize(
    ("locale", "emotion", "quality"), [("de", "Wütend", "am besten"), ("en-GB", " angry", "Best")]
)
async def test_who_types_a_name_from_the_list_need_not_choose_it(
    klass: Class, speaking: SpeakingSchool, locale: str, emotion: str, quality: str
) -> None:
    visitor = await klass.enter("Ada", locale)
    command, voice, of_quality = NAMES[locale[:2]]
    consent = await speaking.consent(klass, visitor)
    given = {voice: consent.voice, "emotion": emotion, of_quality: quality}
    await played(visitor, command, text=ENGLISH, **given)
    params = speaking.spoken().params
    assert (params["emotion"], params["quality"]) == ("angry", "high_quality")


@pytest.mark.parametrize("locale", ["de", "en-GB"])
async def test_the_lists(klass: Class, speaking: SpeakingSchool, locale: str) -> None:
    visitor = await klass.enter("Ada", locale)
    command, voice, quality = NAMES[locale[:2]]
    consent = await speaking.consent(klass, visitor)
    offered = await visitor.autocomplete(command, voice)
    assert [one["value"] for one in offered] == ["nobody", consent.voice, "espeak.standard", "espeak.alto"]
    assert offered[0]["name"] == klass.say("speech.choice_nobody", locale)
    assert "Stimme" in offered[1]["name"]
    moods = await visitor.autocomplete(command, "emotion")
    assert [one["name"] for one in moods][1] == klass.say("speech.emotion_happy", locale)
    qualities = await visitor.autocomplete(command, quality, text=ENGLISH, **{voice: consent.voice})
    assert [one["value"] for one in qualities] == ["ultra_fast", "fast", "standard", "high_quality"]
    await played(visitor, command, text=ENGLISH, **{voice: consent.voice, quality: "standard"})
    measured = await visitor.autocomplete(command, quality, text=ENGLISH, **{voice: consent.voice})
    assert "2 s" in measured[2]["name"]
    nobody = await visitor.autocomplete(command, quality, text=ENGLISH)
    assert len({one["name"].partition("·")[2] for one in nobody}) == 1


# Somebody's voice


async def test_a_copied_voice_is_a_post_that_all_see(
    klass: Class, ada: Visitor, ben: Visitor, speaking: SpeakingSchool
) -> None:
    consent = await speaking.consent(klass, ada)
    post = await played(ada, "stimme", text=ENGLISH, stimme=consent.voice)
    assert not post["flags"] & EPHEMERAL
    assert post["embeds"][0]["title"] == klass.say("speech.title_cloned")
    assert f"<@{ada.me['id']}>" in told(post)
    assert f"<t:{int(consent.until)}:f>" in told(post)
    assert speaking.spoken().params["voice"]["id"] == consent.voice
    assert await ben.wait_for_message(lambda one: one["id"] == post["id"] and has_files(one))
    refused = await private(ben.press(post, label="Nochmal"))
    assert refused["content"] == klass.say(f"error.{Check.CONSENT_PERSON.code}", "en")


@pytest.mark.parametrize("emotion", ["neutral", "excited"])
async def test_german_is_offered_to_the_german_voice(
    klass: Class, ada: Visitor, speaking: SpeakingSchool, emotion: str
) -> None:
    consent = await speaking.consent(klass, ada)
    offer = await private(ada.command("stimme", text=GERMAN, stimme=consent.voice, emotion=emotion, seed="9"))
    assert klass.say("speech.offer_de", model="Tortoise") in offer["content"]
    assert GERMAN in offer["content"]
    assert labels(offer) == [["Mit der deutschen Stimme"]]
    post = await ada.press(offer, label="Mit der deutschen Stimme").message(has_files)
    given = {"text": GERMAN, "emotion": emotion, "language": "de", "speaker": ""}
    assert (speaking.spoken().params, speaking.spoken().family) == (given, "voices")
    assert "Seed: `9`" in post["content"]


async def refusal(klass: Class, visitor: Visitor, code: str, **options: Any) -> Json:
    said = await private(visitor.command("stimme", **{"text": ENGLISH, **options}))
    assert said["content"] == klass.say(f"error.{code}")
    return said


async def test_a_voice_that_one_may_not_use(klass: Class, ada: Visitor, speaking: SpeakingSchool) -> None:
    other = await klass.enter("Chiara")
    consent = await speaking.consent(klass, other)
    await refusal(klass, ada, Check.CONSENT_PERSON.code, stimme=consent.voice)
    await refusal(klass, ada, Check.VOICE_UNKNOWN.code, stimme="0123456789abcdef")
    await refusal(klass, ada, Check.VOICE_BUNDLED.code, stimme="emma")
    await refusal(klass, ada, Check.VOICE_BLEND.code, stimme=f"{consent.voice}&emma")
    await refusal(klass, ada, Check.VOICE_PATH.code, stimme="../../etc/passwd")
    await speaking.voices.revoke(consent)
    await refusal(klass, other, Check.CONSENT_REVOKED.code, stimme=consent.voice)


async def test_without_the_real_model_the_sentence_says_so(
    klass: Class, ada: Visitor, speaking: SpeakingSchool, monkeypatch: pytest.MonkeyPatch
) -> None:
    consent = await speaking.consent(klass, ada)
    assert TORTOISE.path is not None
    monkeypatch.setattr(speaking.desk.speak, "_catalog", speech_catalog(ESPEAK, MISSING))
    await refusal(klass, ada, "speech_model_missing", stimme=consent.voice)


async def test_texts_that_cannot_be_said(klass: Class, ada: Visitor) -> None:
    said = await private(ada.command("stimme", text="a" * 301))
    assert said["content"] == klass.say("error.speech_long", length=301, limit=300)
    said = await private(ada.command("stimme", text="Ich rede heute über Pornografie."))
    assert said["content"] == klass.say("error.refused_sexual")


@pytest.mark.parametrize(
    "custom_id", ["ka:speakin:de:1", "ka:speakin:fr:1:7", "ka:speakin:de:9:7", "ka:speakin:de"]
)
async def test_forged_offers_say_nothing(klass: Class, ada: Visitor, custom_id: str) -> None:
    message = await forged(klass, ada, custom_id)
    said = await private(ada.press(message, label="x"))
    assert said["content"] == klass.say("error.button_unknown")


async def test_a_post_of_another_class_cannot_be_made_again(klass: Class, ada: Visitor) -> None:
    message = await forged(klass, ada, "ka:speechagain:0123456789")
    said = await private(ada.press(message, label="x"))
    assert said["content"] == klass.say("error.job_gone")
