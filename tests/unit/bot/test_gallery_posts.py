"""Cards, works and lists of the gallery: within Discord's limits whatever was typed, no name where none is to be."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.buttons import ButtonId
from bot.i18n import Sentences
from bot.posts.gallery import (
    compose_card,
    compose_work,
    files_shown,
    list_text,
    offer_card,
    thread_name,
    told_text,
)
from bot.posts.shared import ComposedPost, PostFile
from bot.services.door import PRIVATE
from bot.services.gallery import Offer
from bot.services.gallery_ports import GalleryRule, Work
from bot.services.ports import TextPost
from data.gallery_records import (
    Entry,
    Filter,
    GalleryDecision,
    GalleryMessage,
    GalleryPlace,
    GalleryState,
    Listed,
)
from generation.job import Job
from tests.unit.bot.test_speech_posts import speech_post

SENTENCES = Sentences.load(strict=True)
TYPED = st.text(max_size=600)
ENTRY = Entry(
    job="ab12cd34ef", guild="1", person="77", named=True, name="Änna", medium="text",
    state=GalleryState.WAITING, round=2, submitted_at=1.8e9, changed_at=1.8e9,
)  # fmt: skip


def work_of(folder: Path, text: str, prompt: str, reason: str, locale: str, *, named: bool = True) -> Work:
    job = Job(
        id=ENTRY.job, guild_id="1", channel_id="1", owner_id="77", medium="text", family="text", model="mini",
        params={"prompt": prompt, "preset": "poem"}, seed=1, locale=locale, created_at=1.8e9,
    )  # fmt: skip
    file = folder / "text-1.txt"
    file.write_text(text, "utf-8")
    post = TextPost(job=job, model_title="Mini", seconds=1.0, text=text or "x", file=file)
    said = GalleryDecision(
        job=ENTRY.job, round=1, at=1.8e9, by="9", state=GalleryState.CHANGE, reason=reason or "x"
    )
    entry = dataclasses.replace(ENTRY, named=named, name="Änna" if named else "")
    return Work(post=post, entry=entry, history=(said,) * 8, stars=3)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=TYPED, prompt=TYPED, reason=TYPED, locale=st.sampled_from(["de", "en"]))
def test_a_card_and_a_work_fit(tmp_path: Path, text: str, prompt: str, reason: str, locale: str) -> None:
    work = work_of(tmp_path, text.encode("utf-8", "replace").decode(), prompt, reason, locale)
    for compose in (compose_card, compose_work):
        made = compose(work, SENTENCES, file_limit=10_000_000)
        assert 0 < len(made.content) <= 2000
        assert sum(len(embed) for embed in made.embeds) <= 6000
        assert made.view is not None
        ids = [str(getattr(one, "custom_id", "")) for one in made.view.children]
        assert all(ButtonId.read(one) is not None for one in ids)
    told = told_text(work.entry, work.history[0], SENTENCES, locale)
    assert len(told) <= 2000


@pytest.mark.parametrize("locale", ["de", "en"])
def test_without_a_name_the_class_is_told_none(tmp_path: Path, locale: str) -> None:
    work = work_of(tmp_path, "A poem.", "moon", "Lighter, please.", locale, named=False)
    made = compose_work(work, SENTENCES, file_limit=10_000_000)
    assert "77" not in made.content
    assert "Lighter" not in made.content, "decisions are the teachers' and the pupil's affair"
    assert not any("<@" in str(embed.to_dict()) for embed in made.embeds)
    card = compose_card(work, SENTENCES, file_limit=10_000_000)
    assert "<@77>" in card.content
    assert "Lighter" in card.content
    assert "moon" not in thread_name(work, SENTENCES)


@pytest.mark.parametrize("names", [True, False])
def test_the_question_offers_the_name_only_where_names_may_appear(names: bool) -> None:
    offer = Offer(job=ENTRY.job, rule=GalleryRule(names=names), entry=None)
    _, view = offer_card(offer, SENTENCES, "de")
    actions = [str(getattr(one, "custom_id", "")).split(":")[1] for one in view.children]
    assert actions == (["galnamed", "galsend"] if names else ["galsend"])
    _, view = offer_card(dataclasses.replace(offer, entry=ENTRY), SENTENCES, "de")
    assert [str(getattr(one, "custom_id", "")).split(":")[1] for one in view.children] == ["galdown"]


def test_a_list_fits_and_links() -> None:
    message = GalleryMessage(
        job=ENTRY.job, place=GalleryPlace.GALLERY, round=1, channel="1" * 19, message="2" * 19
    )
    found = [Listed(entry=ENTRY, stars=30, message=message)] * 10
    text = list_text(found, Filter(states=frozenset(GalleryState)), "3" * 19, SENTENCES, "de")
    assert len(text) <= 2000
    assert text.count("https://discord.com/channels/") == 10


def seen(made: ComposedPost) -> str:
    return made.content + "".join(str(one.to_dict()) for one in made.embeds)


@pytest.mark.parametrize(
    ("named", "owner", "shown"), [(True, "77", True), (False, "77", False), (True, "88", False)]
)
def test_whose_voice_it_is_stands_there_only_where_they_want_to_be_named(
    tmp_path: Path, named: bool, owner: str, shown: bool
) -> None:
    post = speech_post(tmp_path, cloned=True, owner=owner, voice_name="Mias Klang")
    work = Work(post=post, entry=dataclasses.replace(ENTRY, medium="speech", named=named))
    hung = seen(compose_work(work, SENTENCES, file_limit=10_000_000))
    assert (f"<@{owner}>" in hung, "Mias Klang" in hung) == (shown, shown)
    assert SENTENCES.text("speech.label", "de") in hung
    card = seen(compose_card(work, SENTENCES, file_limit=10_000_000))
    assert f"<@{owner}>" in card
    assert "Mias Klang" in card


def test_a_private_result_that_hangs_does_not_say_that_only_one_person_sees_it(tmp_path: Path) -> None:
    work = work_of(tmp_path, "A poem.", "moon", "x", "en")
    job = dataclasses.replace(work.post.job, notices=(PRIVATE,))
    work = dataclasses.replace(work, post=dataclasses.replace(work.post, job=job))
    for compose in (compose_card, compose_work):
        made = compose(work, SENTENCES, file_limit=10_000_000)
        assert SENTENCES.text(f"notice.{PRIVATE}", "en") not in made.content


def test_a_decision_about_an_earlier_work_says_which_one(tmp_path: Path) -> None:
    work = work_of(tmp_path, "A poem.", "moon", "Lighter.", "en")
    earlier = dataclasses.replace(work.history[0], job="00aa11bb22")
    work = dataclasses.replace(work, history=(earlier, work.history[0]))
    lines = compose_card(work, SENTENCES, file_limit=10_000_000).content.splitlines()
    told = [line for line in lines if line.endswith(": Lighter.")]
    assert ["00aa11bb22" in line for line in told] == [True, False]


def test_a_text_is_shown_on_pages_too(tmp_path: Path) -> None:
    work = work_of(tmp_path, "A poem.", "moon", "x", "en")
    assert compose_work(work, SENTENCES, file_limit=10_000_000).files == ()
    (shown,) = files_shown(work, SENTENCES)
    assert isinstance(shown, PostFile)
    assert shown.path.read_text("utf-8") == "A poem."
