"""One loaded GGUF and its memory of what it has read.

What is read is read in chunks, and a chunk is kept for the next request only if everything up to its end is the same.
The numbers of a chunk depend in their last bits on its size, so a request's chunks are chosen by its text alone and
never by what is remembered: a text comes out the same after other requests in between. What is written token by token
is forgotten before the next reading for the same reason.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import llama_cpp
import numpy
from llama_cpp import llama_cpp as lib
from numpy.typing import NDArray

from generation.llama.gguf import BrokenFile, read_header
from generation.llama.vocabulary import Vocabulary
from generation.worker import seeding
from generation.worker.api import Cancelled, Context, TaskFailed

CHUNK = 128
CONTEXT = 4096
"""Tokens read at once, and the most a conversation may have unless the model's entry says otherwise."""
_ROWS = 64
_ABORTED = 2
Chunk = tuple[int, ...]
Numbers: TypeAlias = NDArray[numpy.float64]


def quiet() -> None:
    """Of llama.cpp's many lines only errors reach stderr."""
    llama_cpp._logger.set_verbose(False)


def find_file(path: Path, wanted: str | None = None) -> Path:
    """The GGUF in the folder `path`, or `path` itself. Raises TaskFailed model_missing.

    Of several `wanted`, else the first by name: so a model in parts begins with its first.
    """
    if path.is_file():
        return path
    names = [path / wanted] if wanted else sorted(path.glob("*.gguf"))
    found = next((one for one in names if one.is_file()), None)
    if found is None:
        raise TaskFailed("model_missing", "no .gguf")
    return found


def split_chunks(tokens: Sequence[int]) -> list[Chunk]:
    return [tuple(tokens[start : start + CHUNK]) for start in range(0, len(tokens), CHUNK)]


