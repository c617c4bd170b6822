"""`/speech`, in German `/stimme`: a sentence or two, spoken by nobody's voice or by a person's own."""

from __future__ import annotations

import time

from bot.answers import defer
from bot.client import AtelierBot
from bot.commands import choices_for, make_command
from bot.posts.speech import emotion_name, quality_choice, quality_name, read_shown, voice_choice
from bot.services.ports import Ticket
from bot.services.speech_ports import SpeechRequest
from bot.speech_presses import offer_language
from bot.views import show_waiting
from cogs.options import Choices, Interaction
from generation.speech_params import EMOTIONS, QUALITIES

LINES = ("l1", "l2", "l3", "l4", "l5", "l6")
USUAL_TEXT = "x" * 100
"""As long as most sentences, for the seconds that are told before a text is typed."""


async def speech(
    interaction: Interaction,
    text: str,
    voice: str | None = None,
    emotion: str | None = None,
    quality: str | None = None,
    seed: str | None = None,
) -> None:
    address = await defer(interaction, shared=True)  # seen by all: what copies a voice can then be taken back
    bot = interaction.client
    emotions = {str(one): emotion_name(one, bot.sentences, interaction.locale) for one in EMOTIONS}
    qualities = {str(one): quality_name(one, bot.sentences, interaction.locale) for one in QUALITIES}
    request = SpeechRequest(
        text=text,
        voice=voice,
        emotion=read_shown(emotion, emotions),
        quality=read_shown(quality, qualities),
        seed=seed,
    )
    outcome = await bot.desk.speak.speak(request, bot.requester(interaction), address)
    if isinstance(outcome, Ticket):
        await show_waiting(bot.publisher, outcome, address)
    else:
        await offer_language(interaction, outcome, bot.sentences)


async def complete_text(interaction: Interaction, current: str) -> Choices:
    sentences = interaction.client.sentences
    texts = (sentences.text(f"line.{key}", interaction.locale) for key in LINES)
    return choices_for(current, [(text, text) for text in texts])


async def complete_voice(interaction: Interaction, current: str) -> Choices:
    """What this person may use now, nobody's voice first."""
    bot = interaction.client
    who = bot.requester(interaction)
    offered = await bot.desk.speak.offered(who)
    now = time.time()
    pairs = [
        (voice_choice(one, who.person_id, now, bot.sentences, interaction.locale), one.value)
        for one in offered
    ]
    return choices_for(current, pairs)


async def complete_emotion(interaction: Interaction, current: str) -> Choices:
    sentences = interaction.client.sentences
    pairs = [(emotion_name(one, sentences, interaction.locale), str(one)) for one in EMOTIONS]
    return choices_for(current, pairs)


async def complete_quality(interaction: Interaction, current: str) -> Choices:
    """Each with the seconds that it took on this machine, for the text and the voice chosen so far."""
    bot, typed = interaction.client, interaction.namespace
    text, voice = str(typed.text or "") or USUAL_TEXT, None if typed.voice is None else str(typed.voice)
    speak, locale = bot.desk.speak, interaction.locale
    same = speak.is_nobodys(voice)
    seconds = {one: speak.seconds_of(one, text, voice) for one in QUALITIES}
    pairs = [
        (quality_choice(one, seconds[one], bot.sentences, locale, same=same), str(one)) for one in QUALITIES
    ]
    return choices_for(current, pairs)


async def setup(bot: AtelierBot) -> None:
    completions = {
        "text": complete_text,
        "voice": complete_voice,
        "emotion": complete_emotion,
        "quality": complete_quality,
    }
    bot.tree.add_command(make_command(speech, "speech", bot.sentences, completions=completions))
