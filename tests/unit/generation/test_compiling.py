"""Packages without a wheel: compiled once, with the family's flags, or refused before anything is fetched."""

from __future__ import annotations

import asyncio
import io
import platform
import tarfile
from pathlib import Path

import pytest

from generation.errors import EnvironmentFailed
from generation.installer import has_compiler
from generation.pins import Pins
from tests.unit.generation.test_environments import Machine, can_import
from tests.unit.generation.wheels import make_wheel

MACHINE = platform.machine().lower()
COMPILED = f"""
# torch: none
# compiles: 5
# build-env: CMAKE_ARGS=-DPLAIN=ON
# build-env {MACHINE}: CMAKE_ARGS=-DFAST=ON
built==1.0
"""
# A build backend inside the source, so that nothing has to be fetched to build it.
BACKEND = """
import base64, os, pathlib, time, zipfile

def build_wheel(folder, settings=None, metadata=None):
    log = pathlib.Path(os.environ["BUILD_LOG"])
    names = ("CMAKE_ARGS", "CMAKE_BUILD_PARALLEL_LEVEL", "DISCORD_TOKEN")
    with log.open("a") as file:
        file.write(" ".join(os.environ.get(name, "?") for name in names) + "\\n")
    time.sleep(0.3)
    files = {
        "built.py": "",
        "built-1.0.dist-info/METADATA": "Metadata-Version: 2.1\\nName: built\\nVersion: 1.0\\n",
        "built-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
    }
    record = "".join(f"{name},,\\n" for name in [*files, "built-1.0.dist-info/RECORD"])
    with zipfile.ZipFile(pathlib.Path(folder) / "built-1.0-py3-none-any.whl", "w") as wheel:
        for name, text in {**files, "built-1.0.dist-info/RECORD": record}.items():
            wheel.writestr(name, text)
    return "built-1.0-py3-none-any.whl"
"""
SOURCES = {
    "PKG-INFO": "Metadata-Version: 2.1\nName: built\nVersion: 1.0\n",
    "pyproject.toml": (
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
        '[project]\nname = "built"\nversion = "1.0"\n'
    ),
    "backend.py": BACKEND,
}


def make_source(folder: Path) -> None:
    with tarfile.open(folder / "built-1.0.tar.gz", "w:gz") as archive:
        for name, text in SOURCES.items():
            content = text.encode()
            entry = tarfile.TarInfo(f"built-1.0/{name}")
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    machine = Machine(tmp_path)
    make_source(machine.wheels)
    machine.require(COMPILED)
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "c++").write_text("#!/bin/sh\n")
    (tools / "c++").chmod(0o755)
    machine.variables |= {
        "PATH": str(tools),
        "BUILD_LOG": str(tmp_path / "builds"),
        "DISCORD_TOKEN": "top-secret",
    }
    return machine


def builds(machine: Machine) -> list[str]:
    log = machine.folder / "builds"
    return log.read_text().splitlines() if log.exists() else []


async def test_it_is_compiled_with_the_familys_flags_and_said_before(machine: Machine) -> None:
    python = await machine.environments().ensure("tiny")

    assert await can_import(python, "built")
    (line,) = builds(machine)
    flags, level, token = line.split()
    assert (flags, token) == ("-DFAST=ON", "?")
    assert int(level) >= 1
    codes = [line.split()[1] for line in machine.lines]
    assert codes.index("compiling") < codes.index("packages")
    assert machine.said("compiling minutes=5")


async def test_what_the_person_has_set_comes_last_and_wins(machine: Machine) -> None:
    machine.variables |= {"CMAKE_ARGS": "-DGGML_CUDA=ON", "CMAKE_BUILD_PARALLEL_LEVEL": "3"}
    await machine.environments().ensure("tiny")

    assert builds(machine) == ["-DFAST=ON -DGGML_CUDA=ON 3 ?"]


async def test_two_families_share_what_was_compiled(machine: Machine) -> None:
    machine.require(COMPILED, "other")
    environments = machine.environments()
    pythons = await asyncio.gather(environments.ensure("tiny"), environments.ensure("other"))

    assert pythons[0] != pythons[1]
    for python in pythons:
        assert await can_import(python, "built")
    assert len(builds(machine)) == 1


async def test_without_a_compiler_nothing_is_fetched_or_made(machine: Machine) -> None:
    assert not machine.environments().wants_compiler("tiny")
    machine.variables["PATH"] = str(machine.folder / "nowhere")
    environments = machine.environments()
    assert environments.wants_compiler("tiny")

    with pytest.raises(EnvironmentFailed) as caught:
        await environments.ensure("tiny")

    assert (caught.value.code, caught.value.values) == ("no_compiler", {"family": "tiny"})
    assert machine.lines == []
    assert not environments.python("tiny").parents[1].exists()
    machine.require("# torch: none\ntiny==1.0\n", "plain")
    assert await can_import(await environments.ensure("plain"), "tiny")


async def test_with_a_wheel_no_compiler_is_needed(machine: Machine) -> None:
    """As from an index of compiled packages that the person has configured."""
    machine.variables["PATH"] = str(machine.folder / "nowhere")
    make_wheel(machine.wheels, "built", "1.0")

    environments = machine.environments()
    assert await can_import(await environments.ensure("tiny"), "built")
    assert not environments.wants_compiler("tiny")
    assert builds(machine) == []
    assert not machine.said("compiling")


def test_a_compiler_is_found_by_its_names(tmp_path: Path) -> None:
    assert not has_compiler({"PATH": str(tmp_path)})
    for name in ("c++", "my-compiler"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    assert has_compiler({"PATH": str(tmp_path)})
    (tmp_path / "c++").unlink()
    assert not has_compiler({"PATH": str(tmp_path)})
    assert has_compiler({"PATH": str(tmp_path), "CXX": "my-compiler -m64"})


def test_the_lines_about_compiling(tmp_path: Path) -> None:
    file = tmp_path / "requirements.txt"
    file.write_text(
        "# compiles: 7\n# build-env: A=b=c d\n# build-env x86_64: A=fast\n# build-env: B=1\nx==1\n"
    )
    pins = Pins.read(file)
    assert pins is not None
    assert pins.compiles == "7"
    assert pins.build_variables("aarch64") == {"A": "b=c d", "B": "1"}
    assert pins.build_variables("AMD64") == pins.build_variables("x86_64") == {"A": "fast", "B": "1"}

    file.write_text("x==1\n")
    plain = Pins.read(file)
    assert plain is not None
    assert (plain.compiles, plain.build_variables("x86_64")) == (None, {})
