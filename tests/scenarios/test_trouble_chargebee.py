"""Chargebee in trouble: the change happens once, or is openly uncertain until somebody can know."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.tester import CHARGE, Stage
from tests.tester import stage as on_stage

APPLIED = {
    "no answer": {"kind": "hang_after"},
    "connection reset": {"kind": "reset_after"},
    "502 with a page": {"kind": "status", "status": 502, "applied": True},
    "500 with a page": {"kind": "status", "status": 500, "applied": True},
}
LOST = {
    "connection reset": {"kind": "reset_before"},
    "503 with a page": {"kind": "status", "status": 503},
    "504 with a page": {"kind": "status", "status": 504},
}
NOT_NOW: dict[str, tuple[dict[str, Any], int]] = {
    "429 with Retry-After": ({"kind": "status", "status": 429, "retry_after_s": 200}, 201),
    "429 without Retry-After": ({"kind": "status", "status": 429}, 61),
    "lock_timeout": ({"kind": "lock_timeout"}, 3),
}


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """A bot that waits half a second for an answer."""
    async with on_stage(tmp_path, read_timeout_s=0.5) as running:
        yield running


async def sent_into(stage: Stage, **trouble: Any) -> str:
    """A write-off that was approved, and whose call ran into `trouble`."""
    ref = await stage.pending()
    stage.chargebee_trouble(path="write_off", **trouble)
    await stage.approves(stage.bo, ref)
    return ref


@pytest.mark.parametrize("trouble", APPLIED.values(), ids=APPLIED)
async def test_a_change_that_was_applied_without_an_answer_is_found_and_not_repeated(
    stage: Stage, trouble: dict[str, Any]
) -> None:
    ref = await sent_into(stage, **trouble)
    assert await stage.state(ref) == "done"
    stage.later(24 * 3600)
    await stage.quiet()
    assert len(stage.writes()) == 1
    assert stage.invoice("INV-1042")["write_off_amount"] == 11_900
    assert "Done." in (await stage.told(stage.anna, ref))[-1]
    assert "Done." in (await stage.notices(ref))[-1]


@pytest.mark.parametrize("trouble", LOST.values(), ids=LOST)
async def test_a_call_that_was_lost_is_openly_uncertain_and_then_sent_again_with_the_same_key(
    stage: Stage, trouble: dict[str, Any]
) -> None:
    ref = await sent_into(stage, **trouble)
    assert await stage.state(ref) == "uncertain"
    card = await stage.card(ref)
    assert "Nobody knows yet whether it happened" in card.reads
    assert "look at INV-1042 in Chargebee" in card.reads
    assert card.buttons[:2] == ["Look again", "Settle…"]
    assert "Nobody knows yet" in (await stage.told(stage.anna, ref))[-1]

    stage.later(3)
    await stage.quiet()
    assert await stage.state(ref) == "done"
    first, second = stage.writes()
    assert first["idempotency_key"] == second["idempotency_key"] != ""
    assert first["form"] == second["form"]
    assert stage.invoice("INV-1042")["write_off_amount"] == 11_900
    assert await stage.events(ref) == [
        *("preview", "submit", "review", "complete", "start", "lose", "resend", "confirm")
    ]


async def test_a_call_that_hangs_and_is_still_running_at_the_second_try_is_neither_failed_nor_doubled(
    stage: Stage,
) -> None:
    ref = await sent_into(stage, kind="hang_before")
    assert await stage.state(ref) == "uncertain"
    stage.later(3)
    await stage.quiet()
    assert stage.writes()[-1]["status"] == 429, "Chargebee is still at the first"
    assert await stage.state(ref) == "uncertain"
    stage.site.release()
    stage.later(3600)
    await stage.quiet()
    # Past the 25 minutes nothing is sent any more: that it is absent by now is proof.
    assert await stage.state(ref) == "failed"
    assert len(stage.writes()) == 2


@pytest.mark.parametrize(("trouble", "wait_s"), NOT_NOW.values(), ids=NOT_NOW)
async def test_a_call_that_was_not_taken_waits_as_long_as_it_was_told_and_is_then_made_once(
    stage: Stage, trouble: dict[str, Any], wait_s: int
) -> None:
    ref = await sent_into(stage, **trouble)
    assert await stage.state(ref) == "approved"
    assert stage.invoice("INV-1042")["status"] == "payment_due"
    assert "nothing has changed, and the bot tries again" in (await stage.card(ref)).reads
    assert "the bot tries again" in (await stage.told(stage.anna, ref))[-1]

    stage.later(wait_s - 1)
    await stage.quiet()
    assert len(stage.writes()) == 1, "too early"
    stage.later(1)
    await stage.quiet()
    assert await stage.state(ref) == "done"
    assert len(stage.writes()) == 2
    assert stage.invoice("INV-1042")["write_off_amount"] == 11_900


async def test_waiting_is_told_once_however_often_it_is_put_off(stage: Stage) -> None:
    ref = await sent_into(stage, kind="lock_timeout", times=4)
    for _ in range(4):
        stage.later(60)
        await stage.quiet()
    assert await stage.state(ref) == "done"
    told = await stage.told(stage.anna, ref)
    assert len([one for one in told if "the bot tries again" in one]) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422])
async def test_a_refused_call_fails_with_a_reason_and_is_not_tried_again(stage: Stage, status: int) -> None:
    ref = await sent_into(stage, kind="status", status=status)
    assert await stage.state(ref) == "failed"
    record = await stage.record(ref)
    assert record.outcome is not None
    assert record.outcome.sentence
    told = (await stage.told(stage.anna, ref))[-1]
    assert "It failed." in told
    assert record.outcome.sentence in told
    stage.later(24 * 3600)
    await stage.quiet()
    assert len(stage.writes()) == 1


async def test_a_resend_that_is_refused_while_the_first_may_be_on_its_way_is_not_called_failed(
    stage: Stage,
) -> None:
    ref = await stage.pending()
    stage.chargebee_trouble("reset_before", "write_off")
    stage.chargebee_trouble("status", "write_off", status=409, times=2)
    await stage.approves(stage.bo, ref)
    stage.later(3)
    await stage.quiet()
    assert len(stage.writes()) == 2
    assert await stage.state(ref) == "uncertain"
    stage.later(179)  # three minutes since the first, but only a moment since the second
    await stage.quiet()
    assert len(stage.writes()) == 3
    assert await stage.state(ref) == "uncertain"
    stage.later(300)
    await stage.quiet()
    assert await stage.state(ref) == "done"
    assert len({call["idempotency_key"] for call in stage.writes()}) == 1


async def test_a_resend_that_is_refused_when_no_other_can_be_on_its_way_has_failed(stage: Stage) -> None:
    ref = await sent_into(stage, kind="reset_before")
    stage.chargebee_trouble("status", "write_off", status=409)
    stage.later(200)
    await stage.quiet()
    assert await stage.state(ref) == "failed"


async def test_a_resend_that_is_throttled_stays_uncertain_and_waits(stage: Stage) -> None:
    ref = await sent_into(stage, kind="reset_before")
    stage.chargebee_trouble("status", "write_off", status=429, retry_after_s=100)
    stage.later(3)
    await stage.quiet()
    assert await stage.state(ref) == "uncertain"
    stage.later(99)
    await stage.quiet()
    assert len(stage.writes()) == 2
    stage.later(2)
    await stage.quiet()
    assert await stage.state(ref) == "done"


async def test_while_chargebee_is_away_an_approved_request_waits_and_is_done_when_it_is_back(
    stage: Stage,
) -> None:
    ref = await stage.pending()
    review = await stage.reviews(stage.bo, ref)
    await stage.chargebee_goes_away()
    assert await review.submit() is None
    await stage.quiet()
    assert await stage.state(ref) == "approved"
    assert "Waiting for Chargebee" in (await stage.card(ref)).reads
    await stage.chargebee_comes_back()
    stage.later(3)
    await stage.quiet()
    assert await stage.state(ref) == "done"
    assert len(stage.writes()) == 1


async def test_an_outage_longer_than_chargebees_memory_ends_in_did_not_happen_and_nothing_is_sent_again(
    stage: Stage,
) -> None:
    ref = await sent_into(stage, kind="reset_before")
    stage.chargebee_is_blind(times=1000)
    for _ in range(20):
        stage.later(90)
        await stage.quiet()
    assert await stage.state(ref) == "uncertain"
    stage.site.troubles.clear()
    stage.later(3600)
    await stage.quiet()
    assert await stage.state(ref) == "failed"
    assert len(stage.writes()) == 1
    assert stage.invoice("INV-1042")["status"] == "payment_due"
    assert "it did not happen" in (await stage.told(stage.anna, ref))[-1]
    card = await stage.card(ref)
    assert "Settle…" not in card.buttons


async def test_an_answer_that_cannot_be_checked_afterwards_is_uncertain_until_it_can_be(stage: Stage) -> None:
    ref = await stage.pending()
    review = await stage.reviews(stage.bo, ref)
    stage.chargebee_trouble("delay", "write_off", seconds=0.2)
    assert await review.submit() is None
    await stage.site.trouble_met()
    stage.chargebee_is_blind()
    await stage.quiet()
    assert await stage.state(ref) == "uncertain"
    assert "could not be read afterwards" in (await stage.card(ref)).reads
    stage.later(3)
    await stage.quiet()
    assert await stage.state(ref) == "done"
    assert len(stage.writes()) == 1


async def test_a_lost_call_whose_facts_have_changed_is_not_sent_again_and_waits_until_absence_is_proof(
    stage: Stage,
) -> None:
    ref = await sent_into(stage, kind="reset_before")
    stage.site.change(invoice="INV-1042", record_payment_minor=5_000)
    stage.later(170)
    await stage.quiet()
    assert await stage.state(ref) == "uncertain", "it could still be on its way"
    stage.later(60)
    await stage.quiet()
    assert await stage.state(ref) == "failed"
    assert len(stage.writes()) == 1


async def test_a_change_that_chargebee_accepted_but_does_not_show_is_never_sent_again(stage: Stage) -> None:
    before = dict(stage.invoice("INV-1042"))
    ref = await stage.pending()
    review = await stage.reviews(stage.bo, ref)
    stage.chargebee_trouble("delay", "write_off", seconds=0.2)
    assert await review.submit() is None
    await stage.site.trouble_met()
    stage.chargebee_is_blind()
    await stage.quiet()
    stage.site.change(
        kind="invoice", id="INV-1042", set=before
    )  # somebody undid it before the bot could look
    for _ in range(20):
        stage.later(600)
        await stage.quiet()
    assert await stage.state(ref) == "uncertain", "only a person can tell"
    assert len(stage.writes()) == 1
    await stage.fiona.clicks("Settle…", in_message_containing=ref)
    modal = await stage.fiona.sees_modal(title=f"Settle {ref}")
    await modal.fill(
        {"What does Chargebee show?": "It did not happen", "What did you see?": "undone by hand"}
    )
    assert await modal.submit() is None
    await stage.quiet()
    assert await stage.state(ref) == "failed"
    assert "says that it did not happen" in (await stage.told(stage.anna, ref))[-1]


# Charges: nothing in Chargebee stops a second one, so the ref in the charge has to


async def test_a_charge_that_was_applied_without_an_answer_is_found_by_its_ref(stage: Stage) -> None:
    before = len(stage.site.documents("invoices"))
    stage.chargebee_trouble("reset_after", "charge")
    ref = await stage.pending(CHARGE)
    assert await stage.state(ref) == "done"
    assert len(stage.site.documents("invoices")) == before + 1


async def test_a_charge_that_was_lost_is_made_once(stage: Stage) -> None:
    before = len(stage.site.documents("invoices"))
    stage.chargebee_trouble("status", "charge", status=503)
    ref = await stage.pending(CHARGE)
    assert await stage.state(ref) == "uncertain"
    assert "Nobody knows yet" in (await stage.card(ref)).reads, "an uncertain request has a card in any case"
    stage.later(3)
    await stage.quiet()
    assert await stage.state(ref) == "done"
    assert len(stage.site.documents("invoices")) == before + 1


async def test_a_declined_payment_without_an_invoice_fails_and_is_never_tried_again(stage: Stage) -> None:
    before = len(stage.site.documents("invoices"))
    ref = await stage.pending('/charge initech "150 EUR" Onboarding workshop')
    assert await stage.state(ref) == "failed"
    assert "could not collect the payment" in (await stage.told(stage.anna, ref))[-1]
    stage.later(3600)
    await stage.quiet()
    assert len(stage.writes()) == 1
    assert len(stage.site.documents("invoices")) == before


async def test_a_declined_payment_that_left_an_invoice_behind_is_not_called_failed(stage: Stage) -> None:
    stage.site.settings(invoice_left_after_failed_collection="payment_due")
    before = len(stage.site.documents("invoices"))
    ref = await stage.pending('/charge initech "150 EUR" Onboarding workshop')
    record = await stage.record(ref)
    assert record.state.value == "done"
    assert record.outcome is not None
    assert [(d.label, d.said, d.found) for d in record.outcome.differences] == [
        ("Status", "paid", "payment_due")
    ]
    assert "could not collect the payment" in record.outcome.sentence
    assert "not show everything as expected" in (await stage.told(stage.anna, ref))[-1]
    assert len(stage.site.documents("invoices")) == before + 1
    assert len(stage.writes()) == 1


# Reads


async def test_a_preview_that_cannot_be_read_says_so_and_leaves_nothing_behind(stage: Stage) -> None:
    stage.chargebee_is_blind()
    modal = await stage.asks(stage.anna, "/write-off INV-1042 duplicate")
    assert "takes no more calls just now" in modal.reads
    assert "Nothing was sent to Chargebee" in modal.reads
    assert await stage.bot.store.by_requester("U0ANNA", 10) == []


async def test_a_preview_while_chargebee_is_away_says_so(stage: Stage) -> None:
    await stage.chargebee_goes_away()
    modal = await stage.asks(stage.anna, "/write-off INV-1042 duplicate")
    assert "could not be reached" in modal.reads


async def test_a_review_that_cannot_be_read_decides_nothing_and_can_be_opened_again(stage: Stage) -> None:
    ref = await stage.pending()
    stage.chargebee_is_blind()
    modal = await stage.reviews(stage.bo, ref)
    assert "takes no more calls just now" in modal.reads
    assert await stage.state(ref) == "pending"
    await modal.close()
    await stage.approves(stage.bo, ref)
    assert await stage.state(ref) == "done"


async def test_reads_that_fail_before_the_call_put_it_off_without_sending_anything(stage: Stage) -> None:
    ref = await stage.pending()
    review = await stage.reviews(stage.bo, ref)
    stage.chargebee_is_blind()
    assert await review.submit() is None
    await stage.quiet()
    assert await stage.state(ref) == "approved"
    assert stage.writes() == []
    stage.later(62)
    await stage.quiet()
    assert await stage.state(ref) == "done"


# E-invoices finish later


async def einvoice(stage: Stage) -> str:
    ref = await stage.pending("/send-einvoice CN-77 the customer asked for it")
    await stage.approves(stage.bo, ref)
    assert await stage.state(ref) == "settling"
    assert "Chargebee has accepted it" in (await stage.told(stage.anna, ref))[-1]
    assert (await stage.card(ref)).buttons == ["Details"]
    return ref


@pytest.mark.parametrize(
    ("status", "ends"), [("success", "done"), ("failed", "failed"), ("skipped", "failed")]
)
async def test_an_e_invoice_ends_as_the_network_says(stage: Stage, status: str, ends: str) -> None:
    ref = await einvoice(stage)
    stage.site.einvoice(credit_note="CN-77", status=status, message="the receiver's answer")
    stage.later(3)
    await stage.quiet()
    assert await stage.state(ref) == ends
    assert len(stage.writes()) == 1


async def test_an_e_invoice_that_takes_days_is_asked_for_ever_more_rarely(stage: Stage) -> None:
    stage.site.settings(einvoice_step_s=10**9)
    ref = await einvoice(stage)
    looked = []
    for _ in range(30):
        due = (await stage.record(ref)).next_at
        assert due is not None
        looked.append(due - int(stage.sandbox.clock()))
        stage.later(looked[-1])
        await stage.quiet()
    assert looked == sorted(looked)
    assert looked[0] <= 5
    assert looked[-1] == 3600
    stage.site.einvoice(credit_note="CN-77", status="success")
    stage.later(3600)
    await stage.quiet()
    assert await stage.state(ref) == "done"


async def test_an_e_invoice_whose_answer_was_lost_is_found_on_its_way(stage: Stage) -> None:
    stage.chargebee_trouble("reset_after", "send_einvoice")
    ref = await einvoice(stage)
    assert len(stage.writes()) == 1
    stage.site.einvoice(credit_note="CN-77", status="success")
    stage.later(3)
    await stage.quiet()
    assert await stage.state(ref) == "done"
