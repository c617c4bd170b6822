"""Threads and forum posts over HTTP."""

from __future__ import annotations

from bot.local import message_shapes, messages, shapes, threads
from bot.local.errors import Json, Problems, Refusal, missing_permissions, unknown
from bot.local.ids import moment_of
from bot.local.limits import check_message, check_not_empty
from bot.local.message_shapes import THREAD_CREATED, THREAD_STARTER
from bot.local.permissions import Permission, may_see, require
from bot.local.rest import Answer, Call, Routes
from bot.local.rest_guilds import guild_for
from bot.local.state import FORUM, NEWS, PRIVATE_THREAD, PUBLIC_THREAD, TEXT, copied, is_thread

ARCHIVE_AFTER = frozenset({60, 1440, 4320, 10080})
_OF_THE_OWNER = frozenset({"name", "archived", "auto_archive_duration", "applied_tags", "invitable"})
"""What who began a thread may change of it without MANAGE_THREADS."""


def _channel(call: Call, needed: int = 0) -> Json:
    return messages.channel_for(call.world, call.params["channel_id"], call.world.bot_id, needed)


def _check_thread(call: Call) -> None:
    problems = Problems()
    if "name" in call.form:
        problems.at("name").text(call.form["name"] or "", 1, 100)
    if call.form.get("auto_archive_duration") is not None:
        problems.at("auto_archive_duration").choice(call.form["auto_archive_duration"], ARCHIVE_AFTER)
    problems.refuse()


def _make_thread(call: Call, parent: Json, thread_id: str, kind: int) -> Json:
    """Commit a new thread with the bot as owner and first member."""
    world = call.world
    _check_thread(call)
    if "name" not in call.form:
        problems = Problems()
        problems.at("name").required()
        problems.refuse()
    record = {
        "id": thread_id,
        "guild_id": parent["guild_id"],
        "type": kind,
        "name": call.form["name"],
        "parent_id": parent["id"],
        "owner_id": world.bot_id,
        "rate_limit_per_user": call.form.get("rate_limit_per_user") or 0,
        "applied_tags": [str(one) for one in call.form.get("applied_tags") or []],
        "thread_metadata": {
            **({"invitable": call.form.get("invitable") is not False} if kind == PRIVATE_THREAD else {}),
            "archived": False,
            "archive_timestamp": world.clock.iso(),
            "auto_archive_duration": call.form.get("auto_archive_duration") or 4320,
            "locked": False,
            "create_timestamp": moment_of(thread_id),
        },
    }
    membership = {"thread_id": thread_id, "user_id": world.bot_id, "joined_at": world.clock.iso()}
    world.put("thread_members", membership, quiet=True)
    return world.put("channels", record)


async def create_thread(call: Call) -> Answer:
    """A thread without a message, or a post in a forum."""
    parent = _channel(call)
    if parent["type"] == FORUM:
        return _create_post(call, parent)
    if parent["type"] not in (TEXT, NEWS):
        raise Refusal(400, 50024, "Cannot execute action on this channel type")
    kind = call.form.get("type") or PRIVATE_THREAD
    problems = Problems()
    problems.at("type").choice(kind, {PUBLIC_THREAD, PRIVATE_THREAD})
    problems.refuse()
    public = kind == PUBLIC_THREAD
    needed = Permission.CREATE_PUBLIC_THREADS if public else Permission.CREATE_PRIVATE_THREADS
    require(call.world.state, parent, call.world.bot_id, needed)
    record = _make_thread(call, parent, call.world.ids.next(), kind)
    if public:
        reference = {"channel_id": record["id"], "guild_id": record["guild_id"]}
        _tell(call, parent, THREAD_CREATED, record["name"], reference)
    return Answer(201, shapes.thread(call.world, record, for_user=call.world.bot_id))


