"""What a voice may be called, and what may be asked for under the name of a voice. Pure, but for reading lists once."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Final

from data.voice_records import Check, Finding
from moderation.normalise import clean
from moderation.words import WordCheck

NO_GO: Final = Path(__file__).parent / "no_go"
LONGEST_NAME: Final = 32
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

    Refused: empty, long or odd characters; the word lists of prompts; famous people, disguised as they may be.
    """
    if not isinstance(name, str) or not name.strip() or len(name) > LONGEST_NAME or not name.isprintable():
        return Finding.refuse(Check.VOICE_NAME)
    if _ODD.search(clean(name)) or clean(name).strip() == "":
        return Finding.refuse(Check.VOICE_NAME)
    famous, words = _checks()
    if not famous.check(name).allowed:
        return Finding.refuse(Check.VOICE_FAMOUS)
    return Finding.allow("voice") if words.check(name).allowed else Finding.refuse(Check.VOICE_WORDS)


@cache
def _checks() -> tuple[WordCheck, WordCheck]:
    """Famous people, and the lists for prompts. Raises WordListError."""
    return WordCheck(NO_GO), WordCheck()
