"""A conversation with the mini model, from `/chat` to its end: real worker, real bot, real sockets."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from bot.local.visitor import Visitor
from tests.end_to_end.whole.conftest import EPHEMERAL, PATIENCE, Klass

Say = Callable[..., str]
pytestmark = [pytest.mark.compiled, pytest.mark.usefixtures("text_python")]


def said(message: dict[str, Any]) -> str:
    """The model's words in a post: all embeds but the first, which says what was asked."""
    return "\n".join(embed.get("description", "") for embed in message["embeds"][1:])


def asks(message: dict[str, Any], question: str) -> bool:
    return bool(message["embeds"]) and question in message["embeds"][0]["description"]


async def test_a_conversation_of_two_turns(klass: Klass, say: Say) -> None:
    ada, ben = klass.ada, klass.ben
    (link,) = await ada.command("chat", prompt="Welche Farbe hat der Schnee?", temperatur=0)
    thread = str(re.search(r"<#(\d+)>", link["content"])[1])  # type: ignore[index]
    await ada.thread(thread)
    first = await ada.wait_for_message(
        lambda one: asks(one, "Welche Farbe hat der Schnee?"), channel=thread, timeout=PATIENCE
    )
    assert "weiß" in said(first)
    assert say("post.text_rehearsal", "de") in first["embeds"][0]["description"]
    await ben.thread(thread)
    await ben.say(f"{ben.mention()} Welche Farbe hat das Gras?", channel=thread)
    second = await ben.wait_for_message(
        lambda one: asks(one, "Welche Farbe hat das Gras?"), channel=thread, timeout=PATIENCE
    )
    assert "grün" in said(second)
    form = await ada.open_form(ada.press(second, label=say("button.answer", "de")))
    third = await klass.answer(ada.fill_in(form, question="Wie viele Tage hat die Woche?"))
    assert asks(third, "Wie viele Tage hat die Woche?")
    assert said(third)
    seeds = [re.findall(r"`(\d+)`", post["content"])[0] for post in (first, second, third)]
    assert len(set(seeds)) == 3
    gone = await ada.command("chat-ende", channel=thread).message(lambda one: bool(one["content"]))
    assert gone["content"].startswith(say("chat.ended", "de", who=f"<@{ada.me['id']}>"))


async def test_it_remembers_the_thread_and_no_other(klass: Klass, say: Say) -> None:
    threads = []
    for visitor in (klass.ada, klass.chiara):
        (link,) = await visitor.command("chat", temperatur=0)
        threads.append(str(re.search(r"<#(\d+)>", link["content"])[1]))  # type: ignore[index]
        await visitor.thread(threads[-1])

    async def ask(visitor: Visitor, thread: str, question: str) -> str:
        since = len(visitor.events)
        await visitor.say(f"{visitor.mention()} {question}", channel=thread)
        post = await visitor.wait_for_message(
            lambda one: asks(one, question), channel=thread, since=since, timeout=PATIENCE
        )
        return said(post)

    await ask(klass.ada, threads[0], "Ich heiße Mia.")
    await ask(klass.chiara, threads[1], "Ich heiße Paul.")
    assert "Mia" in await ask(klass.ada, threads[0], "Wie heiße ich?")
    answer = await ask(klass.chiara, threads[1], "Wie heiße ich?")
    assert "Paul" in answer
    assert "Mia" not in answer


async def test_a_message_is_explained_to_one_person(klass: Klass, say: Say) -> None:
    written = await klass.ben.say("Der Igel")
    handle = klass.chiara.menu("Erklär mir das", written)
    post = await handle.message(lambda one: asks(one, "Der Igel"), timeout=PATIENCE)
    assert post["flags"] & EPHEMERAL
    assert said(post)
    assert post["id"] not in klass.ben.seen
