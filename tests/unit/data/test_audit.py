from __future__ import annotations

import asyncio
import secrets
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from data.audit import HERE, Audit, add_line
from data.database import Database
from data.errors import StorageFailed
from tests.audit_tampering import run

ANNA, BEN, TEACHER, CLASS, OTHER = (f"9{n}0123456789012345" for n in range(5))


@pytest.fixture
def heads(tmp_path: Path) -> Path:
    return tmp_path / "records"


@pytest.fixture
def audit(database: Database, heads: Path) -> Audit:
    return Audit(database, heads)


async def tamper(database: Database, *statements: str) -> None:
    """What somebody with the file in hands can do."""

    def unit(connection: sqlite3.Connection) -> None:
        connection.execute("DROP TRIGGER IF EXISTS audit_is_not_changed")
        connection.execute("DROP TRIGGER IF EXISTS audit_is_not_deleted")
        for statement in statements:
            connection.execute(statement)

    await database.write(unit)


async def four(audit: Audit) -> None:
    await audit.note(CLASS, TEACHER, "lesson.start", detail={"minutes": 45})
    await audit.note(CLASS, TEACHER, "block", ANNA, detail={"minutes": 10})
    await audit.note(CLASS, ANNA, "data.shown")
    await audit.note(CLASS, HERE, "lesson.end")


async def test_lines_name_pseudonyms_only(audit: Audit, database: Database) -> None:
    await four(audit)
    lines = await audit.entries(CLASS)
    assert [line.what for line in lines] == ["lesson.start", "block", "data.shown", "lesson.end"]
    assert lines[1].subject == lines[2].actor == await audit.pseudonym(CLASS, ANNA)
    assert lines[3].actor == HERE
    assert lines[0].detail == {"minutes": 45}
    async with database.read() as connection:
        rows = [tuple(row) for row in await connection.execute_fetchall("SELECT * FROM audit")]
    assert not {ANNA, TEACHER, CLASS} & {value for row in rows for value in row}
    assert await audit.verify() is None


async def test_a_person_is_somebody_else_in_another_class(audit: Audit) -> None:
    await audit.note(CLASS, ANNA, "data.shown")
    await audit.note(OTHER, ANNA, "data.shown")
    assert await audit.pseudonym(CLASS, ANNA) != await audit.pseudonym(OTHER, ANNA)
    assert [line.number for line in await audit.entries(CLASS)] == [1]
    assert [line.number for line in await audit.entries(OTHER, person=ANNA)] == [2]
    assert await audit.entries(CLASS, person=BEN) == []


async def test_who_is_forgotten_is_nobody_and_the_chain_stays(audit: Audit, database: Database) -> None:
    await four(audit)
    await audit.forget(CLASS, ANNA)
    assert await audit.pseudonym(CLASS, ANNA) is None
    assert len(await audit.entries(CLASS)) == 4
    assert await audit.verify() is None
    await audit.forget(CLASS)
    assert await audit.entries(CLASS) == []
    assert ANNA.encode() not in database.path.read_bytes()
    assert await audit.verify() is None


async def test_who_was_not_named_for_long_is_forgotten(database: Database, heads: Path) -> None:
    now = [1_000.0]
    audit = Audit(database, heads, clock=lambda: now[0])
    await audit.note(CLASS, ANNA, "data.shown")
    now[0] = 2_000.0
    await audit.note(CLASS, BEN, "data.shown")
    assert await audit.forget_idle(1_500.0) == 1
    assert await audit.pseudonym(CLASS, ANNA) is None
    assert await audit.pseudonym(CLASS, BEN) is not None


@pytest.mark.parametrize("detail", [{"word": "a whole sentence"}, {"job": "x" * 65}, {"a b": 1}])
async def test_texts_are_not_taken(audit: Audit, detail: dict[str, str | int]) -> None:
    with pytest.raises(ValueError, match="codes"):
        await audit.note(CLASS, TEACHER, "word.add", detail=detail)
    assert await audit.entries(CLASS) == []


async def test_the_tables_refuse_changes(audit: Audit, database: Database) -> None:
    await four(audit)
    for statement in ("UPDATE audit SET what = 'x' WHERE number = 2", "DELETE FROM audit WHERE number = 4"):
        with pytest.raises(sqlite3.IntegrityError, match="only added to"):
            await database.write(lambda connection, text=statement: connection.execute(text).rowcount)  # type: ignore[misc]


