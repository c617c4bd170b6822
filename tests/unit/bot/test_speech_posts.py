"""The post of speech and the lists beside `/stimme` against Discord's limits, whatever was typed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import discord
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.buttons import ButtonId, offer_row
from bot.posts import compose_post
from bot.posts.shared import DEFAULT_FILE_LIMIT, Fill
from bot.posts.speech import offer_text, offered_text, quality_choice, voice_choice
from bot.services.speech_ports import LanguageOffer, OfferedVoice, SpeechPost
from generation.errors import NotFound
from generation.speech_params import EMOTIONS, QUALITIES, SpeechParams
from tests.unit.bot.test_posts import FEW, HOSTILE, SENTENCES, check_embed, check_view, make_job

NOW = 1_800_000_000.0
VOICE = "0123456789abcdef"


def speech_post(folder: Path, *, cloned: bool = False, locale: str = "de", **changes: Any) -> SpeechPost:
    picture, file = folder / "waves.png", folder / "piece-1.ogg"
    picture.write_bytes(b"drawn")
    file.write_bytes(b"OggS" * 20)
    params = SpeechParams(text="Guten Morgen!", emotion="sad", voice=VOICE if cloned else None, language="de")
    job = make_job(locale=locale, medium="speech", params=params.to_plain(), seed=7, notices=("seed_rules",))
    values: dict[str, Any] = {
        "job": job,
        "model_title": "eSpeak NG",
        "seconds": 0.84,
        "file": file,
        "picture": picture,
        "length": 2.345,
        "seed": 7,
        "voice_name": "Mia" if cloned else "alto",
        "cloned": cloned,
        "about": "Hat nichts gelernt.",
        "owner": "42" if cloned else None,
        "until": NOW if cloned else None,
    }
    return SpeechPost(**{**values, **changes})


def made(post: SpeechPost, **options: Any) -> Any:
    return compose_post(post, SENTENCES, **{"file_limit": DEFAULT_FILE_LIMIT, **options})


def facts(composed: Any) -> dict[str, str]:
    return {field.name: field.value for field in composed.embeds[0].fields}


def test_nobody_s_voice_says_so(tmp_path: Path) -> None:
    composed = made(speech_post(tmp_path))
    embed = composed.embeds[0]
    assert embed.author.name == "KI-Stimme"
    assert embed.title == SENTENCES.text("speech.title", "de")
    assert "Guten Morgen" in embed.description
    assert "Hat nichts gelernt." in embed.description
    assert facts(composed) == {
        "Modell": "eSpeak NG",
        "Stimme": "Alt",
        "Stimmung": "traurig",
        "Zu hören": "2,3 s",
        "Gedauert": "0,8 s",
    }
    assert "Seed: `7`" in composed.content
    assert SENTENCES.text("notice.seed_rules", "de") in composed.content
    assert [file.name for file in composed.files] == [
        "atelier-0123456789-wave.png",
        "atelier-0123456789-seed-7.ogg",
    ]
    assert all("KI-Stimme" in file.alt and "Guten Morgen!" in file.alt for file in composed.files)


def test_a_copied_voice_says_whose_it_is_and_until_when(tmp_path: Path) -> None:
    composed = made(speech_post(tmp_path, cloned=True, locale="en"))
    embed = composed.embeds[0]
    assert embed.author.name == "AI voice"
    assert "<@42>" in embed.description
    assert f"<t:{int(NOW)}:f>" in embed.description
    assert facts(composed)["Voice"] == "Mia"
    assert facts(composed)["Quality"] == "fast"
    assert VOICE not in f"{composed.content}{embed.description}{facts(composed)}"


@given(text=HOSTILE, name=HOSTILE, cloned=st.booleans(), owner=st.sampled_from(["42", "@everyone", ""]))
@FEW
def test_limits_hold_whatever_was_typed(
    tmp_path_factory: pytest.TempPathFactory, text: str, name: str, cloned: bool, owner: str
) -> None:
    post = speech_post(
        tmp_path_factory.mktemp("post"), cloned=cloned, owner=owner, voice_name=name, about=name
    )
    job = replace(post.job, params={**post.job.params, "text": text})
    composed = made(replace(post, job=job, about="" if cloned else "Regeln."))
    check_embed(composed.embeds[0])
    check_view(composed.view)
    assert len(composed.content) <= 2000
    assert all(len(file.alt) <= 1024 for file in composed.files)
    assert "@everyone" not in f"{composed.embeds[0].description}{facts(composed)}".replace("\\@", "")


@pytest.mark.parametrize(
    ("fill", "kinds"), [(Fill.ALL, ["png", "ogg"]), (Fill.SHEET, ["ogg"]), (Fill.NOTHING, [])]
)
def test_the_sound_is_the_last_to_go(tmp_path: Path, fill: Fill, kinds: list[str]) -> None:
    composed = made(speech_post(tmp_path), fill=fill, buttons=False)
    assert [file.name.rsplit(".", 1)[-1] for file in composed.files] == kinds
    assert composed.view is None
    left = SENTENCES.text("post.left_out", "de", n=2 - len(kinds))
    assert (left in composed.content) is (len(kinds) < 2)
    assert (composed.embeds[0].image.url is None) is ("png" not in kinds)


# The lists


def test_nobody_s_voice_is_named_first_and_a_kept_one_with_its_time() -> None:
    def shown(voice: OfferedVoice) -> str:
        return voice_choice(voice, "42", NOW, SENTENCES, "de")

    assert shown(OfferedVoice(value="nobody", title="")) == SENTENCES.text("speech.choice_nobody", "de")
    espeak = OfferedVoice(value="espeak.alto", title="eSpeak NG", speaker="alto")
    assert shown(espeak) == "Niemandes Stimme: Alt (eSpeak NG)"
    piper = OfferedVoice(value="piper", title="Piper")
    assert shown(piper) == "Niemandes Stimme: die übliche (Piper)"
    own = OfferedVoice(value=VOICE, title="Mia", owner="42", until=NOW + 5400)
    assert shown(own) == "Deine eigene Stimme: Mia (noch 90 min)"
    assert shown(replace(own, owner="43", until=NOW + 3 * 3600)) == "Mit Einwilligung: Mia (noch 3 h)"
    assert shown(replace(own, until=NOW + 30 * 86400)).endswith("(noch 30 Tage)")
    assert shown(replace(own, until=NOW)).endswith("(noch 1 min)")


@pytest.mark.parametrize("locale", ["de", "en"])
@pytest.mark.parametrize("quality", QUALITIES)
@pytest.mark.parametrize("same", [True, False])
def test_seconds_stand_beside_a_quality(locale: str, quality: str, same: bool) -> None:
    measured = quality_choice(quality, 11.7, SENTENCES, locale, same=same)
    never = quality_choice(quality, None, SENTENCES, locale, same=same)
    assert "12 s" in measured
    assert SENTENCES.text("speech.unmeasured", locale) in never
    assert max(len(measured), len(never)) <= 100


# The offer


def offer(**changes: Any) -> LanguageOffer:
    values: dict[str, Any] = {"text": "Guten Tag", "emotion": "sad", "seed": 2**32 - 1, "language": "de"}
    return LanguageOffer(**{**values, "model": "Tortoise", **changes})


def message(content: str) -> discord.Message:
    return cast("Any", type("Message", (), {"content": content})())


@given(text=st.text(min_size=1, max_size=300))
@FEW
def test_an_offered_text_is_read_back(text: str) -> None:
    line = " ".join(text.split()) or "x"
    told = offer_text(offer(text=line), SENTENCES, "de")
    assert offered_text(message(told)) == line.replace("`", "'")
    assert len(told) <= 2000


@pytest.mark.parametrize("content", ["", "hello", "```\nx", "```\n\n```", "```\nx\n```y", "x\n```"])
def test_other_messages_hold_no_text(content: str) -> None:
    with pytest.raises(NotFound):
        offered_text(message(content))
    with pytest.raises(NotFound):
        offered_text(None)


@pytest.mark.parametrize("emotion", EMOTIONS)
@pytest.mark.parametrize("seed", [None, 0, 2**32 - 1])
def test_what_the_button_says_can_be_read(emotion: str, seed: int | None) -> None:
    (button,) = offer_row(SENTENCES, offer(emotion=emotion, seed=seed), "de").children
    assert isinstance(button, discord.ui.Button)
    assert button.label == "Mit der deutschen Stimme"
    read = ButtonId.read(str(button.custom_id))
    assert read is not None
    assert (read.action, read.subject) == ("speakin", "de")
    assert EMOTIONS[(read.index or 0) - 1] == emotion
    assert read.nonce == (None if seed is None else str(seed))
