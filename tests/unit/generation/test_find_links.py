"""Asking pip which folder of wheels the machine's owner has configured."""

from __future__ import annotations

from pathlib import Path

import pytest

from generation.find_links import find_links, parse_pip_config


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", None),
        ("global.index-url='https://example.org/simple'\n", None),
        ("global.find-links='/a'\n", "/a"),
        ("global.find-links='/a /b'\n", "/a,/b"),
        ("global.find-links='\\n/a\\n/b c'\n", "/a,/b,c"),
        ("global.find-links='/a'\n:env:.find-links='/b'\n", "/b"),
        (":env:.find-links=''\nglobal.find-links='/a'\n", "/a"),
        ("install.find-links='/i'\nglobal.find-links='/a'\n", "/i"),
        ("download.find-links='/d'\n", None),
        ('global.find-links="/it\'s"\n', "/it's"),
        ("global.find-links=/bare\n", "/bare"),
        ("WARNING: something\nglobal.find-links='unclosed\n", "'unclosed"),
    ],
)
def test_the_output_of_pip_config_list(text: str, expected: str | None) -> None:
    assert parse_pip_config(text) == expected


def pip(folder: Path, script: str) -> dict[str, str]:
    path = folder / "pip"
    path.write_text("#!/bin/sh\n" + script)
    path.chmod(0o755)
    return {"PATH": f"{folder}:/usr/bin:/bin"}


async def test_pip_is_asked(tmp_path: Path) -> None:
    asked = pip(tmp_path, """[ "$*" = "config list" ] && echo "global.find-links='/wheels /more'" """)

    assert await find_links(asked) == "/wheels,/more"


async def test_what_uv_is_given_already_wins(tmp_path: Path) -> None:
    asked = pip(tmp_path, "echo \"global.find-links='/wheels'\"")

    assert await find_links({**asked, "UV_FIND_LINKS": "/mine,/yours"}) == "/mine,/yours"


async def test_no_pip_or_a_broken_one_is_no_folder(tmp_path: Path) -> None:
    assert await find_links({"PATH": str(tmp_path)}) is None
    assert await find_links(pip(tmp_path, "echo trouble >&2; exit 3")) is None
    (tmp_path / "pip").write_text("not a program")
    assert await find_links({"PATH": str(tmp_path)}) is None
