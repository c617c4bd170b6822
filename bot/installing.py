"""Telling a person at a terminal, in their language, how the making of an environment goes on."""

from __future__ import annotations

import re
from collections.abc import Callable

from bot.i18n import Sentences
from generation.install_step import InstallStep

_WORTH_READING = re.compile(r"\s*(error|warning|hint|downloading|built|prepared|×|╰|├)", re.IGNORECASE)
"""Of uv's own lines: downloads, long steps, and everything that went wrong; not each of a hundred packages."""


def tell_steps(
    report: Callable[[str], None], sentences: Sentences, language: str
) -> Callable[[InstallStep], None]:
    """Report one line a step; sizes are named before a download."""

    def tell(step: InstallStep) -> None:
        if step.code == "uv" and not _WORTH_READING.match(step.values["text"]):
            return
        report(sentences.text(f"install.{step.code}", language, family=step.family, **step.values))

    return tell
