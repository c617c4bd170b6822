"""`atelier gallery export | projector`: what hangs, as plain files. A bot may be running meanwhile."""

from __future__ import annotations

import asyncio
import webbrowser
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from bot import shell
from bot.i18n import Sentences
from bot.out_folder import writable_folder
from bot.settings import Settings
from bot.shell import LanguageOption, OutOption

if TYPE_CHECKING:
    from bot.services.gallery_pages import Collection
    from data.database import Database
    from generation.job import Job

gallery = typer.Typer(no_args_is_help=True, help="What hangs in the class's gallery, as pages for a browser.")
ClassOption = Annotated[
    str | None, typer.Option("--class", help="The class server's id, where there are several.")
]


@gallery.command("export")
def export_pages(
    out: OutOption = Path("gallery-out"),
    names: Annotated[
        bool, typer.Option("--names/--no-names", help="With the names of those who wanted theirs to appear.")
    ] = False,
    guild: ClassOption = None,
    language: LanguageOption = None,
) -> None:
    """Write a page and a .zip for the school's site; they need neither the bot nor a network."""
    settings, chosen = shell.settings(), shell.language(language)
    shell.wait(_export(settings, out, guild, chosen, names=names), language)


@gallery.command("projector")
def open_projector(
    open_page: Annotated[bool, typer.Option("--open/--no-open", help="Open the page in the browser.")] = True,
    guild: ClassOption = None,
    language: LanguageOption = None,
) -> None:
    """Open the page on which new works appear by themselves while the bot is running."""
    settings, chosen = shell.settings(), shell.language(language)
    shell.wait(_project(settings, guild, chosen, open_page=open_page), language)


async def _export(settings: Settings, out: Path, guild: str | None, language: str, *, names: bool) -> None:
    from bot.services.gallery_pages import export

    sentences = Sentences.load()
    if not await writable_folder(out):
        shell.fail(sentences.text("cli.bad_out", language, folder=out), 2)
    async with _opened(settings) as database:
        collection, classes = await _collection(settings, database, guild)
        for one in classes:
            exhibits = await collection.of_class(one, names=names)
            folder = out if len(classes) == 1 else out / one
            try:
                page, archive = await asyncio.to_thread(export, exhibits, folder, sentences, language)
            except FileExistsError:
                shell.fail(sentences.text("gallery_cli.not_ours", language, page=folder / "gallery"), 2)
            shell.say(
                sentences.text("gallery_cli.exported", language, n=len(exhibits), page=page, archive=archive)
            )
    if not classes:
        shell.fail(sentences.text("gallery_cli.nothing", language), 1)


async def _project(settings: Settings, guild: str | None, language: str, *, open_page: bool) -> None:
    from bot.services.gallery_pages import Projector

    sentences = Sentences.load()
    async with _opened(settings) as database:
        collection, classes = await _collection(settings, database, guild)
        if not classes:
            shell.fail(sentences.text("gallery_cli.nothing", language), 1)
        folder = settings.data_dir / "projector"
        projector = Projector(collection=collection, folder=folder, sentences=sentences, language=language)
        for one in classes:
            await projector.refresh(one)
            page = folder / one / "index.html"
            shell.say(sentences.text("gallery_cli.projector", language, page=page))
            if open_page:
                webbrowser.open(page.absolute().as_uri())


async def _collection(
    settings: Settings, database: Database, guild: str | None
) -> tuple[Collection, list[str]]:
    """What hangs, and in which classes."""
    from bot.services.gallery_pages import Collection
    from data.consents import Consents
    from data.gallery import GalleryEntries
    from data.glance import ask_once
    from data.jobs import Jobs
    from data.voice_files import VoiceFiles
    from moderation.consent import judge_job, needs_consent

    entries, folder = GalleryEntries(database), settings.data_dir
    gate = Consents(database, VoiceFiles(folder / "voices")).gate(needs_consent, judge_job)

    async def allowed(job: Job) -> bool:
        return await asyncio.to_thread(ask_once, folder, lambda connection: not gate(connection, job))

    known = await entries.guilds()
    classes = [one for one in known if guild in (None, one)]
    collection = Collection(
        entries=entries, jobs=Jobs(database), artifacts=folder / "artifacts", allowed=allowed
    )
    return collection, classes


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[Database]:
    """The database, or where a bot has it open, what can be read of it meanwhile."""
    from data.database import Database
    from data.errors import DataFolderLocked
    from data.glance import Glance

    try:
        opened: Database | Glance = await Database.open(settings.data_dir)
    except DataFolderLocked:
        opened = await Glance.open(settings.data_dir)
    async with opened:
        # what is called here only reads
        yield cast("Database", opened)
