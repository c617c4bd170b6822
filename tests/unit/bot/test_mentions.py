from __future__ import annotations

import pytest

from bot.mentions import REMEMBERED, Seldom
from bot.texts import readable


def test_once_in_a_while_for_each() -> None:
    now = [0.0]
    seldom = Seldom(lambda: now[0])
    assert seldom("ada", 10)
    assert not seldom("ada", 10)
    assert seldom("ben", 10)
    now[0] = 9.9
    assert not seldom("ada", 10)
    now[0] = 10.0
    assert seldom("ada", 10)


def test_memory_stays_level() -> None:
    seldom = Seldom(lambda: 0.0)
    for number in range(3 * REMEMBERED):
        assert seldom(number, 10)
    assert len(seldom._until) == REMEMBERED


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("<@123> wer bist du?", " wer bist du?"),
        ("<@!123><@&45><#6>", ""),
        ("<:lol:123> <a:tanz:4>", ":lol: :tanz:"),
        ("a < b > c <@ada>", "a < b > c <@ada>"),
        ("\\*nicht fett\\*", "*nicht fett*"),
    ],
)
def test_a_model_reads_no_ids(text: str, read: str) -> None:
    assert readable(text) == read
