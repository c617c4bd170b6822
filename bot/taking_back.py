"""Deleting what was posted: where it is known to stand, or looked for in every place where it may have got through."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final

import discord

from bot.answers import DROPPED
from bot.delivery import Delivery, is_post_of, once_more
from bot.services.door import is_private
from bot.services.ports import Hindrance, NotDelivered, Posted, ReplyAddress, TakenBack
from generation.job import Job

_log = logging.getLogger(__name__)

SEARCHED_MESSAGES: Final = 2000
"""How far a place is looked through, from shortly before the job was asked for."""
MARGIN_S: Final = 600.0
"""Our clock is not Discord's."""
_ABSENT: Final = TakenBack()
_FORBIDDEN: Final = TakenBack(hindrance=Hindrance.FORBIDDEN)
_AWAY: Final = TakenBack(hindrance=Hindrance.AWAY)


class TakingBack:
    """The opposite of `Delivery.deliver`. A message or a channel that is gone already is what was wanted."""

    def __init__(self, delivery: Delivery) -> None:
        self._delivery = delivery

    async def take_back(self, job: Job, posted: Posted | None, address: ReplyAddress | None) -> TakenBack:
        """Never raises. `posted`: None where only a plan is known."""
        taken = _ABSENT
        if is_private(job):  # no history shows it, and an edit on its way finds nothing to change any more
            await _safely(lambda: self._own_answer(address))
        if posted is not None:
            taken += await self._at(posted.channel_id, lambda channel: _delete(channel, posted.message_id))
        if posted is None or posted.channel_id != job.channel_id:
            # shown by the last way, after others had failed: what they have taken without saying so is looked for
            taken += await self._in_class(job, address)
        if posted is None:
            taken += await _safely(lambda: self._in_private(job))
        return taken

    async def _in_class(self, job: Job, address: ReplyAddress | None) -> TakenBack:
        found = await self._at(
            job.channel_id, lambda channel: self._search(channel, job), guild_id=job.guild_id
        )
        if found.hindrance is not Hindrance.FORBIDDEN:
            return found
        # nobody lets the bot look, but its own answer it may always delete
        return await _safely(lambda: self._answer(address))

    async def _in_private(self, job: Job) -> TakenBack:
        if not job.owner_id.isdigit():
            return _ABSENT
        return await self._search(await self._delivery.direct_channel(job.owner_id), job)

    async def _answer(self, address: ReplyAddress | None) -> TakenBack:
        answer = self._delivery.open_answer(address)
        if answer is None:
            return _FORBIDDEN
        await self._delivery.delete_answer(answer)
        return TakenBack(deleted=1)

    async def _own_answer(self, address: ReplyAddress | None) -> TakenBack:
        """As long as it can be reached, whether it shows a result or only that there will be one."""
        answer = self._delivery.open_answer(address)
        if answer is not None:
            await self._delivery.delete_answer(answer)
        return _ABSENT

    async def _at(
        self,
        channel_id: str,
        work: Callable[[discord.PartialMessageable], Awaitable[TakenBack]],
        *,
        guild_id: str | None = None,
    ) -> TakenBack:
        async def there() -> TakenBack:
            channel = self._delivery.channel(channel_id, guild_id)
            return _ABSENT if channel is None else await work(channel)

        return await _safely(there)

    async def _search(self, channel: discord.abc.Messageable, job: Job) -> TakenBack:
        """Delete every post of the job; more than one is possible where an answer got lost."""
        me = self._delivery.me()
        taken, seen = _ABSENT, 0
        since = datetime.fromtimestamp(
            max(job.created_at - MARGIN_S, discord.utils.DISCORD_EPOCH / 1000), UTC
        )
        async for message in channel.history(limit=SEARCHED_MESSAGES, after=since):
            seen += 1
            if is_post_of(message, job, me):
                with suppress(discord.NotFound):  # somebody was quicker
                    await once_more(message.delete)
                    taken += TakenBack(deleted=1)
        if seen == SEARCHED_MESSAGES and not taken.deleted:
            _log.warning("job %s: its post was not found among %d messages", job.id, seen)
            return _FORBIDDEN
        return taken


async def _delete(channel: discord.PartialMessageable, message_id: str) -> TakenBack:
    await once_more(channel.get_partial_message(int(message_id)).delete)
    return TakenBack(deleted=1)


async def _safely(work: Callable[[], Awaitable[TakenBack]]) -> TakenBack:
    try:
        return await work()
    except discord.NotFound:
        return _ABSENT
    except discord.Forbidden as error:
        _log.warning("a message may not be looked for or deleted (%s/%s)", error.status, error.code)
        return _FORBIDDEN
    except (discord.DiscordException, NotDelivered, *DROPPED) as error:
        _log.warning("a message could not be deleted yet (%s)", type(error).__name__)
        return _AWAY
    except Exception as error:  # noqa: BLE001  a client that is just starting or closing; it is tried again
        _log.error("a message could not be deleted yet (%s)", type(error).__name__)
        return _AWAY
