"""The lesson's music: from words, after a melody, going on, in sections, long; an effect, notes, and a refusal.

What came is played: a file that is silent or has another length than the one asked for is a mistake.
"""

from __future__ import annotations

import asyncio
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from bot.lesson.hearing import Heard, listen
from bot.lesson.melody import write_melody
from bot.lesson.people import PATIENCE_S, Lesson, Message, Step, Unexpected, is_settled
from bot.local.visitor import Handle, Visitor

_TOLERANCE_S: Final = 0.35
"""A file may be so much longer or shorter than what was asked for: codecs work in frames."""
_PLAYED: Final = frozenset({".ogg", ".mp3", ".mid"})
_SHORTEST_S: Final = 0.5
_HELD_LONG: Final = 0.7
"""Seconds a beat of the melody that is uploaded; another file than anybody else's."""


async def _from_words(lesson: Lesson) -> None:
    handle = lesson.ada.command(
        "musik", prompt="fröhliche schnelle Melodie in C-Dur, Flöte", laenge=6, seed="2026"
    )
    lesson.posts["music"] = await _heard(lesson, lesson.ada, handle, seeds=[2026], seconds=6)


async def _in_english(lesson: Lesson) -> None:
    handle = lesson.ben.command(
        "music", prompt="a sad slow melody in A minor, guitar", length=6, count=2, seed="7"
    )
    await _heard(lesson, lesson.ben, handle, seeds=[7, 8], seconds=6)


async def _once_more(lesson: Lesson) -> None:
    handle = lesson.chiara.press(lesson.posts["music"], label=lesson.label("again", lesson.ada))
    await _heard(lesson, lesson.chiara, handle, seeds=[2026], seconds=6)


async def _after_a_melody(lesson: Lesson) -> None:
    """Whoever uploads a melody says once why they may use it; only then it is used."""
    chiara = lesson.chiara
    with tempfile.TemporaryDirectory() as folder:
        handle = await _upload(lesson, Path(folder))
        question = await lesson.private(chiara, handle)
    own = lesson.sentences.text("declaration.own", "de")
    post = await _heard(lesson, chiara, chiara.press(question, label=own), seeds=[5], seconds=6)
    if own not in lesson.transcript.rows[-1]["text"]:
        raise Unexpected(f"the declaration is not in the post: {post['content']}")


async def _declared_already(lesson: Lesson) -> None:
    with tempfile.TemporaryDirectory() as folder:
        handle = await _upload(lesson, Path(folder))
        await _heard(lesson, lesson.chiara, handle, seeds=[5], seconds=6)


async def _upload(lesson: Lesson, folder: Path) -> Handle:
    file = await asyncio.to_thread(write_melody, folder / "entchen.wav", beat_s=_HELD_LONG)
    handle = lesson.chiara.command("musik", prompt="ruhige Melodie, Orgel", laenge=6, melodie=file, seed="5")
    await handle.sent()
    return handle


async def _takes(lesson: Lesson) -> None:
    """Three ways to go on with what Ada heard first; the file begins with the end of the piece."""
    handle = lesson.ada.command("musik-weiter", anzahl=3, laenge=4, seed="1")
    await _heard(lesson, lesson.ada, handle, seeds=[1, 2, 3])


async def _lyric(lesson: Lesson) -> None:
    plan = "[intro] [verse] Die Sonne geht auf [chorus] Wir tanzen im Regen [outro]"
    handle = lesson.chiara.command(
        "musik", prompt="wilde schnelle Melodie, Gitarre", liedtext=plan, laenge=12, seed="3"
    )
    await _heard(lesson, lesson.chiara, handle, seeds=[3], seconds=12)


async def _long(lesson: Lesson) -> None:
    handle = lesson.ben.command("music", prompt="a calm slow melody, bell", length=34, seed="4")
    await _heard(lesson, lesson.ben, handle, seeds=[4], seconds=34)


async def _effect(lesson: Lesson) -> None:
    handle = lesson.chiara.command("geraeusch", prompt="Regen auf dem Dach", laenge=3, seed="2")
    await _heard(lesson, lesson.chiara, handle, seeds=[2], seconds=3)


async def _notes(lesson: Lesson) -> None:
    handle = lesson.ben.command("notes", title="a happy melody", tokens=64, seed="12")
    await _heard(lesson, lesson.ben, handle, seeds=[12])


