"""The encoder of the mini autoencoder, written down instead of trained.

A cell of 8x8 pixels becomes four numbers: its mean red, green and blue, and how its brightness rises towards the
lower right corner, which tells where inside the cell an edge or a line lies. This fixes the latent space from the
start, so that UNet and decoder can be trained independently. The class is diffusers' own; convolutions add and
subtract, residual branches are zero. Two tricks pass numbers through layers that are not linear:

- GroupNorm: beside each signal s the group holds -s, and once +K and -K, far above any signal. Its mean is 0 and its
  deviation is set by K alone, so that the norm multiplies by a constant.
- SiLU: silu(s) - silu(-s) = s, exactly.
"""

from __future__ import annotations

import torch
from diffusers import AutoencoderKL
from torch import nn

CELL = 8
LUMINANCE = (0.35, 0.5, 0.15)
ANCHOR = 64.0


def cells(pictures: torch.Tensor) -> torch.Tensor:
    """The four numbers of each cell, directly. [n, 3, h, w] in [-1, 1] -> [n, 4, h / 8, w / 8]."""
    means = nn.functional.avg_pool2d(pictures, CELL)
    light = (pictures * pictures.new_tensor(LUMINANCE).view(1, 3, 1, 1)).sum(dim=1, keepdim=True)
    place = (torch.arange(CELL, dtype=pictures.dtype, device=pictures.device) - (CELL - 1) / 2) / (CELL / 2)
    kernel = (place.view(1, -1) + place.view(-1, 1)).view(1, 1, CELL, CELL) / CELL**2
    return torch.cat([means, nn.functional.conv2d(light, kernel, stride=CELL)], dim=1)


def downsample(conv: nn.Conv2d, level: int) -> None:
    """Halves the resolution: means stay means; the rise gains what lies between the four parts."""
    with torch.no_grad():
        for channel in range(4):
            conv.weight[channel, channel, :2, :2] = 0.25
        reach = 0.5 * 2**level / (CELL / 2)
        for row in range(2):
            for column in range(2):
                offset = (2 * row - 1 + 2 * column - 1) * reach
                for colour, share in enumerate(LUMINANCE):
                    conv.weight[3, colour, row, column] = 0.25 * offset * share


def whitening(values: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean [4] and matrix [4, 4] such that matrix @ (cell - mean) has uncorrelated parts of deviation 1.

    Red, green and blue rise and fall together; without this, hue would be a small difference of large numbers and
    drown in the noise long after brightness. values: [n, 4, h, w]. Half precision's rounding is included.
    """
    flat = values.transpose(0, 1).flatten(1)
    spread, directions = torch.linalg.eigh(torch.cov(flat))
    return flat.mean(dim=1).half().float(), directions.T / spread.sqrt()[:, None]


def whiten(values: torch.Tensor, mean: torch.Tensor, matrix: torch.Tensor) -> torch.Tensor:
    """Cells [n, 4, h, w] to what the UNet sees: latents times the scaling factor."""
    return torch.einsum("ij,njhw->nihw", matrix, values - mean.view(1, 4, 1, 1))


def write(autoencoder: AutoencoderKL, mean: torch.Tensor, matrix: torch.Tensor) -> None:
    """Sets encoder, quant_conv and post_quant_conv. `mean`, `matrix`: see `whitening`."""
    encoder = autoencoder.encoder
    with torch.no_grad():
        for parameter in encoder.parameters():
            parameter.zero_()
        for channel in range(3):
            encoder.conv_in.weight[channel, channel, 1, 1] = 1.0
        for level, block in enumerate(encoder.down_blocks):
            shortcut = block.resnets[0].conv_shortcut
            if shortcut is not None and level < 3:
                for channel in range(4):
                    shortcut.weight[channel, channel, 0, 0] = 1.0
            if block.downsamplers is not None:
                downsample(block.downsamplers[0].conv, level)
        spread(encoder)
    scale(autoencoder, mean, matrix)


def spread(encoder: nn.Module) -> None:
    """Arranges each number as +s, -s beside the anchors, and reads it back behind norm and SiLU."""
    last = encoder.down_blocks[3].resnets[0].conv_shortcut
    norm, out = encoder.conv_norm_out, encoder.conv_out
    for channel in range(4):
        for k, sign in ((2 * channel, 1.0), (2 * channel + 1, -1.0)):
            last.weight[k, channel, 0, 0] = sign
            out.weight[channel, k, 1, 1] = sign
    last.bias[8], last.bias[9] = ANCHOR, -ANCHOR
    norm.weight[:8] = ANCHOR * (2 / norm.num_channels) ** 0.5
    out.bias[4:] = -20.0


def start_decoder(decoder: nn.Module) -> None:
    """Lets an untrained decoder repeat each cell's mean colour: convolutions at rest, the colours passed on.

    Training then only has to add edges. The other channels keep their random start, for what edges need.
    """
    with torch.no_grad():
        blocks = [*decoder.mid_block.resnets, *(r for block in decoder.up_blocks for r in block.resnets)]
        for block in blocks:
            block.conv2.weight.zero_()
            block.conv2.bias.zero_()
            if block.conv_shortcut is not None:
                pass_on(block.conv_shortcut)
        pass_on(decoder.conv_in)
        for up in decoder.up_blocks[:3]:
            pass_on(up.upsamplers[0].conv)
        last = decoder.up_blocks[3].resnets[0].conv_shortcut
        for tensor in (last.weight, last.bias, decoder.conv_out.weight, decoder.conv_out.bias):
            tensor.zero_()
        for colour in range(3):
            for k, sign in ((colour, 1.0), (colour + 3, -1.0)):
                last.weight[k, colour, 0, 0] = sign
                decoder.conv_out.weight[colour, k, 1, 1] = sign
        last.bias[6], last.bias[7] = ANCHOR / 4, -ANCHOR / 4
        for norm in (decoder.up_blocks[3].resnets[1].norm1, decoder.conv_norm_out):
            norm.weight[:6] = ANCHOR / 8


def pass_on(conv: nn.Conv2d) -> None:
    """The first four channels leave as they came."""
    conv.weight[:4] = 0.0
    conv.bias[:4] = 0.0
    middle = conv.kernel_size[0] // 2
    for channel in range(4):
        conv.weight[channel, channel, middle, middle] = 1.0


def scale(autoencoder: AutoencoderKL, mean: torch.Tensor, matrix: torch.Tensor) -> None:
    """quant_conv whitens, so that latents times the scaling factor have deviation 1; post_quant_conv undoes it."""
    factor = autoencoder.config.scaling_factor
    forth, back = autoencoder.quant_conv, autoencoder.post_quant_conv
    with torch.no_grad():
        for conv in (forth, back):
            conv.weight.zero_()
            conv.bias.zero_()
        forth.weight[:4, :4, 0, 0] = matrix / factor
        forth.bias[:4] = -(matrix @ mean) / factor
        forth.weight[4:, 4:, 0, 0] = torch.eye(4)
        back.weight[:, :, 0, 0] = torch.linalg.inv(matrix) * factor
        back.bias.copy_(mean)
    for part in (autoencoder.encoder, forth, back):
        part.requires_grad_(False)
