"""Notes: uploads become a melody, generated pieces become what is posted: MIDI file, sound, piano roll."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mido

from generation.families.media import marking, roll, sound, sound_files, synth
from generation.families.media.decode_midi import NOTES_LIMIT, Note, read
from generation.families.media.pieces import Order, Piece, read_order
from generation.families.media.probing import Kind, decoded
from generation.families.media.sheet import foot_line
from generation.worker.api import Context, File, Result, Task, TaskFailed

MIDI = Kind(
    name="midi",
    limit=512 * 1024,
    missing="midi_missing",
    large="midi_long",
    broken="midi_broken",
    slow="midi_broken",
    faults=frozenset({"midi_empty", "midi_long"}),
)
PIECES_LIMIT = 6
PLAYED_NOTES_LIMIT = 4 * NOTES_LIMIT


def run_midi(task: Task, context: Context) -> Result:
    return _probe(task, context) if task.name == "probe_midi" else _post(task, context)


@dataclass(frozen=True, slots=True)
class _Score:
    file: Any
    notes: Sequence[Note]
    tempo: float
    beats_a_bar: float


def _probe(task: Task, context: Context) -> Result:
    """No files. Params: file (absolute path). Facts: notes [[pitch, start, length in beats]], tempo, of the melody: the
    top line of the voice with most notes, drums left out.

    Raises TaskFailed invalid with midi_missing, midi_broken, midi_empty or midi_long.
    """
    file = task.params.get("file")
    if not isinstance(file, str):
        raise TaskFailed("invalid", "file: a path needed")
    facts = decoded(MIDI, Path(file), task.out / "none", context)
    match facts:
        case {"notes": [*notes], "tempo": float() | int()} if 1 <= len(notes) <= NOTES_LIMIT:
            return Result(facts=facts)
    raise TaskFailed("invalid", "midi_broken")


def _post(task: Task, context: Context) -> Result:
    """`piece-<k>.mid` of kind "notes", `piece-<k>.ogg` of kind "audio" and `roll.png` of kind "sheet", index 0.

    Params: pieces [{file: absolute path of a MIDI file or null when refused, index, seed, given: how many notes of the
    melody were given}], label, title, recipe (plain values), flagged_text, note_names (twelve, from C), given_text and
    new_text (what the two colours mean), bar_text. Facts as of `audio_post`.
    """
    order = read_order(task.params, PIECES_LIMIT)
    words = _words(task, order)
    scores, finished, files = {}, [], []
    for number, piece in enumerate(order.pieces):
        context.check()
        context.progress(number, len(order.pieces) + 1)
        if piece.file is None:
            continue
        score = scores[piece.index] = _read(piece.file)
        file = File(name=f"piece-{piece.index}.mid", index=piece.index, seed=piece.seed, kind="notes")
        _write(task.out / file.name, score, piece, order)
        files.append(file)
        finished.append(sound.finish(piece, synth.play(score.notes, score.tempo), "ogg", order, task.out))
    context.check()
    rolls = [
        roll.Roll(one.index, scores[one.index].notes if one.index in scores else None, one.given)
        for one in order.pieces
    ]
    beats_a_bar = next((score.beats_a_bar for score in scores.values()), 4.0)
    return sound.result_of(
        task.out, "roll.png", roll.draw(rolls, words, beats_a_bar), order, finished, *files
    )


def _read(path: Path) -> _Score:
    """A file of ours. Raises TaskFailed worker_failed."""
    try:
        file = mido.MidiFile(path)
        voices, tempo = read(file)
    except (OSError, EOFError, ValueError, LookupError) as error:
        raise TaskFailed("worker_failed", f"unreadable: {type(error).__name__}") from None
    notes = sorted((note for voice in voices for note in voice), key=lambda one: (one.start, -one.pitch))
    end = max([note.end for note in notes], default=0.0)
    if len(notes) > PLAYED_NOTES_LIMIT or end * 60 / tempo > sound_files.SECONDS_LIMIT - synth.TAIL:
        raise TaskFailed("worker_failed", "too long")
    return _Score(file, notes, tempo, _beats_a_bar(file))


def _beats_a_bar(file: Any) -> float:
    for track in file.tracks:
        for message in track:
            if message.type == "time_signature":
                return float(message.numerator * 4 / message.denominator)
    return 4.0


def _write(path: Path, score: _Score, piece: Piece, order: Order) -> None:
    """The same notes; at the beginning the title, and as text events what the tags of a sound file say."""
    recipe = marking.recipe_text({**order.recipe, "seed": piece.seed, "index": piece.index})
    tags = marking.sound_tags(order.title, order.label, recipe)
    title = tags.pop("title")
    texts = [tags.pop("comment"), *(f"{name}: {value}" for name, value in tags.items())]
    if not score.file.tracks:
        score.file.add_track()
    first = score.file.tracks[0]
    first[:] = [message for message in first if message.type not in ("track_name", "text")]
    first[:0] = [
        mido.MetaMessage("track_name", name=_as_bytes(title)),
        *(mido.MetaMessage("text", text=_as_bytes(text)) for text in texts),
    ]
    score.file.save(path)


def _as_bytes(text: str) -> str:
    """UTF-8 in the letters of Latin 1, which is how mido writes; its setting for another is one for all threads."""
    return text.encode().decode("latin-1")


def _words(task: Task, order: Order) -> roll.Words:
    given = task.params.get
    names = given("note_names") or roll.NAMES
    if not isinstance(names, list | tuple) or len(names) != 12:
        raise TaskFailed("invalid", "note_names: twelve needed")
    return roll.Words(
        foot=foot_line(order.label, order.recipe, [piece.seed for piece in order.pieces]),
        flagged=order.flagged,
        names=[str(name) for name in names],
        given=str(given("given_text") or ""),
        new=str(given("new_text") or ""),
        bar=str(given("bar_text") or ""),
    )
