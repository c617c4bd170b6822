"""`/my-data`: what is kept of somebody, as numbers, as files, and its deletion; a teacher may ask for the class."""

from __future__ import annotations

import asyncio
import io
import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from bot.services.erasing import Deleted, Erasing
from bot.services.ports import Requester
from bot.services.retention import Times
from data.audit import HERE, Audit, Entry
from data.erasures import EVERYBODY
from data.personal import SOMEBODY, Holding, KeptFile, Personal
from data.voice_records import OPERATOR
from generation.errors import InvalidInput, NotAllowed

PARTS_LIMIT: Final = 10
"""Files that one export may have; what does not fit is named."""
ENTRY_BYTES: Final = 512
"""Of each file in an archive beside its content."""
DATA_NAME: Final = "data.json"
_TIMES: Final = frozenset({"at", "until", "since"})

Sentence = Callable[..., str]
"""(key, locale, **values) -> text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """`parts`: what each archive holds, its first has the tables as JSON and `guide`, which says in the reader's
    language what is what. `left_out`: files that fit into none."""

    tables: bytes
    guide: tuple[str, bytes]
    parts: tuple[tuple[KeptFile, ...], ...]
    left_out: tuple[str, ...]

    def archive(self, index: int) -> bytes:
        """One of the archives, made when it is needed. Files that are gone meanwhile are left out. Blocks."""
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w") as archive:
            if index == 0:
                archive.writestr(self.guide[0], self.guide[1], compress_type=zipfile.ZIP_DEFLATED)
                archive.writestr(DATA_NAME, self.tables, compress_type=zipfile.ZIP_DEFLATED)
            for file in self.parts[index]:
                if file.path.is_file():
                    archive.write(file.path, file.name)
        return made.getvalue()


class MyData:
    """Methods raise NotAllowed teachers_only where a pupil asks for the class, and StorageFailed."""

    def __init__(
        self,
        *,
        personal: Personal,
        erasing: Erasing,
        audit: Audit,
        times: Times,
        sentence: Sentence,
        has: Callable[[str], bool],
    ) -> None:
        self._personal = personal
        self._erasing = erasing
        self._audit = audit
        self._times = times
        self._sentence = sentence
        self._has = has

    @property
    def days(self) -> int:
        """How long a result can be taken back from Discord."""
        return self._times.days

    async def show(self, who: Requester, *, whole: bool = False) -> list[str]:
        """A sentence for each kind of thing that is kept: how many, what for, until when."""
        person = _whose(who, whole)
        await self._note(who, "data.shown", whole)
        holdings = await self._personal.holdings(who.guild_id, person)
        lines = [self._line(one, who.locale) for one in holdings]
        if entries := await self._log(who, person):
            lines.append(self._of_log(entries, who, whole=whole))
        return lines

    async def export(self, who: Requester, *, limit: int, whole: bool = False) -> Export:
        """Everything, in archives of at most `limit` bytes. Of a class without recordings of voices."""
        person = _whose(who, whole)
        await self._note(who, "data.exported", whole)
        rows = await self._personal.rows(who.guild_id, person)
        tables = {name: self._table(name, found, who.locale) for name, found in rows.items()}
        alias = None if whole else await self._audit.pseudonym(who.guild_id, person)
        entries = [_plain(entry, alias) for entry in await self._log(who, person)]
        content = json.dumps(
            {"made_at": datetime.now(UTC).isoformat(timespec="seconds"), "tables": tables, "log": entries},
            ensure_ascii=False,
            indent=1,
        ).encode()
        files = await self._personal.files(who.guild_id, person)
        lines = [f"{name}: {table['what']}" for name, table in tables.items()]
        if entries:
            lines.append(f"log: {self._of_log(entries, who, whole=whole)}")
        if alias is not None:
            lines.append(self._sentence("my_data.guide_alias", who.locale, alias=alias))
        guide = self._guide(lines, who, whole=whole)
        return await asyncio.to_thread(_packed, content, guide, files, limit)

    async def delete(self, who: Requester, *, whole: bool = False, person: str | None = None) -> Deleted:
        """Delete it all, now. What Discord or a worker holds up goes on by itself.

        `person`: somebody else, for a teacher: who has left, or whose parents ask for it.
        """
        self.demand(who, whole=whole, person=person)
        return await self._erasing.erase(who.guild_id, person or _whose(who, whole), who.person_id)

    def demand(self, who: Requester, *, whole: bool, person: str | None = None) -> None:
        """Raise what the other methods would; InvalidInput where both the class and somebody are meant."""
        _whose(who, whole or person is not None)
        if whole and person is not None:
            raise InvalidInput("data_of_whom")

    def _guide(self, lines: Sequence[str], who: Requester, *, whole: bool) -> tuple[str, bytes]:
        """Its name and its text: a line for each kind of thing in the data, then what the words mean."""
        text, suffix = self._sentence, "_class" if whole else ""
        parts = [
            text(f"my_data.title{suffix}", who.locale),
            text(f"my_data.guide{suffix}", who.locale, data=DATA_NAME),
            "\n".join(f"- {line}" for line in lines),
            text("my_data.guide_words", who.locale),
            text("my_data.elsewhere", who.locale),
        ]
        # with a byte order mark: the simplest editors guess wrong without
        return text("my_data.guide_name", who.locale), "\n\n".join(parts).encode("utf-8-sig")

    def _of_log(self, entries: Sequence[object], who: Requester, *, whole: bool) -> str:
        key = "my_data.log_class" if whole else "my_data.log"
        return self._sentence(key, who.locale, n=len(entries))

    async def _log(self, who: Requester, person: str) -> Sequence[Entry]:
        return await self._audit.entries(who.guild_id, person=None if person == EVERYBODY else person)

    async def _note(self, who: Requester, what: str, whole: bool) -> None:
        await self._audit.note(who.guild_id, who.person_id, what, detail={"whole_class": int(whole)})

    def _line(self, one: Holding, locale: str) -> str:
        key = f"my_data.table_{one.table}"
        return self._sentence(
            key if self._has(key) else "my_data.table_other",
            locale,
            n=one.count,
            table=one.table,
            days=self._times.days,
            hours=self._times.refused_hours,
            consents_days=self._times.consents_days,
        )

    def _table(self, name: str, rows: list[dict[str, Any]], locale: str) -> Mapping[str, object]:
        line = self._line(Holding(table=name, count=len(rows), oldest=None), locale)
        return {"what": line, "rows": [_readable(row) for row in rows]}


def _whose(who: Requester, whole: bool) -> str:
    if whole and not who.is_teacher:
        raise NotAllowed("teachers_only")
    return EVERYBODY if whole else who.person_id


def _readable(row: Mapping[str, Any]) -> dict[str, Any]:
    """Times as dates, not as seconds since 1970."""
    return {
        name: _date(value)
        if isinstance(value, float | int) and (name in _TIMES or name.endswith("_at"))
        else value
        for name, value in row.items()
    }


def _date(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")


def _plain(entry: Entry, alias: str | None) -> dict[str, object]:
    """`alias`: whose lines they are; everybody else is nobody in them: who has reported a post is not told. None: a
    class's, which teachers may read."""
    return {
        "at": _date(entry.at),
        "who": _known(entry.actor, alias),
        "what": entry.what,
        "whom": _known(entry.subject, alias),
        "detail": dict(entry.detail),
    }


def _known(name: str, alias: str | None) -> str:
    return name if alias is None or name in {"", HERE, OPERATOR, alias} else SOMEBODY


def _packed(content: bytes, guide: tuple[str, bytes], files: Sequence[KeptFile], limit: int) -> Export:
    """Fill one archive after the other, in order; what is too big for an empty one is left out."""
    parts: list[list[KeptFile]] = [[]]
    room = limit - len(content) - len(guide[1]) - 2 * ENTRY_BYTES
    left_out: list[str] = []
    for file in files:
        needed = (
            file.path.stat().st_size + 2 * len(file.name.encode()) + ENTRY_BYTES if file.path.is_file() else 0
        )
        if needed > room and needed <= limit and len(parts) < PARTS_LIMIT:
            parts.append([])
            room = limit
        if needed > room:
            left_out.append(file.name)
            continue
        parts[-1].append(file)
        room -= needed
    return Export(
        tables=content, guide=guide, parts=tuple(tuple(part) for part in parts), left_out=tuple(left_out)
    )
