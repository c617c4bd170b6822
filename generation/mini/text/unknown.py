"""What the model does not know, and how it says so. The last quarter of each list is kept for the scores."""

from __future__ import annotations

import re
from collections.abc import Sequence
from random import Random
from typing import Final

HONEST: Final[dict[str, Sequence[str]]] = {
    "de": (
        "Das weiß ich nicht.",
        "Ich bin nur ein kleines Übungsmodell und kenne Tiere, Farben, Zahlen und Wochentage.",
    ),
    "en": (
        "I do not know that.",
        "I am only a small practice model and know animals, colours, numbers and weekdays.",
    ),
}
INSTEAD: Final[dict[str, str]] = {
    "de": "Davon weiß ich nichts, darum nehme ich {den:a}.",
    "en": "I know nothing about that, so I take {the:a}.",
}
_WORDS_DE = (
    "Computer Fußball Berlin Paris Napoleon Internet Schule Lehrer Auto Flugzeug Rakete Europa Amerika Gitarre Klavier "
    "Politik Geschichte Mathematik Physik Chemie Energie Klima Umwelt Wasserstoff Roboter Handy Fernseher Film Musik "
    "Pizza Nudeln Brot Kaffee Zucker Vitamin Arzt Krankenhaus König Kaiser Ritter Schloss Burg Krieg Frieden Freiheit "
    "Demokratie Wahl Gesetz Polizei Feuerwehr Bäcker Fabrik Maschine Motor Fahrrad Zug Bahnhof Straße Brücke Turm "
    "Stadt Dorf Land Insel Vulkan Planet Stern Galaxie Atom Molekül Zelle Gehirn Herz Knochen Muskel Sport Tennis "
    "Schach Spiel Buchstabe Sprache Gedanke Traum Gefühl Liebe Angst Glück Zeit Zukunft Vergangenheit Kunst Malerei "
    "Theater Dichter Goethe Mozart Einstein Kleopatra Rom Ägypten China Japan Australien Österreich Bruch Gleichung "
    "Dreieck Winkel Quadrat Wurzel Prozent Geld Bank Firma Beruf Urlaub Reise Hotel Koffer Regen Gewitter Winter "
    "Sommer Drache Einhorn Zauberer Hexe Gespenst Weltraum Astronaut Marokko Schweden Hamburg München Zürich Wien "
    "Dinosaurier Mammut Fotosynthese Elektrizität Magnet Bundeskanzler Präsident Weltmeister Hauptstadt Ozean Kompass"
)
_WORDS_EN = (
    "computer football London Paris Napoleon internet school teacher car plane rocket Europe America guitar piano "
    "politics history mathematics physics chemistry energy climate environment hydrogen robot phone television film "
    "music pizza pasta bread coffee sugar vitamin doctor hospital king emperor knight castle war peace freedom "
    "democracy election law police baker factory machine engine bicycle train station street bridge tower city "
    "village country island volcano planet galaxy atom molecule cell brain heart bone muscle sport tennis chess game "
    "letter language thought dream feeling love fear luck time future past art painting theatre poet Shakespeare "
    "Mozart Einstein Cleopatra Rome Egypt China Japan Australia Austria fraction equation triangle angle square root "
    "percent money bank company job holiday journey hotel suitcase thunder winter summer dragon unicorn wizard witch "
    "ghost space astronaut Morocco Sweden Hamburg Vienna dinosaur mammoth photosynthesis electricity magnet president "
    "champion capital ocean compass gravity whisper ladder window carpet"
)
WORDS: Final = {"de": tuple(_WORDS_DE.split()), "en": tuple(_WORDS_EN.split())}
FRAMES: Final[dict[str, Sequence[str]]] = {
    "de": (
        "Was ist {w}?", "Wer ist {w}?", "Wer war {w}?", "Wo liegt {w}?", "Was weißt du über {w}?", "Erkläre {w}.",
        "Erklär einfach: {w}", "Wie funktioniert {w}?", "Warum gibt es {w}?", "Wann wurde {w} erfunden?",
        "Was ist die Hauptstadt von {w}?", "Wie alt ist {w}?", "Wie groß ist {w}?", "Wie viele {w} gibt es?",
        "Was kostet {w}?", "Wie schreibt man {w}?", "Was ist besser, {w} oder {v}?", "Welche Farbe hat {w}?",
        "Erzähl mir etwas über {w}.", "Wie macht man {w}?", "Kannst du mir bei {w} helfen?", "Was bedeutet {w}?",
        "Was denkst du über {w}?", "Magst du {w}?", "Schreib einen Aufsatz über {w}.", "Wer hat {w} erfunden?",
        "Was haben {w} und {v} gemeinsam?", "Wie weit ist es bis {w}?", "Was frisst {w}?", "Kann {w} fliegen?",
        "Wann war {w}?", "Was passiert mit {w} bei {v}?", "{w}", "{w} {v}", "Wie heißt {w}?", "Gibt es {w} wirklich?",
        "Was ist der Unterschied zwischen {w} und {v}?", "Nenne drei Beispiele für {w}.", "Wozu braucht man {w}?",
        "Wer gewinnt, {w} oder {v}?",
    ),
    "en": (
        "What is {w}?", "Who is {w}?", "Who was {w}?", "Where is {w}?", "What do you know about {w}?", "Explain {w}.",
        "Explain simply: {w}", "How does {w} work?", "Why is there {w}?", "When was {w} invented?",
        "What is the capital of {w}?", "How old is {w}?", "How big is {w}?", "How many {w} are there?",
        "How much is {w}?", "How do you spell {w}?", "What is better, {w} or {v}?", "What colour is {w}?",
        "Tell me about {w}.", "How do you make {w}?", "Can you help me with {w}?", "What does {w} mean?",
        "What do you think about {w}?", "Do you like {w}?", "Write an essay about {w}.", "Who invented {w}?",
        "What do {w} and {v} have in common?", "How far is it to {w}?", "What does {w} eat?", "Can {w} fly?",
        "When was {w}?", "What happens to {w} in {v}?", "{w}", "{w} {v}", "What is the name of {w}?", "Is {w} real?",
        "What is the difference between {w} and {v}?", "Name three examples of {w}.", "What is {w} good for?",
        "Who wins, {w} or {v}?",
    ),
}  # fmt: skip
_ONSETS: Final[list[str]] = re.findall(
    r"\S+",
    "b bl br d dr f fl fr g gl gr h j k kl kr l m n p pl pr r s sch sp st str t tr v w z th sh ch c qu",
)
_VOWELS: Final[list[str]] = re.findall(r"\S+", "a e i o u ei au ie ö ü ä ai oo ea y")
_ENDS: Final[list[str]] = re.findall(r"\S+", "l n r s t m ck ng nd rt x ch ll nn tt")


