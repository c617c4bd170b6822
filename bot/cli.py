"""The command line: `atelier run | demo | doctor | generate image|text|next-word|tokens | engines | mini | models`.

Exit codes: 0 done, 1 something went wrong or was refused, 2 used wrongly or settings are missing.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Callable, Coroutine
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, TypeVar

import typer
from pydantic import ValidationError

from bot.i18n import Sentences, language_of, system_language
from bot.logs import configure_logging
from bot.models.commands import Shell, models_commands
from bot.out_folder import writable_folder
from bot.settings import Settings
from generation.errors import AtelierError

if TYPE_CHECKING:
    from bot.generate import AnyRequest

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
generate = typer.Typer(
    no_args_is_help=True, help="Make something without Discord: same services, same checks."
)
mini = typer.Typer(no_args_is_help=True, help="The small rehearsal models.")
engines = typer.Typer(no_args_is_help=True, help="The environments in which the models run.")
app.add_typer(generate, name="generate")
app.add_typer(engines, name="engines")
app.add_typer(mini, name="mini")

_MISUSED = frozenset({"family_off", "family_unknown", "work_folder"})
"""Errors that come from the settings."""

_REASONS = frozenset({"greater_than_equal", "less_than_equal", "int_parsing", "value_error"})
"""What can be wrong with a setting, as far as there is a sentence for it."""

T = TypeVar("T")
OutOption = Annotated[Path, typer.Option(help="Folder for the files.")]
LanguageOption = Annotated[str | None, typer.Option(help="de or en; the system's language otherwise.")]


def main() -> None:
    app()


@app.command()
def run() -> None:
    """Run the bot on Discord."""
    from bot.run import run_discord

    settings = _settings()
    configure_logging(settings.log_level)
    raise typer.Exit(
        _await(run_discord(settings, sentences=Sentences.load(), language=_language(None), report=_report))
    )


@app.command()
def demo(
    once: Annotated[bool, typer.Option("--once", help="Play a short lesson without a browser.")] = False,
    out: OutOption = Path("demo-out"),
    port: Annotated[int, typer.Option(help="Port of the page; 0 takes a free one.", min=0, max=65535)] = 8080,
    open_page: Annotated[bool, typer.Option("--open/--no-open", help="Open the page in the browser.")] = True,
) -> None:
    """Show everything on this machine: a class server with its page, and the bot in it. No token needed."""
    from bot.demo import play_once, show_page

    settings = _settings()
    configure_logging("WARNING")
    sentences = Sentences.load()
    language = _language(None)
    if once:
        raise typer.Exit(
            _await(play_once(settings, out=out, sentences=sentences, language=language, report=_report))
        )
    raise typer.Exit(
        _await(
            show_page(
                settings, port=port, browser=open_page, sentences=sentences, language=language, report=_report
            )
        )
    )


@app.command()
def doctor(language: LanguageOption = None) -> None:
    """Say what is there, what is missing, and print the invite link."""
    from rich.console import Console

    from bot.app import catalog_of, environments_of
    from bot.doctor import Finding, examine

    settings = _settings()
    sentences, chosen = Sentences.load(), _language(language)

    async def _examine() -> list[Finding]:
        return await examine(settings, environments_of(settings, report=_report), catalog_of(settings))

    findings = _await(_examine())
    signs = {"ok": "[green]✓[/green]", "note": "[yellow]•[/yellow]", "missing": "[red]✗[/red]"}
    console = Console(highlight=False, soft_wrap=True)
    for finding in findings:
        console.print(signs[finding.level], end=" ")
        console.print(sentences.text(f"doctor.{finding.key}", chosen, **finding.values), markup=False)
    raise typer.Exit(1 if any(finding.level == "missing" for finding in findings) else 0)


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
    _generate(request, out=out, json=json, language=language)


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
    _generate(request, out=out, json=json, language=language)


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
    _generate(request, out=out, json=json, language=language)


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

    _generate(TokensRequest(text=text, english=english, model=model), out=out, json=json, language=language)


def _generate(request: AnyRequest, *, out: Path, json: bool, language: str | None) -> NoReturn:
    from bot.generate import as_json
    from bot.generate import generate as generate_into

    settings = _settings()
    configure_logging("WARNING")
    chosen = _language(language)
    if not asyncio.run(writable_folder(out)):
        _fail(Sentences.load().text("cli.bad_out", chosen, folder=str(out)), 2)
    result = _await(generate_into(settings, request, out=out, locale=chosen, report=_report))
    if json:
        sys.stdout.write(as_json(result) + "\n")
    else:
        _report(
            result.get("message")
            or result.get("text")
            or Sentences.load().text("cli.made", chosen, folder=str(out), **_shown(result))
        )
    raise typer.Exit(0 if result["verdict"] in {"approved", "partly_flagged"} else 1)


@engines.command("install")
def install(names: list[str]) -> None:
    """Make the environments of these families now instead of on first use."""
    from bot.app import check_families, environments_of

    environments = environments_of(_settings(), report=_report)

    async def _install() -> None:
        check_families(names)
        for name in names:
            await environments.ensure(name)

    _await(_install())


@engines.command("list")
def list_engines() -> None:
    """Show the families and whether their environment is ready."""
    from bot.app import environments_of

    settings = _settings()
    environments = environments_of(settings, report=_report)
    sentences, language = Sentences.load(), _language(None)
    for family in settings.families:
        key = "environment_ready" if environments.is_ready(family) else "environment_later"
        _report(sentences.text(f"doctor.{key}", language, family=family))


@mini.command("score")
def score(
    quick: Annotated[bool, typer.Option("--quick", help="A small sample, below a minute.")] = False,
) -> None:
    """Print as JSON how good the rehearsal models are."""
    from bot.app import environments_of
    from bot.generate import as_json
    from bot.mini_scores import score_minis

    sentences, language = Sentences.load(), _language(None)

    def left_out(family: str) -> None:
        _report(sentences.text("cli.not_scored", language, family=family))

    environments = environments_of(_settings(), report=_report)
    scores = _await(score_minis(environments, quick=quick, left_out=left_out))
    sys.stdout.write(as_json(scores) + "\n")


def _shown(result: dict[str, Any]) -> dict[str, Any]:
    return {"files": ", ".join(result["files"]), "seeds": ", ".join(str(seed) for seed in result["seeds"])}


def _report(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


def _await(work: Coroutine[Any, Any, T]) -> T:
    """Run to the end; our own errors become one sentence."""
    try:
        return asyncio.run(_terminable(work))
    except AtelierError as error:
        _explain(error)
    except (KeyboardInterrupt, asyncio.CancelledError):
        raise typer.Exit(130) from None


def _work(work: Callable[[], None]) -> None:
    """Like `_await`, for what is not asynchronous: Ctrl+C and a signal end it where it stands."""
    try:
        work()
    except AtelierError as error:
        _explain(error)
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


def _explain(error: AtelierError) -> NoReturn:
    sentences = Sentences.load()
    key = f"error.{error.code}" if sentences.has(f"error.{error.code}") else "error.internal"
    code = 2 if error.code in _MISUSED else 1
    _fail(sentences.text(key, _language(None), **error.values), code)


async def _terminable(work: Coroutine[Any, Any, T]) -> T:
    """To be terminated ends as orderly as Ctrl+C does: no bot, no worker and no folder stays behind."""
    task = asyncio.current_task()
    if task is not None:
        for name in ("SIGTERM", "SIGHUP"):  # the second: its terminal was closed
            with suppress(NotImplementedError, AttributeError):  # Windows has no such signals
                asyncio.get_running_loop().add_signal_handler(getattr(signal, name), task.cancel)
    return await work


def _settings() -> Settings:
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0]).upper() if first["loc"] else ""
        name = name if name == "DISCORD_TOKEN" else f"ATELIER_{name}"
        sentences, language = Sentences.load(), _language(None)
        kind = first["type"] if first["type"] in _REASONS else "other"
        reason = sentences.text(f"setting.{kind}", language, **first.get("ctx", {}))
        _fail(sentences.text("cli.bad_setting", language, name=name, reason=reason), 2)
    except (OSError, UnicodeDecodeError):
        _fail(Sentences.load().text("cli.bad_env_file", _language(None)), 2)


def _fail(sentence: str, code: int) -> NoReturn:
    _report(sentence)
    raise typer.Exit(code)


def _language(chosen: str | None) -> str:
    """What was asked for, else the system's language: German or English."""
    return language_of(chosen) if chosen else system_language()


app.add_typer(
    models_commands(Shell(settings=_settings, language=_language, say=_report, work=_work)), name="models"
)


if __name__ == "__main__":
    main()
