"""The gallery's buttons and forms, and the answers of `/gallery` and `/my-works`. Routed by `views.Presses`.

Who may do what is decided by the service, whatever a press claims; everything said here is private.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, Final

import discord

from bot.answers import Press, defer, edit_pressed, say_in_private, send_form
from bot.buttons import ButtonId
from bot.forms import TITLE_LIMIT, line_input, typed_in
from bot.i18n import Sentences
from bot.posts.gallery import list_text, offer_card, work_rows
from bot.services.gallery import REASON_LIMIT, Done, Gallery
from bot.services.gallery_own import OwnWorks
from bot.services.gallery_ports import Review, Shown
from bot.services.ports import Hindrance, Requester
from data.gallery_records import Filter, GalleryState
from generation.errors import NotFound

Handler = Callable[[Press, ButtonId], Awaitable[None]]
REASON: Final = "reason"
_ONLY: Final = {"gallery.withdrawn": "gallery.withdrawn_only", "gallery.down": "gallery.down_only"}
"""What is said while the message may still stand."""
_STATES: Final = {"galchange": GalleryState.CHANGE, "galdecline": GalleryState.DECLINED}


class GalleryPresses:
    """`gallery`, `own`: asked for at each press, as a bot may be built before its services."""

    def __init__(
        self,
        *,
        gallery: Callable[[], Gallery],
        own: Callable[[], OwnWorks],
        sentences: Sentences,
        who: Callable[[Press], Requester],
    ) -> None:
        self._gallery = gallery
        self._own = own
        self._sentences = sentences
        self._who = who

    @property
    def buttons(self) -> Mapping[str, Handler]:
        return {
            "gallery": self._ask,
            "galnamed": self._submit,
            "galsend": self._submit,
            "galaccept": self._accept,
            "galchange": self._open_reason,
            "galdecline": self._open_reason,
            "galdown": self._down,
            "galstar": self._star,
        }

    @property
    def forms(self) -> Mapping[str, Handler]:
        return {"galchange": self._say_no, "galdecline": self._say_no, "galdown": self._take_down}

    # -- pupils --

    async def _ask(self, interaction: Press, pressed: ButtonId) -> None:
        await defer(interaction, private=True)
        offer = await self._gallery().offer(pressed.subject, self._who(interaction))
        text, view = offer_card(
            offer, self._sentences, interaction.locale, name=interaction.user.display_name
        )
        await say_in_private(interaction, text, view=view)

    async def _submit(self, interaction: Press, pressed: ButtonId) -> None:
        await defer(interaction, private=True)
        named = pressed.action == "galnamed"
        name = interaction.user.display_name
        done = await self._gallery().submit(pressed.subject, self._who(interaction), named=named, name=name)
        waits = done.entry.state is GalleryState.WAITING
        key = "gallery.sent_in" if waits else "gallery.sent_up"
        lines = [self._say(interaction, key if waits or done.shown is Shown.STANDS else "gallery.sent_later")]
        await say_in_private(interaction, "\n".join([*lines, *self._unseen(interaction, done)]))

    async def _star(self, interaction: Press, pressed: ButtonId) -> None:
        # no defer: the very message changes, which must be the first answer
        given = await self._gallery().star(pressed.subject, self._who(interaction))
        view = work_rows(pressed.subject, given.stars, self._sentences, given.locale)
        await edit_pressed(interaction, view=view)

    async def _down(self, interaction: Press, pressed: ButtonId) -> None:
        """Its pupil withdraws it at once; a teacher is asked why, which is also the second look."""
        who = self._who(interaction)
        entry = await self._gallery().may_take_down(pressed.subject, who)
        if entry.person != who.person_id:
            await send_form(interaction, self._form(interaction, pressed))
            return
        await defer(interaction, private=True)
        done = await self._gallery().take_down(pressed.subject, who)
        await say_in_private(interaction, self._taken(interaction, done, "gallery.withdrawn"))

    # -- teachers --

    async def _accept(self, interaction: Press, pressed: ButtonId) -> None:
        await defer(interaction, private=True)
        said = Review(round=_round(pressed), state=GalleryState.ACCEPTED)
        done = await self._gallery().review(pressed.subject, said, self._who(interaction))
        await say_in_private(interaction, self._reviewed(interaction, done))

    async def _open_reason(self, interaction: Press, pressed: ButtonId) -> None:
        # no defer: a form must be the first answer, so it is one quick read
        await self._gallery().may_review(pressed.subject, _round(pressed), self._who(interaction))
        await send_form(interaction, self._form(interaction, pressed))

    async def _say_no(self, interaction: Press, pressed: ButtonId) -> None:
        await defer(interaction, private=True)
        said = Review(round=_round(pressed), state=_STATES[pressed.action], reason=_typed_reason(interaction))
        done = await self._gallery().review(pressed.subject, said, self._who(interaction))
        await say_in_private(interaction, self._reviewed(interaction, done))

    async def _take_down(self, interaction: Press, pressed: ButtonId) -> None:
        await defer(interaction, private=True)
        reason = _typed_reason(interaction)
        done = await self._gallery().take_down(pressed.subject, self._who(interaction), reason)
        await say_in_private(interaction, self._taken(interaction, done, "gallery.down"))

    # -- commands, whose answers were deferred privately --

    async def show_list(self, interaction: Press, wanted: Filter) -> None:
        who = self._who(interaction)
        found = await self._gallery().find(who, replace(wanted, limit=wanted.limit + 1))
        text = list_text(found, wanted, who.guild_id, self._sentences, interaction.locale)
        await say_in_private(interaction, text)

    async def send_own(self, interaction: Press) -> None:
        """All own results in .zip files that fit into messages."""
        who = self._who(interaction)
        guild = interaction.guild
        limit = None if guild is None else guild.filesize_limit
        async with self._own().packed(who, file_limit=limit) as packed:
            for number, path in enumerate(packed.archives, 1):
                file = discord.File(path, filename=f"atelier-{number}.zip")
                await interaction.followup.send(file=file, ephemeral=True)
            key = "gallery.own" if packed.works else "gallery.own_none"
            lines = [self._sentences.text(key, interaction.locale, n=packed.works)]
            if packed.left_out:
                lines.append(self._sentences.text("gallery.own_left", interaction.locale, n=packed.left_out))
        await say_in_private(interaction, "\n".join(lines))

    # -- shared --

    def _reviewed(self, interaction: Press, done: Done) -> str:
        lines = [self._say(interaction, f"gallery.done_{done.entry.state}")]
        lines += self._unseen(interaction, done)
        if not done.told:
            lines.append(self._say(interaction, "gallery.not_told"))
        return "\n".join(lines)

    def _unseen(self, interaction: Press, done: Done) -> list[str]:
        """Why it cannot be seen yet."""
        return [] if done.shown is Shown.STANDS else [self._say(interaction, f"gallery.shown_{done.shown}")]

    def _taken(self, interaction: Press, done: Done, key: str) -> str:
        hindered = done.taken.hindrance is not None
        lines = [self._sentences.text(_ONLY[key] if hindered else key, interaction.locale)]
        keys = {Hindrance.FORBIDDEN: "gallery.down_forbidden", Hindrance.AWAY: "gallery.down_away"}
        if done.taken.hindrance is not None:
            lines.append(self._sentences.text(keys[done.taken.hindrance], interaction.locale))
        if not done.told:
            lines.append(self._say(interaction, "gallery.not_told"))
        return "\n".join(lines)

    def _form(self, interaction: Press, pressed: ButtonId) -> discord.ui.Modal:
        locale = interaction.locale
        custom_id = ButtonId(
            action=pressed.action,
            subject=pressed.subject,
            index=pressed.index or 1,
            nonce=secrets.token_hex(4),
        )
        title = self._sentences.text(f"form.{pressed.action}", locale)[:TITLE_LIMIT]
        form = discord.ui.Modal(title=title, custom_id=str(custom_id), timeout=None)
        # a longer text than the limit is accepted here and answered with our own sentence
        limit = 2 * REASON_LIMIT
        form.add_item(
            line_input(
                REASON,
                self._sentences,
                locale,
                label="form.gallery_reason",
                limit=limit,
                long=True,
                required=True,
            )
        )
        form.stop()
        return form

    def _say(self, interaction: Press, key: str) -> str:
        return self._sentences.text(key, interaction.locale)


def _round(pressed: ButtonId) -> int:
    """Raises NotFound for an id without one."""
    if pressed.index is None:
        raise NotFound("button_unknown")
    return pressed.index


def _typed_reason(interaction: Press) -> str:
    data: Any = interaction.data or {}
    return typed_in(data).get(REASON, "")
