"""What a visitor does in chat: writing, replying, mentioning, typing, threads, reactions, files."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path

from bot.local.errors import Json
from bot.local.visitor_line import Place, VisitError, VisitorLine
from bot.local.visitor_lookup import as_object

_THREADS = frozenset({10, 11, 12})
_VOICE = 1 << 13


class VisitorChat(VisitorLine):
    """The part of `Visitor` that needs no commands."""

    async def say(
        self,
        text: str,
        *,
        channel: Place | None = None,
        files: list[Path] | None = None,
        reply_to: Json | None = None,
        ping: bool = True,
    ) -> Json:
        """Write an ordinary message, or answer one (in its channel). `ping` False replies without a mention."""
        body: Json = {"content": text}
        if reply_to is not None:
            channel = channel or str(reply_to["channel_id"])
            body["message_reference"] = {"message_id": reply_to["id"]}
            body["allowed_mentions"] = {"parse": ["users", "roles", "everyone"], "replied_user": ping}
        channel_id = self.channel_id(channel or self.channel)
        return as_object(await self._post(f"/channels/{channel_id}/messages", body, files or []))

    async def direct_message(self, text: str = "", *, files: list[Path] | None = None) -> Json:
        """Write to the bot alone."""
        return await self.say(text, channel=await self.direct(), files=files)

    async def voice_message(
        self, sound: Path, *, seconds: float, waveform: bytes = b"", channel: Place | None = None
    ) -> Json:
        """Send a voice message, to the bot alone where no channel is named.

        `seconds` is the sound's length, `waveform` at most 256 bytes (loudness from 0 to 255): a preview.
        """
        described = {
            "id": "0",
            "filename": sound.name,
            "duration_secs": seconds,
            "waveform": base64.b64encode(waveform).decode("ascii"),
        }
        body: Json = {"content": "", "flags": _VOICE, "attachments": [described]}
        channel_id = self.channel_id(channel or await self.direct())
        return as_object(await self._post(f"/channels/{channel_id}/messages", body, [sound]))

    def mention(self, name: str | None = None) -> str:
        """`<@id>` of a member by name, of the bot without one; write it into the text of `say`."""
        if name is None:
            return f"<@{self.state['bot']['id']}>"
        return next(f"<@{one['id']}>" for one in self.state["members"] if name in (one["name"], one["id"]))

    async def type_on(self, channel: Place | None = None) -> None:
        """Be seen typing for ten seconds."""
        await self.request("POST", f"/channels/{self.channel_id(channel or self.channel)}/typing")

    async def react(self, message: Json, emoji: str, *, add: bool = True) -> None:
        """Put a reaction under a message, or take it back."""
        path = f"/channels/{message['channel_id']}/messages/{message['id']}/reactions/{emoji}"
        await self.request("PUT" if add else "DELETE", path)

    async def delete(self, message: Json) -> None:
        """Delete a message: one's own, or as a teacher anybody's."""
        await self.request("DELETE", f"/channels/{message['channel_id']}/messages/{message['id']}")

    async def direct(self) -> Json:
        """The direct message channel with the bot; also a channel for `say` and `command` from then on."""
        channel = as_object(await self.request("POST", "/direct"))
        kept = [one for one in self.state["channels"] if one["id"] != channel["id"]]
        self.state["channels"] = [*kept, channel]
        return channel

    async def download(self, attachment: Json) -> bytes:
        """The bytes of an attachment."""
        async with self._session.get(attachment["url"]) as response:
            if response.status != 200:
                raise VisitError(response.status, await response.text())
            return await response.read()

    # Waiting and looking

    def threads(self, channel: Place | None = None) -> list[Json]:
        """The open threads in sight, oldest first; with `channel` those below it."""
        parent = None if channel is None else self.channel_id(channel)
        found = [one for one in self.state["channels"] if one["type"] in _THREADS]
        return sorted(
            (one for one in found if parent in (None, one["parent_id"])), key=lambda one: int(one["id"])
        )

    async def thread(self, name: str | None = None, *, timeout: float | None = None) -> Json:  # noqa: ASYNC109
        """Wait for a thread of this name (any without one) to be in sight; the newest. Give it as `channel`."""

        def fitting() -> list[Json]:
            return [one for one in self.threads() if name in (None, one["name"], one["id"])]

        patience = self.timeout if timeout is None else timeout
        await self.until(lambda _name, _data: bool(fitting()), patience, f"a thread {name or ''}")
        return fitting()[-1]

    async def wait_for_message(
        self,
        wanted: Callable[[Json], bool] = lambda _message: True,
        *,
        channel: Place | None = None,
        since: int = 0,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> Json:
        """The first message, new or edited, for which `wanted` holds; with `channel` only one of there.

        `since` leaves out the first so many of `events` (use `len(visitor.events)` before acting).
        """
        place = None if channel is None else self.channel_id(channel)

        def fits(name: str, data: Json) -> bool:
            about = name in ("MESSAGE_CREATE", "MESSAGE_UPDATE") and place in (None, data["channel_id"])
            return about and wanted(data)

        return await self.wait_for(fits, timeout, since=since)
