"""The posts of music, sounds and notes against Discord's limits, whatever was typed."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from bot.buttons import ButtonId, audio_rows, declaration_rows, kit_row, notes_row
from bot.forms import further_form, read_further, read_song, song_form
from bot.posts import compose_post
from bot.posts.shared import DEFAULT_FILE_LIMIT, Fill, PostArchive
from bot.services.audio_ports import AudioPost, Piece
from generation.errors import InvalidInput
from generation.job import Job
from generation.music_params import DECLARATIONS, LYRIC_LIMIT, MARKS
from tests.unit.bot.test_posts import FEW, HOSTILE, SENTENCES, check_embed, check_view, make_job

# shrinking texts of thousands of characters takes minutes and makes nothing clearer
QUICK = settings(FEW, max_examples=15, phases=(Phase.explicit, Phase.reuse, Phase.generate))


def audio_job(medium: str = "music", locale: str = "de", **params: Any) -> Job:
    given = {"prompt": "fröhlich", "seconds": 10, "count": 2, "format": "ogg", "melody": None, "prior": None}
    if medium == "notes":
        given = {"prompt": "Mond", "melody": [], "tokens": 128, "count": 2, "temperature": 1.0}
    return make_job(locale=locale, medium=medium, params={**given, **params}, notices=("no_singing",))


def audio_post(folder: Path, job: Job, *, takes: int = 2, size: int = 100) -> AudioPost:
    picture = folder / "picture.png"
    picture.write_bytes(b"drawn")
    pieces = []
    for index in range(1, takes + 1):
        sound, midi = folder / f"piece-{index}.ogg", folder / f"piece-{index}.mid"
        sound.write_bytes(b"x" * size)
        midi.write_bytes(b"MThd%d" % index)
        notes = midi if job.medium == "notes" else None
        pieces.append(Piece(index=index, seed=2**32 - index, file=sound, seconds=9.96, midi=notes))
    return AudioPost(
        job=job,
        model_title="*Modell* " * 60,
        seconds=12.34,
        is_rehearsal=True,
        pieces=tuple(pieces),
        picture=picture,
        notices=("prompt_cut",),
    )


def check(made: Any) -> None:
    assert len(made.content) <= 2000
    check_embed(made.embeds[0])
    check_view(made.view)
    assert len(made.files) <= 10
    assert len({file.name for file in made.files}) == len(made.files)
    assert all(len(file.alt) <= 1024 for file in made.files)
    assert "@everyone" not in f"{made.content}{made.embeds[0].description}".replace("\\@", "")


def test_each_piece_has_its_length_unless_all_are_alike(tmp_path: Path) -> None:
    post = audio_post(tmp_path, audio_job("notes"), takes=3)
    for lengths, told in (((13.0, 12.4, 13.0), "13 s · 12,4 s · 13 s"), ((6.0, 6.0, 6.0), "6 s")):
        pieces = tuple(replace(one, seconds=length) for one, length in zip(post.pieces, lengths, strict=True))
        embed = compose_post(replace(post, pieces=pieces), SENTENCES, file_limit=DEFAULT_FILE_LIMIT).embeds[0]
        assert told in [field.value for field in embed.fields]


def test_notes_without_words_are_without_a_title_to_readers_of_the_alt_text(tmp_path: Path) -> None:
    post = audio_post(tmp_path, audio_job("notes", prompt=""))
    for file in compose_post(post, SENTENCES, file_limit=DEFAULT_FILE_LIMIT).files:
        assert file.alt.endswith("Titel: Ohne Titel")


@QUICK
@given(
    prompt=HOSTILE,
    original=HOSTILE | st.just(""),
    lyric=st.lists(st.tuples(st.sampled_from(MARKS), HOSTILE), max_size=4),
    medium=st.sampled_from(["music", "sound", "notes"]),
    locale=st.sampled_from(["de", "en"]),
    declaration=st.sampled_from([None, *DECLARATIONS]),
    takes=st.integers(1, 6),
)
def test_a_result_fits(
    tmp_path: Path,
    prompt: str,
    original: str,
    lyric: list[tuple[str, str]],
    medium: str,
    locale: str,
    declaration: str | None,
    takes: int,
) -> None:
    sections = [{"mark": mark, "text": text, "seconds": 5} for mark, text in lyric]
    takes = takes if medium == "notes" else min(takes, 4)
    job = audio_job(
        medium,
        locale,
        prompt=prompt,
        original=original,
        sections=sections,
        declaration=declaration,
        melody="upload",
    )
    check(compose_post(audio_post(tmp_path, job, takes=takes), SENTENCES, file_limit=DEFAULT_FILE_LIMIT))


def test_the_midi_files_of_many_pieces_share_one_archive(tmp_path: Path) -> None:
    job = audio_job("notes")
    few = compose_post(audio_post(tmp_path, job, takes=4), SENTENCES, file_limit=DEFAULT_FILE_LIMIT)
    assert [file.name.rsplit(".", 1)[-1] for file in few.files] == ["png", *["ogg"] * 4, *["mid"] * 4]
    many = compose_post(audio_post(tmp_path, job, takes=6), SENTENCES, file_limit=DEFAULT_FILE_LIMIT)
    archive = many.files[-1]
    assert isinstance(archive, PostArchive)
    assert len(many.files) == 8
    with zipfile.ZipFile(io.BytesIO(archive.open().fp.read())) as opened:
        assert opened.testzip() is None
        assert [opened.read(name) for name in opened.namelist()] == [b"MThd%d" % n for n in range(1, 7)]
        assert all(name.endswith(".mid") for name in opened.namelist())
    assert archive.size() == len(archive.open().fp.read())


def test_files_that_do_not_fit_are_said_to_be_left_out(tmp_path: Path) -> None:
    post = audio_post(tmp_path, audio_job(), size=2000)
    made = compose_post(post, SENTENCES, file_limit=1000)
    assert [file.name for file in made.files] == ["atelier-0123456789-waves.png"]
    assert SENTENCES.text("post.left_out", "de", n=2) in made.content
    one = compose_post(post, SENTENCES, file_limit=DEFAULT_FILE_LIMIT, fill=Fill.SHEET)
    assert [file.name for file in one.files] == ["atelier-0123456789-1-seed-4294967295.ogg"]
    assert one.embeds[0].image.url is None
    assert compose_post(post, SENTENCES, file_limit=DEFAULT_FILE_LIMIT, fill=Fill.NOTHING).files == ()


def test_notices_are_said_once(tmp_path: Path) -> None:
    job = audio_job(sections=[{"mark": "verse", "text": "la", "seconds": 10}])
    made = compose_post(audio_post(tmp_path, job), SENTENCES, file_limit=DEFAULT_FILE_LIMIT)
    for code in ("no_singing", "prompt_cut"):
        assert made.content.count(SENTENCES.text(f"notice.{code}", "de")) == 1


def test_a_direct_message_has_no_buttons(tmp_path: Path) -> None:
    post = audio_post(tmp_path, audio_job())
    assert compose_post(post, SENTENCES, file_limit=DEFAULT_FILE_LIMIT, buttons=False).view is None


@pytest.mark.parametrize("locale", ["de", "en"])
def test_every_row_fits_and_its_ids_can_be_read(locale: str) -> None:
    views = [
        *(audio_rows(SENTENCES, "0" * 10, locale, takes, longer=10, further=True) for takes in range(1, 5)),
        audio_rows(SENTENCES, "0" * 10, locale, 4),
        notes_row(SENTENCES, "0" * 10, locale, 6),
        declaration_rows(SENTENCES, "0123456789abcdef", locale),
        kit_row(SENTENCES, locale),
    ]
    for view in views:
        check_view(view)
        for row in view.to_components():
            assert all(ButtonId.read(one["custom_id"]) is not None for one in row["components"])


@FEW
@given(prompt=HOSTILE)
def test_forms_fit(prompt: str) -> None:
    for made in (song_form(SENTENCES, "de"), further_form(audio_job(prompt=prompt), 4, SENTENCES, "de")):
        form = made.to_dict()
        assert len(form["title"]) <= 45
        assert len(form["custom_id"]) <= 100
        assert ButtonId.read(str(form["custom_id"])) is not None
        for row in form["components"]:
            (one,) = row["components"]
            assert len(one["label"]) <= 45
            assert len(one.get("placeholder") or "") <= 100
            assert one["max_length"] <= 4000
            assert len(one.get("value") or "") <= one["max_length"]


def test_a_form_takes_the_longest_lyric() -> None:
    (lyric,) = [
        one
        for row in song_form(SENTENCES, "en").to_dict()["components"]
        for one in row["components"]
        if one["custom_id"] == "lyric"
    ]
    assert lyric["max_length"] >= LYRIC_LIMIT


def _submission(**values: str) -> dict[str, Any]:
    rows = [{"components": [{"custom_id": name, "value": value}]} for name, value in values.items()]
    return {"components": rows}


def test_forms_are_read() -> None:
    song = read_song(_submission(prompt="p", lyric="[verse]\nla", seconds=" 20 ", seed=" "))
    assert (song.prompt, song.lyric, song.seconds, song.seed) == ("p", "[verse]\nla", 20, None)
    further = read_further(_submission(prompt="", seconds="5", count="2"), "abc", 3)
    assert (further.job, further.index, further.seconds, further.count) == ("abc", 3, 5, 2)
    for read in (read_song, lambda data: read_further(data, "abc", 1)):
        with pytest.raises(InvalidInput, match="seconds_invalid"):
            read({})
