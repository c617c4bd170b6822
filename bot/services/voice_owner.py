"""A copied voice is used by others only while whoever it belongs to is in the class: nobody else can say stop for them.

Discord does not tell the bot who leaves (that takes the members intent), so it is asked whenever somebody else wants
to use the voice, and once more when the job starts. What cannot be found out refuses.
"""

from __future__ import annotations

from typing import Final, Protocol

from data.consents import Consents
from data.jobs import Jobs
from data.voice_records import voice_of
from generation.clip_params import CLIP
from generation.errors import Refused
from generation.job import Job
from generation.speech_params import SPEECH

GONE: Final = "refused_voice_owner_gone"
UNSURE: Final = "refused_voice_owner_unsure"


class Members(Protocol):
    """Who is in a class (`bot.services.ports.Publisher`)."""

    async def is_member(self, guild_id: str, person_id: str) -> bool | None:
        """None: it cannot be found out now. Never raises."""


class VoiceOwner:
    """Whether a voice is refused for its consent is decided elsewhere: at every move of a job."""

    def __init__(self, *, consents: Consents, jobs: Jobs, members: Members) -> None:
        self._consents = consents
        self._jobs = jobs
        self._members = members

    async def demand(self, voice: str | None, guild_id: str, person_id: str) -> None:
        """For `person_id`, who wants to use it. Raises Refused with GONE or UNSURE."""
        consent = None if voice is None else await self._consents.of_voice(voice)
        if consent is None or consent.person == person_id:
            return
        is_here = await self._members.is_member(guild_id, consent.person)
        if is_here is not True:
            raise Refused(UNSURE if is_here is None else GONE)

    async def demand_job(self, job: Job) -> None:
        """For a job that is about to start. Raises as `demand` does."""
        if job.medium == SPEECH:
            await self.demand(voice_of(job.params), job.guild_id, job.owner_id)
        elif job.medium == CLIP and isinstance(job.params.get("speech"), str):
            speech = await self._jobs.get(str(job.params["speech"]))
            if speech is not None:
                await self.demand(voice_of(speech.params), job.guild_id, job.owner_id)
