"""The catalogue of models."""

from __future__ import annotations

from pathlib import Path

import pytest

import generation
from generation.catalog import Catalog, CatalogError
from generation.errors import NotFound

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
HUB = 'repository = "someone/model"\nrevision = "main"'


def write(root: Path, text: str, family: str = "painter") -> Path:
    families = root / "generation" / "families"
    (families / family).mkdir(parents=True, exist_ok=True)
    (families / family / "models.toml").write_text(text, encoding="utf-8")
    return families


def test_the_projects_own_entries_are_valid(tmp_path: Path) -> None:
    catalog = Catalog.read(ROOT / "generation" / "families", tmp_path)

    assert catalog.get("fake").path == ROOT / "generation" / "families" / "fake"
    assert catalog.get("fake-6gb").memory_mb == 6000


def test_a_hub_model_has_a_path_once_its_folder_is_there(tmp_path: Path) -> None:
    families = write(tmp_path, ENTRY.format(id="big", more=HUB))

    assert Catalog.read(families, tmp_path / "models").get("big").path is None

    (tmp_path / "models" / "big").mkdir(parents=True)
    assert Catalog.read(families, tmp_path / "models").get("big").path == tmp_path / "models" / "big"


def test_installed_models_come_first_and_then_defaults(tmp_path: Path) -> None:
    (tmp_path / "weights").mkdir()
    here = 'path_source = "weights"'
    text = "".join(
        [
            ENTRY.format(id="far", more=HUB),
            ENTRY.format(id="far-default", more=HUB + "\ndefault = true"),
            ENTRY.format(id="near", more=here),
            ENTRY.format(id="near-default", more=here + "\ndefault = true"),
        ]
    )
    catalog = Catalog.read(write(tmp_path, text), tmp_path / "models")

    assert [one.id for one in catalog.models("image")] == ["near-default", "near", "far-default", "far"]
    assert catalog.default("image").id == "near-default"
    assert catalog.models("music") == []


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
        ('revision = "main"', "", "revision"),
        ('revision = "main"', 'revision = "main"\npath_source = "x"', "path_source"),
        ('revision = "main"', 'revision = "main"\nfiles = { "a.bin" = "12" }', "files"),
        ('revision = "main"', 'revision = "main"\nsteps = 5', "steps"),
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
