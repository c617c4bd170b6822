"""What all posts share, within Discord's limits."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

import discord

from bot.i18n import Sentences
from bot.texts import shown
from generation.job import Job

CONTENT_LIMIT = 2000
ALT_LIMIT = 1024
FILE_COUNT_LIMIT = 10
REQUEST_LIMIT = 25 * 1024 * 1024 - 256 * 1024
"""Bytes of one request, less what the text and the form's frame take."""
DEFAULT_FILE_LIMIT = 10 * 1024 * 1024
PROMPT_SHOWN, NEGATIVE_SHOWN = 2400, 1000
COLOUR = 0x2E7D6B


class Fill(IntEnum):
    """How many files a post carries: fewer after Discord found it too large."""

    NOTHING = 0
    SHEET = 1
    ALL = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class PostFile:
    path: Path
    name: str
    alt: str

    def open(self) -> discord.File:
        """A new file object: sending uses one up."""
        return discord.File(self.path, filename=self.name, description=self.alt)

    def size(self) -> int:
        """In bytes. Raises OSError."""
        return self.path.stat().st_size


@dataclass(frozen=True, slots=True, kw_only=True)
class PostArchive:
    """Small files in one .zip, where a message would have too many of them."""

    files: tuple[PostFile, ...]
    name: str
    alt: str

    def open(self) -> discord.File:
        return discord.File(io.BytesIO(self._packed()), filename=self.name, description=self.alt)

    def size(self) -> int:
        return len(self._packed())

    def _packed(self) -> bytes:
        """The same files make the same bytes: their entries have no times of their own."""
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            for file in self.files:
                archive.writestr(zipfile.ZipInfo(file.name), file.path.read_bytes())
        return packed.getvalue()


@dataclass(frozen=True, slots=True, kw_only=True)
class ComposedPost:
    """A message, not yet sent. `view` is None where its buttons would have no meaning."""

    content: str
    embeds: tuple[discord.Embed, ...]
    files: tuple[PostFile | PostArchive, ...]
    view: discord.ui.View | None


def footer_of(job_id: str, sentences: Sentences, locale: str) -> str:
    return sentences.text("post.footer", locale, job=job_id)


def notices(job: Job, sentences: Sentences, *, instead: Mapping[str, str] | None = None) -> list[str]:
    """What the result must say about itself, e.g. that it was made smaller.

    `instead`: code -> code of the sentence that this medium has for it.
    """
    codes = [(instead or {}).get(code, code) for code in job.notices]
    return [sentences.text(f"notice.{code}", job.locale) for code in codes if sentences.has(f"notice.{code}")]


def quoted(key: str, text: object, limit: int, sentences: Sentences, locale: str) -> str:
    return f"**{sentences.text(key, locale)}**\n{shown(str(text or ''), limit)}"


def duration(seconds: float, sentences: Sentences, locale: str) -> str:
    """In tenths; nothing takes no time at all."""
    tenths = round(seconds, 1)
    if tenths <= 0:
        return sentences.text("post.duration_short", locale)
    return sentences.text("post.duration", locale, seconds=tenths)


def fitting(files: Iterable[PostFile | PostArchive], file_limit: int) -> tuple[PostFile | PostArchive, ...]:
    fitting: list[PostFile | PostArchive] = []
    room = REQUEST_LIMIT
    for file in files:
        size = file.size()
        if size <= min(file_limit, room):
            fitting.append(file)
            room -= size
    return tuple(fitting)
