"""`/models`: what the class reads about the models, within Discord's limits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.i18n import LANGUAGES, Sentences
from bot.models.listing import Row, rows
from cogs.models import models_embed
from generation.catalog import Catalog, ModelInfo

ROOT = Path(__file__).parents[3]
SENTENCES = Sentences.load(strict=True)


def info(title: str, **more: Any) -> ModelInfo:
    usual: dict[str, Any] = {
        "id": title,
        "family": "painter",
        "medium": "image",
        "path": Path(),
        "licence": "MIT",
        "languages": ("de",),
        "memory_mb": 100,
        "data_sentence": {"de": "Aus Bildern.", "en": "From pictures."},
    }
    return ModelInfo(title=title, **(usual | more))


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_model_that_is_here_says_what_it_learned_from(language: str) -> None:
    found = rows(Catalog([info("Big", rank=2), info("Mini", mini=True), info("Far", path=None)]))
    embed = models_embed(found, SENTENCES, language)
    big, mini = embed.fields
    assert str(big.name).startswith("⭐ Big")
    assert SENTENCES.text("model.rehearsal", language, title="Mini") in str(mini.name)
    assert not str(mini.name).startswith("⭐")
    sentence = {"de": "Aus Bildern.", "en": "From pictures."}[language]
    assert sentence in str(big.value)
    assert "MIT" in str(big.value)
    assert SENTENCES.text("models.others", language, names="Far") in str(embed.description)
    assert SENTENCES.text("models.star", language) in str(embed.description)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_projects_own_models_fit(language: str, tmp_path: Path) -> None:
    families = ROOT / "generation" / "families"
    ids = [row.model.id for row in rows(Catalog.read(families, tmp_path))]
    for model_id in ids:
        (tmp_path / model_id).mkdir()
    found = rows(Catalog.read(families, tmp_path))
    assert all(row.installed for row in found)
    embed = models_embed(found, SENTENCES, language)
    assert len(embed) <= 6000
    assert len(embed.fields) >= 8


@given(
    found=st.lists(
        st.builds(
            Row,
            model=st.builds(
                info,
                title=st.text(min_size=1, max_size=300),
                licence=st.text(max_size=200),
                path=st.sampled_from([Path(), None]),
                data_sentence=st.fixed_dictionaries(
                    {"de": st.text(max_size=1500), "en": st.text(max_size=10)}
                ),
            ),
            default=st.booleans(),
        ),
        max_size=60,
    )
)
def test_discords_limits(found: list[Row]) -> None:
    embed = models_embed(found, SENTENCES, "de")
    assert len(embed) <= 6000
    assert len(embed.fields) <= 25
    assert len(str(embed.description)) <= 4096
    for field in embed.fields:
        assert 0 < len(str(field.name)) <= 256
        assert 0 < len(str(field.value)) <= 1024


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_nobody_could_confirm_is_marked(language: str) -> None:
    (field,) = models_embed(
        rows(Catalog([info("Big", unconfirmed=("licence", "files"))])), SENTENCES, language
    ).fields
    words = [SENTENCES.text(f"models.doubt_{key}", language) for key in ("licence", "files")]
    assert SENTENCES.text("models.unconfirmed", language, keys=", ".join(words)) in str(field.value)


def test_what_is_left_out_is_counted() -> None:
    found = [Row(model=info(f"m{number}"), default=False) for number in range(30)]
    embed = models_embed(found, SENTENCES, "de")
    left = 30 - len(embed.fields)
    assert left > 0
    assert SENTENCES.text("models.more", "de", n=left) in str(embed.description)
