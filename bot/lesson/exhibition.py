"""The lesson's task and its gallery: sent in, looked at by the teacher, hung, starred, looked up, handed out."""

from __future__ import annotations

import io
import zipfile

from bot.lesson.people import PATIENCE_S, Lesson, Message, Step, Unexpected, has_words
from bot.local.visitor import Visitor


async def _set_up(lesson: Lesson) -> None:
    """The class server's channels and roles are there: they are checked, and used from now on."""
    await lesson.private(lesson.teacher, lesson.teacher.command("einrichten"))


async def _task(lesson: Lesson) -> None:
    """A word that must appear: without it no picture; with it one is made and handed in, once."""
    ada, teacher = lesson.ada, lesson.teacher
    handle = teacher.command("stunde aufgabe", woerter="Haus", minuten=20)
    await lesson.transcript.add(teacher, await handle.message(has_words, timeout=PATIENCE_S))
    missing = ada.command("bild", prompt="ein roter Kreis", anzahl=1)
    await lesson.private(ada, missing, verdict="error")
    handle = ada.command("bild", prompt="ein rotes Haus unter einem gelben Stern", anzahl=1, seed="7")
    lesson.posts["haus"] = await lesson.result(ada, handle, verdict="approved", pictures=1)
    made = lesson.transcript.rows[-1]["job"]
    await lesson.private(ada, ada.command("abgeben", ergebnis=made))
    await lesson.private(ada, ada.command("abgeben", ergebnis=made), verdict="error")
    handle = teacher.command("stunde aufgabe", entfernen=True)
    await lesson.transcript.add(teacher, await handle.message(has_words, timeout=PATIENCE_S))


async def _send_in(lesson: Lesson) -> None:
    """Ada's house with her name, Ben's stars without his."""
    for visitor, post, label in ((lesson.ada, "haus", "gallery_named"), (lesson.ben, "ben", "gallery_send")):
        button = lesson.label("gallery", visitor)
        question = await lesson.private(visitor, visitor.press(lesson.posts[post], label=button))
        await lesson.private(visitor, visitor.press(question, label=lesson.label(label, visitor)))


async def _review(lesson: Lesson) -> None:
    """The teacher takes one and asks for a change of the other; nobody else sees the cards."""
    teacher = lesson.teacher
    for post, label in (("haus", "gallery_accept"), ("ben", "gallery_change")):
        card = await _at(lesson, teacher, "lehrkraft", lesson.posts[post])
        await lesson.transcript.add(teacher, card)
        # a card speaks the language of whoever sent it in
        maker = lesson.ada if post == "haus" else lesson.ben
        pressed = teacher.press(card, label=lesson.label(label, maker))
        if label == "gallery_change":
            form = await teacher.open_form(pressed)
            pressed = teacher.fill_in(form, reason="Schön! Probier es noch mit einem größeren Stern.")
        await lesson.private(teacher, pressed)


async def _star(lesson: Lesson) -> None:
    """The class sees it, with the name that was to appear, and gives a star."""
    chiara = lesson.chiara
    work = await _at(lesson, chiara, "galerie", lesson.posts["haus"])
    if f"<@{lesson.ada.me['id']}>" not in work["content"]:
        raise Unexpected(f"whose is it? {work['content']}")
    star = next(
        one for row in work["components"] for one in row["components"] if "galstar" in one["custom_id"]
    )
    await chiara.press(work, custom_id=star["custom_id"])
    starred = await _at(lesson, chiara, "galerie", lesson.posts["haus"])
    row = await lesson.transcript.add(chiara, starred)
    wanted = lesson.sentences.text("button.gallery_star", "de", n=1, stars=1)
    if row["verdict"] != "approved" or wanted not in str(starred["components"]):
        raise Unexpected(f"no star: {starred['components']}")


async def _list(lesson: Lesson) -> None:
    await lesson.private(lesson.chiara, lesson.chiara.command("galerie"))
    text = lesson.transcript.rows[-1]["text"]
    if "https://discord.com/channels/" not in text:
        raise Unexpected(f"no work in the list: {text}")


async def _own(lesson: Lesson) -> None:
    """All of Ada's results that may be shown, each with its recipe."""
    handle = lesson.ada.command("meine-werke")
    # the archives come first, then what is in them
    await handle.message(lambda one: bool(one["content"]), timeout=PATIENCE_S)
    attached = [file for message in handle.messages for file in message["attachments"]]
    for message in handle.messages:
        await lesson.transcript.add(lesson.ada, message)
    names: list[str] = []
    for file in attached:
        with zipfile.ZipFile(io.BytesIO(await lesson.ada.download(file))) as archive:
            names += archive.namelist()
    if not any(name.endswith("recipe.json") for name in names):
        raise Unexpected(f"no recipe among {names}")


async def _at(lesson: Lesson, visitor: Visitor, channel: str, post: Message) -> Message:
    """The message in which this post's picture hangs; as it stands now."""
    job = post["embeds"][0]["footer"]["text"]
    for message in await visitor.messages(channel=channel):
        if any((embed.get("footer") or {}).get("text") == job for embed in message["embeds"]):
            return message
    raise Unexpected(f"nothing of it in {channel}")


STEPS = (
    Step("Frau Sommer", "/einrichten", _set_up),
    Step("Ada", "/stunde aufgabe · /abgeben", _task),
    Step("Ada, Ben", "🖼️", _send_in),
    Step("Frau Sommer", "✅ ✏️", _review),
    Step("Chiara", "⭐", _star),
    Step("Chiara", "/galerie", _list),
    Step("Ada", "/meine-werke", _own),
)
