"""Texts: what was typed becomes the messages that a model reads, and a job."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from bot.services.intake import Intake
from bot.services.ports import ReplyAddress, Requester, TextRequest, Ticket
from generation.errors import InvalidInput, NotFound
from generation.job import Job, draw_seed
from generation.params import parse_seed
from generation.text_params import DEFAULT_LENGTH, DEFAULT_TEMPERATURE, Message, TextParams, clean_text

MEDIUM: Final = "text"
PRESETS: Final = ("answer", "poem", "story", "script", "summary", "song", "explain")
"""Sorts of text; what each asks of the model stands in the locales under `instruction`."""
Sentence = Callable[..., str]


class Write:
    """`/text`, its presets and its buttons. Every method returns a Ticket or raises an AtelierError."""

    def __init__(self, *, intake: Intake, sentence: Sentence) -> None:
        self._intake = intake
        self._sentence = sentence

    async def text(self, request: TextRequest, who: Requester, address: ReplyAddress | None) -> Ticket:
        """Raises InvalidInput, ModelMissing, LimitReached or Refused; then nothing is queued."""
        model = self._intake.model(MEDIUM, request.model)
        params = self._params(request, who.locale)
        seed = parse_seed(request.seed)
        return await self._intake.queue(
            model,
            params.to_plain(),
            draw_seed() if seed is None else seed,
            who,
            address,
            texts=(params.prompt,),
        )

    async def again(
        self, job_id: str, who: Requester, address: ReplyAddress | None, *, new_seed: bool
    ) -> Ticket:
        """The same request once more, with the same or with a new seed, for the person who asks."""
        old = await self.recipe(job_id, who)
        params = TextParams.from_plain(old.params)
        model = self._intake.model(MEDIUM, old.model)
        seed = draw_seed() if new_seed else old.seed
        return await self._intake.queue(model, params.to_plain(), seed, who, address, texts=(params.prompt,))

    async def recipe(self, job_id: str, who: Requester) -> Job:
        """The posted text of this class, if all could see it and it stands for itself. Raises NotFound job_gone."""
        job = await self._intake.recipe(job_id, MEDIUM, who)
        if job.params.get("private") or job.params.get("conversation"):
            raise NotFound("job_gone")
        return job

    def _params(self, request: TextRequest, locale: str) -> TextParams:
        preset = self._preset(request.preset or "answer", locale)
        prompt = clean_text(request.prompt)
        asked = self._sentence(f"instruction.{preset}", locale, prompt=prompt)
        return TextParams(
            prompt=prompt,
            messages=(
                Message("system", self._sentence("instruction.system", locale)),
                Message("user", asked),
            ),
            temperature=DEFAULT_TEMPERATURE if request.temperature is None else request.temperature,
            length=DEFAULT_LENGTH if request.length is None else request.length,
            preset=preset,
        )

    def _preset(self, typed: str, locale: str) -> str:
        """A sort by its id or its name: who types "Gedicht" need not choose it from the list."""
        names = {preset: self._sentence(f"preset.{preset}", locale) for preset in PRESETS}
        wanted = typed.strip().casefold()
        for preset, name in names.items():
            if wanted in (preset, name.casefold()):
                return preset
        raise InvalidInput("preset_unknown", known=", ".join(names.values()))
