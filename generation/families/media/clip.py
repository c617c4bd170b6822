"""The combined piece: title card, pictures and videos, voices in front of music, subtitles."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

from PIL import Image

from generation.families.media import mixing, subtitles, title_card, video_files
from generation.families.media.clip_order import Part, Plan, read_plan
from generation.families.media.loudness import Samples
from generation.families.media.mixing import Placed
from generation.families.media.sheet import fitted
from generation.families.media.subtitles import Cue
from generation.families.media.video import finish, light_of, opened, read_order
from generation.families.media.video_files import TICKS, Reel, Shown
from generation.worker.api import Context, File, Result, Task, TaskFailed

BLACK_LIGHT = 16
"""A part that is nowhere lighter is no picture: below subtitles the finished frame would not show it. As in
moderation/video_check.py."""


def clip_post(task: Task, context: Context) -> Result:
    """`clip.mp4`, `poster.png` (see `video.finish`) and, where somebody speaks, `clip.srt` of kind "subtitles".

    Params: title {lines [1 … 12 texts], seconds: 3 unless given}; parts [{kind "picture", file, seconds} or {kind
    "video", file: mp4 of ours}]; music: path or null (the videos keep their own sound then); speech [{file, text, at:
    the earliest second, 0 unless given}]; subtitles "burned" or "track"; limit_bytes, label, recipe. Paths are
    absolute; sounds are WAV, ogg or mp3. Facts: those of `finish`, subtitles (how many), held (seconds that the last
    part stands longer because somebody is still speaking), spoken [[start, end] in seconds].
    """
    plan = read_plan(task.params)
    order = read_order(task.params, plan.lines[0])
    cues = plan.cues()
    sound = _sound(plan)
    reel = Reel(
        frames=functools.partial(_frames, plan, order.label, cues if plan.burned else ()),
        count=plan.count,
        ticks=plan.ticks,
        fps=Fraction(plan.count * TICKS, plan.ticks).limit_denominator(1000),
        size=plan.size,
        sound=None if sound is None else mixing.levelled(sound, task.out),
        cues=() if plan.burned else cues,
        tags=order.tags(),
        packet=order.packet(),
    )
    made = finish(task, context, "clip", reel, order, poster=len(plan.card) + 1)
    files = list(made.files)
    if cues:
        (task.out / "clip.srt").write_text(subtitles.srt(cues), encoding="utf-8")
        files.append(File(name="clip.srt", index=1, kind="subtitles"))
    spoken = [[round(one.sound.start, 3), round(one.sound.end, 3)] for one in plan.spoken]
    held = round(sum(plan.held) / TICKS, 3)
    return replace(
        made, files=files, facts={**made.facts, "subtitles": len(cues), "held": held, "spoken": spoken}
    )


def _frames(plan: Plan, label: str, cues: tuple[Cue, ...]) -> Iterator[Shown]:
    """With the words of each moment drawn on it."""
    at = 0
    drawn: tuple[Image.Image, tuple[str, ...], Image.Image] | None = None
    for picture, ticks in _pictures(plan, label):
        lines = _lines(cues, (at + ticks / 2) / TICKS)
        at += ticks
        if not lines:
            yield picture, ticks
            continue
        if drawn is None or drawn[0] is not picture or drawn[1] != lines:
            drawn = picture, lines, subtitles.draw(picture, lines)
        yield drawn[2], ticks


def _lines(cues: tuple[Cue, ...], moment: float) -> tuple[str, ...]:
    return next((cue.lines for cue in cues if cue.start <= moment < cue.end), ())


def _pictures(plan: Plan, label: str) -> Iterator[Shown]:
    picture = title_card.draw(plan.size, plan.lines, label)
    for ticks in plan.card:
        yield picture, ticks
    for part in plan.parts:
        for picture, ticks in _of(part, plan.size):
            yield picture, ticks
    for ticks in plan.held:
        yield picture, ticks


def _of(part: Part, size: tuple[int, int]) -> Iterator[Shown]:
    if part.is_video:
        for (picture, _), ticks in zip(video_files.read(part.file), part.ticks, strict=True):
            yield _placed(picture, size), ticks
        return
    picture = _placed(opened(part.file), size)
    for ticks in part.ticks:
        yield picture, ticks


def _placed(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    if light_of(picture) <= BLACK_LIGHT:
        raise TaskFailed("worker_failed", "a black picture")
    return fitted(picture, size, title_card.GROUND)


def _sound(plan: Plan) -> Samples | None:
    seconds = plan.ticks / TICKS
    if plan.music is not None:
        music = [Placed(0.0, mixing.cut(mixing.read(plan.music), seconds))]
    else:
        music = list(_own_sounds(plan))
    return mixing.mixed(seconds, music, [one.sound for one in plan.spoken])


def _own_sounds(plan: Plan) -> Iterator[Placed]:
    at = sum(plan.card) / TICKS
    for part in plan.parts:
        if part.is_video and video_files.has_sound(part.file):
            yield Placed(at, mixing.cut(mixing.read(part.file), part.seconds))
        at += part.seconds
