"""`/music`, `/song`, `/music-more` and `/sound`, in German `/musik`, `/lied`, `/musik-weiter` and `/geraeusch`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import discord
from discord import app_commands

from bot.answers import defer, send_form
from bot.client import AtelierBot
from bot.commands import choices_for, make_command
from bot.forms import FURTHER_COUNT, song_form
from bot.services.audio_ports import ContinueRequest, MusicRequest, SoundRequest, Upload
from bot.texts import cut, plain
from bot.views import show_or_ask, show_waiting
from cogs.options import Between, Choices, Interaction, complete_model
from generation.errors import NotFound
from generation.job import Job, seed_of
from generation.music_params import FORMATS, MUSIC_SECONDS, SOUND_SECONDS
from generation.params import COUNT_LIMIT

if TYPE_CHECKING:
    Seconds = int
    SoundSeconds = int
    Count = int
else:
    _WHOLE = discord.AppCommandOptionType.integer
    Seconds = app_commands.Transform[int, Between(_WHOLE, 1, MUSIC_SECONDS)]
    SoundSeconds = app_commands.Transform[int, Between(_WHOLE, 1, SOUND_SECONDS)]
    Count = app_commands.Transform[int, Between(_WHOLE, 1, COUNT_LIMIT)]

TUNES = ("t1", "t2", "t3", "t4", "t5", "t6", "t7", "t8")
NOISES = ("n1", "n2", "n3", "n4", "n5", "n6", "n7", "n8")
PROMPT_SHOWN = 60
_PIECE = re.compile(r"(?P<job>[0-9a-z]{1,20})(?::(?P<index>[1-9]))?")


async def music(
    interaction: Interaction,
    prompt: str,
    seconds: Seconds | None = None,
    melody: discord.Attachment | None = None,
    lyric: str | None = None,
    count: Count | None = None,
    seed: str | None = None,
    model: str | None = None,
    format: str | None = None,  # noqa: A002 - the option's name
) -> None:
    address = await defer(interaction)
    bot = interaction.client
    request = MusicRequest(
        prompt=prompt,
        seconds=seconds,
        count=count,
        melody=upload_of(melody),
        lyric=lyric,
        seed=seed,
        model=model,
        format=format,
    )
    outcome = await bot.desk.music.music(request, bot.requester(interaction), address)
    await show_or_ask(bot.publisher, bot.sentences, interaction, outcome, address)


async def song(interaction: Interaction) -> None:
    interaction.client.requester(interaction)  # only in a class; a form must be the first answer
    await send_form(interaction, song_form(interaction.client.sentences, interaction.locale))


async def music_more(
    interaction: Interaction,
    piece: str | None = None,
    file: discord.Attachment | None = None,
    prompt: str | None = None,
    seconds: Seconds | None = None,
    count: Count | None = None,
    seed: str | None = None,
    model: str | None = None,
    format: str | None = None,  # noqa: A002 - the option's name
) -> None:
    address = await defer(interaction)
    bot = interaction.client
    job, index = read_piece(piece)
    request = ContinueRequest(
        file=upload_of(file),
        job=job,
        index=index,
        prompt=prompt,
        seconds=seconds,
        count=FURTHER_COUNT if count is None else count,
        seed=seed,
        model=model,
        format=format,
    )
    outcome = await bot.desk.music.further(request, bot.requester(interaction), address)
    await show_or_ask(bot.publisher, bot.sentences, interaction, outcome, address)


async def sound(
    interaction: Interaction,
    prompt: str,
    seconds: SoundSeconds | None = None,
    count: Count | None = None,
    seed: str | None = None,
    model: str | None = None,
    format: str | None = None,  # noqa: A002 - the option's name
) -> None:
    address = await defer(interaction)
    bot = interaction.client
    request = SoundRequest(prompt=prompt, seconds=seconds, count=count, seed=seed, model=model, format=format)
    ticket = await bot.desk.music.sound(request, bot.requester(interaction), address)
    await show_waiting(bot.publisher, ticket, address)


def upload_of(file: discord.Attachment | None) -> Upload | None:
    """Nothing is fetched before the service wants it."""
    return None if file is None else Upload(name=file.filename, size=file.size, read=file.read)


def read_piece(typed: str | None) -> tuple[str | None, int]:
    """A value of `complete_piece`, or a job's id as it stands below a post. Raises NotFound job_gone."""
    if typed is None:
        return None, 1
    match = _PIECE.fullmatch(typed.strip())
    if match is None:
        raise NotFound("job_gone")
    return match["job"], int(match["index"] or 1)


async def complete_piece(interaction: Interaction, current: str) -> Choices:
    """The last pieces of this class, the newest first."""
    bot = interaction.client
    jobs = await bot.desk.music.recent(bot.requester(interaction))
    return choices_for(current, [pair for job in jobs for pair in _takes(job, interaction)])


def _takes(job: Job, interaction: Interaction) -> list[tuple[str, str]]:
    sentences, count = interaction.client.sentences, int(job.params.get("count", 1))
    prompt = cut(plain(str(job.params.get("original") or job.params.get("prompt", ""))), PROMPT_SHOWN)
    return [
        (
            sentences.text(
                "audio.piece", interaction.locale, prompt=prompt, index=index, seed=seed_of(job.seed, index)
            ),
            f"{job.id}:{index}",
        )
        for index in range(1, count + 1)
    ]


async def complete_tune(interaction: Interaction, current: str) -> Choices:
    sentences = interaction.client.sentences
    texts = (sentences.text(f"tune.{key}", interaction.locale) for key in TUNES)
    return choices_for(current, [(text, text) for text in texts])


async def complete_noise(interaction: Interaction, current: str) -> Choices:
    sentences = interaction.client.sentences
    texts = (sentences.text(f"noise.{key}", interaction.locale) for key in NOISES)
    return choices_for(current, [(text, text) for text in texts])


async def complete_music_model(interaction: Interaction, current: str) -> Choices:
    return complete_model(interaction, "music", current)


async def complete_sound_model(interaction: Interaction, current: str) -> Choices:
    return complete_model(interaction, "sound", current)


async def complete_format(_: Interaction, current: str) -> Choices:
    return choices_for(current, [(name, name) for name in FORMATS])


async def setup(bot: AtelierBot) -> None:
    shared = {"model": complete_music_model, "format": complete_format}
    made = {"prompt": complete_tune, **shared}
    noise = {"prompt": complete_noise, **shared, "model": complete_sound_model}
    bot.tree.add_command(make_command(music, "music", bot.sentences, completions=made))
    bot.tree.add_command(make_command(song, "song", bot.sentences))
    more = {"piece": complete_piece, **made}
    bot.tree.add_command(make_command(music_more, "music_more", bot.sentences, completions=more))
    bot.tree.add_command(make_command(sound, "sound", bot.sentences, completions=noise))
