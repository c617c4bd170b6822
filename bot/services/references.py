"""What a job's parameters refer to, looked up when the job starts: an upload of its owner, a piece of its class."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

from bot.services.intake import may_use
from data.artifacts import Artifacts
from data.jobs import Jobs
from data.uploads import KeptUploads
from generation.errors import NotFound
from generation.job import Job
from generation.music_params import FOR_PEOPLE, MEDIA, MUSIC
from generation.video_params import VIDEO

WAVE: Final = "wave"
"""Kind of the artifact that holds a piece as the model made it."""
_FILES: Final = ("melody", "prior")


def piece_reference(job_id: str, index: int) -> str:
    return f"{job_id}/{index}"


def is_upload(reference: str) -> bool:
    return "/" not in reference


class References:
    """`work_dir`: where a video's frames outlive an attempt, in `<job>-keep`; None: each attempt begins anew."""

    def __init__(
        self, *, uploads: KeptUploads, jobs: Jobs, artifacts: Artifacts, work_dir: Path | None = None
    ) -> None:
        self._uploads = uploads
        self._jobs = jobs
        self._artifacts = artifacts
        self._work_dir = work_dir

    async def prepare(self, job: Job) -> Job:
        """The job as its worker sees it: references are paths of WAV files, facts for people are left out.

        Raises NotFound upload_gone, piece_gone or song_gone: nothing is ever made without what was asked for.
        """
        if job.medium not in {*MEDIA, VIDEO}:
            return job
        params = {name: value for name, value in job.params.items() if name not in FOR_PEOPLE}
        if job.medium == VIDEO:
            song = await self.song(job)
            params["song"] = None if song is None else str(song)
            if self._work_dir is not None:
                params["keep"] = str(self._work_dir.absolute() / f"{job.id}-keep")
        if job.medium == MUSIC:
            for name in _FILES:
                if params.get(name) is not None:
                    params[name] = str(await self._file(job, str(params[name])))
        return replace(job, params=params)

    async def song(self, job: Job) -> Path | None:
        """The WAV file that a video moves to, None for a silent one. Raises NotFound upload_gone or song_gone."""
        reference = job.params.get("song")
        if reference is None:
            return None
        try:
            return await self._file(job, str(reference))
        except NotFound as error:
            if error.code != "piece_gone":
                raise
            raise NotFound("song_gone") from None

    async def _file(self, job: Job, reference: str) -> Path:
        path = await (self._upload(job, reference) if is_upload(reference) else self._piece(job, reference))
        return path.absolute()

    async def _upload(self, job: Job, upload_id: str) -> Path:
        upload = await self._uploads.get(upload_id, job.guild_id, job.owner_id)
        if upload is None or upload.path is None or upload.declaration is None:
            raise NotFound("upload_gone")
        return upload.path

    async def _piece(self, job: Job, reference: str) -> Path:
        source_id, _, index = reference.partition("/")
        source = await self._jobs.get(source_id)
        if source is None or not may_use(source, job.guild_id, job.owner_id):
            raise NotFound("piece_gone")
        for kept in await self._artifacts.of_job(source_id):
            if kept.kind == WAVE and str(kept.index) == index and kept.path is not None:
                if kept.path in await self._artifacts.verify(source_id):
                    break
                return kept.path
        raise NotFound("piece_gone")
