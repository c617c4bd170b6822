"""Filling one environment with uv, in steps a person can follow."""

from __future__ import annotations

import asyncio
import contextlib
import os
import platform
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import uv

from generation.find_links import find_links
from generation.pins import Pins

CPU_TORCH = "190 MB"
CUDA_TORCH = "2.5 GB"
# Settings of a surrounding project or shell that would steer our environments elsewhere, and secrets that a
# package's build script has no business with.
_DROPPED = frozenset(
    {
        "CONDA_PREFIX",
        "PYTHONHOME",
        "PYTHONPATH",
        "UV_FIND_LINKS",
        "UV_PYTHON",
        "UV_TORCH_BACKEND",
        "VIRTUAL_ENV",
    }
)
_DROPPED_PREFIXES = ("DISCORD", "ATELIER_")
_COMPILERS = ("c++", "g++", "clang++")
_LOCK_SECONDS = "3600"
"""Two families may wait for the same compilation: longer than uv's own five minutes."""


def has_compiler(variables: Mapping[str, str]) -> bool:
    """Whether a C++ compiler can be found: CXX, on PATH, or Visual Studio's."""
    path = variables.get("PATH")
    if (named := variables.get("CXX", "").split()) and shutil.which(named[0], path=path):
        return True
    if sys.platform != "win32":
        return any(shutil.which(name, path=path) for name in _COMPILERS)
    programs = variables.get("ProgramFiles(x86)") or "C:/Program Files (x86)"
    locator = Path(programs) / "Microsoft Visual Studio" / "Installer" / "vswhere.exe"
    return locator.exists() or shutil.which("cl", path=path) is not None


class Installer:
    """Runs uv for one environment. `keep_open` is a lock's file: a uv that outlives us goes on holding it.

    `report(code, **values)` is told each step. `variables` is the process's environment unless given.
    """

    def __init__(
        self,
        *,
        report: Callable[..., None],
        nvidia: bool,
        variables: Mapping[str, str] | None = None,
        keep_open: int | None = None,
    ) -> None:
        self._report = report
        self._nvidia = nvidia
        self._variables = os.environ if variables is None else variables
        self._build: Mapping[str, str] = {}
        self._keep_open = () if keep_open is None or sys.platform == "win32" else (keep_open,)

    async def make_environment(self, folder: Path, version: str) -> bool:
        """An empty environment, replacing what is there. False when this Python cannot be had."""
        own = f"{sys.version_info.major}.{sys.version_info.minor}"
        if version == own:
            self._report("making", python=version)
            return await self._uv("venv", "--clear", "--python", sys.executable, str(folder))
        if not await self._uv("python", "find", "--no-python-downloads", version, quiet=True):
            self._report("python_download", python=version, size="30 MB")
        if await self._uv("venv", "--clear", "--python", version, str(folder)):
            return True
        self._report("python_missing", python=version)
        return False

    async def prepare_compiling(self, pins: Pins, version: str) -> bool:
        """Say what compiling will take, where that is needed. False when there is no compiler for it.

        Nothing is downloaded but what an index says about its files.
        """
        if pins.compiles is None or await self._has_wheels(pins, version):
            return True
        if not has_compiler(self._variables):
            return False
        self._report("compiling", minutes=pins.compiles)
        return True

    async def _has_wheels(self, pins: Pins, version: str) -> bool:
        """Whether every package can be had compiled, for instance from an index that the person has configured."""
        asked = ("pip", "compile", "--no-deps", "--only-binary", ":all:", "--python-version", version)
        folders = await find_links(self._variables)
        return await self._uv(*asked, "--python", sys.executable, str(pins.file), folders=folders, quiet=True)

    async def install(self, python: Path, pins: Pins) -> str | None:
        """torch first, then the pinned rest.

        Returns which torch came ("none", "folder", "auto", "index"), None when it failed.
        """
        folders = await find_links(self._variables)
        built = "none"
        if pins.torch is not None:
            came = await self._install_torch(python, pins.torch, folders)
            if came is None:
                return None
            built = came
        self._report("packages", size=pins.size or "?")
        self._build = self._build_variables(pins)
        rest = await self._pip(python, "--no-deps", "-r", str(pins.file), folders=folders)
        return built if rest else None

    async def _install_torch(self, python: Path, version: str, folders: str | None) -> str | None:
        torch = f"torch=={version}"
        if folders is not None and not self._nvidia:
            self._report("torch_folder", torch=torch, size=CPU_TORCH)
            return "folder" if await self._pip(python, torch, folders=folders) else None
        size = CUDA_TORCH if self._nvidia else CPU_TORCH
        self._report("torch_auto", torch=torch, size=size)
        if await self._pip(python, "--torch-backend=auto", torch):
            return "auto"
        self._report("torch_index", torch=torch, size=CUDA_TORCH)
        return "index" if await self._pip(python, torch) else None

    async def _pip(self, python: Path, *arguments: str, folders: str | None = None) -> bool:
        return await self._uv("pip", "install", "--python", str(python), *arguments, folders=folders)

    async def _uv(self, *arguments: str, folders: str | None = None, quiet: bool = False) -> bool:
        """Run uv, report its lines, say whether it went well."""
        process = await asyncio.create_subprocess_exec(
            uv.find_uv_bin(),
            "--no-config",
            "--color=never",
            *arguments,
            env=self._environment(folders),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            pass_fds=self._keep_open,
        )
        assert process.stdout is not None  # noqa: S101 - asked for above
        try:
            async for line in process.stdout:
                text = line.decode(errors="replace").rstrip()
                if text and not quiet:
                    self._report("uv", text=text)
            return await process.wait() == 0
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()

    def _environment(self, folders: str | None) -> dict[str, str]:
        kept = {
            name: value
            for name, value in self._variables.items()
            if name not in _DROPPED and not name.startswith(_DROPPED_PREFIXES)
        }
        kept |= self._build
        return kept if folders is None else kept | {"UV_FIND_LINKS": folders}

    def _build_variables(self, pins: Pins) -> dict[str, str]:
        """What the family asks for and, behind it, what the person has set: cmake takes the last of two."""
        if pins.compiles is None:
            return {}
        asked = pins.build_variables(platform.machine())
        own = self._variables
        return {
            "CMAKE_BUILD_PARALLEL_LEVEL": own.get("CMAKE_BUILD_PARALLEL_LEVEL") or str(os.cpu_count() or 1),
            "UV_LOCK_TIMEOUT": own.get("UV_LOCK_TIMEOUT") or _LOCK_SECONDS,
            **{name: f"{value} {own.get(name, '')}".strip() for name, value in asked.items()},
        }
