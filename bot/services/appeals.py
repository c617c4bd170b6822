"""A pupil asks the teacher whether a refusal was right. Only then the teacher sees what was typed, and only until they
have decided; what was made and refused is gone by then and is shown to nobody."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from bot.services.care_ports import Asked, CareNotes, demand_teacher
from bot.services.ports import Requester
from data.appeals import AppealRows
from data.jobs import Jobs
from data.voice_records import Check
from generation.errors import NotFound
from generation.job import Job, JobState
from moderation.class_words import ClassWords

REFUSED: Final = "refused_"
TYPED: Final = ("original", "original_negative", "prompt", "negative", "text", "title")
"""Names of parameters that hold what a person typed, or its translation."""
NESTED: Final = ("keys", "sections")
_OF_MACHINES: Final = frozenset(
    f"{REFUSED}{code}"
    for code in (
        "audio_silent",
        "audio_broken",
        "audio_clipped",
        "audio_length",
        "video_black",
        "video_frames",
    )
)
"""What went wrong in the making: a teacher can neither see nor decide anything about it."""
_OF_VOICES: Final = frozenset(check.code for check in Check)


class Appeals:
    """Ids come from presses and may be forged: every method looks the job up in the class that asks."""

    def __init__(
        self, *, rows: AppealRows, jobs: Jobs, words: ClassWords, notes: CareNotes | None = None
    ) -> None:
        self._rows = rows
        self._jobs = jobs
        self._words = words
        self._notes = notes

    async def ask(self, job_id: str, who: Requester) -> bool:
        """Let the teacher look at one's own refused request. False: it was asked already.

        Raises NotFound appeal_gone for everything else, LimitReached appeals_many.
        """
        job = await self._jobs.get(job_id)
        if job is None or (job.guild_id, job.owner_id) != (who.guild_id, who.person_id):
            raise NotFound("appeal_gone")
        if not may_be_asked(job):
            raise NotFound("appeal_gone")
        return await self._rows.ask(who.guild_id, job_id, who.person_id)

    async def owner(self, job_id: str, person_id: str, locale: str) -> Requester:
        """Who asks from a direct message, which is of no class: only about a refusal of their own.

        Raises NotFound appeal_gone.
        """
        job = await self._jobs.get(job_id)
        if job is None or job.owner_id != person_id:
            raise NotFound("appeal_gone")
        return Requester(guild_id=job.guild_id, channel_id=job.channel_id, person_id=person_id, locale=locale)

    async def waiting(self, who: Requester) -> list[Job]:
        """The jobs about which somebody asks, the oldest first. Raises NotAllowed."""
        demand_teacher(who)
        found = [await self._jobs.get(appeal.job) for appeal in await self._rows.waiting(who.guild_id)]
        return [job for job in found if job is not None and job.guild_id == who.guild_id]

    async def look(self, job_id: str, who: Requester) -> Asked:
        """What was typed, while it is undecided. Raises NotAllowed; NotFound appeal_gone."""
        demand_teacher(who)
        appeal, job = await self._rows.get(who.guild_id, job_id), await self._jobs.get(job_id)
        if job is None or appeal is None or appeal.decision is not None or job.guild_id != who.guild_id:
            raise NotFound("appeal_gone")
        texts = tuple(typed_texts(job.params))
        code = (job.error_code or "").removeprefix(REFUSED)
        return Asked(job=job, code=code, texts=texts, entries=self._entries(who.guild_id, texts))

    async def decide(self, job_id: str, who: Requester, *, wrong: bool) -> Asked:
        """Once. A wrong refusal is counted, with the lines of the lists that caught it. Raises as `look` does."""
        asked = await self.look(job_id, who)
        entries = () if asked.code.startswith("answer_") else asked.entries
        await self._rows.decide(
            who.guild_id, job_id, who.person_id, code=asked.code, wrong=wrong, entries=entries
        )
        if self._notes is not None:
            detail: dict[str, str | int] = {"job": job_id, "code": asked.code, "wrong": int(wrong)}
            await self._notes.note(
                who.guild_id, who.person_id, "refusal.reviewed", asked.job.owner_id, detail=detail
            )
        return asked

    def _entries(self, guild_id: str, texts: tuple[str, ...]) -> tuple[str, ...]:
        check = self._words.for_class(guild_id)
        found = {entry for text in (*texts, " ".join(texts)) for entry in check(text).matches}
        return tuple(sorted(found))


def may_be_asked(job: Job) -> bool:
    return job.state is JobState.REFUSED and is_judgement(job.error_code or "")


def is_judgement(code: str) -> bool:
    """Refused for its words or its result; about voices and their consents other rules decide."""
    return code.startswith(REFUSED) and code not in _OF_VOICES | _OF_MACHINES


def typed_texts(params: Mapping[str, Any]) -> Iterator[str]:
    """Each once, in the order of TYPED."""
    return iter(dict.fromkeys(_typed(params)))


def _typed(params: Mapping[str, Any]) -> Iterator[str]:
    for name in TYPED:
        value = params.get(name)
        if isinstance(value, str) and value.strip():
            yield value
    for name in NESTED:
        for part in params.get(name) or ():
            if isinstance(part, Mapping):
                yield from _typed(part)
