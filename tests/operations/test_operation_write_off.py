"""Writing off: always the whole amount due, never twice, and only ours counts as done."""

import pytest

from bot.chargebee.resources import Invoice
from bot.core.errors import InvalidInput, Refusal
from bot.core.money import Money
from bot.operations.base import Verdict
from bot.operations.write_off import WriteOffParams, created, landed, load, plan
from tests.operations.operation_examples import REF, Shelf, customer, invoice, note, write_off_facts

PARAMS = WriteOffParams(invoice="INV-1042", comment="duplicate of INV-1040")


def test_the_call_carries_the_reason_with_the_mark() -> None:
    call = plan(PARAMS, write_off_facts(invoice()), REF).call
    assert call.path == ("invoices", "INV-1042", "write_off")
    assert call.form == (("comment", "duplicate of INV-1040 [BR-1042]"),)


def test_all_that_is_due_is_written_off_and_no_more() -> None:
    made = plan(PARAMS, write_off_facts(invoice(amount_paid=1_900, amount_due=10_000)), REF)
    assert made.amount == Money(amount_minor=10_000, currency="EUR")
    assert "has paid a part" in " ".join(made.warnings)


@pytest.mark.parametrize(
    ("of", "said"),
    [
        (invoice(status="paid", amount_due=0), "is paid"),
        (invoice(status="voided"), "is voided"),
        (invoice(channel="app_store"), "app store"),
        (invoice(amount_due=0), "Nothing is due"),
        (
            invoice(linked_payments=[{"txn_status": "in_progress", "applied_amount": 100}]),
            "payment for invoice INV-1042 is in progress",
        ),
    ],
)
def test_what_does_not_hold_is_refused(of: Invoice, said: str) -> None:
    with pytest.raises(Refusal, match=said) as caught:
        plan(PARAMS, write_off_facts(of), REF)
    assert caught.value.hint


def test_a_write_off_without_our_mark_may_be_somebody_elses() -> None:
    after = write_off_facts(invoice(status="paid", amount_due=0, write_off_amount=11_900), marks=("BR-7",))
    assert landed(PARAMS, write_off_facts(invoice()), after, REF) is Verdict.PENDING


def test_a_write_off_with_our_mark_is_ours_also_when_a_payment_made_it_less() -> None:
    paid_before = invoice(status="paid", amount_due=0, write_off_amount=10_000)
    assert landed(PARAMS, write_off_facts(invoice()), write_off_facts(paid_before, marks=(REF,)), REF) is (
        Verdict.LANDED
    )
    assert landed(PARAMS, write_off_facts(invoice()), write_off_facts(invoice(), marks=(REF,)), REF) is (
        Verdict.ABSENT
    )


async def test_load_finds_note_and_mark() -> None:
    entry = {"cn_id": "CN-30", "cn_create_reason_code": "Write Off", "cn_total": 11_900}
    closed = invoice(status="paid", amount_due=0, write_off_amount=11_900, adjustment_credit_notes=[entry])
    shelf = Shelf(
        shelved=[closed, customer(), note(id="CN-30")], comments_by_note={"INV-1042": f"duplicate [{REF}]"}
    )
    facts = await load(shelf, PARAMS)
    assert facts.marks == (REF,)
    assert created(write_off_facts(invoice()), facts, REF) == ("CN-30",)
    with pytest.raises(InvalidInput) as caught:
        await load(Shelf(), PARAMS)
    assert list(caught.value.problems) == ["invoice"]
