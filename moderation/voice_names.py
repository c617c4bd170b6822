"""What a voice may be called, and what may be asked for under the name of a voice. Pure, but for reading lists once."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Final

from data.voice_records import Check, Finding
from moderation.normalise import clean
from moderation.words import WordCheck

NO_GO: Final = Path(__file__).parent / "no_go"
LONGEST_NAME: Final = 32
_MOST_MARKS: Final = 2
"""On one letter, as some scripts need them; more of them run over the lines of others."""
_OF_PEOPLE: Final = "person_dignity"
"""The verdict of the lists for a name; everything else in them is an insult."""
_ID: Final = re.compile(r"[0-9a-f]{16}")
_ODD: Final = re.compile(r"[^\w '’.()-]")
_FILE: Final = re.compile(
    r"\.(pth?|ckpt|npz|npy|gguf|bin|pkl|safetensors|wav|mp3|m4a|ogg|webm|flac)$", re.IGNORECASE
)
# Folders of people's recordings inside tortoise-tts 3.0.0, and its word for a voice drawn at random.
BUNDLED: Final = frozenset(
    {
        "angie", "applejack", "cond_latent_example", "daniel", "deniro", "emma", "freeman", "geralt",
        "halle", "jlaw", "lj", "mol", "myself", "pat", "pat2", "rainbow", "random", "snakes",
        "tim_reynolds", "tom", "train_atkins", "train_daws", "train_dotrice", "train_dreams",
        "train_empire", "train_grace", "train_kennard", "train_lescault", "train_mouse", "weaver",
        "william",
    }
)  # fmt: skip


def judge_reference(asked: object) -> Finding:
    """Whether it can be a stored voice's id: nothing else ever reaches a model. Says what it looks like instead."""
    if not isinstance(asked, str) or not asked.strip():
        return Finding.refuse(Check.VOICE_UNKNOWN)
    name = asked.strip()
    if _ID.fullmatch(name) and name == asked:
        return Finding.allow("voice")
    if "&" in clean(name) or "+" in name:
        return Finding.refuse(Check.VOICE_BLEND)
    if re.search(r"[/\\~:\x00]|\.\.", name):
        return Finding.refuse(Check.VOICE_PATH)
    if _FILE.search(name):
        return Finding.refuse(Check.VOICE_FILE)
    known = clean(name).strip().lower().replace(" ", "_") in BUNDLED
    return Finding.refuse(Check.VOICE_BUNDLED if known else Check.VOICE_UNKNOWN)


def judge_name(name: object) -> Finding:
    """Whether a person may call their voice so. It is shown to the class and is never a file's name.

    Refused: empty, long, odd characters or none that can be read; famous people and insults, disguised as they may be;
    the word lists of prompts.
    """
    if not isinstance(name, str) or not name.strip() or len(name) > LONGEST_NAME or not name.isprintable():
        return Finding.refuse(Check.VOICE_NAME)
    if _ODD.search(clean(name)) or not any(map(str.isalnum, clean(name))) or _is_piled(name):
        return Finding.refuse(Check.VOICE_NAME)
    for check in _checks():
        verdict = check.check(name)
        if not verdict.allowed:
            famous = check is _checks()[0] and verdict.code == _OF_PEOPLE
            return Finding.refuse(Check.VOICE_FAMOUS if famous else Check.VOICE_WORDS)
    return Finding.allow("voice")


def _is_piled(name: str) -> bool:
    """Whether marks stand on a letter in a pile."""
    marks = groupby(unicodedata.normalize("NFC", name), lambda one: unicodedata.category(one).startswith("M"))
    return any(is_mark and len(list(pile)) > _MOST_MARKS for is_mark, pile in marks)


@cache
def _checks() -> tuple[WordCheck, WordCheck]:
    """Famous people and insults, and the lists for prompts. Raises WordListError."""
    return WordCheck(NO_GO), WordCheck()
