"""Ways around a consent that begin before there is one: the recording, what was measured on it, the witness."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

from data.consents import Terms
from data.errors import VoiceRefused
from data.voice_records import OPERATOR, Answer, Check, Consent, Finding, Voice
from moderation.consent import LONGEST_S
from moderation.enrolment import judge_findings, judge_grant
from moderation.phrase import phrase_words
from tests.consent_kinds import Scene, kind, write
from tests.voice_room import ALIKE, UNMARKED

Heard = Callable[[list[str]], list[str]]


async def hear(scene: Scene, mutated: bool, change: Heard, **facts: Any) -> None:
    """A recording of which `change` says what was heard, instead of what was to be read."""
    voice = await scene.room.clip(await scene.room.start(scene.owner))
    voice = await scene.room.record(await scene.room.phrase(voice))
    assert voice.phrase is not None
    words = list(voice.phrase.words)
    heard = {"words": change(words) if mutated else words, "speech_seconds": 6.0, "measured": True}
    await check(scene, voice, {"heard": {**heard, **(facts if mutated else {})}})


async def check(scene: Scene, voice: Voice, facts: dict[str, Any]) -> None:
    """Keep the findings as the bot would; what refuses is raised, what is open is the witness's affair."""
    findings = scene.room.listen(voice, facts)
    await scene.room.enrolments.note_checks(voice.id, findings)
    verdict = judge_findings(findings)
    if verdict.answer is Answer.REFUSED and verdict.check is not None:
        raise VoiceRefused(verdict.check)


def others(words: list[str]) -> list[str]:
    return [word for word in phrase_words("en") if word not in words]


@kind("a word too few", Check.PHRASE_WORDS)
async def _missing(scene: Scene, mutated: bool) -> None:
    # the twin lacks two of eight, which is allowed
    places = scene.rng.sample(range(8), 3)
    voice = await scene.room.clip(await scene.room.start(scene.owner))
    voice = await scene.room.record(await scene.room.phrase(voice))
    assert voice.phrase is not None
    gone = places if mutated else places[:2]
    words = [word for place, word in enumerate(voice.phrase.words) if place not in gone]
    await check(scene, voice, {"heard": {"words": words, "speech_seconds": 6.0, "measured": True}})


@kind("other words", Check.PHRASE_WORDS)
async def _other_words(scene: Scene, mutated: bool) -> None:
    await hear(scene, mutated, lambda words: scene.rng.sample(others(words), 8))


@kind("two words swapped", Check.PHRASE_ORDER)
async def _swapped(scene: Scene, mutated: bool) -> None:
    def swap(words: list[str]) -> list[str]:
        pairs = [(a, b) for a in range(8) for b in range(a) if words[a] != words[b]]
        first, second = scene.rng.choice(pairs)
        words[first], words[second] = words[second], words[first]
        return words

    await hear(scene, mutated, swap)


@kind("the whole list, spliced together", Check.PHRASE_EXTRA)
async def _splice(scene: Scene, mutated: bool) -> None:
    await hear(scene, mutated, lambda words: [*phrase_words("en")] * scene.rng.randint(1, 8))


@kind("the phrase among other words", Check.PHRASE_EXTRA)
async def _among(scene: Scene, mutated: bool) -> None:
    await hear(scene, mutated, lambda words: [*scene.rng.sample(others(words), 3), *words])


@kind("nothing but silence", Check.PHRASE_SILENT)
async def _silence(scene: Scene, mutated: bool) -> None:
    await hear(scene, mutated, lambda words: words, speech_seconds=scene.rng.choice([0, 0.2, 1.4, 100.0]))


@kind("a recogniser without numbers", Check.PHRASE_FAILED)
async def _recogniser_nan(scene: Scene, mutated: bool) -> None:
    wrong = scene.rng.choice([math.nan, math.inf, None, "6", True, -1.0])
    await hear(scene, mutated, lambda words: words, speech_seconds=wrong)


@kind("a recogniser that was not there", Check.PHRASE_FAILED)
async def _recogniser_unmeasured(scene: Scene, mutated: bool) -> None:
    await hear(scene, mutated, lambda words: words, measured=scene.rng.choice([False, None, 1]))


async def answer_of(worker: Callable[[], Awaitable[Any]]) -> Any:
    """What a worker says, or None: it crashed, or hung for longer than anybody waits."""
    with suppress(TimeoutError, RuntimeError):
        return await asyncio.wait_for(worker(), 0.005)
    return None


@kind("a recogniser that crashes, hangs or says nothing", Check.PHRASE_FAILED)
async def _recogniser_gone(scene: Scene, mutated: bool) -> None:
    voice = await scene.room.clip(await scene.room.start(scene.owner))
    voice = await scene.room.record(await scene.room.phrase(voice))
    how = scene.rng.choice(["crash", "hang", "nothing"]) if mutated else "answer"

    async def worker() -> Any:
        if how == "crash":
            raise RuntimeError
        if how == "hang":
            await asyncio.sleep(60)
        words = list(voice.phrase.words) if voice.phrase else []
        return {"words": words, "speech_seconds": 6.0, "measured": True} if how == "answer" else None

    await check(scene, voice, {"heard": await answer_of(worker)})


