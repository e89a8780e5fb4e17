"""Removing a credit note from an invoice: an adjustment, a refundable one, and a write-off's."""

import pytest

from bot.core.money import Money
from tests.scenarios.filling import counted_differences, differences, opened, previewed, sent, values_in
from tests.tester import Stage

NOTES = {
    "adjustment": ("INV-1031", "CN-12", {"amount_due": 27_000, "amount_adjusted": 0, "status": "not_paid"}),
    "refundable": ("INV-1031", "CN-13", {"amount_due": 25_000, "credits_applied": 0, "status": "not_paid"}),
    "write-off": (
        "INV-1080",
        "CN-80",
        {"amount_due": 11_900, "write_off_amount": 0, "amount_adjusted": 0, "status": "not_paid"},
    ),
}


@pytest.mark.parametrize(("invoice", "note", "after"), NOTES.values(), ids=NOTES)
async def test_a_note_is_removed_after_a_second_persons_approval(
    stage: Stage, invoice: str, note: str, after: dict[str, object]
) -> None:
    # CN-13 was issued from a paid invoice; on INV-1031 nothing was paid but what notes brought.
    before = {name: stage.invoice(invoice).get(name) for name in after}
    ref = await stage.pending(f"/remove-credit-note {invoice} {note} belongs to INV-1040")
    assert {name: stage.invoice(invoice).get(name) for name in after} == before
    await stage.approves(stage.bo, ref)
    call = sent(stage)
    assert (call["method"], call["path"]) == ("POST", f"/api/v2/invoices/{invoice}/remove_credit_note")
    assert call["form"] == {"credit_note[id]": note}
    assert {name: stage.invoice(invoice).get(name) for name in after} == after
    assert await stage.state(ref) == "done"
    assert await differences(stage, ref) == []


async def test_the_reason_and_the_people_are_left_as_a_note_on_the_invoice(stage: Stage) -> None:
    ref = await stage.done("/remove-credit-note INV-1080 CN-80 the customer did pay")
    (note,) = [
        call["form"]
        for call in stage.site.calls()
        if call["method"] == "POST" and call["path"].endswith("/comments")
    ]
    assert (note["entity_type"], note["entity_id"]) == ("invoice", "INV-1080")
    assert note["notes"] == (
        f"[{ref}] Remove credit note CN-80 from invoice INV-1080, asked by Anna Agent, "
        "approved by Bo Approver. Reason: the customer did pay"
    )


async def test_the_preview_of_a_write_offs_note_says_that_the_write_off_is_undone(stage: Stage) -> None:
    preview = await stage.asks(stage.anna, "/remove-credit-note INV-1080 CN-80 the customer did pay")
    previewed_as = preview.reads
    ref = await stage.confirms(preview)
    card = await stage.card(ref)
    for reads in (previewed_as, card.reads):
        for line in (
            "This undoes a write-off: the customer owes the amount again.",
            "The invoice is no longer paid afterwards.",
            "Chargebee may put the freed EUR 119.00 on the customer's next invoice",
            "Status: paid → not paid",
            "Amount due: EUR 0.00 → EUR 119.00",
            "Adjusted: EUR 119.00 → EUR 0.00",
            "Written off: EUR 119.00 → EUR 0.00",
            "Allocated: EUR 119.00 → EUR 0.00",
            "Available: EUR 0.00 → EUR 119.00",
            "an adjustment credit note cannot",
        ):
            assert line in reads, reads
    assert "One of @Bo Approver, @Fiona Finance and @Carl Controller must approve" in previewed_as


async def test_a_paid_invoice_that_is_not_due_yet_becomes_posted(stage: Stage) -> None:
    due = int(stage.sandbox.clock()) + 86_400
    stage.site.change(id="INV-1080", set={"due_date": due})
    preview = await stage.asks(stage.anna, "/remove-credit-note INV-1080 CN-80 the customer did pay")
    assert "Status: paid → posted" in preview.reads
    ref = await stage.confirms(preview)
    await stage.approves(stage.bo, ref)
    assert stage.invoice("INV-1080")["status"] == "posted"
    assert await differences(stage, ref) == []


