"""What this folder sent and got, held against Discord's own description. Its name and mark make it run last."""

from __future__ import annotations

import pytest

from tests.end_to_end.whole.conftest import Klass
from tests.unit.bot.local.openapi import Description

# behind the tests of texts, whose requests it judges too
pytestmark = pytest.mark.compiled(optional=True)


async def test_every_request_is_one_that_the_class_server_models(klass: Klass) -> None:
    assert klass.server.unmodelled == []


async def test_every_request_and_answer_fits_discords_description(
    klass: Klass, description: Description | None
) -> None:
    if description is None:
        pytest.skip("Discord's API description (shared/discord-openapi.json or ATELIER_OPENAPI) is not here")
    await klass.answer(klass.ada.command("hilfe"))
    assert description.complaints == []
    assert description.checked


async def test_no_answer_pinged_anybody(klass: Klass) -> None:
    """People ping the bot, and it never pings back."""
    bot = klass.server.bot_id
    messages = klass.server.state.messages.values()
    assert [one for one in messages if one.get("pinged") and one["author_id"] == bot] == []
