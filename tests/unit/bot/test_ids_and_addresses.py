from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.addresses import MARGIN_S, Answer, read_address, write_address
from bot.buttons import ButtonId
from bot.forms import read_form
from bot.services.ports import Adaptation, ReplyAddress
from generation.job import new_job_id


@given(st.sampled_from(["adapt", "again", "cancel"]), st.none() | st.integers(1, 9), st.booleans())
def test_ids_are_read_as_they_were_written(action: str, index: int | None, form: bool) -> None:
    nonce = "ab12" if form and index else None
    made = ButtonId(action=action, subject=new_job_id(), index=index, nonce=nonce)
    assert ButtonId.read(str(made)) == made
    assert len(str(made)) <= 100


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ka:",
        "ka:again",
        "ka:again:",
        "ka:AGAIN:1",
        "kb:again:1",
        "ka:adapt:1:0",
        "ka:again:" + "1" * 99,
        "ka:x:1\n",
    ],
)
def test_foreign_ids_are_none(text: str) -> None:
    assert ButtonId.read(text) is None


@given(st.text(max_size=120))
def test_no_text_breaks_the_reader(text: str) -> None:
    ButtonId.read(text)


ANSWER = Answer(
    application_id=1, token="secret", channel_id=2, expires_at=1000.0, file_limit=10, message_id=3
)


def test_addresses_are_read_as_they_were_written() -> None:
    assert read_address(write_address(ANSWER)) == ANSWER


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", "1", "nonsense", '{"token":"x"}'])
def test_unreadable_addresses_are_none(text: str) -> None:
    assert read_address(ReplyAddress(text)) is None


def test_no_address_is_none() -> None:
    assert read_address(None) is None


def test_a_token_is_taken_for_dead_in_time() -> None:
    assert ANSWER.is_open(1000 - MARGIN_S - 1)
    assert not ANSWER.is_open(1000 - MARGIN_S)


def test_the_token_is_not_shown_in_logs() -> None:
    assert "secret" not in f"{ANSWER} {ANSWER!r}"


def test_forms_in_rows_and_under_labels() -> None:
    rows = {"components": [{"type": 1, "components": [{"type": 4, "custom_id": "prompt", "value": "a"}]}]}
    labels = {"components": [{"type": 18, "component": {"type": 4, "custom_id": "prompt", "value": "a"}}]}
    for data in (rows, labels):
        assert read_form(data) == Adaptation(prompt="a", negative="", guidance="", steps="")
    assert read_form({}) == Adaptation(prompt="", negative="", guidance="", steps="")
