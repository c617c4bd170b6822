"""A small motion adapter of random numbers in the real format: `python random_motion.py FOLDER`.

Runs in the diffusion family's environment. It fits the mini model and has learned windows of 8 frames, as it were.
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch
from diffusers import MotionAdapter

if __name__ == "__main__":
    torch.manual_seed(3)
    MotionAdapter(
        block_out_channels=(48, 96, 96),
        motion_layers_per_block=1,
        motion_mid_block_layers_per_block=1,
        motion_num_attention_heads=4,
        motion_norm_num_groups=16,
        motion_max_seq_length=8,
    ).half().save_pretrained(Path(sys.argv[1]))
