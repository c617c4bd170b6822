"""Combined pieces and chains by the unmodified bot with real workers, in both languages, and on the command line."""

from __future__ import annotations

import asyncio
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


@pytest.fixture(scope="session")
async def speaking(settings: Settings, environments: None) -> None:
    """The environments of nobody's voices and of the mark are there, too."""
    made = environments_of(settings, report=print)
    for family in ("voices", "listening"):
        await made.ensure(family)


def job_of(post: dict[str, Any]) -> str:
    """As it stands below a post."""
    return str(post["embeds"][0]["footer"]["text"].split()[-1])


def kinds(post: dict[str, Any]) -> list[str]:
    return [one["filename"].rpartition(".")[2] for one in post["attachments"]]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (
            "ada",
            {"image": "bild", "count": "anzahl", "speech": "stimme", "picture": "bild1", "said": "stimme"},
        ),
        (
            "ben",
            {"image": "image", "count": "count", "speech": "speech", "picture": "picture1", "said": "speech"},
        ),
    ],
)
async def test_what_was_posted_becomes_one_piece(
    klass: Klass, speaking: None, name: str, words: dict[str, str]
) -> None:
    visitor, locale = klass.visitors[name], {"ada": "de", "ben": "en"}[name]
    picture = await klass.result(
        visitor.command(words["image"], prompt="a red circle", seed="7", **{words["count"]: 1})
    )
    text = {"de": "Ein roter Kreis.", "en": "A red circle."}[locale]
    speech = await klass.result(visitor.command(words["speech"], text=text, seed="3"))
    chosen = {words["picture"]: f"{job_of(picture)}:1", words["said"]: f"{job_of(speech)}:1"}
    post = await klass.result(visitor.command("clip", **chosen))
    assert kinds(post) == ["mp4", "png", "srt"]
    (embed,) = post["embeds"]
    assert text in embed["description"]
    assert "Seed 7" in embed["description"] or "seed 7" in embed["description"]
    for label in ("post.label", "speech.label"):
        assert SENTENCES.text(label, locale) in embed["author"]["name"]
    video, _, srt = [await visitor.download(one) for one in post["attachments"]]
    assert video[4:8] == b"ftyp"
    assert job_of(speech).encode() in video  # the recipe names what it was made of
    assert text in srt.decode()


async def test_nothing_to_see_is_said(klass: Klass) -> None:
    said = await klass.answer(klass.ada.command("clip", titel="Leer"))
    assert said["content"] == SENTENCES.text("error.clip_empty", "de")


async def test_a_theme_becomes_everything(
    klass: Klass, speaking: None, music: None, text_python: Path
) -> None:
    before = set((await channel(klass)).keys())
    await klass.answer(klass.ada.command("kette", thema="a red circle", seed="40"))

    async def all_there() -> list[dict[str, Any]]:
        async with asyncio.timeout(PATIENCE * 2):
            while True:
                new = [one for key, one in (await channel(klass)).items() if key not in before]
                if any("mp4" in kinds(one) for one in new):
                    return new
                assert not any("Kette endet" in one["content"] for one in new), new
                await asyncio.sleep(0.3)

    posts = await all_there()
    assert len(posts) == 5
    piece = next(one for one in posts if "mp4" in kinds(one))
    video = await klass.ada.download(piece["attachments"][0])
    for medium in ("text", "image", "speech", "music"):  # the recipe in the file
        assert f'"medium": "{medium}"'.encode() in video
    named = [job_of(post) for post in posts if "footer" in post["embeds"][0]]
    assert len(named) >= 4
    assert all(job.encode() in video for job in named)


async def channel(klass: Klass) -> dict[str, dict[str, Any]]:
    """What stands in the channel, by the messages' ids, the oldest first."""
    return {str(one["id"]): one for one in reversed(await klass.ada.messages())}


Make = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Run `atelier generate`; gives its exit code and the JSON that it printed. Its files lie in `out`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ATELIER_")}
    cache = {name: os.environ[name] for name in ("ATELIER_CACHE_DIR",) if name in os.environ}
    variables = {"ATELIER_DATA_DIR": str(tmp_path / "data"), "ATELIER_WORKER_THREADS": "1"}

    def run(*words: str) -> tuple[int, dict[str, Any]]:
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "bot.cli",
                "generate",
                *words,
                "--json",
                "--language",
                "de",
                "--out",
                "out",
            ],
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


def test_files_that_were_generated_become_one(make: Make, speaking: None, tmp_path: Path) -> None:
    code, pictures = make("image", "a red circle", "--count", "2", "--seed", "7", "--steps", "4")
    assert code == 0, pictures
    code, speech = make("speech", "Ein roter Kreis.", "--seed", "3")
    assert code == 0, speech
    sound = next(name for name in speech["files"] if "-audio-" in name)
    arguments = ["--pictures", "out", "--speech", f"out/{sound}", "--title", "Kreise", "--subtitles", "track"]
    code, clip = make("clip", *arguments)
    assert (code, clip["verdict"]) == (0, "approved"), clip
    assert clip["lines"][0] == "Kreise"
    assert clip["sound"]
    assert clip["frames"] > 20
    assert sorted(Path(name).suffix for name in clip["files"]) == [".mp4", ".png", ".srt"]
    (tmp_path / "out" / sound).write_bytes(b"OggS of somebody else")
    code, refused = make("clip", *arguments)
    assert (code, refused["code"]) == (1, "clip_changed")
