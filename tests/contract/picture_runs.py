"""Short calls of the picture families, through a supervisor and a real worker."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

from generation.catalog import Catalog, ModelInfo
from generation.supervisor import Outcome, Progress, Request, Supervisor

_NUMBERS = itertools.count(1)


@dataclasses.dataclass(frozen=True)
class Runs:
    supervisor: Supervisor
    catalog: Catalog
    folder: Path

    def model(self, id: str, path: Path | None = None) -> ModelInfo:  # noqa: A002
        """The catalog's entry, or one under another id for another folder."""
        entry = self.catalog.get(id)
        if path is None:
            return entry
        return dataclasses.replace(entry, id=f"{id}-{path.name}", path=path)

    async def image(
        self,
        *,
        seed: int = 7,
        model: ModelInfo | None = None,
        job: str | None = None,
        on_progress: Callable[[Progress], None] | None = None,
        **changes: Any,
    ) -> Outcome:
        """One small picture in four steps unless told otherwise."""
        usual = {
            "prompt": "ein roter Ball",
            "count": 1,
            "steps": 4,
            "guidance": 4.0,
            "width": 64,
            "height": 64,
        }
        request = self._request("diffusion", "image", usual | changes, model or self.model("mini"), seed, job)
        return await self.supervisor.run(request, on_progress)

    async def check(self, *files: Path | str, model: ModelInfo | None = None) -> list[dict[str, Any]]:
        params = {"files": [str(file) for file in files]}
        request = self._request("safety", "check_images", params, model or self.model("mini-safety"))
        outcome = await self.supervisor.run(request)
        found: list[dict[str, Any]] = outcome.facts["scores"]
        return found

    async def sheet(self, pictures: list[dict[str, Any]], **params: Any) -> Outcome:
        usual: dict[str, Any] = {
            "beside": None,
            "label": "Mit KI gemacht",
            "flagged_text": "Dieses Bild zeigen wir nicht. Probier es gern mit anderen Wörtern!",
            "old_label": "vorher",
            "new_label": "nachher",
            "recipe": {"model": "mini", "model_title": "Mini", "params": {"width": 64, "height": 64}},
        }
        return await self.supervisor.run(
            self._request("media", "image_sheet", usual | params | {"pictures": pictures})
        )

    async def media(self, task: str, params: dict[str, Any]) -> Outcome:
        return await self.supervisor.run(self._request("media", task, params))

    async def probe(self, file: Path) -> Outcome:
        return await self.supervisor.run(self._request("media", "probe_image", {"file": str(file)}))

    def _request(
        self,
        family: str,
        task: str,
        params: dict[str, Any],
        model: ModelInfo | None = None,
        seed: int = 0,
        job: str | None = None,
    ) -> Request:
        number = next(_NUMBERS)
        return Request(
            family=family,
            task=task,
            params=params,
            model=model,
            seed=seed,
            job=job or f"picture{number}",
            attempt=1,
            out=self.folder / f"out{number}",
        )