@kind("our own engine's voice", Check.MARK_FOUND)
async def _mark(scene: Scene, mutated: bool) -> None:
    voice = await scene.room.clip(await scene.room.start(scene.owner))
    voice = await scene.room.record(await scene.room.phrase(voice))
    marks = [dict(UNMARKED), dict(UNMARKED)]
    marks[scene.rng.randrange(2)]["marked"] = mutated
    await check(scene, voice, {"marks": marks})


@kind("a mark nobody looked for", Check.MARK_FAILED)
async def _mark_unknown(scene: Scene, mutated: bool) -> None:
    voice = await scene.room.clip(await scene.room.start(scene.owner))
    voice = await scene.room.record(await scene.room.phrase(voice))
    wrong = [None, {}, {"marked": None, "confidence": 0.0}, {"marked": False, "confidence": math.nan}]
    await check(scene, voice, {"marks": [UNMARKED, scene.rng.choice(wrong) if mutated else UNMARKED]})


# The witness.


async def witness(
    scene: Scene, mutated: bool, *, facts: dict[str, Any] | None = None, **changes: Any
) -> None:
    voice = await scene.room.waiting(scene.owner, **(facts or {}))
    said = scene.room.statement(voice)
    await scene.room.grant(voice, replace(said, **changes) if mutated else said)


@kind("two speakers", Check.SPEAKER_DIFFERS)
async def _two_speakers(scene: Scene, mutated: bool) -> None:
    least = scene.rng.uniform(-1, 0.799)
    similarity = {"min": least, "mean": max(least, 0.85)} if mutated else ALIKE["similarity"]
    voice = await scene.room.waiting(scene.owner, alike={**ALIKE, "similarity": similarity})
    await scene.room.grant(voice, scene.room.statement(voice, decided=frozenset()))


@kind("a speaker who could not be measured", Check.SPEAKER_UNMEASURED)
async def _unmeasured(scene: Scene, mutated: bool) -> None:
    wrong = [
        None,
        {**ALIKE, "usable": False},
        {"usable": True, "similarity": {"min": math.nan, "mean": math.nan}},
    ]
    voice = await scene.room.waiting(scene.owner, alike=scene.rng.choice(wrong) if mutated else ALIKE)
    await scene.room.grant(voice, scene.room.statement(voice, decided=frozenset()))


@kind("a phrase that nobody checked", Check.PHRASE_UNCHECKED)
async def _unchecked(scene: Scene, mutated: bool) -> None:
    voice = await scene.room.start(scene.owner, language="de")
    voice = await scene.room.clip(voice)
    voice = await scene.room.record(await scene.room.phrase(voice))
    heard = {"words": [], "speech_seconds": 6.0, "measured": False}
    await scene.room.enrolments.note_checks(voice.id, scene.room.listen(voice, {"heard": heard}))
    voice = await scene.room.enrolments.ask(voice.id)
    decided = frozenset() if mutated else frozenset({Check.PHRASE_UNCHECKED})
    await scene.room.grant(voice, scene.room.statement(voice, decided=decided))


@kind("confirming oneself", Check.WITNESS_SELF)
async def _self(scene: Scene, mutated: bool) -> None:
    await witness(scene, mutated, person=scene.owner)


@kind("a pupil confirms", Check.WITNESS_ROLE)
async def _pupil(scene: Scene, mutated: bool) -> None:
    await witness(scene, mutated, person=scene.other, is_teacher=False)


@kind("the operator confirms a pupil", Check.WITNESS_ROLE)
async def _operator(scene: Scene, mutated: bool) -> None:
    await witness(scene, mutated, person=OPERATOR)


@kind("a teacher of another server", Check.WITNESS_GUILD)
async def _other_teacher(scene: Scene, mutated: bool) -> None:
    await witness(scene, mutated, guild="other class")


@kind("a teacher who was not in the room", Check.WITNESS_PRESENCE)
async def _absent(scene: Scene, mutated: bool) -> None:
    await witness(scene, mutated, in_room=scene.rng.choice([False, None, 1, "yes"]))


@kind("nothing said of the age", Check.AGE_UNKNOWN)
async def _age(scene: Scene, mutated: bool) -> None:
    await witness(scene, mutated, under_16=scene.rng.choice([None, 0, 15, "no"]))


@kind("under 16 without the parents", Check.AGE_REFERENCE)
async def _parents(scene: Scene, mutated: bool) -> None:
    voice = await scene.room.waiting(scene.owner)
    reference = scene.rng.choice([None, "", "  "]) if mutated else "sheet 7"
    said = scene.room.statement(voice, under_16=True, parents_reference=reference)
    await scene.room.grant(voice, said)


