"""Translations and suggestions on the real wiring: nothing is lost when they fail, nothing is asked twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import pytest

from bot.posts import compose_post
from bot.services.ports import Adaptation, ImagePost
from bot.services.prompt_help import NOT_TRANSLATED, ONLY_ENGLISH, SUGGESTION_LIMIT
from generation.catalog import Catalog
from generation.errors import (
    InvalidInput,
    LimitReached,
    ModelMissing,
    NotAllowed,
    Refused,
    WorkerCrashed,
    WorkerError,
)
from generation.job import Job, JobState
from generation.supervisor import Request
from tests.fakes import Fault, small_catalog, until
from tests.fakes_text import TextDiscord, TextWorkshop, text_catalog
from tests.unit.bot.services.conftest import ADDRESS, ANNA, BEN, SENTENCES, TEACHER, Room

GERMAN = "ein rotes Haus am See"
ENGLISH = "a red house by the lake"


def catalog(*, writer: bool = True) -> Catalog:
    """A mini that knows both languages, a picture model for English alone, the mini text model and a real one."""
    mini, big = small_catalog("mini", "big").models("image")[::-1]
    if mini.id != "mini":
        mini, big = big, mini
    text_models = [
        *text_catalog("writer").models("text"),
        replace(text_catalog("real").get("real"), mini=False),
    ]
    if not writer:
        text_models[-1] = replace(text_models[-1], path=None)
    checker = small_catalog().default("safety")
    return Catalog([mini, replace(big, languages=("en",)), *text_models, checker])


def helpful(request: Request) -> str:
    answers = {
        "translate": f'Translation: "{ENGLISH}"',
        "precise": "ein altes rotes Haus, Abendlicht, Aquarell",
    }
    return answers[request.params["preset"]]


@dataclass
class HelpRoom(Room):
    @property
    def writers(self) -> TextWorkshop:
        return cast("TextWorkshop", self.workers)

    def asked(self) -> list[tuple[str, str, str]]:
        """What text models were asked besides the queue: model, kind of help, the prompt as the last message."""
        return [
            (request.model_id, request.params["preset"], request.params["messages"][-1]["text"])
            for request in self.workers.requests
            if request.task == "text"
        ]

    def painted(self) -> list[str]:
        return [request.params["prompt"] for request in self.workers.requests if request.task == "image"]

    async def posted(self, prompt: str = GERMAN, **more: Any) -> Job:
        return await self.end(await self.ask(prompt, **{"model": "big", **more}))

    def post(self, job: Job) -> ImagePost:
        return self.discord.messages[job.id].post


def opened(**more: Any) -> Callable[[Path], HelpRoom]:
    def make(folder: Path) -> HelpRoom:
        room = HelpRoom(folder, catalog=catalog(**more), discord=TextDiscord(), workers=TextWorkshop())
        room.writers.write = helpful
        return room

    return make


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[HelpRoom]:
    made = opened()(tmp_path)
    await made.open()
    try:
        yield made
    finally:
        await made.close()


@pytest.fixture
async def bare(tmp_path: Path) -> AsyncIterator[HelpRoom]:
    """No real text model."""
    made = opened(writer=False)(tmp_path / "bare")
    await made.open()
    try:
        yield made
    finally:
        await made.close()


# Pictures


async def test_a_prompt_is_translated_for_a_model_that_knows_only_english(room: HelpRoom) -> None:
    job = await room.posted()
    assert room.asked() == [("real", "translate", GERMAN)]
    assert room.painted() == [ENGLISH]
    assert (job.params["prompt"], job.params["original"], job.notices) == (ENGLISH, GERMAN, ())
    made = compose_post(room.post(job), SENTENCES, file_limit=10**7)
    description = made.embeds[0].description or ""
    assert description.index(GERMAN) < description.index(SENTENCES.text("post.translated", "de"))
    assert description.index(SENTENCES.text("post.translated", "de")) < description.index(ENGLISH)
    sheet = next(one for one in room.workers.requests if one.task == "image_sheet")
    recipe = sheet.params["recipe"]["params"]
    assert (recipe["prompt"], recipe["original"]) == (ENGLISH, GERMAN)


async def test_the_mini_is_never_translated_for(room: HelpRoom, bare: HelpRoom) -> None:
    for one in (room, bare):
        job = await one.posted(model="mini")
        assert one.asked() == []
        assert one.painted() == [GERMAN]
        assert "original" not in job.params
        assert job.notices == ()


@pytest.mark.parametrize("who", [ANNA, BEN])
async def test_english_stays_as_it_is(room: HelpRoom, who: Any) -> None:
    job = await room.posted(ENGLISH, who=who)
    assert room.asked() == []
    assert "original" not in job.params
    assert job.notices == ()


async def test_the_same_prompt_costs_one_call(room: HelpRoom) -> None:
    for who in (ANNA, BEN, ANNA):
        assert (await room.posted(who=who)).params["prompt"] == ENGLISH
    assert len(room.asked()) == 1


async def test_without_a_real_text_model_the_post_says_so(bare: HelpRoom) -> None:
    job = await bare.posted()
    assert bare.asked() == []
    assert bare.painted() == [GERMAN]
    assert job.notices == (ONLY_ENGLISH,)
    content = compose_post(bare.post(job), SENTENCES, file_limit=10**7).content
    assert SENTENCES.text("notice.only_english", "de") in content
    assert "/prompt-hilfe" in content


@pytest.mark.parametrize(
    "answer", ["...", "\n\n", "```\n```", "nude porn picture", "see https://a.example/b"]
)
async def test_an_answer_that_is_no_good_leaves_the_original(room: HelpRoom, answer: str) -> None:
    room.writers.write = lambda _: answer
    job = await room.posted()
    assert room.painted() == [GERMAN]
    assert job.notices == (NOT_TRANSLATED,)
    content = compose_post(room.post(job), SENTENCES, file_limit=10**7).content
    assert SENTENCES.text("notice.not_translated", "de") in content


@pytest.mark.parametrize("error", [WorkerCrashed(), RuntimeError("x"), OSError()])
async def test_a_text_model_that_fails_leaves_the_original(room: HelpRoom, error: Exception) -> None:
    room.workers.fault["text"] = Fault(error)
    job = await room.posted()
    assert (job.state, room.painted(), job.notices) == (JobState.POSTED, [GERMAN], (NOT_TRANSLATED,))
    room.workers.fault.clear()
    assert (await room.posted()).params["prompt"] == ENGLISH, "a failure is not remembered"


async def test_a_text_model_that_hangs_leaves_the_original(room: HelpRoom) -> None:
    room.desk.prompt_help._timeout_s = 0.05
    room.workers.held = {"help-1"}
    job = await room.posted()
    assert (room.painted(), job.notices) == ([GERMAN], (NOT_TRANSLATED,))
    await until(lambda: not room.left_behind())


async def test_a_translation_that_says_the_same_is_none(room: HelpRoom) -> None:
    room.writers.write = lambda _: "Steampunk, Neon"
    job = await room.posted("steampunk, neon")
    assert "original" not in job.params
    assert room.painted() == ["steampunk, neon"]


async def test_a_forbidden_prompt_is_refused_whatever_its_translation_says(room: HelpRoom) -> None:
    with pytest.raises(Refused):
        await room.ask("eine nackte Frau im Wald", model="big")
    assert room.painted() == []
    (job,) = await room.jobs.of_owner("class", "anna")
    assert job.params["prompt"] == ENGLISH
    assert job.state is JobState.REFUSED


async def test_a_full_queue_costs_no_translation(room: HelpRoom) -> None:
    room.limit = 1
    await room.restart()
    room.workers.hold_check = asyncio.Event()
    await room.ask("a red house", model="big")
    with pytest.raises(LimitReached):
        await room.ask(GERMAN, model="big")
    assert [request for request in room.workers.requests if request.task == "text"] == []


async def test_the_negative_prompt_is_translated_too(room: HelpRoom) -> None:
    room.writers.write = lambda _: "people, writing"
    job = await room.posted(negative="Menschen, Schrift")
    assert [prompt for _, _, prompt in room.asked()] == [GERMAN, "Menschen, Schrift"]
    assert (job.params["negative"], job.params["original_negative"]) == (
        "people, writing",
        "Menschen, Schrift",
    )
    description = compose_post(room.post(job), SENTENCES, file_limit=10**7).embeds[0].description or ""
    assert description.index("Menschen, Schrift") < description.rindex("people, writing")


async def test_a_negative_prompt_alone_is_translated(room: HelpRoom) -> None:
    room.writers.write = lambda _: "ugly hands"
    job = await room.posted(ENGLISH, negative="hässliche Hände")
    assert (job.params["prompt"], job.params["negative"]) == (ENGLISH, "ugly hands")
    assert "original" not in job.params


async def test_half_a_translation_is_none(room: HelpRoom) -> None:
    answers = {GERMAN: ENGLISH, "Menschen": "..."}
    room.writers.write = lambda request: answers[request.params["prompt"]]
    job = await room.posted(negative="Menschen")
    assert (job.params["prompt"], job.params["negative"], job.notices) == (
        GERMAN,
        "Menschen",
        (NOT_TRANSLATED,),
    )


# Buttons under a translated picture


@pytest.mark.parametrize("new_seeds", [False, True])
async def test_again_needs_no_second_translation(room: HelpRoom, new_seeds: bool) -> None:
    old = await room.posted()
    room.desk.prompt_help._known.clear()
    ticket = await room.desk.submit.again(old.id, BEN, ADDRESS, new_seeds=new_seeds)
    job = await room.end(ticket)
    assert dict(job.params) == dict(old.params)
    assert len(room.asked()) == 1


async def test_again_says_again_what_was_not_translated(bare: HelpRoom) -> None:
    old = await bare.posted()
    job = (await bare.desk.submit.again(old.id, ANNA, ADDRESS, new_seeds=False)).job
    assert job.notices == (ONLY_ENGLISH,)


def changes(prompt: str) -> Adaptation:
    return Adaptation(prompt=prompt, negative="", guidance="6,5", steps="30")


async def test_what_is_left_as_it_was_keeps_both_texts(room: HelpRoom) -> None:
    old = await room.posted()
    job = (await room.desk.submit.adapt(old.id, 1, changes(f"  {ENGLISH} "), ANNA, ADDRESS)).job
    assert (job.params["prompt"], job.params["original"], job.params["steps"]) == (ENGLISH, GERMAN, 30)
    assert len(room.asked()) == 1


async def test_a_changed_english_prompt_is_the_persons_own(room: HelpRoom) -> None:
    old = await room.posted()
    job = (await room.desk.submit.adapt(old.id, 1, changes("a blue house by the lake"), ANNA, ADDRESS)).job
    assert job.params["prompt"] == "a blue house by the lake"
    assert "original" not in job.params


async def test_a_changed_negative_prompt_leaves_the_prompt_alone(room: HelpRoom) -> None:
    old = await room.posted()
    room.writers.write = lambda _: "people"
    change = replace(changes(ENGLISH), negative="keine Menschen")
    job = (await room.desk.submit.adapt(old.id, 1, change, ANNA, ADDRESS)).job
    assert (job.params["prompt"], job.params["original"]) == (ENGLISH, GERMAN)
    assert (job.params["negative"], job.params["original_negative"]) == ("people", "keine Menschen")
    assert len(room.asked()) == 2


async def test_only_other_settings_need_no_second_try(room: HelpRoom) -> None:
    room.writers.write = lambda _: "..."
    old = await room.posted()
    job = (await room.desk.submit.adapt(old.id, 1, changes(GERMAN), ANNA, ADDRESS)).job
    assert (job.params["prompt"], job.notices) == (GERMAN, (NOT_TRANSLATED,))
    assert len(room.asked()) == 1


async def test_a_changed_german_prompt_is_translated_anew(room: HelpRoom) -> None:
    old = await room.posted()
    room.writers.write = lambda _: "a blue house"
    job = (await room.desk.submit.adapt(old.id, 1, changes("ein blaues Haus"), ANNA, ADDRESS)).job
    assert (job.params["prompt"], job.params["original"]) == ("a blue house", "ein blaues Haus")


# /prompt-help


async def test_both_kinds_of_help(room: HelpRoom) -> None:
    advice = await room.desk.prompt_help.advise(f" {GERMAN}\n", ANNA)
    assert advice.prompt == GERMAN
    assert advice.translation is not None
    assert advice.translation.value == ENGLISH
    assert advice.suggestion is not None
    assert advice.suggestion.value == "ein altes rotes Haus, Abendlicht, Aquarell"
    assert room.asked() == [("real", "translate", GERMAN), ("real", "precise", GERMAN)]
    await room.desk.prompt_help.advise(GERMAN, BEN)
    await room.posted()
    assert len(room.asked()) == 2, "what is known is not asked again"
    assert room.left_behind() == []


async def test_english_needs_no_translation(room: HelpRoom) -> None:
    advice = await room.desk.prompt_help.advise(ENGLISH, ANNA)
    assert advice.is_english
    assert advice.translation is None
    assert [kind for _, kind, _ in room.asked()] == ["precise"]


async def test_the_mini_cannot_help_and_the_teachers_command_is_named(bare: HelpRoom) -> None:
    with pytest.raises(ModelMissing) as error:
        await bare.desk.prompt_help.advise(GERMAN, ANNA)
    assert (error.value.code, error.value.values) == (
        "help_needs_model",
        {"command": "atelier models pull real"},
    )
    assert "atelier models pull real" in SENTENCES.text("error.help_needs_model", "de", **error.value.values)


async def test_whoever_confides_something_is_led_to_people_whether_or_not_there_is_a_model(
    room: HelpRoom, bare: HelpRoom
) -> None:
    for one in (room, bare):
        with pytest.raises(Refused) as error:
            await one.desk.prompt_help.advise("niemand würde mich vermissen", ANNA)
        assert error.value.code == "refused_self_harm"
        (fact,) = await one.desk.queue.refusals(TEACHER)
        assert fact.error_code == "refused_self_harm"


@pytest.mark.parametrize("prompt", ["", " \n", "x" * 2000, "a\0b"])
async def test_bad_input_asks_nobody(room: HelpRoom, prompt: str) -> None:
    with pytest.raises(InvalidInput):
        await room.desk.prompt_help.advise(prompt, ANNA)
    assert room.asked() == []


async def test_a_forbidden_prompt_is_refused_before_the_model_reads_it(room: HelpRoom) -> None:
    with pytest.raises(Refused) as error:
        await room.desk.prompt_help.advise("pornografie", ANNA)
    assert error.value.code == "refused_sexual"
    assert room.asked() == []
    (fact,) = await room.desk.queue.refusals(TEACHER)
    assert fact.error_code == "refused_sexual"


async def test_one_part_may_fail(room: HelpRoom) -> None:
    def half(request: Request) -> str:
        return ENGLISH if request.params["preset"] == "translate" else "pornografie"

    room.writers.write = half
    advice = await room.desk.prompt_help.advise(GERMAN, ANNA)
    assert advice.translation is not None
    assert advice.suggestion is None


async def test_when_both_fail_there_is_a_sentence(room: HelpRoom) -> None:
    room.writers.write = lambda _: "pornografie"
    with pytest.raises(WorkerError) as error:
        await room.desk.prompt_help.advise(GERMAN, ANNA)
    assert error.value.code == "help_failed"


async def test_one_at_a_time_for_each_person(room: HelpRoom) -> None:
    room.workers.held = {"help-1"}
    first = asyncio.create_task(room.desk.prompt_help.advise(GERMAN, ANNA))
    await room.workers.started("help-1")
    with pytest.raises(LimitReached) as error:
        await room.desk.prompt_help.advise(GERMAN, ANNA)
    assert error.value.code == "help_busy"
    assert (await room.desk.prompt_help.advise(ENGLISH, BEN)).suggestion is not None
    room.workers.release("help-1")
    assert (await first).translation is not None
    assert (await room.desk.prompt_help.advise(GERMAN, ANNA)).translation is not None


async def test_a_long_suggestion_is_shortened(room: HelpRoom) -> None:
    room.writers.write = lambda _: ", ".join(f"Haus Nummer {number} am See" for number in range(50))
    advice = await room.desk.prompt_help.advise(GERMAN, ANNA)
    assert advice.suggestion is not None
    assert len(advice.suggestion.value) <= SUGGESTION_LIMIT


async def test_what_was_written_before_a_pause_is_not_shown_in_it(room: HelpRoom) -> None:
    pausing = []

    def write(request: Request) -> str:
        pausing.append(asyncio.ensure_future(room.desk.lessons.pause(TEACHER)))
        return helpful(request)

    room.writers.write = write
    with pytest.raises(NotAllowed, match="paused"):
        await room.desk.prompt_help.advise(GERMAN, ANNA)
    await asyncio.gather(*pausing)
