"""The folder of wheels a machine's owner has configured, if any: uv does not read pip's settings."""

from __future__ import annotations

import ast
import asyncio
import contextlib
import re
import shutil
from collections.abc import Mapping

_ASK_SECONDS = 20.0
_LINE = re.compile(r"(?P<section>[\w-]+|:env:)\.find-links=(?P<value>.*)\Z")
# pip itself: a variable beats a file, a command's section beats the global one
_ORDER = (":env:", "install", "global")


def parse_pip_config(text: str) -> str | None:
    """The folders in the output of `pip config list`, as uv wants them: separated by commas."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        match = _LINE.match(line.strip())
        if match is not None:
            found[match["section"]] = ",".join(_unquoted(match["value"]).split())
    return next((found[section] for section in _ORDER if found.get(section)), None)


async def find_links(environment: Mapping[str, str]) -> str | None:
    """UV_FIND_LINKS if set, else what the `pip` on PATH is configured with; None without either."""
    if given := environment.get("UV_FIND_LINKS", "").strip():
        return given
    pip = shutil.which("pip", path=environment.get("PATH"))
    if pip is None:
        return None
    try:
        process = await asyncio.create_subprocess_exec(
            pip,
            "config",
            "list",
            env=dict(environment),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
    except OSError:
        return None
    try:
        output, _ = await asyncio.wait_for(process.communicate(), _ASK_SECONDS)
    except TimeoutError:
        return None
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    return parse_pip_config(output.decode(errors="replace"))


def _unquoted(value: str) -> str:
    try:
        return str(ast.literal_eval(value))
    except (ValueError, SyntaxError):
        return value
