"""A bot whose people have left something everywhere, and what is to be gone afterwards: words that nobody else has."""

from __future__ import annotations

import asyncio
import random
import secrets
import shutil
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.services.erasing import Erasing
from bot.services.pieces import Pieces
from bot.services.ports import Hindrance, Posted, ReplyAddress, TakenBack
from data.conversations import Conversation, Conversations
from data.erasures import Erasures
from data.personal import Personal
from data.pieces import PieceLinks
from data.uploads import KeptUploads, WaitingRequest
from data.votes import Votes
from generation.job import Job, JobState
from tests.fakes_dispatch import make_job
from tests.revoke_stage import Board, Stage

ANNA, BEN, TEACHER, CLASS = (
    "778899001122334455",
    "667788990011223344",
    "556677889900112233",
    "900000000000000001",
)
WORD = "Kanarienvogelgesang"
SAID = "Nachtigallentriller"
"""In a voice, which others may use."""
WAIT_S = 10.0


@dataclass
class Wall(Board):
    """A board that may be out of reach; or only the messages of some jobs."""

    hindrance: Hindrance | None = None
    unreached: dict[str, Hindrance] = field(default_factory=dict)

    async def take_back(self, job: Job, posted: Posted | None, address: ReplyAddress | None) -> TakenBack:
        if self.hindrance is not None and any(owner == job.id for owner, _ in self.messages.values()):
            return TakenBack(hindrance=self.hindrance)
        if job.id in self.unreached and job.id in self.shown():
            return TakenBack(hindrance=self.unreached[job.id])
        return await super().take_back(job, posted, address)


