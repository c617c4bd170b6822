"""Says one text with espeak-ng and ends: an order as JSON on stdin (see `formant.order_of`), on stdout one line of
JSON {rate, phonemes}, then PCM16 samples. Runs alone (`python -I`), imports nothing of ours.

Neither SSML nor phonemes in brackets are switched on, so both are letters like others.
"""

from __future__ import annotations

import ctypes
import json
import sys
from collections.abc import Mapping
from typing import Any

import espeakng_loader

_SYNCHRONOUS = 2
_BUFFER_MS = 50
_NO_EXIT = 0x8000
_UTF8 = 1
_IPA = 2
_BY_CHARACTER = 1
_PARAMETERS = {"rate": 1, "volume": 2, "pitch": 3, "melody": 4, "pause": 7}
"""Numbers of `espeak_PARAMETER` in speak_lib.h."""
_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)
_SECONDS_LIMIT = 180


class Engine:
    """The library, once in a process."""

    def __init__(self) -> None:
        library: Any = ctypes.CDLL(espeakng_loader.get_library_path())
        library.espeak_TextToPhonemes.restype = ctypes.c_char_p
        library.espeak_ng_SetRandSeed.argtypes = [ctypes.c_long]
        data = espeakng_loader.get_data_path().encode()
        self.rate = library.espeak_Initialize(_SYNCHRONOUS, _BUFFER_MS, data, _NO_EXIT)
        if self.rate <= 0:
            raise RuntimeError("espeak-ng cannot be used")
        self._library = library

    def prepare(self, order: Mapping[str, Any]) -> None:
        """Raises RuntimeError for a voice that is not there."""
        if self._library.espeak_SetVoiceByName(order["voice"].encode()) != 0:
            raise RuntimeError("no such voice")
        for name, number in _PARAMETERS.items():
            self._library.espeak_SetParameter(number, int(order[name]), 0)
        self._library.espeak_ng_SetRandSeed(int(order["seed"]))

    def phonemes(self, text: str) -> str:
        rest = ctypes.c_char_p(text.encode())
        pointer = ctypes.cast(ctypes.pointer(rest), ctypes.POINTER(ctypes.c_void_p))
        clauses = []
        while pointer[0]:
            clauses.append((self._library.espeak_TextToPhonemes(pointer, _UTF8, _IPA) or b"").decode())
        return " | ".join(clause for clause in clauses if clause)

    def speak(self, text: str) -> bytes:
        parts: list[bytes] = []
        limit = _SECONDS_LIMIT * self.rate * 2

        def keep(samples: Any, count: int, _: Any) -> int:
            if samples and count > 0:
                parts.append(ctypes.string_at(samples, 2 * count))
            return int(sum(map(len, parts)) > limit)

        callback = _CALLBACK(keep)
        self._library.espeak_SetSynthCallback(callback)
        content = text.encode()
        size = ctypes.c_size_t(len(content) + 1)
        code = self._library.espeak_Synth(content, size, 0, _BY_CHARACTER, 0, _UTF8, None, None)
        if code != 0:
            raise RuntimeError(f"espeak-ng: {code}")
        return b"".join(parts)


def main() -> None:
    order = json.load(sys.stdin)
    engine = Engine()
    engine.prepare(order)
    samples = engine.speak(order["text"])
    head = {"rate": engine.rate, "phonemes": engine.phonemes(order["text"])}
    sys.stdout.buffer.write(json.dumps(head).encode() + b"\n" + samples)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
