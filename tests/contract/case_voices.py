"""The voices family: the voice made of rules, and a neural one that the tests write themselves."""

from __future__ import annotations

from tests.contract import onnx_files
from tests.contract.case import Case

CASES = [
    Case(
        family="voices",
        task="speech",
        params={"text": "Größe zwölf, bitte!", "language": "de", "speaker": "alto", "emotion": "happy"},
        model="espeak",
        files=1,
        seeded=False,
        long=None,
        wrong={"emotion": "bored"},
    ),
    Case(
        family="voices",
        task="speech",
        params={"text": "Guten Morgen. Wie geht es dir?", "language": "de", "speed": 1.5},
        model=None,
        made_model=onnx_files.voice,
        files=1,
        seeded=True,
        long=None,
        wrong={"speed": 3},
    ),
]
