"""Credit notes of every type, by total and by lines, from the form to Chargebee."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.core.money import Money
from bot.sandbox.person import Modal
from bot.slack.forms import NONE
from tests.scenarios.filling import (
    adds_line,
    approved_by_finance,
    counted_differences,
    differences,
    opened,
    previewed,
    sent,
    values_in,
)
from tests.tester import Stage
from tests.tester import stage as on_stage

DAY_S = 86_400
#: The first second of 2026-11-30 in UTC; the stage begins at noon of that day.
TODAY = 1_795_996_800
BASE_FEE = "Base fee · EUR 100.00"
SEATS = "Seats · EUR 150.00"


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[Stage]:
    """A site with several currencies and Product Catalog 2."""
    async with on_stage(tmp_path, profile="world") as running:
        yield running


# By total


@pytest.mark.parametrize(
    ("kind", "invoice", "status"),
    [
        ("adjustment", "INV-1042", "adjusted"),
        ("refundable", "INV-1051", "refund_due"),
        ("store", "INV-1051", "refund_due"),
        ("refundable", "INV-1103", "refund_due"),  # part paid
        ("adjustment", "INV-1072", "adjusted"),  # posted
        ("adjustment", "INV/2026/7", "adjusted"),
    ],
)
async def test_a_note_of_each_type_is_made_by_a_total(
    stage: Stage, kind: str, invoice: str, status: str
) -> None:
    preview = await stage.asks(stage.anna, f"/credit-note {kind} {invoice} 20.50 goodwill")
    ref = await approved_by_finance(stage, preview)
    call = sent(stage)
    assert call["path"] == "/api/v2/credit_notes"
    assert call["form"] == {
        "type": kind,
        "reference_invoice_id": invoice,
        "total": "2050",
        "comment": f"goodwill [{ref}] asked by Anna Agent",
    }
    note = stage.site.documents("credit_notes")[-1]
    assert (note["type"], note["total"], note["status"]) == (kind, 2050, status)
    assert await differences(stage, ref) == []


async def test_every_other_field_of_the_form_goes_out_by_its_own_name(stage: Stage) -> None:
    form = await opened(stage, stage.anna, "/credit-note INV-1042")
    await previewed(
        form,
        {
            "Type": "Adjustment: lower what is due",
            "Total": "EUR 20",
            "Reason": "export was broken",
            "Reason code": "Service Unsatisfactory",
            "Old reason code": "Waiver",
            "Date": "2026-11-25",
            "Notes for the customer": "Sorry about the export & co.",
        },
    )
    assert "Printed for the customer: “Sorry about the export & co.”" in form.reads
    assert "Reason code: — → Service Unsatisfactory" in form.reads
    assert "Date: — → 2026-11-25" in form.reads
    ref = await approved_by_finance(stage, form)
    assert sent(stage)["form"] == {
        "type": "adjustment",
        "reference_invoice_id": "INV-1042",
        "total": "2000",
        "create_reason_code": "Service Unsatisfactory",
        "reason_code": "waiver",
        "date": str(TODAY - 5 * DAY_S),
        "customer_notes": "Sorry about the export & co.",
        "comment": f"export was broken [{ref}] asked by Anna Agent",
    }
    assert await differences(stage, ref) == []


async def test_a_standalone_note_is_for_a_customer_and_in_a_currency(stage: Stage) -> None:
    form = await opened(stage, stage.anna, "/credit-note")
    assert "Customer" not in form.fields
    await form.fill({"Type": "Refundable: give back what was paid", "Total": "20", "Reason": "goodwill"})
    await stage.quiet()
    await form.refresh()
    assert values_in(form)["Total"] == "20", "drawing the form again loses nothing"
    await previewed(form, {"Customer": "acme", "Currency": "eur"})
    ref = await approved_by_finance(stage, form)
    assert sent(stage)["form"] == {
        "type": "refundable",
        "customer_id": "acme",
        "currency_code": "EUR",
        "total": "2000",
        "comment": f"goodwill [{ref}] asked by Anna Agent",
    }
    made = stage.site.documents("credit_notes")[-1]["id"]
    assert f"New in Chargebee: {made}" in (await stage.told(stage.anna, ref))[-1]


@pytest.mark.parametrize(
    ("command", "currency", "minor"),
    [
        ("/credit-note adjustment INV-2001 5000 goodwill", "", "5000"),
        ("/credit-note adjustment INV-2003 1.50 goodwill", "", "150"),
        ("/credit-note refundable customer=tanaka 5000 goodwill", "JPY", "5000"),
        ("/credit-note refundable customer=tanaka total=50.25 currency=USD comment=goodwill", "USD", "5025"),
        ("/credit-note refundable customer=acme-us 1.50 KWD goodwill", "KWD", "150"),
    ],
)
async def test_notes_are_counted_in_the_units_of_their_currency(
    world: Stage, command: str, currency: str, minor: str
) -> None:
    ref = await approved_by_finance(world, await world.asks(world.anna, command))
    form = sent(world)["form"]
    assert (form.get("currency_code", ""), form["total"]) == (currency, minor)
    assert await differences(world, ref) == []


@pytest.mark.parametrize(
    ("day", "at"),
    [
        ("2026-11-30", TODAY),
        ("2026-11-10", 1_796_040_000 - 20 * DAY_S),  # the invoice's own day: its own moment
    ],
)
async def test_a_note_may_be_of_today_and_of_the_invoices_own_day(stage: Stage, day: str, at: int) -> None:
    await stage.pending(f"/credit-note adjustment INV-1042 20 goodwill date={day}")
    assert sent(stage)["form"]["date"] == str(at)


async def test_a_day_is_the_sites_day(tmp_path: Path) -> None:
    async with on_stage(tmp_path, site_timezone="Europe/Berlin") as stage:
        await stage.pending("/credit-note adjustment INV-1042 20 goodwill date=2026-11-25")
        assert sent(stage)["form"]["date"] == str(TODAY - 5 * DAY_S - 3600)


async def test_a_site_that_needs_reason_codes_gets_one(tmp_path: Path) -> None:
    async with on_stage(tmp_path, reason_code_required=True) as stage:
        stage.site.settings(create_reason_codes_mandatory=True)
        form = await opened_with_problem(stage, "/credit-note adjustment INV-1042 20 goodwill")
        assert "This site needs a reason code on every credit note." in form.reads
        await previewed(form, {"Reason code": "Goodwill"})
        await approved_by_finance(stage, form)
        assert sent(stage)["form"]["create_reason_code"] == "Goodwill"


async def opened_with_problem(stage: Stage, command: str) -> Modal:
    """The form that comes back when Chargebee's facts do not fit what a whole command said."""
    form = await stage.asks(stage.anna, command)
    assert form.submit_label == "Preview", form.reads
    return form


