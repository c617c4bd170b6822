"""Writes the trained model as one GGUF file: weights in half precision, tokeniser and chat template inside.

python generation/mini/text/export.py --cache CACHE
"""

from __future__ import annotations

import argparse
from pathlib import Path

import gguf
import numpy as np
import sentencepiece
import torch

from generation.mini.text import tokens
from generation.mini.text.llama import Llama, Shape

WEIGHTS = Path(__file__).with_name("weights") / "mini-text.gguf"


def vocabulary(
    tokenizer: sentencepiece.SentencePieceProcessor,
) -> tuple[list[bytes], list[float], list[gguf.TokenType]]:
    """Pieces, scores and sorts of tokens, in the order of their numbers."""
    pieces, scores, sorts = [], [], []
    for number in range(tokenizer.get_piece_size()):
        pieces.append(tokenizer.id_to_piece(number).encode())
        scores.append(tokenizer.get_score(number))
        sort = gguf.TokenType.NORMAL
        if tokenizer.is_unknown(number):
            sort = gguf.TokenType.UNKNOWN
        elif tokenizer.is_control(number):
            sort = gguf.TokenType.CONTROL
        elif tokenizer.is_byte(number):
            sort = gguf.TokenType.BYTE
        sorts.append(sort)
    return pieces, scores, sorts


def describe(writer: gguf.GGUFWriter, shape: Shape) -> None:
    writer.add_name("mini-text")
    writer.add_description("Rehearsal model of Klassenatelier, trained on sentences of its own grammar")
    writer.add_languages(["de", "en"])
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.hidden)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.heads)
    writer.add_layer_norm_rms_eps(shape.epsilon)
    writer.add_rope_dimension_count(shape.head)
    writer.add_rope_freq_base(shape.base)
    writer.add_vocab_size(shape.pieces)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_F16)


def add_tokenizer(writer: gguf.GGUFWriter, tokenizer: sentencepiece.SentencePieceProcessor) -> None:
    pieces, scores, sorts = vocabulary(tokenizer)
    writer.add_tokenizer_model("llama")
    writer.add_token_list(pieces)
    writer.add_token_scores(scores)
    writer.add_token_types(sorts)
    writer.add_bos_token_id(tokens.BOS)
    writer.add_eos_token_id(tokens.EOS)
    writer.add_unk_token_id(tokens.UNK)
    writer.add_add_bos_token(True)
    writer.add_add_eos_token(False)
    writer.add_add_space_prefix(True)
    writer.add_chat_template(tokens.TEMPLATE)


def export(cache: Path, out: Path) -> None:
    shape = Shape()
    model = Llama(shape)
    saved = torch.load(cache / "model.pt", weights_only=True)
    model.load_state_dict(saved["model"])
    out.parent.mkdir(parents=True, exist_ok=True)
    writer = gguf.GGUFWriter(out, "llama")
    describe(writer, shape)
    add_tokenizer(writer, tokens.load(cache / "pieces.model"))
    for name, parameter in model.state_dict().items():
        kind = np.float16 if parameter.ndim == 2 else np.float32
        writer.add_tensor(name, parameter.numpy().astype(kind))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    out.chmod(0o644)


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--cache", type=Path, required=True)
    options.add_argument("--out", type=Path, default=WEIGHTS)
    chosen = options.parse_args()
    export(chosen.cache, chosen.out)
