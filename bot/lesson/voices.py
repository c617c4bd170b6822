"""The lesson's voices: nobody's speaks, and somebody adds their own, from the agreement to the withdrawal.

The person at the microphone is a voice made of rules (`speaker.py`). The model that copies voices is not here: that is
said at the moment when it would be needed, everything before and after it happens.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Final

from bot.lesson.hearing import listen
from bot.lesson.people import PATIENCE_S, Lesson, Message, Step, Unexpected, is_settled
from bot.lesson.speaker import speak
from bot.local.visitor import Handle, Visitor

_READ: Final = (
    "I agree that you may copy my voice for this lesson. The wind is cold and the sea is grey today."
)
_TRIES: Final = 5
_REFUSED: Final = "❌"
_OWN: Final = "I have never said this sentence."


async def _german(lesson: Lesson) -> None:
    handle = lesson.ada.command("stimme", text="Guten Morgen! Zwölf Wölfe hören schöne Märchen.", seed="3")
    lesson.posts["speech"] = await _spoken(lesson, lesson.ada, handle)


async def _sad(lesson: Lesson) -> None:
    handle = lesson.ben.command(
        "speech", text="Nobody ever said this sentence.", emotion="sad", voice="espeak.alto", seed="4"
    )
    await _spoken(lesson, lesson.ben, handle)


async def _marked(lesson: Lesson) -> None:
    """What the bot has posted is known again, whoever brings it."""
    with tempfile.TemporaryDirectory() as folder:
        file = await _download(lesson, lesson.posts["speech"], Path(folder))
        handle = lesson.chiara.command("pruefe", datei=file)
        await lesson.private(lesson.chiara, handle)
    found = lesson.sentences.text("sound_check.found", "de")
    if found not in lesson.transcript.rows[-1]["text"]:
        raise Unexpected(lesson.transcript.rows[-1]["text"])


async def _copy(lesson: Lesson) -> None:
    """A clip that our own engine made is no proof of a person."""
    ben = lesson.ben
    with tempfile.TemporaryDirectory() as folder:
        file = await _download(lesson, lesson.posts["speech"], Path(folder))
        card = await _begin(lesson, ben, "Ben", file)
        checked = await _give(lesson, ben, card, Path(folder), speaker="bass")
    _demand(checked, lesson.sentences.text("error.refused_mark_found", "en"))


async def _enrol(lesson: Lesson) -> None:
    ada = lesson.ada
    with tempfile.TemporaryDirectory() as folder:
        clip = await speak(lesson.python("voices"), _READ, Path(folder) / "clip.wav", speaker="alto")
        card = await _begin(lesson, ada, "Ada", clip)
        for _ in range(_TRIES):
            card = await _give(lesson, ada, card, Path(folder), speaker="alto")
            if _REFUSED not in card["content"]:
                break  # else misheard, and there are other words to read, as for everybody
    for subject in ("phrase", "speaker", "mark"):
        _demand(card, lesson.sentences.text(f"consent.ok_{subject}", "de"))


async def _witness(lesson: Lesson) -> None:
    teacher, sentences = lesson.teacher, lesson.sentences
    overview = await lesson.private(teacher, teacher.command("einwilligungen"))
    see = sentences.text("button.witness_see", "de", name="Ada")
    card = await lesson.private(teacher, teacher.press(overview, label=see))
    form = await teacher.open_form(teacher.press(card, label=lesson.label("witness_confirm", teacher)))
    handle = teacher.fill_in(
        form, in_room="yes", under_16="yes", parents="Ordner 3, Blatt 12", lasting="lesson"
    )
    await lesson.private(teacher, handle)


async def _real_model_missing(lesson: Lesson) -> None:
    """The consent lives; only the model that would copy the voice is not there."""
    choices = await lesson.ada.autocomplete("stimme", "stimme", "Ada")
    voice = str(choices[0]["value"])
    handle = lesson.ada.command("stimme", text=_OWN, stimme=voice)
    await lesson.private(lesson.ada, handle, verdict="error")


async def _of_another(lesson: Lesson) -> None:
    """Chiara has found out the id of Ada's voice, and it is of no use to her."""
    choices = await lesson.ada.autocomplete("stimme", "stimme", "Ada")
    handle = lesson.chiara.command("stimme", text=_OWN, stimme=str(choices[0]["value"]))
    await lesson.private(lesson.chiara, handle, verdict="refused")


