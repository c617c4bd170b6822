"""The gallery as plain files: only what hangs, byte for byte, all text escaped, without scripts or other servers."""

from __future__ import annotations

import asyncio
import html.parser
import json
import re
import sys
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import app
from bot.gallery_commands import gallery
from bot.i18n import Sentences
from bot.services.gallery_pages import Collection, Projector, export, render
from data import files
from data.artifacts import Artifacts, NewArtifact
from data.database import Database
from data.gallery import GalleryEntries
from data.gallery_records import GalleryMessage, GalleryPlace, GalleryState, ShownFile
from data.glance import Glance
from data.jobs import Jobs
from generation.job import Job, JobState, new_job_id

SENTENCES = Sentences.load(strict=True)
NASTY = '</script><img src=x onerror=alert(1)> "&'
RUNNER = CliRunner()


class House:
    """A data folder with works in it."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.folder = folder
        self.jobs, self.entries = Jobs(database), GalleryEntries(database)
        self.artifacts = Artifacts(database, folder / "data" / "artifacts")
        self.collection = Collection(
            entries=self.entries, jobs=self.jobs, artifacts=folder / "data" / "artifacts"
        )

    async def hang(self, medium: str, files_of: dict[str, bytes], *, named: bool = False) -> Job:
        job = Job(
            id=new_job_id(), guild_id="77", channel_id="1", owner_id="5", medium=medium, family="fake",
            model="mini", params={"prompt": NASTY}, seed=3, locale="de", created_at=1.0,
            state=JobState.QUEUED,
        )  # fmt: skip
        await self.jobs.add(job)
        for state in (JobState.RUNNING, JobState.CHECKING, JobState.POSTING, JobState.POSTED):
            job = await self.jobs.move(job.id, state)
        new = []
        for number, (name, data) in enumerate(files_of.items()):
            path = self.folder / f"{job.id}-{name}"
            path.write_bytes(data)
            kind, _, rest = name.partition("-")
            new.append(NewArtifact(index=int(rest.split(".")[0]), seed=number, kind=kind, path=path))
        kept = await self.artifacts.store(job.id, new)
        await self.entries.submit(job, named=named, name="Änna <b>", to=GalleryState.ACCEPTED, limit=9)
        await self.entries.plan(job.id, GalleryPlace.GALLERY, "8")
        shown = [
            ShownFile(name=one.path.name, sha256=files.digest(one.path) or "", alt=NASTY)
            for one in kept
            if one.path is not None
        ]
        message = GalleryMessage(job=job.id, place=GalleryPlace.GALLERY, round=1, channel="8", message="80")
        await self.entries.done(message, shown)
        return job

    def projector(self) -> Projector:
        return Projector(
            collection=self.collection, folder=self.folder / "p", sentences=SENTENCES, language="de"
        )


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with await Database.open(tmp_path / "data") as database:
        yield House(database, tmp_path)


class Tags(html.parser.HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def links(self) -> list[str]:
        return [
            str(value) for _, attrs in self.found for key, value in attrs.items() if key in {"src", "href"}
        ]


async def full(house: House) -> dict[str, Job]:
    return {
        "image": await house.hang("image", {"sheet-0.png": b"sheet", "image-1.png": b"one"}, named=True),
        "music": await house.hang("music", {"sheet-0.png": b"wave", "audio-1.mp3": b"sound"}),
        "video": await house.hang("video", {"sheet-0.png": b"poster", "video-1.mp4": b"film"}),
        "text": await house.hang("text", {"text-1.txt": NASTY.encode()}),
        "notes": await house.hang("notes", {"midi-1.mid": b"notes"}),
    }


@pytest.mark.parametrize("language", ["de", "en"])
async def test_the_export_works_as_plain_files(house: House, tmp_path: Path, language: str) -> None:
    jobs = await full(house)
    exhibits = await house.collection.of_class("77", names=False)
    page, archive = export(exhibits, tmp_path / "out", SENTENCES, language)
    text = page.read_text("utf-8")
    tags = Tags(text)
    kinds = [tag for tag, _ in tags.found]
    assert kinds.count("article") == 5
    assert {"audio", "video", "img", "pre"} <= set(kinds)
    assert "script" not in kinds
    assert "onerror" not in {key for _, attrs in tags.found for key in attrs}
    assert tags.text.count(NASTY) == 6, "five prompts and a text"
    assert "Änna" not in text
    assert "sheet-0.png" not in {link.rsplit("/", 1)[1] for link in tags.links() if jobs["image"].id in link}
    for link in tags.links():
        assert not re.match(r"[a-z]+:|/", link)
        assert (page.parent / link).is_file()
    with zipfile.ZipFile(archive) as packed:
        inside = {name: packed.read(name) for name in packed.namelist()}
    assert inside["gallery/index.html"].decode() == text
    assert inside[f"gallery/works/{jobs['image'].id}/image-1.png"] == b"one"
    export([], tmp_path / "out", SENTENCES, language)
    assert list((tmp_path / "out" / "gallery").iterdir()) == [page], "an older export leaves nothing behind"


async def test_names_appear_where_they_may_and_are_wanted(house: House) -> None:
    await full(house)
    page = render(await house.collection.of_class("77", names=True), SENTENCES, "de")
    assert page.count("Änna &lt;b&gt;") == 1
    assert await house.collection.of_class("78", names=True) == []


async def test_only_what_was_accepted_byte_for_byte_gets_onto_a_page(house: House) -> None:
    job = await house.hang("image", {"sheet-0.png": b"sheet", "image-1.png": b"one", "image-2.png": b"two"})
    folder = house.folder / "data" / "artifacts" / job.id
    (folder / "image-1.png").write_bytes(b"another")
    (exhibit,) = await house.collection.of_class("77", names=True)
    assert [one.path.name for one in exhibit.pieces] == ["image-2.png"]
    (folder / "image-2.png").unlink()
    (folder / "sheet-0.png").unlink()
    assert await house.collection.of_class("77", names=True) == []


async def test_the_projector_follows_what_hangs(house: House) -> None:
    projector, page = house.projector(), house.folder / "p" / "77"

    def shown() -> list[str]:
        told = (page / "works.js").read_text("utf-8")
        assert "</script" not in told
        works = json.loads(told.removeprefix("works(").removesuffix(");\n"))
        for work in works:
            assert all((page / piece["file"]).is_file() for piece in work["pieces"])
        return [work["id"] for work in works]

    await projector.refresh("77")
    assert shown() == []
    first = await house.hang("image", {"image-1.png": b"one"}, named=True)
    second = await house.hang("text", {"text-1.txt": NASTY.encode()})
    await projector.refresh("77")
    assert set(shown()) == {f"{first.id}-1", f"{second.id}-1"}
    await house.entries.end(first.id, GalleryState.TAKEN_DOWN, by="9")
    await projector.refresh("77")
    assert shown() == [f"{second.id}-1"]
    assert first.id not in {one.name for one in (page / "works").iterdir()}
    assert "https:" not in (page / "index.html").read_text("utf-8")
    with pytest.raises(ValueError, match="class"):
        await projector.refresh("../x")


async def test_a_glance_reads_what_a_running_bot_writes_and_cannot_write(house: House) -> None:
    job = await house.hang("image", {"image-1.png": b"one"})
    async with await Glance.open(house.folder / "data") as glance:
        entries = GalleryEntries(glance)  # type: ignore[arg-type]
        assert await entries.guilds() == ["77"]
        later = await house.hang("image", {"image-1.png": b"two"})
        assert {await entries.get(one.id) is not None for one in (job, later)} == {True}
        async with glance.read() as connection:
            with pytest.raises(Exception, match="readonly"):
                await connection.execute("DELETE FROM gallery")


@pytest.mark.parametrize("running", [True, False])
def test_the_command_exports_also_while_a_bot_is_running(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, running: bool
) -> None:
    monkeypatch.setenv("ATELIER_DATA_DIR", str(tmp_path / "data"))
    out = tmp_path / "out"

    def call(*words: str) -> int:
        return RUNNER.invoke(gallery, [*words]).exit_code

    async def elsewhere(*words: str) -> int:
        """In a process of its own, as it is beside a bot."""
        program = "from bot.cli import main; main()"
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", program, "gallery", *words)
        return await process.wait()

    async def work() -> Job:
        async with await Database.open(tmp_path / "data") as database:
            job = await House(database, tmp_path).hang("image", {"image-1.png": b"one"}, named=True)
            if running:
                assert await elsewhere("export", "--out", str(out), "--names") == 0
            return job

    job = asyncio.run(work())
    if not running:
        assert call("export", "--out", str(out)) == 0
    assert (out / "gallery" / "works" / job.id / "image-1.png").read_bytes() == b"one"
    assert ("Änna" in (out / "gallery" / "index.html").read_text("utf-8")) is running
    assert (out / "gallery.zip").is_file()
    assert call("projector", "--no-open") == 0
    assert (tmp_path / "data" / "projector" / "77" / "index.html").is_file()
    assert call("export", "--class", "78", "--out", str(out)) == 1
    (tmp_path / "mine" / "gallery").mkdir(parents=True)
    assert call("export", "--out", str(tmp_path / "mine")) == 2


def test_the_command_line_has_it() -> None:
    assert RUNNER.invoke(app, ["gallery", "export", "--help"]).exit_code == 0


async def test_after_a_crash_the_projector_shows_nothing_that_has_gone(house: House) -> None:
    page = house.folder / "p" / "77"
    job = await house.hang("text", {"text-1.txt": b"a poem"})
    await house.projector().refresh("77")
    assert job.id in (page / "works.js").read_text("utf-8")
    await house.entries.end(job.id, GalleryState.WITHDRAWN, by="5")
    await house.entries.gone(job.id, GalleryPlace.GALLERY)
    await house.entries.forget(job.id)  # the bot was killed before it could write the page
    again = house.projector()
    await again.catch_up()
    assert (page / "works.js").read_text("utf-8") == "works([]);\n"
    assert list((page / "works").iterdir()) == []


async def test_a_page_that_cannot_be_written_tells_nothing_old(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, projector = house.folder / "p" / "77", house.projector()
    first = await house.hang("text", {"text-1.txt": b"a poem"})
    await projector.refresh("77")
    second = await house.hang("image", {"image-1.png": b"one"})
    await house.entries.end(first.id, GalleryState.TAKEN_DOWN, by="9")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("shutil.copyfile", full)
        with pytest.raises(OSError, match="No space"):
            await projector.refresh("77")
        assert not (page / "works.js").exists()
    await projector.catch_up()
    told = (page / "works.js").read_text("utf-8")
    assert (second.id in told, first.id in told) == (True, False)


async def test_what_may_not_be_shown_any_more_is_on_no_page(house: House) -> None:
    over, fine = (
        await house.hang("speech", {"audio-1.ogg": b"x"}),
        await house.hang("text", {"text-1.txt": b"y"}),
    )

    async def allowed(job: Job) -> bool:
        return job.id != over.id

    collection = Collection(
        entries=house.entries, jobs=house.jobs, artifacts=house.folder / "data" / "artifacts", allowed=allowed
    )
    assert [one.entry.job for one in await collection.of_class("77", names=True)] == [fine.id]


async def test_an_export_replaces_nothing_but_an_earlier_one(house: House, tmp_path: Path) -> None:
    await house.hang("image", {"image-1.png": b"one"})
    exhibits = await house.collection.of_class("77", names=False)
    mine = tmp_path / "school" / "gallery" / "holiday.jpg"
    mine.parent.mkdir(parents=True)
    mine.write_bytes(b"photo")
    with pytest.raises(FileExistsError):
        export(exhibits, tmp_path / "school", SENTENCES, "de")
    assert mine.read_bytes() == b"photo"
    page, archive = export(exhibits, tmp_path / "out", SENTENCES, "de")
    modes = {one.stat().st_mode & 0o044 for one in page.parent.rglob("*")}
    assert modes == {0o044}, "a web server reads them, too"
    with zipfile.ZipFile(archive) as packed:
        assert {one.external_attr >> 16 & 0o044 for one in packed.infolist()} == {0o044}


@pytest.mark.parametrize("language", ["de", "en"])
async def test_each_work_says_that_a_model_made_it(house: House, language: str) -> None:
    await house.hang("speech", {"audio-1.ogg": b"x"})
    await house.hang("clip", {"video-1.mp4": b"x"})
    page = Tags(render(await house.collection.of_class("77", names=False), SENTENCES, language)).text
    assert page.count(SENTENCES.text("speech.label", language)) == 1
    assert page.count(SENTENCES.text("post.label", language)) >= 1
    assert "clip · 3" not in page, "a clip has no model or seed of its own"
