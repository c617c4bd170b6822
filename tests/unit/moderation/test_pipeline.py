import asyncio
import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from moderation.pipeline import Decision, ImageScore, Pipeline
from moderation.verdict import CHECK_FAILED, Verdict
from moderation.words import WordCheck
from tests.unit.moderation.faults import (
    AUDIO_FAULTS,
    AUDIO_FILE_FAULTS,
    BOUNDS,
    FAULTS,
    SOUND,
    TEXT_FAULTS,
    allow_images,
    allow_text,
    inject,
    inject_audio,
    inject_text,
    pictures,
)


class Refusing:
    """A text check that refuses one word and remembers what it was asked."""

    def __init__(self, word: str) -> None:
        self.name = f"no {word}"
        self._word = word
        self.asked: list[str] = []

    def __call__(self, text: str) -> Verdict:
        self.asked.append(text)
        return Verdict.refuse(self.name, "sexual") if self._word in text else allow_text(text)


async def flag_marked(files: Sequence[Path]) -> list[ImageScore]:
    """Flags the pictures in whose bytes "bad" stands."""
    return [ImageScore(file, flagged=b"bad" in file.read_bytes(), scores=(0.5,)) for file in files]


def pipeline(**changes: Any) -> Pipeline:
    return Pipeline(**{"text_checks": [allow_text], "image_check": flag_marked, "timeout_s": 5.0, **changes})


async def test_only_flagged_pictures_go_and_their_files_with_them(tmp_path: Path) -> None:
    files = pictures(tmp_path)
    files[2].write_bytes(b"bad")
    decision = await pipeline().approve_images(files)
    assert decision.approved is not None
    assert decision.approved.value == (files[0], files[1], files[3])
    assert decision.flagged == (2,)
    assert [verdict.code for verdict in decision.verdicts] == ["", "", "image_flagged", ""]
    assert [file.exists() for file in files] == [True, True, False, True]
    assert [bool(found) for found in decision.digests] == [True, True, False, True]


async def test_no_picture_left_is_nothing_approved(tmp_path: Path) -> None:
    (file,) = pictures(tmp_path, 1)
    file.write_bytes(b"bad")
    assert (await pipeline().approve_images([file])).approved is None
    assert (await pipeline().approve_images([])).approved is None


async def test_the_same_picture_twice_is_refused(tmp_path: Path) -> None:
    (file,) = pictures(tmp_path, 1)
    decision = await pipeline().approve_images([file, file])
    assert decision.approved is None
    assert not file.exists()


@pytest.mark.parametrize("spoil", ["missing", "empty", "folder", "link", "pipe"])
async def test_what_is_no_picture_file_is_refused_alone(tmp_path: Path, spoil: str) -> None:

    files = pictures(tmp_path, 3)
    target = files[1]
    target.unlink()
    if spoil == "empty":
        target.touch()
    elif spoil == "folder":
        target.mkdir()
    elif spoil == "link":
        target.symlink_to(files[0])
    elif spoil == "pipe":
        os.mkfifo(target)
    decision = await pipeline().approve_images(files)
    assert decision.flagged == (1,)
    assert decision.verdicts[1].code == CHECK_FAILED
    assert decision.approved is not None
    assert decision.approved.value == (files[0], files[2])


@pytest.mark.parametrize("victim", [0, 3])
@pytest.mark.parametrize("name", FAULTS)
async def test_no_fault_publishes(tmp_path: Path, name: str, victim: int) -> None:
    outcome = await inject(name, tmp_path, victim)
    assert not outcome.published
    assert not outcome.left_on_disk
    assert outcome.code == CHECK_FAILED


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("name", TEXT_FAULTS)
async def test_no_fault_of_a_text_check_publishes(name: str, before: bool) -> None:
    outcome = await inject_text(name, before=before)
    assert not outcome.published
    assert outcome.code == CHECK_FAILED


async def test_a_cancelled_caller_gets_cancelled_and_the_files_go(tmp_path: Path) -> None:
    files = pictures(tmp_path)
    asked, ended = asyncio.Event(), asyncio.Event()

    async def wait(given: Sequence[Path]) -> list[ImageScore]:
        asked.set()
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()
        return await allow_images(given)

    task = asyncio.create_task(pipeline(image_check=wait).approve_images(files))
    await asked.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.wait_for(ended.wait(), 1)
    assert not any(file.exists() for file in files)


async def test_every_text_check_counts() -> None:
    checks = [Refusing(word) for word in ("eins", "zwei", "drei")]
    built = pipeline(text_checks=checks)
    for word in ("eins", "zwei", "drei"):
        assert (await built.check_text(f"bild von {word}")).check == f"no {word}"
    assert (await built.check_text("vier")).allowed


