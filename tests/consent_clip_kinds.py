"""Ways around a consent by what a voice has said before: the change comes before one of a piece's four moves."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from data.voice_records import Check, Consent
from generation.job import JobState
from tests.consent_kinds import Scene, kind, write
from tests.voice_room import WAY


async def said(scene: Scene, consent: Consent) -> str:
    """The id of a posted job of that voice."""
    speech = scene.room.job(consent)
    for state in WAY:
        speech = await scene.room.step(speech, state)
    return (await scene.room.jobs.move(speech.id, JobState.POSTED)).id


async def cut(
    scene: Scene,
    consent: Consent,
    before: Callable[[], Awaitable[Any]] | None = None,
    **changes: Any,
) -> None:
    """Queue, start, check and post a piece with what was said; `before` happens at any of the four."""
    params = {"pictures": ["job/1"], "speech": await said(scene, consent), **changes.pop("params", {})}
    named = {"medium": "clip", "family": "media", "model": "clip", "params": params, **changes}
    made = scene.room.job(consent, **named)
    place = scene.rng.randrange(len(WAY))
    for number, state in enumerate(WAY):
        if number == place and before is not None:
            await before()
        made = await scene.room.step(made, state)


@kind("a piece with a voice that was withdrawn", Check.CONSENT_REVOKED)
async def _revoked(scene: Scene, mutated: bool) -> None:
    consent = await scene.room.granted(scene.owner)

    async def revoke() -> None:
        await scene.room.revoke(consent)

    await cut(scene, consent, revoke if mutated else None)


@kind("a piece with a voice whose consent is over", Check.CONSENT_EXPIRED)
async def _expired(scene: Scene, mutated: bool) -> None:
    consent = await scene.room.granted(scene.owner, lasts=60.0)

    async def wait() -> None:
        scene.room.clock.now = consent.until

    await cut(scene, consent, wait if mutated else None)


@kind("a piece by somebody who may not use the voice in it", Check.CONSENT_PERSON)
async def _other(scene: Scene, mutated: bool) -> None:
    consent = await scene.room.granted(scene.owner)
    await cut(scene, consent, owner_id=scene.other if mutated else scene.owner)


@kind("a piece in another class with what a voice said", Check.CONSENT_NONE)
async def _class(scene: Scene, mutated: bool) -> None:
    consent = await scene.room.granted(scene.owner)
    await cut(scene, consent, **({"guild_id": "elsewhere"} if mutated else {}))


@kind("a piece that names speech nobody knows", Check.CONSENT_NONE)
async def _unknown(scene: Scene, mutated: bool) -> None:
    consent = await scene.room.granted(scene.owner)
    wrong = scene.rng.choice(["", "gone", "gone/1", 7, ["x"], {"id": "x"}, True])
    await cut(scene, consent, **({"params": {"speech": wrong}} if mutated else {}))


@kind("a piece of a piece with a voice", Check.CONSENT_NONE)
async def _piece(scene: Scene, mutated: bool) -> None:
    consent = await scene.room.granted(scene.owner)
    speech = await said(scene, consent)
    inner = scene.room.job(consent, medium="clip", family="media", params={"speech": speech})
    await scene.room.step(inner, JobState.QUEUED)
    await cut(scene, consent, params={"speech": inner.id if mutated else speech})


@kind("a piece whose speech is said to be of nobody's family", Check.CONSENT_REVOKED)
async def _family(scene: Scene, mutated: bool) -> None:
    """The piece itself may call itself what it likes: the job that spoke counts."""
    consent = await scene.room.granted(scene.owner)

    async def revoke() -> None:
        await scene.room.revoke(consent)

    await cut(scene, consent, revoke if mutated else None, family=scene.rng.choice(["voices", "media"]))


@kind("a piece with recordings that were exchanged", Check.CONSENT_SAMPLES)
async def _samples(scene: Scene, mutated: bool) -> None:
    consent = await scene.room.granted(scene.owner)

    async def exchange() -> None:
        await write(scene, "UPDATE clips SET sha256 = ? WHERE voice = ?", ("0" * 64, consent.voice))

    await cut(scene, replace(consent), exchange if mutated else None)
