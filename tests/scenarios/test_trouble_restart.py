"""The bot stops or is killed between any two steps, and goes on from its database."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.tester import CHARGE, WRITE_OFF, Stage, ref_in

TWO_APPROVALS = "/write-off INV-1100 insolvent, claim filed"

Again = Callable[[Stage], Awaitable[None]]


async def stopped(stage: Stage) -> None:
    await stage.restart()


async def killed(stage: Stage) -> None:
    await stage.crashes()


again = pytest.mark.parametrize("again", [stopped, killed], ids=["stopped", "killed"])


@again
async def test_a_preview_can_be_confirmed_after_a_restart(stage: Stage, again: Again) -> None:
    preview = await stage.asks(stage.anna, WRITE_OFF)
    await again(stage)
    ref = await stage.confirms(preview)
    await stage.approves(stage.bo, ref)
    assert await stage.state(ref) == "done"


@again
async def test_a_form_can_be_submitted_after_a_restart(stage: Stage, again: Again) -> None:
    await stage.anna.runs("/write-off INV-1042", channel="C0BILLING")
    form = await stage.anna.sees_modal()
    await again(stage)
    await form.fill({"Reason": "duplicate"})
    assert await form.submit() is None
    await stage.anna.sees_modal(containing="This preview is good until")


@again
async def test_a_pending_request_can_be_decided_after_a_restart(stage: Stage, again: Again) -> None:
    ref = await stage.pending()
    await again(stage)
    assert (await stage.card(ref)).buttons == ["Review", "Reject", "Cancel request", "Details"]
    await stage.approves(stage.bo, ref)
    assert await stage.state(ref) == "done"
    assert len(stage.writes()) == 1


@again
async def test_one_of_two_approvals_survives_a_restart(stage: Stage, again: Again) -> None:
    ref = await stage.pending(TWO_APPROVALS)
    await stage.approves(stage.fiona, ref)
    await again(stage)
    assert "1 more approval needed" in (await stage.card(ref)).reads
    await stage.approves(stage.carl, ref)
    assert await stage.state(ref) == "done"


@again
async def test_an_open_review_can_be_confirmed_after_a_restart(stage: Stage, again: Again) -> None:
    ref = await stage.pending()
    review = await stage.reviews(stage.bo, ref)
    await again(stage)
    assert await review.submit() is None
    await stage.quiet()
    assert await stage.state(ref) == "done"


@again
async def test_an_approved_request_that_was_not_started_is_executed_after_a_restart(
    stage: Stage, again: Again
) -> None:
    ref = await stage.pending()
    review = await stage.reviews(stage.bo, ref)
    stage.chargebee_trouble("hold", method="GET")
    assert await review.submit() is None
    await stage.site.trouble_met()
    assert await stage.state(ref) == "approved"
    stage.site.troubles.clear()
    if again is stopped:
        stage.site.release()
    await again(stage)
    await stage.quiet()
    assert await stage.state(ref) == "done"
    assert len(stage.writes()) == 1


@pytest.mark.parametrize("kind", ["hang_after", "hang_before"])
async def test_a_bot_that_is_killed_in_the_middle_of_its_call_looks_before_it_does_anything(
    stage: Stage, kind: str
) -> None:
    ref = await stage.pending()
    review = await stage.reviews(stage.bo, ref)
    stage.chargebee_trouble(kind, "write_off")
    assert await review.submit() is None
    await stage.site.trouble_met()
    assert await stage.state(ref) == "executing"
    await stage.delivered()
    await stage.crash()
    stage.site.release()
    await stage.start_bot()
    assert await stage.state(ref) == "uncertain"
    await stage.quiet()
    assert "The bot stopped while the call was on its way" in (await stage.card(ref)).reads
    assert (await stage.card(ref)).buttons[:2] == ["Look again", "Settle…"]
    stage.later(3)
    await stage.quiet()
    assert await stage.state(ref) == "done"
    assert len(stage.writes()) == (1 if kind == "hang_after" else 2)
    assert stage.invoice("INV-1042")["write_off_amount"] == 11_900
    assert len({call["idempotency_key"] for call in stage.writes()}) == 1


async def test_a_charge_the_bot_was_killed_over_is_made_once(stage: Stage) -> None:
    before = len(stage.site.documents("invoices"))
    preview = await stage.asks(stage.anna, CHARGE)
    ref = ref_in(preview.reads)
    stage.chargebee_trouble("hang_after", "charge")
    assert await preview.submit() is None
    await stage.site.trouble_met()
    await stage.crash()
    stage.site.release()
    await stage.start_bot()
    stage.later(3)
    await stage.quiet()
    assert await stage.state(ref) == "done"
    assert len(stage.site.documents("invoices")) == before + 1


async def test_a_bot_that_is_killed_again_and_again_in_its_call_changes_once(stage: Stage) -> None:
    ref = await stage.pending()
    stage.chargebee_trouble("reset_before", "write_off")
    await stage.approves(stage.bo, ref)
    for _ in range(3):
        await stage.crashes()
        await stage.quiet()
    assert await stage.state(ref) == "uncertain"
    stage.later(3)
    await stage.quiet()
    assert await stage.state(ref) == "done"
    assert [call["status"] for call in stage.writes()] == [None, 200]


@again
async def test_an_uncertain_request_is_looked_into_after_a_restart(stage: Stage, again: Again) -> None:
    ref = await stage.pending()
    stage.chargebee_trouble("status", "write_off", status=503)
    await stage.approves(stage.bo, ref)
    assert await stage.state(ref) == "uncertain"
    await again(stage)
    await stage.bo.clicks("Look again", in_message_containing=ref)
    await stage.quiet()
    assert await stage.state(ref) == "done"
    assert (await stage.card(ref)).buttons == ["Details", "Open in Chargebee"]


@again
async def test_an_e_invoice_is_waited_for_after_a_restart(stage: Stage, again: Again) -> None:
    ref = await stage.pending("/send-einvoice CN-77 the customer asked for it")
    await stage.approves(stage.bo, ref)
    assert await stage.state(ref) == "settling"
    await again(stage)
    stage.site.einvoice(credit_note="CN-77", status="success")
    stage.later(3)
    await stage.quiet()
    assert await stage.state(ref) == "done"
    assert "Done." in (await stage.told(stage.anna, ref))[-1]


@again
async def test_what_was_owed_is_delivered_after_a_restart_in_order(stage: Stage, again: Again) -> None:
    stage.slack_trouble("rate_limited", "chat.postMessage", 2, retry_after_s=30)
    ref = await stage.pending()
    assert await stage.cards(ref) == []
    await again(stage)
    await stage.quiet()
    assert await stage.cards(ref) == [], "Slack asked for half a minute"
    stage.later(31)
    await stage.quiet()
    await stage.card(ref)
    assert len(await stage.notices(ref)) == 1
    assert len(await stage.told(stage.anna, ref)) == 1


async def test_a_notice_that_a_killed_bot_was_about_to_deliver_is_delivered_after_its_lease(
    stage: Stage,
) -> None:
    await stage.asks(stage.anna, WRITE_OFF)
    modal = await stage.anna.sees_modal()
    ref = ref_in(modal.reads)
    claimed: list[str] = []

    async def dies(owed: object, _record: object) -> None:
        claimed.append(str(owed))
        raise SystemError("killed") from None

    worker: Any = stage.bot.worker
    worker._deliver = dies  # it never answers
    worker._store.postponed = _nothing  # nor writes anything down
    bugs = stage._bugs
    assert await modal.submit() is None
    await stage.quiet()
    assert claimed
    stage._bugs = bugs + len(claimed)  # these are not the bot's
    await stage.crashes()
    await stage.quiet()
    assert await stage.cards(ref) == [], "it is still leased"
    stage.later(61)
    await stage.quiet()
    await stage.card(ref)
    assert len(await stage.notices(ref)) == 1


async def _nothing(*_args: object) -> bool:
    return True


# Old surfaces


@again
@pytest.mark.parametrize("label", ["Review", "Reject", "Cancel request"])
async def test_a_button_of_an_old_card_says_what_happened_instead_of_acting(
    stage: Stage, again: Again, label: str
) -> None:
    ref = await stage.pending()
    old = await stage.card(ref)
    stage.slack_trouble("rate_limited", "chat.update", 100, retry_after_s=600)
    await stage.approves(stage.bo, ref)
    assert await stage.state(ref) == "done"
    await again(stage)
    await (await stage.anna.sees_modal()).close()
    person = stage.anna if label == "Cancel request" else stage.fiona
    assert (await stage.card(ref)).ts == old.ts
    assert label in (await stage.card(ref)).buttons, "Slack has not taken the new card"
    await person.clicks(label, in_message_containing=ref, channel="C0APPROVALS")
    await stage.quiet()
    await person.sees(f"{ref} is done")
    await person.sees_no_modal()
    assert len(stage.writes()) == 1


async def test_an_old_review_that_is_confirmed_after_the_end_says_what_happened(stage: Stage) -> None:
    ref = await stage.pending()
    old = await stage.reviews(stage.fiona, ref)
    await stage.approves(stage.bo, ref)
    await stage.restart()
    await old.submit()
    await stage.quiet()
    shown = await stage.fiona.sees_modal()
    assert "This request is done" in shown.reads
    assert "Nothing was sent to Chargebee" not in shown.reads
    assert len((await stage.record(ref)).votes) == 1
