"""Ways around a consent at the worker's own door, where only the bot's token and the clips themselves count.

The door is the speech family's, without a model; `tests/contract/test_speech_consent.py` tries such ways through a
real worker.
"""

from __future__ import annotations

import random
import wave
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from generation import voice_token
from generation.errors import AtelierError
from generation.families.speech.consent import Clock, Keeper
from generation.voice_token import Claim, TokenCheck, TokenRefused, hash_sample
from generation.worker.api import Model, Task
from tests.consent_kinds import Scene, kind

NOW = 1_800_000_000.0


@dataclass
class Door:
    """Everything in order; a way around changes one thing."""

    folder: Path
    rng: random.Random
    claim: Claim
    clips: dict[str, Any]
    key: str = field(default_factory=voice_token.new_key)
    signed_with: str = ""
    made: float = NOW
    now: float = NOW
    job: str = "job"
    model: str = "tortoise"
    voice: Any = "voice"
    token: Callable[[str], Any] = str
    before: Callable[[], object] = lambda: None

    def clip(self, name: str) -> str:
        """One more recording of random noise."""
        file = self.folder / f"{self.rng.getrandbits(64):x}-{name}"
        with wave.open(str(file), "wb") as opened:
            opened.setparams((1, 2, 8000, 0, "NONE", ""))
            opened.writeframes(self.rng.randbytes(800))
        return str(file)

    def enter(self) -> None:
        """Raises TokenRefused."""
        token = voice_token.make_token(self.claim, self.signed_with or self.key, now=self.made)
        self.before()
        voice = {"id": self.voice, "clips": self.clips, "token": self.token(token)}
        task = Task(
            job=self.job, attempt=1, name="speech", params={"voice": voice}, seed=0, out=self.folder,
            model=Model(id=self.model, path=self.folder),
        )  # fmt: skip
        Keeper(self.key, Clock(lambda: self.now, lambda: 0.0)).permit(task)


def _door(scene: Scene, folder: Path) -> Door:
    claim = Claim(job="job", voice="voice", samples=frozenset(), model="tortoise", until=NOW + 600)
    door = Door(folder, scene.rng, claim, {})
    paths = [door.clip("clip.wav") for _ in range(scene.rng.randint(1, 2))]
    door.clips = {scene.rng.choice(["neutral", "sad"]): paths}
    samples = frozenset(hash_sample(Path(one).read_bytes()) for one in paths)
    door.claim = replace(claim, samples=samples)
    return door


Change = Callable[[Door], None]


def at_the_door(name: str, check: TokenCheck) -> Callable[[Change], Change]:
    def register(change: Change) -> Change:
        @kind(f"worker: {name}", check.value)
        async def attempt(scene: Scene, mutated: bool) -> None:
            door = _door(scene, scene.room.folder)
            if mutated:
                change(door)
            try:
                door.enter()
            except TokenRefused as refusal:
                raise AtelierError(refusal.check.value) from None

        return change

    return register


def _paths(door: Door) -> list[str]:
    return next(iter(door.clips.values()))


@at_the_door("no token", TokenCheck.NONE)
def _none(door: Door) -> None:
    door.token = lambda _: door.rng.choice([None, "", 7, {}, []])


@at_the_door("token of another bot or an earlier start", TokenCheck.SIGNATURE)
def _key(door: Door) -> None:
    door.signed_with = voice_token.new_key()


@at_the_door("token with its time changed", TokenCheck.SIGNATURE)
def _forged(door: Door) -> None:
    longer = voice_token.make_token(replace(door.claim, until=NOW + 3000), voice_token.new_key(), now=NOW)
    door.token = lambda token: f"{longer.partition('.')[0]}.{token.partition('.')[2]}"


@at_the_door("token cut short", TokenCheck.SIGNATURE)
def _cut(door: Door) -> None:
    # four letters are three whole bytes: it is still the form of a token
    door.token = lambda token: token[: -3 - 4 * door.rng.randrange(4)]


@at_the_door("token of another job", TokenCheck.JOB)
def _job(door: Door) -> None:
    door.job = f"job{door.rng.randrange(99)}"


@at_the_door("token of another voice", TokenCheck.VOICE)
def _voice(door: Door) -> None:
    door.voice = "somebody"


@at_the_door("token for another model", TokenCheck.MODEL)
def _model(door: Door) -> None:
    door.model = "another"


@at_the_door("token for another purpose", TokenCheck.PURPOSE)
def _purpose(door: Door) -> None:
    door.claim = replace(door.claim, purpose="enrolment")


@at_the_door("token too late", TokenCheck.LATE)
def _late(door: Door) -> None:
    door.now = NOW + 600 + door.rng.random() * 1000


@at_the_door("clock turned back", TokenCheck.LONG)
def _back(door: Door) -> None:
    door.claim = replace(door.claim, until=NOW + 10 * voice_token.LONGEST_S)
    door.now = NOW - 1 - door.rng.random() * 1e6


@at_the_door("clip swapped after hashing", TokenCheck.SAMPLES)
def _swapped(door: Door) -> None:
    path = Path(door.rng.choice(_paths(door)))
    door.before = lambda: path.write_bytes(Path(door.clip("swap.wav")).read_bytes())


@at_the_door("clip of somebody else", TokenCheck.SAMPLES)
def _else(door: Door) -> None:
    _paths(door)[0] = door.clip("else.wav")


@at_the_door("clip added", TokenCheck.SAMPLES)
def _added(door: Door) -> None:
    _paths(door).append(door.clip("more.wav"))


@at_the_door("a latent file", TokenCheck.SAMPLES)
def _latents(door: Door) -> None:
    path = Path(_paths(door)[0])
    _paths(door)[0] = str(path.rename(path.with_suffix(".pth")))


@at_the_door("a path name", TokenCheck.SAMPLES)
def _path(door: Door) -> None:
    path = Path(_paths(door)[0])
    around = path.parent / "x" / ".." / path.name
    _paths(door)[0] = door.rng.choice([path.name, str(around), str(path.parent), "/etc/passwd", ""])


@at_the_door("a link", TokenCheck.SAMPLES)
def _link(door: Door) -> None:
    link = door.folder / f"{door.rng.getrandbits(64):x}-link.wav"
    link.symlink_to(_paths(door)[0])
    _paths(door)[0] = str(link)


@at_the_door("a bundled voice", TokenCheck.SAMPLES)
def _bundled(door: Door) -> None:
    door.clips = {}


@at_the_door("two voices mixed", TokenCheck.VOICE)
def _blend(door: Door) -> None:
    door.voice = door.rng.choice(["voice&tom", "tom&emma", "../tom", "", None, ["voice", "tom"]])
