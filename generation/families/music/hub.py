"""The hub's cache as the libraries want to find it, made of links to a model's folder for as long as it is loaded.

MusicGen names its text reader ("t5-base") and its separator of voices ("htdemucs") instead of holding them.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

_COMMIT = "0" * 40
"""A cache files what it holds under a commit; this one is ours."""
TEXT_FILES = (
    "config.json",
    "generation_config.json",
    "model.safetensors",
    "tokenizer.json",
    "tokenizer_config.json",
)
SEPARATOR = "adefossez/HTDemucs"
_BAG = "htdemucs.yaml"


class PrivateHub:
    """Call `prepare` before any library of the hub is imported: they read their settings then."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.gettempdir()) / f"atelier-music-{os.getpid()}"

    def prepare(self) -> None:
        os.environ["HF_HUB_CACHE"] = str(self.folder)
        os.environ["HF_HUB_OFFLINE"] = "1"
        os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
        # pickles are read as plain data, whatever the surroundings say
        os.environ.pop("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", None)

    @contextlib.contextmanager
    def showing(self, model: Path, text_reader: str) -> Iterator[None]:
        """Inside, `text_reader` and the separator are found in the cache, as far as `model` has them.

        They lie in `model`/hub in the cache's own layout, or beside the weights, as `atelier models pull` puts them.
        """
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(mode=0o700)
        try:
            if (model / "hub").is_dir():
                for one in (model / "hub").glob("models--*"):
                    _link(one, self.folder / one.name)
            else:
                self._fill(text_reader, {name: model / name for name in TEXT_FILES})
                self._show_separator(model)
            yield
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _show_separator(self, model: Path) -> None:
        weights = [file for file in model.glob("*.safetensors") if file.name not in TEXT_FILES]
        if len(weights) == 1:
            snapshot = self._fill(SEPARATOR, {weights[0].name: weights[0]})
            (snapshot / _BAG).write_text(f"models: ['{weights[0].stem}']\n", encoding="utf-8")

    def _fill(self, repository: str, files: dict[str, Path]) -> Path:
        place = self.folder / f"models--{repository.replace('/', '--')}"
        snapshot = place / "snapshots" / _COMMIT
        snapshot.mkdir(parents=True)
        (place / "refs").mkdir()
        (place / "refs" / "main").write_text(_COMMIT, encoding="ascii")
        for name, file in files.items():
            if file.is_file():
                _link(file, snapshot / name)
        return snapshot


def weights_shown(repository: str) -> list[Path]:
    """Files of weights of `repository` that a library can find now, all commits."""
    place = Path(os.environ["HF_HUB_CACHE"]) / f"models--{repository.replace('/', '--')}"
    return sorted(place.glob("snapshots/*/*.safetensors"))


def _link(source: Path, target: Path) -> None:
    """Where links need rights that we do not have, a copy does."""
    try:
        target.symlink_to(source.resolve(), target_is_directory=source.is_dir())
    except OSError:
        if source.is_dir():
            shutil.copytree(source, target)
        else:
            shutil.copyfile(source, target)
