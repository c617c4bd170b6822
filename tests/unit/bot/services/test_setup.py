"""Setting up on a real database: who may, what holds, what is noted, what works before."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from bot.services.ports import Requester
from bot.services.setup import ALWAYS, ENDING, OPEN_PRESSES, Founder, Setup
from bot.services.setup_rules import Found, FoundChannel, Place, Statement, Step
from data.database import Database
from data.setup import Setups
from generation.errors import InvalidInput, NotAllowed, NotFound


class Notes:
    def __init__(self) -> None:
        self.taken: list[tuple[str, str, str, Mapping[str, str | int]]] = []

    async def note(
        self,
        guild: str,
        actor: str,
        what: str,
        subject: str = "",
        *,
        detail: Mapping[str, str | int] | None = None,
    ) -> None:
        assert subject == "", "it concerns no person"
        self.taken.append((guild, actor, what, detail or {}))


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with await Database.open(tmp_path / "data") as opened:
        yield opened


@pytest.fixture
def notes() -> Notes:
    return Notes()


@pytest.fixture
def setup(database: Database, notes: Notes) -> Setup:
    return Setup(setups=Setups(database), given=Statement(), on_discord=True, notes=notes)


def founder(*, manages: bool = False, teacher: bool = False, guild: str = "1") -> Founder:
    who = Requester(guild_id=guild, channel_id="2", person_id="3", locale="de", is_teacher=teacher)
    return Founder(who=who, manages=manages)


TEACHER, OWNER, PUPIL = founder(teacher=True), founder(manages=True), founder()
ROOM = FoundChannel(id="10", name="atelier")
CLOSED = FoundChannel(id="11", name="lehrkraft", everybody=False)


async def test_nothing_works_before_the_statement(setup: Setup, database: Database) -> None:
    with pytest.raises(NotAllowed) as raised:
        await setup.demand("1", command="image")
    assert raised.value.code == "setup_missing"
    for command in ALWAYS | ENDING:
        await setup.demand("1", command=command)
    for action in OPEN_PRESSES:
        await setup.demand("1", action=action)
    with pytest.raises(NotAllowed):
        await setup.demand("1", action="again")
    with pytest.raises(NotAllowed):
        await setup.demand("1")

    await setup.state("DE", "16", TEACHER)
    await setup.demand("1", command="image")
    with pytest.raises(NotAllowed):
        await setup.demand("2", command="image")  # another class has stated nothing
    again = Setup(setups=Setups(database), given=Statement(), on_discord=True)
    await again.demand("1", command="image")  # a restart keeps it


@pytest.mark.parametrize(
    "action",
    ["report", "ask", "liftstop", "reptake", "cancel", "endchat", "voicedrop", "witrefuse", "galdown"],
)
async def test_what_is_there_can_be_complained_about_and_called_off_without_a_statement(
    setup: Setup, action: str
) -> None:
    await setup.demand("1", action=action)


async def test_no_press_that_makes_something_is_open() -> None:
    making = {
        "again",
        "seeds",
        "adapt",
        "answer",
        "example",
        "help",
        "longer",
        "further",
        "galsend",
        "galaccept",
    }
    assert not making & OPEN_PRESSES


async def test_the_last_statement_counts(setup: Setup, notes: Notes) -> None:
    await setup.state("DE", "16", OWNER)
    assert await setup.state("AT", "14", TEACHER) == Statement(country="AT", min_age=14)
    assert await setup.statement("1") == Statement(country="AT", min_age=14)
    assert notes.taken == [
        ("1", "3", "setup", {"country": "DE", "min_age": 16}),
        ("1", "3", "setup", {"country": "AT", "min_age": 14}),
    ]


async def test_a_wrong_statement_changes_nothing(setup: Setup, notes: Notes) -> None:
    await setup.state("DE", "16", TEACHER)
    for country, age in (("DE", "14"), ("XX", "16"), ("DE", "x")):
        with pytest.raises(InvalidInput):
            await setup.state(country, age, TEACHER)
    assert await setup.statement("1") == Statement(country="DE", min_age=16)
    assert len(notes.taken) == 1


async def test_settings_hold_everywhere_and_cannot_be_talked_over(database: Database) -> None:
    given = Statement(country="DE", min_age=16)
    setup = Setup(setups=Setups(database), given=given, on_discord=True)
    await setup.demand("1", command="image")
    await setup.state("AT", "14", TEACHER)
    assert await setup.statement("1") == given
    half = Setup(setups=Setups(database), given=Statement(country="DE"), on_discord=True)
    with pytest.raises(NotAllowed) as raised:
        await half.demand("7", command="image")
    assert raised.value.code == "setup_age_missing"
    with pytest.raises(InvalidInput):
        await half.state("AT", "14", founder(teacher=True, guild="7"))


async def test_settings_below_discords_age_open_nothing(database: Database) -> None:
    young = Statement(country="DE", min_age=12)
    with pytest.raises(NotAllowed) as raised:
        await Setup(setups=Setups(database), given=young, on_discord=True).demand("1", command="image")
    assert raised.value.code == "setup_age_low"
    await Setup(setups=Setups(database), given=young, on_discord=False).demand("1", command="image")


async def test_a_pupil_may_do_none_of_it(setup: Setup, notes: Notes) -> None:
    for attempt in (
        setup.state("DE", "16", PUPIL),
        setup.look(Found(), PUPIL),
        setup.adopt({Place.STUDIO: ROOM}, PUPIL),
    ):
        with pytest.raises(NotAllowed) as raised:
            await attempt
        assert raised.value.code == "setup_not_allowed"
    report = await setup.look(Found(), TEACHER)
    with pytest.raises(NotAllowed):
        setup.demand_making(report, PUPIL)
    assert notes.taken == []


async def test_channels_are_adopted(setup: Setup, notes: Notes) -> None:
    await setup.adopt({Place.STUDIO: ROOM, Place.REVIEW: CLOSED}, OWNER)
    assert await setup.place("1", Place.STUDIO) == "10"
    assert await setup.place("1", Place.GALLERY) is None
    assert await setup.place("2", Place.STUDIO) is None
    report = await setup.look(Found(channels=(ROOM, CLOSED)), TEACHER)
    assert {place: one.id for place, one in report.channels.items()} == {
        Place.STUDIO: "10",
        Place.REVIEW: "11",
    }
    assert Step.CHANNELS not in report.done
    assert notes.taken[-1] == ("1", "3", "setup", {"studio": "10", "review": "11"})


async def test_an_open_channel_is_none_for_reviews_and_one_channel_serves_once(setup: Setup) -> None:
    with pytest.raises(InvalidInput) as raised:
        await setup.adopt({Place.REVIEW: ROOM}, TEACHER)
    assert raised.value.code == "review_open"
    await setup.adopt({Place.STUDIO: ROOM}, TEACHER)
    with pytest.raises(InvalidInput) as raised:
        await setup.adopt({Place.GALLERY: ROOM}, TEACHER)
    assert raised.value.code == "place_taken"
    assert await setup.place("1", Place.REVIEW) is None
    assert await setup.place("1", Place.GALLERY) is None


async def test_making_needs_something_to_make_and_the_permission(setup: Setup) -> None:
    report = await setup.look(Found(), TEACHER)
    with pytest.raises(NotAllowed) as raised:
        setup.demand_making(report, TEACHER)
    assert raised.value.code == "setup_forbidden"
    setup.demand_making(await setup.look(Found(makes_roles=True, makes_channels=True), TEACHER), TEACHER)
    names = {Place.STUDIO: ("a",), Place.GALLERY: ("b",), Place.REVIEW: ("c",)}
    there = tuple(FoundChannel(id=name, name=name, everybody=False) for name in "abc")
    whole = Found(channels=there, names=names, teacher_role=True, class_role=True)
    with pytest.raises(NotFound):
        setup.demand_making(await setup.look(whole, TEACHER), TEACHER)


async def test_statements_at_once_leave_one_whole_one(setup: Setup, database: Database) -> None:
    typed = [("DE", "16"), ("AT", "14"), ("CH", "18")]
    await asyncio.gather(
        setup.statement("1"), *(setup.state(*one, TEACHER) for one in typed), setup.statement("1")
    )
    kept = await setup.statement("1")
    assert await Setup(setups=Setups(database), given=Statement(), on_discord=True).statement("1") == kept
    assert (kept.country, str(kept.min_age)) in typed


async def test_a_server_that_was_left_begins_anew(setup: Setup) -> None:
    other = founder(teacher=True, guild="2")
    for one in (TEACHER, other):
        await setup.state("DE", "16", one)
        await setup.adopt({Place.STUDIO: ROOM}, one)
    await setup.forget("1")
    with pytest.raises(NotAllowed):
        await setup.demand("1", command="image")
    assert await setup.place("1", Place.STUDIO) is None
    await setup.demand("2", command="image")
    assert await setup.place("2", Place.STUDIO) == "10"


async def test_no_person_is_kept(setup: Setup, database: Database) -> None:
    await setup.state("DE", "16", founder(teacher=True))
    async with database.read() as connection:
        for table in ("setups", "setup_places"):
            columns = [row[1] for row in await connection.execute_fetchall(f"PRAGMA table_info({table})")]
            assert columns
            assert not any("person" in column or column.endswith("_by") for column in columns)


async def test_a_forum_is_adopted_for_works_and_for_nothing_else(setup: Setup) -> None:
    forum = FoundChannel(id="20", name="ausstellung", forum=True, everybody=False)
    for place in (Place.STUDIO, Place.REVIEW):
        with pytest.raises(InvalidInput) as raised:
            await setup.adopt({place: forum}, TEACHER)
        assert raised.value.code == "place_forum"
        assert await setup.place("1", place) is None
    await setup.adopt({Place.GALLERY: forum}, TEACHER)
    assert await setup.place("1", Place.GALLERY) == "20"
