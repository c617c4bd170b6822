"""`atelier models list | pull | verify | remove` as a person at a terminal sees them."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars
from rich.table import Table

from bot.i18n import Sentences
from bot.models.errors import ModelFilesWrong, PullFailed
from bot.models.listing import Row, as_plain, disk_mb, doubts, medium_name, rows
from bot.models.store import PINNED, Store, size_of
from generation.catalog import Catalog, ModelInfo

Say = Callable[[str], None]
_MB = 1024 * 1024
_COLUMNS = (
    "column_id",
    "column_title",
    "column_medium",
    "column_licence",
    "column_memory",
    "column_languages",
    "column_state",
)
_WIDE = 120
_ONLY_WIDE = frozenset({"column_title", "column_licence", "column_languages"})
"""Left out where a terminal has fewer letters a line than that: folded into slivers nothing could be read."""


class BarProgress:
    """Implements `pull.Progress` with one bar over all files."""

    def __init__(self, bars: Bars) -> None:
        self._bars = bars
        self._task: TaskID | None = None

    def begin(self, total: int) -> None:
        self._task = self._bars.add_task("", total=total)

    def at(self, name: str, done: int) -> None:
        if self._task is not None:
            self._bars.update(self._task, description=name, completed=done)


class Terminal:
    """Says everything through `sentences` in `language`, a line at a time through `say`."""

    def __init__(
        self, catalog: Catalog, store: Store, *, sentences: Sentences, language: str, say: Say
    ) -> None:
        self._catalog = catalog
        self._store = store
        self._sentences = sentences
        self._language = language
        self._say = say

    def table(self, width: int = _WIDE) -> Table:
        """All models, one a line of `width` letters."""
        table = Table(box=None, pad_edge=False)
        shown = [one for one in _COLUMNS if width >= _WIDE or one not in _ONLY_WIDE]
        for column in shown:
            table.add_column(self._text(column), overflow="fold", no_wrap=column == "column_id")
        for row in rows(self._catalog):
            cells = self._cells(row)
            table.add_row(*(cells[column] for column in shown))
        return table

    def _cells(self, row: Row) -> dict[str, str]:
        model = row.model
        return {
            "column_id": model.id,
            "column_title": model.title,
            "column_medium": medium_name(model.medium, self._sentences, self._language),
            "column_licence": model.licence,
            "column_memory": str(model.memory_mb),
            "column_languages": ", ".join(model.languages) or "–",
            "column_state": self._state(row),
        }

    def plain(self) -> list[dict[str, Any]]:
        """The same as plain values."""
        return [as_plain(row) for row in rows(self._catalog)]

    def pull(self, model_id: str, *, trust: bool) -> None:
        """Raises NotFound, PullFailed."""
        try:
            from bot.models.hub import Hub
            from bot.models.pull import Pull
        except ValueError as error:  # the hub's client reads its address when it is imported
            raise PullFailed("pull_offline", address=os.environ.get("HF_ENDPOINT", "")) from error

        model = self._catalog.get(model_id)
        columns = TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn()
        with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
            Pull(store=self._store, hub=Hub(), progress=BarProgress(bars)).run(model, trust=trust)
        folder = self._store.folder(model_id)
        self._say(self._text("pulled", model=model.title, size=-(-size_of(folder) // _MB)))
        if model.unproven:
            self._say(self._text("pinned", file=str(folder / PINNED)))
        self._offer_checker(model)

    def verify(self, model_ids: Sequence[str]) -> None:
        """These models, or all real ones that are here, to the last one. Raises NotFound, ModelFilesWrong."""
        chosen = [self._catalog.get(one) for one in model_ids] or self._real_ones()
        if not chosen:
            self._say(self._text("none_here"))
        wrong: ModelFilesWrong | None = None
        for model in chosen:
            try:
                self._verify(model)
            except ModelFilesWrong as error:
                if wrong is not None:
                    self._say(self._sentences.text(f"error.{wrong.code}", self._language, **wrong.values))
                wrong = error
        if wrong is not None:
            raise wrong

    def _verify(self, model: ModelInfo) -> None:
        self._demand_real_and_here(model)
        expected = self._store.expected(model)
        if not all(expected.values()):
            raise ModelFilesWrong("verify_unpinned", model=model.title, id=model.id)
        try:
            wrong = list(self._store.wrong_files(model, lambda _: None))
        except OSError as error:
            raise ModelFilesWrong("verify_unreadable", model=model.title) from error
        if wrong:
            raise ModelFilesWrong("verify_failed", model=model.title, id=model.id, files=", ".join(wrong))
        self._say(self._text("verified", model=model.title, n=len(expected)))

    def remove(self, model_id: str, *, ask: bool) -> None:
        """Raises NotFound, ModelFilesWrong: the mini models belong to the program."""
        model = self._catalog.get(model_id)
        self._demand_real_and_here(model)
        size = -(-size_of(self._store.folder(model.id)) // _MB)
        if ask and not typer.confirm(self._text("ask_remove", model=model.title, size=size)):
            self._say(self._text("kept", model=model.title))
            return
        try:
            self._store.remove(model.id)
        except OSError as error:
            raise ModelFilesWrong("remove_failed", folder=str(self._store.folder(model.id))) from error
        self._say(self._text("removed", model=model.title))

    def _demand_real_and_here(self, model: ModelInfo) -> None:
        if not model.sources:
            raise ModelFilesWrong("model_built_in", model=model.title)
        if not self._store.holds(model.id):
            raise ModelFilesWrong("model_not_here", model=model.title, id=model.id)

    def _real_ones(self) -> list[ModelInfo]:
        found = (model for medium in self._catalog.media() for model in self._catalog.models(medium))
        return [model for model in found if model.sources and self._store.holds(model.id)]

    def _offer_checker(self, model: ModelInfo) -> None:
        if model.medium != "image" or self._catalog.has_checker():
            return
        checker = next((one for one in self._catalog.models("safety") if one.sources), None)
        if checker is not None:
            self._say(self._text("needs_checker", model=model.title, id=checker.id))

    def _state(self, row: Row) -> str:
        words = []
        if row.model.mini:
            words.append(self._text("state_mini"))
        elif row.installed:
            words.append(self._text("state_here", size=disk_mb(row)))
        else:
            words.append(self._text("state_absent"))
        if row.default:
            words.append(self._text("state_default"))
        if row.model.unconfirmed:
            keys = doubts(row.model.unconfirmed, self._sentences, self._language)
            words.append(self._text("unconfirmed", keys=keys))
        return "; ".join(words)

    def _text(self, key: str, **values: object) -> str:
        return self._sentences.text(f"models.{key}", self._language, **values)
