"""The Python environments of the families: where each lies, whether it is ready, and how it is made.

`<cache>/environments/<family>-<hash>/` with `ready.json` written last; `<family>.lock` beside it is held
while one process makes it. A running worker holds `in_use.lock` inside (shared), so that nobody removes it
under its feet.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import platform
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from generation.errors import EnvironmentFailed
from generation.install_step import InstallStep
from generation.installer import Installer, has_compiler
from generation.pins import PYTHON, Pins
from generation.worker.os_lock import OsLock

_READY = "ready.json"
_LOCK_PERIOD = 0.2
_Stamp = tuple[int, int, int] | None


def has_nvidia_card() -> bool:
    """Whether a driver for an NVIDIA card is there; says it without starting anything."""
    if sys.platform == "win32":
        return shutil.which("nvidia-smi") is not None
    # the second is WSL2's
    return Path("/dev/nvidiactl").exists() or Path("/usr/lib/wsl/lib/libcuda.so.1").exists()


def running_python() -> str:
    return f"{sys.version_info.major}.{sys.version_info.minor}"


class Environments:
    """`source_root` holds the package `generation`; `report` is told each step.

    `variables` is what uv and pip see of the process's environment, `nvidia` whether to choose torch for
    such a card.
    """

    def __init__(
        self,
        *,
        cache_dir: Path,
        source_root: Path,
        families_dir: Path | None = None,
        report: Callable[[InstallStep], None],
        variables: Mapping[str, str] | None = None,
        nvidia: bool | None = None,
    ) -> None:
        self.source_root = source_root
        self._folder = cache_dir / "environments"
        self._families = families_dir or source_root / "generation" / "families"
        self._report = report
        self._nvidia = has_nvidia_card() if nvidia is None else nvidia
        self._variables = variables
        self._making: dict[str, asyncio.Task[Path]] = {}
        self._found: dict[str, tuple[_Stamp, Path]] = {}

    def python(self, family: str) -> Path:
        """The family's interpreter, whether it exists already or not."""
        pins = self._pins(family)
        if pins is None:
            return Path(sys.executable)
        folders = [self._place(family, pins, version) for version in self._pythons(pins)]
        return _python_in(next((one for one in folders if _is_ready(one)), folders[0]))

    def is_ready(self, family: str) -> bool:
        pins = self._pins(family)
        return pins is None or any(_is_ready(self._place(family, pins, one)) for one in self._pythons(pins))

    def wants_compiler(self, family: str) -> bool:
        """Whether it is still to be made, from a package that must be compiled, and there is no compiler here."""
        pins = self._pins(family)
        if pins is None or pins.compiles is None or self.is_ready(family):
            return False
        return not has_compiler(os.environ if self._variables is None else self._variables)

    async def ensure(self, family: str) -> Path:
        """The interpreter of an environment that is ready; makes it first if need be.

        Raises EnvironmentFailed. Calls at the same time, in this or another process, make it once. It goes
        on being made when a caller is cancelled.
        """
        # every request comes through here: three looks at the disk, no trip to a thread
        python = self._still_there(family) or await asyncio.to_thread(self._find, family)
        if python is not None:
            return python
        task = self._making.get(family)
        if task is None:
            task = asyncio.create_task(self._make(family), name=f"environment-{family}")
            self._making[family] = task
            task.add_done_callback(lambda done: self._made(family, done))
        return await asyncio.shield(task)

    async def close(self) -> None:
        """Stop making environments; a half-made one is made anew next time."""
        tasks = list(self._making.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _find(self, family: str) -> Path | None:
        stamp = self._stamp(family)
        if not self.is_ready(family):
            return None
        python = self.python(family)
        self._found[family] = stamp, python
        return python

    def _still_there(self, family: str) -> Path | None:
        """What was found for the requirements of now, unless another process has removed it since."""
        stamp, python = self._found.get(family, (None, None))
        if python is None or stamp != self._stamp(family):
            return None
        return python if stamp is None or _is_ready(python.parents[1]) else None

    def _stamp(self, family: str) -> _Stamp:
        """Another one whenever the requirements are written anew; None for a family without any."""
        try:
            facts = (self._families / family / "requirements.txt").stat()
        except FileNotFoundError:
            return None
        return facts.st_mtime_ns, facts.st_size, facts.st_ino

    def _made(self, family: str, task: asyncio.Task[Path]) -> None:
        self._making.pop(family, None)
        if not task.cancelled():
            task.exception()  # the callers get it; without one nobody is to be warned

    async def _make(self, family: str) -> Path:
        pins = self._pins(family)
        if pins is None:
            return Path(sys.executable)
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = OsLock(self._folder / f"{family}.lock")
        await self._acquire(lock, family)
        try:
            if not self.is_ready(family):  # another process may have made it while we waited
                await self._install(family, pins, lock)
            await asyncio.to_thread(self._remove_others, family)
            return self.python(family)
        finally:
            lock.release()

    async def _acquire(self, lock: OsLock, family: str) -> None:
        if lock.try_acquire():
            return
        self._report(InstallStep(family, "waiting"))
        while not lock.try_acquire():  # noqa: ASYNC110 - another process gives no event
            await asyncio.sleep(_LOCK_PERIOD)

    async def _install(self, family: str, pins: Pins, lock: OsLock) -> None:
        installer = Installer(
            report=lambda code, **values: self._report(InstallStep(family, code, values)),
            nvidia=self._nvidia,
            variables=self._variables,
            keep_open=lock.fileno(),
        )
        if not await installer.prepare_compiling(pins, self._pythons(pins)[0]):
            raise EnvironmentFailed("no_compiler", family=family)
        for version in self._pythons(pins):
            folder = self._place(family, pins, version)
            (folder / _READY).unlink(missing_ok=True)
            if await installer.make_environment(folder, version):
                break
        else:
            raise EnvironmentFailed(family=family)
        built = await installer.install(_python_in(folder), pins)
        if built is None:
            raise EnvironmentFailed(family=family)
        (folder / "in_use.lock").touch()
        facts = {"family": family, "python": version, "torch": built}
        (folder / "ready.new").write_text(json.dumps(facts), encoding="utf-8")
        (folder / "ready.new").replace(folder / _READY)
        self._report(InstallStep(family, "ready"))

    def _remove_others(self, family: str) -> None:
        """Older environments of this family, unless a worker still runs in one."""
        kept = self.python(family).parent.parent
        for old in self._folder.glob(f"{family}-*"):
            in_use = OsLock(old / "in_use.lock")
            if old == kept or not old.is_dir() or old.name.rpartition("-")[0] != family:
                continue
            if not in_use.try_acquire():
                continue
            (old / _READY).unlink(missing_ok=True)
            with contextlib.suppress(OSError):
                shutil.rmtree(old)
            in_use.release()

    def _pins(self, family: str) -> Pins | None:
        return Pins.read(self._families / family / "requirements.txt")

    def _pythons(self, pins: Pins) -> list[str]:
        """The versions to try: the usual one, then the bot's own, which is there for sure; else the family's."""
        own = running_python()
        wanted = [version for version in (PYTHON, own) if pins.allows(version)]
        return list(dict.fromkeys(wanted)) or list(pins.pythons)

    def _place(self, family: str, pins: Pins, version: str) -> Path:
        torch = f"torch {pins.torch} {'nvidia' if self._nvidia else 'other'}" if pins.torch else "no torch"
        made_of = "\n".join([pins.text, torch, version, platform.system(), platform.machine()])
        return self._folder / f"{family}-{hashlib.sha256(made_of.encode()).hexdigest()[:12]}"


def _is_ready(folder: Path) -> bool:
    return (folder / _READY).exists() and _python_in(folder).exists()


def _python_in(folder: Path) -> Path:
    return folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