@pytest.mark.parametrize("texts", [("nackt", ""), ("", "nackt"), ("Haus", "See", "nackt"), ("nac", "kt")])
async def test_every_text_is_asked_and_all_joined(texts: tuple[str, ...]) -> None:
    assert (await pipeline(text_checks=[WordCheck()]).check_text(*texts)).code == "sexual"


async def test_a_phrase_across_two_texts_is_found() -> None:
    check = Refusing("bombe bauen")
    assert not (await pipeline(text_checks=[check]).check_text("bombe", "bauen")).allowed


async def test_no_text_still_asks_every_check() -> None:
    check = Refusing("nie")
    assert (await pipeline(text_checks=[check]).check_text()).allowed
    assert check.asked == [""]


async def test_something_other_than_text_is_refused() -> None:
    assert (await pipeline().check_text("Haus", None)).code == CHECK_FAILED  # type: ignore[arg-type]


async def test_text_that_a_model_wrote() -> None:
    built = pipeline(text_checks=[WordCheck()])
    decision = await built.approve_text("Ein Gedicht", "über den See")
    assert decision.approved is not None
    assert decision.approved.value == ("Ein Gedicht", "über den See")
    assert (await built.approve_text("Ein Gedicht", "über Pornos")).approved is None


async def approve_sounds(built: Pipeline, files: Sequence[Path], *texts: str) -> Decision[tuple[Path, ...]]:
    return await built.approve_audio(files, measured=[SOUND] * len(files), bounds=BOUNDS, texts=texts)


async def test_sounds_are_judged_by_their_texts(tmp_path: Path) -> None:
    built = pipeline(text_checks=[WordCheck()])
    (sound,) = pictures(tmp_path, 1)
    decision = await approve_sounds(built, [sound], "Reggae mit Gitarre")
    assert decision.approved is not None
    assert decision.approved.value == (sound,)
    assert len(decision.digests[0]) == 64
    assert (await approve_sounds(built, [sound], "Reggae", "sag: Hurensohn")).verdict.code == "hate"
    assert not sound.exists()
    assert (await approve_sounds(built, [sound], "Reggae")).verdict.code == CHECK_FAILED
    assert (await approve_sounds(built, [], "Reggae")).approved is None


@pytest.mark.parametrize("victim", [0, 3])
@pytest.mark.parametrize("name", [*AUDIO_FAULTS, *AUDIO_FILE_FAULTS])
async def test_no_fault_of_a_sound_publishes(tmp_path: Path, name: str, victim: int) -> None:
    outcome = await inject_audio(name, tmp_path, victim)
    assert not outcome.published
    assert not outcome.left_on_disk


async def test_every_sound_is_measured_and_no_other(tmp_path: Path) -> None:
    for number, (count, measured) in enumerate([(2, 1), (2, 3), (1, 0)]):
        folder = tmp_path / str(number)
        folder.mkdir()
        files = pictures(folder, count)
        decision = await pipeline().approve_audio(
            files, measured=[SOUND] * measured, bounds=BOUNDS, texts=["ein Lied"]
        )
        assert decision.approved is None
        assert not any(file.exists() for file in files)


async def test_the_same_sound_twice_is_refused(tmp_path: Path) -> None:
    (file,) = pictures(tmp_path, 1)
    assert (await approve_sounds(pipeline(), [file, file], "ein Lied")).approved is None


@pytest.mark.parametrize(
    "changes",
    [
        {"text_checks": []},
        {"text_checks": [None]},
        {"image_check": None},
        {"timeout_s": 0.0},
        {"timeout_s": float("nan")},
        {"timeout_s": float("inf")},
    ],
)
def test_a_pipeline_lacking_a_check_cannot_be_built(changes: dict[str, Any]) -> None:
    with pytest.raises((TypeError, ValueError)):
        pipeline(**changes)


async def test_ready_tells_a_working_pipeline_from_a_broken_one() -> None:
    async def broken(files: Sequence[Path]) -> list[ImageScore]:
        raise RuntimeError

    words = [WordCheck()]
    assert (await pipeline(text_checks=words).ready()).allowed
    assert (await pipeline().ready()).code == CHECK_FAILED, "a filter that refuses nothing"
    assert (await pipeline().ready(must_refuse=None)).allowed
    assert not (await pipeline(text_checks=[lambda text: None]).ready()).allowed
    assert not (await pipeline(text_checks=words, image_check=broken).ready()).allowed


async def test_prompts_are_never_logged_above_debug(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    def quoting(text: str) -> Verdict:
        raise ValueError(text)

    with caplog.at_level(logging.INFO):
        await pipeline(text_checks=[quoting]).check_text("mein geheimer Prompt")
        await inject("raises", tmp_path, 0)
    assert "ValueError" in caplog.text
    assert "geheim" not in caplog.text
    assert "must not be logged" not in caplog.text
