"""Checkpoints of an unfinished training, outside the checkout, so that a long run can be stopped and resumed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch


class Checkpoint:
    """Named objects with `state_dict` and `load_state_dict`, kept in one file together with the step reached."""

    def __init__(self, path: Path, **parts: Any) -> None:
        self._path = path
        self._parts = parts

    def load(self) -> int:
        """Restores what was saved and returns its step; 0 where nothing was saved."""
        if not self._path.exists():
            return 0
        saved = torch.load(self._path, weights_only=True)
        for name, part in self._parts.items():
            part.load_state_dict(saved[name])
        return int(saved["step"])

    def save(self, step: int) -> None:
        """Replaces the file at once, so that an interrupted write loses nothing."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._path.with_suffix(".new")
        torch.save({"step": step, **{name: part.state_dict() for name, part in self._parts.items()}}, fresh)
        fresh.replace(self._path)
