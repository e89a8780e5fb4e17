"""Writing off an invoice, from the command to the notice."""

import pytest

from bot.core.money import Money
from tests.scenarios.filling import counted_differences, differences, opened, previewed, sent, values_in
from tests.tester import WRITE_OFF, Stage


async def test_an_invoice_is_written_off_after_a_second_persons_approval(stage: Stage) -> None:
    preview = await stage.asks(stage.anna, WRITE_OFF)
    assert preview.submit_label == "Ask for approval"
    ref = await stage.confirms(preview)
    assert stage.writes() == [], "nothing happens before somebody has approved"
    await stage.approves(stage.bo, ref)
    call = sent(stage)
    assert (call["method"], call["path"]) == ("POST", "/api/v2/invoices/INV-1042/write_off")
    assert call["form"] == {
        "comment": f"duplicate of INV-1040 [{ref}] asked by Anna Agent, approved by Bo Approver"
    }
    invoice = stage.invoice("INV-1042")
    assert (invoice["status"], invoice["amount_due"], invoice["write_off_amount"]) == ("paid", 0, 11_900)
    assert await stage.state(ref) == "done"
    assert await differences(stage, ref) == []
    made = stage.site.documents("credit_notes")[-1]["id"]
    assert f"New in Chargebee: {made}" in (await stage.notices(ref))[-1]


async def test_the_preview_the_card_and_the_review_say_what_changes_and_how_it_is_undone(
    stage: Stage,
) -> None:
    preview = await stage.asks(stage.anna, WRITE_OFF)
    previewed_as = preview.reads
    assert "One of @Bo Approver, @Fiona Finance and @Carl Controller must approve" in previewed_as
    ref = await stage.confirms(preview)
    card = await stage.card(ref)
    review = await stage.reviews(stage.bo, ref)
    for reads in (previewed_as, card.reads, review.reads):
        for line in (
            "EUR 119.00",
            "Customer: Acme GmbH (acme)",
            "Status: payment due → paid",
            "Amount due: EUR 119.00 → EUR 0.00",
            "Written off: EUR 0.00 → EUR 119.00",
            "Reason code: — → Write Off",
            "Total: — → EUR 119.00",
            "Status: — → adjusted",
            "undone by removing the write-off's credit note",
        ):
            assert line in reads, reads
    assert "11900 hundredths of EUR" in review.reads


async def test_the_form_says_that_all_is_written_off_and_what_to_do_for_a_part(stage: Stage) -> None:
    form = await opened(stage, stage.anna, "/write-off")
    assert "All that is due is written off. For a part, ask for an adjustment credit note" in form.reads
    await previewed(form, {"Invoice": "INV-1042", "Reason": "duplicate"})
    assert "Amount due: EUR 119.00 → EUR 0.00" in form.reads


@pytest.mark.parametrize(
    ("typed", "path"),
    [
        ("INV/2026/7", "/api/v2/invoices/INV%2F2026%2F7/write_off"),
        ("https://acme-test.chargebee.com/d/invoices/INV-1042", "/api/v2/invoices/INV-1042/write_off"),
        (
            "https://acme-test.chargebee.com/d/invoices/INV%2F2026%2F7/details",
            "/api/v2/invoices/INV%2F2026%2F7/write_off",
        ),
    ],
)
async def test_an_id_with_slashes_or_a_link_reaches_the_right_invoice(
    stage: Stage, typed: str, path: str
) -> None:
    ref = await stage.done(f"/write-off {typed} too small to chase")
    assert sent(stage)["path"] in (path, path.replace("%2F", "/"))
    invoice = "INV/2026/7" if "2026" in typed else "INV-1042"
    assert stage.invoice(invoice)["write_off_amount"] > 0
    history = await stage.anna.runs(f"/billing history {invoice}", channel="C0BILLING")
    assert ref in (history.text or "")


@pytest.mark.parametrize(
    ("invoice", "needed"),
    [
        ("INV-1042", "One of @Bo Approver, @Fiona Finance and @Carl Controller must approve"),
        ("INV-1101", "@Fiona Finance and @Carl Controller must approve"),
    ],
)
async def test_who_approves_follows_what_is_due(stage: Stage, invoice: str, needed: str) -> None:
    assert needed in (await stage.asks(stage.anna, f"/write-off {invoice} given up")).reads


