"""What a worker that speaks is given when its job starts: nobody's voice as it was asked for, or clips with a token.

The token is made here and nowhere else, of the consent as it is read now, for this one job.
"""

from __future__ import annotations

import os
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from data.consents import Consents
from data.errors import VoiceRefused
from data.voice_records import Check, Clip
from data.voices import Voices
from generation.errors import WorkerError
from generation.job import Job
from generation.speech_params import SPEECH, SpeechParams
from generation.voice_token import KEY_VARIABLE, Claim, is_key, make_token
from moderation.consent import judge_job, needs_consent


class SpeechStart:
    """`environ` holds the key that the workers of this run of the bot know."""

    def __init__(
        self,
        *,
        voices: Voices,
        consents: Consents,
        clock: Callable[[], float] = time.time,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self._voices = voices
        self._consents = consents
        self._clock = clock
        self._environ = os.environ if environ is None else environ

    async def prepare(self, job: Job) -> Job:
        """The job as its worker sees it; other media stay as they are.

        Raises VoiceRefused where the consent or the clips are not what they were; WorkerError without a key.
        """
        if job.medium != SPEECH:
            return job
        params = SpeechParams.from_plain(job.params)
        if not needs_consent(job):
            if params.voice is not None:
                raise VoiceRefused(Check.VOICE_UNKNOWN)
            return replace(job, params=params.to_plain())
        return replace(job, params={**params.to_plain(), "voice": await self._voice(job, params.voice)})

    async def _voice(self, job: Job, voice_id: str | None) -> dict[str, Any]:
        if voice_id is None:
            raise VoiceRefused(Check.VOICE_UNKNOWN)
        clips = await self._voices.clips(voice_id, job.guild_id)
        samples = frozenset(clip.sha256 for clip in clips)
        consent, now = await self._consents.of_voice(voice_id), self._clock()
        finding = judge_job(job, consent, sorted(samples), now, now)
        if consent is None or not finding.allowed:
            raise VoiceRefused(finding.check or Check.CONSENT_NONE)
        key = self._environ.get(KEY_VARIABLE)
        if key is None or not is_key(key):
            raise WorkerError("worker_failed")
        claim = Claim(job=job.id, voice=voice_id, samples=samples, model=job.model, until=consent.until)
        return {"id": voice_id, "clips": _by_mood(clips), "token": make_token(claim, key, now=now)}


def _by_mood(clips: Iterable[Clip]) -> dict[str, list[str]]:
    moods: defaultdict[str, list[str]] = defaultdict(list)
    for clip in clips:
        # the worker takes a file under its full name only, no link to one
        moods[clip.mood].append(str(clip.path.resolve()))
    return dict(moods)
