"""A voice in the running bot, from the agreement to the withdrawal: clips, words, witness, a reduced tortoise, the
checks, the post, its buttons; then nothing of it is left.

The bot is the unmodified one. Its cache shows it the real environments by links and, for the family that copies
voices, the one of `speech_runs.py` that makes tortoise small; its models lie in a folder of the test's own.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bot.families import environments_of
from bot.local.visitor import VisitError
from bot.settings import Settings
from generation.environments import Environments
from tests.contract.speech_runs import reduced, write_brief
from tests.end_to_end.whole.conftest import EPHEMERAL, PATIENCE, Klass, open_class
from tests.end_to_end.whole.microphone import Person
from tests.unit.bot.local.openapi import Description

FAMILIES = ("safety", "media", "diffusion", "voices", "listening", "speech")
TEXT = "The fox sleeps under the tree."
OF_ADA, OF_CHIARA, OF_TEACHER = "Adas Klang", "Chiaras Klang", "Pultklang"
REFERENCE = "Ordner 7b, Blatt 12"
LESSON_S = 90 * 60
CLOCK = """
import time
from pathlib import Path

_time, _hands = time.time, Path({hands!r})
time.time = lambda: _time() + (float(_hands.read_text()) if _hands.exists() else 0.0)
"""
"""Read by Python at its start: the bot's clock goes as far ahead as a file says."""


@dataclass
class Studio:
    klass: Klass
    folder: Path
    ada: Person
    ben: Person
    chiara: Person
    sommer: Person

    def advance(self, seconds: float) -> None:
        """Let the bot's clock go ahead."""
        (self.folder / "hands.new").write_text(str(seconds))
        (self.folder / "hands.new").replace(self.folder / "hands")

    def holders(self, content: bytes) -> list[Path]:
        """The files of the bot, unchecked ones included, that hold these bytes."""
        files = [one for name in ("data", "work") for one in (self.folder / name).rglob("*")]
        return [one for one in files if one.is_file() and content in one.read_bytes()]


def show_environments(made: Environments, cache: Path) -> Path:
    """Fill a bot's `cache` with links to what is there; gives the interpreter that makes tortoise small."""
    (cache / "environments").mkdir(parents=True)
    for family in FAMILIES:
        real = made.python(family).parents[1]
        shown = real
        if family == "speech":
            shown = reduced(made.python(family)).parents[1]
            shutil.copyfile(real / "ready.json", shown / "ready.json")
        (cache / "environments" / real.name).symlink_to(shown)
    return shown / "bin" / "python"


@pytest.fixture
async def studio(
    settings: Settings, description: Description | None, tmp_path: Path
) -> AsyncIterator[Studio]:
    made = environments_of(settings, report=print)
    for family in FAMILIES:
        await made.ensure(family)
    python = await asyncio.to_thread(show_environments, made, tmp_path / "cache")
    await asyncio.to_thread(write_brief, python, tmp_path / "models" / "tortoise")
    (tmp_path / "clock").mkdir()
    (tmp_path / "clock" / "sitecustomize.py").write_text(CLOCK.format(hands=str(tmp_path / "hands")))
    paths = [str(tmp_path / "clock"), *filter(None, [os.environ.get("PYTHONPATH")])]
    changed = {"cache_dir": tmp_path / "cache", "models_dir": tmp_path / "models", "families": FAMILIES}
    async with open_class(
        settings.model_copy(update={**changed, "memory_mb": 16_000}),
        tmp_path,
        description,
        ATELIER_WORK_DIR=str(tmp_path / "work"),
        PYTHONPATH=os.pathsep.join(paths),
    ) as klass:
        people = {"ada": "alto", "ben": "bass", "chiara": "soprano", "teacher": "bass"}
        made_of = [
            Person(klass, klass.visitors[name], made.python("voices"), tmp_path, speaker)
            for name, speaker in people.items()
        ]
        yield Studio(klass, tmp_path, *made_of)


