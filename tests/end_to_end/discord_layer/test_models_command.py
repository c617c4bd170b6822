"""`/modelle` and `/models` over the wire."""

from __future__ import annotations

import pytest

from tests.end_to_end.discord_layer.conftest import Class

EPHEMERAL = 1 << 6


@pytest.mark.parametrize(("locale", "name"), [("de", "modelle"), ("en-GB", "models")])
async def test_only_the_person_sees_the_models(klass: Class, locale: str, name: str) -> None:
    ada = await klass.enter("Ada", locale)
    message = await ada.command(name).message(lambda one: bool(one["embeds"]))
    assert message["flags"] & EPHEMERAL
    (embed,) = message["embeds"]
    assert embed["title"] == klass.say("models.title", locale)
    assert [field["name"] for field in embed["fields"]] == [
        klass.say(
            "models.field_default",
            locale,
            title="Großes Modell",
            medium=klass.say("models.medium_image", locale),
        ),
        klass.say(
            "models.field",
            locale,
            title=klass.say("model.rehearsal", locale, title="Mini"),
            medium=klass.say("models.medium_image", locale),
        ),
    ]
    sentence = {"de": "Gezeichnetes.", "en-GB": "Drawings."}[locale]
    assert sentence in embed["fields"][0]["value"]
