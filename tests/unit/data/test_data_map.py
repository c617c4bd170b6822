"""Nothing is kept that the map does not tell of: every table, column and folder."""

from __future__ import annotations

import ast
import sqlite3
from collections.abc import Mapping
from pathlib import Path

import pytest

import data
from data.data_map import ELSEWHERE, PLACES, TABLES, Erased, owned, personal, table, unlisted_files
from data.database import Database

ROOT = Path(data.__file__).parents[1]
PEOPLE = {"person_id", "owner_id"}
README = (ROOT / "data" / "README.md").read_text("utf-8")


async def schema_of(database: Database) -> dict[str, set[str]]:
    async with database.read() as connection:
        names = await connection.execute_fetchall("SELECT name FROM sqlite_master WHERE type = 'table'")
        own = [str(row[0]) for row in names if not str(row[0]).startswith("sqlite_")]
        return {
            name: {str(row[1]) for row in await connection.execute_fetchall(f"PRAGMA table_info({name})")}
            for name in own
        }


def differences(schema: Mapping[str, set[str]]) -> set[str]:
    """What only one of the two knows, as table.column."""
    listed = {f"{one.name}.{column}" for one in TABLES for column in one.columns}
    return listed ^ {f"{name}.{column}" for name, columns in schema.items() for column in columns}


def folders_named(source: str) -> set[str]:
    """The names that a program puts behind its data folder."""
    return {
        str(node.right.value) if isinstance(node.right, ast.Constant) else ast.unparse(node.right)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.BinOp)
        and isinstance(node.op, ast.Div)
        and ast.unparse(node.left).endswith(("data_dir", "database.folder", "path.parent"))
    }


async def test_every_table_and_column_is_listed(database: Database) -> None:
    assert differences(await schema_of(database)) == set()


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("CREATE TABLE diaries (page TEXT)", {"diaries.page"}),
        ("ALTER TABLE jobs ADD COLUMN mood TEXT", {"jobs.mood"}),
        ("DROP TABLE closed_votes", {"closed_votes.job", "closed_votes.closed_at"}),
    ],
)
async def test_an_unlisted_one_is_told(database: Database, statement: str, told: set[str]) -> None:
    def unit(connection: sqlite3.Connection) -> None:
        connection.execute(statement)

    await database.write(unit)
    assert differences(await schema_of(database)) == told


def test_every_folder_of_the_program_is_listed() -> None:
    known = {place.name for place in PLACES}
    sources = [file.read_text("utf-8") for file in (*ROOT.glob("bot/*.py"), *ROOT.glob("data/*.py"))]
    wiring = (ROOT / "bot" / "wiring.py").read_text("utf-8").replace("folder /", "settings.data_dir /")
    named = {name for source in (*sources, wiring) for name in folders_named(source)}
    assert {"voices", "artifacts", "locks", "backups"} <= named
    assert {name for name in named if not name.isupper()} <= known


def test_an_unlisted_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "artifacts").mkdir()
    (tmp_path / "diaries").mkdir()
    assert unlisted_files(tmp_path) == ["diaries"]
    assert folders_named('x = settings.data_dir / "diaries"') == {"diaries"}


async def test_a_new_data_folder_holds_nothing_else(database: Database) -> None:
    assert unlisted_files(database.folder) == []


def test_each_has_a_purpose_and_an_end() -> None:
    for one in (*TABLES, *PLACES, *ELSEWHERE):
        assert one.purpose
        assert one.kept
    assert len({one.name for one in TABLES}) == len(TABLES)
    assert all(purpose for one in TABLES for purpose in one.columns.values())


def test_the_readme_has_a_row_for_each() -> None:
    assert [one.name for one in TABLES if f"`{one.name}`" not in README and one.name != "migrations"] == []
    missing = [
        one.name for one in PLACES if f"`{one.name}" not in README and not one.name.startswith("atelier")
    ]
    assert missing == []


def test_whoever_is_named_in_a_row_owns_it() -> None:
    """A column with a person's id that no deletion looks at would be forgotten by all."""
    for one in TABLES:
        if PEOPLE & set(one.columns):
            assert one.person in one.columns or one.of is not None, one.name
        if one.is_personal:
            assert one.erased is not Erased.NEVER, one.name
        for column in (one.guild, one.person, one.since, one.holds, *one.others, *one.secret):
            assert column is None or column in one.columns, (one.name, column)


def test_whoever_decided_about_others_can_be_forgotten() -> None:
    """Besides who is another person's evidence."""
    for one in TABLES:
        signed = set() if one.signed is None else {one.signed[0]}
        assert signed == set(one.others) or one.name in {"consents", "voice_events"}, one.name


async def test_what_goes_with_its_parent_really_does(database: Database) -> None:
    for one in TABLES:
        if one.erased is not Erased.WITH_PARENT:
            continue
        assert one.of is not None
        async with database.read() as connection:
            keys = await connection.execute_fetchall(f"PRAGMA foreign_key_list({one.name})")
        assert (one.of[1], one.of[0], "CASCADE") in {
            (row["table"], row["from"], row["on_delete"]) for row in keys
        }


async def test_the_conditions_are_sql(database: Database) -> None:
    values = {"guild": "9", "person": "1", "until": 5.0}
    async with database.read() as connection:
        for one in personal():
            for aged in (False, True):
                query = f"SELECT count(*) FROM {one.name} WHERE {owned(one, aged=aged)}"
                (row,) = await connection.execute_fetchall(query, values)
                assert row[0] == 0
    assert "created_at <= :until" in owned(table("clips"), aged=True)
