from __future__ import annotations

import pytest

from generation import wire
from generation.in_flight import _error_of


@pytest.mark.parametrize(
    ("detail", "reason"),
    [
        ("audio_long", "audio_long"),
        ("", ""),
        ("width, height", ""),
        ("Audio", ""),
        ("audio_long\n", ""),
        ("x" * 41, ""),
        ("{code}", ""),
    ],
)
def test_a_worker_s_reason_is_one_word_or_none(detail: str, reason: str) -> None:
    error = _error_of(wire.Failed(job="j", attempt=1, code="invalid", detail=detail), asked=False)
    assert (error.code, error.values) == ("invalid_input", {"reason": reason})


def test_other_failures_have_no_reason() -> None:
    error = _error_of(wire.Failed(job="j", attempt=1, code="worker_failed", detail="audio_long"), asked=False)
    assert (error.code, error.values) == ("worker_failed", {})
