"""Forms: what they show, what they keep, how they are read, and how every problem finds its field."""

from typing import Any

import pytest

from bot.core.errors import InvalidInput
from bot.core.money import Typed
from bot.core.plan import Options
from bot.operations import OPERATIONS
from bot.operations.base import AnyOperation, asks
from bot.slack.forms import (
    FormContext,
    check_line,
    chosen_template,
    errors_for_slack,
    form_view,
    labels_of,
    line_view,
    read_form,
    read_line,
    to_params,
    values_of,
)
from bot.slack.routes import field_block, field_of
from tests.slack.slack_examples import CONTEXT, NASTY, NOW, SAMPLE, SITE, TEMPLATES
from tests.slack.slack_limits import buttons, shown, typed, view_problems

GOOD = {"invoice": "INV-7", "total": "20,50 EUR", "comment": "export was broken"}
GERMAN = FormContext(now=NOW, site=SITE, locale="de-DE", tz="Europe/Berlin")
FULL = FormContext(
    now=NOW,
    site=SITE,
    entities={"be-1": "Acme Europe", "be-2": "Acme US"},
    default_entity="be-1",
    switches=("webhooks", "emails", "actions"),
)
EVERYTHING: tuple[AnyOperation, ...] = (*OPERATIONS, SAMPLE)


def fields_of(view: dict[str, Any]) -> list[str]:
    return [str(field_of(block["block_id"])) for block in view["blocks"] if block["type"] == "input"]


def block(view: dict[str, Any], field: str) -> dict[str, Any]:
    found = [b for b in view["blocks"] if b["type"] == "input" and field_of(b["block_id"]) == field]
    assert len(found) == 1
    made: dict[str, Any] = found[0]
    return made


def problems(values: dict[str, Any], context: FormContext = GERMAN) -> dict[str, str]:
    with pytest.raises(InvalidInput) as caught:
        to_params(SAMPLE, values, context)
    return caught.value.problems


# Every operation


@pytest.mark.parametrize("op", EVERYTHING, ids=lambda op: op.name)
@pytest.mark.parametrize("long", [0, 1, 70, 4000])
def test_every_operations_form_keeps_slacks_limits(op: AnyOperation, long: int) -> None:
    text = (NASTY * 100)[:long]
    values: dict[str, Any] = dict.fromkeys(asks(op.params), text)
    if op.lines:
        values[op.lines.field] = [dict.fromkeys(asks(op.lines.line), text)] * 45 if long else []
    wrong = dict.fromkeys([*asks(op.params), "elsewhere"], text or "Wrong.")
    for problem in ({}, wrong):
        for choice in _branches(op, values):
            labels = dict.fromkeys(asks(op.params), text)
            assert not view_problems(form_view(op, choice, FULL, "draft", problem, labels))


def _branches(op: AnyOperation, values: dict[str, Any]) -> list[dict[str, Any]]:
    """The values with every way to fill a field that others hang on."""
    found = [values]
    for ask in asks(op.params).values():
        if ask.only_when:
            found += [{**values, ask.only_when[0]: way} for way in ask.only_when[1]]
    return found


@pytest.mark.parametrize("op", EVERYTHING, ids=lambda op: op.name)
def test_every_operation_asks_for_what_it_needs_when_nothing_is_filled_in(op: AnyOperation) -> None:
    view = form_view(op, {}, CONTEXT, "draft")
    with pytest.raises(InvalidInput) as caught:
        to_params(op, {}, CONTEXT)
    for name in caught.value.problems:
        assert name in fields_of(view) or (op.lines and name == op.lines.field), name


@pytest.mark.parametrize("op", EVERYTHING, ids=lambda op: op.name)
def test_an_untouched_form_reads_back_as_nothing(op: AnyOperation) -> None:
    read = read_form(op, typed(form_view(op, {}, CONTEXT, "draft")), {})
    defaults = {n: f.default for n, f in op.params.model_fields.items() if isinstance(f.default, str)}
    assert {name: value for name, value in read.items() if value and value != defaults.get(name)} == {}


# Drawing


def test_fields_without_a_value_of_their_own_are_required_and_others_optional() -> None:
    view = form_view(SAMPLE, {}, CONTEXT, "d")
    assert "optional" not in block(view, "comment")
    assert block(view, "printed")["optional"] is True


