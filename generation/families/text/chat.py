"""Conversations to tokens, so that nobody's words can become another role's.

The model's own template is rendered with a placeholder for every text. Only what the template itself wrote is read
with control tokens; each text is tokenised for itself, without them. Where a template marks roles in plain letters
(`[INST]`, `### User:`), the same word in a text gets an invisible mark behind its first letter.
"""

from __future__ import annotations

import dataclasses
import itertools
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment

from generation.llama.vocabulary import Vocabulary, encoded
from generation.worker.api import TaskFailed

PLAIN = (
    "{{ bos_token }}{% for message in messages %}### {{ message['role'] | capitalize }}:\n"
    "{{ message['content'] }}\n\n{% endfor %}{% if add_generation_prompt %}### Assistant:\n{% endif %}"
)
"""For files without a usable template; an answer then ends before the next line that begins with `###`."""
PLAIN_STOP = "\n### "
_BETWEEN = "\n\n"
_LEAST_KEPT = 4
_INVISIBLE = "\u200b"
_TAG = re.compile(r"<[^<>\s]+>|\[[^][\s]+\]")
"""One of several marks that a template writes without a blank between them."""


@dataclass(frozen=True, slots=True)
class Message:
    role: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """`segments` are the tokens up to the end of each text, and last those that ask for an answer.

    `stop`: letters before which an answer ends. `cut`: the last text was shortened; `forgot`: older turns are left out.
    """

    messages: tuple[Message, ...]
    segments: tuple[tuple[int, ...], ...]
    stop: str | None
    cut: bool = False
    forgot: bool = False

    @property
    def length(self) -> int:
        return sum(len(segment) for segment in self.segments)


class Chat:
    """Writes conversations as one model reads them."""

    def __init__(self, vocabulary: Vocabulary, template: str | None) -> None:
        self._vocabulary = vocabulary
        # in some files these are read as control tokens even where none are asked for
        names = {vocabulary.piece(token).decode("utf-8", "replace") for token in vocabulary.special}
        self._named = frozenset(name for name in names if len(name) > 1 and not name.isspace())
        # nobody who writes a message can know it, and no message goes through the template anyway
        self._mark = f"q{secrets.token_hex(8)}q"
        environment = ImmutableSandboxedEnvironment(
            trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"]
        )
        environment.globals["raise_exception"] = _refuse
        self._plain = environment.from_string(PLAIN)
        self._own = _compiled(environment, template)

    def conversation(self, messages: Sequence[Message]) -> Conversation:
        """The whole of `messages`, oldest first; neighbours of one role become one message."""
        for template, merge in ((self._own, False), (self._own, True)):
            parts = None if template is None else self._parts(template, messages, merge_system=merge)
            if parts is not None:
                return Conversation(
                    messages=tuple(messages), segments=self._segments(parts, messages), stop=None
                )
        parts = self._parts(self._plain, messages, merge_system=False)
        if parts is None:
            raise TaskFailed("worker_failed", "no template works")
        return Conversation(
            messages=tuple(messages), segments=self._segments(parts, messages), stop=PLAIN_STOP
        )

    def fitting(self, messages: Sequence[Message], room: int) -> Conversation:
        """At most `room` tokens: without the oldest turns, then with a shorter last text; the system prompt stays.

        Raises TaskFailed invalid when not even that fits.
        """
        kept, cut = list(messages), False
        while (found := self.conversation(kept)).length > room:
            shorter = _without_oldest(kept)
            if shorter is None:
                cut = True
                found = self._shortened(kept, room)
                break
            kept = shorter
        return dataclasses.replace(found, cut=cut, forgot=len(kept) < len(messages))

    def _shortened(self, messages: Sequence[Message], room: int) -> Conversation:
        *before, last = messages
        low, high = 0, len(last.text)
        best: Conversation | None = None
        while low < high:
            middle = (low + high + 1) // 2
            found = self.conversation([*before, Message(last.role, last.text[:middle].rstrip())])
            if found.length <= room:
                low, best = middle, found
            else:
                high = middle - 1
        if best is None or low < min(_LEAST_KEPT, len(last.text)):
            raise TaskFailed("invalid", "no room beside the system prompt")
        return best

    def _parts(
        self, template: jinja2.Template, messages: Sequence[Message], *, merge_system: bool
    ) -> list[str] | None:
        """What the template wrote before each text and after the last; None if it does not do for `messages`."""
        wanted = [
            {"role": one.role, "content": f"{self._mark}{k}{self._mark}"} for k, one in enumerate(messages)
        ]
        turns = _merged(wanted, merge_system=merge_system)
        try:
            written = template.render(
                messages=turns,
                add_generation_prompt=True,
                tools=None,
                # some models would otherwise think aloud first, at length
                enable_thinking=False,
                **self._vocabulary.names(),
            )
        except Exception:  # noqa: BLE001 - a model's file may hold any template
            return None
        found = re.split(f"{self._mark}([0-9]+){self._mark}", written)
        if found[1::2] != [str(place) for place in range(len(messages))]:
            return None
        return found[::2]

    def _segments(self, parts: Sequence[str], messages: Sequence[Message]) -> tuple[tuple[int, ...], ...]:
        marks = self.marks(parts)
        segments: list[tuple[int, ...]] = []
        for place, part in enumerate(parts):
            tokens = self._template_tokens(part, first=place == 0)
            if place < len(messages):
                tokens += self.text_tokens(messages[place].text, after=tokens, marks=marks)
            segments.append(tuple(tokens))
        return tuple(segments)

    def _template_tokens(self, part: str, *, first: bool) -> list[int]:
        if not first:
            return self._vocabulary.inner(encoded(part), special=True)
        tokens = self._vocabulary.tokens(encoded(part), special=True)
        bos = self._vocabulary.bos
        return tokens if bos is None or tokens[:1] == [bos] else [bos, *tokens]

    def text_tokens(self, text: str, *, after: Sequence[int], marks: frozenset[str]) -> list[int]:
        """A person's or the model's own text behind the tokens `after`; none of them is a control token."""
        begins = not after or after[-1] in self._vocabulary.special
        tokens: list[int] = []
        for place, part in enumerate(_cut_at(_disguised(text, marks), self._named)):
            read = self._vocabulary.tokens if begins and place == 0 else self._vocabulary.inner
            tokens += read(encoded(part))
        if not self._vocabulary.control.isdisjoint(tokens):
            raise TaskFailed("worker_failed", "a text became a control token")
        return tokens

    def marks(self, parts: Sequence[str]) -> frozenset[str]:
        """Words in plain letters with which the template frames texts: those in the lines next to a text."""
        found: set[str] = set()
        for part in parts:
            for name in self._named:
                part = part.replace(name, " ")  # noqa: PLW2901 - the rest of it
            lines = [line for line in part.split("\n") if line.strip()]
            words = " ".join(lines[:1] + lines[-1:]).split()
            words += [tag for word in words for tag in _TAG.findall(word)]
            found.update(word for word in words if len(word) > 2 and not word.isalnum())
        return frozenset(found)


