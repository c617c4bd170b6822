"""The command line on a bad start: one sentence in one's language, the right exit code, no traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.bot_process import BotProcess, bot_variables
from bot.cli import app
from bot.i18n import Sentences
from bot.local.server import ClassServer
from bot.settings import Settings

SENTENCES = Sentences.load(strict=True)
LOCALES = {"de": "de_DE.UTF-8", "en": "en_GB.UTF-8"}
VARIABLES = [
    str(field.validation_alias or f"ATELIER_{name.upper()}") for name, field in Settings.model_fields.items()
]


# never sent to anybody: nothing listens there, and every test ends before
BOT = {"DISCORD_TOKEN": "a.b.c", "ATELIER_DISCORD_API_BASE": "http://127.0.0.1:9/api/v10"}
HOLDER = """
import asyncio, sys
from data.database import Database

async def hold():
    async with await Database.open(sys.argv[1]):
        print("held", flush=True)
        sys.stdin.read()

asyncio.run(hold())
"""


@pytest.fixture(params=["de", "en"])
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(autouse=True)
def fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An empty folder, no settings, and the data of nobody."""
    monkeypatch.chdir(tmp_path)
    for name in [*VARIABLES, "LC_ALL", "LC_MESSAGES"]:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ATELIER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("ATELIER_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("ATELIER_MEMORY_MB", "1000")
    return


def call(monkeypatch: pytest.MonkeyPatch, language: str, *words: str, **variables: str) -> Result:
    monkeypatch.setenv("LANG", LOCALES[language])
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return CliRunner().invoke(app, list(words))


def says(result: Result, language: str, key: str, **values: object) -> bool:
    """Exactly this one sentence, and no traceback."""
    return result.stderr.strip() == SENTENCES.text(key, language, **values)


def test_without_a_token(monkeypatch: pytest.MonkeyPatch, language: str) -> None:
    result = call(monkeypatch, language, "run")
    assert result.exit_code == 2
    assert says(result, language, "cli.no_token")


def test_with_something_that_cannot_be_a_token(monkeypatch: pytest.MonkeyPatch, language: str) -> None:
    result = call(monkeypatch, language, "run", DISCORD_TOKEN="a.b.c")
    assert result.exit_code == 2
    assert says(result, language, "cli.wrong_token")


@pytest.mark.parametrize(
    ("name", "value", "key"),
    [
        ("ATELIER_LIMIT_WAITING", "many", "int_parsing"),
        ("ATELIER_LIMIT_WAITING", "0", "greater_than_equal"),
        ("ATELIER_LIMIT_WAITING", "1000", "less_than_equal"),
        ("ATELIER_LOG_LEVEL", "loud", "value_error"),
    ],
)
def test_with_a_setting_that_makes_no_sense(
    monkeypatch: pytest.MonkeyPatch, language: str, name: str, value: str, key: str
) -> None:
    result = call(monkeypatch, language, "run", **{name: value})
    assert result.exit_code == 2
    assert len(result.stderr.strip().splitlines()) == 1
    assert name in result.stderr
    (reason,) = SENTENCES.forms(f"setting.{key}", language)
    assert reason.partition("{")[0] in result.stderr


def test_with_an_env_file_in_another_encoding(
    monkeypatch: pytest.MonkeyPatch, language: str, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_bytes("ATELIER_TEACHER_ROLE=Lehrkräfte".encode("cp1252"))
    result = call(monkeypatch, language, "run")
    assert result.exit_code == 2
    assert says(result, language, "cli.bad_env_file")


@pytest.mark.parametrize(
    ("variables", "key"),
    [
        ({"ATELIER_DISCORD_API_BASE": "ftp://x"}, "bad_endpoint"),
        ({"ATELIER_FAMILIES": "diffusion"}, "family_off"),
        ({"ATELIER_FAMILIES": "safety,media,difusion"}, "family_unknown"),
    ],
)
def test_with_settings_that_do_not_fit(
    monkeypatch: pytest.MonkeyPatch, language: str, variables: dict[str, str], key: str
) -> None:
    result = call(monkeypatch, language, "run", **{**BOT, **variables})
    assert result.exit_code == 2, result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    start = SENTENCES.forms(f"error.{key}" if "family" in key else f"cli.{key}", language)[0]
    assert result.stderr.startswith(start.partition("{")[0])


def test_with_a_work_folder_that_cannot_be(
    monkeypatch: pytest.MonkeyPatch, language: str, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    result = call(monkeypatch, language, "run", **BOT, ATELIER_WORK_DIR=str(tmp_path / "file"))
    assert result.exit_code == 2
    assert SENTENCES.forms("error.work_folder", language)[0].partition("{")[0] in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_doctor_without_a_token(monkeypatch: pytest.MonkeyPatch, language: str) -> None:
    result = call(monkeypatch, language, "doctor")
    assert result.exit_code == 1
    assert SENTENCES.text("doctor.no_token", language) in result.stdout
    assert "Traceback" not in result.output
    other = "de" if language == "en" else "en"
    chosen = call(monkeypatch, language, "doctor", "--language", other)
    assert SENTENCES.text("doctor.no_token", other) in chosen.stdout


def test_engines(monkeypatch: pytest.MonkeyPatch, language: str) -> None:
    result = call(monkeypatch, language, "engines", "list")
    assert result.exit_code == 0
    assert SENTENCES.text("doctor.environment_later", language, family="diffusion") in result.stderr
    result = call(monkeypatch, language, "engines", "install", "difusion")
    assert result.exit_code == 2
    assert "difusion" in result.stderr
    assert "diffusion" in result.stderr


@pytest.mark.parametrize("words", [["generate", "image", "a house"], ["demo", "--once"]])
def test_a_folder_that_cannot_be_written_is_said_at_once(
    monkeypatch: pytest.MonkeyPatch, language: str, tmp_path: Path, words: list[str]
) -> None:
    (tmp_path / "file").write_text("")
    out = str(tmp_path / "file" / "out")
    result = call(monkeypatch, language, *words, "--out", out)
    assert result.exit_code == 2
    assert says(result, language, "cli.bad_out", folder=out)


def test_a_second_bot_on_the_same_folder(
    monkeypatch: pytest.MonkeyPatch, language: str, tmp_path: Path
) -> None:
    root = Path(__file__).parents[3]
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path / "data")],
        cwd=root,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(root)},
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        result = call(monkeypatch, language, "run", **BOT)
    assert result.exit_code == 1
    assert says(result, language, "error.data_folder_locked")


async def test_a_wrong_token_is_one_sentence_and_the_process_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(Path(__file__).parents[3])
    server = ClassServer()
    await server.start()
    try:
        variables = bot_variables(
            Settings(_env_file=None, families=("safety", "media"), cache_dir=tmp_path / "cache"),  # type: ignore[call-arg]
            token="wrong.token.here",
            api_base=server.api_base,
            gateway_url=server.gateway_url,
            data_dir=tmp_path / "data",
        )
        process = BotProcess({**variables, "LANG": LOCALES["de"]}, log=tmp_path / "log")
        await process.start()
        assert await process.wait() == 2
    finally:
        await server.stop()
    log = process.last_lines(100)
    assert SENTENCES.text("cli.wrong_token", "de") in log
    assert "Traceback" not in log
    assert "wrong.token.here" not in log
