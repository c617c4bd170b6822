from __future__ import annotations

import os
import sqlite3
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from data import migrations
from data.database import Database
from data.errors import DatabaseNewer

NEXT = ("m999_next", ("CREATE TABLE extra (name TEXT)", "INSERT INTO extra VALUES ('moved')"))


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    opened = sqlite3.connect(tmp_path / "atelier.sqlite", isolation_level=None)
    yield opened
    opened.close()


def test_steps_are_applied_once_and_in_order(connection: sqlite3.Connection, tmp_path: Path) -> None:
    assert migrations.apply(connection, backups=tmp_path / "backups") == [
        name for name, _ in migrations.STEPS
    ]
    assert migrations.apply(connection, backups=tmp_path / "backups") == []
    assert not (tmp_path / "backups").exists()


def test_names_say_the_order() -> None:
    names = [name for name, _ in migrations.STEPS]
    assert [name[:5] for name in names] == [f"m{number:03}_" for number in range(1, len(names) + 1)]
    modules = {file.stem for file in Path(migrations.__file__).parent.glob("m*.py")}
    assert modules == set(names)


def test_the_file_is_copied_before_a_step(connection: sqlite3.Connection, tmp_path: Path) -> None:
    backups = tmp_path / "backups"
    migrations.apply(connection, backups=backups)
    connection.execute("INSERT INTO timings (model, what, seconds) VALUES ('m', 'unit', 1)")
    assert migrations.apply(connection, backups=backups, steps=(*migrations.STEPS, NEXT)) == ["m999_next"]
    assert connection.execute("SELECT name FROM extra").fetchone() == ("moved",)
    (copy,) = backups.iterdir()
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    old = sqlite3.connect(copy)
    try:
        assert old.execute("SELECT count(*) FROM timings").fetchone() == (1,)
        assert old.execute("SELECT count(*) FROM sqlite_master WHERE name = 'extra'").fetchone() == (0,)
        assert old.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    finally:
        old.close()


def test_copies_do_not_outlive_a_week(connection: sqlite3.Connection, tmp_path: Path) -> None:
    backups = tmp_path / "backups"
    backups.mkdir()
    old, new = backups / "after-m000-1.sqlite", backups / "after-m000-2.sqlite"
    for copy in (old, new):
        copy.touch()
    long_ago = time.time() - migrations.BACKUP_SECONDS - 1
    os.utime(old, (long_ago, long_ago))
    migrations.apply(connection, backups=backups)
    assert list(backups.iterdir()) == [new]


def test_a_step_that_fails_leaves_nothing_behind(connection: sqlite3.Connection, tmp_path: Path) -> None:
    migrations.apply(connection, backups=tmp_path / "backups")
    broken = ("m999_broken", ("CREATE TABLE extra (name TEXT)", "INSERT INTO nowhere VALUES (1)"))
    with pytest.raises(sqlite3.OperationalError):
        migrations.apply(connection, backups=tmp_path / "backups", steps=(*migrations.STEPS, broken))
    assert connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'extra'").fetchone() == (0,)
    assert migrations.apply(connection, backups=tmp_path / "backups", steps=(*migrations.STEPS, NEXT)) == [
        "m999_next"
    ]


async def test_a_newer_database_is_left_alone(tmp_path: Path) -> None:
    async with await Database.open(tmp_path) as database:
        await database.write(
            lambda connection: connection.execute("INSERT INTO migrations VALUES ('m999_future', 0)").rowcount
        )
    with pytest.raises(DatabaseNewer) as caught:
        await Database.open(tmp_path)
    assert caught.value.code == "database_newer"
    assert caught.value.values == {"step": "m999_future"}
