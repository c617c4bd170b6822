"""What setting up asks for: statements as they are typed, channels by choice and by name, steps that are done."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.services.setup_rules import (
    AGES,
    COUNTRIES,
    DISCORDS_AGE,
    Found,
    FoundChannel,
    Place,
    Statement,
    Step,
    channels_for,
    lacking,
    least_age,
    read_statement,
    report_of,
)
from generation.errors import InvalidInput

NAMES = {Place.STUDIO: ("atelier",), Place.GALLERY: ("galerie", "gallery"), Place.REVIEW: ("lehrkraft",)}
GOOD = Statement(country="DE", min_age=16)


def channel(number: int, name: str, **changes: bool | tuple[str, ...]) -> FoundChannel:
    return dataclasses.replace(FoundChannel(id=str(number), name=name), **changes)  # type: ignore[arg-type]


CHANNELS = (channel(1, "atelier"), channel(2, "gallery"), channel(3, "lehrkraft", everybody=False))
WHOLE = Found(channels=CHANNELS, names=NAMES, teacher_role=True, class_role=True)


@pytest.mark.parametrize(
    ("country", "age", "read"),
    [
        ("DE", "16", ("DE", 16)),
        (" de ", " 18 ", ("DE", 18)),
        ("Deutschland", "16", ("DE", 16)),
        ("ÖSTERREICH", "14", ("AT", 14)),
        ("ch", "13", ("CH", 13)),
    ],
)
def test_what_may_be_typed(country: str, age: str, read: tuple[str, int]) -> None:
    statement = read_statement(country, age, on_discord=True)
    assert (statement.country, statement.min_age) == read


@pytest.mark.parametrize(
    ("country", "age", "code"),
    [
        ("", "16", "country_unknown"),
        ("XX", "16", "country_unknown"),
        ("Atlantis", "16", "country_unknown"),
        ("DE", "", "age_invalid"),
        ("DE", "sechzehn", "age_invalid"),
        ("DE", "16.5", "age_invalid"),
        ("DE", "-16", "age_invalid"),
        ("DE", "१६", "age_invalid"),
        ("DE", "5", "age_invalid"),
        ("DE", "160", "age_invalid"),
        ("DE", "15", "age_low"),
        ("AT", "12", "age_low"),
    ],
)
def test_what_may_not(country: str, age: str, code: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        read_statement(country, age, on_discord=True)
    assert raised.value.code == code


def test_discords_age_holds_on_discord_only() -> None:
    assert read_statement("DE", "10", on_discord=False).min_age == 10
    assert least_age("DE", on_discord=True) == 16
    assert least_age("AT", on_discord=True) == DISCORDS_AGE


@given(country=st.sampled_from(sorted(COUNTRIES)), age=st.integers(*AGES), on_discord=st.booleans())
def test_what_is_taken_opens_the_commands(country: str, age: int, on_discord: bool) -> None:
    try:
        statement = read_statement(country, str(age), on_discord=on_discord)
    except InvalidInput:
        assert age < least_age(country, on_discord=on_discord)
        assert lacking(Statement(country=country, min_age=age), on_discord=on_discord) == "setup_age_low"
    else:
        assert lacking(statement, on_discord=on_discord) is None


@given(country=st.text(max_size=30), age=st.text(max_size=5))
def test_nothing_else_gets_through(country: str, age: str) -> None:
    try:
        statement = read_statement(country, age, on_discord=True)
    except InvalidInput:
        return  # which code: see above
    else:
        assert statement.country in COUNTRIES


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        (Statement(), "setup_missing"),
        (Statement(min_age=16), "setup_country_missing"),
        (Statement(country="DE"), "setup_age_missing"),
        (Statement(country="DE", min_age=14), "setup_age_low"),
        (GOOD, None),
    ],
)
def test_what_is_lacking(statement: Statement, code: str | None) -> None:
    assert lacking(statement, on_discord=True) == code


def test_a_forum_serves_the_gallery_alone() -> None:
    forums = [
        channel(number, name, forum=True, everybody=False)
        for number, name in enumerate(("atelier", "galerie"))
    ]
    found = dataclasses.replace(WHOLE, channels=(*forums, channel(7, "lehrkraft", forum=True)))
    assert {place: one.id for place, one in channels_for(found, {}).items()} == {Place.GALLERY: "1"}
    chosen = {Place.STUDIO: "0", Place.GALLERY: "0", Place.REVIEW: "7"}
    assert {place: one.id for place, one in channels_for(found, chosen).items()} == {Place.GALLERY: "0"}


def test_a_choice_goes_before_a_name() -> None:
    other = channel(9, "werkstatt")
    found = dataclasses.replace(WHOLE, channels=(*CHANNELS, other))
    assert channels_for(found, {})[Place.STUDIO].id == "1"
    assert channels_for(found, {"studio": "9"})[Place.STUDIO].id == "9"
    assert channels_for(found, {"studio": "gone"})[Place.STUDIO].id == "1"
    # the channel that is called like the gallery was chosen for something else
    assert Place.GALLERY not in channels_for(found, {"studio": "2"})


def steps(found: Found, *, statement: Statement = GOOD, is_teacher: bool = True) -> frozenset[Step]:
    return report_of(found, statement, {}, on_discord=True, is_teacher=is_teacher).done


def test_everything_is_done() -> None:
    report = report_of(WHOLE, GOOD, {}, on_discord=True, is_teacher=True)
    assert report.is_complete
    assert not report.wants_making


def test_each_step_by_itself() -> None:
    everything = frozenset(Step)
    lacking_role = dataclasses.replace(WHOLE, teacher_role=False)
    no_pupils = dataclasses.replace(WHOLE, class_role=False)
    no_review = dataclasses.replace(WHOLE, channels=CHANNELS[:2])
    open_review = dataclasses.replace(WHOLE, channels=(*CHANNELS[:2], channel(3, "lehrkraft")))
    cannot_send = dataclasses.replace(WHOLE, missing=("send_messages",))
    not_there = dataclasses.replace(
        WHOLE, channels=(channel(1, "atelier", missing=("attach_files",)), *CHANNELS[1:])
    )
    assert steps(WHOLE, statement=Statement()) == everything - {Step.RULES}
    assert steps(lacking_role) == steps(no_pupils) == everything - {Step.ROLES}
    assert steps(no_review) == steps(open_review) == everything - {Step.CHANNELS}
    assert steps(cannot_send) == steps(not_there) == everything - {Step.PERMISSIONS}
    assert steps(WHOLE, is_teacher=False) == everything - {Step.YOURSELF}


def test_a_permission_says_where_it_is_missing() -> None:
    channels = tuple(
        dataclasses.replace(one, missing=("attach_files", "send_messages")) for one in CHANNELS[:2]
    )
    found = dataclasses.replace(WHOLE, channels=(*channels, CHANNELS[2]), missing=("send_messages",))
    report = report_of(found, GOOD, {}, on_discord=True, is_teacher=True)
    assert report.missing == {"send_messages": (), "attach_files": ("1", "2")}


@given(roles=st.booleans(), channels=st.booleans(), makes_roles=st.booleans(), makes_channels=st.booleans())
def test_only_what_is_missing_needs_a_permission(
    roles: bool, channels: bool, makes_roles: bool, makes_channels: bool
) -> None:
    found = dataclasses.replace(
        WHOLE,
        teacher_role=roles,
        channels=CHANNELS if channels else (),
        makes_roles=makes_roles,
        makes_channels=makes_channels,
    )
    report = report_of(found, GOOD, {}, on_discord=True, is_teacher=True)
    assert report.wants_making == (not roles or not channels)
    assert report.may_make == ((roles or makes_roles) and (channels or makes_channels))
