"""Logging for people at a terminal. Prompts are logged at DEBUG at most, by nobody else than the workers."""

from __future__ import annotations

import logging
import sys


def configure_logging(level: str) -> None:
    """Send everything of ours at `level`, and warnings of the libraries, to the terminal's error stream."""
    logging.basicConfig(
        level=level,
        stream=sys.stderr,
        format="%(asctime)s %(levelname)s %(message)s",
        datefmt="%H:%M:%S",
        force=True,
    )
    for name in ("discord", "asyncio", "aiohttp.access", "aiosqlite", "filelock"):
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLevelName(level)))
    logging.getLogger("discord.client").addFilter(_no_voice)


def _no_voice(record: logging.LogRecord) -> bool:
    """discord.py warns that it cannot speak in voice channels; this bot never does."""
    return "voice will NOT be supported" not in str(record.msg)
