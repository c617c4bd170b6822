"""What setting up a class server asks for: pure rules over what was stated and what the server looks like.

Nothing here knows Discord: `Found` is made by whoever can look at the server.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from generation.errors import InvalidInput

SUGGESTED_COUNTRY: Final = "DE"
SUGGESTED_AGE: Final = 16
AGES: Final = (6, 21)
"""The lowest and the highest minimum age that a school can mean."""
DISCORDS_AGE: Final = 13
DISCORDS_AGE_IN: Final[Mapping[str, int]] = {"DE": 16}
"""Discord's own minimum age, where a country has a higher one that we know of; whoever states others looks it up."""
_CODES: Final = (
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY"
    " BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK"
    " FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR"
    " IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK"
    " ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM"
    " PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF"
    " TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW"
)
COUNTRIES: Final = frozenset(_CODES.split())
"""ISO 3166-1 alpha-2."""
_NAMED: Final = {
    "deutschland": "DE",
    "germany": "DE",
    "österreich": "AT",
    "austria": "AT",
    "schweiz": "CH",
    "switzerland": "CH",
    "liechtenstein": "LI",
    "luxemburg": "LU",
    "luxembourg": "LU",
}
"""German-speaking countries may be written out."""


class Place(StrEnum):
    """What a channel is for: working, showing what was accepted, deciding about it."""

    STUDIO = "studio"
    GALLERY = "gallery"
    REVIEW = "review"


class Step(StrEnum):
    """What setting up consists of, in this order."""

    RULES = "rules"
    ROLES = "roles"
    CHANNELS = "channels"
    PERMISSIONS = "permissions"
    YOURSELF = "yourself"


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """Country (ISO 3166-1) and minimum age in years; None: not stated."""

    country: str | None = None
    min_age: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundChannel:
    """A text channel or a forum. `everybody`: pupils see it. `missing`: permissions that the bot wants and lacks."""

    id: str
    name: str
    everybody: bool = True
    forum: bool = False
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a class server looks like. `missing`: permissions that the bot's roles lack.

    `names`: what a channel for this place may be called. Without `teacher_role` nobody is a teacher.
    """

    channels: tuple[FoundChannel, ...] = ()
    names: Mapping[Place, tuple[str, ...]] = field(default_factory=dict)
    teacher_role: bool = False
    class_role: bool = False
    missing: tuple[str, ...] = ()
    makes_roles: bool = False
    makes_channels: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Where the set-up stands: which steps are done, and what is wrong with the others.

    `missing`: permissions, each with the channels where they are lacking; () means everywhere.
    """

    statement: Statement
    done: frozenset[Step]
    channels: Mapping[Place, FoundChannel]
    missing: Mapping[str, tuple[str, ...]]
    found: Found
    lacking: str | None = None
    """The code of what is wrong with the statement."""

    @property
    def is_complete(self) -> bool:
        return self.done == frozenset(Step)

    @property
    def review_is_open(self) -> bool:
        review = self.channels.get(Place.REVIEW)
        return review is not None and review.everybody

    @property
    def wants_making(self) -> bool:
        """A role or a channel is not there."""
        return not (self.found.teacher_role and self.found.class_role) or set(self.channels) != set(Place)

    @property
    def may_make(self) -> bool:
        """Whether the bot is permitted to make all that is not there."""
        roles = (self.found.teacher_role and self.found.class_role) or self.found.makes_roles
        return roles and (set(self.channels) == set(Place) or self.found.makes_channels)


def read_statement(country: str, min_age: str, *, on_discord: bool) -> Statement:
    """What was typed into the form. Raises InvalidInput country_unknown, age_invalid, age_low."""
    words = country.strip()
    code = _NAMED.get(words.casefold(), words.upper())
    if code not in COUNTRIES:
        raise InvalidInput("country_unknown")
    low, high = AGES
    typed = min_age.strip()
    age = int(typed) if typed.isdecimal() and typed.isascii() and len(typed) < 3 else -1
    if not low <= age <= high:
        raise InvalidInput("age_invalid", low=low, high=high)
    if age < (least := least_age(code, on_discord=on_discord)):
        raise InvalidInput("age_low", least=least)
    return Statement(country=code, min_age=age)


def least_age(country: str, *, on_discord: bool) -> int:
    """The lowest minimum age that may be stated there."""
    return DISCORDS_AGE_IN.get(country, DISCORDS_AGE) if on_discord else AGES[0]


def lacking(statement: Statement, *, on_discord: bool) -> str | None:
    """The code of what is missing or wrong, so that nothing but the set-up may be used; None: all is well."""
    if statement.country is None and statement.min_age is None:
        return "setup_missing"
    if statement.country is None:
        return "setup_country_missing"
    if statement.min_age is None:
        return "setup_age_missing"
    if statement.min_age < least_age(statement.country, on_discord=on_discord):
        return "setup_age_low"
    return None


def fits(channel: FoundChannel, place: Place) -> bool:
    """Works may hang in a forum; commands and the teachers' cards need a channel for messages."""
    return place is Place.GALLERY or not channel.forum


def channels_for(found: Found, chosen: Mapping[str, str]) -> Mapping[Place, FoundChannel]:
    """Which channel serves each place: the one that was chosen, else one with a fitting name. Others are left out.

    A channel serves one place only.
    """
    by_id = {one.id: one for one in found.channels}
    serving = {
        place: by_id[chosen[place]]
        for place in Place
        if chosen.get(place) in by_id and fits(by_id[chosen[place]], place)
    }
    for place in Place:
        taken = {one.id for one in serving.values()}
        named = (
            one
            for one in found.channels
            if one.name in found.names.get(place, ()) and one.id not in taken and fits(one, place)
        )
        if place not in serving and (first := next(named, None)) is not None:
            serving[place] = first
    return serving


def report_of(
    found: Found,
    statement: Statement,
    chosen: Mapping[str, str],
    *,
    on_discord: bool,
    is_teacher: bool,
) -> Report:
    """Which steps are done. `is_teacher`: whoever looks has the teachers' role."""
    channels = channels_for(found, chosen)
    wrong = lacking(statement, on_discord=on_discord)
    missing = _missing(found, channels.values())
    review = channels.get(Place.REVIEW)
    done = {
        Step.RULES: wrong is None,
        Step.ROLES: found.teacher_role and found.class_role,
        Step.CHANNELS: set(channels) == set(Place) and review is not None and not review.everybody,
        Step.PERMISSIONS: not missing,
        Step.YOURSELF: is_teacher,
    }
    return Report(
        statement=statement,
        done=frozenset(step for step, is_done in done.items() if is_done),
        channels=channels,
        missing=missing,
        found=found,
        lacking=wrong,
    )


def _missing(found: Found, channels: Iterable[FoundChannel]) -> Mapping[str, tuple[str, ...]]:
    missing: dict[str, tuple[str, ...]] = dict.fromkeys(found.missing, ())
    for channel in channels:
        for permission in channel.missing:
            if permission not in found.missing:
                missing[permission] = (*missing.get(permission, ()), channel.id)
    return missing
