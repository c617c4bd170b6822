"""In which language a prompt is written: German or English, by a small rule instead of a model.

Umlauts and the short words that hold a sentence together decide, and words that prompts are full of. Where they
say nothing ("Steampunk, 4k"), the person's own language does. The rule knows no third language.
"""

from __future__ import annotations

import re
from typing import Final

GERMAN: Final = "de"
ENGLISH: Final = "en"

_WORD = re.compile(r"[a-zäöüß]+")
_UMLAUTS = frozenset("äöüß")
_GERMAN_WORDS = frozenset(
    _WORD.findall(
        """
    der das dem den des ein eine einem einen einer eines und oder mit ohne auf unter über vor hinter neben von vom zum
    zur bei beim im ins am aus nach durch gegen um für ist sind wie als auch nicht kein keine er sie wir ihr sein seine
    ihre mein meine zwei drei vier fünf viele rot rote roter rotes roten blau blaue blauer blaues blauen gelb gelbe
    gelber gelbes gelben weiß schwarz schwarze schwarzer schwarzes schwarzen bunt bunte bunter klein kleine kleiner
    kleines kleinen groß alt alte alter altes alten grund bild foto zeichnung gemälde stil licht farben nacht stadt haus
    wald baum berg himmel sonne mond mädchen junge frau hund katze vogel pferd blume kreis quadrat dreieck stern
    sonnenuntergang hintergrund porträt musik lied melodie klavier gitarre geige flöte trommel trommeln schlagzeug
    traurig ruhig schnell langsam leise laut lustig heiter geräusch stimme regen donner schritte tür glocke
    ich du es guten gute guter morgen tag abend hallo tschüss heute gestern bitte danke ja nein wer wo warum jetzt habe
    haben hast bin bist mir mich dir dich euch uns dass weil wenn aber noch nur schon mal sehr gern immer wieder liebe
    lieber klasse schule hier kann kannst muss werden wird geht gehen macht machen heißt heiße wetter deutsch
    """
    )
)
_ENGLISH_WORDS = frozenset(
    _WORD.findall(
        """
    the a an and or with without on of at by from to into over under above below behind beside between through for is
    are as like not no his her their my two three four five many red blue green yellow white black purple orange small
    little big large old tall background picture photo photograph drawing painting style light lighting colours colors
    detailed realistic city house forest tree mountain sky sun moon girl boy woman man dog cat bird horse flower circle
    square triangle star sunset sunrise portrait of view
    i you he she it we they hello hi good morning evening today yesterday tomorrow please thanks thank yes what who
    where why when here now have has been be this that these because if can could would should does me him us them very
    always again dear school class how there english
    """
    )
)


def language_of_prompt(text: str, locale: str) -> str:
    """GERMAN or ENGLISH; `locale` is "de" or "en" and decides a draw."""
    words = _WORD.findall(text.lower())
    german = sum(word in _GERMAN_WORDS or not _UMLAUTS.isdisjoint(word) for word in words)
    english = sum(word in _ENGLISH_WORDS for word in words)
    if german == english:
        return GERMAN if locale == GERMAN else ENGLISH
    return GERMAN if german > english else ENGLISH
