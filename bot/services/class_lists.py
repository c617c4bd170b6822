"""`/words`: a teacher adds to what the class refuses, allows what the lists catch by mistake, and takes both back."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

from bot.services.care_ports import CareNotes, WordsView, demand_teacher
from bot.services.ports import Requester
from data.appeals import AppealRows
from data.class_words import ALLOWED, REFUSED, ClassWordRows
from generation.errors import InvalidInput, NotAllowed, NotFound
from moderation.class_words import LONGEST_WORD, ClassEntries, ClassWords, Impact, occurrences
from moderation.normalise import clean
from moderation.wordlist import WordListError

SHORTEST: Final = 3
"""Letters of a word of the lists; one more with a star in front."""
_JOINTS: Final = str.maketrans("", "", " *&")
MOST_LIFTED: Final = 5
"""Lines of the lists that are named in a warning."""


class ClassLists:
    """Rows and check together: a word holds as soon as it is kept. `open` before anything is checked."""

    def __init__(
        self, *, rows: ClassWordRows, check: ClassWords, appeals: AppealRows, notes: CareNotes | None = None
    ) -> None:
        self._rows = rows
        self._check = check
        self._appeals = appeals
        self._notes = notes
        self._lock = asyncio.Lock()

    async def open(self) -> None:
        """Load the words of all classes; until then texts of classes are refused. Raises StorageFailed."""
        classes = await self._rows.all()
        self._check.load({guild: _entries(words) for guild, words in classes.items()})

    async def view(self, who: Requester) -> WordsView:
        """Raises NotAllowed."""
        demand_teacher(who)
        entries = _entries(await self._rows.of(who.guild_id))
        return WordsView(
            refused=entries.refused,
            allowed=entries.allowed,
            counts=tuple(await self._appeals.counts(who.guild_id)),
            blamed=tuple(await self._appeals.blamed(who.guild_id)),
        )

    async def refuse(self, word: str, who: Requester, *, anyway: bool = False) -> Impact:
        """From now on the class refuses it. Raises InvalidInput word_short, word_invalid, or word_refuses_much
        unless `anyway`; LimitReached; NotAllowed."""
        demand_teacher(who)
        impact = self._impact(word, allow=False)
        if impact.is_much and not anyway:
            raise InvalidInput(
                "word_refuses_much", word=_tidy(word), n=impact.refuses, of=impact.of, example=impact.example
            )
        await self._keep(_tidy(word), REFUSED, who)
        await self._note(who, "word.add", {"kind": REFUSED, "refuses": impact.refuses, "of": impact.of})
        return impact

    async def allow(self, word: str, who: Requester, *, anyway: bool = False) -> Impact:
        """From now on the lists do not catch it, typed plainly. Raises InvalidInput word_written_out, or word_lifts
        unless `anyway`; NotAllowed word_fixed; LimitReached."""
        demand_teacher(who)
        impact = self._impact(word, allow=True)
        if impact.fixed:
            raise NotAllowed("word_fixed", word=_tidy(word))
        if impact.lifts and not anyway:
            raise InvalidInput(
                "word_lifts",
                word=_tidy(word),
                n=len(impact.lifts),
                entries=", ".join(impact.lifts[:MOST_LIFTED]),
            )
        await self._keep(_tidy(word), ALLOWED, who)
        await self._note(who, "word.add", {"kind": ALLOWED, "lifts": len(impact.lifts)})
        return impact

    async def remove(self, word: str, who: Requester) -> None:
        """Raises NotFound word_unknown for what is no word of this class; NotAllowed."""
        demand_teacher(who)
        async with self._lock:
            left = await self._rows.drop(who.guild_id, _tidy(word))
            if left is None:
                raise NotFound("word_unknown", word=_tidy(word))
            self._check.put(who.guild_id, _entries(left))
        await self._note(who, "word.remove", {})

    async def _keep(self, word: str, kind: str, who: Requester) -> None:
        async with self._lock:  # in the order of the commits: the later one is what is checked
            words = await self._rows.put(who.guild_id, word, kind)
            self._check.put(who.guild_id, _entries(words))

    def _impact(self, word: str, *, allow: bool) -> Impact:
        try:
            return self._check.impact(_tidy(word), allow=allow)
        except WordListError:
            raise _why_not(_tidy(word), allow=allow) from None

    async def _note(self, who: Requester, what: str, detail: Mapping[str, str | int]) -> None:
        if self._notes is not None:
            await self._notes.note(who.guild_id, who.person_id, what, detail=detail)


def _entries(words: Mapping[str, str]) -> ClassEntries:
    refused = tuple(word for word, kind in words.items() if kind == REFUSED)
    return ClassEntries(refused, tuple(word for word, kind in words.items() if kind == ALLOWED))


def _why_not(word: str, *, allow: bool) -> InvalidInput:
    """What is wrong with what is no word of a list."""
    letters = word.strip("*& ")
    if letters.isalnum() and len(letters) < SHORTEST + word.startswith("*"):
        found = occurrences(letters)
        return InvalidInput("word_short", word=letters, n=found.refuses, of=found.of)
    plain = len(word) <= LONGEST_WORD and word.translate(_JOINTS).isalnum()
    return InvalidInput("word_written_out", word=word) if allow and plain else InvalidInput("word_invalid")


def _tidy(word: str) -> str:
    """As it is kept: without what nobody sees, so that it can be found and taken away again."""
    return " ".join(clean(word).split()).lower()
