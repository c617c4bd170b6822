"""`atelier consent list | confirm | refuse | revoke | export | clock`: for whoever looks after the computer.

They open the data folder themselves, so no bot may run on it meanwhile. A teacher's own voice is confirmed here and
nowhere else; a pupil's voice is confirmed by a teacher on Discord.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from bot import shell
from bot.i18n import Sentences
from bot.out_folder import writable_folder
from bot.services.witnessing import LASTINGS, export_consents, give_consent
from bot.shell import LanguageOption, OutOption

if TYPE_CHECKING:
    from bot.settings import Settings
    from data.consents import Consents
    from data.voice_records import Check, Consent, Voice
    from data.voices import Voices

consent = typer.Typer(no_args_is_help=True, help="Voices and their consents; while no bot is running.")
Lasting = Literal["lesson", "day", "week", "month"]
VoiceArgument = Annotated[str, typer.Argument(help="The voice's id, see `atelier consent list`.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Book:
    """What is kept of voices, opened for one command. `say` writes a sentence of the language."""

    voices: Voices
    consents: Consents
    sentences: Sentences
    language: str

    def text(self, key: str, **values: object) -> str:
        return self.sentences.text(key, self.language, **values)

    async def find(self, voice_id: str) -> Voice:
        """Raises VoiceRefused voice.unknown."""
        from data.errors import VoiceRefused
        from data.voice_records import Check

        for guild in await self.voices.guilds():
            voice = await self.voices.get(voice_id, guild)
            if voice is not None:
                return voice
        raise VoiceRefused(Check.VOICE_UNKNOWN)


@consent.command("list")
def list_consents(language: LanguageOption = None) -> None:
    """Say which voices wait for a confirmation, and every consent that is kept."""
    _with_book(language, _list)


@consent.command("confirm")
def confirm(
    voice: VoiceArgument,
    in_room: Annotated[
        bool, typer.Option("--in-room", help="I was there when this person spoke, of their own will.")
    ] = False,
    teacher: Annotated[bool, typer.Option("--teacher", help="The voice is a teacher's own.")] = False,
    lasting: Annotated[Lasting, typer.Option(help="How long the consent lives.")] = "lesson",
    language: LanguageOption = None,
) -> None:
    """Confirm a teacher's own voice. What no check could tell is asked."""
    if not (in_room and teacher):
        chosen = shell.language(language)
        shell.fail(Sentences.load().text("error.consent_confirm", chosen), 2)
    _with_book(language, lambda book: _confirm(book, voice, lasting))


@consent.command("refuse")
def refuse(voice: VoiceArgument, language: LanguageOption = None) -> None:
    """Refuse a voice that waits; its recordings are deleted."""

    async def work(book: _Book) -> None:
        from data.voice_records import OPERATOR

        found = await book.find(voice)
        await book.consents.refuse(found.id, found.guild, OPERATOR)
        shell.say(book.text("consent_cli.refused"))

    _with_book(language, work)


@consent.command("revoke")
def revoke(voice: VoiceArgument, language: LanguageOption = None) -> None:
    """End a consent now; its recordings are deleted."""

    async def work(book: _Book) -> None:
        from data.voice_records import OPERATOR
        from moderation.consent import judge_revocation

        found = await book.find(voice)
        done = await book.consents.revoke(
            found.id,
            OPERATOR,
            lambda one: judge_revocation(one, guild=found.guild, person=OPERATOR, is_teacher=True),
        )
        shell.say(book.text("consent_cli.revoked", jobs=len(done.jobs)))

    _with_book(language, work)


@consent.command("export")
def export(
    form: Annotated[Literal["csv", "json"], typer.Option("--format", help="csv or json")] = "csv",
    out: OutOption = Path("atelier-out"),
    language: LanguageOption = None,
) -> None:
    """Write every consent and every decision into files, one folder for each server."""

    async def work(book: _Book) -> None:
        for guild in await book.voices.guilds():
            made = await export_consents(book.consents, guild, form, {}, locale=book.language)
            folder = out / guild
            if not await writable_folder(folder):
                shell.fail(book.text("cli.bad_out", folder=str(folder)), 2)
            for name, content in made.items():
                await asyncio.to_thread((folder / name).write_bytes, content)
                shell.say(book.text("consent_cli.exported", file=folder / name))

    _with_book(language, work)


@consent.command("clock")
def clock(language: LanguageOption = None) -> None:
    """After the computer's clock was far ahead: take today's time, which ends every consent."""

    async def work(book: _Book) -> None:
        from data.voice_records import OPERATOR

        shell.say(book.text("consent_cli.clock", n=await book.consents.accept_clock(OPERATOR)))

    _with_book(language, work)


