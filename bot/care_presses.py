"""Reporting a post, asking about a refusal, and what a teacher does about both. Routed by `views.Presses`.

Everything said here is private. What may be done is decided by the services, whatever a press claims.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import discord

from bot.answers import Press, close_pressed, defer, say_in_private, send_form
from bot.buttons import ButtonId
from bot.i18n import Sentences, language_of
from bot.posts.care import (
    asked_card,
    blocks_card,
    desk_card,
    link_of,
    read_report,
    report_card,
    report_form,
    words_card,
)
from bot.services.blocks import LESSON_MINUTES
from bot.services.care import Care
from bot.services.ports import Publisher, Requester
from data.care_cards import CardKind
from generation.errors import InvalidInput, NotAllowed

Handler = Callable[[Press, ButtonId], Awaitable[None]]
_HEARD: Final = {
    CardKind.REPORT: ("care.reported_before", "care.reported_now", "care.reported_unheard"),
    CardKind.QUESTION: ("care.asked_before", "care.asked_now", "care.asked_unheard"),
}
"""What is said to somebody who has done so before; whose card the teachers see; who gets none shown."""


class CarePresses:
    """`care`: asked at each press; `teaches`: whether a member has the teacher role."""

    def __init__(
        self,
        *,
        care: Callable[[], Care],
        publisher: Publisher,
        sentences: Sentences,
        who: Callable[[Press], Requester],
        teaches: Callable[[discord.Member], bool],
    ) -> None:
        self._care = care
        self._publisher = publisher
        self._sentences = sentences
        self._who = who
        self._teaches = teaches

    @property
    def buttons(self) -> Mapping[str, Handler]:
        return {
            "report": self._open_report,
            "ask": self._ask,
            "repsee": self._see_report,
            "reptake": self._take_down,
            "repkeep": self._let_stand,
            "appsee": self._see_asked,
            "appright": self._decide,
            "appwrong": self._decide,
        }

    @property
    def forms(self) -> Mapping[str, Handler]:
        return {"report": self._report}

    # -- the class --

    async def _open_report(self, interaction: Press, pressed: ButtonId) -> None:
        # no defer: a form must be the first answer, so it is one quick read
        await self._care().reports.demand_post(pressed.subject, self._who(interaction))
        await send_form(interaction, report_form(pressed.subject, self._sentences, interaction.locale))

    async def _report(self, interaction: Press, pressed: ButtonId) -> None:
        await defer(interaction, private=True)
        data: Any = interaction.data or {}
        reason, note = read_report(data)
        who = self._who(interaction)
        new = await self._care().reports.report(pressed.subject, reason, note, who)
        await self._say(interaction, await self._heard(CardKind.REPORT, pressed, who, new=new))

    async def _ask(self, interaction: Press, pressed: ButtonId) -> None:
        await defer(interaction, private=True)
        if interaction.guild_id is None:
            # a refusal that came too late for its answer was told in a direct message
            locale = language_of(interaction.locale)
            who = await self._care().appeals.owner(pressed.subject, str(interaction.user.id), locale)
        else:
            who = self._who(interaction)
        new = await self._care().appeals.ask(pressed.subject, who)
        await self._say(interaction, await self._heard(CardKind.QUESTION, pressed, who, new=new))

    async def _heard(self, kind: CardKind, pressed: ButtonId, who: Requester, *, new: bool) -> str:
        """The sentence for who has reported or asked: whether teachers hear of it, or have to look by themselves."""
        before, now, unheard = _HEARD[kind]
        if not new:
            return before
        return now if await self._care().cards.show(kind, who.guild_id, pressed.subject) else unheard

    # -- the teacher --

    async def show(self, interaction: Press) -> None:
        """`/reports`, deferred privately: what waits."""
        who = self._who(interaction)
        reports, asked = await self._care().reports.waiting(who), await self._care().appeals.waiting(who)
        text, view = desk_card(reports, asked, self._sentences, interaction.locale)
        await say_in_private(interaction, text, view=view)

    async def _see_report(self, interaction: Press, pressed: ButtonId) -> None:
        await defer(interaction, private=True)
        who = self._who(interaction)
        reported = await self._care().reports.look(pressed.subject, who)
        text, view = report_card(reported, self._sentences, interaction.locale, guild_id=who.guild_id)
        await say_in_private(interaction, text, view=view)

    async def _take_down(self, interaction: Press, pressed: ButtonId) -> None:
        await defer(interaction, private=True)
        who = self._who(interaction)
        taken = await self._care().reports.take_down(pressed.subject, who)
        if taken.hindrance is not None:
            link = link_of(taken.link, who.guild_id)
            await self._say(interaction, f"care.take_down_{taken.hindrance}", link=link)
            return
        await self._care().cards.settle(CardKind.REPORT, taken.job.id)
        said = self._sentences.text("care.taken_from_you", taken.job.locale, medium=taken.job.medium)
        told = await self._publisher.tell_person(taken.job.owner_id, said)
        for piece in taken.pieces:
            gone = self._sentences.text("care.piece_taken_from_you", piece.locale)
            await self._publisher.tell_person(piece.owner_id, gone)
        lines = [("care.taken_down" if told else "care.taken_down_untold", 1)]
        lines += [("care.taken_down_pieces", len(taken.pieces))] if taken.pieces else []
        text = self._sentences.text
        await say_in_private(
            interaction, "\n".join(text(key, interaction.locale, n=count) for key, count in lines)
        )
        await self._close(interaction, "care.decided")

    async def _let_stand(self, interaction: Press, pressed: ButtonId) -> None:
        await defer(interaction, private=True)
        kept = await self._care().reports.keep(pressed.subject, self._who(interaction))
        await self._care().cards.settle(CardKind.REPORT, kept.job.id)
        await self._say(interaction, "care.kept")
        await self._close(interaction, "care.decided")

    async def _see_asked(self, interaction: Press, pressed: ButtonId) -> None:
        await defer(interaction, private=True)
        asked = await self._care().appeals.look(pressed.subject, self._who(interaction))
        text, view = asked_card(asked, self._sentences, interaction.locale)
        await say_in_private(interaction, text, view=view)

    async def _decide(self, interaction: Press, pressed: ButtonId) -> None:
        await defer(interaction, private=True)
        wrong = pressed.action == "appwrong"
        asked = await self._care().appeals.decide(pressed.subject, self._who(interaction), wrong=wrong)
        await self._care().cards.settle(CardKind.QUESTION, asked.job.id)
        key = "wrong" if wrong else "right"
        said = self._sentences.text(f"care.answer_{key}", asked.job.locale)
        told = await self._publisher.tell_person(asked.job.owner_id, said)
        await self._say(interaction, f"care.decided_{key}" if told else f"care.decided_{key}_untold")
        await self._close(interaction, "care.decided")

    # -- words and blocks: the answers of commands, deferred privately --

    async def words(
        self,
        interaction: Press,
        *,
        add: str | None,
        allow: str | None,
        remove: str | None,
        anyway: bool,
    ) -> None:
        who, words = self._who(interaction), self._care().words
        given = [one for one in (add, allow, remove) if one is not None]
        if len(given) > 1:
            raise InvalidInput("words_one")
        if add is not None:
            impact = await words.refuse(add, who, anyway=anyway)
            await self._say(interaction, "words.added", word=add, n=impact.refuses, of=impact.of)
        elif allow is not None:
            await words.allow(allow, who, anyway=anyway)
            await self._say(interaction, "words.allowed_now", word=allow)
        elif remove is not None:
            await words.remove(remove, who)
            await self._say(interaction, "words.removed", word=remove)
        else:
            text = words_card(await words.view(who), self._sentences, interaction.locale)
            await say_in_private(interaction, text)

    async def own_words(self, interaction: Press) -> tuple[str, ...]:
        """For completing what can be removed. Raises NotAllowed."""
        view = await self._care().words.view(self._who(interaction))
        return (*view.refused, *view.allowed)

    async def block(self, interaction: Press, person: object, minutes: int | None) -> None:
        member = _member(person)
        block, cancelled = await self._care().blocks.block(
            str(member.id),
            LESSON_MINUTES if minutes is None else minutes,
            self._who(interaction),
            is_teacher=member.bot or self._teaches(member),
        )
        until = f"<t:{round(block.until)}:f>"
        await self._say(interaction, "blocks.blocked", person=f"<@{member.id}>", until=until, n=cancelled)

    async def unblock(self, interaction: Press, person: discord.abc.User | None) -> None:
        """Without a person: who is blocked. Who has left the class can be freed too."""
        who = self._who(interaction)
        if person is None:
            standing = await self._care().blocks.standing(who)
            await say_in_private(interaction, blocks_card(standing, self._sentences, interaction.locale))
            return
        await self._care().blocks.unblock(str(person.id), who)
        await self._say(interaction, "blocks.free", person=f"<@{person.id}>")

    # -- shared --

    async def _say(self, interaction: Press, key: str, **values: object) -> None:
        await say_in_private(interaction, self._sentences.text(key, interaction.locale, **values))

    async def _close(self, interaction: Press, key: str) -> None:
        await close_pressed(interaction, self._sentences.text(key, interaction.locale))


def _member(person: object) -> discord.Member:
    """Raises NotAllowed for somebody who is not in this class: their roles are not known."""
    if not isinstance(person, discord.Member):
        raise NotAllowed("block_stranger")
    return person
