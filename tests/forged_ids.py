"""Forged, replayed and foreign ids of buttons and forms: `python -m tests.forged_ids -n 500`.

The real wiring with a real database, and every button and form that the bot registers. A forged press must change no
row and no file, show and start nothing, open no form, and be answered with the sentence of an error, in private.
Prints one line a kind and ends with 1 if any of them did something. The seed is drawn, printed and can be given.
"""

from __future__ import annotations

import argparse
import ast
import asyncio
import logging
import random
import re
import secrets
import string
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, cast

import discord

import bot
from bot.buttons import ButtonId
from bot.services.ports import Requester
from tests.forged_world import SENTENCES, Forged, World, build
from tests.unit.bot.services.conftest import ANNA, BEN, STRANGER, TEACHER, Room

FORM, PRESS = discord.InteractionType.modal_submit, discord.InteractionType.component
OTHERS_MAY_NOT: Final = (
    "cancel", "ask", "declare", "undeclare", "revoke", "resolve",
    "voiceclip", "voicephrase", "voicegive", "voicedrop", "endchat", "answer",
    "witsee", "wityes", "witno", "witform", "witrefuse", "witexport", "witgrant",
    "repsee", "reptake", "repkeep", "appsee", "appright", "appwrong",
    "gallery", "galsend", "galnamed", "galaccept", "galchange", "galdecline", "galdown",
)  # fmt: skip
"""What a classmate may not do with somebody else's, or a pupil not at all. The rest is open to the class."""
OF_JOBS: Final = frozenset({
    "adapt", "again", "seeds", "textagain", "textseed", "audioagain", "audioseed", "notesagain", "notesseed", "longer",
    "further", "videoagain", "videoseeds", "speechagain", "speechseed", "nextpick", "nextcool", "nextwarm", "nextrun",
    "vote", "voteword", "resolve", "cancel", "report", "ask", "appsee", "appright", "appwrong", "clipagain",
    "clipwords", "gallery", "galsend", "galnamed", "galaccept", "galchange", "galdecline", "galdown", "galstar",
})  # fmt: skip
ONE_OF_A_KIND: Final = (
    ("liftstop", "class"), ("setuprules", "server"), ("setuprules", "new"), ("setupmake", "server"),
    ("setuplook", "server"), ("setuppick", "server"), ("setuproom", "studio"), ("setuproom", "review"),
)  # fmt: skip
"""Ids that are the same everywhere: who has read them once can send them."""
LETTERS: Final = string.ascii_lowercase + string.digits


Made = tuple[str, Requester | None]
Kind = Callable[[World, random.Random, str], Made]
"""An id and who presses it, for an action of the bot."""


def _garbage(world: World, rng: random.Random, action: str) -> Made:
    signs = string.printable + "äß🦄\u202e"
    text = "".join(rng.choices(signs, k=rng.randint(0, 100)))
    return rng.choice(
        [text, f"ka:{action}", f"ka:{action}:", f"KA:{action}:x1", f"ka:{action}:x:0", f"ka::{text}"]
    ), TEACHER


def _unknown_action(world: World, rng: random.Random, action: str) -> Made:
    while (name := "".join(rng.choices(string.ascii_lowercase, k=rng.randint(1, 12)))) in {
        *world.buttons,
        *world.forms,
    }:
        continue
    return _id(rng, name, rng.choice(world.known())), TEACHER


def _unknown_subject(world: World, rng: random.Random, action: str) -> Made:
    while (subject := "".join(rng.choices(LETTERS, k=rng.randint(1, 20)))) in world.known():
        continue
    return _id(rng, action, subject), rng.choice([ANNA, BEN, TEACHER])


def _nearly(world: World, rng: random.Random, action: str) -> Made:
    """One letter of a real id is another one."""
    subject = list(rng.choice(world.known()))
    while "".join(subject) in world.known():
        subject[rng.randrange(len(subject))] = rng.choice(LETTERS)
    return _id(rng, action, "".join(subject)), rng.choice([ANNA, BEN, TEACHER])


def _other_class(world: World, rng: random.Random, action: str) -> Made:
    return _id(rng, action, rng.choice(world.known())), STRANGER


