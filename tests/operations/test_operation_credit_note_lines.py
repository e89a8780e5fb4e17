"""Lines of credit notes: what each pricing model asks for, what lines come to, what can be chosen."""

from typing import Any

import pytest
from pydantic import ValidationError

from bot.chargebee.resources import Invoice, LineItem
from bot.core.errors import InvalidInput
from bot.core.money import read_amount
from bot.operations.base import asks
from bot.operations.credit_note_lines import CreditLine, PricedLine, price, totals
from bot.operations.credit_note_templates import LABEL_MAX, describe, templates
from tests.operations.operation_examples import SITE, Shelf, invoice, line

FLAT = line("li_flat")
UNIT = line("li_unit", pricing_model="per_unit", unit_amount=2_000, quantity=5)
VOLUME = line("li_volume", pricing_model="volume", unit_amount=1_000, quantity=10)
TIERED = line("li_tiered", pricing_model="tiered", entity_type="plan_item_price", entity_id="gold-eur")
STAIRS = line("li_stairs", pricing_model="stairstep")
EXACT = line(
    "li_exact", pricing_model="per_unit", unit_amount_in_decimal="0.0125", quantity_in_decimal="8000.5"
)
OF: Invoice = invoice(
    line_items=[item.model_dump() for item in (FLAT, UNIT, VOLUME, TIERED, STAIRS, EXACT)],
    total=71_400,
    tax=11_400,
)


def entered(**given: Any) -> CreditLine:
    for name in ("unit_amount", "amount"):
        if name in given:
            given[name] = {"digits": given[name]}
    return CreditLine.model_validate(given)


def priced(line: CreditLine, of: Invoice | None = OF, currency: str = "EUR") -> PricedLine:
    (only,) = price([line], of, currency, SITE)
    return only


def problem(line: CreditLine, of: Invoice | None = OF) -> str:
    with pytest.raises(InvalidInput) as caught:
        price([line], of, "EUR", SITE)
    return caught.value.problems["lines"]


@pytest.mark.parametrize(
    ("given", "net_minor"),
    [
        ({"reference_line_item_id": "li_flat", "unit_amount": "12.50"}, 1_250),
        ({"reference_line_item_id": "li_unit", "unit_amount": "20", "quantity": 2}, 4_000),
        ({"reference_line_item_id": "li_volume", "unit_amount": "10", "quantity": 3}, 3_000),
        ({"reference_line_item_id": "li_tiered", "amount": "7"}, 700),
        ({"reference_line_item_id": "li_stairs", "amount": "7"}, 700),
        (
            {
                "reference_line_item_id": "li_exact",
                "unit_amount_in_decimal": "0.0125",
                "quantity_in_decimal": "100.4",
            },
            126,  # 1.255, halves up
        ),
        ({"unit_amount": "3", "quantity": 4}, 1_200),
        ({"unit_amount_in_decimal": "0.5"}, 50),
        ({"entity_type": "plan_item_price", "entity_id": "gold-eur", "amount": "9"}, 900),
    ],
)
def test_each_pricing_model_takes_its_own_fields(given: dict[str, Any], net_minor: int) -> None:
    assert priced(entered(**given)).net_minor == net_minor


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"reference_line_item_id": "li_flat", "amount": "1"}, "flat fee, so it needs “Price of one”"),
        ({"reference_line_item_id": "li_unit", "unit_amount": "1"}, "per unit, so it needs “Quantity”"),
        (
            {"reference_line_item_id": "li_tiered", "unit_amount": "1"},
            "tiered, so it needs “Amount of the line”",
        ),
        (
            {"reference_line_item_id": "li_flat", "unit_amount": "1", "quantity": 2},
            "leave out “Quantity”",
        ),
        ({"reference_line_item_id": "li_exact", "unit_amount": "1"}, "in decimals, so it needs"),
        ({"reference_line_item_id": "li_gone", "unit_amount": "1"}, "has no line li_gone"),
        (
            {
                "reference_line_item_id": "li_tiered",
                "amount": "1",
                "entity_type": "charge_item_price",
                "entity_id": "x",
            },
            "is a plan_item_price",
        ),
        ({"amount": "1"}, "needs the price of one"),
        ({"unit_amount": "1", "quantity_in_decimal": "2"}, "Price of one, in decimals"),
        ({"unit_amount": "1.234"}, "two decimals"),
        ({"unit_amount_in_decimal": "0.001"}, "comes to nothing"),
        ({"unit_amount_in_decimal": "9" * 30, "quantity_in_decimal": "9" * 30}, "more than Chargebee counts"),
        ({"unit_amount": "90000000000000", "quantity": 2**31 - 1}, "more than Chargebee counts"),
    ],
)
def test_a_line_that_cannot_be_priced_says_why(given: dict[str, Any], said: str) -> None:
    sentence = problem(entered(**given))
    assert sentence.startswith("Line 1: ")
    assert said in sentence


