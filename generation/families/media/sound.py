"""Sound: uploads become clean WAV files, generated pieces become what is posted."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy

from generation.families.media import loudness, marking, sound_files, waves
from generation.families.media.loudness import Samples
from generation.families.media.pieces import Order, Piece, numbers_of, read_order
from generation.families.media.probing import Kind, decoded
from generation.families.media.sheet import foot_line
from generation.worker.api import Context, File, Result, Task, TaskFailed

AUDIO = Kind(
    name="audio",
    limit=32 * 1024 * 1024,
    missing="audio_missing",
    large="audio_large",
    broken="audio_broken",
    slow="audio_broken",
    faults=frozenset({"audio_kind", "audio_broken", "audio_long", "audio_empty"}),
)
UPLOAD_SECONDS = 60
UPLOAD_RATES = (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000)
"""That uploads are kept at. An odd one such as 31,999 Hz would cost a model's resampler gigabytes."""
UPLOAD_LUFS, POST_LUFS = -18.0, -16.0
CEILING_DB = -1.0
UPLOAD_RAISED_DB, POST_RAISED_DB = 30.0, 12.0
LIMITING_DB = 6.0
PIECES_LIMIT = 4
MEASURED_LIMIT = 6
_EDGE = 0.004
"""Seconds over which a piece begins and ends, so that neither is a click."""
_TRIES = 4


def run_sound(task: Task, context: Context) -> Result:
    if task.name == "measure_audio":
        return _measure(task, context)
    return _probe(task, context) if task.name == "probe_audio" else _post(task, context)


@dataclass(frozen=True, slots=True)
class Finished:
    """A piece as it was written, and decoded again."""

    piece: Piece
    file: File
    samples: Samples
    facts: dict[str, Any]


def finish(
    piece: Piece, samples: Samples, ending: str, order: Order, out: Path, rate: int = sound_files.RATE
) -> Finished:
    """`piece-<index>.<ending>`: as loud as it should be, with its tags, and what its decoded samples measure."""
    recipe = marking.recipe_text({**order.recipe, "seed": piece.seed, "index": piece.index})
    learned = order.recipe.get("learned") is not False
    tags = marking.sound_tags(order.title, order.label, recipe, learned=learned)
    file = File(name=f"piece-{piece.index}.{ending}", index=piece.index, seed=piece.seed, kind="audio")
    level = loudness.levelled(
        _edged(loudness.resampled(samples, rate, sound_files.RATE)),
        sound_files.RATE,
        target=POST_LUFS,
        ceiling=CEILING_DB,
        raised=POST_RAISED_DB,
        limiting=LIMITING_DB,
    )
    for _ in range(_TRIES):
        sound_files.encode(out / file.name, level, ending, tags)
        heard = sound_files.decode(out / file.name)
        over = float(numpy.abs(heard).max(initial=0.0)) / loudness.factor_of(CEILING_DB)
        if over <= 1 or not math.isfinite(over):
            break
        level = level / (over * 1.01)  # a coder's own overshoot
    facts = loudness.measured(heard, sound_files.RATE)
    if facts["clipped"] is not None:  # a piece that came clipped is not better for being quieter
        facts["clipped"] = max(facts["clipped"], round(loudness.clipped_share(samples), 6))
    return Finished(piece, file, heard, facts)


def _post(task: Task, context: Context) -> Result:
    """`piece-<index>.ogg` or `.mp3` of kind "audio" and `waves.png` of kind "sheet", index 0.

    Params: pieces [{file: absolute path of a PCM16 WAV or null when refused, index, seed, seam: seconds or null}],
    format "ogg" or "mp3", label, title, recipe (plain values), flagged_text; sections [{mark, start}] and
    section_words {mark: word} for marks above the wave, seam_text for the seam, decimal: the sign before tenths.
    Facts: measured {file name: see `loudness.measured`}, width, height, bytes {file name: size}.
    """
    order = read_order(task.params, PIECES_LIMIT)
    ending = task.params.get("format", "ogg")
    if ending not in sound_files.FORMATS:
        raise TaskFailed("invalid", "format")
    drawing = waves.Words(
        foot=foot_line(order.label, order.recipe, [piece.seed for piece in order.pieces]),
        flagged=order.flagged,
        seam=str(task.params.get("seam_text") or ""),
        sections=_sections(task.params),
        decimal=str(task.params.get("decimal") or ",")[:1],
    )
    finished: list[Finished] = []
    for number, piece in enumerate(order.pieces):
        context.check()
        context.progress(number, len(order.pieces) + 1)
        if piece.file is not None:
            samples, rate = sound_files.read_wav(piece.file)
            finished.append(finish(piece, samples, ending, order, task.out, rate))
    context.check()
    heard = {one.piece.index: one.samples for one in finished}
    picture = waves.draw(
        [waves.Wave(one.index, heard.get(one.index), one.seam) for one in order.pieces],
        drawing,
        sound_files.RATE,
    )
    return result_of(task.out, "waves.png", picture, order, finished)


