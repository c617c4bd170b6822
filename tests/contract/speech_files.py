"""Small tortoises of random numbers: `python speech_files.py FOLDER`, in an environment with `reduced_tortoise`.

Writes a folder a kind, flat as `atelier models pull` puts them: "plain", "bracket" (with an alignment model that hears
nothing, so that it cuts by the length of the words), "hub" (the same in the hub's cache layout), "unlucky" (one whose
alignment fails), and broken ones: "program" (a pickle that would run something), "cut", "incomplete", "no_vocoder",
"no_group", "bad_aligner", "nan", "silent". With the word "brief" behind it the folder is itself one, whose sentences
end after two seconds.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from generation.families.speech import hub as layout  # noqa: E402

HUB = layout.PrivateHub()
HUB.prepare()

from generation.families.speech import packages  # noqa: E402, I001 - first: with it torchaudio can be imported

import torch  # noqa: E402
from transformers import Wav2Vec2Config, Wav2Vec2FeatureExtractor, Wav2Vec2ForCTC  # noqa: E402

PAD, HEARD = 0, 5
BRIEF_TOKENS, STOP_TOKEN = 40, 8193
VOCABULARY = {"<pad>": PAD, "<s>": 1, "</s>": 2, "<unk>": 3, "|": 4, "e": HEARD, "E": 6, "~": 7}


def write_model(folder: Path) -> None:
    """The arguments are those of tortoise's own constructor, as far as they decide over shapes."""
    api: Any = packages.api
    folder.mkdir(parents=True)
    voice = api.UnifiedVoice(
        max_mel_tokens=604,
        max_text_tokens=402,
        max_conditioning_inputs=2,
        number_text_tokens=255,
        start_text_token=255,
        checkpointing=False,
        train_solo_embeddings=False,
    )
    diffusion = api.DiffusionTts(in_channels=100, out_channels=200, in_tokens=8193, dropout=0, layer_drop=0)
    scorer = api.CLVP(num_text_tokens=256, num_speech_tokens=8192, use_xformers=True)
    torch.save(voice.state_dict(), folder / "autoregressive.pth")
    torch.save(diffusion.state_dict(), folder / "diffusion_decoder.pth")
    torch.save(scorer.state_dict(), folder / "clvp2.pth")
    torch.save({"model_g": api.UnivNetGenerator().state_dict()}, folder / "vocoder.pth")


def write_brief(folder: Path) -> None:
    """Where a sentence is so long, nothing but its end comes next: random numbers alone never find one."""
    write_model(folder)
    file = folder / "autoregressive.pth"
    state = torch.load(file)
    state["mel_pos_embedding.emb.weight"][BRIEF_TOKENS:, 0] = 50.0
    state["mel_head.weight"][STOP_TOKEN] = 0.0
    state["mel_head.weight"][STOP_TOKEN, 0] = 10.0
    state["mel_head.bias"][STOP_TOKEN] = -30.0
    torch.save(state, file)


def write_aligner(folder: Path, *, hears: int, upper: bool = False) -> None:
    """A model that hears nothing but the letter `hears`; `upper`: which its own words then do not hold."""
    config = Wav2Vec2Config(
        vocab_size=len(VOCABULARY),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        conv_dim=(8,) * 7,
        num_conv_pos_embeddings=16,
        num_conv_pos_embedding_groups=2,
    )
    model = Wav2Vec2ForCTC(config)
    model.lm_head.weight.data.zero_()
    model.lm_head.bias.data.zero_()
    model.lm_head.bias.data[hears] = 1.0
    model.save_pretrained(folder)
    Wav2Vec2FeatureExtractor().save_pretrained(folder)
    (folder / "vocab.json").write_text(json.dumps(VOCABULARY))
    (folder / "tokenizer_config.json").write_text(json.dumps({"do_lower_case": upper}))
    (folder / "special_tokens_map.json").write_text(json.dumps({"pad_token": "<pad>", "unk_token": "<unk>"}))


def write_hub(flat: Path, folder: Path) -> None:
    for repository, names in {layout.TORTOISE: layout.WEIGHTS, **layout.ALIGNER_PARTS}.items():
        place = folder / "hub" / f"models--{repository.replace('/', '--')}"
        (place / "snapshots" / "1").mkdir(parents=True)
        (place / "refs").mkdir()
        (place / "refs" / "main").write_text("1")
        for name in names:
            if (flat / name).exists():
                shutil.copyfile(flat / name, place / "snapshots" / "1" / name)


class Program:
    """Its pickle says: call os.mkdir."""

    def __init__(self, trace: Path) -> None:
        self._trace = trace

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self._trace),)


def copied(source: Path, target: Path) -> Path:
    shutil.copytree(source, target)
    return target


def write_broken(folder: Path) -> None:
    plain = folder / "plain"
    for name in ("program", "program_vocoder"):
        file = copied(plain, folder / name) / ("clvp2.pth" if name == "program" else "vocoder.pth")
        torch.save({"model_g": {"a": Program(folder / f"{name}_has_run")}}, file)
    whole = (plain / "diffusion_decoder.pth").read_bytes()
    (copied(plain, folder / "cut") / "diffusion_decoder.pth").write_bytes(whole[: len(whole) // 2])
    (copied(plain, folder / "no_vocoder") / "vocoder.pth").unlink()
    state = torch.load(plain / "autoregressive.pth")
    del state["mel_head.weight"]
    torch.save(state, copied(plain, folder / "incomplete") / "autoregressive.pth")
    vocoder = torch.load(plain / "vocoder.pth")["model_g"]
    torch.save(vocoder, copied(plain, folder / "no_group") / "vocoder.pth")
    aligner = copied(folder / "bracket", folder / "bad_aligner")
    (aligner / "pytorch_model.bin").unlink(missing_ok=True)
    (aligner / "model.safetensors").write_bytes(b"no weights")
    write_last(copied(plain, folder / "nan") / "vocoder.pth", vocoder, float("nan"))
    write_last(copied(plain, folder / "silent") / "vocoder.pth", vocoder, 0.0)


def write_last(file: Path, state: dict[str, Any], value: float) -> None:
    """A vocoder whose every sample comes out as `value`."""
    changed = {name: torch.full_like(one, value) if _is_last(name) else one for name, one in state.items()}
    assert changed.keys() == state.keys()
    torch.save({"model_g": changed}, file)


def _is_last(name: str) -> bool:
    return name.startswith("conv_post") and not name.endswith("weight_v")


def main(folder: Path, kind: str = "") -> None:
    packages.prepare(HUB.voices)
    torch.set_num_threads(1)
    torch.manual_seed(1)
    if kind == "brief":
        write_brief(folder)
        return
    write_model(folder / "plain")
    write_aligner(copied(folder / "plain", folder / "bracket"), hears=PAD)
    write_aligner(copied(folder / "plain", folder / "unlucky"), hears=HEARD, upper=True)
    write_hub(folder / "bracket", folder / "hub")
    write_broken(folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
