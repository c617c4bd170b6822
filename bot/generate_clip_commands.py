"""The command `atelier generate clip`: files that other `generate` commands made become one piece."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from bot import shell
from bot.generate_commands import make
from bot.generate_music_commands import JsonOption, RightsOption, declared, file_upload
from bot.generate_video_commands import generate
from bot.i18n import Sentences
from bot.shell import LanguageOption, OutOption
from generation.clip_params import PICTURES_LIMIT

if TYPE_CHECKING:
    from bot.services.clip_ports import Chosen

__all__ = ["generate"]

SubtitlesOption = Literal["burned", "track"]
_MADE = re.compile(r"(?P<job>[0-9a-f]{10})-(?P<kind>image|video|audio)-(?P<index>[1-9][0-9]?)\.[a-z0-9]{2,4}")


@generate.command("clip")
def generate_clip(
    pictures: Annotated[
        list[Path] | None,
        typer.Option(help="One to four pictures made by `generate image`, or folders with them."),
    ] = None,
    video: Annotated[Path | None, typer.Option(help="A video made by `generate video`, instead.")] = None,
    music: Annotated[
        Path | None, typer.Option(help="Made by `generate music`, or a recording of your own with --rights.")
    ] = None,
    speech: Annotated[Path | None, typer.Option(help="Made by `generate speech`.")] = None,
    rights: RightsOption = None,
    subtitles: Annotated[
        SubtitlesOption, typer.Option(help="In the picture, or as a track to switch on.")
    ] = "burned",
    title: Annotated[str | None, typer.Option(help="Stands at the beginning; at most 80 letters.")] = None,
    out: OutOption = Path("atelier-out"),
    json: JsonOption = False,
    language: LanguageOption = None,
) -> None:
    """Put pictures or a video, music and speech together."""
    from bot.services.clip_ports import ClipRequest

    chosen = shell.language(language)
    is_own = music is not None and (rights is not None or _MADE.fullmatch(music.name) is None)
    request = ClipRequest(
        video=None if video is None else made_file(video, "video", chosen),
        pictures=tuple(made_file(file, "image", chosen) for file in picture_files(pictures or [])),
        music=None if music is None or is_own else made_file(music, "audio", chosen),
        song=file_upload(music, chosen) if music is not None and is_own else None,
        speech=None if speech is None else made_file(speech, "audio", chosen),
        subtitles=subtitles,
        title=title,
    )
    declaration = declared(music if is_own else None, rights, chosen)
    make(request, out=out, json=json, language=language, declaration=declaration)


def picture_files(named: Iterable[Path]) -> list[Path]:
    """The files as they were named; of a folder its first pictures, by name."""
    found: list[Path] = []
    for one in named:
        inside = sorted(one.iterdir()) if one.is_dir() else [one]
        matches = ((file, _MADE.fullmatch(file.name)) for file in inside)
        pictures = [file for file, match in matches if match is not None and match["kind"] == "image"]
        found += pictures[:PICTURES_LIMIT] if one.is_dir() else inside
    return found


def made_file(file: Path, kind: str, language: str) -> Chosen:
    """What its name says that it is, and its SHA-256: it must be the very file that was made."""
    from bot.services.clip_ports import Chosen

    match = _MADE.fullmatch(file.name)
    sentences = Sentences.load()
    if match is None or match["kind"] != kind:
        shell.fail(sentences.text("cli.not_made", language, file=str(file)), 2)
    try:
        with file.open("rb") as opened:
            sha256 = hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError:
        shell.fail(sentences.text("cli.no_file", language, file=str(file)), 2)
    return Chosen(job=match["job"], index=int(match["index"]), sha256=sha256)
