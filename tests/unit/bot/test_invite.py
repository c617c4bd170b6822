from __future__ import annotations

import base64
from urllib.parse import parse_qs, urlsplit

import pytest

from bot.invite import PERMISSIONS, application_id_of, invite_link

ID = "1234567890123456789"


def token(first: str) -> str:
    return f"{base64.urlsafe_b64encode(first.encode()).decode().rstrip('=')}.Gabcde.secret"


def test_the_application_is_read_from_the_token() -> None:
    assert application_id_of(token(ID)) == ID
    assert application_id_of(token(ID[:17])) == ID[:17]


@pytest.mark.parametrize(
    "text", ["", ".", "Bot abc", "ü.ü.ü", "a", token("hello"), token("12"), token("1" * 30), token("²" * 17)]
)
def test_what_is_no_token_is_noticed(text: str) -> None:
    assert application_id_of(text) is None


def test_the_link_asks_for_the_smallest_permissions() -> None:
    query = parse_qs(urlsplit(invite_link(ID)).query)
    assert query == {
        "client_id": [ID],
        "scope": ["bot applications.commands"],
        "permissions": [str(sum(PERMISSIONS.values()))],
    }
    administrator, manage_guild, mention_everyone = 1 << 3, 1 << 5, 1 << 17
    assert not sum(PERMISSIONS.values()) & (administrator | manage_guild | mention_everyone)