# The preview


async def test_the_preview_of_an_adjustment_shows_both_documents(stage: Stage) -> None:
    preview = await stage.asks(stage.anna, "/credit-note adjustment INV-1042 119 goodwill")
    for line in (
        "What: Create an adjustment credit note for invoice INV-1042",
        "Customer: Acme GmbH (acme)",
        "Status: payment due → paid",
        "Amount due: EUR 119.00 → EUR 0.00",
        "Adjusted: EUR 0.00 → EUR 119.00",
        "Total: — → EUR 119.00",
        "Tax in it: — → EUR 19.00",
        "Allocated: — → EUR 119.00",
        "Available: — → EUR 0.00",
        "Status: — → adjusted",
        "voiding the credit note in Chargebee",
    ):
        assert line in preview.reads
    ref = await approved_by_finance(stage, preview)
    assert await differences(stage, ref) == []
    assert stage.invoice("INV-1042")["status"] == "paid"


async def test_the_preview_of_a_refundable_note_says_that_no_money_moves(stage: Stage) -> None:
    preview = await stage.asks(stage.anna, "/credit-note refundable INV-1051 20 goodwill")
    assert "No money moves yet" in preview.reads
    assert "Given back by credit notes: EUR 0.00 → EUR 20.00" in preview.reads
    assert "Available: — → EUR 20.00" in preview.reads


async def test_the_preview_of_a_store_note_shows_no_tax(stage: Stage) -> None:
    preview = await stage.asks(stage.anna, "/credit-note store INV-1051 20 goodwill")
    assert "only be used on later invoices" in preview.reads
    assert "Tax in it: — → EUR 0.00" in preview.reads


async def test_a_second_note_like_one_before_is_warned_of(stage: Stage) -> None:
    await stage.pending("/credit-note adjustment INV-1042 20 goodwill")
    made = stage.site.documents("credit_notes")[-1]["id"]
    preview = await stage.asks(stage.anna, "/credit-note adjustment INV-1042 20 goodwill")
    assert f"{made} of 2026-11-30 is already over EUR 20.00" in preview.reads


