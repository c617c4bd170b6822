"""What the media family draws of a model's inside: every word and number as it is to be read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bot.services.finishing import model_of
from bot.services.insight import votes_of
from bot.services.insight_book import BookCount
from bot.services.insight_data import (
    HIDDEN,
    Insight,
    NextWord,
    Piece,
    Surprise,
    Tokens,
    Word,
    most_surprising,
    readable,
)
from bot.services.insight_numbers import percents, printed_percent, scale_of, ticks_of, whole_percent
from generation.catalog import Catalog
from generation.errors import WorkerGarbage
from generation.job import Job
from generation.ports import Runner
from generation.supervisor import Request

Sentence = Callable[..., str]
LEVELS = (0.5, 0.1, 0.01, 0.001)
"""Probabilities from which a word has level 1, 2, 3, 4; below the last it has level 5."""
OWN_WORDS_SHOWN = 6
RECIPE = ("text", "texts", "temperature", "run")
"""What of the parameters is written into the picture's file: not the words of a book, of which some may be hidden."""
PART = "⟨…⟩"
"""A token that is the first part of a letter; the letter stands in the one that completes it."""
Params = dict[str, Any]


class InsightDrawing:
    def __init__(self, *, supervisor: Runner, catalog: Catalog, sentence: Sentence) -> None:
        self._supervisor = supervisor
        self._catalog = catalog
        self._sentence = sentence

    async def draw(self, job: Job, insight: Insight, out: Path, *, seconds: float) -> Path:
        """The picture of words that have been checked. Raises WorkerError when the media family cannot."""
        task, params = self._task(job, insight)
        made = await self._supervisor.run(
            Request(
                family="media",
                task=task,
                job=f"{job.id}-post",
                attempt=job.attempt,
                seed=job.seed,
                params={**params, **self._frame(job, insight, seconds)},
                out=out,
                model=None,
            )
        )
        if [(file.kind, file.index) for file in made.files] != [("diagram", 0)]:
            raise WorkerGarbage
        return made.out / made.files[0].name

    def _task(self, job: Job, insight: Insight) -> tuple[str, Params]:
        if isinstance(insight, Tokens):
            return "draw_tokens", self._tokens(job, insight)
        if isinstance(insight, Surprise):
            return "draw_words", self._words(job, insight)
        return "draw_bars", self._bars(job, insight)

    def _frame(self, job: Job, insight: Insight, seconds: float) -> Params:
        title = model_of(self._catalog, job)[0]
        foot = title
        if "temperature" in job.params:
            foot = self._sentence(
                "insight.foot", job.locale, model=title, temperature=float(job.params["temperature"])
            )
        recipe = {
            "job": job.id,
            "medium": job.medium,
            "model": job.model,
            "model_title": title,
            "params": {name: job.params[name] for name in RECIPE if name in job.params},
            "seeds": [job.seed] if job.params.get("run") else [],
            "parent": None if job.parent is None else {"job": job.parent, "index": None},
            "flagged": [],
            "seconds": round(seconds, 2),
            "insight": asdict(insight) if isinstance(insight, NextWord) else None,
        }
        return {"foot": foot, "label": self._sentence("post.label", job.locale), "recipe": recipe}

    # -- bars --

    def _bars(self, job: Job, found: NextWord) -> Params:
        book, votes = found.book, votes_of(job)
        heading = "insight.heading"
        if book is not None:
            heading = "insight.heading_book"
            panels = self._book_and_model(job, found, book)
        elif votes is not None:
            heading = "insight.heading_vote"
            panels = [self._class_and_model(job, found, votes)]
        else:
            panels = [self._model_panel(job, found, scale_of(_shares(found)))]
        return {"heading": self._sentence(heading, job.locale), "text": found.text, "panels": panels}

    def _model_panel(self, job: Job, found: NextWord, scale: float, heading: str = "") -> Params:
        name = self._sentence("insight.model", job.locale)
        printed = model_percents(found, job.locale)
        rows = [
            self._row(job, choice.text, [_bar(choice.probability, shown)])
            for choice, shown in zip(found.choices, printed, strict=False)
        ]
        rows.append(self._rest(job, [_bar(found.rest, printed[-1])]))
        return self._panel(job, heading, [[name, "model"]], rows, scale)

    def _book_and_model(self, job: Job, found: NextWord, book: BookCount) -> list[Params]:
        """Two kinds of words, whole ones and tokens, so two panels; one scale, so that bars can be compared."""
        shares = [votes / book.occurrences for _, votes in book.followers]
        scale = scale_of([*shares, 1 - sum(shares), *_shares(found)])
        rows = [
            self._row(job, word, [_bar(share, self._votes(job, votes, share))])
            for (word, votes), share in zip(book.followers, shares, strict=True)
        ]
        others = book.occurrences - sum(votes for _, votes in book.followers)
        if others:
            share = others / book.occurrences
            rows.append(self._rest(job, [_bar(share, self._votes(job, others, share))]))
        heading = self._sentence(
            "insight.panel_book", job.locale, ending=readable(book.ending), n=book.occurrences
        )
        names = [[self._sentence("insight.book", job.locale), "book"]]
        model = self._sentence("insight.panel_model", job.locale)
        return [
            self._panel(job, heading, names, rows, scale),
            self._model_panel(job, found, scale, model),
        ]

    def _class_and_model(self, job: Job, found: NextWord, votes: Mapping[str, int]) -> Params:
        total = sum(votes.values())
        printed = model_percents(found, job.locale)

        def of_class(number: int) -> Params:
            share = number / total if total else 0.0
            return _bar(share, self._votes(job, number, share) if number else "0")

        rows = []
        listed = [choice.text for choice in found.choices]
        for choice, shown in zip(found.choices, printed, strict=False):
            number = votes.get(choice.text, 0) if choice.text is not None else 0
            rows.append(self._row(job, choice.text, [of_class(number), _bar(choice.probability, shown)]))
        own = [(word, number) for word, number in votes.items() if word not in listed]
        rows += [self._row(job, word, [of_class(number), None]) for word, number in own[:OWN_WORDS_SHOWN]]
        others = sum(number for _, number in own[OWN_WORDS_SHOWN:])
        rows.append(self._rest(job, [of_class(others) if others else None, _bar(found.rest, printed[-1])]))
        names = [
            [self._sentence("insight.class", job.locale), "class"],
            [self._sentence("insight.model", job.locale), "model"],
        ]
        shares = [number / total for number in votes.values()] if total else []
        return self._panel(job, "", names, rows, scale_of([*shares, *_shares(found)]))

    def _panel(
        self, job: Job, heading: str, series: list[list[str]], rows: list[Params], scale: float
    ) -> Params:
        ticks = [{"share": tick, "shown": whole_percent(tick, job.locale)} for tick in ticks_of(scale)]
        return {"heading": heading, "series": series, "rows": rows, "scale": scale, "ticks": ticks}

    def _row(self, job: Job, text: str | None, bars: list[Params | None]) -> Params:
        """An empty piece is the model's sign for the end of the text."""
        name = HIDDEN if text is None else text or self._sentence("insight.end", job.locale)
        return {"name": name, "bars": bars, "faint": False}

    def _rest(self, job: Job, bars: list[Params | None]) -> Params:
        return {"name": self._sentence("insight.rest", job.locale), "bars": bars, "faint": True}

    def _votes(self, job: Job, number: int, share: float) -> str:
        return f"{whole_percent(share, job.locale)} ({number})"

    # -- coloured pieces --

    def _tokens(self, job: Job, found: Tokens) -> Params:
        return {"columns": [self._column(job, place, text) for place, text in enumerate(found.texts)]}

    def _column(self, job: Job, place: int, pieces: Sequence[Piece]) -> Params:
        key = "insight.tokens" if len(job.params["texts"]) == 1 else f"insight.tokens_{place}"
        return {
            "heading": self._sentence(key, job.locale, n=len(pieces)),
            "pieces": [{"text": piece.text or PART, "below": str(piece.id)} for piece in pieces],
            "more": self._sentence("insight.tokens_more", job.locale, n="{n}"),
        }

    def _words(self, job: Job, found: Surprise) -> Params:
        notes: list[Params] = [
            {"text": self._sentence(f"insight.level_{level}", job.locale), "level": level}
            for level in range(6)
            if level > 0 or any(word.probability is None for word in found.words)
        ]
        notes += [
            {"text": expected(found.words[place], self._sentence, job.locale), "level": None}
            for place in most_surprising(found.words)
        ]
        return {
            "heading": self._sentence("insight.words", job.locale),
            "pieces": [
                {"text": word.text.strip(" ") or word.text, "level": level_of(word)} for word in found.words
            ],
            "more": self._sentence("insight.words_more", job.locale, n="{n}"),
            "notes": notes,
        }


def model_percents(found: NextWord, locale: str) -> list[str]:
    """The choices' probabilities and at last that of all others, as they are printed."""
    shares = _shares(found)
    return [
        printed_percent(percent, share, locale)
        for percent, share in zip(percents(shares), shares, strict=True)
    ]


def level_of(word: Word) -> int:
    if word.probability is None:
        return 0
    return next((level for level, low in enumerate(LEVELS, 1) if word.probability >= low), 5)


def expected(word: Word, sentence: Sentence, locale: str) -> str:
    """What the model expected instead of a surprising word, in a sentence. The end of a line is a word, too."""
    best = HIDDEN
    if word.best is not None:
        best = readable(word.best.strip(" ")) or ("␣" if word.best else sentence("insight.end", locale))
    name = readable(word.text.strip(" "))
    key = "insight.expected_itself" if name == best else "insight.expected"
    return sentence(key, locale, word=name, bits=round(word.bits or 0.0, 1), best=best)


def _shares(found: NextWord) -> list[float]:
    return [*(choice.probability for choice in found.choices), found.rest]


def _bar(share: float, shown: str) -> Params:
    return {"share": share, "shown": shown}
