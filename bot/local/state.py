"""Everything the class server knows, changed by `apply(event)` alone.

An event is a JSON object `{"type": "<table>.put", "value": record}` or `{"type": "<table>.delete", "id": key}`.
Records are plain JSON objects that are replaced, never changed in place; so the journal of all events, replayed,
gives the same state again.

| table        | key           | record                                                                             |
|--------------|---------------|------------------------------------------------------------------------------------|
| users        | id            | id, username, global_name, bot, locale, color, dms_open                            |
| guilds       | id            | id, name, owner_id, locale, description                                            |
| roles        | id            | id, guild_id, name, permissions (int), position, color, hoist, mentionable, bot_id |
| members      | guild:user    | guild_id, user_id, nick, roles, joined_at, color, role                             |
| channels     | id            | id, guild_id (None in a direct message), type, name, … as Discord has them         |
| thread_members | thread:user | thread_id, user_id, joined_at                                                      |
| messages     | id            | see `messages.py`                                                                  |
| reactions    | message:emoji:user | message_id, emoji {id, name}, user_id                                         |
| commands     | id            | Discord's object; `guild_id` None for global ones                                  |
| interactions | id            | see `interactions.py`                                                              |
| modals       | id            | id, interaction_id, user_id, title, custom_id, components                          |
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterator
from typing import Any

from bot.local.errors import Json

TABLES = (
    "users",
    "guilds",
    "roles",
    "members",
    "channels",
    "thread_members",
    "messages",
    "reactions",
    "commands",
    "interactions",
    "modals",
)


def key_of(table: str, record: Json) -> str:
    """The key under which a record is kept."""
    if table == "members":
        return f"{record['guild_id']}:{record['user_id']}"
    if table == "thread_members":
        return f"{record['thread_id']}:{record['user_id']}"
    if table == "reactions":
        return f"{record['message_id']}:{record['emoji']['name']}:{record['user_id']}"
    return str(record["id"])


class State:
    """The tables and the few indexes over them."""

    def __init__(self) -> None:
        self.users: dict[str, Json] = {}
        self.guilds: dict[str, Json] = {}
        self.roles: dict[str, Json] = {}
        self.members: dict[str, Json] = {}
        self.channels: dict[str, Json] = {}
        self.thread_members: dict[str, Json] = {}
        self.messages: dict[str, Json] = {}
        self.reactions: dict[str, Json] = {}
        self.commands: dict[str, Json] = {}
        self.interactions: dict[str, Json] = {}
        self.modals: dict[str, Json] = {}
        self._order: dict[str, list[int]] = {}
        self._by_token: dict[str, str] = {}
        self._reactions_of: dict[str, list[str]] = {}

    def table(self, name: str) -> dict[str, Json]:
        """A table by name; KeyError for anything that is none."""
        if name not in TABLES:
            raise KeyError(name)
        found: dict[str, Json] = getattr(self, name)
        return found

    def apply(self, event: Json) -> Json | None:
        """Carry out one event; returns the record that was there before."""
        name, verb = str(event["type"]).split(".")
        table = self.table(name)
        if verb == "delete":
            before = table.pop(str(event["id"]), None)
            if before is not None:
                self._forget(name, before)
            return before
        record: Json = event["value"]
        key = key_of(name, record)
        before = table.get(key)
        table[key] = record
        if before is None:
            self._index(name, record)
        return before

    def _index(self, table: str, record: Json) -> None:
        if table == "messages":
            insort(self._order.setdefault(record["channel_id"], []), int(record["id"]))
        elif table == "reactions":
            self._reactions_of.setdefault(record["message_id"], []).append(key_of(table, record))
        elif table == "interactions":
            self._by_token[record["token"]] = record["id"]

    def _forget(self, table: str, record: Json) -> None:
        if table == "messages":
            self._order[record["channel_id"]].remove(int(record["id"]))
            for key in self._reactions_of.pop(record["id"], []):
                self.reactions.pop(key, None)
        elif table == "reactions":
            self._reactions_of[record["message_id"]].remove(key_of(table, record))
        elif table == "interactions":
            self._by_token.pop(record["token"], None)
        elif table == "channels":
            for number in self._order.pop(record["id"], []):
                self.messages.pop(str(number), None)
            for user_id in self.thread_member_ids(record["id"]):
                del self.thread_members[f"{record['id']}:{user_id}"]

    def events(self) -> Iterator[Json]:
        """The events that make this state from nothing: a journal without its history."""
        for name in TABLES:
            for record in self.table(name).values():
                yield {"type": f"{name}.put", "value": record}

    # Look-ups

    def member(self, guild_id: str, user_id: str) -> Json | None:
        return self.members.get(f"{guild_id}:{user_id}")

    def members_of(self, guild_id: str) -> list[Json]:
        return [one for one in self.members.values() if one["guild_id"] == guild_id]

    def roles_of(self, guild_id: str) -> list[Json]:
        return [one for one in self.roles.values() if one["guild_id"] == guild_id]

    def channels_of(self, guild_id: str, *, threads: bool = False) -> list[Json]:
        """A guild's channels, or (with `threads`) its threads."""
        return [
            one
            for one in self.channels.values()
            if one["guild_id"] == guild_id and (one["type"] in THREADS) == threads
        ]

    def thread_member_ids(self, thread_id: str) -> list[str]:
        return [one["user_id"] for one in self.thread_members.values() if one["thread_id"] == thread_id]

    def message_ids(self, channel_id: str) -> list[int]:
        """Ids of a channel's messages, oldest first. Do not change the list."""
        return self._order.get(channel_id, [])

    def reactions_of(self, message_id: str) -> list[Json]:
        """A message's reactions, one record per emoji and person, oldest first."""
        return [self.reactions[key] for key in self._reactions_of.get(message_id, [])]

    def interaction_by_token(self, token: str) -> Json | None:
        found = self._by_token.get(token)
        return None if found is None else self.interactions[found]

    def direct_channel(self, user_id: str) -> Json | None:
        """The direct message channel between a user and the bot."""
        for one in self.channels.values():
            if one["type"] == DM and user_id in one["recipients"]:
                return one
        return None

    def commands_for(self, guild_id: str | None) -> list[Json]:
        return [one for one in self.commands.values() if one["guild_id"] == guild_id]


TEXT, DM, CATEGORY, NEWS, NEWS_THREAD, PUBLIC_THREAD, PRIVATE_THREAD, FORUM = 0, 1, 4, 5, 10, 11, 12, 15
THREADS = frozenset({NEWS_THREAD, PUBLIC_THREAD, PRIVATE_THREAD})
WRITABLE = frozenset({TEXT, DM, NEWS, *THREADS})
"""Kinds of channel that hold messages."""


def is_thread(channel: Json) -> bool:
    return channel["type"] in THREADS


def copied(record: Json, **changes: Any) -> Json:
    """A record with some fields replaced; records are never changed in place."""
    return {**record, **changes}
