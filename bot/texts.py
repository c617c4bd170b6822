"""People's text inside our messages: never markup, never a mention, never longer than Discord takes."""

from __future__ import annotations

import re
import unicodedata

from generation.params import is_control

_MARKUP = re.compile(r"([\\*_~`|<>\[\]()#@]|:(?=//)|^[-+]|(?<=^\d)\.)")
_LINK = re.compile(r"(?i)\b(discord\.gg|www\.)")


def plain(text: str) -> str:
    """One line without characters that turn, hide or stack other characters."""
    kept = (
        char
        for char in text
        if char.isspace() or not (unicodedata.category(char) == "Cf" or is_control(char))
    )
    return " ".join("".join(kept).split())


def cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def shown(text: str, limit: int) -> str:
    """What a person wrote, to be shown as it is: at most `limit` characters, escapes included."""
    line = cut(plain(text), limit)
    escaped = escape(line)
    while len(escaped) > limit:
        line = cut(line, max(1, len(line) - max(1, (len(escaped) - limit) // 2)))
        escaped = escape(line)
    return escaped


def escape(text: str) -> str:
    """A backslash before everything that Discord could read as markup, a mention or a link."""
    return _LINK.sub(lambda link: link[1].replace(".", "\\."), _MARKUP.sub(r"\\\1", text))


def bar(done: int, total: int, width: int = 12) -> str:
    """A progress bar of `width` signs."""
    full = 0 if total <= 0 else min(width, max(0, done) * width // total)
    return "▰" * full + "▱" * (width - full)
