from __future__ import annotations

import asyncio
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from data.database import Database
from data.errors import DataFolderLocked, StorageClosed, StorageFailed


def insert(seconds: float, model: str = "m") -> Callable[[sqlite3.Connection], float]:
    def unit(connection: sqlite3.Connection) -> float:
        connection.execute(
            "INSERT INTO timings (model, what, seconds) VALUES (?, 'unit', ?)", (model, seconds)
        )
        return seconds

    return unit


async def stored(database: Database) -> list[float]:
    async with database.read() as connection:
        return [
            row[0] for row in await connection.execute_fetchall("SELECT seconds FROM timings ORDER BY number")
        ]


async def test_settings_that_keep_what_was_committed(database: Database) -> None:
    def settings(connection: sqlite3.Connection) -> list[object]:
        names = ("journal_mode", "synchronous", "foreign_keys", "secure_delete")
        return [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in names]

    assert await database.write(settings) == ["wal", 2, 1, 1]


async def test_units_that_come_together_share_one_commit(database: Database) -> None:
    before = database.commits
    answers = await asyncio.gather(*(database.write(insert(number)) for number in range(200)))
    assert answers == list(range(200))
    assert database.commits - before <= 2
    assert await stored(database) == list(range(200))


async def test_an_answer_comes_after_the_commit(database: Database) -> None:
    await database.write(insert(1))
    outside = sqlite3.connect(database.path)
    try:
        assert outside.execute("SELECT count(*) FROM timings").fetchone() == (1,)
    finally:
        outside.close()


async def test_a_unit_that_fails_undoes_itself_and_nothing_else(database: Database) -> None:
    def half(connection: sqlite3.Connection) -> None:
        insert(99)(connection)
        raise KeyError("no")

    def doubled(connection: sqlite3.Connection) -> None:
        insert(98)(connection)
        connection.execute("INSERT INTO timings (number, model, what, seconds) VALUES (1, 'm', 'unit', 0)")

    units = [insert(1), half, insert(2), doubled, insert(3)]
    answers = await asyncio.gather(*(database.write(unit) for unit in units), return_exceptions=True)
    assert answers[::2] == [1, 2, 3]
    assert [type(answer) for answer in answers[1::2]] == [KeyError, sqlite3.IntegrityError]
    assert await stored(database) == [1, 2, 3]


async def test_a_cancelled_caller_stops_neither_its_unit_nor_others(database: Database) -> None:
    tasks = [asyncio.create_task(database.write(insert(number))) for number in range(50)]
    await asyncio.sleep(0)
    for task in tasks[::2]:
        task.cancel()
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert [isinstance(answer, asyncio.CancelledError) for answer in answers] == [True, False] * 25
    await database.write(insert(50))
    assert await stored(database) == list(range(51))


async def test_what_waits_at_closing_is_still_written(tmp_path: Path) -> None:
    database = await Database.open(tmp_path)
    tasks = [asyncio.create_task(database.write(insert(number))) for number in range(20)]
    await asyncio.sleep(0)
    await database.close()
    assert await asyncio.gather(*tasks) == list(range(20))
    with pytest.raises(StorageClosed):
        await database.write(insert(1))
    with pytest.raises(StorageClosed):
        async with database.read():
            pass
    await database.close()
    async with await Database.open(tmp_path) as again:
        assert await stored(again) == list(range(20))


async def test_readers_cannot_write_and_are_given_back_clean(database: Database) -> None:
    for _ in range(5):  # more than there are readers: each must come back
        async with database.read() as connection:
            await connection.execute("BEGIN")
            with pytest.raises(sqlite3.OperationalError, match="readonly"):
                await connection.execute("DELETE FROM timings")
    async with database.read() as connection:
        assert not connection.in_transaction


async def test_a_cancelled_reader_is_given_back(database: Database) -> None:
    slow = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000) SELECT count(*) FROM n"

    async def read() -> None:
        async with database.read() as connection:
            await connection.execute_fetchall(slow)

    tasks = [asyncio.create_task(read()) for _ in range(4)]
    await asyncio.sleep(0.01)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert await stored(database) == []


