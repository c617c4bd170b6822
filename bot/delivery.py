"""The ways to a person on Discord, best first: the command's own answer, its channel, a direct message."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

import discord

from bot.addresses import Answer, read_address
from bot.answers import DROPPED
from bot.i18n import Sentences
from bot.posts import compose_post
from bot.posts.shared import DEFAULT_FILE_LIMIT, ComposedPost, Fill, PostFile
from bot.services.door import is_private
from bot.services.ports import NotDelivered, Post, Posted, ReplyAddress
from generation.job import Job

_log = logging.getLogger(__name__)

SEARCHED_MESSAGES = 50
TOO_LARGE = 40005
NOBODY_THERE = frozenset({10007, 10013})
"""Unknown member, unknown user."""
T = TypeVar("T")


class Delivery:
    """Says things about a job. `attach` gives it the client it speaks through."""

    def __init__(self, *, sentences: Sentences, clock: Callable[[], float]) -> None:
        self._sentences = sentences
        self._clock = clock
        self._client: discord.Client | None = None

    def attach(self, client: discord.Client) -> None:
        self._client = client

    async def edit_answer(
        self,
        address: ReplyAddress | None,
        *,
        content: str,
        view: discord.ui.View | None,
        files: Sequence[PostFile] = (),
    ) -> None:
        """Replace the words of the command's own answer, and its files where there are new ones.

        Raises NotDelivered if it cannot be edited any more.
        """
        answer = self.open_answer(address)
        if answer is None:
            raise NotDelivered
        await once_more(lambda: self._edit(answer, content=content, view=view, **_attached(files)))

    async def deliver(self, post: Post, address: ReplyAddress | None) -> Posted:
        """Show a result exactly once. Raises NotDelivered."""
        answer = self.open_answer(address)
        if answer is not None and (posted := await self._by_answer(post, answer)):
            return posted
        if not is_private(post.job) and (posted := await self._by_channel(post)):
            await self._take_away_status(address, but=posted)
            return posted
        if posted := await self._by_direct_message(post):
            return posted
        raise NotDelivered

    async def tell(
        self,
        job: Job,
        address: ReplyAddress | None,
        text: str,
        *,
        private: bool,
        view: discord.ui.View | None = None,
    ) -> None:
        """`text` in place of the result; `private` first takes away what others can see. Raises NotDelivered."""
        answer = self.open_answer(address)
        if answer is None:
            await self._tell_without_answer(job, address, text, private=private or is_private(job), view=view)
        elif private and not is_private(job):
            await self._tell_privately(answer, text, view)
        else:
            await self._tell_in_answer(job, answer, text, view)

    # -- the command's own answer --

    async def _by_answer(self, post: Post, answer: Answer) -> Posted | None:
        async def edit(made: ComposedPost) -> Posted:
            files = [file.open() for file in made.files]
            message = await self._edit(
                answer, content=made.content, embeds=list(made.embeds), attachments=files, view=made.view
            )
            return Posted(channel_id=str(message.channel.id), message_id=str(message.id))

        return await self._filled(post, answer.file_limit, edit)

    async def _edit(self, answer: Answer, **what: Any) -> discord.WebhookMessage:
        # "@original" is Discord's name for an interaction's own answer, in place of a message id
        original: Any = "@original"
        return await self._webhook(answer).edit_message(original, allowed_mentions=_nobody(), **what)

    async def _tell_in_answer(
        self, job: Job, answer: Answer, text: str, view: discord.ui.View | None
    ) -> None:
        try:
            await once_more(lambda: self._edit(answer, content=text, embeds=[], attachments=[], view=view))
        except discord.NotFound:
            if not is_private(job):
                raise
            await self._send_privately(answer, text, view)  # it was taken back: see `TakingBack`

    async def _tell_privately(self, answer: Answer, text: str, view: discord.ui.View | None) -> None:
        try:
            await self.delete_answer(answer)
        except discord.NotFound:
            _log.debug("there was no public answer to take away")
        await self._send_privately(answer, text, view)

    async def _send_privately(self, answer: Answer, text: str, view: discord.ui.View | None) -> None:
        more: dict[str, Any] = {} if view is None else {"view": view}
        await self._webhook(answer).send(text, ephemeral=True, allowed_mentions=_nobody(), **more)

    async def delete_answer(self, answer: Answer) -> None:
        original: Any = "@original"
        await once_more(lambda: self._webhook(answer).delete_message(original))

    # -- the channel --

    async def _by_channel(self, post: Post) -> Posted | None:
        job = post.job
        channel = self.channel(job.channel_id, job.guild_id)
        if channel is None:
            return None
        try:
            if found := await self._find_posted(channel, job):
                return found
            return await self._filled(post, self.file_limit(job), lambda made: _send(channel, made, job))
        except (discord.DiscordException, *DROPPED) as error:
            _log.warning("job %s: the channel did not take it (%s)", job.id, type(error).__name__)
            return None

    async def _find_posted(self, channel: discord.PartialMessageable, job: Job) -> Posted | None:
        """A post of the same job: an edit whose answer got lost, or one from before a restart."""
        me = self.me()
        try:
            async for message in channel.history(limit=SEARCHED_MESSAGES):
                if is_post_of(message, job, me):
                    return Posted(channel_id=str(message.channel.id), message_id=str(message.id))
        except discord.Forbidden:
            _log.info("the history of the channel may not be read: the nonce alone prevents a double post")
        return None

    async def _take_away_status(self, address: ReplyAddress | None, *, but: Posted | None = None) -> None:
        """The old "it takes two minutes" would stand there for ever.

        `but`: the post that was found may be the answer itself: an edit that Discord took and never confirmed.
        """
        answer = read_address(address)
        if answer is None or answer.message_id is None:
            return
        if but is not None and but.message_id == str(answer.message_id):
            return
        channel = self.channel(str(answer.channel_id), None)
        try:
            if channel is not None:
                await channel.get_partial_message(answer.message_id).delete()
        except (discord.DiscordException, *DROPPED):
            _log.debug("an old status stays where it is")

    # -- the direct message --

    async def _by_direct_message(self, post: Post) -> Posted | None:
        job = post.job
        try:
            channel = await self.direct_channel(job.owner_id)
            # no buttons: a direct message belongs to no class, so nobody could check what they start
            return await self._filled(
                post, DEFAULT_FILE_LIMIT, lambda made: _send(channel, made, job), buttons=False
            )
        except (discord.DiscordException, NotDelivered, *DROPPED) as error:
            _log.warning("job %s: no direct message either (%s)", job.id, type(error).__name__)
            return None

    async def direct_channel(self, person_id: str) -> discord.DMChannel:
        """Raises NotDelivered for what is no person on Discord."""
        if not person_id.isdigit():
            raise NotDelivered
        return await self._required().create_dm(discord.Object(int(person_id)))

    async def is_member(self, guild_id: str, person_id: str) -> bool:
        """Asked of Discord each time. Raises NotDelivered for what is no class of the bot or no person on Discord."""
        guild = self._required().get_guild(int(guild_id)) if guild_id.isdigit() else None
        if guild is None or not person_id.isdigit():
            raise NotDelivered
        try:
            await guild.fetch_member(int(person_id))
        except discord.NotFound as error:
            if error.code not in NOBODY_THERE:
                raise
            return False
        return True

    async def tell_person(self, person_id: str, text: str) -> None:
        direct = await self.direct_channel(person_id)
        await direct.send(text, allowed_mentions=_nobody())

    async def _tell_without_answer(
        self,
        job: Job,
        address: ReplyAddress | None,
        text: str,
        *,
        private: bool,
        view: discord.ui.View | None,
    ) -> None:
        channel = self.channel(job.channel_id, job.guild_id)
        await self._take_away_status(address)
        if private or channel is None:
            direct = await self.direct_channel(job.owner_id)
            more: dict[str, Any] = {} if view is None else {"view": view}
            await direct.send(text, allowed_mentions=_nobody(), **more)
            return
        words = self._sentences.text("status.to_owner", job.locale, owner=f"<@{job.owner_id}>", text=text)
        await channel.send(words, allowed_mentions=_nobody(), nonce=f"{job.id}-e")

    # -- shared --

    async def _filled(
        self,
        post: Post,
        file_limit: int,
        send: Callable[[ComposedPost], Awaitable[Posted]],
        *,
        buttons: bool = True,
    ) -> Posted | None:
        """Send with all files, or with fewer when Discord finds it too large. None if this way is closed."""
        for fill in (Fill.ALL, Fill.SHEET, Fill.NOTHING):
            made = compose_post(post, self._sentences, file_limit=file_limit, fill=fill, buttons=buttons)
            try:
                return await once_more(lambda made=made: send(made))  # type: ignore[misc]
            except discord.HTTPException as error:
                if error.status != 413 and error.code != TOO_LARGE:
                    _log.warning("job %s: Discord answered %s/%s", post.job.id, error.status, error.code)
                    return None
            except DROPPED as error:
                _log.warning("job %s: the connection broke (%s)", post.job.id, type(error).__name__)
                return None
        return None

    def open_answer(self, address: ReplyAddress | None) -> Answer | None:
        answer = read_address(address)
        return answer if answer is not None and answer.is_open(self._clock()) else None

    def _webhook(self, answer: Answer) -> discord.Webhook:
        webhook = discord.Webhook.partial(answer.application_id, answer.token, client=self._required())
        webhook.type = discord.WebhookType.application  # only these can speak to one person alone
        return webhook

    def channel(self, channel_id: str, guild_id: str | None) -> discord.PartialMessageable | None:
        if not channel_id.isdigit() or int(channel_id) == 0:
            return None
        guild = int(guild_id) if guild_id is not None and guild_id.isdigit() else None
        return self._required().get_partial_messageable(int(channel_id), guild_id=guild)

    def file_limit(self, job: Job) -> int:
        """Bytes that a file may have in the job's channel; where that is not known, what every server takes."""
        known = self._client is not None and job.guild_id.isdigit()
        guild = self._required().get_guild(int(job.guild_id)) if known else None
        return DEFAULT_FILE_LIMIT if guild is None else guild.filesize_limit

    def me(self) -> discord.ClientUser | None:
        return self._required().user

    def _required(self) -> discord.Client:
        if self._client is None:
            raise NotDelivered("the publisher has no client yet")
        return self._client


