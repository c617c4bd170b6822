"""Whom a message mentions, and whom it would ping: what `allowed_mentions` lets through."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.local.errors import Json
from bot.local.permissions import Permission, in_channel, may_see
from bot.local.state import DM, State

_USER = re.compile(r"<@!?(\d+)>")
_ROLE = re.compile(r"<@&(\d+)>")
_EVERYONE = re.compile(r"@(everyone|here)\b")


@dataclass(frozen=True)
class Mentions:
    """`users` and `roles` are ids in the order of the text; `pinged` are the people whose phone would ring."""

    users: list[str]
    roles: list[str]
    everyone: bool
    pinged: list[str]


def of_message(state: State, channel: Json, author_id: str, body: Json, replied_to: str | None) -> Mentions:
    """Compute the mentions of a message about to be sent. Only `content` counts, embeds never ping."""
    content = body.get("content") or ""
    allowed = body.get("allowed_mentions")
    users = _let_through(_known(state, channel, _USER.findall(content)), allowed, "users")
    roles = [one for one in _let_through(_ROLE.findall(content), allowed, "roles") if one in state.roles]
    everyone = bool(_EVERYONE.search(content)) and _parses(allowed, "everyone")
    mighty = in_channel(state, channel, author_id) & Permission.MENTION_EVERYONE
    everyone = everyone and bool(mighty)
    if (
        replied_to is not None
        and (allowed is None or allowed.get("replied_user"))
        and replied_to not in users
    ):
        users.append(replied_to)
    ringing = set(users)
    if channel["type"] != DM:
        loud = {one for one in roles if mighty or state.roles[one]["mentionable"]}
        ringing |= _behind(state, channel["guild_id"], loud, everyone=everyone)
    pinged = sorted(one for one in ringing - {author_id} if may_see(state, channel, one))
    return Mentions(users, roles, everyone, pinged)


def _known(state: State, channel: Json, ids: list[str]) -> list[str]:
    if channel["type"] == DM:
        return [one for one in dict.fromkeys(ids) if one in (*channel["recipients"], channel["bot_id"])]
    return [one for one in dict.fromkeys(ids) if state.member(channel["guild_id"], one) is not None]


def _parses(allowed: Json | None, kind: str) -> bool:
    return allowed is None or kind in (allowed.get("parse") or [])


def _let_through(ids: list[str], allowed: Json | None, kind: str) -> list[str]:
    if _parses(allowed, kind):
        return list(dict.fromkeys(ids))
    listed = {str(one) for one in (allowed or {}).get(kind) or []}
    return [one for one in dict.fromkeys(ids) if one in listed]


def _behind(state: State, guild_id: str, roles: set[str], *, everyone: bool) -> set[str]:
    members = state.members_of(guild_id)
    return {one["user_id"] for one in members if everyone or roles & {*one["roles"], guild_id}}
