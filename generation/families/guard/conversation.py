"""What Llama Guard 3 reads, and what it answers.

The wording is the one it was trained with: its own chat template, categories S1 to S14, in the smallest model to S13.
Its frame is written in plain letters, so what imitates the frame in a text is changed a little; nobody ever sees this
copy of the text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from generation.llama.vocabulary import Vocabulary, encoded
from generation.worker.api import TaskFailed

CATEGORIES = {
    "S1": "Violent Crimes",
    "S2": "Non-Violent Crimes",
    "S3": "Sex Crimes",
    "S4": "Child Exploitation",
    "S5": "Defamation",
    "S6": "Specialized Advice",
    "S7": "Privacy",
    "S8": "Intellectual Property",
    "S9": "Indiscriminate Weapons",
    "S10": "Hate",
    "S11": "Self-Harm",
    "S12": "Sexual Content",
    "S13": "Elections",
    "S14": "Code Interpreter Abuse",
}
_NAMES = {"user": "User", "assistant": "Agent"}
_HEAD = (
    "<|start_header_id|>user<|end_header_id|>\n\n"
    "Task: Check if there is unsafe content in '{role}' messages in conversations according our safety policy "
    "with the below categories.\n\n"
    "<BEGIN UNSAFE CONTENT CATEGORIES>\n{categories}\n<END UNSAFE CONTENT CATEGORIES>\n\n"
    "<BEGIN CONVERSATION>\n\n"
)
_TAIL = (
    "<END CONVERSATION>\n\n"
    "Provide your safety assessment for ONLY THE LAST {role} message in the above conversation:\n"
    " - First line must read 'safe' or 'unsafe'.\n"
    " - If unsafe, a second line must include a comma-separated list of violated categories."
    "<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n"
)
_NEEDED = ("<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>")
_FRAME = re.compile(r"<(?=\s*(?:BEGIN|END)\b)", re.IGNORECASE)
_SPEAKER = re.compile(r"^(\s*(?:User|Agent))(\s*:)", re.IGNORECASE | re.MULTILINE)
_UNSAFE = re.compile(r"unsafe\n(S[0-9]{1,2}(?:, ?S[0-9]{1,2})*)\Z")


@dataclass(frozen=True, slots=True)
class Turn:
    """`role`: "user" or "assistant"."""

    role: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    safe: bool
    categories: tuple[str, ...] = ()


def checked_turns(plain: Any) -> list[Turn]:
    """Raises TaskFailed invalid."""
    if not isinstance(plain, list) or not plain:
        raise TaskFailed("invalid", "texts")
    return [_turn(one) for one in plain]


def _turn(plain: Any) -> Turn:
    role, text = (plain.get("role"), plain.get("text")) if isinstance(plain, Mapping) else (None, None)
    if role not in _NAMES or not isinstance(text, str) or not text.strip():
        raise TaskFailed("invalid", "text")
    return Turn(str(role), text.strip())


def check_vocabulary(vocabulary: Vocabulary) -> None:
    """Raises TaskFailed model_broken for a model of another family: its answers would mean nothing."""
    for name in _NEEDED:
        tokens = vocabulary.tokens(encoded(name), special=True)
        if len(tokens) != 1 or tokens[0] not in vocabulary.control:
            raise TaskFailed("model_broken", "no Llama Guard")


def prompt(
    vocabulary: Vocabulary, turns: Sequence[Turn], room: int, *, categories: int = len(CATEGORIES)
) -> tuple[list[int], bool]:
    """At most `room` tokens about the last turn, and whether older turns had to be left out.

    `categories`: the first so many are listed; models were trained with 13 or 14.

    Raises TaskFailed worker_failed when the last turn alone is too long: half a text is not judged.
    """
    role = _NAMES[turns[-1].role]
    bos = [] if vocabulary.bos is None else [vocabulary.bos]
    listed = "\n".join(f"{code}: {name}." for code, name in list(CATEGORIES.items())[:categories])
    head = bos + vocabulary.tokens(encoded(_HEAD.format(role=role, categories=listed)), special=True)
    tail = vocabulary.inner(encoded(_TAIL.format(role=role)), special=True)
    parts = [_tokens_of(vocabulary, turn) for turn in turns]
    while len(head) + sum(map(len, parts)) + len(tail) > room:
        if len(parts) == 1:
            raise TaskFailed("worker_failed", "too long to be judged")
        parts.pop(0)
    return head + [token for part in parts for token in part] + tail, len(parts) < len(turns)


def _tokens_of(vocabulary: Vocabulary, turn: Turn) -> list[int]:
    text = _SPEAKER.sub(r"\1 \2", _FRAME.sub("‹", turn.text))
    # control strings in a text stay text
    tokens = vocabulary.inner(encoded(f"{_NAMES[turn.role]}: {text}\n\n"))
    if not vocabulary.control.isdisjoint(tokens):
        raise TaskFailed("worker_failed", "a text became a control token")
    return tokens


def read_answer(text: str) -> Judgement:
    """Exactly `safe`, or `unsafe` and known categories. Raises TaskFailed worker_failed for anything else."""
    plain = text.strip()
    if plain == "safe":
        return Judgement(safe=True)
    match = _UNSAFE.match(plain)
    found = tuple(one.strip() for one in match[1].split(",")) if match else ()
    if not found or not all(one in CATEGORIES for one in found):
        raise TaskFailed("worker_failed", "no clear answer")
    return Judgement(safe=False, categories=found)
