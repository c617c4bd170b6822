"""A piece with a copied voice in the running bot: who makes one, what a withdrawal takes, and an owner who leaves."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.end_to_end.whole.conftest import EPHEMERAL
from tests.end_to_end.whole.microphone import Person
from tests.end_to_end.whole.test_clips import job_of, kinds
from tests.end_to_end.whole.test_voices import OF_ADA, OF_CHIARA, REFERENCE, TEXT, Studio, spoken, studio

__all__ = ["studio"]


async def test_a_piece_with_a_copied_voice_ends_with_it(studio: Studio) -> None:
    ada, ben, chiara = studio.ada, studio.ben, studio.chiara
    await asyncio.gather(ada.enrol(OF_ADA, "en"), chiara.enrol(OF_CHIARA, "de"))
    await confirm_both(studio)
    own, others = await ada.choose("speech", OF_ADA), await ben.choose("speech", OF_CHIARA)
    painted = await ada.klass.result(ada.give("image", prompt="a red circle", count=1, seed="7"))
    mine, allowed = await spoken(ada, own), await spoken(ben, others)

    piece = await cut(ada, painted, mine)
    bens = await cut(ben, painted, allowed)
    for post, owner in ((piece, ada), (bens, chiara)):
        assert kinds(post) == ["mp4", "png", "srt"]
        assert not post["flags"] & EPHEMERAL
        assert f"<@{owner.id}>" in post["embeds"][0]["description"]
    for other in (ben, chiara):
        for handle in (give_clip(other, painted, mine), press(other, piece, ada)):
            said = await other.told(handle)
            assert said["content"] == other.text("error.refused_consent_person")

    await withdraw_while_it_is_cut(studio, own, painted, mine, piece)
    await leave(studio, others, painted, allowed, bens)


async def confirm_both(studio: Studio) -> None:
    sommer = studio.sommer
    look = await sommer.look(OF_ADA)
    await sommer.confirm(look, in_room="yes", under_16="yes", parents=REFERENCE)
    look = await sommer.look(OF_CHIARA)
    await sommer.confirm(look, in_room="yes", under_16="no", allowed=[studio.ben.id])


def give_clip(person: Person, picture: dict[str, Any], speech: dict[str, Any]) -> Any:
    return person.give("clip", picture1=f"{job_of(picture)}:1", speech=job_of(speech))


def press(person: Person, post: dict[str, Any], owner: Person) -> Any:
    """The label stands there in the language of whose post it is."""
    return person.visitor.press(post, label=owner.text("button.again"))


async def cut(person: Person, picture: dict[str, Any], speech: dict[str, Any]) -> dict[str, Any]:
    return await person.klass.result(give_clip(person, picture, speech))


async def withdraw_while_it_is_cut(
    studio: Studio, voice: str, picture: dict[str, Any], speech: dict[str, Any], piece: dict[str, Any]
) -> None:
    """Three more pieces are on their way. When Ada is told, none of them is seen, and none comes afterwards."""
    ada = studio.ada
    under_way = [
        ada.push(piece, "again"),
        ada.push(piece, "other_subtitles"),
        give_clip(ada, picture, speech),
    ]
    await asyncio.gather(*(one.acknowledged() for one in under_way))
    told = await ada.told(ada.give("voice_withdraw", voice=voice))
    assert ada.text("revoke.done") in told["content"]
    assert await pieces_of(studio, ada) == set()
    said = [await ada.told(handle) for handle in (*under_way, give_clip(ada, picture, speech))]
    # a piece that was posted just before is taken back, and nothing is left of what it said
    allowed = {ada.text(f"error.{code}") for code in ("refused_consent_revoked", "clip_gone")}
    assert {one["content"] for one in said} <= allowed, said
    assert await pieces_of(studio, ada) == set()


async def leave(
    studio: Studio, voice: str, picture: dict[str, Any], speech: dict[str, Any], piece: dict[str, Any]
) -> None:
    """Ben was allowed to use Chiara's voice; she leaves the class, and Discord tells the bot only when it is asked."""
    ben, chiara = studio.ben, studio.chiara
    await studio.klass.result(ben.push(piece, "again"))
    server = studio.klass.server
    (guild,) = server.state.guilds
    server.commit({"type": "members.delete", "id": f"{guild}:{chiara.id}"})
    handles = [
        ben.give("speech", text=TEXT, voice=voice),
        ben.push(speech, "again"),
        give_clip(ben, picture, speech),
        ben.push(piece, "again"),
    ]
    for handle in handles:
        said = await ben.told(handle)
        assert said["content"] == ben.text("error.refused_voice_owner_gone")


async def pieces_of(studio: Studio, owner: Person) -> set[str]:
    """The messages with a piece of this person's voice that anybody sees, in their window or by looking back."""
    seen = [
        one
        for visitor in studio.klass.visitors.values()
        for one in [*visitor.seen.values(), *await visitor.messages()]
    ]
    return {
        str(one["id"])
        for one in seen
        if any(name.endswith("mp4") for name in kinds(one))
        and f"<@{owner.id}>" in str(one["embeds"][0].get("description"))
    }
