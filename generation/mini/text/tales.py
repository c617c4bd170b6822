"""Stories, summaries, poems, songs and little scripts, as lists of sentences with gaps that share their variables.

`a` and `b` are the animals, `o` what they look for. The same skeleton writes the story and its summary.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from random import Random
from typing import Any, Final

from generation.mini.text import lexicon as lx
from generation.mini.text.grammar import Binding, draw

Stages = Sequence[Sequence[str]]
OPENING: Final[dict[str, Sequence[str]]] = {
    "de": ("Es war einmal {klein:a}.", "Es war einmal {alt:a}.", "{Ein:a} lebte {de:p}.",
           "Eines Tages ging {ein:a} spazieren.", "Heute ist {de:d}, und {der:a} ist schon wach."),
    "en": ("Once upon a time there was {en:a}.", "{En:a} lived {eng:p}.", "One day {en:a} went for a walk.",
           "Today is {eng:d}, and {the:a} is already awake."),
}  # fmt: skip
TALES: Final[dict[str, dict[str, tuple[Stages, str]]]] = {
    "de": {
        "search": ((
            ("{Der:a} suchte {den:o}.", "{Er:a} hatte {den:o} verloren.", "Da war {der:o} plötzlich weg."),
            ("Lange fand {er:a} nichts.", "{Er:a} suchte überall.", "{Er:a} war sehr traurig."),
            ("Da kam {ein:b} vorbei.", "Da traf {er:a} {einen:b}.", "Zum Glück war {ein:b} in der Nähe."),
            ("{Der:b} half {ihm:a} gern.", "{Der:b} sagte: \"Ich helfe dir.\"", "Zusammen suchten sie weiter."),
            ("Am Ende fanden sie {den:o} {de:p}.", "Da lag {der:o} {de:p}."),
            ("Nun waren beide froh.", "Seitdem sind sie Freunde.", "Dann feierten sie zusammen ein Fest."),
        ), "{Der:a} sucht {den:o}, und {der:b} hilft {ihm:a}."),
        "birthday": ((
            ("Am {de:d} hatte {er:a} Geburtstag.", "Es war {sein:a} Geburtstag."),
            ("{Er:a} wünschte sich {einen:o}.", "{Er:a} wollte so gern {einen:o} haben."),
            ("{Der:b} kam zu Besuch.", "Am Abend kam {der:b} zu Besuch."),
            ("{Der:b} brachte {einen:o} mit.", "Das Geschenk war {ein:o}."),
            ("{Der:a} freute sich sehr.", "Alle lachten und sangen."),
            ("Danach aßen sie Kuchen.", "Es war ein schöner Tag."),
        ), "{Der:a} hat Geburtstag, und {der:b} schenkt {ihm:a} {einen:o}."),
        "race": ((
            ("{Der:a} traf {den:b} {de:p}.", "{Der:b} wohnte nebenan."),
            ("{Der:b} fragte: \"Wer ist schneller?\"", "Sie wollten um die Wette laufen."),
            ("{Der:b} lief schnell los.", "Erst war {der:b} vorn."),
            ("Aber {der:b} wurde müde und schlief ein.", "Aber dann fiel {der:b} in einen Graben."),
            ("{Der:a} ging langsam weiter.", "{Der:a} gab nicht auf."),
            ("So gewann {der:a} das Rennen.", "Am Ende war {der:a} zuerst im Ziel."),
        ), "{Der:a} läuft mit {dem:b} um die Wette und gewinnt."),
        "storm": ((
            ("Da kam ein großer Sturm.", "In der Nacht regnete es stark."),
            ("{Der:a} hatte Angst.", "{Dem:a} war sehr kalt."),
            ("{Der:b} hatte ein warmes Haus.", "Da sah {er:a} ein Licht bei {dem:b}."),
            ("{Der:b} sagte: \"Komm herein!\"", "{Der:b} machte {ihm:a} die Tür auf."),
            ("Sie tranken zusammen warme Milch.", "Sie erzählten sich Geschichten."),
            ("Am Morgen schien wieder die Sonne.", "Bald war der Sturm vorbei."),
        ), "Ein Sturm kommt, und {der:b} nimmt {den:a} auf."),
    },
    "en": {
        "search": ((
            ("{The:a} was looking for the {eng:o}.", "It had lost the {eng:o}.", "Suddenly the {eng:o} was gone."),
            ("For a long time it found nothing.", "It looked everywhere.", "It was very sad."),
            ("Then {en:b} came along.", "Then it met {en:b}.", "Luckily {en:b} was near."),
            ("{The:b} was glad to help.", "{The:b} said: \"I will help you.\"", "Together they went on looking."),
            ("In the end they found the {eng:o} {eng:p}.", "There was the {eng:o}, {eng:p}."),
            ("Now both were happy.", "Since then they have been friends.", "Then they had a party."),
        ), "{The:a} looks for the {eng:o}, and {the:b} helps."),
        "birthday": ((
            ("It had its birthday on {eng:d}.", "It was the birthday of {the:a}."),
            ("It wished for {a_o:o}.", "It wanted {a_o:o} so much."),
            ("{The:b} came to visit.", "In the evening {the:b} came to visit."),
            ("{The:b} brought {a_o:o}.", "The present was {a_o:o}."),
            ("{The:a} was very happy.", "Everybody laughed and sang."),
            ("Then they ate cake.", "It was a lovely day."),
        ), "{The:a} has a birthday, and {the:b} gives it {a_o:o}."),
        "race": ((
            ("{The:a} met {the:b} {eng:p}.", "{The:b} lived next door."),
            ("{The:b} asked: \"Who is faster?\"", "They wanted to run a race."),
            ("{The:b} ran off quickly.", "At first {the:b} was ahead."),
            ("But {the:b} got tired and fell asleep.", "But then {the:b} fell into a ditch."),
            ("{The:a} walked on slowly.", "{The:a} did not give up."),
            ("So {the:a} won the race.", "In the end {the:a} was first."),
        ), "{The:a} runs a race with {the:b} and wins."),
        "storm": ((
            ("Then a big storm came.", "It rained hard that night."),
            ("{The:a} was afraid.", "{The:a} was very cold."),
            ("{The:b} had a warm house.", "Then it saw a light at the house of {the:b}."),
            ("{The:b} said: \"Come in!\"", "{The:b} opened the door."),
            ("They drank warm milk together.", "They told each other stories."),
            ("In the morning the sun was shining again.", "Soon the storm was over."),
        ), "A storm comes, and {the:b} takes in {the:a}."),
    },
}  # fmt: skip
COUPLETS: Final[dict[str, Sequence[str]]] = {
    "de": (
        "{Der:a} sitzt still im Sonnenschein,\nso möchte {er:a} für immer sein.",
        "{Der:a} läuft durch das grüne Gras,\ndas Laufen macht {ihm:a} großen Spaß.",
        "{Der:a} träumt in der dunklen Nacht,\nbis früh am Tag der Mond noch lacht.",
        "{Der:a} ruft über Berg und Tal,\nund alle rufen noch einmal.",
        "{Der:a} sieht einen hellen Stern,\nden hat {er:a} wirklich furchtbar gern.",
        "{Der:a} geht leise aus dem Haus,\ndie Sonne scheint, der Wind ist aus.",
        "{Der:a} hat Freunde, groß und klein,\nund keiner bleibt hier gern allein.",
        "{Der:a} singt ein kleines Lied,\nund jeder Vogel singt gleich mit.",
        "{Der:a} baut sich ein kleines Boot,\nein Segel dran, und das ist rot.",
        "{Der:a} tanzt im warmen Wind,\nso froh und leicht wie nur ein Kind.",
        "{Der:a} schläft heute lange aus,\nganz still und warm ist es im Haus.",
        "{Der:a} schwimmt im blauen Meer,\nda schwimmt der Mond gleich hinterher.",
        "{Der:a} fragt, was die Wolke macht,\nda hat die Wolke nur gelacht.",
        "{Der:a} findet einen Stein,\nden packt {er:a} in die Tasche ein.",
    ),
    "en": (
        "{The:a} is sitting in the sun,\nand says that life is so much fun.",
        "{The:a} is dreaming in the night,\nthe moon is round, the moon is bright.",
        "{The:a} is running down the hill,\nand at the bottom it stands still.",
        "{The:a} has found a little star,\nand thinks how near, and yet how far.",
        "{The:a} is dancing in the rain,\nand when it stops, it starts again.",
        "{The:a} is sailing on the sea,\nand calls: \"Come here and sail with me!\"",
        "{The:a} is singing all day long,\na little tune, a happy song.",
        "{The:a} has friends both big and small,\nand there is room here for us all.",
        "{The:a} is looking at the sky,\nand sees the little clouds go by.",
        "{The:a} is sleeping in the hay,\nand dreams about another day.",
        "{The:a} is walking in the snow,\nthe wind is cold, the sun is low.",
        "{The:a} is hiding in a tree,\nand asks the moon: \"Can you see me?\"",
    ),
}  # fmt: skip
CHORUS: Final[dict[str, Sequence[str]]] = {
    "de": (
        "Oh {tier:a}, oh {tier:a}, komm und sing mit mir,\nheute sind wir alle hier.",
        "La la la, so klingt das Lied,\nalle Tiere singen mit.",
        "Tanz mit uns, {tier:a}, tanz herum,\nheute bleibt hier keiner stumm.",
    ),
    "en": (
        "Oh {bare:a}, oh {bare:a}, sing with me,\nall of us are glad and free.",
        "La la la, we sing along,\nthis is now our happy song.",
        "Dance with us, {bare:a}, dance around,\nhear the music, hear the sound.",
    ),
}  # fmt: skip
SCRIPT: Final[dict[str, Stages]] = {
    "de": (
        ("Ort: {de:p}.", "Szene: {Der:a} trifft {den:b} {de:p}."),
        ("- {tier:a}: Guten Morgen, {tier:b}!", "- {tier:a}: Hallo, {tier:b}!"),
        ("- {tier:b}: Hallo, {tier:a}, wie geht es dir?", "- {tier:b}: Guten Tag, {tier:a}, was machst du hier?"),
        ("- {tier:a}: Ich suche {den:o}.", "- {tier:a}: Ich habe {den:o} verloren."),
        ("- {tier:b}: Wo hast du {ihn:o} zuletzt gesehen?", "- {tier:b}: Soll ich dir helfen?"),
        ("- {tier:a}: Ich glaube, {de:p}.", "- {tier:a}: Ja, bitte!"),
        ("- {tier:b}: Dann gehen wir zusammen.", "- {tier:b}: Schau, da ist {er:o} ja!"),
        ("- {tier:a}: Danke, du bist ein guter Freund!", "- {tier:a}: Wie schön, ich danke dir!"),
        ("Ende.", "Beide gehen fröhlich nach Hause."),
    ),
    "en": (
        ("Place: {eng:p}.", "Scene: {The:a} meets {the:b} {eng:p}."),
        ("- {The:a}: Good morning, {bare:b}!", "- {The:a}: Hello, {bare:b}!"),
        ("- {The:b}: Hello, {bare:a}, how are you?", "- {The:b}: Good day, {bare:a}, what are you doing here?"),
        ("- {The:a}: I am looking for the {eng:o}.", "- {The:a}: I have lost the {eng:o}."),
        ("- {The:b}: Where did you see it last?", "- {The:b}: Shall I help you?"),
        ("- {The:a}: I think it was {eng:p}.", "- {The:a}: Yes, please!"),
        ("- {The:b}: Then let us go together.", "- {The:b}: Look, there it is!"),
        ("- {The:a}: Thank you, you are a good friend!", "- {The:a}: How nice, thank you!"),
        ("The end.", "Both go home happily."),
    ),
}  # fmt: skip


def two_animals(rng: Random, **fixed: Any) -> dict[str, Any]:
    """Who a tale is about; fixed animals stay."""
    binding: dict[str, Any] = {"o": rng.choice(lx.OBJECTS), "p": rng.choice(list(lx.PLACES.values()))}
    for name in "ab":
        others = [
            animal for animal in lx.ANIMALS if animal not in binding.values() and animal not in fixed.values()
        ]
        binding[name] = fixed.get(name) or rng.choice(others)
    return binding


def story(language: str, rng: Random, binding: Binding, short: bool = False) -> tuple[str, str]:
    """A story and its summary."""
    stages, summary = rng.choice(list(TALES[language].values()))
    wordings = [rng.choice(OPENING[language]), *(rng.choice(stage) for stage in stages)]
    if short:
        wordings = wordings[:2] + wordings[-2:]
    return " ".join(draw(w, rng, binding) for w in wordings), draw(summary, rng, binding)


def poem(language: str, rng: Random, binding: Binding) -> str:
    chosen = rng.sample(COUPLETS[language], rng.choice((2, 2, 3)))
    return "\n".join(draw(couplet, rng, binding) for couplet in chosen)


def song(language: str, rng: Random, binding: Binding) -> str:
    first, second = rng.sample(COUPLETS[language], 2)
    verse, chorus = "[verse]\n", f"[chorus]\n{rng.choice(CHORUS[language])}"
    return draw(f"{verse}{first}\n\n{chorus}\n\n{verse}{second}\n\n{chorus}", rng, binding)


def script(language: str, rng: Random, binding: Binding) -> str:
    return "\n".join(draw(rng.choice(stage), rng, binding) for stage in SCRIPT[language])


def sequence(language: str, rng: Random) -> str:
    """Four to eight numbers, days or months in their order."""
    row, least = rng.choice(((lx.NUMBERS, 4), (lx.DAYS, 3), (lx.MONTHS, 4)))
    first = rng.choice((0, 0, rng.randrange(len(row) - least)))
    words = [getattr(entry, language) for entry in row[first : first + rng.randint(least, 8)]]
    return ", ".join(words) + "."


def templates() -> list[str]:
    """Every sentence of all tales, for the acceptor."""
    found: list[str] = []
    for language in ("de", "en"):
        found += [*OPENING[language], *COUPLETS[language]]
        found += [wording for stages, _ in TALES[language].values() for stage in stages for wording in stage]
        found += [summary for _, summary in TALES[language].values()]
        found += [f"[chorus]\n{chorus}" for chorus in CHORUS[language]] + list(CHORUS[language])
        found += [wording for stage in SCRIPT[language] for wording in stage]
        form = "de" if language == "de" else "eng"
        for letter, length in product("ndu", range(3, 9)):
            found.append(", ".join(f"{{{form}:{letter}{k}}}" for k in range(length)) + ".")
    return [*found, "[verse]", "[chorus]"]
