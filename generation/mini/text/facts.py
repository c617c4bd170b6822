"""What can be asked about the small world: kinds of questions, their wordings and their answers in two languages.

A pair of thing and question that `held_out` names is never trained as a question in that language. The fact itself is
trained, as a statement, and in other forms: that is what the scores ask for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from random import Random
from typing import Any
from zlib import crc32

from generation.mini.text import lexicon as lx
from generation.mini.text.grammar import Binding, fill


@dataclass(frozen=True)
class Kind:
    """`bindings` are all the things one can ask it of. The first answer is the one that the chat gives."""

    name: str
    bindings: Sequence[Binding]
    questions: Mapping[str, Sequence[str]]
    answers: Mapping[str, Sequence[str]]
    weight: float = 1.0

    def key(self, binding: Binding) -> str:
        return self.name + "".join(f" {getattr(e, 'key', None) or e.value}" for e in binding.values())


def held_out(kind: Kind, binding: Binding, language: str) -> bool:
    return crc32(f"{language} {kind.key(binding)}".encode()) % 8 == 0


def ask(kind: Kind, binding: Binding, language: str, rng: Random) -> tuple[str, str]:
    """A question in one of its wordings, and its answer."""
    return fill(rng.choice(kind.questions[language]), binding), fill(kind.answers[language][0], binding)


def right_answers(kind: Kind, binding: Binding, language: str) -> list[str]:
    return [fill(answer, binding) for answer in kind.answers[language]]


def _of(name: str, entities: Sequence[Any]) -> list[Binding]:
    return [{name: entity} for entity in entities]


def _where(test: Callable[[lx.Animal], bool]) -> list[Binding]:
    return _of("a", [animal for animal in lx.ANIMALS if test(animal)])


def _kind(name: str, bindings: Sequence[Binding], de: str, en: str, weight: float = 1.0) -> Kind:
    """`de` and `en`: wordings of the question, one a line, an empty line, wordings of the answer."""
    questions, answers = {}, {}
    for language, block in (("de", de), ("en", en)):
        asked, answered = block.strip().split("=>")
        questions[language] = [line.strip() for line in asked.strip().splitlines()]
        answers[language] = [line.strip() for line in answered.strip().splitlines()]
    return Kind(name, bindings, questions, answers, weight)


N, D, M, OPPOSITES = lx.NUMBERS, lx.DAYS, lx.MONTHS, lx.OPPOSITES
_SUMS = [{"n": N[i], "m": N[j], "k": N[i + j]} for i in range(1, 20) for j in range(1, 21 - i)]
_DIFFERENCES = [{"n": N[i], "m": N[j], "k": N[i - j]} for i in range(1, 21) for j in range(1, i + 1)]
_UNEQUAL = [{"n": N[i], "m": N[j], "k": N[max(i, j)]} for i in range(21) for j in range(21) if i != j]
_LARGER = [{"a": a, "b": b} for a in lx.ANIMALS for b in lx.ANIMALS if a.size >= b.size + 2]
_COLOURED: Sequence[Any] = [*lx.ANIMALS, *lx.THINGS]
_OTHER_COLOUR = [{"q": q, "c": c} for q in _COLOURED for c in lx.COLOURS.values() if c != q.colour]

KINDS = [
    _kind("colour", _of("q", _COLOURED), """
        Welche Farbe hat {der:q}?
        Was ist die Farbe {des:q}?
        Wie sieht {der:q} aus?
        Welche Farbe hat {ein:q}?
        =>
        {Der:q} ist {farbe:q}.
        Die Farbe {des:q} ist {farbe:q}.""", """
        What colour is {en:q}?
        What color is {en:q}?
        What is the colour of {en:q}?
        Which colour does {en:q} have?
        =>
        {En:q} is {colour:q}.
        The colour of {en:q} is {colour:q}.""", 3),
    _kind("is colour", _of("q", _COLOURED), """
        Ist {der:q} {farbe:q}?
        Ist {ein:q} {farbe:q}?
        => Ja, {der:q} ist {farbe:q}.""", """
        Is {en:q} {colour:q}?
        => Yes, {en:q} is {colour:q}.""", 0.7),
    _kind("is other colour", _OTHER_COLOUR, """
        Ist {der:q} {de:c}?
        Ist {ein:q} {de:c}?
        => Nein, {der:q} ist {farbe:q}.""", """
        Is {en:q} {eng:c}?
        => No, {en:q} is {colour:q}.""", 0.9),
    _kind("legs", _of("a", lx.ANIMALS), """
        Wie viele Beine hat {ein:a}?
        Wie viele Beine hat {der:a}?
        Hat {ein:a} Beine?
        => {Ein:a} hat {beine:a}.
        {Der:a} hat {beine:a}.""", """
        How many legs does {en:a} have?
        How many legs does {the:a} have?
        Does {en:a} have legs?
        => {En:a} has {legs:a}.
        {The:a} has {legs:a}.""", 1.5),
    _kind("home", _of("a", lx.ANIMALS), """
        Wo lebt {ein:a}?
        Wo lebt {der:a}?
        Wo wohnt {ein:a}?
        => {Ein:a} lebt {wo:a}.
        {Der:a} lebt {wo:a}.""", """
        Where does {en:a} live?
        Where does {the:a} live?
        => {En:a} lives {where:a}.
        {The:a} lives {where:a}.""", 1.5),
    _kind("food", _of("a", lx.ANIMALS), """
        Was frisst {ein:a}?
        Was frisst {der:a} gern?
        Was isst {ein:a}?
        => {Ein:a} frisst gern {futter:a}.
        {Der:a} frisst gern {futter:a}.""", """
        What does {en:a} eat?
        What does {the:a} like to eat?
        => {En:a} likes to eat {food:a}.
        {The:a} likes to eat {food:a}.""", 1.5),
    _kind("sound", _where(lambda a: a.sound is not None), """
        Wie macht {ein:a}?
        Welches Geräusch macht {der:a}?
        Was für ein Geräusch macht {ein:a}?
        => {Ein:a} {laut:a}.
        {Der:a} {laut:a}.""", """
        What sound does {en:a} make?
        What noise does {the:a} make?
        => {En:a} {sound:a}.
        {The:a} {sound:a}.""", 1),
    _kind("flies", _where(lambda a: a.flies), """
        Kann {ein:a} fliegen?
        Kann {der:a} fliegen?
        => Ja, {ein:a} kann fliegen.""", """
        Can {en:a} fly?
        => Yes, {en:a} can fly.""", 0.6),
    _kind("flies not", _where(lambda a: not a.flies), """
        Kann {ein:a} fliegen?
        Kann {der:a} fliegen?
        => Nein, {ein:a} kann nicht fliegen.""", """
        Can {en:a} fly?
        => No, {en:a} cannot fly.""", 0.8),
    _kind("swims", _where(lambda a: a.swims), """
        Kann {ein:a} schwimmen?
        Kann {der:a} schwimmen?
        => Ja, {ein:a} kann schwimmen.""", """
        Can {en:a} swim?
        => Yes, {en:a} can swim.""", 0.6),
    _kind("swims not", _where(lambda a: not a.swims), """
        Kann {ein:a} schwimmen?
        Kann {der:a} schwimmen?
        => Nein, {ein:a} kann nicht schwimmen.""", """
        Can {en:a} swim?
        => No, {en:a} cannot swim.""", 0.8),
    _kind("larger", _LARGER, """
        Was ist größer, {ein:a} oder {ein:b}?
        Was ist größer, {ein:b} oder {ein:a}?
        Wer ist größer, {der:b} oder {der:a}?
        => {Ein:a} ist größer als {ein:b}.
        {Der:a} ist größer als {der:b}.""", """
        What is bigger, {en:a} or {en:b}?
        Which is bigger, {en:b} or {en:a}?
        => {En:a} is bigger than {en:b}.""", 1.5),
    _kind("explain", _of("a", lx.ANIMALS), """
        Was ist {ein:a}?
        Erkläre: {tier:a}
        Erkläre mir {den:a}.
        Was weißt du über {den:a}?
        Erzähl mir etwas über {den:a}.
        => {Ein:a} ist ein Tier. {Er:a} ist {farbe:a} und lebt {wo:a}. {Er:a} frisst gern {futter:a}.""", """
        What is {en:a}?
        Explain: {bare:a}
        Explain {the:a}.
        What do you know about {the:a}?
        Tell me about {the:a}.
        => {En:a} is an animal. It is {colour:a} and lives {where:a}. It likes to eat {food:a}.""", 1),
    _kind("sum", _SUMS, """
        Wie viel ist {de:n} plus {de:m}?
        Was ist {de:n} plus {de:m}?
        Was ergibt {de:n} und {de:m}?
        => {De:n} plus {de:m} ist {de:k}.""", """
        How much is {eng:n} plus {eng:m}?
        What is {eng:n} plus {eng:m}?
        => {Eng:n} plus {eng:m} is {eng:k}.""", 3),
    _kind("sum in digits", _SUMS, """
        Wie viel ist {digits:n} + {digits:m}?
        Was ist {digits:n} + {digits:m}?
        Rechne: {digits:n} + {digits:m}
        {digits:n}+{digits:m}
        => {digits:n} + {digits:m} = {digits:k}.""", """
        How much is {digits:n} + {digits:m}?
        What is {digits:n} + {digits:m}?
        => {digits:n} + {digits:m} = {digits:k}.""", 2),
    _kind("difference", _DIFFERENCES, """
        Wie viel ist {de:n} minus {de:m}?
        Was ist {de:n} minus {de:m}?
        => {De:n} minus {de:m} ist {de:k}.""", """
        How much is {eng:n} minus {eng:m}?
        What is {eng:n} minus {eng:m}?
        => {Eng:n} minus {eng:m} is {eng:k}.""", 2.5),
    _kind("greater number", _UNEQUAL, """
        Welche Zahl ist größer, {de:n} oder {de:m}?
        Was ist mehr, {de:n} oder {de:m}?
        => {De:k} ist größer.""", """
        Which number is bigger, {eng:n} or {eng:m}?
        => {Eng:k} is bigger.""", 1),
    _kind("after number", [{"n": N[i], "k": N[i + 1]} for i in range(20)], """
        Welche Zahl kommt nach {de:n}?
        Was kommt nach {de:n}?
        => Nach {de:n} kommt {de:k}.""", """
        Which number comes after {eng:n}?
        What comes after {eng:n}?
        => After {eng:n} comes {eng:k}.""", 1),
    _kind("before number", [{"n": N[i], "k": N[i - 1]} for i in range(1, 21)], """
        Welche Zahl kommt vor {de:n}?
        Was kommt vor {de:n}?
        => Vor {de:n} kommt {de:k}.""", """
        Which number comes before {eng:n}?
        What comes before {eng:n}?
        => Before {eng:n} comes {eng:k}.""", 1),
    _kind("after day", [{"d": D[i], "e": D[(i + 1) % 7]} for i in range(7)], """
        Welcher Tag kommt nach {de:d}?
        Was kommt nach {de:d}?
        Heute ist {de:d}, welcher Tag ist morgen?
        => Nach {de:d} kommt {de:e}.""", """
        Which day comes after {eng:d}?
        What comes after {eng:d}?
        Today is {eng:d}, what day is tomorrow?
        => After {eng:d} comes {eng:e}.""", 0.8),
    _kind("before day", [{"d": D[i], "e": D[(i - 1) % 7]} for i in range(7)], """
        Welcher Tag kommt vor {de:d}?
        Was kommt vor {de:d}?
        Heute ist {de:d}, welcher Tag war gestern?
        => Vor {de:d} kommt {de:e}.""", """
        Which day comes before {eng:d}?
        What comes before {eng:d}?
        Today is {eng:d}, what day was yesterday?
        => Before {eng:d} comes {eng:e}.""", 0.8),
    _kind("rank of day", _of("d", D), """
        Der wievielte Tag der Woche ist {de:d}?
        Welche Nummer hat {de:d} in der Woche?
        => {de:d} ist Tag {rank:d} der Woche.""", """
        Which day of the week is {eng:d}?
        => {eng:d} is day {rank:d} of the week.""", 0.4),
    _kind("after month", [{"u": M[i], "w": M[(i + 1) % 12]} for i in range(12)], """
        Welcher Monat kommt nach {de:u}?
        Was kommt nach {de:u}?
        => Nach {de:u} kommt {de:w}.""", """
        Which month comes after {eng:u}?
        What comes after {eng:u}?
        => After {eng:u} comes {eng:w}.""", 0.7),
    _kind("before month", [{"u": M[i], "w": M[(i - 1) % 12]} for i in range(12)], """
        Welcher Monat kommt vor {de:u}?
        Was kommt vor {de:u}?
        => Vor {de:u} kommt {de:w}.""", """
        Which month comes before {eng:u}?
        What comes before {eng:u}?
        => Before {eng:u} comes {eng:w}.""", 0.7),
    _kind("opposite", [{"g": OPPOSITES[i], "h": OPPOSITES[i ^ 1]} for i in range(26)], """
        Was ist das Gegenteil von {de:g}?
        Gegenteil von {de:g}
        => Das Gegenteil von {de:g} ist {de:h}.""", """
        What is the opposite of {eng:g}?
        => The opposite of {eng:g} is {eng:h}.""", 1),
    _kind("in English", _of("a", lx.ANIMALS), """
        Was heißt {tier:a} auf Englisch?
        Wie sagt man {tier:a} auf Englisch?
        => {tier:a} heißt auf Englisch {bare:a}.""", """
        What does {tier:a} mean?
        What is {tier:a} in English?
        => {tier:a} means {bare:a}.""", 1),
    _kind("in German", _of("a", lx.ANIMALS), """
        Was heißt {bare:a} auf Deutsch?
        Was bedeutet {bare:a}?
        => {bare:a} heißt auf Deutsch {tier:a}.""", """
        What is the German word for {bare:a}?
        How do you say {bare:a} in German?
        => The German word for {bare:a} is {tier:a}.""", 1),
]  # fmt: skip


def templates() -> list[str]:
    """Every sentence that asks, states or answers something, for the acceptor."""
    found: list[str] = []
    for kind, language in product(KINDS, ("de", "en")):
        answers = [
            part + "." for text in kind.answers[language] for part in text.removesuffix(".").split(". ")
        ]
        found += answers
        for question in kind.questions[language]:  # without a mark it is one sentence with what follows
            found.append(question if question.endswith(("?", ".")) else f"{question} {answers[0]}")
    return found