def test_only_fields_that_others_hang_on_report_at_once() -> None:
    view = form_view(SAMPLE, {}, CONTEXT, "d")
    reporting = [field_of(b["block_id"]) for b in view["blocks"] if b.get("dispatch_action")]
    assert reporting == ["invoice", "kind"]


def test_a_field_is_shown_only_while_its_condition_holds() -> None:
    assert "total" in fields_of(form_view(SAMPLE, {}, CONTEXT, "d"))
    by_lines = form_view(SAMPLE, {"kind": "lines"}, CONTEXT, "d")
    assert "total" not in fields_of(by_lines)
    assert "Add a line" in buttons(by_lines)


def test_the_amounts_hint_is_written_in_the_readers_way() -> None:
    assert "EUR 1.250,00" in block(form_view(SAMPLE, {}, GERMAN, "d"), "total")["hint"]["text"]
    assert "EUR 1,250.00" in block(form_view(SAMPLE, {}, CONTEXT, "d"), "total")["hint"]["text"]


def test_text_that_the_customer_sees_says_so() -> None:
    assert "customer will see" in block(form_view(SAMPLE, {}, CONTEXT, "d"), "printed")["hint"]["text"]


def test_text_fields_take_no_more_than_the_model_does() -> None:
    assert block(form_view(SAMPLE, {}, CONTEXT, "d"), "comment")["element"]["max_length"] == 260


def test_a_picked_id_is_shown_with_its_label() -> None:
    element = block(
        form_view(SAMPLE, {"invoice": "INV-7"}, CONTEXT, "d", {}, {"invoice": "Acme, EUR 5"}), "invoice"
    )
    assert element["element"]["initial_option"]["text"]["text"] == "Acme, EUR 5"
    assert element["element"]["initial_option"]["value"] == "INV-7"


def test_codes_the_site_lists_are_chosen_and_others_are_typed() -> None:
    assert block(form_view(SAMPLE, {}, CONTEXT, "d"), "code")["element"]["type"] == "static_select"
    free = FormContext(now=NOW, site=SITE.model_copy(update={"reason_codes": ()}))
    assert block(form_view(SAMPLE, {}, free, "d"), "code")["element"]["type"] == "plain_text_input"


def test_problems_stand_below_their_field_and_unknown_ones_on_top() -> None:
    view = form_view(SAMPLE, {}, CONTEXT, "d", {"comment": "Too short.", "elsewhere": "Odd."})
    assert shown(view["blocks"][0]) == "⚠️ Odd."
    at = view["blocks"].index(block(view, "comment"))
    assert shown(view["blocks"][at + 1]) == "⚠️ Too short."


def test_header_options_are_offered_only_to_those_who_may_use_them() -> None:
    assert not {"business_entity_id", "switches"} & set(fields_of(form_view(SAMPLE, {}, CONTEXT, "d")))
    view = form_view(SAMPLE, {}, FULL, "d")
    assert {"business_entity_id", "switches"} <= set(fields_of(view))
    assert "Other systems" in shown(view)


# Keeping and forgetting


def test_a_change_elsewhere_keeps_what_is_typed_because_ids_stay() -> None:
    first = form_view(SAMPLE, {"invoice": "INV-7"}, CONTEXT, "d")
    again = form_view(SAMPLE, {"invoice": "INV-8"}, CONTEXT, "d")
    for name in ("invoice", "comment", "total", "kind"):
        assert block(first, name)["block_id"] == block(again, name)["block_id"]
        assert block(first, name)["element"]["action_id"] == block(again, name)["element"]["action_id"]


def test_a_dependent_picker_forgets_its_choice_when_its_invoice_changes() -> None:
    values = {"invoice": "INV-7", "note": "CN-1"}
    view = form_view(SAMPLE, values, CONTEXT, "d")
    assert read_form(SAMPLE, typed(view), values)["note"] == "CN-1"
    changed = read_form(SAMPLE, typed(view, invoice="INV-8"), values)
    assert changed["invoice"] == "INV-8"
    assert changed["note"] == ""
    redrawn = form_view(SAMPLE, changed, CONTEXT, "d")
    assert block(redrawn, "note")["block_id"] != block(view, "note")["block_id"]
    assert "initial_option" not in block(redrawn, "note")["element"]


