"""Conversations: greetings, what the model says of itself, words about models, and what it was told before."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, Final

from generation.mini.text import lexicon as lx
from generation.mini.text import unknown
from generation.mini.text.grammar import fill

Turns = list[tuple[str, str]]
"""Pairs of what the person says and what the model answers."""

_SAYINGS: Final = tomllib.loads(Path(__file__).with_name("sayings.toml").read_text(encoding="utf-8"))
NAMES: Final[list[str]] = _SAYINGS["names"]["people"]
PETS: Final[list[str]] = _SAYINGS["names"]["pets"]


def _sayings(sort: str) -> dict[str, list[tuple[list[str], str]]]:
    return {
        language: [(entry["said"], entry["answer"]) for entry in _SAYINGS[language][sort]]
        for language in ("de", "en")
    }


SMALL: Final = _sayings("small")
GLOSSARY: Final = _sayings("glossary")
EXPLAIN: Final = {
    "de": (
        "Was ist {}?",
        "Erkläre {}",
        "Erklär einfach: {}",
        "Erklär mir: {}",
        "Was bedeutet {}?",
        "Was heißt {}?",
    ),
    "en": ("What is {}?", "Explain {}", "Explain simply: {}", "Explain to me: {}", "What does {} mean?"),
}


@dataclass(frozen=True)
class Memory:
    """Something told, what the model answers, how it is asked for later, the answer, and what is said without it."""

    told: Sequence[str]
    heard: str
    asked: Sequence[str]
    known: str
    missing: str


MEMORIES: Final[dict[str, dict[str, Memory]]] = {
    "de": {
        "name": Memory(
            ("Ich heiße {name:s}.", "Mein Name ist {name:s}.", "Hallo, ich heiße {name:s}.", "Ich bin {name:s}."),
            "Hallo {name:s}, schön, dass du da bist!",
            ("Wie heiße ich?", "Weißt du, wie ich heiße?", "Wie ist mein Name?", "Wer bin ich?"),
            "Du heißt {name:s}.", "Das hast du mir noch nicht gesagt."),
        "animal": Memory(
            ("Mein Lieblingstier ist {der:a}.", "Ich mag {tiere:a}.", "Am liebsten mag ich {tiere:a}."),
            "{tiere:a} mag ich auch!",
            ("Was ist mein Lieblingstier?", "Welches Tier mag ich?", "Welches Tier ist mein Lieblingstier?"),
            "Dein Lieblingstier ist {der:a}.", "Das hast du mir noch nicht gesagt."),
        "colour": Memory(
            ("Meine Lieblingsfarbe ist {de:c}.", "Ich mag die Farbe {de:c}."),
            "{De:c} ist eine schöne Farbe!",
            ("Was ist meine Lieblingsfarbe?", "Welche Farbe mag ich?", "Wie heißt meine Lieblingsfarbe?"),
            "Deine Lieblingsfarbe ist {de:c}.", "Das hast du mir noch nicht gesagt."),
        "pet": Memory(
            ("Ich habe {einen:a}. {Er:a} heißt {name:s}.", "Ich habe {einen:a} und {er:a} heißt {name:s}."),
            "{name:s} ist ein schöner Name!",
            ("Wie heißt mein Tier?", "Wie heißt mein Haustier?"),
            "Dein Tier heißt {name:s}.", "Das hast du mir noch nicht gesagt."),
        "age": Memory(
            ("Ich bin {digits:n} Jahre alt.", "Ich bin {digits:n}."), "{digits:n} ist ein gutes Alter!",
            ("Wie alt bin ich?", "Weißt du, wie alt ich bin?"),
            "Du bist {digits:n} Jahre alt.", "Das hast du mir noch nicht gesagt."),
    },
    "en": {
        "name": Memory(
            ("My name is {name:s}.", "I am {name:s}.", "Hello, my name is {name:s}.", "I'm {name:s}."),
            "Hello {name:s}, nice to meet you!",
            ("What is my name?", "Do you know my name?", "Who am I?", "What's my name?"),
            "Your name is {name:s}.", "You have not told me yet."),
        "animal": Memory(
            ("My favourite animal is {the:a}.", "I like {many:a}.", "I like {many:a} best."),
            "I like {many:a} too!",
            ("What is my favourite animal?", "Which animal do I like?"),
            "Your favourite animal is {the:a}.", "You have not told me yet."),
        "colour": Memory(
            ("My favourite colour is {eng:c}.", "I like the colour {eng:c}."), "{Eng:c} is a beautiful colour!",
            ("What is my favourite colour?", "Which colour do I like?"),
            "Your favourite colour is {eng:c}.", "You have not told me yet."),
        "pet": Memory(
            ("I have {en:a}. It is called {name:s}.", "I have {en:a} and its name is {name:s}."),
            "{name:s} is a nice name!",
            ("What is my pet called?", "What is the name of my pet?"),
            "Your pet is called {name:s}.", "You have not told me yet."),
        "age": Memory(
            ("I am {digits:n} years old.", "I am {digits:n}."), "{digits:n} is a good age!",
            ("How old am I?", "Do you know how old I am?"),
            "You are {digits:n} years old.", "You have not told me yet."),
    },
}  # fmt: skip


def subject(topic: str, rng: Random) -> dict[str, Any]:
    """What a person tells of themselves; half of the names are invented, so that copying is learned, not a list."""
    known = PETS if topic == "pet" else NAMES
    name = rng.choice(known) if rng.random() < 0.4 else unknown.invented(rng).capitalize()
    return {
        "s": name,
        "a": rng.choice(lx.ANIMALS),
        "c": rng.choice(list(lx.COLOURS.values())),
        "n": rng.choice(lx.NUMBERS[5:]),
    }


def tell(language: str, topic: str, said: dict[str, Any], rng: Random) -> tuple[str, str]:
    memory = MEMORIES[language][topic]
    return fill(rng.choice(memory.told), said), fill(memory.heard, said)


def recall(language: str, topic: str, said: dict[str, Any] | None, rng: Random) -> tuple[str, str]:
    memory = MEMORIES[language][topic]
    return rng.choice(memory.asked), memory.missing if said is None else fill(memory.known, said)


def small_talk(language: str, rng: Random) -> tuple[str, str]:
    said, answer = rng.choice(SMALL[language])
    return rng.choice(said), answer


def glossary(language: str, rng: Random) -> tuple[str, str]:
    words, answer = rng.choice(GLOSSARY[language])
    return rng.choice(EXPLAIN[language]).format(rng.choice(words)), answer


def templates() -> list[str]:
    """Every sentence that the model can answer with here, for the acceptor."""
    found: list[str] = []
    for language in ("de", "en"):
        answers = [answer for _, answer in (*SMALL[language], *GLOSSARY[language])]
        found += [s for answer in answers for s in answer.replace("! ", "!|").replace(". ", ".|").split("|")]
        for memory in MEMORIES[language].values():
            found += [memory.heard, memory.known, memory.missing]
        found += [*unknown.HONEST[language], unknown.INSTEAD[language]]
    return found