@pytest.mark.parametrize(
    ("invoice", "warning"),
    [("INV-1103", "The customer has paid a part of this invoice; what is still due is written off.")],
)
async def test_the_preview_warns(stage: Stage, invoice: str, warning: str) -> None:
    assert warning in (await stage.asks(stage.anna, f"/write-off {invoice} given up")).reads


async def test_a_retry_of_the_payment_that_is_still_planned_is_warned_of(stage: Stage) -> None:
    stage.site.change(id="INV-1042", set={"next_retry_at": int(stage.sandbox.clock()) + 86_400})
    assert "still trying to collect" in (await stage.asks(stage.anna, WRITE_OFF)).reads


@pytest.mark.parametrize(
    ("invoice", "why"),
    [
        ("INV-1051", "Invoice INV-1051 is paid, so there is nothing to write off."),
        ("INV-1070", "Invoice INV-1070 is voided"),
        ("INV-1071", "Invoice INV-1071 is pending"),
        ("INV-1073", "A payment for invoice INV-1073 is in progress."),
    ],
)
async def test_an_invoice_in_the_wrong_state_is_refused_before_anybody_is_asked(
    stage: Stage, invoice: str, why: str
) -> None:
    refusal = await stage.asks(stage.anna, f"/write-off {invoice} given up")
    assert why in refusal.reads
    assert refusal.submit_label is None
    assert await stage.bo.messages("C0APPROVALS") == []


async def test_an_invoice_of_an_app_store_is_left_alone(stage: Stage) -> None:
    stage.site.change(id="INV-1042", set={"channel": "app_store"})
    assert "belongs to an app store" in (await stage.asks(stage.anna, WRITE_OFF)).reads


async def test_an_unknown_invoice_is_a_sentence_by_the_invoice_and_the_reason_is_kept(stage: Stage) -> None:
    form = await stage.asks(stage.anna, "/write-off INV-9999 given up")
    assert "Chargebee has no such invoice" in form.reads
    assert values_in(form)["Reason"] == "given up"
    errors = await form.submit()
    assert errors == {"Invoice": "Chargebee has no such invoice. Check it, or pick one from the list."}


async def test_a_reason_that_is_too_long_for_chargebee_is_refused_with_the_limit(stage: Stage) -> None:
    form = await opened(stage, stage.anna, f"/write-off INV-1042 {'x' * 261}")
    assert "Use at most 260 characters (you used 261)." in form.reads


async def test_a_reason_as_long_as_may_be_still_leaves_the_mark(stage: Stage) -> None:
    ref = await stage.done(f"/write-off INV-1042 {'x' * 260}")
    comment = sent(stage)["form"]["comment"]
    assert len(comment) <= 300
    assert comment.startswith(f"{'x' * 260} [{ref}]")
    notes = [
        call["form"]["notes"]
        for call in stage.site.calls()
        if call["method"] == "POST" and call["path"].endswith("/comments")
    ]
    assert "approved by Bo Approver" in notes[0], "the names stand in a note of their own"


async def test_what_is_found_afterwards_is_compared_with_what_was_said(stage: Stage) -> None:
    before = counted_differences("write_off")
    ref = await stage.pending()
    review = await stage.reviews(stage.bo, ref)
    stage.chargebee_trouble("hold", "write_off")
    assert await review.submit() is None
    await stage.site.trouble_met()
    stage.site.change(invoice="INV-1042", record_payment_minor=1_900)
    stage.site.release()
    await stage.quiet()
    assert await stage.state(ref) == "done"
    less = Money(amount_minor=10_000, currency="EUR")
    found = [(d.label, d.found) for d in await differences(stage, ref)]
    assert found == [("Written off", less), ("Total", less), ("Allocated", less)]
    assert "Written off: expected EUR 119.00, found EUR 100.00" in (await stage.card(ref)).reads
    assert counted_differences("write_off") - before == 3
