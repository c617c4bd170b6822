"""Somebody's data is deleted, or a whole class's: voices, posts, files, rows, log, backups; and what others have put
together of it.

First a row and a tombstone, so that it goes on after a crash and after a backup was restored. Then voices end as if
they were withdrawn, jobs stop, posts are taken back and those of pieces that others have made of them, files and rows
go, what the log knows of the person is forgotten.
"""

from __future__ import annotations

import asyncio
import logging
import shutil
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bot.services.pieces import Cleared, Pieces
from bot.services.ports import Hindrance, Requester
from bot.services.revoke import Left, Revoke
from data.artifacts import Artifacts
from data.audit import Audit
from data.erasures import EVERYBODY, Erasure, Erasures
from data.errors import VoiceRefused
from data.posts import Posts
from data.tombstones import Tombstones
from data.voice_records import OPERATOR
from generation.dispatcher import Dispatcher
from generation.job import Job

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Deleted:
    """What went. `left`: messages that the bot may not delete. `is_done` False: Discord or a worker is awaited, it goes
    on by itself."""

    rows: int = 0
    posts: int = 0
    voices: int = 0
    left: list[Left] = field(default_factory=list)
    is_done: bool = False


Leaving = Callable[[Erasure], Awaitable[bool]]
"""Takes back what else stands of somebody (works in a gallery) before their rows go. False: to be tried again."""


class Erasing:
    """A chore of `Upkeep`, too. Methods raise StorageFailed; whatever was begun goes on with the next minute."""

    def __init__(  # noqa: PLR0913  the composition root names each of them
        self,
        *,
        erasures: Erasures,
        tombstones: Tombstones,
        audit: Audit,
        posts: Posts,
        artifacts: Artifacts,
        pieces: Pieces,
        dispatcher: Dispatcher,
        revoke: Revoke,
        work_dir: Path,
        also: Sequence[Leaving] = (),
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._erasures = erasures
        self._tombstones = tombstones
        self._audit = audit
        self._posts = posts
        self._artifacts = artifacts
        self._pieces = pieces
        self._dispatcher = dispatcher
        self._revoke = revoke
        self._work_dir = work_dir
        self._also = tuple(also)
        self._clock = clock
        self._running: dict[tuple[str, str], asyncio.Task[Deleted]] = {}
        self._closed = False

    async def erase(self, guild: str, person: str, by: str) -> Deleted:
        """Delete what this person has made here until now; EVERYBODY: what anybody has. `by`: who asked for it.

        It goes on when its caller is cancelled.
        """
        at = self._clock()
        whole = int(person == EVERYBODY)
        await self._audit.note(guild, by, "data.deleted", person, detail={"whole_class": whole})
        await self._tombstones.put(guild, person, at, done=False)
        erasure = await self._erasures.ask(guild, person, at)
        if (earlier := self._running.get((guild, person))) is not None:
            await asyncio.gather(asyncio.shield(earlier), return_exceptions=True)
        return await asyncio.shield(self._start(erasure))

    async def sweep(self) -> None:
        """For the start, before any job runs: whoever was deleted and is here again came with a restored backup."""
        for guild, person in await self._erasures.people():
            stone = await self._tombstones.find(guild, person)
            if stone is None:
                continue
            erasure = Erasure(guild=guild, person=person, asked_at=stone.at)
            await self._audit.forget(guild, person or None, until=stone.at)
            if await self._erasures.is_kept(erasure) and not (stone.done and await self._erased(erasure)):
                await self._erasures.ask(guild, person, stone.at)

    async def purge(self) -> None:
        """Go on with what is not finished, beside everything else."""
        for erasure in await self._erasures.pending():
            if (erasure.guild, erasure.person) not in self._running:
                self._start(erasure)

    async def close(self) -> None:
        """What is not finished goes on after the next start."""
        self._closed = True
        tasks = tuple(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _start(self, erasure: Erasure) -> asyncio.Task[Deleted]:
        key = (erasure.guild, erasure.person)
        if key not in self._running:
            self._running[key] = task = asyncio.create_task(self._run(erasure))
            task.add_done_callback(lambda ended: self._ended(key, ended))
        return self._running[key]

    def _ended(self, key: tuple[str, str], task: asyncio.Task[Deleted]) -> None:
        self._running.pop(key, None)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("a deletion goes on in a minute (%s)", type(error).__name__)

    async def _run(self, erasure: Erasure) -> Deleted:
        deleted = Deleted()
        await self._end_voices(erasure, deleted)
        ids = await self._erasures.jobs(erasure)
        # what is in a piece of somebody else is this person's all the same, also what its recipe tells of
        pieces = await self._pieces.of(ids, telling=True)
        cleared = await self._pieces.clear([*ids, *pieces])
        spared = {one for one, done in zip((*ids, *pieces), cleared, strict=True) if not done.is_over}
        await self._count(cleared, deleted)
        if not all([await leave(erasure) for leave in self._also]):
            return deleted
        # while a piece stands, the rows by which it is found stay
        kept = ids if spared & {*pieces} else [one for one in ids if one in spared]
        deleted.rows, deleted.is_done = await self._erasures.erase(erasure, kept)
        for job_id in (*ids, *pieces):  # a check that was under way may have kept a file after the first look
            await self._artifacts.delete(job_id)
        ids = [*ids, *pieces]
        idle = {one for one in ids if not self._dispatcher.is_in_work(one)}
        await asyncio.to_thread(_remove_work, self._work_dir, idle)
        if deleted.is_done:
            await self._audit.forget(erasure.guild, erasure.person or None, until=self._clock())
            await self._tombstones.put(erasure.guild, erasure.person, erasure.asked_at, done=True)
            await self._erasures.end(erasure)
        return deleted

    async def _erased(self, erasure: Erasure) -> bool:
        """Rows and files of a deletion that was finished once: its posts went then."""
        ids = await self._erasures.jobs(erasure)
        ids += await self._pieces.of(ids, telling=True)
        _, is_all = await self._erasures.erase(erasure)
        for job_id in ids:
            await self._artifacts.delete(job_id)
        return is_all

    async def _end_voices(self, erasure: Erasure, deleted: Deleted) -> None:
        who = Requester(
            guild_id=erasure.guild,
            channel_id="",
            person_id=erasure.person or OPERATOR,
            locale="en",
            is_teacher=erasure.person == EVERYBODY,
        )
        for voice in await self._erasures.voices(erasure):
            try:
                revoked = await self._revoke.revoke(voice, who)
            except VoiceRefused:  # it never had a consent: its rows and files go with the others
                continue
            deleted.voices += 1
            deleted.posts += revoked.deleted
            deleted.left += [one for one in revoked.left if one.hindrance is Hindrance.FORBIDDEN]

    async def _count(self, cleared: Sequence[Cleared], deleted: Deleted) -> None:
        for one in cleared:
            deleted.posts += one.taken.deleted
            if one.job is not None and one.taken.hindrance is Hindrance.FORBIDDEN:
                deleted.left.append(await self._left(one.job))

    async def _left(self, job: Job) -> Left:
        post = await self._posts.of_job(job.id)
        return Left(
            job=job.id,
            channel=job.channel_id if post is None else post.channel_id,
            message=None if post is None else post.message_id,
            hindrance=Hindrance.FORBIDDEN,
        )


def _remove_work(work_dir: Path, ids: set[str]) -> None:
    """What workers and checks have written for these jobs: `<job>-<attempt>`, `<job>-keep`."""
    for entry in work_dir.iterdir() if work_dir.is_dir() else ():
        if entry.name.rpartition("-")[0] in ids:
            shutil.rmtree(entry, ignore_errors=True)