async def _list(book: _Book) -> None:
    lines = []
    for guild in await book.voices.guilds():
        lines += [_waiting_line(book, one) for one in await book.voices.waiting(guild)]
        lines += [_consent_line(book, one, name) for one, name in await book.consents.overview(guild)]
    if not lines:
        shell.say(book.text("consent_cli.nothing"))
    for line in lines:
        typer.echo(line)


async def _confirm(book: _Book, voice_id: str, lasting: str) -> None:
    from data.enrolments import AGREED_AS_TEACHER
    from data.voice_records import OPERATOR
    from generation.errors import NotAllowed
    from moderation.consent import default_until
    from moderation.enrolment import open_questions
    from moderation.witness import Statement

    voice = await book.find(voice_id)
    begun = [one.what for one in await book.consents.decisions(voice.guild) if one.voice == voice.id]
    if AGREED_AS_TEACHER not in begun:  # the operator's word alone would pass by age and parents
        raise NotAllowed("consent_pupil")
    decided = await _answered(book, voice, open_questions(voice.findings))
    statement = Statement(
        person=OPERATOR, guild=voice.guild, is_teacher=False, in_room=True, under_16=False, decided=decided
    )
    now, seconds = time.time(), LASTINGS[lasting]
    until = default_until(now, None) if seconds is None else now + seconds
    given = await give_consent(book.consents, voice.id, statement, until, owner_is_teacher=True)
    shell.say(book.text("consent_cli.confirmed", until=_time(given.until)))


async def _answered(book: _Book, voice: Voice, questions: tuple[Check, ...]) -> frozenset[Check]:
    """The questions that were answered with yes; asked only where there is something to hear."""
    if not questions:
        return frozenset()
    files = [await book.voices.recording(voice.id, voice.guild)]
    files += [clip.path for clip in await book.voices.clips(voice.id, voice.guild)]
    shell.say(book.text("consent_cli.hear", files=", ".join(str(one) for one in files)))
    if voice.phrase is not None:
        shell.say(book.text("witness.words", words=" · ".join(voice.phrase.words)))
    asked = [(one, book.text(f"witness.ask_{one.value.replace('.', '_')}")) for one in questions]
    answers = await asyncio.to_thread(lambda: [typer.confirm(text, err=True) for _, text in asked])
    return frozenset(one for (one, _), yes in zip(asked, answers, strict=True) if yes)


def _waiting_line(book: _Book, voice: Voice) -> str:
    return book.text(
        "consent_cli.row",
        voice=voice.id,
        state=book.text("consent_cli.state_waiting"),
        name=voice.name,
        person=voice.person,
        guild=voice.guild,
        until="–",
        witness="–",
    )


def _consent_line(book: _Book, given: Consent, name: str) -> str:
    ended = given.revoked_at
    state = "consent_cli.state_revoked"
    if ended is None:
        living = given.until > time.time()
        state = "consent_cli.state_living" if living else "consent_cli.state_expired"
    return book.text(
        "consent_cli.row",
        voice=given.voice,
        state=book.text(state),
        name=name,
        person=given.person,
        guild=given.guild,
        until=_time(given.until if ended is None else ended),
        witness=given.witness,
    )


def _time(at: float) -> str:
    return datetime.fromtimestamp(at).astimezone().isoformat(sep=" ", timespec="minutes")


def _with_book(language: str | None, work: Callable[[_Book], Awaitable[None]]) -> None:
    from data.errors import DataFolderLocked

    chosen, sentences = shell.language(language), Sentences.load()
    settings = shell.settings()

    async def run() -> None:
        try:
            async with _opened(settings, sentences, chosen) as book:
                await work(book)
        except DataFolderLocked:
            shell.fail(sentences.text("consent_cli.locked", chosen), 1)

    shell.wait(run(), chosen)


@asynccontextmanager
async def _opened(settings: Settings, sentences: Sentences, language: str) -> AsyncIterator[_Book]:
    """What was over before a backup was restored is over before anything is done, what ends here is remembered."""
    from data.audit import Audit
    from data.consents import Consents
    from data.database import Database
    from data.tombstones import Tombstones
    from data.voice_ends import VoiceEnds
    from data.voice_files import VoiceFiles
    from data.voices import Voices

    async with await Database.open(settings.data_dir) as database:
        files, records = VoiceFiles(settings.data_dir / "voices"), settings.records_folder
        audit, tombstones = Audit(database, records), Tombstones(records)
        ends = VoiceEnds(database, files, tombstones=tombstones, audit=audit)
        await ends.enforce()
        yield _Book(
            voices=Voices(database, files),
            consents=Consents(database, files),
            sentences=sentences,
            language=language,
        )
        await ends.remember()
