"""What an archived or locked thread allows, and who becomes a member of a thread."""

from __future__ import annotations

from bot.local.errors import Json, Refusal
from bot.local.permissions import Permission, in_channel, may_see
from bot.local.state import copied
from bot.local.world import World


def is_locked_for(world: World, channel: Json, user_id: str) -> bool:
    """Whether a thread is locked to this person or bot: only who manages threads speaks there and opens it again."""
    metadata = channel.get("thread_metadata")
    mighty = in_channel(world.state, channel, user_id) & Permission.MANAGE_THREADS
    return metadata is not None and metadata["locked"] and not mighty


def require_awake(channel: Json) -> None:
    """Refuse with 50083 what cannot be done in an archived thread: editing, reacting, adding people."""
    metadata = channel.get("thread_metadata")
    if metadata is not None and metadata["archived"]:
        raise Refusal(403, 50083, "Thread is archived")


def wake(world: World, channel: Json) -> None:
    """Writing into an archived thread opens it again."""
    metadata = channel.get("thread_metadata")
    if metadata is not None and metadata["archived"]:
        opened = {**metadata, "archived": False, "archive_timestamp": world.clock.iso()}
        world.put("channels", copied(channel, thread_metadata=opened))


def join(world: World, thread: Json, user_id: str) -> None:
    """Make somebody who sees the channel above a member of a thread, as writing or being mentioned there does."""
    known = f"{thread['id']}:{user_id}" in world.state.thread_members
    if known or not may_see(world.state, world.state.channels[thread["parent_id"]], user_id):
        return
    membership = {"thread_id": thread["id"], "user_id": user_id, "joined_at": world.clock.iso()}
    world.put("thread_members", membership)