def checked_messages(plain: Any) -> list[Message]:
    """Raises TaskFailed invalid unless it is [system] and turns, the last one a user's."""
    if not isinstance(plain, list) or not plain:
        raise TaskFailed("invalid", "messages")
    messages = [_message(one) for one in plain]
    if any(one.role == "system" for one in messages[1:]) or messages[-1].role != "user":
        raise TaskFailed("invalid", "roles")
    return messages


def _message(plain: Any) -> Message:
    role, text = (plain.get("role"), plain.get("text")) if isinstance(plain, Mapping) else (None, None)
    if role not in {"system", "user", "assistant"} or not isinstance(text, str) or not text.strip():
        raise TaskFailed("invalid", "message")
    return Message(role, text.strip())


def _compiled(environment: ImmutableSandboxedEnvironment, template: str | None) -> jinja2.Template | None:
    if template is None:
        return None
    try:
        return environment.from_string(template)
    except Exception:  # noqa: BLE001 - a model's file may hold any template
        return None


def _refuse(message: str = "") -> str:
    raise jinja2.TemplateError(message)


def _merged(turns: Sequence[Mapping[str, str]], *, merge_system: bool) -> list[dict[str, str]]:
    """Neighbours of one role as one; with `merge_system` the system's text at the head of the first user's."""
    merged: list[dict[str, str]] = []
    for turn in turns:
        role = "user" if merge_system and turn["role"] == "system" else turn["role"]
        if merged and merged[-1]["role"] == role:
            merged[-1]["content"] += _BETWEEN + turn["content"]
        else:
            merged.append({"role": role, "content": turn["content"]})
    return merged


def _without_oldest(messages: Sequence[Message]) -> list[Message] | None:
    """Without the oldest turn and the answers to it; None if only the system prompt and the last turn are left."""
    system = [one for one in messages if one.role == "system"]
    turns = [one for one in messages if one.role != "system"]
    if len(turns) < 2:
        return None
    rest = turns[1:]
    while len(rest) > 1 and rest[0].role == "assistant":
        rest = rest[1:]
    return system + rest


def _cut_at(text: str, names: frozenset[str]) -> list[str]:
    """`text` in parts, cut behind the first letter of every name: no part holds a whole one."""
    cuts = sorted({place + 1 for name in names if name in text for place in _places(text, name)})
    bounds = [0, *cuts, len(text)]
    return [text[start:end] for start, end in itertools.pairwise(bounds) if start < end]


def _disguised(text: str, marks: frozenset[str]) -> str:
    places = sorted({place + 1 for mark in marks if mark in text for place in _places(text, mark)})
    bounds = [0, *places, len(text)]
    return _INVISIBLE.join(text[start:end] for start, end in itertools.pairwise(bounds))


def _places(text: str, name: str) -> list[int]:
    return [found.start() for found in re.finditer(f"(?={re.escape(name)})", text)]
