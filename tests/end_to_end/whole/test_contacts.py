"""While a class works, the bot and its workers speak to Discord's server and to nobody else, native libraries included:
the kernel's calls are watched, from the bot's first one on."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from bot.families import environments_of
from bot.settings import Settings
from data.audit_head import FILE_NAME as HEADS
from data.data_map import unlisted_files
from data.tombstones import FILE_NAME as TOMBSTONES
from tests.end_to_end.whole.conftest import PATIENCE, Klass, open_class
from tests.unit.bot.local.openapi import Description

CANARY = "ein roter Kreis neben einem gelben Kanarienvogel"
STRACE = shutil.which("strace")
WATCHED = "trace=connect,sendto,sendmsg,sendmmsg"
_ADDRESS = re.compile(
    r"sa_family=(?P<family>AF_\w+)(?:.*?sin6?_port=htons\((?P<port>\d+)\))?"
    r"(?:.*?(?:inet_addr\(\"|inet_pton\(AF_INET6, \")(?P<host>[^\"]+)\")?"
)
pytestmark = pytest.mark.skipif(STRACE is None, reason="strace is not installed")


def watching(folder: Path, log: Path) -> Path:
    """What is called instead of the interpreter: the same process, with a watcher beside it."""
    file = folder / "watched-python"
    file.write_text(
        f'#!/bin/sh\nexec {STRACE} -f -D --seccomp-bpf -qq -e signal=none -e {WATCHED} -o {log} {sys.executable} "$@"\n'
    )
    file.chmod(0o700)
    return file


def contacts(log: Path) -> Iterator[tuple[str, int]]:
    """Every address on a network that anything was sent to; what stays in the machine's kernel is none."""
    for line in log.read_text("utf-8", "replace").splitlines():
        for found in _ADDRESS.finditer(line):
            if found["family"] in {"AF_INET", "AF_INET6"}:
                yield found["host"] or line, int(found["port"] or 0)


def test_what_is_watched_is_seen(tmp_path: Path) -> None:
    """A look-up of a name is a contact, too."""
    script = (
        "import socket\n"
        "for place in (('127.0.0.1', 9), ('::1', 7)):\n"
        "    try: socket.create_connection(place, 1)\n"
        "    except OSError: pass\n"
        "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.3', 53))\n"
        "socket.socketpair()\n"
    )
    subprocess.run([watching(tmp_path, tmp_path / "log"), "-c", script], check=True, timeout=60)
    assert {("127.0.0.1", 9), ("127.0.0.3", 53)} <= set(contacts(tmp_path / "log"))
    assert (("::1", 7) in set(contacts(tmp_path / "log"))) is socket.has_ipv6


async def test_a_class_at_work_contacts_its_server_alone(
    settings: Settings,
    environments: None,
    music: None,
    description: Description | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = environments_of(settings, report=print)
    for family in ("voices", "listening"):
        await made.ensure(family)
    log = tmp_path / "contacts"
    monkeypatch.setattr("bot.bot_process.sys.executable", str(watching(tmp_path, log)))
    async with open_class(settings, tmp_path, description, ATELIER_WORK_DIR=str(tmp_path / "work")) as klass:
        monkeypatch.undo()
        server = urlsplit(klass.server.base_url)
        await _work(klass)
        words = (CANARY, _id_of(klass, "Ada"))
        assert _traces(tmp_path, *words) == []
        assert _traces(tmp_path, _id_of(klass, "Ben")) != []
        assert unlisted_files(tmp_path / "data") == []
        assert sorted(one.name for one in (tmp_path / "data-records").iterdir()) == [HEADS, TOMBSTONES]
    assert _traces(tmp_path, *words) == []
    found = set(contacts(log))
    assert ("127.0.0.1", server.port) in found
    assert found <= {("127.0.0.1", server.port), ("127.0.0.1", 0), ("::1", 0)}
    processes = {line.split()[0] for line in log.read_text().splitlines()}
    assert len(processes) > 1, "its workers were watched, too"


def _id_of(klass: Klass, name: str) -> str:
    """As Discord told the bot."""
    asked = (one.data["member"]["user"] for one in klass.dispatched if one.name == "INTERACTION_CREATE")
    return str(next(user["id"] for user in asked if name in {user["username"], user["global_name"]}))


def _traces(folder: Path, *words: str) -> list[str]:
    """The bot's files, log and work folder included, that hold one of these words."""
    files = [one for one in folder.rglob("*") if one.is_file() and one.name != "contacts"]
    assert any(one.name == "bot.log" for one in files)
    return [str(one) for one in files if any(word.encode() in one.read_bytes() for word in words)]


async def _work(klass: Klass) -> None:
    """A result of each family that is here, some of them at once."""
    waiting = [
        klass.ada.command("bild", prompt=CANARY, anzahl=1, seed="7"),
        klass.ben.command("speech", text="Good morning, dear class!", seed="3"),
        klass.chiara.command("musik", prompt="a calm tune", laenge=2),
    ]
    posts = [await klass.result(handle) for handle in waiting]
    picture, speech, _ = (post["id"] for post in posts)
    assert picture != speech
    assert (
        b"Kanarienvogel"
        in (klass.data_dir / "atelier.sqlite").read_bytes()
        + (klass.data_dir / "atelier.sqlite-wal").read_bytes()
    )
    shown = klass.ada.command("meine-daten exportieren").message(
        lambda one: bool(one["attachments"]), timeout=PATIENCE
    )
    assert await shown
    deleted = klass.ada.command("meine-daten loeschen", wirklich=True).message(
        lambda one: bool(one["content"]), timeout=PATIENCE
    )
    assert (await deleted)["content"]
