"""Help with a prompt by a text model: its translation into English, and (for pictures) a more precise suggestion.

The mini text model can do neither, so a real one must be installed. The model is asked through the supervisor, beside
the queue, because somebody waits for the answer before anything is queued; what it says is checked together with the
prompt before anybody or any other model reads it.
"""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
import logging
import shutil
from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, Final, Generic, Literal, TypeVar

from bot.services.answer_line import line_of
from bot.services.intake import Intake
from bot.services.ports import Requester
from bot.services.prompt_language import ENGLISH, language_of_prompt
from bot.services.text_finishing import read_answer
from bot.services.write import MEDIUM, Sentence
from generation.catalog import Catalog, ModelInfo
from generation.errors import (
    AtelierError,
    LimitReached,
    ModelMissing,
    Refused,
    WorkerError,
    WorkerGarbage,
    WorkerHung,
)
from generation.music_params import MusicParams, SoundParams
from generation.params import PROMPT_LIMIT, ImageParams, clean_prompt
from generation.ports import Runner
from generation.supervisor import Outcome, Request
from generation.text_params import Message, TextParams
from moderation.pipeline import Pipeline
from moderation.verdict import Approved

_log = logging.getLogger(__name__)

Task = Literal["translate", "precise"]
P = TypeVar("P", ImageParams, MusicParams, SoundParams)
TIMEOUT_S: Final = 30.0
ALL_TIMEOUT_S: Final = 90.0
"""For all the lines of one request: its person waits, and an answer's address lives 15 minutes."""
SUGGESTION_LIMIT: Final = 500
"""Characters; what picture models read ends after some 75 tokens."""
REMEMBERED: Final = 500
ONLY_ENGLISH: Final = "only_english"
NOT_TRANSLATED: Final = "not_translated"
NOTICES: Final = frozenset({ONLY_ENGLISH, NOT_TRANSLATED})
"""Codes of what a post says when the model read a language that it does not understand."""
ORIGINALS: Final[Mapping[str, str]] = {"prompt": "original", "negative": "original_negative"}
"""Field of the parameters that can be translated -> field in which what was typed is kept."""
_LIMITS: Final = {"translate": PROMPT_LIMIT, "precise": SUGGESTION_LIMIT}
_TOKENS: Final = {"translate": 400, "precise": 200}
_TEMPERATURES: Final = {"translate": 0.0, "precise": 0.7}


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """What came of one `/prompt-help`. None: that part failed, or (`is_english`) there is nothing to translate."""

    prompt: str
    is_english: bool
    translation: Approved[str] | None
    suggestion: Approved[str] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Readable(Generic[P]):
    """A request as its model can read it best, and the codes of what its post must say about that."""

    params: P
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadableTexts:
    """Texts as their model can read them best, in their order, and the codes of what the post must say about that."""

    texts: tuple[str, ...]
    notices: tuple[str, ...] = ()


