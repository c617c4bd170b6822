"""The tokeniser: sentencepiece, learned from the grammar's own texts, with bytes for everything else."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from random import Random

import sentencepiece

from generation.mini.text import facts, unknown
from generation.mini.text.documents import Document, document
from generation.mini.text.grammar import fill

PIECES = 2560
FACTS = 80
"""How often each fact is read when pieces are learned: words of the small world shall be whole, names need not."""
UNK, BOS, EOS = 0, 1, 2
ROLES = {"system": 3, "user": 4, "assistant": 5}
CONTROL = [f"<|{role}|>" for role in ROLES]
TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}<|{{ message['role'] }}|>{{ message['content'] }}</s>"
    "{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
"""Every message ends with the end token, which is also where an answer stops."""
LETTERS = "abcdefghijklmnopqrstuvwxyzäöüßABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÜ0123456789.,!?:;\"'()[]+-=<>|/"


def _texts(count: int) -> Iterator[str]:
    rng = Random(7)
    for _ in range(count):
        made = document(rng)
        for text in [made] if isinstance(made, str) else [text for _, text in made]:
            yield from text.split("\n")
    for language in ("de", "en"):
        yield from unknown.split(unknown.WORDS[language], scored=False)
        for kind in facts.KINDS:
            for binding in kind.bindings[:80]:
                yield from [fill(answer, binding) for answer in kind.answers[language]] * FACTS


def train(path: Path, count: int = 12_000) -> None:
    """Learns the pieces and writes the sentencepiece model. The same every time."""
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=_texts(count), model_writer=model, model_type="bpe", vocab_size=PIECES, byte_fallback=True,
        split_digits=True, normalization_rule_name="identity", remove_extra_whitespaces=False, num_threads=1,
        control_symbols=CONTROL, required_chars=LETTERS, character_coverage=1.0, minloglevel=2,
        unk_id=UNK, bos_id=BOS, eos_id=EOS, pad_id=-1,
    )  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(model.getvalue())


def load(path: Path) -> sentencepiece.SentencePieceProcessor:
    return sentencepiece.SentencePieceProcessor(model_file=str(path))


def encode(tokenizer: sentencepiece.SentencePieceProcessor, made: Document) -> tuple[list[int], list[bool]]:
    """Token numbers, and which of them the model learns to predict: all of a plain text, the answers of a talk."""
    if isinstance(made, str):
        ids = [BOS, *tokenizer.encode(made), EOS]
        return ids, [False] + [True] * (len(ids) - 1)
    ids, learned = [BOS], [False]
    for role, text in made:
        part = [*tokenizer.encode(text), EOS]
        ids += [ROLES[role], *part]
        learned += [False] + [role == "assistant"] * len(part)
    return ids, learned
