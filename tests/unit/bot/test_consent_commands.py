"""`atelier consent` on a data folder: the operator lists, confirms a teacher's own voice, refuses, revokes, exports."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pytest
from filelock import FileLock
from typer.testing import CliRunner, Result

from bot.cli import app
from bot.i18n import Sentences
from data.audit import Audit
from data.database import LOCK_NAME, Database
from data.voice_records import OPERATOR, Consent, Voice, VoiceState
from tests.voice_room import Clock, Room

SENTENCES = Sentences.load(strict=True)
T = TypeVar("T")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ATELIER_DATA_DIR", str(tmp_path / "data"))
    return tmp_path


def inside(folder: Path, work: Callable[[Room], Awaitable[T]]) -> T:
    """Do something with the voices of that data folder, as a bot would, and close it again."""

    async def run() -> T:
        async with await Database.open(folder / "data") as database:
            return await work(Room(database, folder / "data", clock=Clock(now=time.time() - 10)))

    return asyncio.run(run())


def call(*words: str, keys: str = "", language: str = "en") -> Result:
    return CliRunner().invoke(app, ["consent", *words, "--language", language], input=keys)


def waiting(folder: Path, **facts: object) -> Voice:
    return inside(folder, lambda room: room.waiting("sommer", as_teacher=True, **facts))


def state(folder: Path, voice: Voice) -> VoiceState:
    found = inside(folder, lambda room: room.voices.get(voice.id, voice.guild))
    assert found is not None
    return found.state


def test_the_list_can_be_piped_and_errors_are_in_the_language_that_was_asked_for(folder: Path) -> None:
    voice = waiting(folder)
    answer = call("list", language="de")
    assert answer.stdout.startswith(voice.id)
    assert answer.stderr == ""
    for language in ("de", "en"):
        answer = call("revoke", "0" * 16, language=language)
        assert answer.stderr.strip() == SENTENCES.text("error.refused_voice_unknown", language)


def test_an_empty_folder_says_so(folder: Path) -> None:
    for language in ("de", "en"):
        answer = call("list", language=language)
        assert answer.exit_code == 0
        assert SENTENCES.text("consent_cli.nothing", language) in answer.output


def test_the_list_shows_who_waits_and_what_lives(folder: Path) -> None:
    voice = waiting(folder)
    consent: Consent = inside(folder, lambda room: room.granted("anna"))
    lines = call("list").output.splitlines()
    assert [line.split()[:2] for line in lines] == [[voice.id, "waits"], [consent.voice, "lives"]]


def test_a_teachers_voice_is_confirmed_and_the_log_says_by_whom(folder: Path) -> None:
    voice = waiting(folder)
    answer = call("confirm", voice.id, "--in-room", "--teacher", "--lasting", "day")
    assert answer.exit_code == 0, answer.output
    consent = inside(folder, lambda room: room.consents.of_voice(voice.id))
    assert consent is not None
    assert consent.witness == "operator"
    assert consent.until - consent.granted_at == pytest.approx(24 * 3600, abs=5)
    decisions = inside(folder, lambda room: room.consents.decisions("class"))
    assert [(one.who, one.what) for one in decisions][-1] == ("operator", "granted")


def test_a_pupils_voice_is_not_the_operators_to_confirm(folder: Path) -> None:
    """Neither age nor parents would have been asked for."""
    voice = inside(folder, lambda room: room.waiting("ben"))
    answer = call("confirm", voice.id, "--in-room", "--teacher")
    assert answer.exit_code != 0
    assert SENTENCES.text("error.consent_pupil", "en") in answer.output
    assert state(folder, voice) is VoiceState.WAITING


@pytest.mark.parametrize("given", [(), ("--in-room",), ("--teacher",)])
def test_both_must_be_stated(folder: Path, given: tuple[str, ...]) -> None:
    voice = waiting(folder)
    answer = call("confirm", voice.id, *given)
    assert answer.exit_code == 2
    assert SENTENCES.text("error.consent_confirm", "en") in answer.output
    assert state(folder, voice) is VoiceState.WAITING


@pytest.mark.parametrize(("keys", "granted"), [("y\n", True), ("n\n", False), ("\n", False)])
def test_open_questions_are_asked(folder: Path, keys: str, granted: bool) -> None:
    voice = waiting(folder, alike={"usable": False, "similarity": None, "why": "short"})
    answer = call("confirm", voice.id, "--in-room", "--teacher", keys=keys)
    assert SENTENCES.text("witness.ask_speaker_unmeasured", "en") in answer.output
    assert re.search(r"/voices/\w+\.wav", answer.output), "the operator is told what to listen to"
    assert (answer.exit_code == 0) == granted
    assert state(folder, voice) is (VoiceState.GRANTED if granted else VoiceState.WAITING)


def test_refusing_and_revoking_delete_the_recordings(folder: Path) -> None:
    voice = waiting(folder)
    assert call("refuse", voice.id).exit_code == 0
    assert state(folder, voice) is VoiceState.REFUSED
    consent = inside(folder, lambda room: room.granted("anna"))
    answer = call("revoke", consent.voice)
    assert answer.exit_code == 0, answer.output
    found = inside(folder, lambda room: room.consents.of_voice(consent.voice))
    assert found is not None
    assert found.revoked_at is not None
    assert list((folder / "data" / "voices").iterdir()) == []


def test_an_unknown_voice_is_one_sentence(folder: Path) -> None:
    for command in ("confirm", "refuse", "revoke"):
        more = ["--in-room", "--teacher"] if command == "confirm" else []
        answer = call(command, "0" * 16, *more)
        assert answer.exit_code == 1
        assert "Traceback" not in answer.output


def test_the_export_is_a_folder_for_each_server(folder: Path) -> None:
    inside(folder, lambda room: room.granted("anna"))
    inside(folder, lambda room: room.granted("ben", "other"))
    assert call("export", "--format", "json", "--out", "book").exit_code == 0
    for guild, person in (("class", "anna"), ("other", "ben")):
        plain = json.loads((folder / "book" / guild / "consents.json").read_text("utf-8"))
        assert [one["person"] for one in plain["consents"]] == [person]
    assert call("export", "--out", "book").exit_code == 0
    assert (folder / "book" / "class" / "decisions.csv").is_file()


def test_the_clock_is_taken_and_every_consent_ends(folder: Path) -> None:
    consent = inside(folder, lambda room: room.granted("anna"))
    answer = call("clock", language="de")
    assert SENTENCES.text("consent_cli.clock", "de", n=1) in answer.output
    found = inside(folder, lambda room: room.consents.of_voice(consent.voice))
    assert found is not None
    assert found.revoked_at is not None


def test_while_a_bot_has_the_folder_it_says_where_to_go(folder: Path) -> None:
    (folder / "data").mkdir()
    with FileLock(folder / "data" / LOCK_NAME):
        answer = call("list")
    assert answer.exit_code == 1
    assert SENTENCES.text("consent_cli.locked", "en") in answer.output


def test_what_the_operator_ends_stays_ended_and_is_a_line_of_the_log(folder: Path) -> None:
    """Also where the folder as it was before is put back, whichever command comes first."""
    assert call("list").exit_code == 0
    consent = inside(folder, lambda room: room.granted("anna"))
    shutil.copytree(folder / "data", folder / "copy")
    assert call("revoke", consent.voice).exit_code == 0

    async def lines(room: Room) -> tuple[list[tuple[str, str]], int | None]:
        audit = Audit(room.database, folder / "data-records")
        entries = await audit.entries(consent.guild)
        return [(one.actor, one.what) for one in entries][1:], await audit.verify()

    assert inside(folder, lines) == ([(OPERATOR, "voice.revoked")], None)
    shutil.rmtree(folder / "data")
    shutil.copytree(folder / "copy", folder / "data")
    assert call("list").exit_code == 0
    found = inside(folder, lambda room: room.consents.of_voice(consent.voice))
    assert found is not None
    assert found.revoked_at is not None
    assert inside(folder, lines)[0] == [("atelier", "voice.revoked")]
