"""The words of the mini text model's world, German and English, with the forms that its sentences need."""

from __future__ import annotations

import re
from dataclasses import dataclass

INDECLINABLE = {"rosa", "lila", "orange"}
_DER = {"nom": ("der", "die", "das"), "acc": ("den", "die", "das"), "dat": ("dem", "der", "dem"),
        "gen": ("des", "der", "des")}  # fmt: skip
_EIN = {"nom": ("ein", "eine", "ein"), "acc": ("einen", "eine", "ein"), "dat": ("einem", "einer", "einem")}
_ADJ = {"nom": ("er", "e", "es"), "acc": ("en", "e", "es"), "dat": ("en", "en", "en")}


@dataclass(frozen=True)
class Noun:
    """A German noun. `weak` is the ending of all cases but the first ("den Löwen")."""

    word: str
    gender: str
    plural: str = ""
    weak: str = ""

    @property
    def column(self) -> int:
        return "mfn".index(self.gender)

    def case(self, case: str) -> str:
        if case == "nom" or self.gender == "f":
            return self.word
        if self.weak:
            return self.word + self.weak
        return self.word + (self._genitive() if case == "gen" else "")

    def _genitive(self) -> str:
        if self.word.endswith("is"):
            return "ses"
        if re.search(r"(s|ß|z|x|sch|st)$", self.word):
            return "es"
        short = len(re.findall(r"[aeiouäöüy]+", self.word.lower())) == 1
        return "es" if short and not self.word.endswith(("e", "er")) else "s"

    def der(self, case: str) -> str:
        return f"{_DER[case][self.column]} {self.case(case)}"

    def ein(self, case: str, adjective: str = "") -> str:
        middle = f" {adjective}{_ADJ[case][self.column]}" if adjective else ""
        return f"{_EIN[case][self.column]}{middle} {self.case(case)}"

    def pronoun(self, case: str) -> str:
        forms = {"nom": ("er", "sie", "es"), "acc": ("ihn", "sie", "es"), "dat": ("ihm", "ihr", "ihm")}
        return forms[case][self.column]


@dataclass(frozen=True)
class Colour:
    key: str
    de: str
    en: str


@dataclass(frozen=True)
class Place:
    key: str
    de: str
    en: str


@dataclass(frozen=True)
class Thing:
    """Something with a colour. `en` is how English speaks of it in general: "snow", "a banana", "the sun"."""

    key: str
    de: Noun
    en: str
    colour: Colour

    @property
    def bare(self) -> str:
        return re.sub(r"^(an?|the) ", "", self.en)


@dataclass(frozen=True)
class Animal:
    """`size` ranks from 1, an ant, to 6, a whale; `food` and `sound` are pairs of German and English."""

    key: str
    de: Noun
    bare: str
    plural: str
    colour: Colour
    legs: int
    sound: tuple[str, str] | None
    home: Place
    food: tuple[str, str]
    flies: bool
    swims: bool
    size: int

    @property
    def en(self) -> str:
        return ("an " if self.bare[0] in "aeiou" else "a ") + self.bare


@dataclass(frozen=True)
class Object:
    """A thing that someone in a story looks for."""

    key: str
    de: Noun
    en: str


@dataclass(frozen=True)
class Ordered:
    """A number, day, month or pair of opposites: its place in its row, and its word in each language."""

    value: int
    de: str
    en: str


_COLOURS = "red:rot green:grün blue:blau yellow:gelb white:weiß black:schwarz grey:grau brown:braun pink:rosa " \
           "purple:lila orange:orange"  # fmt: skip
