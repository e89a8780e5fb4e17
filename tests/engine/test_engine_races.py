"""Steps of the engine that no story reaches on purpose: the same step begun twice at once, and steps out of turn."""

import asyncio
from collections import Counter

import pytest

from bot.core.errors import Conflict, NotPermitted
from bot.core.lifecycle import Event
from bot.core.record import Actor, BillingRequest
from tests.tester import CHARGE, WRITE_OFF, Stage, ref_in


async def actor(stage: Stage, user_id: str) -> Actor:
    found = stage.bot.policy.current.person(user_id, "T0BOT")
    assert found is not None
    return found


async def approved(stage: Stage) -> str:
    """A request that is approved, while the worker has been sent to sleep."""
    ref = await stage.pending()
    stage.bot.worker._stopping = True
    await stage.bot.engine.deciding.approve(ref, await actor(stage, "U0BO"))
    return ref


async def uncertain(stage: Stage, command: str = WRITE_OFF) -> str:
    """A request whose call was lost, while the worker has been sent to sleep."""
    ref = await stage.pending(command)
    stage.chargebee_trouble("status", "write_off", status=503)
    await stage.approves(stage.bo, ref)
    stage.bot.worker._stopping = True
    assert await stage.state(ref) == "uncertain"
    return ref


def records(results: list[object]) -> list[BillingRequest]:
    assert all(isinstance(one, BillingRequest | Conflict) for one in results), results
    return [one for one in results if isinstance(one, BillingRequest)]


async def test_two_workers_that_begin_the_same_request_send_one_call(stage: Stage) -> None:
    ref = await approved(stage)
    run = stage.bot.engine.executing.run
    results = await asyncio.gather(*(run(ref) for _ in range(4)), return_exceptions=True)
    assert await stage.state(ref) == "done"
    assert len(stage.writes()) == 1
    assert Counter(await stage.events(ref))["start"] == 1
    assert "done" in {record.state.value for record in records(list(results))}


async def test_two_that_look_into_the_same_uncertain_request_send_one_call(stage: Stage) -> None:
    ref = await uncertain(stage)
    recover = stage.bot.engine.executing.recover
    await asyncio.gather(*(recover(ref) for _ in range(4)), return_exceptions=True)
    assert await stage.state(ref) == "done"
    assert len([call for call in stage.writes() if call["status"] == 200]) == 1
    assert Counter(await stage.events(ref))["resend"] == 1


@pytest.mark.parametrize("step", ["run", "recover", "settle"])
async def test_a_step_that_is_not_the_requests_turn_does_nothing(stage: Stage, step: str) -> None:
    ref = await stage.pending()
    before = await stage.record(ref)
    assert await getattr(stage.bot.engine.executing, step)(ref) == before
    assert await stage.record(ref) == before
    assert stage.writes() == []


async def test_a_call_that_is_not_on_its_way_cannot_be_lost(stage: Stage) -> None:
    ref = await stage.pending()
    with pytest.raises(Conflict):
        await stage.bot.engine.executing.lose(ref)


async def test_a_change_of_an_old_version_is_refused_whole(stage: Stage) -> None:
    ref = await stage.pending()
    old = await stage.record(ref)
    await stage.bot.engine.deciding.reject(ref, await actor(stage, "U0BO"), "paid")
    rows = len(await stage.bot.store.audit(ref))
    owed = await stage.bot.store.statistics(0)
    with pytest.raises(Conflict):
        await stage.bot.engine.ledger.commit(old, Event.CANCEL)
    assert len(await stage.bot.store.audit(ref)) == rows
    assert (await stage.bot.store.statistics(0)).owed_errands <= owed.owed_errands


async def test_a_preview_of_somebody_else_cannot_be_submitted_or_cancelled(stage: Stage) -> None:
    ref = ref_in((await stage.asks(stage.anna, WRITE_OFF)).reads)
    jurgen = await actor(stage, "U0JURGEN")
    asking = stage.bot.engine.asking
    for step in (asking.submit, asking.cancel):
        with pytest.raises(NotPermitted):
            await step(ref, jurgen)
    assert await stage.state(ref) == "previewed"
    assert (await stage.events(ref))[-2:] == ["denied.submit", "denied.cancel"]


