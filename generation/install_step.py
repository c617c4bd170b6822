"""One step of making an environment, told to whoever waits for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class InstallStep:
    """`code` names the sentence `install.<code>`, `values` fill it; the code "uv" carries a line of uv's as `text`."""

    family: str
    code: str
    values: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return " ".join([f"{self.family}: {self.code}", *(f"{k}={v}" for k, v in self.values.items())])
