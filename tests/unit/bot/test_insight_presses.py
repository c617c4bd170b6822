"""Presses under next words and votes: whatever id arrives, one answer, and the class's post is never deleted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

import discord
import pytest

from bot.i18n import Sentences
from bot.services.insight_votes import Cast
from bot.services.ports import Requester, Ticket
from bot.views import Presses
from generation.errors import LimitReached, NotAllowed, NotFound
from tests.fakes_dispatch import make_job

SENTENCES = Sentences.load(strict=True)
JOB = "0123456789"
WHO = Requester(guild_id="1", channel_id="2", person_id="3", locale="de")


class Refusing(discord.HTTPException):
    """Discord says no."""

    def __init__(self) -> None:
        Exception.__init__(self, "no")
        self.status, self.code, self.text = 500, 0, ""


@dataclass
class FakePress:
    """An interaction that writes down what was done with it."""

    data: dict[str, Any]
    type: discord.InteractionType = discord.InteractionType.component
    followup_fails: bool = False
    done: list[tuple[str, str]] = field(default_factory=list)
    extras: dict[str, Any] = field(default_factory=dict)
    locale: str = "de"
    command: None = None
    application_id: int = 1
    token: str = "t"
    channel_id: int = 2
    guild_id: int = 3
    client: None = None
    filesize_limit: int = 10**7
    answered: bool = False

    @property
    def response(self) -> FakePress:
        return self

    @property
    def followup(self) -> FakePress:
        return self

    @property
    def message(self) -> FakePress:
        return self

    def is_done(self) -> bool:
        return self.answered

    async def defer(self, *, thinking: bool, ephemeral: bool) -> None:
        self.answered = True
        self.done.append(("defer", "private" if ephemeral else "public"))

    async def edit_message(self, *, content: str) -> None:
        self.answered = True
        self.done.append(("post", content))

    async def edit(self, **what: Any) -> None:
        self.done.append(("edit", str(what.get("content"))))

    async def send_message(self, text: str, *, ephemeral: bool) -> None:
        self.answered = True
        self.done.append(("private", text))

    async def send_modal(self, form: discord.ui.Modal) -> None:
        self.answered = True
        self.done.append(("form", form.custom_id))

    async def send(self, text: str, *, ephemeral: bool) -> None:
        if self.followup_fails:
            raise Refusing
        self.done.append(("private", text))

    async def delete_original_response(self) -> None:
        self.done.append(("delete", ""))


@dataclass
class FakeInside:
    """Both services of the desk; `error` is raised instead of an answer."""

    error: Exception | None = None
    calls: list[tuple[Any, ...]] = field(default_factory=list)

    def _note(self, *call: Any) -> Ticket:
        self.calls.append(call)
        if self.error is not None:
            raise self.error
        return Ticket(job=make_job(), place=1, expected_seconds=None)

    async def pick(self, job: str, place: int, who: Requester, address: object) -> Ticket:
        return self._note("pick", job, place)

    async def change_temperature(self, job: str, who: Requester, address: object, *, up: bool) -> Ticket:
        return self._note("warm" if up else "cool", job)

    async def run_on(self, job: str, who: Requester, address: object) -> Ticket:
        return self._note("run", job)

    async def recipe(self, job: str, who: Requester, *, vote: bool) -> None:
        self._note("recipe", job, vote)

    async def cast(self, job: str, place: int, who: Requester) -> Cast:
        self._note("cast", job, place)
        return Cast(job=make_job(locale="de"), choice=" weiß", number=3)

    async def cast_word(self, job: str, word: str, who: Requester) -> Cast:
        self._note("word", job, word)
        return Cast(job=make_job(locale="de"), choice=word, number=4)

    async def resolve(self, job: str, who: Requester, address: object) -> Ticket:
        return self._note("resolve", job)


@dataclass
class FakePublisher:
    statuses: int = 0

    async def show_status(self, job: object, address: object, status: object) -> None:
        self.statuses += 1


class Stated:
    """A class for which everything is stated."""

    async def demand(self, guild_id: str, *, command: str = "", action: str = "") -> None:
        return None


class Nobody:
    """Nobody is blocked."""

    @property
    def blocks(self) -> Nobody:
        return self

    async def demand_free(self, who: Requester, *, command: str = "", action: str = "") -> None:
        return None


@dataclass
class FakeDesk:
    insight: FakeInside
    votes: FakeInside
    setup: Stated = field(default_factory=Stated)
    care: Nobody = field(default_factory=Nobody)


async def press(press: FakePress, inside: FakeInside) -> FakePublisher:
    publisher = FakePublisher()
    presses = Presses(
        desk=cast("Any", FakeDesk(inside, inside)),
        publisher=cast("Any", publisher),
        sentences=SENTENCES,
        who=lambda _: WHO,
    )
    await presses.answer(cast("Any", press))
    return publisher


def of(custom_id: str, **data: Any) -> FakePress:
    return FakePress({"custom_id": custom_id, **data})


@pytest.mark.parametrize(
    ("pressed", "call"),
    [
        (of(f"ka:nextpick:{JOB}", values=["10"]), ("pick", JOB, 10)),
        (of(f"ka:nextcool:{JOB}"), ("cool", JOB)),
        (of(f"ka:nextwarm:{JOB}"), ("warm", JOB)),
        (of(f"ka:nextrun:{JOB}"), ("run", JOB)),
        (of(f"ka:resolve:{JOB}"), ("resolve", JOB)),
    ],
)
async def test_a_press_makes_a_new_public_answer(pressed: FakePress, call: tuple[Any, ...]) -> None:
    inside = FakeInside()
    publisher = await press(pressed, inside)
    assert inside.calls == [call]
    assert publisher.statuses == 1
    assert pressed.done[0] == ("defer", "public")
    changed = [content for what, content in pressed.done if what == "edit"]
    assert changed == ([SENTENCES.text("insight.closed", "de")] if call[0] == "resolve" else [])


@pytest.mark.parametrize(
    "values", [[], None, [""], ["x"], ["-1"], ["1.5"], ["²"], ["999"], [7.5], ["1" * 99]]
)
async def test_forged_choices_pick_nothing(values: list[Any] | None) -> None:
    pressed, inside = of(f"ka:nextpick:{JOB}", values=values), FakeInside()
    await press(pressed, inside)
    assert inside.calls == []
    assert pressed.done[-1] == ("private", SENTENCES.text("error.choice_gone", "de"))


async def test_a_vote_is_counted_in_the_post_and_confirmed_in_private() -> None:
    pressed, inside = of(f"ka:vote:{JOB}:10"), FakeInside()
    await press(pressed, inside)
    assert inside.calls == [("cast", JOB, 10)]
    assert pressed.done == [
        ("post", SENTENCES.text("insight.voted", "de", n=3)),
        ("private", SENTENCES.text("insight.your_vote", "de", word="weiß")),
    ]


async def test_a_vote_that_cannot_be_confirmed_never_deletes_the_classs_post() -> None:
    pressed = of(f"ka:vote:{JOB}:1")
    pressed.followup_fails = True
    await press(pressed, FakeInside())
    assert [what for what, _ in pressed.done] == ["post"]


@pytest.mark.parametrize("error", [NotFound("choice_gone"), NotAllowed("vote_closed"), OSError("secret")])
async def test_a_vote_that_does_not_count_is_explained_in_private(error: Exception) -> None:
    pressed = of(f"ka:vote:{JOB}:1")
    await press(pressed, FakeInside(error))
    code = getattr(error, "code", "internal")
    assert pressed.done == [("private", SENTENCES.text(f"error.{code}", "de"))]


@pytest.mark.parametrize("custom_id", ["ka:vote:x:0", "ka:vote:x:100", "ka:vote", "ka:votes:x:1", "vote:x:1"])
async def test_forged_ids_are_answered(custom_id: str) -> None:
    pressed, inside = of(custom_id), FakeInside()
    await press(pressed, inside)
    assert inside.calls == []
    assert pressed.done == [("private", SENTENCES.text("error.button_unknown", "de"))]


async def test_a_vote_without_a_place_is_none() -> None:
    inside = FakeInside()
    await press(of(f"ka:vote:{JOB}"), inside)
    assert inside.calls == [("cast", JOB, 0)]  # which no candidate has


async def test_a_word_of_ones_own_comes_by_a_form() -> None:
    pressed, inside = of(f"ka:voteword:{JOB}"), FakeInside()
    await press(pressed, inside)
    assert inside.calls == [("recipe", JOB, True)]
    (what, custom_id) = pressed.done[0]
    assert what == "form"
    rows = [{"components": [{"custom_id": "word", "value": "durchsichtig"}]}]
    sent = of(custom_id, components=rows)
    sent.type = discord.InteractionType.modal_submit
    await press(sent, inside)
    assert inside.calls[-1] == ("word", JOB, "durchsichtig")
    assert [what for what, _ in sent.done] == ["defer", "private", "edit"]
    assert sent.done[0] == ("defer", "private")


async def test_who_may_not_resolve_hears_it_alone() -> None:
    pressed = of(f"ka:resolve:{JOB}")
    await press(pressed, FakeInside(NotAllowed("not_allowed")))
    assert pressed.done[1:] == [("delete", ""), ("private", SENTENCES.text("error.not_allowed", "de"))]


async def test_a_full_queue_leaves_the_vote_open_for_another_press() -> None:
    pressed = of(f"ka:resolve:{JOB}")
    await press(pressed, FakeInside(LimitReached("limit_waiting", limit=3)))
    assert "edit" not in [what for what, _ in pressed.done]
