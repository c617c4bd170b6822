"""Pictures from strangers, inside the limited process (see `probe_child.py`); imports nothing of ours."""

from __future__ import annotations

from typing import Any

PIXEL_LIMIT = 16 * 1024 * 1024
SIDE_LIMIT = 16 * 1024
FORMATS = ("PNG", "JPEG", "WEBP", "GIF")


def decode(source: str, target: str) -> dict[str, Any]:
    """Write `source` anew to `target` (PNG, RGB, upright, no metadata). Facts: width, height, format.

    The fault "image_pixels" is for one that is too large.
    """
    from PIL import Image, ImageOps

    # our own limit comes first; Pillow's would only warn up to twice its value
    Image.MAX_IMAGE_PIXELS = None
    with Image.open(source, formats=FORMATS) as opened:
        kind = (opened.format or "").lower()
        if opened.width * opened.height > PIXEL_LIMIT or max(opened.size) > SIDE_LIMIT:
            return {"fault": "image_pixels"}
        opened.load()
        picture = ImageOps.exif_transpose(opened)
    if picture.has_transparency_data:
        over = picture.convert("RGBA")
        picture = Image.new("RGBA", over.size, "white")
        picture.alpha_composite(over)
    clean = picture.convert("RGB")
    clean.info = {}
    clean.save(target, "PNG", compress_level=3)
    return {"width": clean.width, "height": clean.height, "format": kind}