async def test_only_notes_that_can_be_removed_are_offered(stage: Stage) -> None:
    form = await opened(stage, stage.anna, "/remove-credit-note INV-1031")
    offered = await form.options("Credit note", "C")
    assert [one.split(" · ")[0] for one in offered if not one.startswith("Use ")] == ["CN-12", "CN-13"]
    assert "EUR 50.00 · adjustment adjusted" in " ".join(offered)
    await previewed(form, {"Credit note": "CN-12", "Reason": "wrong invoice"})
    assert "Remove credit note CN-12 from invoice INV-1031" in form.reads


async def test_another_invoice_offers_its_own_notes_and_forgets_the_choice(stage: Stage) -> None:
    form = await opened(stage, stage.anna, "/remove-credit-note INV-1031")
    await form.fill({"Credit note": "CN-12", "Reason": "wrong invoice"})
    await form.fill({"Invoice": "INV-1080"})
    await stage.quiet()
    await form.refresh()
    shown = values_in(form)
    assert "Credit note" not in shown
    assert shown["Reason"] == "wrong invoice"
    offered = await form.options("Credit note", "CN")
    assert [one.split(" · ")[0] for one in offered if not one.startswith("Use ")] == ["CN-80"]


REFUSALS = {
    "not applied": (
        "INV-1031 CN-80",
        "Credit note CN-80 is not applied to invoice INV-1031.",
        "Applied to invoice INV-1031: CN-12 and CN-13.",
    ),
    "voided note": ("INV-1031 CN-79", "Credit note CN-79 is voided", "Applied to invoice INV-1031"),
    "store": ("INV-1025 CN-82", "CN-82 is a store credit note", "No other credit note is applied"),
    "voided invoice": ("INV-1070 CN-12", "Invoice INV-1070 is voided", "any other status"),
    "pending invoice": ("INV-1071 CN-12", "Invoice INV-1071 is pending", "any other status"),
}


@pytest.mark.parametrize(("typed", "why", "instead"), REFUSALS.values(), ids=REFUSALS)
async def test_a_note_that_cannot_be_removed_is_refused_with_what_can_be(
    stage: Stage, typed: str, why: str, instead: str
) -> None:
    refusal = await stage.asks(stage.anna, f"/remove-credit-note {typed} wrong")
    assert why in refusal.reads
    assert instead in refusal.reads


async def test_an_unknown_note_is_a_sentence_by_the_note(stage: Stage) -> None:
    form = await opened(stage, stage.anna, "/remove-credit-note INV-1031")
    await form.fill({"Credit note": "CN-9999", "Reason": "wrong"})
    assert await form.submit() == {
        "Credit note": "Chargebee has no such credit note. Check it, or pick one from the list."
    }


async def test_what_happens_in_between_is_a_difference_on_the_card(stage: Stage) -> None:
    before = counted_differences("remove_credit_note")
    ref = await stage.pending("/remove-credit-note INV-1031 CN-12 wrong invoice")
    review = await stage.reviews(stage.bo, ref)
    stage.chargebee_trouble("hold", "remove_credit_note")
    assert await review.submit() is None
    await stage.site.trouble_met()
    stage.site.change(invoice="INV-1031", record_payment_minor=2_000)
    stage.site.release()
    await stage.quiet()
    assert await stage.state(ref) == "done"
    found = await differences(stage, ref)
    assert [(d.label, d.found) for d in found] == [("Amount due", Money(amount_minor=25_000, currency="EUR"))]
    assert "Amount due: expected EUR 270.00, found EUR 250.00" in (await stage.card(ref)).reads
    assert counted_differences("remove_credit_note") - before == 1


async def test_no_more_of_a_refundable_note_comes_off_than_the_invoice_can_give_back(stage: Stage) -> None:
    issued = {"cn_id": "CN-900", "cn_total": 1_000, "cn_status": "refund_due", "cn_date": 1}
    stage.site.change(id="INV-1031", set={"issued_credit_notes": [issued]})
    refusal = await stage.asks(stage.anna, "/remove-credit-note INV-1031 CN-13 wrong")
    assert (
        "EUR 30.00 of CN-13 is on this invoice, but at most EUR 20.00 may be taken off it." in refusal.reads
    )
