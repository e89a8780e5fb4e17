"""Credit notes: what is sent, the ceilings with their figures, what is promised, how ours is found again."""

from typing import Any

import pytest
from pydantic import ValidationError

from bot.chargebee.resources import Invoice
from bot.core.errors import InvalidInput, Refusal
from bot.core.money import Money
from bot.core.plan import Plan, Value
from bot.operations.base import SiteProfile, Verdict
from bot.operations.credit_note import created, landed, load, plan
from bot.operations.credit_note_params import CreditNoteFacts, CreditNoteParams, MarkedNote
from tests.operations.operation_examples import (
    DAY_S,
    NOW,
    REF,
    SITE,
    Shelf,
    credit_note_facts,
    customer,
    invoice,
    note,
    paid_invoice,
)


def params(**changed: Any) -> CreditNoteParams:
    given = {
        "type": "adjustment",
        "invoice": "INV-1042",
        "total": {"digits": "20"},
        "comment": "Export was broken",
    }
    return CreditNoteParams.model_validate(given | changed)


def standalone(**changed: Any) -> CreditNoteParams:
    given = {"type": "refundable", "customer": "acme", "total": {"digits": "20"}, "comment": "Goodwill"}
    return CreditNoteParams.model_validate(given | changed)


def eur(minor: int) -> Money:
    return Money(amount_minor=minor, currency="EUR")


def after(made: Plan) -> dict[str, Value]:
    return {row.key: row.after for row in made.rows}


def problem(asked: CreditNoteParams, facts: CreditNoteFacts) -> dict[str, str]:
    with pytest.raises(InvalidInput) as caught:
        plan(asked, facts, REF)
    return caught.value.problems


def refusal(asked: CreditNoteParams, of: Invoice) -> Refusal:
    with pytest.raises(Refusal) as caught:
        plan(asked, credit_note_facts(of), REF)
    return caught.value


