"""Fields that are a list of lines: the list in the form, and a form of its own for one line. Pure.

A line begins from a template (an invoice's own line, or one filled in by hand) and asks for that template's fields. It is a
dict of raw values.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from bot.operations.base import AnyOperation, Ask, Input, Template, asks
from bot.slack.fields import (
    FormContext,
    field_input,
    prepared_values,
    problem_block,
    raw_value,
    read_value,
)
from bot.slack.problems import validated
from bot.slack.routes import Callback, Click, field_block
from bot.slack.surfaces.blocks import (
    Block,
    View,
    actions,
    button,
    clip,
    input_block,
    modal,
    option,
    plain,
    section,
)
from bot.slack.surfaces.blocks import context as small_print

MOST_LINES = 40
#: Slack takes at most 100 options.
MOST_TEMPLATES = 100
TEMPLATE = "template"


def lines_blocks(
    op: AnyOperation, name: str, ask: Ask, values: Mapping[str, Any], draft_id: str
) -> list[Block]:
    lines = lines_of(values, name)
    head = section(f"{ask.label}: {len(lines) or 'none yet'}") | {"block_id": field_block(name)}
    blocks = [head, *([small_print(ask.hint)] if ask.hint else [])]
    for index, line in enumerate(lines):
        text = op.lines.describe(line) if op.lines else ", ".join(line.values())
        remove = button("Remove", Click.LINE_REMOVE, f"{draft_id}:{index}")
        blocks.append(section(f"{index + 1}. {clip(text, 300)}", remove) | {"block_id": f"line:{index}"})
    if len(lines) < MOST_LINES:
        blocks.append(actions(button("Add a line", Click.LINE_ADD, draft_id), block_id="lines"))
    return blocks


def lines_of(values: Mapping[str, Any], name: str) -> list[dict[str, str]]:
    """The lines entered so far."""
    lines = values.get(name) or []
    return [{str(k): str(v) for k, v in line.items()} for line in lines if isinstance(line, Mapping)]


def line_view(  # noqa: PLR0917 - what is drawn, for whom, then what is wrong with it
    op: AnyOperation,
    draft_id: str,
    templates: Sequence[Template],
    chosen: str | None,
    values: Mapping[str, Any],
    context: FormContext,
    problems: Mapping[str, str] | None = None,
) -> View:
    """One line: which, and the fields that kind of line asks for. `values` are what was typed over the template's own."""
    assert op.lines is not None
    problems = problems or {}
    options = [option(t.label, t.id) for t in templates[:MOST_TEMPLATES]]
    template = next((t for t in templates if t.id == chosen), None)
    element: Block = {
        "type": "static_select",
        "action_id": Click.LINE_TEMPLATE.value,
        "placeholder": plain("Choose a line", 150),
        "options": options,
    }
    if template and template in templates[:MOST_TEMPLATES]:
        element["initial_option"] = option(template.label, template.id)
    blocks = [input_block(field_block(TEMPLATE), "Which line?", element, dispatch=True)] if options else []
    if not options:
        blocks.append(section("There are no lines to choose from."))
    if len(templates) > MOST_TEMPLATES:
        blocks.append(
            small_print(f"The first {MOST_TEMPLATES} of {len(templates)} lines can be chosen here.")
        )
    filled = {**(_begun(op, template, context) if template else {}), **values}
    for name in template.fields if template else ():
        block = field_input(op.lines.line, name, filled, context)
        # Another line's values must not stay in Slack's memory: every template has blocks of its own.
        blocks.append(block | {"block_id": field_block(name, _revision(template))})
        if name in problems:
            blocks.append(problem_block(problems[name]))
    fields = template.fields if template else ()
    rest = [problem_block(text) for name, text in problems.items() if name not in fields]
    return modal(
        "Add a line",
        [*rest, *blocks],
        callback=Callback.LINE,
        metadata=draft_id,
        submit="Add" if options else "",
        close="Back",
    )


def _revision(template: Template | None) -> str:
    return hashlib.sha256(template.id.encode()).hexdigest()[:8] if template else ""


def _begun(op: AnyOperation, template: Template, context: FormContext) -> dict[str, str]:
    """The template's values as this person would type them: a template is written for nobody's locale."""
    assert op.lines is not None
    known, fields = asks(op.lines.line), op.lines.line.model_fields
    return {
        name: raw_value(fields[name], known[name], {"digits": value}, context)
        if name in known and known[name].input is Input.AMOUNT
        else value
        for name, value in template.values.items()
    }


def chosen_template(state: Mapping[str, Any]) -> str:
    """The id of the template chosen in the line's form, or an empty string."""
    return read_value(next(iter((state.get(field_block(TEMPLATE)) or {}).values()), {}))


def read_line(op: AnyOperation, state: Mapping[str, Any], template: Template) -> dict[str, str]:
    """The line as raw values: what was typed, and what the template holds without asking. An emptied field is empty."""
    assert op.lines is not None
    line = {name: value for name, value in template.values.items() if name not in template.fields}
    for name in template.fields:
        typed = state.get(field_block(name, _revision(template)))
        if typed is not None:
            line[name] = read_value(next(iter(typed.values()), {}))
    return {name: value for name, value in line.items() if value}


def check_line(op: AnyOperation, line: Mapping[str, Any], context: FormContext) -> None:
    """Raises InvalidInput, keyed by the line's fields, when the line cannot be used."""
    assert op.lines is not None
    prepared, problems = prepared_values(op.lines.line, line, context)
    validated(op.lines.line, prepared, problems)


def prepared_lines(
    op: AnyOperation, lines: Any, context: FormContext, problems: dict[str, str]
) -> list[dict[str, Any]]:
    assert op.lines is not None
    ready = []
    for index, line in enumerate(lines):
        prepared, wrong = prepared_values(op.lines.line, line, context)
        for name, text in wrong.items():
            said = f"Line {index + 1}, {asks(op.lines.line)[name].label}: {text}"
            problems[op.lines.field] = f"{problems.get(op.lines.field, '')} {said}".strip()
        ready.append(prepared)
    return ready
