"""A model's file that is damaged is said to be; the worker lives on."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generation.errors import ModelMissing
from generation.llama.gguf import BrokenFile, read_header
from tests.contract.case_text import model_at
from tests.contract.conftest import ROOT
from tests.contract.gguf_files import chain
from tests.contract.text_runs import TextRuns, user

MINI = ROOT / "generation" / "mini" / "text" / "weights" / "mini-text.gguf"


def small(path: Path) -> bytes:
    return chain(path, {"<0x0A>": "la", "la": "</s>"}, words=["la"]).read_bytes()


def cut_in_the_weights(content: bytes) -> bytes:
    return content[:-1000]


def cut_in_the_header(content: bytes) -> bytes:
    return content[:500]


def another_format(content: bytes) -> bytes:
    return b"PK\3\4" + content[4:]


def a_picture(_: bytes) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + bytes(1000)


def nothing(_: bytes) -> bytes:
    return b""


def another_version(content: bytes) -> bytes:
    return content[:4] + struct.pack("<I", 99) + content[8:]


def endless_counts(content: bytes) -> bytes:
    return content[:8] + struct.pack("<QQ", 2**60, 2**60) + content[24:]


def unknown_architecture(content: bytes) -> bytes:
    return content.replace(b"llama", b"lamma")


def no_weights(content: bytes) -> bytes:
    return content.replace(b"token_embd.weight", b"token_xxxx.weight")


def odd_width(content: bytes) -> bytes:
    key = b"llama.embedding_length" + struct.pack("<I", 4)
    return content.replace(key + struct.pack("<I", 320), key + struct.pack("<I", 321))


DAMAGES = [
    cut_in_the_weights, cut_in_the_header, another_format, a_picture, nothing, another_version, endless_counts,
    unknown_architecture, no_weights, odd_width,
]  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGES)
async def test_a_damaged_file_is_named_and_ends_no_worker(
    texts: TextRuns, tmp_path: Path, damage: object
) -> None:
    assert callable(damage)
    whole = tmp_path / "whole" / "whole.gguf"
    content = small(whole)
    broken = tmp_path / "broken" / "broken.gguf"
    broken.parent.mkdir()
    broken.write_bytes(damage(content))
    assert (await texts.ask(user("Hallo"), model=model_at(whole.parent))).text == "la"
    pids = [one.pid for one in texts.supervisor.states() if one.family == "text"]

    for _ in range(2):
        with pytest.raises(ModelMissing) as caught:
            await texts.ask(user("Hallo"), model=model_at(broken.parent))
        assert caught.value.code == "model_broken"

    assert (await texts.ask(user("Hallo"), model=model_at(whole.parent))).text == "la"
    assert [one.pid for one in texts.supervisor.states() if one.family == "text"] == pids


async def test_a_folder_without_a_model(texts: TextRuns, tmp_path: Path) -> None:
    with pytest.raises(ModelMissing) as caught:
        await texts.ask(user("Hallo"), model=model_at(tmp_path))
    assert caught.value.code == "model_missing"


def test_what_the_header_says() -> None:
    header = read_header(MINI)
    assert header.keys["general.architecture"] == "llama"
    assert header.number("context_length") == 512
    assert header.number("nothing") is None


@settings(max_examples=50, deadline=None)
@given(length=st.integers(0, MINI.stat().st_size - 1))
def test_a_file_cut_anywhere_is_refused(tmp_path_factory: pytest.TempPathFactory, length: int) -> None:
    file = tmp_path_factory.mktemp("cut") / "cut.gguf"
    file.write_bytes(MINI.read_bytes()[:length])
    with pytest.raises(BrokenFile):
        read_header(file)


@settings(max_examples=100, deadline=None)
@given(changes=st.lists(st.tuples(st.integers(0, 700), st.integers(0, 255)), min_size=1, max_size=8))
def test_a_changed_header_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[int, int]]
) -> None:
    folder = tmp_path_factory.mktemp("changed")
    content = bytearray(small(folder / "whole.gguf"))
    for place, byte in changes:
        content[place] = byte
    file = folder / "changed.gguf"
    file.write_bytes(content)
    try:
        header = read_header(file)
    except BrokenFile:
        return
    assert header.tensors > 0
    assert isinstance(header.keys["general.architecture"], str)
