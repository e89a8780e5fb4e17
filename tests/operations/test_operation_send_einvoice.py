"""Sending an e-invoice: preconditions as far as they show, and every status read for what it means."""

import pytest

from bot.core.errors import InvalidInput, Refusal
from bot.core.plan import missed
from bot.operations.base import Verdict
from bot.operations.send_einvoice import (
    OPERATION,
    SendEinvoiceFacts,
    SendEinvoiceParams,
    landed,
    load,
    picture,
    plan,
)
from tests.operations.operation_examples import REF, SITE, Shelf, customer, einvoice_facts, note

PARAMS = SendEinvoiceParams(credit_note="CN-12")


def test_the_call_has_no_parameters_at_all() -> None:
    call = plan(PARAMS, einvoice_facts(), REF).call
    assert call.path == ("credit_notes", "CN-12", "send_einvoice")
    assert call.form == ()


def test_its_undo_sentence_alone_says_that_it_cannot_be_undone() -> None:
    assert OPERATION.settles_later
    assert OPERATION.undo.startswith("Cannot be undone")
    assert not OPERATION.undoable
    assert "undone" not in " ".join(plan(PARAMS, einvoice_facts(), REF).warnings)


@pytest.mark.parametrize("status", ["failed", "skipped"])
def test_a_failed_or_skipped_one_can_be_sent_again_and_is_told(status: str) -> None:
    made = plan(PARAMS, einvoice_facts(status, "receiver not found"), REF)
    assert made.rows[0].before == status
    assert "receiver not found" in " ".join(made.warnings)


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        (einvoice_facts("success"), "already: success"),
        (einvoice_facts("in_progress"), "already: in progress"),
        (einvoice_facts("brand_new_status"), "already: brand new status"),
        (einvoice_facts(customer=customer(is_einvoice_enabled=False)), "E-invoicing is off"),
        (einvoice_facts(customer=customer(einvoicing_method="automatic")), "by itself"),
        (einvoice_facts(note=note(status="voided")), "is voided"),
    ],
)
def test_what_does_not_hold_is_refused(facts: SendEinvoiceFacts, said: str) -> None:
    with pytest.raises(Refusal, match=said) as caught:
        plan(PARAMS, facts, REF)
    assert caught.value.hint


def test_what_the_api_does_not_show_is_said() -> None:
    unknown = customer(is_einvoice_enabled=None, einvoicing_method="site_default")
    warnings = " ".join(plan(PARAMS, einvoice_facts(customer=unknown), REF).warnings)
    assert "does not say" in warnings
    assert "automatically" in warnings


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        ("scheduled", Verdict.PENDING),
        ("in_progress", Verdict.PENDING),
        ("brand_new_status", Verdict.PENDING),
        ("success", Verdict.LANDED),
        ("registered", Verdict.LANDED),
        ("accepted", Verdict.LANDED),
        ("under_query", Verdict.LANDED),
        ("paid", Verdict.LANDED),
        ("skipped", Verdict.ABSENT),
        ("rejected", Verdict.ABSENT),
        ("failed", Verdict.ABSENT),
    ],
)
def test_every_status_is_read_for_what_it_means(status: str, verdict: Verdict) -> None:
    assert landed(PARAMS, einvoice_facts(), einvoice_facts(status), REF) is verdict


def test_the_same_failed_one_as_before_means_that_nothing_was_sent() -> None:
    before = einvoice_facts("failed")
    assert landed(PARAMS, before, before, REF) is Verdict.ABSENT
    assert landed(PARAMS, before, einvoice_facts("scheduled"), REF) is Verdict.PENDING


def test_what_the_receiver_answers_later_is_no_difference_but_no_delivery_is() -> None:
    made = plan(PARAMS, einvoice_facts(), REF)
    assert missed(made, dict(picture(PARAMS, einvoice_facts("accepted"), REF))) == ()
    (difference,) = missed(made, dict(picture(PARAMS, einvoice_facts("registered"), REF)))
    assert difference.found == "registered"


async def test_load_reads_note_and_customer() -> None:
    facts = await load(Shelf(shelved=[note(), customer()]), PARAMS)
    assert (facts.note.id, facts.customer.id, facts.site) == ("CN-12", "acme", SITE)
    with pytest.raises(InvalidInput) as caught:
        await load(Shelf(), PARAMS)
    assert list(caught.value.problems) == ["credit_note"]
