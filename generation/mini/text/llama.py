"""The llama architecture in plain PyTorch, rotating neighbouring pairs as the GGUF format expects it."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional


@dataclass(frozen=True)
class Shape:
    pieces: int = 2560
    width: int = 192
    layers: int = 4
    heads: int = 6
    hidden: int = 512
    context: int = 512
    base: float = 10_000.0
    epsilon: float = 1e-5

    @property
    def head(self) -> int:
        return self.width // self.heads


def rotations(shape: Shape, length: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Cosines and sines: [length, head / 2]."""
    speeds = shape.base ** (-torch.arange(0, shape.head, 2).float() / shape.head)
    angles = torch.outer(torch.arange(length).float(), speeds)
    return angles.cos(), angles.sin()


def rotate(x: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> torch.Tensor:
    """Turns each pair of neighbours (2k, 2k+1). x: [batch, heads, length, head]."""
    even, odd = x.unflatten(-1, (-1, 2)).unbind(-1)
    return torch.stack((even * cos - odd * sin, even * sin + odd * cos), dim=-1).flatten(-2)


class Layer(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.heads = shape.heads
        self.attn_norm = nn.RMSNorm(shape.width, shape.epsilon)
        self.attn_q = nn.Linear(shape.width, shape.width, bias=False)
        self.attn_k = nn.Linear(shape.width, shape.width, bias=False)
        self.attn_v = nn.Linear(shape.width, shape.width, bias=False)
        self.attn_output = nn.Linear(shape.width, shape.width, bias=False)
        self.ffn_norm = nn.RMSNorm(shape.width, shape.epsilon)
        self.ffn_gate = nn.Linear(shape.width, shape.hidden, bias=False)
        self.ffn_up = nn.Linear(shape.width, shape.hidden, bias=False)
        self.ffn_down = nn.Linear(shape.hidden, shape.width, bias=False)

    def forward(
        self, x: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor, mask: torch.Tensor | None
    ) -> torch.Tensor:
        y = self.attn_norm(x)
        q, k, v = (
            part(y).unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for part in (self.attn_q, self.attn_k, self.attn_v)
        )
        q, k = rotate(q, cos, sin).to(v.dtype), rotate(k, cos, sin).to(v.dtype)
        seen = functional.scaled_dot_product_attention(q, k, v, attn_mask=mask, is_causal=mask is None)
        x = x + self.attn_output(seen.transpose(1, 2).flatten(-2))
        y = self.ffn_norm(x)
        return x + self.ffn_down(functional.silu(self.ffn_gate(y)) * self.ffn_up(y))


class Llama(nn.Module):
    """Parameters have the names that GGUF gives them. The first and the last layer share their weights."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.token_embd = nn.Embedding(shape.pieces, shape.width)
        self.blk = nn.ModuleList(Layer(shape) for _ in range(shape.layers))
        self.output_norm = nn.RMSNorm(shape.width, shape.epsilon)
        for name, parameter in self.named_parameters():
            if parameter.ndim == 2:
                shrink = (
                    (2 * shape.layers) ** -0.5 if name.endswith(("output.weight", "down.weight")) else 1.0
                )
                nn.init.normal_(
                    parameter, std=0.02 if "embd" in name else shrink * parameter.shape[1] ** -0.5
                )

    def forward(
        self, ids: torch.Tensor, mask: torch.Tensor | None = None, wanted: torch.Tensor | None = None
    ) -> torch.Tensor:
        """ids: [batch, length]; mask: [batch, 1, length, length], True where one may look.

        Gives the logits [batch, length, pieces]; of the wanted places only, [places, pieces], where those are named.
        """
        cos, sin = rotations(self.shape, ids.shape[1])
        x = self.token_embd(ids)
        for layer in self.blk:
            x = layer(x, cos, sin, mask)
        x = x if wanted is None else x[wanted]
        return functional.linear(self.output_norm(x), self.token_embd.weight)
