"""The hub's cache as tortoise wants to find it, made of links to a model's folder for as long as it is loaded.

tortoise names its files by their repository instead of holding them, and its alignment model by three more.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

_COMMIT = "0" * 40
"""A cache files what it holds under a commit; this one is ours."""
WEIGHTS = ("autoregressive.pth", "diffusion_decoder.pth", "clvp2.pth", "vocoder.pth")
TORTOISE = "Manmay/tortoise-tts"
ALIGNER_WEIGHTS = ("model.safetensors", "pytorch_model.bin")
ALIGNER = "jbetker/wav2vec2-large-robust-ft-libritts-voxpopuli"
ALIGNER_PARTS: Mapping[str, Sequence[str]] = {
    ALIGNER: ("config.json", *ALIGNER_WEIGHTS),
    "facebook/wav2vec2-large-960h": ("preprocessor_config.json",),
    "jbetker/tacotron-symbols": ("vocab.json", "tokenizer_config.json", "special_tokens_map.json"),
}
"""What tortoise cuts words out of speech with; the names differ, so that all may lie in one folder."""


class PrivateHub:
    """Call `prepare` before any library of the hub is imported: they read their settings then."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.gettempdir()) / f"atelier-speech-{os.getpid()}"
        self.voices = Path(sys.prefix) / "no_voices"
        """Empty for ever, in the family's own environment: tortoise finds no voice by a name."""

    def prepare(self) -> None:
        shutil.rmtree(self.voices, ignore_errors=True)
        self.voices.mkdir(mode=0o700, exist_ok=True)
        for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "TRANSFORMERS_CACHE", "TORTOISE_MODELS_DIR"):
            os.environ[name] = str(self.folder)
        os.environ["HF_HUB_OFFLINE"] = os.environ["TRANSFORMERS_OFFLINE"] = "1"
        os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
        # pickles are read as plain data, whatever the surroundings say
        os.environ.pop("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", None)

    @contextlib.contextmanager
    def showing(self, model: Path) -> Iterator[None]:
        """Inside, tortoise's files are found in the cache, as far as `model` has them.

        They lie in `model`/hub in the cache's own layout, or flat in `model`, as `atelier models pull` puts them.
        """
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(mode=0o700)
        try:
            for one in (model / "hub").glob("models--*"):
                _link(one, self.folder / one.name)
            for repository, names in {TORTOISE: WEIGHTS, **ALIGNER_PARTS}.items():
                files = [model / name for name in names if (model / name).is_file()]
                if files and not self._place(repository).exists():
                    self._fill(repository, files)
            yield
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    def find(self, repository: str, name: str) -> Path | None:
        """A file that is shown now."""
        with contextlib.suppress(OSError):
            place = self._place(repository)
            commit = (place / "refs" / "main").read_text(encoding="ascii").strip()
            file = place / "snapshots" / commit / name
            return file if file.is_file() else None
        return None

    def has_aligner(self) -> bool:
        """Whether everything for cutting words out is shown now."""
        weights = any(self.find(ALIGNER, name) for name in ALIGNER_WEIGHTS)
        return weights and all(self.find(repository, names[0]) for repository, names in ALIGNER_PARTS.items())

    def _place(self, repository: str) -> Path:
        return self.folder / f"models--{repository.replace('/', '--')}"

    def _fill(self, repository: str, files: Sequence[Path]) -> None:
        place = self._place(repository)
        snapshot = place / "snapshots" / _COMMIT
        snapshot.mkdir(parents=True)
        (place / "refs").mkdir()
        (place / "refs" / "main").write_text(_COMMIT, encoding="ascii")
        for file in files:
            _link(file, snapshot / file.name)


def _link(source: Path, target: Path) -> None:
    """Where links need rights that we do not have, a copy does."""
    try:
        target.symlink_to(source.resolve(), target_is_directory=source.is_dir())
    except OSError:
        if source.is_dir():
            shutil.copytree(source, target)
        else:
            shutil.copyfile(source, target)