async def test_a_request_that_does_not_exist_is_said_to(stage: Stage) -> None:
    with pytest.raises(Conflict, match="There is no request BR-9999"):
        await stage.bot.engine.asking.submit("BR-9999", await actor(stage, "U0ANNA"))


async def test_a_cancellation_that_an_approval_overtakes_still_counts_before_the_call(stage: Stage) -> None:
    ref = await stage.pending("/write-off INV-1100 insolvent, claim filed")
    anna, fiona = await actor(stage, "U0ANNA"), await actor(stage, "U0FIN")
    engine = stage.bot.engine
    await asyncio.gather(engine.deciding.approve(ref, fiona), engine.asking.cancel(ref, anna))
    assert await stage.state(ref) == "cancelled"
    assert stage.writes() == []


@pytest.mark.parametrize(("happened", "ends"), [(True, "done"), (False, "failed")])
async def test_what_a_person_says_ends_an_uncertain_request(stage: Stage, happened: bool, ends: str) -> None:
    ref = await uncertain(stage)
    deciding, fiona = stage.bot.engine.deciding, await actor(stage, "U0FIN")
    if not happened:
        with pytest.raises(Conflict, match="still be on its way"):
            await deciding.resolve(ref, fiona, happened=False, reason="nothing to be seen")
        stage.chargebee_is_blind(99)  # so that the bot does not send it again meanwhile
        stage.later(181)
    with pytest.raises(NotPermitted):
        await deciding.resolve(ref, await actor(stage, "U0ANNA"), happened=True, reason="I asked for it")
    await deciding.resolve(ref, fiona, happened=happened, reason="seen in Chargebee")
    again = await deciding.resolve(ref, fiona, happened=not happened, reason="the other way round")
    assert again.state.value == ends, "what was said stays said"
    with pytest.raises(Conflict):
        await deciding.resolve(ref, await actor(stage, "U0CARL"), happened=True, reason="so do I")


async def test_a_charge_that_a_person_found_gets_its_note_as_well(stage: Stage) -> None:
    preview = await stage.asks(stage.anna, CHARGE)
    ref = ref_in(preview.reads)
    stage.chargebee_trouble("delay", "charge", seconds=0.2)
    assert await preview.submit() is None
    await stage.site.trouble_met()
    stage.chargebee_is_blind()
    await stage.quiet()
    assert await stage.state(ref) == "uncertain"
    await stage.bot.engine.deciding.resolve(ref, await actor(stage, "U0FIN"), happened=True, reason="seen")
    await stage.quiet()
    [note] = [note for note in stage.site.documents("comments") if ref in note["notes"]]
    assert "asked by Anna Agent" in note["notes"]


@pytest.mark.parametrize("step", ["submit", "approve", "reject", "cancel", "resolve"])
async def test_the_same_step_by_the_same_person_at_once_is_one_and_all_are_told_the_same(
    stage: Stage, step: str
) -> None:
    engine, anna, bo = stage.bot.engine, await actor(stage, "U0ANNA"), await actor(stage, "U0BO")
    if step == "submit":
        ref = ref_in((await stage.asks(stage.anna, WRITE_OFF)).reads)
    else:
        ref = await uncertain(stage) if step == "resolve" else await stage.pending()
    stage.bot.worker._stopping = True
    steps = {
        "submit": lambda: engine.asking.submit(ref, anna),
        "approve": lambda: engine.deciding.approve(ref, bo),
        "reject": lambda: engine.deciding.reject(ref, bo, "It was paid"),
        "cancel": lambda: engine.asking.cancel(ref, anna),
        "resolve": lambda: engine.deciding.resolve(ref, bo, happened=True, reason="seen"),
    }
    before = len(await stage.bot.store.audit(ref))
    results = await asyncio.gather(*(steps[step]() for _ in range(5)))
    assert len({(record.state, record.version) for record in results}) == 1
    assert len(await stage.bot.store.audit(ref)) == before + 1
