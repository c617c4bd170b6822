"""Which server the client speaks to. The only place that points discord.py elsewhere."""

from __future__ import annotations

import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route


class InvalidEndpoint(ValueError):
    """An address that cannot be one; `name` is the setting that holds it."""

    def __init__(self, name: str, reason: str) -> None:
        self.name = name
        super().__init__(f"{name}: {reason}")


def point_to(*, api_base: str | None, gateway_url: str | None) -> None:
    """Speak to another server than Discord's, from the next request on. None leaves Discord's own address.

    `api_base` is the whole address in front of "/users/@me", e.g. http://127.0.0.1:8090/api/v10; `gateway_url`
    e.g. ws://127.0.0.1:8090/gateway. Raises InvalidEndpoint. Both are process-wide: that is how discord.py keeps them.
    """
    api = None if api_base is None else check_api_base(api_base)
    gateway = None if gateway_url is None else check_gateway_url(gateway_url)
    if api is not None:
        Route.BASE = api
    if gateway is not None:
        DiscordWebSocket.DEFAULT_GATEWAY = gateway


def check_api_base(text: str) -> str:
    """The address without a slash at its end. Raises InvalidEndpoint."""
    url = _checked("ATELIER_DISCORD_API_BASE", text, ("http", "https"))
    return str(url).rstrip("/")


def check_gateway_url(text: str) -> yarl.URL:
    """Raises InvalidEndpoint."""
    return _checked("ATELIER_DISCORD_GATEWAY_URL", text, ("ws", "wss"))


def _checked(name: str, text: str, schemes: tuple[str, str]) -> yarl.URL:
    try:
        url = yarl.URL(text.strip())
    except ValueError as error:
        raise InvalidEndpoint(name, "not an address") from error
    if url.scheme not in schemes or not url.host:
        raise InvalidEndpoint(name, f"must begin with {schemes[0]}:// or {schemes[1]}://")
    if url.user or url.password or url.query_string or url.fragment:
        raise InvalidEndpoint(name, "must have no user name, no ? and no #")
    return url
