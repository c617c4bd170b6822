"""Making the families' environments, with throw-away wheels and the real uv."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest
import uv

from generation import environments as module
from generation.environments import Environments
from generation.errors import EnvironmentFailed
from generation.pins import Pins
from generation.worker.os_lock import OsLock
from tests.process.workers import ROOT, eventually
from tests.unit.generation.wheels import make_wheel

TINY = "# size: 1 MB\n# torch: none\ntiny==1.0\n"
PROGRAM = """
import asyncio, os, sys, time
from pathlib import Path
import uv
from generation.environments import Environments

folder, stop_at, fake_uv = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
if fake_uv:
    uv.find_uv_bin = lambda: fake_uv

def report(line):
    print(line, flush=True)
    if stop_at and stop_at in str(line):
        time.sleep(60)

environments = Environments(
    cache_dir=folder / "cache", source_root=folder, families_dir=folder / "families", report=report, nvidia=False
)
print(asyncio.run(environments.ensure("tiny")), flush=True)
"""


class Machine:
    """A folder that stands for a machine: families, a cache, a folder of wheels and the variables uv sees."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lines: list[str] = []
        self.wheels = folder / "wheels"
        make_wheel(self.wheels, "tiny", "1.0")
        make_wheel(self.wheels, "tiny", "2.0")
        make_wheel(self.wheels, "torch", "2.13.0+cpu")
        self.variables = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "UV_CACHE_DIR": str(folder / "uv-cache"),
            "UV_OFFLINE": "1",
            "UV_PYTHON_DOWNLOADS": "never",
            "UV_FIND_LINKS": str(self.wheels),
        }

    def require(self, text: str, family: str = "tiny") -> None:
        folder = self.folder / "families" / family
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "requirements.txt").write_text(text)

    def environments(self, *, nvidia: bool = False) -> Environments:
        return Environments(
            cache_dir=self.folder / "cache",
            source_root=self.folder,
            families_dir=self.folder / "families",
            report=lambda step: self.lines.append(str(step)),
            variables=self.variables,
            nvidia=nvidia,
        )

    async def process(self, *, stop_at: str = "", fake_uv: str = "") -> asyncio.subprocess.Process:
        """`ensure` in a process of its own; it stands still at the line with `stop_at`."""
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            PROGRAM,
            str(self.folder),
            stop_at,
            fake_uv,
            cwd=ROOT,
            env={**self.variables, "PYTHONPATH": str(ROOT)},
            stdout=asyncio.subprocess.PIPE,
        )

    def said(self, text: str) -> bool:
        return any(text in line for line in self.lines)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    machine = Machine(tmp_path)
    machine.require(TINY)
    return machine


async def can_import(python: Path, *names: str) -> bool:
    process = await asyncio.create_subprocess_exec(str(python), "-I", "-c", f"import {', '.join(names)}")
    return await process.wait() == 0


async def read_until(process: asyncio.subprocess.Process, text: str) -> None:
    assert process.stdout is not None
    while text not in (line := (await asyncio.wait_for(process.stdout.readline(), 30)).decode()):
        assert line, "the program ended"


async def test_torch_comes_first_and_alone_then_the_pinned_rest(machine: Machine) -> None:
    machine.require("# size: 3 MB\ntiny==1.0\n")
    environments = machine.environments()
    assert not environments.is_ready("tiny")

    python = await environments.ensure("tiny")

    assert environments.is_ready("tiny")
    assert python == environments.python("tiny")
    assert await can_import(python, "torch", "tiny")
    facts = json.loads((python.parents[1] / "ready.json").read_text())
    assert facts == {"family": "tiny", "python": facts["python"], "torch": "folder"}
    assert facts["python"] in {"3.11", module.running_python()}
    sizes = [line for line in machine.lines if " MB" in line]
    assert "torch==2.13.0" in sizes[0]
    assert "190 MB" in sizes[0]
    assert "3 MB" in sizes[1]
    before = len(machine.lines)
    assert await environments.ensure("tiny") == python
    assert len(machine.lines) == before


