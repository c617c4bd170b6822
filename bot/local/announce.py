"""What the bot and the windows hear of each event."""

from __future__ import annotations

from bot.local import message_shapes, shapes
from bot.local.errors import Json
from bot.local.intents import Intent
from bot.local.permissions import audience, may_see
from bot.local.state import DM, PRIVATE_THREAD, is_thread
from bot.local.world import World

EPHEMERAL, AUTOCOMPLETE = 1 << 6, 4


class Announcer:
    """Called by `World.commit` with the event and the record that was there before."""

    def __init__(self, world: World) -> None:
        self._world = world

    def __call__(self, event: Json, before: Json | None) -> None:
        table, verb = event["type"].split(".")
        method = getattr(self, f"_{table}_{verb}", None)
        if method is None:
            return
        if verb == "put":
            method(event["value"], before)
        elif before is not None:
            method(before)

    # Messages

    def _messages_put(self, record: Json, before: Json | None) -> None:
        name = "MESSAGE_CREATE" if before is None else "MESSAGE_UPDATE"
        self._to_bot_about_message(name, record)
        self._to_people(record, name, self._maker(record))
        if before is not None and before["pinned"] != record["pinned"]:
            place = self._place(record)
            self._to_bot(
                record, "CHANNEL_PINS_UPDATE", {**place, "last_pin_timestamp": record["pinned_at"]}, "GUILDS"
            )

    def _messages_delete(self, record: Json) -> None:
        data = {"id": record["id"], **self._place(record)}
        self._to_bot(record, "MESSAGE_DELETE", data, "MESSAGES")
        self._to_people(record, "MESSAGE_DELETE", lambda _viewer: data)

    def _maker(self, record: Json) -> shapes.Maker:
        """Builds the message for a viewer; once for all where it looks the same to everybody."""
        if self._world.state.reactions_of(record["id"]) or record["nonce"] is not None:
            return lambda viewer: self._message_for(record, viewer)
        shape = self._message_for(record, "")
        return lambda _viewer: shape

    def _message_for(self, record: Json, viewer: str) -> Json:
        shape = message_shapes.message(self._world, record, viewer)
        if record["guild_id"] is not None:
            shape["guild_id"] = record["guild_id"]
        return shape

    def _to_bot_about_message(self, name: str, record: Json) -> None:
        world = self._world
        shape = message_shapes.message(world, record, world.bot_id)
        if not record["flags"] & EPHEMERAL and record["guild_id"] is not None:
            shape["guild_id"] = record["guild_id"]
            author = world.state.member(record["guild_id"], record["author_id"])
            if author is not None and record["metadata"] is None:
                shape["member"] = shapes.member(world, author, with_user=False)
        self._to_bot(record, name, shape, "MESSAGES")

    def _place(self, record: Json) -> Json:
        place = {"channel_id": record["channel_id"]}
        if record["guild_id"] is not None:
            place["guild_id"] = record["guild_id"]
        return place

    def _to_bot(self, record: Json, name: str, data: Json, kind: str) -> None:
        """Send an event about something in a channel, if the bot sees the channel and asked for the kind."""
        channel = self._world.state.channels.get(record["channel_id"])
        if channel is None or not may_see(self._world.state, channel, self._world.bot_id):
            return
        if kind == "GUILDS":
            intent = Intent.GUILDS if record["guild_id"] else Intent.DIRECT_MESSAGES
        else:
            intent = Intent[f"{'GUILD' if record['guild_id'] else 'DIRECT'}_{kind}"]
        self._world.gateway.dispatch(name, data, intent=intent)

    def _to_people(self, record: Json, name: str, make: shapes.Maker) -> None:
        """Send an event about something in a channel to the people who see it."""
        channel = self._world.state.channels.get(record["channel_id"])
        if channel is None:
            return
        if record.get("visible_to") is not None:
            people = {record["visible_to"]}
        else:
            people = audience(self._world.state, channel)
        self._world.windows.send(people, name, make)

    # Reactions

    def _reactions_put(self, record: Json, before: Json | None) -> None:
        if before is None:
            self._reaction("MESSAGE_REACTION_ADD", record)

    def _reactions_delete(self, record: Json) -> None:
        self._reaction("MESSAGE_REACTION_REMOVE", record)

    def _reaction(self, name: str, record: Json) -> None:
        message = self._world.state.messages[record["message_id"]]
        data: Json = {
            "user_id": record["user_id"],
            "message_id": record["message_id"],
            "emoji": record["emoji"],
            "burst": False,
            "type": 0,
            **self._place(message),
        }
        to_bot = dict(data)
        if name == "MESSAGE_REACTION_ADD":
            to_bot["message_author_id"] = message["author_id"]
            member = self._world.state.members.get(f"{message['guild_id']}:{record['user_id']}")
            if member is not None:
                to_bot["member"] = shapes.member(self._world, member)
        self._to_bot(message, name, to_bot, "MESSAGE_REACTIONS")
        self._to_people(message, name.removeprefix("MESSAGE_"), lambda _viewer: data)

    # Channels and threads

    def _channels_put(self, record: Json, before: Json | None) -> None:
        self._channel("CREATE" if before is None else "UPDATE", record)

    def _channels_delete(self, record: Json) -> None:
        self._channel("DELETE", record)

    def _channel(self, verb: str, record: Json) -> None:
        world = self._world
        if record["type"] == DM:
            world.windows.channels_changed(record["id"])
            return
        if is_thread(record):
            data, name = _thread(world, record, verb), f"THREAD_{verb}"
        else:
            data, name = shapes.channel(world, record), f"CHANNEL_{verb}"
        if verb == "DELETE" or may_see(world.state, record, world.bot_id):
            world.gateway.dispatch(name, data, intent=Intent.GUILDS)
        own = world.state.thread_members.get(f"{record['id']}:{world.bot_id}")
        if own is not None and is_thread(record) and verb == "CREATE":
            self._thread_members(own, added=[own])
        world.windows.channels_changed(record["id"])

    def _thread_members_put(self, record: Json, before: Json | None) -> None:
        if before is not None:
            return
        world = self._world
        thread = world.state.channels.get(record["thread_id"])
        if thread is not None and record["user_id"] == world.bot_id and thread["type"] == PRIVATE_THREAD:
            # Only now does the bot hear of it.
            shape = shapes.thread(world, thread, for_user=world.bot_id)
            world.gateway.dispatch("THREAD_CREATE", shape, intent=Intent.GUILDS)
        self._thread_members(record, added=[record])

    def _thread_members_delete(self, record: Json) -> None:
        self._thread_members(record, removed=[record["user_id"]])

    def _thread_members(
        self, record: Json, *, added: list[Json] | None = None, removed: list[str] | None = None
    ) -> None:
        thread = self._world.state.channels.get(record["thread_id"])
        if thread is None:
            return
        data: Json = {
            "id": thread["id"],
            "guild_id": thread["guild_id"],
            "member_count": len(self._world.state.thread_member_ids(thread["id"])),
        }
        if added:
            data["added_members"] = [self._thread_member(thread, one) for one in added]
        if removed:
            data["removed_member_ids"] = removed
        own = record["user_id"] == self._world.bot_id
        if own or may_see(self._world.state, thread, self._world.bot_id):
            intent = Intent.GUILDS if own else Intent.GUILD_MEMBERS
            self._world.gateway.dispatch("THREAD_MEMBERS_UPDATE", data, intent=intent)
        self._world.windows.channels_changed()

    def _thread_member(self, thread: Json, record: Json) -> Json:
        member = self._world.state.members[f"{thread['guild_id']}:{record['user_id']}"]
        return {
            **shapes.thread_member(record),
            "member": shapes.member(self._world, member),
            "presence": None,
        }

    # Members, roles, guilds

    def _members_put(self, record: Json, before: Json | None) -> None:
        world = self._world
        data = {**shapes.member(world, record), "guild_id": record["guild_id"]}
        name = "GUILD_MEMBER_ADD" if before is None else "GUILD_MEMBER_UPDATE"
        own = record["user_id"] == world.bot_id and before is not None
        world.gateway.dispatch(name, data, intent=Intent.GUILDS if own else Intent.GUILD_MEMBERS)
        world.windows.channels_changed()

    def _members_delete(self, record: Json) -> None:
        who = shapes.user(self._world.state.users[record["user_id"]])
        data = {"guild_id": record["guild_id"], "user": who}
        self._world.gateway.dispatch("GUILD_MEMBER_REMOVE", data, intent=Intent.GUILD_MEMBERS)
        self._world.windows.channels_changed()

    def _roles_put(self, record: Json, before: Json | None) -> None:
        name = "GUILD_ROLE_CREATE" if before is None else "GUILD_ROLE_UPDATE"
        data = {"guild_id": record["guild_id"], "role": shapes.role(record)}
        self._world.gateway.dispatch(name, data, intent=Intent.GUILDS)
        self._world.windows.channels_changed()

    def _roles_delete(self, record: Json) -> None:
        data = {"guild_id": record["guild_id"], "role_id": record["id"]}
        self._world.gateway.dispatch("GUILD_ROLE_DELETE", data, intent=Intent.GUILDS)
        self._world.windows.channels_changed()

    def _guilds_put(self, record: Json, before: Json | None) -> None:
        if before is not None:
            data = shapes.guild(self._world, record)
            self._world.gateway.dispatch("GUILD_UPDATE", data, intent=Intent.GUILDS)

    def _guilds_delete(self, record: Json) -> None:
        self._world.gateway.dispatch("GUILD_DELETE", {"id": record["id"]}, intent=Intent.GUILDS)

    # Interactions and forms

    def _interactions_put(self, record: Json, before: Json | None) -> None:
        if before is None or record["type"] == AUTOCOMPLETE:
            return
        who = {record["user_id"]}
        if record["failed"] and not before["failed"]:
            data = {"interaction_id": record["id"], "reason": record["failed"]}
            self._world.windows.send(who, "INTERACTION_FAILED", lambda _viewer: data)
        elif record["answered"] is not None and before["answered"] is None:
            done = {"interaction_id": record["id"], "answer": record["answered"]}
            self._world.windows.send(who, "INTERACTION_DONE", lambda _viewer: done)

    def _modals_put(self, record: Json, before: Json | None) -> None:
        if before is not None:
            return
        data = {
            "modal_id": record["id"],
            "interaction_id": record["interaction_id"],
            "title": record["title"],
            "custom_id": record["custom_id"],
            "components": record["components"],
        }
        self._world.windows.send({record["user_id"]}, "MODAL_OPEN", lambda _viewer: data)


def _thread(world: World, record: Json, verb: str) -> Json:
    if verb == "DELETE":
        return {key: record[key] for key in ("id", "guild_id", "parent_id", "type")}
    shape = shapes.thread(world, record)
    return {**shape, "newly_created": True} if verb == "CREATE" else shape
