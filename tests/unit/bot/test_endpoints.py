from __future__ import annotations

from collections.abc import Iterator

import pytest
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot.endpoints import InvalidEndpoint, check_api_base, check_gateway_url, point_to


@pytest.fixture(autouse=True)
def _put_back() -> Iterator[None]:
    base, gateway = Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY
    yield
    Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = base, gateway


def test_pointing_elsewhere() -> None:
    point_to(api_base="http://127.0.0.1:1/api/v10/", gateway_url="ws://127.0.0.1:1/gateway")
    assert Route("GET", "/users/@me").url == "http://127.0.0.1:1/api/v10/users/@me"
    assert str(DiscordWebSocket.DEFAULT_GATEWAY) == "ws://127.0.0.1:1/gateway"


def test_none_leaves_discord() -> None:
    before = Route.BASE
    point_to(api_base=None, gateway_url=None)
    assert before == Route.BASE


@pytest.mark.parametrize(
    "text",
    ["", "127.0.0.1", "ftp://x", "http://", "http://a:b@x", "http://x?y=1", "http://x#y", "http://x:99999"],
)
def test_bad_api_addresses(text: str) -> None:
    with pytest.raises(InvalidEndpoint, match="ATELIER_DISCORD_API_BASE"):
        check_api_base(text)


@pytest.mark.parametrize("text", ["", "http://x", "ws://"])
def test_bad_gateway_addresses(text: str) -> None:
    with pytest.raises(InvalidEndpoint, match="ATELIER_DISCORD_GATEWAY_URL"):
        check_gateway_url(text)


def test_one_bad_address_changes_nothing() -> None:
    before = Route.BASE
    with pytest.raises(InvalidEndpoint):
        point_to(api_base="http://127.0.0.1:1", gateway_url="nonsense")
    assert before == Route.BASE
