"""The composition root: the only place where the parts are put together, and taken apart in reverse order."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.families import REQUIRED_FAMILIES, FamilyOff, Report, catalog_of, environments_of
from bot.hardware import model_memory_mb, worker_threads
from bot.i18n import Sentences
from bot.services.deliver import Deliver
from bot.services.desk import Desk
from bot.services.emergency import Emergency
from bot.services.erasing import Erasing
from bot.services.gallery_hanging import GalleryHanging
from bot.services.gallery_ports import GalleryWall, NoWall
from bot.services.ports import Publisher
from bot.services.posting import PAUSES_S, Posting
from bot.services.progress import ProgressReport
from bot.services.recovery import Recovery
from bot.services.revoke import Revoke
from bot.services.upkeep import Chore, Upkeep
from bot.services.video_preview import VideoPreview
from bot.settings import Settings
from bot.wiring import Parts, desk_of, revoke_of
from bot.wiring_finishing import finishers_of, preparing
from bot.wiring_gallery import exhibition_of
from bot.wiring_lesson import entrance_of, staffroom_of
from bot.wiring_teacher import records_of
from bot.work_folder import prepare_work_folder, remove_work_folder
from bot.worker_requests import fits, request_of
from data.addresses import ReplyAddresses
from data.database import Database
from data.posts import Posts
from data.timings import Timings
from generation.budget import MemoryBudget
from generation.catalog import Catalog
from generation.dispatcher import Dispatcher
from generation.errors import AtelierError
from generation.queue import FairQueue
from generation.supervisor import Supervisor
from generation.voice_token import KEY_VARIABLE, new_key
from moderation.class_words import ClassWords
from moderation.guard_check import GuardCheck
from moderation.pipeline import Pipeline
from moderation.safety_check import SafetyCheck
from moderation.text_rules import AnswerRules
from moderation.words import WordCheck

_log = logging.getLogger(__name__)
_CHECK_TIMEOUT_S = 120.0
"""The first check waits for the safety family's worker to start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Atelier:
    """Everything of the bot but Discord."""

    desk: Desk
    recovery: Recovery
    supervisor: Supervisor
    families: tuple[str, ...]
    """Those whose workers have something to do."""

    async def warm_up(self) -> None:
        """Start the workers before the first command waits for them. Failures are logged: jobs report them again."""
        results = await asyncio.gather(
            *(self.supervisor.start(family) for family in self.families), return_exceptions=True
        )
        for family, result in zip(self.families, results, strict=True):
            if isinstance(result, Exception):
                _log.warning("the worker of %s could not be started yet (%s)", family, result)


@asynccontextmanager
async def open_atelier(
    settings: Settings,
    *,
    publisher: Publisher,
    sentences: Sentences,
    report: Report,
    wall: GalleryWall | None = None,
) -> AsyncIterator[Atelier]:
    """Open the data folder, the queue and the workers' supervisor. Raises AtelierError, e.g. data_folder_locked.

    `wall`: where the gallery hangs; None: no class looks on.
    """
    for family in REQUIRED_FAMILIES:
        if family not in settings.families:
            raise FamilyOff("family_off", family=family)
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(await Database.open(settings.data_dir))
        # only now: the lock on the data folder says that no other bot uses this work folder
        work_dir = await asyncio.to_thread(prepare_work_folder, settings.data_dir, settings.work_dir)
        stack.push_async_callback(asyncio.to_thread, remove_work_folder, work_dir)
        os.environ["ATELIER_THREADS"] = str(worker_threads(settings.worker_threads))
        # tokens of the last run are worth nothing: a voice speaks only where this run has read the consent
        os.environ[KEY_VARIABLE] = new_key()
        environments = environments_of(settings, report=report)
        stack.push_async_callback(environments.close)
        catalog = await asyncio.to_thread(catalog_of, settings)
        supervisor = Supervisor(
            environments=environments,
            budget=MemoryBudget(model_memory_mb(settings.memory_mb)),
            lock_dir=settings.data_dir / "locks",
        )
        stack.push_async_callback(supervisor.close)
        yield await assemble(
            settings,
            stack,
            database=database,
            catalog=catalog,
            supervisor=supervisor,
            work_dir=work_dir,
            publisher=publisher,
            sentences=sentences,
            wall=wall,
        )


