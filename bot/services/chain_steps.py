"""The steps of a chain: what each asks for, of the same services that the commands use, and from what."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

from bot.services.audio_ports import MusicRequest
from bot.services.chain_text import for_picture, for_voice
from bot.services.clip import Clip
from bot.services.clip_ports import Chosen, ClipRequest
from bot.services.music import Music
from bot.services.ports import ImageRequest, ReplyAddress, Requester, TextRequest, Ticket
from bot.services.speak import Speak
from bot.services.speech_ports import SpeechRequest
from bot.services.submit import Submit
from bot.services.text_finishing import read_answer
from bot.services.write import Write
from data.artifacts import Artifacts
from data.voice_records import Check
from data.voices import Voices
from generation.clip_params import CLIP, PICTURES_LIMIT, TITLE_LIMIT, Step
from generation.errors import InvalidInput, NotFound, Refused
from generation.job import SEED_LIMIT, Job
from generation.music_params import MUSIC
from generation.speech_params import SPEECH

Sentence = Callable[..., str]

STEPS: Final = ("text", "image", SPEECH, MUSIC, CLIP)
"""The media of the steps, in their order."""
PARENTS: Final[Mapping[str, tuple[str, ...]]] = {
    "text": (),
    "image": ("text",),
    SPEECH: ("text",),
    MUSIC: (),
    CLIP: ("image", SPEECH, MUSIC),
}
ITEMS: Final = len(STEPS) - 1 + PICTURES_LIMIT
"""What a chain makes, as budgets count it."""
TEXT_TOKENS: Final = 110
"""About as much as one spoken sentence or three hold."""
TEXT_KIND: Final = "story"


class ChainSteps:
    """`asked` is the plain form of a chain's request, `jobs` are those of the steps so far."""

    def __init__(
        self,
        *,
        artifacts: Artifacts,
        voices: Voices,
        write: Write,
        submit: Submit,
        speak: Speak,
        music: Music,
        clip: Clip,
        sentence: Sentence,
    ) -> None:
        self._artifacts = artifacts
        self._voices = voices
        self._write = write
        self._submit = submit
        self._speak = speak
        self._music = music
        self._clip = clip
        self._sentence = sentence

    async def ask(
        self,
        asked: Mapping[str, Any],
        jobs: Sequence[Job],
        who: Requester,
        address: ReplyAddress | None,
    ) -> Ticket:
        """Ask for the step after `jobs`. Raises what its command raises."""
        asks: Mapping[str, Callable[..., Awaitable[object]]] = {
            "text": self._text,
            "image": self._picture,
            SPEECH: self._voice,
            MUSIC: self._play,
            CLIP: self._together,
        }
        answer = await asks[STEPS[len(jobs)]](asked, jobs, who, address)
        if not isinstance(answer, Ticket):  # a question, which nobody is there to answer
            raise InvalidInput("speech_language")
        return answer

    async def demand_own(self, voice: str | None, who: Requester) -> None:
        """A chain speaks with nobody's voice, or with its own person's while the consent lives. Raises Refused."""
        if self._speak.is_nobodys(voice):
            return
        kept = await self._voices.get(str(voice), who.guild_id)
        if kept is None:
            raise Refused(Check.VOICE_UNKNOWN.code)
        if kept.person != who.person_id:
            raise Refused(Check.CONSENT_PERSON.code)
        if voice not in {one.value for one in await self._speak.offered(who)}:
            raise Refused(Check.CONSENT_NONE.code)

    async def _text(
        self, asked: Mapping[str, Any], jobs: Sequence[Job], who: Requester, address: ReplyAddress | None
    ) -> object:
        request = TextRequest(
            prompt=asked["theme"], preset=TEXT_KIND, length=TEXT_TOKENS, seed=seed_at(asked, len(jobs))
        )
        return await self._write.text(request, who, address)

    async def _picture(
        self, asked: Mapping[str, Any], jobs: Sequence[Job], who: Requester, address: ReplyAddress | None
    ) -> object:
        prompt = for_picture(asked["theme"], await self._read(jobs[0]))
        request = ImageRequest(prompt=prompt, count=PICTURES_LIMIT, seed=seed_at(asked, len(jobs)))
        return await self._submit.image(request, who, address)

    async def _voice(
        self, asked: Mapping[str, Any], jobs: Sequence[Job], who: Requester, address: ReplyAddress | None
    ) -> object:
        await self.demand_own(asked.get("voice"), who)
        request = SpeechRequest(
            text=for_voice(await self._read(jobs[0])),
            voice=asked.get("voice"),
            seed=seed_at(asked, len(jobs)),
        )
        return await self._speak.speak(request, who, address)

    async def _play(
        self, asked: Mapping[str, Any], jobs: Sequence[Job], who: Requester, address: ReplyAddress | None
    ) -> object:
        prompt = asked.get("music") or self._sentence("chain.music", who.locale)
        return await self._music.music(
            MusicRequest(prompt=prompt, seed=seed_at(asked, len(jobs))), who, address
        )

    async def _together(
        self, asked: Mapping[str, Any], jobs: Sequence[Job], who: Requester, address: ReplyAddress | None
    ) -> object:
        by_medium = {job.medium: job.id for job in jobs}
        kept = await self._artifacts.of_job(by_medium["image"])
        pictures = [
            Chosen(job=one.job, index=one.index)
            for one in kept
            if one.kind == "image" and one.path is not None
        ]
        if not pictures:
            raise NotFound("clip_gone")
        request = ClipRequest(
            pictures=tuple(sorted(pictures, key=lambda one: one.index)[:PICTURES_LIMIT]),
            music=Chosen(job=by_medium[MUSIC]),
            speech=Chosen(job=by_medium[SPEECH]),
            subtitles=asked.get("subtitles"),
            title=asked["theme"][:TITLE_LIMIT],
            chain=tuple(
                Step(job=job.id, parents=tuple(by_medium[one] for one in PARENTS[job.medium])) for job in jobs
            ),
        )
        return await self._clip.clip(request, who, address)

    async def _read(self, job: Job) -> str:
        """What was posted, word for word. Raises NotFound."""
        if await self._artifacts.verify(job.id):
            raise NotFound("job_gone")
        for kept in await self._artifacts.of_job(job.id):
            if kept.kind == "text" and kept.path is not None:
                text, _ = await asyncio.to_thread(read_answer, kept.path)
                return text
        raise NotFound("job_gone")


def seed_at(asked: Mapping[str, Any], place: int) -> int:
    """Of the step at this place, from 0."""
    return (int(asked["seed"]) + place) % SEED_LIMIT
