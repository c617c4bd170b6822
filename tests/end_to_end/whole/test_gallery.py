"""The gallery in the running bot: a review that a crash cuts, two decisions at once, and whoever takes works away."""

from __future__ import annotations

import asyncio
import json
import zipfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from bot.local.visitor import Handle, VisitError, Visitor
from tests.end_to_end.whole.conftest import EPHEMERAL, PATIENCE, Klass

Say = Callable[..., str]
Message = dict[str, Any]


async def said(handle: Handle) -> Message:
    return await handle.message(
        lambda one: bool(one["flags"] & EPHEMERAL and (one["content"] or one["embeds"])), timeout=PATIENCE
    )


def use(visitor: Visitor, message: Message, action: str) -> Handle:
    ids = [one["custom_id"] for row in message["components"] for one in row["components"]]
    return visitor.press(message, custom_id=next(one for one in ids if one.split(":")[1] == action))


def job_of(post: Message) -> str:
    ids = [one["custom_id"] for row in post["components"] for one in row["components"]]
    return str(next(one for one in ids if one.startswith("ka:gallery:")).split(":")[2])


async def hanging(visitor: Visitor, channel: str, job: str) -> list[Message]:
    """The messages with this work; those who may not see a channel see nothing."""
    found = await visitor.messages(channel=channel)
    return [
        one for one in found if any(job in (e.get("footer") or {}).get("text", "") for e in one["embeds"])
    ]


async def until(look: Callable[[], Any], wanted: int, seconds: float = 30) -> list[Message]:
    """Sooner than the minute after which everything is looked at anyway."""
    async with asyncio.timeout(seconds):
        while len(found := await look()) != wanted:
            await asyncio.sleep(0.2)
    return list(found)


@pytest.fixture
async def hall(klass: Klass, say: Say) -> AsyncIterator[Klass]:
    """A lesson with a reviewed gallery that names those who want it."""
    card = await said(klass.teacher.command("einrichten"))
    assert say("setup.review_open", "de") not in card["embeds"][0]["description"]
    begin = klass.teacher.command("stunde start", minuten=60, namen=True)
    await begin.message(lambda one: bool(one["content"]), timeout=PATIENCE)
    yield klass
    await said(klass.teacher.command("stunde ende"))


async def sent_in(klass: Klass, visitor: Visitor, say: Say, *, named: bool, word: str) -> str:
    english = visitor is klass.ben
    options = {"count": 1, "steps": 4} if english else {"anzahl": 1, "schritte": 4}
    handle = visitor.command("image" if english else "bild", prompt=word, **options)
    post = await klass.result(handle)
    question = await said(use(visitor, post, "gallery"))
    answer = await said(use(visitor, question, "galnamed" if named else "galsend"))
    assert answer["content"] == say("gallery.sent_in", "en" if english else "de")
    return job_of(post)


async def test_a_review_outlives_the_bot_and_ends_in_one_work(hall: Klass, say: Say, tmp_path: Path) -> None:
    job = await sent_in(hall, hall.ada, say, named=True, word="ein rotes Haus")
    assert await hanging(hall.ben, "galerie", job) == []
    await hall.bot.kill()
    await hall.bot.start()
    await hall.online()
    (card,) = await hanging(hall.teacher, "lehrkraft", job)
    first, second = use(hall.teacher, card, "galaccept"), use(hall.teacher, card, "galaccept")
    answers = sorted([(await said(first))["content"], (await said(second))["content"]])
    decided = say("error.gallery_decided", "de")
    assert sorted(answers, key=lambda one: one == decided)[1] == decided
    assert sum(one.startswith(say("gallery.done_accepted", "de")) for one in answers) == 1
    (work,) = await until(lambda: hanging(hall.ben, "galerie", job), 1)
    assert f"<@{hall.ada.me['id']}>" in work["content"]

    projector = next((hall.data_dir / "projector").glob("*/works.js"))
    works = json.loads(projector.read_text("utf-8").removeprefix("works(").rstrip().removesuffix(");"))
    assert [(one["prompt"], bool(one["name"])) for one in works if one["id"].startswith(job)] == [
        ("ein rotes Haus", True)
    ]

    listed = await said(hall.ben.command("gallery"))
    assert job in listed["content"]
    sent = await hall.ada.command("meine-werke")
    archive = tmp_path / "own.zip"
    archive.write_bytes(await hall.ada.download(next(f for one in sent for f in one["attachments"])))
    with zipfile.ZipFile(archive) as opened:
        assert f"image-{job}/recipe.json" in opened.namelist()

    taken = await said(use(hall.ada, work, "galdown"))
    assert taken["content"] == say("gallery.withdrawn", "de")
    assert await hanging(hall.ben, "galerie", job) == []


async def test_a_report_takes_a_work_down_everywhere(hall: Klass, say: Say) -> None:
    job = await sent_in(hall, hall.ben, say, named=False, word="a yellow star")
    (card,) = await hanging(hall.teacher, "lehrkraft", job)
    await said(use(hall.teacher, card, "galaccept"))
    (work,) = await until(lambda: hanging(hall.ada, "galerie", job), 1)
    assert hall.ben.me["id"] not in work["content"], "no name where none was wanted"
    form = await hall.ada.open_form(use(hall.ada, work, "report"))
    await said(hall.ada.fill_in(form, reason=["hurtful"]))
    report = await said(use(hall.teacher, await said(hall.teacher.command("meldungen")), "repsee"))
    await said(use(hall.teacher, report, "reptake"))
    assert await hanging(hall.ada, "galerie", job) == []
    assert await hanging(hall.ada, "atelier", job) == []


