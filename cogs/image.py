"""`/image`, in German `/bild`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands

from bot.answers import defer
from bot.client import AtelierBot
from bot.commands import choices_for, make_command
from bot.services.ports import ImageRequest
from bot.services.submit import DEFAULT_SIDE
from bot.views import EXAMPLES, show_waiting
from cogs.options import Between, Choices, Interaction, complete_model
from generation.catalog import ModelInfo
from generation.params import COUNT_LIMIT, GUIDANCE_HIGH, GUIDANCE_LOW, SCHEDULERS, SIZE_STEP, STEPS_LIMIT

if TYPE_CHECKING:
    Count = int
    Steps = int
    Guidance = float
else:
    _WHOLE, _DECIMAL = discord.AppCommandOptionType.integer, discord.AppCommandOptionType.number
    Count = app_commands.Transform[int, Between(_WHOLE, 1, COUNT_LIMIT)]
    Steps = app_commands.Transform[int, Between(_WHOLE, 1, STEPS_LIMIT)]
    Guidance = app_commands.Transform[float, Between(_DECIMAL, GUIDANCE_LOW, GUIDANCE_HIGH)]


async def image(
    interaction: Interaction,
    prompt: str,
    negative: str | None = None,
    count: Count | None = None,
    guidance: Guidance | None = None,
    steps: Steps | None = None,
    seed: str | None = None,
    size: str | None = None,
    model: str | None = None,
    scheduler: str | None = None,
) -> None:
    address = await defer(interaction)
    bot = interaction.client
    request = ImageRequest(
        prompt=prompt,
        negative=negative,
        count=count,
        guidance=guidance,
        steps=steps,
        seed=seed,
        size=size,
        model=model,
        scheduler=scheduler,
    )
    ticket = await bot.desk.submit.image(request, bot.requester(interaction), address)
    await show_waiting(bot.publisher, ticket, address)


async def complete_prompt(interaction: Interaction, current: str) -> Choices:
    """Examples in the person's language. What was typed stays as it is when none fits."""
    sentences = interaction.client.sentences
    texts = [sentences.text(f"examples.{example}", interaction.locale) for example in EXAMPLES]
    return choices_for(current, [(text, text) for text in texts])


async def complete_image_model(interaction: Interaction, current: str) -> Choices:
    return complete_model(interaction, "image", current)


async def complete_size(interaction: Interaction, current: str) -> Choices:
    """The model's own size first, then half as high and half as wide again; nothing that it cannot make."""
    models = interaction.client.desk.catalog.models("image")
    chosen = getattr(interaction.namespace, "model", None)
    model = next((one for one in models if one.id == chosen), models[0]) if models else None
    texts = [f"{width}x{height}" for width, height in _sizes(model)] if model is not None else []
    return choices_for(current, [(text.replace("x", " × "), text) for text in texts])


def _sizes(model: ModelInfo) -> list[tuple[int, int]]:
    low, high = model.sides
    width, height = model.default_width or DEFAULT_SIDE, model.default_height or DEFAULT_SIDE
    longer = [side * 3 // 2 // SIZE_STEP * SIZE_STEP for side in (width, height)]
    sizes = dict.fromkeys([(width, height), (width, longer[1]), (longer[0], height)])
    return [size for size in sizes if low <= min(size) and max(size) <= high]


async def complete_scheduler(_: Interaction, current: str) -> Choices:
    return choices_for(current, [(name, name) for name in SCHEDULERS])


async def setup(bot: AtelierBot) -> None:
    completions = {
        "prompt": complete_prompt,
        "size": complete_size,
        "model": complete_image_model,
        "scheduler": complete_scheduler,
    }
    bot.tree.add_command(make_command(image, "image", bot.sentences, completions=completions))
