"""What goes on inside a model: the next word's probabilities, tokens, and how surprising each word was."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from generation.families.text.sampling import Dice, likeliest, probabilities
from generation.families.text.writing import checked_temperature
from generation.llama.engine import Engine, split_chunks
from generation.llama.vocabulary import encoded
from generation.worker.api import Context, TaskFailed

CHOICES_LIMIT = 10
RUN_LIMIT = 20
TEXTS_LIMIT = 8
TEXT_LIMIT = 20_000
_WORD_TOKENS = 12
"""A word that goes on for longer is taken as it is."""
_CHARACTER_BYTES = 4
_SPARE = 64


def next_word(engine: Engine, params: Mapping[str, Any], seed: int, context: Context) -> dict[str, Any]:
    """The likeliest tokens after a text, over the whole vocabulary, after running on for some words.

    Raw text behind the beginning token, no chat. Raises TaskFailed invalid, worker_failed; Cancelled.
    """
    text = _checked_text(params.get("text"))
    temperature = checked_temperature(params.get("temperature"))
    count = _checked_whole(params, "count", 1, CHOICES_LIMIT)
    run = _checked_whole(params, "run", 0, RUN_LIMIT)
    context.progress(0, run + 1, "reading")
    if run:
        text += _run(engine, text, temperature, run, Dice(seed), context)
    tokens, cut = _read(engine, text, context)
    logits = engine.logits()
    shares = probabilities(logits, temperature)
    # by their logits: without temperature all but one have no share, and still have an order
    chosen = likeliest(logits, count)
    choices = [
        {"id": token, "text": _shown(engine, tokens, token, context), "probability": float(shares[token])}
        for token in chosen
    ]
    context.progress(run + 1, run + 1, "writing")
    rest = max(0.0, 1.0 - math.fsum(float(shares[token]) for token in chosen))
    return {"text": text, "tokens": len(tokens), "choices": choices, "rest": rest, "cut": cut}


def token_lists(engine: Engine, params: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """Each text as its tokens; the pieces together are the text. A character that takes several stands in the last."""
    texts = params.get("texts")
    if not isinstance(texts, list) or not 1 <= len(texts) <= TEXTS_LIMIT:
        raise TaskFailed("invalid", "texts")
    found = []
    for done, text in enumerate(texts):
        context.check()
        context.progress(done, len(texts), "reading")
        pieces = engine.vocabulary.text_pieces(_checked_text(text))
        words = _characters([piece for _, piece in pieces])
        found.append([{"id": token, "text": word} for (token, _), word in zip(pieces, words, strict=True)])
    context.progress(len(texts), len(texts), "reading")
    return {"texts": found}


def surprise(engine: Engine, params: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """How likely the model found each word of a text. Raises TaskFailed invalid, worker_failed; Cancelled."""
    vocabulary = engine.vocabulary
    pieces = vocabulary.text_pieces(_checked_text(params.get("text")))
    if not pieces:
        raise TaskFailed("invalid", "text")
    head = [] if vocabulary.bos is None else [vocabulary.bos]
    kept = pieces[: engine.size - len(head)]
    tokens = head + [token for token, _ in kept]
    shares: list[float | None] = [None] * (1 - len(head))
    best: list[int | None] = [None] * (1 - len(head))
    for place, logits in enumerate(engine.rows(tokens[:-1], context)):
        context.progress(place, len(tokens), "reading")
        chances = probabilities(logits, 1.0)
        shares.append(float(chances[tokens[place + 1]]))
        best.append(int(logits.argmax()))
    engine.forget()
    words = _words(engine, [piece for _, piece in kept], shares, best)
    context.progress(len(tokens), len(tokens), "reading")
    return {"words": words, "cut": len(kept) < len(pieces)}


def _words(
    engine: Engine, pieces: Sequence[bytes], shares: Sequence[float | None], best: Sequence[int | None]
) -> list[dict[str, Any]]:
    words: list[dict[str, Any]] = []
    for text, share, likely in zip(_characters(pieces), shares, best, strict=True):
        if not words or text[:1].isspace() or words[-1]["text"].endswith("\n"):
            expected = None if likely is None else _lone(engine.vocabulary.piece(likely))
            words.append({"text": text, "share": share, "best": expected})
            continue
        before = words[-1]
        before["text"] += text
        before["share"] = None if before["share"] is None or share is None else before["share"] * share
    return [_measured(word) for word in words]


def _measured(word: Mapping[str, Any]) -> dict[str, Any]:
    share = word["share"]
    bits = None if share is None else -math.log2(max(share, 1e-300))
    return {"text": word["text"], "probability": share, "bits": bits, "best": word["best"]}


def _run(engine: Engine, text: str, temperature: float, count: int, dice: Dice, context: Context) -> str:
    """`count` more words. A word ends before a piece that begins with a blank, or with the text."""
    _read(engine, text, context)
    vocabulary, written, words, started = engine.vocabulary, b"", 0, False
    for _ in range(count * _WORD_TOKENS):
        context.check()
        token = dice.draw(probabilities(engine.logits(), temperature))
        piece = vocabulary.piece(token)
        if token in vocabulary.control or token in vocabulary.ends or engine.used >= engine.size:
            break
        if started and piece[:1].isspace():
            words, started = words + 1, False
        if words == count:
            break
        started = started or bool(piece.strip())
        written += piece
        context.progress(words, count + 1, "writing")
        engine.step(token)
    return written.decode("utf-8", "ignore")


def _read(engine: Engine, text: str, context: Context) -> tuple[list[int], bool]:
    """The tokens that are read, and whether older ones had to be left out."""
    vocabulary = engine.vocabulary
    head = [] if vocabulary.bos is None else [vocabulary.bos]
    tokens = vocabulary.tokens(encoded(text))
    if not head and not tokens:
        raise TaskFailed("invalid", "text")
    room = engine.size - len(head) - min(_SPARE, engine.size // 4)
    kept = head + tokens[max(0, len(tokens) - room) :]
    engine.read(split_chunks(kept), context)
    return kept, len(tokens) > room


def _shown(engine: Engine, tokens: Sequence[int], token: int, context: Context) -> str:
    """A choice in letters, "" for the end of the text. Part of a character is completed by what is likeliest."""
    vocabulary = engine.vocabulary
    if token in vocabulary.control or token in vocabulary.ends:
        return ""
    whole = vocabulary.piece(token)
    if _is_text(whole):
        return whole.decode()
    engine.read(split_chunks(tokens), context)
    following = token
    while len(whole) < _CHARACTER_BYTES:
        engine.step(following)
        following = int(engine.logits().argmax())
        whole += vocabulary.piece(following)
        if _is_text(whole):
            return whole.decode()
    return _lone(vocabulary.piece(token))


def _characters(pieces: Sequence[bytes]) -> list[str]:
    """One text a piece, together the whole: the bytes of a character go to the piece that completes it."""
    words, waiting = [], b""
    for place, piece in enumerate(pieces):
        waiting += piece
        whole = _is_text(waiting)
        if whole or place == len(pieces) - 1:
            words.append(waiting.decode() if whole else _lone(waiting))
            waiting = b""
            continue
        head = waiting.decode("utf-8", "ignore")  # a piece may end in the middle of a character
        words.append(head)
        waiting = waiting[len(head.encode()) :]
    return words


def _is_text(piece: bytes) -> bool:
    try:
        piece.decode()
    except UnicodeDecodeError:
        return False
    return True


def _lone(piece: bytes) -> str:
    """Bytes that are no text alone as `⟨E2⟩`."""
    return piece.decode() if _is_text(piece) else "".join(f"⟨{byte:02X}⟩" for byte in piece)


def _checked_text(text: Any) -> str:
    if not isinstance(text, str) or len(text) > TEXT_LIMIT:
        raise TaskFailed("invalid", "text")
    return text


def _checked_whole(params: Mapping[str, Any], name: str, low: int, high: int) -> int:
    value = params.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise TaskFailed("invalid", name)
    return value
