"""Forms: an operation's `Params` as a modal, and back. What renders a form and what reads it stand side by side.

    form_view        op + raw values -> modal
    read_form        what Slack sends back -> raw values by field
    to_params        raw values -> Params and Options, or every problem
    values_of        a stored request -> raw values, to change it
    errors_for_slack problems by field -> by input block

A raw value is a string; a list of strings for the switches; a list of dicts of strings for lines. `fields.py` knows one
field, `lines.py` the form of one line, `problems.py` puts what is wrong into words.
"""

from collections.abc import Mapping
from typing import Any

from bot.core.plan import Options
from bot.operations.base import AnyOperation, Input, Params, asks
from bot.slack.fields import (
    NONE,
    FormContext,
    block_id_of,
    chooser,
    current,
    field_input,
    prepared_values,
    problem_block,
    raw_value,
    read_value,
    shown,
)
from bot.slack.lines import (
    check_line,
    chosen_template,
    line_view,
    lines_blocks,
    lines_of,
    prepared_lines,
    read_line,
)
from bot.slack.problems import errors_for_slack, validated
from bot.slack.routes import INPUT, Callback, field_block, field_of
from bot.slack.surfaces.blocks import Block, View, input_block, modal, option

__all__ = [
    "NONE",
    "FormContext",
    "check_line",
    "chosen_template",
    "errors_for_slack",
    "form_view",
    "labels_of",
    "line_view",
    "lines_of",
    "read_form",
    "read_line",
    "to_params",
    "values_of",
]

ENTITY = "business_entity_id"
SWITCHES = "switches"
_SWITCH_OPTIONS = {
    "webhooks": ("Send no webhooks", "Other systems, such as accounting, will not hear of this change"),
    "emails": ("Send no e-mails", "Chargebee will not write to the customer about this change"),
    "actions": ("Run no automatic actions", "Nothing set up in Chargebee for such events will run"),
}


def form_view(  # noqa: PLR0917 - what is drawn, for whom, then what is wrong with it
    op: AnyOperation,
    values: Mapping[str, Any],
    context: FormContext,
    draft_id: str,
    problems: Mapping[str, str] | None = None,
    labels: Mapping[str, str] | None = None,
) -> View:
    """The form of `op` with `values` in it.

    `problems` (field -> sentence) are drawn under their field, for when Slack can no longer attach them in an ack. `labels`
    says how a picked id reads (field -> label).
    """
    problems, labels = problems or {}, labels or {}
    known = asks(op.params)
    blocks: list[Block] = []
    placed: set[str] = set()
    for name, ask in known.items():
        if not shown(op.params, name, values):
            continue
        if ask.input is Input.LINES:
            blocks += lines_blocks(op, name, ask, values, draft_id)
        else:
            blocks.append(field_input(op.params, name, values, context, labels.get(name, "")))
        if name in problems:
            placed.add(name)
            blocks.append(problem_block(problems[name]))
    for name, block in _option_blocks(op, values, context).items():
        blocks.append(block)
        if name in problems:
            placed.add(name)
            blocks.append(problem_block(problems[name]))
    rest = [problem_block(text) for name, text in problems.items() if name not in placed]
    return modal(
        op.title,
        [*rest, *blocks],
        callback=Callback.FORM,
        metadata=draft_id,
        submit="Preview",
        close="Cancel",
    )


def _option_blocks(op: AnyOperation, values: Mapping[str, Any], context: FormContext) -> dict[str, Block]:
    blocks: dict[str, Block] = {}
    if op.takes_entity(context.site) and context.entities:
        element = chooser(
            context.entities, str(values.get(ENTITY, context.default_entity) or ""), "", required=False
        )
        blocks[ENTITY] = input_block(
            field_block(ENTITY), "Business entity", element | {"action_id": INPUT}, optional=True
        )
    offered = [switch for switch in _SWITCH_OPTIONS if switch in context.switches]
    if offered:
        options = [option(*_reordered(switch)) for switch in offered]
        checked = [o for o in options if o["value"] in (values.get(SWITCHES) or ())]
        boxes: Block = {"type": "checkboxes", "action_id": INPUT, "options": options}
        if checked:
            boxes["initial_options"] = checked
        blocks[SWITCHES] = input_block(
            field_block(SWITCHES),
            "Turn off for this change",
            boxes,
            hint="Leave these alone unless you know that other systems must not hear of it.",
            optional=True,
        )
    return blocks


