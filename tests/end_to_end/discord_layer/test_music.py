"""`/musik` and what belongs to it over real sockets, in German and English: commands, posts, buttons, forms."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.local.visitor import Visitor
from generation.supervisor import Outcome
from tests.end_to_end.discord_layer.conftest import Class, School
from tests.end_to_end.discord_layer.music_school import (
    PlayingSchool,
    facts,
    forged,
    has_files,
    labels,
    names,
    played,
    playing_school,
    private,
    told,
)
from tests.fakes import until

PROMPT = "fröhliche schnelle Melodie in C-Dur"
LYRIC = "[intro]\n[verse]\nDie Sonne geht auf\nüber dem Haus\n[chorus]\nWir tanzen\n[outro]"


@pytest.fixture(scope="module")
async def playing(school: School, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[PlayingSchool]:
    async with playing_school(school, tmp_path_factory.mktemp("playing")) as made:
        yield made


@pytest.fixture
async def klass(playing: PlayingSchool, klass: Class) -> Class:
    """Made when the bot with the real services is there."""
    return klass


@pytest.fixture
async def ada(klass: Class) -> Visitor:
    return await klass.enter()


@pytest.fixture
async def ben(klass: Class) -> Visitor:
    return await klass.enter("Ben", "en-GB")


# The commands and their posts


async def test_music_is_a_post_with_players_and_a_picture(klass: Class, ada: Visitor, ben: Visitor) -> None:
    post = await played(ada, "musik", prompt=PROMPT, laenge=12, anzahl=2, seed="100")
    job = post["embeds"][0]["footer"]["text"].rsplit(" ", 1)[-1]
    assert names(post) == [
        f"atelier-{job}-waves.png",
        f"atelier-{job}-1-seed-100.ogg",
        f"atelier-{job}-2-seed-101.ogg",
    ]
    assert {one["content_type"] for one in post["attachments"]} == {"image/png", "audio/ogg"}
    assert all(
        "KI gemacht" in one["description"] and PROMPT in one["description"] for one in post["attachments"]
    )
    assert post["content"] == "Seeds: `100` · `101`"
    (embed,) = post["embeds"]
    assert embed["title"] == "2 Musikstücke"
    assert embed["author"]["name"] == "Mit KI gemacht"
    assert embed["image"]["url"].split("/")[-1].startswith(f"atelier-{job}-waves.png")
    assert klass.say("audio.rehearsal_music") in embed["description"]
    assert facts(post)["Zu hören"] == "12 s"
    assert labels(post) == [
        ["Nochmal", "Neue Seeds", "10 s länger"],
        ["1 weiterspielen", "2 weiterspielen"],
    ]
    assert (await ben.wait_for_message(lambda one: one["id"] == post["id"] and has_files(one))) == post


async def test_english_pupils_get_english(klass: Class, ben: Visitor) -> None:
    post = await played(ben, "music", prompt="happy fast melody", format="mp3")
    assert names(post)[1].endswith(".mp3")
    assert post["embeds"][0]["title"] == "A piece of music"
    assert facts(post)["Length"] == "10 s"
    assert labels(post) == [["Again", "New seed", "10 s longer", "Play on"]]
    assert klass.say("audio.rehearsal_music", "en") in told(post)


@pytest.mark.parametrize(
    ("person", "locale", "command", "prompt"),
    [("Ada", "de", "geraeusch", "ein Hund bellt"), ("Ben", "en-US", "sound", "a dog barks")],
)
async def test_sounds(klass: Class, person: str, locale: str, command: str, prompt: str) -> None:
    visitor = await klass.enter(person, locale)
    post = await played(visitor, command, prompt=prompt, seed="3")
    assert post["embeds"][0]["title"] == klass.say("audio.title_sound", locale, n=1)
    assert klass.say("audio.rehearsal_sound", locale) in told(post)
    assert labels(post) == [[klass.say("button.again", locale), klass.say("button.seed", locale)]]
    assert len(post["attachments"]) == 2


@pytest.mark.parametrize(
    ("person", "locale", "command", "option"),
    [("Ada", "de", "noten", "titel"), ("Ben", "en-US", "notes", "title")],
)
async def test_notes_come_as_midi_sound_and_picture(
    klass: Class, person: str, locale: str, command: str, option: str
) -> None:
    visitor = await klass.enter(person, locale)
    post = await played(visitor, command, seed="5", **{option: "Tanz der Frösche"})
    assert [name.rsplit(".", 1)[-1] for name in names(post)] == ["png", "ogg", "mid"]
    assert post["attachments"][2]["content_type"] == "audio/midi"
    assert "Tanz der Frösche" in told(post)
    assert post["embeds"][0]["title"] == klass.say("audio.title_notes", locale, n=1)
    assert facts(post)[klass.say("post.length", locale)] == "128"
    assert labels(post) == [[klass.say("button.again", locale), klass.say("button.seed", locale)]]


async def test_alle_meine_entchen_goes_on_in_six_ways(
    klass: Class, playing: PlayingSchool, ada: Visitor
) -> None:
    post = await played(ada, "noten", melodie="C D E F G2 G2")
    assert [name.rsplit(".", 1)[-1] for name in names(post)] == ["png", *["ogg"] * 6, "zip"]
    assert post["embeds"][0]["title"] == "6 Fortsetzungen in Noten"
    assert klass.say("audio.says_notes_further") in told(post)
    pitches = [note["pitch"] for note in playing.asked("notes").params["melody"]]
    assert pitches == [60, 62, 64, 65, 67, 67]


@pytest.mark.parametrize(
    ("command", "options", "key", "values"),
    [
        ("musik", {"prompt": "  "}, "prompt_empty", {}),
        ("musik", {"prompt": "x", "format": "wav"}, "format_unknown", {"known": "ogg, mp3"}),
        ("musik", {"prompt": "x", "seed": "-1"}, "seed_invalid", {"high": 2**32 - 1}),
        ("musik", {"prompt": "x", "modell": "nein"}, "model_unknown", {"known": "mini-music, musicgen"}),
        ("musik", {"prompt": "etwas mit pornografie"}, "refused_sexual", {}),
        ("musik", {"prompt": "x", "liedtext": "[verse] pornografie"}, "refused_sexual", {}),
        ("musik-weiter", {}, "no_piece", {}),
        ("musik-weiter", {"stueck": "gibt es nicht"}, "job_gone", {}),
        ("musik-weiter", {"stueck": "0000000000:1"}, "job_gone", {}),
        ("geraeusch", {"prompt": "pornografie"}, "refused_sexual", {}),
        ("noten", {}, "notes_empty", {}),
        ("noten", {"melodie": "C D X"}, "note_unknown", {"place": 3}),
    ],
)
async def test_bad_input_gets_one_private_sentence(
    klass: Class,
    playing: PlayingSchool,
    ada: Visitor,
    command: str,
    options: dict[str, Any],
    key: str,
    values: dict[str, Any],
) -> None:
    before = len(playing.band.requests)
    said = await private(ada.command(command, **options))
    assert said["content"] == klass.say(f"error.{key}", **values)
    assert len(playing.band.requests) == before


async def test_prompts_models_and_formats_are_offered(klass: Class, ada: Visitor, ben: Visitor) -> None:
    assert len(await ada.autocomplete("musik", "prompt", "")) == 8
    reggae = await ben.autocomplete("music", "prompt", "reggae")
    assert [one["value"] for one in reggae] == ["classic reggae track with an electronic guitar solo"]
    models = await ada.autocomplete("musik", "modell", "", prompt="x")
    assert {one["value"] for one in models} == {"mini-music", "musicgen"}
    assert [one["value"] for one in await ada.autocomplete("geraeusch", "modell", "", prompt="x")] == [
        "mini-sound"
    ]
    assert [one["value"] for one in await ada.autocomplete("noten", "modell", "")] == ["mini-notes"]
    assert [one["value"] for one in await ada.autocomplete("musik", "format", "", prompt="x")] == [
        "ogg",
        "mp3",
    ]
    (song,) = await ada.autocomplete("noten", "melodie", "entchen")
    assert song["value"] == "C D E F G2 G2"
    assert len(await ada.autocomplete("geraeusch", "prompt", "")) == 8
    assert len(await ada.autocomplete("noten", "titel", "")) == 5


async def test_nobody_is_pinged_by_music(klass: Class, ada: Visitor) -> None:
    hostile = "@everyone <@&1> **fett** [x](https://example.org) discord.gg/abc"
    post = await played(ada, "musik", prompt=hostile, liedtext=f"[verse] {hostile}")
    assert not post["mention_everyone"]
    assert post["mentions"] == []
    assert "@everyone" not in told(post).replace("\\@", "")


# Lyrics


async def test_a_lyric_in_one_line_makes_sections(klass: Class, playing: PlayingSchool, ada: Visitor) -> None:
    post = await played(
        ada, "musik", prompt=PROMPT, laenge=10, liedtext="[verse] Die Sonne lacht [chorus] Hey hey"
    )
    sections = playing.asked().params["sections"]
    assert [one["mark"] for one in sections] == ["verse", "chorus"]
    assert "`0:00` **Strophe** Die Sonne lacht" in told(post)
    assert "`0:05` **Refrain** Hey hey" in told(post)
    assert klass.say("notice.no_singing") in post["content"]


async def test_the_form_takes_a_lyric_of_many_lines(
    klass: Class, playing: PlayingSchool, ada: Visitor, ben: Visitor
) -> None:
    form = await ada.open_form(ada.command("lied"))
    assert form["title"] == klass.say("form.song")
    values = {**dict.fromkeys(("prompt", "lyric", "seed"), ""), "seconds": "20"}
    found = {
        one["components"][0]["custom_id"]: one["components"][0].get("value") or ""
        for one in form["components"]
    }
    assert found == values
    handle = ada.fill_in(form, prompt=PROMPT, lyric=LYRIC, seed="9")
    post = await handle.message(has_files)
    params = playing.asked().params
    assert [one["mark"] for one in params["sections"]] == ["intro", "verse", "chorus", "outro"]
    assert (params["seconds"], playing.asked().seed) == (20, 9)
    assert "Die Sonne geht auf / über dem Haus" in told(post)
    assert (await ben.wait_for_message(lambda one: one["id"] == post["id"]))["id"] == post["id"]


@pytest.mark.parametrize(
    ("fields", "key", "values"),
    [
        ({"seconds": "lang"}, "seconds_invalid", {"low": 1, "high": 60}),
        ({"seconds": "61"}, "seconds_invalid", {"low": 1, "high": 60}),
        ({"seed": "x"}, "seed_invalid", {"high": 2**32 - 1}),
        ({"prompt": "pornografie"}, "refused_sexual", {}),
        ({"lyric": "[drop]\nla"}, "lyric_mark", {"line": 1, "known": "x"}),
    ],
)
async def test_a_bad_song_form_gets_one_private_sentence(
    klass: Class, ada: Visitor, fields: dict[str, str], key: str, values: dict[str, Any]
) -> None:
    form = await ada.open_form(ada.command("lied"))
    said = await private(ada.fill_in(form, **{"prompt": PROMPT, "lyric": "[verse] la", **fields}))
    assert said["content"] == klass.say(f"error.{key}", **values)


# Buttons


async def test_again_with_the_same_or_a_new_seed(klass: Class, playing: PlayingSchool, ada: Visitor) -> None:
    post = await played(ada, "musik", prompt=PROMPT, seed="7")
    again = await ada.press(post, label="Nochmal").message(has_files)
    assert again["content"] == "Seed: `7`"
    other = await ada.press(again, label="Neuer Seed").message(has_files)
    assert other["content"] != "Seed: `7`"
    assert playing.asked().params["prompt"] == PROMPT
    notes = await played(ada, "noten", titel="Mond", seed="8")
    assert (await ada.press(notes, label="Nochmal").message(has_files))["content"] == "Seed: `8`"
    assert (await ada.press(notes, label="Neuer Seed").message(has_files))["content"] != "Seed: `8`"


async def test_longer_until_a_minute(klass: Class, playing: PlayingSchool, ada: Visitor) -> None:
    post = await played(ada, "musik", prompt=PROMPT, laenge=45, seed="7")
    longer = await ada.press(post, label="10 s länger").message(has_files)
    assert (playing.asked().params["seconds"], playing.asked().seed) == (55, 7)
    longest = await ada.press(longer, label="10 s länger").message(has_files)
    assert playing.asked().params["seconds"] == 60
    assert labels(longest) == [["Nochmal", "Neuer Seed", "Weiterspielen"]]


async def test_the_form_plays_on_from_the_chosen_take(
    klass: Class, playing: PlayingSchool, ada: Visitor, ben: Visitor
) -> None:
    post = await played(ada, "musik", prompt=PROMPT, anzahl=2, seed="7")
    seen = await ben.wait_for_message(lambda one: one["id"] == post["id"] and has_files(one))
    form = await ben.open_form(ben.press(seen, label="2 weiterspielen"))
    assert form["title"] == klass.say("form.further", "en", index=2)
    values = {one["components"][0]["custom_id"]: one["components"][0]["value"] for one in form["components"]}
    assert values == {"prompt": PROMPT, "seconds": "10", "count": "3"}
    further = await ben.fill_in(form, seconds="8", count="2").message(has_files)
    assert (playing.asked().params["seconds"], playing.asked().params["count"]) == (8, 2)
    assert playing.asked().params["prior"].endswith(".wav")
    assert further["embeds"][0]["title"] == "2 continuations"
    assert klass.say("audio.says_music_further", "en") in told(further)


@pytest.mark.parametrize(
    ("fields", "key", "values"),
    [
        ({"seconds": "viel"}, "seconds_invalid", {"low": 1, "high": 60}),
        ({"count": "9"}, "takes_invalid", {"low": 1, "high": 4}),
        ({"prompt": "pornografie"}, "refused_sexual", {}),
    ],
)
async def test_a_bad_form_to_play_on_gets_one_private_sentence(
    klass: Class, ada: Visitor, fields: dict[str, str], key: str, values: dict[str, Any]
) -> None:
    post = await played(ada, "musik", prompt=PROMPT)
    form = await ada.open_form(ada.press(post, label="Weiterspielen"))
    assert (await private(ada.fill_in(form, **fields)))["content"] == klass.say(f"error.{key}", **values)


async def test_the_command_plays_on_from_a_piece_or_the_last(
    klass: Class, playing: PlayingSchool, ada: Visitor, ben: Visitor
) -> None:
    first = await played(ada, "musik", prompt="traurig langsam", seed="1")
    await played(ada, "musik", prompt=PROMPT, anzahl=2, seed="50")
    last = await played(ada, "musik-weiter")
    assert last["embeds"][0]["title"] == "3 Fortsetzungen"
    assert playing.asked().params["prompt"] == PROMPT
    offered = await ben.autocomplete("music-more", "piece", "traurig")
    assert [one["name"] for one in offered] == ["traurig langsam · piece 1 · seed 1"]
    job = first["embeds"][0]["footer"]["text"].rsplit(" ", 1)[-1]
    assert offered[0]["value"] == f"{job}:1"
    chosen = await played(
        ben, "music-more", piece=offered[0]["value"], prompt="happy", length=5, count=1, seed="4"
    )
    assert chosen["content"] == "Seed: `4`"
    assert (playing.asked().params["prompt"], playing.asked().params["seconds"]) == ("happy", 5)
    assert "Stück 2 · Seed 51" in " ".join(
        one["name"] for one in await ada.autocomplete("musik-weiter", "stueck", "Stück 2")
    )


async def test_buttons_and_forms_survive_a_restart(
    klass: Class, playing: PlayingSchool, ada: Visitor
) -> None:
    post = await played(ada, "musik", prompt=PROMPT, seed="7")
    form = await ada.open_form(ada.press(post, label="Weiterspielen"))
    await playing.restart()
    further = await ada.fill_in(form, count="1").message(has_files)
    assert further["embeds"][0]["title"] == klass.say("audio.title_music_further", n=1)
    assert (await ada.press(post, label="Nochmal").message(has_files))["content"] == "Seed: `7`"


@pytest.mark.parametrize(
    "custom_id",
    [
        "ka:audioagain:0000000000",
        "ka:audioseed:ffffffffff",
        "ka:longer:0000000000",
        "ka:further:0000000000:1",
        "ka:further:0000000000",
        "ka:notesagain:0000000000",
        "ka:notesseed:1",
        "ka:declare:0000000000000000:1",
        "ka:declare:0000000000000000:9",
        "ka:declare:0000000000000000",
        "ka:undeclare:0000000000000000",
        "ka:kitmake:prompt",
        "ka:kitother:prompt",
        "ka:song:new",
    ],
)
async def test_forged_ids_get_a_sentence_and_do_nothing(
    klass: Class, playing: PlayingSchool, ada: Visitor, custom_id: str
) -> None:
    before = len(playing.band.requests)
    message = await forged(klass, ada, custom_id)
    said = await private(ada.press(message, label="x"))
    assert said["content"] in {
        klass.say(f"error.{key}") for key in ("job_gone", "button_unknown", "upload_gone")
    }
    assert len(playing.band.requests) == before


async def test_pieces_of_another_class_are_not_to_be_had(
    klass: Class, playing: PlayingSchool, ada: Visitor
) -> None:
    post = await played(ada, "musik", prompt=PROMPT)
    job = post["embeds"][0]["footer"]["text"].rsplit(" ", 1)[-1]
    other = Class(klass.school, klass.school.server.add_guild("Parallelklasse"))
    await until(lambda: klass.school.bot.get_guild(int(other.guild_id)) is not None)
    chiara = await other.enter("Chiara")
    try:
        message = await forged(other, chiara, f"ka:audioagain:{job}")
        assert (await private(chiara.press(message, label="x")))["content"] == klass.say("error.job_gone")
        assert await chiara.autocomplete("musik-weiter", "stueck", "") == []
        said = await private(chiara.command("musik-weiter", stueck=f"{job}:1"))
        assert said["content"] == klass.say("error.job_gone")
    finally:
        await chiara.leave()


async def test_too_large_files_are_left_out_with_a_note(
    klass: Class, playing: PlayingSchool, ada: Visitor
) -> None:
    def padded(outcome: Outcome) -> Outcome:
        for file in outcome.files:
            if file.kind == "audio":
                with (outcome.out / file.name).open("ab") as opened:
                    opened.truncate(11 * 2**20)
        return outcome

    playing.band.change["audio_post"] = padded
    try:
        post = await played(ada, "musik", prompt=PROMPT, anzahl=4)
    finally:
        del playing.band.change["audio_post"]
    assert [name.rsplit("-", 1)[-1] for name in names(post)] == ["waves.png"]
    assert klass.say("post.left_out", n=4) in post["content"]


async def test_discord_may_find_it_too_large_all_the_same(klass: Class, ada: Visitor) -> None:
    klass.school.server.limits.request_bytes = 40  # the picture and one sound are more
    try:
        post = await played(ada, "musik", prompt=PROMPT, anzahl=2)
    finally:
        klass.school.server.limits.request_bytes = 25 * 2**20
    assert [name.rsplit(".", 1)[-1] for name in names(post)] == ["ogg"]
    assert klass.say("post.left_out", n=2) in post["content"]
    assert "image" not in post["embeds"][0]
