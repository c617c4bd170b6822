"""`atelier models` without a hub: what is refused, what is shown, how files are told apart."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.cli import app
from bot.i18n import LANGUAGES, Sentences
from bot.models.errors import PullFailed
from bot.models.hub import Listing, RemoteFile
from bot.models.listing import disk_mb, doubts, medium_name, rows
from bot.models.pull import is_right, plan
from bot.models.store import Pin, Store, git_sha1_of, is_allowed, looks_right, sha256_of
from bot.settings import Settings
from generation.catalog import Catalog, ModelInfo, Source
from tests.fakes import small_catalog
from tests.fakes_speech import ESPEAK, TORTOISE

SENTENCES = Sentences.load(strict=True)
COMMIT = "c" * 40
SAFETENSORS = (2).to_bytes(8, "little") + b"{}"


@pytest.fixture(autouse=True)
def fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(f"ATELIER_{name.upper()}", raising=False)
    monkeypatch.setenv("ATELIER_MODELS_DIR", str(tmp_path / "models"))
    monkeypatch.setenv("ATELIER_MEMORY_MB", "8000")
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")


def call(*words: str) -> Result:
    return CliRunner().invoke(app, ["models", *words])


def said(key: str, **values: object) -> str:
    return SENTENCES.text(f"error.{key}", "de", **values)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("pull", "mini"), said("pull_not_needed", model="Mini")),
        (("verify", "mini"), said("model_built_in", model="Mini")),
        (("remove", "mini", "--yes"), said("model_built_in", model="Mini")),
        (("verify", "deliberate"), said("model_not_here", model="Deliberate v2", id="deliberate")),
        (("remove", "deliberate"), said("model_not_here", model="Deliberate v2", id="deliberate")),
        (
            ("pull", "lcm-dreamshaper-7"),
            said("pull_unconfirmed", model="LCM Dreamshaper v7", id="lcm-dreamshaper-7"),
        ),
    ],
)
def test_what_cannot_be_is_one_sentence(words: tuple[str, ...], expected: str, tmp_path: Path) -> None:
    result = call(*words)
    assert (result.exit_code, result.stderr.strip()) == (1, expected)
    assert not (tmp_path / "models").exists()


@pytest.mark.parametrize("command", ["pull", "verify", "remove"])
def test_an_unknown_id_is_answered_with_the_known_ones(command: str) -> None:
    result = call(command, "sd")
    assert result.exit_code == 1
    assert "stable-diffusion-1.5" in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_nothing_to_verify() -> None:
    result = call("verify")
    assert (result.exit_code, result.stderr.strip()) == (0, SENTENCES.text("models.none_here", "de"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_table_names_every_model_and_its_doubts(language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "250")
    result = call("list", "--language", language)
    assert result.exit_code == 0
    for model in ("mini", "stable-diffusion-1.5", "deliberate", "stable-diffusion-xl", "lcm-dreamshaper-7"):
        assert model in result.stdout
    assert SENTENCES.text("models.unconfirmed", language, keys="").strip() in result.stdout
    assert SENTENCES.text("models.doubt_files", language) in result.stdout
    assert SENTENCES.text("models.state_default", language) in result.stdout


def test_the_table_as_json() -> None:
    plain = {row["id"]: row for row in json.loads(call("list", "--json").stdout)}
    assert plain["mini"]["default"]
    assert plain["mini"]["installed"]
    assert not plain["deliberate"]["installed"]
    assert plain["stable-diffusion-xl"]["repositories"] == [
        "stabilityai/stable-diffusion-xl-base-1.0@462165984030d82259a11f4367a4eed129e94a7b"
    ]


@pytest.mark.parametrize(
    ("memory", "default"),
    [("300", "mini"), ("4000", "stable-diffusion-1.5"), ("24000", "stable-diffusion-xl")],
)
def test_the_default_fits_the_memory(
    memory: str, default: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ATELIER_MEMORY_MB", memory)
    for name in ("deliberate", "stable-diffusion-1.5", "stable-diffusion-xl"):
        (tmp_path / "models" / name).mkdir(parents=True)
    plain = json.loads(call("list", "--json").stdout)
    assert [row["id"] for row in plain if row["default"] and row["medium"] == "image"] == [default]


def test_the_hubs_client_is_loaded_by_pull_alone() -> None:
    code = "import sys, bot.cli, bot.app, bot.models.terminal; sys.exit('huggingface_hub' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[3], check=False)
    assert done.returncode == 0


def test_the_default_is_marked_once_a_medium(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x" * 1024 * 1025)
    mini, big = small_catalog("mini", "big").models("image")[::-1]
    if big.mini:
        mini, big = big, mini
    both = rows(Catalog([mini, dataclasses.replace(big, path=tmp_path)]))
    assert [(row.model.id, row.default, row.installed) for row in both] == [
        ("big", True, True),
        ("mini", False, True),
    ]
    assert disk_mb(both[0]) == 2
    (alone,) = rows(Catalog([dataclasses.replace(big, path=None)]))
    assert not alone.default
    assert disk_mb(alone) is None


def test_what_copies_voices_is_nobody_s_default() -> None:
    found = rows(Catalog([TORTOISE, ESPEAK]))
    assert [(row.model.id, row.default) for row in found] == [("tortoise", False), ("espeak", True)]
    assert not any(row.default for row in rows(Catalog([TORTOISE])))


@pytest.mark.parametrize("language", LANGUAGES)
def test_words_for_media_and_doubts(language: str) -> None:
    catalog = Catalog.read(Path(__file__).parents[3] / "generation" / "families", Path("none"))
    for medium in catalog.media():
        assert medium_name(medium, SENTENCES, language) != medium, medium
        for model in catalog.models(medium):
            for key in model.unconfirmed:
                assert SENTENCES.has(f"models.doubt_{key}"), key
    assert medium_name("smell", SENTENCES, language) == "smell"
    assert doubts(["colour"], SENTENCES, language) == "colour"


# what the hub says, and what stands in the catalog


def source(digest: str = "", revision: str = COMMIT) -> Source:
    return Source(repository="someone/model", revision=revision, files={"a.gguf": digest})


def listing(sha256: str | None = None, git_sha1: str | None = None) -> Listing:
    return Listing(COMMIT, {"a.gguf": RemoteFile(5, sha256, git_sha1), "b.bin": RemoteFile(1, None, None)})


def test_the_catalogs_hash_comes_before_the_hubs() -> None:
    mine, theirs = "1" * 64, "2" * 64
    (one,) = plan(source(mine), listing(mine))
    assert (one.sha256, one.commit) == (mine, COMMIT)
    (one,) = plan(source("", "main"), listing(theirs))
    assert one.part_name == f"{theirs}.part"
    (one,) = plan(source(mine), listing(None, "3" * 40))
    assert one.part_name == f"{mine}.part"


@pytest.mark.parametrize(
    ("wanted", "there", "code"),
    [
        (source("1" * 64), listing("2" * 64), "pull_wrong_hash"),
        (source(""), listing(None, None), "pull_no_hash"),
        (source("", "d" * 40), listing("2" * 64), "pull_no_revision"),
        (source("1" * 64), Listing(COMMIT, {}), "pull_file_missing"),
    ],
)
def test_what_the_hub_has_otherwise_is_not_fetched(wanted: Source, there: Listing, code: str) -> None:
    with pytest.raises(PullFailed) as caught:
        plan(wanted, there)
    assert caught.value.code == code


def test_a_file_is_judged_by_the_strongest_word_there_is(tmp_path: Path) -> None:
    file = tmp_path / "a.gguf"
    file.write_bytes(b"GGUF!")
    sha256, git_sha1 = sha256_of(file, lambda _: None), git_sha1_of(file)
    for there in (listing(sha256), listing(None, git_sha1)):
        (one,) = plan(source(), there)
        assert is_right(file, one)
        assert not is_right(file, dataclasses.replace(one, sha256="1" * 64))
    (one,) = plan(source(), listing(None, "0" * 40))
    assert not is_right(file, one)


def test_git_names_a_file_as_git_does(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"what is up, doc?")
    assert git_sha1_of(tmp_path / "file") == "bd9dbf5aae1a3862dd1526723246b20206e5fc37"


@pytest.mark.parametrize(
    ("name", "body", "allowed", "right"),
    [
        ("a.safetensors", SAFETENSORS, True, True),
        ("a.safetensors", b"\x80\x04cposix\nsystem\n", True, False),
        ("a.safetensors", b"", True, False),
        ("a.gguf", b"GGUF\x03", True, True),
        ("a.gguf", b"PK\x03\x04", True, False),
        ("a.onnx", b"\x08\x08\x3a", True, True),
        ("a.onnx", b"\x80\x04cposix\nsystem\n", True, False),
        ("a.json", b"{}", True, True),
        ("a.txt", b"\x00\x01", True, False),
        ("a.bin", b"\x80\x02cposix\nsystem\n", True, False),
        ("a.ckpt", b"", False, None),
        ("a.py", b"", False, None),
    ],
)
def test_formats(name: str, body: bytes, allowed: bool, right: bool | None, tmp_path: Path) -> None:
    assert is_allowed(name) is allowed
    if right is not None:
        (tmp_path / name).write_bytes(body)
        assert looks_right(tmp_path / name) is right


# the folder of models


def model(**files: str) -> ModelInfo:
    return ModelInfo(
        id="m",
        family="text",
        medium="text",
        title="M",
        path=None,
        licence="MIT",
        languages=(),
        memory_mb=1,
        data_sentence={"de": "x", "en": "x"},
        repository="someone/model",
        revision=COMMIT,
        files={f"{name}.json": digest for name, digest in files.items()},
    )


def test_a_confirmed_hash_binds_and_a_pinned_one_fills_the_gap(tmp_path: Path) -> None:
    store, files = Store(tmp_path), tmp_path / ".staging" / "m" / "files"
    files.mkdir(parents=True)
    for name in ("a", "b"):
        (files / f"{name}.json").write_text(name)
    digests = {name: sha256_of(files / f"{name}.json", lambda _: None) for name in ("a", "b")}
    pin = Pin(
        repository="someone/model",
        commit=COMMIT,
        files={f"{name}.json": digest for name, digest in digests.items()},
    )
    store.settle("m", files, [pin])
    assert store.pins("m") == (pin,)
    assert not store.staging("m").exists()
    seen: list[int] = []
    assert list(store.wrong_files(model(a=digests["a"], b=""), seen.append)) == []
    assert sum(seen) == 2
    assert list(store.wrong_files(model(a="0" * 64, b=""), seen.append)) == ["a.json"]
    store.remove("m")
    assert not store.folder("m").exists()
    assert not store.staging("m").exists()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"sources": [{"repository": 1}]}'])
def test_a_broken_note_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "pinned.json").write_text(text)
    store = Store(tmp_path)
    assert store.pins("m") == ()
    assert store.expected(model(a="")) == {"a.json": ""}


@pytest.mark.parametrize("target", ["elsewhere", "a disk that is away"])
def test_of_a_linked_model_only_the_link_is_removed(tmp_path: Path, target: str) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "a.json").write_text("a")
    store = Store(tmp_path / "models")
    store.models_dir.mkdir()
    store.folder("m").symlink_to(tmp_path / target)
    assert store.holds("m")
    store.remove("m")
    assert not store.holds("m")
    assert not store.staging("m").is_symlink()
    assert (elsewhere / "a.json").read_text() == "a"


def test_every_model_is_verified_also_behind_a_broken_one(tmp_path: Path) -> None:
    for name in ("stable-diffusion-1.5", "deliberate"):
        (tmp_path / "models" / name).mkdir(parents=True)
    result = call("verify")
    assert result.exit_code == 1
    lines = result.stderr.strip().splitlines()
    assert len(lines) == 2
    assert "Stable Diffusion" in lines[0] + lines[1]
    assert "Deliberate" in lines[0] + lines[1]


def test_a_narrow_terminal_gets_whole_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    result = call("list")
    assert {"Übungsmodell;", "Vorgabe"} <= set(result.stdout.split())
    assert "Prüfsummen" in result.stdout.replace(",", "").split()
    assert max(len(line.rstrip()) for line in result.stdout.splitlines()) <= 80
