"""Open the files to be checked: what cannot be read completely and plainly is not checked, so not shown."""

from __future__ import annotations

import warnings
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from generation.worker.api import TaskFailed

PIXEL_LIMIT = 16 * 1024 * 1024
FORMATS = ("PNG", "JPEG", "WEBP")


def read(path: Path) -> Image.Image:
    """The picture as RGB, at most 16 Mpx (4096 x 4096).

    Raises TaskFailed worker_failed for anything else: no file, damaged, too large, of another format, moving
    (only its first frame would be looked at) or transparent (what shows depends on the ground behind it).
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            return _opened(path)
    except (OSError, ValueError, SyntaxError, UnidentifiedImageError) as error:
        raise TaskFailed("worker_failed", f"unreadable: {type(error).__name__}") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise TaskFailed("worker_failed", "too many pixels") from None


def _opened(path: Path) -> Image.Image:
    with Image.open(path, formats=FORMATS) as picture:
        if picture.width * picture.height > PIXEL_LIMIT:
            raise TaskFailed("worker_failed", "too many pixels")
        if getattr(picture, "n_frames", 1) != 1:
            raise TaskFailed("worker_failed", "moving")
        picture.load()
        if picture.has_transparency_data and picture.convert("RGBA").getextrema()[3][0] != 255:
            raise TaskFailed("worker_failed", "transparent")
        return picture.convert("RGB")
