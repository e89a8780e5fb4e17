"""The worker: what it does by itself, what it gives up, and what it survives."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from bot.core.record import BillingRequest
from bot.store.values import MessageRef, OwedErrand
from bot.worker import MOST_TRIES, REST_S, NotDelivered
from tests.tester import CHARGE, WRITE_OFF, Stage, ref_in

Delivered = tuple[MessageRef, str] | None


def refusing(stage: Stage, kind: str, *, final: bool = False) -> list[OwedErrand]:
    """From now on errands of a kind are not delivered. The tries, as they come."""
    deliver: Callable[[OwedErrand, BillingRequest], Awaitable[Delivered]] = stage.bot.worker._deliver
    tried: list[OwedErrand] = []

    async def refuse(owed: OwedErrand, record: BillingRequest) -> Delivered:
        if owed.errand.kind.value != kind:
            return await deliver(owed, record)
        tried.append(owed)
        raise NotDelivered("not_today", final=final)

    stage.bot.worker._deliver = refuse
    return tried


async def test_an_errand_that_can_never_be_delivered_is_given_up_and_the_next_ones_go_on(
    stage: Stage,
) -> None:
    tried = refusing(stage, "card", final=True)
    ref = await stage.pending()
    assert len(tried) == 1
    assert await stage.cards(ref) == []
    assert len(await stage.notices(ref)) == 1
    assert len(await stage.told(stage.anna, ref)) == 1


async def test_an_errand_is_tried_ever_more_rarely_and_given_up_in_the_end(stage: Stage) -> None:
    tried = refusing(stage, "direct")
    ref = await stage.pending('/charge globex "150 EUR" Onboarding workshop')
    waits = []
    began = stage.sandbox.clock()
    while len(tried) < MOST_TRIES:
        before, waited = len(tried), 0
        while len(tried) == before:
            step = 1 if waited < 15 else 45 if waited < 300 else 300
            stage.later(step)
            waited += step
            await stage.quiet()
        waits.append(waited)
    assert waits == sorted(waits)
    assert waits[:3] == [2, 5, 15]
    assert stage.sandbox.clock() - began > 24 * 3600, "a weekend's outage loses nothing"
    stage.later(24 * 3600)
    await stage.quiet()
    assert len(tried) == MOST_TRIES
    assert (await stage.bot.store.statistics(0)).owed_errands == 0
    assert await stage.state(ref) == "done"


async def test_an_errand_that_hits_a_bug_is_tried_again_soon_and_holds_up_no_other_request(
    stage: Stage,
) -> None:
    deliver: Callable[[OwedErrand, BillingRequest], Awaitable[Delivered]] = stage.bot.worker._deliver
    tries = 0

    async def broken(owed: OwedErrand, record: BillingRequest) -> Delivered:
        nonlocal tries
        if owed.errand.kind.value != "card" or owed.attempts > 2 or owed.errand.ref != ref_of_first:
            return await deliver(owed, record)
        tries += 1
        raise ZeroDivisionError

    preview = await stage.asks(stage.anna, WRITE_OFF)
    ref_of_first = ref_in(preview.reads)
    stage.bot.worker._deliver = broken
    ref = await stage.confirms(preview)
    other = await stage.pending("/write-off INV-1102 too small to collect")
    await stage.card(other)
    assert await stage.cards(ref) == []
    stage.later(2)
    await stage.quiet()
    assert tries == 2
    stage.later(5)
    await stage.quiet()
    await stage.card(ref)
    assert len(await stage.notices(ref)) == 1
    stage._bugs += tries


async def test_a_request_that_hits_a_bug_rests_and_is_then_worked_on_again(stage: Stage) -> None:
    executing: Any = stage.bot.engine.executing
    run, begun = executing.run, []

    async def broken(ref: str) -> BillingRequest:
        begun.append(ref)
        await asyncio.sleep(0)
        raise ZeroDivisionError

    executing.run = broken
    ref = await stage.pending(CHARGE)
    await stage.quiet()
    assert begun == [ref]
    stage._bugs += 1
    executing.run = run
    stage.later(REST_S - 1)
    await stage.quiet()
    assert await stage.state(ref) == "approved"
    stage.later(1)
    await stage.quiet()
    assert await stage.state(ref) == "done"


async def test_a_tick_that_fails_does_not_end_the_worker(stage: Stage) -> None:
    store: Any = stage.bot.store
    due_work = store.due_work
    failed = asyncio.Event()

    async def broken(*_args: object) -> list[BillingRequest]:
        failed.set()
        await asyncio.sleep(0)
        raise ZeroDivisionError

    bugs = stage._bugs
    store.due_work = broken
    stage.bot.worker.wake()
    await failed.wait()
    store.due_work = due_work
    assert await stage.pending()
    assert stage.bot.working is not None
    assert not stage.bot.working.done()
    stage._bugs = bugs + _met_since(bugs)


def _met_since(bugs: float) -> float:
    from tests.tester import _bugs  # noqa: PLC0415 - a number of the stage's own

    assert _bugs() > bugs
    return _bugs() - bugs


async def test_errands_of_one_request_and_kind_go_out_in_order_and_one_at_a_time(stage: Stage) -> None:
    deliver = stage.bot.worker._deliver
    order: list[tuple[str, str]] = []
    under_way: set[str] = set()

    async def watched(owed: OwedErrand, record: BillingRequest) -> Delivered:
        kind = owed.errand.kind.value
        assert kind not in under_way
        under_way.add(kind)
        order.append((kind, owed.errand.topic))
        try:
            return await deliver(owed, record)
        finally:
            under_way.discard(kind)

    stage.bot.worker._deliver = watched
    ref = await stage.pending()
    assert order == [("card", ""), ("notice", "submitted"), ("direct", "submitted")]
    await stage.approves(stage.bo, ref)
    said = [topic for kind, topic in order if kind == "notice"]
    assert said == ["submitted", "approved", "done"]


async def test_the_note_in_chargebee_names_requester_and_approver_and_is_left_once(stage: Stage) -> None:
    ref = await stage.pending('/charge globex "1500 EUR" Onboarding workshop')
    stage.chargebee_trouble("status", "comments", status=503, times=2)
    await stage.approves(stage.bo, ref)
    assert await stage.state(ref) == "done", "the note is not the change"
    for _ in range(5):
        stage.later(60)
        await stage.quiet()
    notes = [note for note in stage.site.documents("comments") if f"[{ref}]" in note["notes"]]
    assert len(notes) == 1
    assert "asked by Anna Agent, approved by Bo Approver" in notes[0]["notes"]


async def test_a_note_that_chargebee_refuses_is_given_up(stage: Stage) -> None:
    stage.chargebee_trouble("status", "comments", status=403)
    ref = await stage.pending(CHARGE)
    assert await stage.state(ref) == "done"
    assert (await stage.bot.store.statistics(0)).owed_errands == 0
    assert len([call for call in stage.site.calls() if call["path"].endswith("/comments")
                and call["method"] == "POST"]) == 1  # fmt: skip


async def test_a_worker_that_stops_begins_nothing_and_says_how_much_it_cut_off(stage: Stage) -> None:
    ref = await stage.pending()
    review = await stage.reviews(stage.bo, ref)
    stage.chargebee_trouble("hold", "write_off")
    assert await review.submit() is None
    await stage.site.trouble_met()
    await stage.delivered()
    assert await stage.bot.worker.stop(0) == 1
    assert await stage.bot.worker.tick() == 0
    assert await stage.state(ref) == "executing"
    stage.site.release()


async def test_drafts_nobody_submitted_are_dropped(stage: Stage) -> None:
    await stage.anna.runs("/write-off INV-1042", channel="C0BILLING")
    form = await stage.anna.sees_modal()
    draft = form.view["private_metadata"]
    assert await stage.bot.store.draft(draft) is not None
    stage.later(25 * 3600)
    await stage.quiet()
    assert await stage.bot.store.draft(draft) is None