async def test_writing_goes_on_while_somebody_reads_and_the_reader_sees_one_moment(
    database: Database,
) -> None:
    await database.write(insert(1))
    async with database.read() as connection:
        await connection.execute("BEGIN")
        count = "SELECT count(*) FROM timings"
        assert [tuple(row) for row in await connection.execute_fetchall(count)] == [(1,)]
        await database.write(insert(2))
        assert [tuple(row) for row in await connection.execute_fetchall(count)] == [(1,)]
    assert await stored(database) == [1, 2]


async def test_a_second_database_on_the_same_folder_is_refused(database: Database) -> None:
    with pytest.raises(DataFolderLocked) as caught:
        await Database.open(database.folder)
    assert caught.value.code == "data_folder_locked"
    await database.write(insert(1))


async def test_the_lock_ends_with_the_database(tmp_path: Path) -> None:
    for _ in range(3):
        async with await Database.open(tmp_path):
            pass


async def test_a_full_disk_is_a_clear_error_and_the_writer_survives(database: Database) -> None:
    def limit(pages: int) -> Callable[[sqlite3.Connection], int]:
        return lambda connection: int(connection.execute(f"PRAGMA max_page_count={pages}").fetchone()[0])

    def big(connection: sqlite3.Connection) -> None:
        insert(0, "x" * 200_000)(connection)

    used = await database.write(lambda connection: int(connection.execute("PRAGMA page_count").fetchone()[0]))
    await database.write(limit(used + 5))
    answers = await asyncio.gather(
        database.write(insert(1)), database.write(big), database.write(insert(2)), return_exceptions=True
    )
    assert isinstance(answers[1], StorageFailed)
    assert answers[1].code == "storage_failed"
    assert answers[1].values == {"reason": "disk_full"}
    assert [answers[0], answers[2]] == [1, 2]
    await database.write(limit(100_000))
    await database.write(big)
    assert await stored(database) == [1, 2, 0]


async def test_a_disk_that_refuses_everything_fails_each_caller(database: Database) -> None:
    await database.write(lambda connection: connection.execute("PRAGMA query_only=ON").fetchall())
    answers = await asyncio.gather(*(database.write(insert(n)) for n in range(3)), return_exceptions=True)
    assert [getattr(answer, "values", None) for answer in answers] == [{"reason": "read_only"}] * 3


@pytest.mark.parametrize("content", [b"this is no database, but it is long enough to look like one" * 20])
async def test_a_file_that_is_no_database(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "atelier.sqlite").write_bytes(content)
    with pytest.raises(StorageFailed, match="corrupt"):
        await Database.open(tmp_path)
    assert (tmp_path / "atelier.sqlite").read_bytes() == content


async def test_a_folder_that_cannot_be_one(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageFailed):
        await Database.open(tmp_path / "file" / "data")


async def test_only_the_bot_may_read_its_folder(tmp_path: Path) -> None:
    async with await Database.open(tmp_path / "data") as database:
        await database.write(insert(1))
        assert stat.S_IMODE(database.folder.stat().st_mode) == 0o700
        for file in database.folder.glob("*.sqlite*"):
            assert stat.S_IMODE(file.stat().st_mode) == 0o600, file.name


async def test_what_was_deleted_is_gone_from_every_file(database: Database) -> None:
    canary = "canary-" + "0123456789" * 5
    await database.write(insert(1, canary))
    await database.write(lambda connection: connection.execute("DELETE FROM timings").rowcount)
    await database.scrub()
    for file in database.folder.iterdir():
        assert canary.encode() not in file.read_bytes(), file.name


async def test_while_somebody_reads_an_older_state_it_is_said_that_copies_are_left(
    database: Database,
) -> None:
    canary = "canary-" + "0123456789" * 5
    database._connection.execute("PRAGMA busy_timeout=20")
    await database.write(insert(1, canary))
    with closing(sqlite3.connect(database.path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM timings").fetchall()
        await database.write(lambda connection: connection.execute("DELETE FROM timings").rowcount)
        assert not await database.scrub()
        assert database.owes_scrub
        assert canary.encode() in b"".join(file.read_bytes() for file in database.folder.glob("*.sqlite*"))
        reader.execute("COMMIT")
        assert await database.scrub()
    assert not database.owes_scrub
    for file in database.folder.iterdir():
        assert canary.encode() not in file.read_bytes(), file.name


async def test_a_named_file_is_opened_as_it_is_named(tmp_path: Path) -> None:
    async with await Database.open(tmp_path / "other.sqlite") as database:
        assert database.path == tmp_path / "other.sqlite"
