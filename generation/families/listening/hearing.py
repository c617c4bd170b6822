"""Which words of a list somebody said, in order (pocketsphinx). It is never told which were expected.

The grammar is the whole list, any word after any word. Aligning the expected words to the recording instead accepts
whatever was said.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pocketsphinx

from generation.families.listening import activity
from generation.families.listening.sound import Recording, as_pcm
from generation.worker.api import Context, TaskFailed

MEASURED = frozenset({"en"})
"""Languages that there is a recogniser for, whose errors were counted (tests/contract/listening_counts.py)."""
WORDS_LIMIT = (8, 500)
LEAST_SPEECH = 0.3
_WORD = re.compile(r"[a-z]+(?:'[a-z]+)?\Z")
_STEP = 4096
_MODELS = Path(pocketsphinx.get_model_path()) / "en-us"
_SETTINGS: Mapping[str, Any] = {
    "hmm": str(_MODELS / "en-us"),
    "dict": str(_MODELS / "cmudict-en-us.dict"),
    "lm": None,
    "loglevel": "FATAL",
    "cmn": "batch",
}


def hear(recording: Recording, language: str, vocabulary: Any, context: Context) -> dict[str, Any]:
    """Facts words, speech_seconds, level_db, noise_db, measured; no words where the language has no recogniser.

    Raises Cancelled; TaskFailed invalid "vocabulary".
    """
    measured = language in MEASURED
    grammar = _grammar(vocabulary) if measured else ""
    found = activity.find(recording)
    words = (
        _words(found.samples, grammar, context) if measured and found.speech_seconds >= LEAST_SPEECH else []
    )
    return {
        "words": words,
        "speech_seconds": found.speech_seconds,
        "level_db": found.level_db,
        "noise_db": found.noise_db,
        "measured": measured,
    }


@cache
def dictionary() -> frozenset[str]:
    """The words that the recogniser knows how to pronounce, written with plain letters."""
    with (_MODELS / "cmudict-en-us.dict").open(encoding="utf-8") as lines:
        return frozenset(word for line in lines if _WORD.match(word := line.partition(" ")[0]))


def _grammar(vocabulary: Any) -> str:
    if not isinstance(vocabulary, Sequence) or isinstance(vocabulary, str):
        raise TaskFailed("invalid", "vocabulary")
    words = [word for word in vocabulary if isinstance(word, str) and word in dictionary()]
    if len(words) != len(vocabulary) or not WORDS_LIMIT[0] <= len(set(words)) <= WORDS_LIMIT[1]:
        raise TaskFailed("invalid", "vocabulary")
    # sorted: not even the order in which the list came can tell anything
    return f"#JSGF V1.0; grammar list; public <words> = ({' | '.join(sorted(set(words)))})+;"


def _words(samples: np.ndarray[Any, Any], grammar: str, context: Context) -> list[str]:
    """A new decoder each time: an old one adapts to whoever spoke before."""
    decoder = pocketsphinx.Decoder(pocketsphinx.Config(**_SETTINGS))
    context.check()
    decoder.add_jsgf_string("list", grammar)
    decoder.activate_search("list")
    decoder.start_utt()
    decoder.process_raw(as_pcm(samples), no_search=False, full_utt=True)
    decoder.end_utt()
    context.check()
    # silences and noises stand in <> and [], other pronunciations of a word carry a number in ()
    return [one.word.partition("(")[0] for one in decoder.seg() or () if one.word[0].isalpha()]
