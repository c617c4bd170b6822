"""Speech by the unmodified bot with real workers: nobody's voice in both languages, its label and its mark."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import bot
from bot.families import environments_of
from bot.i18n import Sentences
from bot.settings import Settings
from tests.end_to_end.whole.conftest import PATIENCE, Klass

ROOT = Path(bot.__file__).parents[1]
SENTENCES = Sentences.load(strict=True)
GERMAN = "Guten Morgen, liebe Klasse! Heute spreche ich."
ENGLISH = "Good morning, dear class! Today I am speaking."


@pytest.fixture(scope="session")
async def speaking(settings: Settings, environments: None) -> None:
    """The environments of nobody's voices and of the mark are there, too."""
    made = environments_of(settings, report=print)
    for family in ("voices", "listening"):
        await made.ensure(family)


@pytest.mark.parametrize(
    ("name", "command", "text", "locale"),
    [("ada", "stimme", GERMAN, "de"), ("ben", "speech", ENGLISH, "en")],
)
async def test_nobody_s_voice_is_heard_and_marked(
    klass: Klass, speaking: None, tmp_path: Path, name: str, command: str, text: str, locale: str
) -> None:
    visitor = klass.visitors[name]
    post = await klass.result(visitor.command(command, text=text, emotion="happy", seed="7"))
    picture, sound = post["attachments"]
    assert (picture["filename"][-4:], sound["filename"][-11:]) == (".png", "-seed-7.ogg")
    (embed,) = post["embeds"]
    assert embed["author"]["name"] == SENTENCES.text("speech.label", locale)
    facts = {one["name"]: one["value"] for one in embed["fields"]}
    assert facts[SENTENCES.text("post.model", locale)] == "eSpeak NG"
    heard = await visitor.download(sound)
    assert heard[:4] == b"OggS"
    assert SENTENCES.text("speech.label", locale).encode() in heard[:8000]
    file = tmp_path / "aufnahme.ogg"
    file.write_bytes(heard)
    asked = {"ada": ("pruefe", "datei"), "ben": ("check", "file")}[name]
    said = await visitor.command(asked[0], **{asked[1]: file}).message(
        lambda one: bool(one["content"]), timeout=PATIENCE
    )
    assert SENTENCES.text("sound_check.found", locale) in said["content"]


async def test_a_voice_without_a_consent_is_refused(klass: Klass, speaking: None) -> None:
    said = await klass.answer(
        klass.visitors["ada"].command("stimme", text=ENGLISH, stimme="0123456789abcdef")
    )
    assert said["content"] == SENTENCES.text("error.refused_voice_unknown", "de")


Make = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Run `atelier generate speech`; gives its exit code and the JSON that it printed. Its files lie in `out`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ATELIER_")}
    cache = {name: os.environ[name] for name in ("ATELIER_CACHE_DIR",) if name in os.environ}
    variables = {"ATELIER_DATA_DIR": str(tmp_path / "data"), "ATELIER_WORKER_THREADS": "1"}

    def run(*words: str) -> tuple[int, dict[str, Any]]:
        command = [sys.executable, "-m", "bot.cli", "generate", "speech", *words]
        done = subprocess.run(
            [*command, "--json", "--language", "de", "--out", "out"],
            cwd=tmp_path,
            env=kept | cache | variables | {"PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=250,
            check=False,
        )
        assert "Traceback" not in done.stderr
        return done.returncode, json.loads(done.stdout)

    return run


async def test_generate_speech(make: Make, speaking: None, tmp_path: Path) -> None:
    code, made = make(GERMAN, "--voice", "espeak.alto", "--emotion", "excited", "--seed", "7")
    assert code == 0, made
    assert (made["medium"], made["model"], made["seeds"]) == ("speech", "espeak", [7])
    assert made["parameters"] == {"text": GERMAN, "emotion": "excited", "language": "de", "speaker": "alto"}
    assert [Path(one).suffix for one in made["files"]] == [".png", ".ogg"]
    assert all((tmp_path / "out" / one).stat().st_size > 1000 for one in made["files"])
    assert 1.0 < made["lengths"][0] < 8.0


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ((" ",), "speech_empty"),
        (("a" * 301,), "speech_long"),
        ((GERMAN, "--voice", "emma"), "refused_voice_bundled"),
        ((GERMAN, "--voice", "0123456789abcdef"), "refused_voice_unknown"),
        ((GERMAN, "--emotion", "bored"), "emotion_unknown"),
        ((GERMAN, "--model", "tortoise"), "model_unknown"),
    ],
)
def test_bad_input_is_one_sentence(make: Make, speaking: None, words: tuple[str, ...], code: str) -> None:
    exit_code, made = make(*words)
    assert exit_code == 1
    assert (made["code"], made["files"]) == (code, [])
    assert made["message"]
