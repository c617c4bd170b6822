"""Ways around a consent through what commands, forms and buttons call: the services that add and confirm a voice."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from bot.services.enrolment_ports import Checked
from bot.services.ports import Requester
from bot.services.witnessing import Said
from data.errors import VoiceRefused
from data.voice_records import Answer, Check, Voice
from generation.errors import WorkerCrashed, WorkerHung
from tests.consent_kinds import Scene, kind
from tests.fakes_voices import spoken
from tests.unit.bot.services.enrol_room import YES, EnrolRoom

GUILD = "class"


def pupil(person: str, guild: str = GUILD) -> Requester:
    return Requester(guild_id=guild, channel_id="channel", person_id=person, locale="de")


def teacher(person: str = "sommer", guild: str = GUILD) -> Requester:
    return replace(pupil(person, guild), is_teacher=True)


def demand(checked: Checked) -> Voice:
    """What refuses is raised, as the person is told it."""
    for one in checked.findings:
        if one.answer is Answer.REFUSED and one.check is not None:
            raise VoiceRefused(one.check)
    return checked.voice


async def waiting(scene: Scene, school: EnrolRoom, **read: Any) -> Voice:
    owner = pupil(scene.owner)
    return demand(await school.read(await school.begun(owner), owner, **read))


async def listen(scene: Scene, mutated: bool, task: str, spoil: Callable[[dict[str, Any]], Any]) -> None:
    """A check that errs, hangs or answers nonsense."""
    school = EnrolRoom(scene.room)
    if mutated:
        school.ears.broken[task] = spoil
    await waiting(scene, school)


async def confirm(
    scene: Scene,
    who: Requester,
    said: Said = YES,
    *,
    owner_is_teacher: bool | None = False,
    **read: Any,
) -> None:
    school = EnrolRoom(scene.room)
    voice = await waiting(scene, school, **read)
    await school.witnessing.grant(voice.id, said, who, owner_is_teacher=owner_is_teacher)


def crash(_: dict[str, Any]) -> None:
    raise WorkerCrashed


def hang(_: dict[str, Any]) -> None:
    raise WorkerHung


@kind("the recogniser crashes", Check.PHRASE_FAILED)
async def _crashes(scene: Scene, mutated: bool) -> None:
    await listen(scene, mutated, "hear", crash)


@kind("the recogniser hangs", Check.PHRASE_FAILED)
async def _hangs(scene: Scene, mutated: bool) -> None:
    await listen(scene, mutated, "hear", hang)


@kind("the recogniser answers nothing", Check.PHRASE_FAILED)
async def _nothing(scene: Scene, mutated: bool) -> None:
    await listen(scene, mutated, "hear", lambda _: None)


@kind("the recogniser answers no number", Check.PHRASE_FAILED)
async def _no_number(scene: Scene, mutated: bool) -> None:
    await listen(scene, mutated, "hear", lambda facts: {**facts, "speech_seconds": math.nan})


@kind("whoever looks for marks crashes", Check.MARK_FAILED)
async def _blind(scene: Scene, mutated: bool) -> None:
    await listen(scene, mutated, "find_mark", crash)


@kind("the words are read by our own engine", Check.MARK_FOUND)
async def _engine(scene: Scene, mutated: bool) -> None:
    await waiting(scene, EnrolRoom(scene.room), marked=mutated)


@kind("a form without the agreement", Check.VOICE_AGREEMENT)
async def _not_agreed(scene: Scene, mutated: bool) -> None:
    await EnrolRoom(scene.room).begun(pupil(scene.owner), agreed=not mutated)


@kind("a famous person's name in the form", Check.VOICE_FAMOUS)
async def _famous(scene: Scene, mutated: bool) -> None:
    name = "Angela Merkel" if mutated else "Anna"
    await EnrolRoom(scene.room).begun(pupil(scene.owner), name=name)


@kind("somebody else hands in the recording", Check.VOICE_UNKNOWN)
async def _stranger(scene: Scene, mutated: bool) -> None:
    school = EnrolRoom(scene.room)
    voice = await school.begun(pupil(scene.owner))
    phrase = await school.enrol.issue(voice.id, pupil(scene.owner))
    recording = spoken(" ".join(phrase.words), by=scene.owner)
    giver = pupil(scene.other if mutated else scene.owner)
    demand(await school.enrol.take_phrase(voice.id, recording, giver))


@kind("the same recording by form and by message", Check.PHRASE_REUSED)
async def _twice(scene: Scene, mutated: bool) -> None:
    school, owner = EnrolRoom(scene.room), pupil(scene.owner)
    voice = await school.begun(owner)
    phrase = await school.enrol.issue(voice.id, owner)
    recording = spoken(" ".join(phrase.words), by=scene.owner)
    for _ in range(2 if mutated else 1):
        demand(await school.enrol.take_phrase(voice.id, recording, owner))


@kind("a pupil presses the teacher's button", "teachers_only")
async def _pupil_confirms(scene: Scene, mutated: bool) -> None:
    await confirm(scene, pupil(scene.other) if mutated else teacher())


@kind("a teacher of another class presses the button", Check.VOICE_UNKNOWN)
async def _other_class(scene: Scene, mutated: bool) -> None:
    await confirm(scene, teacher(guild="elsewhere" if mutated else GUILD))


@kind("the owner has the role and presses the button", Check.WITNESS_SELF)
async def _self(scene: Scene, mutated: bool) -> None:
    await confirm(scene, teacher(scene.owner if mutated else "sommer"))


@kind("two teachers vouch for each other", Check.WITNESS_OPERATOR)
async def _colleagues(scene: Scene, mutated: bool) -> None:
    await confirm(scene, teacher(), owner_is_teacher=mutated)


@kind("nobody could find out whether the owner teaches", Check.WITNESS_ROLE)
async def _unknown_owner(scene: Scene, mutated: bool) -> None:
    await confirm(scene, teacher(), owner_is_teacher=None if mutated else False)


@kind("the form skips the open question", Check.SPEAKER_DIFFERS)
async def _skipped(scene: Scene, mutated: bool) -> None:
    await confirm(scene, teacher(), replace(YES, decided=0 if mutated else 1), by=scene.other)


@kind("the form leaves the parents out", Check.AGE_REFERENCE)
async def _parents(scene: Scene, mutated: bool) -> None:
    reference = scene.rng.choice(["", "  ", "\t"]) if mutated else "Ordner 7b"
    await confirm(scene, teacher(), replace(YES, under_16=True, parents_reference=reference))


@kind("a clip is exchanged before the teacher presses", Check.CLIP_CHANGED)
async def _exchanged(scene: Scene, mutated: bool) -> None:
    school = EnrolRoom(scene.room)
    voice = await waiting(scene, school)
    await school.witnessing.look(voice.id, teacher())
    content = voice.clips[0].path.read_bytes()
    voice.clips[0].path.write_bytes(content.replace(b"hello", b"other") if mutated else content)
    await school.witnessing.grant(voice.id, YES, teacher(), owner_is_teacher=False)


@kind("a refused voice is confirmed after all", Check.VOICE_STEP)
async def _refused(scene: Scene, mutated: bool) -> None:
    school = EnrolRoom(scene.room)
    voice = await waiting(scene, school)
    if mutated:
        await school.witnessing.refuse(voice.id, teacher())
    await school.witnessing.grant(voice.id, YES, teacher(), owner_is_teacher=False)
