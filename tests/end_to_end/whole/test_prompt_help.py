"""`/prompt-hilfe` on the whole bot as it comes: with rehearsal models alone."""

from __future__ import annotations

from collections.abc import Callable

from tests.end_to_end.whole.conftest import Klass


async def test_the_rehearsal_says_that_it_needs_a_real_text_model(
    klass: Klass, say: Callable[..., str]
) -> None:
    ada, ben = klass.visitors["ada"], klass.visitors["ben"]
    said = await ada.command("prompt-hilfe", prompt="ein rotes Haus am See").message(
        lambda one: bool(one["content"])
    )
    before, after = say("error.help_needs_model", "de", command="|").split("|")
    assert said["content"].startswith(f"{before}atelier models ")
    assert said["content"].endswith(after)
    assert said["flags"] & 64
    assert said["id"] not in ben.seen
