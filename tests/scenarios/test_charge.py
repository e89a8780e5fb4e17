"""The one-time charge, from the command or the form to the invoice in Chargebee."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.scenarios.filling import (
    counted_differences,
    differences,
    opened,
    previewed,
    sent,
    values_in,
)
from tests.tester import Stage
from tests.tester import stage as on_stage

PARTY = {"Amount": "150 EUR", "Description": "Onboarding"}


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[Stage]:
    """A site with several currencies and Product Catalog 2."""
    async with on_stage(tmp_path, profile="world") as running:
        yield running


# What goes out


async def test_a_customer_is_charged_with_a_coupon_and_a_po_number_as_v1_takes_them(stage: Stage) -> None:
    form = await opened(stage, stage.anna, "/charge")
    entered = {**PARTY, "Customer": "globex", "PO number": "PO-4711 / b", "Coupon": "WELCOME10"}
    ref = await stage.confirms(await previewed(form, entered))
    call = sent(stage)
    assert (call["method"], call["path"]) == ("POST", "/api/v1/invoices/charge")
    assert call["form"] == {
        "customer_id": "globex",
        "amount": "15000",
        "description": f"Onboarding [{ref}]",
        "coupon": "WELCOME10",
        "po_number": "PO-4711 / b",
    }
    assert call["headers"]["content-type"] == "application/x-www-form-urlencoded"
    assert await stage.state(ref) == "done"


async def test_a_subscription_is_charged_without_its_customer(stage: Stage) -> None:
    ref = await stage.pending("/charge subscription=sub-globex-1 75.50 Extra seats")
    assert sent(stage)["form"] == {
        "subscription_id": "sub-globex-1",
        "amount": "7550",
        "description": f"Extra seats [{ref}]",
    }
    made = stage.site.documents("invoices")[-1]
    assert (made["customer_id"], made["status"], made["total"]) == ("globex", "paid", 7550)


async def test_the_mark_can_go_into_the_po_number(tmp_path: Path) -> None:
    async with on_stage(tmp_path, charge_ref_in="po_number") as stage:
        ref = await stage.pending("/charge globex 20 Onboarding po_number=PO-1")
        form = sent(stage)["form"]
        assert (form["description"], form["po_number"]) == ("Onboarding", f"PO-1 [{ref}]")
        ref = await stage.pending("/charge globex 21 Onboarding")
        assert stage.writes()[-1]["form"]["po_number"] == f"[{ref}]"
        assert await stage.state(ref) == "done"


@pytest.mark.parametrize(
    ("command", "currency", "minor"),
    [
        ("/charge tanaka 15000 Setup", "JPY", "15000"),
        ("/charge tanaka JPY 15,000 Setup", "JPY", "15000"),
        ("/charge tanaka 15.50 USD Setup", "USD", "1550"),
        ("/charge acme-us 1.50 KWD Setup", "KWD", "150"),
        ("/charge acme-us 75 Setup", "USD", "7500"),
        ("/charge nameless €0.01 Setup", "EUR", "1"),
    ],
)
async def test_v2_is_told_the_currency_and_counts_in_its_units(
    world: Stage, command: str, currency: str, minor: str
) -> None:
    preview = await world.asks(world.anna, command)
    ref = await world.confirms(preview)
    if await world.state(ref) == "pending":  # no limit of the policy names KWD
        await world.approves(world.fiona, ref)
        await world.approves(world.carl, ref)
    call = sent(world)
    assert call["path"] == "/api/v2/invoices/create_for_charge_items_and_charges"
    assert call["form"] == {
        "customer_id": command.split()[1],
        "currency_code": currency,
        "charges[amount][0]": minor,
        "charges[description][0]": f"Setup [{ref}]",
    }
    assert await world.state(ref) == "done"
    assert await differences(world, ref) == []


async def test_v2_can_carry_the_mark_in_the_po_number_too(tmp_path: Path) -> None:
    async with on_stage(tmp_path, profile="world", charge_ref_in="po_number") as stage:
        ref = await stage.pending("/charge tanaka 5000 Setup")
        form = sent(stage)["form"]
        assert (form["charges[description][0]"], form["po_number"]) == ("Setup", f"[{ref}]")
        assert await stage.state(ref) == "done"


async def test_v2_takes_a_coupon_as_a_list_and_a_po_number(world: Stage) -> None:
    ref = await world.pending("/charge globex 20 Setup coupon=WELCOME10 po_number=PO-9")
    form = sent(world)["form"]
    assert (form["coupon_ids[0]"], form["po_number"]) == ("WELCOME10", "PO-9")
    assert world.site.documents("invoices")[-1]["total"] == 1800
    assert await differences(world, ref) == [], "what a coupon is worth is not promised"


async def test_v2_charges_a_subscription_in_its_own_currency(world: Stage) -> None:
    await world.pending("/charge subscription=sub-acme-1 20 Setup")
    form = sent(world)["form"]
    assert (form["subscription_id"], form["currency_code"]) == ("sub-acme-1", "EUR")
    assert "customer_id" not in form


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        ("/charge acme-us 1.500 KWD Setup", "has 3 decimals, and amounts have at most two"),
        ("/charge tanaka 15.50 Setup", "JPY is counted whole"),
        ("/charge subscription=sub-acme-1 20 USD Setup", "the currency here is EUR"),
    ],
)
async def test_an_amount_its_currency_cannot_have_is_a_sentence_by_the_amount(
    world: Stage, command: str, sentence: str
) -> None:
    shown = await world.anna.runs(command, channel="C0BILLING")
    assert shown.error is None
    await world.quiet()
    form = await world.anna.sees_modal("One-time charge")
    assert sentence in form.reads
    assert form.submit_label == "Preview"
    assert values_in(form)["Description"] == "Setup"


# The preview, the card, who approves


async def test_the_preview_says_what_is_collected_and_from_what(stage: Stage) -> None:
    preview = await stage.asks(stage.anna, '/charge globex "150 EUR" Onboarding workshop')
    assert preview.submit_label == "Charge EUR 150.00 now"
    assert "What: Charge customer globex\nAmount: EUR 150.00\nCustomer: Globex Corp (globex)" in preview.reads
    assert "This takes money at once" in preview.reads
    assert "the stored payment method (pm_globex)" in preview.reads
    assert "Charge: — → EUR 150.00" in preview.reads
    assert "Status: — → paid" in preview.reads
    assert "an unpaid invoice can be voided" in preview.reads
    assert "Nobody else has to approve" in preview.reads


@pytest.mark.parametrize(
    ("command", "warning"),
    [
        ("/charge acme 20 Setup", "Collection is off: the invoice stays unpaid"),
        ("/charge acme 20 Setup coupon=WELCOME10", "coupon WELCOME10 lowers it"),
        ("/charge acme 20 Setup", "The customer has credits"),
        ("/charge acme 20 Setup", "Chargebee may add tax, as on this customer's earlier invoices"),
    ],
)
async def test_the_preview_warns(stage: Stage, command: str, warning: str) -> None:
    assert warning in (await stage.asks(stage.anna, command)).reads


async def test_a_charge_on_a_subscription_of_a_customer_with_consolidated_invoices_is_warned_of(
    stage: Stage,
) -> None:
    preview = await stage.asks(stage.anna, "/charge subscription=sub-consolidated 20 Setup")
    assert "consolidated" in preview.reads
    ref = await stage.confirms(preview)
    assert await stage.state(ref) == "failed"
    assert "It named the parameter subscription_id" in (await stage.told(stage.anna, ref))[-1]


async def test_a_second_charge_like_one_before_is_warned_of_by_its_invoice(stage: Stage) -> None:
    await stage.pending("/charge globex 20 Setup")
    made = stage.site.documents("invoices")[-1]["id"]
    preview = await stage.asks(stage.anna, "/charge globex 20 setup")
    assert "EUR 20.00 was charged before" in preview.reads
    assert f"{made} of 2026-11-30 for the same thing" in preview.reads


@pytest.mark.parametrize(
    ("amount", "needed"),
    [
        ("500", "Nobody else has to approve"),
        ("500.01", "One of @Bo Approver, @Fiona Finance, @Carl Controller must approve"),
        ("5000.01", "@Fiona Finance and @Carl Controller must approve"),
    ],
)
async def test_who_approves_follows_the_amount(stage: Stage, amount: str, needed: str) -> None:
    preview = await stage.asks(stage.anna, f"/charge globex {amount} Setup")
    assert needed.replace("Finance, @Carl", "Finance and @Carl") in preview.reads


async def test_the_limit_in_yen_is_its_own(world: Stage) -> None:
    within = await world.asks(world.anna, "/charge tanaka 75000 Setup")
    assert "Nobody else has to approve" in within.reads
    await within.close(all=True)
    above = await world.asks(world.anna, "/charge tanaka 75001 Setup")
    assert "@Fiona Finance and @Carl Controller must approve" in above.reads
    assert "JPY 75,001" in above.reads


async def test_the_card_shows_approvers_what_the_preview_showed(stage: Stage) -> None:
    ref = await stage.pending("/charge globex 600 Onboarding workshop po_number=PO-1")
    card = await stage.card(ref)
    for line in (
        "Charge customer globex",
        "Amount: EUR 600.00",
        "Customer: Globex Corp (globex)",
        "This takes money at once",
        f"Description: — → Onboarding workshop [{ref}]",
        "PO number: — → PO-1",
        "Status: — → paid",
    ):
        assert line in card.reads
    review = await stage.reviews(stage.bo, ref)
    assert "60000 hundredths of EUR" in review.reads


# Afterwards


async def test_tax_nobody_predicted_is_a_difference_on_the_card_and_is_counted(stage: Stage) -> None:
    stage.site.settings(charge_tax_percent=19)
    before = counted_differences("charge")
    ref = await stage.pending("/charge soehne 600 Setup")
    await stage.approves(stage.bo, ref)
    assert await stage.state(ref) == "done"
    found = await differences(stage, ref)
    assert [(d.label, d.said.amount_minor, d.found.amount_minor) for d in found] == [("Total", 60000, 71400)]  # type: ignore[union-attr]  # both are money
    card = await stage.card(ref)
    assert "Total: expected EUR 600.00, found EUR 714.00" in card.reads
    assert "does not show everything as expected" in (await stage.told(stage.anna, ref))[-1]
    assert counted_differences("charge") - before == 1


async def test_a_declined_payment_that_leaves_an_invoice_is_a_difference_on_the_card(stage: Stage) -> None:
    stage.site.settings(invoice_left_after_failed_collection="not_paid")
    ref = await stage.pending("/charge initech 600 Setup")
    await stage.approves(stage.bo, ref)
    card = await stage.card(ref)
    assert "Status: expected paid, found not paid" in card.reads
    assert "could not collect the payment" in card.reads


async def test_what_the_customer_hears_of_names_the_new_invoice(stage: Stage) -> None:
    ref = await stage.pending("/charge globex 20 Setup")
    made = stage.site.documents("invoices")[-1]["id"]
    assert f"New in Chargebee: {made}" in (await stage.told(stage.anna, ref))[-1]
    note = next(c for c in stage.site.calls() if c["method"] == "POST" and c["path"].endswith("/comments"))[
        "form"
    ]
    assert (note["entity_type"], note["entity_id"]) == ("customer", "globex")
    assert f"[{ref}] Charge customer globex, asked by Anna Agent" in note["notes"]


# Wrong input


@pytest.mark.parametrize(
    ("amount", "sentence"),
    [
        ("0", "more than zero"),
        ("-5", "more than zero"),
        ("abc", "is not an amount"),
        ("1,50", "write 1.50"),
        ("1.234", "has 3 decimals"),
        ("1.2.3", "not grouped in thousands"),
        ("$20", "does not name one currency"),
        ("20 USD", "the currency here is EUR"),
        ("EUR 5 USD", "two currencies"),
        ("99999999999999999", "at most EUR 90,071,992,547,409.91"),
        ("٢٠", "digits 0 to 9"),
        ("1 000 00", "not grouped in thousands"),
    ],
)
async def test_a_wrong_amount_is_a_sentence_by_the_amount_and_nothing_is_lost(
    stage: Stage, amount: str, sentence: str
) -> None:
    form = await opened(stage, stage.anna, "/charge")
    entered = {"Customer": "globex", "Amount": amount, "Description": "Setup", "PO number": "PO-1"}
    await form.fill(entered)
    errors = await form.submit()
    assert errors is not None
    assert list(errors) == ["Amount"]
    assert sentence in errors["Amount"]
    kept = values_in(form)
    assert (kept["Amount"], kept["Description"], kept["PO number"]) == (amount, "Setup", "PO-1")
    assert "globex" in kept["Customer"]
    await previewed(form, {"Amount": "20"})
    assert "Charge: — → EUR 20.00" in form.reads


async def test_a_german_amount_is_read_and_shown_the_german_way(stage: Stage) -> None:
    form = await opened(stage, stage.jurgen, "/charge globex")
    await previewed(form, {"Amount": "1.150,50", "Description": "Einrichtung"})
    assert "Amount: EUR 1.150,50" in form.reads
    await form.click("Change")
    await stage.quiet()
    await form.refresh()
    assert values_in(form)["Amount"] == "1150,50"
    await form.fill({"Amount": "1150.50"})
    errors = await form.submit()
    assert errors == {"Amount": "In your language “.” groups thousands. If you mean decimals, write 1150,50."}


@pytest.mark.parametrize(
    ("entered", "field", "sentence"),
    [
        ({"Subscription": "sub-globex-1"}, "Subscription", "not both"),
        ({"Customer": None}, "Customer", "Choose whom to charge"),
        ({"Description": "ab"}, "Description", "at least 3 characters"),
        ({"Description": "x" * 245}, "Description", "Use at most 238 characters (you used 245)"),
        ({"Description": "Setup [BR-7]"}, "Description", "Leave out [BR-…]"),
        ({"Customer": "nobody"}, "Customer", "Chargebee has no such customer"),
    ],
)
async def test_every_wrong_field_gets_its_own_sentence(
    stage: Stage, entered: dict[str, str | None], field: str, sentence: str
) -> None:
    form = await opened(stage, stage.anna, "/charge")
    await form.fill({"Customer": "globex", "Amount": "20", "Description": "Setup", **entered})
    errors = await form.submit()
    assert errors is not None
    assert list(errors) == [field]
    assert sentence in errors[field]
    assert stage.writes() == []


async def test_a_coupon_with_a_subscription_is_a_sentence_by_the_coupon(stage: Stage) -> None:
    form = await opened(stage, stage.anna, "/charge subscription=sub-globex-1 20 Setup coupon=WELCOME10")
    assert "A coupon works only when a customer is charged" in form.reads
    assert await form.submit() == {
        "Coupon": "A coupon works only when a customer is charged, not a subscription."
    }


@pytest.mark.parametrize("coupon", ["FOREVER5", "NONESUCH"])
async def test_a_coupon_chargebee_does_not_take_fails_and_the_coupon_is_named(
    stage: Stage, coupon: str
) -> None:
    ref = await stage.pending(f"/charge globex 20 Setup coupon={coupon}")
    assert await stage.state(ref) == "failed"
    told = (await stage.told(stage.anna, ref))[-1]
    assert "It failed. Chargebee" in told
    assert "It named the parameter coupon." in told


async def test_text_of_people_and_of_chargebee_never_becomes_markup_or_a_mention(stage: Stage) -> None:
    nasty = "<!channel> <https://evil.example|pay> *x*"
    form = await opened(stage, stage.anna, "/charge soehne 600")
    ref = await stage.confirms(await previewed(form, {"Description": nasty}))
    card = await stage.card(ref)
    assert "<!channel>" in card.reads, "as text, not as a mention"
    await stage.approves(stage.bo, ref)
    assert sent(stage)["form"]["description"] == f"{nasty} [{ref}]"


async def test_yen_typed_the_german_way_are_thousands(world: Stage) -> None:
    preview = await world.asks(world.jurgen, "/charge tanaka 15.000 Setup")
    assert "Amount: JPY 15.000" in preview.reads
    await world.confirms(preview)
    assert sent(world)["form"]["charges[amount][0]"] == "15000"


async def test_a_site_v1_cannot_serve_refuses_the_charge_and_says_who_has_to_look(tmp_path: Path) -> None:
    async with on_stage(tmp_path, profile="world", charge_api="v1") as stage:
        ref = await stage.pending("/charge globex 20 Setup")
        assert await stage.state(ref) == "failed"
        told = (await stage.told(stage.anna, ref))[-1]
        assert (
            "The Chargebee site is not set up for this. An administrator of the bot has to look at this."
            in told
        )