async def _six_ways_on(lesson: Lesson) -> None:
    """The first bar of a song that everybody knows, continued six times."""
    handle = lesson.ada.command("noten", melodie="C D E F G G", anzahl=6, tokens=48, seed="1")
    await _heard(lesson, lesson.ada, handle, seeds=[1, 2, 3, 4, 5, 6])
    row = lesson.transcript.rows[-1]
    archives = [lesson.transcript.out / name for name in row["files"] if name.endswith(".zip")]
    packed = await asyncio.to_thread(_midi_files, archives)
    if packed != 6:
        raise Unexpected(f"{packed} MIDI files: {row['files']}")


def _midi_files(archives: Sequence[Path]) -> int:
    """How many are packed. Reads the disk."""
    count = 0
    for archive in archives:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as opened:
                count += sum(opened.read(name).startswith(b"MThd") for name in opened.namelist())
    return count


async def _kit(lesson: Lesson) -> None:
    """The kit shows the words that it would use; a button makes music of them."""
    ben = lesson.ben
    kit = ben.command("music-kit", genre="lullaby", mood="calm", tempo="slow", instruments="bell")
    shown = await lesson.private(ben, kit)
    if "lullaby" not in lesson.transcript.rows[-1]["text"]:
        raise Unexpected(lesson.transcript.rows[-1]["text"])
    await _heard(lesson, ben, ben.press(shown, label=lesson.label("kit_make", ben)), seconds=10)


async def _refused_music(lesson: Lesson) -> None:
    handle = lesson.ben.command("music", prompt="a song about a n4ked person")
    await lesson.private(lesson.ben, handle, verdict="refused")


async def _heard(
    lesson: Lesson,
    visitor: Visitor,
    handle: Handle,
    *,
    seeds: Sequence[int] | None = None,
    seconds: float | None = None,
) -> Message:
    """Wait for the takes with these seeds (one with any) and play every file.

    Raises Unexpected for anything else, for silence, and for takes that are not `seconds` long; without them the
    model ends a piece when it likes.
    """
    message = await handle.message(is_settled, timeout=PATIENCE_S)
    row = await lesson.transcript.add(visitor, message)
    if row["verdict"] != "approved" or (seeds is not None and row["seeds"] != list(seeds)):
        raise Unexpected(f"{row['verdict']}, {row['seeds']}: {row['text']}")
    files = [lesson.transcript.out / name for name in row["files"] if Path(name).suffix in _PLAYED]
    heard = await listen(lesson.python("media"), files)
    sounds = [one for one in heard if one.rms_db is not None]
    if len(sounds) != len(row["seeds"]) or any(one.is_silent for one in heard):
        raise Unexpected(f"cannot be heard: {heard}")
    if not all(_is_long(one, seconds) for one in sounds):
        raise Unexpected(f"another length than asked for: {sounds}")
    row["checked"] = lesson.sentences.text(
        "cli.lesson_heard", lesson.language, n=len(heard), seconds=_lengths(lesson, sounds)
    )
    return message


def _is_long(one: Heard, seconds: float | None) -> bool:
    if seconds is None:
        return one.seconds >= _SHORTEST_S
    return abs(one.seconds - seconds) <= _TOLERANCE_S


def _lengths(lesson: Lesson, sounds: Sequence[Heard]) -> str:
    """Said once where all are alike."""
    numbers = [
        lesson.sentences.text("post.number", lesson.language, number=round(one.seconds, 1)) for one in sounds
    ]
    return " / ".join(dict.fromkeys(numbers))


STEPS = (
    Step("Ada", "/musik prompt:fröhliche schnelle Melodie in C-Dur, Flöte seed:2026", _from_words, "music"),
    Step("Ben", "/music prompt:a sad slow melody in A minor, guitar count:2", _in_english, "music"),
    Step("Chiara", "🔁", _once_more, "music"),
    Step("Chiara", "/musik melodie:entchen.wav „Selbst gemacht“", _after_a_melody, "music"),
    Step("Chiara", "/musik melodie:entchen.wav", _declared_already, "music"),
    Step("Ada", "/musik-weiter anzahl:3", _takes, "music"),
    Step("Chiara", "/musik liedtext:[intro] [verse] … [chorus] … [outro]", _lyric, "music"),
    Step("Ben", "/music length:34", _long, "music"),
    Step("Chiara", "/geraeusch prompt:Regen auf dem Dach", _effect, "music"),
    Step("Ben", "/notes title:a happy melody", _notes, "music"),
    Step("Ada", "/noten melodie:C D E F G G anzahl:6", _six_ways_on, "music"),
    Step("Ben", "/music-kit genre:lullaby 🎵", _kit, "music"),
    Step("Ben", "/music prompt:a song about a n4ked person", _refused_music, "music"),
)