class Engine:
    """Serves one request at a time. `size`: tokens that fit into it, read and written together."""

    def __init__(self, path: Path, *, context_size: int = CONTEXT) -> None:
        """Raises TaskFailed model_missing, model_broken, out_of_memory."""
        self._model: Any = None
        self._context: Any = None
        self._batch: Any = None
        try:
            known = read_header(path).number("context_length") or CONTEXT
        except BrokenFile as error:
            raise TaskFailed("model_broken", str(error)) from None
        except OSError as error:
            raise TaskFailed("model_missing", type(error).__name__) from error
        self.size = min(context_size, known)
        self._load(path)
        self.vocabulary = Vocabulary(self._model)
        self._batch = lib.llama_batch_init(CHUNK, 0, 1)
        self._memory = lib.llama_get_memory(self._context)
        self._chunks: list[Chunk] = []
        self._position = 0

    def _load(self, path: Path) -> None:
        lib.llama_backend_init()
        wishes = lib.llama_model_default_params()
        wishes.n_gpu_layers = 999 if lib.llama_supports_gpu_offload() else 0
        self._model = lib.llama_model_load_from_file(os.fsencode(path), wishes)
        if not self._model:
            raise TaskFailed("model_broken", "llama.cpp cannot load it")
        settings = lib.llama_context_default_params()
        settings.n_ctx = self.size
        settings.n_batch = settings.n_ubatch = CHUNK
        if (threads := seeding.limit_threads()) is not None:
            settings.n_threads = settings.n_threads_batch = threads
        settings.no_perf = True
        self._context = lib.llama_init_from_model(self._model, settings)
        if not self._context:
            self.close()
            raise TaskFailed("out_of_memory", "no room for the context")

    def close(self) -> None:
        """Give the memory back; the engine is of no use afterwards."""
        if self._context:
            lib.llama_free(self._context)
        if self._batch is not None:
            lib.llama_batch_free(self._batch)
        if self._model:
            lib.llama_model_free(self._model)
        self._context = self._batch = self._model = None

    @property
    def used(self) -> int:
        """Tokens read and written so far."""
        return self._position

    def template(self) -> str | None:
        """The chat template inside the file."""
        text = lib.llama_model_chat_template(self._model, None)
        return text.decode("utf-8", "replace") if text else None

    def read(self, chunks: Sequence[Chunk], context: Context) -> int:
        """Have exactly `chunks` read; `logits` are then those after the last token. How many tokens were computed.

        What is remembered from before is not computed again, besides the last chunk, whose logits are needed.
        Raises Cancelled within a fraction of a chunk; TaskFailed.
        """
        same = 0
        while same < min(len(self._chunks), len(chunks) - 1) and self._chunks[same] == chunks[same]:
            same += 1
        self._forget_after(same)
        same = len(self._chunks)
        for chunk in chunks[same:]:
            context.check()
            context.progress(0, 0)  # a sign of life: a large model on a processor reads for minutes
            self._decode(chunk, context=context)
            self._chunks.append(chunk)
        return sum(len(chunk) for chunk in chunks[same:])

    def step(self, token: int) -> None:
        """Write one token behind what is there."""
        self._decode((token,))

    def logits(self) -> Numbers:
        """After the last token, one number a token of the vocabulary. Raises TaskFailed if one is not finite."""
        return self._row(-1)

    def rows(self, tokens: Sequence[int], context: Context) -> Iterator[Numbers]:
        """The logits after each of `tokens`, in order; what was read before is forgotten."""
        self.forget()
        for start in range(0, len(tokens), _ROWS):
            context.check()
            part = tuple(tokens[start : start + _ROWS])
            self._decode(part, context=context, everywhere=True)
            for place in range(len(part)):
                yield self._row(place)

    def forget(self) -> None:
        self._chunks, self._position = [], 0
        lib.llama_memory_clear(self._memory, True)

    def _forget_after(self, count: int) -> None:
        """Keep the first `count` chunks. Memories that cannot be cut, as in recurrent models, are emptied."""
        kept = sum(len(chunk) for chunk in self._chunks[:count])
        if kept == 0 or not lib.llama_memory_seq_rm(self._memory, 0, kept, -1):
            self.forget()
            return
        self._chunks, self._position = self._chunks[:count], kept

    def _row(self, place: int) -> Numbers:
        pointer = lib.llama_get_logits_ith(self._context, place)
        if not pointer:
            raise TaskFailed("worker_failed", "no logits")
        row = numpy.ctypeslib.as_array(pointer, shape=(self.vocabulary.size,)).astype(numpy.float64)
        if not numpy.isfinite(row).all():
            self.forget()
            raise TaskFailed("worker_failed", "logits not finite")
        return row

    def _decode(self, tokens: Chunk, *, context: Context | None = None, everywhere: bool = False) -> None:
        if self._position + len(tokens) > self.size:
            raise TaskFailed("worker_failed", "context full")
        self._fill(tokens, everywhere=everywhere)
        status = self._abortable(context) if context else lib.llama_decode(self._context, self._batch)
        if status == 0:
            self._position += len(tokens)
            return
        self.forget()  # a part of it may have been computed
        if status == _ABORTED:
            raise Cancelled
        raise TaskFailed("worker_failed", f"llama_decode returned {status}")

    def _abortable(self, context: Context) -> int:
        """llama.cpp asks between its steps whether to go on; a card's backend may not."""
        callback = lib.ggml_abort_callback(lambda _: _is_cancelled(context))
        lib.llama_set_abort_callback(self._context, callback, None)
        try:
            return int(lib.llama_decode(self._context, self._batch))
        finally:
            lib.llama_set_abort_callback(self._context, lib.ggml_abort_callback(), None)

    def _fill(self, tokens: Chunk, *, everywhere: bool) -> None:
        batch = self._batch
        batch.n_tokens = len(tokens)
        for place, token in enumerate(tokens):
            batch.token[place] = token
            batch.pos[place] = self._position + place
            batch.n_seq_id[place] = 1
            batch.seq_id[place][0] = 0
            batch.logits[place] = everywhere or place == len(tokens) - 1


def _is_cancelled(context: Context) -> bool:
    try:
        context.check()
    except Cancelled:
        return True
    return False
