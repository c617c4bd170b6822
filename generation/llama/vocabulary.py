"""Texts to tokens and back, with the tokeniser inside a model's file."""

from __future__ import annotations

import ctypes
from typing import Any

from llama_cpp import llama_cpp as lib

from generation.worker.api import TaskFailed

_SPECIAL = lib.LLAMA_TOKEN_ATTR_CONTROL | lib.LLAMA_TOKEN_ATTR_USER_DEFINED | lib.LLAMA_TOKEN_ATTR_UNKNOWN


class Vocabulary:
    """The tokens of one loaded model. Texts are UTF-8 bytes here: a token may hold half a character."""

    def __init__(self, model: Any) -> None:
        self._vocab = lib.llama_model_get_vocab(model)
        if not self._vocab:
            raise TaskFailed("model_broken", "no vocabulary")
        self.size = int(lib.llama_vocab_n_tokens(self._vocab))
        everything = range(self.size)
        attributes = [lib.llama_vocab_get_attr(self._vocab, token) for token in everything]
        self.control = frozenset(
            token for token in everything if attributes[token] & lib.LLAMA_TOKEN_ATTR_CONTROL
        )
        self.special = frozenset(token for token in everything if attributes[token] & _SPECIAL)
        self.ends = frozenset(token for token in everything if lib.llama_vocab_is_eog(self._vocab, token))
        bos = int(lib.llama_vocab_bos(self._vocab))
        self.bos = bos if 0 <= bos < self.size and lib.llama_vocab_get_add_bos(self._vocab) else None
        self._names = {"bos_token": bos, "eos_token": int(lib.llama_vocab_eos(self._vocab))}
        self._pieces: dict[int, bytes] = {}
        # sentencepiece puts a blank before every text
        self._blank_first = self.joined(self.tokens(b"a")) == b" a"

    def names(self) -> dict[str, str]:
        """The texts of the tokens that a chat template may name."""
        found = {name: token for name, token in self._names.items() if 0 <= token < self.size}
        return {name: self.piece(token).decode("utf-8", "replace") for name, token in found.items()}

    def tokens(self, text: bytes, *, special: bool = False) -> list[int]:
        """`text` as the beginning of something. Without `special`, control strings in it stay text."""
        room = len(text) + 8
        buffer = (lib.llama_token * room)()
        count = lib.llama_tokenize(self._vocab, text, len(text), buffer, room, False, special)
        if count < 0:
            raise TaskFailed("worker_failed", "text not tokenised")
        return list(buffer[:count])

    def inner(self, text: bytes, *, special: bool = False) -> list[int]:
        """`text` as it goes on after other text: without the blank that some tokenisers put before everything."""
        if not self._blank_first or not text:
            return self.tokens(text, special=special)
        tokens = self.tokens(b"\n" + text, special=special)
        seen = b""
        for place, token in enumerate(tokens, start=1):
            seen += self.piece(token)
            if seen.strip(b" ") == b"\n":
                return tokens[place:]
        return self.tokens(text, special=special)

    def piece(self, token: int) -> bytes:
        """The bytes of one token; of a control token its name."""
        if token not in self._pieces:
            self._pieces[token] = self._read_piece(token)
        return self._pieces[token]

    def joined(self, tokens: list[int]) -> bytes:
        return b"".join(self.piece(token) for token in tokens)

    def text_pieces(self, text: str) -> list[tuple[int, bytes]]:
        """The tokens of a whole text and what each stands for; together exactly `text`'s bytes.

        Raises TaskFailed for a tokeniser that loses something.
        """
        plain = encoded(text)
        pieces = [(token, self.piece(token)) for token in self.tokens(plain)]
        whole = b"".join(piece for _, piece in pieces)
        if pieces and whole == b" " + plain:  # the blank that sentencepiece puts before every text
            pieces[0] = (pieces[0][0], pieces[0][1][1:])
            whole = whole[1:]
        if whole != plain:
            raise TaskFailed("worker_failed", "the tokeniser changes the text")
        return pieces

    def _read_piece(self, token: int) -> bytes:
        room = 64
        buffer = ctypes.create_string_buffer(room)
        length = lib.llama_token_to_piece(self._vocab, token, buffer, room, 0, True)
        if length < 0:
            room = -length
            buffer = ctypes.create_string_buffer(room)
            length = lib.llama_token_to_piece(self._vocab, token, buffer, room, 0, True)
        return buffer.raw[: max(0, length)]


def encoded(text: str) -> bytes:
    """UTF-8; a half surrogate, which no text has, becomes a question mark."""
    return text.encode("utf-8", "replace")