def _no_class(world: World, rng: random.Random, action: str) -> Made:
    return _id(rng, action, rng.choice(world.known())), None


def _not_mine(world: World, rng: random.Random, action: str) -> Made:
    return _id(rng, rng.choice(OTHERS_MAY_NOT), rng.choice(world.known())), BEN


def _teachers_own(world: World, rng: random.Random, action: str) -> Made:
    """A pupil has read the id of a button that a teacher has, or the owner of a private message."""
    action, subject = rng.choice(ONE_OF_A_KIND)
    return _id(rng, action, subject), rng.choice([ANNA, BEN])


def _with_more(world: World, rng: random.Random, action: str) -> Made:
    """A real id, and something before or behind it; up to Discord's hundred letters."""
    action, subject, who = rng.choice([*world.live, *((*one, TEACHER) for one in ONE_OF_A_KIND)])
    real = str(ButtonId(action=action, subject=subject))
    more = rng.choice(
        [
            f"{real}\n", f" {real}", f"{real}:", f"{real}:0", f"{real}:100", f"{real}:1:", f"{real}:1:x:1",
            f"{real}:-1", f"{real}\u200b", real.upper(), real.replace(":", "："), f"{real}:٣", f"{real}::1",
            f"{real}%00", f"{real}:1:{'z' * 100}"[:100], f"{real}{subject}"[:100],
            f"x{real}", f"{real},{real}"[:100],
        ]
    )  # fmt: skip
    return more, who


def _another_kind(world: World, rng: random.Random, action: str) -> Made:
    """A voice where a job belongs."""
    action = rng.choice(sorted(OF_JOBS))
    others = [one for kind in ("voice", "report", "conversation") for one in world.subjects[kind]]
    return _id(rng, action, rng.choice(others)), TEACHER


def _replayed(world: World, rng: random.Random, action: str) -> Made:
    action, subject, who = rng.choice(world.ended)
    return _id(rng, action, subject), who


KINDS: Final[Mapping[str, Kind]] = {
    "no id of ours": _garbage,
    "an unknown action": _unknown_action,
    "an unknown subject": _unknown_subject,
    "one letter of a real id changed": _nearly,
    "a real id from another class, by a teacher there": _other_class,
    "a real id outside a class": _no_class,
    "a classmate's or a teacher's, by a pupil": _not_mine,
    "a teacher's, by a pupil who has read its id": _teachers_own,
    "a real id with something added": _with_more,
    "a real id of another kind": _another_kind,
    "over already": _replayed,
}


def _id(rng: random.Random, action: str, subject: str) -> str:
    index = rng.choice([None, 1, 2, 7, 99])
    nonce = None if index is None else rng.choice([None, "deadbeef"])
    return str(ButtonId(action=action, subject=subject, index=index, nonce=nonce))


@dataclass
class Result:
    """`tried` and `acted` by kind; `actions`: what was pressed; `internal`: presses that ran into a mistake of ours."""

    tried: Counter[str] = field(default_factory=Counter)
    acted: Counter[str] = field(default_factory=Counter)
    actions: set[str] = field(default_factory=set)
    registered: set[str] = field(default_factory=set)
    found: list[str] = field(default_factory=list)
    internal: list[str] = field(default_factory=list)


async def count(folder: Path, rng: random.Random, number: int) -> Result:
    """Press `number` forged ids, the kinds in turn and every registered button and form in each."""
    room, result = Room(folder), Result()
    await room.open()
    try:
        world = await build(room)
        targets = [(PRESS, one) for one in world.buttons] + [(FORM, one) for one in world.forms]
        result.registered = {action for _, action in targets}
        turns = [(kind, *target) for target in targets for kind in KINDS]
        rng.shuffle(turns)
        before = await state_of(world)
        for place in range(number):
            name, how, action = turns[place % len(turns)]
            custom_id, who = KINDS[name](world, rng, action)
            press = Forged(type=how, data=fields_of(how, custom_id, rng), who=who, ground=world.ground)
            await world.presses.answer(cast("Any", press))
            after = await state_of(world)
            note(result, name, custom_id, press, changed=before != after)
            before = after
    finally:
        await room.close()
    return result