def _reordered(switch: str) -> tuple[str, str, str]:
    text, description = _SWITCH_OPTIONS[switch]
    return text, switch, description


# Reading it back


def read_form(op: AnyOperation, state: Mapping[str, Any], previous: Mapping[str, Any]) -> dict[str, Any]:
    """Raw values by field, from `view.state.values`. What the form does not show keeps its previous value.

    A picker's choice is dropped when the field it depends on has changed since it was drawn.
    """
    values = dict(previous)
    seen: dict[str, str] = {}
    known = asks(op.params)
    for block_id, elements in state.items():
        name = field_of(block_id)
        payload: Mapping[str, Any] = next(iter(elements.values()), {})
        if name == SWITCHES:
            values[name] = [str(o.get("value")) for o in payload.get("selected_options") or []]
        elif name == ENTITY or (name in known and known[name].input is not Input.LINES):
            assert name is not None
            values[name] = read_value(payload)
            seen[name] = block_id
    for name, ask in known.items():
        if not ask.depends_on or not values.get(name):
            continue
        drawn = seen.get(name)
        above = (current(op.params, ask.depends_on, v) for v in (previous, values))
        if drawn != block_id_of(op.params, name, values) if drawn else len(set(above)) > 1:
            values[name] = ""
    return values


def labels_of(state: Mapping[str, Any]) -> dict[str, str]:
    """How picked choices read, by field, from `view.state.values`: to draw a picker again as it was."""
    labels: dict[str, str] = {}
    for block_id, elements in state.items():
        name = field_of(block_id)
        payload: Mapping[str, Any] = next(iter(elements.values()), {})
        text = ((payload.get("selected_option") or {}).get("text") or {}).get("text")
        if name and text:
            labels[name] = str(text)
    return labels


def to_params(op: AnyOperation, values: Mapping[str, Any], context: FormContext) -> tuple[Params, Options]:
    """The validated params and options. Raises InvalidInput with every problem, keyed by field."""
    prepared, problems = prepared_values(op.params, values, context)
    if op.lines and op.lines.field in prepared:
        prepared[op.lines.field] = prepared_lines(op, prepared[op.lines.field], context, problems)
    options = _options(op, values, context, problems)
    return validated(op.params, prepared, problems, op.lines.line if op.lines else None), options


def _options(
    op: AnyOperation, values: Mapping[str, Any], context: FormContext, problems: dict[str, str]
) -> Options:
    entity = str(values.get(ENTITY, context.default_entity if context.entities else "") or "")
    if not op.takes_entity(context.site):
        entity = ""
    elif entity and entity not in context.entities:
        problems[ENTITY] = "This business entity is not offered to you here. Choose one from the list."
    switches = set(values.get(SWITCHES) or ())
    refused = switches - set(context.switches)
    if refused:
        problems[SWITCHES] = f"You may not turn off {' or '.join(sorted(refused))}."
    return Options(
        business_entity_id=entity,
        silence_webhooks="webhooks" in switches,
        silence_emails="emails" in switches,
        silence_actions="actions" in switches,
    )


def values_of(
    op: AnyOperation, params: Mapping[str, Any], options: Options, context: FormContext
) -> dict[str, Any]:
    """Raw values that give these stored params again, as the person would type them."""
    values: dict[str, Any] = {}
    for name in asks(op.params):
        if params.get(name) is not None:
            values[name] = raw_value(
                op.params.model_fields[name], asks(op.params)[name], params[name], context
            )
    if op.lines and values.get(op.lines.field):
        line = op.lines.line
        values[op.lines.field] = [
            {
                k: raw_value(line.model_fields[k], asks(line)[k], v, context) if k in asks(line) else str(v)
                for k, v in one.items()
                if v not in (None, "")
            }
            for one in params[op.lines.field]
        ]
    if context.entities:
        values[ENTITY] = options.business_entity_id  # also when it is empty: the channel's own was taken back
    switches = {
        "webhooks": options.silence_webhooks,
        "emails": options.silence_emails,
        "actions": options.silence_actions,
    }
    if any(switches.values()):
        values[SWITCHES] = [name for name, on in switches.items() if on]
    return values
