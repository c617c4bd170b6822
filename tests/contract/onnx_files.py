"""A Piper voice in its real file format, written byte by byte: a network without weights that hums the phonemes.

Every phoneme is a tone of its own (100 Hz and 5 Hz more for each number), 1,024 samples long at normal speed, with
noise as loud as the settings ask for. Inputs and output are those of a Piper network of one speaker.
"""

from __future__ import annotations

import json
import math
import struct
from pathlib import Path
from typing import Any

from generation.catalog import ModelInfo

RATE = 22_050
LENGTH = 1_024
_FLOAT, _INT64 = 1, 7
PHONEMES = "_^$ !',-.:;?abcdefhijklmnopqrstuvwxyzæçðøŋœɐɑɔəɚɛɜɡɪɫɹɾʁʃʊʌʏʒʔˈˌːθχᵻ\u0329\u032f\u0303"


def voice(
    folder: Path, *, language: str = "de", phoneme_type: str = "espeak", broken: str = "", rate: int = RATE
) -> ModelInfo:
    """A folder as it is pulled from the hub. `broken`: "network", "settings", "nan" or "silent"."""
    place = folder / "voice" / "de" / "medium"
    place.mkdir(parents=True, exist_ok=True)
    content = network({"nan": math.nan, "silent": 0.0}.get(broken, 0.5))
    (place / "voice.onnx").write_bytes(content[:200] if broken == "network" else content)
    settings = {
        "audio": {"sample_rate": rate},
        "espeak": {"voice": language},
        "phoneme_type": phoneme_type,
        "inference": {"noise_scale": 0.667, "length_scale": 1, "noise_w": 0.8},
        "num_symbols": 256,
        "num_speakers": 1,
        "phoneme_id_map": {one: [number] for number, one in enumerate(PHONEMES)},
        "speaker_id_map": {},
    }
    if broken == "settings":
        del settings["audio"]
    (place / "voice.onnx.json").write_text(json.dumps(settings), encoding="utf-8")
    return model_at(folder / "voice")


def model_at(path: Path) -> ModelInfo:
    return ModelInfo(
        id=f"voice-{path.parent.name}",
        family="voices",
        medium="speech",
        title="Made for a test",
        path=path,
        licence="none",
        languages=(),
        memory_mb=0,
        data_sentence={},
        options={"engine": "piper"},
    )


def network(loud: float) -> bytes:
    """The whole file (ONNX, a protobuf message)."""
    numbers = {
        "one": ([1], _INT64, [1]),
        "column": ([2], _INT64, [-1, 1]),
        "row": ([4], _INT64, [1, 1, 1, -1]),
        "last": ([], _INT64, [3]),
        "speed_at": ([1], _INT64, [1]),
        "noise_at": ([1], _INT64, [0]),
        "length": ([1], _FLOAT, [LENGTH]),
        "lowest": ([], _FLOAT, [2 * math.pi * 100 / RATE]),
        "step": ([], _FLOAT, [2 * math.pi * 5 / RATE]),
        "loud": ([], _FLOAT, [loud]),
        "hiss": ([], _FLOAT, [loud / 10]),
    }
    nodes = [
        ("Cast", ["input"], "ids", {"to": _FLOAT}),
        ("Mul", ["ids", "step"], "above", {}),
        ("Add", ["above", "lowest"], "advance", {}),
        ("Reshape", ["advance", "column"], "standing", {}),
        ("Gather", ["scales", "speed_at"], "speed", {}),
        ("Mul", ["speed", "length"], "samples", {}),
        ("Cast", ["samples"], "count", {"to": _INT64}),
        ("Concat", ["one", "count"], "shape", {"axis": 0}),
        ("Expand", ["standing", "shape"], "advances", {}),
        ("Reshape", ["advances", "row"], "line", {}),
        ("CumSum", ["line", "last"], "phase", {}),
        ("Sin", ["phase"], "tone", {}),
        ("Mul", ["tone", "loud"], "sound", {}),
        ("RandomNormalLike", ["sound"], "random", {}),
        ("Gather", ["scales", "noise_at"], "noisy", {}),
        ("Mul", ["random", "noisy"], "wild", {}),
        ("Mul", ["wild", "hiss"], "noise", {}),
        ("Add", ["sound", "noise"], "output", {}),
    ]
    inputs = [("input", _INT64, [1, None]), ("input_lengths", _INT64, [1]), ("scales", _FLOAT, [3])]
    graph = b"".join(
        [
            *(_message(1, _node(*node)) for node in nodes),
            _message(2, b"voice"),
            *(_message(5, _tensor(name, *tensor)) for name, tensor in numbers.items()),
            *(_message(11, _value(*one)) for one in inputs),
            _message(12, _value("output", _FLOAT, [1, 1, 1, None])),
        ]
    )
    return _number(1, 8) + _message(7, graph) + _message(8, _message(1, b"") + _number(2, 13))


def _node(kind: str, inputs: list[str], output: str, attributes: dict[str, int]) -> bytes:
    parts = [_message(1, one.encode()) for one in inputs]
    parts += [_message(2, output.encode()), _message(3, output.encode()), _message(4, kind.encode())]
    for name, value in attributes.items():
        parts.append(_message(5, _message(1, name.encode()) + _number(3, value) + _number(20, 2)))
    return b"".join(parts)


def _tensor(name: str, sides: list[int], kind: int, values: list[Any]) -> bytes:
    content = struct.pack(f"<{len(values)}{'f' if kind == _FLOAT else 'q'}", *values)
    dims = b"".join(_number(1, side) for side in sides)
    return dims + _number(2, kind) + _message(8, name.encode()) + _message(9, content)


def _value(name: str, kind: int, sides: list[int | None]) -> bytes:
    """A side of None may be of any length."""
    dims = [_message(2, b"n") if side is None else _number(1, side) for side in sides]
    shape = b"".join(_message(1, one) for one in dims)
    return _message(1, name.encode()) + _message(2, _message(1, _number(1, kind) + _message(2, shape)))


def _message(field: int, content: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(content)) + content


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _varint(value: int) -> bytes:
    parts = []
    while value > 127:
        parts.append(value & 127 | 128)
        value >>= 7
    return bytes([*parts, value])
