"""Ways around a consent in what is asked for instead of a voice's id, and with the phrase."""

from __future__ import annotations

from data.voice_records import Check, Finding
from moderation.voice_names import BUNDLED, judge_name, judge_reference
from tests.consent_kinds import Scene, demand, kind, write


async def _ask_for(asked: object) -> None:
    demand(judge_reference(asked))


@kind("a voice that comes with the model", Check.VOICE_BUNDLED)
async def _bundled(scene: Scene, mutated: bool) -> None:
    name = scene.rng.choice(sorted(BUNDLED))
    spelled = scene.rng.choice([name, name.upper(), f" {name} ", name.replace("_", " ")])
    await _ask_for(spelled if mutated else await _id(scene))


@kind("two voices blended", Check.VOICE_BLEND)
async def _blend(scene: Scene, mutated: bool) -> None:
    mine = await _id(scene)
    await _ask_for(f"{mine}{scene.rng.choice(['&', ' & ', '＆', '+'])}{'f' * 16}" if mutated else mine)


@kind("a file of latents", Check.VOICE_FILE)
async def _latents(scene: Scene, mutated: bool) -> None:
    mine = await _id(scene)
    await _ask_for(
        mine + scene.rng.choice([".pth", ".pt", ".PTH", ".npz", ".bin", ".wav"]) if mutated else mine
    )


@kind("the name of a path", Check.VOICE_PATH)
async def _path(scene: Scene, mutated: bool) -> None:
    mine = await _id(scene)
    await _ask_for(
        scene.rng.choice(["../", "/etc/", "C:\\", "~", "a/..", "\x00", ".."]) + mine if mutated else mine
    )


@kind("a famous name", Check.VOICE_FAMOUS)
async def _famous(scene: Scene, mutated: bool) -> None:
    names = ["Donald Trump", "D0nald TRUMP", "T r u m p", "Angela  Merkel", "bundeskanzler", "Wladimir Pütin"]
    demand(judge_name(scene.rng.choice(names[:5]) if mutated else f"Stimme {scene.rng.randrange(99)}"))


# On the way to a consent.


@kind("without agreeing to the check", Check.VOICE_AGREEMENT)
async def _agreement(scene: Scene, mutated: bool) -> None:
    await scene.room.start(scene.owner, agreed=scene.rng.choice([False, None, 1, "yes"]) if mutated else True)


@kind("a clip added after the phrase", Check.VOICE_STEP)
async def _late_clip(scene: Scene, mutated: bool) -> None:
    voice = await scene.room.clip(await scene.room.start(scene.owner))
    if mutated:
        await scene.room.phrase(voice)
    await scene.room.clip(voice)


@kind("a phrase read twice", Check.PHRASE_REUSED)
async def _reused(scene: Scene, mutated: bool) -> None:
    voice = await scene.room.clip(await scene.room.start(scene.owner))
    phrase = await scene.room.phrase(voice)
    voice = await scene.room.record(phrase)
    await scene.room.enrolments.note_checks(voice.id, [Finding.refuse(Check.PHRASE_WORDS)])
    await scene.room.record(phrase if mutated else await scene.room.phrase(voice))


@kind("a phrase read late", Check.PHRASE_LATE)
async def _late(scene: Scene, mutated: bool) -> None:
    phrase = await scene.room.phrase(await scene.room.clip(await scene.room.start(scene.owner)))
    scene.room.clock.now = phrase.expires_at + (scene.rng.uniform(0.001, 1e5) if mutated else -0.001)
    await scene.room.record(phrase)


async def _record(scene: Scene, mutated: bool, **who: str) -> None:
    phrase = await scene.room.phrase(await scene.room.clip(await scene.room.start(scene.owner)))
    await scene.room.record(phrase, **(who if mutated else {}))


@kind("another person reads the phrase", Check.PHRASE_PERSON)
async def _phrase_person(scene: Scene, mutated: bool) -> None:
    await _record(scene, mutated, person=scene.other)


@kind("the phrase in another server", Check.PHRASE_GUILD)
async def _phrase_guild(scene: Scene, mutated: bool) -> None:
    await _record(scene, mutated, guild="other class")


@kind("the phrase for another purpose", Check.PHRASE_PURPOSE)
async def _phrase_purpose(scene: Scene, mutated: bool) -> None:
    await _record(scene, mutated, purpose="reading")


@kind("the phrase for another model", Check.PHRASE_MODEL)
async def _phrase_model(scene: Scene, mutated: bool) -> None:
    await _record(scene, mutated, model="another")


@kind("a clip exchanged after the phrase was issued", Check.PHRASE_SAMPLES)
async def _phrase_samples(scene: Scene, mutated: bool) -> None:
    voice = await scene.room.clip(await scene.room.start(scene.owner))
    phrase = await scene.room.phrase(voice)
    if mutated:
        await write(scene, "UPDATE clips SET sha256 = ? WHERE voice = ?", ("e" * 64, voice.id))
    await scene.room.record(phrase)


async def _id(scene: Scene) -> str:
    return (await scene.room.granted(scene.owner)).voice
