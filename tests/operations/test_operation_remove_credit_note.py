"""Removing a credit note: preconditions, effects on invoice and note, and when it counts as done."""

import pytest

from bot.core.errors import InvalidInput, Refusal
from bot.core.money import Money
from bot.core.plan import Value
from bot.operations.base import Verdict
from bot.operations.remove_credit_note import (
    RemoveCreditNoteFacts,
    RemoveCreditNoteParams,
    landed,
    load,
    plan,
)
from tests.operations.operation_examples import (
    DAY_S,
    NOW,
    REF,
    Shelf,
    adjusted_invoice,
    customer,
    invoice,
    note,
    removal_facts,
)

PARAMS = RemoveCreditNoteParams(invoice="INV-1042", credit_note="CN-12", reason="given by mistake")


def eur(minor: int) -> Money:
    return Money(amount_minor=minor, currency="EUR")


def after(facts: RemoveCreditNoteFacts) -> dict[str, Value]:
    return {row.key: row.after for row in plan(PARAMS, facts, REF).rows}


def refundable(applied: int = 3_000, **changed: object) -> RemoveCreditNoteFacts:
    """A refundable note put on the invoice."""
    credited = note(
        type="refundable",
        status="refunded",
        total=applied,
        amount_allocated=applied,
        allocations=[{"invoice_id": "INV-1042", "allocated_amount": applied}],
    )
    entry = {"cn_id": "CN-12", "cn_status": "refunded", "applied_amount": applied}
    paying = {
        "amount_due": 11_900 - applied,
        "credits_applied": applied,
        "applied_credits": [entry],
    }
    return removal_facts(invoice(**paying | changed), credited)


def test_the_call_names_the_note_only() -> None:
    call = plan(PARAMS, removal_facts(adjusted_invoice(), note()), REF).call
    assert call.path == ("invoices", "INV-1042", "remove_credit_note")
    assert call.form == (("credit_note[id]", "CN-12"),)


def test_an_adjustment_is_due_again_and_no_longer_adjusted() -> None:
    assert after(removal_facts(adjusted_invoice(), note())) == {
        "invoice.status": "payment_due",
        "invoice.amount_due": eur(11_900),
        "invoice.amount_adjusted": eur(0),
        "credit_note.amount_allocated": eur(0),
        "credit_note.amount_available": eur(5_000),
    }


def test_a_refundable_note_has_credit_again() -> None:
    assert after(refundable()) == {
        "invoice.status": "payment_due",
        "invoice.amount_due": eur(11_900),
        "invoice.credits_applied": eur(0),
        "credit_note.amount_allocated": eur(0),
        "credit_note.amount_available": eur(3_000),
        "credit_note.status": "refund_due",
    }


@pytest.mark.parametrize(
    ("due_date", "status"), [(NOW + DAY_S, "posted"), (NOW - DAY_S, "not_paid"), (None, "not_paid")]
)
def test_a_paid_invoice_is_posted_until_it_is_due(due_date: int | None, status: str) -> None:
    """A write-off undone: the amount comes off what was written off, too."""
    closed = adjusted_invoice(
        status="paid", amount_due=0, amount_adjusted=11_900, write_off_amount=11_900, due_date=due_date
    )
    written_off = note(
        create_reason_code="Write Off",
        total=11_900,
        amount_allocated=11_900,
        allocations=[{"invoice_id": "INV-1042", "allocated_amount": 11_900}],
    )
    facts = removal_facts(closed, written_off)
    assert after(facts)["invoice.status"] == status
    assert after(facts)["invoice.write_off_amount"] == eur(0)
    assert "undoes a write-off" in " ".join(plan(PARAMS, facts, REF).warnings)


def test_the_freed_credit_is_warned_of() -> None:
    warnings = plan(PARAMS, removal_facts(adjusted_invoice(), note()), REF).warnings
    assert "freed EUR\u00a050.00 on the customer's next invoice" in warnings[0]


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        (removal_facts(adjusted_invoice(status="voided"), note()), "is voided"),
        (removal_facts(adjusted_invoice(status="pending"), note()), "is pending"),
        (removal_facts(adjusted_invoice(channel="app_store"), note()), "app store"),
        (removal_facts(adjusted_invoice(), note(status="voided")), "CN-12 is voided"),
        (removal_facts(adjusted_invoice(), note(type="store")), "store credit note"),
        (removal_facts(adjusted_invoice(), note(allocations=[])), "not applied"),
        (removal_facts(adjusted_invoice(id="INV-1"), note()), "not applied"),
    ],
)
def test_what_does_not_hold_is_refused(facts: RemoveCreditNoteFacts, said: str) -> None:
    with pytest.raises(Refusal, match=said) as caught:
        plan(PARAMS, facts, REF)
    assert caught.value.hint


def test_a_refusal_names_the_notes_that_could_be_removed() -> None:
    with pytest.raises(Refusal) as caught:
        plan(PARAMS, removal_facts(adjusted_invoice(), note(id="CN-99", allocations=[])), REF)
    assert caught.value.hint == "Applied to invoice INV-1042: CN-12."


def test_no_more_than_the_refundable_amount_can_be_taken_off() -> None:
    issued = [{"cn_id": "CN-50", "cn_total": 1_000, "cn_status": "refund_due"}]
    with pytest.raises(Refusal, match=r"at most EUR.20.00"):
        plan(PARAMS, refundable(issued_credit_notes=issued), REF)
    voided = [{"cn_id": "CN-50", "cn_total": 1_000, "cn_status": "voided"}]
    assert plan(PARAMS, refundable(issued_credit_notes=voided), REF).amount == eur(3_000)


def test_a_voided_note_is_off_the_invoice_but_perhaps_not_by_us() -> None:
    before = removal_facts(adjusted_invoice(), note())
    voided = removal_facts(invoice(), note(status="voided", allocations=[]))
    assert landed(PARAMS, before, voided, REF) is Verdict.PENDING


async def test_unknown_documents_are_errors_of_their_fields() -> None:
    with pytest.raises(InvalidInput) as caught:
        await load(Shelf(), PARAMS)
    assert list(caught.value.problems) == ["invoice"]
    with pytest.raises(InvalidInput) as caught:
        await load(Shelf(shelved=[adjusted_invoice(), customer()]), PARAMS)
    assert list(caught.value.problems) == ["credit_note"]
