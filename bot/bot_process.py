"""The unmodified bot as a process of its own, told by its environment which server to speak to."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

from bot.services.setup_rules import SUGGESTED_AGE, SUGGESTED_COUNTRY
from bot.settings import Settings

_STOP_S = 20.0


class BotProcess:
    """`atelier run` against any server. What it prints goes to `log`."""

    def __init__(self, variables: Mapping[str, str], *, log: Path) -> None:
        self._variables = dict(variables)
        self._log = log
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        log = await asyncio.to_thread(self._log.open, "ab")
        with log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "bot.cli",
                "run",
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **self._variables},
            )

    @property
    def returncode(self) -> int | None:
        return None if self._process is None else self._process.returncode

    @property
    def pid(self) -> int:
        if self._process is None:
            raise RuntimeError("not started")
        return self._process.pid

    async def wait(self) -> int:
        if self._process is None:
            raise RuntimeError("not started")
        return await self._process.wait()

    async def kill(self) -> None:
        """End it as a power cut would."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    async def stop(self) -> None:
        """Ask it to close; kill it if it does not."""
        if self._process is None or self._process.returncode is not None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(self._process.wait(), _STOP_S)
        except TimeoutError:
            await self.kill()

    def last_lines(self, count: int = 15) -> str:
        """The end of what it printed. Blocking; the log is short."""
        if not self._log.exists():
            return ""
        return "\n".join(self._log.read_text("utf-8", "replace").splitlines()[-count:])


def bot_variables(
    settings: Settings, *, token: str, api_base: str, gateway_url: str, data_dir: Path
) -> dict[str, str]:
    """The environment of a bot that speaks to another server and keeps its things in `data_dir`."""
    variables = {
        "DISCORD_TOKEN": token,
        "ATELIER_DISCORD_API_BASE": api_base,
        "ATELIER_DISCORD_GATEWAY_URL": gateway_url,
        "ATELIER_DATA_DIR": str(data_dir),
        "ATELIER_CACHE_DIR": str(settings.cache_dir),
        "ATELIER_MODELS_DIR": str(settings.models_dir),
        "ATELIER_FAMILIES": ",".join(settings.families),
        "ATELIER_LOG_LEVEL": "INFO",
        "ATELIER_COUNTRY": settings.country or SUGGESTED_COUNTRY,
        "ATELIER_MIN_AGE": str(settings.min_age or SUGGESTED_AGE),
        # a rehearsal is one long lesson
        "ATELIER_DAILY_ITEMS": "10000",
        "ATELIER_DAILY_SECONDS": "100000",
        "NO_COLOR": "1",
        "COLUMNS": "160",
    }
    if settings.memory_mb is not None:
        variables["ATELIER_MEMORY_MB"] = str(settings.memory_mb)
    if settings.worker_threads is not None:
        variables["ATELIER_WORKER_THREADS"] = str(settings.worker_threads)
    return variables
