"""`/video` and `/video-script`, in German `/video` and `/video-skript`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands

from bot.answers import defer, send_form
from bot.client import AtelierBot
from bot.commands import make_command
from bot.services.video_ports import VideoRequest
from bot.video_forms import script_form
from bot.views import show_or_ask
from cogs.image import complete_image_model, complete_prompt
from cogs.music import complete_piece, read_piece, upload_of
from cogs.options import Between, Interaction
from generation.video_params import FPS_HIGH, FPS_LOW, SECONDS_LIMIT

if TYPE_CHECKING:
    Seconds = int
    Fps = int
else:
    _WHOLE = discord.AppCommandOptionType.integer
    Seconds = app_commands.Transform[int, Between(_WHOLE, 1, SECONDS_LIMIT)]
    Fps = app_commands.Transform[int, Between(_WHOLE, FPS_LOW, FPS_HIGH)]


async def video(
    interaction: Interaction,
    prompt1: str,
    prompt2: str,
    seconds: Seconds | None = None,
    fps: Fps | None = None,
    seed1: str | None = None,
    seed2: str | None = None,
    model: str | None = None,
    song: discord.Attachment | None = None,
    piece: str | None = None,
) -> None:
    address = await defer(interaction)
    bot = interaction.client
    job, index = read_piece(piece)
    request = VideoRequest(
        prompt1=prompt1,
        prompt2=prompt2,
        seconds=seconds,
        fps=fps,
        seed1=seed1,
        seed2=seed2,
        model=model,
        song=upload_of(song),
        job=job,
        index=index,
    )
    outcome = await bot.desk.video.video(request, bot.requester(interaction), address)
    await show_or_ask(bot.publisher, bot.sentences, interaction, outcome, address)


async def video_script(interaction: Interaction) -> None:
    interaction.client.requester(interaction)  # only in a class; a form must be the first answer
    await send_form(interaction, script_form(interaction.client.sentences, interaction.locale))


async def setup(bot: AtelierBot) -> None:
    completions = {
        "prompt1": complete_prompt,
        "prompt2": complete_prompt,
        "model": complete_image_model,
        "piece": complete_piece,
    }
    bot.tree.add_command(make_command(video, "video", bot.sentences, completions=completions))
    bot.tree.add_command(make_command(video_script, "video_script", bot.sentences))
