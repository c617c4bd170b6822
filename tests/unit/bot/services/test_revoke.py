"""A withdrawn consent: nothing of that voice is visible or kept once somebody was told."""

from __future__ import annotations

from pathlib import Path

from tests import revocations


async def test_revocations_at_random_moments_leave_nothing(tmp_path: Path) -> None:
    trials = await revocations.run(200, 20_261_121, tmp_path)
    assert {number: sorted(trial.wrong) for number, trial in enumerate(trials) if trial.wrong} == {}
    assert len({trial.way for trial in trials}) == len(set(revocations.WAYS))
