"""The lesson's teacher: begins and ends it, keeps a word out, pauses, blocks, stops everything, and answers for it."""

from __future__ import annotations

from bot.lesson import exhibition
from bot.lesson.people import PATIENCE_S, Lesson, Step, Unexpected, has_words
from bot.local.visitor import Handle, Visitor


async def _start(lesson: Lesson) -> None:
    await _public(lesson, lesson.teacher.command("stunde start", minuten=45, anzahl=200, namen=True))


async def _word(lesson: Lesson) -> None:
    """From now on this class does without unicorns, disguised ones included."""
    teacher = lesson.teacher
    await lesson.private(teacher, teacher.command("woerter", ablehnen="einhorn*"))
    handle = lesson.chiara.command("bild", prompt="ein E1nh0rn auf einer Wiese", anzahl=1)
    await lesson.private(lesson.chiara, handle, verdict="refused")
    await lesson.private(teacher, teacher.command("woerter", entfernen="einhorn*"))


async def _pause(lesson: Lesson) -> None:
    await _public(lesson, lesson.teacher.command("pause"))
    await _shut(lesson, lesson.ada)
    await _public(lesson, lesson.teacher.command("weiter"))


async def _block(lesson: Lesson) -> None:
    teacher = lesson.teacher
    await lesson.private(teacher, teacher.command("sperren", person="Chiara", minuten=5))
    await _shut(lesson, lesson.chiara)
    await lesson.private(teacher, teacher.command("freigeben", person="Chiara"))


async def _status(lesson: Lesson) -> None:
    """Who waits, what runs, what is left of the budgets; with a picture of the load."""
    await lesson.private(lesson.teacher, lesson.teacher.command("stunde stand"))
    files = lesson.transcript.rows[-1]["files"]
    if not any(name.endswith(".png") for name in files):
        raise Unexpected(f"no picture of the load: {files}")


async def _my_data(lesson: Lesson) -> None:
    await lesson.private(lesson.ada, lesson.ada.command("meine-daten zeigen"))


async def _emergency(lesson: Lesson) -> None:
    """Everything ends at once, and stays so until the teacher lifts it."""
    teacher = lesson.teacher
    stopped = await lesson.private(teacher, teacher.command("notaus"))
    await _shut(lesson, lesson.ada)
    lift = lesson.label("lift_stop", teacher)
    await lesson.private(teacher, teacher.press(stopped, label=lift))


async def _protocol(lesson: Lesson) -> None:
    await lesson.private(lesson.teacher, lesson.teacher.command("protokoll"))
    if not lesson.transcript.rows[-1]["files"]:
        raise Unexpected("the log is no file")


async def _end(lesson: Lesson) -> None:
    await lesson.private(lesson.teacher, lesson.teacher.command("stunde ende"))


async def _shut(lesson: Lesson, visitor: Visitor) -> None:
    """A request that is kindly not taken now."""
    handle = visitor.command("bild", prompt="ein roter Kreis", anzahl=1)
    await lesson.private(visitor, handle, verdict="error")


async def _public(lesson: Lesson, handle: Handle) -> None:
    """What a teacher says to everybody."""
    message = await handle.message(has_words, timeout=PATIENCE_S)
    row = await lesson.transcript.add(lesson.teacher, message)
    if row["private"] or row["verdict"] != "answered":
        raise Unexpected(f"{row['verdict']}, private={row['private']}: {row['text']}")


STEPS = (
    Step("Frau Sommer", "/stunde start minuten:45 namen:True", _start),
    *exhibition.STEPS,
    Step("Frau Sommer", "/woerter ablehnen:einhorn*", _word),
    Step("Frau Sommer", "/pause ⏸️ /weiter", _pause),
    Step("Frau Sommer", "/sperren person:Chiara", _block),
    Step("Frau Sommer", "/stunde stand", _status),
    Step("Ada", "/meine-daten zeigen", _my_data),
    Step("Frau Sommer", "/notaus 🛑", _emergency),
    Step("Frau Sommer", "/protokoll", _protocol),
    Step("Frau Sommer", "/stunde ende", _end),
)
