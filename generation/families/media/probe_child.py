"""The limited process: `probe_child.py SOURCE TARGET`. Ends with 0 and one JSON line, or 3 (too many pixels), else 2.

Runs alone (`python -I`), so it imports nothing of ours.
"""

from __future__ import annotations

import json
import sys

PIXEL_LIMIT = 16 * 1024 * 1024
SIDE_LIMIT = 16 * 1024
MEMORY_LIMIT = 512 * 1024 * 1024
SECONDS = 10
FILE_LIMIT = 128 * 1024 * 1024
FORMATS = ("PNG", "JPEG", "WEBP", "GIF")


def limit() -> None:
    """Memory, processor time and file size of this process; nothing where the platform has no such limits."""
    try:
        import resource
    except ImportError:
        return
    for what, most in (
        (resource.RLIMIT_AS, MEMORY_LIMIT),
        (resource.RLIMIT_CPU, SECONDS),
        (resource.RLIMIT_FSIZE, FILE_LIMIT),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))


def main(source: str, target: str) -> int:
    from PIL import Image, ImageOps

    # our own limit comes first; Pillow's would only warn up to twice its value
    Image.MAX_IMAGE_PIXELS = None
    with Image.open(source, formats=FORMATS) as opened:
        kind = (opened.format or "").lower()
        if opened.width * opened.height > PIXEL_LIMIT or max(opened.size) > SIDE_LIMIT:
            return 3
        opened.load()
        picture = ImageOps.exif_transpose(opened)
    if picture.has_transparency_data:
        over = picture.convert("RGBA")
        picture = Image.new("RGBA", over.size, "white")
        picture.alpha_composite(over)
    clean = picture.convert("RGB")
    clean.info = {}
    clean.save(target, "PNG", compress_level=3)
    sys.stdout.write(json.dumps({"width": clean.width, "height": clean.height, "format": kind}))
    return 0


if __name__ == "__main__":
    limit()
    try:
        code = main(sys.argv[1], sys.argv[2])
    except Exception:  # noqa: BLE001  decoders raise anything, and the parent needs one answer
        code = 2
    sys.exit(code)
