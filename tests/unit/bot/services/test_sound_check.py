"""Looking for the mark in a file that was sent: one at a time, nothing kept, no answer but a clear one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from bot.posts.sound_check import CONTENT_LIMIT, compose_sound_check
from bot.services.listening import Listening
from bot.services.probe import OwnTags, UploadProbe
from bot.services.sound_check import SoundCheck, SoundReport
from generation.errors import (
    AtelierError,
    InvalidInput,
    LimitReached,
    ModelMissing,
    WorkerCrashed,
    WorkerError,
    WorkerGarbage,
)
from generation.supervisor import Outcome, Progress, Request
from tests.fakes import Fault, until
from tests.fakes_music import MusicWorkshop, an_upload
from tests.unit.bot.services.conftest import ANNA, BEN, SENTENCES


@dataclass
class ListeningWorkshop(MusicWorkshop):
    """Workers that look for marks: found in what begins with "clean marked"."""

    wait: asyncio.Event | None = None
    find: dict[str, Any] = field(default_factory=dict)

    async def _work(self, request: Request, on_progress: Callable[[Progress], None] | None) -> Outcome:
        if request.task != "find_mark":
            return await super()._work(request, on_progress)
        if self.wait is not None:
            await self.wait.wait()
        self.fault.get("find_mark", Fault())()
        marked = Path(request.params["file"]).read_bytes().startswith(b"clean marked")
        facts = {"marked": marked, "confidence": 0.9 if marked else 0.1, **self.find}
        return Outcome(files=(), facts=facts, seconds=0.1, out=request.out)


@dataclass
class Checking:
    work: Path
    workers: ListeningWorkshop = field(default_factory=ListeningWorkshop)
    is_on: bool = True

    def __post_init__(self) -> None:
        self.work.mkdir()
        workers: Any = self.workers
        listening = Listening(supervisor=workers, work_dir=self.work, is_on=self.is_on)
        self.check = SoundCheck(
            listening=listening, probe=UploadProbe(supervisor=workers, work_dir=self.work)
        )

    async def refused(self, content: bytes = b"a sound") -> AtelierError:
        with pytest.raises(AtelierError) as caught:
            await self.check.take(an_upload(content), ANNA)
        assert list(self.work.iterdir()) == []
        return caught.value


@pytest.fixture
def checking(tmp_path: Path) -> Checking:
    return Checking(tmp_path / "work")


@pytest.mark.parametrize(("content", "marked"), [(b"marked by us", True), (b"from elsewhere", False)])
async def test_the_clean_copy_is_listened_to_and_gone(
    checking: Checking, content: bytes, marked: bool
) -> None:
    report = await checking.check.take(an_upload(content), ANNA)
    assert report == SoundReport(seconds=3.5, marked=marked, tags=OwnTags())
    assert [one.task for one in checking.workers.requests] == ["probe_audio", "find_mark"]
    assert list(checking.work.iterdir()) == []


@pytest.mark.parametrize(
    ("tags", "read"),
    [
        ({"machine": True, "job": "0a1b2c3d4e", "seed": 0}, OwnTags(machine=True, job="0a1b2c3d4e", seed=0)),
        ({"machine": 1, "job": "0a1b2c3d4e\n", "seed": True}, OwnTags()),
        ({"machine": "yes", "job": "`@everyone`", "seed": 2**32}, OwnTags()),
        ({"machine": False, "job": None, "seed": -1}, OwnTags()),
        ([], OwnTags()),
        ("tags", OwnTags()),
        (None, OwnTags()),
    ],
)
async def test_tags_are_believed_as_far_as_they_fit(checking: Checking, tags: object, read: OwnTags) -> None:
    checking.workers.change["probe_audio"] = lambda made: replace(made, facts={**made.facts, "tags": tags})
    assert (await checking.check.take(an_upload(), ANNA)).tags == read


async def test_a_worker_that_fails_is_no_answer(checking: Checking) -> None:
    checking.workers.fault["find_mark"] = Fault(WorkerCrashed(), 1)
    assert isinstance(await checking.refused(), WorkerCrashed)
    checking.workers.fault["find_mark"] = Fault(WorkerError("invalid_input", reason="audio_short"), 1)
    error = await checking.refused()
    assert (type(error), error.code) == (InvalidInput, "audio_short")
    checking.workers.fault["find_mark"] = Fault(WorkerError("invalid_input", reason="something new"), 1)
    assert (await checking.refused()).code == "invalid_input"


@pytest.mark.parametrize("marked", [None, 0, 1, "no", float("nan")])
async def test_neither_yes_nor_no_is_no_answer(checking: Checking, marked: object) -> None:
    checking.workers.find["marked"] = marked
    assert isinstance(await checking.refused(), WorkerGarbage)


async def test_what_is_wrong_with_the_file_is_said(checking: Checking) -> None:
    assert (await checking.refused(b"broken")).code == "audio_broken"
    with pytest.raises(InvalidInput, match="upload_large"):
        await checking.check.take(an_upload(size=26 * 1024 * 1024), ANNA)
    assert "find_mark" not in [one.task for one in checking.workers.requests]


async def test_nothing_is_fetched_while_nobody_can_listen(tmp_path: Path) -> None:
    checking = Checking(tmp_path / "work", is_on=False)
    error = await checking.refused()
    assert (type(error), error.code) == (ModelMissing, "medium_off")
    assert checking.workers.requests == []


async def test_one_file_of_a_person_at_a_time(checking: Checking) -> None:
    checking.workers.wait = asyncio.Event()
    first = asyncio.create_task(checking.check.take(an_upload(b"marked"), ANNA))
    other = asyncio.create_task(checking.check.take(an_upload(), BEN))
    await until(lambda: [one.task for one in checking.workers.requests].count("find_mark") == 2)
    with pytest.raises(LimitReached, match="upload_busy"):
        await checking.check.take(an_upload(), ANNA)
    checking.workers.wait.set()
    assert [(await task).marked for task in (first, other)] == [True, False]
    assert (await checking.check.take(an_upload(), ANNA)).marked is False


TAGS = {
    "ours": OwnTags(machine=True, job="0a1b2c3d4e", seed=77),
    "job": OwnTags(job="0a1b2c3d4e"),
    "machine": OwnTags(machine=True),
    "none": OwnTags(),
}


@pytest.mark.parametrize("locale", ["de", "en"])
@pytest.mark.parametrize("marked", [True, False])
@pytest.mark.parametrize("kind", list(TAGS))
def test_the_answer_says_how_much_each_thing_proves(locale: str, marked: bool, kind: str) -> None:
    def said(key: str, **values: object) -> bool:
        return SENTENCES.text(f"sound_check.{key}", locale, **values) in text

    report = SoundReport(seconds=3.25, marked=marked, tags=TAGS[kind])
    text = compose_sound_check(report, "@everyone *a*.ogg" + "x" * 900, SENTENCES, locale)
    found, none = (f"**{SENTENCES.text(f'sound_check.{key}', locale)}**" in text for key in ("found", "none"))
    assert said("found_means") is found is marked
    assert said("none_means") is none is not marked
    assert said("recipe", job="0a1b2c3d4e", seed=77) is (kind == "ours")
    assert said("recipe_job", job="0a1b2c3d4e") is (kind == "job")
    assert said("machine") is (kind in {"ours", "machine"})
    assert said("tags_mean") is (kind != "none")
    assert said("no_tags") is (kind == "none")
    assert said("gone")
    assert "\\@everyone \\*a\\*" in text
    assert len(text) < CONTENT_LIMIT


@pytest.mark.parametrize("locale", ["de", "en"])
def test_found_cannot_be_read_as_part_of_none(locale: str) -> None:
    found, none = (SENTENCES.text(f"sound_check.{key}", locale) for key in ("found", "none"))
    assert found.casefold() not in none.casefold()
