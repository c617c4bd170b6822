"""The class server as a process of its own: killed in the middle of a lesson, it comes back with the class."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

from bot.local.visitor import Visitor

_PROGRAM = """
import asyncio, sys
from pathlib import Path
from bot.local.server import ClassServer

async def main():
    server = ClassServer(folder=Path(sys.argv[1]))
    await server.start()
    print(server.base_url, flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


async def _start(folder: Path) -> tuple[asyncio.subprocess.Process, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _PROGRAM, str(folder), stdout=asyncio.subprocess.PIPE, start_new_session=True
    )
    assert process.stdout is not None
    line = await asyncio.wait_for(process.stdout.readline(), 30)
    return process, line.decode().strip()


async def _kill(process: asyncio.subprocess.Process) -> None:
    os.killpg(process.pid, signal.SIGKILL)
    await process.wait()


async def test_a_killed_server_comes_back(tmp_path: Path) -> None:
    folder = tmp_path / "class"
    process, base_url = await _start(folder)
    try:
        async with await Visitor.enter(base_url, "Ada") as ada:
            said = [await ada.say(str(number)) for number in range(20)]
            await ada.react(said[3], "🎉")
            answer = await ada.say("genau", reply_to=said[3])
            await _kill(process)
        process, base_url = await _start(folder)
        async with await Visitor.enter(base_url, "Ben") as ben:
            messages = await ben.messages()
            assert [one["id"] for one in messages] == [one["id"] for one in [*said, answer]]
            assert messages[-1]["referenced_message"]["content"] == "3"
            assert messages[3]["reactions"][0]["emoji"]["name"] == "🎉"
            assert int((await ben.say("weiter"))["id"]) > int(answer["id"])
    finally:
        if process.returncode is None:
            await _kill(process)
