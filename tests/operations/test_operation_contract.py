"""What holds for every operation: a new one in the tuple is covered unasked, given an example of it."""

import json
import re
from collections.abc import Iterator

import pytest
from pydantic import BaseModel

from bot.chargebee.encoding import path
from bot.core.plan import missed
from bot.operations import BY_COMMAND, BY_NAME, OPERATIONS
from bot.operations.base import AnyOperation, Ask, Input, Verdict, asks
from tests.operations.operation_examples import EXAMPLES, NOW, REF, SITE, WORLD, Example

#: The body parameters of the pages the operations are made after. `[i]` stands for any index.
PARAMETERS: dict[str, set[str]] = {
    "v1/invoices/charge": {
        "customer_id",
        "subscription_id",
        "amount",
        "description",
        "po_number",
        "coupon",
    },
    "v2/invoices/create_for_charge_items_and_charges": {
        "customer_id",
        "subscription_id",
        "currency_code",
        "po_number",
        "coupon_ids[i]",
        "charges[amount][i]",
        "charges[description][i]",
    },
    "v2/credit_notes": {
        "type",
        "reference_invoice_id",
        "customer_id",
        "total",
        "reason_code",
        "create_reason_code",
        "date",
        "customer_notes",
        "comment",
        "currency_code",
        "line_items[reference_line_item_id][i]",
        "line_items[unit_amount][i]",
        "line_items[unit_amount_in_decimal][i]",
        "line_items[quantity][i]",
        "line_items[quantity_in_decimal][i]",
        "line_items[amount][i]",
        "line_items[date_from][i]",
        "line_items[date_to][i]",
        "line_items[description][i]",
        "line_items[entity_type][i]",
        "line_items[entity_id][i]",
    },
    "v2/invoices/*/write_off": {"comment"},
    "v2/invoices/*/remove_credit_note": {"credit_note[id]"},
    "v2/credit_notes/*/send_einvoice": set(),
}


def examples() -> Iterator[object]:
    for name, found in EXAMPLES.items():
        for number, example in enumerate(found):
            yield pytest.param(BY_NAME[name], example, id=f"{name}-{number}")


def forms(operation: AnyOperation) -> list[type[BaseModel]]:
    return [operation.params, operation.lines.line] if operation.lines else [operation.params]


def texts(ask: Ask) -> list[str]:
    return [ask.label, ask.hint, ask.placeholder, *(ask.choices or {}).values()]


every_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda o: o.name)
every_example = pytest.mark.parametrize(("operation", "example"), list(examples()))


def test_names_and_commands_are_unique() -> None:
    assert len(BY_NAME) == len(BY_COMMAND) == len(OPERATIONS)


@every_operation
def test_every_operation_has_an_example(operation: AnyOperation) -> None:
    assert EXAMPLES.get(operation.name)


@every_operation
def test_title_and_command_are_what_slack_takes(operation: AnyOperation) -> None:
    assert 0 < len(operation.title) <= 24
    assert re.fullmatch(r"/[a-z]+(-[a-z]+)*", operation.command)
    assert len(operation.command) <= 32
    assert operation.summary.endswith(".")


@every_operation
def test_undo_is_told_in_a_sentence(operation: AnyOperation) -> None:
    assert operation.undo.endswith(".")
    assert re.search(r"undone", operation.undo)


@every_operation
def test_every_field_says_how_it_is_asked_for(operation: AnyOperation) -> None:
    for form in forms(operation):
        assert list(asks(form)) == list(form.model_fields)


@every_operation
def test_texts_of_fields_are_within_slacks_limits(operation: AnyOperation) -> None:
    for form in forms(operation):
        for ask in asks(form).values():
            assert 0 < len(ask.label) <= 48
            assert len(ask.hint) <= 150
            assert len(ask.placeholder) <= 150
            assert all(len(label) <= 75 for label in (ask.choices or {}).values())
            assert len(ask.choices or {}) <= 100
            assert not any(set(text) & set("<>&") for text in texts(ask))


@every_operation
def test_places_on_the_command_line_count_from_one(operation: AnyOperation) -> None:
    places = sorted(ask.place for ask in asks(operation.params).values() if ask.place)
    assert places == list(range(1, len(places) + 1))


