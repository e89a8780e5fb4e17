"""Wire models: what is optional, what is refused, what is derived."""

from typing import Any

import pytest
from pydantic import ValidationError

from bot.chargebee.resources import CreditNote, Customer, Invoice, InvoiceV1, Subscription

INVOICE: dict[str, Any] = {
    "id": "INV-1",
    "customer_id": "acme",
    "currency_code": "EUR",
    "status": "payment_due",
    "total": 10000,
    "amount_due": 6000,
    "amount_paid": 4000,
    "resource_version": 1763632800123,
    "line_items": [{"id": "li_1", "unit_amount": 10000, "amount": 10000, "pricing_model": "flat_fee"}],
    "linked_payments": [
        {"txn_id": "t1", "applied_amount": 4000, "txn_amount": 9000, "txn_status": "success"},
        {"txn_id": "t2", "applied_amount": 1500, "txn_amount": 1500, "txn_status": "in_progress"},
        {"txn_id": "t3", "applied_amount": 700, "txn_amount": 700, "txn_status": "failure"},
    ],
    "applied_credits": [
        {"cn_id": "CN-1", "applied_amount": 300, "cn_status": "refunded"},
        {"cn_id": "CN-2", "applied_amount": 200, "cn_status": "voided"},
    ],
    "issued_credit_notes": [
        {"cn_id": "CN-3", "cn_total": 1000, "cn_status": "refund_due"},
        {"cn_id": "CN-4", "cn_total": 500, "cn_status": "voided"},
    ],
    "linked_taxes_withheld": [{"id": "tw", "amount": 50}],
    "einvoice": {"id": "e1", "status": "a_status_of_next_year"},
    "an_attribute_of_next_year": {"x": 1.5},
}


def test_refundable_counts_what_was_paid_less_what_was_given_back_and_no_voided_note() -> None:
    assert Invoice.model_validate(INVOICE).refundable_minor == 4000 + 300 + 50 - 1000


def test_payments_in_progress_lower_what_can_be_adjusted() -> None:
    invoice = Invoice.model_validate(INVOICE)
    assert (invoice.in_progress_minor, invoice.adjustable_minor) == (1500, 4500)


def test_a_refundable_amount_is_never_negative() -> None:
    invoice = Invoice.model_validate(INVOICE | {"linked_payments": []})
    assert invoice.refundable_minor == 0


def test_new_attributes_and_new_enum_values_are_no_errors() -> None:
    invoice = Invoice.model_validate(INVOICE)
    assert invoice.einvoice is not None
    assert invoice.einvoice.status == "a_status_of_next_year"


@pytest.mark.parametrize("value", [60.0, "6000", True, None])
def test_money_that_is_no_integer_is_a_broken_answer(value: object) -> None:
    with pytest.raises(ValidationError):
        Invoice.model_validate(INVOICE | {"amount_due": value})


def test_what_chargebee_leaves_out_is_zero_empty_or_none() -> None:
    bare = Invoice.model_validate(
        {key: INVOICE[key] for key in ("id", "customer_id", "currency_code", "status")}
    )
    assert (bare.total, bare.due_date, bare.line_items, bare.einvoice, bare.subscription_id) == (
        0,
        None,
        (),
        None,
        "",
    )


def test_models_survive_being_stored_as_json() -> None:
    invoice = Invoice.model_validate(INVOICE)
    assert Invoice.model_validate(invoice.model_dump(mode="json")) == invoice
    note = CreditNote.model_validate(
        {
            "id": "CN-1",
            "customer_id": "acme",
            "currency_code": "EUR",
            "type": "refundable",
            "status": "refund_due",
            "allocations": [{"invoice_id": "INV-1", "allocated_amount": 5}],
            "linked_refunds": [{"txn_id": "r", "applied_amount": 2, "refund_reason_code": "x"}],
        }
    )
    assert CreditNote.model_validate(note.model_dump(mode="json")) == note
    assert (note.allocated_to("INV-1"), note.allocated_to("INV-2")) == (5, 0)


def test_a_line_is_found_by_its_id() -> None:
    invoice = Invoice.model_validate(INVOICE)
    assert invoice.line("li_1") == invoice.line_items[0]
    assert invoice.line("li_2") is None


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"company": "Acme GmbH", "first_name": "Ada"}, "Acme GmbH"),
        ({"first_name": "Ada", "last_name": "Lovelace"}, "Ada Lovelace"),
        ({"last_name": "Lovelace"}, "Lovelace"),
        ({"company": "  ", "email": "ada@example.com"}, "acme"),
    ],
)
def test_a_customer_is_called_by_company_then_name_then_id_and_never_by_email(
    fields: dict[str, str], name: str
) -> None:
    assert Customer.model_validate({"id": "acme"} | fields).display_name == name


def test_an_email_is_not_kept() -> None:
    customer = Customer.model_validate({"id": "acme", "email": "ada@example.com", "phone": "1"})
    assert "example.com" not in customer.model_dump_json()


@pytest.mark.parametrize(
    ("fields", "at_once"),
    [
        ({"auto_collection": "on", "primary_payment_source_id": "pm_1"}, True),
        ({"auto_collection": "on", "card_status": "valid"}, True),
        ({"auto_collection": "on", "card_status": "no_card"}, False),
        ({"auto_collection": "off", "primary_payment_source_id": "pm_1"}, False),
    ],
)
def test_money_is_collected_at_once_with_auto_collection_and_something_to_charge(
    fields: dict[str, str], at_once: bool
) -> None:
    assert Customer.model_validate({"id": "acme"} | fields).collects_at_once is at_once


def test_a_subscription_is_named_by_its_plan() -> None:
    base = {"id": "s", "customer_id": "acme", "currency_code": "EUR", "status": "active"}
    items = [
        {"item_price_id": "seat", "item_type": "addon"},
        {"item_price_id": "team-monthly", "item_type": "plan"},
    ]
    assert Subscription.model_validate(base | {"subscription_items": items}).plan == "team-monthly"
    assert Subscription.model_validate(base | {"plan_id": "old-plan"}).plan == "old-plan"


def test_a_v1_invoice_has_its_own_names() -> None:
    v1 = InvoiceV1.model_validate(
        {
            "id": "1",
            "customer_id": "acme",
            "currency_code": "EUR",
            "status": "paid",
            "start_date": 1763632800,
            "amount": 5000,
            "linked_transactions": [{"txn_id": "t", "txn_type": "payment", "applied_amount": 5000}],
        }
    )
    assert (v1.amount, v1.start_date, v1.linked_transactions[0].txn_type) == (5000, 1763632800, "payment")
    with pytest.raises(ValidationError):
        InvoiceV1.model_validate(INVOICE)
