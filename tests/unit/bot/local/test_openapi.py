"""The check against Discord's description in itself: what is wrong is found."""

from __future__ import annotations

from typing import Any

import pytest

from bot.local.traffic import Exchange
from tests.unit.bot.local.openapi import Description


def _exchange(method: str, path: str, status: int, *, request: Any = None, response: Any = None) -> Exchange:
    return Exchange(method, path, None, {}, request, (), status, response)


@pytest.fixture(name="described")
def _described(description: Description | None) -> Description:
    if description is None:
        pytest.skip(
            "Discord's description is not here: put it in shared/ beside the repository or set ATELIER_OPENAPI"
        )
    return description


@pytest.mark.parametrize(
    ("exchange", "complaint"),
    [
        (_exchange("GET", "/no/such/route", 200), "no such route"),
        (_exchange("DELETE", "/channels/1/messages/2", 200, response={}), "no answer 200"),
        (_exchange("DELETE", "/channels/1/messages/2", 204, response={"a": 1}), "empty answer"),
        (_exchange("GET", "/users/@me", 200, response={"id": "1"}), "required property"),
        (_exchange("GET", "/users/@me", 404, response={"message": "x"}), "'code' is a required"),
        (
            _exchange("PUT", "/channels/1/permissions/2", 204, request={"type": 7}),
            "type",
        ),
    ],
)
def test_what_deviates_is_found(described: Description, exchange: Exchange, complaint: str) -> None:
    (found,) = described.check(exchange)
    assert complaint in found


def test_what_is_described_passes(described: Description) -> None:
    assert described.check(_exchange("DELETE", "/channels/1/messages/2", 204)) == []
    assert described.check(_exchange("GET", "/gateway", 200, response={"url": "wss://x.example"})) == []
    listed = {"attachments": [{"id": 0}]}
    refused = {
        "message": "x",
        "code": 50035,
        "errors": {"content": {"_errors": [{"code": "X", "message": "y"}]}},
    }
    path = "/channels/1/messages"
    assert described.check(_exchange("POST", path, 400, request=listed, response=refused)) == []