async def test_a_family_can_do_without_torch_or_without_anything(machine: Machine) -> None:
    python = await machine.environments().ensure("tiny")

    assert await can_import(python, "tiny")
    assert not await can_import(python, "torch")
    assert await machine.environments().ensure("fake") == Path(sys.executable)
    assert machine.environments().is_ready("fake")


async def test_other_requirements_make_another_environment_and_remove_the_old(machine: Machine) -> None:
    old = await machine.environments().ensure("tiny")
    machine.require(TINY, "tiny-two")  # a name that begins alike
    beside = await machine.environments().ensure("tiny-two")

    machine.require(TINY.replace("1.0", "2.0"))
    new = await machine.environments().ensure("tiny")

    assert new != old
    assert not old.exists()
    assert beside.exists()


async def test_what_was_found_is_not_read_again_until_something_has_changed(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    environments, reads = machine.environments(), list[Path]()
    first = await environments.ensure("tiny")
    read = Pins.read
    monkeypatch.setattr(Pins, "read", lambda file: (reads.append(file), read(file))[1])

    assert [await environments.ensure("tiny") for _ in range(3)] == [first] * 3
    once = len(reads)
    assert await environments.ensure("tiny") == first
    assert len(reads) == once

    first.unlink()
    assert await environments.ensure("tiny") == first
    assert first.exists()

    (first.parents[1] / "ready.json").unlink()  # another process has begun to remove it
    assert await environments.ensure("tiny") == first
    assert environments.is_ready("tiny")

    machine.require(TINY.replace("1.0", "2.0"))
    assert await environments.ensure("tiny") != first
    assert await environments.ensure("none") == await environments.ensure("none") == Path(sys.executable)


async def test_an_old_environment_in_use_is_left_alone(machine: Machine) -> None:
    old = await machine.environments().ensure("tiny")
    in_use = OsLock(old.parents[1] / "in_use.lock", shared=True)
    assert in_use.try_acquire()

    machine.require(TINY.replace("1.0", "2.0"))
    await machine.environments().ensure("tiny")
    assert old.exists()

    in_use.release()
    machine.require(TINY)
    assert await machine.environments().ensure("tiny") == old


async def test_callers_at_the_same_time_share_the_making_and_one_may_leave(machine: Machine) -> None:
    environments = machine.environments()
    callers = [asyncio.create_task(environments.ensure("tiny")) for _ in range(3)]
    await eventually(lambda: machine.said("making"))
    callers[0].cancel()

    assert await callers[1] == await callers[2]
    assert sum("making" in line for line in machine.lines) == 1


async def test_two_processes_at_the_same_time_make_it_once(machine: Machine) -> None:
    processes = [await machine.process() for _ in range(2)]
    outputs = [(await process.communicate())[0].decode() for process in processes]

    assert [process.returncode for process in processes] == [0, 0]
    assert sum(output.count("making") for output in outputs) == 1
    assert outputs[0].splitlines()[-1] == outputs[1].splitlines()[-1]


async def test_a_killed_installation_is_made_anew(machine: Machine) -> None:
    process = await machine.process(stop_at="packages")
    await read_until(process, "packages")
    environments = machine.environments()
    assert environments.python("tiny").exists()
    assert not environments.is_ready("tiny")
    process.kill()
    await process.wait()

    assert await can_import(await environments.ensure("tiny"), "tiny")


async def test_an_installer_that_outlives_its_bot_keeps_the_lock(machine: Machine, tmp_path: Path) -> None:
    """Otherwise two of them would fill the same folder."""
    slow = tmp_path / "slow-uv"
    slow.write_text("#!/bin/sh\necho busy\nexec sleep 2\n")
    slow.chmod(0o755)
    process = await machine.process(fake_uv=str(slow))
    await read_until(process, "busy")
    process.kill()
    await process.wait()
    lock = OsLock(tmp_path / "cache" / "environments" / "tiny.lock")

    assert not lock.try_acquire()
    assert await eventually(lock.try_acquire, 10) > 0.5
    lock.release()


async def test_a_package_that_cannot_be_had_is_an_error_and_not_an_environment(machine: Machine) -> None:
    machine.require("# torch: none\nnowhere==1.0\n")
    environments = machine.environments()

    with pytest.raises(EnvironmentFailed) as caught:
        await environments.ensure("tiny")

    assert caught.value.values == {"family": "tiny"}
    assert not environments.is_ready("tiny")
    assert machine.said("nowhere")  # uv's own words


async def test_with_a_card_the_folder_is_not_asked_for_torch(machine: Machine) -> None:
    """The folder's CPU build would win over the index's by its version."""
    machine.require("# size: 3 MB\ntiny==1.0\n")

    with pytest.raises(EnvironmentFailed):  # nothing but the folder can be reached here
        await machine.environments(nvidia=True).ensure("tiny")

    said = [line for line in machine.lines if "2.5 GB" in line]
    assert "torch_auto" in said[0]
    assert "torch_index" in said[1]


async def test_a_python_that_cannot_be_had_is_replaced_by_our_own(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PYTHON", "3.99")
    environments = machine.environments()

    python = await environments.ensure("tiny")

    assert await can_import(python, "tiny")
    assert environments.is_ready("tiny")
    assert environments.python("tiny") == python
    assert machine.said("python_missing python=3.99")


async def test_a_family_that_needs_its_python_fails_without_it(machine: Machine) -> None:
    machine.require(TINY + "# python: 3.99\n")

    with pytest.raises(EnvironmentFailed):
        await machine.environments().ensure("tiny")


async def test_the_installer_sees_no_secret_and_no_settings_of_a_project(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = tmp_path / "show-uv"
    shown.write_text("#!/bin/sh\necho arguments $*\nenv\nexit 1\n")
    shown.chmod(0o755)
    monkeypatch.setattr(uv, "find_uv_bin", lambda: str(shown))
    machine.variables |= {
        "DISCORD_TOKEN": "top-secret",
        "ATELIER_DATA_DIR": "top-secret",
        "VIRTUAL_ENV": "/elsewhere",
        "UV_INDEX_OURS_PASSWORD": "needed",
    }

    with pytest.raises(EnvironmentFailed):
        await machine.environments().ensure("tiny")

    assert machine.said("arguments --no-config")
    assert machine.said("UV_INDEX_OURS_PASSWORD=needed")
    assert not machine.said("top-secret")
    assert not machine.said("VIRTUAL_ENV")


async def test_closing_stops_the_making(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = tmp_path / "slow-uv"
    slow.write_text("#!/bin/sh\necho busy\nexec sleep 60\n")
    slow.chmod(0o755)
    monkeypatch.setattr(uv, "find_uv_bin", lambda: str(slow))
    environments = machine.environments()
    caller = asyncio.create_task(environments.ensure("tiny"))
    await eventually(lambda: machine.said("busy"))

    await asyncio.wait_for(environments.close(), 5)

    with pytest.raises(asyncio.CancelledError):
        await caller
    lock = OsLock(tmp_path / "cache" / "environments" / "tiny.lock")
    assert lock.try_acquire()
    lock.release()


def test_the_comment_lines_of_a_requirements_file(tmp_path: Path) -> None:
    file = tmp_path / "requirements.txt"
    assert Pins.read(file) is None

    file.write_text("#  size:  340 MB \n# torch: 2.12.1\n# python: 3.11 3.12\na==1 # size: 5 MB\n")
    pins = Pins.read(file)
    assert pins is not None
    assert (pins.size, pins.torch, pins.pythons) == ("340 MB", "2.12.1", ("3.11", "3.12"))
    assert pins.allows("3.12")
    assert not pins.allows("3.13")

    file.write_text("a==1\n")
    plain = Pins.read(file)
    assert plain is not None
    assert (plain.size, plain.torch, plain.allows("3.13")) == (None, "2.13.0", True)
