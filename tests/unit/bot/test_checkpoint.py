"""Torch files from the hub: numbers and settings pass, whatever could run does not."""

from __future__ import annotations

import collections
import os
import pickle
import pickletools
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.models.checkpoint import is_plain
from bot.models.store import is_allowed, looks_right


class Call:
    """Its pickle says: call this function with these."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.said = function, arguments

    def __reduce__(self) -> Any:
        return self.said


def packed(file: Path, contents: Any, *, protocol: int = 2, name: str = "archive/data.pkl") -> Path:
    body = contents if isinstance(contents, bytes) else pickle.dumps(contents, protocol)
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(name, body)
        archive.writestr("archive/data/0", b"\x00" * 64)
    return file


def test_numbers_and_settings_pass(tmp_path: Path) -> None:
    weights = collections.OrderedDict(a=[1.0, 2.0], b={"xp.cfg": "lm_model: transformer_lm"})
    tensor = b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\nctorch\nHalfStorage\n\x86."

    for number, contents in enumerate((weights, {}, tensor)):
        file = packed(tmp_path / f"{number}.bin", contents)
        assert is_plain(file)
        assert is_allowed(file.name)
        assert looks_right(file)


@pytest.mark.parametrize("protocol", [0, 1, 2, 4, 5])
@pytest.mark.parametrize(
    "call",
    [Call(os.system, "true"), Call(eval, "1"), Call(getattr, 1, "real"), Call(pickle.loads, b"N.")],
    ids=["system", "eval", "getattr", "loads"],
)
def test_a_program_does_not(call: Call, protocol: int, tmp_path: Path) -> None:
    file = packed(tmp_path / "state_dict.bin", {"best_state": [call]}, protocol=protocol)

    assert not looks_right(file)


@pytest.mark.parametrize("opcode", ["INST", "OBJ", "STACK_GLOBAL", "EXT1"])
def test_no_other_way_of_naming_one_passes(opcode: str, tmp_path: Path) -> None:
    bodies = {
        "INST": b"(ios\nsystem\n.",
        "OBJ": b"(cbuiltins\nlist\no.",
        "STACK_GLOBAL": b"\x8c\x02os\x8c\x06system\x93.",
        "EXT1": b"\x82\x01.",
    }
    assert opcode in {one.name for one, _, _ in pickletools.genops(bodies[opcode])}
    assert not is_plain(packed(tmp_path / "a.bin", bodies[opcode]))


@pytest.mark.parametrize("name", ["second/data.pkl", "archive/DATA.PKL", "archive/data.Pkl"])
def test_one_pickle_where_torch_looks_for_it(name: str, tmp_path: Path) -> None:
    assert not is_plain(packed(tmp_path / "a.bin", {}, name="archive/other.pkl"))
    two = packed(tmp_path / "b.bin", {})
    with zipfile.ZipFile(two, "a") as archive:
        archive.writestr(name, pickle.dumps(Call(os.system, "true"), 2))
    assert not is_plain(two)


@given(body=st.binary(max_size=200))
def test_anything_else_is_refused_quietly(body: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("bytes")
    (folder / "a.bin").write_bytes(body)

    assert not is_plain(folder / "a.bin")
    assert isinstance(is_plain(packed(folder / "b.bin", body)), bool)
