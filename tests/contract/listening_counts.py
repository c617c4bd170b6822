"""How often the checks of a consent are right: `python -m tests.contract.listening_counts -n 10`.

Synthetic voices read right and wrong phrases; pairs of recordings are of one voice or of two; marks are looked for
after changes. `n` is the number per voice. Voices: espeak-ng's from the voices family; with `--flite` those of the
program flite, where it is installed. Every rate stands with Wilson's interval of 95 %.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import math
import random
import subprocess
import tempfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from data.voice_records import Phrase
from moderation.phrase import LIFETIME_S, PHRASE_WORDS, Hearing, Tolerance, draw_phrase, judge_words
from tests.contract.text_runs import opened
from tests.contract.voice_files import read, write
from tests.contract.voice_runs import VoiceRuns

MISSED = (0, 1, 2)
THRESHOLDS = (0.75, 0.8, 0.85)
ESPEAK = ("standard", "bass", "tenor", "alto", "soprano")
FLITE = ("slt", "rms", "awb", "kal16")
TEXTS = (
    "The weather is fine today, and I like to read books in the garden.",
    "Yesterday we went to the station and waited for a train to the sea.",
    "My brother plays football, but on Sundays we cook a big dinner together.",
)
WRONG = ("another phrase", "two words swapped", "three words changed", "a sentence")


def wilson(hits: int, of: int, z: float = 1.96) -> str:
    """`hits/of` and the interval in per cent."""
    if not of:
        return "0/0"
    share, square = hits / of, z * z
    middle = (share + square / (2 * of)) / (1 + square / of)
    half = z * math.sqrt(share * (1 - share) / of + square / (4 * of * of)) / (1 + square / of)
    return f"{hits}/{of} ({100 * max(0.0, middle - half):.0f}-{100 * min(1.0, middle + half):.0f} %)"


def passes(expected: tuple[str, ...], heard: Hearing | None, missed: int) -> bool:
    """What the bot would say, by its own rule."""
    phrase = Phrase(
        id="1",
        voice="1",
        guild="1",
        person="1",
        purpose="lesson",
        model="speech",
        sample_hashes=("0" * 64,),
        language="en",
        words=expected,
        issued_at=0.0,
        expires_at=LIFETIME_S,
    )
    return judge_words(heard, phrase, measured=["en"], tolerance=Tolerance(missed=missed)).allowed


@dataclass
class Bench:
    """Speaks with one engine and listens."""

    runs: VoiceRuns
    engine: str
    rng: random.Random

    async def speak(self, text: str, voice: str) -> str:
        if self.engine == "flite":
            file = self.runs.folder / f"flite{self.rng.getrandbits(60)}.wav"
            command = ["flite", "-voice", voice, "-t", text, "-o", str(file)]
            subprocess.run(command, check=True, capture_output=True)
            return str(file)
        return await self.runs.voice_file(text, speaker=voice, speed=0.9)

    async def phrases(self, voices: Sequence[str], number: int) -> None:
        heard: dict[tuple[str, str], list[tuple[tuple[str, ...], Hearing | None]]] = defaultdict(list)
        for voice in voices:
            for place in range(number):
                expected = draw_phrase("en", choose=self.rng.choice)
                heard["right", voice].append((expected, await self._hear(", ".join(expected), voice)))
                kind = WRONG[place % len(WRONG)]
                heard[kind, "all"].append((expected, await self._hear(self._wrong(kind, expected), voice)))
        for missed in MISSED:
            print(f"{self.engine}: {missed} of {PHRASE_WORDS} words may be missed")
            for (kind, voice), pairs in sorted(heard.items()):
                passed = sum(passes(expected, found, missed) for expected, found in pairs)
                print(f"  {kind} {voice}: accepted {wilson(passed, len(pairs))}")
            for kind, wanted in (("right", True), ("wrong", False)):
                all_ = [
                    pair for key, pairs in heard.items() if (key[0] == "right") is wanted for pair in pairs
                ]
                passed = sum(passes(expected, found, missed) for expected, found in all_)
                print(f"  {kind} together: accepted {wilson(passed, len(all_))}")

    async def _hear(self, text: str, voice: str) -> Hearing | None:
        return Hearing.of(await self.runs.hear(await self.speak(text, voice)))

    def _wrong(self, kind: str, expected: Sequence[str]) -> str:
        words = list(expected)
        if kind == "two words swapped":
            place = self.rng.randrange(len(words) - 1)
            words[place : place + 2] = words[place + 1], words[place]
        elif kind == "three words changed":
            for place in self.rng.sample(range(len(words)), 3):
                words[place] = self.rng.choice([one for one in draw_phrase("en") if one not in expected])
        elif kind == "another phrase":
            words = list(draw_phrase("en", choose=self.rng.choice))
        else:
            return self.rng.choice(TEXTS)
        return ", ".join(words)

    async def speakers(self, voices: Sequence[str], number: int) -> None:
        clips = {voice: [await self.speak(text, voice) for text in TEXTS] for voice in voices}
        alike: dict[str, list[float]] = {"one voice": [], "two voices": []}
        for voice, _ in itertools.product(voices, range(number)):
            phrase = await self.speak(", ".join(draw_phrase("en", choose=self.rng.choice)), voice)
            other = self.rng.choice([one for one in voices if one != voice])
            for name, owner in (("one voice", voice), ("two voices", other)):
                found = await self.runs.compare(phrase, self.rng.choice(clips[owner]))
                if found["usable"]:
                    alike[name].append(found["similarity"]["min"])
                else:
                    print(f"  not usable: {found['why']}")
        for name, values in alike.items():
            print(
                f"{self.engine}: similarity, {name}: {min(values):.3f} to {max(values):.3f}, n {len(values)}"
            )
            for threshold in THRESHOLDS:
                passed = sum(value >= threshold for value in values)
                print(f"  at least {threshold}: {wilson(passed, len(values))}")

    async def marks(self, voices: Sequence[str], number: int) -> None:
        found: dict[tuple[str, bool], list[bool]] = defaultdict(list)
        for voice, place in itertools.product(voices, range(number)):
            clip = await self.speak(TEXTS[place % len(TEXTS)], voice)
            for marked, file in ((True, await self.runs.mark(clip)), (False, clip)):
                for name, changed in (await self._changed(file)).items():
                    found[name, marked].append((await self.runs.find_mark(changed))["marked"])
        for (name, marked), hits in sorted(found.items()):
            print(
                f"{self.engine}: {'marked' if marked else 'unmarked'}, {name}: found {wilson(sum(hits), len(hits))}"
            )

    async def _changed(self, file: str) -> Mapping[str, str]:
        samples, rate = read(file)
        noisy = [one + self.rng.gauss(0, 0.005) for one in samples]
        slower = samples[:: 2 if rate > 16_000 else 1]
        folder = self.runs.folder
        name = f"changed{self.rng.getrandbits(60)}"
        return {
            "as it is": file,
            "opus": await self.runs.posted(file, "ogg"),
            "mp3": await self.runs.posted(file, "mp3"),
            "half the rate": write(
                folder / f"{name}half.wav", slower, rate=rate // (2 if rate > 16_000 else 1)
            ),
            "noise": write(folder / f"{name}noise.wav", noisy, rate=rate),
            "second half": write(folder / f"{name}cut.wav", samples[len(samples) // 2 :], rate=rate),
        }


async def main(number: int, seed: int, engine: str, what: Sequence[str]) -> None:
    voices = FLITE if engine == "flite" else ESPEAK
    with tempfile.TemporaryDirectory() as name:
        async with opened(Path(name)) as texts:
            runs = VoiceRuns(texts.supervisor, texts.catalog, Path(name))
            bench = Bench(runs, engine, random.Random(seed))
            if "phrases" in what:
                await bench.phrases(voices, number)
            if "speakers" in what:
                await bench.speakers(voices, number)
            if "marks" in what:
                await bench.marks(voices, max(1, number // 4))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--flite", action="store_true")
    parser.add_argument("what", nargs="*", default=["phrases", "speakers", "marks"])
    arguments = parser.parse_args()
    asyncio.run(main(arguments.n, arguments.seed, "flite" if arguments.flite else "espeak", arguments.what))
