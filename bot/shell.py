"""What every command needs: settings, the language, and one sentence instead of a traceback.

Exit codes: 0 done, 1 something went wrong or was refused, 2 used wrongly or settings are missing.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Callable, Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import typer
from pydantic import ValidationError

from bot.i18n import Sentences, language_of, system_language
from bot.settings import Settings
from generation.errors import AtelierError

_MISUSED = frozenset({"family_off", "family_unknown", "work_folder"})
"""Errors that come from the settings."""

_REASONS = frozenset({"greater_than_equal", "less_than_equal", "int_parsing", "value_error"})
"""What can be wrong with a setting, as far as there is a sentence for it."""

T = TypeVar("T")
OutOption = Annotated[Path, typer.Option(help="Folder for the files.")]
LanguageOption = Annotated[str | None, typer.Option(help="de or en; the system's language otherwise.")]


def say(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


def wait(work: Coroutine[Any, Any, T], spoken: str | None = None) -> T:
    """Run to the end; our own errors become one sentence, in the language that was asked for, if any."""
    try:
        return asyncio.run(_terminable(work))
    except AtelierError as error:
        _explain(error, spoken)
    except (KeyboardInterrupt, asyncio.CancelledError):
        raise typer.Exit(130) from None


def work(piece: Callable[[], None]) -> None:
    """Like `wait`, for what is not asynchronous: Ctrl+C and a signal end it where it stands."""
    try:
        piece()
    except AtelierError as error:
        _explain(error)
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


def _explain(error: AtelierError, spoken: str | None = None) -> NoReturn:
    sentences = Sentences.load()
    key = f"error.{error.code}" if sentences.has(f"error.{error.code}") else "error.internal"
    code = 2 if error.code in _MISUSED else 1
    fail(sentences.text(key, language(spoken), **error.values), code)


async def _terminable(work: Coroutine[Any, Any, T]) -> T:
    """To be terminated ends as orderly as Ctrl+C does: no bot, no worker and no folder stays behind."""
    task = asyncio.current_task()
    if task is not None:
        for name in ("SIGTERM", "SIGHUP"):  # the second: its terminal was closed
            with suppress(NotImplementedError, AttributeError):  # Windows has no such signals
                asyncio.get_running_loop().add_signal_handler(getattr(signal, name), task.cancel)
    return await work


def settings() -> Settings:
    """Read them; what is wrong with them is one sentence and the end."""
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0]).upper() if first["loc"] else ""
        name = name if name == "DISCORD_TOKEN" else f"ATELIER_{name}"
        sentences, spoken = Sentences.load(), language(None)
        kind = first["type"] if first["type"] in _REASONS else "other"
        reason = sentences.text(f"setting.{kind}", spoken, **first.get("ctx", {}))
        fail(sentences.text("cli.bad_setting", spoken, name=name, reason=reason), 2)
    except (OSError, UnicodeDecodeError):
        fail(Sentences.load().text("cli.bad_env_file", language(None)), 2)


def fail(sentence: str, code: int) -> NoReturn:
    say(sentence)
    raise typer.Exit(code)


def language(chosen: str | None) -> str:
    """What was asked for, else the system's language: German or English."""
    return language_of(chosen) if chosen else system_language()
