from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from data.database import Database
from data.errors import StorageFailed
from data.jobs import Jobs
from data.uploads import UNDECIDED_S, KeptUpload, KeptUploads, WaitingRequest
from generation.errors import NotFound
from generation.job import JobState
from tests.fakes_dispatch import make_job

SHA = "a" * 64
NOTES = ((60, 0.0, 1.0), (62, 1.0, 0.5))


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def uploads(database: Database, tmp_path: Path, clock: Clock) -> KeptUploads:
    return KeptUploads(database, tmp_path / "uploads", clock=clock)


async def add(
    uploads: KeptUploads, folder: Path, *, person: str = "anna", content: bytes = b"wave"
) -> KeptUpload:
    clean = folder / "clean.wav"
    clean.write_bytes(content)
    return await uploads.add_sound("class", person, SHA, clean=clean, seconds=3.5)


def request(upload: KeptUpload, number: int = 1, created_at: float = 1_000_000.0) -> WaitingRequest:
    return WaitingRequest(
        id=f"request{number}",
        upload=upload.id,
        guild_id="class",
        channel_id="channel",
        person_id=upload.person_id,
        locale="de",
        medium="music",
        model="mini",
        params={"prompt": "fröhlich", "melody": upload.id},
        seed=7,
        notices=("no_singing",),
        created_at=created_at,
    )


def in_folder(folder: Path) -> list[str]:
    return sorted(file.name for file in (folder / "uploads").iterdir())