@pytest.mark.parametrize(
    ("total", "needed"),
    [
        ("100", "Nobody else has to approve"),
        ("100.01", "One of @Bo Approver, @Fiona Finance and @Carl Controller must approve"),
        ("1000.01", "@Fiona Finance and @Carl Controller must approve"),
    ],
)
async def test_who_approves_follows_the_total(stage: Stage, total: str, needed: str) -> None:
    preview = await stage.asks(stage.anna, f"/credit-note adjustment INV-1101 {total} goodwill")
    assert needed in preview.reads


async def test_the_card_and_the_review_show_what_the_preview_showed(stage: Stage) -> None:
    form = await opened(stage, stage.anna, "/credit-note refundable INV-1051")
    await adds_line(stage, form, stage.anna, SEATS)
    await previewed(form, {"Reason": "export was broken", "Notes for the customer": "Sorry!"})
    ref = await stage.confirms(form)
    card = await stage.card(ref)
    review = await stage.reviews(stage.bo, ref)
    for seen in (card.reads, review.reads):
        assert "Lines: — → EUR 150.00" in seen
        assert "Total: — → EUR 178.50" in seen
        assert "Printed for the customer: “Sorry!”" in seen
        assert "No money moves yet" in seen
        assert "Reason: export was broken" in seen


# The rules

RULES = {
    "more than is due": ("adjustment INV-1042 119.01", "At most EUR 119.00 can be taken off: EUR 119.00 is due."),
    "payment running": (
        "adjustment INV-1073 100.01",
        "At most EUR 100.00 can be taken off: EUR 300.00 is due, and a payment of EUR 200.00 is in progress.",
    ),
    "more than was paid": (
        "refundable INV-1103 150.01",
        "At most EUR 150.00 of what was paid on INV-1103 can still be given back.",
    ),
    "store": ("store INV-1051 595.01", "At most EUR 595.00 of what was paid on INV-1051"),
    "future": ("adjustment INV-1042 20 x=y date=2026-12-01", "This is in the future. On the site it is 2026-11-30."),
    "before the invoice": (
        "adjustment INV-1042 20 x=y date=2026-11-09",
        "The invoice is of 2026-11-10, and its credit note cannot be older.",
    ),
    "unknown invoice": ("adjustment INV-9999 20", "Chargebee has no such invoice."),
    "unknown customer": ("refundable customer=nobody 20", "Chargebee has no such customer."),
    "unknown code": (
        "adjustment INV-1042 20 create_reason_code=Nonsense comment=goodwill",
        "The site has no such reason code. It has Order Change, Service Unsatisfactory and Goodwill.",
    ),
    "another currency": ("adjustment INV-1042 20 USD", "You typed USD, but the currency here is EUR."),
}  # fmt: skip


@pytest.mark.parametrize(("typed", "sentence"), RULES.values(), ids=RULES)
async def test_what_chargebee_would_refuse_is_said_in_the_form_with_what_is_allowed(
    stage: Stage, typed: str, sentence: str
) -> None:
    comment = "" if "comment=" in typed else " comment=goodwill"
    form = await opened_with_problem(stage, f"/credit-note {typed.replace(' x=y', '')}{comment}")
    assert sentence in form.reads
    assert stage.writes() == []


REFUSALS = {
    "adjust paid": (
        "adjustment INV-1051",
        "Invoice INV-1051 is paid, so there is nothing due that could be adjusted.",
        "Ask for a refundable credit note instead: at most EUR 595.00 can be given back.",
    ),
    "adjust voided": ("adjustment INV-1070", "Invoice INV-1070 is voided", "Only an invoice that is payment due"),
    "adjust pending": ("adjustment INV-1071", "Invoice INV-1071 is pending", "Only an invoice that is"),
    "refund voided": ("refundable INV-1070", "Invoice INV-1070 is voided", "Only an invoice that is paid"),
    "refund unpaid": (
        "refundable INV-1042",
        "Nothing that was paid on invoice INV-1042 is left to give back.",
        "Ask for an adjustment credit note instead: at most EUR 119.00 can be taken off what is due.",
    ),
    "store unpaid": ("store INV-1042", "Nothing that was paid on invoice INV-1042", "adjustment credit note"),
}  # fmt: skip