async def assemble(
    settings: Settings,
    stack: AsyncExitStack,
    *,
    database: Database,
    catalog: Catalog,
    supervisor: Supervisor,
    work_dir: Path,
    publisher: Publisher,
    sentences: Sentences,
    wall: GalleryWall | None = None,
    pauses: Sequence[float] = PAUSES_S,
) -> Atelier:
    """Put the parts together around an open database and a supervisor; `stack` closes what is opened here."""
    addresses = ReplyAddresses(database)
    check = SafetyCheck(supervisor=supervisor, model=catalog.default("safety"), work_dir=work_dir)
    words = ClassWords(WordCheck())
    parts = Parts(
        settings=settings,
        database=database,
        catalog=catalog,
        supervisor=supervisor,
        work_dir=work_dir,
        sentences=sentences,
        pipeline=Pipeline(
            text_checks=[words],
            image_check=check,
            answer_checks=[AnswerRules()],
            dialogue_check=_guard(catalog, supervisor, work_dir),
            timeout_s=_CHECK_TIMEOUT_S,
        ),
    )
    jobs, artifacts = parts.jobs, parts.artifacts
    timings = await Timings.open(database)
    entrance = await entrance_of(parts, timings)
    preview = VideoPreview(
        pipeline=parts.pipeline,
        work_dir=work_dir,
        prepare=check.prepare,
        end=lambda job, code: dispatcher.cancel(job, code),  # noqa: PLW0108  it is made below
    )
    progress = ProgressReport(
        publisher=publisher, addresses=addresses, preview=preview, may_show=entrance.door.may_post
    )
    stack.push_async_callback(progress.close)
    posting = Posting(
        jobs=jobs,
        addresses=addresses,
        posts=Posts(database),
        conversations=parts.conversations,
        publisher=publisher,
        pauses=pauses,
        may_post=entrance.door.may_post,
    )
    stack.push_async_callback(posting.close)
    finishers = finishers_of(parts, prepare=check.prepare, publisher=publisher)
    deliver = Deliver(
        jobs=jobs,
        artifacts=artifacts,
        finishers=finishers,
        posting=posting,
        work_dir=work_dir,
    )
    dispatcher = Dispatcher(
        queue=FairQueue(),
        supervisor=supervisor,
        store=jobs,
        timings=timings,
        requests=lambda job: request_of(job, catalog, work_dir),
        prepare=preparing(parts, publisher=publisher),
        on_progress=progress.on_progress,
        on_outcome=deliver.on_outcome,
        on_failure=deliver.on_failure,
        fits=lambda job: fits(job, catalog, supervisor),
        is_held=entrance.door.is_held,
    )
    stack.push_async_callback(dispatcher.close)
    exhibition = exhibition_of(
        parts,
        entrance=entrance,
        finishers=finishers,
        posting=posting,
        wall=wall or NoWall(),
        audit=parts.audit,
    )
    revoke, voices = revoke_of(
        parts,
        posting=posting,
        deliver=deliver,
        dispatcher=dispatcher,
        publisher=publisher,
        exhibition=exhibition,
    )
    records = records_of(
        parts,
        posting=posting,
        dispatcher=dispatcher,
        publisher=publisher,
        revoke=revoke,
        exhibition=exhibition,
    )
    stack.push_async_callback(records.erasing.close)
    staffroom = await staffroom_of(
        parts,
        stack,
        entrance=entrance,
        words=words,
        audit=parts.audit,
        exhibition=exhibition,
        pieces=records.pieces,
        posting=posting,
        deliver=deliver,
        dispatcher=dispatcher,
    )
    # a backup that was restored may know again who was deleted, and let voices live that were withdrawn
    first: list[Chore] = [records.erasing, voices]
    also: list[Chore] = [
        records.retention,
        staffroom.emergency,
        staffroom.lessons,
        staffroom.care.blocks,
        staffroom.care.cards,
        exhibition.clearing,
    ]
    upkeep = Upkeep(addresses=addresses, artifacts=artifacts, uploads=parts.uploads, first=first, also=also)
    await _keep_up(stack, upkeep)
    found, untold = await jobs.unfinished(), await addresses.of_ended()
    await dispatcher.start()
    desk = desk_of(
        parts,
        dispatcher,
        timings=timings,
        revoke=revoke,
        publisher=publisher,
        records=records,
        entrance=entrance,
        staffroom=staffroom,
        exhibition=exhibition,
    )
    stack.push_async_callback(desk.chain.close)
    return Atelier(
        desk=desk,
        recovery=Recovery(
            found=found,
            untold=untold,
            jobs=jobs,
            dispatcher=dispatcher,
            deliver=deliver,
            take_back=lambda: _finish(revoke, staffroom.emergency, exhibition.hanging, records.erasing),
        ),
        supervisor=supervisor,
        families=tuple(family for family in settings.families if catalog.is_usable(family)),
    )


async def _finish(revoke: Revoke, emergency: Emergency, hanging: GalleryHanging, erasing: Erasing) -> None:
    """What a crash broke off: first what may not be seen at all."""
    await emergency.finish()
    await revoke.finish()
    try:
        await erasing.purge()  # what it starts goes on beside everything else
    except AtelierError as error:
        _log.warning("a deletion goes on in a minute (%s)", error.code)
    await hanging.finish()


def _guard(catalog: Catalog, supervisor: Supervisor, work_dir: Path) -> GuardCheck | None:
    """The best guard model on this machine; from then on nothing is shown that it has not judged."""
    model = next((one for one in catalog.models("guard") if one.path is not None), None)
    if model is None and catalog.models("text"):
        _log.warning("no guard model is on this machine: texts are judged by word lists and rules alone")
    return None if model is None else GuardCheck(supervisor=supervisor, model=model, work_dir=work_dir)


async def _keep_up(stack: AsyncExitStack, upkeep: Upkeep) -> None:
    stack.push_async_callback(upkeep.close)
    await upkeep.sweep()
    upkeep.start()
