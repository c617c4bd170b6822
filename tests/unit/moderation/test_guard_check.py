"""The guard model behind the pipeline: asked once for everything, and no answer but a clear yes shows anything."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.i18n import Sentences
from generation.errors import EnvironmentFailed, ModelMissing, WorkerCrashed
from generation.supervisor import Outcome, Progress, Request
from moderation.guard_check import CODES, UNSUITABLE, GuardCheck
from moderation.pipeline import ANSWER, Pipeline
from moderation.text_rules import AnswerRules
from moderation.verdict import CHECK_FAILED
from moderation.words import WordCheck
from tests.fakes import small_catalog
from tests.fakes_dispatch import FakeRunner
from tests.unit.moderation.faults import (
    BOUNDS,
    GUARD_FACTS,
    GUARD_FAULTS,
    SOUND,
    allow_images,
    allow_text,
    inject_guard,
)

WORDS = WordCheck()
SENTENCES = Sentences.load(strict=True)
SAFE = {"safe": True, "categories": []}


class GuardRunner(FakeRunner):
    """A worker with a guard model: `judge` says what it finds in the texts of a request."""

    def __init__(self, judge: Callable[[list[dict[str, str]]], Any] = lambda _: SAFE) -> None:
        super().__init__()
        self.judge = judge

    async def _work(self, request: Request, on_progress: Callable[[Progress], None] | None) -> Outcome:
        outcome = await super()._work(request, on_progress)
        assert request.task == "judge"
        return replace(outcome, facts=self.judge(request.params["texts"]))

    @property
    def asked(self) -> list[list[tuple[str, str]]]:
        return [[(one["role"], one["text"]) for one in request.params["texts"]] for request in self.requests]


def pipeline(runner: GuardRunner, folder: Path, *, timeout_s: float = 5.0, **more: Any) -> Pipeline:
    model = replace(small_catalog().default("safety"), id="guard", family="guard", medium="guard")
    guard = GuardCheck(supervisor=runner, model=model, work_dir=folder)
    given = {"text_checks": [WORDS], "image_check": allow_images, "timeout_s": timeout_s, **more}
    return Pipeline(dialogue_check=guard, **given)


def unsafe(*hazards: str) -> Callable[[object], dict[str, Any]]:
    return lambda _: {"safe": False, "categories": list(hazards)}


async def test_a_prompt_is_judged_in_one_call_and_no_folder_stays(tmp_path: Path) -> None:
    runner = GuardRunner()
    assert (await pipeline(runner, tmp_path).check_text("ein Haus", "", "Regen")).allowed
    assert runner.asked == [[("user", "ein Haus\nRegen")]]
    assert list(tmp_path.iterdir()) == []


async def test_an_answer_is_judged_together_with_its_prompt(tmp_path: Path) -> None:
    runner = GuardRunner()
    decision = await pipeline(runner, tmp_path).approve_text("Es war einmal.", prompt="ein Märchen")
    assert decision.approved is not None
    assert decision.approved.value == ("Es war einmal.",)
    assert runner.asked == [[("user", "ein Märchen"), ("assistant", "Es war einmal.")]]


async def test_an_answer_without_a_prompt_is_judged_too(tmp_path: Path) -> None:
    runner = GuardRunner(unsafe("S10"))
    decision = await pipeline(runner, tmp_path).approve_text("Es war einmal.")
    assert decision.approved is None
    assert runner.asked == [[("user", "Es war einmal.")]]


async def test_what_the_words_refuse_costs_no_call(tmp_path: Path) -> None:
    runner = GuardRunner()
    assert (await pipeline(runner, tmp_path).check_text("pornografie")).code == "sexual"
    assert runner.asked == []


async def test_sounds_and_pictures_prompts_are_judged_as_well(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    file = tmp_path / "a.wav"
    file.write_bytes(b"sound")
    judging = pipeline(GuardRunner(unsafe("S1")), tmp_path / "work")
    decision = await judging.approve_audio([file], measured=[SOUND], bounds=BOUNDS, texts=["ein Lied"])
    assert decision.approved is None
    assert not file.exists()


async def test_a_pipeline_with_a_guard_is_ready_if_the_guard_answers(tmp_path: Path) -> None:
    assert (await pipeline(GuardRunner(), tmp_path).ready()).allowed
    assert (await pipeline(GuardRunner(lambda _: {}), tmp_path).ready()).code == CHECK_FAILED


@pytest.mark.parametrize("hazard", [*CODES, "S99"])
@pytest.mark.parametrize("language", ["de", "en"])
async def test_every_hazard_has_its_sentences(hazard: str, language: str, tmp_path: Path) -> None:
    judging = pipeline(GuardRunner(unsafe(hazard)), tmp_path)
    asked = await judging.check_text("etwas")
    answered = await judging.approve_text("etwas", prompt="etwas anderes")
    assert asked.code == CODES.get(hazard, UNSUITABLE)
    assert answered.verdict.code in {asked.code, f"{ANSWER}{asked.code}"}
    for code in (asked.code, answered.verdict.code):
        assert f"error.refused_{code}" in SENTENCES.keys(language)
        assert f"category.{code}" in SENTENCES.keys(language)


@pytest.mark.parametrize(
    ("hazards", "code"),
    [(("S2", "S11"), "self_harm"), (("S1", "S4"), "sexual"), ((), UNSUITABLE), (("S77", "S6"), "advice")],
)
async def test_of_several_hazards_the_one_that_matters_most_is_answered(
    hazards: tuple[str, ...], code: str, tmp_path: Path
) -> None:
    assert (await pipeline(GuardRunner(unsafe(*hazards)), tmp_path).check_text("etwas")).code == code


@pytest.mark.parametrize("name", GUARD_FAULTS)
async def test_no_fault_publishes(name: str) -> None:
    assert not (await inject_guard(name)).published


GARBAGE = [facts for name, facts in GUARD_FACTS.items() if not name.startswith("unsafe")]


@pytest.mark.parametrize("facts", GARBAGE)
async def test_garbage_refuses(facts: Any, tmp_path: Path) -> None:
    judging = pipeline(GuardRunner(lambda _: facts), tmp_path)
    assert (await judging.check_text("ein Haus")).code == CHECK_FAILED
    assert (await judging.approve_text("ein Haus", prompt="ein Haus")).verdict.code == CHECK_FAILED


@pytest.mark.parametrize(
    "error",
    [WorkerCrashed(), ModelMissing(model="guard"), EnvironmentFailed(), RuntimeError("x"), MemoryError()],
)
async def test_a_guard_that_fails_refuses_and_leaves_no_folder(error: Exception, tmp_path: Path) -> None:
    runner = GuardRunner()
    runner.errors["guard-1"] = [error]
    assert (await pipeline(runner, tmp_path).check_text("ein Haus")).code == CHECK_FAILED
    assert list(tmp_path.iterdir()) == []


async def test_the_log_names_why_a_guard_failed_and_nothing_of_the_text(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    runner = GuardRunner()
    runner.errors["guard-1"] = [ModelMissing("model_broken", model="guard")]
    runner.errors["guard-2"] = [ValueError("ein Haus")]
    judging = pipeline(runner, tmp_path)
    await judging.check_text("ein Haus")
    await judging.check_text("ein Haus")
    assert "ModelMissing model_broken" in caplog.text
    assert "ValueError" in caplog.text
    assert "Haus" not in caplog.text


async def test_a_guard_that_hangs_refuses(tmp_path: Path) -> None:
    runner = GuardRunner()
    runner.held = {"guard-1"}
    assert (await pipeline(runner, tmp_path, timeout_s=0.05).check_text("ein Haus")).code == CHECK_FAILED
    await asyncio.sleep(0.05)
    assert list(tmp_path.iterdir()) == []


def test_a_dialogue_check_must_be_callable() -> None:
    broken: Any = "guard"
    with pytest.raises(TypeError):
        Pipeline(text_checks=[allow_text], image_check=allow_images, dialogue_check=broken)


async def test_rules_are_asked_for_answers_alone(tmp_path: Path) -> None:
    judging = pipeline(GuardRunner(), tmp_path, answer_checks=[AnswerRules()])
    text = "Schau auf https://example.org nach."
    assert (await judging.check_text(text)).allowed
    assert (await judging.approve_text(text)).verdict.code == "answer_privacy"
    assert (await judging.approve_text("Schau im Lexikon nach.")).approved is not None


async def test_calls_at_the_same_time_do_not_meet(tmp_path: Path) -> None:
    runner = GuardRunner()
    judging = pipeline(runner, tmp_path)
    verdicts = await asyncio.gather(*(judging.check_text(f"Haus {number}") for number in range(5)))
    assert all(verdict.allowed for verdict in verdicts)
    assert len({request.job for request in runner.requests}) == 5
