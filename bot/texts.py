"""People's text inside our messages: never markup, never a mention, never longer than Discord takes."""

from __future__ import annotations

import re
import unicodedata

from generation.params import is_control

_MARKUP = re.compile(r"([\\*_~`|<>\[\]()#@]|:(?=//)|^[-+]|(?<=^\d)\.)")
_SENTENCE_END = re.compile(r"\n|[.!?…][\"“”«»)]*\s")
_LINK = re.compile(r"(?i)\b(discord\.gg|www\.)")


def plain(text: str) -> str:
    """One line without characters that turn, hide or stack other characters."""
    return " ".join("".join(char for char in text if _stays(char)).split())


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


_WRITTEN = re.compile(r"([\\<>\[\]#@]|:(?=//))")


def written(text: str) -> str:
    """What a model wrote, over several lines: bold and lists stay, links, mentions, headings and quotes do not act."""
    lines = ("".join(char for char in line if _stays(char)) for line in text.split("\n"))
    return _LINK.sub(lambda link: link[1].replace(".", "\\."), _WRITTEN.sub(r"\\\1", "\n".join(lines)))


_ESCAPED = re.compile(r"\\([\\*_~`|<>\[\]()#@:.+-])")
_ID = re.compile(r"<(?:@[!&]?|#)\d{1,20}>")
_OWN_EMOJI = re.compile(r"<a?(:\w{1,40}:)\d{1,20}>")


def readable(text: str) -> str:
    """A message as a model should read it: without escapes, and without ids, which mean people and channels."""
    return _ESCAPED.sub(r"\1", _OWN_EMOJI.sub(r"\1", _ID.sub("", text)))


def _stays(char: str) -> bool:
    return char.isspace() or not (unicodedata.category(char) == "Cf" or is_control(char))


def split_sentences(text: str, limit: int) -> list[str]:
    """`text` in parts of at most `limit` characters: cut after a line or a sentence, else at a space, else anywhere."""
    parts = []
    while len(text) > limit:
        window = text[: limit + 1]
        ends = [match.end() for match in _SENTENCE_END.finditer(window)]
        end = next((place for place in reversed(ends) if limit // 3 <= place <= limit), 0)
        end = end or window.rfind(" ", 1) or 0
        end = end if 0 < end <= limit else limit
        # never between a backslash and what it escapes
        while end > 1 and text[end - 1] == "\\":
            end -= 1
        parts.append(text[:end].rstrip())
        text = text[end:].lstrip()
    return [*parts, text] if text else parts


def bar(done: int, total: int, width: int = 12) -> str:
    """A progress bar of `width` signs."""
    full = 0 if total <= 0 else min(width, max(0, done) * width // total)
    return "▰" * full + "▱" * (width - full)
