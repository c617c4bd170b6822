"""What `/set-up` shows stays within Discord's limits, whatever is missing."""

from __future__ import annotations

import dataclasses

import discord
import pytest

from bot.i18n import LANGUAGES, Sentences
from bot.invite import PERMISSIONS, invite_link
from bot.permissions import lacking_in
from bot.posts.setup import place_rows, rules_form, setup_card, setup_rows
from bot.services.setup_rules import Found, FoundChannel, Place, Report, Statement, report_of

SENTENCES = Sentences.load(strict=True)
ID = "1234567890123456789"
ROLE = "R" * 100
"""Discord's longest name."""


def report(found: Found) -> Report:
    chosen = {str(place): f"{ID}{number}" for number, place in enumerate(Place)}
    return report_of(found, Statement(), chosen, on_discord=True, is_teacher=False)


WORST = Found(
    channels=tuple(
        FoundChannel(id=f"{ID}{number}", name="x", missing=tuple(PERMISSIONS)) for number in range(3)
    )
)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("found", [Found(), WORST, dataclasses.replace(WORST, missing=tuple(PERMISSIONS))])
def test_the_card_fits_into_an_embed(found: Found, language: str) -> None:
    text = setup_card(
        report(found), sentences=SENTENCES, locale=language, teacher_role=ROLE, given=Statement()
    )
    assert len(text) <= 4096
    for name in report(found).missing:
        assert SENTENCES.text(f"permission.{name}", language) in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_rows_and_forms_fit(language: str) -> None:
    for found in (Found(), WORST, Found(makes_roles=True, makes_channels=True)):
        rows = setup_rows(
            report(found),
            sentences=SENTENCES,
            locale=language,
            given=Statement(),
            link=invite_link(ID, for_setup=True),
        )
        labels = [str(one.label) for one in rows.children if isinstance(one, discord.ui.Button)]
        assert len(labels) == 4
        assert all(len(label) <= 80 for label in labels)
    assert len(place_rows(SENTENCES, language).children) == len(Place)
    form = rules_form(Statement(), SENTENCES, language)
    fields = [one for one in form.children if isinstance(one, discord.ui.TextInput)]
    assert [(one.custom_id, one.default) for one in fields] == [("country", "DE"), ("age", "16")]


def test_what_stands_in_the_settings_is_not_asked_again() -> None:
    given = Statement(country="DE", min_age=16)
    rows = setup_rows(report(WORST), sentences=SENTENCES, locale="en", given=given, link=invite_link(ID))
    labels = [str(one.label) for one in rows.children if isinstance(one, discord.ui.Button)]
    assert SENTENCES.text("button.setup_rules", "en") not in labels


def test_an_administrator_lacks_nothing() -> None:
    assert lacking_in(discord.Permissions(administrator=True)) == ()
    assert lacking_in(discord.Permissions.none()) == tuple(PERMISSIONS)
    assert lacking_in(discord.Permissions(sum(PERMISSIONS.values()))) == ()


def test_the_link_for_setting_up_asks_for_two_more() -> None:
    assert str(sum(PERMISSIONS.values()) | 1 << 4 | 1 << 28) in invite_link(ID, for_setup=True)
