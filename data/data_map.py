"""Everything that is kept: each table, column and folder with its purpose, whose it is and how long it stays.

Showing, exporting and deleting a person's data follow this map, and a test fails on what is not in it. To add a table
or a column: a row here and one in README.md, a sentence `my_data.table_<name>` where it holds a person's data.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final


class Erased(StrEnum):
    """What becomes of a table's rows when the person they belong to has their data deleted."""

    ROWS = "rows"
    """They are deleted."""
    WITH_PARENT = "with_parent"
    """They go with the rows they belong to (ON DELETE CASCADE)."""
    BY_ITSELF = "by_itself"
    """Deleted last and by its own code: what the deletion itself needs."""
    NEVER = "never"
    """There is no person in it, or none who could be found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """`guild`, `person`: the columns that say whose a row is; `of`: (own column, table) where another row says it,
    which has that as its `id`. `since`: when it was made. `others`: columns that may name other people.
    `signed`: (column, column of its time): who decided, of whom nothing stays there when their own data is deleted.
    `secret`: not handed out: whoever has it could act with it. `holds`: until when a row does not go with its person's
    data, or they could free themselves of it."""

    name: str
    purpose: str
    kept: str
    columns: Mapping[str, str]
    guild: str | None = None
    person: str | None = None
    of: tuple[str, str] | None = None
    since: str | None = None
    others: tuple[str, ...] = ()
    signed: tuple[str, str] | None = None
    secret: tuple[str, ...] = ()
    holds: str | None = None
    erased: Erased = Erased.NEVER

    @property
    def is_personal(self) -> bool:
        return self.person is not None or self.of is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A file or folder. `is_personal`: something of somebody may lie in it."""

    name: str
    purpose: str
    kept: str
    is_personal: bool = field(default=True)


_ROW: Final = "the row's own id"
_CLASS: Final = "which class server"
_WHOSE: Final = "whose it is"
_WHEN: Final = "when it was made"
_JOB: Final = "the job it belongs to"
_LANGUAGE: Final = "the language of its answers"
_WITH_JOB: Final = "with its job"
_WITH_VOICE: Final = "with its voice"

