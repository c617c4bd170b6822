"""Runs the text checks of a pipeline: all of them, on every text alone and on the texts joined."""

import asyncio
import inspect
import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

from moderation.verdict import CHECK_FAILED, Verdict

logger = logging.getLogger(__name__)

TextCheck = Callable[[str], Verdict]


@dataclass(frozen=True, slots=True)
class Turn:
    """What a person asked for ("user"), or what a model answered."""

    role: Literal["user", "assistant"]
    text: str


@runtime_checkable
class OfClasses(Protocol):
    """A text check that may judge differently in each class server, because its class has words of its own."""

    def for_class(self, guild: str, /) -> TextCheck: ...


class DialogueCheck(Protocol):
    """Judges all texts of a check at once, a prompt together with its answer; asked once, when the words allow."""

    async def __call__(self, turns: Sequence[Turn], /) -> Verdict: ...


def turns_of(asked: Sequence[str], answers: Sequence[str]) -> tuple[Turn, ...]:
    """A dialogue of at most two turns without the empty ones; an answer to nothing is judged like a request."""
    user, answer = ("\n".join(text for text in texts if text.strip()) for texts in (asked, answers))
    if not user:
        return (Turn("user", answer),) if answer else ()
    return (Turn("user", user), *((Turn("assistant", answer),) if answer else ()))


async def run_text_checks(
    checks: Sequence[TextCheck], texts: Sequence[object], *, guild: str = ""
) -> Verdict:
    """The first refusal, or an allowance. In a thread of its own, so that a stuck check blocks nobody.

    `guild`: the class server whose own words are checked too; "" for the lists alone.

    The thread is a daemon: one that never comes back must not keep the bot from ending, as a thread of the
    loop's pool would.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[Verdict] = loop.create_future()

    def settle(verdict: Verdict) -> None:
        if not answer.done():
            answer.set_result(verdict)

    def work() -> None:
        verdict = _judge(checks, texts, guild)
        try:
            loop.call_soon_threadsafe(settle, verdict)
        except RuntimeError:
            logger.debug("a text check answered after the loop had closed")

    threading.Thread(target=work, name="text checks", daemon=True).start()
    return await answer


def _judge(checks: Sequence[TextCheck], texts: Sequence[object], guild: str) -> Verdict:
    whole = [text for text in texts if isinstance(text, str)]
    if len(whole) != len(texts):
        return Verdict.refuse("text", CHECK_FAILED)
    # No text at all still asks every check, so that a broken one is noticed here too.
    candidates = whole or [""]
    if len(whole) > 1:
        # Half a word in the prompt, the other half in the negative prompt.
        candidates = [*whole, " ".join(whole), "".join(whole)]
    for check in checks:
        for text in candidates:
            verdict = _ask(check, text, guild)
            if not verdict.allowed:
                return verdict
    return Verdict.allow("text")


def _ask(check: TextCheck, text: str, guild: str) -> Verdict:
    owner = getattr(check, "__self__", check)  # a bound method is known by its object
    name = getattr(owner, "name", None) or getattr(owner, "__name__", None) or type(owner).__name__
    try:
        asked = check.for_class(guild) if guild and isinstance(check, OfClasses) else check
        verdict: object = asked(text)
    except BaseException as error:  # noqa: BLE001 - in this thread even SystemExit is only "did not say yes"
        # The type only: an error's text may quote a prompt.
        logger.warning("text check %s failed: %s", name, type(error).__name__)
        return Verdict.refuse(str(name), CHECK_FAILED)
    if isinstance(verdict, Verdict):
        return verdict
    if inspect.iscoroutine(verdict):
        verdict.close()  # an async check given by mistake: it has judged nothing
    logger.warning("text check %s gave %s instead of a verdict", name, type(verdict).__name__)
    return Verdict.refuse(str(name), CHECK_FAILED)
