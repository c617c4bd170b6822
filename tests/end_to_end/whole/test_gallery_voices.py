"""A copied voice in the gallery of the running bot: nobody is named by it, and it goes with its consent."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

from tests.end_to_end.whole.conftest import PATIENCE
from tests.end_to_end.whole.microphone import Person
from tests.end_to_end.whole.test_gallery import hanging, job_of, said, until, use
from tests.end_to_end.whole.test_voices import LESSON_S, OF_ADA, OF_CHIARA, Studio, spoken, studio

__all__ = ["studio"]


async def sent_in(studio: Studio, person: Person, post: dict[str, Any], action: str) -> str:
    question = await said(use(person.visitor, post, "gallery"))
    answer = await said(use(person.visitor, question, action))
    assert answer["content"] == person.text("gallery.sent_in")
    (card,) = await hanging(studio.sommer.visitor, "lehrkraft", job_of(post))
    assert card["embeds"][0]["title"] == person.text("speech.title_cloned")
    return job_of(post)


async def accepted(studio: Studio, job: str) -> dict[str, Any]:
    (card,) = await hanging(studio.sommer.visitor, "lehrkraft", job)
    await said(use(studio.sommer.visitor, card, "galaccept"))
    (work,) = await until(lambda: hanging(studio.ben.visitor, "galerie", job), 1)
    return work


def pages(studio: Studio, folder: Path | None = None) -> bytes:
    root = folder or studio.folder / "data" / "projector"
    return b"".join(one.read_bytes() for one in sorted(root.rglob("*")) if one.is_file())


async def export(studio: Studio, out: Path) -> None:
    """By another process, at the bot's time."""
    variables = {"ATELIER_DATA_DIR": str(studio.folder / "data"), "PYTHONPATH": clocked(studio)}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot.cli", "gallery", "export", "--names", "--out", str(out),
        env=os.environ | variables,
    )  # fmt: skip
    assert await process.wait() == 0


def clocked(studio: Studio) -> str:
    here = str(Path(__file__).parents[3])
    return os.pathsep.join([str(studio.folder / "clock"), os.environ.get("PYTHONPATH", ""), here])


async def test_a_copied_voice_hangs_without_a_name_and_goes_with_its_consent(
    studio: Studio, tmp_path: Path
) -> None:
    ada, ben, chiara, sommer = studio.ada, studio.ben, studio.chiara, studio.sommer
    await said(sommer.visitor.command("einrichten"))
    begin = sommer.visitor.command("stunde start", minuten=90, namen=True)
    await begin.message(lambda one: bool(one["content"]), timeout=PATIENCE)
    await asyncio.gather(ada.enrol(OF_ADA, "en", ("neutral",)), chiara.enrol(OF_CHIARA, "de"))
    for name, allowed in ((OF_ADA, []), (OF_CHIARA, [ben.id])):
        look = await sommer.look(name)
        await sommer.confirm(look, in_room="yes", under_16="no", **({"allowed": allowed} if allowed else {}))
    adas = await spoken(ada, await ada.choose("speech", OF_ADA))
    bens = await spoken(ben, await ben.choose("speech", OF_CHIARA))

    first = await sent_in(studio, ada, adas, "galsend")
    second = await sent_in(studio, ben, bens, "galnamed")
    for job, maker, voice in ((first, ada, OF_ADA), (second, ben, OF_CHIARA)):
        work = await accepted(studio, job)
        text = str([work["content"], work["embeds"]])
        assert maker.text("speech.title_cloned") in text
        assert not [one for one in (f"<@{ada.id}>", f"<@{chiara.id}>", voice) if one in text]
        assert (f"<@{ben.id}>" in work["content"]) is (maker is ben)
        assert job.encode() in pages(studio)
    await export(studio, tmp_path / "before")
    assert {job.encode() in pages(studio, tmp_path / "before") for job in (first, second)} == {True}
    known = [ada.id, chiara.id, ben.id, OF_ADA, OF_CHIARA]
    assert not [one for one in known if one.encode() in pages(studio, tmp_path / "before")]

    await ada.told(ada.give("voice_withdraw", voice=await ada.choose("voice_withdraw", OF_ADA)))
    for channel in ("galerie", "lehrkraft", "atelier"):
        assert await hanging(sommer.visitor, channel, first) == []
    assert first.encode() not in pages(studio)

    await studio.klass.bot.kill()
    studio.advance(LESSON_S + 1)
    await export(studio, tmp_path / "after")
    assert second.encode() not in pages(studio, tmp_path / "after"), "nobody was there to take it down"
    await studio.klass.bot.start()
    await studio.klass.online()
    await until(lambda: hanging(ben.visitor, "galerie", second), 0, 60)
    assert await hanging(sommer.visitor, "lehrkraft", second) == []
    assert second.encode() not in pages(studio)