COLOURS = {k: Colour(k, v, k) for k, v in (pair.split(":") for pair in _COLOURS.split())}
PLACES = {
    row[0]: Place(*row) for row in (
        ("pond", "am Teich", "by the pond"), ("forest", "im Wald", "in the forest"),
        ("farm", "auf dem Bauernhof", "on the farm"), ("sea", "im Meer", "in the sea"),
        ("desert", "in der Wüste", "in the desert"), ("savanna", "in der Savanne", "in the savanna"),
        ("jungle", "im Dschungel", "in the jungle"), ("meadow", "auf der Wiese", "in the meadow"),
        ("house", "im Haus", "in the house"), ("ice", "im Eis", "on the ice"),
        ("garden", "im Garten", "in the garden"), ("mountains", "in den Bergen", "in the mountains"),
    )
}  # fmt: skip
_FOODS = {
    "meat": "Fleisch", "grass": "Gras", "fish": "Fisch", "cheese": "Käse", "insects": "Insekten", "nuts": "Nüsse",
    "leaves": "Blätter", "bananas": "Bananen", "honey": "Honig", "carrots": "Möhren", "grain": "Körner",
    "nectar": "Nektar", "mice": "Mäuse", "fruit": "Obst", "krill": "Krebse", "worms": "Würmer", "hay": "Heu",
}  # fmt: skip
# key: German word, gender, plural, weak ending | English plural | colour, legs, home, food, skills, size | sounds
_ANIMALS = """
frog: Frosch m Frösche - | frogs | green 4 pond insects s 2 | quakt croaks
dog: Hund m Hunde - | dogs | brown 4 house meat s 3 | bellt barks
cat: Katze f Katzen - | cats | grey 4 house fish - 3 | miaut meows
mouse: Maus f Mäuse - | mice | grey 4 house cheese - 2 | piepst squeaks
rabbit: Hase m Hasen n | rabbits | brown 4 meadow carrots - 3 |
fox: Fuchs m Füchse - | foxes | orange 4 forest mice - 3 |
bear: Bär m Bären en | bears | brown 4 forest honey s 5 | brummt growls
wolf: Wolf m Wölfe - | wolves | grey 4 forest meat - 4 | heult howls
lion: Löwe m Löwen n | lions | yellow 4 savanna meat - 5 | brüllt roars
tiger: Tiger m Tiger - | tigers | orange 4 jungle meat s 5 |
elephant: Elefant m Elefanten en | elephants | grey 4 savanna leaves s 6 | trompetet trumpets
giraffe: Giraffe f Giraffen - | giraffes | yellow 4 savanna leaves - 6 |
monkey: Affe m Affen n | monkeys | brown 4 jungle bananas - 3 | kreischt screeches
cow: Kuh f Kühe - | cows | brown 4 farm grass - 5 | muht moos
horse: Pferd n Pferde - | horses | brown 4 farm hay - 5 | wiehert neighs
pig: Schwein n Schweine - | pigs | pink 4 farm grain - 4 | grunzt grunts
sheep: Schaf n Schafe - | sheep | white 4 meadow grass - 4 | blökt bleats
goat: Ziege f Ziegen - | goats | white 4 mountains grass - 4 | meckert bleats
donkey: Esel m Esel - | donkeys | grey 4 farm hay - 4 | schreit brays
chicken: Huhn n Hühner - | chickens | white 2 farm grain - 3 | gackert clucks
duck: Ente f Enten - | ducks | white 2 pond grain fs 3 | quakt quacks
swan: Schwan m Schwäne - | swans | white 2 pond grass fs 3 |
raven: Rabe m Raben n | ravens | black 2 forest worms f 3 | krächzt croaks
owl: Eule f Eulen - | owls | brown 2 forest mice f 3 | ruft hoots
parrot: Papagei m Papageien en | parrots | red 2 jungle fruit f 3 | plappert squawks
penguin: Pinguin m Pinguine - | penguins | black 2 ice fish s 3 |
flamingo: Flamingo m Flamingos - | flamingos | pink 2 pond krill f 4 |
stork: Storch m Störche - | storks | white 2 meadow mice f 4 | klappert clatters
bee: Biene f Bienen - | bees | yellow 6 garden nectar f 1 | summt buzzes
ladybird: Marienkäfer m Marienkäfer - | ladybirds | red 6 garden insects f 1 |
ant: Ameise f Ameisen - | ants | black 6 forest insects - 1 |
spider: Spinne f Spinnen - | spiders | black 8 house insects - 1 |
snail: Schnecke f Schnecken - | snails | brown 0 garden leaves - 1 |
hedgehog: Igel m Igel - | hedgehogs | brown 4 garden worms - 2 |
squirrel: Eichhörnchen n Eichhörnchen - | squirrels | orange 4 forest nuts - 2 |
snake: Schlange f Schlangen - | snakes | green 0 jungle mice s 3 | zischt hisses
crocodile: Krokodil n Krokodile - | crocodiles | green 4 jungle meat s 5 |
camel: Kamel n Kamele - | camels | brown 4 desert hay - 5 |
whale: Wal m Wale - | whales | blue 0 sea krill s 6 | singt sings
shark: Hai m Haie - | sharks | grey 0 sea fish s 5 |
goldfish: Goldfisch m Goldfische - | goldfish | orange 0 pond worms s 1 |
polar bear: Eisbär m Eisbären en | polar bears | white 4 ice fish s 5 | brummt growls
"""
_THINGS = """
snow: Schnee m | snow | white
grass: Gras n | grass | green
sun: Sonne f | the sun | yellow
sky: Himmel m | the sky | blue
tomato: Tomate f | a tomato | red
banana: Banane f | a banana | yellow
lemon: Zitrone f | a lemon | yellow
strawberry: Erdbeere f | a strawberry | red
cherry: Kirsche f | a cherry | red
carrot: Möhre f | a carrot | orange
coal: Kohle f | coal | black
milk: Milch f | milk | white
chocolate: Schokolade f | chocolate | brown
sea: Meer n | the sea | blue
leaf: Blatt n | a leaf | green
cucumber: Gurke f | a cucumber | green
rose: Rose f | a rose | red
night: Nacht f | the night | black
cloud: Wolke f | a cloud | white
fire: Feuer n | fire | red
salt: Salz n | salt | white
blueberry: Blaubeere f | a blueberry | blue
plum: Pflaume f | a plum | purple
violet: Veilchen n | a violet | purple
lavender: Lavendel m | lavender | purple
stone: Stein m | a stone | grey
wood: Holz n | wood | brown
pumpkin: Kürbis m | a pumpkin | orange
moon: Mond m | the moon | yellow
blood: Blut n | blood | red
"""
_OBJECTS = """
ball: Ball m | ball
key: Schlüssel m | key
hat: Hut m | hat
book: Buch n | book
apple: Apfel m | apple
ring: Ring m | ring
lamp: Lampe f | lamp
cake: Kuchen m | cake
map: Karte f | map
shoe: Schuh m | shoe
drum: Trommel f | drum
kite: Drachen m | kite
bell: Glocke f | bell
cup: Tasse f | cup
"""


