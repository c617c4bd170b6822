"""What a bot without the message content intent gets to read of a message.

Content, embeds, attachments and components are empty, except in direct messages, in what the bot wrote itself, in what
mentions it (a reply that pings it mentions it too), and in the target of a context menu's command. The rule holds for
events and for the HTTP API alike, and for the message that a reply refers to by itself.
"""

from __future__ import annotations

from bot.local import message_shapes
from bot.local.errors import Json
from bot.local.intents import Intent
from bot.local.world import World

_NOTHING: Json = {"content": "", "embeds": [], "attachments": [], "components": []}


def readable(world: World, shape: Json) -> Json:
    """A message as a bot without the intent gets it."""
    channel = world.state.channels.get(shape["channel_id"])
    if channel is None or channel["guild_id"] is None:
        return shape
    answered = shape.get("referenced_message")
    if answered is not None:
        shape = {**shape, "referenced_message": readable(world, answered)}
    concerned = {shape["author"]["id"], *(one["id"] for one in shape["mentions"])}
    return shape if world.bot_id in concerned else {**shape, **_NOTHING}


def message_for_bot(world: World, record: Json) -> Json:
    """A message as the HTTP API shows it to the bot: whether it has the intent is set for the application."""
    shape = message_shapes.message(world, record, world.bot_id)
    granted = world.limits.privileged_intents & Intent.MESSAGE_CONTENT
    return shape if granted else readable(world, shape)
