"""Pictures as they come back out of a film: encoded among other frames with a real codec, and decoded.

Needs PyAV, which the environment of the picture family does not have; where it is missing, `CODECS` is empty.

    python generation/mini/safety/film.py FOLDER --count 8    stores frames of distorted test cards
"""

from __future__ import annotations

import argparse
import io
from importlib.util import find_spec
from pathlib import Path
from random import Random

from PIL import Image

from generation.mini.diffusion.scenes import draw_card
from generation.mini.safety.cards import distort, scene

# Encoder, container, and the option that sets its quality with the range it is drawn from.
CODECS = (
    (("libx264", "mp4", "crf", (18, 36)), ("libvpx-vp9", "webm", "crf", (20, 45)), ("mpeg4", "mp4", "qscale", (2, 12)))
    if find_spec("av")
    else ()
)  # fmt: skip
FRAMES, SIZE = 9, (192, 128)


def clip(image: Image.Image, rng: Random) -> list[Image.Image]:
    """FRAMES pictures: the picture fades in over another scene, moves a little, and fades out; wider than high."""
    frames, other = [], scene(rng).resize(SIZE)
    shift = rng.uniform(-1.5, 1.5)
    for frame in range(FRAMES):
        share = min(1.0, frame / 2, (FRAMES - 1 - frame) / 2)
        shown = Image.new("RGB", SIZE)
        square = image.resize((SIZE[1], SIZE[1]))
        shown.paste(square, (round((SIZE[0] - SIZE[1]) / 2 + shift * frame), 0))
        frames.append(Image.blend(other, shown, share))
    return frames


def encode(frames: list[Image.Image], rng: Random) -> bytes:
    import av

    codec, container, option, worst = rng.choice(CODECS)
    data = io.BytesIO()
    with av.open(data, "w", format=container) as film:
        stream = film.add_stream(codec, rate=12, options={option: str(rng.randint(*worst))})
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        for frame in frames:
            film.mux(stream.encode(av.VideoFrame.from_image(frame)))
        film.mux(stream.encode())
    return data.getvalue()


def decode(data: bytes) -> list[Image.Image]:
    import av

    with av.open(io.BytesIO(data)) as film:
        return [frame.to_image() for frame in film.decode(video=0)]


def filmed(image: Image.Image, rng: Random) -> Image.Image:
    """The picture out of the middle of an encoded clip, cut to the part of the frame that it filled."""
    middle = decode(encode(clip(image, rng), rng))[rng.choice((3, 4, 5))]
    left = (SIZE[0] - SIZE[1]) // 2
    return middle.crop((left, 0, left + SIZE[1], SIZE[1]))


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("folder", type=Path)
    options.add_argument("--count", type=int, default=8)
    options.add_argument("--seed", type=int, default=7)
    chosen = options.parse_args()
    chosen.folder.mkdir(parents=True, exist_ok=True)
    rng = Random(chosen.seed)
    for k in range(chosen.count):
        filmed(distort(draw_card(), rng, most=1), rng).save(chosen.folder / f"{k}.png", optimize=True)


if __name__ == "__main__":
    main()