def test_picking_the_invoice_first_does_not_lose_a_note_picked_for_it() -> None:
    values = {"invoice": "INV-8"}
    view = form_view(SAMPLE, values, CONTEXT, "d")
    read = read_form(SAMPLE, typed(view, note="CN-2"), values)
    assert read["note"] == "CN-2"
    assert read_form(SAMPLE, typed(form_view(SAMPLE, read, CONTEXT, "d")), read)["note"] == "CN-2"


def test_what_the_form_does_not_show_keeps_its_value() -> None:
    values = {"kind": "lines", "total": "20", "lines": [{"description": "Plan"}]}
    read = read_form(SAMPLE, typed(form_view(SAMPLE, values, CONTEXT, "d")), values)
    assert read["total"] == "20"
    assert read["lines"] == [{"description": "Plan"}]


def test_an_emptied_field_is_empty_and_a_choice_can_be_taken_back() -> None:
    values = {"comment": "old", "code": "Goodwill"}
    view = form_view(SAMPLE, values, CONTEXT, "d")
    read = read_form(SAMPLE, typed(view, comment="", code="-"), values)
    assert (read["comment"], read["code"]) == ("", "")


def test_unknown_blocks_are_ignored() -> None:
    state = {"line:0": {"x": {"value": "1"}}, field_block("nonsense"): {"input": {"value": "1"}}}
    assert read_form(SAMPLE, state, {}) == {}


def test_labels_of_picked_choices_can_be_drawn_again() -> None:
    state = typed(form_view(SAMPLE, {}, CONTEXT, "d"), invoice="INV-7")
    assert labels_of(state)["invoice"] == "picked INV-7"


# To params


def test_a_whole_form_becomes_params_and_options() -> None:
    params, options = to_params(
        SAMPLE, {**GOOD, "business_entity_id": "be-2", "switches": ["emails"], "total": "20.50 EUR"}, FULL
    )
    assert params.model_dump(exclude_none=True) == {
        "invoice": "INV-7",
        "kind": "total",
        "total": {"digits": "20.50", "currency": "EUR"},
        "lines": (),
        "comment": "export was broken",
    }
    assert options == Options(business_entity_id="be-2", silence_emails=True)


def test_amounts_are_read_the_way_the_person_writes() -> None:
    params, _ = to_params(SAMPLE, GOOD, GERMAN)
    assert params.model_dump()["total"] == {"digits": "20.50", "currency": "EUR"}


def test_a_hidden_field_does_not_count() -> None:
    params, _ = to_params(
        SAMPLE, {**GOOD, "kind": "lines", "lines": [{"description": "Plan", "unit_amount": "1"}]}, CONTEXT
    )
    assert params.model_dump()["total"] is None


def test_all_problems_come_at_once_each_by_its_field() -> None:
    found = problems({"invoice": "../x", "total": "abc", "comment": "x" * 312, "code": "Goodwill"})
    assert set(found) == {"invoice", "total", "comment"}
    assert found["comment"] == "Use at most 260 characters (you used 312)."
    assert "dots" in found["invoice"]
    assert "not an amount" in found["total"]


@pytest.mark.parametrize(
    ("values", "field", "sentence"),
    [
        ({"comment": ""}, "comment", "This is needed."),
        ({"comment": "ab"}, "comment", "Write at least 3 characters."),
        ({"kind": "half"}, "kind", "This is not one of the choices. Choose one from the list."),
        ({"total": ""}, "total", "Write the total."),
        ({"comment": "plain"}, "printed", "Say it to the customer too."),
        ({"switches": ["emails"]}, "switches", "You may not turn off emails."),
        ({"business_entity_id": "be-9"}, "business_entity_id", "not offered"),
        (
            {"kind": "lines", "lines": [{"description": "x" * 21, "unit_amount": "1"}]},
            "lines",
            "Line 1, What: Use at most 20 characters (you used 21).",
        ),
        (
            {
                "kind": "lines",
                "lines": [{"description": "x", "unit_amount": "1"}, {"description": "y", "unit_amount": "?"}],
            },
            "lines",
            "Line 2, Price: ",
        ),
    ],
)
def test_each_kind_of_problem_is_said_for_people(values: dict[str, Any], field: str, sentence: str) -> None:
    assert sentence in problems({**GOOD, **values})[field]


