"""The full counts behind the unit tests of `moderation`: `python -m tests.moderation_counts -n 500`.

Prints one line a control and ends with 1 if a bound is missed. The seed is drawn, printed and can be given.
"""

import argparse
import asyncio
import logging
import random
import secrets
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

from generation.mini.text import documents
from moderation.text_rules import tidy
from moderation.words import WordCheck
from tests.unit.moderation import disguises, faults, harmless, video_faults

MOST_HARMLESS = 3_000


@dataclass(frozen=True)
class Count:
    control: str
    hits: int
    of: int
    bound: str
    met: bool

    def __str__(self) -> str:
        mark = "ok " if self.met else "MISSED"
        return f"{mark} {self.control}: {self.hits} of {self.of} ({self.hits / self.of:.2%}; {self.bound})"


def count_disguises(rng: random.Random, count: int) -> Count:
    words = WordCheck()
    missed = [sample for sample in disguises.disguised(rng, count) if words.check(sample.text).allowed]
    for sample in missed:
        print("   missed:", ascii(sample.text), sample.word, sample.rules)
    caught = count - len(missed)
    return Count("disguises caught", caught, count, "at least 99 %", caught >= 0.99 * count)


def count_refused(control: str, prompts: list[str]) -> Count:
    words = WordCheck()
    refused = [prompt for prompt in prompts if not words.check(prompt).allowed]
    for prompt in refused:
        print("   refused:", ascii(prompt), words.check(prompt).matches)
    return Count(control, len(refused), len(prompts), "at most 2 %", len(refused) <= 0.02 * len(prompts))


async def count_image_faults(rng: random.Random, count: int) -> Count:
    published = 0
    with tempfile.TemporaryDirectory() as folder:
        for number, name in enumerate(islice(repeated(list(faults.FAULTS)), count)):
            place = Path(folder) / str(number)
            place.mkdir()
            outcome = await faults.inject(name, place, rng.randrange(faults.PICTURES))
            if outcome.published or outcome.left_on_disk:
                published += 1
                print("   published or left on disk:", name)
    return Count("faults of the image check that published", published, count, "none", published == 0)


async def count_text_faults(rng: random.Random, count: int) -> Count:
    published = 0
    for name in islice(repeated(list(faults.TEXT_FAULTS)), count):
        outcome = await faults.inject_text(name, before=rng.random() < 0.5)
        published += outcome.published
    return Count("faults of a text check that published", published, count, "none", published == 0)


async def count_audio_faults(rng: random.Random, count: int) -> Count:
    published = 0
    kinds = [*faults.AUDIO_FAULTS, *faults.AUDIO_FILE_FAULTS]
    with tempfile.TemporaryDirectory() as folder:
        for number, name in enumerate(islice(repeated(kinds), count)):
            place = Path(folder) / str(number)
            place.mkdir()
            outcome = await faults.inject_audio(name, place, rng.randrange(faults.PICTURES))
            if outcome.published or outcome.left_on_disk:
                published += 1
                print("   published or left on disk:", name)
    return Count("faults of a sound that published", published, count, "none", published == 0)


async def count_video_faults(rng: random.Random, count: int) -> Count:
    published = 0
    with tempfile.TemporaryDirectory() as folder:
        for number, (kind, name) in enumerate(islice(cycle(video_faults.VIDEO_KINDS), count)):
            place = Path(folder) / str(number)
            place.mkdir()
            victim = rng.choice((0, video_faults.VIDEO_FRAMES - 1, rng.randrange(video_faults.VIDEO_FRAMES)))
            outcome = await video_faults.inject_video(kind, name, place, victim)
            if outcome.published or outcome.left_on_disk:
                published += 1
                print("   published or left on disk:", kind, name)
    return Count("faults of a video's check that published", published, count, "none", published == 0)


async def count_guard_faults(count: int) -> Count:
    published = 0
    for name in islice(repeated(list(faults.GUARD_FAULTS)), count):
        outcome = await faults.inject_guard(name)
        published += outcome.published
    return Count("faults of the guard that published", published, count, "none", published == 0)


def count_changed(rng: random.Random, count: int) -> Count:
    """What the rehearsal model's own grammar writes, as a stand-in for harmless texts of a model."""
    texts = [documents.plain(rng.choice(("de", "en")), rng) for _ in range(count)]
    changed = [text for text in texts if tidy(text).removed]
    for text in changed:
        print("   changed:", ascii(text))
    return Count("harmless texts changed", len(changed), count, "at most 1 %", len(changed) <= 0.01 * count)


def repeated(names: list[str]) -> Iterator[str]:
    while True:
        yield from names


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", type=int, default=500, metavar="N", help="disguises and faults of each kind")
    parser.add_argument("--seed", type=int, default=secrets.randbits(32))
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)  # every injected fault is a warning
    rng = random.Random(options.seed)
    prompts = harmless.generated(rng, min(max(1_000, options.n), MOST_HARMLESS))
    print("seed", options.seed)
    counts = [
        count_disguises(rng, options.n),
        count_refused("harmless prompts refused", prompts),
        count_refused("tricky harmless prompts refused", harmless.tricky()),
        asyncio.run(count_image_faults(rng, options.n)),
        asyncio.run(count_text_faults(rng, options.n)),
        asyncio.run(count_audio_faults(rng, options.n)),
        asyncio.run(count_video_faults(rng, options.n)),
        asyncio.run(count_guard_faults(options.n)),
        count_changed(rng, options.n),
    ]
    print(*counts, sep="\n")
    return 0 if all(count.met for count in counts) else 1


if __name__ == "__main__":
    raise SystemExit(main())