def split(items: Sequence[str], scored: bool) -> Sequence[str]:
    """Every fourth entry belongs to the scores, the others to the training."""
    return [item for k, item in enumerate(items) if (k % 4 == 3) == scored]


def invented(rng: Random) -> str:
    """A word that does not exist, or a name: one to three syllables, the first letter mostly large."""
    parts = [rng.choice(_ONSETS) + rng.choice(_VOWELS) for _ in range(rng.choice((1, 2, 2, 3)))]
    word = "".join(parts) + (rng.choice(_ENDS) if rng.random() < 0.6 else "")
    return word.capitalize() if rng.random() < 0.7 else word


def topic(language: str, rng: Random, scored: bool = False) -> str:
    """A word or two from outside the small world."""
    word = rng.choice(split(WORDS[language], scored)) if rng.random() < 0.65 else invented(rng)
    if rng.random() < 0.5:
        return word
    front = {
        "de": ("ein", "eine", "der", "die", "das", "den", "das neue", "mein"),
        "en": ("a", "the", "an", "my", "the new"),
    }
    return f"{rng.choice(front[language])} {word}"


def question(language: str, rng: Random, scored: bool = False) -> str:
    frame = rng.choice(split(FRAMES[language], scored))
    return frame.format(w=topic(language, rng, scored), v=topic(language, rng, scored))


def answer(language: str) -> str:
    return " ".join(HONEST[language])