@every_operation
def test_fields_that_depend_on_others_name_fields_there_are(operation: AnyOperation) -> None:
    for form in forms(operation):
        known = asks(form)
        for ask in known.values():
            assert not ask.depends_on or ask.depends_on in known
            if ask.only_when:
                name, values = ask.only_when
                assert set(values) <= set(known[name].choices or {})
            if ask.choices_from:
                assert hasattr(SITE, ask.choices_from)
            assert (ask.input is Input.CHOICE) == bool(ask.choices or ask.choices_from)


@every_operation
def test_a_field_of_lines_is_described_by_lines(operation: AnyOperation) -> None:
    fields = [name for name, ask in asks(operation.params).items() if ask.input is Input.LINES]
    assert fields == ([operation.lines.field] if operation.lines else [])


@every_example
def test_params_and_facts_survive_json(operation: AnyOperation, example: Example) -> None:
    for model, value in (
        (operation.params, example.params),
        (operation.facts, example.before),
        (operation.facts, example.after),
    ):
        assert model.model_validate(json.loads(json.dumps(value.model_dump(mode="json")))) == value


@every_example
def test_a_plan_is_the_same_each_time_it_is_made(operation: AnyOperation, example: Example) -> None:
    again = operation.facts.model_validate(json.loads(example.before.model_dump_json()))
    later = again.model_copy(update={"as_of": NOW + 600})
    first = operation.plan(example.params, example.before, REF)
    assert operation.plan(example.params, again, REF) == first
    assert operation.plan(example.params, later, REF).fingerprint == first.fingerprint


@every_example
def test_a_plan_is_of_its_operation_and_names_what_it_touches(
    operation: AnyOperation, example: Example
) -> None:
    plan = operation.plan(example.params, example.before, REF)
    assert plan.operation == operation.name
    assert plan.summary
    assert plan.documents
    assert plan.customer
    assert plan.note_on
    assert plan.amount
    assert len({row.key for row in plan.rows}) == len(plan.rows) > 0


@every_example
def test_the_call_is_one_the_page_lists(operation: AnyOperation, example: Example) -> None:
    call = operation.plan(example.params, example.before, REF).call
    path(call.path)  # raises for a segment that would leave the path
    segments = [s if s not in ("INV-1042", "CN-12") else "*" for s in call.path]
    allowed = PARAMETERS["/".join([call.api, *segments])]
    names = [name for name, _ in call.form]
    assert len(set(names)) == len(names)
    assert {re.sub(r"\[\d+\]$", "[i]", name) for name in names} <= allowed
    assert all(value for _, value in call.form)
    assert not call.comment_field or call.comment_field in names


@every_example
def test_what_happens_only_once_carries_the_mark(operation: AnyOperation, example: Example) -> None:
    """Charge and credit note can be repeated, so ours has to be found again among others."""
    plan = operation.plan(example.params, example.before, REF)
    marked = any(f"[{REF}]" in value for _, value in plan.call.form)
    assert marked == (operation.name in ("charge", "credit_note", "write_off"))


@every_example
def test_every_row_is_found_again_afterwards(operation: AnyOperation, example: Example) -> None:
    plan = operation.plan(example.params, example.before, REF)
    seen = operation.picture(example.params, example.after, REF)
    assert {row.key for row in plan.rows} <= set(seen)
    assert missed(plan, dict(seen)) == ()


@every_example
def test_nothing_changed_is_absent_and_the_change_is_landed(
    operation: AnyOperation, example: Example
) -> None:
    before, after = example.before, example.after
    assert operation.landed(example.params, before, before, REF) is Verdict.ABSENT
    assert operation.landed(example.params, before, after, REF) is Verdict.LANDED
    assert operation.created(before, before, REF) == ()


@every_operation
def test_a_business_entity_goes_with_v2_calls_only(operation: AnyOperation) -> None:
    for example in EXAMPLES[operation.name]:
        plan = operation.plan(example.params, example.before, REF)
        assert operation.takes_entity(example.before.site) == (plan.call.api == "v2")
    assert operation.takes_entity(WORLD)
