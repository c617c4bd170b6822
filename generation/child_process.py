"""A child process with its pipes and its end, before any meaning is given to what it says."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

_DRAIN = 0.2
_STDERR_LINE = 500


class ChildProcess(asyncio.SubprocessProtocol):
    """A process in a session of its own. Its stdout comes as lines, its stderr goes to `log` at DEBUG only.

    `on_line` gets each line without its newline, also one that has grown beyond `line_limit` without any.
    `on_end(status)` is called once, when the process is gone and what it had written has been handed on. A child of
    its own may hold stdout open for ever, so the process's end counts and not that of its output.
    """

    def __init__(
        self,
        *,
        line_limit: int,
        on_line: Callable[[bytes], None],
        on_end: Callable[[int | None], None],
        log: logging.Logger,
    ) -> None:
        self._line_limit = line_limit
        self._on_line = on_line
        self._on_end = on_end
        self._log = log
        self._transport: asyncio.SubprocessTransport | None = None
        self._rest = bytearray()
        self._output_open = True
        self._gone = asyncio.Event()
        self._gone.set()
        self.pid = 0
        self.heard_at = time.monotonic()

    async def start(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        """Raises OSError."""
        self._gone.clear()
        try:
            await asyncio.get_running_loop().subprocess_exec(
                lambda: self, *command, env=dict(environment), start_new_session=True
            )
        except BaseException:
            self._gone.set()
            raise
        self.heard_at = time.monotonic()

    def write(self, line: bytes) -> None:
        """Nothing happens when the process is gone or going."""
        pipe: Any = self._transport and self._transport.get_pipe_transport(0)
        if pipe is not None and not pipe.is_closing():
            pipe.write(line)

    def terminate(self) -> None:
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        self._signal(signal.SIGTERM if sys.platform == "win32" else signal.SIGKILL)

    async def gone_within(self, seconds: float) -> bool:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._gone.wait(), seconds)
        return self._gone.is_set()

    def close(self) -> None:
        """Let go of the pipes."""
        if self._transport is not None:
            self._transport.close()

    # asyncio calls these

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.SubprocessTransport)  # noqa: S101 - asyncio promises it
        self._transport = transport
        self.pid = transport.get_pid()

    def pipe_data_received(self, fd: int, data: bytes | str) -> None:
        data = data if isinstance(data, bytes) else data.encode()
        if fd == 1:
            self.heard_at = time.monotonic()
            self._split(data)
        elif self._log.isEnabledFor(logging.DEBUG):
            for line in data.decode(errors="replace").splitlines():
                self._log.debug("%s", line[:_STDERR_LINE])

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        if fd != 1:
            return
        self._output_open = False
        if self._transport is not None and self._transport.get_returncode() is None:
            # its end usually follows at once; without its output it is of no use either way
            asyncio.get_running_loop().call_later(_DRAIN, self.kill)
        else:
            self._end()

    def process_exited(self) -> None:
        if self._output_open:
            asyncio.get_running_loop().call_later(_DRAIN, self._end)
        else:
            self._end()

    def _split(self, data: bytes) -> None:
        self._rest += data
        *lines, self._rest = self._rest.split(b"\n")
        for line in lines:
            self._on_line(bytes(line))
        if len(self._rest) > self._line_limit:
            self._on_line(bytes(self._rest))
            self._rest.clear()

    def _end(self) -> None:
        if self._gone.is_set():
            return
        self._gone.set()
        self.kill()  # children of its own
        self.close()
        self._on_end(self._transport.get_returncode() if self._transport is not None else None)

    def _signal(self, number: int) -> None:
        """To the whole group: a model library may have started children."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if sys.platform != "win32":
                if self.pid:
                    os.killpg(self.pid, number)
            elif self._transport is not None and not self._gone.is_set():
                self._transport.terminate()
