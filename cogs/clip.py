"""`/clip`, and `/chain`, in German `/kette`: posted results become one piece; or a theme becomes all of them."""

from __future__ import annotations

import time

from bot.answers import defer
from bot.client import AtelierBot
from bot.commands import choices_for, make_command
from bot.posts.speech import voice_choice
from bot.services.chain import ChainRequest
from bot.services.clip_ports import Chosen, ClipRequest
from bot.services.clip_sources import Kind
from bot.texts import cut, plain
from bot.views import show_or_ask, show_waiting
from cogs.image import complete_prompt
from cogs.music import complete_piece, complete_tune, read_piece
from cogs.options import Choices, Interaction
from generation.clip_params import SUBTITLES
from generation.errors import InvalidInput, NotFound
from generation.job import Job, seed_of

SHOWN = 60


async def clip(
    interaction: Interaction,
    video: str | None = None,
    picture1: str | None = None,
    picture2: str | None = None,
    picture3: str | None = None,
    picture4: str | None = None,
    music: str | None = None,
    speech: str | None = None,
    subtitles: str | None = None,
    title: str | None = None,
) -> None:
    # where somebody speaks it is seen by all: a voice in it can then be taken back
    address = await defer(interaction, shared=bool(speech))
    bot = interaction.client
    pictures = (chosen(one) for one in (picture1, picture2, picture3, picture4))
    request = ClipRequest(
        video=chosen(video),
        pictures=tuple(one for one in pictures if one is not None),
        music=chosen(music),
        speech=chosen(speech),
        subtitles=read_subtitles(subtitles, interaction),
        title=title,
    )
    outcome = await bot.desk.clip.clip(request, bot.requester(interaction), address)
    await show_or_ask(bot.publisher, bot.sentences, interaction, outcome, address)


async def chain(
    interaction: Interaction,
    theme: str,
    voice: str | None = None,
    music: str | None = None,
    subtitles: str | None = None,
    seed: str | None = None,
) -> None:
    address = await defer(interaction)
    bot = interaction.client
    request = ChainRequest(
        theme=theme,
        voice=voice,
        music=music,
        subtitles=read_subtitles(subtitles, interaction),
        seed=seed,
    )
    ticket = await bot.desk.chain.start(request, bot.requester(interaction), address)
    await show_waiting(bot.publisher, ticket, address)


def chosen(typed: str | None) -> Chosen | None:
    """A value of one of the lists, or a job's id as it stands below a post. Raises InvalidInput clip_reference."""
    try:
        job, index = read_piece(typed)
    except NotFound:
        raise InvalidInput("clip_reference") from None
    return None if job is None else Chosen(job=job, index=index)


def read_subtitles(typed: str | None, interaction: Interaction) -> str | None:
    """Whoever types the name of a sort need not choose it from the list."""
    names = {_subtitles_name(one, interaction).casefold(): str(one) for one in SUBTITLES}
    return None if typed is None else names.get(typed.strip().casefold(), typed)


async def complete_video(interaction: Interaction, current: str) -> Choices:
    return await _complete("video", interaction, current)


async def complete_picture(interaction: Interaction, current: str) -> Choices:
    return await _complete("picture", interaction, current)


async def complete_speech(interaction: Interaction, current: str) -> Choices:
    return await _complete("speech", interaction, current)


async def complete_subtitles(interaction: Interaction, current: str) -> Choices:
    return choices_for(current, [(_subtitles_name(one, interaction), str(one)) for one in SUBTITLES])


async def complete_own_voice(interaction: Interaction, current: str) -> Choices:
    """Nobody's voices, and the person's own: a chain speaks with no other."""
    bot = interaction.client
    who, now = bot.requester(interaction), time.time()
    offered = [one for one in await bot.desk.speak.offered(who) if one.owner in {None, who.person_id}]
    pairs = [
        (voice_choice(one, who.person_id, now, bot.sentences, interaction.locale), one.value)
        for one in offered
    ]
    return choices_for(current, pairs)


async def _complete(kind: Kind, interaction: Interaction, current: str) -> Choices:
    """The last results of this class, the newest first."""
    bot = interaction.client
    jobs = await bot.desk.clip.offered(kind, bot.requester(interaction))
    return choices_for(current, [pair for job in jobs for pair in _results(kind, job, interaction)])


def _results(kind: Kind, job: Job, interaction: Interaction) -> list[tuple[str, str]]:
    sentences = interaction.client.sentences
    count = int(job.params.get("count", 1)) if kind == "picture" else 1
    keys = job.params.get("keys") or [{}]
    told = job.params.get("original") or job.params.get("prompt") or job.params.get("text")
    words = cut(plain(str(told or keys[0].get("prompt", ""))), SHOWN)
    return [
        (
            sentences.text(
                f"clip.choice_{kind}",
                interaction.locale,
                words=words,
                index=index,
                seed=seed_of(job.seed, index),
            ),
            f"{job.id}:{index}",
        )
        for index in range(1, count + 1)
    ]


def _subtitles_name(kind: str, interaction: Interaction) -> str:
    return interaction.client.sentences.text(f"clip.subtitles_{kind}", interaction.locale)


async def setup(bot: AtelierBot) -> None:
    pictures = dict.fromkeys(("picture1", "picture2", "picture3", "picture4"), complete_picture)
    chosen_from = {
        "video": complete_video,
        **pictures,
        "music": complete_piece,
        "speech": complete_speech,
        "subtitles": complete_subtitles,
    }
    bot.tree.add_command(make_command(clip, "clip", bot.sentences, completions=chosen_from))
    begun = {
        "theme": complete_prompt,
        "voice": complete_own_voice,
        "music": complete_tune,
        "subtitles": complete_subtitles,
    }
    bot.tree.add_command(make_command(chain, "chain", bot.sentences, completions=begun))