def fields_of(how: discord.InteractionType, custom_id: str, rng: random.Random) -> dict[str, Any]:
    """Fields of every form, filled in as an attacker would."""
    fields = {
        "prompt": "x", "word": "x", "note": "x", "reason": "other", "in_room": "yes", "under_16": "no",
        "country": "AT", "age": "14",
    }  # fmt: skip
    parts = [
        {"type": 18, "component": {"custom_id": key, "value": value, "values": [value]}}
        for key, value in fields.items()
    ]
    return {
        "custom_id": custom_id,
        "values": [rng.choice(["1", "0", "99999", "x", ""])],
        "components": parts if how is FORM else [],
    }


def note(result: Result, name: str, custom_id: str, press: Forged, *, changed: bool) -> None:
    result.tried[name] += 1
    read = ButtonId.read(custom_id)
    if read is not None:
        result.actions.add(read.action)
    said = [text for how, text in press.done if how == "private"]
    refused = len(press.done) == len(said) == 1 and _is_error(said[0])
    if changed or not refused:
        result.acted[name] += 1
        result.found.append(f"{name}: {custom_id!r} {press.type.name} changed={changed} {press.done}")
    elif said[0] == SENTENCES.text("error.internal", press.locale):
        result.internal.append(f"{name}: {custom_id!r} {press.type.name}")


_ERRORS: Final = [
    re.compile(".*".join(map(re.escape, re.split(r"\{[^}]*\}", form))), re.DOTALL)
    for key in SENTENCES.keys("de")
    if key.startswith("error.")
    for form in SENTENCES.forms(key, "de")
]


def _is_error(text: str) -> bool:
    return any(pattern.fullmatch(text) for pattern in _ERRORS)


async def state_of(world: World) -> tuple[Any, ...]:
    """All rows and kept files, what a class has seen or a worker was asked for, and roles and channels."""
    room = world.room
    async with room.database.read() as connection:
        names = await connection.execute_fetchall(
            "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
        )
        rows = {
            str(name): [tuple(row) for row in await connection.execute_fetchall(f"SELECT * FROM {name}")]
            for (name,) in names
        }
    # time passes by itself: this row says only until when it was looked
    rows.pop("clock_seen", None)
    files = sorted(
        str(file)
        for file in (room.folder / "data").rglob("*")
        if file.is_file() and "sqlite" not in file.name
    )
    seen = room.discord
    return (
        rows,
        files,
        sorted(seen.messages),
        len(seen.told),
        len(seen.statuses),
        sorted(seen.withheld),
        list(world.ground.made),
    )


def actions_in(source: str) -> set[str]:
    """The actions that a module's `buttons` and `forms` answer."""
    named = [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef) and node.name in {"buttons", "forms"}
    ]
    tables = [one for node in named for one in ast.walk(node) if isinstance(one, ast.Dict)]
    return {str(key.value) for table in tables for key in table.keys if isinstance(key, ast.Constant)}


def not_registered(registered: set[str]) -> dict[str, set[str]]:
    """Actions that stand in a module of presses and that nothing answers, by module."""
    modules = sorted(Path(bot.__file__).parent.glob("*_presses.py"))
    found = {file.name: actions_in(file.read_text("utf-8")) - registered for file in modules}
    return {name: actions for name, actions in found.items() if actions}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", type=int, default=500, metavar="N")
    parser.add_argument("--seed", type=int, default=secrets.randbits(32))
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)
    print("seed", options.seed)
    with tempfile.TemporaryDirectory() as folder:
        result = asyncio.run(count(Path(folder), random.Random(options.seed), options.n))
    for name in KINDS:
        print(
            "ACTED" if result.acted[name] else "ok ",
            f"{name}: {result.acted[name]} of {result.tried[name]} did something",
        )
    print(*result.found, *(f"internal: {one}" for one in result.internal), sep="\n")
    untried = result.registered - result.actions
    print(
        f"{len(result.registered)} actions of buttons and forms are registered, {len(untried)} were not pressed"
    )
    for name, actions in not_registered(result.registered).items():
        print(f"not registered: {name}: {', '.join(sorted(actions))}")
    acted = sum(result.acted.values())
    print(f"{acted} of {sum(result.tried.values())} forged presses did something")
    return 1 if acted or result.internal else 0


if __name__ == "__main__":
    raise SystemExit(main())
