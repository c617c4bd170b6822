"""Looks inside the text family, in its environment: `text_probe.py <program> <model>`, JSON in and out."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "generation" / "worker"))
import boot  # noqa: E402 - the worker's own way of making one package importable

sys.path.pop(0)
boot.register_package(ROOT / "generation")

import numpy  # noqa: E402
from llama_cpp import llama_cpp as lib  # noqa: E402

from generation.families.text.chat import PLAIN_STOP, Chat, Message  # noqa: E402
from generation.llama import engine as llama  # noqa: E402
from generation.llama.engine import Engine, split_chunks  # noqa: E402


class Quiet:
    """A context that is never cancelled."""

    def check(self) -> None:
        """Go on."""

    def progress(self, done: int, total: int, stage: str = "") -> None:
        """Nobody looks."""


def roles(engine: Engine, asked: dict[str, Any]) -> list[dict[str, Any]]:
    """For each template and text, whether the text became anything but text: asked = {"templates", "texts"}."""
    return [
        _read(engine, Chat(engine.vocabulary, engine.template() if template == "own" else template), text)
        for template in asked["templates"]
        for text in asked["texts"]
    ]


def _read(engine: Engine, chat: Chat, text: str) -> dict[str, Any]:
    vocabulary, usual = engine.vocabulary, chat.conversation(_turns("x"))
    conversation = chat.conversation(_turns(text))
    parts = [vocabulary.joined(list(segment)).decode("utf-8", "replace") for segment in usual.segments]
    marks = chat.marks([part.removesuffix("x") for part in parts])
    tokens = chat.text_tokens(text, after=[], marks=marks)
    forms = [read(mark.encode()) for mark in marks for read in (vocabulary.tokens, vocabulary.inner)]
    return {
        "template": "plain" if conversation.stop == PLAIN_STOP else "own",
        "marks": sorted(marks),
        "control": _control(engine, conversation.segments),
        "usual": _control(engine, usual.segments),
        "text": vocabulary.joined(tokens).decode("utf-8", "replace").replace("\u200b", "").lstrip(" "),
        "forged": any(_holds(tokens, form) for form in forms),
    }


def _turns(text: str) -> list[Message]:
    return [Message(role, text) for role in ("system", "user", "assistant", "user")]


def _control(engine: Engine, segments: Any) -> list[int]:
    return [token for segment in segments for token in segment if token in engine.vocabulary.control]


def _holds(tokens: list[int], form: list[int]) -> bool:
    return any(tokens[place : place + len(form)] == form for place in range(len(tokens)))


def shares(engine: Engine, asked: dict[str, Any]) -> dict[str, Any]:
    """softmax(logits / temperature) after a text, read in one call by llama.cpp's plain functions."""
    vocabulary = engine.vocabulary
    tokens = ([] if vocabulary.bos is None else [vocabulary.bos]) + vocabulary.tokens(asked["text"].encode())
    engine.read(split_chunks(tokens), Quiet())
    pointer = lib.llama_get_logits(engine._context)
    logits = numpy.ctypeslib.as_array(pointer, shape=(vocabulary.size,)).astype(numpy.float64)
    weights = numpy.exp(logits / asked["temperature"] - numpy.max(logits / asked["temperature"]))
    return {"shares": (weights / weights.sum()).tolist(), "tokens": tokens}


def remembered(engine: Engine, asked: list[dict[str, str]]) -> dict[str, Any]:
    """How many logits differ between a conversation read at once and one read as it came about."""
    chat = Chat(engine.vocabulary, engine.template())
    whole = chat.conversation([Message(one["role"], one["text"]) for one in asked])
    chunks = [chunk for segment in whole.segments for chunk in split_chunks(segment)]
    engine.forget()
    counts = [engine.read(chunks, Quiet())]
    fresh = engine.logits()
    engine.forget()
    for end in range(1, len(chunks)):
        engine.read(chunks[:end], Quiet())
        for _ in range(5):  # an answer that is forgotten again
            engine.step(int(engine.logits().argmax()))
    counts.append(engine.read(chunks, Quiet()))
    return {"different": int((engine.logits() != fresh).sum()), "evaluated": counts}


def main(program: str, model: str) -> None:
    llama.quiet()
    engine = Engine(llama.find_file(Path(model)))
    answer = {"roles": roles, "shares": shares, "remembered": remembered}[program](
        engine, json.load(sys.stdin)
    )
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
