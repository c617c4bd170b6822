"""What a classifier says of pictures, and when that is a yes."""

import asyncio
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from moderation.files import digests
from moderation.timely import Timely
from moderation.verdict import CHECK_FAILED, IMAGE_FLAGGED, Verdict

IMAGE: Final = "image"


@dataclass(frozen=True, slots=True)
class ImageScore:
    """What a classifier said of one picture: its file as given, the decision, the finite scores behind it."""

    file: Path
    flagged: bool
    scores: tuple[float, ...]


class ImageCheck(Protocol):
    """Judges pictures: one score for each file, in the order given."""

    async def __call__(self, files: Sequence[Path], /) -> Sequence[ImageScore]: ...


class PictureJudge:
    """Asks the check, at most so long as the caller says, and believes nothing but a whole and finite answer."""

    def __init__(self, check: ImageCheck, timely: Timely) -> None:
        self._check = check
        self._timely = timely

    async def judge(
        self, files: tuple[Path, ...], timeout_s: float
    ) -> tuple[tuple[Verdict, ...], tuple[str, ...]]:
        """A verdict and a digest ("" if refused) for each file. Deletes nothing."""
        before = await asyncio.to_thread(digests, files)
        # The same path twice: scores could not be told apart.
        distinct = len(set(files)) == len(files)
        readable = tuple(file for file, found in zip(files, before, strict=True) if found)
        scores = await self._scores(readable, timeout_s) if readable and distinct else {}
        after = await asyncio.to_thread(digests, files)
        verdicts = tuple(
            _verdict(scores.get(file), unchanged=bool(first) and first == second)
            for file, first, second in zip(files, before, after, strict=True)
        )
        kept = tuple(found if verdict.allowed else "" for found, verdict in zip(after, verdicts, strict=True))
        return verdicts, kept

    async def answers(self, file: Path, timeout_s: float) -> bool:
        """Whether the check decides at all; flagged or not is the classifier's affair."""
        return _is_sound((await self._scores((file,), timeout_s)).get(file))

    async def _scores(self, files: tuple[Path, ...], timeout_s: float) -> Mapping[Path, ImageScore]:
        async def call() -> object:
            return await self._check(files)

        def by_file(answer: object) -> Mapping[Path, ImageScore] | None:
            if not isinstance(answer, list | tuple) or len(answer) != len(files):
                return None
            named = all(
                isinstance(score, ImageScore) and score.file == file
                for score, file in zip(answer, files, strict=True)
            )
            return {score.file: score for score in answer} if named else None

        return await self._timely.within(call(), by_file, IMAGE, timeout_s) or {}


def _verdict(score: ImageScore | None, *, unchanged: bool) -> Verdict:
    if score is None or not unchanged or not _is_sound(score):
        return Verdict.refuse(IMAGE, CHECK_FAILED)
    return Verdict.refuse(IMAGE, IMAGE_FLAGGED) if score.flagged else Verdict.allow(IMAGE)


def _is_sound(score: ImageScore | None) -> bool:
    """Whether a score is a decision at all: NaN compares as "below the threshold", the classic leak."""
    if score is None or not isinstance(score.flagged, bool) or not isinstance(score.scores, tuple):
        return False
    numbers = [value for value in score.scores if isinstance(value, float | int) and math.isfinite(value)]
    return bool(numbers) and len(numbers) == len(score.scores)