@dataclass
class ErasingRoom:
    """`open`, `crash` and `close` as often as needed; `leave` lets somebody leave something everywhere."""

    folder: Path
    guild: str = CLASS
    board: Wall = field(default_factory=lambda: Wall(random.Random(1), trouble=0.0))

    async def open(self) -> None:
        self.stage = stage = Stage(self.folder, random.Random(2), self.board)
        await stage.open()
        self.audit = stage.audit
        self.erasures = Erasures(stage.database, stage.traces)
        self.personal = Personal(stage.database)
        self.uploads = KeptUploads(stage.database, self.folder / "data" / "uploads", clock=stage.clock)
        # where the bot has them: in the data folder
        stage.room.files.folder = self.folder / "data" / "voices"
        stage.artifacts._folder = self.folder / "data" / "artifacts"
        self.pieces = Pieces(
            links=PieceLinks(stage.database),
            jobs=stage.jobs,
            artifacts=stage.artifacts,
            posting=stage.posting,
            publisher=stage.publisher,
            dispatcher=stage.dispatcher,
            pauses=(0.02, 0.05, 0.1, 0.2, 0.4),
        )
        self.erasing = Erasing(
            erasures=self.erasures,
            tombstones=stage.tombstones,
            audit=self.audit,
            posts=stage.posts,
            artifacts=stage.artifacts,
            pieces=self.pieces,
            dispatcher=stage.dispatcher,
            revoke=stage.revoke,
            work_dir=self.folder / "work",
            clock=stage.clock,
        )

    async def close(self) -> None:
        await self.erasing.close()
        await self.stage.close()

    async def crash(self) -> None:
        await self.erasing.close()
        await self.stage.crash()

    async def ask(self, owner: str, **more: Any) -> Job:
        """A job of the medium clip that goes its whole way."""
        values: dict[str, Any] = {
            "guild_id": self.guild, "medium": "clip", "family": "clip", "created_at": self.stage.clock.now,
            "params": {"prompt": f"{WORD} von {owner}", "count": 1},
        }  # fmt: skip
        job = make_job(owner, **{**values, **more})
        await self.stage.jobs.add(job, "address", self.stage.clock.now + 900)
        self.stage.dispatcher.submit(job)
        return job

    async def posted(self, owner: str, **more: Any) -> Job:
        job = await self.ask(owner, **more)
        await self.until(job, JobState.POSTED)
        return job

    async def until(self, job: Job, state: JobState) -> None:
        async with asyncio.timeout(WAIT_S):
            while (found := await self.stage.jobs.get(job.id)) is None or found.state is not state:
                await asyncio.sleep(0.01)

    async def leave(self, person: str, other: str) -> dict[str, Job]:
        """Everywhere something of `person`; `other` goes on with it. Returns what `other` made."""
        stage, now = self.stage, self.stage.clock.now
        made = await self.posted(person)
        consent = await stage.room.granted(person, self.guild, allowed=(other,))
        spoken = await self.posted(
            other,
            medium="speech",
            family="speech",
            model=consent.model,
            params={"text": SAID, "voice": consent.voice},
        )
        await stage.room.waiting(person, self.guild)
        own = await self.posted(
            other, medium="image", params={"prompt": "ein Haus", "count": 1}, parent=made.id, parent_index=1
        )
        refused = make_job(
            person,
            guild_id=self.guild,
            created_at=now,
            state=JobState.ACCEPTED,
            params={"prompt": f"{WORD} verboten"},
        )
        await stage.jobs.add(refused)
        await stage.jobs.move(refused.id, JobState.REFUSED, error_code="refused_violence")
        await self._talk(person, other)
        await self._upload(person)
        await Votes(stage.database, clock=stage.clock).cast(own.id, person, WORD)
        await self.audit.note(self.guild, TEACHER, "block", person)
        await self.ask(person)
        (self.folder / "work" / f"{made.id}-1").mkdir(parents=True, exist_ok=True)
        (self.folder / "work" / f"{made.id}-1" / "1.wav").write_text(WORD)
        backups = self.folder / "data" / "backups"
        backups.mkdir(exist_ok=True)
        shutil.copy(stage.database.path, backups / "after-m001-1.sqlite")
        return {"own": own, "spoken": spoken}

    async def _talk(self, person: str, other: str) -> None:
        """In the other's conversation: their next question was answered by a model that had read this person's."""
        conversations, now = Conversations(self.stage.database, clock=self.stage.clock), self.stage.clock.now
        for owner in (person, other):
            thread = secrets.token_hex(4)
            conversation = Conversation(
                id=f"c{thread}", guild_id=self.guild, channel_id=thread, parent_id="1", owner_id=owner, model="m",
                locale="de", temperature=0.7, created_at=now,
            )  # fmt: skip
            await conversations.add(conversation)
            told = [{"role": "system", "text": "hilf"}]
            for asker in (person, other):
                told = [*told, {"role": "user", "text": f"{WORD if asker == person else 'Regen'}?"}]
                job = await self.posted(asker, params={"conversation": conversation.id, "messages": told})
                await self.stage.database.write(_as_text(job.id))
                question = told[-1]["text"]
                await conversations.remember(
                    job.id, conversation.id, question=question, answer=f"Ja, {question}"
                )
                told = [*told, {"role": "assistant", "text": f"Ja, {question}"}]

    async def _upload(self, person: str) -> None:
        clean = self.folder / "clean.wav"
        clean.write_text(WORD)
        kept = await self.uploads.add_sound(self.guild, person, "a" * 64, clean=clean, seconds=3.0)
        clean.unlink()
        request = WaitingRequest(
            id=f"r{person}", upload=kept.id, guild_id=self.guild, channel_id="1", person_id=person, locale="de",
            medium="music", model="m", params={"prompt": WORD}, seed=1, notices=(), created_at=self.stage.clock.now,
        )  # fmt: skip
        assert await self.uploads.wait(request, limit=5)

    def traces(self, words: Iterable[str]) -> dict[str, list[str]]:
        """Which files hold which of these words, whatever kind of files they are."""
        found: dict[str, list[str]] = {}
        for file in self.folder.rglob("*"):
            content = file.read_bytes() if file.is_file() else b""
            if hit := [word for word in words if word.encode() in content or word in file.name]:
                found[str(file.relative_to(self.folder))] = hit
        return found

    async def later(self, seconds: float = 1.0) -> None:
        self.stage.clock.now += seconds


def _as_text(job_id: str) -> Any:
    query = "UPDATE jobs SET medium = 'text' WHERE id = ?"
    return lambda connection: connection.execute(query, (job_id,)).rowcount
