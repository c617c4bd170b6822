"""The post of a combined piece against Discord's limits, whatever stands in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from bot.buttons import ButtonId
from bot.posts import compose_post
from bot.posts.shared import DEFAULT_FILE_LIMIT, Fill
from bot.services.clip_ports import ClipPost
from bot.services.overview import QueueRow
from bot.services.video_ports import Measured
from cogs.queue import own_text
from generation.job import Job
from tests.unit.bot.test_posts import FEW, HOSTILE, SENTENCES, check_embed, check_view, make_job

# shrinking texts of thousands of characters takes minutes and makes nothing clearer
QUICK = settings(FEW, max_examples=15, phases=(Phase.explicit, Phase.reuse, Phase.generate))


def clip_job(locale: str = "de", **params: Any) -> Job:
    given = {"pictures": ["a/1"], "subtitles": "burned"}
    return make_job(locale=locale, medium="clip", params={**given, **params})


def clip_post(folder: Path, job: Job, *, size: int = 100, **changes: Any) -> ClipPost:
    video, poster, srt = folder / "video-1.mp4", folder / "sheet-0.png", folder / "subtitles-1.srt"
    video.write_bytes(b"x" * size)
    poster.write_bytes(b"poster")
    srt.write_bytes(b"words")
    values: dict[str, Any] = {
        "job": job,
        "model_title": "Schnitt",
        "seconds": 12.34,
        "video": video,
        "poster": poster,
        "subtitles": srt,
        "measured": Measured(frames=40, seconds=9.5, width=640, height=640, has_sound=True),
        "lines": ("Der Fuchs", "Bild: Mini · Seed 7", "KI-Stimme: eSpeak · Seed 3"),
        "spoken": "Es war einmal.",
    }
    return ClipPost(**{**values, **changes})


@pytest.mark.parametrize("locale", ["de", "en"])
def test_it_names_models_seeds_words_and_the_voice(locale: str, tmp_path: Path) -> None:
    job = clip_job(locale, declaration="own")
    post = clip_post(tmp_path, job, owner="42", until=1_800_000_000.5, notices=("clip_held",))
    made = compose_post(post, SENTENCES, file_limit=DEFAULT_FILE_LIMIT)
    embed = made.embeds[0]
    told = "\n".join([made.content, *map(str, (embed.title, embed.description))])
    for part in ("Der Fuchs", "Bild: Mini · Seed 7", "Es war einmal.", "<@42>", "<t:1800000000:f>"):
        assert part in told
    assert SENTENCES.text("notice.clip_held", locale) in made.content
    labels = (SENTENCES.text("post.label", locale), SENTENCES.text("speech.label", locale))
    assert embed.author.name == " · ".join(labels)
    assert [file.name for file in made.files] == [
        f"atelier-{job.id}-video.mp4", f"atelier-{job.id}-poster.png", f"atelier-{job.id}-subtitles.srt"
    ]  # fmt: skip
    assert made.view is not None
    pressed = [ButtonId.read(str(one.custom_id)) for one in made.view.children]  # type: ignore[attr-defined]
    assert [one and one.action for one in pressed] == ["clipagain", "clipwords", "gallery", "report"]


def test_a_silent_piece_has_no_subtitles_to_choose(tmp_path: Path) -> None:
    post = clip_post(tmp_path, clip_job(), subtitles=None, spoken="")
    made = compose_post(post, SENTENCES, file_limit=DEFAULT_FILE_LIMIT)
    assert len(made.files) == 2
    assert made.view is not None
    assert len(made.view.children) == 3
    assert "Niemand spricht." in str(made.files[0].alt)
    assert made.embeds[0].author.name == SENTENCES.text("post.label", "de")


def test_what_is_too_large_is_left_out_and_told(tmp_path: Path) -> None:
    post = clip_post(tmp_path, clip_job(), size=2000)
    made = compose_post(post, SENTENCES, file_limit=1000)
    assert [file.path.suffix for file in made.files] == [".png", ".srt"]  # type: ignore[union-attr]
    assert SENTENCES.text("post.left_out", "de", n=1) in made.content
    assert compose_post(post, SENTENCES, file_limit=1000, fill=Fill.NOTHING).files == ()


@QUICK
@given(HOSTILE, HOSTILE, st.sampled_from(["de", "en"]), st.sampled_from(["burned", "track"]))
def test_whatever_stands_in_it_it_fits(
    tmp_path_factory: pytest.TempPathFactory, title: str, spoken: str, locale: str, subtitles: str
) -> None:
    job = clip_job(locale, subtitles=subtitles)
    lines = (title or "x", *(f"{title} {number}" for number in range(11)))
    post = clip_post(tmp_path_factory.mktemp("post"), job, lines=lines, spoken=spoken, owner=title)
    made = compose_post(post, SENTENCES, file_limit=DEFAULT_FILE_LIMIT)
    assert len(made.content) <= 2000
    check_embed(made.embeds[0])
    check_view(made.view)
    assert all(len(file.alt) <= 1024 for file in made.files)


@pytest.mark.parametrize(
    ("params", "told"),
    [({"title": "Der Fuchs"}, "Der Fuchs"), ({}, "clip"), ({"text": "Es war einmal."}, "Es war einmal.")],
)
def test_whoever_waits_reads_in_the_queue_what_it_is(params: dict[str, Any], told: str) -> None:
    row = QueueRow(job=clip_job(**params), place=1, expected_seconds=None)
    assert own_text([row], SENTENCES, "de").endswith(f": {told}")
