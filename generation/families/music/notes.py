"""Task "notes": a language model over MIDI tokens writes a piece, or goes on with a melody.

A folder holds a causal language model of transformers (config.json, safetensors), miditok's tokenizer.json and, for
models that know words, prompt_words.json (see notes_words.py).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any
from zlib import crc32

import miditok
import torch
from symusic import Note as ScoreNote
from symusic import Score, Tempo, Track
from transformers import AutoModelForCausalLM

from generation.families.music import notes_files
from generation.families.music.notes_files import Voice
from generation.families.music.notes_rules import Draw, Rules
from generation.families.music.notes_words import Asked, PromptWords
from generation.job import seed_of
from generation.music_params import Note, NotesParams
from generation.worker import seeding
from generation.worker.api import Context, File, Result, Task, TaskFailed

_TOKENIZERS = ("REMI", "TSD", "MIDILike", "Structured")
"""Kinds of tokeniser with one row of tokens; the file names one, and nothing else is looked up by that name."""
TOP_P = 0.95
TEMPO = 96.0
"""Beats a minute of a melody that came without words: notes do not say how fast they are."""
_NO_END = 0.6
"""The model may end a piece only after this share of the tokens that were asked."""
_LONGEST_S = 295.0
"""No piece sounds longer, whatever a slow tempo makes of its tokens: the class does not hear five minutes of one."""
_LABEL = "AI-generated notes / KI-erzeugte Noten"
_TICKS = 480


def load(path: Path, options: Mapping[str, Any]) -> NotesWriter:
    """The model of folder `path`; `options`: top_p. Raises TaskFailed model_missing, model_broken."""
    for name in ("config.json", "tokenizer.json"):
        if not (path / name).is_file():
            raise TaskFailed("model_missing", f"no {name}")
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        tokenizer = _tokenizer(path / "tokenizer.json")
        words = PromptWords.read(path)
        model, report = AutoModelForCausalLM.from_pretrained(
            path,
            local_files_only=True,
            use_safetensors=True,
            trust_remote_code=False,
            output_loading_info=True,
            dtype=torch.float16 if device.type == "cuda" else torch.float32,
        )
    except Exception as error:  # a damaged folder makes the libraries raise anything
        if seeding.is_out_of_memory(error):
            raise
        missing = isinstance(error, OSError)
        raise TaskFailed("model_missing" if missing else "model_broken", type(error).__name__) from error
    if report["missing_keys"] or report["mismatched_keys"]:
        raise TaskFailed("model_broken", "weights missing")
    if model.config.vocab_size < len(tokenizer):
        raise TaskFailed("model_broken", "fewer tokens than the tokeniser")
    return NotesWriter(model.eval().to(device), tokenizer, words, float(options.get("top_p", TOP_P)))


def _tokenizer(file: Path) -> Any:
    """Raises ValueError for a kind that is not known."""
    name = json.loads(file.read_text(encoding="utf-8")).get("tokenization")
    if name not in _TOKENIZERS:
        raise ValueError("unknown kind of tokeniser")
    return getattr(miditok, name)(params=file)


class NotesWriter:
    """Writes pieces with one model."""

    def __init__(self, model: Any, tokenizer: Any, words: PromptWords | None, top_p: float) -> None:
        self._model = model
        self._tokenizer = tokenizer
        self._words = words
        self._top_p = top_p
        self._room = int(model.config.max_position_embeddings)
        self._rules = Rules(tokenizer, model.config.vocab_size)

    def write(self, task: Task, params: NotesParams, context: Context) -> Result:
        """Writes 1.mid … n.mid. What a prompt says beyond words the model knows changes nothing but the chance.

        Raises Cancelled within one token, TaskFailed worker_failed.
        """
        asked = self._words.find(params.prompt) if self._words else Asked()
        files, pieces = [], []
        for index in range(1, params.count + 1):
            seed = seed_of(task.seed, index)
            name = f"{index}.mid"
            done = params.tokens * (index - 1)
            piece = self._piece(params, asked, seed, _Counter(context, done, params))
            title = f"Klassenatelier {task.model.id if task.model else ''} {seed}"
            notes_files.write(task.out / name, piece["voices"], piece["tempo"], title, _LABEL)
            files.append(File(name=name, index=index, seed=seed, kind="notes"))
            pieces.append(piece)
        context.progress(params.tokens * params.count, params.tokens * params.count)
        facts: dict[str, Any] = {
            key: [piece[key] for piece in pieces] for key in ("tempo", "notes", "seconds", "tokens")
        }
        return Result(
            files=files, facts={**facts, "given_notes": len(params.melody), "known_words": list(asked.words)}
        )

    def _piece(self, params: NotesParams, asked: Asked, seed: int, counter: _Counter) -> dict[str, Any]:
        """Facts of one piece, and its voices."""
        dice = torch.Generator().manual_seed(seed ^ crc32(params.prompt.strip().casefold().encode()))
        draw = Draw(params.temperature, self._top_p, dice)
        given = self._rules.given(asked.tokens)
        octaves = _octaves(params.melody, self._tokenizer.config.pitch_range)
        melody = self._melody_tokens(params.melody, octaves, given, draw, fixed=not asked.tokens)
        made: list[int] = []
        for token in self._continue(given, melody, draw, round(params.tokens * _NO_END)):
            counter.one()
            made.append(token)
            if token == self._rules.end or len(made) >= params.tokens:
                break
        voices, bpm = self._decode([*melody, *made], params.melody, octaves, asked.program)
        notes = [note for voice in voices for note in voice.notes]
        if len(notes) <= len(params.melody):
            raise TaskFailed("worker_failed", "no notes")
        seconds = max(note.start + note.length for note in notes) * 60 / bpm
        return {
            "voices": voices,
            "tempo": round(bpm, 2),
            "notes": len(notes),
            "seconds": round(seconds, 3),
            "tokens": len(made),
        }

    def _melody_tokens(
        self, melody: Sequence[Note], octaves: int, given: list[int], draw: Draw, *, fixed: bool
    ) -> list[int]:
        """The melody as the model reads it; unless `fixed`, its tempo is the model's own choice after the words."""
        if not melody:
            return []
        encoded = self._tokenizer(_score(melody, octaves))
        ids = list((encoded[0] if isinstance(encoded, list) else encoded).ids)
        place = next((place for place, token in enumerate(ids) if self._rules.kind(token) == "Tempo"), None)
        if place is not None and not fixed:
            logits, _ = self._read([*given, *ids[:place]], None)
            ids[place] = draw.one(logits, self._rules.of_kind("Tempo"))
        return ids

    @torch.inference_mode()
    def _continue(self, given: list[int], melody: list[int], draw: Draw, no_end: int) -> Iterator[int]:
        """Token after token, without end. Where the model's room is used up it forgets the older half of its bars."""
        history = list(melody)
        seen = self._window(given, history)
        logits, memory = self._read(seen, None)
        for number in range(1, 1 << 30):
            last = history[-1] if history else None
            token = draw.one(logits, self._rules.allowed(last, may_end=number > no_end))
            yield token
            history.append(token)
            if len(seen) + 1 >= self._room:
                seen = self._window(given, history)
                logits, memory = self._read(seen, None)
            else:
                seen.append(token)
                logits, memory = self._read([token], memory)

    def _window(self, given: list[int], history: list[int]) -> list[int]:
        """What was asked and the end of the piece, from the beginning of a bar where there are bars."""
        if len(given) + len(history) < self._room * 3 // 4:
            return [*given, *history] or [self._rules.first]
        end = history[-self._room // 2 :]
        bar = next((place for place, token in enumerate(end) if self._rules.kind(token) == "Bar"), 0)
        return [*given, *end[bar:]]

    @torch.inference_mode()
    def _read(self, tokens: list[int], memory: Any) -> tuple[torch.Tensor, Any]:
        ids = torch.tensor([tokens], device=self._model.device)
        read = self._model(input_ids=ids, past_key_values=memory, use_cache=True, logits_to_keep=1)
        return read.logits[0, -1].float().cpu(), read.past_key_values

    def _decode(
        self, tokens: list[int], melody: Sequence[Note], octaves: int, program: int
    ) -> tuple[list[Voice], float]:
        """The voices, the given melody exactly as it was given, and the tempo."""
        ids = [token for token in tokens if token not in self._rules.special]
        whole = self._tokenizer.config.use_programs
        score = self._tokenizer.decode(ids if whole else [ids])
        beat = score.ticks_per_quarter
        begin = max((note.start + note.length for note in melody), default=0.0) - 1 / 8
        bpm = float(score.tempos[0].qpm) if score.tempos else TEMPO
        end = _LONGEST_S * bpm / 60
        voices = []
        for track in score.tracks:
            notes = tuple(
                Note(_folded(note.pitch - 12 * octaves), note.start / beat, note.duration / beat)
                for note in track.notes
                if (note.start / beat >= begin or not melody) and (note.start + note.duration) / beat <= end
            )
            voices.append(Voice(notes, track.program if whole else program, track.is_drum))
        if melody:
            first = voices[0] if voices else Voice((), program)
            voices[:1] = [replace(first, notes=(*melody, *first.notes))]
        return [voice for voice in voices if voice.notes], bpm


class _Counter:
    """Counts the tokens of all pieces, and looks at each whether to stop."""

    def __init__(self, context: Context, done: int, params: NotesParams) -> None:
        self._context = context
        self._done = done
        self._total = params.tokens * params.count

    def one(self) -> None:
        self._context.check()
        self._done += 1
        self._context.progress(self._done, self._total)


def _octaves(melody: Sequence[Note], pitches: tuple[int, int]) -> int:
    """By how many octaves the melody has to be moved so that the model has tokens for its middle."""
    if not melody:
        return 0
    middle = median(note.pitch for note in melody)
    low, high = pitches[0] + 12, pitches[1] - 13
    fits = [octaves for octaves in range(-10, 11) if low <= middle + 12 * octaves <= high]
    return min(fits, key=abs, default=0)


def _folded(pitch: int) -> int:
    """By octaves into what MIDI has."""
    return pitch % 12 if pitch < 0 else pitch if pitch <= 127 else 108 + pitch % 12


def _score(melody: Sequence[Note], octaves: int) -> Any:
    score = Score(_TICKS)
    score.tempos.append(Tempo(0, TEMPO))
    track = Track("melody", 0)
    for note in melody:
        start, length = round(note.start * _TICKS), max(1, round(note.length * _TICKS))
        if 0 <= (pitch := note.pitch + 12 * octaves) <= 127:
            track.notes.append(ScoreNote(start, length, pitch, 88))
    score.tracks.append(track)
    return score
