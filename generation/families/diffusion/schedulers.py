"""The schedulers a person may choose, each made anew for every job from the model's own settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from diffusers import (
    DDIMScheduler,
    DPMSolverMultistepScheduler,
    EulerAncestralDiscreteScheduler,
    EulerDiscreteScheduler,
    HeunDiscreteScheduler,
    PNDMScheduler,
    UniPCMultistepScheduler,
)

CLASSES: Mapping[str, type[Any]] = {
    "ddim": DDIMScheduler,
    "dpm++": DPMSolverMultistepScheduler,
    "euler": EulerDiscreteScheduler,
    "euler_a": EulerAncestralDiscreteScheduler,
    "heun": HeunDiscreteScheduler,
    "pndm": PNDMScheduler,
    "unipc": UniPCMultistepScheduler,
}


def fresh(own: Any, name: str | None) -> Any:
    """A new scheduler of class `name` (None: the model's own class) with the settings of `own`.

    Schedulers carry the state of a run, so one is never used by two jobs.
    """
    config = dict(own.config)
    kind = CLASSES[name] if name else type(own)
    # a config written by another class lacks this one, and DDIM's default would clip latents to -1 … 1
    if kind is DDIMScheduler:
        config.setdefault("clip_sample", False)
    if kind is PNDMScheduler and not isinstance(own, PNDMScheduler):
        config["skip_prk_steps"] = True  # as Stable Diffusion does; the warm-up is made for pixels
    return kind.from_config(config)


def name_of(scheduler: Any) -> str:
    """The option's name of a scheduler object, or its class name where no option makes it."""
    return next((name for name, kind in CLASSES.items() if type(scheduler) is kind), type(scheduler).__name__)
