"""`atelier models` as a process of its own, against a hub on loopback that goes wrong in every way a hub can."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

import bot
from bot.i18n import Sentences
from bot.models.errors import PullFailed
from bot.models.hub import Hub
from bot.models.pull import Pull
from bot.models.store import Store
from generation.catalog import Catalog, ModelInfo, Source
from tests.hub_server import FOR_EVER, HubServer, Repository, sha256

ROOT = Path(bot.__file__).parents[1]
SENTENCES = Sentences.load(strict=True)
FEW_STEPS, BIG = "lcm-dreamshaper-7", "unet/diffusion_pytorch_model.safetensors"
LFS_BYTES = 5 * 1024 * 1024
CHUNK = 1024 * 1024
TOKEN = "hf_secretsecretsecret"


def entry(model_id: str, tmp_path: Path) -> ModelInfo:
    return Catalog.read(ROOT / "generation" / "families", tmp_path / "none").get(model_id)


def contents(model: ModelInfo) -> dict[str, bytes]:
    """Files of the right formats, of other bytes than the real ones."""
    made = {}
    for name in model.files:
        body = json.dumps({"file": name}).encode()
        if name == BIG:
            body = (8).to_bytes(8, "little") + b"{" + os.urandom(LFS_BYTES)
        elif name.endswith(".safetensors"):
            body = (8).to_bytes(8, "little") + b"{" + name.encode() * 50
        elif name.endswith(".gguf"):
            body = b"GGUF" + name.encode() * 50
        made[name] = body
    return made


@dataclass
class Command:
    """`atelier models …` in German; `folder` is where models are kept."""

    folder: Path
    variables: dict[str, str]

    def start(self, *words: str, **more: Any) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "bot.cli", "models", *words],
            env=self.variables,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **more,
        )

    def __call__(self, *words: str, answer: str = "", **more: Any) -> tuple[int, str, str]:
        process = self.start(*words, **more)
        out, error = process.communicate(answer, timeout=90)
        assert TOKEN not in out + error
        assert "Traceback" not in error, error
        return process.returncode, out, error.strip()

    def pull(self, *words: str, **more: Any) -> tuple[int, str, str]:
        return self("pull", FEW_STEPS, "--trust-first-download", *words, **more)

    def left(self) -> list[str]:
        """Everything that is there besides locks."""
        return sorted(
            str(one.relative_to(self.folder))
            for one in self.folder.rglob("*")
            if one.is_file() and one.suffix != ".lock"
        )


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[HubServer]:
    server = HubServer()
    model = entry(FEW_STEPS, tmp_path)
    assert model.repository
    assert model.revision
    server.repositories[model.repository] = Repository(model.revision, contents(model))
    with server.running():
        yield server


@pytest.fixture
def command(tmp_path: Path, hub: HubServer) -> Command:
    folder = tmp_path / "models"
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "ATELIER_"))}
    variables = {
        **kept,
        "PYTHONPATH": str(ROOT),
        "LC_ALL": "de_DE.UTF-8",
        "HF_ENDPOINT": hub.address,
        "HF_HOME": str(tmp_path / "client"),
        "HF_TOKEN": TOKEN,
        "ATELIER_MODELS_DIR": str(folder),
        "ATELIER_DATA_DIR": str(tmp_path / "data"),
        "ATELIER_MEMORY_MB": "8000",
        "ATELIER_FAMILIES": "diffusion,safety,media",
    }
    return Command(folder, variables)


def said(key: str, **values: object) -> str:
    return SENTENCES.text(f"error.{key}", "de", **values)


def repository_of(hub: HubServer) -> Repository:
    return next(iter(hub.repositories.values()))


def test_a_model_is_fetched_pinned_checked_and_then_used_offline(command: Command, hub: HubServer) -> None:
    code, _, error = command.pull()
    assert code == 0, error
    assert SENTENCES.text(
        "models.needs_checker",
        "de",
        model="LCM Dreamshaper v7",
        id="stable-diffusion-safety-checker",
    ) in " ".join(error.split("\n"))
    files = repository_of(hub).files
    assert command.left() == sorted([f"{FEW_STEPS}/{name}" for name in (*files, "pinned.json")])
    for name, body in files.items():
        assert (command.folder / FEW_STEPS / name).read_bytes() == body
    pinned = json.loads((command.folder / FEW_STEPS / "pinned.json").read_text())
    (source,) = pinned["sources"]
    assert source["commit"] == repository_of(hub).commit
    assert source["files"] == {name: sha256(body) for name, body in files.items()}
    _offline_from_now_on(command, hub)


def _offline_from_now_on(command: Command, hub: HubServer) -> None:
    # the token goes to the hub and nowhere else
    assert {call.token for call in hub.calls if call.path.startswith("/api/")} == {f"Bearer {TOKEN}"}
    large = [call for call in hub.calls if call.sent > 0 and call.path.endswith(".safetensors")]
    assert large
    assert {call.token for call in large} == {None}
    hub.stop()
    assert command("verify")[0] == 0
    code, out, _ = command("list", "--json")
    rows = {row["id"]: row for row in json.loads(out)}
    assert code == 0
    assert rows[FEW_STEPS]["installed"]
    assert rows[FEW_STEPS]["default"]
    assert rows[FEW_STEPS]["unconfirmed"] == ["files", "memory_mb"]
    assert not rows["mini"]["default"]
    assert command.pull() == (1, "", said("pull_already", model="LCM Dreamshaper v7", id=FEW_STEPS))


def test_nothing_unconfirmed_is_trusted_silently(command: Command, hub: HubServer) -> None:
    expected = said("pull_unconfirmed", model="LCM Dreamshaper v7", id=FEW_STEPS)
    assert command("pull", FEW_STEPS) == (1, "", expected)
    assert hub.calls == []


def test_what_is_confirmed_is_binding(command: Command, hub: HubServer, tmp_path: Path) -> None:
    model = entry("stable-diffusion-1.5", tmp_path)
    assert model.repository
    assert model.revision
    hub.repositories[model.repository] = Repository(model.revision, contents(model))
    code, _, error = command("pull", model.id, "--trust-first-download")
    assert (code, error) == (1, said("pull_wrong_hash", file="text_encoder/model.fp16.safetensors"))
    assert hub.sent("model.fp16.safetensors") == 0
    assert command.left() == []
    repository = hub.repositories[model.repository] = Repository("0" * 40, contents(model))
    assert command("pull", model.id)[2] == said("pull_no_revision", repository=model.repository)
    del repository


def test_a_cut_connection_is_taken_up_again(command: Command, hub: HubServer) -> None:
    hub.cuts[BIG] = [2 * CHUNK + 5, 100, CHUNK]
    code, _, error = command.pull()
    assert code == 0, error
    # only what had not filled a chunk yet came twice
    assert hub.sent(BIG) <= LFS_BYTES + 3 * CHUNK
    starts = [call.start for call in hub.calls if call.path.endswith(BIG) and call.sent]
    assert starts == sorted(starts)
    assert starts[1] == 2 * CHUNK


def test_a_later_try_goes_on_where_the_first_one_stopped(command: Command, hub: HubServer) -> None:
    hub.cuts[BIG] = [3 * CHUNK, FOR_EVER]
    assert command.pull() == (1, "", said("pull_cut", address=hub.address))
    assert not (command.folder / FEW_STEPS).exists()
    hub.cuts[BIG] = []
    before = len(hub.calls)
    assert command.pull()[0] == 0
    again = [call for call in hub.calls[before:] if call.sent and "/api/" not in call.path]
    (call,) = [call for call in again if call.path.endswith(BIG)]
    assert call.start == 3 * CHUNK
    assert not any(call.path.endswith("text_encoder/model.safetensors") for call in again)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_ended_in_the_middle(command: Command, hub: HubServer, how: signal.Signals) -> None:
    hub.pause = 0.02
    process = command.start("pull", FEW_STEPS, "--trust-first-download")
    deadline = time.monotonic() + 60
    while not any(part.stat().st_size >= CHUNK for part in command.folder.rglob("*.part")):
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(how)
    _, error = process.communicate(timeout=30)
    assert "Traceback" not in error
    assert process.returncode == (130 if how is signal.SIGINT else -how)
    assert not (command.folder / FEW_STEPS).exists()
    hub.pause = 0
    before = len(hub.calls)
    assert command.pull()[0] == 0
    assert any(call.start >= CHUNK for call in hub.calls[before:])


@pytest.mark.parametrize("name", [BIG, "vae/config.json"])
def test_a_wrong_hash(command: Command, hub: HubServer, name: str) -> None:
    repository_of(hub).spoilt = {name}
    assert command.pull() == (1, "", said("pull_wrong_hash", file=name))
    assert not (command.folder / FEW_STEPS).exists()
    repository_of(hub).spoilt = set()
    assert command.pull()[0] == 0


def test_a_pickle_under_another_name(command: Command, hub: HubServer) -> None:
    repository_of(hub).files[BIG] = b"\x80\x04cposix\nsystem\n" * 100
    assert command.pull() == (1, "", said("pull_format", file=BIG))
    assert not (command.folder / FEW_STEPS).exists()


def limit_files() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (2 * CHUNK, 2 * CHUNK))


def test_a_disk_that_becomes_full(command: Command) -> None:
    code, _, error = command.pull(preexec_fn=limit_files)
    assert (code, error) == (1, said("pull_disk_full"))
    assert command.left() == []
    assert command.pull()[0] == 0


def test_a_disk_that_is_too_small_is_noticed_before(command: Command, hub: HubServer) -> None:
    repository_of(hub).claims[BIG] = 10**17
    code, _, error = command.pull()
    assert code == 1
    assert error.startswith(SENTENCES.forms("error.pull_no_space", "de")[0].partition("{")[0])
    assert command.left() == []
    assert not any("/resolve/" in call.path for call in hub.calls)


def damage_missing(hub: HubServer) -> str:
    del repository_of(hub).files["vae/config.json"]
    return said("pull_file_missing", file="vae/config.json", repository="SimianLuo/LCM_Dreamshaper_v7")


def damage_gone(hub: HubServer) -> str:
    hub.repositories.clear()
    return said("pull_no_repository", repository="SimianLuo/LCM_Dreamshaper_v7")


def damage_gated(hub: HubServer) -> str:
    repository_of(hub).gated = 401
    return said("pull_gated", repository="SimianLuo/LCM_Dreamshaper_v7")


def damage_forbidden(hub: HubServer) -> str:
    repository_of(hub).gated = 403
    return said("pull_gated", repository="SimianLuo/LCM_Dreamshaper_v7")


def damage_revision(hub: HubServer) -> str:
    repository_of(hub).commit = "1" * 40
    return said("pull_no_revision", repository="SimianLuo/LCM_Dreamshaper_v7")


def damage_network(hub: HubServer) -> str:
    address = hub.address
    hub.stop()
    return said("pull_offline", address=address)


@pytest.mark.parametrize(
    "damage",
    [damage_missing, damage_gone, damage_gated, damage_forbidden, damage_revision, damage_network],
)
def test_every_failure_is_one_sentence_and_leaves_no_model(
    command: Command, hub: HubServer, damage: Callable[[HubServer], str]
) -> None:
    expected = damage(hub)
    assert command.pull() == (1, "", expected)
    assert command.left() == []


@pytest.mark.parametrize("address", ["http://[", "http://127.0.0.1:1"])
def test_an_address_that_is_none(command: Command, address: str) -> None:
    command.variables["HF_ENDPOINT"] = address
    code, _, error = command.pull()  # the client itself prints a line on an address that it cannot read
    assert (code, error) == (1, said("pull_offline", address=address))


def test_in_english_too(command: Command, hub: HubServer) -> None:
    command.variables["LC_ALL"] = "en_GB.UTF-8"
    hub.repositories.clear()
    _, _, error = command.pull()
    assert error == SENTENCES.text(
        "error.pull_no_repository", "en", repository="SimianLuo/LCM_Dreamshaper_v7"
    )


# the same without a process of its own, for entries that the project does not have


class Steps:
    """Implements `pull.Progress`: what was told."""

    def __init__(self) -> None:
        self.total = 0
        self.done: list[int] = []

    def begin(self, total: int) -> None:
        self.total = total

    def at(self, name: str, done: int) -> None:
        self.done.append(done)


def two_sources(hub: HubServer, **more: Any) -> ModelInfo:
    """Weights of one repository and the settings of another, as Deliberate has them."""
    weights = (8).to_bytes(8, "little") + b"{" + os.urandom(3 * CHUNK)
    hub.repositories["one/weights"] = Repository("1" * 40, {"all.safetensors": weights, "all.ckpt": b"\x80"})
    hub.repositories["two/settings"] = Repository("2" * 40, {"unet/config.json": b"{}", "other.json": b"{}"})
    usual: dict[str, Any] = {
        "id": "both",
        "family": "diffusion",
        "medium": "image",
        "title": "Both",
        "path": None,
        "licence": "MIT",
        "languages": (),
        "memory_mb": 1,
        "data_sentence": {"de": "x", "en": "x"},
        "repository": "one/weights",
        "revision": "1" * 40,
        "files": {"all.safetensors": sha256(weights)},
        "extra": (
            Source(repository="two/settings", revision="2" * 40, files={"unet/config.json": sha256(b"{}")}),
        ),
    }
    return ModelInfo(**(usual | more))


def test_files_of_two_repositories(hub: HubServer, tmp_path: Path) -> None:
    store, steps = Store(tmp_path / "models"), Steps()
    model = two_sources(hub)
    Pull(store=store, hub=Hub(hub.address), progress=steps).run(model, trust=False)
    assert [pin.repository for pin in store.pins("both")] == ["one/weights", "two/settings"]
    assert (store.folder("both") / "unet" / "config.json").read_bytes() == b"{}"
    assert not (store.folder("both") / "other.json").exists()
    assert steps.done == sorted(steps.done)
    assert steps.done[-1] == steps.total == 3 * CHUNK + 9 + 2
    assert list(store.wrong_files(model, lambda _: None)) == []


def test_a_branch_is_pinned_to_its_commit(hub: HubServer, tmp_path: Path) -> None:
    store = Store(tmp_path / "models")
    doubtful: dict[str, Any] = {"revision": "main", "files": {"all.safetensors": ""}}
    model = two_sources(hub, **doubtful, extra=(), unconfirmed=("revision", "files"))
    pull = Pull(store=store, hub=Hub(hub.address), progress=Steps())
    with pytest.raises(PullFailed, match="pull_unconfirmed"):
        pull.run(model, trust=False)
    pull.run(model, trust=True)
    (pin,) = store.pins("both")
    assert pin.commit == "1" * 40
    assert list(store.wrong_files(model, lambda _: None)) == []


@pytest.mark.parametrize(
    ("files", "gated", "code"),
    [
        ({"all.ckpt": sha256(b"\x80")}, None, "pull_format"),
        ({"all.safetensors": "0" * 64}, None, "pull_wrong_hash"),
        (None, 500, "pull_hub"),
    ],
)
def test_what_is_refused_here_too(
    hub: HubServer, tmp_path: Path, files: dict[str, str] | None, gated: int | None, code: str
) -> None:
    store = Store(tmp_path / "models")
    model = two_sources(hub, **({} if files is None else {"files": files}))
    hub.repositories["one/weights"].gated = gated
    with pytest.raises(PullFailed) as caught:
        Pull(store=store, hub=Hub(hub.address), progress=Steps()).run(model, trust=True)
    assert caught.value.code == code
    assert SENTENCES.text(f"error.{code}", "de", **caught.value.values)
    assert not store.folder("both").exists()


def with_file(**changed: object) -> dict[str, object]:
    return {"id": "a/b", "sha": "1" * 40, "siblings": [{"rfilename": "all.safetensors", "size": 9} | changed]}


@pytest.mark.parametrize(
    "listing",
    [
        "<html>Please log in</html>",
        [],
        {},
        with_file() | {"sha": "../../other"},
        with_file() | {"sha": None},
        with_file() | {"siblings": "none"},
        with_file(size="9"),
        with_file(size=-1),
        with_file(lfs={"size": 9}),
        with_file(lfs={"sha256": "../../../evil", "size": 9, "pointerSize": 1}),
        with_file(blobId="../../../evil"),
    ],
)
def test_what_is_no_hub_is_not_believed(hub: HubServer, tmp_path: Path, listing: object) -> None:
    hub.listing = (listing if isinstance(listing, str) else json.dumps(listing)).encode()
    doubtful: dict[str, Any] = {"revision": "main", "files": {"all.safetensors": ""}, "extra": ()}
    model = two_sources(hub, **doubtful, unconfirmed=("revision", "files"))
    with pytest.raises(PullFailed) as caught:
        Pull(store=Store(tmp_path / "a" / "b"), hub=Hub(hub.address), progress=Steps()).run(model, trust=True)
    assert caught.value.code == "pull_no_hub"
    assert SENTENCES.text("error.pull_no_hub", "de", **caught.value.values)
    assert [one.suffix for one in tmp_path.rglob("*") if one.is_file()] == [".lock"]


def test_no_more_is_taken_than_was_announced(hub: HubServer, tmp_path: Path) -> None:
    model = two_sources(hub)
    hub.repositories["one/weights"].claims["all.safetensors"] = 1000
    store, steps = Store(tmp_path / "models"), Steps()
    with pytest.raises(PullFailed) as caught:
        Pull(store=store, hub=Hub(hub.address), progress=steps).run(model, trust=False)
    assert caught.value.code == "pull_wrong_size"
    assert max(steps.done) <= 1000
    assert not store.staging("both").exists()


def test_fetched_by_another_window_meanwhile(
    hub: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, model = Store(tmp_path / "models"), two_sources(hub)
    own_lock = store.lock

    def late(model_id: str) -> FileLock:
        store.folder(model_id).mkdir(parents=True)
        return own_lock(model_id)

    monkeypatch.setattr(store, "lock", late)
    with pytest.raises(PullFailed) as caught:
        Pull(store=store, hub=Hub(hub.address), progress=Steps()).run(model, trust=False)
    assert caught.value.code == "pull_already"
    assert hub.calls == []


def test_a_folder_that_cannot_be_written(hub: HubServer, tmp_path: Path) -> None:
    (tmp_path / "models").write_text("")
    store = Store(tmp_path / "models")
    with pytest.raises(PullFailed) as caught:
        Pull(store=store, hub=Hub(hub.address), progress=Steps()).run(two_sources(hub), trust=False)
    assert caught.value.code == "pull_no_folder"
    assert hub.calls == []


def test_two_windows(command: Command) -> None:
    parts = command.folder / ".staging" / FEW_STEPS / "parts"
    parts.mkdir(parents=True)
    (parts / "just-begun.part").touch()
    with FileLock(command.folder / ".staging" / f"{FEW_STEPS}.lock"):
        assert command.pull() == (1, "", said("pull_busy", id=FEW_STEPS))
    assert (parts / "just-begun.part").exists()  # it belongs to the other window


def test_verify_and_remove(command: Command) -> None:
    assert command.pull()[0] == 0
    folder = command.folder / FEW_STEPS
    weights = folder / BIG
    body = weights.read_bytes()
    weights.write_bytes(body[:-1] + bytes([body[-1] ^ 1]))
    (folder / "vae" / "config.json").unlink()
    code, _, error = command("verify", FEW_STEPS)
    assert code == 1
    assert BIG in error
    assert "vae/config.json" in error
    (folder / "pinned.json").unlink()
    unpinned = said("verify_unpinned", model="LCM Dreamshaper v7", id=FEW_STEPS)
    assert command("verify", FEW_STEPS) == (1, "", unpinned)
    assert command("remove", FEW_STEPS, answer="n\n")[0] == 0
    assert folder.exists()
    assert command("remove", FEW_STEPS, "--yes")[0] == 0
    assert command.left() == []
