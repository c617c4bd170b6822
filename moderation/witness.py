"""The witness: another person, with the teacher role, who was in the room. Pure rules.

The machine cannot tell whether somebody speaks of their own will or plays a recording to the microphone: a person can.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from data.voice_records import OPERATOR, Check, Finding
from moderation.consent import is_reference, is_text

WITNESS: Final = "witness"


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What the witness says. `decided`: the open questions that they saw and answered with yes.

    `in_room`: this person spoke it themselves, and I was there. An operator has `person` OPERATOR.
    """

    person: str
    guild: str
    is_teacher: bool
    in_room: bool
    under_16: bool | None
    parents_reference: str | None = None
    decided: frozenset[Check] = frozenset()

    @property
    def by_operator(self) -> bool:
        return self.person == OPERATOR


def judge_witness(
    statement: object,
    *,
    guild: object,
    owner: object,
    owner_is_teacher: object,
    open_questions: Collection[Check],
) -> Finding:
    """Whether this statement carries the consent of `owner`. The first check that refuses answers."""
    if not isinstance(statement, Statement) or not is_text(statement.person):
        return Finding.refuse(Check.WITNESS_NONE)
    if not is_text(owner) or owner in {statement.person, OPERATOR}:
        return Finding.refuse(Check.WITNESS_SELF)
    if not is_text(guild) or statement.guild != guild:
        return Finding.refuse(Check.WITNESS_GUILD)
    check = (
        _role(statement, owner_is_teacher)
        or (Check.WITNESS_PRESENCE if statement.in_room is not True else None)
        or _age(statement)
        or _undecided(statement, open_questions)
    )
    return Finding.allow(WITNESS) if check is None else Finding.refuse(check)


def _role(statement: Statement, owner_is_teacher: object) -> Check | None:
    """A teacher for a pupil; for a teacher the operator, so that two teachers do not vouch for each other unseen."""
    if owner_is_teacher is True:
        return None if statement.by_operator else Check.WITNESS_OPERATOR
    if owner_is_teacher is not False or statement.is_teacher is not True or statement.by_operator:
        return Check.WITNESS_ROLE
    return None


def _age(statement: Statement) -> Check | None:
    if not isinstance(statement.under_16, bool):
        return Check.AGE_UNKNOWN
    if not statement.under_16:
        return None
    if statement.by_operator:  # teachers are not under 16: somebody pressed on without reading
        return Check.AGE_REFERENCE
    return None if is_reference(statement.parents_reference) else Check.AGE_REFERENCE


def _undecided(statement: Statement, open_questions: Collection[Check]) -> Check | None:
    if not isinstance(statement.decided, frozenset):
        return Check.WITNESS_NONE
    return next((check for check in open_questions if check not in statement.decided), None)
