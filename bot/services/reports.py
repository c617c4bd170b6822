"""Anybody may report a post; a teacher takes it down, with every piece that holds it, or lets it stand. Who reported it
only teachers see."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from bot.services.care_ports import NOTE_LIMIT, REASONS, CareNotes, Reported, TakenDown, demand_teacher
from bot.services.intake import SHOWN
from bot.services.pieces import Cleared, Pieces
from bot.services.ports import Hindrance, Requester
from bot.services.posting import Posting
from data.artifacts import Artifacts
from data.jobs import Jobs
from data.posts import Posts
from data.reports import KEPT, TAKEN_DOWN, Report, ReportRows
from generation.errors import InvalidInput, NotFound
from generation.job import Job, JobState

_log = logging.getLogger(__name__)

CODE: Final = "taken_down"
Elsewhere = Callable[[Job, Requester], Awaitable[None]]
"""Takes a job's result away from another place where it hangs (the gallery)."""


class Reports:
    """`pieces`: what was made of a post; `elsewhere`: what else must go when it is taken down."""

    def __init__(
        self,
        *,
        rows: ReportRows,
        jobs: Jobs,
        posts: Posts,
        posting: Posting,
        artifacts: Artifacts,
        pieces: Pieces | None = None,
        elsewhere: Sequence[Elsewhere] = (),
        notes: CareNotes | None = None,
    ) -> None:
        self._rows = rows
        self._jobs = jobs
        self._posts = posts
        self._posting = posting
        self._artifacts = artifacts
        self._pieces = pieces
        self._elsewhere = tuple(elsewhere)
        self._notes = notes

    async def demand_post(self, job_id: str, who: Requester) -> Job:
        """The posted job of this class. Raises NotFound job_gone."""
        job = await self._jobs.get(job_id)
        if job is None or job.guild_id != who.guild_id or job.state not in SHOWN:
            raise NotFound("job_gone")
        return job

    async def report(self, job_id: str, reason: str, note: str, who: Requester) -> bool:
        """False: this person has reported it already. Raises NotFound, InvalidInput, LimitReached."""
        job = await self.demand_post(job_id, who)
        if reason not in REASONS:
            raise InvalidInput("reason_missing")
        note = " ".join(note.split())
        if len(note) > NOTE_LIMIT:
            raise InvalidInput("note_long", limit=NOTE_LIMIT)
        new = await self._rows.add(who.guild_id, job.id, who.person_id, reason, note)
        if new:
            await self._note(who, "report", job, reason)
        return new

    async def waiting(self, who: Requester) -> list[Reported]:
        """Those that nobody has decided, the oldest first. Raises NotAllowed."""
        demand_teacher(who)
        found = []
        for report in await self._rows.waiting(who.guild_id):
            job = await self._jobs.get(report.job)
            if job is not None:
                found.append(Reported(report=report, job=job, link=await self._link(job)))
        return found

    async def look(self, report_id: str, who: Requester) -> Reported:
        """One that nobody has decided. Raises NotAllowed; NotFound report_gone."""
        demand_teacher(who)
        report, job = await self._open(report_id, who)
        return Reported(report=report, job=job, link=await self._link(job))

    async def keep(self, report_id: str, who: Requester) -> Reported:
        """Let the post stand; decides all reports of it. Raises as `look` does."""
        reported = await self.look(report_id, who)
        await self._decide(reported.job, who, KEPT)
        return reported

    async def take_down(self, report_id: str, who: Requester) -> TakenDown:
        """Delete the post, its files and all pieces that hold it; decides all its reports once nothing is left to be
        seen. Raises as `look`."""
        reported = await self.look(report_id, who)
        job = reported.job
        taken = await self._posting.take_back(job)
        for away in self._elsewhere:
            await away(job, who)
        await self._artifacts.delete(job.id)
        if job.state is JobState.POSTING:
            await self._end(job)
        pieces = await self._clear_pieces(job)
        left = next((one for one in pieces if one.job is not None and not _is_gone(one)), None)
        if taken.hindrance is not None or left is None or left.job is None:
            link, hindrance = reported.link, taken.hindrance
        else:
            link, hindrance = await self._link(left.job), left.taken.hindrance or Hindrance.AWAY
        if hindrance is None:
            await self._decide(job, who, TAKEN_DOWN)
        gone = tuple(one.job for one in pieces if one.job is not None and one.taken.deleted)
        for piece in gone:
            await self._note(who, "piece.taken_down", piece, job.id)
        return TakenDown(job=job, link=link, hindrance=hindrance, pieces=gone)

    async def _clear_pieces(self, job: Job) -> list[Cleared]:
        """What somebody has put together of it shows it as well."""
        if self._pieces is None:
            return []
        return await self._pieces.clear(await self._pieces.of([job.id]))

    async def _open(self, report_id: str, who: Requester) -> tuple[Report, Job]:
        report = await self._rows.get(who.guild_id, report_id)
        job = None if report is None else await self._jobs.get(report.job)
        if report is None or report.decision is not None or job is None or job.guild_id != who.guild_id:
            raise NotFound("report_gone")
        return report, job

    async def _decide(self, job: Job, who: Requester, decision: str) -> None:
        if not await self._rows.decide(who.guild_id, job.id, who.person_id, decision):
            raise NotFound("report_gone")
        await self._note(who, "report.decided", job, decision)

    async def _end(self, job: Job) -> None:
        """It was being posted: nobody may show it again."""
        try:
            await self._jobs.move(job.id, JobState.REFUSED, expect=job.state, error_code=CODE)
        except NotFound:
            _log.info("job %s had moved on when it was taken down", job.id)

    async def _link(self, job: Job) -> tuple[str, str] | None:
        post = await self._posts.of_job(job.id)
        return None if post is None or post.message_id is None else (post.channel_id, post.message_id)

    async def _note(self, who: Requester, what: str, job: Job, code: str) -> None:
        """`code`: why, or the job because of which."""
        if self._notes is not None:
            detail: dict[str, str | int] = {"job": job.id, "code": code}
            await self._notes.note(who.guild_id, who.person_id, what, job.owner_id, detail=detail)


def _is_gone(cleared: Cleared) -> bool:
    return cleared.is_over and cleared.taken.hindrance is None