async def _withdraw(lesson: Lesson) -> None:
    choices = await lesson.ada.autocomplete("stimme-widerrufen", "stimme", "Ada")
    handle = lesson.ada.command("stimme-widerrufen", stimme=str(choices[0]["value"]))
    await lesson.private(lesson.ada, handle)
    if await lesson.ada.autocomplete("stimme-widerrufen", "stimme", "Ada"):
        raise Unexpected("the voice is still there")


async def _begin(lesson: Lesson, visitor: Visitor, name: str, clip: Path) -> Message:
    """Agree, say who it is, give the first clip; the card of the voice."""
    words = visitor.command(lesson.sentences.text("command.record_voice.name", visitor.me["locale"]))
    start = await lesson.private(visitor, words)
    form = await visitor.open_form(visitor.press(start, label=lesson.label("voice_agree", visitor)))
    handle = visitor.fill_in(form, name=name, language="en", mood="neutral", file=clip)
    return await lesson.private(visitor, handle)


async def _give(lesson: Lesson, visitor: Visitor, card: Message, folder: Path, *, speaker: str) -> Message:
    """Fetch the words, read them aloud, hand the recording in; the answer with what the checks said."""
    phrase = await lesson.private(visitor, visitor.press(card, label=lesson.label("voice_phrase", visitor)))
    words = _words(phrase["content"])
    recording = await speak(lesson.python("voices"), ", ".join(words), folder / "phrase.wav", speaker=speaker)
    form = await visitor.open_form(visitor.press(phrase, label=lesson.label("voice_give", visitor)))
    return await lesson.private(visitor, visitor.fill_in(form, file=recording))


def _words(content: str) -> list[str]:
    """The words between the dots. Raises Unexpected."""
    line = next((one for one in content.splitlines() if " · " in one), "")
    words = [word.strip("*_`> ") for word in line.split(" · ")]
    if len(words) < 2:
        raise Unexpected(f"no words to read: {content}")
    return words


async def _download(lesson: Lesson, post: Message, folder: Path) -> Path:
    sound = next(one for one in post["attachments"] if one["filename"].endswith(".ogg"))
    file = folder / "speech.ogg"
    file.write_bytes(await lesson.chiara.download(sound))
    return file


async def _spoken(lesson: Lesson, visitor: Visitor, handle: Handle) -> Message:
    """Wait for a post with one spoken file, and play it."""
    message = await handle.message(is_settled, timeout=PATIENCE_S)
    row = await lesson.transcript.add(visitor, message)
    if row["verdict"] != "approved":
        raise Unexpected(f"{row['verdict']}: {row['text']}")
    files = [lesson.transcript.out / name for name in row["files"] if name.endswith(".ogg")]
    heard = await listen(lesson.python("media"), files)
    if len(heard) != 1 or heard[0].is_silent:
        raise Unexpected(f"cannot be heard: {heard}")
    seconds = lesson.sentences.text("post.number", lesson.language, number=round(heard[0].seconds, 1))
    row["checked"] = lesson.sentences.text("cli.lesson_heard", lesson.language, n=1, seconds=seconds)
    return message


def _demand(message: Message, wanted: str) -> None:
    if wanted not in message["content"]:
        raise Unexpected(f"expected {wanted!r}: {message['content']}")


STEPS = (
    Step("Ada", "/stimme text:Guten Morgen! Zwölf Wölfe …", _german, "listening"),
    Step("Ben", "/speech emotion:sad", _sad, "listening"),
    Step("Chiara", "/pruefe datei:speech.ogg", _marked, "listening"),
    Step("Ben", "/record-voice 🤖", _copy, "listening"),
    Step("Ada", "/stimme-aufnehmen 🎙️", _enrol, "listening"),
    Step("Frau Sommer", "/einwilligungen ✅", _witness, "listening"),
    Step("Chiara", "/stimme stimme:Ada", _of_another, "listening"),
    Step("Ada", "/stimme stimme:Ada", _real_model_missing, "listening"),
    Step("Ada", "/stimme-widerrufen", _withdraw, "listening"),
)
