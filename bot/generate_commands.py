"""The commands `atelier generate image | text | next-word | tokens`; `generate_music_commands.py` adds the others."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from bot import shell
from bot.i18n import Sentences
from bot.logs import configure_logging
from bot.out_folder import writable_folder
from bot.shell import LanguageOption, OutOption

if TYPE_CHECKING:
    from bot.generate import AnyRequest
    from generation.music_params import Declaration

generate = typer.Typer(
    no_args_is_help=True, help="Make something without Discord: same services, same checks."
)


@generate.command("image")
def generate_image(  # noqa: PLR0913, PLR0917 - typer makes an option of each
    prompt: str,
    negative: Annotated[str | None, typer.Option(help="What must not appear.")] = None,
    count: Annotated[int | None, typer.Option(help="1 to 4 pictures.")] = None,
    steps: Annotated[int | None, typer.Option(help="Inference steps, 1 to 150.")] = None,
    guidance: Annotated[float | None, typer.Option(help="Guidance, 1 to 20.")] = None,
    seed: Annotated[str | None, typer.Option(help="0 to 4294967295; drawn if not given.")] = None,
    size: Annotated[str | None, typer.Option(help="Side or WIDTHxHEIGHT, multiples of 64.")] = None,
    model: Annotated[str | None, typer.Option(help="The model's id.")] = None,
    scheduler: Annotated[str | None, typer.Option(help="ddim, dpm++, euler, …")] = None,
    out: OutOption = Path("atelier-out"),
    json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    language: LanguageOption = None,
) -> None:
    """Make pictures from PROMPT."""
    from bot.services.ports import ImageRequest

    request = ImageRequest(
        prompt=prompt,
        negative=negative,
        count=count,
        steps=steps,
        guidance=guidance,
        seed=seed,
        size=size,
        model=model,
        scheduler=scheduler,
    )
    make(request, out=out, json=json, language=language)


@generate.command("text")
def generate_text(
    prompt: str,
    kind: Annotated[
        str | None, typer.Option(help="answer, poem, story, script, summary, song, explain")
    ] = None,
    temperature: Annotated[float | None, typer.Option(help="0 to 2.")] = None,
    length: Annotated[int | None, typer.Option(help="1 to 1024 tokens.")] = None,
    seed: Annotated[str | None, typer.Option(help="0 to 4294967295; drawn if not given.")] = None,
    model: Annotated[str | None, typer.Option(help="The model's id.")] = None,
    out: OutOption = Path("atelier-out"),
    json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    language: LanguageOption = None,
) -> None:
    """Write a text about PROMPT."""
    from bot.services.ports import TextRequest

    request = TextRequest(
        prompt=prompt, preset=kind, temperature=temperature, length=length, seed=seed, model=model
    )
    make(request, out=out, json=json, language=language)


@generate.command("next-word")
def generate_next_word(
    text: str,
    temperature: Annotated[float | None, typer.Option(help="0 to 2; 1 bends nothing.")] = None,
    model: Annotated[str | None, typer.Option(help="The model's id.")] = None,
    out: OutOption = Path("atelier-out"),
    json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    language: LanguageOption = None,
) -> None:
    """Draw how likely the model finds each next word after TEXT."""
    from bot.services.insight import NextWordRequest

    request = NextWordRequest(text=text, temperature=temperature, model=model)
    make(request, out=out, json=json, language=language)


@generate.command("tokens")
def generate_tokens(
    text: str,
    english: Annotated[str | None, typer.Option(help="The same sentence in English.")] = None,
    model: Annotated[str | None, typer.Option(help="The model's id.")] = None,
    out: OutOption = Path("atelier-out"),
    json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    language: LanguageOption = None,
) -> None:
    """Cut TEXT into the model's tokens."""
    from bot.services.insight import TokensRequest

    make(TokensRequest(text=text, english=english, model=model), out=out, json=json, language=language)


def make(
    request: AnyRequest,
    *,
    out: Path,
    json: bool,
    language: str | None,
    declaration: Declaration | None = None,
) -> NoReturn:
    """Do it and end with its exit code. `declaration`: why a file of the request may be used."""
    from bot.generate import as_json
    from bot.generate import generate as generate_into

    settings = shell.settings()
    configure_logging("WARNING")
    chosen = shell.language(language)
    if not asyncio.run(writable_folder(out)):
        shell.fail(Sentences.load().text("cli.bad_out", chosen, folder=str(out)), 2)
    result = shell.wait(
        generate_into(settings, request, out=out, locale=chosen, report=shell.say, declaration=declaration)
    )
    if json:
        sys.stdout.write(as_json(result) + "\n")
    else:
        shell.say(
            result.get("message")
            or result.get("text")
            or Sentences.load().text("cli.made", chosen, folder=str(out), **_shown(result))
        )
    raise typer.Exit(0 if result["verdict"] in {"approved", "partly_flagged"} else 1)


def _shown(result: dict[str, Any]) -> dict[str, Any]:
    return {"files": ", ".join(result["files"]), "seeds": ", ".join(str(seed) for seed in result["seeds"])}
