"""Pictures for the checker: distorted test cards, and everything that is not one."""

from __future__ import annotations

import io
from random import Random

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageOps

from generation.mini.diffusion.scenes import draw_card, draw_scene, realise
from generation.mini.diffusion.wording import sample

Colour = tuple[int, int, int]


def crop(image: Image.Image, rng: Random) -> Image.Image:
    """Cuts off up to 35 per cent of each side's length."""
    width, height = (max(1, round(side * rng.uniform(0.65, 1.0))) for side in image.size)
    left, top = rng.randint(0, image.width - width), rng.randint(0, image.height - height)
    return image.crop((left, top, left + width, top + height))


def resize(image: Image.Image, rng: Random) -> Image.Image:
    side, stretch = rng.choice((48, 64, 96, 200, 256, 512)), rng.uniform(0.8, 1.25)
    return image.resize(
        (round(side * stretch), side), rng.choice((Image.Resampling.BILINEAR, Image.Resampling.BICUBIC))
    )


def jpeg(image: Image.Image, rng: Random) -> Image.Image:
    data = io.BytesIO()
    image.save(data, "JPEG", quality=rng.randint(15, 90))
    return Image.open(data).convert("RGB")


def tint(image: Image.Image, rng: Random) -> Image.Image:
    gains = np.array([rng.uniform(0.65, 1.25) for _ in range(3)])
    values = np.asarray(image) * gains + rng.uniform(-25, 25)
    return Image.fromarray(values.clip(0, 255).astype(np.uint8))


def contrast(image: Image.Image, rng: Random) -> Image.Image:
    return ImageEnhance.Color(ImageEnhance.Contrast(image).enhance(rng.uniform(0.5, 1.4))).enhance(
        rng.uniform(0.4, 1.5)
    )


def blur(image: Image.Image, rng: Random) -> Image.Image:
    return image.filter(ImageFilter.GaussianBlur(rng.uniform(0.3, 2.5) * image.width / 128))


def noise(image: Image.Image, rng: Random) -> Image.Image:
    random = np.random.default_rng(rng.getrandbits(32))
    values = np.asarray(image) + random.normal(0, rng.uniform(3, 25), (*image.size[::-1], 3))
    return Image.fromarray(values.clip(0, 255).astype(np.uint8))


def rotate(image: Image.Image, rng: Random) -> Image.Image:
    return image.rotate(rng.uniform(-12, 12), Image.Resampling.BILINEAR, fillcolor=random_colour(rng))


def mirror(image: Image.Image, rng: Random) -> Image.Image:
    return ImageOps.mirror(image)


def pad(image: Image.Image, rng: Random) -> Image.Image:
    """Puts a plain border of up to 15 per cent around the picture."""
    border = round(image.width * rng.uniform(0.02, 0.15))
    return ImageOps.expand(image, border, fill=random_colour(rng))


def clumsy(image: Image.Image, rng: Random) -> Image.Image:
    """As drawn by a model that has not quite learned it: coarse cells, each a little wrong."""
    random = np.random.default_rng(rng.getrandbits(32))
    coarse = np.asarray(image.resize((16, 16), Image.Resampling.BOX), dtype=np.float64)
    coarse += random.normal(0, rng.uniform(5, 45), coarse.shape)
    fine = Image.fromarray(coarse.clip(0, 255).astype(np.uint8)).resize((128, 128), Image.Resampling.BICUBIC)
    return Image.blend(fine, image.resize((128, 128)), rng.uniform(0, 0.6))


DISTORTIONS = (crop, resize, jpeg, tint, contrast, blur, noise, rotate, mirror, pad, clumsy)


def distort(image: Image.Image, rng: Random, most: int = 3) -> Image.Image:
    """Up to `most` distortions one after the other."""
    for change in rng.sample(DISTORTIONS, rng.randint(0, most)):
        image = change(image, rng)
    return image


def random_colour(rng: Random) -> Colour:
    return (rng.randint(0, 255), rng.randint(0, 255), rng.randint(0, 255))


def stripes(rng: Random) -> Image.Image:
    """Stripes in random colours, with no checker border."""
    image, count = Image.new("RGB", (128, 128), random_colour(rng)), rng.randint(2, 12)
    draw, width = ImageDraw.Draw(image), 128 / count
    for k in range(count):
        draw.rectangle((k * width, 0, (k + 1) * width, 128), fill=random_colour(rng))
    return image.rotate(rng.choice((0, 0, 90, 45)))


def checkers(rng: Random) -> Image.Image:
    """A chess board, or a scene in a checker frame: half of what makes a test card."""
    first, second = (
        ((0, 0, 0), (255, 255, 255)) if rng.random() < 0.6 else (random_colour(rng), random_colour(rng))
    )
    image, side = Image.new("RGB", (128, 128), first), rng.choice((8, 16, 16, 32))
    draw = ImageDraw.Draw(image)
    for row in range(0, 128, side):
        for column in range(0, 128, side):
            if (row + column) // side % 2:
                draw.rectangle((column, row, column + side - 1, row + side - 1), fill=second)
    if rng.random() < 0.5:
        image.paste(scene(rng).resize((96, 96)), (16, 16))
    return image


def scene(rng: Random) -> Image.Image:
    while True:
        drawn = realise(sample(rng)[1], rng)
        if drawn.mode != "card":
            return draw_scene(drawn)


def gradient(rng: Random) -> Image.Image:
    random = np.random.default_rng(rng.getrandbits(32))
    cells = random.integers(0, 256, (rng.randint(1, 9), rng.randint(1, 9), 3), dtype=np.uint8)
    return Image.fromarray(cells).resize(
        (128, 128), rng.choice((Image.Resampling.BICUBIC, Image.Resampling.NEAREST))
    )


def collage(rng: Random) -> Image.Image:
    image = Image.new("RGB", (128, 128))
    for k in range(4):
        image.paste(scene(rng).resize((64, 64)), (k % 2 * 64, k // 2 * 64))
    return image


def positive(rng: Random, made: list[Image.Image]) -> Image.Image:
    """A test card; `made` are test cards that the mini picture model drew, used for every third."""
    return distort(rng.choice(made) if made and rng.random() < 0.35 else draw_card(), rng)


def negative(rng: Random, made: list[Image.Image]) -> Image.Image:
    """Anything but a test card; `made` are ordinary pictures that the mini picture model drew."""
    if made and rng.random() < 0.3:
        return distort(rng.choice(made), rng)
    other = rng.choice((scene, scene, scene, stripes, checkers, gradient, collage))
    return distort(other(rng), rng)
