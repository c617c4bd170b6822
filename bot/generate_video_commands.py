"""The command `atelier generate video`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot import shell
from bot.generate_commands import make
from bot.generate_music_commands import (
    JsonOption,
    ModelOption,
    RightsOption,
    declared,
    file_text,
    file_upload,
)
from bot.generate_speech_commands import generate
from bot.i18n import Sentences
from bot.shell import LanguageOption, OutOption

if TYPE_CHECKING:
    from bot.services.video_ports import ScriptRequest, VideoRequest

__all__ = ["generate"]


@generate.command("video")
def generate_video(  # noqa: PLR0913, PLR0917 - typer makes an option of each
    prompt: str,
    second: Annotated[
        str | None, typer.Argument(help="What is seen at the end; left out with --script.")
    ] = None,
    script: Annotated[
        Path | None,
        typer.Option(help='A text with lines "frame: prompt"; PROMPT then holds for all of them.'),
    ] = None,
    seconds: Annotated[int | None, typer.Option(help="1 to 20; with --script 1 to 30.")] = None,
    fps: Annotated[int | None, typer.Option(help="Frames per second, 4 to 24.")] = None,
    seed: Annotated[str | None, typer.Option(help="Of the first picture; drawn if not given.")] = None,
    seed2: Annotated[str | None, typer.Option(help="Of the last picture; drawn if not given.")] = None,
    song: Annotated[Path | None, typer.Option(help="A recording that the video moves to.")] = None,
    rights: RightsOption = None,
    model: ModelOption = None,
    out: OutOption = Path("atelier-out"),
    json: JsonOption = False,
    language: LanguageOption = None,
) -> None:
    """Make a video from PROMPT to SECOND, or after a script."""
    from bot.services.video_ports import ScriptRequest, VideoRequest

    chosen = shell.language(language)
    if (script is None) == (second is None):
        shell.fail(Sentences.load().text("cli.script_or_second", chosen), 2)
    if script is not None and not (song is None and seed2 is None and fps is None):
        shell.fail(Sentences.load().text("cli.script_alone", chosen), 2)
    declaration = declared(song, rights, chosen)
    request: ScriptRequest | VideoRequest
    if script is not None:
        lines = file_text(script, chosen)
        request = ScriptRequest(lines=lines, common=prompt, seconds=seconds, seed=seed, model=model)
    else:
        request = VideoRequest(
            prompt1=prompt,
            prompt2=second or "",
            seconds=seconds,
            fps=fps,
            seed1=seed,
            seed2=seed2,
            model=model,
            song=None if song is None else file_upload(song, chosen),
        )
    make(request, out=out, json=json, language=language, declaration=declaration)
