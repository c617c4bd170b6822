"""The tasks about videos: frames become what is posted, and what is posted becomes the frames that are checked."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from PIL import Image

from generation.families.media import fitting, loudness, marking, mixing, sound_files, video_files
from generation.families.media.loudness import Samples
from generation.families.media.sheet import Tile, Words, compose, enlarged, foot_line
from generation.families.media.video_files import TICKS, Reel, Shown
from generation.worker.api import Context, File, Result, Task, TaskFailed

POST_FRAMES = 480
SHOWN_SIDE = 512
"""Small frames are enlarged by a whole factor to about this side."""
CHECKED_SIDE, CHECKED_LONGEST = 256, 512
"""Of a decoded frame: what the checker reads has a shorter side of 224 pixels."""
LEAST_LIMIT, MOST_LIMIT = 16 * 1024, 1024**3
_FPS_LIMIT = 60
_LIGHTEST = 0.999
"""Share of a frame's pixels that are not lighter than its `light`: a few stars are no picture."""


def run_video(task: Task, context: Context) -> Result:
    return _read_frames(task, context) if task.name == "read_frames" else _video_post(task, context)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """The params that all posts of videos share; words come as they are to be read."""

    limit: int
    label: str
    title: str
    recipe: Mapping[str, Any]

    @property
    def seed(self) -> int | None:
        seed = self.recipe.get("seed")
        return seed if isinstance(seed, int) else None

    def tags(self) -> dict[str, str]:
        """Those that players show; the recipe stands in the XMP packet as well."""
        recipe = marking.recipe_text(self.recipe)
        return {"title": self.title, "artist": marking.SOFTWARE, "comment": self.label, "synopsis": recipe}

    def packet(self) -> str:
        return marking.packet(self.label, marking.recipe_text(self.recipe))


def read_order(params: Mapping[str, Any], title: str) -> Order:
    """Raises TaskFailed invalid."""
    limit, recipe = params.get("limit_bytes"), params.get("recipe") or {}
    if isinstance(limit, bool) or not isinstance(limit, int) or not LEAST_LIMIT <= limit <= MOST_LIMIT:
        raise TaskFailed("invalid", f"limit_bytes: {LEAST_LIMIT} to {MOST_LIMIT} needed")
    if not isinstance(recipe, Mapping):
        raise TaskFailed("invalid", "recipe")
    try:
        marking.recipe_text(recipe)
    except (TypeError, ValueError):
        raise TaskFailed("invalid", "recipe") from None
    return Order(limit=limit, label=str(params.get("label") or "AI"), title=title, recipe=recipe)


def path_of(value: Any, name: str) -> Path:
    if not isinstance(value, str) or not Path(value).is_absolute():
        raise TaskFailed("invalid", f"{name}: an absolute path needed")
    return Path(value)


def opened(path: Path) -> Image.Image:
    """A picture of ours as RGB. Raises TaskFailed worker_failed."""
    try:
        with Image.open(path, formats=("PNG", "JPEG", "WEBP")) as picture:
            if picture.width * picture.height > video_files.PIXEL_LIMIT:
                raise TaskFailed("worker_failed", "too many pixels")
            return picture.convert("RGB")
    except (OSError, ValueError, SyntaxError, AttributeError, Image.DecompressionBombError) as error:
        raise TaskFailed("worker_failed", f"unreadable: {type(error).__name__}") from None


def light_of(picture: Image.Image) -> int:
    """How light the picture is where it is lightest, 0 (nothing but black) … 255."""
    counts = picture.convert("L").histogram()
    left = (1 - _LIGHTEST) * sum(counts)
    for value in range(255, 0, -1):
        left -= counts[value]
        if left < 0:
            return value
    return 0


def measured(path: Path, seen: Callable[[Shown, int], Image.Image]) -> dict[str, Any]:
    """What a check wants to know of a finished file, from decoding all of it.

    sha256 of the file; frames, fps (their mean), seconds, width, height, bytes; light [one number a frame, see
    `light_of`]; audio: null or {seconds, lufs (null: nothing to be heard), peak_db, finite, clipped, silent_share}.
    `seen(frame, number)` gets every frame and answers with the picture of it that is measured.
    """
    digest = _digest(path)
    light: list[int] = []
    ticks, size = 0, (0, 0)
    for number, shown in enumerate(video_files.read(path), 1):
        light.append(light_of(seen(shown, number)))
        size = shown[0].size
        ticks += shown[1]
    heard = _heard(mixing.read(path)) if video_files.has_sound(path) else None
    if _digest(path) != digest:
        raise TaskFailed("worker_failed", "the file changed while it was read")
    seconds = ticks / TICKS
    return {
        "frames": len(light),
        "fps": round(len(light) / seconds, 3) if seconds else 0.0,
        "seconds": round(seconds, 3),
        "width": size[0],
        "height": size[1],
        "bytes": path.stat().st_size,
        "sha256": digest,
        "light": light,
        "audio": heard,
    }


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise TaskFailed("worker_failed", f"unreadable: {type(error).__name__}") from None


