from __future__ import annotations

import math
import struct
from pathlib import Path
from typing import Any

from tests.contract.audio_counts import wav
from tests.contract.case import Case
from tests.contract.midi_files import ENTCHEN, midi, row, track
from tests.contract.picture_files import plain
from tests.contract.video_runs import CLIP, POST, frames


def two_pictures(folder: Path) -> dict[str, Any]:
    entries = []
    for index, colour in enumerate(((200, 40, 40), (50, 80, 200)), start=1):
        file = folder / f"{index}.png"
        file.write_bytes(plain(colour, 64))
        entries.append({"file": str(file), "index": index, "seed": 6 + index})
    return {"pictures": entries}


def upload(folder: Path) -> dict[str, Any]:
    file = folder / "upload.png"
    file.write_bytes(plain((1, 2, 3), 64))
    return {"file": str(file)}


def sound(folder: Path) -> Path:
    file = folder / "sound.wav"
    values = [round(8000 * math.sin(place / 10)) for place in range(16_000)]
    file.write_bytes(wav(rate=16_000, data=struct.pack(f"<{len(values)}h", *values)))
    return file


def notes(folder: Path) -> Path:
    file = folder / "notes.mid"
    file.write_bytes(midi([track(row(ENTCHEN))]))
    return file


def piece(file: Path) -> dict[str, Any]:
    return {"pieces": [{"file": str(file), "index": 1, "seed": 7}]}


DIAGRAM: dict[str, Any] = {"foot": "Mini", "label": "Mit KI gemacht", "recipe": {"model": "mini"}}
PANEL: dict[str, Any] = {
    "heading": "",
    "series": [["Modell", "model"]],
    "rows": [{"name": " rot", "bars": [{"share": 0.75, "shown": "75,0 %"}]}],
    "scale": 1,
    "ticks": [{"share": 0, "shown": "0 %"}],
}


def walk(folder: Path) -> dict[str, Any]:
    return {"frames": frames(folder, 5)}


def parts(folder: Path) -> dict[str, Any]:
    (file,) = frames(folder, 1)
    speech = [{"file": str(sound(folder)), "text": "Eins, zwei."}]
    return {"parts": [{"kind": "picture", "file": file, "seconds": 1}], "speech": speech}


CASES = [
    Case(
        family="media",
        task="image_sheet",
        params={"label": "Mit KI gemacht", "flagged_text": "Nein.", "recipe": {"model": "mini"}},
        inputs=two_pictures,
        model=None,
        files=3,
        seeded=False,
        long=None,
        wrong={"pictures": []},
    ),
    Case(
        family="media",
        task="probe_image",
        params={},
        inputs=upload,
        model=None,
        files=1,
        seeded=False,
        long=None,
        wrong={"file": 5},
    ),
    Case(
        family="media",
        task="draw_bars",
        params={**DIAGRAM, "heading": "Wie geht es weiter?", "text": "Die Farbe ist", "panels": [PANEL]},
        model=None,
        files=1,
        seeded=False,
        long=None,
        wrong={"panels": [{**PANEL, "scale": 2}]},
    ),
    Case(
        family="media",
        task="draw_tokens",
        params={
            **DIAGRAM,
            "columns": [{"heading": "2", "pieces": [{"text": "Die", "below": "7"}], "more": ""}],
        },
        model=None,
        files=1,
        seeded=False,
        long=None,
        wrong={"columns": []},
    ),
    Case(
        family="media",
        task="draw_words",
        params={**DIAGRAM, "heading": "?", "pieces": [{"text": "Die", "level": 0}], "more": "", "notes": []},
        model=None,
        files=1,
        seeded=False,
        long=None,
        wrong={"pieces": [{"text": "Die", "level": 6}]},
    ),
    Case(
        family="media",
        task="probe_audio",
        params={},
        inputs=lambda folder: {"file": str(sound(folder))},
        model=None,
        files=1,
        seeded=False,
        long=None,
        wrong={"file": 5},
    ),
    Case(
        family="media",
        task="probe_midi",
        params={},
        inputs=lambda folder: {"file": str(notes(folder))},
        model=None,
        files=0,
        seeded=False,
        long=None,
        wrong={"file": 5},
    ),
    Case(
        family="media",
        task="audio_post",
        params={"label": "Mit KI gemacht", "recipe": {"model": "mini"}},
        inputs=lambda folder: piece(sound(folder)),
        model=None,
        files=2,
        seeded=False,
        long=None,
        wrong={"format": "flac"},
    ),
    Case(
        family="media",
        task="notes_post",
        params={"label": "Mit KI gemacht", "recipe": {"model": "mini"}},
        inputs=lambda folder: piece(notes(folder)),
        model=None,
        files=3,
        seeded=False,
        long=None,
        wrong={"pieces": []},
    ),
    Case(
        family="media",
        task="video_post",
        params=POST,
        inputs=walk,
        model=None,
        files=2,
        seeded=False,
        long=None,
        wrong={"fps": 0},
    ),
    Case(
        family="media",
        task="clip_post",
        params=CLIP,
        inputs=parts,
        model=None,
        files=3,
        seeded=False,
        long=None,
        wrong={"subtitles": "sung"},
    ),
]