def test_a_stored_request_can_be_changed_in_the_form_it_came_from() -> None:
    for context in (CONTEXT, GERMAN, FormContext(now=NOW, site=SITE, locale="de-CH")):
        for digits in ("20.50", "1250", "1250.5", "0.05", "1.25"):
            stored = {
                **GOOD,
                "total": {"digits": digits, "currency": "EUR"},
                "code": None,
                "on": "2026-11-20",
            }
            values = values_of(SAMPLE, stored, Options(silence_webhooks=True), context)
            params, _ = to_params(SAMPLE, {**values, "switches": []}, context)
            total = params.model_dump()["total"]
            assert total == {"digits": digits, "currency": "EUR"}
            assert values["switches"] == ["webhooks"]
            assert values["on"] == "2026-11-20"


def test_stored_lines_can_be_changed_too() -> None:
    line = {"description": "Plan", "unit_amount": {"digits": "1.50", "currency": ""}, "reference": "li_1"}
    values = values_of(SAMPLE, {**GOOD, "kind": "lines", "total": None, "lines": [line]}, Options(), GERMAN)
    assert values["lines"] == [{"description": "Plan", "unit_amount": "1,50", "reference": "li_1"}]
    params, _ = to_params(SAMPLE, values, GERMAN)
    assert Typed.model_validate(params.model_dump()["lines"][0]["unit_amount"]).digits == "1.50"


# Problems, for Slack


def test_problems_are_keyed_by_the_blocks_that_are_there() -> None:
    view = form_view(SAMPLE, {"invoice": "INV-7"}, CONTEXT, "d")
    errors = errors_for_slack(view, {"note": "Which?", "lines": "Add one.", "comment": "Why?"})
    ids = {b["block_id"] for b in view["blocks"] if b["type"] == "input"}
    assert set(errors) <= ids
    assert errors[block(view, "note")["block_id"]] == "Which?"
    assert errors[block(view, "invoice")["block_id"]] == "Add one."


def test_a_view_without_inputs_takes_no_problems() -> None:
    assert errors_for_slack({"blocks": [{"type": "section"}]}, {"x": "y"}) == {}


# Lines


def test_lines_are_listed_with_a_way_to_remove_each() -> None:
    lines = [{"description": "Plan", "unit_amount": "1"}, {"description": "Setup", "unit_amount": "2"}]
    view = form_view(SAMPLE, {"kind": "lines", "lines": lines}, CONTEXT, "d")
    assert "1. Plan at 1" in shown(view)
    assert buttons(view) == ["Remove", "Remove", "Add a line"]


def test_the_form_of_a_line_asks_for_the_fields_of_its_template() -> None:
    empty = line_view(SAMPLE, "d", TEMPLATES, None, {}, CONTEXT)
    assert fields_of(empty) == ["template"]
    view = line_view(SAMPLE, "d", TEMPLATES, "li_1", {}, CONTEXT)
    assert fields_of(view) == ["template", "description", "unit_amount"]
    assert not view_problems(view)
    state = typed(view, unit_amount="50")
    assert chosen_template(state) == "li_1"
    assert read_line(SAMPLE, state, TEMPLATES[0]) == {
        "description": "Plan",
        "unit_amount": "50",
        "reference": "li_1",
    }


def test_another_template_does_not_take_over_what_was_typed_for_the_first() -> None:
    first = line_view(SAMPLE, "d", TEMPLATES, "li_1", {}, CONTEXT)
    other = line_view(SAMPLE, "d", TEMPLATES, "adhoc", {}, CONTEXT)
    assert block(first, "description")["block_id"] != block(other, "description")["block_id"]


def test_a_line_is_checked_by_its_own_model() -> None:
    check_line(SAMPLE, {"description": "Plan", "unit_amount": "1"}, CONTEXT)
    with pytest.raises(InvalidInput) as caught:
        check_line(SAMPLE, {"unit_amount": "x"}, CONTEXT)
    assert set(caught.value.problems) == {"description", "unit_amount"}


def test_a_site_with_very_many_lines_still_opens_the_form() -> None:
    many = [TEMPLATES[1].__class__(id=f"li_{n}", label=NASTY, fields=(), values={}) for n in range(150)]
    view = line_view(SAMPLE, "d", many, "li_140", {}, CONTEXT, {"elsewhere": "Odd."})
    assert not view_problems(view)
    assert "of 150 lines" in shown(view)
