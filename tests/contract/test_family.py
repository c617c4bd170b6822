"""What every family promises, tried through a real worker in the family's own environment."""

from __future__ import annotations

import asyncio
import importlib
import itertools
import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from generation.catalog import Catalog
from generation.errors import ModelMissing, TaskCancelled, WorkerError
from generation.job import seed_of
from generation.supervisor import Outcome, Progress, Request, Supervisor
from tests.contract.case import Case
from tests.contract.conftest import ROOT

_FILES = sorted(Path(__file__).parent.glob("case_*.py"))
CASES: list[Case] = [
    case for file in _FILES for case in importlib.import_module(f"tests.contract.{file.stem}").CASES
]
SEED = 1234
_NUMBERS = itertools.count(1)


def test_every_family_is_tried() -> None:
    families = {folder.parent.name for folder in (ROOT / "generation" / "families").glob("*/adapter.py")}

    assert {case.family for case in CASES} == families


@dataclass
class Trial:
    """Runs one case, changed as a test likes."""

    case: Case
    supervisor: Supervisor
    catalog: Catalog
    folder: Path
    steps: list[Progress] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.folder.joinpath("inputs").mkdir()
        self.inputs = self.case.inputs(self.folder / "inputs")
        self.model = None if self.case.model is None else self.catalog.get(self.case.model)
        if self.case.made_model is not None:
            self.model = self.case.made_model(self.folder)

    def request(self, changes: Mapping[str, Any] = {}, **fields: Any) -> Request:
        number = next(_NUMBERS)
        request = Request(
            family=self.case.family,
            task=self.case.task,
            params={**self.case.params, **self.inputs, **changes},
            job=f"case{number}",
            attempt=1,
            seed=SEED,
            out=self.folder / f"out{number}",
            model=self.model,
        )
        request = replace(request, **fields)
        return replace(request, params=self.case.signed(request))

    async def run(self, changes: Mapping[str, Any] = {}, **fields: Any) -> Outcome:
        return await self.supervisor.run(self.request(changes, **fields), self.steps.append)

    def pid(self) -> int | None:
        return next(one.pid for one in self.supervisor.states() if one.family == self.case.family)


@pytest.fixture
def trial(request: pytest.FixtureRequest, supervisor: Supervisor, catalog: Catalog, tmp_path: Path) -> Trial:
    return Trial(request.param, supervisor, catalog, tmp_path)


def tried_on(cases: Iterable[Case]) -> pytest.MarkDecorator:
    """Only those a promise is about: a case it cannot be tried on would count as a test that passed."""
    return pytest.mark.parametrize("trial", list(cases), ids=str, indirect=True)


def paths(outcome: Outcome) -> list[Path]:
    return [outcome.out / file.name for file in outcome.files]


def same(case: Case, first: Outcome, second: Outcome) -> bool:
    return all(case.same(*pair) for pair in zip(paths(first), paths(second), strict=True))


@tried_on(CASES)
async def test_it_makes_the_files_it_says(trial: Trial) -> None:
    outcome = await trial.run()

    assert len(outcome.files) == trial.case.files
    assert {path.resolve() for path in paths(outcome)} == {
        path.resolve() for path in outcome.out.rglob("*") if path.is_file()
    }
    assert json.loads(json.dumps(outcome.facts, allow_nan=False)) == outcome.facts
    if trial.case.seeded:
        assert [file.index for file in outcome.files] == list(range(1, trial.case.files + 1))
        assert [file.seed for file in outcome.files] == [seed_of(SEED, file.index) for file in outcome.files]


@tried_on(CASES)
async def test_progress_only_goes_forward_and_ends_at_its_end(trial: Trial) -> None:
    await trial.run()

    done = [step.done / step.total for step in trial.steps]
    assert done == sorted(done)
    assert all(0 <= one <= 1 for one in done)
    if trial.case.long is not None:
        assert done[-1] == 1


@tried_on(CASES)
async def test_the_same_request_makes_the_same_files(trial: Trial) -> None:
    first, again = await trial.run(), await trial.run()

    assert same(trial.case, first, again)
    told = [
        {name: one.facts[name] for name in one.facts.keys() - trial.case.measured} for one in (first, again)
    ]
    assert told[0] == told[1]


@tried_on(case for case in CASES if case.seeded)
async def test_another_seed_makes_other_files_and_a_files_seed_makes_it_alone(trial: Trial) -> None:
    outcome, other = await trial.run(), await trial.run(seed=SEED + 100)
    last = outcome.files[-1]
    alone = await trial.run(trial.case.alone, seed=last.seed)

    assert not any(trial.case.same(*pair) for pair in zip(paths(outcome), paths(other), strict=True))
    assert len(alone.files) == 1
    assert trial.case.same(paths(alone)[0], outcome.out / last.name)


@tried_on(CASES)
async def test_wrong_requests_are_refused_and_cost_no_worker(trial: Trial) -> None:
    await trial.run()
    pid = trial.pid()

    for request in (trial.request(trial.case.wrong), trial.request(task="no_such_task")):
        with pytest.raises(WorkerError) as caught:
            await trial.supervisor.run(request)
        assert caught.value.code == "invalid_input"

    assert (await trial.run()).seconds >= 0
    assert trial.pid() == pid


@tried_on(case for case in CASES if case.model is not None or case.made_model is not None)
async def test_a_model_that_is_gone_is_said_so(trial: Trial) -> None:
    assert trial.model is not None
    gone = replace(trial.model, id="gone", path=trial.folder / "gone")

    with pytest.raises(ModelMissing):
        await trial.run(model=gone)

    assert len((await trial.run()).files) == trial.case.files


@tried_on(case for case in CASES if case.long is not None)
async def test_a_cancelled_job_ends_soon_and_the_next_one_is_served(trial: Trial) -> None:
    before = await trial.run()
    pid = trial.pid()
    trial.steps.clear()
    request = trial.request(trial.case.long or {})
    running = asyncio.create_task(trial.supervisor.run(request, trial.steps.append))
    while not trial.steps:
        assert not running.done(), "`long` is not long enough"
        await asyncio.sleep(0.01)
    began = time.monotonic()
    await trial.supervisor.cancel(request.job)
    with pytest.raises(TaskCancelled):
        await running

    assert time.monotonic() - began < 10
    assert same(trial.case, before, await trial.run())
    assert trial.pid() == pid


@tried_on(CASES)
async def test_jobs_at_the_same_time_do_not_touch_each_other(trial: Trial) -> None:
    alone = [await trial.run(seed=seed) for seed in (SEED, SEED + 50)]
    together = await asyncio.gather(*(trial.run(seed=seed) for seed in (SEED, SEED + 50)))

    assert all(same(trial.case, *pair) for pair in zip(alone, together, strict=True))


@tried_on(CASES)
async def test_what_it_is_given_stays_as_it_is(trial: Trial) -> None:
    folder = trial.folder / "inputs"
    before = {path: path.read_bytes() for path in folder.iterdir()}
    await trial.run()

    assert {path: path.read_bytes() for path in folder.iterdir()} == before
