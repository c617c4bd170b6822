"""The posts of videos, their form and what one sees while one waits, against Discord's limits, whatever was typed."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from bot.buttons import ButtonId
from bot.posts import compose_post
from bot.posts.shared import DEFAULT_FILE_LIMIT, Fill
from bot.posts.status import compose_status
from bot.posts.video import preview_files
from bot.services.ports import Status
from bot.services.video_ports import Measured, VideoPost, VideoStatus
from bot.video_forms import read_script_form, script_form
from cogs.queue import _name as name_in_queue
from generation.errors import InvalidInput
from generation.job import Job
from generation.music_params import DECLARATIONS
from moderation.pipeline import ImageScore, Pipeline
from tests.unit.bot.test_posts import FEW, HOSTILE, SENTENCES, check_embed, check_view, make_job

# shrinking texts of thousands of characters takes minutes and makes nothing clearer
QUICK = settings(FEW, max_examples=15, phases=(Phase.explicit, Phase.reuse, Phase.generate))


def video_job(locale: str = "de", *, notices: tuple[str, ...] = (), **params: Any) -> Job:
    given = {
        "keys": [
            {"frame": 0, "prompt": "ein Haus", "seed": 7},
            {"frame": 39, "prompt": "ein Baum", "seed": 2**32 - 1},
        ],
        "frames": 40,
        "fps": 8,
        "width": 64,
        "height": 64,
        "steps": 25,
        "guidance": 6.5,
        "motion": "walk",
    }
    return make_job(locale=locale, medium="video", params={**given, **params}, notices=notices)


def video_post(folder: Path, job: Job, *, size: int = 100, **changes: Any) -> VideoPost:
    video, poster = folder / "video-1.mp4", folder / "sheet-0.png"
    video.write_bytes(b"x" * size)
    poster.write_bytes(b"poster")
    measured = Measured(frames=40, seconds=5.0, width=512, height=512, has_sound=False)
    values: dict[str, Any] = {
        "job": job,
        "model_title": "*Modell* " * 60,
        "seconds": 12.34,
        "is_rehearsal": True,
        "video": video,
        "poster": poster,
        "measured": measured,
        "motion": "walk",
    }
    return VideoPost(**{**values, **changes})


def texts(made: Any) -> str:
    embed = made.embeds[0]
    return "\n".join([made.content, embed.title, embed.description, *(field.value for field in embed.fields)])


def test_a_video_says_how_it_was_made(tmp_path: Path) -> None:
    post = video_post(tmp_path, video_job())
    made = compose_post(post, SENTENCES, file_limit=DEFAULT_FILE_LIMIT)
    said = texts(made)
    assert "`7` → `4294967295`" in made.content
    for part in (
        "Ein Video von einem Bild zum anderen",
        "`0 s` ein Haus",
        "`4,9 s` ein Baum",
        "5 s",
        "512×512",
    ):
        assert part in said
    assert "40 (8 pro Sekunde)" in said
    names = [f"atelier-{post.job.id}-video.mp4", f"atelier-{post.job.id}-poster.png"]
    assert [file.name for file in made.files] == names
    assert made.embeds[0].thumbnail.url == f"attachment://{made.files[1].name}"
    ids = [ButtonId.read(item.custom_id) for item in made.view.children]  # type: ignore[union-attr,attr-defined]
    assert [one.action for one in ids if one] == ["videoagain", "videoseeds", "gallery", "report"]


def test_a_song_a_script_and_a_motion_model_are_named(tmp_path: Path) -> None:
    song = video_job(song="abc", declaration="own")
    said = texts(compose_post(video_post(tmp_path, song), SENTENCES, file_limit=DEFAULT_FILE_LIMIT))
    assert SENTENCES.text("video.title_song", "de") in said
    assert SENTENCES.text("video.says_song", "de") in said
    assert "Stück" not in said
    piece = video_post(tmp_path, video_job(song="0123456789/2"))
    of_class = texts(compose_post(piece, SENTENCES, file_limit=DEFAULT_FILE_LIMIT))
    assert SENTENCES.text("video.says_piece", "de", job="0123456789", index="2") in of_class
    assert SENTENCES.text("declaration.own", "de") in said
    keys = [{"frame": 0, "prompt": "apples", "seed": 3}, {"frame": 16, "prompt": "pears", "seed": 3}]
    script = video_job(locale="en", keys=keys, motion="travel", original="Äpfel → Birnen")
    made = compose_post(
        video_post(tmp_path, script, motion="travel"), SENTENCES, file_limit=DEFAULT_FILE_LIMIT
    )
    said = texts(made)
    assert made.content.splitlines()[0] == "Seed: `3`"
    assert SENTENCES.text("video.title_script", "en") in said
    assert SENTENCES.text("video.says_travel", "en") in said
    assert (
        said.index("Äpfel → Birnen")
        < said.index(SENTENCES.text("post.translated", "en"))
        < said.index("apples")
    )


def test_smaller_pictures_and_a_reduced_file_are_told_in_a_video_s_words(tmp_path: Path) -> None:
    job = video_job(notices=("smaller_retry", "only_english"))
    made = compose_post(
        video_post(tmp_path, job, notices=("video_reduced",)), SENTENCES, file_limit=DEFAULT_FILE_LIMIT
    )
    for code in ("video_smaller", "video_reduced", "only_english"):
        assert SENTENCES.text(f"notice.{code}", "de") in made.content
    assert SENTENCES.text("notice.smaller_retry", "de") not in made.content


@pytest.mark.parametrize(("fill", "count"), [(Fill.ALL, 2), (Fill.SHEET, 1), (Fill.NOTHING, 0)])
def test_the_video_is_what_is_left_out(tmp_path: Path, fill: Fill, count: int) -> None:
    post = video_post(tmp_path, video_job())
    made = compose_post(post, SENTENCES, file_limit=DEFAULT_FILE_LIMIT, fill=fill)
    assert len(made.files) == count
    small = compose_post(video_post(tmp_path, video_job(), size=1000), SENTENCES, file_limit=100)
    assert [file.name.endswith("poster.png") for file in small.files] == [True]
    assert SENTENCES.text("post.left_out", "de", n=1) in small.content


@QUICK
@given(
    prompts=st.lists(HOSTILE, min_size=1, max_size=24),
    original=HOSTILE | st.just(""),
    locale=st.sampled_from(["de", "en"]),
    declaration=st.sampled_from([None, *DECLARATIONS]),
    song=st.sampled_from([None, "abc", "0123456789/1"]),
)
def test_a_result_fits(
    tmp_path: Path, prompts: list[str], original: str, locale: str, declaration: str | None, song: str | None
) -> None:
    keys = [{"frame": n, "prompt": prompt, "seed": 2**32 - n - 1} for n, prompt in enumerate(prompts)]
    job = video_job(
        locale,
        notices=("smaller_retry", "not_translated"),
        keys=keys,
        original=original,
        declaration=declaration,
        song=song,
        motion="travel",
    )
    made = compose_post(
        video_post(tmp_path, job, notices=("video_reduced",)), SENTENCES, file_limit=DEFAULT_FILE_LIMIT
    )
    assert len(made.content) <= 2000
    check_embed(made.embeds[0])
    check_view(made.view)
    assert all(len(file.alt) <= 1024 for file in made.files)
    assert "@everyone" not in f"{made.content}{made.embeds[0].description}".replace("\\@", "")


# While one waits


class Kind:
    """A checker that allows everything."""

    async def __call__(self, files: Any, /) -> Any:
        return [ImageScore(file=file, flagged=False, scores=(0.1,)) for file in files]


async def words(*texts: str) -> Any:
    raise AssertionError(texts)


def approved(folder: Path) -> Any:
    pictures = tuple(folder / name for name in ("frame-00001.png", "frame-00040.png"))
    for picture in pictures:
        picture.write_bytes(b"a picture")
    pipeline = Pipeline(text_checks=[words], image_check=Kind())
    return asyncio.run(pipeline.approve_images(pictures)).approved


@pytest.mark.parametrize("locale", ["de", "en"])
def test_frames_are_counted_and_the_ends_are_shown(tmp_path: Path, locale: str) -> None:
    job = video_job(locale)
    content, _ = compose_status(job, Status(done=3, total=40, ready_at=100.0), SENTENCES)
    assert SENTENCES.text("status.frames", locale, done=3, total=40) in content
    assert SENTENCES.text("status.ends", locale) not in content
    assert "<t:100:R>" in content
    status = VideoStatus(done=3, total=40, pictures=approved(tmp_path))
    content, _ = compose_status(job, status, SENTENCES)
    assert SENTENCES.text("status.ends", locale) in content
    files = preview_files(job, status, SENTENCES)
    assert [file.name for file in files] == [f"atelier-{job.id}-first.png", f"atelier-{job.id}-last.png"]
    assert "ein Haus" in files[0].alt
    assert "ein Baum" in files[1].alt


def test_other_jobs_count_no_frames() -> None:
    job = make_job()
    status = Status(done=3, total=40)
    assert (
        SENTENCES.text("status.frames", "de", done=3, total=40)
        not in compose_status(job, status, SENTENCES)[0]
    )
    assert preview_files(job, status, SENTENCES) == ()
    assert preview_files(video_job(), VideoStatus(done=3, total=40), SENTENCES) == ()


# The form


@pytest.mark.parametrize("locale", ["de", "en"])
def test_the_form_of_a_script_fits(locale: str) -> None:
    form = script_form(SENTENCES, locale)
    plain = form.to_dict()
    assert len(plain["title"]) <= 45
    pressed = ButtonId.read(plain["custom_id"])
    assert pressed is not None
    assert (pressed.action, pressed.subject) == ("videoscript", "new")
    fields = [row["components"][0] for row in plain["components"]]
    assert [field["custom_id"] for field in fields] == ["lines", "common", "seconds", "seed"]
    assert [field["required"] for field in fields] == [True, False, True, False]
    for field in fields:
        assert len(field["label"]) <= 45
        assert len(field.get("placeholder", "")) <= 100
        assert field["max_length"] <= 4000


def sent(**typed: str) -> dict[str, Any]:
    return {
        "components": [{"components": [{"custom_id": key, "value": value}]} for key, value in typed.items()]
    }


def test_what_was_typed_is_read() -> None:
    request = read_script_form(
        sent(lines="0: Äpfel\n8: Birnen", common="Aquarell", seconds=" 4 ", seed=" 7 ")
    )
    assert (request.lines, request.common) == ("0: Äpfel\n8: Birnen", "Aquarell")
    assert (request.seconds, request.seed) == (4, "7")
    assert read_script_form(sent(lines="0: a", seconds="30")).seed is None
    with pytest.raises(InvalidInput, match="seconds_invalid"):
        read_script_form(sent(lines="0: a", seconds="lang"))


def test_a_measured_value_is_what_is_shown(tmp_path: Path) -> None:
    post = video_post(tmp_path, video_job())
    post = replace(post, measured=replace(post.measured, seconds=4.96, width=256))
    said = texts(compose_post(post, SENTENCES, file_limit=DEFAULT_FILE_LIMIT))
    assert "256×512" in said


def test_in_the_queue_a_video_is_called_by_where_it_begins() -> None:
    assert name_in_queue(video_job()) == "ein Haus"
    assert name_in_queue(video_job(original="a house → a tree")) == "a house → a tree"
