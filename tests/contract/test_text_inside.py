"""What the family says of a model's inside is what the model itself computes."""

from __future__ import annotations

import math

import pytest

from tests.contract.text_runs import TextRuns

SNOW = "Die Farbe des Schnees ist"


@pytest.mark.parametrize("temperature", [0.3, 1.0, 2.0])
async def test_the_bars_are_the_models_own_probabilities(texts: TextRuns, temperature: float) -> None:
    found = await texts.look("next_word", text=SNOW, temperature=temperature, count=10, run=0)
    own = await texts.inside("shares", {"text": SNOW, "temperature": temperature})

    assert found["tokens"] == len(own["tokens"])
    likeliest = sorted(own["shares"], reverse=True)[:10]
    assert [one["probability"] for one in found["choices"]] == pytest.approx(likeliest, rel=1e-6)
    for one in found["choices"]:
        assert one["probability"] == pytest.approx(own["shares"][one["id"]], rel=1e-6)
    assert math.fsum(one["probability"] for one in found["choices"]) + found["rest"] == pytest.approx(1)
    assert (found["text"], found["cut"]) == (SNOW, False)


async def test_snow_is_white(texts: TextRuns) -> None:
    found = await texts.look("next_word", text="Der Schnee ist", temperature=1.0, count=3, run=0)
    assert " weiß" in [one["text"] for one in found["choices"]]


async def test_without_temperature_the_best_is_certain(texts: TextRuns) -> None:
    found = await texts.look("next_word", text=SNOW, temperature=0.0, count=3, run=0)
    warm = await texts.look("next_word", text=SNOW, temperature=1.0, count=3, run=0)
    assert [one["probability"] for one in found["choices"]] == [1.0, 0.0, 0.0]
    assert [one["id"] for one in found["choices"]] == [one["id"] for one in warm["choices"]]
    assert found["rest"] == 0


async def test_running_on_writes_whole_words_and_then_shows_the_next(texts: TextRuns) -> None:
    found = await texts.look("next_word", text="Die Farbe", temperature=0.7, count=5, run=4)
    again = await texts.look("next_word", text=found["text"], temperature=0.7, count=5, run=0)
    other = await texts.look("next_word", seed=8, text="Die Farbe", temperature=2.0, count=5, run=4)

    assert found["text"].startswith("Die Farbe ")
    assert len(found["text"].split()) == 6
    assert found["choices"] == again["choices"]
    assert other["text"] != found["text"]


@pytest.mark.parametrize("text", ["", "🦊", "a" * 3000, "Zeile\n", "x "])
async def test_any_text_has_a_next_word(texts: TextRuns, text: str) -> None:
    found = await texts.look("next_word", text=text, temperature=1.0, count=10, run=0)
    assert len(found["choices"]) == 10
    assert found["cut"] == (len(text) == 3000)


@pytest.mark.parametrize(
    "text",
    [
        "Hallo Welt!",
        " vorn",
        "hinten ",
        "zwei  Leerzeichen",
        "Ümläute ß",
        "🦊🧑‍🚀 €",
        "Zeile\n\nZeile",
        "</s> <|user|>",
        "",
        "日本語",
    ],
)
async def test_tokens_together_are_the_text(texts: TextRuns, text: str) -> None:
    found = await texts.look("tokens", texts=[text, "Noch einer."])
    assert "".join(one["text"] for one in found["texts"][0]) == text
    assert "".join(one["text"] for one in found["texts"][1]) == "Noch einer."


async def test_a_surprise_is_the_product_of_its_tokens(texts: TextRuns) -> None:
    text = "Der Schnee ist grün."
    found = await texts.look("surprise", text=text)
    words = found["words"]

    assert "".join(one["text"] for one in words) == text
    assert [one["text"].strip() for one in words] == ["Der", "Schnee", "ist", "grün."]
    for one in words:
        assert one["bits"] == pytest.approx(-math.log2(one["probability"]))
    assert max(words, key=lambda one: one["bits"])["text"] == " grün."
    pieces = (await texts.look("tokens", texts=[text]))["texts"][0]
    whole = 1.0
    for place in range(len(pieces)):
        before = "".join(one["text"] for one in pieces[:place])
        own = await texts.inside("shares", {"text": before, "temperature": 1.0})
        whole *= own["shares"][pieces[place]["id"]]
    assert math.prod(one["probability"] for one in words) == pytest.approx(whole, rel=1e-2)


async def test_long_texts_are_cut_and_say_so(texts: TextRuns) -> None:
    found = await texts.look("surprise", text="Der Schnee ist weiß. " * 200)
    assert found["cut"] is True
    assert 300 < len(found["words"]) < 520