def _create_post(call: Call, forum: Json) -> Answer:
    """A forum post: a thread whose first message has its id."""
    world = call.world
    require(world.state, forum, world.bot_id, Permission.SEND_MESSAGES)
    body = call.form.get("message") or {}
    check_message(body)
    thread_id = world.ids.next()
    place = {"id": thread_id, "guild_id": forum["guild_id"], "type": TEXT, "permission_overwrites": []}
    first = messages.compose(world, place, world.bot_id, body, call.uploads, id=thread_id)
    check_not_empty(first)
    record = _make_thread(call, forum, thread_id, PUBLIC_THREAD)
    world.put("messages", first)
    shape = shapes.thread(world, record, for_user=world.bot_id)
    return Answer(201, {**shape, "message": message_shapes.message(world, first, world.bot_id)})


async def create_thread_from(call: Call) -> Answer:
    """A thread that hangs on a message and has its id."""
    parent = _channel(call, Permission.CREATE_PUBLIC_THREADS)
    if parent["type"] not in (TEXT, NEWS):
        raise Refusal(400, 50024, "Cannot execute action on this channel type")
    message = messages.visible(call.world, parent, call.params["message_id"], "")
    if message["id"] in call.world.state.channels:
        raise Refusal(400, 160004, "A thread has already been created for this message")
    record = _make_thread(call, parent, message["id"], PUBLIC_THREAD)
    call.world.put("messages", copied(message, flags=message["flags"] | messages.HAS_THREAD))
    reference = {"channel_id": parent["id"], "message_id": message["id"], "guild_id": parent["guild_id"]}
    _tell(call, record, THREAD_STARTER, "", reference)
    return Answer(201, shapes.thread(call.world, record, for_user=call.world.bot_id))


def _tell(call: Call, place: Json, kind: int, content: str, reference: Json) -> None:
    """The message by which Discord itself says that there is a thread now."""
    record = messages.compose(call.world, place, call.world.bot_id, {}, [])
    call.world.put("messages", copied(record, type=kind, content=content, reference=reference))


def _require_may_edit(call: Call, thread: Json) -> None:
    """Refuse with 50013 what needs MANAGE_THREADS, with 50083 changes of an archived thread that stays archived."""
    world, metadata = call.world, thread["thread_metadata"]
    wanted = {key for key, value in call.form.items() if value is not None}
    opens = call.form.get("archived") is False
    own = thread["owner_id"] == world.bot_id and wanted <= _OF_THE_OWNER
    reopened = opens and wanted == {"archived"}
    if metadata["locked"] or not (own or reopened):
        require(world.state, thread, world.bot_id, Permission.MANAGE_THREADS)
    elif reopened:
        require(world.state, thread, world.bot_id, Permission.SEND_MESSAGES_IN_THREADS)
    if not opens and wanted != {"archived"}:
        threads.require_awake(thread)


def edit_thread(call: Call, thread: Json) -> Answer:
    world = call.world
    _check_thread(call)
    _require_may_edit(call, thread)
    body = call.form
    metadata = dict(thread["thread_metadata"])
    before = metadata["archived"]
    for name in ("archived", "locked", "auto_archive_duration", "invitable"):
        if body.get(name) is not None:
            metadata[name] = body[name]
    if metadata["archived"] != before:
        metadata["archive_timestamp"] = world.clock.iso()
    change = {name: body[name] for name in ("name", "applied_tags", "rate_limit_per_user") if name in body}
    record = world.put("channels", copied(thread, thread_metadata=metadata, **change))
    return Answer(200, shapes.thread(world, record))


def _thread(call: Call) -> Json:
    thread = _channel(call)
    if not is_thread(thread):
        raise Refusal(400, 50024, "Cannot execute action on this channel type")
    return thread


async def join(call: Call) -> Answer:
    """Add the bot, or with a user id somebody else, to a thread."""
    world = call.world
    thread = _thread(call)
    threads.require_awake(thread)
    user_id = call.params.get("user_id", world.bot_id)
    if user_id != world.bot_id:
        require(world.state, thread, world.bot_id, Permission.SEND_MESSAGES_IN_THREADS)
    parent = world.state.channels[thread["parent_id"]]
    if world.state.member(thread["guild_id"], user_id) is None:
        raise unknown(10007)
    if not may_see(world.state, parent, user_id):
        raise missing_permissions()
    threads.join(world, thread, user_id)
    return Answer(204)


