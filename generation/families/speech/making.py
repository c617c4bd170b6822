"""The two tasks: parameters in, a file and facts out. Imported by `adapter.create` once the hub is prepared."""

from __future__ import annotations

import sys
from pathlib import Path

from generation.families.speech import packages, sound, tortoise
from generation.families.speech.consent import Keeper, Permit, voice_id
from generation.families.speech.hub import PrivateHub
from generation.families.speech.parameters import order_of
from generation.families.speech.speaking import Speaker
from generation.families.speech.steps import Steps
from generation.job import seed_of
from generation.voice_token import TokenRefused
from generation.worker import seeding
from generation.worker.api import Context, File, Result, Task, TaskFailed

LANGUAGE = "en"


class SpeechAdapter:
    """Keeps one model loaded; another model takes its place."""

    parallel = 1  # a language model holds the state of the one piece it is making

    def __init__(self, hub: PrivateHub, key: str | None) -> None:
        self._hub = hub
        self._keeper = Keeper(key)
        self._device = packages.prepare(hub.voices)
        self._speaker: Speaker | None = None
        self._loaded: tuple[str, Path] | None = None

    def run(self, task: Task, context: Context) -> Result:
        """Task "speech" writes 1.wav; "forget" writes nothing.

        Raises TaskFailed invalid ("no_consent" first of all), model_missing, model_broken, worker_failed; Cancelled
        within one step; torch.OutOfMemoryError, after which the model stays loaded.
        """
        if self._speaker is not None:
            self._speaker.latents.forget_over(self._keeper.is_over)
        if task.name == "forget":
            return self._forget(task)
        if task.name != "speech":
            raise TaskFailed("invalid", f"no task {task.name}")
        try:
            permit = self._keeper.permit(task)
            return self._speak(task, permit, context)
        except TokenRefused as refusal:
            self._drop(voice_id(task.params.get("voice")))
            print(f"refused: {refusal.check}", file=sys.stderr)  # noqa: T201 - the worker's log
            raise TaskFailed("invalid", "no_consent") from None

    def _speak(self, task: Task, permit: Permit, context: Context) -> Result:
        order = order_of(task)
        speaker = self._get(task, context)
        context.check()
        heard = speaker.conditioning_calls
        steps = Steps(context, lambda: self._keeper.demand(permit), speaker.passes(order))
        seed = seed_of(task.seed, 1)
        speech, bracketed = speaker.speak(order, permit, seed, steps)
        samples = sound.finish(speech)
        steps.look()
        sound.write(task.out / "1.wav", samples, tortoise.RATE)
        steps.end()
        facts = {
            "sample_rate": tortoise.RATE,
            "seconds": round(len(samples) / tortoise.RATE, 3),
            "language": LANGUAGE,
            "quality": order.quality,
            "emotion": order.emotion,
            "bracketed": bracketed,
            "conditioning_calls": speaker.conditioning_calls - heard,
            "device": self._device.type,
        }
        return Result(files=[File(name="1.wav", index=1, seed=seed, kind="audio")], facts=facts)

    def _forget(self, task: Task) -> Result:
        name = voice_id({"id": task.params.get("voice")})
        if name is None or set(task.params) != {"voice"}:
            raise TaskFailed("invalid", "unknown_parameter")
        return Result(facts={"forgotten": self._drop(name)})

    def _drop(self, voice: str | None) -> int:
        return 0 if self._speaker is None or voice is None else self._speaker.latents.forget(voice)

    def _get(self, task: Task, context: Context) -> Speaker:
        if task.model is None:
            raise TaskFailed("model_missing", "no model")
        context.check()
        wanted = (task.model.id, task.model.path)
        if self._speaker is None or self._loaded != wanted:
            self._speaker = self._loaded = None
            seeding.free_memory()
            context.loading(task.model.id)
            loaded = tortoise.load(task.model.path, task.model.options, self._hub, self._device)
            self._speaker = Speaker(*loaded)
            self._loaded = wanted
        return self._speaker
