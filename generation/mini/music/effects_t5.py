"""The words of the effects model's small T5: what each says about a sound, the same direction in both languages.

    python generation/mini/music/effects_t5.py --out FOLDER

Endings fall off by themselves, other words are too quiet to be heard: see `make_t5.py`, which writes the folder.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from generation.mini.music.make_t5 import write

# Stems, at the beginning of a word.
WORDS = {
    "kind dog": "hund hunde bellt bellen bellend gebell hundegebell wau wauwau wuff kläff dog bark barking woof puppy",
    "kind steps": "schritt schritte fußschritte fuß geht gehen läuft laufen holz holzboden boden treppe flur parkett"
    " diele footstep footsteps foot step steps walk walking wood wooden floor stairs hall",
    "kind rain": "regen regnet regn regentropfen regenschauer regenwetter tropfen prassel schauer wolkenbruch gießt"
    " strömen niesel rain raindrop raindrops raining drops shower pouring downpour patter drizzle",
    "kind wind": "wind windes windböen windböe böe sturm stürmt stürm orkan brise weht wehen pfeif storm stormy breeze"
    " hurricane gust gusts blow blows blowing windy",
    "kind bell": "glocke glocken kirche kirchenglocke glockenläuten glockenschläge glöckchen läut läutet gong klingel"
    " bimmel bell bells church ring ringing chime",
    "kind siren": "sirene sirenen polizei polizeisirene martinshorn feuerwehr feuerwehrauto krankenwagen tatütata alarm"
    " blaulicht siren police ambulance emergency fire wail wails",
    "howl": "heul heult heulen howl howls howling",
    "pace slow": "langsam gemütlich slow",
    "pace fast": "schnell rasch eilig fast quick hurried",
    "pitch low": "tief groß dunkel low deep big large dark",
    "pitch high": "hoch hoh hell klein high bright small little",
    "level quiet": "leise fern ferne weit entfernt sanft schwach quiet distant distance far gentle soft weak",
    "level loud": "laut nah nahe nähe stark heftig loud near close strong",
    "light": "leicht light",
    "heavy": "schwer heavy",
}
# Also inside longer words: Schulglocke, Dauerregen, Schäferhund.
INSIDE = {
    "kind dog": "hund",
    "kind steps": "schritt schritte",
    "kind rain": "regen",
    "kind wind": "wind sturm",
    "kind bell": "glocke",
    "kind siren": "sirene horn",
}


def meanings() -> dict[str, list[str]]:
    """The vocabulary's pieces and what each means."""
    known = {"▁" + word: [meaning] for meaning, words in WORDS.items() for word in words.split()}
    return known | {word: [meaning] for meaning, words in INSIDE.items() for word in words.split()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    write(parser.parse_args().out, meanings())


if __name__ == "__main__":
    main()
