"""Whether a decision has been told: what a crash kept from its pupil is told after it."""

from __future__ import annotations

from typing import Final

STATEMENTS: Final = (
    "ALTER TABLE gallery_decisions ADD COLUMN told INTEGER NOT NULL DEFAULT 1 CHECK (told IN (0, 1))",
)
