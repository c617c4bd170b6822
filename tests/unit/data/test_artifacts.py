from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

import pytest

from data.artifacts import Artifacts, NewArtifact
from data.database import Database
from data.errors import ArtifactChanged, StorageFailed
from data.jobs import Jobs
from tests.fakes_dispatch import make_job


@pytest.fixture
async def job_id(database: Database) -> str:
    return (await Jobs(database).add(make_job())).id


@pytest.fixture
def artifacts(database: Database, tmp_path: Path) -> Artifacts:
    return Artifacts(database, tmp_path / "artifacts")


def picture(tmp_path: Path, index: int, content: bytes = b"picture") -> NewArtifact:
    path = tmp_path / f"{index}.PNG"
    path.write_bytes(content)
    return NewArtifact(index=index, seed=index + 6, kind="image", path=path)


async def test_files_are_copied_hashed_and_found_again(
    artifacts: Artifacts, job_id: str, tmp_path: Path
) -> None:
    flagged = NewArtifact(index=3, seed=9, kind="image", path=None, flagged=True)
    sheet = NewArtifact(index=0, seed=7, kind="sheet", path=picture(tmp_path, 9, b"sheet").path)
    kept = await artifacts.store(
        job_id, [picture(tmp_path, 1), picture(tmp_path, 2, b"x" * 3_000_000), flagged, sheet]
    )
    assert await artifacts.of_job(job_id) == kept
    assert [(item.kind, item.index, item.seed, item.size, item.flagged) for item in kept] == [
        ("image", 1, 7, 7, False), ("image", 2, 8, 3_000_000, False), ("image", 3, 9, None, True),
        ("sheet", 0, 7, 5, False),
    ]  # fmt: skip
    assert kept[0].path == tmp_path / "artifacts" / job_id / "image-1.png"
    assert kept[0].path.read_bytes() == b"picture"
    assert kept[0].sha256 == hashlib.sha256(b"picture").hexdigest()
    assert stat.S_IMODE(kept[0].path.stat().st_mode) == 0o600
    assert stat.S_IMODE(kept[0].path.parent.stat().st_mode) == 0o700
    assert (tmp_path / "1.PNG").exists()
    assert await artifacts.verify(job_id) == []


async def test_changes_and_losses_are_found(artifacts: Artifacts, job_id: str, tmp_path: Path) -> None:
    one, two, three = await artifacts.store(job_id, [picture(tmp_path, index) for index in (1, 2, 3)])
    assert one.path is not None
    assert two.path is not None
    one.path.write_bytes(b"pictur3")
    two.path.unlink()
    assert await artifacts.verify(job_id) == [one.path, two.path]
    assert three.path is not None
    three.path.unlink()
    three.path.symlink_to(tmp_path / "3.PNG")
    assert three.path in await artifacts.verify(job_id)


async def test_storing_again_replaces(artifacts: Artifacts, job_id: str, tmp_path: Path) -> None:
    await artifacts.store(job_id, [picture(tmp_path, 1), picture(tmp_path, 2)])
    await artifacts.store(job_id, [picture(tmp_path, 1, b"other")])
    (only,) = await artifacts.of_job(job_id)
    assert only.size == 5
    assert await artifacts.verify(job_id) == []


async def test_only_the_approved_plain_file_is_taken(
    artifacts: Artifacts, job_id: str, tmp_path: Path
) -> None:
    good = picture(tmp_path, 1)
    assert good.path is not None
    link, pipe = tmp_path / "link.png", tmp_path / "pipe.png"
    link.symlink_to(good.path)
    os.mkfifo(pipe)
    for path in (link, pipe, tmp_path, tmp_path / "missing.png"):
        with pytest.raises((ArtifactChanged, ValueError)):
            await artifacts.store(job_id, [NewArtifact(index=1, seed=1, kind="image", path=path)])
    other = NewArtifact(
        index=1, seed=1, kind="image", path=good.path, sha256=hashlib.sha256(b"approved").hexdigest()
    )
    with pytest.raises(ArtifactChanged) as caught:
        await artifacts.store(job_id, [other])
    assert caught.value.code == "artifact_changed"
    assert await artifacts.of_job(job_id) == []
    assert not [file for file in (tmp_path / "artifacts" / job_id).iterdir() if file.suffix != ".png"]


@pytest.mark.parametrize("job", ["..", "../x", "a/b", "", ".", "x" * 65, "a\n"])
async def test_a_job_id_is_never_a_way_out(artifacts: Artifacts, job: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="id"):
        await artifacts.store(job, [picture(tmp_path, 1)])
    with pytest.raises(ValueError, match="id"):
        await artifacts.delete(job)


@pytest.mark.parametrize(
    "changes", [{"kind": "../x"}, {"kind": ""}, {"index": -1}, {"flagged": True}, {"path": None}]
)
async def test_descriptions_that_make_no_sense(
    artifacts: Artifacts, job_id: str, tmp_path: Path, changes: dict[str, object]
) -> None:
    values = {"index": 1, "seed": 1, "kind": "image", "path": picture(tmp_path, 1).path, **changes}
    with pytest.raises(ValueError, match="file"):
        await artifacts.store(job_id, [NewArtifact(**values)])  # type: ignore[arg-type]


async def test_deleting_and_sweeping(
    artifacts: Artifacts, job_id: str, database: Database, tmp_path: Path
) -> None:
    assert await artifacts.sweep() == 0
    other = await Jobs(database).add(make_job())
    for job in (job_id, other.id):
        await artifacts.store(job, [picture(tmp_path, 1)])
    await artifacts.delete(job_id)
    await artifacts.delete(job_id)
    assert await artifacts.of_job(job_id) == []
    assert not (tmp_path / "artifacts" / job_id).exists()
    (tmp_path / "artifacts" / "left").mkdir()
    (tmp_path / "artifacts" / "left" / "image-1.png.part").touch()
    (tmp_path / "artifacts" / "stray").touch()
    assert await artifacts.sweep() == 2
    assert [folder.name for folder in (tmp_path / "artifacts").iterdir()] == [other.id]
    assert await artifacts.verify(other.id) == []


async def test_a_full_folder_is_a_clear_error(database: Database, job_id: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageFailed):
        await Artifacts(database, tmp_path / "file").store(job_id, [picture(tmp_path, 1)])
