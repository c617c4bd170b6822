"""Looking into the mini model through the whole product: the bars are what llama.cpp itself computes."""

from __future__ import annotations

import asyncio
import json
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import generation
from bot.png import read_recipe
from tests.contract.test_media_diagrams import LEFT, RIGHT, TEAL, lengths
from tests.end_to_end.whole.conftest import EPHEMERAL, Klass

Say = Callable[..., str]
BEGINNING = "Die Farbe des Schnees ist"
pytestmark = pytest.mark.compiled
MODEL = Path(generation.__file__).parent / "mini" / "text" / "weights" / "mini-text.gguf"
DIRECTLY = """
import json, sys
import llama_cpp as lib, numpy
path, text, temperature = sys.argv[1].encode(), sys.argv[2].encode(), float(sys.argv[3])
lib.llama_backend_init()
model = lib.llama_model_load_from_file(path, lib.llama_model_default_params())
context = lib.llama_init_from_model(model, lib.llama_context_default_params())
vocabulary = lib.llama_model_get_vocab(model)
tokens = (lib.llama_token * 64)()
count = lib.llama_tokenize(vocabulary, text, len(text), tokens, 64, True, False)
lib.llama_decode(context, lib.llama_batch_get_one(tokens, count))
found = lib.llama_get_logits_ith(context, -1)
shape = (lib.llama_vocab_n_tokens(vocabulary),)
logits = numpy.ctypeslib.as_array(found, shape=shape).astype("float64") / temperature
shares = numpy.exp(logits - logits.max())
shares /= shares.sum()
print(json.dumps(sorted(shares.tolist(), reverse=True)))
"""