class PromptHelp:
    """`timeout_s` bounds one answer of the text model, its check not included."""

    def __init__(
        self,
        *,
        intake: Intake,
        catalog: Catalog,
        supervisor: Runner,
        pipeline: Pipeline,
        sentence: Sentence,
        work_dir: Path,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self._intake = intake
        self._catalog = catalog
        self._supervisor = supervisor
        self._pipeline = pipeline
        self._sentence = sentence
        self._work_dir = work_dir
        self._timeout_s = timeout_s
        self._numbers = itertools.count(1)
        self._known: OrderedDict[tuple[str, str, Task, str], Approved[str]] = OrderedDict()
        self._busy: set[tuple[str, str]] = set()

    async def advise(self, prompt: str, who: Requester) -> Advice:
        """Both kinds of help. Raises InvalidInput, Refused, LimitReached, ModelMissing, or WorkerError if both fail."""
        prompt = clean_prompt(prompt)
        place = (who.guild_id, who.person_id)
        if place in self._busy:
            raise LimitReached("help_busy")
        self._busy.add(place)
        try:
            await self._demand_allowed(prompt, who)
            model = self._demand_model()
            is_english = language_of_prompt(prompt, who.locale) == ENGLISH
            translation = None if is_english else await self._tried(model, "translate", prompt, who.guild_id)
            suggestion = await self._tried(model, "precise", prompt, who.guild_id)
        finally:
            self._busy.discard(place)
        self._intake.demand_open(who)  # the class may have been stopped meanwhile
        if translation is None and suggestion is None:
            raise WorkerError("help_failed")
        return Advice(prompt=prompt, is_english=is_english, translation=translation, suggestion=suggestion)

    async def readable(
        self,
        params: P,
        model: ModelInfo,
        who: Requester,
        *,
        fields: Collection[str] = tuple(ORIGINALS),
    ) -> Readable[P]:
        """`params` with those of `fields` translated whose language `model` does not understand, if it knows English.

        Whatever goes wrong, the request stays as it is and a notice says so. Raises LimitReached.
        """
        foreign = [
            field
            for field in fields
            if hasattr(params, field) and self._is_foreign(getattr(params, field), params.prompt, model, who)
        ]
        if not foreign:
            return Readable(params=params)
        translator = self._model()
        if translator is None:
            return Readable(params=params, notices=(ONLY_ENGLISH,))
        await self._intake.demand_room(who)
        changes: dict[str, Any] = {}
        for field in foreign:
            text: str = getattr(params, field)
            translation = await self._tried(translator, "translate", text, who.guild_id)
            if translation is None:
                return Readable(params=params, notices=(NOT_TRANSLATED,))
            if translation.value.casefold() != text.casefold():
                changes |= {field: translation.value, ORIGINALS[field]: text}
        return Readable(params=dataclasses.replace(params, **changes))

    async def readable_texts(self, texts: Sequence[str], model: ModelInfo, who: Requester) -> ReadableTexts:
        """`texts` that belong together, all translated or none. Raises LimitReached."""
        together = ReadableTexts(texts=tuple(texts))
        if not self._is_foreign(", ".join(texts), "", model, who):
            return together
        translator = self._model()
        if translator is None:
            return dataclasses.replace(together, notices=(ONLY_ENGLISH,))
        await self._intake.demand_room(who)
        try:
            async with asyncio.timeout(ALL_TIMEOUT_S):
                known = await self._translations(translator, texts, who.guild_id)
        except TimeoutError:
            known = None
        if known is None:
            return dataclasses.replace(together, notices=(NOT_TRANSLATED,))
        return ReadableTexts(texts=tuple(known[text] for text in texts))

    async def _translations(
        self, translator: ModelInfo, texts: Sequence[str], guild: str
    ) -> dict[str, str] | None:
        """Each text once; None as soon as one fails."""
        known = {"": ""}
        for text in texts:
            if text not in known:
                translation = await self._tried(translator, "translate", text, guild)
                if translation is None:
                    return None
                known[text] = translation.value
        return known

    def _is_foreign(self, text: str, prompt: str, model: ModelInfo, who: Requester) -> bool:
        """A text of a few words is in the prompt's language where nothing else is said."""
        language = language_of_prompt(text, language_of_prompt(prompt, who.locale))
        return bool(text) and language not in model.languages and ENGLISH in model.languages

    def _model(self) -> ModelInfo | None:
        """The best real text model on this machine."""
        return next(
            (one for one in self._catalog.models(MEDIUM) if one.path is not None and not one.mini), None
        )

    async def _demand_allowed(self, prompt: str, who: Requester) -> None:
        """Also where no model could help: whoever confides something gets the sentence that leads to people."""
        asked = self._model() or next(
            iter((*self._catalog.models(MEDIUM), *self._catalog.models("image"))), None
        )
        if asked is not None:
            params = {"prompt": prompt, "preset": "precise"}
            await self._intake.demand_allowed(asked, params, who, texts=(prompt,))

    def _demand_model(self) -> ModelInfo:
        model = self._model()
        if model is None:
            real = next((one.id for one in self._catalog.models(MEDIUM) if not one.mini), None)
            command = "atelier models list" if real is None else f"atelier models pull {real}"
            raise ModelMissing("help_needs_model", command=command)
        return model

    async def _tried(self, model: ModelInfo, task: Task, prompt: str, guild: str) -> Approved[str] | None:
        try:
            return await self._ask(model, task, prompt, guild)
        except AtelierError as error:
            _log.info("%s by %s failed with %s", task, model.id, error.code)
        except Exception as error:  # noqa: BLE001 - a prompt is worth more than its translation
            # the type only: the message of a foreign error may quote the prompt
            _log.warning("%s by %s failed with %s", task, model.id, type(error).__name__)
        return None

    async def _ask(self, model: ModelInfo, task: Task, prompt: str, guild: str) -> Approved[str]:
        """Raises AtelierError, e.g. Refused for an answer that must not be shown."""
        key = (guild, model.id, task, prompt)  # each class has words of its own
        if key in self._known:
            self._known.move_to_end(key)
            return self._known[key]
        line = line_of(await self._answer(model, task, prompt), _LIMITS[task])
        decision = await self._pipeline.approve_text(line, prompt=prompt, guild=guild)
        if decision.approved is None:
            raise Refused(f"refused_{decision.verdict.code}")
        self._known[key] = approved = decision.approved.map(lambda texts: texts[0])
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return approved

    async def _answer(self, model: ModelInfo, task: Task, prompt: str) -> str:
        # In the loop's own thread: a caller cancelled meanwhile would never learn the folder's name.
        out = Path(mkdtemp(dir=self._work_dir, prefix="help-"))
        try:
            async with asyncio.timeout(self._timeout_s):
                outcome = await self._run(model, task, prompt, out)
            if [(file.kind, file.index) for file in outcome.files] != [("text", 1)]:
                raise WorkerGarbage
            return (await asyncio.to_thread(read_answer, outcome.out / outcome.files[0].name))[0]
        except TimeoutError:
            raise WorkerHung from None
        finally:
            await asyncio.to_thread(shutil.rmtree, out, ignore_errors=True)

    async def _run(self, model: ModelInfo, task: Task, prompt: str, out: Path) -> Outcome:
        params = TextParams(
            prompt=prompt,
            messages=self._messages(task, prompt),
            temperature=_TEMPERATURES[task],
            length=_TOKENS[task],
            preset=task,
        )
        request = Request(
            family=model.family,
            task=MEDIUM,
            params=params.to_plain(),
            job=f"help-{next(self._numbers)}",
            attempt=1,
            out=out,
            model=model,
        )
        return await self._supervisor.run(request)

    def _messages(self, task: Task, prompt: str) -> tuple[Message, ...]:
        """What to do, one example of it, then the prompt alone: so small models answer with one line and no more."""
        # the suggestion stays in the prompt's language, whatever the person's own is
        language = language_of_prompt(prompt, ENGLISH)
        return (
            Message("system", self._sentence(f"instruction.{task}", language)),
            Message("user", self._sentence(f"sample.asked_{task}", language)),
            Message("assistant", self._sentence(f"sample.answered_{task}", language)),
            Message("user", prompt),
        )