# ------------------------------------------------------------------------------------------------- what is entered


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"invoice": None}, "invoice"),
        ({"invoice": None, "type": "store"}, "invoice"),
        ({"invoice": None, "type": "refundable"}, "invoice"),
        ({"customer": "acme"}, "customer"),
        ({"currency": "EUR"}, "currency"),
        ({"lines": [{"unit_amount": {"digits": "1"}}]}, "total"),
        ({"total": None}, "total"),
    ],
)
def test_what_does_not_go_together_is_an_error_of_a_field(changed: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as caught:
        params(**changed)
    (error,) = caught.value.errors()
    assert error["ctx"]["field"] == field


@pytest.mark.parametrize("code", ["write_off", "chargeback", "fraudulent", "subscription_change"])
def test_old_reason_codes_that_chargebee_only_shows_are_not_accepted(code: str) -> None:
    with pytest.raises(ValidationError):
        params(reason_code=code)


# --------------------------------------------------------------------------------------------------- what is sent


def test_the_form_of_a_total_is_exact() -> None:
    asked = params(
        create_reason_code="Goodwill",
        reason_code="waiver",
        date="2026-11-18",
        customer_notes="Sorry for the export.",
    )
    call = plan(asked, credit_note_facts(invoice()), REF).call
    assert (call.api, call.path, call.comment_field) == ("v2", ("credit_notes",), "comment")
    assert call.form == (
        ("type", "adjustment"),
        ("reference_invoice_id", "INV-1042"),
        ("total", "2000"),
        ("create_reason_code", "Goodwill"),
        ("reason_code", "waiver"),
        ("date", "1794960000"),
        ("customer_notes", "Sorry for the export."),
        ("comment", "Export was broken [BR-1042]"),
    )


def test_a_standalone_note_names_customer_and_currency() -> None:
    made = plan(standalone(currency="usd"), credit_note_facts(), REF)
    assert made.call.form[:4] == (
        ("type", "refundable"),
        ("customer_id", "acme"),
        ("currency_code", "USD"),
        ("total", "2000"),
    )
    assert made.documents == ("acme",)


def test_lines_go_out_by_column_and_without_a_total() -> None:
    lines = [
        {"reference_line_item_id": "li_1", "unit_amount": {"digits": "10"}, "description": "Export"},
        {"unit_amount": {"digits": "2.50"}, "quantity": "2"},
    ]
    call = plan(params(total=None, lines=lines), credit_note_facts(invoice()), REF).call
    assert call.form[2:-1] == (
        ("line_items[reference_line_item_id][0]", "li_1"),
        ("line_items[entity_type][1]", "adhoc"),
        ("line_items[description][0]", "Export"),
        ("line_items[unit_amount][0]", "1000"),
        ("line_items[unit_amount][1]", "250"),
        ("line_items[quantity][1]", "2"),
    )


# ------------------------------------------------------------------------------------------- ceilings and statuses


def test_an_adjustment_is_at_most_what_is_due_less_payments_in_progress() -> None:
    running = {"txn_id": "t", "txn_status": "in_progress", "applied_amount": 10_000}
    facts = credit_note_facts(invoice(linked_payments=[running]))
    assert plan(params(total={"digits": "19"}), facts, REF).amount == eur(1_900)
    sentence = problem(params(), facts)["total"]
    assert "At most EUR\u00a019.00" in sentence
    assert "a payment of EUR\u00a0100.00 is in progress" in sentence


@pytest.mark.parametrize("kind", ["refundable", "store"])
def test_no_more_than_was_paid_can_be_given_back(kind: str) -> None:
    issued = [{"cn_id": "CN-1", "cn_total": 11_000, "cn_status": "refunded"}]
    facts = credit_note_facts(paid_invoice(issued_credit_notes=issued))
    assert "At most EUR\u00a09.00" in problem(params(type=kind), facts)["total"]
    made = plan(params(type=kind, total={"digits": "9"}), facts, REF)
    assert after(made)["invoice.issued"] == eur(11_900)


def test_lines_are_held_against_the_ceiling_with_their_tax() -> None:
    lines = [{"reference_line_item_id": "li_1", "unit_amount": {"digits": "101"}}]
    sentence = problem(params(total=None, lines=lines), credit_note_facts(invoice()))["lines"]
    assert "come to EUR\u00a0120.19 with tax" in sentence
    assert "At most EUR\u00a0119.00" in sentence


@pytest.mark.parametrize("status", ["paid", "voided", "pending"])
def test_only_open_invoices_can_be_adjusted(status: str) -> None:
    assert status in refusal(params(), invoice(status=status)).message


def test_a_paid_invoice_points_to_a_refundable_note_with_the_figure() -> None:
    assert "at most EUR\u00a0119.00 can be given back" in refusal(params(), paid_invoice()).hint


def test_an_unpaid_invoice_points_to_an_adjustment_with_the_figure() -> None:
    refused = refusal(params(type="refundable"), invoice())
    assert "adjustment credit note instead: at most EUR\u00a0119.00" in refused.hint


@pytest.mark.parametrize("status", ["voided", "pending"])
def test_nothing_is_given_back_on_voided_or_pending_invoices(status: str) -> None:
    assert status in refusal(params(type="store"), paid_invoice(status=status)).message


def test_app_store_invoices_are_left_alone() -> None:
    assert "app store" in refusal(params(), invoice(channel="play_store")).message


# -------------------------------------------------------------------------------------- reason codes, date, currency


def test_reason_codes_are_those_of_the_site_to_the_letter() -> None:
    site = SITE.model_copy(update={"reason_codes": ("Goodwill",), "reason_code_required": True})
    facts = credit_note_facts(invoice(), site=site)
    assert "needs a reason code" in problem(params(), facts)["create_reason_code"]
    assert "It has Goodwill" in problem(params(create_reason_code="goodwill"), facts)["create_reason_code"]
    made = plan(params(create_reason_code="Goodwill"), facts, REF)
    assert after(made)["credit_note.create_reason_code"] == "Goodwill"


def test_a_date_lies_between_the_invoice_and_today() -> None:
    facts = credit_note_facts(invoice())
    assert "future" in problem(params(date="2026-11-21"), facts)["date"]
    assert "2026-11-10" in problem(params(date="2026-11-09"), facts)["date"]
    assert after(plan(params(date="2026-11-20"), facts, REF))["credit_note.date"] == "2026-11-20"


def test_on_the_invoices_own_day_the_note_is_not_older_than_the_invoice() -> None:
    facts = credit_note_facts(invoice())
    form = dict(plan(params(date="2026-11-10"), facts, REF).call.form)
    assert form["date"] == str(NOW - 10 * DAY_S)


def test_a_day_is_a_day_of_the_site() -> None:
    facts = credit_note_facts(invoice(), site=SiteProfile(base_currency="EUR", tz="America/New_York"))
    made = plan(params(date="2026-11-18"), facts, REF)
    assert dict(made.call.form)["date"] == str(1_794_960_000 + 5 * 3600)
    assert after(made)["credit_note.date"] == "2026-11-18"


def test_the_currency_of_a_standalone_note_is_asked_for_when_nobody_knows_it() -> None:
    facts = credit_note_facts(site=SiteProfile(), customer=customer(preferred_currency_code=""))
    assert "Write the currency" in problem(standalone(), facts)["currency"]
    assert plan(standalone(total={"digits": "20", "currency": "JPY"}), facts, REF).amount == Money(
        amount_minor=20, currency="JPY"
    )
    mixed = standalone(total={"digits": "20", "currency": "JPY"}, currency="EUR")
    assert list(problem(mixed, facts)) == ["total"]


# -------------------------------------------------------------------------------------------------- what is promised


def test_an_adjustment_of_all_that_is_due_pays_the_invoice() -> None:
    made = plan(params(total={"digits": "119"}), credit_note_facts(invoice()), REF)
    assert after(made) == {
        "invoice.status": "paid",
        "invoice.amount_due": eur(0),
        "invoice.amount_adjusted": eur(11_900),
        "credit_note.type": "adjustment",
        "credit_note.customer_id": "acme",
        "credit_note.total": eur(11_900),
        "credit_note.tax": eur(1_900),
        "credit_note.amount_allocated": eur(11_900),
        "credit_note.amount_available": eur(0),
        "credit_note.status": "adjusted",
    }


def test_tax_is_the_invoices_scaled_and_rounded_half_up() -> None:
    made = plan(params(total={"digits": "50"}), credit_note_facts(invoice()), REF)
    assert after(made)["credit_note.tax"] == eur(798)  # 1900 * 5000 / 11900 = 798.3
    half = invoice(total=200, tax=25, amount_due=200, taxes=[{"amount": 25}])
    made = plan(params(total={"digits": "1"}), credit_note_facts(half), REF)
    assert after(made)["credit_note.tax"] == eur(13)  # 12.5


def test_tax_is_not_promised_where_it_depends_on_how_two_taxes_are_rounded() -> None:
    two = invoice(total=200, tax=50, amount_due=200, taxes=[{"amount": 25}, {"amount": 25}])
    made = plan(params(total={"digits": "1"}), credit_note_facts(two), REF)  # 13 + 13, or 25
    assert "credit_note.tax" not in after(made)


def test_a_store_note_carries_no_tax_and_is_available() -> None:
    made = plan(params(type="store"), credit_note_facts(paid_invoice()), REF)
    assert after(made) == {
        "invoice.issued": eur(2_000),
        "credit_note.type": "store",
        "credit_note.customer_id": "acme",
        "credit_note.total": eur(2_000),
        "credit_note.tax": eur(0),
        "credit_note.amount_allocated": eur(0),
        "credit_note.amount_available": eur(2_000),
        "credit_note.status": "refund_due",
    }


def test_a_line_of_its_own_on_a_taxed_invoice_leaves_the_total_to_chargebee() -> None:
    made = plan(
        params(total=None, lines=[{"unit_amount": {"digits": "10"}}]), credit_note_facts(invoice()), REF
    )
    assert "credit_note.total" not in after(made)
    assert "invoice.amount_due" not in after(made)
    assert after(made)["credit_note.lines"] == eur(1_000)
    assert made.amount == eur(1_190)  # the higher reading decides who has to approve
    assert "between EUR\u00a010.00 and EUR\u00a011.90" in " ".join(made.warnings)


def test_lines_of_a_standalone_note_promise_no_total() -> None:
    asked = standalone(total=None, lines=[{"unit_amount": {"digits": "10"}}])
    made = plan(asked, credit_note_facts(), REF)
    assert "credit_note.total" not in after(made)
    assert "at least EUR\u00a010.00" in " ".join(made.warnings)


# -------------------------------------------------------------------------------------------------- what is warned of


def test_a_refundable_note_is_said_to_move_no_money() -> None:
    made = plan(params(type="refundable"), credit_note_facts(paid_invoice()), REF)
    assert "No money moves yet" in made.warnings[0]


def test_what_is_printed_for_the_customer_is_shown_word_for_word() -> None:
    made = plan(params(customer_notes="Sorry!"), credit_note_facts(invoice()), REF)
    assert "Printed for the customer: “Sorry!”" in made.warnings


def test_a_note_over_the_same_amount_a_moment_ago_is_warned_of() -> None:
    twin = MarkedNote(note=note(total=2_000), marks=("BR-7",))
    assert "CN-12" in " ".join(plan(params(), credit_note_facts(invoice(), [twin]), REF).warnings)
    older = MarkedNote(note=note(total=2_000, generated_at=NOW - 9 * DAY_S), marks=())
    assert "CN-12" not in " ".join(plan(params(), credit_note_facts(invoice(), [older]), REF).warnings)


# ----------------------------------------------------------------------------------------------------- afterwards


def test_a_note_that_was_made_already_is_refused() -> None:
    with pytest.raises(Refusal, match="CN-12"):
        plan(params(), credit_note_facts(invoice(), [MarkedNote(note=note(), marks=(REF,))]), REF)


def test_a_new_note_without_a_mark_may_be_ours_so_nobody_can_tell() -> None:
    before = credit_note_facts(invoice())
    unmarked = credit_note_facts(invoice(), [MarkedNote(note=note(), marks=())])
    assert landed(params(), before, unmarked, REF) is Verdict.PENDING
    assert created(before, unmarked, REF) == ("CN-12",)


def test_a_note_of_another_request_is_not_ours() -> None:
    before = credit_note_facts(invoice())
    theirs = credit_note_facts(invoice(), [MarkedNote(note=note(), marks=("BR-1043",))])
    assert landed(params(), before, theirs, REF) is Verdict.ABSENT
    assert created(before, theirs, REF) == ()


def test_a_note_dated_back_may_be_hidden_below_a_list_that_is_cut_short() -> None:
    before = credit_note_facts(invoice(), complete=False)
    assert landed(params(), before, before, REF) is Verdict.ABSENT
    assert landed(params(date="2026-11-18"), before, before, REF) is Verdict.PENDING


async def test_load_finds_the_mark_in_the_notes_comments() -> None:
    of = note(id="CN-20")
    shelf = Shelf(
        shelved=[invoice(), customer(), of, note(id="CN-9", type="store")],
        comments_by_note={"CN-20": f"Export was broken [{REF}]"},
    )
    facts = await load(shelf, params())
    assert facts.listed == ("CN-20",)
    assert facts.ours(REF) == of
    assert landed(params(), credit_note_facts(invoice()), facts, REF) is Verdict.LANDED


async def test_unknown_documents_are_errors_of_their_fields() -> None:
    with pytest.raises(InvalidInput) as caught:
        await load(Shelf(), params())
    assert list(caught.value.problems) == ["invoice"]
    with pytest.raises(InvalidInput) as caught:
        await load(Shelf(), standalone())
    assert list(caught.value.problems) == ["customer"]