TABLES: Final = (
    Table(
        name="jobs",
        purpose="what was asked for: makes it again, posts it, answers for it",
        kept="keep_days after its end (30), but while its work waits for the gallery or hangs there; a refused one"
        " loses its texts after keep_refused_hours (24); one with a copied voice keeps its ids as long as the voice is"
        " known, one that is in somebody's younger piece as long as that, so that it can be taken back",
        guild="guild_id",
        person="owner_id",
        since="created_at",
        erased=Erased.ROWS,
        columns={
            "position": "the order of the queue",
            "id": _ROW,
            "guild_id": _CLASS,
            "channel_id": "where the answer goes",
            "owner_id": "who asked",
            "medium": "what kind of thing was asked for",
            "family": "which worker makes it",
            "model": "which model makes it",
            "params": "prompt and settings, as the model reads them",
            "seed": "makes the same result again",
            "locale": _LANGUAGE,
            "created_at": _WHEN,
            "state": "how far it is",
            "attempt": "how often it was tried",
            "parent": "the job it was made from",
            "parent_index": "which part of that",
            "started_at": "measures how long models take",
            "finished_at": "when its time here begins to run out",
            "error_code": "why it has no result",
            "notices": "codes of sentences its post carries",
        },
    ),
    Table(
        name="job_events",
        purpose="each move of a job, for answering for it afterwards",
        kept=_WITH_JOB,
        of=("job", "jobs"),
        erased=Erased.WITH_PARENT,
        columns={
            "number": _ROW,
            "job": _JOB,
            "old": "the state before",
            "new": "the state after",
            "at": "when it moved",
            "code": "why it ended, if it did",
        },
    ),
    Table(
        name="reply_addresses",
        purpose="lets a restarted bot answer",
        kept="until it is posted or a refusal is told, at most 15 minutes",
        of=("job", "jobs"),
        secret=("address",),
        erased=Erased.WITH_PARENT,
        columns={"job": _JOB, "address": "where the answer goes, with its token", "expires_at": "its end"},
    ),
    Table(
        name="artifacts",
        purpose="the approved files of a job",
        kept=_WITH_JOB,
        of=("job", "jobs"),
        erased=Erased.WITH_PARENT,
        columns={
            "job": _JOB,
            "kind": "what it is",
            "number": "which of several",
            "seed": "makes this one again",
            "name": "the file's name",
            "sha256": "shows that it is the file that was approved",
            "size": "bytes",
            "flagged": "that a check held it back; then there is no file",
        },
    ),
    Table(
        name="posts",
        purpose="finds a post again, to take it back and not to post it twice",
        kept="until it was taken back; with its job",
        of=("job", "jobs"),
        erased=Erased.WITH_PARENT,
        columns={
            "job": _JOB,
            "channel_id": "where it stands",
            "nonce": "by which it is found",
            "message_id": "which message it is",
            "posted_at": "when it was posted",
        },
    ),
    Table(
        name="conversations",
        purpose="which thread is a conversation with which model",
        kept="keep_days after its end (30), or after its last turn was deleted with its job",
        guild="guild_id",
        person="owner_id",
        since="created_at",
        erased=Erased.ROWS,
        columns={
            "id": _ROW,
            "guild_id": _CLASS,
            "channel_id": "its thread",
            "parent_id": "the channel above",
            "owner_id": "who began it",
            "model": "who answers",
            "locale": _LANGUAGE,
            "temperature": "how the model chooses its words",
            "created_at": _WHEN,
            "ended_at": "when it was ended",
        },
    ),
    Table(
        name="turns",
        purpose="what a conversation remembers",
        kept="until the conversation's end; with its job",
        of=("job", "jobs"),
        erased=Erased.WITH_PARENT,
        columns={
            "job": _JOB,
            "conversation": "which conversation",
            "question": "what was asked",
            "answer": "what was answered and shown",
        },
    ),
    Table(
        name="votes",
        purpose="one vote a person on the next word",
        kept="until they are counted; with its job",
        person="person_id",
        of=("job", "jobs"),
        erased=Erased.ROWS,
        columns={"job": _JOB, "person_id": _WHOSE, "choice": "what was voted for"},
    ),
    Table(
        name="vote_counts",
        purpose="how many voted for what",
        kept=_WITH_JOB,
        columns={"job": _JOB, "choice": "a word", "votes": "how many"},
    ),
    Table(
        name="closed_votes",
        purpose="that a vote is over",
        kept=_WITH_JOB,
        columns={"job": _JOB, "closed_at": "since when"},
    ),
    Table(
        name="timings",
        purpose="foretells how long a job takes",
        kept="the last 50 of a model",
        columns={
            "number": _ROW,
            "model": "which model",
            "what": "a step or the loading",
            "seconds": "how long it took",
        },
    ),
    Table(
        name="uploads",
        purpose="an uploaded melody or song, and why it may be used",
        kept="undecided 24 hours; declared until a day after the last job that names it",
        guild="guild_id",
        person="person_id",
        since="created_at",
        erased=Erased.ROWS,
        columns={
            "id": _ROW,
            "guild_id": _CLASS,
            "person_id": _WHOSE,
            "kind": "a sound or notes",
            "sha256": "knows the same file again",
            "seconds": "how long it is",
            "name": "the clean copy's file",
            "clean_sha256": "shows that it was not exchanged",
            "notes": "the melody of a MIDI file",
            "created_at": _WHEN,
            "declaration": "why its person may use it",
            "declared_at": "when they said so",
        },
    ),
    Table(
        name="upload_requests",
        purpose="a request that waits for a declaration",
        kept="until it is decided, at most 24 hours",
        guild="guild_id",
        person="person_id",
        since="created_at",
        erased=Erased.ROWS,
        columns={
            "id": _ROW,
            "upload": "which upload",
            "guild_id": _CLASS,
            "channel_id": "where it was typed",
            "person_id": _WHOSE,
            "locale": _LANGUAGE,
            "medium": "what was asked for",
            "model": "which model is to make it",
            "params": "prompt and settings",
            "seed": "makes the same result again",
            "notices": "codes of sentences its post carries",
            "created_at": _WHEN,
        },
    ),
    Table(
        name="voices",
        purpose="a voice on its way to a consent, or with one",
        kept="undecided 24 hours; keep_consents_days after its end (365), never while something of it is left",
        guild="guild_id",
        person="person_id",
        since="created_at",
        erased=Erased.ROWS,
        columns={
            "id": _ROW,
            "guild_id": _CLASS,
            "person_id": _WHOSE,
            "name": "what its owner calls it",
            "purpose": "what it may be used for",
            "model": "by which model",
            "language": "which it speaks",
            "state": "how far it is",
            "tries": "how often there were words to read",
            "findings": "which checks were open or refused; no measured number",
            "created_at": _WHEN,
            "changed_at": "when it last moved",
        },
    ),
    Table(
        name="clips",
        purpose="the recordings a voice is copied from",
        kept="undecided 24 hours; until the consent ends",
        of=("voice", "voices"),
        erased=Erased.WITH_PARENT,
        columns={
            "voice": "which voice",
            "number": "which of three",
            "mood": "how it is spoken",
            "name": "the file's name",
            "sha256": "shows that it was not exchanged",
            "seconds": "how long it is",
        },
    ),
    Table(
        name="phrases",
        purpose="words read aloud, which show that a living person agrees",
        kept="its recording until it is decided; " + _WITH_VOICE,
        of=("voice", "voices"),
        erased=Erased.WITH_PARENT,
        columns={
            "id": _ROW,
            "voice": "which voice",
            "guild_id": _CLASS,
            "person_id": _WHOSE,
            "purpose": "what they were issued for",
            "model": "for which model",
            "samples": "hashes of the clips they are bound to",
            "language": "of the words",
            "words": "what was to be read",
            "issued_at": _WHEN,
            "expires_at": "until when they counted",
            "used_at": "when they were read",
            "recording": "the file, until it is decided",
            "recording_sha256": "shows that it was not exchanged",
            "number": "which try it was",
        },
    ),
    Table(
        name="consents",
        purpose="who agreed to what, and who saw to it",
        kept=_WITH_VOICE,
        of=("voice", "voices"),
        others=("witness", "revoked_by", "allowed"),
        erased=Erased.WITH_PARENT,
        columns={
            "id": _ROW,
            "voice": "which voice",
            "guild_id": _CLASS,
            "person_id": _WHOSE,
            "samples": "hashes of the clips",
            "purpose": "what for",
            "model": "which model",
            "allowed": "who else may use it",
            "granted_at": "from when",
            "until": "until when",
            "revoked_at": "when it was withdrawn",
            "revoked_by": "by whom",
            "witness": "the teacher who confirmed it",
            "under_16": "whether parents had to agree",
            "parents_reference": "where their agreement is kept",
        },
    ),
    Table(
        name="voice_events",
        purpose="what was decided about a voice, for answering for it afterwards",
        kept=_WITH_VOICE,
        of=("voice", "voices"),
        others=("who",),
        erased=Erased.ROWS,
        columns={
            "number": _ROW,
            "voice": "which voice",
            "guild_id": _CLASS,
            "at": "when",
            "who": "who decided",
            "what": "what was decided",
            "checks": "under which open checks",
        },
    ),
    Table(
        name="clock_seen",
        purpose="a clock that goes back must not bring a consent to life",
        kept="always; no person",
        columns={"one": "there is one row", "at": "the latest time that was seen"},
    ),
    Table(
        name="chains",
        purpose="a request of several steps that is under way",
        kept="until its last step has ended",
        guild="guild_id",
        person="person_id",
        since="created_at",
        erased=Erased.ROWS,
        columns={
            "id": _ROW,
            "guild_id": _CLASS,
            "channel_id": "where it was typed",
            "person_id": _WHOSE,
            "locale": _LANGUAGE,
            "is_teacher": "whose limits count",
            "request": "what was asked for",
            "created_at": _WHEN,
        },
    ),
    Table(
        name="chain_steps",
        purpose="the job of each step",
        kept="with its chain",
        of=("chain", "chains"),
        erased=Erased.WITH_PARENT,
        columns={
            "chain": "which chain",
            "number": "which step",
            "job": "which job",
            "at": "when it was asked for",
        },
    ),
    Table(
        name="setups",
        purpose="what the school has stated about itself",
        kept="as long as the bot serves the class; no person",
        columns={
            "guild_id": _CLASS,
            "country": "where the school is",
            "min_age": "how old one must be there",
            "stated_at": "when it was stated",
        },
    ),
    Table(
        name="setup_places",
        purpose="which channels the class has chosen",
        kept="as long as the bot serves the class; no person",
        columns={"guild_id": _CLASS, "place": "what for", "channel_id": "which channel"},
    ),
    Table(
        name="gallery",
        purpose="the works in the gallery and on their way there",
        kept="while it waits or hangs, then with its job; the name: while it waits or hangs",
        guild="guild_id",
        person="person_id",
        since="submitted_at",
        erased=Erased.ROWS,
        columns={
            "id": _JOB,
            "guild_id": _CLASS,
            "person_id": _WHOSE,
            "named": "whether the name may appear",
            "name": "the name that appears",
            "medium": "what it is",
            "state": "where it stands",
            "round": "how often it was sent in",
            "submitted_at": "when it was sent in",
            "changed_at": "when it last moved",
        },
    ),
    Table(
        name="gallery_decisions",
        purpose="what was decided about a work, for whoever decides next and for its pupil",
        kept="with its work",
        of=("job", "gallery"),
        others=("by_id",),
        signed=("by_id", "at"),
        erased=Erased.WITH_PARENT,
        columns={
            "number": _ROW,
            "job": "which work",
            "round": "how often it had been sent in",
            "at": "when",
            "by_id": "who decided",
            "state": "what was decided",
            "reason": "the words for the pupil",
            "told": "whether its pupil has been told",
        },
    ),
    Table(
        name="gallery_messages",
        purpose="where a work's card and post stand, so that they can be taken down",
        kept="until they are deleted",
        of=("job", "gallery"),
        erased=Erased.WITH_PARENT,
        columns={
            "job": "which work",
            "place": "before reviewers or in the gallery",
            "round": "how often it had been sent in",
            "channel_id": "where",
            "message_id": "which message",
        },
    ),
    Table(
        name="gallery_files",
        purpose="which files hang: nothing else is exported or projected",
        kept="until the work is taken down",
        of=("job", "gallery"),
        erased=Erased.WITH_PARENT,
        columns={
            "job": "which work",
            "position": "in which order",
            "name": "the kept file",
            "sha256": "what was accepted, exactly",
            "alt": "what is to be seen or heard",
        },
    ),
    Table(
        name="gallery_stars",
        purpose="one star a person and work",
        kept="until it is taken back; with its work",
        person="person_id",
        of=("job", "gallery"),
        erased=Erased.ROWS,
        columns={"job": "which work", "person_id": _WHOSE},
    ),
    Table(
        name="pseudonyms",
        purpose="who is meant in the log, for whoever has to answer for something",
        kept="keep_log_days after the last line about them (400), or until they have their data deleted",
        guild="guild_id",
        person="person_id",
        erased=Erased.BY_ITSELF,
        columns={
            "guild_id": _CLASS,
            "person_id": _WHOSE,
            "pseudonym": "how they are called in the log",
            "seen_at": "their last line",
        },
    ),
    Table(
        name="audit",
        purpose="what teachers, pupils and the bot did: pseudonyms, codes and numbers, chained by hashes",
        kept="always: without its pseudonym a line is nobody's",
        columns={
            "number": _ROW,
            "at": "when",
            "guild": "the class's pseudonym",
            "actor": "the pseudonym of who did it",
            "what": "a code",
            "subject": "the pseudonym of whom it concerned",
            "detail": "codes and numbers",
            "hash": "chains the line to the one before",
        },
    ),
    Table(
        name="erasures",
        purpose="whose data is being deleted: goes on after a crash",
        kept="until nothing is left",
        guild="guild_id",
        person="person_id",
        erased=Erased.BY_ITSELF,
        columns={"guild_id": _CLASS, "person_id": _WHOSE, "asked_at": "what is younger stays"},
    ),
    Table(
        name="class_words",
        purpose="what a class refuses or allows on top of the word lists",
        kept="until a teacher removes it; no person",
        columns={
            "guild_id": _CLASS,
            "word": "as a teacher typed it",
            "kind": "refused or allowed",
            "added_at": _WHEN,
        },
    ),
    Table(
        name="appeals",
        purpose="refusals that a pupil asked the teacher to look at again",
        kept=_WITH_JOB,
        guild="guild_id",
        person="person_id",
        of=("job", "jobs"),
        since="asked_at",
        others=("decided_by",),
        signed=("decided_by", "decided_at"),
        erased=Erased.WITH_PARENT,
        columns={
            "job": _JOB,
            "guild_id": _CLASS,
            "person_id": _WHOSE,
            "asked_at": "when they asked",
            "decision": "whether the refusal was right",
            "decided_by": "which teacher looked",
            "decided_at": "when",
        },
    ),
    Table(
        name="refusal_counts",
        purpose="how often refusals were wrong, so that the lists can be corrected",
        kept="always; no person",
        columns={
            "guild_id": _CLASS,
            "code": "why it was refused",
            "decided": "how many were looked at",
            "wrong": "how many of them were wrong",
        },
    ),
    Table(
        name="refusal_entries",
        purpose="which lines of the lists refused wrongly",
        kept="always; no person",
        columns={"guild_id": _CLASS, "entry": "a line of a list", "wrong": "how often"},
    ),
    Table(
        name="reports",
        purpose="posts that somebody reported, and what was decided",
        kept=_WITH_JOB,
        guild="guild_id",
        person="person_id",
        since="reported_at",
        others=("decided_by",),
        signed=("decided_by", "decided_at"),
        erased=Erased.ROWS,
        columns={
            "id": _ROW,
            "job": _JOB,
            "guild_id": _CLASS,
            "person_id": "who reported it",
            "reason": "a code",
            "note": "their own words, if they wrote any",
            "reported_at": _WHEN,
            "decision": "kept or taken down",
            "decided_by": "which teacher decided",
            "decided_at": "when",
        },
    ),
    Table(
        name="care_cards",
        purpose="the teachers' cards about reports and questions, so that each is sent once",
        kept="until what it is about is decided; no person",
        guild="guild_id",
        columns={
            "kind": "a report or a question",
            "job": _JOB,
            "guild_id": _CLASS,
            "marker": "what its button names",
            "channel_id": "where it stands",
            "message_id": "which message it is",
        },
    ),
    Table(
        name="blocks",
        purpose="pupils who may not ask for anything for a while",
        kept="until it runs out",
        guild="guild_id",
        person="person_id",
        since="since",
        others=("blocked_by",),
        signed=("blocked_by", "since"),
        holds="until",
        erased=Erased.ROWS,
        columns={
            "guild_id": _CLASS,
            "person_id": _WHOSE,
            "blocked_by": "which teacher",
            "since": _WHEN,
            "until": "its end",
        },
    ),
    Table(
        name="lessons",
        purpose="what a class may do in a lesson, and its task",
        kept="30 days after its end",
        columns={
            "id": _ROW,
            "guild_id": _CLASS,
            "started_at": "when it began",
            "ends_at": "when it ends by itself",
            "ended_at": "when it ended",
            "rules": "media, models, budgets, private or open posts, gallery",
            "task": "the teacher's task: required words, style, model, deadline",
        },
    ),
    Table(
        name="hand_ins",
        purpose="one result a pupil and task",
        kept="with its lesson or its job",
        person="person_id",
        of=("job", "jobs"),
        since="at",
        erased=Erased.ROWS,
        columns={
            "lesson": "the lesson it belongs to",
            "task": "which of its tasks",
            "person_id": _WHOSE,
            "job": _JOB,
            "at": _WHEN,
        },
    ),
    Table(
        name="stops",
        purpose="a pause or an emergency stop that holds",
        kept="until a teacher lifts it",
        columns={"guild_id": _CLASS, "kind": "pause or emergency", "since": _WHEN},
    ),
    Table(
        name="migrations",
        purpose="which form the tables have",
        kept="always; no person",
        columns={"name": "a step", "applied_at": "when"},
    ),
)