@pytest.mark.parametrize(("typed", "why", "instead"), REFUSALS.values(), ids=REFUSALS)
async def test_an_invoice_in_the_wrong_state_is_refused_with_what_would_work(
    stage: Stage, typed: str, why: str, instead: str
) -> None:
    refusal = await stage.asks(stage.anna, f"/credit-note {typed} 20 goodwill")
    assert why in refusal.reads
    assert instead in refusal.reads
    assert "Nothing was sent to Chargebee" in refusal.reads
    await refusal.click("Change")
    await stage.quiet()
    await refusal.refresh()
    shown = values_in(refusal)
    assert (shown["Total"], shown["Reason"]) == ("20", "goodwill")


FORM_RULES: dict[str, tuple[dict[str, Any], str, str]] = {
    "neither": ({}, "Total", "Write a total, or add lines."),
    "no invoice": ({"Invoice": None, "Total": "1"}, "Invoice", "Choose the invoice"),
    "long notes": ({"Total": "1", "Reason": "ab"}, "Reason", "Write at least 3 characters."),
    "mark": ({"Total": "1", "Reason": "as [BR-12]"}, "Reason", "Leave out [BR-…]"),
}


@pytest.mark.parametrize(("entered", "field", "sentence"), FORM_RULES.values(), ids=FORM_RULES)
async def test_what_does_not_hang_together_is_a_sentence_by_its_field(
    stage: Stage, entered: dict[str, Any], field: str, sentence: str
) -> None:
    form = await opened(stage, stage.anna, "/credit-note adjustment INV-1042")
    await form.fill({"Reason": "goodwill", **entered})
    errors = await form.submit()
    assert errors is not None
    assert list(errors) == [field]
    assert sentence in errors[field]


async def test_a_total_beside_lines_is_refused_and_both_are_kept(stage: Stage) -> None:
    form = await opened(stage, stage.anna, "/credit-note refundable INV-1051")
    await adds_line(stage, form, stage.anna, BASE_FEE)
    await form.fill({"Total": "20", "Reason": "goodwill"})
    assert await form.submit() == {"Total": "Give a total or lines, not both."}
    assert "1. Base fee · 100.00" in form.reads
    await previewed(form, {"Total": ""})
    assert "Lines: — → EUR 100.00" in form.reads


@pytest.mark.parametrize(
    ("command", "code", "sentence"),
    [
        ("/credit-note refundable INV-1051 total=20", "USD", "the note has the invoice's"),
        ("/credit-note refundable customer=acme total=20", "XYZ", "There is no currency XYZ"),
        ("/credit-note refundable customer=acme total=20", "E1", "a code such as EUR"),
        ("/credit-note refundable customer=acme total=€20", "USD", "You typed EUR"),
    ],
)
async def test_a_currency_that_cannot_be_is_a_sentence(
    stage: Stage, command: str, code: str, sentence: str
) -> None:
    form = await opened(stage, stage.anna, command)
    await form.fill({"Reason": "goodwill", "Currency": code})
    errors = await form.submit()
    assert errors is not None
    assert list(errors) in (["Currency"], ["Total"])
    assert sentence in " ".join(errors.values())


async def test_a_customer_beside_an_invoice_is_refused_by_the_customer(stage: Stage) -> None:
    form = await opened(stage, stage.anna, "/credit-note refundable INV-1051 customer=acme total=20")
    await form.fill({"Reason": "goodwill"})
    assert await form.submit() == {"Customer": "Leave the customer empty: the invoice says whose note it is."}
    await previewed(form, {"Customer": NONE})
    assert "Customer: Globex Corp (globex)" in form.reads


# Afterwards


async def test_a_payment_that_comes_in_while_the_call_is_on_its_way_is_a_difference(stage: Stage) -> None:
    before = counted_differences("credit_note")
    ref = await stage.pending("/credit-note adjustment INV-1031 120 goodwill")
    review = await stage.reviews(stage.bo, ref)
    stage.chargebee_trouble("hold", "credit_notes")
    assert await review.submit() is None
    await stage.site.trouble_met()
    stage.site.change(invoice="INV-1031", record_payment_minor=2_000)
    stage.site.release()
    await stage.quiet()
    assert await stage.state(ref) == "done"
    found = await differences(stage, ref)
    assert [(d.label, d.said, d.found) for d in found] == [
        (
            "Amount due",
            Money(amount_minor=10_000, currency="EUR"),
            Money(amount_minor=8_000, currency="EUR"),
        )
    ]
    card = await stage.card(ref)
    assert "Invoice INV-1031, Amount due: expected EUR 100.00, found EUR 80.00" in card.reads
    assert counted_differences("credit_note") - before == 1