def _animal(line: str) -> Animal:
    key, rest = line.split(": ")
    german, plural, facts, sounds = (part.strip() for part in rest.split("|"))
    word, gender, many, weak = german.split()
    colour, legs, home, food, skills, size = facts.split()
    sound = sounds.split()
    return Animal(
        key, Noun(word, gender, many, weak.strip("-")), key, plural, COLOURS[colour], int(legs),
        (sound[0], sound[1]) if sound else None, PLACES[home], (_FOODS[food], food),
        "f" in skills, "s" in skills, int(size),
    )  # fmt: skip


def _row(line: str) -> tuple[str, Noun, list[str]]:
    key, rest = line.split(": ")
    german, *others = (part.strip() for part in rest.split("|"))
    return key, Noun(*german.split()), others


ANIMALS = [_animal(line) for line in _ANIMALS.strip().splitlines()]
THINGS = [
    Thing(k, noun, rest[0], COLOURS[rest[1]]) for k, noun, rest in map(_row, _THINGS.strip().splitlines())
]
OBJECTS = [Object(k, noun, rest[0]) for k, noun, rest in map(_row, _OBJECTS.strip().splitlines())]


def _ordered(german: str, english: str, first: int = 0) -> list[Ordered]:
    pairs = zip(german.split(), english.split(), strict=True)
    return [Ordered(first + k, de, en) for k, (de, en) in enumerate(pairs)]


NUMBERS = _ordered(
    "null eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn "
    "siebzehn achtzehn neunzehn zwanzig",
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen twenty",
)
DAYS = _ordered(
    "Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag",
    "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
)
MONTHS = _ordered(
    "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "January February March April May June July August September October November December",
)
_OPPOSITES = (
    "groß:klein big:small|heiß:kalt hot:cold|hell:dunkel bright:dark|laut:leise loud:quiet|alt:jung old:young|"
    "schnell:langsam fast:slow|hoch:tief high:low|nass:trocken wet:dry|stark:schwach strong:weak|"
    "voll:leer full:empty|schwer:leicht heavy:light|oben:unten up:down|links:rechts left:right"
)


def _opposites() -> list[Ordered]:
    """Pairs stand next to each other: the opposite of number k is number k ^ 1."""
    found: list[Ordered] = []
    for pair in _OPPOSITES.split("|"):
        german, english = (side.split(":") for side in pair.split())
        found += [Ordered(len(found) + k, german[k], english[k]) for k in (0, 1)]
    return found


OPPOSITES = _opposites()
