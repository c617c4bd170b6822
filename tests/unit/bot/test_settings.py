from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from bot.bot_process import bot_variables
from bot.settings import Settings


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither this machine's variables nor the .env of the folder the tests run in."""
    for name, field in Settings.model_fields.items():
        monkeypatch.delenv(str(field.validation_alias or f"ATELIER_{name.upper()}"), raising=False)
    monkeypatch.chdir(tmp_path)


def test_everything_has_a_default() -> None:
    settings = Settings()
    assert settings.discord_token is None
    assert {"safety", "media"} <= set(settings.families)
    assert settings.data_dir.is_absolute()
    assert settings.cache_dir != settings.data_dir


def test_the_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text(
        "ATELIER_LIMIT_WAITING=5\nATELIER_TEACHER_ROLE=Lehrerin für Kunst\n", "utf-8"
    )
    monkeypatch.setenv("ATELIER_LIMIT_WAITING", "7")
    settings = Settings()
    assert settings.limit_waiting == 7
    assert settings.teacher_role == "Lehrerin für Kunst"


def test_families_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATELIER_FAMILIES", " diffusion, safety ,,media ")
    assert Settings().families == ("diffusion", "safety", "media")


def test_the_token_is_not_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", "very.secret.token")
    settings = Settings()
    assert settings.discord_token is not None
    assert settings.discord_token.get_secret_value() == "very.secret.token"
    assert "secret.token" not in repr(settings)
    assert "secret.token" not in str(settings.model_dump())


def test_an_empty_value_means_not_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder named "" would be the current one: the work folder is wiped at start."""
    before = Settings()
    for name, field in Settings.model_fields.items():
        monkeypatch.setenv(str(field.validation_alias or f"ATELIER_{name.upper()}"), "")
    assert Settings() == before
    assert Settings().work_dir is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ATELIER_MEMORY_MB", "a lot"),
        ("ATELIER_MEMORY_MB", "1"),
        ("ATELIER_LIMIT_WAITING", "0"),
        ("ATELIER_WORKER_THREADS", "0"),
        ("ATELIER_LOG_LEVEL", "LOUD"),
    ],
)
def test_what_makes_no_sense_is_an_error(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError):
        Settings()


def test_the_log_level_may_be_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATELIER_LOG_LEVEL", "debug")
    assert Settings().log_level == "DEBUG"


def test_country_and_age_are_nobodys_guess(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (Settings().country, Settings().min_age) == (None, None)
    monkeypatch.setenv("ATELIER_COUNTRY", "at")
    monkeypatch.setenv("ATELIER_MIN_AGE", "14")
    assert (Settings().country, Settings().min_age) == ("AT", 14)
    monkeypatch.setenv("ATELIER_COUNTRY", "Atlantis")
    with pytest.raises(ValidationError):
        Settings()
    monkeypatch.setenv("ATELIER_COUNTRY", "")
    monkeypatch.setenv("ATELIER_MIN_AGE", "3")
    with pytest.raises(ValidationError):
        Settings()


def test_the_rehearsal_class_states_both_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = bot_variables(Settings(), token="t", api_base="a", gateway_url="g", data_dir=tmp_path)
    assert (told["ATELIER_COUNTRY"], told["ATELIER_MIN_AGE"]) == ("DE", "16")
    monkeypatch.setenv("ATELIER_MIN_AGE", "12")
    told = bot_variables(Settings(), token="t", api_base="a", gateway_url="g", data_dir=tmp_path)
    assert told["ATELIER_MIN_AGE"] == "12"


def test_records_lie_beside_the_data_folder_so_that_no_backup_of_it_brings_older_ones(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "atelier")
    assert settings.records_folder == tmp_path / "atelier-records"
    (tmp_path / "atelier-records").mkdir()
    (tmp_path / "atelier" / "records").mkdir(parents=True)
    assert settings.records_folder == tmp_path / "atelier-records", "also where a copy has some within"
    assert Settings(data_dir=tmp_path / "a", records_dir=tmp_path / "b").records_folder == tmp_path / "b"


def test_records_stay_within_where_they_were_or_where_nothing_can_be_beside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "atelier" / "records").mkdir(parents=True)
    assert Settings(data_dir=tmp_path / "atelier").records_folder == tmp_path / "atelier" / "records"
    monkeypatch.setattr("bot.settings.os.access", lambda *_: False)
    assert Settings(data_dir=tmp_path / "other").records_folder == tmp_path / "other" / "records"
