"""Muon: momentum whose matrix updates are made orthogonal (K. Jordan, 2024), beside Adam for everything else.

Each update of a matrix has about the size that Adam's would have, so that both share one learning rate.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn


def orthogonal(update: torch.Tensor, rounds: int = 5) -> torch.Tensor:
    """Brings all singular values of a matrix near 1 by Newton-Schulz steps."""
    a, b, c = 3.4445, -4.7750, 2.0315
    x = update.T if update.shape[0] > update.shape[1] else update
    x = x / (x.norm() + 1e-7)
    for _ in range(rounds):
        square = x @ x.T
        x = a * x + (b * square + c * square @ square) @ x
    return x.T if update.shape[0] > update.shape[1] else x


class Muon(torch.optim.AdamW):
    """AdamW over vectors, first and last layer; orthogonal momentum over all other weights, convolutions flattened."""

    def __init__(
        self, module: nn.Module, lr: float = 1e-3, decay: float = 0.01, momentum: float = 0.95
    ) -> None:
        matrices: list[nn.Parameter] = []
        others: list[nn.Parameter] = []
        for name, parameter in module.named_parameters():
            outer = name.startswith(("conv_in", "conv_out"))
            (others if parameter.ndim < 2 or outer else matrices).append(parameter)
        super().__init__(others, lr=lr, weight_decay=decay, betas=(0.9, 0.99))
        self._matrices, self._decay, self._momentum = matrices, decay, momentum
        self._speed = [torch.zeros_like(p) for p in matrices]

    def zero_grad(self, set_to_none: bool = True) -> None:
        super().zero_grad(set_to_none)
        for parameter in self._matrices:
            parameter.grad = None

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:
        super().step(closure)
        lr = self.param_groups[0]["lr"]
        for parameter, speed in zip(self._matrices, self._speed, strict=True):
            if parameter.grad is None:
                continue
            speed.lerp_(parameter.grad, 1 - self._momentum)
            ahead = parameter.grad.lerp(speed, self._momentum).flatten(1)
            update = orthogonal(ahead) * 0.2 * max(ahead.shape) ** 0.5
            parameter.mul_(1 - lr * self._decay).sub_(lr * update.view_as(parameter))

    def state_dict(self) -> dict[str, Any]:
        return {"adam": super().state_dict(), "speed": self._speed}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        super().load_state_dict(state["adam"])
        for own, saved in zip(self._speed, state["speed"], strict=True):
            own.copy_(saved)