async def leave(call: Call) -> Answer:
    world = call.world
    thread = _thread(call)
    user_id = call.params.get("user_id", world.bot_id)
    threads.require_awake(thread)
    private = thread["owner_id"] == world.bot_id and thread["type"] == PRIVATE_THREAD
    if user_id != world.bot_id and not private:
        require(world.state, thread, world.bot_id, Permission.MANAGE_THREADS)
    found = world.state.thread_members.get(f"{thread['id']}:{user_id}")
    if found is not None:
        world.delete("thread_members", found)
    return Answer(204)


async def thread_members(call: Call) -> Answer:
    thread = _thread(call)
    records = [one for one in call.world.state.thread_members.values() if one["thread_id"] == thread["id"]]
    return Answer(200, [shapes.thread_member(one) for one in records])


async def thread_member(call: Call) -> Answer:
    thread = _thread(call)
    user_id = call.params.get("user_id", call.world.bot_id)
    found = call.world.state.thread_members.get(f"{thread['id']}:{user_id}")
    if found is None:
        raise unknown(10007)
    return Answer(200, shapes.thread_member(found))


async def active_threads(call: Call) -> Answer:
    world = call.world
    guild = guild_for(call)
    found = [
        one
        for one in world.state.channels_of(guild["id"], threads=True)
        if not one["thread_metadata"]["archived"] and may_see(world.state, one, world.bot_id)
    ]
    return Answer(200, _listed(call, found))


async def archived_threads(call: Call) -> Answer:
    return _archived(call, _channel(call, Permission.READ_MESSAGE_HISTORY), PUBLIC_THREAD)


async def archived_private_threads(call: Call) -> Answer:
    needed = Permission.READ_MESSAGE_HISTORY | Permission.MANAGE_THREADS
    return _archived(call, _channel(call, needed), PRIVATE_THREAD)


def _archived(call: Call, parent: Json, kind: int) -> Answer:
    world = call.world
    found = [
        one
        for one in world.state.channels_of(parent["guild_id"], threads=True)
        if one["parent_id"] == parent["id"] and one["type"] == kind and one["thread_metadata"]["archived"]
    ]
    found.sort(key=lambda one: str(one["thread_metadata"]["archive_timestamp"]), reverse=True)
    return Answer(200, _listed(call, found))


def _listed(call: Call, threads: list[Json]) -> Json:
    world = call.world
    own = [world.state.thread_members.get(f"{one['id']}:{world.bot_id}") for one in threads]
    return {
        "threads": [shapes.thread(world, one, for_user=world.bot_id) for one in threads],
        "members": [shapes.thread_member(one) for one in own if one is not None],
        "has_more": False,
    }


ROUTES: Routes = [
    ("POST", "/channels/{channel_id}/threads", create_thread),
    ("POST", "/channels/{channel_id}/messages/{message_id}/threads", create_thread_from),
    ("PUT", "/channels/{channel_id}/thread-members/@me", join),
    ("PUT", "/channels/{channel_id}/thread-members/{user_id}", join),
    ("DELETE", "/channels/{channel_id}/thread-members/@me", leave),
    ("DELETE", "/channels/{channel_id}/thread-members/{user_id}", leave),
    ("GET", "/channels/{channel_id}/thread-members", thread_members),
    ("GET", "/channels/{channel_id}/thread-members/@me", thread_member),
    ("GET", "/channels/{channel_id}/thread-members/{user_id}", thread_member),
    ("GET", "/channels/{channel_id}/threads/archived/public", archived_threads),
    ("GET", "/channels/{channel_id}/threads/archived/private", archived_private_threads),
    ("GET", "/guilds/{guild_id}/threads/active", active_threads),
]
