"""The speech family's benchmark runs with its smallest setting; of what it prints one figure is a promise."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.speech import main, measure
from generation.voice_token import KEY_VARIABLE
from tests.contract.speech_runs import SpeechRuns, model_at


async def test_prints_its_figures_and_hears_a_voice_once(
    speaking: SpeechRuns, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY_VARIABLE, "")  # the benchmark makes its own, and leaves ours as it was
    model = model_at(speaking.models / "plain", max_mel_tokens=8)
    await measure(speaking.environments, model, qualities=("ultra_fast",), runs=1)
    printed = capsys.readouterr().out

    for line in (
        "speech import: ",
        "speech load: ",
        "speech CPU, cached voice: ",
        "speech real-time factor, ultra_fast: ",
        "speech memory: ",
    ):
        assert line in printed
    assert "speech conditioning calls, 1 voices again: 0 / 1" in printed


@pytest.mark.parametrize(
    ("arguments", "said"),
    [([], "required: --model"), (["--model", "none"], "there is no folder none")],
    ids=str,
)
def test_without_a_folder_it_is_one_sentence(
    arguments: list[str],
    said: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit):
        main(arguments)
    assert said in capsys.readouterr().err
