"""Somebody is typing: told to the people who see the channel, and to a bot that asked for it."""

from __future__ import annotations

from bot.local import shapes
from bot.local.errors import Json
from bot.local.intents import Intent
from bot.local.permissions import audience, may_see, require, sending
from bot.local.world import World


def start_typing(world: World, channel: Json, user_id: str) -> None:
    """Announce it; refuses as a message there would be."""
    require(world.state, channel, user_id, sending(channel))
    guild_id = channel["guild_id"]
    data: Json = {"channel_id": channel["id"], "user_id": user_id, "guild_id": guild_id}
    others = audience(world.state, channel) - {user_id}
    world.windows.send(others, "TYPING_START", lambda _viewer: data)
    if not may_see(world.state, channel, world.bot_id):
        return
    to_bot: Json = {"channel_id": channel["id"], "user_id": user_id, "timestamp": int(world.clock.now())}
    kind = Intent.DIRECT_MESSAGE_TYPING
    if guild_id is not None:
        kind = Intent.GUILD_MESSAGE_TYPING
        to_bot |= {"guild_id": guild_id}
        to_bot["member"] = shapes.member(world, world.state.members[f"{guild_id}:{user_id}"])
    world.gateway.dispatch("TYPING_START", to_bot, intent=kind)
