"""Speech from a Piper voice: a network that learned one person's donated recordings, run by onnxruntime.

It speaks with this one voice only: there is no way to give it another.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from piper import PiperVoice, SynthesisConfig
from piper.config import PhonemeType, PiperConfig

from generation.families.voices.manners import MANNERS
from generation.families.voices.wish import Spoken, Wish
from generation.worker.api import Context, Model, TaskFailed

PEAK = 32_000
_RATES = (8_000, 48_000)
_LIVELY = 50
"""The manner's `melody` at which the voice's own liveliness is left as it is."""


@dataclass(frozen=True, slots=True)
class Files:
    """The network and its settings, read."""

    network: Path
    config: PiperConfig
    language: str


def speak(wish: Wish, model: Model, seed: int, context: Context) -> Spoken:
    """Raises Cancelled between sentences; TaskFailed invalid "language_unsupported" or "speaker", model_missing,
    model_broken, worker_failed."""
    files = find(model.path)
    if wish.language != files.language:
        raise TaskFailed("invalid", "language_unsupported")
    speaker = _speaker(wish, files.config)
    context.loading(model.id)
    voice = load(files, seed)
    context.check()
    sentences = [one for one in voice.phonemize(wish.text) if one]
    sound: list[np.ndarray[Any, Any]] = []
    for done, sentence in enumerate(sentences, start=1):
        context.check()
        made: Any = voice.phoneme_ids_to_audio(
            voice.phonemes_to_ids(sentence), _settings(wish, files.config, speaker)
        )
        sound.append(np.asarray(made, dtype=np.float32).reshape(-1))
        context.progress(done, len(sentences) + 1)
    phonemes = " | ".join("".join(sentence) for sentence in sentences)
    return Spoken(_whole(sound), files.config.sample_rate, phonemes)


def find(folder: Path) -> Files:
    """The one network in a folder, wherever the hub's repository has it, and its settings beside it.

    Raises TaskFailed model_missing, model_broken.
    """
    networks = sorted(folder.rglob("*.onnx"))
    if not networks:
        raise TaskFailed("model_missing", "no network")
    settings = networks[0].with_name(f"{networks[0].name}.json")
    if not settings.is_file():
        raise TaskFailed("model_missing", "no settings")
    try:
        config = PiperConfig.from_dict(json.loads(settings.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise TaskFailed("model_broken", type(error).__name__) from error
    # another kind of phonemes would have the package fetch files
    if config.phoneme_type is not PhonemeType.ESPEAK or not _RATES[0] <= config.sample_rate <= _RATES[1]:
        raise TaskFailed("model_broken", "settings")
    return Files(networks[0], config, str(config.espeak_voice).partition("-")[0])


def load(files: Files, seed: int) -> PiperVoice:
    """A network whose noise begins at `seed`: onnxruntime draws it once, when the network is loaded."""
    logging.getLogger("piper").setLevel(logging.ERROR)  # its debug lines hold the text
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    onnxruntime.set_seed(seed % 2**31)
    try:
        session = onnxruntime.InferenceSession(
            str(files.network), options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:  # onnxruntime's errors have no common class of their own
        raise TaskFailed("model_broken", type(error).__name__) from error
    return PiperVoice(session=session, config=files.config)


def _speaker(wish: Wish, config: PiperConfig) -> int | None:
    names: Mapping[str, int] = config.speaker_id_map
    if wish.speaker and wish.speaker not in names:
        raise TaskFailed("invalid", "speaker")
    if config.num_speakers < 2:
        return None
    return names[wish.speaker] if wish.speaker else config.default_speaker_id


def _settings(wish: Wish, config: PiperConfig, speaker: int | None) -> SynthesisConfig:
    """Speed and liveliness; Piper knows no pitch, so emotions are less clear than with the other engine."""
    manner = MANNERS[wish.emotion]
    lively = 1 + (manner.melody - _LIVELY) / 100
    return SynthesisConfig(
        speaker_id=speaker,
        length_scale=config.length_scale / (manner.rate * wish.speed),
        noise_scale=config.noise_scale * lively,
        noise_w_scale=config.noise_w_scale * lively,
        normalize_audio=False,
    )


def _whole(parts: list[np.ndarray[Any, Any]]) -> bytes:
    """PCM16. Raises TaskFailed where there is no sound or it is not finite."""
    sound = np.concatenate(parts) if parts else np.zeros(0, dtype=np.float32)
    if not sound.size:
        raise TaskFailed("invalid", "speech_empty")
    if not np.isfinite(sound).all():
        raise TaskFailed("worker_failed", "sound is not finite")
    loudest = float(np.abs(sound).max())
    if loudest == 0:
        raise TaskFailed("worker_failed", "sound is silent")
    return np.round(sound * (PEAK / loudest)).astype("<i2").tobytes()