async def test_a_voice_speaks_while_its_consent_lives_and_then_nothing_is_left(studio: Studio) -> None:
    ada, ben, chiara, sommer = studio.ada, studio.ben, studio.chiara, studio.sommer
    (card, _), *_ = await asyncio.gather(
        ada.enrol(OF_ADA, "en", ("neutral", "sad")),
        chiara.enrol(OF_CHIARA, "de"),
        sommer.enrol(OF_TEACHER, "de"),
    )
    clips = await confirm_all(studio)
    own, others = await ada.choose("speech", OF_ADA), await ben.choose("speech", OF_CHIARA)

    post = await spoken(ada, own, emotion="sad")
    again = await ada.klass.result(ada.push(post, "again"))
    kept = [*clips, *await check_post(studio, ada, post, ada), *await check_post(studio, ada, again, ada)]
    assert all(studio.holders(content) for content in kept), "what is looked for later can be found"
    await refuse_others(studio, own, post)
    allowed = await spoken(ben, others)
    await check_post(studio, ben, allowed, chiara)

    assert await copies_of(studio, ada) == {post["id"], again["id"]}
    await withdraw_in_the_middle(studio, own, others, post)
    assert [one for content in kept for one in studio.holders(content)] == []
    await nothing_answers(studio, own, post, card)
    await run_out(studio, others, allowed)
    await studio.klass.bot.stop()
    check_rows(studio, own)
    log = studio.klass.bot.last_lines(5000)
    assert not [word for word in (OF_ADA, OF_CHIARA, REFERENCE, TEXT) if word in log]


async def confirm_all(studio: Studio) -> list[bytes]:
    """Frau Sommer confirms all but herself, Ada only with her parents; Ada's clips as the witness hears them."""
    sommer = studio.sommer
    own = await sommer.look(OF_TEACHER)
    assert own["content"] == sommer.text("error.refused_witness_self")
    look = await sommer.look(OF_ADA)
    stated = {"in_room": "yes", "under_16": "yes"}
    without = await sommer.confirm(look, **stated)
    assert without["content"] == sommer.text("error.refused_age_reference")
    read, *clips = [await sommer.visitor.download(one) for one in look["attachments"]]
    assert (len(clips), len(studio.holders(read))) == (2, 1)
    await sommer.confirm(look, **stated, parents=REFERENCE)
    assert not studio.holders(read), "what was read is deleted at the decision"
    look = await sommer.look(OF_CHIARA)
    given = await sommer.confirm(look, in_room="yes", under_16="no", allowed=[studio.ben.id])
    assert f"<@{studio.ben.id}>" in given["content"]
    return clips


async def spoken(person: Person, voice: str, **options: Any) -> dict[str, Any]:
    handle = person.give("speech", text=TEXT, voice=voice, quality="ultra_fast", seed="7", **options)
    return await person.klass.result(handle)


async def check_post(studio: Studio, person: Person, post: dict[str, Any], owner: Person) -> Sequence[bytes]:
    """Seen by everybody, with label, seed and mark; its files."""
    assert not post["flags"] & EPHEMERAL
    for visitor in studio.klass.visitors.values():
        await visitor.wait_for_message(lambda one: one["id"] == post["id"], timeout=PATIENCE)
    (embed,) = post["embeds"]
    label = person.text("speech.label")
    assert (embed["author"]["name"], embed["title"]) == (label, person.text("speech.title_cloned"))
    assert f"<@{owner.id}>" in embed["description"]
    assert post["content"] == person.text("post.seeds", n=1, seeds="`7`")
    picture, sound = [await person.visitor.download(one) for one in post["attachments"]]
    assert post["attachments"][1]["filename"].endswith("-seed-7.ogg")
    assert label.encode() in sound[:8000]
    file = studio.folder / f"posted-{post['id']}.ogg"
    file.write_bytes(sound)
    said = await person.told(person.give("check", file=file))
    assert person.text("sound_check.found") in said["content"]
    return picture, sound


async def refuse_others(studio: Studio, voice: str, post: dict[str, Any]) -> None:
    """By command and by each button, everybody in their language, to them alone."""
    for person in (studio.chiara, studio.ben):
        handles = [person.give("speech", text=TEXT, voice=voice)]
        for button in ("again", "seed"):
            handles.append(person.visitor.press(post, label=studio.ada.text(f"button.{button}")))
        for said in [await person.told(handle) for handle in handles]:
            assert said["content"] == person.text("error.refused_consent_person")


