"""The settings, read once from the environment and `.env`. A class; its instance is made by the command line."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import platformdirs
from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from bot.services.setup_rules import AGES, COUNTRIES

_APP = "klassenatelier"


class Settings(BaseSettings):
    """Every setting is named `ATELIER_<NAME>` in the environment, besides `DISCORD_TOKEN`."""

    model_config = SettingsConfigDict(
        env_prefix="ATELIER_",
        env_file=".env",
        env_file_encoding="utf-8",
        # `NAME=` in a copied .env means "not chosen"; as a path it would be the current folder
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
    )

    discord_token: SecretStr | None = Field(default=None, validation_alias="DISCORD_TOKEN")
    discord_api_base: str | None = None
    """Another server that speaks Discord's HTTP API, e.g. http://127.0.0.1:8090/api/v10."""
    discord_gateway_url: str | None = None
    """The gateway belonging to it, e.g. ws://127.0.0.1:8090/gateway."""

    teacher_role: str = "Lehrkraft"
    """Name or id of the role whose members are teachers."""
    country: str | None = None
    """Where the school is (ISO 3166-1, e.g. DE); None: stated on each server with `/set-up`."""
    min_age: int | None = Field(default=None, ge=AGES[0], le=AGES[1])
    """The minimum age there, in years; None: stated on each server with `/set-up`."""
    data_dir: Path = Field(default_factory=lambda: platformdirs.user_data_path(_APP))
    """Database and kept results."""
    cache_dir: Path = Field(default_factory=lambda: platformdirs.user_cache_path(_APP))
    """Environments of the families; may be deleted at any time."""
    models_dir: Path = Field(default_factory=lambda: platformdirs.user_data_path(_APP) / "models")
    """Real models, one folder each."""
    work_dir: Path | None = None
    """Where the private folder for unchecked files is made, which is wiped at start; in memory where there is one."""

    families: Annotated[tuple[str, ...], NoDecode] = (
        "diffusion",
        "safety",
        "media",
        "text",
        "guard",
        "music",
        "voices",
        "listening",
        "speech",
    )
    """The families that are switched on, separated by commas."""
    memory_mb: int | None = Field(default=None, ge=256)
    """Memory for models; None: that of the graphics card, or half of the main memory."""
    limit_waiting: int = Field(default=3, ge=1, le=100)
    """Jobs that one pupil may have waiting or running at the same time."""
    daily_items: int = Field(default=40, ge=1)
    """Results that a pupil may make in a day while there is no lesson."""
    daily_seconds: int = Field(default=1200, ge=10)
    """Seconds that workers may spend on a pupil in a day while there is no lesson."""
    speaker_threshold: float = Field(default=0.8, gt=0, lt=1)
    """How alike the voices of the words read aloud and of the clips must be (cosine), or a teacher decides."""
    phrase_missed: int = Field(default=2, ge=0, le=2)
    """How many of the eight words may not be heard."""
    phrase_tries: int = Field(default=5, ge=1, le=10)
    """How often somebody may get words to read for one voice."""
    records_dir: Path | None = None
    """Where the log's last hash and the tombstones of deleted data lie, best where no backup goes; None: beside
    `data_dir`."""
    keep_days: int = Field(default=30, ge=1, le=365)
    """How long prompts and results are kept."""
    keep_refused_hours: int = Field(default=24, ge=1, le=720)
    """How long the prompt of a refused request is kept, so that a teacher can look at it again."""
    keep_consents_days: int = Field(default=365, ge=31, le=3650)
    """How long a consent is kept after its end, so that somebody can answer for it."""
    keep_log_days: int = Field(default=400, ge=30, le=3650)
    """How long the log can tell who a person is whom no line names any more."""
    worker_threads: int | None = Field(default=None, ge=1)
    """CPU threads of a worker; None: all cores but one."""
    log_level: str = "INFO"

    @property
    def records_folder(self) -> Path:
        """For the log's head and whose data was deleted: a copy of the data folder that is restored must not bring an
        older one along. Within that folder only where it was before, or where nothing can be made beside it."""
        if self.records_dir is not None:
            return self.records_dir
        folder = self.data_dir.absolute()
        beside, within = folder.with_name(f"{folder.name}-records"), folder / "records"
        is_free = not within.exists() and (not folder.parent.exists() or os.access(folder.parent, os.W_OK))
        return beside if beside.exists() or is_free else within

    @field_validator("families", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("country")
    @classmethod
    def _known_country(cls, value: str | None) -> str | None:
        if value is not None and value.upper() not in COUNTRIES:
            raise ValueError("DE, AT, CH, …")
        return None if value is None else value.upper()

    @field_validator("log_level")
    @classmethod
    def _known_level(cls, value: str) -> str:
        if value.upper() not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
            raise ValueError("DEBUG, INFO, WARNING, ERROR")
        return value.upper()
