"""A codec by calculation: the main directions of a source's frames written into SEANet, codebooks by k-means.

Frames of sounds that keep to the grid (`synth.py`) lie close to a small space. So the best linear encoder is known, and
needs no training: this module writes it into the layers of audiocraft's network, which is only told to behave linearly
where it starts. The decoder is then trained on from there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

if TYPE_CHECKING:
    from audiocraft.models.encodec import EncodecModel

# Around zero ELU is linear; a signal this small passes it unchanged, and zeros that pad a wave stay silent.
_SMALL = 1e-3
# In the decoder everything is made soft and lifted to where ELU is the identity: descriptions more than samples.
_SOFT, _HIGH, _LIFT = 0.1, 3.0, 1.0


def directions(frames: torch.Tensor, width: int) -> torch.Tensor:
    """The main directions of frames, shape (samples, width), orthonormal; the last column is zero: see the decoder."""
    values = torch.linalg.eigh((frames.T @ frames).double() / len(frames))[1]
    basis = values.flip(1)[:, :width].float().contiguous()
    basis[:, -1] = 0
    return basis


def _convolutions(network: nn.Module, *kinds: type[nn.Module]) -> list[nn.Module]:
    """A network's own layers in order, without those of residual blocks."""
    return [m for name, m in network.named_modules() if isinstance(m, kinds) and ".block." not in name]


@torch.no_grad()
def write_encoder(model: EncodecModel, basis: torch.Tensor) -> None:
    """Makes the encoder the projection of each frame on the basis; a frame's code knows its own frame only."""
    layers = _convolutions(model.encoder, nn.Conv1d)
    for layer in layers:
        layer.weight.zero_()
        layer.bias.zero_()
    layers[0].weight[0, 0, -1] = _SMALL
    held = 1
    for layer in layers[1:-2]:
        ratio = layer.stride[0]
        # A causal kernel of twice the stride: its later half is the frame's own.
        for place in range(ratio):
            for channel in range(held):
                layer.weight[place * held + channel, channel, ratio + place] = 1
        held *= ratio
    last, ratio = layers[-2], layers[-2].stride[0]
    # basis: (samples, width) -> (width, place, channel) -> kernel (width, channel, place)
    kernel = basis.T.reshape(basis.shape[1], ratio, held).transpose(1, 2)
    last.weight[:, :held, ratio:] = kernel
    layers[-1].weight[:, :, 0] = torch.eye(basis.shape[1]) / _SMALL


@torch.no_grad()
def write_decoder(model: EncodecModel, basis: torch.Tensor) -> None:
    """Makes the decoder the way back; channels that this leaves free keep a little of their random beginning."""
    convolutions = _convolutions(model.decoder, nn.Conv1d)
    steps = _convolutions(model.decoder, nn.ConvTranspose1d)
    first, last = convolutions[0], convolutions[-1]
    _calm(model.decoder)
    first.weight.zero_()
    first.weight[:, :, -1] = torch.eye(basis.shape[1]) * _SOFT
    first.weight[-1] = 0
    first.bias.fill_(_HIGH)
    # The lift of all others sums up to something else at every sample; the last channel is there to take it off.
    back = basis.T.clone()
    back[-1] = -basis.sum(1)
    held = basis.shape[0]
    for number, step in enumerate(steps):
        ratio = step.stride[0]
        held //= ratio
        kernel = (torch.eye(ratio * held) if number else back).reshape(-1, ratio, held).transpose(1, 2)
        step.weight[:, :held] = 0
        step.weight[: len(kernel), :held, :ratio] = kernel
        step.bias[:held] = 0 if number else _LIFT
    last.weight.zero_()
    last.weight[0, 0, -1] = 1 / _SOFT
    last.bias.fill_(-_LIFT / _SOFT)


@torch.no_grad()
def _calm(network: nn.Module) -> None:
    """Begins residual blocks as the identity and all else small."""
    for name, module in network.named_modules():
        if isinstance(module, (nn.Conv1d, nn.ConvTranspose1d)):
            module.bias.zero_()
            module.weight.mul_(0.3)
            if name.endswith("block.3.conv.conv"):
                module.weight.zero_()


def nearest(points: torch.Tensor, centres: torch.Tensor) -> torch.Tensor:
    """For every point the number of its centre."""
    half = centres.pow(2).sum(1) / 2
    return torch.cat([(part @ centres.T - half).argmax(1) for part in points.split(8192)])


def means(points: torch.Tensor, count: int, rounds: int, source: torch.Generator) -> torch.Tensor:
    """k-means; a centre that nobody is near to moves to a random point."""
    centres = points[torch.randperm(len(points), generator=source)[:count]].clone()
    for _ in range(rounds):
        chosen = nearest(points, centres)
        size = torch.bincount(chosen, minlength=count)[:, None]
        total = torch.zeros_like(centres).index_add_(0, chosen, points)
        lost = points[torch.randint(len(points), (count,), generator=source)]
        centres = torch.where(size > 0, total / size.clamp_min(1), lost)
    return centres


@torch.no_grad()
def write_codebooks(
    model: EncodecModel, latents: torch.Tensor, rounds: int = 20, seed: int = 2
) -> list[float]:
    """Fills the codebooks one after another with what the earlier ones leave over; returns the shares left over."""
    source = torch.Generator().manual_seed(seed)
    rest, left = latents, []
    for layer in model.quantizer.vq.layers:
        book = layer._codebook
        centres = means(rest, book.codebook_size, rounds, source)
        chosen = nearest(rest, centres)
        rest = rest - centres[chosen]
        for name, value in (("embed", centres), ("embed_avg", centres), ("inited", torch.ones(1))):
            getattr(book, name).copy_(value)
        book.cluster_size.copy_(torch.bincount(chosen, minlength=len(centres)))
        left.append((rest.pow(2).sum() / latents.pow(2).sum()).item())
    return left


class LinearCoder:
    """Says the same as the codec's own `encode`, many times faster: the encoder is one matrix, read from it."""

    @torch.no_grad()
    def __init__(self, model: EncodecModel, hop: int) -> None:
        self._hop = hop
        self._basis = torch.cat([model.encoder(part[:, None])[..., 0] for part in torch.eye(hop).split(50)])
        self._books = [layer._codebook.embed for layer in model.quantizer.vq.layers]

    @torch.no_grad()
    def __call__(self, waves: torch.Tensor) -> torch.Tensor:
        """Codes of waves (batch, 1, samples), shape (batch, codebooks, frames)."""
        rest = waves.reshape(-1, self._hop) @ self._basis
        codes = []
        for book in self._books:
            codes.append(nearest(rest, book))
            rest = rest - book[codes[-1]]
        return torch.stack(codes).view(len(codes), len(waves), -1).transpose(0, 1)