def _measure(task: Task, context: Context) -> Result:
    """No files. Params: files [absolute paths of sounds that `audio_post` or `notes_post` wrote]. Facts: measured
    {path: see `loudness.measured`}.

    Raises TaskFailed invalid without files or with too many, worker_failed for one that cannot be decoded.
    """
    paths = task.params.get("files")
    if not isinstance(paths, list) or not 1 <= len(paths) <= MEASURED_LIMIT:
        raise TaskFailed("invalid", f"files: 1 to {MEASURED_LIMIT} needed")
    measured = {}
    for number, path in enumerate(paths):
        context.check()
        context.progress(number, len(paths))
        if not isinstance(path, str) or Path(path).suffix[1:] not in sound_files.FORMATS:
            raise TaskFailed("invalid", "files: a path needed")
        try:
            heard = sound_files.decode(Path(path))
        except (OSError, ValueError, LookupError) as error:
            raise TaskFailed("worker_failed", f"unreadable: {type(error).__name__}") from None
        measured[path] = loudness.measured(heard, sound_files.RATE)
    return Result(facts={"measured": measured})


def result_of(
    out: Path, name: str, picture: Any, order: Order, finished: list[Finished], *more: File
) -> Result:
    """Write the picture; the files, and the facts that the tasks about pieces share."""
    seeds = [piece.seed for piece in order.pieces]
    recipe = marking.recipe_text({**order.recipe, "seeds": seeds})
    (out / name).write_bytes(marking.png(picture, order.label, recipe))
    files = [File(name=name, index=0, kind="sheet"), *more, *(one.file for one in finished)]
    facts = {
        "measured": {one.file.name: one.facts for one in finished},
        "width": picture.width,
        "height": picture.height,
        "bytes": {file.name: (out / file.name).stat().st_size for file in files},
    }
    return Result(files=files, facts=facts)


def _probe(task: Task, context: Context) -> Result:
    """`clean.wav` of kind "upload": PCM16, 1 or 2 channels, one of UPLOAD_RATES, -18 LUFS, no metadata.

    Params: file (absolute path). Facts: seconds, channels, sample_rate, format ("wav", "mp4", "flac", "ogg", "webm",
    "mp3"), tags {machine, job, seed}: what the file says of itself in our own tags, which anybody can write.
    Raises TaskFailed invalid with audio_missing, audio_large, audio_kind, audio_broken, audio_long, audio_empty or
    audio_silent.
    """
    file = task.params.get("file")
    if not isinstance(file, str):
        raise TaskFailed("invalid", "file: a path needed")
    raw = task.out / "decoded.raw"
    try:
        facts = decoded(AUDIO, Path(file), raw, context)
        samples, rate = _read_raw(raw, facts)
    finally:
        raw.unlink(missing_ok=True)
    context.check()
    clean, target = _clean(samples, rate)
    if loudness.decibels_of(float(numpy.abs(samples).max())) < loudness.SILENCE_DB:
        raise TaskFailed("invalid", "audio_silent")
    sound_files.write_wav(task.out / "clean.wav", clean, target)
    return Result(
        files=[File(name="clean.wav", kind="upload")],
        facts={
            "seconds": round(len(clean) / target, 3),
            "channels": clean.shape[1],
            "sample_rate": target,
            "format": facts["format"],
            "tags": facts["tags"],
        },
    )


def _clean(samples: Samples, rate: int) -> tuple[Samples, int]:
    """At a usual rate and loudness, and that rate."""
    target = next((one for one in UPLOAD_RATES if one >= rate), UPLOAD_RATES[-1])
    level = loudness.levelled(
        loudness.resampled(samples, rate, target),
        target,
        target=UPLOAD_LUFS,
        ceiling=CEILING_DB,
        raised=UPLOAD_RAISED_DB,
        limiting=LIMITING_DB,
    )
    return level[: UPLOAD_SECONDS * target], target


def _read_raw(raw: Path, facts: Mapping[str, Any]) -> tuple[Samples, int]:
    """What the child wrote, believed as far as it fits."""
    match facts:
        case {
            "rate": int(rate),
            "channels": 1 | 2 as channels,
            "frames": int(frames),
            "format": str(),
            "tags": dict(),
        }:
            values = numpy.fromfile(raw, dtype=numpy.float32)
        case _:
            raise TaskFailed("invalid", "audio_broken")
    fits = 8000 <= rate <= 192_000 and 0 < frames <= (UPLOAD_SECONDS + 1) * rate
    # beyond what any sound holds; its square would not be finite
    if not fits or len(values) != frames * channels or not (numpy.abs(values) < 1e6).all():
        raise TaskFailed("invalid", "audio_broken")
    return values.reshape(frames, channels).astype(numpy.float64), rate


def _edged(samples: Samples) -> Samples:
    length = min(round(_EDGE * sound_files.RATE), len(samples) // 2)
    ramp = numpy.linspace(0, 1, length, endpoint=False)[:, None]
    soft = samples.copy()
    soft[:length] *= ramp
    soft[len(soft) - length :] *= ramp[::-1]
    return soft


def _sections(params: Mapping[str, Any]) -> tuple[tuple[float, str], ...]:
    given = params.get("sections") or []
    words = params.get("section_words") or {}
    if not isinstance(given, list) or not isinstance(words, Mapping):
        raise TaskFailed("invalid", "sections")
    starts = numbers_of(given, "start")
    return tuple(
        (start, str(words.get(one.get("mark")) or one.get("mark") or ""))
        for [start], one in zip(starts, given, strict=True)
    )
