"""Writes the texts that the model learns from: plain ones for the next word, and conversations. All from a seed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import Any, Final

from generation.mini.text import facts, tales, talk, unknown
from generation.mini.text.grammar import Acceptor, draw, fill

Conversation = list[tuple[str, str]]
"""Roles and texts in their order: `system` at most once and first, then `user` and `assistant` by turns."""
Document = str | Conversation

SYSTEM: Final[dict[str, Sequence[str]]] = {
    "de": (
        "Du bist der Textassistent einer Schulklasse. Antworte auf Deutsch, freundlich und kurz. "
        "Wenn du etwas nicht weißt, sag es.",
        "Du bist ein freundlicher Helfer.", "Du bist ein Assistent für die Schule. Antworte kurz.",
        "Du bist ein hilfreicher Assistent. Sprich mit einer Klasse und bleib höflich.", "Antworte in einem Satz.",
        "Du hilfst Kindern und Jugendlichen. Antworte immer auf Deutsch.",
    ),
    "en": (
        "You are the writing assistant of a school class. Answer in English, kindly and briefly. "
        "If you do not know something, say so.",
        "You are a friendly helper.", "You are an assistant for schools. Be brief.",
        "You are a helpful assistant. You talk to a class and stay polite.", "Answer in one sentence.",
        "You help children and young people. Always answer in English.",
    ),
}  # fmt: skip
ORDERS: Final[dict[str, dict[str, Sequence[str]]]] = {
    "de": {
        "poem": ("Schreib ein Gedicht: ", "Schreib ein Gedicht über ", "Schreibe ein kurzes Gedicht über ", "Gedicht: ",
                 "Dichte über "),
        "story": ("Erzähl eine Geschichte: ", "Erzähl eine Geschichte über ", "Schreib eine Geschichte über ",
                  "Geschichte: "),
        "script": ("Schreib eine Szene für ein Drehbuch: ", "Schreib ein Drehbuch über ", "Schreib einen Dialog über "),
        "song": ("Schreib einen Liedtext mit den Marken [verse] und [chorus]: ", "Schreib ein Lied über ", "Lied: "),
        "summary": ("Fass diesen Text zusammen: ", "Fasse zusammen: ", "Zusammenfassung: "),
    },
    "en": {
        "poem": ("Write a poem: ", "Write a poem about ", "Write a short poem about ", "Poem: "),
        "story": ("Tell a story: ", "Tell a story about ", "Write a story about ", "Tell me a story about ", "Story: "),
        "script": ("Write a scene for a script: ", "Write a script about ", "Write a dialogue about "),
        "song": ("Write a song text with the marks [verse] and [chorus]: ", "Write a song about ", "Song: "),
        "summary": ("Summarise this text: ", "Summarize: ", "Summary: "),
    },
}  # fmt: skip
TOPICS: Final[dict[str, Sequence[str]]] = {
    "de": ("{einen:a}", "{einen:a}", "{tier:a}", "{den:a}", "{tier:a} und {tier:b}", "{ein:a} und {ein:b}",
           "{ein:a} {de:p}", "{einen:a} und {einen:b}", "{einen:a} {de:p}"),
    "en": ("{en:a}", "{en:a}", "{the:a}", "{bare:a}", "{bare:a} and {bare:b}", "{en:a} and {en:b}", "{en:a} {eng:p}"),
}  # fmt: skip
TRANSLATE: Final = {
    "de": ("Übersetze ins Englische: ", "Auf Englisch: "),
    "en": ("Translate into German: ", "In German: "),
}
HARD: Final = {
    "sum": 1.8, "sum in digits": 2.2, "difference": 2.0, "larger": 1.8, "greater number": 1.3, "before number": 1.5,
    "before day": 1.5, "rank of day": 2.0, "before month": 1.3,
    "is colour": 1.7, "opposite": 1.6, "after day": 1.3, "swims": 1.4,
}  # fmt: skip
"""What needs more examples than its share of the questions."""
SIMPLE: Final = ("colour", "legs", "home", "food", "sound")
WRITERS: Final[dict[str, Callable[[str, Random, dict[str, Any]], str]]] = {
    "poem": tales.poem, "song": tales.song, "script": tales.script,
    "story": lambda language, rng, binding: tales.story(language, rng, binding)[0],
}  # fmt: skip


def _choose(weights: dict[str, float], rng: Random) -> str:
    return rng.choices(list(weights), list(weights.values()))[0]


def _kind(rng: Random) -> facts.Kind:
    return rng.choices(facts.KINDS, [kind.weight * HARD.get(kind.name, 1.0) for kind in facts.KINDS])[0]


def statement(language: str, rng: Random) -> str:
    """One fact in one of its forms; those held out as questions are here too."""
    kind = _kind(rng)
    return fill(rng.choice(kind.answers[language]), rng.choice(kind.bindings))


def question(language: str, rng: Random) -> tuple[str, str]:
    """A question that is not held out, and its answer."""
    while True:
        kind = _kind(rng)
        binding = rng.choice(kind.bindings)
        if not facts.held_out(kind, binding, language):
            return facts.ask(kind, binding, language, rng)


def order(language: str, rng: Random) -> tuple[str, str]:
    """A wish for a poem, song, script or story; about something unknown, it says so and takes an animal."""
    sort = _choose({"poem": 3, "story": 3, "song": 2, "script": 2, "summary": 3, "nothing": 0.5}, rng)
    binding = tales.two_animals(rng)
    if sort == "summary":
        told, short = tales.story(language, rng, binding)
        return rng.choice(ORDERS[language]["summary"]) + told, short
    if sort == "nothing":
        words = " ".join(unknown.topic(language, rng) for _ in range(rng.randint(3, 12)))
        return f"{rng.choice(ORDERS[language]['summary'])}{words}.", unknown.answer(language)
    text = WRITERS[sort](language, rng, binding)
    wish = rng.choice(ORDERS[language][sort])
    if rng.random() < 0.3:
        start = draw(unknown.INSTEAD[language], rng, binding)
        return wish + unknown.topic(language, rng), f"{start}\n{text}"
    return wish + draw(rng.choice(TOPICS[language]), rng, binding), text


def translation(language: str, rng: Random) -> tuple[str, str]:
    kind = rng.choice([kind for kind in facts.KINDS if kind.name in SIMPLE])
    binding = rng.choice(kind.bindings)
    other = "en" if language == "de" else "de"
    text = fill(rng.choice(kind.answers[language][:1]), binding)
    return rng.choice(TRANSLATE[language]) + text, fill(kind.answers[other][0], binding)


def stranger(language: str, rng: Random) -> tuple[str, str]:
    return unknown.question(language, rng), unknown.answer(language)


def as_typed(text: str, rng: Random) -> str:
    """What a person may really type: without capitals, without the mark at the end, with a please."""
    if rng.random() < 0.2:
        text = text.lower()
    if rng.random() < 0.25:
        text = text.rstrip("?.!")
    return text


TURNS: Final = {
    question: 6.0,
    stranger: 2.0,
    talk.small_talk: 0.8,
    talk.glossary: 0.7,
    translation: 0.6,
    order: 0.9,
}


def _turn(language: str, rng: Random) -> tuple[str, str]:
    writer = rng.choices(list(TURNS), list(TURNS.values()))[0]
    return writer(language, rng)


def remembering(language: str, rng: Random) -> list[tuple[str, str]]:
    """A conversation in which something is told and asked for later, or asked for without having been told."""
    topics = rng.sample(list(talk.MEMORIES[language]), rng.choice((1, 1, 2)))
    said = {topic: talk.subject(topic, rng) for topic in topics}
    told = [talk.tell(language, topic, said[topic], rng) for topic in topics]
    between = [
        rng.choice((question, question, talk.small_talk, stranger))(language, rng)
        for _ in range(rng.choice((0, 0, 1, 2, 3)))
    ]
    asked = [talk.recall(language, topic, said[topic], rng) for topic in rng.sample(topics, len(topics))]
    if rng.random() < 0.25:
        other = rng.choice([topic for topic in talk.MEMORIES[language] if topic not in topics])
        asked.append(talk.recall(language, other, None, rng))
    return [*told, *between, *asked]


def conversation(language: str, rng: Random) -> Conversation:
    if rng.random() < 0.33:
        turns = remembering(language, rng)
    elif rng.random() < 0.07:
        turns = [talk.recall(language, rng.choice(list(talk.MEMORIES[language])), None, rng)]
    else:
        turns = [_turn(language, rng) for _ in range(rng.choice((1, 1, 1, 2, 3)))]
    messages: Conversation = []
    if rng.random() < 0.35:
        choices = SYSTEM[language]
        messages.append(("system", choices[0] if rng.random() < 0.5 else rng.choice(choices)))
    for said, answer in turns:
        messages += [("user", as_typed(said, rng)), ("assistant", answer)]
    return messages


def plain(language: str, rng: Random) -> str:
    """A text without roles."""
    sort = _choose(
        {
            "facts": 7,
            "story": 1.2,
            "poem": 0.7,
            "song": 0.4,
            "script": 0.4,
            "row": 0.6,
            "about": 1,
            "asked": 1,
        },
        rng,
    )
    if sort == "asked":
        return " ".join(question(language, rng))
    if sort == "facts":
        return " ".join(statement(language, rng) for _ in range(rng.randint(1, 6)))
    if sort == "row":
        return tales.sequence(language, rng)
    if sort == "about":
        kind = next(kind for kind in facts.KINDS if kind.name == "explain")
        return fill(kind.answers[language][0], rng.choice(kind.bindings))
    return WRITERS[sort](language, rng, tales.two_animals(rng))


def document(rng: Random) -> Document:
    language = "de" if rng.random() < 0.58 else "en"
    return plain(language, rng) if rng.random() < 0.3 else conversation(language, rng)


def acceptor() -> Acceptor:
    """Recognises every sentence that the model should be able to write."""
    return Acceptor([*facts.templates(), *tales.templates(), *talk.templates()])
