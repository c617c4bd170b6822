"""Logging for people at a terminal. Prompts are logged at DEBUG at most, by nobody else than the workers."""

from __future__ import annotations

import logging

from rich.console import Console
from rich.logging import RichHandler


def configure_logging(level: str) -> None:
    """Send everything of ours at `level`, and warnings of the libraries, to the terminal's error stream."""
    handler = RichHandler(console=Console(stderr=True), show_path=False, rich_tracebacks=False, markup=False)
    logging.basicConfig(level=level, handlers=[handler], format="%(message)s", datefmt="%H:%M:%S", force=True)
    for name in ("discord", "asyncio", "aiohttp.access", "aiosqlite", "filelock"):
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLevelName(level)))
