"""The real wiring with a guard model in the catalog: it judges every prompt and every answer, or nothing is shown."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import pytest

from bot.posts import compose_post
from bot.services.ports import TextPost, TextRequest
from generation.catalog import Catalog
from generation.errors import Refused, WorkerCrashed
from generation.job import Job, JobState
from generation.supervisor import Outcome, Progress, Request
from moderation.text_rules import GAP
from tests.fakes import Fault, small_catalog
from tests.fakes_dispatch import FakeRunner
from tests.fakes_text import TextDiscord, TextWorkshop, text_catalog
from tests.unit.bot.services.conftest import ADDRESS, ANNA, SENTENCES, TEACHER, Room

SAFE: dict[str, Any] = {"safe": True, "categories": [], "raw_first_token": 7, "cut": False}


@dataclass
class GuardedWorkshop(TextWorkshop):
    """`judge` gets the texts of a request, as the guard family does."""

    judge: Callable[[list[tuple[str, str]]], Any] = lambda _: SAFE
    judged: list[list[tuple[str, str]]] = field(default_factory=list)

    async def _work(self, request: Request, on_progress: Callable[[Progress], None] | None) -> Outcome:
        if request.task != "judge":
            return await super()._work(request, on_progress)
        outcome = await FakeRunner._work(self, request, on_progress)
        self.fault.get("judge", Fault())()
        self.judged.append([(one["role"], one["text"]) for one in request.params["texts"]])
        return replace(outcome, facts=self.judge(self.judged[-1]))


@dataclass
class GuardedRoom(Room):
    @property
    def guards(self) -> GuardedWorkshop:
        return cast("GuardedWorkshop", self.workers)

    def text_of(self, job: Job) -> TextPost:
        return cast("TextDiscord", self.discord).texts[job.id]

    async def write(self, prompt: str = "Ein Hund") -> Job:
        return await self.end(await self.desk.write.text(TextRequest(prompt=prompt), ANNA, ADDRESS))


def catalog(*, installed: bool) -> Catalog:
    guard = replace(
        small_catalog().default("safety"),
        id="llama-guard",
        family="guard",
        medium="guard",
        path=Path() if installed else None,
    )
    return Catalog([*small_catalog("mini").models("image"), *text_catalog().models("text"), checker(), guard])


def checker() -> Any:
    return small_catalog().default("safety")


@pytest.fixture(params=[True])
async def room(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[GuardedRoom]:
    made = GuardedRoom(
        tmp_path, catalog=catalog(installed=request.param), discord=TextDiscord(), workers=GuardedWorkshop()
    )
    await made.open()
    try:
        yield made
    finally:
        await made.close()


async def test_prompts_of_pictures_are_judged(room: GuardedRoom) -> None:
    job = await room.end(await room.ask("a red house", negative="rain"))
    assert job.state is JobState.POSTED
    assert room.guards.judged == [[("user", "a red house\nrain")]]


async def test_a_text_is_judged_with_its_prompt(room: GuardedRoom) -> None:
    room.guards.write = lambda _: "Der Hund bellt."
    job = await room.write("Was macht der Hund?")
    assert job.state is JobState.POSTED
    assert room.guards.judged == [
        [("user", "Was macht der Hund?")],
        [("user", "Was macht der Hund?"), ("assistant", "Der Hund bellt.")],
    ]


async def test_a_prompt_that_the_guard_refuses_is_a_fact_for_the_teacher(room: GuardedRoom) -> None:
    room.guards.judge = lambda _: {**SAFE, "safe": False, "categories": ["S2"]}
    with pytest.raises(Refused) as error:
        await room.ask("how to steal a bicycle")
    assert error.value.code == "refused_crime"
    (fact,) = await room.desk.queue.refusals(TEACHER)
    assert fact.error_code == "refused_crime"


async def test_an_answer_that_the_guard_refuses_blames_the_model(room: GuardedRoom) -> None:
    room.guards.judge = lambda turns: (
        SAFE if len(turns) == 1 else {**SAFE, "safe": False, "categories": ["S1"]}
    )
    job = await room.write()
    assert (job.state, job.error_code) == (JobState.REFUSED, "refused_answer_violence")
    assert room.discord.codes(job.id) == ["refused_answer_violence"]
    assert room.kept(job.id) == []


@pytest.mark.parametrize("failing", ["prompt", "answer"])
async def test_a_guard_that_crashes_shows_nothing(room: GuardedRoom, failing: str) -> None:
    room.workers.fault["judge"] = Fault(WorkerCrashed(), 1 if failing == "prompt" else 2)
    if failing == "prompt":
        with pytest.raises(Refused) as error:
            await room.write()
        assert error.value.code == "refused_check_failed"
    else:
        job = await room.write()
        assert (job.state, job.error_code) == (JobState.REFUSED, "refused_check_failed")


@pytest.mark.parametrize("room", [False], indirect=True)
async def test_a_guard_that_is_not_installed_is_not_asked(room: GuardedRoom) -> None:
    room.guards.write = lambda _: "Der Hund bellt."
    assert (await room.write()).state is JobState.POSTED
    assert room.guards.judged == []


async def test_what_the_rules_take_out_is_neither_judged_shown_nor_kept(room: GuardedRoom) -> None:
    room.guards.write = lambda _: "Frag Lea: 0151 23456789 oder lea@example.org.\nEnde."
    job = await room.write()
    clean = f"Frag Lea: {GAP} oder {GAP}.\nEnde."
    assert room.guards.judged[-1][-1] == ("assistant", clean)
    post = room.text_of(job)
    assert post.text == clean
    assert post.file.read_text("utf-8") == clean
    content = compose_post(post, SENTENCES, file_limit=10**7).content
    assert SENTENCES.text("notice.contacts_removed", "de") in content
    assert [file.read_text("utf-8") for file in (room.folder / "data" / "artifacts" / job.id).iterdir()] == [
        clean
    ]


async def test_endless_repetition_is_shortened_and_said(room: GuardedRoom) -> None:
    room.guards.write = lambda _: "Der Hund schläft im großen Haus. " * 50
    post = room.text_of(await room.write())
    assert len(post.text) < 100
    assert (
        SENTENCES.text("notice.repetition_cut", "de")
        in compose_post(post, SENTENCES, file_limit=10**7).content
    )


async def test_a_tidied_text_is_posted_again_after_a_restart(room: GuardedRoom) -> None:
    """It was stored as it was judged: nothing is taken for changed."""
    room.guards.write = lambda _: "Mehr auf www.example.org."
    job = await room.write()
    kept = await room.artifacts.of_job(job.id)
    assert await room.artifacts.verify(job.id) == []
    assert [item.kind for item in kept] == ["text"]