async def test_who_deletes_their_data_under_review_is_nowhere(hall: Klass, say: Say) -> None:
    waiting = await sent_in(hall, hall.chiara, say, named=True, word="ein blauer Kreis")
    hung = await sent_in(hall, hall.chiara, say, named=True, word="ein grüner Kreis")
    (card,) = await hanging(hall.teacher, "lehrkraft", hung)
    await said(use(hall.teacher, card, "galaccept"))
    await until(lambda: hanging(hall.ada, "galerie", hung), 1)
    (late,) = await hanging(hall.teacher, "lehrkraft", waiting)
    gone = await said(hall.chiara.command("meine-daten loeschen", wirklich=True))
    assert gone["content"].startswith(say("my_data.deleted", "de"))
    for job, channel in ((waiting, "lehrkraft"), (hung, "galerie"), (hung, "atelier")):
        assert await hanging(hall.teacher, channel, job) == []
    pages = b"".join(one.read_bytes() for one in (hall.data_dir / "projector").rglob("*") if one.is_file())
    assert hung.encode() not in pages
    with pytest.raises(VisitError):  # its card is gone
        await said(use(hall.teacher, late, "galaccept"))


async def test_in_an_emergency_nothing_is_sent_in_or_hung(hall: Klass, say: Say) -> None:
    other = await hall.result(hall.ada.command("bild", prompt="ein Quadrat", anzahl=1, schritte=4))
    # what is noted down as posted by then is not touched by the stop
    job = await sent_in(hall, hall.ada, say, named=False, word="ein gelber Kreis")
    stopped = await said(hall.teacher.command("notaus"))
    question = await said(use(hall.ada, other, "gallery"))
    refused = await said(use(hall.ada, question, "galsend"))
    assert refused["content"] == say("error.emergency_on", "de")
    (card,) = await hanging(hall.teacher, "lehrkraft", job)
    accepted = await said(use(hall.teacher, card, "galaccept"))
    assert say("gallery.shown_held", "de") in accepted["content"]
    assert await hanging(hall.ben, "galerie", job) == []
    await said(hall.teacher.press(stopped, label=say("button.lift_stop", "de")))
    await until(lambda: hanging(hall.ben, "galerie", job), 1)


async def test_what_is_accepted_in_a_pause_hangs_after_it(hall: Klass, say: Say) -> None:
    job = await sent_in(hall, hall.ada, say, named=False, word="ein blauer Stern")
    (card,) = await hanging(hall.teacher, "lehrkraft", job)
    paused = hall.teacher.command("pause")
    await paused.message(lambda one: bool(one["content"]), timeout=PATIENCE)
    accepted = await said(use(hall.teacher, card, "galaccept"))
    assert say("gallery.shown_held", "de") in accepted["content"]
    await hall.teacher.command("weiter").message(lambda one: bool(one["content"]), timeout=PATIENCE)
    await until(lambda: hanging(hall.ben, "galerie", job), 1)


async def test_an_open_lesson_shows_at_once_and_a_blocked_pupil_sends_nothing(klass: Klass, say: Say) -> None:
    await said(klass.teacher.command("einrichten"))
    begin = klass.teacher.command("stunde start", minuten=60, galerie="open", privat=True)
    await begin.message(lambda one: bool(one["content"]), timeout=PATIENCE)
    private = say("notice.lesson_private", "de")
    posts = []
    for word in ("ein roter Stern", "ein blaues Haus"):
        handle = klass.ada.command("bild", prompt=word, anzahl=1, schritte=4)
        posts.append(await handle.message(lambda one: bool(one["attachments"]), timeout=PATIENCE))
        assert private in posts[-1]["content"]
    question = await said(use(klass.ada, posts[0], "gallery"))
    assert say("gallery.offer_open", "de") in question["content"]
    assert "galnamed" not in str(question["components"]), "this lesson shows no names"
    answer = await said(use(klass.ada, question, "galsend"))
    assert answer["content"] == say("gallery.sent_up", "de")
    (work,) = await until(lambda: hanging(klass.ben, "galerie", job_of(posts[0])), 1)
    assert private not in work["content"]
    assert klass.ada.me["id"] not in str([work["content"], work["embeds"]])

    await said(klass.teacher.command("sperren", person="Ada", minuten=5))
    refused = await said(use(klass.ada, posts[1], "gallery"))
    assert refused["content"].startswith(say("error.blocked", "de", until="\0").partition("\0")[0])
    assert await hanging(klass.ben, "galerie", job_of(posts[1])) == []
    await said(klass.teacher.command("freigeben", person="Ada"))

    await said(klass.teacher.command("stunde ende"))
    question = await said(use(klass.ada, posts[1], "gallery"))
    await said(use(klass.ada, question, "galsend"))
    assert len(await until(lambda: hanging(klass.teacher, "lehrkraft", job_of(posts[1])), 1)) == 1
    assert await hanging(klass.ben, "galerie", job_of(posts[1])) == [], (
        "without a lesson a teacher looks first"
    )
