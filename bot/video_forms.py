"""The form of `/video-script`: a slash command's option holds a single line, a script has many."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any, Final

import discord

from bot.buttons import ButtonId
from bot.forms import line_input, typed_in, whole_number
from bot.i18n import Sentences
from bot.services.video import DEFAULT_SCRIPT_SECONDS, SCRIPT_SECONDS
from bot.services.video_ports import ScriptRequest
from generation.params import PROMPT_LIMIT

SCRIPT_LIMIT: Final = 4000
"""Characters; Discord takes no more in one field."""
TITLE_LIMIT: Final = 45


def script_form(sentences: Sentences, locale: object) -> discord.ui.Modal:
    """An empty form. Its id is new each time, because Discord compares ids."""
    custom_id = ButtonId(action="videoscript", subject="new", index=1, nonce=secrets.token_hex(4))
    form = discord.ui.Modal(
        title=sentences.text("form.script", locale)[:TITLE_LIMIT], custom_id=str(custom_id), timeout=None
    )
    hint = sentences.text("form.script_hint", locale)
    form.add_item(
        line_input(
            "lines", sentences, locale, label="form.script_lines", limit=SCRIPT_LIMIT, long=True, hint=hint
        )
    )
    limit = min(4 * PROMPT_LIMIT, SCRIPT_LIMIT)
    form.add_item(
        line_input(
            "common", sentences, locale, label="form.script_common", limit=limit, long=True, required=False
        )
    )
    seconds = str(DEFAULT_SCRIPT_SECONDS)
    form.add_item(line_input("seconds", sentences, locale, label="form.script_seconds", default=seconds))
    form.add_item(line_input("seed", sentences, locale, label="form.seed", required=False))
    form.stop()  # not kept by discord.py, see bot.forms
    return form


def read_script_form(data: Mapping[str, Any]) -> ScriptRequest:
    """What was typed; the service says what is wrong with the lines. Raises InvalidInput seconds_invalid."""
    typed = typed_in(data)
    return ScriptRequest(
        lines=typed.get("lines", ""),
        common=typed.get("common", ""),
        seconds=whole_number(typed.get("seconds", ""), "seconds_invalid", SCRIPT_SECONDS),
        seed=typed.get("seed", "").strip() or None,
    )
