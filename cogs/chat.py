"""`/chat`, `/chat-end` (German `/chat-ende`), and "Explain this" in the context menu of messages."""

from __future__ import annotations

import discord

from bot.answers import defer
from bot.chats import end_chat, open_chat, text_of
from bot.client import AtelierBot
from bot.commands import make_command, make_menu
from bot.services.ports import ChatRequest
from bot.views import show_waiting
from cogs.options import Interaction
from cogs.text import Temperature, complete_text_model


async def chat(
    interaction: Interaction,
    prompt: str | None = None,
    model: str | None = None,
    temperature: Temperature | None = None,
) -> None:
    await defer(interaction)
    bot, who = interaction.client, interaction.client.requester(interaction)
    request = ChatRequest(prompt=prompt, model=model, temperature=temperature)
    thread, job_id = await open_chat(interaction, request, who, desk=bot.desk, sentences=bot.sentences)
    if job_id is not None:
        bot.typing.start(thread, job_id)


async def chat_end(interaction: Interaction) -> None:
    bot = interaction.client
    await end_chat(interaction, bot.requester(interaction), desk=bot.desk, sentences=bot.sentences)


async def explain(interaction: Interaction, message: discord.Message) -> None:
    address = await defer(interaction, private=True)
    bot = interaction.client
    ticket = await bot.desk.explain.explain(text_of(message), bot.requester(interaction), address)
    await show_waiting(bot.publisher, ticket, address)


async def setup(bot: AtelierBot) -> None:
    bot.tree.add_command(
        make_command(chat, "chat", bot.sentences, completions={"model": complete_text_model})
    )
    bot.tree.add_command(make_command(chat_end, "chat_end", bot.sentences))
    bot.tree.add_command(make_menu(explain, "explain", bot.sentences))
