"""The real wiring with a real database, and a class in which there is something of everything: for forged presses."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, Final, cast

import discord

from bot.i18n import Sentences
from bot.services.care import Care
from bot.services.gallery_ports import Review
from bot.services.ports import Requester
from bot.setup_presses import SetupPresses
from bot.views import Presses
from data.conversations import Conversation, Conversations
from data.gallery_records import GalleryState
from data.setup import Setups
from generation.errors import NotAllowed, Refused
from generation.job import Job, JobState
from tests.fakes_dispatch import make_job
from tests.unit.bot.services.conftest import ANNA, BEN, TEACHER, Room
from tests.voice_room import Clock
from tests.voice_room import Room as VoiceRoom

SENTENCES = Sentences.load(strict=True)
WAY: Final = (JobState.RUNNING, JobState.CHECKING, JobState.POSTING, JobState.POSTED)
MEDIA: Final[Mapping[str, Mapping[str, Any]]] = {
    "image": {},
    "text": {
        "family": "text",
        "params": {"prompt": "ein Satz", "messages": [{"role": "user", "text": "ein Satz"}]},
    },
    "next_word": {"family": "text", "params": {"text": "Der Schnee ist", "temperature": 0.8, "vote": True}},
    "music": {"family": "music", "params": {"prompt": "calm", "seconds": 10, "count": 1}},
    "notes": {"family": "music", "params": {"prompt": "", "melody": [], "bars": 4}},
    "video": {"family": "diffusion", "params": {"keys": [{"prompt": "a whale", "seed": 1}]}},
    "speech": {"family": "voices", "params": {"text": "Hallo", "speaker": "alto", "language": "de"}},
    "clip": {"family": "media", "params": {"title": "Ein Film"}},
}


@dataclass
class Ground:
    """The class's server as setting up sees it; `made` is what was made there."""

    id: int = 1
    made: list[str] = field(default_factory=list)
    default_role: None = None

    @property
    def me(self) -> SimpleNamespace:
        return SimpleNamespace(guild_permissions=discord.Permissions(manage_roles=True, manage_channels=True))

    async def fetch_roles(self) -> list[discord.Role]:
        return []

    async def fetch_channels(self) -> list[discord.TextChannel]:
        return []

    async def create_role(self, *, name: str, **_: Any) -> None:
        self.made.append(name)

    async def create_text_channel(self, name: str, **_: Any) -> SimpleNamespace:
        self.made.append(name)
        nothing = discord.Permissions.none()
        return SimpleNamespace(
            id=len(self.made),
            name=name,
            guild=self,
            permissions_for=lambda _: nothing,
            type=discord.ChannelType.text,
        )


@dataclass
class Forged:
    """An interaction as Discord would hand it on, that writes down what was done with it."""

    type: discord.InteractionType
    data: dict[str, Any]
    who: Requester | None
    done: list[tuple[str, str]] = field(default_factory=list)
    extras: dict[str, Any] = field(default_factory=dict)
    locale: str = "de"
    guild_locale: None = None
    command: None = None
    ground: Ground | None = None
    person: str = "1"
    message: None = None
    channel: None = None
    client: None = None
    application_id: int = 1
    token: str = "t"
    channel_id: int = 2
    filesize_limit: int = 10**7
    answered: bool = False
    app_permissions: discord.Permissions = field(default_factory=discord.Permissions.none)

    @property
    def guild_id(self) -> int | None:
        return None if self.who is None else 1

    @property
    def guild(self) -> Ground | None:
        return None if self.who is None else self.ground

    @property
    def user(self) -> SimpleNamespace:
        """Nobody that Discord calls a member: what roles they have says `who`."""
        return SimpleNamespace(id=self.person, display_name="Wer auch immer")

    @property
    def response(self) -> Forged:
        return self

    @property
    def followup(self) -> Forged:
        return self

    def is_done(self) -> bool:
        return self.answered

    async def defer(self, *, thinking: bool, ephemeral: bool) -> None:
        self.answered = True

    async def send_message(self, text: str, *, ephemeral: bool, **more: Any) -> None:
        self.answered = True
        self._said(text, private=ephemeral, more=more)

    async def send(self, text: str, *, ephemeral: bool, **more: Any) -> None:
        self._said(text, private=ephemeral, more=more)

    async def send_modal(self, form: discord.ui.Modal) -> None:
        self.done.append(("form", form.custom_id))

    async def edit_message(self, *_: Any, **more: Any) -> None:
        self.done.append(("edit", str(more.get("content"))))

    async def edit_original_response(self, **more: Any) -> None:
        self.done.append(("edit", str(more.get("content"))))

    async def delete_original_response(self) -> None:
        """The public "thinking" goes; nothing else stood there."""

    def _said(self, text: str, *, private: bool, more: Mapping[str, Any]) -> None:
        shown = [name for name, value in more.items() if value is not None]
        self.done.append(("private" if private and not shown else "shown", text))


def who_of(press: Any) -> Requester:
    """As `checks.requester_of`: what the client claims is not asked."""
    if press.who is None:
        raise NotAllowed("only_in_class")
    return cast("Requester", press.who)


