from __future__ import annotations

import dataclasses
from collections.abc import Awaitable, Callable

import pytest

from bot.services.ports import Adaptation
from data.errors import StorageFailed
from generation.catalog import Catalog
from generation.errors import InvalidInput, ModelMissing, NotFound, Refused
from generation.job import JobState
from moderation.verdict import Verdict
from tests.fakes import Fault, small_catalog
from tests.unit.bot.services.conftest import ANNA, BEN, STRANGER, TEACHER, Room

SAME = Adaptation(prompt="a blue house", negative="", guidance="6,5", steps=" 30 ")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"prompt": " \n "}, "prompt_empty"),
        ({"prompt": "x" * 5000}, "prompt_long"),
        ({"prompt": "a\0b"}, "prompt_control"),
        ({"negative": "x" * 5000}, "prompt_long"),
        ({"count": 0}, "count_invalid"),
        ({"count": 99}, "count_invalid"),
        ({"steps": 0}, "steps_invalid"),
        ({"guidance": float("nan")}, "guidance_invalid"),
        ({"size": "7"}, "size_invalid"),
        ({"seed": "-1"}, "seed_invalid"),
        ({"seed": 2**40}, "seed_invalid"),
        ({"seed": "seven"}, "seed_invalid"),
        ({"scheduler": "magic"}, "scheduler_unknown"),
    ],
)
async def test_bad_input_is_one_error_and_nothing_is_stored(
    room: Room, changes: dict[str, object], code: str
) -> None:
    with pytest.raises(InvalidInput) as error:
        await room.ask(**changes)
    assert error.value.code == code
    assert await room.jobs.of_owner("class", "anna") == []
    assert room.workers.requests == []


def use(room: Room, catalog: Catalog) -> None:
    room.desk.submit._catalog = room.desk.submit._intake._catalog = catalog


async def test_an_unknown_model_names_those_for_pictures_only(room: Room) -> None:
    for name in ("nonsense", "checker"):
        with pytest.raises(NotFound) as error:
            await room.ask(model=name)
        assert (error.value.code, error.value.values) == ("model_unknown", {"known": "mini, big"})


async def test_without_a_model_for_pictures_there_is_a_sentence_too(room: Room) -> None:
    use(room, Catalog([]))
    with pytest.raises(ModelMissing) as error:
        await room.ask()
    assert error.value.code == "medium_off"


async def test_a_model_that_is_not_on_this_machine(room: Room) -> None:
    (model,) = small_catalog("far").models("image")
    use(room, Catalog([dataclasses.replace(model, path=None)]))
    with pytest.raises(ModelMissing) as error:
        await room.ask()
    assert error.value.values == {"model": "Far"}


async def test_only_models_that_are_there_are_offered_instead(room: Room) -> None:
    near, far = small_catalog("near", "far").models("image")
    use(room, Catalog([near, dataclasses.replace(far, path=None)]))
    with pytest.raises(NotFound) as error:
        await room.ask(model="dream")
    assert error.value.values == {"known": "near"}


async def test_a_real_model_is_never_left_to_the_rehearsal_checker(room: Room) -> None:
    *images, checker = [*small_catalog("mini", "big").models("image"), small_catalog().default("safety")]
    use(room, Catalog([*images, dataclasses.replace(checker, mini=True)]))
    with pytest.raises(ModelMissing) as error:
        await room.ask(model="big")
    assert error.value.code == "checker_missing"
    assert (await room.ask(model="mini")).job.model == "mini"


async def test_a_size_that_the_model_cannot_make_is_not_queued(room: Room) -> None:
    (model,) = small_catalog("mini").models("image")
    use(room, Catalog([dataclasses.replace(model, options={"sides": [64, 256]})]))
    for size in ("512", "256x320", "32"):
        with pytest.raises(InvalidInput) as error:
            await room.ask(size=size)
        assert error.value.values == {"low": 64, "high": 256, "step": 64}
    assert (await room.ask(size="256x64")).job.params["width"] == 256


async def test_defaults_are_the_models_and_a_seed_is_drawn(room: Room) -> None:
    ticket = await room.ask(seed=None, count=None)
    assert ticket.job.params == {
        "prompt": "a red house",
        "negative": "",
        "count": 4,
        "guidance": 6.5,
        "steps": 20,
        "width": 64,
        "height": 64,
        "scheduler": None,
    }
    assert 0 <= ticket.job.seed < 2**32
    assert ticket.job.seed != (await room.ask(seed=" ")).job.seed
    assert ticket.place == 1


async def test_a_refused_prompt_is_a_fact_and_nothing_else(room: Room) -> None:
    with pytest.raises(Refused) as error:
        await room.ask("a n4ked person")
    assert error.value.code == "refused_sexual"
    (job,) = await room.jobs.of_owner("class", "anna")
    assert (job.state, job.error_code) == (JobState.REFUSED, "refused_sexual")
    assert await room.addresses.get(job.id) is None
    assert room.workers.requests == []


async def test_the_negative_prompt_is_checked_too(room: Room) -> None:
    with pytest.raises(Refused):
        await room.ask("a person", negative="nackt")
    with pytest.raises(Refused):
        await room.ask("a person, nac", negative="kt")


