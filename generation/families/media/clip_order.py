"""What a combined piece is made of: read strictly, and laid out in time."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from generation.families.media import mixing, video_files
from generation.families.media.mixing import Placed
from generation.families.media.subtitles import Cue, cues_of
from generation.families.media.video import opened, path_of
from generation.families.media.video_files import TICKS
from generation.worker.api import TaskFailed

PARTS_LIMIT, SPEECH_LIMIT, LINES_LIMIT = 24, 24, 12
SECONDS_LIMIT = 120.0
PICTURE_SECONDS = (0.5, 60.0)
TITLE_SECONDS = 3.0
TEXT_LIMIT = 4000
STILL_FPS = 4
"""Frames a second of a picture that stands: each of them is checked."""
SIDES = (640, 1280)
"""The longer side of a clip is in between, whatever its parts have."""
_GAP = 0.35
"""Seconds between two spoken parts, at least."""
_AFTER = 0.3


@dataclass(frozen=True, slots=True)
class Part:
    """A picture, or the frames of a video, each for its ticks."""

    file: Path
    is_video: bool
    size: tuple[int, int]
    ticks: tuple[int, ...]

    @property
    def seconds(self) -> float:
        return sum(self.ticks) / TICKS


@dataclass(frozen=True, slots=True)
class Spoken:
    text: str
    sound: Placed


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """`card`: the ticks of the title's frames; `held`: those that the last picture stands longer for the voice."""

    lines: tuple[str, ...]
    card: tuple[int, ...]
    parts: tuple[Part, ...]
    held: tuple[int, ...]
    spoken: tuple[Spoken, ...]
    music: Path | None
    burned: bool
    size: tuple[int, int]

    @property
    def ticks(self) -> int:
        return sum(self.card) + sum(sum(part.ticks) for part in self.parts) + sum(self.held)

    @property
    def count(self) -> int:
        return len(self.card) + sum(len(part.ticks) for part in self.parts) + len(self.held)

    def cues(self) -> tuple[Cue, ...]:
        found = [cues_of(one.text, one.sound.start, one.sound.end, self.size) for one in self.spoken]
        return tuple(cue for cues in found for cue in cues)


def read_plan(params: Mapping[str, Any]) -> Plan:
    """Raises TaskFailed invalid, and worker_failed for files that no family of ours writes."""
    lines, card = _title(params.get("title"))
    parts = tuple(_part(entry) for entry in _entries(params, "parts", 1, PARTS_LIMIT))
    subtitles = params.get("subtitles", "burned")
    if subtitles not in {"burned", "track"}:
        raise TaskFailed("invalid", "subtitles")
    music = params.get("music")
    spoken = _spoken(params, begin=sum(card) / TICKS)
    shown = sum(card) / TICKS + sum(part.seconds for part in parts)
    over = max((one.sound.end + _AFTER for one in spoken), default=0.0) - shown
    if shown + max(0.0, over) > SECONDS_LIMIT:
        raise TaskFailed("invalid", "clip_long")
    plan = Plan(
        lines=lines,
        card=card,
        parts=parts,
        held=standing(over) if over > 0 else (),
        spoken=spoken,
        music=None if music is None else path_of(music, "music"),
        burned=subtitles == "burned",
        size=_canvas(parts),
    )
    if plan.count > video_files.FRAMES_LIMIT:
        raise TaskFailed("invalid", "clip_long")
    return plan


def standing(seconds: float) -> tuple[int, ...]:
    """The ticks of the frames of something that stands: the last one takes what is left."""
    whole, each = max(1, round(seconds * TICKS)), TICKS // STILL_FPS
    count = max(1, round(whole / each))
    return (each,) * (count - 1) + (whole - each * (count - 1),)


def _title(value: Any) -> tuple[tuple[str, ...], tuple[int, ...]]:
    if not isinstance(value, Mapping) or not isinstance(value.get("lines"), list):
        raise TaskFailed("invalid", "title: lines needed")
    lines = tuple(line for line in value["lines"] if isinstance(line, str) and line.strip())
    if len(lines) != len(value["lines"]) or not 1 <= len(lines) <= LINES_LIMIT:
        raise TaskFailed("invalid", f"title: 1 to {LINES_LIMIT} lines needed")
    return lines, standing(_seconds(value.get("seconds", TITLE_SECONDS), (0.5, 10.0), "title"))


def _part(entry: Mapping[str, Any]) -> Part:
    file = path_of(entry.get("file"), "parts")
    if entry.get("kind") == "video":
        size, lengths = video_files.durations(file)
        return Part(file, True, size, tuple(lengths))
    if entry.get("kind") != "picture":
        raise TaskFailed("invalid", "parts: kind")
    return Part(
        file, False, opened(file).size, standing(_seconds(entry.get("seconds"), PICTURE_SECONDS, "parts"))
    )


def _spoken(params: Mapping[str, Any], begin: float) -> tuple[Spoken, ...]:
    """One after the other, none before the title is over."""
    found: list[Spoken] = []
    free = begin
    for entry in _entries(params, "speech", 0, SPEECH_LIMIT):
        text = entry.get("text")
        if not isinstance(text, str) or not text.strip() or len(text) > TEXT_LIMIT:
            raise TaskFailed("invalid", "speech: text")
        at = _seconds(entry.get("at", 0.0), (0.0, SECONDS_LIMIT), "speech")
        sound = Placed(max(at, free), mixing.read(path_of(entry.get("file"), "speech")))
        found.append(Spoken(text, sound))
        free = sound.end + _GAP
    return tuple(found)


def _entries(params: Mapping[str, Any], name: str, least: int, most: int) -> list[Mapping[str, Any]]:
    entries = params.get(name) or []
    if not isinstance(entries, list) or not least <= len(entries) <= most:
        raise TaskFailed("invalid", f"{name}: {least} to {most} needed")
    if not all(isinstance(entry, Mapping) for entry in entries):
        raise TaskFailed("invalid", f"{name}: objects needed")
    return entries


def _seconds(value: Any, bounds: tuple[float, float], name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise TaskFailed("invalid", f"{name}: seconds")
    if not bounds[0] <= value <= bounds[1]:
        raise TaskFailed("invalid", f"{name}: {bounds[0]} to {bounds[1]} seconds")
    return float(value)


def _canvas(parts: tuple[Part, ...]) -> tuple[int, int]:
    """The shape of the first part, as large as the largest one."""
    width, height = parts[0].size
    longest = max(max(part.size) for part in parts)
    factor = min(max(longest, SIDES[0]), SIDES[1]) / max(width, height)
    return video_files.even((width * factor, height * factor))
