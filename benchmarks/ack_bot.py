"""The bot in the benchmark's own process: everything real but the workers, which keep the first job for ever."""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import discord

from bot.addresses import read_address
from bot.client import AtelierBot
from bot.endpoints import point_to
from bot.families import catalog_of
from bot.i18n import Sentences
from bot.local.server import ClassServer
from bot.local.traffic import Dispatched, Exchange
from bot.local.visitor import Visitor
from bot.publisher import DiscordPublisher
from bot.run import keep_what_is_loaded
from bot.services.desk import Desk
from bot.services.gallery_ports import NoWall
from bot.services.ports import ImageRequest, ReplyAddress, Requester, Ticket
from bot.services.submit import Submit
from bot.settings import Settings
from bot.wiring import Parts, desk_of
from bot.wiring_gallery import exhibition_of
from bot.wiring_lesson import entrance_of, staffroom_of
from bot.wiring_teacher import records_of
from cogs import EXTENSIONS
from data.database import Database
from data.jobs import Jobs
from data.timings import Timings
from generation.dispatcher import Dispatcher
from generation.errors import TaskCancelled
from generation.queue import FairQueue
from generation.supervisor import Outcome, Request
from moderation.class_words import ClassWords
from moderation.pipeline import Pipeline
from moderation.words import WordCheck

PATIENCE_S = 60.0


@dataclass(frozen=True)
class Recorded:
    """A real command, and what the class server said to its first answer and to the edit of it."""

    event: dict[str, Any]
    first: str
    second: str


class Noting:
    """`Submit` that notes when each ticket was given, by the interaction's token."""

    def __init__(self, submit: Submit) -> None:
        self._submit = submit
        self.queued: dict[str, float] = {}

    async def image(self, request: ImageRequest, who: Requester, address: ReplyAddress | None) -> Ticket:
        ticket = await self._submit.image(request, who, address)
        answer = read_address(address)
        assert answer is not None
        self.queued[answer.token] = time.perf_counter()
        return ticket


class _Holding:
    """A worker that never ends a job by itself."""

    def __init__(self) -> None:
        self._ended = asyncio.Event()

    async def run(self, request: Request, on_progress: Callable[[Any], None] | None = None) -> Outcome:
        await self._ended.wait()
        raise TaskCancelled

    async def cancel(self, job: str) -> None:
        self._ended.set()

    def loaded(self, family: str) -> str | None:
        return None


@asynccontextmanager
async def open_desk(folder: Path) -> AsyncIterator[Desk]:
    """The services on a new database, wired as in `bot.app`."""
    settings = Settings(_env_file=None, daily_items=100_000, daily_seconds=100_000, country="DE", min_age=16)  # type: ignore[call-arg]
    catalog = catalog_of(settings)
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(await Database.open(folder))
        jobs, timings = Jobs(database), await Timings.open(database)
        # with something measured a ticket has to add up everything before it, as in a class
        await timings.add(catalog.default("image").id, 1.0, 1e-6)
        workers: Any = _Holding()
        dispatcher = Dispatcher(
            queue=FairQueue(), supervisor=workers, store=jobs, timings=timings,
            requests=lambda job: Request(family=job.family, task=job.medium, params=job.params, job=job.id,
                                         attempt=job.attempt, out=folder),
            on_progress=lambda job, progress: None, on_outcome=lambda job, outcome: asyncio.sleep(0),
            on_failure=lambda job, error: asyncio.sleep(0),
        )  # fmt: skip
        stack.push_async_callback(dispatcher.close)
        await dispatcher.start()
        words = ClassWords(WordCheck())
        pipeline = Pipeline(text_checks=[words], image_check=_no_pictures, timeout_s=60.0)
        parts = Parts(
            settings=settings, database=database, catalog=catalog, supervisor=workers, work_dir=folder,
            sentences=Sentences.load(), pipeline=pipeline,
        )  # fmt: skip
        yield await _desk_of(parts, stack, dispatcher, timings, words)


async def _desk_of(
    parts: Parts, stack: AsyncExitStack, dispatcher: Dispatcher, timings: Timings, words: ClassWords
) -> Desk:
    """Nothing is shown here, so nothing is posted, withdrawn or taken back."""
    nobody: Any = None
    entrance = await entrance_of(parts, timings)
    exhibition = exhibition_of(
        parts, entrance=entrance, finishers={}, posting=nobody, wall=NoWall(), audit=parts.audit
    )
    records = records_of(
        parts,
        posting=nobody,
        dispatcher=dispatcher,
        publisher=nobody,
        revoke=nobody,
        exhibition=exhibition,
    )
    staffroom = await staffroom_of(
        parts,
        stack,
        entrance=entrance,
        words=words,
        audit=parts.audit,
        exhibition=exhibition,
        pieces=records.pieces,
        posting=nobody,
        deliver=nobody,
        dispatcher=dispatcher,
    )
    return desk_of(
        parts,
        dispatcher,
        timings=timings,
        revoke=nobody,
        publisher=nobody,
        records=records,
        entrance=entrance,
        staffroom=staffroom,
        exhibition=exhibition,
    )


async def _no_pictures(files: Any) -> Any:
    raise NotImplementedError


@asynccontextmanager
async def open_bot() -> AsyncIterator[tuple[AtelierBot, Recorded]]:
    """A bot that is logged in to a class server, and one command it was given there."""
    sentences, seen = Sentences.load(), list[Exchange | Dispatched]()
    publisher = DiscordPublisher(sentences=sentences)
    base = discord.http.Route.BASE
    async with ClassServer() as server, AsyncExitStack() as stack:
        point_to(api_base=server.api_base, gateway_url=server.gateway_url)
        stack.callback(setattr, discord.http.Route, "BASE", base)
        server.observe(seen.append)
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        desk = await stack.enter_async_context(open_desk(Path(folder)))
        bot = AtelierBot(
            desk=desk,
            publisher=publisher,
            sentences=sentences,
            teacher_role="Lehrkraft",
            extensions=EXTENSIONS,
        )
        running = asyncio.create_task(bot.start(server.token))
        try:
            recorded = await _record(bot, server, seen)
            keep_what_is_loaded()
            yield bot, recorded
        finally:
            await bot.close()
            await asyncio.gather(running, return_exceptions=True)


async def _record(bot: AtelierBot, server: ClassServer, seen: list[Exchange | Dispatched]) -> Recorded:
    async with asyncio.timeout(PATIENCE_S):
        await bot.logged_in.wait()
        await bot.wait_until_ready()
        async with await Visitor.enter(server.base_url, person="Ada", locale="de") as ada:
            handle = ada.command("bild", prompt="ein roter Kreis über dem blauen Meer", schritte=20, anzahl=4)
            await handle.message(lambda message: bool(message["content"]))
    event = next(one for one in seen if isinstance(one, Dispatched) and one.name == "INTERACTION_CREATE")
    calls = [one for one in seen if isinstance(one, Exchange) and event.data["token"] in one.path]
    first, second = (json.dumps(one.response) for one in calls[:2])
    return Recorded(event.data, first, second)