async def test_a_sound_is_kept_and_found_again(uploads: KeptUploads, tmp_path: Path) -> None:
    kept = await add(uploads, tmp_path)
    assert kept.path is not None
    assert kept.path.read_bytes() == b"wave"
    assert (kept.path.stat().st_mode & 0o777, kept.path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert await uploads.find("class", "anna", "audio", SHA) == kept
    assert await uploads.get(kept.id, "class", "anna") == kept


async def test_nobody_finds_what_another_sent(uploads: KeptUploads, tmp_path: Path) -> None:
    kept = await add(uploads, tmp_path)
    assert await uploads.wait(request(kept), limit=3)
    for guild, person in (("class", "ben"), ("other", "anna")):
        assert await uploads.get(kept.id, guild, person) is None
        assert await uploads.find(guild, person, "audio", SHA) is None
        assert await uploads.waiting("request1", guild, person) is None
    assert await uploads.find("class", "anna", "midi", SHA) is None
    assert await uploads.owner(kept.id, "class") == "anna"
    assert await uploads.owner(kept.id, "other") is None


async def test_notes_are_kept_without_a_file(uploads: KeptUploads, tmp_path: Path) -> None:
    kept = await uploads.add_notes("class", "anna", SHA, NOTES)
    assert kept.notes == NOTES
    assert kept.path is None
    assert await uploads.find("class", "anna", "midi", SHA) == kept
    assert not (tmp_path / "uploads").exists()


async def test_a_changed_or_missing_file_counts_as_gone(uploads: KeptUploads, tmp_path: Path) -> None:
    kept = await add(uploads, tmp_path)
    assert kept.path is not None
    kept.path.write_bytes(b"another")
    assert await uploads.get(kept.id, "class", "anna") is None
    kept.path.unlink()
    assert await uploads.find("class", "anna", "audio", SHA) is None


async def test_the_same_file_again_keeps_id_and_declaration(uploads: KeptUploads, tmp_path: Path) -> None:
    first = await add(uploads, tmp_path)
    await uploads.declare(first.id, "own")
    second = await add(uploads, tmp_path, content=b"decoded anew")
    assert (second.id, second.declaration) == (first.id, "own")
    assert second.path is not None
    assert in_folder(tmp_path) == [second.path.name]
    found = await uploads.get(first.id, "class", "anna")
    assert found is not None
    assert found.path == second.path


async def test_a_declaration_can_be_changed_and_only_to_one_we_know(
    uploads: KeptUploads, tmp_path: Path
) -> None:
    kept = await add(uploads, tmp_path)
    for declaration in ("own", "permission"):
        await uploads.declare(kept.id, declaration)
        found = await uploads.get(kept.id, "class", "anna")
        assert found is not None
        assert found.declaration == declaration
    with pytest.raises(sqlite3.IntegrityError):
        await uploads.declare(kept.id, "stolen")


async def test_a_request_waits_over_a_restart(
    database: Database, uploads: KeptUploads, tmp_path: Path
) -> None:
    kept = await add(uploads, tmp_path)
    waiting = request(kept)
    assert await uploads.wait(waiting, limit=1)
    assert not await uploads.wait(replace(waiting, id="request2"), limit=1)
    again = KeptUploads(database, tmp_path / "uploads")
    assert await again.waiting("request1", "class", "anna") == waiting


async def test_a_request_for_an_upload_that_was_forgotten_meanwhile(
    uploads: KeptUploads, tmp_path: Path
) -> None:
    kept = await add(uploads, tmp_path)
    assert await uploads.wait(request(kept), limit=3)
    await uploads.forget("request1")
    with pytest.raises(NotFound, match="upload_gone"):
        await uploads.wait(request(kept), limit=3)


async def test_forgetting_deletes_the_file_at_once(uploads: KeptUploads, tmp_path: Path) -> None:
    kept = await add(uploads, tmp_path)
    for number in (1, 2):
        assert await uploads.wait(request(kept, number), limit=3)
    await uploads.forget("request1")
    assert await uploads.get(kept.id, "class", "anna") == kept, "another request waits for it"
    await uploads.forget("request2")
    assert await uploads.get(kept.id, "class", "anna") is None
    assert in_folder(tmp_path) == []
    await uploads.forget("request2")


async def test_what_was_forgotten_is_in_no_file_of_the_database(
    database: Database, uploads: KeptUploads, tmp_path: Path
) -> None:
    kept = await add(uploads, tmp_path)
    canary = "kanarienvogel-4711"
    await uploads.wait(replace(request(kept), params={"prompt": canary}), limit=3)
    found = [file for file in tmp_path.rglob("*") if file.is_file() and canary.encode() in file.read_bytes()]
    assert found, "a canary that nobody can find proves nothing"
    await uploads.forget("request1")
    assert not any(canary.encode() in file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())


async def test_a_sound_whose_row_cannot_be_written_is_not_kept(
    database: Database, uploads: KeptUploads, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(_: object) -> None:
        raise StorageFailed

    monkeypatch.setattr(database, "write", full)
    with pytest.raises(StorageFailed):
        await add(uploads, tmp_path)
    assert in_folder(tmp_path) == []


async def test_one_more_than_may_wait_is_not_kept(uploads: KeptUploads, tmp_path: Path) -> None:
    kept = await add(uploads, tmp_path)
    assert not await uploads.wait(request(kept), limit=0)
    assert in_folder(tmp_path) == []
    declared = await add(uploads, tmp_path)
    await uploads.declare(declared.id, "own")
    assert not await uploads.wait(request(declared), limit=0)
    assert await uploads.get(declared.id, "class", "anna") is not None


async def test_forgetting_leaves_what_was_declared(uploads: KeptUploads, tmp_path: Path) -> None:
    kept = await add(uploads, tmp_path)
    assert await uploads.wait(request(kept), limit=3)
    await uploads.declare(kept.id, "own")
    await uploads.forget("request1")
    assert await uploads.get(kept.id, "class", "anna") is not None


async def test_undecided_ones_are_gone_after_a_day(
    uploads: KeptUploads, tmp_path: Path, clock: Clock
) -> None:
    kept = await add(uploads, tmp_path)
    declared = await add(uploads, tmp_path, person="ben")
    await uploads.declare(declared.id, "public_domain")
    assert await uploads.wait(request(kept, created_at=clock.now), limit=3)
    clock.now += UNDECIDED_S
    assert await uploads.purge() == 0
    clock.now += 1
    assert await uploads.purge() == 2
    assert await uploads.waiting("request1", "class", "anna") is None
    assert await uploads.get(kept.id, "class", "anna") is None
    assert await uploads.get(declared.id, "class", "ben") is not None
    assert declared.path is not None
    assert in_folder(tmp_path) == [declared.path.name]


@pytest.mark.parametrize("key", ["melody", "prior", "upload", "song"])
async def test_declared_ones_stay_as_long_as_a_job_needs_them(
    database: Database, uploads: KeptUploads, tmp_path: Path, clock: Clock, key: str
) -> None:
    kept = await add(uploads, tmp_path)
    await uploads.declare(kept.id, "own")
    jobs = Jobs(database)
    job = await jobs.add(make_job(params={"prompt": "x", key: kept.id}))
    clock.now += UNDECIDED_S + 1
    await uploads.sweep()
    assert await uploads.get(kept.id, "class", "anna") is not None
    await jobs.move(job.id, JobState.CANCELLED)
    await jobs.purge(before=float("inf"))
    await uploads.sweep()
    assert await uploads.get(kept.id, "class", "anna") is None
    assert in_folder(tmp_path) == []


async def test_files_without_a_row_go_at_the_start(uploads: KeptUploads, tmp_path: Path) -> None:
    await uploads.sweep()
    kept = await add(uploads, tmp_path)
    (tmp_path / "uploads" / "left.wav").write_bytes(b"of a crash")
    await uploads.sweep()
    assert kept.path is not None
    assert in_folder(tmp_path) == [kept.path.name]