def _heard(samples: Samples) -> dict[str, Any]:
    facts = loudness.measured(samples, sound_files.RATE)
    kept = {name: facts[name] for name in ("seconds", "finite", "clipped", "silent_share")}
    peak = facts["peak"]
    decibels = None if peak is None else round(loudness.decibels_of(peak), 2)
    return {**kept, "lufs": facts["loudness_lufs"], "peak_db": decibels}


def finish(task: Task, context: Context, name: str, reel: Reel, order: Order, poster: int) -> Result:
    """`<name>.mp4` of kind "video" and `poster.png` of kind "sheet", index 0: its frame number `poster`, from 1.

    Facts: measured (see there), reduced (see `fitting.fit`).
    """
    path = task.out / f"{name}.mp4"
    reduced = fitting.fit(path, reel, order.limit, context)
    chosen: list[Image.Image] = []

    def seen(shown: Shown, number: int) -> Image.Image:
        context.check()
        context.progress(900 + round(99 * number / reel.count), 1000, "reading")
        if number == poster:
            chosen.append(shown[0])
        return shown[0]

    facts = measured(path, seen)
    if facts["frames"] != reel.count or not chosen:
        raise TaskFailed("worker_failed", "another number of frames than were written")
    foot = foot_line(order.label, order.recipe, [order.seed])
    sheet = compose([Tile(1, chosen[0])], Words(foot=foot, flagged=""), size=chosen[0].size, beside=None)
    (task.out / "poster.png").write_bytes(marking.png(sheet, order.label, marking.recipe_text(order.recipe)))
    context.progress(1000, 1000)
    files = [
        File(name=path.name, index=1, seed=order.seed, kind="video"),
        File(name="poster.png", index=0, kind="sheet"),
    ]
    return Result(files=files, facts={"measured": facts, "reduced": reduced})


def _video_post(task: Task, context: Context) -> Result:
    """`video.mp4` and `poster.png`, see `finish`.

    Params: frames [absolute paths of pictures of one size, in their order; 1 … 480], fps (whole, 1 … 60), song
    (absolute path of a WAV, or null), limit_bytes, label, title, recipe (plain values).
    """
    params = task.params
    order = read_order(params, str(params.get("title") or ""))
    paths, fps = _frames(params), _fps(params)
    size = opened(paths[0]).size
    ticks = TICKS // fps
    seconds = len(paths) * ticks / TICKS
    sound = None
    if params.get("song") is not None:
        song = mixing.cut(mixing.read(path_of(params["song"], "song")), seconds)
        sound = mixing.levelled(song, task.out)
    reel = Reel(
        frames=functools.partial(_shown, paths, size, ticks),
        count=len(paths),
        ticks=len(paths) * ticks,
        fps=Fraction(fps),
        size=video_files.even(enlarged(size, SHOWN_SIDE)),
        sound=sound,
        cues=(),
        tags=order.tags(),
        packet=order.packet(),
    )
    return finish(task, context, "video", reel, order, poster=1)


def _shown(paths: list[Path], size: tuple[int, int], ticks: int) -> Iterator[Shown]:
    for path in paths:
        picture = opened(path)
        if picture.size != size:
            raise TaskFailed("worker_failed", "frames of different sizes")
        yield picture, ticks


def _frames(params: Mapping[str, Any]) -> list[Path]:
    frames = params.get("frames")
    if not isinstance(frames, list) or not 1 <= len(frames) <= POST_FRAMES:
        raise TaskFailed("invalid", f"frames: 1 to {POST_FRAMES} needed")
    return [path_of(frame, "frames") for frame in frames]


def _fps(params: Mapping[str, Any]) -> int:
    fps = params.get("fps")
    if isinstance(fps, bool) or not isinstance(fps, int) or not 1 <= fps <= _FPS_LIMIT:
        raise TaskFailed("invalid", f"fps: 1 to {_FPS_LIMIT} needed")
    return fps


def _read_frames(task: Task, context: Context) -> Result:
    """`frame-00001.png` … of kind "frame", one for each frame of the file, and the facts of `measured`.

    Params: file (absolute path of an mp4 that `video_post` or `clip_post` wrote). A frame's shorter side is 256 pixels
    at most and its longer one 512.
    """
    path = path_of(task.params.get("file"), "file")
    _, lengths = video_files.durations(path)
    files: list[File] = []

    def seen(shown: Shown, number: int) -> Image.Image:
        context.check()
        context.progress(number, len(lengths), "reading")
        picture = _reduced(shown[0])
        files.append(File(name=f"frame-{number:05}.png", index=number, kind="frame"))
        picture.save(task.out / files[-1].name, "PNG", compress_level=1)
        return picture

    facts = measured(path, seen)
    if facts["frames"] != len(lengths):
        raise TaskFailed("worker_failed", "frames are missing")
    return Result(files=files, facts=facts)


def _reduced(picture: Image.Image) -> Image.Image:
    factor = min(1.0, CHECKED_SIDE / min(picture.size), CHECKED_LONGEST / max(picture.size))
    size = (max(1, round(picture.width * factor)), max(1, round(picture.height * factor)))
    return picture if size == picture.size else picture.resize(size, Image.Resampling.LANCZOS)
