from __future__ import annotations

import base64
import dataclasses
import sys
from pathlib import Path
from typing import Any

import pytest

import bot
from bot import doctor
from bot.doctor import examine
from bot.hardware import GraphicsCard
from bot.i18n import LANGUAGES, Sentences
from bot.settings import Settings
from generation.catalog import Catalog, ModelInfo
from tests.fakes import model_info, small_catalog

ROOT = Path(bot.__file__).parents[1]
SENTENCES = Sentences.load(strict=True)
TOKEN = base64.urlsafe_b64encode(b"123456789012345678").decode() + ".abc.secret"


class FakeEnvironments:
    def __init__(self, *ready: str) -> None:
        self._ready = ready

    def is_ready(self, family: str) -> bool:
        return family in self._ready

    def python(self, family: str) -> Path:
        return Path(sys.executable)

    def wants_compiler(self, family: str) -> bool:
        return family in {"text", "guard"} - {*self._ready}


def settings(folder: Path, **changes: Any) -> Settings:
    return Settings(_env_file=None, cache_dir=folder, **changes)  # type: ignore[call-arg]


async def keys(folder: Path, *ready: str, catalog: Catalog | None = None, **changes: Any) -> dict[str, str]:
    """Level by key; every finding can be said in both languages."""
    environments: Any = FakeEnvironments(*ready)
    findings = await examine(settings(folder, **changes), environments, catalog or small_catalog())
    for finding in findings:
        for language in LANGUAGES:
            assert SENTENCES.text(f"doctor.{finding.key}", language, **finding.values)
    return {finding.key: finding.level for finding in findings}


@pytest.fixture(autouse=True)
def no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISCORD_TOKEN", raising=False)


async def test_a_fresh_machine_lacks_only_the_token(tmp_path: Path) -> None:
    found = await keys(tmp_path)
    assert [key for key, level in found.items() if level == "missing"] == ["no_token"]
    assert found["environment_later"] == "note"
    assert found["model_rehearsal"] == "ok"


async def test_with_a_token_there_is_an_invite_link(tmp_path: Path) -> None:
    findings = await keys(tmp_path, DISCORD_TOKEN=TOKEN)
    assert findings["token"] == findings["invite"] == "ok"
    assert (await keys(tmp_path, DISCORD_TOKEN="something"))["token_odd"] == "missing"
    assert (await keys(tmp_path, DISCORD_TOKEN="  "))["no_token"] == "missing"


async def test_a_model_without_a_checker_is_named(tmp_path: Path) -> None:
    whole = small_catalog("mini", "big")
    images, checker = whole.models("image"), whole.default("safety")
    rehearsal = Catalog([*images, dataclasses.replace(checker, mini=True)])
    assert (await keys(tmp_path))["checker"] == "ok"
    found = await keys(tmp_path, catalog=rehearsal)
    assert (found["checker_rehearsal"], found["checker_lacks"]) == ("ok", "missing")
    assert (await keys(tmp_path, catalog=Catalog(images)))["checker_absent"] == "missing"


async def test_what_is_still_to_be_compiled_wants_a_compiler(tmp_path: Path) -> None:
    assert (await keys(tmp_path))["no_compiler"] == "note"
    assert "no_compiler" not in await keys(tmp_path, "text", "guard")


async def test_a_folder_without_its_files_is_no_model(tmp_path: Path) -> None:
    families = ROOT / "generation" / "families"
    folder = tmp_path / "qwen3-4b"
    folder.mkdir()
    found = await keys(tmp_path, catalog=Catalog.read(families, tmp_path))
    assert found["model_incomplete"] == "missing"
    (folder / "Qwen_Qwen3-4B-Instruct-2507-Q4_K_M.gguf").touch()
    assert "model_incomplete" not in await keys(tmp_path, catalog=Catalog.read(families, tmp_path))


async def test_the_token_is_in_no_finding(tmp_path: Path) -> None:
    environments: Any = FakeEnvironments()
    findings = await examine(settings(tmp_path, DISCORD_TOKEN=TOKEN), environments, small_catalog())
    assert "secret" not in repr(findings)


