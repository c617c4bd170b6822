"""The commands `atelier generate music | sound | notes`."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from bot import shell
from bot.generate_commands import generate, make
from bot.i18n import Sentences
from bot.shell import LanguageOption, OutOption

if TYPE_CHECKING:
    from bot.services.audio_ports import Upload
    from generation.music_params import Declaration

__all__ = ["generate"]

Rights = Literal["own", "public-domain", "permission"]
RightsOption = Annotated[
    Rights | None, typer.Option(help="Why you may use the file: own, public-domain or permission.")
]
SeedOption = Annotated[str | None, typer.Option(help="0 to 4294967295; drawn if not given.")]
ModelOption = Annotated[str | None, typer.Option(help="The model's id.")]
FormatOption = Annotated[str | None, typer.Option("--format", help="ogg or mp3.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
_LYRIC_BYTES = 64 * 1024
"""More than any lyric that is allowed."""


@generate.command("music")
def generate_music(  # noqa: PLR0913, PLR0917 - typer makes an option of each
    prompt: str,
    seconds: Annotated[int | None, typer.Option(help="1 to 60; with --continue of what is new.")] = None,
    melody: Annotated[Path | None, typer.Option(help="A recording whose melody is followed.")] = None,
    further: Annotated[Path | None, typer.Option("--continue", help="A recording to continue.")] = None,
    lyric: Annotated[
        Path | None, typer.Option(help="A text whose parts are marked \\[verse], \\[chorus] …")
    ] = None,
    rights: RightsOption = None,
    count: Annotated[int | None, typer.Option(help="1 to 4 takes.")] = None,
    seed: SeedOption = None,
    model: ModelOption = None,
    file_format: FormatOption = None,
    out: OutOption = Path("atelier-out"),
    json: JsonOption = False,
    language: LanguageOption = None,
) -> None:
    """Make music from PROMPT."""
    from bot.services.audio_ports import ContinueRequest, MusicRequest

    chosen = shell.language(language)
    if further is not None and (melody is not None or lyric is not None):
        shell.fail(Sentences.load().text("cli.continue_alone", chosen), 2)
    file = further or melody
    declaration = declared(file, rights, chosen)
    request: ContinueRequest | MusicRequest
    if further is not None:
        request = ContinueRequest(
            file=file_upload(further, chosen),
            prompt=prompt,
            seconds=seconds,
            count=count,
            seed=seed,
            model=model,
            format=file_format,
        )
    else:
        request = MusicRequest(
            prompt=prompt,
            seconds=seconds,
            melody=None if melody is None else file_upload(melody, chosen),
            lyric=None if lyric is None else file_text(lyric, chosen),
            count=count,
            seed=seed,
            model=model,
            format=file_format,
        )
    make(request, out=out, json=json, language=language, declaration=declaration)


@generate.command("sound")
def generate_sound(
    prompt: str,
    seconds: Annotated[int | None, typer.Option(help="1 to 10.")] = None,
    count: Annotated[int | None, typer.Option(help="1 to 4 takes.")] = None,
    seed: SeedOption = None,
    model: ModelOption = None,
    file_format: FormatOption = None,
    out: OutOption = Path("atelier-out"),
    json: JsonOption = False,
    language: LanguageOption = None,
) -> None:
    """Make a sound effect from PROMPT."""
    from bot.services.audio_ports import SoundRequest

    request = SoundRequest(
        prompt=prompt, seconds=seconds, count=count, seed=seed, model=model, format=file_format
    )
    make(request, out=out, json=json, language=language)


@generate.command("notes")
def generate_notes(  # noqa: PLR0913, PLR0917 - typer makes an option of each
    title: Annotated[str | None, typer.Option(help="A title, an artist or a mood.")] = None,
    melody: Annotated[str | None, typer.Option(help='Notes to continue, such as "C D E F G G".')] = None,
    midi: Annotated[Path | None, typer.Option(help="A MIDI file to continue.")] = None,
    rights: RightsOption = None,
    tokens: Annotated[int | None, typer.Option(help="16 to 512.")] = None,
    count: Annotated[int | None, typer.Option(help="1 to 6 pieces.")] = None,
    temperature: Annotated[float | None, typer.Option(help="0.1 to 2.")] = None,
    seed: SeedOption = None,
    model: ModelOption = None,
    out: OutOption = Path("atelier-out"),
    json: JsonOption = False,
    language: LanguageOption = None,
) -> None:
    """Write notes: a MIDI file, its sound and its picture. From a title or a mood, or continuing a melody."""
    from bot.services.audio_ports import NotesRequest

    chosen = shell.language(language)
    declaration = declared(midi, rights, chosen)
    request = NotesRequest(
        prompt=title,
        melody=melody,
        file=None if midi is None else file_upload(midi, chosen),
        tokens=tokens,
        count=count,
        temperature=temperature,
        seed=seed,
        model=model,
    )
    make(request, out=out, json=json, language=language, declaration=declaration)


def declared(file: Path | None, rights: Rights | None, language: str) -> Declaration | None:
    """A file without a word on why it may be used ends here; nothing of it is read."""
    if file is None:
        return None
    if rights is None:
        shell.fail(Sentences.load().text("cli.rights_needed", language), 2)
    return "public_domain" if rights == "public-domain" else rights


def file_upload(file: Path, language: str) -> Upload:
    from bot.services.audio_ports import Upload

    _demand_file(file, language)
    return Upload(name=file.name, size=file.stat().st_size, read=partial(asyncio.to_thread, file.read_bytes))


def file_text(file: Path, language: str) -> str:
    _demand_file(file, language)
    try:
        with file.open("rb") as opened:
            return opened.read(_LYRIC_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError:
        shell.fail(Sentences.load().text("cli.file_no_text", language, file=str(file)), 2)


def _demand_file(file: Path, language: str) -> None:
    """It is there and can be read; a folder or a device is none."""
    try:
        with file.open("rb"):
            there = file.is_file()
    except OSError:
        there = False
    if not there:
        shell.fail(Sentences.load().text("cli.no_file", language, file=str(file)), 2)
