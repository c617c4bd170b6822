"""The catalogue of models."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import generation
from bot.models.store import is_allowed
from generation.catalog import Catalog, CatalogError, ModelInfo, best_first
from generation.errors import ModelMissing, NotFound

ROOT = Path(generation.__file__).parents[1]
ENTRY = """
[[model]]
id = "{id}"
medium = "image"
title = "A model"
licence = "Apache-2.0"
languages = ["de"]
memory_mb = 700
data_sentence = {{ de = "Nichts.", en = "Nothing." }}
{more}
"""
COMMIT, DIGEST = "a" * 40, "b" * 64
HUB = f'repository = "someone/model"\nrevision = "{COMMIT}"\nfiles = {{ "a.gguf" = "{DIGEST}" }}'
FURTHER = f'repository = "someone/else"\nrevision = "{COMMIT}"\nfiles = {{ "b.json" = "{DIGEST}" }}'


def write(root: Path, text: str, family: str = "painter") -> Path:
    families = root / "generation" / "families"
    (families / family).mkdir(parents=True, exist_ok=True)
    (families / family / "models.toml").write_text(text, encoding="utf-8")
    return families


def test_the_projects_own_entries_are_valid(tmp_path: Path) -> None:
    catalog = Catalog.read(ROOT / "generation" / "families", tmp_path)

    assert catalog.get("fake").path == ROOT / "generation" / "families" / "fake"
    assert catalog.get("fake-6gb").memory_mb == 6000


def test_real_models_say_where_they_come_from(tmp_path: Path) -> None:
    catalog = Catalog.read(ROOT / "generation" / "families", tmp_path)
    real = [model for medium in catalog.media() for model in catalog.models(medium) if not model.mini]

    assert {"stable-diffusion-1.5", "deliberate", "stable-diffusion-xl"} <= {model.id for model in real}
    for model in real:
        names = [name for source in model.sources for name in source.files]
        assert model.rank > 0, model.id
        assert len(set(names)) == len(names), model.id
        assert all(is_allowed(name) for name in names), model.id
        weights = (".safetensors", ".gguf", ".onnx", ".bin", ".pth")
        assert model.path is not None or any(name.endswith(weights) for name in names), model.id


def test_a_hub_model_has_a_path_once_its_folder_is_there(tmp_path: Path) -> None:
    families = write(tmp_path, ENTRY.format(id="big", more=HUB))

    assert Catalog.read(families, tmp_path / "models").get("big").path is None

    (tmp_path / "models" / "big").mkdir(parents=True)
    assert Catalog.read(families, tmp_path / "models").get("big").path == tmp_path / "models" / "big"


def test_installed_models_come_first_and_then_by_rank(tmp_path: Path) -> None:
    (tmp_path / "weights").mkdir()
    here = 'path_source = "weights"'
    text = "".join(
        [
            ENTRY.format(id="far", more=HUB),
            ENTRY.format(id="far-best", more="rank = 2\n" + HUB),
            ENTRY.format(id="near", more=here),
            ENTRY.format(id="near-best", more="rank = 1\n" + here),
        ]
    )
    catalog = Catalog.read(write(tmp_path, text), tmp_path / "models")

    assert [one.id for one in catalog.models("image")] == ["near-best", "near", "far-best", "far"]
    assert catalog.default("image").id == "near-best"
    assert catalog.models("music") == []
    assert catalog.media() == ["image"]


def info(id: str, **more: Any) -> ModelInfo:  # noqa: A002
    usual: dict[str, Any] = {
        "family": "painter",
        "medium": "image",
        "title": id,
        "path": Path(),
        "licence": "MIT",
        "languages": (),
        "memory_mb": 100,
        "data_sentence": {"de": "Nichts.", "en": "Nothing."},
    }
    return ModelInfo(id=id, **(usual | more))


@given(
    models=st.lists(
        st.builds(
            info,
            id=st.uuids().map(str),
            path=st.sampled_from([None, Path()]),
            memory_mb=st.integers(0, 20),
            mini=st.booleans(),
            rank=st.integers(0, 5),
        ),
        min_size=1,
    ),
    memory_mb=st.none() | st.integers(0, 20),
)
def test_the_default_is_the_best_that_is_here_and_fits(
    models: list[ModelInfo], memory_mb: int | None
) -> None:
    first = best_first(models, memory_mb)[0]
    real = [
        one
        for one in models
        if one.path and not one.mini and (memory_mb is None or one.memory_mb <= memory_mb)
    ]
    if real:
        assert first in real
        assert first.rank == max(one.rank for one in real)
    elif any(one.path and one.mini for one in models):
        assert first.mini
        assert first.path is not None
    else:
        assert (first.path is not None) == any(one.path for one in models)
    assert sorted(one.id for one in best_first(models, memory_mb)) == sorted(one.id for one in models)


def test_memory_is_asked_for_what_makes_something_not_for_what_checks_it() -> None:
    small = info("mini", mini=True)
    catalog = Catalog([small, info("big", memory_mb=9000)], memory_mb=4000)
    assert catalog.default("image") is small
    assert catalog.only(["painter"]).default("image") is small

    for medium in ("safety", "guard"):
        kinds = [info("m", medium=medium, mini=True), info("r", medium=medium, memory_mb=9000)]
        assert Catalog(kinds, memory_mb=4000).default(medium).id == "r"


def test_a_real_model_needs_a_real_checker() -> None:
    painter, rehearsal = info("big"), info("m", medium="safety", mini=True)
    real = info("r", medium="safety", memory_mb=9000)
    Catalog([painter, rehearsal, real], memory_mb=100).demand_checker(painter)
    Catalog([rehearsal]).demand_checker(info("mini", mini=True))
    for checkers in ([], [rehearsal], [rehearsal, replace(real, path=None)]):
        with pytest.raises(ModelMissing) as caught:
            Catalog([painter, *checkers]).demand_checker(painter)
        assert caught.value.code == "checker_missing"


def test_a_text_model_needs_no_checker_of_pictures() -> None:
    writer = info("writer", medium="text")
    Catalog([writer]).demand_checker(writer)


def test_doubts_are_named_and_further_sources_are_read(tmp_path: Path) -> None:
    text = ENTRY.format(id="a", more='unconfirmed = ["memory_mb", "files"]\n' + HUB.replace(DIGEST, ""))
    text += ENTRY.format(id="b", more=HUB + "\n[[model.extra]]\n" + FURTHER)
    catalog = Catalog.read(write(tmp_path, text), tmp_path)

    first, second = catalog.get("a"), catalog.get("b")
    assert (first.unproven, second.unproven) == (("files",), ())
    assert [source.repository for source in second.sources] == ["someone/model", "someone/else"]


def test_an_unknown_model_is_answered_with_the_known_ones(tmp_path: Path) -> None:
    text = ENTRY.format(id="a", more=HUB) + ENTRY.format(id="b", more=HUB)
    catalog = Catalog.read(write(tmp_path, text), tmp_path)

    with pytest.raises(NotFound) as caught:
        catalog.get("c")
    assert (caught.value.code, caught.value.values) == ("model_unknown", {"known": "a, b"})
    with pytest.raises(NotFound):
        catalog.default("music")


def test_only_the_families_that_are_switched_on(tmp_path: Path) -> None:
    write(tmp_path, ENTRY.format(id="a", more=HUB), "one")
    families = write(tmp_path, ENTRY.format(id="b", more=HUB), "two")
    catalog = Catalog.read(families, tmp_path).only(["two"])

    assert [one.id for one in catalog.models("image")] == ["b"]
    with pytest.raises(NotFound):
        catalog.get("a")


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('title = "A model"', "", "title"),
        ("memory_mb = 700", 'memory_mb = "700"', "memory_mb"),
        ("memory_mb = 700", "memory_mb = true", "memory_mb"),
        ("memory_mb = 700", "memory_mb = -1", "memory_mb"),
        ('languages = ["de"]', "languages = [1]", "languages"),
        ('id = "m"', 'id = "../m"', "id"),
        ('en = "Nothing."', 'fr = "Rien."', "data_sentence"),
        ("repository =", "repository = 5 #", "repository"),
        ("someone/model", "someone", "repository"),
        (COMMIT, "main", "revision"),
        ("files =", 'path_source = "x"\nfiles =', "path_source"),
        (DIGEST, "12", "files"),
        (DIGEST, "", "files"),
        ('"a.gguf"', '"../a.gguf"', "files"),
        ('"a.gguf"', '"/a.gguf"', "files"),
        ('"a.gguf"', '".cache/a.gguf"', "files"),
        ("files =", "steps = 5\nfiles =", "steps"),
        ("files =", "rank = -1\nfiles =", "rank"),
        ("files =", 'unconfirmed = ["colour"]\nfiles =', "unconfirmed"),
        ("files =", 'extra = [{ repository = "a/b" }]\nfiles =', "extra"),
    ],
)
def test_a_wrong_entry_is_named_by_file_model_and_key(tmp_path: Path, old: str, new: str, key: str) -> None:
    text = ENTRY.format(id="m", more=HUB)
    assert old in text
    families = write(tmp_path, text.replace(old, new))

    with pytest.raises(CatalogError) as caught:
        Catalog.read(families, tmp_path)

    assert "painter/models.toml" in str(caught.value)
    assert f"key {key} " in str(caught.value)


@pytest.mark.parametrize("text", ["[[model]\n", "title = 1\n", "model = 5\n", "model = [5]\n"])
def test_a_file_that_is_not_a_list_of_models_is_named(tmp_path: Path, text: str) -> None:
    with pytest.raises(CatalogError, match=r"painter/models\.toml"):
        Catalog.read(write(tmp_path, text), tmp_path)


def test_an_id_is_given_once(tmp_path: Path) -> None:
    families = write(tmp_path, ENTRY.format(id="m", more=HUB) * 2)

    with pytest.raises(CatalogError, match="taken"):
        Catalog.read(families, tmp_path)
