"""Composed messages against Discord's limits, also for prompts that nobody should be able to send."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.buttons import cancel_rows, example_rows
from bot.forms import adapt_form
from bot.i18n import Sentences
from bot.posts import compose_post
from bot.posts.shared import Fill
from bot.posts.status import compose_status
from bot.services.overview import QueueRow
from bot.services.ports import ImagePost, Picture, Status
from cogs.queue import own_text, teacher_text
from generation.job import Job, JobState

SENTENCES = Sentences.load(strict=True)
HOSTILE = (
    st.text(st.sampled_from("@everyone<&#>*_`|~\\[](): \n"), max_size=6000)
    | st.text(max_size=500)
    | st.sampled_from(
        ["@everyone " * 600, "<@&1>" * 1200, "```" * 2000, "\\" * 6000, "😀" * 3000, "[a](b)" * 1000]
    )
)
FEW = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


def make_job(prompt: str = "ein Kreis", negative: str = "", locale: str = "de", **changes: Any) -> Job:
    params = {
        "prompt": prompt,
        "negative": negative,
        "count": 4,
        "guidance": 6.5,
        "steps": 50,
        "width": 64,
        "height": 64,
        "scheduler": "dpm++",
    }
    values: dict[str, Any] = {
        "id": "0123456789",
        "guild_id": "1",
        "channel_id": "2",
        "owner_id": "3",
        "medium": "image",
        "family": "fake",
        "model": "mini",
        "params": params,
        "seed": 2**32 - 2,
        "locale": locale,
        "created_at": 1.7e9,
        "state": JobState.POSTING,
        "notices": ("smaller_retry", "unknown_notice"),
        **changes,
    }
    return Job(**values)


def make_post(
    folder: Path, job: Job, *, flagged: tuple[int, ...] = (), beside: int | None = None
) -> ImagePost:
    file = folder / "a.png"
    file.write_bytes(b"x" * 100)
    pictures = tuple(
        Picture(index=index, seed=4294967294 + index, file=None if index in flagged else file)
        for index in range(1, 5)
    )
    return ImagePost(
        job=job,
        model_title="*Modell* " * 60,
        sheet=file,
        pictures=pictures,
        seconds=12.34,
        beside=beside,
        is_rehearsal=True,
    )


def check_embed(embed: Any) -> None:
    assert len(embed) <= 6000
    assert len(embed.title) <= 256
    assert len(embed.description) <= 4096
    assert len(embed.fields) <= 25
    assert all(0 < len(field.name) <= 256 and 0 < len(field.value) <= 1024 for field in embed.fields)


def check_view(view: Any) -> None:
    rows = view.to_components()
    assert len(rows) <= 5
    buttons = [button for row in rows for button in row["components"]]
    assert all(1 <= len(row["components"]) <= 5 for row in rows)
    assert all(0 < len(button["label"]) <= 80 for button in buttons)
    assert all(0 < len(button["custom_id"]) <= 100 for button in buttons)
    assert len({button["custom_id"] for button in buttons}) == len(buttons)


@FEW
@given(prompt=HOSTILE, negative=HOSTILE, locale=st.sampled_from(["de", "en"]), beside=st.none() | st.just(7))
def test_a_result_fits(tmp_path: Path, prompt: str, negative: str, locale: str, beside: int | None) -> None:
    post = make_post(tmp_path, make_job(prompt, negative, locale), flagged=(1, 3), beside=beside)
    made = compose_post(post, SENTENCES, file_limit=10**7)
    assert len(made.content) <= 2000
    check_embed(made.embeds[0])
    check_view(made.view)
    assert len(made.files) <= 10
    assert all(len(file.alt) <= 1024 for file in made.files)
    assert "@everyone" not in f"{made.content}{made.embeds[0].description}".replace("\\@", "")


@FEW
@given(prompt=HOSTILE, original=HOSTILE)
def test_a_translated_result_fits(tmp_path: Path, prompt: str, original: str) -> None:
    job = make_job(prompt, prompt)
    job = make_job(params={**job.params, "original": original, "original_negative": original})
    made = compose_post(make_post(tmp_path, job), SENTENCES, file_limit=10**7)
    check_embed(made.embeds[0])
    assert all(len(file.alt) <= 1024 for file in made.files)
    assert "@everyone" not in f"{made.content}{made.embeds[0].description}".replace("\\@", "")


@FEW
@given(prompt=HOSTILE, teacher=st.booleans())
def test_a_queue_fits_and_keeps_its_form(prompt: str, teacher: bool) -> None:
    rows = [
        QueueRow(job=make_job(prompt, id=f"{n:010}"), place=n, expected_seconds=n or None) for n in range(15)
    ]
    refused = [make_job(prompt, state=JobState.REFUSED, error_code="refused_hate")] * 20
    text = teacher_text(rows, refused, SENTENCES, "de") if teacher else own_text(rows, SENTENCES, "de")
    assert len(text) <= 4000  # cut at 2000 by the command, but never far off
    assert "@everyone" not in text.replace("\\@", "")
    check_view(cancel_rows(SENTENCES, [(row.job.id, prompt) for row in rows], "de"))


@FEW
@given(prompt=HOSTILE, negative=HOSTILE)
def test_a_form_fits(prompt: str, negative: str) -> None:
    form = adapt_form(make_job(prompt, negative), 2, SENTENCES, "de").to_dict()
    assert len(form["title"]) <= 45
    assert len(form["custom_id"]) <= 100
    assert len(form["components"]) <= 5
    for row in form["components"]:
        (one,) = row["components"]
        assert len(one["label"]) <= 45
        assert one["max_length"] <= 4000
        assert len(one.get("value") or "") <= one["max_length"]


def test_the_two_forms_of_one_picture_differ() -> None:
    ids = {adapt_form(make_job(), 1, SENTENCES, "de").custom_id for _ in range(5)}
    assert len(ids) == 5


def test_flagged_pictures_have_no_seed_no_file_no_button(tmp_path: Path) -> None:
    made = compose_post(make_post(tmp_path, make_job(), flagged=(2,)), SENTENCES, file_limit=10**7)
    assert "`4294967296`" not in made.content
    assert len(made.files) == 4
    assert made.view is not None
    labels = [one["label"] for one in made.view.to_components()[0]["components"]]
    assert labels == ["1", "3", "4"]


def test_all_flagged_but_asked_for_all_the_same(tmp_path: Path) -> None:
    made = compose_post(make_post(tmp_path, make_job(), flagged=(1, 2, 3, 4)), SENTENCES, file_limit=10**7)
    check_view(made.view)
    assert len(made.files) == 1


def test_notices_are_said(tmp_path: Path) -> None:
    made = compose_post(make_post(tmp_path, make_job()), SENTENCES, file_limit=10**7)
    assert SENTENCES.text("notice.smaller_retry", "de") in made.content
    assert "unknown_notice" not in made.content


@pytest.mark.parametrize(("fill", "count"), [(Fill.ALL, 5), (Fill.SHEET, 1), (Fill.NOTHING, 0)])
def test_fewer_files_on_request(tmp_path: Path, fill: Fill, count: int) -> None:
    made = compose_post(make_post(tmp_path, make_job()), SENTENCES, file_limit=10**7, fill=fill)
    assert len(made.files) == count
    assert bool(made.embeds[0].image.url) == bool(count)
    assert (SENTENCES.text("post.left_out", "de", n=5 - count) in made.content) == (count < 5)


def test_files_over_the_limit_are_left_out(tmp_path: Path) -> None:
    made = compose_post(make_post(tmp_path, make_job()), SENTENCES, file_limit=50)
    assert made.files == ()


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (Status(place=1), "dein Auftrag ist als nächstes dran"),
        (Status(place=0), "dein auftrag ist als nächstes dran"),
        (Status(place=2), "noch ein auftrag"),
        (Status(place=5, ready_at=1.7e9), "<t:1700000000:r>"),
        (Status(done=3, total=4), "75 %"),
        (Status(done=9, total=4), "100 %"),
    ],
)
def test_status(status: Status, expected: str) -> None:
    content, view = compose_status(make_job(), status, SENTENCES)
    assert expected.casefold() in content.casefold()
    check_view(view)


def test_examples_fit_on_buttons() -> None:
    check_view(example_rows([SENTENCES.text(f"examples.e{n:02}", "de") for n in (11, 12, 14)]))
