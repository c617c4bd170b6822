"""The command `atelier generate speech`: nobody's voices. A person's voice needs Discord, where its owner agrees."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from bot.generate_commands import make
from bot.generate_music_commands import generate
from bot.shell import LanguageOption, OutOption

__all__ = ["generate"]

Spoken = Literal["de", "en"]


@generate.command("speech")
def generate_speech(
    text: str,
    voice: Annotated[
        str | None, typer.Option(help="nobody, or a voice that is nobody's, such as espeak.alto.")
    ] = None,
    emotion: Annotated[str | None, typer.Option(help="neutral, happy, sad, angry or excited.")] = None,
    spoken: Annotated[
        Spoken | None, typer.Option("--in", help="Language of TEXT: de or en; guessed if not given.")
    ] = None,
    seed: Annotated[str | None, typer.Option(help="0 to 4294967295; drawn if not given.")] = None,
    model: Annotated[str | None, typer.Option(help="The model's id.")] = None,
    out: OutOption = Path("atelier-out"),
    json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    language: LanguageOption = None,
) -> None:
    """Speak TEXT, at most 300 characters, with a voice that is nobody's."""
    from bot.services.speech_ports import SpeechRequest

    request = SpeechRequest(text=text, voice=voice, emotion=emotion, seed=seed, model=model, language=spoken)
    make(request, out=out, json=json, language=language)
