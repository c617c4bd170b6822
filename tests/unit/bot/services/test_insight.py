"""Looking into a text model, on the real wiring: what is drawn, kept, hidden, picked and voted for."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import pytest

from bot.services.insight import (
    GROWN_LIMIT,
    BookRequest,
    LikelyRequest,
    NextWordRequest,
    TokensRequest,
    next_temperature,
)
from bot.services.insight_data import HIDDEN, NextWord, Surprise, Tokens, candidates
from bot.services.ports import InsightPost, Requester, Ticket
from generation.errors import AtelierError, InvalidInput, NotAllowed, NotFound, Refused
from generation.job import Job, JobState
from tests.fakes import AWAY, Fault, until
from tests.fakes_insight import SNOW, InsightDiscord, InsightWorkshop, letters, snow, words
from tests.fakes_text import text_catalog
from tests.unit.bot.services.conftest import ADDRESS, ANNA, BEN, STRANGER, TEACHER, Room

BEGINNING = "Die Farbe des Schnees ist"
FORBIDDEN = "pornografie"


@dataclass
class InsightRoom(Room):
    async def restart(self) -> None:
        await self.close()
        self.workers = InsightWorkshop()
        await self.open()
        await self.atelier.recovery.run()

    @property
    def inside(self) -> InsightWorkshop:
        return cast("InsightWorkshop", self.workers)

    @property
    def board(self) -> InsightDiscord:
        return cast("InsightDiscord", self.discord)

    async def next_word(self, text: str = BEGINNING, who: Requester = ANNA, **more: Any) -> InsightPost:
        request = NextWordRequest(text=text, **more)
        return await self.shown(await self.desk.insight.next_word(request, who, ADDRESS))

    async def shown(self, ticket: Ticket) -> InsightPost:
        job = await self.end(ticket)
        assert job.state is JobState.POSTED, job.error_code
        return self.board.insights[job.id]


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[InsightRoom]:
    opened = InsightRoom(
        tmp_path, catalog=text_catalog(), discord=InsightDiscord(), workers=InsightWorkshop(), limit=100
    )
    await opened.open()
    try:
        yield opened
    finally:
        await opened.close()


def found_in(post: InsightPost) -> NextWord:
    assert isinstance(post.insight, NextWord)
    return post.insight


async def test_the_bars_are_the_models_probabilities(room: InsightRoom) -> None:
    post = await room.next_word(temperature=0.7)
    drawn = room.inside.drawn(post.job.id)
    (panel,) = drawn["panels"]
    shares = [row["bars"][0]["share"] for row in panel["rows"]]
    assert shares == [*(share for _, share in SNOW), 0.03]
    assert [row["name"] for row in panel["rows"]][:2] == [" weiß", " schwarz"]
    assert [row["name"] for row in panel["rows"]][-3:] == ["(Ende)", "⟨E2⟩", "alle anderen"]
    assert panel["rows"][0]["bars"][0]["shown"] == "60,0 %"
    assert (drawn["text"], drawn["foot"]) == (BEGINNING, "Writer · Temperatur 0,7")
    kept = json.loads(post.data.read_bytes())
    assert [choice["probability"] for choice in kept["choices"]] == shares[:-1]
    assert post.picture is not None
    assert room.kept(post.job.id) == ["data-1.json", "diagram-0.png"]


async def test_what_the_worker_gets(room: InsightRoom) -> None:
    await room.next_word(model="poet", temperature=1.5)
    request = room.workers.requests[0]
    assert (request.family, request.task, request.model_id) == ("text", "next_word", "poet")
    assert request.params == {"text": BEGINNING, "temperature": 1.5, "run": 0, "count": 10}


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (NextWordRequest(text=" "), "prompt_empty"),
        (NextWordRequest(text="x" * 1001), "prompt_long"),
        (NextWordRequest(text="x\x00"), "prompt_control"),
        (NextWordRequest(text="x", temperature=2.1), "temperature_invalid"),
        (NextWordRequest(text="x", temperature=math.nan), "temperature_invalid"),
        (NextWordRequest(text="x", model="nobody"), "model_unknown"),
        (NextWordRequest(text=f"zeig {FORBIDDEN}"), "refused_sexual"),
    ],
)
async def test_what_cannot_be_asked(room: InsightRoom, request_: NextWordRequest, code: str) -> None:
    with pytest.raises(AtelierError) as caught:
        await room.desk.insight.next_word(request_, ANNA, ADDRESS)
    assert caught.value.code == code
    assert room.workers.requests == []


# Buttons


async def test_a_picked_piece_makes_the_text_grow(room: InsightRoom) -> None:
    post = await room.next_word(temperature=0.3)
    grown = await room.shown(await room.desk.insight.pick(post.job.id, 2, BEN, ADDRESS))
    assert found_in(grown).text == f"{BEGINNING} schwarz"
    assert (grown.job.owner_id, grown.job.parent) == ("ben", post.job.id)
    assert grown.job.params["temperature"] == 0.3


async def test_the_temperature_goes_in_steps(room: InsightRoom) -> None:
    post = await room.next_word(temperature=0.5)
    cooler = await room.shown(await room.desk.insight.change_temperature(post.job.id, BEN, ADDRESS, up=False))
    assert (found_in(cooler).text, cooler.job.params["temperature"]) == (BEGINNING, 0.3)
    assert [next_temperature(now, up=True) for now in (0, 0.5, 1, 1.9, 2)] == [0.3, 0.7, 1.5, 2, None]
    hottest = await room.next_word(temperature=2)
    with pytest.raises(InvalidInput, match="temperature_end"):
        await room.desk.insight.change_temperature(hottest.job.id, BEN, ADDRESS, up=True)


async def test_letting_it_run_draws_a_seed_and_keeps_it(room: InsightRoom) -> None:
    post = await room.next_word()
    ran = await room.shown(await room.desk.insight.run_on(post.job.id, BEN, ADDRESS))
    assert room.inside.requests[-2].params["run"] == 10
    assert found_in(ran).text == f"{BEGINNING} und noch mehr"
    assert ran.job.seed > 0
    further = await room.shown(await room.desk.insight.pick(ran.job.id, 1, BEN, ADDRESS))
    assert found_in(further).text == f"{BEGINNING} und noch mehr weiß"
    assert further.job.params["run"] == 0


@pytest.mark.parametrize("place", [0, 9, 10, 11, 99, -1])
async def test_forged_places_pick_nothing(room: InsightRoom, place: int) -> None:
    """9 is the end of the text, 10 half a letter."""
    post = await room.next_word()
    with pytest.raises(NotFound) as caught:
        await room.desk.insight.pick(post.job.id, place, BEN, ADDRESS)
    assert caught.value.code == "choice_gone"


async def test_presses_of_strangers_and_on_other_jobs_do_nothing(room: InsightRoom) -> None:
    post = await room.next_word()
    tokens = await room.shown(await room.desk.insight.tokens(TokensRequest(text="Ei"), ANNA, ADDRESS))
    guess = await room.next_word(vote=True)
    insight, votes = room.desk.insight, room.desk.votes
    attempts = [
        insight.pick(post.job.id, 1, STRANGER, ADDRESS),
        insight.pick("0000000000", 1, ANNA, ADDRESS),
        insight.pick(tokens.job.id, 1, ANNA, ADDRESS),
        insight.pick(guess.job.id, 1, ANNA, ADDRESS),
        insight.run_on(guess.job.id, ANNA, ADDRESS),
        insight.change_temperature(guess.job.id, ANNA, ADDRESS, up=True),
        votes.cast(post.job.id, 1, ANNA),
        votes.cast(guess.job.id, 1, STRANGER),
        votes.cast("0000000000", 1, ANNA),
        votes.cast_word(guess.job.id, "Wort", STRANGER),
        votes.resolve(guess.job.id, STRANGER, ADDRESS),
        votes.resolve(post.job.id, TEACHER, ADDRESS),
    ]
    before = len(room.workers.requests)
    for attempt in attempts:
        with pytest.raises(NotFound) as caught:
            await attempt
        assert caught.value.code == "job_gone"
    assert len(room.workers.requests) == before


async def test_presses_work_after_a_restart(room: InsightRoom) -> None:
    post = await room.next_word()
    await room.restart()
    grown = await room.shown(await room.desk.insight.pick(post.job.id, 1, BEN, ADDRESS))
    assert found_in(grown).text == f"{BEGINNING} weiß"


async def test_a_changed_file_gives_nothing_to_pick_from(room: InsightRoom) -> None:
    post = await room.next_word()
    post.data.write_bytes(post.data.read_bytes().replace(b" schwarz", b" anderes"))
    with pytest.raises(AtelierError) as caught:
        await room.desk.insight.pick(post.job.id, 2, BEN, ADDRESS)
    assert caught.value.code == "artifact_changed"


async def test_a_text_does_not_grow_for_ever(room: InsightRoom) -> None:
    room.inside.tell["next_word"] = lambda request: {
        **snow(request),
        "text": " ".join(str(n) for n in range(GROWN_LIMIT))[:GROWN_LIMIT],
    }
    post = await room.next_word()
    with pytest.raises(InvalidInput) as caught:
        await room.desk.insight.pick(post.job.id, 1, BEN, ADDRESS)
    assert caught.value.code == "text_full"


# What is hidden, and what is garbage


def instead(request: Any, place: int, word: str) -> dict[str, Any]:
    plain = snow(request)
    plain["choices"][place]["text"] = word
    return plain


async def test_a_refused_choice_is_hidden_and_cannot_be_picked(room: InsightRoom) -> None:
    room.inside.tell["next_word"] = lambda request: instead(request, 1, f" {FORBIDDEN}")
    post = await room.next_word()
    assert found_in(post).choices[1].text is None
    row = room.inside.drawn(post.job.id)["panels"][0]["rows"][1]
    assert (row["name"], row["bars"][0]["share"]) == (HIDDEN, 0.15)
    assert FORBIDDEN not in post.data.read_text("utf-8")
    with pytest.raises(NotFound):
        await room.desk.insight.pick(post.job.id, 2, BEN, ADDRESS)


async def test_half_a_forbidden_word_is_judged_where_it_stands(room: InsightRoom) -> None:
    room.inside.tell["next_word"] = lambda request: instead(request, 0, "nografie")
    post = await room.next_word("Das Bild zeigt por")
    assert found_in(post).choices[0].text is None


async def test_a_text_that_runs_into_something_forbidden_is_refused(room: InsightRoom) -> None:
    room.inside.tell["next_word"] = lambda request: {
        **snow(request),
        "text": f"{request.params['text']} zeigt {FORBIDDEN}",
    }
    job = await room.end(await room.desk.insight.next_word(NextWordRequest(text="Das Bild"), ANNA, ADDRESS))
    assert (job.state, job.error_code) == (JobState.REFUSED, "refused_answer_sexual")
    assert room.kept(job.id) == []
    assert room.board.insights == {}


@pytest.mark.parametrize(
    "change",
    [
        {"rest": 0.5},
        {"rest": math.nan},
        {"rest": -0.01},
        {"rest": None},
        {"rest": True},
        {"choices": []},
        {"choices": None},
        {"choices": [{"id": 1, "text": "x", "probability": 0.4}, {"id": 2, "text": "y", "probability": 0.6}]},
        {"choices": [{"id": 1, "text": 7, "probability": 0.97}]},
        {"choices": [{"id": 1, "text": "\ud800", "probability": 0.97}]},
        {"choices": [{"id": 1, "text": "x", "probability": 0.097}] * 11},
        {"choices": [{"id": 1, "text": "x" * 20_000, "probability": 0.97}]},
        {"text": None},
        {"tokens": -1},
        {"cut": "no"},
    ],
)
async def test_nonsense_from_a_worker_is_not_shown(room: InsightRoom, change: dict[str, Any]) -> None:
    room.inside.tell["next_word"] = lambda request: {**snow(request), **change}
    job = await room.end(await room.desk.insight.next_word(NextWordRequest(text="x"), ANNA, ADDRESS))
    assert (job.state, job.error_code) == (JobState.FAILED, "worker_garbage")


@pytest.mark.parametrize(
    "raw", [b"", b"[]", b"{", b"\xff", b"null", b'"x"', b" " * (1024 * 1024 + 1), b"[" * 9999]
)
async def test_files_that_are_no_answer_are_not_shown(room: InsightRoom, raw: bytes) -> None:
    room.inside.raw = lambda plain: raw
    job = await room.end(await room.desk.insight.likely(LikelyRequest(text="x y"), ANNA, ADDRESS))
    assert (job.state, job.error_code) == (JobState.FAILED, "worker_garbage")


async def test_a_worker_cannot_add_a_book(room: InsightRoom) -> None:
    book = {"ending": "x", "occurrences": 1, "followers": [["böse", 1]], "words": 5, "own": True}
    room.inside.tell["next_word"] = lambda request: {**snow(request), "book": book}
    assert found_in(await room.next_word()).book is None


async def test_other_files_than_the_one_that_was_asked_for_are_garbage(room: InsightRoom) -> None:
    room.inside.change["next_word"] = lambda outcome: replace(outcome, files=outcome.files * 2)
    job = await room.end(await room.desk.insight.next_word(NextWordRequest(text="x"), ANNA, ADDRESS))
    assert job.error_code == "worker_garbage"


async def test_a_post_that_could_not_be_shown_is_shown_after_a_restart(room: InsightRoom) -> None:
    room.discord.fault = Fault(AWAY)
    ticket = await room.desk.insight.next_word(NextWordRequest(text=BEGINNING), ANNA, ADDRESS)
    await room.in_state(ticket.job.id, JobState.POSTING)
    room.discord.fault = Fault()
    await room.restart()
    post = await room.shown(ticket)
    assert [choice.text for choice in found_in(post).choices] == [word for word, _ in SNOW]
    assert post.picture is not None
    assert room.workers.requests == []


# Tokens and surprise


async def test_tokens_of_two_sentences(room: InsightRoom) -> None:
    request = TokensRequest(text="Die  Katze\nmiaut", english="The cat")
    post = await room.shown(await room.desk.insight.tokens(request, ANNA, ADDRESS))
    assert isinstance(post.insight, Tokens)
    columns = room.inside.drawn(post.job.id)["columns"]
    assert [column["heading"] for column in columns] == ["Deutsch: 15 Tokens", "Englisch: 7 Tokens"]
    assert columns[1]["pieces"][0] == {"text": "T", "below": "84"}
    assert columns[0]["more"] == "… und noch {n} Tokens"


async def test_too_few_token_lists_are_garbage(room: InsightRoom) -> None:
    room.inside.tell["tokens"] = lambda request: {"texts": letters(request)["texts"][:1]}
    request = TokensRequest(text="a", english="b")
    job = await room.end(await room.desk.insight.tokens(request, ANNA, ADDRESS))
    assert job.error_code == "worker_garbage"


async def test_the_three_most_surprising_words_are_told(room: InsightRoom) -> None:
    text = "a b c d e f g h i j k l"
    post = await room.shown(await room.desk.insight.likely(LikelyRequest(text=text), ANNA, ADDRESS))
    assert isinstance(post.insight, Surprise)
    drawn = room.inside.drawn(post.job.id)
    assert [piece["level"] for piece in drawn["pieces"]] == [0, 1, 2, 2, 3, 3, 3, 4, 4, 4, 5, 5]
    told = [note["text"] for note in drawn["notes"] if note["level"] is None]
    assert told[0] == "„l“ (11 Bit): Erwartet hat das Modell „Tier“."
    assert len(told) == 3
    assert [word.best for word in post.insight.words].count(" Tier") == 3


async def test_a_forbidden_expectation_is_hidden(room: InsightRoom) -> None:
    def tell(request: Any) -> dict[str, Any]:
        plain = words(request)
        plain["words"][-1]["best"] = f" {FORBIDDEN}"
        return plain

    room.inside.tell["surprise"] = tell
    post = await room.shown(await room.desk.insight.likely(LikelyRequest(text="a b c d"), ANNA, ADDRESS))
    notes = room.inside.drawn(post.job.id)["notes"]
    assert f"„{HIDDEN}“" in notes[6]["text"]
    assert FORBIDDEN not in post.data.read_text("utf-8")


# The book


async def test_the_book_and_the_model_stand_in_one_picture(room: InsightRoom) -> None:
    book = b"Der Schnee ist wei\xdf. Der Schnee ist kalt. Der Schnee ist wei\xdf!"
    request = BookRequest(text="Ich glaube, der Schnee ist", book=book)
    post = await room.shown(await room.desk.insight.book(request, ANNA, ADDRESS))
    read, model = room.inside.drawn(post.job.id)["panels"]
    assert [(row["name"], row["bars"][0]["shown"]) for row in read["rows"]] == [
        ("weiß", "67 % (2)"),
        ("kalt", "33 % (1)"),
    ]
    assert read["heading"] == "Im Buch nach „der Schnee ist“ (3-mal)"
    assert len(model["rows"]) == 11
    assert read["scale"] == model["scale"] == 1.0
    assert room.workers.requests[0].task == "next_word"


async def test_a_forbidden_word_in_a_book_is_hidden_for_good(room: InsightRoom) -> None:
    book = f"Das ist {FORBIDDEN}. Das ist gut. Das ist gut.".encode()
    post = await room.shown(
        await room.desk.insight.book(BookRequest(text="Das ist", book=book), ANNA, ADDRESS)
    )
    assert [row["name"] for row in room.inside.drawn(post.job.id)["panels"][0]["rows"]] == ["gut", HIDDEN]
    found = found_in(post).book
    assert found is not None
    assert found.followers == (("gut", 2), (HIDDEN, 1))


async def test_a_picture_tells_its_recipe_without_hidden_words(room: InsightRoom) -> None:
    book = f"Das ist {FORBIDDEN}. Das ist gut.".encode()
    request = BookRequest(text="Das ist", book=book)
    post = await room.shown(await room.desk.insight.book(request, ANNA, ADDRESS))
    recipe = room.inside.drawn(post.job.id)["recipe"]
    assert FORBIDDEN not in json.dumps(recipe)
    assert (recipe["job"], recipe["seeds"], recipe["insight"]["rest"]) == (post.job.id, [], 0.03)
    assert recipe["params"] == {"text": "Das ist", "temperature": 1.0, "run": 0}


async def test_nothing_of_an_uploaded_book_is_kept_but_counts(room: InsightRoom) -> None:
    book = ("Der Schnee ist weiß. " + "Unverwechselbares Wort. " * 3).encode()
    request = BookRequest(text="Der Schnee ist", book=book)
    await room.shown(await room.desk.insight.book(request, ANNA, ADDRESS))
    for file in (room.folder / "data").rglob("*"):
        assert not file.is_file() or b"Unverwechselbares" not in file.read_bytes()


# The vote


async def test_a_class_votes_and_compares(room: InsightRoom) -> None:
    post = await room.next_word(vote=True)
    assert post.picture is None
    assert room.kept(post.job.id) == ["data-1.json"]
    listed = candidates(found_in(post))
    assert listed == [".", " blau", " gelb", " grün", " rot", " schwarz", " weiß"]
    people = [replace(BEN, person_id=f"pupil {number}") for number in range(30)]
    first = await asyncio.gather(*(room.desk.votes.cast(post.job.id, 2, who) for who in people))
    assert sorted(cast.number for cast in first) == list(range(1, 31))
    again = await asyncio.gather(
        *(room.desk.votes.cast(post.job.id, 7 if n < 20 else 6, who) for n, who in enumerate(people))
    )
    assert {cast.number for cast in again} == {30}
    own = await room.desk.votes.cast_word(post.job.id, "durchsichtig", TEACHER)
    assert (own.choice, own.number) == ("durchsichtig", 31)
    await room.restart()
    shown = await room.shown(await room.desk.votes.resolve(post.job.id, ANNA, ADDRESS))
    (panel,) = room.inside.drawn(shown.job.id)["panels"]
    assert panel["series"] == [["Klasse", "class"], ["Modell", "model"]]
    rows = {row["name"]: row["bars"] for row in panel["rows"]}
    assert rows[" weiß"] == [
        {"share": 20 / 31, "shown": "65 % (20)"},
        {"share": 0.6, "shown": "60,0 %"},
    ]
    assert rows[" schwarz"][0] == {"share": 10 / 31, "shown": "32 % (10)"}
    assert rows[" blau"][0] == {"share": 0.0, "shown": "0"}
    assert rows["durchsichtig"] == [{"share": 1 / 31, "shown": "3 % (1)"}, None]
    assert rows["alle anderen"][0] is None


async def test_who_voted_for_what_is_nowhere_after_the_end(room: InsightRoom) -> None:
    post = await room.next_word(vote=True)
    await room.desk.votes.cast(post.job.id, 1, replace(BEN, person_id="unmistakable-person"))
    await room.shown(await room.desk.votes.resolve(post.job.id, TEACHER, ADDRESS))
    for file in (room.folder / "data").rglob("*"):
        assert not file.is_file() or b"unmistakable-person" not in file.read_bytes()
    with pytest.raises(NotAllowed) as caught:
        await room.desk.votes.cast(post.job.id, 1, BEN)
    assert caught.value.code == "vote_closed"


async def test_only_the_owner_or_a_teacher_resolves(room: InsightRoom) -> None:
    post = await room.next_word(vote=True)
    with pytest.raises(NotAllowed) as caught:
        await room.desk.votes.resolve(post.job.id, BEN, ADDRESS)
    assert caught.value.code == "not_allowed"
    assert (await room.desk.votes.cast(post.job.id, 1, BEN)).number == 1


async def test_a_vote_that_could_not_be_queued_is_resolved_later(room: InsightRoom) -> None:
    post = await room.next_word(vote=True)
    await room.desk.votes.cast(post.job.id, 7, BEN)
    room.database.refuse = Fault(OSError("full"), 2)
    with pytest.raises(OSError, match="full"):
        await room.desk.votes.resolve(post.job.id, ANNA, ADDRESS)
    room.database.refuse = Fault()
    shown = await room.shown(await room.desk.votes.resolve(post.job.id, ANNA, ADDRESS))
    assert shown.job.params["votes"] == [[" weiß", 1]]


async def test_an_own_word_that_is_a_candidate_counts_as_that(room: InsightRoom) -> None:
    post = await room.next_word(vote=True)
    assert (await room.desk.votes.cast_word(post.job.id, " Weiß ", BEN)).choice == " weiß"


@pytest.mark.parametrize(
    ("word", "code"),
    [
        ("", "prompt_empty"),
        ("x" * 41, "word_long"),
        (FORBIDDEN, "refused_sexual"),
        ("\x07", "prompt_control"),
    ],
)
async def test_own_words_are_checked(room: InsightRoom, word: str, code: str) -> None:
    post = await room.next_word(vote=True)
    with pytest.raises((InvalidInput, Refused)) as caught:
        await room.desk.votes.cast_word(post.job.id, word, BEN)
    assert caught.value.code == code


@pytest.mark.parametrize("place", [0, 8, 10, 99, -1])
async def test_forged_votes_do_not_count(room: InsightRoom, place: int) -> None:
    post = await room.next_word(vote=True)
    with pytest.raises(NotFound) as caught:
        await room.desk.votes.cast(post.job.id, place, BEN)
    assert caught.value.code == "choice_gone"


async def test_a_job_in_work_has_no_buttons_yet(room: InsightRoom) -> None:
    held: list[Job] = []
    room.inside.on_start = lambda request: room.inside.held.add(request.job)
    ticket = await room.desk.insight.next_word(NextWordRequest(text="x"), ANNA, ADDRESS)
    held.append(ticket.job)
    await until(lambda: bool(room.inside.held))
    with pytest.raises(NotFound):
        await room.desk.insight.pick(ticket.job.id, 1, ANNA, ADDRESS)
    room.inside.on_start = lambda request: None
    room.inside.release(ticket.job.id)
    await room.shown(ticket)
