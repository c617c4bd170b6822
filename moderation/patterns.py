"""Finds the patterns of a word list in words whose characters have several readings.

A trie walked with a set of nodes, one step for each character: the work grows with the length of the word and
never with the number of its readings multiplied out.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from moderation.letters import Readings
from moderation.normalise import Word
from moderation.wordlist import Pattern

_MIN_INSIDE_SPELLED: Final = 4


@dataclass(slots=True, eq=False)
class _Node:
    letter: str = ""
    depth: int = 0
    children: "dict[str, _Node]" = field(default_factory=dict)
    whole: set[int] = field(default_factory=set)
    """Patterns that end here if the word does."""
    begun: set[int] = field(default_factory=set)
    """Patterns that end here whatever follows."""

    def add(self, spelling: str) -> "_Node":
        node = self
        for letter in spelling:
            node = node.children.setdefault(letter, _Node(letter, node.depth + 1))
        return node


class Patterns:
    """Numbered patterns of one word each: `wort`, `wort*`, `*wort`, `*wort*`.

    With `repeats`, a letter may be typed more often than the pattern has it ("naaackt").
    """

    def __init__(self, *, repeats: bool) -> None:
        self._repeats = repeats
        self._at_start = _Node()
        self._anywhere = _Node()

    def add(self, number: int, pattern: Pattern) -> None:
        for spelling in pattern.spellings:
            node = (self._anywhere if pattern.open_start else self._at_start).add(spelling)
            (node.begun if pattern.open_end else node.whole).add(number)

    def find(self, word: Word) -> frozenset[int]:
        """The numbers of all patterns that match the word in any of its variants."""
        found: set[int] = set()
        for variant in word.variants:
            found |= self._find(variant, spelled=word.spelled)
        return frozenset(found)

    def _find(self, variant: Sequence[Readings], *, spelled: bool) -> set[int]:
        found: set[int] = set()
        nodes: set[_Node] = {self._at_start}
        for readings in variant:
            nodes.add(self._anywhere)
            if spelled:
                nodes.add(self._at_start)
            nodes = self._step(nodes, readings)
            for node in nodes:
                found |= node.begun
                # Shorter ones turn up by chance: "c d e f a g e" is a tune.
                if spelled and node.depth >= _MIN_INSIDE_SPELLED:
                    found |= node.whole
        for node in nodes if not spelled else ():
            found |= node.whole
        return found

    def _step(self, nodes: set[_Node], readings: Readings) -> set[_Node]:
        after: set[_Node] = set()
        for reading in readings:
            current = nodes
            for letter in reading:
                current = self._advance(current, letter)
            after |= current
        return after

    def _advance(self, nodes: set[_Node], letter: str) -> set[_Node]:
        after = {child for node in nodes if (child := node.children.get(letter)) is not None}
        if self._repeats:
            after |= {node for node in nodes if node.letter == letter}
        return after