def test_a_standalone_note_has_no_invoice_line_to_credit() -> None:
    assert "standalone" in problem(entered(reference_line_item_id="li_flat", unit_amount="1"), None)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"unit_amount": "1", "entity_type": "adhoc", "entity_id": "x"}, "entity_id"),
        ({"unit_amount": "1", "entity_type": "plan"}, "entity_id"),
        ({"unit_amount": "1", "entity_id": "x"}, "entity_type"),
        ({"unit_amount": "1", "date_from": "2026-11-02", "date_to": "2026-11-01"}, "date_to"),
        ({"unit_amount": "1", "unit_amount_in_decimal": "1"}, "unit_amount_in_decimal"),
        ({"quantity": 2}, "unit_amount"),
    ],
)
def test_a_line_that_contradicts_itself_is_an_error_of_a_field(given: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as caught:
        entered(**given)
    (error,) = caught.value.errors()
    assert error["ctx"]["field"] == field


def test_every_field_reaches_the_wire() -> None:
    first = priced(
        entered(
            reference_line_item_id="li_unit",
            entity_type="adhoc",
            description="Export",
            unit_amount="1",
            quantity="2",
            date_from="2026-11-01",
            date_to="2026-11-30",
        )
    )
    assert first.wire == {
        "reference_line_item_id": "li_unit",
        "entity_type": "adhoc",
        "description": "Export",
        "unit_amount": "100",
        "quantity": "2",
        "date_from": "1793491200",
        "date_to": "1795996800",
    }


def test_yen_are_counted_whole_in_lines() -> None:
    assert priced(entered(unit_amount="500"), None, "JPY").net_minor == 500
    assert priced(entered(unit_amount_in_decimal="0.5", quantity_in_decimal="3"), None, "JPY").net_minor == 2


def test_lines_come_to_the_same_by_both_readings_where_all_is_taxed_alike() -> None:
    lines = price([entered(reference_line_item_id="li_flat", unit_amount="50")], OF, "EUR", SITE)
    assert totals("adjustment", OF, lines) == (5_950, 5_950)
    assert totals("store", OF, lines) == (5_000, 5_000)
    inclusive = OF.model_copy(update={"price_type": "tax_inclusive"})
    assert totals("adjustment", inclusive, lines) == (5_000, 5_000)


def test_an_untaxed_line_on_a_taxed_invoice_can_be_read_two_ways() -> None:
    lines = price([entered(unit_amount="50")], OF, "EUR", SITE)
    assert totals("adjustment", OF, lines) == (5_950, 5_000)


# ----------------------------------------------------------------------------------------------------- templates


async def test_every_invoice_line_is_offered_with_the_fields_of_its_model() -> None:
    found = await templates(Shelf(shelved=[OF]), {"type": "adjustment", "invoice": "INV-1042"})
    by_id = {template.id: template for template in found}
    assert list(by_id)[-3:] == ["adhoc", "by_item", "by_line"]
    assert by_id["li_unit"].fields == ("description", "unit_amount", "quantity", "date_from", "date_to")
    assert by_id["li_unit"].values == {
        "reference_line_item_id": "li_unit",
        "description": "Export",
        "unit_amount": "20.00",
        "quantity": "5",
    }
    assert by_id["li_exact"].values["unit_amount_in_decimal"] == "0.0125"
    assert by_id["li_tiered"].values["amount"] == "100.00"


async def test_every_template_fills_in_to_a_line_that_can_be_sent() -> None:
    found = await templates(Shelf(shelved=[OF]), {"invoice": "INV-1042"})
    for template in found[:-3]:
        given = {
            name: read_amount(text) if name in ("unit_amount", "amount") else text
            for name, text in template.values.items()
        }
        assert priced(CreditLine.model_validate(given)).reference


async def test_fields_of_templates_exist_and_together_reach_all_there_are() -> None:
    found = await templates(Shelf(shelved=[OF]), {"invoice": "INV-1042"})
    reached = {name for template in found for name in template.fields}
    assert reached == set(asks(CreditLine)) == set(CreditLine.model_fields)
    assert all(set(template.values) <= reached for template in found)


async def test_labels_tell_two_alike_apart_and_fit() -> None:
    def long(line_id: str) -> dict[str, Any]:
        return line(line_id, description="x" * 200).model_dump()

    twins = invoice(line_items=[long("li_a" + "0" * 36), long("li_b" + "0" * 36), line("li_c").model_dump()])
    found = await templates(Shelf(shelved=[twins]), {"invoice": "INV-1042"})
    labels = [template.label for template in found]
    assert len(set(labels)) == len(labels)
    assert max(map(len, labels)) <= LABEL_MAX
    assert labels[2] == "Export · EUR\u00a0100.00"


async def test_an_invoice_of_three_hundred_lines_stays_within_a_menu() -> None:
    many = invoice(line_items=[line(f"li_{n}").model_dump() for n in range(300)])
    found = await templates(Shelf(shelved=[many]), {"invoice": "INV-1042"})
    assert len(found) == 100
    assert found[-1].id == "by_line"


async def test_without_an_invoice_only_a_refundable_note_has_lines() -> None:
    found = await templates(Shelf(), {"type": "refundable"})
    assert [template.id for template in found] == ["adhoc", "by_item"]
    for values in ({}, {"type": "store"}, {"invoice": "INV-1"}, {"invoice": "a b"}):
        with pytest.raises(InvalidInput) as caught:
            await templates(Shelf(), values)
        assert list(caught.value.problems) == ["invoice"]


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"description": "Export", "unit_amount": "50.00", "quantity": "2"}, "Export · 50.00 x 2"),
        ({"reference_line_item_id": "li_1", "amount": "7"}, "li_1 · 7"),
        ({}, "Credit"),
    ],
)
def test_an_entered_line_is_told_in_short(values: dict[str, str], text: str) -> None:
    assert describe(values) == text


def test_a_line_of_unknown_pricing_is_treated_as_a_flat_fee() -> None:
    odd = invoice(line_items=[LineItem(id="li_odd", pricing_model="new_model", amount=10_000).model_dump()])
    assert priced(entered(reference_line_item_id="li_odd", unit_amount="1"), odd).net_minor == 100
