"""The lesson's videos: from one picture to another, to music, by a script, refused whole, one piece of everything."""

from __future__ import annotations

from typing import Final

from bot.lesson.people import PATIENCE_S, Lesson, Message, Step, Unexpected
from bot.lesson.watching import watch
from bot.local.visitor import Handle, Visitor

_EPHEMERAL: Final = 1 << 6
_LOADING: Final = 1 << 7
_SCRIPT: Final = "0: ein roter Kreis\n6: ein blaues Quadrat\n12: ein gelber Stern"
_FRAMES: Final = 16


async def _walk(lesson: Lesson) -> None:
    handle = lesson.ada.command(
        "video",
        prompt1="ein roter Kreis auf weißem Grund",
        prompt2="ein gelber Stern auf blauem Grund",
        laenge=2,
        seed1="11",
        seed2="12",
    )
    lesson.posts["video"] = await _seen(lesson, lesson.ada, handle, frames=_FRAMES)


async def _to_music(lesson: Lesson) -> None:
    """The piece that Ada made first; the sound is in the file."""
    ben = lesson.ben
    choices = await ben.autocomplete("video", "piece", "2026")
    handle = ben.command(
        "video",
        prompt1="a green square on a white background",
        prompt2="an orange circle on a black background",
        length=2,
        piece=str(choices[0]["value"]),
        seed1="21",
        seed2="22",
    )
    await _seen(lesson, ben, handle, frames=_FRAMES, sound=True)


async def _by_script(lesson: Lesson) -> None:
    chiara = lesson.chiara
    form = await chiara.open_form(chiara.command("video-skript"))
    handle = chiara.fill_in(form, lines=_SCRIPT, common="auf weißem Grund", seconds="2", seed="5")
    await _seen(lesson, chiara, handle, frames=_FRAMES)


async def _wrong_line(lesson: Lesson) -> None:
    chiara = lesson.chiara
    form = await chiara.open_form(chiara.command("video-skript"))
    handle = chiara.fill_in(form, lines="0: ein Kreis\nein Stern", seconds="2")
    await lesson.private(chiara, handle, verdict="error")
    if lesson.sentences.text("error.script_line", "de", line=2) not in lesson.transcript.rows[-1]["text"]:
        raise Unexpected(lesson.transcript.rows[-1]["text"])


async def _refused_whole(lesson: Lesson) -> None:
    """Its last picture is the test card: no frame of it is shown."""
    handle = lesson.ben.command("video", prompt1="a red circle", prompt2="test card", length=1, seed1="1")
    message = await handle.message(_is_over, timeout=PATIENCE_S)
    row = await lesson.transcript.add(lesson.ben, message)
    if row["verdict"] != "refused" or not row["private"]:
        raise Unexpected(f"{row['verdict']}: {row['text']}")


async def _clip(lesson: Lesson) -> None:
    """What was posted before becomes one piece, with what is said as subtitles."""
    ada, chosen = lesson.ada, {}
    for option, words in (("video", "Kreis"), ("music", "2026"), ("speech", "Wölfe")):
        choices = await ada.autocomplete("clip", option, words)
        if choices:  # a class may have no music
            chosen[option] = str(choices[0]["value"])
    handle = ada.command("clip", titel="Zwölf Wölfe", **chosen)
    await _seen(lesson, ada, handle, sound=True)
    _demand_file(lesson, ".srt")


async def _chain(lesson: Lesson) -> None:
    """One command, five posts: a text, pictures, a voice, music, and the piece made of them."""
    chiara, before = lesson.chiara, set(lesson.chiara.seen)
    handle = chiara.command("kette", thema="ein roter Kreis", seed="40")
    await handle.sent()
    message = await chiara.wait_for_message(
        lambda one: one["id"] not in before and _has_video(one), timeout=PATIENCE_S
    )
    await _looked_at(lesson, chiara, message, sound=True)


async def _seen(
    lesson: Lesson, visitor: Visitor, handle: Handle, *, frames: int | None = None, sound: bool = False
) -> Message:
    """Wait for the video and look at it, see `_looked_at`."""
    message = await handle.message(_is_over, timeout=PATIENCE_S)
    return await _looked_at(lesson, visitor, message, frames=frames, sound=sound)


async def _looked_at(
    lesson: Lesson, visitor: Visitor, message: Message, *, frames: int | None = None, sound: bool
) -> Message:
    """Write it down and look at every frame. Raises Unexpected for another number of them, black ones, none that move,
    and sound that is missing."""
    row = await lesson.transcript.add(visitor, message)
    files = [name for name in row["files"] if name.endswith(".mp4")]
    if row["verdict"] != "approved" or len(files) != 1:
        raise Unexpected(f"{row['verdict']}, {row['files']}: {row['text']}")
    seen = await watch(lesson.python("media"), lesson.transcript.out / files[0])
    if frames not in {None, seen.frames} or seen.has_black or not seen.change or seen.sound is not sound:
        raise Unexpected(f"not what was asked for: {seen}")
    row["checked"] = lesson.sentences.text(
        "cli.lesson_watched",
        lesson.language,
        n=seen.frames,
        seconds=lesson.sentences.text("post.number", lesson.language, number=round(seen.seconds, 1)),
    )
    return message


def _is_over(message: Message) -> bool:
    """The video or a last word. While it is made the message has pictures already, and a button to cancel."""
    if message["flags"] & _LOADING:
        return False
    return _has_video(message) or bool(message["flags"] & _EPHEMERAL) or not message["components"]


def _has_video(message: Message) -> bool:
    return any(str(one["filename"]).endswith(".mp4") for one in message["attachments"])


def _demand_file(lesson: Lesson, ending: str) -> None:
    files = lesson.transcript.rows[-1]["files"]
    if not any(name.endswith(ending) for name in files):
        raise Unexpected(f"no {ending}: {files}")


STEPS = (
    Step("Ada", "/video prompt1:ein roter Kreis … prompt2:ein gelber Stern …", _walk),
    Step("Ben", "/video piece:🎵", _to_music, "music"),
    Step("Chiara", "/video-skript 0: … 6: … 12: …", _by_script),
    Step("Chiara", "/video-skript 0: … ✏️", _wrong_line),
    Step("Ben", "/video prompt2:test card", _refused_whole),
    Step("Ada", "/clip video:… musik:… stimme:… titel:Zwölf Wölfe", _clip, "listening"),
    Step("Chiara", "/kette thema:ein roter Kreis", _chain, "text"),
)
