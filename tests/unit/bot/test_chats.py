"""The sign that an answer is being written comes again and again, and ends with it."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from bot.chats import Typing
from tests.fakes import until


class Thread:
    """Counts the signs; `broken` raises instead."""

    def __init__(self, *, broken: bool = False) -> None:
        self.signs = 0
        self.broken = broken

    async def typing(self) -> None:
        self.signs += 1
        if self.broken:
            raise RuntimeError("gone")


class Writing:
    """A desk whose jobs are being written as long as they are in `jobs`."""

    def __init__(self, *jobs: str) -> None:
        self.jobs = set(jobs)
        self.chat = self

    async def is_writing(self, job_id: str) -> bool:
        return job_id in self.jobs


def start(desk: Writing, *threads: tuple[Thread, str]) -> Typing:
    typing = Typing(cast("Any", desk), every=0.01)
    for thread, job_id in threads:
        typing.start(cast("Any", thread), job_id)
    return typing


async def test_it_ends_with_the_answer() -> None:
    desk, thread, other = Writing("a", "b"), Thread(), Thread()
    typing = start(desk, (thread, "a"), (other, "b"))
    await until(lambda: thread.signs >= 3 and other.signs >= 3)
    desk.jobs.discard("a")
    await asyncio.sleep(0.05)
    signs, others = thread.signs, other.signs
    await until(lambda: other.signs > others)
    assert thread.signs == signs
    await typing.close()
    others = other.signs
    await asyncio.sleep(0.05)
    assert other.signs == others


async def test_a_quick_answer_needs_none() -> None:
    thread = Thread()
    typing = start(Writing(), (thread, "a"))
    await asyncio.sleep(0.03)
    assert thread.signs == 0
    await typing.close()


async def test_a_thread_that_is_gone_hurts_nobody() -> None:
    thread = Thread(broken=True)
    typing = start(Writing("a"), (thread, "a"))
    await until(lambda: thread.signs == 1)
    await asyncio.sleep(0.03)
    assert thread.signs == 1
    await typing.close()
