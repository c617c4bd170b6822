"""The commands `atelier models …`; the hub's client is imported by `pull` alone, when it runs."""

from __future__ import annotations

import json as json_format
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from bot import shell
from bot.i18n import Sentences
from bot.shell import LanguageOption

if TYPE_CHECKING:
    from bot.models.terminal import Terminal

models = typer.Typer(no_args_is_help=True, help="Real models: what there is, fetch, check, delete.")


@models.command("list")
def list_models(
    json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
    language: LanguageOption = None,
) -> None:
    """Show all models: what is here, what could be fetched, which is used by default."""
    shell.work(lambda: _show(json=json, language=language))


@models.command("pull")
def pull(
    model: Annotated[str, typer.Argument(metavar="ID")],
    trust_first_download: Annotated[
        bool, typer.Option(help="Take what nobody could confirm as the hub names it, and pin it.")
    ] = False,
) -> None:
    """Fetch model ID from the hub, check it, and use it offline from then on."""
    shell.work(lambda: _terminal().pull(model, trust=trust_first_download))


@models.command("verify")
def verify(models: Annotated[list[str] | None, typer.Argument(metavar="[ID]...")] = None) -> None:
    """Read these models again (all that are here otherwise) and compare every file with its checksum."""
    shell.work(lambda: _terminal().verify(models or []))


@models.command("remove")
def remove(
    model: Annotated[str, typer.Argument(metavar="ID")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Delete model ID from this machine."""
    shell.work(lambda: _terminal().remove(model, ask=not yes))


def _terminal(language: str | None = None) -> Terminal:
    from bot.families import catalog_of
    from bot.models.store import Store
    from bot.models.terminal import Terminal

    settings = shell.settings()
    return Terminal(
        catalog_of(settings),
        Store(settings.models_dir),
        sentences=Sentences.load(),
        language=shell.language(language),
        say=shell.say,
    )


def _show(*, json: bool, language: str | None) -> None:
    from rich.console import Console

    terminal = _terminal(language)
    if json:
        sys.stdout.write(json_format.dumps(terminal.plain(), ensure_ascii=False, indent=2) + "\n")
    else:
        console = Console(highlight=False, markup=False)
        console.print(terminal.table(console.width))
