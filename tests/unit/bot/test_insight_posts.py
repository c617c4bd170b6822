"""Posts of a model's inside against Discord's limits, whatever a pupil typed and a model answered."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import discord
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.buttons import ButtonId
from bot.i18n import Sentences
from bot.posts import compose_post
from bot.posts.insight import vote_count
from bot.posts.shared import Fill, duration
from bot.services.insight_book import BookCount
from bot.services.insight_data import HIDDEN, Choice, Insight, NextWord, Piece, Surprise, Tokens, Word
from bot.services.insight_drawing import expected
from bot.services.ports import InsightPost
from generation.job import Job
from tests.unit.bot.test_posts import HOSTILE, check_embed, make_job

SENTENCES = Sentences.load(strict=True)
FEW = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
PIECES = st.none() | st.text(max_size=200) | st.sampled_from(["", " ", "\n", "▮", "@everyone", " **", "⟨F0⟩"])


def next_word(text: str, pieces: list[str | None], book: BookCount | None = None) -> NextWord:
    choices = tuple(Choice(text=piece, probability=0.9 / len(pieces)) for piece in pieces)
    return NextWord(text=text, tokens=3, choices=choices, rest=0.1, cut=False, book=book)


def insight_job(medium: str, text: str, locale: str = "de", **params: Any) -> Job:
    plain = {"prompt": text, "text": text, "temperature": 1.0, "run": 0, "vote": False, **params}
    return make_job(medium=medium, params=plain, locale=locale, notices=())


def post_of(folder: Path, job: Job, insight: Insight, *, drawn: bool = True) -> InsightPost:
    file = folder / "a.png"
    file.write_bytes(b"x" * 100)
    return InsightPost(
        job=job,
        model_title="*Modell* " * 40,
        seconds=1.25,
        is_rehearsal=True,
        insight=insight,
        picture=file if drawn else None,
        data=file,
        notices=("prompt_cut",),
    )


def items(view: discord.ui.View | None) -> list[dict[str, Any]]:
    assert view is not None
    rows = view.to_components()
    assert len(rows) <= 5
    assert all(1 <= len(row["components"]) <= 5 for row in rows)
    found = [part for row in rows for part in row["components"]]
    assert len({part["custom_id"] for part in found}) == len(found)
    assert all(ButtonId.read(part["custom_id"]) is not None for part in found)
    return found


def check(post: InsightPost) -> None:
    for fill in Fill:
        made = compose_post(post, SENTENCES, file_limit=10**7, fill=fill)
        assert len(made.content) <= 2000
        for embed in made.embeds:
            check_embed(embed)
        assert all(0 < len(file.alt) <= 1024 for file in made.files)
        said = f"{made.content}{made.embeds[0].description}".replace("\\@", "")
        assert "@everyone" not in said


@FEW
@given(
    text=HOSTILE.filter(bool),
    pieces=st.lists(PIECES, min_size=1, max_size=10),
    locale=st.sampled_from(["de", "en"]),
    vote=st.booleans(),
    votes=st.none() | st.dictionaries(st.text(max_size=40), st.integers(1, 30), max_size=12),
    ran=st.booleans(),
)
def test_a_next_word_fits(
    tmp_path: Path,
    text: str,
    pieces: list[str | None],
    locale: str,
    vote: bool,
    votes: dict[str, int] | None,
    ran: bool,
) -> None:
    plain = None if votes is None else [[word, number] for word, number in votes.items()]
    job = insight_job("next_word", text, locale, vote=vote, votes=plain, run=10 * ran)
    post = post_of(tmp_path, job, next_word(text + " more" * ran, pieces), drawn=not vote)
    check(post)
    for part in items(compose_post(post, SENTENCES, file_limit=10**7).view):
        labels = [part["label"]] if part["type"] == 2 else [one["label"] for one in part["options"]]
        assert all(0 < len(label) <= 80 for label in labels)


@FEW
@given(text=HOSTILE, words=st.lists(st.text(max_size=60), min_size=1, max_size=40))
def test_the_other_posts_fit(tmp_path: Path, text: str, words: list[str]) -> None:
    tokens = tuple(Piece(text=word, id=number) for number, word in enumerate(words))
    job = insight_job("tokens", text, texts=[text, text])
    check(post_of(tmp_path, job, Tokens(texts=(tokens, tokens))))
    rows = tuple(Word(text=word, probability=0.001, bits=10.0, best=word) for word in words)
    check(post_of(tmp_path, insight_job("surprise", text), Surprise(words=rows, cut=True)))
    followers = tuple((word, 1) for word in words[:10])
    book = BookCount(ending=text[:100], occurrences=40, followers=followers, words=99, own=True)
    check(post_of(tmp_path, insight_job("book", text or "x"), next_word(text, [" x"], book)))


def test_what_can_be_picked_keeps_its_place(tmp_path: Path) -> None:
    found = next_word("Die Farbe ist", [" weiß", None, "", " rot", "⟨E2⟩", "\n"])
    made = compose_post(
        post_of(tmp_path, insight_job("next_word", "Die Farbe ist"), found), SENTENCES, file_limit=10**7
    )
    menu, *buttons = items(made.view)
    assert [(one["value"], one["label"]) for one in menu["options"]] == [
        ("1", "␣weiß · 15,0 %"),
        ("4", "␣rot · 15,0 %"),
        ("6", "↵ · 15,0 %"),
    ]
    assert [button["label"] for button in buttons] == [
        "Temperatur 0,7",
        "Temperatur 1,5",
        "10 Wörter laufen lassen",
        "Für die Galerie",
        "Melden",
    ]
    assert "␣weiß 15,0 %, ▮▮▮ 15,0 %, (Ende) 15,0 %" in made.files[0].alt


@pytest.mark.parametrize(("temperature", "labels"), [(0, ["Temperatur 0,3"]), (2, ["Temperatur 1,5"])])
def test_at_the_ends_there_is_one_temperature(tmp_path: Path, temperature: float, labels: list[str]) -> None:
    job = insight_job("next_word", "x", temperature=temperature)
    made = compose_post(post_of(tmp_path, job, next_word("x", [" a"])), SENTENCES, file_limit=10**7)
    assert [part["label"] for part in items(made.view) if part["type"] == 2][:-3] == labels


def test_a_vote_tells_no_probabilities(tmp_path: Path) -> None:
    job = insight_job("next_word", "Die Farbe ist", vote=True)
    post = post_of(tmp_path, job, next_word("Die Farbe ist", [" weiß", " rot", " blau"]), drawn=False)
    made = compose_post(post, SENTENCES, file_limit=10**7)
    assert made.content.splitlines()[0] == SENTENCES.text("insight.nobody_voted", "de")
    parts = items(made.view)
    below = ["Anderes Wort", "Auflösen", "Für die Galerie", "Melden"]
    assert [part["label"] for part in parts] == ["blau", "rot", "weiß", *below]
    assert [part["custom_id"][-2:] for part in parts[:3]] == [":1", ":2", ":3"]
    assert made.files == ()


def test_what_the_model_wrote_by_itself_is_bold(tmp_path: Path) -> None:
    job = insight_job("next_word", "Der *Hund*", run=10)
    made = compose_post(
        post_of(tmp_path, job, next_word("Der *Hund* läuft weg.", [" x"])), SENTENCES, file_limit=10**7
    )
    assert (made.embeds[0].description or "").startswith("Der \\*Hund\\* **läuft weg.** …")
    assert f"`{job.seed}`" in made.content


def test_a_press_is_not_explained_once_more(tmp_path: Path) -> None:
    said = SENTENCES.text("insight.says_next_word", "de")
    job = insight_job("next_word", "Der Hund")
    for parent in (None, "9876543210"):
        post = post_of(tmp_path, dataclasses.replace(job, parent=parent), next_word("Der Hund", [" x"]))
        made = compose_post(post, SENTENCES, file_limit=10**7)
        assert (said in (made.embeds[0].description or "")) == (parent is None)


def test_the_number_of_votes_in_words() -> None:
    assert vote_count(0, SENTENCES, "de") == "Noch hat niemand abgestimmt."
    assert vote_count(1, SENTENCES, "de") == "Bisher hat eine Person abgestimmt."
    assert vote_count(12, SENTENCES, "en") == "12 people have voted so far."


@pytest.mark.parametrize(
    ("locale", "said"),
    [("de", "**1 Token**, 1 Zeichen, 1 Wort"), ("en", "**1 token**, 1 character, 1 word")],
)
def test_one_is_counted_as_one(tmp_path: Path, locale: str, said: str) -> None:
    job = insight_job("tokens", "x", locale, texts=["x"])
    post = post_of(tmp_path, job, Tokens(texts=((Piece(text="x", id=7),),)))
    assert said in (compose_post(post, SENTENCES, file_limit=10**7).embeds[0].description or "")


HIDDEN_IN_BOOK = BookCount(
    ending="ist", occurrences=2, followers=(("gut", 1), (HIDDEN, 1)), words=9, own=True
)


@pytest.mark.parametrize(
    ("insight", "hidden"),
    [
        (next_word("Das ist", [" gut"]), False),
        (next_word("Das ist", [" gut", None]), True),
        (next_word("Das ist", [" gut"], HIDDEN_IN_BOOK), True),
        (Surprise(words=(Word(text="Hai", probability=0.01, bits=7.0, best=" Hund"),), cut=False), False),
        (Surprise(words=(Word(text="Hai", probability=0.01, bits=7.0, best=None),), cut=False), True),
        (Surprise(words=(Word(text="Hai", probability=0.9, bits=0.2, best=None),), cut=False), False),
    ],
)
def test_what_is_hidden_is_said_to_be(tmp_path: Path, insight: Insight, hidden: bool) -> None:
    job = insight_job("next_word" if isinstance(insight, NextWord) else "surprise", "Das ist")
    text = compose_post(post_of(tmp_path, job, insight), SENTENCES, file_limit=10**7).embeds[0].description
    assert (SENTENCES.text("insight.hidden", "de") in (text or "")) == hidden


@pytest.mark.parametrize(
    ("text", "best", "said"),
    [
        (" Farbe", " Farbe", "„Farbe“ (1,8 Bit): Das hat auch das Modell am ehesten erwartet."),
        ("\n", " ist", "„↵“ (1,8 Bit): Erwartet hat das Modell „ist“."),
        (" Hund", "\n", "„Hund“ (1,8 Bit): Erwartet hat das Modell „↵“."),
        (" Hund", " ", "„Hund“ (1,8 Bit): Erwartet hat das Modell „␣“."),
        (" Hund", "", "„Hund“ (1,8 Bit): Erwartet hat das Modell „(Ende)“."),
        (" Hund", None, "„Hund“ (1,8 Bit): Erwartet hat das Modell „▮▮▮“."),
    ],
)
def test_what_was_expected(text: str, best: str | None, said: str) -> None:
    word = Word(text=text, probability=0.29, bits=1.8, best=best)
    assert expected(word, SENTENCES.text, "de") == said


@pytest.mark.parametrize(("texts", "told"), [(["", "", "🦔"], True), (["Hund"], False)])
def test_parts_of_a_character_are_explained(tmp_path: Path, texts: list[str], told: bool) -> None:
    pieces = tuple(Piece(text=text, id=number) for number, text in enumerate(texts))
    post = post_of(tmp_path, insight_job("tokens", "x", texts=["x"]), Tokens(texts=(pieces,)))
    text = compose_post(post, SENTENCES, file_limit=10**7).embeds[0].description or ""
    assert ("⟨…⟩" in text) == told


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.0, "unter 0,1 s"), (0.04, "unter 0,1 s"), (0.06, "0,1 s"), (12.34, "12,3 s")]
)
def test_nothing_takes_no_time(seconds: float, said: str) -> None:
    assert duration(seconds, SENTENCES, "de") == said
