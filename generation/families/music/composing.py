"""Make one piece: tokens window by window, each after the end of the one before, then all of them into sound at once.

Because the sound is made from one unbroken row of tokens, there is no seam between windows or sections to be heard.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from generation.families.music import packages, windows
from generation.families.music.windows import Window

OnToken = Callable[[], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What every take of a job is made from.

    `prompts` and `seconds` belong together, section by section. `melody`: [1, samples] at the model's rate. `prior`:
    tokens [1, codebooks, frames] of what is to be continued; it becomes the beginning of the piece.
    """

    prompts: Sequence[str]
    seconds: Sequence[int]
    melody: torch.Tensor | None = None
    prior: torch.Tensor | None = None


class Composer:
    """One loaded model. Calls must not overlap: a language model holds the state of the piece it is making."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self.rate = int(model.sample_rate)
        self.channels = int(model.audio_channels)
        self.follows_melodies = "self_wav" in model.lm.condition_provider.conditioners
        self._limit = int(model.max_duration * model.frame_rate)
        self._frame = round(self.rate / model.frame_rate)

    def seconds(self, frames: int) -> float:
        return frames * self._frame / self.rate

    def encode_end(self, sound: torch.Tensor) -> torch.Tensor | None:
        """The end of `sound` [channels, samples] in tokens, at most half a window of it; None: shorter than a frame."""
        frames = min(sound.shape[-1] // self._frame, self._limit // 2)
        if not frames:
            return None
        end = sound[:, -frames * self._frame :]
        with torch.no_grad():
            tokens, _ = self._model.compression_model.encode(end[None].to(self._model.device))
        return tokens[..., :frames]

    def plan(self, order: Order) -> list[Window]:
        frames = [int(seconds * self._model.frame_rate) for seconds in order.seconds]
        return windows.plan(
            frames, limit=self._limit, before=0 if order.prior is None else order.prior.shape[-1]
        )

    def tokens(self, plan: Sequence[Window]) -> int:
        """How many times `on_token` is called for `plan`: a window takes a few more steps than it has frames."""
        steps = 0
        for window in plan:
            pattern = self._model.lm.pattern_provider.get_pattern(window.context + window.frames)
            steps += len(pattern.layout) - pattern.get_first_step_with_timesteps(window.context)
        return steps

    @torch.no_grad()
    def compose(self, order: Order, plan: Sequence[Window], on_token: OnToken) -> torch.Tensor:
        """Sound [channels, samples]: the prior, if any, and what follows. Draws from torch's and Python's global state.

        What `on_token` raises ends it at once and leaves the model fit for the next piece.
        """
        tokens = order.prior
        for window in plan:
            tokens = self._extend(tokens, order, window, plan, on_token)
        return self._model.compression_model.decode(tokens, None)[0]

    def _extend(
        self,
        tokens: torch.Tensor | None,
        order: Order,
        window: Window,
        plan: Sequence[Window],
        on_token: OnToken,
    ) -> torch.Tensor:
        given = None if tokens is None else tokens[..., window.start - window.context :]
        conditions = self._conditions(order, window, whole=len(plan) == 1)
        with self._model.autocast:
            made = self._model.lm.generate(
                given,
                [conditions],
                callback=lambda *_: on_token(),
                max_gen_len=window.context + window.frames,
                **self._model.generation_params,
            )
        new = made[..., window.context :]
        return new if tokens is None else torch.cat([tokens, new], dim=-1)

    def _conditions(self, order: Order, window: Window, *, whole: bool) -> Any:
        conditions = packages.ConditioningAttributes(text={"description": order.prompts[window.section]})
        if self.follows_melodies:
            conditions.wav["self_wav"] = self._melody(order, window, whole=whole)
        return conditions

    def _melody(self, order: Order, window: Window, *, whole: bool) -> Any:
        """The melody from where the window begins, over and over; a piece of one window gets it as it is."""
        device = self._model.device
        melody, length = torch.zeros((1, 1, 1), device=device), 0
        if order.melody is not None:
            sound = order.melody.to(device)
            if not whole:
                first = (window.start - window.context) * self._frame
                sound = sound[:, torch.arange(first, first + self._limit * self._frame) % sound.shape[-1]]
            melody, length = sound[None], sound.shape[-1]
        return packages.WavCondition(
            melody,
            torch.tensor([length], device=device),
            sample_rate=[self.rate],
            path=[None],
            seek_time=[0.0],
        )
