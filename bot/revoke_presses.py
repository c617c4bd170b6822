"""Ending the use of a voice by a button, and saying what has gone and what has not. Routed by `views.Presses`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

import discord

from bot.answers import Press, defer, say_in_private
from bot.buttons import ButtonId
from bot.i18n import Sentences
from bot.services.ports import Hindrance, Publisher, Requester
from bot.texts import cut, plain

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from bot.services.desk import Desk
    from bot.services.revoke import Left, Revocable, Revoked

MOST_BUTTONS: Final = 20
MOST_LINKS: Final = 5
LABEL: Final = 60


class RevokePresses:
    def __init__(
        self, *, desk: Desk, publisher: Publisher, sentences: Sentences, who: Callable[[Press], Requester]
    ) -> None:
        self._desk = desk
        self._publisher = publisher
        self._sentences = sentences
        self._who = who

    @property
    def buttons(self) -> Mapping[str, Callable[[Press, ButtonId], Awaitable[None]]]:
        return {"revoke": self._revoke}

    async def _revoke(self, interaction: Press, pressed: ButtonId) -> None:
        await defer(interaction, private=True)
        who = self._who(interaction)
        revoked = await self._desk.revoke.revoke(pressed.subject, who)
        await tell_revoked(interaction, revoked, who, self._sentences, self._publisher)


def revocable_rows(
    offered: Sequence[Revocable], sentences: Sentences, locale: object
) -> discord.ui.View | None:
    """A button for each voice; None without any."""
    if not offered:
        return None
    view = discord.ui.View(timeout=None)
    for place, one in enumerate(offered[:MOST_BUTTONS]):
        label = sentences.text("button.revoke", locale, name=cut(plain(one.name), LABEL))
        view.add_item(
            discord.ui.Button(
                label=label,
                style=discord.ButtonStyle.danger,
                custom_id=str(ButtonId(action="revoke", subject=one.id)),
                row=place // 5,
            )
        )
    return view


async def tell_revoked(
    interaction: Press, revoked: Revoked, who: Requester, sentences: Sentences, publisher: Publisher
) -> None:
    """Everything is over by now. Where a teacher did it, the voice's owner is told as well."""
    text = summary(revoked, sentences, interaction.locale, guild_id=who.guild_id)
    if revoked.person != who.person_id:
        word = sentences.text("revoke.by_teacher", who.locale)
        told = await publisher.tell_person(
            revoked.person, f"{word}\n{summary(revoked, sentences, who.locale)}"
        )
        key = "revoke.owner_told" if told else "revoke.owner_not_told"
        text += "\n" + sentences.text(key, interaction.locale, owner=f"<@{revoked.person}>")
    await say_in_private(interaction, text)


def summary(revoked: Revoked, sentences: Sentences, locale: object, *, guild_id: str = "") -> str:
    """What is gone, what is left and why, and what nobody here can reach."""
    lines = [sentences.text("revoke.done", locale)]
    if revoked.deleted:
        lines.append(sentences.text("revoke.deleted", locale, n=revoked.deleted))
    if revoked.stopped:
        lines.append(sentences.text("revoke.stopped", locale, n=revoked.stopped))
    reasons = {Hindrance.FORBIDDEN: "revoke.forbidden", Hindrance.AWAY: "revoke.away"}
    for hindrance, key in reasons.items():
        left = [one for one in revoked.left if one.hindrance is hindrance]
        if left:
            lines.append(sentences.text(key, locale, n=len(left)))
            lines += [_place(one, guild_id) for one in left[:MOST_LINKS]]
    lines.append(sentences.text("revoke.copies", locale))
    return "\n".join(lines)


def _place(left: Left, guild_id: str) -> str:
    if left.message is None or not guild_id:
        return f"- <#{left.channel}> · `{left.job}`"
    return f"- https://discord.com/channels/{guild_id}/{left.channel}/{left.message}"
