"""The media family: composes what is shown and decodes what strangers send. The tasks stand in its README."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from generation.families.media import marking, probing
from generation.families.media.sheet import Tile, Words, compose, foot_line
from generation.worker.api import Context, File, Result, Task, TaskFailed

PICTURES_LIMIT = 4
PIXEL_LIMIT = 16 * 1024 * 1024
DEFAULT_SIDE = 512
DIAGRAMS = frozenset({"draw_bars", "draw_tokens", "draw_words"})
SOUND_TASKS = frozenset({"probe_audio", "audio_post", "measure_audio"})
MIDI_TASKS = frozenset({"probe_midi", "notes_post"})
VIDEO_TASKS = frozenset({"video_post", "read_frames"})


def create() -> MediaAdapter:
    return MediaAdapter()


class MediaAdapter:
    """Works on files only and keeps nothing."""

    parallel = 2  # Pillow lets go of the interpreter's lock while it codes

    def run(self, task: Task, context: Context) -> Result:
        """One of the tasks of the README; takes no model. Raises Cancelled, TaskFailed invalid or worker_failed."""
        context.check()
        if task.name == "image_sheet":
            return _image_sheet(task, context)
        if task.name == "probe_image":
            return _probe_image(task, context)
        if task.name in DIAGRAMS:
            from generation.families.media.diagrams import draw

            return draw(task)
        return _of_sound_or_video(task, context)


def _of_sound_or_video(task: Task, context: Context) -> Result:
    # loaded with the first task of a kind: their libraries take seconds
    if task.name in SOUND_TASKS:
        from generation.families.media.sound import run_sound

        return run_sound(task, context)
    if task.name in MIDI_TASKS:
        from generation.families.media.midi import run_midi

        return run_midi(task, context)
    if task.name in VIDEO_TASKS:
        from generation.families.media.video import run_video

        return run_video(task, context)
    if task.name == "clip_post":
        from generation.families.media.clip import clip_post

        return clip_post(task, context)
    raise TaskFailed("invalid", f"no task {task.name}")


def _image_sheet(task: Task, context: Context) -> Result:
    """`sheet.png` (or `sheet.webp`) of kind "sheet", index 0, and `picture-<index>.png` for each picture with a file.

    Params: pictures [{file: absolute path or null when refused, index, seed}], beside (path or null), label,
    flagged_text, recipe (plain values), old_label, new_label. Facts: width, height, bytes {file name: size}.
    """
    entries = _entries(task.params)
    recipe = _mapping(task.params.get("recipe") or {})
    label = str(task.params.get("label") or "AI")
    tiles = [Tile(int(entry["index"]), _opened(entry.get("file"))) for entry in entries]
    contents = _singles(entries, tiles, label, recipe, context)
    sheet = compose(
        tiles,
        _words(task.params, label, recipe, entries),
        size=_size(tiles, recipe),
        beside=_opened(task.params.get("beside")),
    )
    context.check()
    seeds = [entry.get("seed") for entry in entries]
    ending, content = marking.sheet(sheet, label, marking.recipe_text({**recipe, "seeds": seeds}))
    files = [File(name=f"sheet.{ending}", index=0, kind="sheet"), *(file for file, _ in contents)]
    for file, data in zip(files, [content, *(data for _, data in contents)], strict=True):
        (task.out / file.name).write_bytes(data)
    sizes = {file.name: (task.out / file.name).stat().st_size for file in files}
    return Result(files=files, facts={"width": sheet.width, "height": sheet.height, "bytes": sizes})


def _singles(
    entries: Sequence[Mapping[str, Any]],
    tiles: Sequence[Tile],
    label: str,
    recipe: Mapping[str, Any],
    context: Context,
) -> list[tuple[File, bytes]]:
    """The pictures themselves, pixel for pixel, with their recipe in the file."""
    made = []
    for entry, tile in zip(entries, tiles, strict=True):
        if tile.picture is None:
            continue
        context.check()
        text = marking.recipe_text({**recipe, "seed": entry.get("seed"), "index": tile.number})
        file = File(name=f"picture-{tile.number}.png", index=tile.number, seed=entry.get("seed"))
        made.append((file, marking.png(tile.picture, label, text)))
    return made


def _probe_image(task: Task, context: Context) -> Result:
    """`clean.png`: params {file: absolute path}; facts width, height, format (see `probing.probe`)."""
    file = task.params.get("file")
    if not isinstance(file, str):
        raise TaskFailed("invalid", "file: a path needed")
    facts = probing.probe(Path(file), task.out / "clean.png", context)
    return Result(files=[File(name="clean.png", kind="upload")], facts=facts)


def _entries(params: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    entries = params.get("pictures")
    if not isinstance(entries, list) or not 1 <= len(entries) <= PICTURES_LIMIT:
        raise TaskFailed("invalid", f"pictures: 1 to {PICTURES_LIMIT} needed")
    for entry in entries:
        if not isinstance(_mapping(entry).get("index"), int):
            raise TaskFailed("invalid", "pictures: index needed")
    if len({entry["index"] for entry in entries}) != len(entries):
        raise TaskFailed("invalid", "pictures: index twice")
    return entries


def _mapping(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise TaskFailed("invalid", "an object needed")
    return value


def _opened(file: Any) -> Image.Image | None:
    """A picture of ours, fully decoded, or None for none. Raises TaskFailed worker_failed."""
    if file is None:
        return None
    try:
        with Image.open(file, formats=("PNG", "JPEG", "WEBP")) as picture:
            if picture.width * picture.height > PIXEL_LIMIT:
                raise TaskFailed("worker_failed", "too many pixels")
            picture.load()
            return picture.copy()
    except (OSError, ValueError, SyntaxError, AttributeError, Image.DecompressionBombError) as error:
        raise TaskFailed("worker_failed", f"unreadable: {type(error).__name__}") from None


def _size(tiles: Sequence[Tile], recipe: Mapping[str, Any]) -> tuple[int, int]:
    """The size of the pictures; where all were refused, the size that had been asked for."""
    for tile in tiles:
        if tile.picture is not None:
            return tile.picture.size
    asked = recipe.get("params")
    sides = [asked.get(side) for side in ("width", "height")] if isinstance(asked, Mapping) else []
    match sides:
        case [int(width), int(height)] if min(width, height) >= 1 and max(width, height) <= 4096:
            return width, height
    return DEFAULT_SIDE, DEFAULT_SIDE


def _words(
    params: Mapping[str, Any], label: str, recipe: Mapping[str, Any], entries: Sequence[Mapping[str, Any]]
) -> Words:
    return Words(
        foot=foot_line(label, recipe, [entry.get("seed") for entry in entries]),
        flagged=str(params.get("flagged_text") or ""),
        old=str(params.get("old_label") or ""),
        new=str(params.get("new_label") or ""),
    )