@pytest.mark.parametrize(
    ("statements", "broken"),
    [
        (("UPDATE audit SET detail = '{\"minutes\": 45}' WHERE number = 1",), 1),
        (("UPDATE audit SET at = at + 1 WHERE number = 2",), 2),
        (("DELETE FROM audit WHERE number = 3",), 3),
        (("DELETE FROM audit WHERE number = 3", "UPDATE audit SET number = 3 WHERE number = 4"), 3),
        (("DELETE FROM audit WHERE number = 4",), 4),
        (("DELETE FROM audit",), 1),
        (
            (
                "UPDATE audit SET number = 99 WHERE number = 2",
                "UPDATE audit SET number = 2 WHERE number = 3",
                "UPDATE audit SET number = 3 WHERE number = 99",
            ),
            2,
        ),
    ],
)
async def test_what_was_changed_is_found(
    audit: Audit, database: Database, statements: tuple[str, ...], broken: int
) -> None:
    await four(audit)
    await tamper(database, *statements)
    assert await audit.verify() == broken


async def test_a_cut_end_stays_found_when_lines_follow(audit: Audit, database: Database, heads: Path) -> None:
    await four(audit)
    await tamper(database, "DELETE FROM audit WHERE number > 2")
    for number in range(5):
        await audit.note(CLASS, HERE, "lesson.start", detail={"n": number})
    assert await audit.verify() == 4
    assert await Audit(database, heads).verify() == 4


@pytest.mark.parametrize("restarted", [False, True])
async def test_heads_that_were_taken_away_are_missed(
    audit: Audit, database: Database, heads: Path, restarted: bool
) -> None:
    await four(audit)
    shutil.rmtree(heads)
    assert await audit.verify() == 5
    later = Audit(database, heads) if restarted else audit
    await later.note(CLASS, HERE, "lesson.start")
    await later.note(CLASS, HERE, "lesson.end")
    assert await later.verify() == 5


@pytest.mark.parametrize("spoil", [lambda _: b"\xff\xfe", lambda old: old.replace(b'"', b"")])
async def test_spoilt_heads_match_nothing(audit: Audit, heads: Path, spoil: Callable[[bytes], bytes]) -> None:
    await four(audit)
    (file,) = heads.iterdir()
    file.write_bytes(spoil(file.read_bytes()))
    assert await audit.verify() == 1


async def test_a_crash_between_line_and_head_is_no_tampering(
    audit: Audit, database: Database, heads: Path
) -> None:
    await audit.note(CLASS, HERE, "lesson.start")
    (file,) = heads.iterdir()
    earlier = file.read_bytes()
    await audit.note(CLASS, HERE, "lesson.end")
    file.write_bytes(earlier)
    restarted = Audit(database, heads)
    assert await restarted.verify() is None
    await restarted.note(CLASS, HERE, "lesson.start")
    assert await restarted.verify() is None


async def test_a_crash_right_after_the_very_first_line_is_none_either(
    database: Database, heads: Path
) -> None:
    """A new log has its file of heads before it has a line."""

    def unit(connection: sqlite3.Connection) -> None:
        add_line(connection, CLASS, (TEACHER, "voice.granted", ANNA), {"voice": "v"}, 5.0)

    await Audit(database, heads).keep_head()
    await database.write(unit)
    restarted = Audit(database, heads)
    assert await restarted.verify() is None
    await restarted.keep_head()
    assert await restarted.verify() is None
    assert (heads / "audit-heads.jsonl").read_text().startswith("[1, ")
    await tamper(database, "DELETE FROM audit")
    assert await restarted.verify() == 1


async def test_many_at_once_make_one_chain(audit: Audit, database: Database, heads: Path) -> None:
    tasks = [asyncio.create_task(audit.note(CLASS, str(n % 7), "data.shown")) for n in range(60)]
    await asyncio.sleep(0)
    tasks[0].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert await audit.verify() is None
    assert (await audit.head()).number == len(await audit.entries(CLASS)) >= 59
    assert len((heads / "audit-heads.jsonl").read_text().splitlines()) == 1
    await Audit(database, heads).note(CLASS, HERE, "lesson.end")
    assert await audit.verify() is None


async def test_a_folder_that_cannot_be_written_is_said(database: Database, tmp_path: Path) -> None:
    (tmp_path / "records").write_text("a file")
    with pytest.raises(StorageFailed):
        await Audit(database, tmp_path / "records").note(CLASS, HERE, "lesson.start")


async def test_whatever_is_changed_is_found() -> None:
    kinds, missed = await run(25, seed=secrets.randbits(32))
    assert missed == []
    assert kinds.total() == 25
