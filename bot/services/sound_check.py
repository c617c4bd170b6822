"""`/check`: whether a sound bears the inaudible mark, and what the file says of itself. Nothing of it is kept.

A mark that was found says that a machine which marks like ours made the sound, not which and not for whom. None that
was found proves nothing.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bot.services.audio_ports import Upload
from bot.services.listening import Listening
from bot.services.ports import Requester
from bot.services.probe import OwnTags, UploadProbe
from bot.services.uploads import AT_ONCE, Turn, read_upload
from generation.errors import InvalidInput, ModelMissing, WorkerError, WorkerGarbage

_REASONS: Final = frozenset({"audio_short", "audio_empty", "audio_kind"})
"""What the listening family may find wrong with a sound that could be decoded, each with a sentence of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundReport:
    """`marked`: the mark was found. `tags` are a claim that anybody could have written."""

    seconds: float
    marked: bool
    tags: OwnTags


class SoundCheck:
    """Asks the media family what the file is, and the listening family what is in its clean copy."""

    def __init__(self, *, listening: Listening, probe: UploadProbe) -> None:
        self._listening = listening
        self._probe = probe
        self._busy: set[tuple[str, str]] = set()
        self._room = asyncio.Semaphore(AT_ONCE)

    async def take(self, upload: Upload, who: Requester) -> SoundReport:
        """Look at a file that was sent; it is gone when this answers.

        Raises InvalidInput (what is wrong with it), LimitReached upload_busy, ModelMissing medium_off, WorkerError.
        """
        if not self._listening.is_on:
            raise ModelMissing("medium_off")
        async with Turn(self._busy, (who.guild_id, who.person_id)), self._room:
            content = await read_upload(upload, "audio")
            async with self._probe.probed("audio", content) as found:
                if found.clean is None:
                    raise WorkerGarbage
                return SoundReport(
                    seconds=found.seconds, marked=await self._is_marked(found.clean), tags=found.tags
                )

    async def _is_marked(self, sound: Path) -> bool:
        try:
            facts = await self._listening.find_mark(sound)
        except WorkerError as error:
            reason = str(error.values.get("reason", ""))
            if error.code != "invalid_input" or reason not in _REASONS:
                raise
            raise InvalidInput(reason) from None
        marked: Any = facts.get("marked")
        if not isinstance(marked, bool):  # neither yes nor no must not be told as "none found"
            raise WorkerGarbage
        return marked
