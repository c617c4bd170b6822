"""A walk between pictures with stable-diffusion-videos: its loop and its mixing of prompts and noise.

What the package does otherwise is put aside: denoising and decoding are those of the pictures (`painting.py`), so that
the first and the last frame *are* the pictures of their seeds, whatever the model, and every step can be cancelled.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from generation.families.diffusion import painting, schedulers
from generation.families.diffusion.frame_plan import Batch
from generation.families.diffusion.packages import StableDiffusionWalkPipeline
from generation.video_params import VideoParams

_LATENT = 8
"""Pixels a side that the package takes for one of the latents', whatever the model's decoder says."""
_Add = Callable[[int, Any], None]


@dataclass(frozen=True, slots=True)
class _Frame:
    """What the package's loop gets for a picture: something with `save`. `add` takes a number from 1 and a picture."""

    picture: Any
    add: _Add

    def save(self, path: Path) -> None:
        self.add(int(path.stem[-6:]) + 1, self.picture)


class Walk(StableDiffusionWalkPipeline):
    """Walks on `pipeline`, a loaded one of `loading.py`, which keeps all its own."""

    def __init__(self, pipeline: Any, params: VideoParams, *, step: Callable[[], None], add: _Add) -> None:
        """`step` is called at every denoising step and may raise; `add` with every finished frame."""
        # the package puts a scheduler's settings right, in place: not in the loaded one's
        super().__init__(
            vae=pipeline.vae, text_encoder=pipeline.text_encoder, tokenizer=pipeline.tokenizer, unet=pipeline.unet,
            scheduler=schedulers.fresh(pipeline.scheduler, None), safety_checker=None, feature_extractor=None,
            requires_safety_checker=False,
        )  # fmt: skip
        self._painter = pipeline
        self._params = params
        self._on_step = step
        self._add = add
        self._read: dict[str, torch.Tensor] = {}
        self._unwanted = torch.empty(0)

    def make(self, batch: Batch, positions: Sequence[float], folder: Path) -> None:
        """The frames of `batch`, in one model call; `positions` as in frame_plan. Nothing is written to `folder`."""
        scale = _LATENT / self._painter.vae_scale_factor
        # frames before the batch's are "skipped", as after a crash, so that the package counts ours as we do
        self.make_clip_frames(
            batch.before.prompt,
            batch.after.prompt,
            batch.before.seed,
            batch.after.seed,
            num_interpolation_steps=batch.stop,
            T=np.array(positions[: batch.stop]),
            skip=batch.start,
            batch_size=batch.stop - batch.start,
            width=round(self._params.width * scale),
            height=round(self._params.height * scale),
            save_path=folder,
        )

    @torch.no_grad()
    def embed_text(self, text: str, negative_prompt: str | None = None) -> torch.Tensor:
        """All that the text encoders make of `text`, shape (1, tokens, channels), once a text."""
        if text not in self._read:
            found = self._painter.encode_prompt(
                prompt=text,
                device=self._painter.device,
                num_images_per_prompt=1,
                do_classifier_free_guidance=True,
                negative_prompt=self._params.negative or None,
            )
            # with a second text encoder: both readings, then both summaries
            pairs = found if len(found) == 2 else (_joined(*found[::2]), _joined(*found[1::2]))
            self._read[text], self._unwanted = pairs
        return self._read[text]

    def init_noise(self, seed: int, noise_shape: Sequence[int], dtype: torch.dtype) -> torch.Tensor:
        """The noise that the picture of `seed` begins with; mixed on the processor in full precision."""
        generator = torch.Generator("cpu").manual_seed(seed)
        return torch.randn(tuple(noise_shape), generator=generator, dtype=dtype).float()

    def __call__(
        self, *, latents: torch.Tensor, text_embeddings: torch.Tensor, **_: Any
    ) -> dict[str, list[_Frame]]:
        """One picture for each row of `latents` and `text_embeddings`, which the package has mixed."""
        painter, params, count = self._painter, self._params, len(latents)
        own = painter.scheduler
        painter.scheduler = schedulers.fresh(own, params.scheduler)
        try:
            denoised = painter(
                **self._words(text_embeddings, self._unwanted.expand(count, -1, -1)),
                latents=latents.to(text_embeddings.dtype),
                width=params.width,
                height=params.height,
                num_inference_steps=params.steps,
                guidance_scale=params.guidance,
                generator=[self._noise_on_the_way(latents) for _ in range(count)],
                output_type="latent",
                callback_on_step_end=self._step,
                callback_on_step_end_tensor_inputs=[],
            ).images
        finally:
            painter.scheduler = own
        return {"images": [self._decoded(latent) for latent in painting.finite(denoised, "latents").split(1)]}

    def _decoded(self, latent: torch.Tensor) -> _Frame:
        self._on_step()
        return _Frame(painting.decode(self._painter, latent), self._add)

    def _step(self, _pipeline: Any, _index: int, _timestep: Any, _tensors: dict[str, Any]) -> dict[str, Any]:
        self._on_step()
        return {}

    def _noise_on_the_way(self, latents: torch.Tensor) -> torch.Generator:
        """For models whose own scheduler draws some (few-step models): as in the first picture, in every frame."""
        generator = torch.Generator("cpu").manual_seed(self._params.keys[0].seed)
        torch.randn(tuple(latents[:1].shape), generator=generator, dtype=self._painter.unet.dtype)
        return generator

    def _words(self, wanted: torch.Tensor, unwanted: torch.Tensor) -> dict[str, torch.Tensor]:
        """diffusers' arguments; with a second text encoder each has a further row, see `_joined`."""
        second = getattr(self._painter, "text_encoder_2", None)
        if second is None:
            return {"prompt_embeds": wanted, "negative_prompt_embeds": unwanted}
        width = second.config.projection_dim
        return {
            "prompt_embeds": wanted[:, :-1],
            "negative_prompt_embeds": unwanted[:, :-1],
            "pooled_prompt_embeds": wanted[:, -1, :width],
            "negative_pooled_prompt_embeds": unwanted[:, -1, :width],
        }


def _joined(tokens: torch.Tensor, pooled: torch.Tensor) -> torch.Tensor:
    """What Stable Diffusion XL reads, in one tensor that can be mixed: the summary becomes a last row."""
    row = torch.nn.functional.pad(pooled, (0, tokens.shape[-1] - pooled.shape[-1]))
    return torch.cat([tokens, row.unsqueeze(1)], dim=1)
