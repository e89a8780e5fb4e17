"""What is wrong with what was entered, as sentences by the field they belong to. Pure.

A model's validator of several fields names the field with `misplaced` (an error of type `field`). Everything pydantic finds by
itself is put into words for people here.
"""

from collections.abc import Mapping
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from pydantic_core.core_schema import ErrorType

from bot.core.errors import InvalidInput
from bot.operations.base import Ask, Params, asks
from bot.slack.routes import field_of
from bot.slack.surfaces.blocks import clip, visible

P = TypeVar("P", bound=Params)

#: Slack does not say how long an error may be; this is the longest text of any field.
MOST_SAID = 2000
_PYDANTIC_TYPES = frozenset(get_args(ErrorType))


def validated(
    params: type[Params],
    prepared: Mapping[str, Any],
    problems: Mapping[str, str],
    line: type[Params] | None = None,
) -> Params:
    found = dict(problems)
    try:
        made = params.model_validate(dict(prepared))
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            name, text = _told(params, detail, line)
            if name not in problems and text not in found.get(name, ""):
                found[name] = f"{found[name]} {text}" if name in found else text
    if found:
        raise InvalidInput(found)
    return made


def _told(params: type[BaseModel], detail: ErrorDetails, line: type[BaseModel] | None) -> tuple[str, str]:
    """One of pydantic's errors as (field, sentence)."""
    loc, ctx = detail["loc"], detail.get("ctx") or {}
    if detail["type"] == "field":  # raised by a model's validator for the field it names
        name = str(ctx.get("field") or (loc[0] if loc else ""))
        text = str(ctx.get("sentence") or detail["msg"])
    else:
        name = str(loc[0]) if loc else ""
        text = _sentence(detail, ctx)
        if detail["type"] == "string_pattern_mismatch":
            asked = _asked(params, line, loc)
            text = f"{text} {asked.hint}".strip() if asked else text
    if len(loc) > 1 and isinstance(loc[1], int):
        inner = _asked(params, line, loc)
        text = f"Line {loc[1] + 1}{f', {inner.label}' if inner else ''}: {text}"
    return name or next(iter(params.model_fields)), text


def _asked(params: type[BaseModel], line: type[BaseModel] | None, loc: tuple[int | str, ...]) -> Ask | None:
    """How the field an error is about is asked for; `line` is the model of one line of a list of lines."""
    if len(loc) > 2 and isinstance(loc[1], int):
        return asks(line).get(str(loc[2])) if line else None
    return asks(params).get(str(loc[0])) if loc else None


def _sentence(detail: ErrorDetails, ctx: Mapping[str, Any]) -> str:
    """Pydantic's words for people."""
    typed = detail.get("input")
    used = len(typed) if isinstance(typed, str) else 0
    match detail["type"]:
        case "value_error":
            return str(ctx.get("error") or detail["msg"].removeprefix("Value error, "))
        case "missing" | "string_type" | "none_required":
            return "This is needed."
        case "string_too_long" | "too_long" if isinstance(typed, str):
            return f"Use at most {ctx['max_length']} characters (you used {used})."
        case "string_too_short" | "too_short" if isinstance(typed, str):
            return f"Write at least {ctx['min_length']} characters."
        case "too_short":
            return "Add at least one."
        case "too_long":
            return f"Use at most {ctx['max_length']}."
        case "literal_error" | "enum":
            return "This is not one of the choices. Choose one from the list."
        case "int_parsing" | "int_type" | "int_from_float":
            return "Write a whole number."
        case "greater_than_equal":
            return f"Use {ctx['ge']} or more."
        case "greater_than":
            return f"Use more than {ctx['gt']}."
        case "less_than_equal":
            return f"Use {ctx['le']} or less."
        case "less_than":
            return f"Use less than {ctx['lt']}."
        case "date_from_datetime_parsing" | "date_parsing" | "date_type":
            return "Write the date as year-month-day, such as 2026-11-20."
        case "string_pattern_mismatch":
            return "This is not written the way it has to be."
        case "extra_forbidden":
            return "This cannot be given here."
    # A type that is not pydantic's own was raised by one of our validators, with a sentence of its own.
    return "This cannot be used. Check it." if detail["type"] in _PYDANTIC_TYPES else detail["msg"]


def errors_for_slack(view: Mapping[str, Any], problems: Mapping[str, str]) -> dict[str, str]:
    """Problems by the input block they belong to; Slack drops a whole answer with a key it does not know.

    What belongs to another block (a list of lines) is said under the input above it, what belongs to none under the first
    one. Empty when the view has no inputs.
    """
    named = [(field_of(str(b.get("block_id", ""))), b) for b in view.get("blocks") or []]
    inputs = [
        str(block["block_id"]) for _, block in named if block.get("type") == "input" and block.get("block_id")
    ]
    if not inputs:
        return {}
    first = above = inputs[0]
    blocks: dict[str | None, str] = {}
    for name, block in named:
        above = block["block_id"] if block.get("block_id") in inputs else above
        blocks.setdefault(name, above)
    errors: dict[str, str] = {}
    for name, text in problems.items():
        block_id = blocks.get(name, first)
        said = f"{errors[block_id]} {text}" if block_id in errors else text
        errors[block_id] = clip(visible(said), MOST_SAID)
    return errors
