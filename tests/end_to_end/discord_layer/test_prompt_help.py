"""`/prompt-hilfe` over real sockets: seen by one person, and its buttons take the text that stands there."""

from __future__ import annotations

from typing import Any

import discord
import pytest

from bot.services.ports import Requester
from bot.services.prompt_help import Advice
from bot.services.prompt_language import ENGLISH, language_of_prompt
from generation.errors import ModelMissing
from generation.params import clean_prompt
from moderation.verdict import Approved
from tests.end_to_end.discord_layer.conftest import Class
from tests.end_to_end.discord_layer.fakes import pipeline

PROMPT = "ein `gelbes` *Dreieck* @everyone"
TRANSLATION = "a yellow *triangle* at <http> 'dusk'"
SUGGESTION = "ein gelbes Dreieck, " + ", ".join(f"Farbe {number}" for number in range(45))


async def approved(text: str) -> Approved[str]:
    decision = await pipeline().approve_text(text)
    assert decision.approved is not None
    return decision.approved.map(lambda texts: texts[0])


class Helper:
    """Knows one translation and one suggestion. `suggests`: False for a part that failed."""

    def __init__(self, *, suggests: bool = True, has_model: bool = True) -> None:
        self.suggests, self.has_model = suggests, has_model

    async def advise(self, prompt: str, who: Requester) -> Advice:
        if not self.has_model:
            raise ModelMissing("help_needs_model", command="atelier models pull big-text")
        is_english = language_of_prompt(prompt, who.locale) == ENGLISH
        return Advice(
            prompt=clean_prompt(prompt),
            is_english=is_english,
            translation=None if is_english else await approved(TRANSLATION),
            suggestion=await approved(SUGGESTION) if self.suggests else None,
        )


async def asked(klass: Class, helper: Helper, visitor: Any, prompt: str = PROMPT) -> dict[str, Any]:
    desk: Any = klass.desk
    desk.prompt_help = helper
    message: dict[str, Any] = await visitor.command("prompt-hilfe", prompt=prompt).message(
        lambda one: bool(one["embeds"] or one["content"])
    )
    return message


def labels(message: dict[str, Any]) -> list[str]:
    return [button["label"] for row in message["components"] for button in row["components"]]


async def test_only_one_person_sees_prompt_translation_and_suggestion(klass: Class) -> None:
    ada, ben = await klass.enter(), await klass.enter("Ben")
    message = await asked(klass, Helper(), ada)
    assert message["flags"] & 64
    assert message["id"] not in ben.seen
    (embed,) = message["embeds"]
    assert [(field["name"], field["value"]) for field in embed["fields"]] == [
        (klass.say("advice.original"), f"```\n{PROMPT.replace('`', chr(39))}\n```"),
        (klass.say("advice.translation"), f"```\n{TRANSLATION}\n```"),
        (klass.say("advice.suggestion"), f"```\n{SUGGESTION}\n```"),
    ]
    assert embed["author"]["name"] == klass.say("post.label")
    assert labels(message) == [klass.say("button.help_translation"), klass.say("button.help_suggestion")]


@pytest.mark.parametrize("restart", [False, True])
@pytest.mark.parametrize(("choice", "text"), [("translation", TRANSLATION), ("suggestion", SUGGESTION)])
async def test_a_button_makes_pictures_of_exactly_that_text(
    klass: Class, choice: str, text: str, *, restart: bool
) -> None:
    ada = await klass.enter()
    message = await asked(klass, Helper(), ada)
    if restart:
        await klass.school.restart()
    await ada.press(message, label=klass.say(f"button.help_{choice}"))
    job = klass.desk.newest()
    assert (job.params["prompt"], job.owner_id) == (text, ada.me["id"])


async def test_a_part_that_failed_has_no_button(klass: Class) -> None:
    message = await asked(klass, Helper(suggests=False), await klass.enter())
    assert message["embeds"][0]["fields"][2]["value"] == klass.say("advice.failed")
    assert labels(message) == [klass.say("button.help_translation")]


async def test_english_needs_no_translation(klass: Class) -> None:
    message = await asked(klass, Helper(), await klass.enter(), "a yellow triangle on the hill")
    assert message["embeds"][0]["fields"][1]["value"] == klass.say("advice.is_english")
    assert labels(message) == [klass.say("button.help_suggestion")]


async def test_without_a_real_model_it_says_what_the_teacher_can_do(klass: Class) -> None:
    message = await asked(klass, Helper(has_model=False), await klass.enter())
    assert message["flags"] & 64
    assert message["content"] == klass.say("error.help_needs_model", command="atelier models pull big-text")


@pytest.mark.parametrize("subject", ["translation", "prompt", "0", "original"])
async def test_a_button_under_another_message_finds_no_text(klass: Class, subject: str) -> None:
    ada = await klass.enter()
    channel: Any = klass.school.bot.get_channel(int(ada.channel_id("atelier")))
    view = discord.ui.View(timeout=None)
    view.add_item(discord.ui.Button(label="x", custom_id=f"ka:help:{subject}"))
    view.stop()
    embed = discord.Embed().add_field(name=klass.say("advice.translation"), value="no frame")
    await channel.send("?", view=view, embed=embed)
    message = await ada.wait_for(lambda name, data: name == "MESSAGE_CREATE" and data["content"] == "?")
    said = await ada.press(message, label="x").message(lambda one: bool(one["content"]))
    assert said["content"] == klass.say("error.button_unknown")
    assert klass.desk.jobs == {}
