"""What a person hears when something went wrong, and what the log gets. Prompts are in neither.

AtelierError    the sentence of its code, privately
anything else   the sentence "internal", privately, and a traceback in the log
"""

from __future__ import annotations

import logging
from typing import Any

import discord
from discord import app_commands

from bot.answers import DROPPED, turn_private
from bot.i18n import Sentences
from bot.posts.care import ask_row_of
from generation.errors import AtelierError, InvalidInput

_log = logging.getLogger(__name__)

UNKNOWN_INTERACTION = 10062


class CannotStart(Exception):
    """Discord says no, and trying again would not help; `code` names the sentence `cli.<code>`."""

    code = "wrong_server"


class WrongToken(CannotStart):
    code = "wrong_token"


class WrongServer(CannotStart):
    """Something answered, but not as Discord does; the argument is the HTTP status or the gateway's code."""

    code = "wrong_server"


class NeedsMoreIntents(CannotStart):
    """Discord refuses the intents that the bot asks for."""

    code = "more_intents"


def sentence_for(error: AtelierError, sentences: Sentences, locale: object) -> str:
    """Every code has a sentence (the tests see to it); one that does not is answered as "internal"."""
    if not sentences.has(f"error.{error.code}"):
        _log.error("the error code %s has no sentence", error.code)
    return sentences.of_error(error.code, locale, error.values)


def unwrap(error: BaseException) -> BaseException:
    """What really happened inside discord.py's wrapping."""
    if isinstance(error, app_commands.CommandInvokeError):
        return error.original
    if isinstance(error, app_commands.TransformerError | app_commands.CommandSignatureMismatch):
        return InvalidInput("invalid_input")
    if isinstance(error, app_commands.CommandNotFound):
        return InvalidInput("command_gone")
    return error


async def answer_error(
    interaction: discord.Interaction[Any], raised: BaseException, sentences: Sentences
) -> None:
    """Tell the person, privately, and the log. Never raises: it is the last thing between an error and silence."""
    error, view = unwrap(raised), None
    if isinstance(error, AtelierError) and error.code != "internal":
        _log.info("%s answered with %s", _what(interaction), error.code)
        text = sentence_for(error, sentences, interaction.locale)
        view = ask_row_of(error, sentences, interaction.locale)
    else:
        _log_failure(interaction, error)
        text = sentences.text("error.internal", interaction.locale)
    try:
        await turn_private(interaction, text, view=view)
    except (discord.HTTPException, *DROPPED) as unsaid:
        _log.warning("%s: the person could not be told (%s)", _what(interaction), type(unsaid).__name__)


def _log_failure(interaction: discord.Interaction[Any], error: BaseException) -> None:
    if isinstance(error, discord.HTTPException) and error.code == UNKNOWN_INTERACTION:
        _log.warning("%s: Discord waited three seconds and gave up", _what(interaction))
        return
    # The message of a foreign error may quote a prompt: its type and its way through the code must do.
    frames = _frames(error)
    _log.error("%s failed with %s\n%s", _what(interaction), type(error).__name__, frames)


def _frames(error: BaseException) -> str:
    lines = []
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        lines.append(f"  {code.co_filename}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return "\n".join(lines)


def _what(interaction: discord.Interaction[Any]) -> str:
    if interaction.command is not None:
        return f"/{interaction.command.qualified_name}"
    return str(interaction.type.name)