@dataclass
class World:
    """A class in which there is something of everything. `subjects`: ids by kind; `ended`: what is over already."""

    room: Room
    buttons: Mapping[str, Any]
    forms: Mapping[str, Any]
    presses: Presses
    ground: Ground
    subjects: dict[str, list[str]] = field(default_factory=dict)
    ended: list[tuple[str, str, Requester]] = field(default_factory=list)
    live: list[tuple[str, str, Requester]] = field(default_factory=list)
    """What its person may press."""

    def known(self) -> list[str]:
        return [one for ids in self.subjects.values() for one in ids]


async def build(room: Room) -> World:
    """The bot's own presses around the real services, and a class in which a lot has happened."""
    world = world_of(room)
    await _fill(world, room.desk.care)
    return world


def world_of(room: Room) -> World:
    """As `bot.client.AtelierBot` wires it."""
    setting_up = SetupPresses(
        setup=lambda: room.desk.setup, sentences=SENTENCES, teacher_role="Lehrkraft", who=who_of
    )
    discord_side: Any = room.discord
    presses = Presses(
        desk=room.desk, publisher=discord_side, sentences=SENTENCES, who=who_of, setting_up=setting_up
    )
    inside: Any = presses
    return World(room, inside._buttons, inside._forms, presses, Ground())


async def _fill(world: World, care: Care) -> None:
    room, found = world.room, world.subjects
    found["job"] = [(await _posted(room, medium)).id for medium in MEDIA]
    asked, decided = await _refused(room), await _refused(room)
    for job in (asked, decided):
        await care.appeals.ask(job, ANNA)
    await care.appeals.decide(decided, TEACHER, wrong=True)
    found["job"] += [asked, decided]
    for job, reason in ((found["job"][0], "person"), (found["job"][1], "hurtful")):
        await care.reports.report(job, reason, "", BEN)
    first, second = await care.reports.waiting(TEACHER)
    await care.reports.keep(second.report.id, TEACHER)
    found["report"] = [first.report.id, second.report.id]
    conversation = Conversation(
        id="c0nversati", guild_id="class", channel_id="thread", parent_id="channel", owner_id="anna",
        model="mini", locale="de", temperature=0.8, created_at=time.time(),
    )  # fmt: skip
    await Conversations(room.database).add(conversation)
    found["conversation"] = [conversation.id]
    await _voices(world)
    await _gallery(world)
    world.live += [
        ("repkeep", first.report.id, TEACHER),
        ("appwrong", asked, TEACHER),
        ("galaccept", found["work"][0], TEACHER),
        ("galsend", found["work"][2], ANNA),
        ("report", found["job"][2], ANNA),
        ("endchat", conversation.id, ANNA),
        ("voicedrop", found["voice"][0], ANNA),
        ("witrefuse", found["voice"][1], TEACHER),
    ]
    world.ended += [
        *((action, decided, TEACHER) for action in ("appsee", "appright", "appwrong")),
        *((action, second.report.id, TEACHER) for action in ("repsee", "reptake", "repkeep")),
        ("ask", found["job"][0], ANNA),
        ("answer", "c0nversati0", ANNA),
    ]


async def _gallery(world: World) -> None:
    """One work waits, one is declined; there is no wall, so neither hangs anywhere."""
    room, gallery = world.room, world.room.desk.gallery
    await Setups(room.database).choose(ANNA.guild_id, {"gallery": "71", "review": "72"})
    works = [(await room.end(await room.ask(who=ANNA))).id for _ in range(3)]
    for job in works[:2]:
        await gallery.submit(job, ANNA, named=False)
    waiting, declined, _ = works
    said = Review(round=1, state=GalleryState.DECLINED, reason="noch einmal")
    await gallery.review(declined, said, TEACHER)
    world.subjects["work"] = works
    world.ended += [
        *((action, declined, TEACHER) for action in ("galaccept", "galchange", "galdecline", "galdown")),
        *((action, declined, ANNA) for action in ("gallery", "galsend", "galnamed", "galdown")),
        *((action, waiting, ANNA) for action in ("galsend", "galnamed", "galaccept")),
    ]


async def _voices(world: World) -> None:
    voices = VoiceRoom(world.room.database, world.room.folder / "data", clock=Clock(time.time()))
    begun, waiting = await voices.clip(await voices.start()), await voices.waiting("carla")
    refused = await voices.waiting("dora")
    await voices.consents.refuse(refused.id, "class", TEACHER.person_id)
    world.subjects["voice"] = [begun.id, waiting.id, refused.id]
    world.ended += [
        (action, refused.id, TEACHER) for action in ("witsee", "wityes", "witform", "witrefuse", "witgrant")
    ]


async def _posted(room: Room, medium: str) -> Job:
    job = make_job(id=secrets.token_hex(5), medium=medium, created_at=time.time(), **MEDIA[medium])
    await room.jobs.add(job)
    for state in WAY:
        await room.jobs.move(job.id, state)
    return job


async def _refused(room: Room) -> str:
    with suppress(Refused):
        await room.ask("Ein Splatterfilm", ANNA)
    (job, *_) = await room.jobs.of_owner(ANNA.guild_id, ANNA.person_id)
    assert job.state is JobState.REFUSED
    return job.id
