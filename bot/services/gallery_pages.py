"""Pages of what hangs, as plain files that need neither the bot nor a network: an export for the school, a projector.

Only files that hang, byte for byte as they were approved and accepted, get onto a page. All text is escaped.
"""

from __future__ import annotations

import asyncio
import filecmp
import html
import json
import os
import shutil
import zipfile
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from string import Template
from typing import Any, Final

from bot.i18n import Sentences
from data import files
from data.gallery import GalleryEntries
from data.gallery_records import Entry, Filter, ShownFile
from data.jobs import Jobs
from generation.job import Job

PAGES: Final = Path(__file__).parents[1] / "pages"
MOST_WORKS: Final = 5000
PROJECTED: Final = 60
"""Works that the projector goes through, the newest first."""
TEXT_SHOWN: Final = 20_000
_SEEDED: Final = frozenset({"image", "text", "music", "sound", "notes", "video", "speech"})
_MADE_BY: Final = '<meta name="generator" content="Klassenatelier">'
"""By which a page of an earlier export is known."""
_KINDS: Final = {
    ".png": "image", ".jpg": "image", ".jpeg": "image", ".webp": "image", ".gif": "image",
    ".mp3": "audio", ".wav": "audio", ".ogg": "audio", ".flac": "audio", ".m4a": "audio",
    ".mp4": "video", ".webm": "video", ".txt": "text",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A file of a work: where it is kept, how it is shown ("image", "audio", "video", "text", "file")."""

    path: Path
    kind: str
    alt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Exhibit:
    """A work on a page. `name` is "" where none is to appear."""

    entry: Entry
    name: str
    prompt: str
    model: str
    seed: int
    stars: int
    pieces: tuple[Piece, ...]


async def _always(_job: Job) -> bool:
    return True


class Collection:
    """What hangs in a class. `artifacts`: the folder of the kept files. `allowed`: whether a job may be shown now, as
    far as that changes by itself: a consent ends, and nobody may have been there to take down what it was for."""

    def __init__(
        self,
        *,
        entries: GalleryEntries,
        jobs: Jobs,
        artifacts: Path,
        allowed: Callable[[Job], Awaitable[bool]] = _always,
    ) -> None:
        self._entries = entries
        self._jobs = jobs
        self._artifacts = artifacts
        self._allowed = allowed

    async def of_class(self, guild: str, *, names: bool, limit: int = MOST_WORKS) -> list[Exhibit]:
        """The newest first; a work of which nothing is as it was accepted is left out."""
        found: list[Exhibit] = []
        for listed in await self._entries.find(guild, Filter(limit=limit)):
            job = await self._jobs.get(listed.entry.job)
            shown = await self._entries.files(listed.entry.job)
            if job is None or not await self._allowed(job):
                continue
            pieces = await asyncio.to_thread(_pieces, self._artifacts / job.id, job.medium, shown)
            if pieces:
                found.append(_exhibit(job, listed.entry, listed.stars, pieces, names=names))
        return found


def export(exhibits: Sequence[Exhibit], out: Path, sentences: Sentences, language: str) -> tuple[Path, Path]:
    """Write `gallery/index.html` with its files, and `gallery.zip` of the same, in place of those of an earlier export.

    Raises OSError, FileExistsError where `gallery` holds something else.
    """
    page, fresh = out / "gallery", out / ".gallery-new"
    if page.exists() and not _is_ours(page):
        raise FileExistsError(page)
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    _copy(exhibits, fresh)
    (fresh / "index.html").write_text(render(exhibits, sentences, language), "utf-8")
    if page.exists():
        shutil.rmtree(page)
    fresh.rename(page)
    archive = out / "gallery.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for path in sorted(one for one in page.rglob("*") if one.is_file()):
            packed.write(path, Path("gallery") / path.relative_to(page))
    return page / "index.html", archive


def _is_ours(page: Path) -> bool:
    index = page / "index.html"
    return index.is_file() and _MADE_BY in index.read_text("utf-8", errors="replace")


def render(exhibits: Sequence[Exhibit], sentences: Sentences, language: str) -> str:
    """The whole page; it runs no script and asks no other server."""
    works = "\n".join(_article(one, sentences, language) for one in exhibits)
    nothing = _say("page.nothing", sentences, language)
    template = Template((PAGES / "gallery.html").read_text("utf-8"))
    return template.substitute(
        language=language,
        title=_say("page.title", sentences, language),
        made=_say("page.made", sentences, language),
        works=works or f"<p>{nothing}</p>",
    )


class Projector:
    """A folder for each class with a page that shows new works by itself: open it on the projector and leave it.

    `refresh` follows the gallery (`bot.services.gallery_ports.Seen`).
    """

    def __init__(self, *, collection: Collection, folder: Path, sentences: Sentences, language: str) -> None:
        self._collection = collection
        self._folder = folder
        self._sentences = sentences
        self._language = language
        self._lock = asyncio.Lock()
        self._owed: set[str] | None = None
        """Classes whose page is not as it should be; None: after a start nobody knows."""

    async def refresh(self, guild: str) -> None:
        """Write the class's page anew; what is not to be seen any more is deleted from it. Raises OSError."""
        if not guild.isalnum():
            raise ValueError("not a class's id")
        async with self._lock:
            self._owes().add(guild)
            page = self._folder / guild
            try:
                exhibits = await self._collection.of_class(guild, names=True, limit=PROJECTED)
                await asyncio.to_thread(self._write, page, exhibits)
            except Exception:
                # an old list must not go on telling of what has gone
                await asyncio.to_thread((page / "works.js").unlink, missing_ok=True)
                raise
            self._owes().discard(guild)

    async def catch_up(self) -> None:
        for guild in sorted(self._owes()):
            await self.refresh(guild)

    def _owes(self) -> set[str]:
        """Pages that a crash may have left as they were are all written anew."""
        if self._owed is None:
            pages = self._folder.iterdir() if self._folder.is_dir() else ()
            self._owed = {one.name for one in pages if one.name.isalnum()}
        return self._owed

    def _write(self, page: Path, exhibits: Sequence[Exhibit]) -> None:
        for made in (self._folder, page):
            made.mkdir(mode=0o700, parents=True, exist_ok=True)
        _forget_others(page / "works", {one.entry.job for one in exhibits})
        _copy(exhibits, page)
        template = Template((PAGES / "projector.html").read_text("utf-8"))
        texts = {"title": "page.title", "waiting": "page.waiting"}
        said = {name: _say(key, self._sentences, self._language) for name, key in texts.items()}
        _replace(page / "index.html", template.substitute(language=self._language, **said))
        works = json.dumps([self._plain(one) for one in exhibits], ensure_ascii=False)
        # a "<" never ends a script, wherever this text may be put
        _replace(page / "works.js", f"works({works.replace('<', chr(92) + 'u003c')});\n")

    def _plain(self, exhibit: Exhibit) -> dict[str, Any]:
        return {
            "id": f"{exhibit.entry.job}-{exhibit.entry.round}",
            "name": exhibit.name,
            "prompt": exhibit.prompt,
            "medium": " · ".join(_kind(exhibit, self._sentences, self._language)),
            "pieces": [
                {
                    "kind": one.kind,
                    "file": _place(exhibit, one),
                    "alt": one.alt,
                    "text": _text(one) if one.kind == "text" else "",
                }
                for one in exhibit.pieces
            ],
        }


def _exhibit(job: Job, entry: Entry, stars: int, pieces: tuple[Piece, ...], *, names: bool) -> Exhibit:
    keys = [str(key.get("prompt", "")) for key in job.params.get("keys") or ()]
    typed = (job.params.get(name) for name in ("original", "prompt", "text", "title"))
    prompt = next((one for one in typed if one), " → ".join(dict.fromkeys(keys)))
    return Exhibit(
        entry=entry, name=entry.name if names and entry.named else "", prompt=str(prompt or ""),
        model=job.model, seed=job.seed, stars=stars, pieces=pieces,
    )  # fmt: skip


def _pieces(folder: Path, medium: str, shown: Sequence[ShownFile]) -> tuple[Piece, ...]:
    """Those that are what was accepted; without the overview of pictures that are there, and a video's picture."""
    found = []
    for file in shown:
        path = folder / Path(file.name).name
        if files.digest(path) == file.sha256:
            kind = _KINDS.get(path.suffix.lower(), "file")
            found.append(Piece(path=path, kind=kind, alt=file.alt))
    singles = tuple(one for one in found if not one.path.name.startswith("sheet-"))
    speak_for_themselves = medium == "image" or any(one.kind == "video" for one in singles)
    return singles if singles and speak_for_themselves else tuple(found)


def _copy(exhibits: Sequence[Exhibit], page: Path) -> None:
    for exhibit in exhibits:
        for piece in exhibit.pieces:
            target = page / _place(exhibit, piece)
            target.parent.mkdir(parents=True, exist_ok=True)
            if not (target.is_file() and filecmp.cmp(piece.path, target, shallow=False)):
                shutil.copyfile(piece.path, target)


def _place(exhibit: Exhibit, piece: Piece) -> str:
    return f"works/{exhibit.entry.job}/{piece.path.name}"


def _forget_others(folder: Path, known: set[str]) -> None:
    if folder.is_dir():
        for other in folder.iterdir():
            if other.name not in known:
                shutil.rmtree(other)


def _replace(path: Path, text: str) -> None:
    """At once: the page may be read at any moment."""
    fresh = path.with_suffix(".new")
    fresh.write_text(text, "utf-8")
    os.replace(fresh, path)  # noqa: PTH105  the same on every system, over an existing file


def _article(exhibit: Exhibit, sentences: Sentences, language: str) -> str:
    parts = [_shown(one, _place(exhibit, one), sentences, language) for one in exhibit.pieces]
    if exhibit.prompt:
        parts.append(f"<blockquote>{html.escape(exhibit.prompt)}</blockquote>")
    if exhibit.name:
        parts.append(f'<p class="name"><bdi>{html.escape(exhibit.name)}</bdi></p>')
    facts = " · ".join(_facts(exhibit, sentences, language))
    parts.append(f'<p class="facts">{html.escape(facts)}</p>')
    return f'<article id="w-{html.escape(exhibit.entry.job)}">\n' + "\n".join(parts) + "\n</article>"


def _facts(exhibit: Exhibit, sentences: Sentences, language: str) -> list[str]:
    """What it is, that a model made it, when it was accepted, and with which seed where that means something."""
    day = datetime.fromtimestamp(exhibit.entry.changed_at, UTC)
    facts = [f"★ {exhibit.stars}"] if exhibit.stars else []
    facts += [
        *_kind(exhibit, sentences, language),
        sentences.text("page.day", language, day=f"{day:%d}", month=f"{day:%m}", year=f"{day:%Y}"),
    ]
    if exhibit.entry.medium in _SEEDED:
        facts += [exhibit.model, sentences.text("page.seed", language, seed=str(exhibit.seed))]
    return facts


def _shown(piece: Piece, place: str, sentences: Sentences, language: str) -> str:
    where, alt = html.escape(place, quote=True), html.escape(piece.alt, quote=True)
    if piece.kind == "text":
        return f"<pre>{html.escape(_text(piece))}</pre>"
    if piece.kind == "file":
        said = _say("page.download", sentences, language, name=piece.path.name)
        return f'<a class="file" href="{where}" download>{said}</a>'
    if piece.kind == "image":
        return f'<a href="{where}"><img src="{where}" alt="{alt}" loading="lazy"></a>'
    return f'<{piece.kind} src="{where}" aria-label="{alt}" controls preload="metadata"></{piece.kind}>'


def _text(piece: Piece) -> str:
    return piece.path.read_text("utf-8", errors="replace")[:TEXT_SHOWN]


def _kind(exhibit: Exhibit, sentences: Sentences, language: str) -> list[str]:
    """What it is, and that a model made it."""
    medium = exhibit.entry.medium
    label = sentences.text("speech.label" if medium == "speech" else "post.label", language)
    return [_medium(medium, sentences, language), label]


def _medium(medium: str, sentences: Sentences, language: str) -> str:
    known = f"gallery.medium_{medium}"
    return sentences.text(known if sentences.has(known) else "gallery.medium_other", language)


def _say(key: str, sentences: Sentences, language: str, **values: object) -> str:
    return html.escape(sentences.text(key, language, **values))
