"""`/log`: the class's log as a table that a spreadsheet opens, and whether anybody has changed it."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from bot.services.ports import Requester
from data.audit import Audit, Entry
from data.audit_head import Head
from generation.errors import NotAllowed

COLUMNS: Final = ("number", "time", "who", "what", "whom", "detail", "hash")


@dataclass(frozen=True, slots=True, kw_only=True)
class LogFile:
    """`broken`: the number of the first line that is not as it was written, None if all are. `head`: the last line of
    all classes; whoever keeps it can tell later whether lines are missing at the end."""

    content: bytes
    lines: int
    broken: int | None
    head: Head


class Protocol:
    """`sentence(key, locale)`: what a code means; `has(key)`: whether there is such a sentence."""

    def __init__(
        self,
        *,
        audit: Audit,
        sentence: Callable[..., str],
        has: Callable[[str], bool],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._audit = audit
        self._sentence = sentence
        self._has = has
        self._clock = clock

    async def export(self, who: Requester, *, person: str | None = None) -> LogFile:
        """The class's lines, or those about one person. People are pseudonyms. That it was read is a line, too.

        Raises NotAllowed teachers_only, StorageFailed.
        """
        if not who.is_teacher:
            raise NotAllowed("teachers_only")
        # looked for before the line about this: it would make somebody known who is not
        entries = await self._audit.entries(who.guild_id, person=person)
        broken = await self._audit.verify()
        await self._audit.note(who.guild_id, who.person_id, "log.shown", person or "" if entries else "")
        return LogFile(
            content=self._table(entries, who.locale),
            lines=len(entries),
            broken=broken,
            head=await self._audit.head(),
        )

    def _table(self, entries: list[Entry], locale: str) -> bytes:
        """With a byte order mark, and where decimals have commas, columns have semicolons: so spreadsheets read it."""
        text = io.StringIO()
        writer = csv.writer(text, delimiter=";" if locale == "de" else ",")
        writer.writerow([self._sentence(f"log.column_{name}", locale) for name in COLUMNS])
        writer.writerows(self._row(entry, locale) for entry in entries)
        return text.getvalue().encode("utf-8-sig")

    def _row(self, entry: Entry, locale: str) -> tuple[object, ...]:
        at = datetime.fromtimestamp(entry.at, UTC).isoformat(timespec="seconds")
        detail = " ".join(f"{name}={value}" for name, value in entry.detail.items())
        return (
            entry.number,
            at,
            entry.actor,
            self._meaning(entry.what, locale),
            entry.subject,
            detail,
            entry.hash,
        )

    def _meaning(self, what: str, locale: str) -> str:
        key = f"log.what_{what.replace('.', '_')}"
        return self._sentence(key, locale) if self._has(key) else what