PLACES: Final = (
    Place(name="atelier.sqlite", purpose="the tables above", kept="row by row; deleted rows are overwritten"),
    Place(name="atelier.sqlite-wal", purpose="SQLite's latest changes", kept="emptied after every deletion"),
    Place(name="atelier.sqlite-shm", purpose="SQLite's index of that", kept="while the bot runs"),
    Place(name="atelier.lock", purpose="one bot a folder", kept="always; empty", is_personal=False),
    Place(name="artifacts", purpose="the approved files of jobs", kept=_WITH_JOB),
    Place(name="uploads", purpose="clean copies of uploaded sounds", kept="with their row"),
    Place(name="voices", purpose="recordings of voices", kept="with their row"),
    Place(name="backups", purpose="the database before a migration", kept="7 days, or until anybody's data is deleted"),
    Place(name="records", purpose="as that below, where none can be made beside the data folder", kept="as there"),
    Place(name="projector", purpose="the gallery's page for the projector, with what hangs", kept="until taken down"),
    Place(name="locks", purpose="one worker a family", kept="always; empty", is_personal=False),
    Place(name="commands.sha256", purpose="which commands Discord knows", kept="always", is_personal=False),
    Place(name="generate", purpose="the same for `atelier generate`, which has no class", kept="as here"),
)  # fmt: skip
"""What lies in the data folder."""

