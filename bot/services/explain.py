"""The context menu "Explain this": a message in simple words, for the person who asks and nobody else."""

from __future__ import annotations

from typing import Final

from bot.services.intake import Intake
from bot.services.ports import ReplyAddress, Requester, Ticket
from bot.services.write import MEDIUM, Sentence
from generation.errors import InvalidInput
from generation.job import draw_seed
from generation.params import is_control, is_seen
from generation.text_params import TEXT_LIMIT, Message, TextParams, clean_text

PRESET: Final = "explain"


class Explain:
    def __init__(self, *, intake: Intake, sentence: Sentence) -> None:
        self._intake = intake
        self._sentence = sentence

    async def explain(self, text: str, who: Requester, address: ReplyAddress | None) -> Ticket:
        """`text` is what somebody wrote: it is checked like a prompt. Raises InvalidInput, LimitReached or Refused."""
        # the person did not write it and could not repair it: what a prompt is refused for is left out here
        readable = "".join(char for char in text if char == "\n" or not is_control(char))
        if not any(is_seen(char) for char in readable if char != "\n"):
            raise InvalidInput("nothing_to_explain")
        prompt = clean_text(readable[:TEXT_LIMIT])
        asked = self._sentence(f"instruction.{PRESET}", who.locale, prompt=prompt)
        params = TextParams(
            prompt=prompt,
            messages=(
                Message("system", self._sentence("instruction.system", who.locale)),
                Message("user", asked),
            ),
            preset=PRESET,
            private=True,
        )
        return await self._intake.queue(
            self._intake.model(MEDIUM, None),
            params.to_plain(),
            draw_seed(),
            who,
            address,
            texts=(prompt,),
            notices=("prompt_cut",) if len(readable) > TEXT_LIMIT else (),
        )
