"""Plans: the fingerprint covers what a person consents to, and differences are named field by field."""

from typing import Any

import pytest
from pydantic import ValidationError

from bot.core.money import Money
from bot.core.plan import Call, Day, Difference, Options, Party, Plan, Row, drifted, missed

EUR_5 = Money(amount_minor=500, currency="EUR")
EUR_0 = Money(amount_minor=0, currency="EUR")

STATUS = Row(key="invoice.status", group="Invoice INV-1", label="Status", before="not_paid", after="paid")
DUE = Row(key="invoice.amount_due", group="Invoice INV-1", label="Amount due", before=EUR_5, after=EUR_0)

PLAN = Plan(
    operation="write_off",
    summary="Write off invoice INV-1",
    call=Call(api="v2", path=("invoices", "INV-1", "write_off"), form=(("comment", "dup [BR-1]"),)),
    rows=(STATUS, DUE),
    amount=EUR_5,
    customer=Party(id="c1", name="Ada"),
    documents=("INV-1",),
    note_on=("invoice", "INV-1"),
)


def changed(**fields: Any) -> Plan:
    return PLAN.model_copy(update=fields)


@pytest.mark.parametrize(
    "fields",
    [
        {"operation": "charge"},
        {"call": PLAN.call.model_copy(update={"path": ("invoices", "INV-2", "write_off")})},
        {"call": PLAN.call.model_copy(update={"form": ()})},
        {"call": PLAN.call.model_copy(update={"api": "v1"})},
        {"options": Options(silence_emails=True)},
        {"options": Options(business_entity_id="be-de")},
        {"amount": None},
        {"amount": Money(amount_minor=501, currency="EUR")},
        {"amount": Money(amount_minor=500, currency="USD")},
        {"customer": None},
        {"customer": Party(id="c2", name="Ada")},
        {"rows": (STATUS,)},
        {"rows": (DUE, STATUS)},
        {"rows": (STATUS, DUE.model_copy(update={"before": EUR_0}))},
        {"rows": (STATUS, DUE.model_copy(update={"after": EUR_5}))},
        {"rows": (STATUS.model_copy(update={"before": None}), DUE)},
    ],
)
def test_what_a_person_consents_to_changes_the_fingerprint(fields: dict[str, Any]) -> None:
    assert changed(**fields).fingerprint != PLAN.fingerprint


@pytest.mark.parametrize(
    "fields",
    [
        {"summary": "Other words"},
        {"warnings": ("Mind the gap.",)},
        {"customer": Party(id="c1", name="Ada Lovelace")},
        {"documents": ("INV-1", "CN-1")},
        {"note_on": ("customer", "c1")},
    ],
)
def test_wording_keeps_the_fingerprint(fields: dict[str, Any]) -> None:
    assert changed(**fields).fingerprint == PLAN.fingerprint


def test_the_fingerprint_survives_storage() -> None:
    stored = Plan.model_validate_json(PLAN.model_dump_json())
    assert stored == PLAN
    assert stored.fingerprint == PLAN.fingerprint


def test_a_value_keeps_its_kind_in_storage() -> None:
    row = Row(key="k", group="g", label="l", before=Day(at=1_700_000_000), after=EUR_5)
    assert Row.model_validate_json(row.model_dump_json()) == row


def test_equal_plans_have_not_drifted() -> None:
    assert drifted(PLAN, changed(summary="Other words")) == ()


def test_drift_names_the_field_and_which_half_of_it_changed() -> None:
    fresh = changed(rows=(STATUS.model_copy(update={"before": "voided"}), DUE))
    assert drifted(PLAN, fresh) == (
        Difference(group="Invoice INV-1", label="Status (now)", said="not_paid", found="voided"),
    )


def test_drift_names_rows_that_came_or_went() -> None:
    label = "Amount due"
    assert drifted(PLAN, changed(rows=(STATUS,))) == (
        Difference(group="Invoice INV-1", label=f"{label} (now)", said=EUR_5, found=None),
        Difference(group="Invoice INV-1", label=f"{label} (afterwards)", said=EUR_0, found=None),
    )
    assert drifted(changed(rows=(STATUS,)), PLAN) == (
        Difference(group="Invoice INV-1", label=f"{label} (now)", said=None, found=EUR_5),
        Difference(group="Invoice INV-1", label=f"{label} (afterwards)", said=None, found=EUR_0),
    )


def test_drift_that_no_row_shows_is_still_told() -> None:
    found = drifted(PLAN, changed(options=Options(silence_emails=True)))
    assert [difference.label for difference in found] == ["What would be sent"]


def test_missed_compares_the_outcome_with_what_was_predicted() -> None:
    assert missed(PLAN, {"invoice.status": "paid", "invoice.amount_due": EUR_0, "more": "x"}) == ()
    assert missed(PLAN, {"invoice.status": "voided"}) == (
        Difference(group="Invoice INV-1", label="Status", said="paid", found="voided"),
        Difference(group="Invoice INV-1", label="Amount due", said=EUR_0, found=None),
    )


def test_a_plan_is_immutable_and_refuses_unknown_fields() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        PLAN.summary = "x"  # type: ignore[misc]  # that this is refused is the point
    with pytest.raises(ValidationError, match="extra"):
        Options.model_validate({"silence_everything": True})