async def directly(text_python: Path, text: str, temperature: float) -> list[float]:
    """All probabilities of the next token, from llama.cpp without any code of ours."""
    process = await asyncio.create_subprocess_exec(
        text_python,
        "-c",
        DIRECTLY,
        MODEL,
        text,
        str(temperature),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    output, _ = await process.communicate()
    found: list[float] = json.loads(output)
    return found


def job_of(message: dict[str, Any]) -> str:
    return str(re.search(r"[0-9a-f]{10}", message["embeds"][-1]["footer"]["text"])[0])  # type: ignore[index]


def kept(klass: Klass, message: dict[str, Any]) -> dict[str, Any]:
    file = klass.data_dir / "artifacts" / job_of(message) / "data-1.json"
    found: dict[str, Any] = json.loads(file.read_bytes())
    return found


def buttons(message: dict[str, Any]) -> list[str]:
    return [part["label"] for row in message["components"] for part in row["components"] if part["type"] == 2]


async def picture(klass: Klass, message: dict[str, Any], folder: Path) -> Path:
    file = folder / f"{job_of(message)}.png"  # read once for each name
    file.write_bytes(await klass.ada.download(message["attachments"][0]))
    return file


async def test_the_bars_are_the_models_own_probabilities(
    klass: Klass, text_python: Path, say: Say, tmp_path: Path
) -> None:
    first = await klass.result(klass.ada.command("naechstes-wort", text=BEGINNING))
    warmer = await klass.result(klass.ben.press(first, label="Temperatur 1,5"))
    for message, temperature in ((first, 1.0), (warmer, 1.5)):
        expected = await directly(text_python, BEGINNING, temperature)
        data = kept(klass, message)
        shares = [choice["probability"] for choice in data["choices"]]
        assert data["text"] == BEGINNING
        assert shares == pytest.approx(expected[:10], rel=1e-5)
        assert data["rest"] == pytest.approx(math.fsum(expected[10:]), abs=1e-6)
        file = await picture(klass, message, tmp_path)
        assert (read_recipe(file.read_bytes()) or {})["insight"] == data
        bars = lengths(file, TEAL)
        scale = (RIGHT - LEFT) / next(
            top for top in (0.1, 0.25, 0.5, 1.0) if max(*shares, data["rest"]) <= top
        )
        assert bars == pytest.approx([max(share * scale, 3) for share in shares], abs=2)
    embed = first["embeds"][0]
    assert embed["title"] == say("insight.title_next_word", "de")
    assert say("insight.rehearsal", "de") in embed["description"]
    assert first["attachments"][0]["description"].startswith("Balken der Wahrscheinlichkeiten")


async def test_pieces_are_picked_and_words_run_on(klass: Klass) -> None:
    first = await klass.result(klass.ada.command("naechstes-wort", text=BEGINNING))
    choices = kept(klass, first)["choices"]
    grown = await klass.result(klass.chiara.select(first, "2"))
    assert kept(klass, grown)["text"] == BEGINNING + choices[1]["text"]
    handle = klass.ben.press(grown, label="10 Wörter laufen lassen")
    ran = await klass.result(handle)
    text = kept(klass, ran)["text"]
    assert text.startswith(BEGINNING + choices[1]["text"])
    assert len(text) > len(kept(klass, grown)["text"])
    assert re.search(r"Seed: `\d+`", ran["content"])


async def test_the_class_votes_before_it_sees_the_bars(klass: Klass, say: Say) -> None:
    post = await klass.answer(klass.ada.command("naechstes-wort", text=BEGINNING, abstimmung=True))
    assert post["attachments"] == []
    assert post["content"] == say("insight.nobody_voted", "de")
    words = buttons(post)[:-4]  # below them: another word, the end of the vote, the gallery, the report
    assert words == sorted(words, key=str.casefold)
    assert "%" not in json.dumps(post["embeds"][0]["description"].replace("50%", ""))
    for voter, word, number in (
        (klass.ben, words[0], 1),
        (klass.chiara, words[0], 2),
        (klass.ben, words[1], 2),
    ):
        confirmed = await klass.answer(voter.press(post, label=word))
        assert confirmed["flags"] & EPHEMERAL
        assert word in confirmed["content"]
        seen = await klass.ada.wait_for_message(
            lambda one, n=number: one["content"] == say("insight.voted", "de", n=n)  # type: ignore[misc]
        )
        assert seen["id"] == post["id"]
    form = await klass.teacher.open_form(klass.teacher.press(post, label=say("button.own_word", "de")))
    own = await klass.answer(klass.teacher.fill_in(form, word="durchsichtig"))
    assert "durchsichtig" in own["content"]
    refused = await klass.answer(klass.ben.press(post, label=say("button.resolve", "de")))
    assert refused["content"] == say("error.not_allowed", "en")
    assert refused["flags"] & EPHEMERAL
    shown = await klass.result(klass.teacher.press(post, label=say("button.resolve", "de")))
    assert "Klasse: " in shown["attachments"][0]["description"]
    assert "durchsichtig 1" in shown["attachments"][0]["description"]
    closed = await klass.ada.wait_for_message(lambda one: one["content"] == say("insight.closed", "de"))
    assert (closed["id"], closed["components"]) == (post["id"], [])


async def test_presses_work_after_the_bot_was_restarted(klass: Klass, say: Say) -> None:
    bars = await klass.result(klass.ada.command("naechstes-wort", text=BEGINNING))
    vote = await klass.answer(klass.ada.command("naechstes-wort", text=BEGINNING, abstimmung=True))
    await klass.answer(klass.ben.press(vote, label=buttons(vote)[0]))
    await klass.bot.stop()
    await klass.bot.start()
    await klass.online()
    grown = await klass.result(klass.chiara.select(bars, "1"))
    assert kept(klass, grown)["text"] == BEGINNING + kept(klass, bars)["choices"][0]["text"]
    confirmed = await klass.answer(klass.chiara.press(vote, label=buttons(vote)[1]))
    assert buttons(vote)[1] in confirmed["content"]
    shown = await klass.result(klass.ada.press(vote, label=say("button.resolve", "de")))
    counted = shown["attachments"][0]["description"].partition("Modell: ")[0]
    assert sorted(re.findall(r"\d+", counted)) == ["1", "1"]


async def test_a_sentence_is_cut_into_tokens_in_two_languages(klass: Klass, text_python: Path) -> None:
    german, english = "Der Hund läuft über die Wiese 🐸.", "The dog runs across the meadow."
    post = await klass.result(klass.ada.command("tokens", text=german, englisch=english))
    texts = kept(klass, post)["texts"]
    assert ["".join(piece["text"] for piece in pieces) for pieces in texts] == [german, english]
    assert (
        f"Deutsch: **{len(texts[0])} Tokens**, {len(german)} Zeichen, 7 Wörter"
        in post["embeds"][0]["description"]
    )


async def test_an_unexpected_word_is_found(klass: Klass, say: Say) -> None:
    handle = klass.ada.command("wahrscheinlich", text="Der Schnee ist weiß. Der Schnee ist Dienstag.")
    post = await klass.result(handle)
    words = kept(klass, post)["words"]
    assert "".join(word["text"] for word in words) == "Der Schnee ist weiß. Der Schnee ist Dienstag."
    first = max(words, key=lambda word: word["bits"] or 0)
    assert "Dienstag" in first["text"]
    assert "„Dienstag.“" in post["embeds"][0]["description"]


async def test_a_book_is_looked_up(klass: Klass, say: Say, tmp_path: Path) -> None:
    book = tmp_path / "buch.txt"
    book.write_bytes("Der Schnee ist kalt. Der Schnee ist weiß. Der Schnee ist kalt.".encode("latin-1"))
    post = await klass.result(klass.ada.command("buch", text="Ich weiß: Der Schnee ist", datei=book))
    found = kept(klass, post)["book"]
    assert (found["ending"], found["followers"]) == ("Der Schnee ist", [["kalt", 2], ["weiß", 1]])
    ours = await klass.result(klass.ben.command("book", text="The colour of the snow is"))
    assert kept(klass, ours)["book"]["followers"][0] == ["white", 3]
    file = tmp_path / "bild.png"
    file.write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00\x00")
    refused = await klass.answer(klass.ada.command("buch", text="x", datei=file))
    assert refused["content"] == say("error.book_unreadable", "de")


def test_pictures_are_measured_where_they_were_drawn() -> None:
    """`lengths` counts from the grid's left edge; keep it in step with the drawing."""
    source = (Path(generation.__file__).parent / "families" / "media" / "bars.py").read_text("utf-8")
    numbers = dict(re.findall(r"(?m)^(WIDTH, MARGIN|NAMES, VALUES) = (\d+, \d+)$", source))
    width, margin = map(int, numbers["WIDTH, MARGIN"].split(", "))
    names, values = map(int, numbers["NAMES, VALUES"].split(", "))
    assert (margin + names, width - margin - values) == (LEFT, RIGHT)
