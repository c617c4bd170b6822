"""What the composition root hands on for the teacher's side: the log, what is kept and how long; see `wiring.py`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.services.erasing import Erasing
from bot.services.my_data import MyData
from bot.services.pieces import Pieces
from bot.services.ports import Publisher
from bot.services.posting import Posting
from bot.services.protocol import Protocol
from bot.services.retention import Retention, Times
from bot.services.revoke import Revoke
from data.audit import Audit
from data.erasures import Erasures
from data.forgetting import Forgetting
from data.personal import Personal
from data.pieces import PieceLinks
from data.posts import Posts
from generation.dispatcher import Dispatcher

if TYPE_CHECKING:
    from bot.wiring import Parts
    from bot.wiring_gallery import Exhibition


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """The log of what was decided, and who sees to it that nothing is kept for longer than it may be."""

    audit: Audit
    pieces: Pieces
    erasing: Erasing
    retention: Retention
    times: Times


def records_of(
    parts: Parts,
    *,
    posting: Posting,
    dispatcher: Dispatcher,
    publisher: Publisher,
    revoke: Revoke,
    exhibition: Exhibition,
) -> Records:
    settings, database = parts.settings, parts.database
    times = Times(
        days=settings.keep_days,
        refused_hours=settings.keep_refused_hours,
        consents_days=settings.keep_consents_days,
        log_days=settings.keep_log_days,
    )
    pieces = Pieces(
        links=PieceLinks(database),
        jobs=parts.jobs,
        artifacts=parts.artifacts,
        posting=posting,
        publisher=publisher,
        dispatcher=dispatcher,
        gallery=exhibition.clearing,
    )
    erasing = Erasing(
        erasures=Erasures(database, parts.traces),
        tombstones=parts.tombstones,
        audit=parts.audit,
        posts=Posts(database),
        artifacts=parts.artifacts,
        pieces=pieces,
        dispatcher=dispatcher,
        revoke=revoke,
        work_dir=parts.work_dir,
        also=[exhibition.clearing.leave],
    )
    retention = Retention(
        forgetting=Forgetting(database, parts.traces),
        artifacts=parts.artifacts,
        voices=parts.voices,
        traces=parts.traces,
        uploads=parts.uploads,
        pieces=PieceLinks(database),
        audit=parts.audit,
        times=times,
        spared=exhibition.entries.kept,
    )
    return Records(audit=parts.audit, pieces=pieces, erasing=erasing, retention=retention, times=times)


def my_data_of(parts: Parts, records: Records) -> MyData:
    return MyData(
        personal=Personal(parts.database),
        erasing=records.erasing,
        audit=records.audit,
        times=records.times,
        sentence=parts.sentences.text,
        has=parts.sentences.has,
    )


def protocol_of(parts: Parts, records: Records) -> Protocol:
    return Protocol(audit=records.audit, sentence=parts.sentences.text, has=parts.sentences.has)