async def test_card_and_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "graphics_card", lambda: GraphicsCard(name="A Card", memory_mb=8000))
    monkeypatch.setattr(doctor, "free_disk_mb", lambda folder: 100)
    found = await keys(tmp_path)
    assert (found["card"], found["disk_low"]) == ("ok", "note")
    monkeypatch.setattr(doctor, "graphics_card", lambda: None)
    monkeypatch.setattr(doctor, "free_disk_mb", lambda folder: 100_000)
    found = await keys(tmp_path)
    assert (found["no_card"], found["disk"]) == ("note", "ok")


async def test_models_that_are_not_there_are_named(tmp_path: Path) -> None:
    (model,) = small_catalog("big").models("image")
    found = await keys(tmp_path, catalog=Catalog([dataclasses.replace(model, path=None)]))
    assert found["model_absent"] == "note"


@pytest.mark.parametrize("medium", ["music", "sound", "notes"])
async def test_models_for_music_are_named_too(tmp_path: Path, medium: str) -> None:
    model = model_info("one", "music", medium, mini=True)
    assert (await keys(tmp_path, catalog=Catalog([model])))["model_rehearsal"] == "ok"
    absent = dataclasses.replace(model, path=None)
    assert (await keys(tmp_path, catalog=Catalog([absent])))["model_absent"] == "note"


async def test_an_environment_without_formats_is_noticed(tmp_path: Path) -> None:
    """The tests' own Python has neither Pillow nor PyAV: it stands for a broken environment."""
    found = await keys(tmp_path, "media", families=("media",))
    assert found["environment_ready"] == "ok"
    assert found["codecs_lack"] == "missing"


ESPEAK, PIPER = (model_info(name, "voices", "speech") for name in ("espeak", "piper"))
TORTOISE = model_info("tortoise", "speech", "speech")
NO_TORTOISE = dataclasses.replace(TORTOISE, path=None)


@pytest.mark.parametrize(
    ("families", "models", "key", "level"),
    [
        ("speech voices listening", (ESPEAK, PIPER, TORTOISE), "speech", "ok"),
        ("speech voices listening", (ESPEAK, NO_TORTOISE), "speech_nobodys", "note"),
        ("voices listening", (ESPEAK, TORTOISE), "speech_no_clones", "note"),
        ("speech listening", (ESPEAK, TORTOISE), "speech_no_choice", "missing"),
        (
            "speech voices listening",
            (dataclasses.replace(PIPER, path=None), TORTOISE),
            "speech_no_choice",
            "missing",
        ),
        ("speech voices", (ESPEAK, TORTOISE), "speech_unheard", "missing"),
        ("voices", (ESPEAK, NO_TORTOISE), "speech_unheard", "missing"),
        ("speech listening", (ESPEAK, NO_TORTOISE), "speech_off", "note"),
        ("media", (ESPEAK, TORTOISE), "speech_off", "note"),
        ("speech voices listening", (), "speech_off", "note"),
    ],
)
async def test_one_line_says_who_can_speak(
    tmp_path: Path, families: str, models: tuple[ModelInfo, ...], key: str, level: str
) -> None:
    found = await keys(tmp_path, families=families.split(), catalog=Catalog(models))
    assert {name: one for name, one in found.items() if name.startswith("speech")} == {key: level}


async def test_without_tortoise_no_copied_voice_speaks_and_the_line_says_so(tmp_path: Path) -> None:
    environments: Any = FakeEnvironments()
    families = ROOT / "generation" / "families"
    findings = await examine(settings(tmp_path), environments, Catalog.read(families, tmp_path))
    (line,) = [one for one in findings if one.key.startswith("speech")]
    assert line.key == "speech_nobodys", "as it comes out of the box"
    for language, said in (("de", "Kopierte Stimmen sprechen noch nicht"), ("en", "do not speak yet")):
        text = SENTENCES.text(f"doctor.{line.key}", language, **line.values)
        assert said in text
        assert "eSpeak NG" in text
        assert "Tortoise" in text
        assert "atelier models pull tortoise" in text