@kind("a colleague confirms a teacher", Check.WITNESS_OPERATOR)
async def _colleague(scene: Scene, mutated: bool) -> None:
    voice = await scene.room.waiting(scene.owner)
    person = "berg" if mutated else OPERATOR
    await scene.room.grant(voice, scene.room.statement(voice, person=person), teacher=True)


@kind("longer than 30 days", Check.CONSENT_LONG)
async def _long(scene: Scene, mutated: bool) -> None:
    voice = await scene.room.waiting(scene.owner)
    await scene.room.grant(voice, lasts=LONGEST_S + (scene.rng.uniform(1, 1e9) if mutated else 0))


@kind("over before it begins", Check.CONSENT_EXPIRED)
async def _past(scene: Scene, mutated: bool) -> None:
    voice = await scene.room.waiting(scene.owner)
    lasts = scene.rng.choice([0.0, -1.0, -1e6, math.nan, math.inf])
    await scene.room.grant(voice, lasts=lasts if mutated else 1.0)


@kind("a clip exchanged after it was hashed", Check.CLIP_CHANGED)
async def _exchanged(scene: Scene, mutated: bool) -> None:
    consent = await scene.room.granted(scene.owner)
    voice = await scene.room.voices.get(consent.voice, "class")
    assert voice is not None
    if mutated:
        path = voice.clips[0].path
        scene.rng.choice([path.unlink, lambda: path.write_bytes(b"another voice")])()
    await scene.room.voices.clips(consent.voice, "class")


@kind("a clip exchanged while the witness is asked", Check.CLIP_CHANGED)
async def _exchanged_early(scene: Scene, mutated: bool) -> None:
    voice = await scene.room.waiting(scene.owner)
    if mutated:
        voice.clips[0].path.write_bytes(b"another voice")
    await scene.room.grant(voice)


@kind("a phrase that was never recorded", Check.PHRASE_NONE)
async def _never(scene: Scene, mutated: bool) -> None:
    voice = await scene.room.waiting(scene.owner)
    if mutated:
        await write(scene, "DELETE FROM phrases WHERE voice = ?", (voice.id,))
    await scene.room.grant(voice)


@kind("a check left out", Check.MARK_FAILED)
async def _left_out(scene: Scene, mutated: bool) -> None:
    voice = await scene.room.clip(await scene.room.start(scene.owner))
    voice = await scene.room.record(await scene.room.phrase(voice))
    findings = scene.room.listen(voice)
    await scene.room.enrolments.note_checks(voice.id, findings[:2] if mutated else findings)
    await scene.room.grant(await scene.room.enrolments.ask(voice.id))


@kind("confirmed twice", Check.VOICE_STEP)
async def _twice(scene: Scene, mutated: bool) -> None:
    voice = await scene.room.waiting(scene.owner)
    await scene.room.grant(voice)
    await scene.room.grant(voice if mutated else await scene.room.waiting(scene.other))


@kind("confirmed without having asked", Check.VOICE_STEP)
async def _unasked(scene: Scene, mutated: bool) -> None:
    voice = await scene.room.clip(await scene.room.start(scene.owner))
    voice = await scene.room.record(await scene.room.phrase(voice))
    voice = await scene.room.enrolments.note_checks(voice.id, scene.room.listen(voice))
    await scene.room.grant(voice if mutated else await scene.room.enrolments.ask(voice.id))


@kind("confirmed a day too late", Check.CLIP_CHANGED)
async def _day(scene: Scene, mutated: bool) -> None:
    voice = await scene.room.waiting(scene.owner)
    scene.room.clock.now = _at_the_end_of_the_day(voice, too_late=mutated)
    await scene.room.voices.purge()
    await scene.room.grant(voice)


@kind("confirmed a day too late, before anybody cleared away", Check.VOICE_LATE)
async def _day_uncleared(scene: Scene, mutated: bool) -> None:
    voice = await scene.room.waiting(scene.owner)
    scene.room.clock.now = _at_the_end_of_the_day(voice, too_late=mutated)
    await scene.room.grant(voice)


def _at_the_end_of_the_day(voice: Voice, *, too_late: bool) -> float:
    """The first time that is too late, or the last that is not: neighbours, nothing lies between them."""
    return voice.decide_before if too_late else math.nextafter(voice.decide_before, 0.0)


@kind("another is written down than who confirmed", Check.WITNESS_NONE)
async def _written(scene: Scene, mutated: bool) -> None:
    voice = await scene.room.waiting(scene.owner)
    said = scene.room.statement(voice)
    until = scene.room.clock.now + 60
    person = "berg" if mutated else said.person
    terms = Terms(witness=person, under_16=False, parents_reference=None, until=until)

    def rule(found: Voice, written: Consent, now: float, last_seen: float) -> Finding:
        return judge_grant(found, written, said, owner_is_teacher=False, now=now, last_seen=last_seen)

    await scene.room.consents.grant(voice.id, terms, rule)