def is_post_of(message: discord.Message, job: Job, me: discord.ClientUser | None) -> bool:
    """Whether `me` has posted the job's result there: its id stands in the footer, and was the message's nonce."""
    if me is None or message.author.id != me.id:
        return False
    return message.nonce == job.id or any(job.id in (one.footer.text or "") for one in message.embeds)


def _attached(files: Sequence[PostFile]) -> dict[str, Any]:
    """Files that stand there already stay where no new ones are named."""
    return {"attachments": [file.open() for file in files]} if files else {}


async def _send(channel: discord.abc.Messageable, made: ComposedPost, job: Job) -> Posted:
    extra: dict[str, Any] = {} if made.view is None else {"view": made.view}
    message = await channel.send(
        made.content,
        embeds=list(made.embeds),
        files=[file.open() for file in made.files],
        nonce=job.id,  # discord.py asks for it to be enforced: the same nonce twice makes one message
        allowed_mentions=_nobody(),
        **extra,
    )
    return Posted(channel_id=str(message.channel.id), message_id=str(message.id))


async def once_more(call: Callable[[], Awaitable[T]]) -> T:
    """Calls that can be repeated without doing twice what they do: once more after a dropped connection."""
    try:
        return await call()
    except DROPPED:
        return await call()


def _nobody() -> discord.AllowedMentions:
    return discord.AllowedMentions.none()