ELSEWHERE: Final = (
    Place(name="records", purpose="the log's last hash; tombstones of deleted data", kept="for ever; these 400 days"),
    Place(name="work", purpose="unchecked files, in memory where possible", kept="with their job; wiped at the start"),
    Place(name="cache", purpose="environments of the families", kept="until deleted", is_personal=False),
    Place(name="models", purpose="models", kept="until deleted", is_personal=False),
)  # fmt: skip
"""The other folders, by the setting that names them."""

_BY_NAME: Final = {table.name: table for table in TABLES}


def table(name: str) -> Table:
    return _BY_NAME[name]


def personal() -> Iterator[Table]:
    """The tables with something of somebody, without what the deletion itself needs."""
    return (one for one in TABLES if one.is_personal and one.erased is not Erased.BY_ITSELF)


def owned(one: Table, *, aged: bool = False) -> str:
    """The condition on rows of `one` that are a person's: of `:guild` and `:person` ('' is everybody of the class).

    `aged`: those only that, or whose parents, were made until `:until`.
    """
    if one.of is None:
        parts = [f"{one.guild} = :guild"]
    else:
        column, parent = one.of
        # whose the row is it may say itself; which class it is of, the parent says
        inner = owned(table(parent), aged=aged) if one.person is None else f"{table(parent).guild} = :guild"
        parts = [f"{column} IN (SELECT id FROM {parent} WHERE {inner})"]  # noqa: S608
    if one.person is not None:
        parts.append(f"(:person = '' OR {one.person} = :person)")
    if aged and one.since is not None:
        parts.append(f"{one.since} <= :until")
    if aged and one.holds is not None:
        parts.append(f"(:person = '' OR {one.holds} <= :until)")
    return " AND ".join(parts)


def signatures(one: Table) -> str:
    """The condition on rows of `one`, whoever they belong to, that `:person` of `:guild` decided until `:until`."""
    assert one.signed is not None  # noqa: S101  asked for only where there is one
    column, at = one.signed
    where = f"{one.guild} = :guild"
    if one.guild is None and one.of is not None:
        where = f"{one.of[0]} IN (SELECT id FROM {one.of[1]} WHERE {table(one.of[1]).guild} = :guild)"  # noqa: S608
    return f"{column} = :person AND :person <> '' AND {at} <= :until AND {where}"


def unlisted_files(folder: Path) -> list[str]:
    """What lies in a data folder and is not in PLACES."""
    known = {place.name for place in PLACES}
    return sorted(entry.name for entry in folder.iterdir() if entry.name not in known)
