"""`/chain`: a theme becomes a text, a picture, a voice, music and at last a combined piece, with one command.

Each step is a job like any other: it has its own seed, its own checks, its own limit and, where a voice is somebody's,
its own consent at each of its moves. The next one is asked for when the one before is posted. What is asked for stands
in the database, so a restart changes nothing; a step that does not come about ends the chain, and its person is told.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, Final

from bot.services.chain_steps import ITEMS, STEPS, ChainSteps, seed_at
from bot.services.intake import Intake
from bot.services.ports import Publisher, ReplyAddress, Requester, Ticket
from data.chains import ChainRow, Chains
from data.errors import StorageFailed
from data.jobs import Jobs
from generation.clip_params import CLIP, MAKER, SUBTITLES
from generation.errors import AtelierError, InvalidInput, LimitReached, NotAllowed, Refused
from generation.job import ENDED, Job, JobState, draw_seed
from generation.params import clean_prompt, parse_seed
from generation.speech_params import SPEECH

_log = logging.getLogger(__name__)
Sentence = Callable[..., str]

THEME_LIMIT: Final = 300
CHAINS_LIMIT: Final = 1
"""Of a person at the same time in a server."""
LOOK_S: Final = 1.0
PATIENCE_S: Final = 3600.0
"""How long a chain waits for a place among its person's jobs, for the end of a pause, or for a result to be shown."""
PASSING: Final = frozenset({"limit_waiting", "paused"})
"""What only has to be waited for. A budget that is used up does not come back in time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainRequest:
    """`/chain` as it was typed, nothing validated yet. `voice`: as in SpeechRequest, of one's own only; `seed`: of the
    first step, the others have the following ones."""

    theme: str
    voice: str | None = None
    music: str | None = None
    subtitles: str | None = None
    seed: str | int | None = None


class Chain:
    """`start` begins one; `open` and `close` are the running bot's. `pause`: seconds between two looks."""

    def __init__(
        self,
        *,
        chains: Chains,
        jobs: Jobs,
        steps: ChainSteps,
        intake: Intake,
        publisher: Publisher,
        sentence: Sentence,
        pause: float = LOOK_S,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._chains = chains
        self._jobs = jobs
        self._steps = steps
        self._intake = intake
        self._publisher = publisher
        self._sentence = sentence
        self._pause = pause
        self._clock = clock
        self._busy: set[str] = set()
        self._looked: set[str] = set()
        self._wake = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self, request: ChainRequest, who: Requester, address: ReplyAddress | None) -> Ticket:
        """The first step's ticket. Raises InvalidInput, ModelMissing, LimitReached or Refused; nothing began then."""
        plain = await self._checked(request, who)
        chain = ChainRow(
            id=secrets.token_hex(8),
            guild_id=who.guild_id,
            channel_id=who.channel_id,
            person_id=who.person_id,
            locale=who.locale,
            is_teacher=who.is_teacher,
            request=plain,
            created_at=self._clock(),
        )
        self._busy.add(chain.id)  # nobody else goes on with it before its first step is noted
        self._looked.add(chain.id)
        try:
            if not await self._chains.add(chain, most=CHAINS_LIMIT):
                raise LimitReached("chain_limit")
            try:
                ticket = await self._steps.ask(plain, [], who, address)
            except BaseException:
                await self._chains.end(chain.id)
                raise
            await self._chains.note(chain.id, ticket.job.id)
        finally:
            self._busy.discard(chain.id)
        self._wake.set()
        return ticket

    def open(self) -> None:
        """Go on with what the last run left, and with all that begins. After the jobs were taken over."""
        self._wake.set()
        self._spawn(self._run())

    async def close(self) -> None:
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while await self._look():
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), self._pause)
                self._wake.clear()

    async def _look(self) -> bool:
        """Let each that is under way go on, each in its own time. False: there is none. Never raises."""
        try:
            chains = await self._chains.open()
        except AtelierError as error:
            _log.warning("chains could not be read (%s)", error.code)
            return True
        for chain_id in chains:
            if chain_id not in self._busy:
                self._busy.add(chain_id)
                self._spawn(self._go_on(chain_id))
        return bool(chains)

    async def _go_on(self, chain_id: str) -> None:
        try:
            # read now: whoever had it before may just have asked for the next step
            chain = await self._chains.get(chain_id)
            if chain is not None:
                await self._advance(chain)
        except StorageFailed as error:
            self._looked.discard(chain_id)  # the next look finds what was asked for and could not be noted
            _log.warning("a chain could not go on yet (%s)", error.code)
        except Exception as error:  # noqa: BLE001  one of ours that is broken must not be tried for ever
            _log.error("a chain was given up (%s)", type(error).__name__)
            with contextlib.suppress(AtelierError):
                await self._chains.end(chain_id)
        finally:
            self._busy.discard(chain_id)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # -- one chain --

    async def _advance(self, chain: ChainRow) -> None:
        found = [await self._jobs.get(job_id) for job_id in chain.jobs]
        jobs = [job for job in found if job is not None]
        if len(jobs) < len(found):
            await self._stop(chain, jobs, len(jobs), None)
            return
        if jobs and jobs[-1].state is not JobState.POSTED:
            is_late = self._is_late(chain) and jobs[-1].state is JobState.POSTING
            if jobs[-1].state in ENDED or is_late:
                await self._stop(chain, jobs[:-1], len(jobs) - 1, jobs[-1])
            return
        if len(jobs) == len(STEPS):
            await self._chains.end(chain.id)
            return
        await self._next(chain, jobs)

    async def _next(self, chain: ChainRow, jobs: Sequence[Job]) -> None:
        known = None if chain.id in self._looked else await self._stranded(chain, len(jobs))
        self._looked.add(chain.id)
        if known is not None:
            await self._chains.note(chain.id, known.id)
            return
        if not jobs:  # a crash before anything was asked for: its command was never answered
            await self._chains.end(chain.id)
            return
        try:
            await self._intake.demand_room(_who(chain))  # first: a stop has taken away what a step would read
            ticket = await self._steps.ask(chain.request, jobs, _who(chain), None)
        except AtelierError as error:
            if error.code not in PASSING or self._is_late(chain):
                await self._stop(chain, jobs, len(jobs), None, error)
        else:
            await self._chains.note(chain.id, ticket.job.id)

    async def _stranded(self, chain: ChainRow, place: int) -> Job | None:
        """The job of the next step, where the last run ended between asking for it and noting that."""
        seed, medium = seed_at(chain.request, place), STEPS[place]
        for job in await self._jobs.of_owner(chain.guild_id, chain.person_id, 50):
            own = (job.medium, job.seed, job.channel_id) == (medium, seed, chain.channel_id)
            if medium == CLIP:
                named = job.params.get("chain") or [{}]
                own = job.medium == CLIP and named[0].get("job") == chain.jobs[0]
            if own and job.created_at >= chain.created_at and job.id not in chain.jobs:
                return job
        return None

    async def _stop(
        self,
        chain: ChainRow,
        jobs: Sequence[Job],
        place: int,
        last: Job | None,
        error: AtelierError | None = None,
    ) -> None:
        """Forget it and say so: what is finished stays. Where the first step failed, its own sentence says it all."""
        if not await self._chains.end(chain.id) or not jobs:
            return
        step = self._sentence(f"chain.step_{STEPS[place]}", chain.locale)
        has_picture = len(jobs) > STEPS.index("image")
        left = self._sentence(f"chain.left_{'more' if has_picture else 'text'}", chain.locale)
        values = {"step": step, "number": place + 1, "of": len(STEPS), "left": left}
        # that somebody is blocked, or that all is stopped, is not said to the class
        for_one = isinstance(error, NotAllowed | Refused)
        private = for_one or (last is not None and last.state is JobState.REFUSED)
        if error is not None:
            code, values = "chain_cannot", {**values, "why": self._why(error, chain.locale)}
        else:
            code = "chain_ended"
        await self._publisher.tell_owner(jobs[-1], None, code, values, private=private)

    def _why(self, error: AtelierError, locale: str) -> str:
        try:
            return self._sentence(f"error.{error.code}", locale, **error.values)
        except KeyError:  # a code that nobody has written a sentence for
            return self._sentence("error.internal", locale)

    def _is_late(self, chain: ChainRow) -> bool:
        return self._clock() - chain.moved_at > PATIENCE_S

    # -- before anything begins --

    async def _checked(self, request: ChainRequest, who: Requester) -> dict[str, Any]:
        theme = " ".join(clean_prompt(" ".join(request.theme.split())).split())
        if len(theme) > THEME_LIMIT:
            raise InvalidInput("prompt_long", length=len(theme), limit=THEME_LIMIT)
        music = clean_prompt(request.music or "", required=False)
        subtitles = (request.subtitles or SUBTITLES[0]).strip().casefold()
        if subtitles not in SUBTITLES:
            raise InvalidInput("subtitles_unknown")
        seed = parse_seed(request.seed)
        await self._steps.demand_own(request.voice, who)
        await self._demand_all([text for text in (theme, music) if text], who)
        return {
            "theme": theme,
            "voice": request.voice,
            "music": music,
            "subtitles": subtitles,
            "seed": draw_seed() if seed is None else seed,
        }

    async def _demand_all(self, texts: Sequence[str], who: Requester) -> None:
        """Each step at once, and not after half an hour. Raises what asking for one of them would raise."""
        models = {medium: self._intake.model(medium, None) for medium in STEPS[:-1]}
        # which voice speaks is known with the text's language
        named = {medium: "" if medium == SPEECH else model.id for medium, model in models.items()}
        await self._intake.demand_all(who, {**named, CLIP: MAKER.id}, texts=texts, items=ITEMS)
        params = {"prompt": "\n".join(texts)}
        await self._intake.demand_allowed(models[STEPS[0]], params, who, texts=texts)


def _who(chain: ChainRow) -> Requester:
    return Requester(
        guild_id=chain.guild_id,
        channel_id=chain.channel_id,
        person_id=chain.person_id,
        locale=chain.locale,
        is_teacher=chain.is_teacher,
    )
