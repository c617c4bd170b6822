"""What is said when a post is reported, a refusal asked about, a word added, a pupil blocked; and Discord's limits."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import discord
import pytest

from bot.buttons import ButtonId, result_rows, text_row, vote_rows
from bot.care_presses import CarePresses
from bot.i18n import LANGUAGES, Sentences
from bot.posts.care import (
    ask_row,
    ask_row_of,
    desk_card,
    read_report,
    report_form,
    with_report,
    words_card,
)
from bot.services.care_ports import REASONS, Reported, WordsView
from bot.services.ports import Requester
from data.appeals import RefusalCount
from data.reports import Report
from generation.errors import AtelierError, InvalidInput, NotAllowed, Refused
from generation.job import JobState
from tests.fakes_dispatch import make_job
from tests.forged_world import SENTENCES, Forged, World, build
from tests.unit.bot.services.conftest import ANNA, BEN, TEACHER, Room

PRESS, FORM = discord.InteractionType.component, discord.InteractionType.modal_submit


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    room = Room(tmp_path)
    await room.open()
    yield await build(room)
    await room.close()


async def pressed(world: World, action: str, subject: str, who: Requester, **fields: str) -> Forged:
    parts = [{"type": 18, "component": {"custom_id": key, "value": one}} for key, one in fields.items()]
    custom_id = str(ButtonId(action=action, subject=subject))
    press = Forged(
        type=FORM if fields else PRESS, data={"custom_id": custom_id, "components": parts}, who=who
    )
    await world.presses.answer(cast("Any", press))
    return press


def own(world: World) -> CarePresses:
    return cast("CarePresses", world.buttons["ask"].__self__)


def said(press: Forged) -> list[str]:
    return [text for _, text in press.done]


def say(key: str, **values: Any) -> str:
    return SENTENCES.text(key, "de", **values)


async def test_the_teacher_sees_who_reported_what_and_why_and_takes_it_down(world: World) -> None:
    post = world.subjects["job"][2]
    form = await pressed(world, "report", post, ANNA)
    assert form.done[0][0] == "form"
    sent = await pressed(world, "report", post, ANNA, reason="hurtful", note="*das* tut weh @everyone")
    assert said(sent) == [say("care.reported_unheard")]
    again = await pressed(world, "report", post, ANNA, reason="other", note="")
    assert said(again) == [say("care.reported_before")]
    list_ = Forged(type=PRESS, data={}, who=TEACHER)
    await own(world).show(cast("Any", list_))
    assert "Gemeldete Beiträge: 2" in said(list_)[0]
    report = await _report_of(world, post)
    card = await pressed(world, "repsee", report, TEACHER)
    (text,) = said(card)
    assert f"<@{ANNA.person_id}>" in text
    assert say("reason.hurtful") in text
    assert "\\*das\\* tut weh" in text
    taken = await pressed(world, "reptake", report, TEACHER)
    assert said(taken)[0] == say("care.taken_down")


async def _report_of(world: World, job: str) -> str:
    async with world.room.database.read() as connection:
        rows = list(await connection.execute_fetchall("SELECT id FROM reports WHERE job = ?", (job,)))
    return str(rows[0][0])


async def test_a_question_shows_what_was_typed_and_is_answered(world: World) -> None:
    job = world.subjects["job"][-2]
    card = await pressed(world, "appsee", job, TEACHER)
    (text,) = said(card)
    assert "Ein Splatterfilm" in text
    assert say("category.violence") in text
    assert "`splatterfilm*`" in text
    decided = await pressed(world, "appwrong", job, TEACHER)
    assert said(decided)[0] == say("care.decided_wrong")
    overview = Forged(type=PRESS, data={}, who=TEACHER)
    await own(world).words(cast("Any", overview), add=None, allow=None, remove=None, anyway=False)
    assert say("words.judged", wrong=2, n=2) in said(overview)[0]
    assert "`splatterfilm*` (2)" in said(overview)[0]


async def test_a_refusal_in_a_direct_message_can_be_asked_about_by_its_owner_alone(world: World) -> None:
    with pytest.raises(Refused) as caught:
        await world.room.ask("Ein Splatterfilm", ANNA)
    job = str(caught.value.values["job"])
    custom_id = str(ButtonId(action="ask", subject=job))
    for person, answer in (
        (BEN.person_id, SENTENCES.text("error.appeal_gone", "de")),
        (ANNA.person_id, say("care.asked_now")),
        (ANNA.person_id, say("care.asked_before")),
    ):
        press = Forged(type=PRESS, data={"custom_id": custom_id}, who=None, person=person)
        await world.presses.answer(cast("Any", press))
        assert said(press) == [answer.replace(say("care.asked_now"), say("care.asked_unheard"))]
    assert job in [one.id for one in await world.room.desk.care.appeals.waiting(TEACHER)]
    report = Forged(type=PRESS, data={"custom_id": f"ka:repsee:{world.subjects['report'][0]}"}, who=None)
    await world.presses.answer(cast("Any", report))
    assert said(report) == [SENTENCES.text("error.only_in_class", "de")]


async def test_words_are_added_allowed_and_removed_one_at_a_time(world: World) -> None:
    presses = own(world)

    async def do(who: Requester = TEACHER, **given: Any) -> str:
        press = Forged(type=PRESS, data={}, who=who)
        options = {"add": None, "allow": None, "remove": None, "anyway": False, **given}
        await presses.words(cast("Any", press), **options)
        return said(press)[0]

    assert "`einhorn*`" in await do(add="einhorn*")
    assert "`nacktkatze`" in await do(allow="nacktkatze")
    shown = await do()
    assert "`einhorn*`" in shown
    assert "`nacktkatze`" in shown
    press = Forged(type=PRESS, data={}, who=TEACHER)
    assert await presses.own_words(cast("Any", press)) == ("einhorn*", "nacktkatze")
    await do(remove="einhorn*")
    assert "einhorn" not in (await do()).split(say("words.how"))[0]
    with pytest.raises(InvalidInput):
        await do(add="a", allow="b")
    for given in ({"add": "hund"}, {}, {"remove": "nacktkatze"}):
        with pytest.raises(NotAllowed):
            await do(ANNA, **given)


@pytest.mark.parametrize("language", LANGUAGES)
def test_five_hundred_words_of_a_class_fit_into_a_message(language: str) -> None:
    words = tuple(f"{'w' * 56}{number:03}*" for number in range(500))
    counts = tuple(RefusalCount(code=f"answer_code{number}", decided=999, wrong=999) for number in range(40))
    blamed = tuple((f"{'x' * 50} & {number}", 999) for number in range(10))
    for view in (
        WordsView(refused=words, allowed=(), counts=counts, blamed=blamed),
        WordsView(refused=("einhorn*",) * 100, allowed=("nacktkatze",) * 100, counts=(), blamed=()),
    ):
        card = words_card(view, SENTENCES, language)
        assert len(card) <= 2000
    assert SENTENCES.text("words.more", language, n=60) in card


async def test_only_members_without_the_teacher_role_can_be_blocked(world: World) -> None:
    presses = own(world)
    press = Forged(type=PRESS, data={}, who=TEACHER)
    with pytest.raises(NotAllowed):
        await presses.block(cast("Any", press), SimpleNamespace(id=5), 45)
    await presses.unblock(cast("Any", press), None)
    assert said(press) == [say("blocks.nobody")]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_post_gets_one_more_button_and_stays_within_discords_limits(language: str) -> None:
    words = [f"wort{number}" for number in range(20)]
    views = [
        None,
        result_rows(SENTENCES, "job0000001", language, range(1, 5)),
        text_row(SENTENCES, "job0000001", language),
        vote_rows(SENTENCES, "job0000001", language, words),
    ]
    for view in views:
        before = [] if view is None else list(view.children)
        made = with_report(view, "job0000001", SENTENCES, language)
        assert list(made.children)[:-1] == before
        payload = made.to_components()
        assert len(payload) <= 5
        assert all(len(row["components"]) <= 5 for row in payload)
        assert payload[-1]["components"][-1]["custom_id"] == "ka:report:job0000001"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_form_and_the_buttons_fit(language: str) -> None:
    form = report_form("job0000001", SENTENCES, language)
    payload = form.to_dict()
    assert len(payload["title"]) <= 45
    labels = payload["components"]
    assert all(len(label["label"]) <= 45 and len(label.get("description") or "") <= 100 for label in labels)
    assert [one["value"] for one in labels[0]["component"]["options"]] == list(REASONS)
    keys = [key for key in SENTENCES.keys(language) if key.startswith("button.")]
    assert [key for key in keys if any(len(form) > 80 for form in SENTENCES.forms(key, language))] == []


@pytest.mark.parametrize(
    ("medium", "named"), [("image", "Bild"), ("music", "Musik"), ("tokens", "Blick ins Modell")]
)
def test_the_list_says_in_words_what_was_reported(medium: str, named: str) -> None:
    job = make_job(medium=medium)
    report = Report(
        id="r1", job=job.id, person=ANNA.person_id, reason=REASONS[0], note="", reported_at=1.0, decision=None
    )
    text, _ = desk_card([Reported(report=report, job=job, link=None)], [], SENTENCES, "de")
    assert f"{named} `{job.id}`" in text


def test_a_submission_is_read_whatever_is_missing() -> None:
    reason = {"type": 18, "component": {"type": 3, "custom_id": "reason", "values": ["person"]}}
    note = {"type": 18, "component": {"type": 4, "custom_id": "note", "value": "x"}}
    assert read_report({"components": [reason, note]}) == ("person", "x")
    for broken in (
        {},
        {"components": []},
        {"components": [{"component": {"custom_id": "reason", "values": []}}]},
    ):
        assert read_report(broken) == ("", "")


def test_refusals_can_be_asked_about_and_other_ends_cannot() -> None:
    refused = make_job(state=JobState.REFUSED, error_code="refused_violence")
    row = ask_row(refused, SENTENCES, "de")
    assert row is not None
    assert row.to_components()[0]["components"][0]["custom_id"] == f"ka:ask:{refused.id}"
    for other in (
        make_job(state=JobState.REFUSED, error_code="refused_consent_revoked"),
        make_job(state=JobState.FAILED, error_code="worker_failed"),
        make_job(state=JobState.REFUSED, error_code="taken_down"),
        make_job(state=JobState.REFUSED, error_code="refused_audio_silent"),
        make_job(state=JobState.REFUSED, error_code="refused_video_black"),
    ):
        assert ask_row(other, SENTENCES, "de") is None
    assert ask_row_of(Refused("refused_violence", job="job0000001"), SENTENCES, "en") is not None
    assert ask_row_of(Refused("refused_violence"), SENTENCES, "en") is None
    assert ask_row_of(Refused("refused_consent_expired", job="job0000001"), SENTENCES, "en") is None
    assert ask_row_of(AtelierError("internal", job="job0000001"), SENTENCES, "en") is None


async def test_a_refusal_on_its_way_to_a_person_names_its_job(world: World) -> None:
    with pytest.raises(Refused) as caught:
        await world.room.ask("Ein Splatterfilm", BEN)
    (job, *_) = await world.room.jobs.of_owner(BEN.guild_id, BEN.person_id)
    assert caught.value.values == {"job": job.id}
    # the sentence has no place for it
    assert job.id not in Sentences.load().of_error(caught.value.code, "de", caught.value.values)