async def test_a_check_that_breaks_refuses(room: Room) -> None:
    def broken(text: str) -> Verdict:
        raise RuntimeError(text)

    room.desk.submit._intake._pipeline._text_checks = (broken,)
    with pytest.raises(Refused) as error:
        await room.ask()
    assert error.value.code == "refused_check_failed"
    assert room.workers.requests == []


async def test_nothing_is_queued_before_its_row_is_committed(room: Room) -> None:
    room.database.refuse = Fault(StorageFailed(reason="disk_full"), 1)
    with pytest.raises(StorageFailed):
        await room.ask()
    assert room.workers.requests == []
    assert await room.jobs.unfinished() == []
    assert (await room.end(await room.ask())).state is JobState.POSTED


async def test_a_stored_job_waits_already(room: Room) -> None:
    """No state in between: a bot that is killed right after the commit goes on with it."""
    ticket = await room.ask()
    events = await room.jobs.events(ticket.job.id)
    assert [event.new for event in events][:2] == [JobState.ACCEPTED, JobState.QUEUED]
    assert events[0].at == events[1].at


# -- buttons --

Press = Callable[[Room, str], Awaitable[object]]
PRESSES: list[Press] = [
    lambda room, job: room.desk.submit.again(job, ANNA, None, new_seeds=False),
    lambda room, job: room.desk.submit.adapt(job, 1, SAME, ANNA, None),
    lambda room, job: room.desk.submit.recipe(job, None, ANNA),
]


@pytest.mark.parametrize("press", PRESSES)
async def test_only_what_is_shown_in_ones_own_class_can_be_taken_up(room: Room, press: Press) -> None:
    with pytest.raises(NotFound):
        await press(room, "0000000000")
    room.workers.fault["image"] = Fault(RuntimeError("boom"))
    failed = await room.end(await room.ask())
    with pytest.raises(NotFound):
        await press(room, failed.id)
    room.workers.fault.clear()
    foreign = await room.end(await room.ask(who=STRANGER))
    with pytest.raises(NotFound):
        await press(room, foreign.id)


async def test_again_is_the_same_for_whoever_presses(room: Room) -> None:
    old = await room.end(await room.ask(negative="rain", steps=12))
    again = (await room.desk.submit.again(old.id, BEN, None, new_seeds=False)).job
    assert (again.params, again.seed, again.model) == (old.params, old.seed, old.model)
    assert (again.owner_id, again.locale, again.parent) == ("ben", "en", None)
    fresh = (await room.desk.submit.again(old.id, BEN, None, new_seeds=True)).job
    assert fresh.params == old.params
    assert fresh.seed != old.seed


async def test_a_picture_is_adapted_with_its_own_seed(room: Room) -> None:
    old = await room.end(await room.ask(count=3, seed=2**32 - 1))
    job = await room.end(await room.desk.submit.adapt(old.id, 2, SAME, BEN, None))
    assert (job.seed, job.parent, job.parent_index) == (0, old.id, 2)
    assert job.params["prompt"] == "a blue house"
    assert (job.params["count"], job.params["steps"]) == (1, 30)
    assert room.discord.messages[job.id].sheet == b"sheet\nbeside picture 0\npicture 0"
    assert room.discord.messages[job.id].post.beside == 0


async def test_an_adapted_picture_again_keeps_the_old_one_beside_it_but_not_with_new_seeds(
    room: Room,
) -> None:
    old = await room.end(await room.ask())
    adapted = await room.end(await room.desk.submit.adapt(old.id, 1, SAME, ANNA, None))
    same = await room.end(await room.desk.submit.again(adapted.id, ANNA, None, new_seeds=False))
    assert room.discord.messages[same.id].post.beside == adapted.seed
    fresh = await room.end(await room.desk.submit.again(adapted.id, ANNA, None, new_seeds=True))
    assert fresh.parent is None
    assert room.discord.messages[fresh.id].post.beside is None


@pytest.mark.parametrize("index", [0, 3, -1])
async def test_a_picture_that_is_not_there_cannot_be_adapted(room: Room, index: int) -> None:
    old = await room.end(await room.ask())
    with pytest.raises(NotFound):
        await room.desk.submit.adapt(old.id, index, SAME, ANNA, None)


@pytest.mark.parametrize(
    ("guidance", "steps", "code"),
    [("much", "30", "guidance_invalid"), ("inf", "30", "guidance_invalid"), ("7", "3.5", "steps_invalid")],
)
async def test_what_was_typed_into_the_form_is_checked(
    room: Room, guidance: str, steps: str, code: str
) -> None:
    old = await room.end(await room.ask())
    changes = Adaptation(prompt="a", negative="", guidance=guidance, steps=steps)
    with pytest.raises(InvalidInput) as error:
        await room.desk.submit.adapt(old.id, 1, changes, ANNA, None)
    assert error.value.code == code


async def test_a_teacher_is_checked_like_everybody(room: Room) -> None:
    with pytest.raises(Refused):
        await room.ask("nackt", who=TEACHER)
