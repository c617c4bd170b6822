"""What README and docs promise exists: commands, settings, folders, pictures."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import app
from bot.settings import Settings

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
PAGES = "\n".join(path.read_text("utf-8") for path in [ROOT / "README.md", *ROOT.glob("docs/*.md")])
COMMANDS = sorted(set(re.findall(r"uv run atelier ((?:[a-z]+ ?)+)", PAGES)))


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_of_the_pages_exists(command: str) -> None:
    words = command.split()
    if words[:2] == ["engines", "install"]:
        words = words[:2]
    answer = CliRunner().invoke(app, [*words, "--help"])
    assert answer.exit_code == 0, answer.output


def test_the_two_commands_of_the_front_door_are_there() -> None:
    assert "pip install uv && uv run atelier demo" in README
    assert "pip install uv && uv run pytest" in README
    assert "pip install uv && uv run pytest" in (ROOT / ".ci" / "run").read_text("utf-8")


def test_every_setting_is_explained() -> None:
    example = (ROOT / ".env.example").read_text("utf-8")
    for name, field in Settings.model_fields.items():
        variable = str(field.validation_alias or f"ATELIER_{name.upper()}")
        assert variable in example, variable
        assert variable in PAGES, variable


def test_every_package_is_on_the_map() -> None:
    for package in ROOT.glob("*/__init__.py"):
        assert f"`{package.parent.name}/`" in README
        assert (package.parent / "README.md").is_file()


def test_linked_files_exist() -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / target).exists(), target
