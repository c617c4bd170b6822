"""The voices family: task "speech" with a voice that is nobody's copy. Parameters and results stand in README.md."""

from __future__ import annotations

import wave
from pathlib import Path

from generation.families.voices import formant
from generation.families.voices.wish import Spoken, Wish
from generation.job import seed_of
from generation.worker.api import Context, File, Model, Result, Task, TaskFailed

_ENGINES = frozenset({"espeak", "piper"})


def create() -> VoicesAdapter:
    return VoicesAdapter()


class VoicesAdapter:
    """Keeps nothing between tasks: what a voice said before changes nothing in what it says next."""

    parallel = 1  # one at a time: both engines keep global state

    def run(self, task: Task, context: Context) -> Result:
        """Writes `1.wav` (PCM16, mono). Raises Cancelled; TaskFailed invalid, model_missing, model_broken."""
        if task.name != "speech":
            raise TaskFailed("invalid", f"no task {task.name}")
        wish = Wish.of(task.params)
        model = _usable(task.model)
        context.check()
        context.progress(0, 1)
        seed = seed_of(task.seed, 1)
        spoken = _spoken(wish, model, seed, context)
        _write(task.out / "1.wav", spoken.samples, spoken.rate)
        context.progress(1, 1)
        facts = {
            "sample_rate": spoken.rate,
            "seconds": round(len(spoken.samples) / 2 / spoken.rate, 3),
            "language": wish.language,
            "speaker": wish.speaker,
            "phonemes": spoken.phonemes,
        }
        return Result(files=[File(name="1.wav", index=1, seed=seed, kind="audio")], facts=facts)


def _spoken(wish: Wish, model: Model, seed: int, context: Context) -> Spoken:
    if model.options["engine"] == "espeak":
        return formant.speak(wish, model.options, seed, context)
    # numpy and onnxruntime: not for those who only ever use the other engine
    from generation.families.voices import neural

    return neural.speak(wish, model, seed, context)


def _usable(model: Model | None) -> Model:
    if model is None or not model.path.is_dir():
        raise TaskFailed("model_missing", "no model")
    if model.options.get("engine") not in _ENGINES:
        raise TaskFailed("model_broken", "no engine")
    return model


def _write(file: Path, samples: bytes, rate: int) -> None:
    with wave.open(str(file), "wb") as opened:
        opened.setnchannels(1)
        opened.setsampwidth(2)
        opened.setframerate(rate)
        opened.writeframes(samples)