async def copies_of(studio: Studio, owner: Person) -> set[str]:
    """The messages with this person's copied voice that anybody still sees, in their window or by looking back."""
    titles = {person.text("speech.title_cloned") for person in (studio.ada, studio.ben)}
    return {
        str(one["id"])
        for visitor in studio.klass.visitors.values()
        for one in [*visitor.seen.values(), *await visitor.messages()]
        for embed in one["embeds"]
        if embed.get("title") in titles and f"<@{owner.id}>" in embed["description"]
    }


async def withdraw_in_the_middle(studio: Studio, own: str, others: str, post: dict[str, Any]) -> None:
    """While one sentence is being made, one of that voice waits, and one of another. When Ada is told, it is over."""
    ada, ben = studio.ada, studio.ben
    running = ada.give("speech", text=TEXT, voice=own, quality="high_quality")
    working = ada.text("status.working")
    await running.message(lambda one: working in one["content"], timeout=PATIENCE)
    waiting = ada.push(post, "again")
    await waiting.message(lambda one: bool(one["components"]), timeout=PATIENCE)
    of_another = ben.give("speech", text=TEXT, voice=others, quality="ultra_fast")
    await of_another.message(lambda one: bool(one["components"]), timeout=PATIENCE)

    voice = await ada.choose("voice_withdraw", OF_ADA)
    assert voice == own
    told = await ada.told(ada.give("voice_withdraw", voice=voice))
    for sentence in (
        ada.text("revoke.done"),
        ada.text("revoke.deleted", n=2),
        ada.text("revoke.stopped", n=2),
        ada.text("revoke.copies"),
    ):
        assert sentence in told["content"], told["content"]
    assert await copies_of(studio, ada) == set()
    for handle in (running, waiting):
        said = await ada.told(handle)
        assert said["content"] == ada.text("error.refused_consent_revoked")
        assert all(one["flags"] & EPHEMERAL and not one["attachments"] for one in handle.messages)
    result = await studio.klass.result(of_another)
    assert result["id"] in await copies_of(studio, studio.chiara)


async def nothing_answers(studio: Studio, voice: str, post: dict[str, Any], card: dict[str, Any]) -> None:
    """Not the command, not the button of a post that is gone, not one that is still there from the beginning."""
    ada = studio.ada
    said = await ada.told(ada.give("speech", text=TEXT, voice=voice))
    assert said["content"] == ada.text("error.refused_consent_revoked")
    with pytest.raises(VisitError):
        await ada.push(post, "again")
    said = await ada.press(card, "voice_phrase")
    assert said["content"] == ada.text("error.refused_voice_step")
    overview = await studio.sommer.told(studio.sommer.give("consents"))
    (embed,) = overview["embeds"]
    assert OF_ADA in embed["description"]


async def run_out(studio: Studio, voice: str, post: dict[str, Any]) -> None:
    """The lesson is over: the next sentence with the other voice is refused, by command and by button."""
    ben = studio.ben
    studio.advance(LESSON_S + 1)
    for handle in (ben.give("speech", text=TEXT, voice=voice), ben.push(post, "again")):
        said = await ben.told(handle)
        assert said["content"] == ben.text("error.refused_consent_expired")


def check_rows(studio: Studio, voice: str) -> None:
    """As the bot left them: no consent of this voice lives, none of its jobs is open, kept or posted."""
    with closing(sqlite3.connect(studio.folder / "data" / "atelier.sqlite")) as database:

        def ask(query: str) -> Iterable[tuple[Any, ...]]:
            return database.execute(query, (voice,)).fetchall()

        assert ask("SELECT revoked_at IS NOT NULL, revoked_by FROM consents WHERE voice = ?") == [
            (1, studio.ada.id)
        ]
        assert ask("SELECT state FROM voices WHERE id = ?") == [("ended",)]
        assert ask("SELECT * FROM clips WHERE voice = ?") == []
        jobs = "FROM jobs WHERE json_extract(params, '$.voice') = ?"
        ended = ask(f"SELECT state, error_code {jobs} ORDER BY position")
        assert ended == [("posted", None)] * 2 + [("cancelled", "refused_consent_revoked")] * 2
        assert ask(f"SELECT * FROM artifacts WHERE job IN (SELECT id {jobs})") == []
        assert ask(f"SELECT * FROM posts WHERE job IN (SELECT id {jobs})") == []
