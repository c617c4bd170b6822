"""The command line: `atelier run | demo | doctor | generate image|text|… | engines | mini | models`.

Exit codes: 0 done, 1 something went wrong or was refused, 2 used wrongly or settings are missing.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from bot import shell
from bot.consent_commands import consent
from bot.gallery_commands import gallery
from bot.generate_clip_commands import generate
from bot.i18n import Sentences
from bot.logs import configure_logging
from bot.models.commands import models
from bot.shell import LanguageOption, OutOption

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
mini = typer.Typer(no_args_is_help=True, help="The small rehearsal models.")
engines = typer.Typer(no_args_is_help=True, help="The environments in which the models run.")
app.add_typer(generate, name="generate")
app.add_typer(engines, name="engines")
app.add_typer(mini, name="mini")
app.add_typer(models, name="models")
app.add_typer(consent, name="consent")
app.add_typer(gallery, name="gallery")


def main() -> None:
    app()


@app.command()
def run() -> None:
    """Run the bot on Discord."""
    from bot.run import run_discord

    settings = shell.settings()
    configure_logging(settings.log_level)
    raise typer.Exit(
        shell.wait(
            run_discord(settings, sentences=Sentences.load(), language=shell.language(None), report=shell.say)
        )
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

    settings = shell.settings()
    configure_logging("WARNING")
    sentences = Sentences.load()
    language = shell.language(None)
    if once:
        raise typer.Exit(
            shell.wait(play_once(settings, out=out, sentences=sentences, language=language, report=shell.say))
        )
    raise typer.Exit(
        shell.wait(
            show_page(
                settings,
                port=port,
                browser=open_page,
                sentences=sentences,
                language=language,
                report=shell.say,
            )
        )
    )


@app.command()
def doctor(language: LanguageOption = None) -> None:
    """Say what is there, what is missing, and print the invite link."""
    from rich.console import Console

    from bot.doctor import Finding, examine
    from bot.families import catalog_of, environments_of

    settings = shell.settings()
    sentences, chosen = Sentences.load(), shell.language(language)

    async def _examine() -> list[Finding]:
        return await examine(settings, environments_of(settings, report=shell.say), catalog_of(settings))

    findings = shell.wait(_examine())
    signs = {"ok": "[green]✓[/green]", "note": "[yellow]•[/yellow]", "missing": "[red]✗[/red]"}
    console = Console(highlight=False, soft_wrap=True)
    for finding in findings:
        console.print(signs[finding.level], end=" ")
        console.print(sentences.text(f"doctor.{finding.key}", chosen, **finding.values), markup=False)
    raise typer.Exit(1 if any(finding.level == "missing" for finding in findings) else 0)


@engines.command("install")
def install(names: list[str]) -> None:
    """Make the environments of these families now instead of on first use."""
    from bot.families import check_families, environments_of

    environments = environments_of(shell.settings(), report=shell.say)

    async def _install() -> None:
        check_families(names)
        for name in names:
            await environments.ensure(name)

    shell.wait(_install())


@engines.command("list")
def list_engines() -> None:
    """Show the families and whether their environment is ready."""
    from bot.families import environments_of

    settings = shell.settings()
    environments = environments_of(settings, report=shell.say)
    sentences, language = Sentences.load(), shell.language(None)
    for family in settings.families:
        key = "environment_ready" if environments.is_ready(family) else "environment_later"
        shell.say(sentences.text(f"doctor.{key}", language, family=family))


@mini.command("score")
def score(
    quick: Annotated[bool, typer.Option("--quick", help="A small sample, below a minute.")] = False,
) -> None:
    """Print as JSON how good the rehearsal models are."""
    from bot.families import environments_of
    from bot.generate import as_json
    from bot.mini_scores import score_minis

    sentences, language = Sentences.load(), shell.language(None)

    def left_out(family: str) -> None:
        shell.say(sentences.text("cli.not_scored", language, family=family))

    environments = environments_of(shell.settings(), report=shell.say)
    scores = shell.wait(score_minis(environments, quick=quick, left_out=left_out))
    sys.stdout.write(as_json(scores) + "\n")


if __name__ == "__main__":
    main()
