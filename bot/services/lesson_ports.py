"""What the teacher's services share: who may, and where it is written down."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from bot.services.ports import Requester
from generation.errors import NotAllowed


class Notes(Protocol):
    """Where it is written down who has decided what (`data.audit.Audit`)."""

    async def note(
        self,
        guild: str,
        actor: str,
        what: str,
        subject: str = "",
        *,
        detail: Mapping[str, str | int] | None = None,
    ) -> None: ...


def demand_teacher(who: Requester) -> None:
    """Raises NotAllowed teachers_only."""
    if not who.is_teacher:
        raise NotAllowed("teachers_only")
