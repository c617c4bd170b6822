"""stable-diffusion-videos, imported once with stand-ins for what it names and this family never uses.

Import it with the first video, not before: librosa takes seconds. Left out are torchvision (beside torch's CPU build it
breaks diffusers) and its `write_video`, which is gone anyway, cv2 (enlarging pictures) and scikit-learn (librosa's, for
taking apart what is sung). `transformers.CLIPFeatureExtractor` is gone too; only an annotation names it.
"""

from __future__ import annotations

import contextlib
import importlib
import sys
import warnings
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import transformers

from generation.families.diffusion import loading

_ABSENT = {
    "cv2": (),
    "sklearn": (),
    "sklearn.cluster": ("AgglomerativeClustering",),
    "sklearn.decomposition": (),
    "sklearn.feature_extraction": (),
    "sklearn.neighbors": (),
    "torchvision": (),
    "torchvision.io": ("write_video",),
    "torchvision.transforms": (),
    "torchvision.transforms.functional": ("pil_to_tensor",),
}


@contextlib.contextmanager
def _stand_ins() -> Iterator[None]:
    """Inside, the packages above can be imported; afterwards nobody finds them, so nobody takes them for real ones."""
    before = {name: sys.modules.get(name) for name in _ABSENT}
    for name, attributes in _ABSENT.items():
        module: Any = ModuleType(name)
        module.__path__ = []
        for attribute in attributes:
            setattr(module, attribute, _left_out)
        sys.modules[name] = module
        parent, _, own = name.rpartition(".")
        if parent:
            setattr(sys.modules[parent], own, module)
    try:
        yield
    finally:
        for name, module in before.items():
            if module is None:
                del sys.modules[name]
            else:
                sys.modules[name] = module


def _left_out(*_: Any, **__: Any) -> Any:
    raise NotImplementedError("left out, see packages.py")


with warnings.catch_warnings(), _stand_ins():
    warnings.simplefilter("ignore")  # about our own choice of versions, to nobody who could change them
    transformers.CLIPFeatureExtractor = transformers.CLIPImageProcessor
    importlib.import_module("librosa.decompose")  # librosa would import it later, outside
    from stable_diffusion_videos.stable_diffusion_pipeline import StableDiffusionWalkPipeline
    from stable_diffusion_videos.utils import get_timesteps_arr

loading.quiet()  # the package has made diffusers talkative

__all__ = ["StableDiffusionWalkPipeline", "get_timesteps_arr"]
