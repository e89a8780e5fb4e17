"""Credit notes by lines: what each line asks for, how lines go out by column, what is refused."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.sandbox.person import Modal
from bot.store.values import Draft, StoreError
from tests.scenarios.filling import (
    adds_line,
    approved_by_finance,
    differences,
    line_form,
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
ADHOC = "Another charge (ad hoc)"
BY_ITEM = "By item price"
BY_LINE = "By the id of a line of the invoice"


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[Stage]:
    """A site with several currencies and Product Catalog 2."""
    async with on_stage(tmp_path, profile="world") as running:
        yield running


def lines_of(form: dict[str, str]) -> dict[str, str]:
    return {name: text for name, text in form.items() if name.startswith("line_items")}


LINES = {
    "flat fee": ("INV-1051", BASE_FEE, {"Price of one": "40"}, {
        "line_items[reference_line_item_id][0]": "li_1051_1",
        "line_items[description][0]": "Base fee",
        "line_items[unit_amount][0]": "4000",
    }),
    "per unit": ("INV-1051", SEATS, {"Quantity": "2"}, {
        "line_items[reference_line_item_id][0]": "li_1051_2",
        "line_items[description][0]": "Seats",
        "line_items[unit_amount][0]": "5000",
        "line_items[quantity][0]": "2",
    }),
    "volume": ("INV-1051", "API calls, volume · EUR 150.00", {"Quantity": "4", "Price of one": "15.00"}, {
        "line_items[reference_line_item_id][0]": "li_1051_3",
        "line_items[description][0]": "API calls, volume",
        "line_items[unit_amount][0]": "1500",
        "line_items[quantity][0]": "4",
    }),
    "tiered": ("INV-1051", "Storage, tiered · EUR 100.00", {"Amount of the line": "33.33"}, {
        "line_items[reference_line_item_id][0]": "li_1051_4",
        "line_items[description][0]": "Storage, tiered",
        "line_items[amount][0]": "3333",
    }),
    "decimals": ("INV-1090", "Messages · EUR 125.01", {"Quantity, in decimals": "1000.5"}, {
        "line_items[reference_line_item_id][0]": "li_1090_1",
        "line_items[description][0]": "Messages",
        "line_items[unit_amount_in_decimal][0]": "0.0125",
        "line_items[quantity_in_decimal][0]": "1000.5",
    }),
    "ad hoc": ("INV-1051", ADHOC, {"Description": "Sorry", "Price of one": "5", "Quantity": "3"}, {
        "line_items[entity_type][0]": "adhoc",
        "line_items[description][0]": "Sorry",
        "line_items[unit_amount][0]": "500",
        "line_items[quantity][0]": "3",
    }),
    "by item": ("INV-1051", BY_ITEM, {
        "Kind of item": "Add-on (Product Catalog 1)", "Item": "seats", "Price of one": "5",
    }, {
        "line_items[entity_type][0]": "addon",
        "line_items[entity_id][0]": "seats",
        "line_items[unit_amount][0]": "500",
    }),
    "by id": ("INV-1051", BY_LINE, {"Line of the invoice": "li_1051_4", "Amount of the line": "1"}, {
        "line_items[reference_line_item_id][0]": "li_1051_4",
        "line_items[amount][0]": "100",
    }),
    "dates": ("INV-1051", BASE_FEE, {"Price of one": "40", "From": "2026-11-01", "To": "2026-11-10"}, {
        "line_items[reference_line_item_id][0]": "li_1051_1",
        "line_items[description][0]": "Base fee",
        "line_items[unit_amount][0]": "4000",
        "line_items[date_from][0]": str(TODAY - 29 * DAY_S),
        "line_items[date_to][0]": str(TODAY - 20 * DAY_S),
    }),
}  # fmt: skip


@pytest.mark.parametrize(("invoice", "which", "values", "wire"), LINES.values(), ids=LINES)
async def test_a_line_asks_for_what_its_pricing_needs_and_goes_out_by_column(
    stage: Stage, invoice: str, which: str, values: dict[str, Any], wire: dict[str, str]
) -> None:
    kind = "adjustment" if invoice == "INV-1090" else "refundable"
    form = await opened(stage, stage.anna, f"/credit-note {kind} {invoice}")
    await adds_line(stage, form, stage.anna, which, values)
    await previewed(form, {"Reason": "export was broken"})
    ref = await approved_by_finance(stage, form)
    sent_form = sent(stage)["form"]
    assert lines_of(sent_form) == wire
    assert "total" not in sent_form
    assert await differences(stage, ref) == []


async def test_lines_of_a_site_with_catalog_2_name_item_prices(world: Stage) -> None:
    form = await opened(world, world.anna, "/credit-note refundable INV-1051")
    await adds_line(world, form, world.anna, BY_ITEM, {"Item": "setup-EUR", "Price of one": "5"})
    await previewed(form, {"Reason": "export was broken"})
    await approved_by_finance(world, form)
    assert lines_of(sent(world)["form"]) == {
        "line_items[entity_type][0]": "charge_item_price",
        "line_items[entity_id][0]": "setup-EUR",
        "line_items[unit_amount][0]": "500",
    }


async def test_several_lines_go_out_together_and_one_can_be_removed_before(stage: Stage) -> None:
    form = await opened(stage, stage.anna, "/credit-note refundable INV-1051")
    await form.fill({"Reason": "export was broken"})
    await adds_line(stage, form, stage.anna, BASE_FEE, {"Price of one": "40"})
    await adds_line(stage, form, stage.anna, ADHOC, {"Description": "mistake", "Price of one": "999"})
    await adds_line(stage, form, stage.anna, SEATS, {"Quantity": "1"})
    assert "2. mistake · 999" in form.reads
    await remove(stage, form, 2)
    assert "2. Seats · 50.00 x 1" in form.reads
    assert values_in(form)["Reason"] == "export was broken"
    await previewed(form)
    assert "Lines: — → EUR 90.00" in form.reads
    assert "Total: — → EUR 107.10" in form.reads
    assert "Tax in it: — → EUR 17.10" in form.reads
    await approved_by_finance(stage, form)
    assert lines_of(sent(stage)["form"]) == {
        "line_items[reference_line_item_id][0]": "li_1051_1",
        "line_items[reference_line_item_id][1]": "li_1051_2",
        "line_items[description][0]": "Base fee",
        "line_items[description][1]": "Seats",
        "line_items[unit_amount][0]": "4000",
        "line_items[unit_amount][1]": "5000",
        "line_items[quantity][1]": "1",
    }
    assert stage.site.documents("credit_notes")[-1]["total"] == 10_710


async def remove(stage: Stage, form: Modal, place: int) -> None:
    """Presses [Remove] beside the line of that place."""
    block = next(b for b in form.view["blocks"] if b["block_id"] == f"line:{place - 1}")
    person = stage.anna
    await person.acts(
        "click",
        view=form.view["id"],
        block_id=block["block_id"],
        action_id=block["accessory"]["action_id"],
    )
    await stage.quiet()
    await form.refresh()


async def test_an_agent_who_writes_german_takes_over_the_lines_own_price_as_it_stands(stage: Stage) -> None:
    form = await opened(stage, stage.jurgen, "/credit-note refundable INV-1051")
    line = await line_form(stage, form, stage.jurgen, "Base fee · EUR 100.00")
    assert values_in(line)["Price of one"] == "100,00"
    assert await line.submit() is None
    await form.refresh()
    await previewed(form, {"Reason": "Export war kaputt"})
    assert "Lines: — → EUR 100,00" in form.reads


async def test_another_line_chosen_brings_its_own_values(stage: Stage) -> None:
    form = await opened(stage, stage.anna, "/credit-note refundable INV-1051")
    line = await line_form(stage, form, stage.anna, BASE_FEE)
    await line.fill({"Price of one": "1.23", "Which line?": SEATS})
    await stage.quiet()
    await line.refresh()
    shown = values_in(line)
    assert (shown["Price of one"], shown["Quantity"], shown["Description"]) == ("50.00", "3", "Seats")


@pytest.mark.parametrize(
    ("which", "values", "field", "sentence"),
    [
        (BASE_FEE, {"Price of one": "1,5"}, "Price of one", "write 1.5"),
        (BASE_FEE, {"Price of one": ""}, "Price of one", "Write what is credited"),
        (SEATS, {"Quantity": "two"}, "Quantity", "Write a whole number"),
        (SEATS, {"Quantity": "0"}, "Quantity", "Use 1 or more"),
        (BASE_FEE, {"From": "2026-11-10", "To": "2026-11-01"}, "To", "before the line's first day"),
        (ADHOC, {"Price of one, in decimals": "0,0125"}, "Price of one, in decimals", "With a point"),
        (ADHOC, {"Price of one": "1", "Price of one, in decimals": "1.5"}, "Price of one, in decimals", "once"),
        (BY_ITEM, {"Price of one": "1"}, "Item", "Write the id of the item"),
        (BY_LINE, {"Item": "seats", "Price of one": "1"}, "Kind of item", "Choose what kind of item"),
    ],
)  # fmt: skip
async def test_a_wrong_field_of_a_line_gets_its_sentence_in_the_lines_own_form(
    stage: Stage, which: str, values: dict[str, Any], field: str, sentence: str
) -> None:
    form = await opened(stage, stage.anna, "/credit-note refundable INV-1051")
    line = await line_form(stage, form, stage.anna, which)
    await line.fill(values)
    errors = await line.submit()
    assert errors is not None
    assert list(errors) == [field]
    assert sentence in errors[field]


async def test_a_line_that_does_not_fit_its_pricing_is_named_in_the_form(stage: Stage) -> None:
    form = await opened(stage, stage.anna, "/credit-note refundable INV-1051")
    await adds_line(stage, form, stage.anna, BASE_FEE)
    wrong = {"Line of the invoice": "li_1051_4", "Price of one": "1"}
    await adds_line(stage, form, stage.anna, BY_LINE, wrong)
    await form.fill({"Reason": "export was broken"})
    errors = await form.submit()
    assert errors is not None
    assert errors == {"Total": "Line 2: the line is priced by tiered, so it needs “Amount of the line”."}


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        ("/credit-note", "Choose the invoice first"),
        ("/credit-note INV-9999", "Chargebee has no such invoice"),
        ("/credit-note INV?1", "An id cannot contain ?"),
    ],
)
async def test_lines_cannot_be_added_without_an_invoice_that_can_be_read(
    stage: Stage, command: str, sentence: str
) -> None:
    form = await opened(stage, stage.anna, command)
    await form.click("Add a line")
    await stage.quiet()
    assert sentence in (await stage.anna.sees_modal("Credit note", containing=sentence)).reads


async def test_a_very_long_invoice_offers_its_first_lines_and_any_other_by_its_id(stage: Stage) -> None:
    form = await opened(stage, stage.anna, "/credit-note refundable INV-1060")
    await form.click("Add a line")
    await stage.quiet()
    line = await stage.anna.sees_modal("Add a line")
    offered = await line.options("Which line?")
    assert len(offered) <= 100
    assert offered[-1] == BY_LINE
    await line.fill({"Which line?": BY_LINE})
    await stage.quiet()
    await line.refresh()
    await line.fill({"Line of the invoice": "li_1060_320", "Price of one": "1"})
    assert await line.submit() is None
    await form.refresh()
    await previewed(form, {"Reason": "seat 320"})
    await approved_by_finance(stage, form)
    assert lines_of(sent(stage)["form"])["line_items[reference_line_item_id][0]"] == "li_1060_320"


async def test_lines_are_kept_when_the_whole_note_is_refused(stage: Stage) -> None:
    form = await opened(stage, stage.anna, "/credit-note adjustment INV-1051")
    await adds_line(stage, form, stage.anna, SEATS, {"Quantity": "2"})
    await previewed(form, {"Reason": "export was broken"})
    assert "so there is nothing due that could be adjusted" in form.reads
    await form.click("Change")
    await stage.quiet()
    await form.refresh()
    assert "1. Seats · 50.00 x 2" in form.reads
    await form.fill({"Type": "Refundable: give back what was paid"})
    await stage.quiet()
    await form.refresh()
    await previewed(form)
    assert "Lines: — → EUR 100.00" in form.reads


async def test_a_line_that_is_added_twice_by_a_repeated_delivery_is_one_line(stage: Stage) -> None:
    form = await opened(stage, stage.anna, "/credit-note refundable INV-1051")
    line = await line_form(stage, form, stage.anna, SEATS)
    assert await line.submit(deliveries=2) is None
    await stage.quiet()
    await form.refresh()
    await previewed(form, {"Reason": "export was broken"})
    assert "Lines: — → EUR 150.00" in form.reads


async def test_a_line_that_was_not_kept_is_added_when_its_delivery_is_repeated(stage: Stage) -> None:
    form = await opened(stage, stage.anna, "/credit-note refundable INV-1051")
    line = await line_form(stage, form, stage.anna, SEATS)
    store: Any = stage.bot.store
    keep = store.save_draft

    async def broken_once(_draft: Draft) -> None:
        store.save_draft = keep
        raise StoreError("The database is busy.")

    store.save_draft = broken_once
    await line.submit(deliveries=2)
    await stage.quiet()
    await form.refresh()
    assert "1. Seats" in form.reads


async def test_a_line_in_another_currency_than_the_invoices_is_named(stage: Stage) -> None:
    form = await opened(stage, stage.anna, "/credit-note refundable INV-1051")
    await adds_line(stage, form, stage.anna, BASE_FEE, {"Price of one": "5 USD"})
    await form.fill({"Reason": "export was broken"})
    errors = await form.submit()
    assert errors == {"Total": "Line 1: You typed USD, but the currency here is EUR. Write it in EUR."}
