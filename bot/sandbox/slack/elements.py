"""What people put into interactive elements: initial values, typed values, what Slack's client itself refuses, and the
`action` of a `block_actions` payload.

A *value* is the dict that Slack keeps in `state.values[block_id][action_id]`, such as
`{"type": "plain_text_input", "value": "INV-1"}` or `{"type": "static_select", "selected_option": {…}}`.
"""

import re
from decimal import Decimal, InvalidOperation
from typing import Any

from bot.sandbox.slack.blockkit import elements_of
from bot.sandbox.slack.rules import Json
from bot.sandbox.slack.validation import offered_options, same_option

# Element -> (key of the chosen value, key of the initial value). Buttons and overflow menus hold no state.
VALUE_KEYS = {
    "plain_text_input": ("value", "initial_value"),
    "number_input": ("value", "initial_value"),
    "email_text_input": ("value", "initial_value"),
    "url_text_input": ("value", "initial_value"),
    "rich_text_input": ("rich_text_value", "initial_value"),
    "static_select": ("selected_option", "initial_option"),
    "external_select": ("selected_option", "initial_option"),
    "radio_buttons": ("selected_option", "initial_option"),
    "users_select": ("selected_user", "initial_user"),
    "conversations_select": ("selected_conversation", "initial_conversation"),
    "channels_select": ("selected_channel", "initial_channel"),
    "multi_static_select": ("selected_options", "initial_options"),
    "multi_external_select": ("selected_options", "initial_options"),
    "checkboxes": ("selected_options", "initial_options"),
    "multi_users_select": ("selected_users", "initial_users"),
    "multi_conversations_select": ("selected_conversations", "initial_conversations"),
    "multi_channels_select": ("selected_channels", "initial_channels"),
    "datepicker": ("selected_date", "initial_date"),
    "timepicker": ("selected_time", "initial_time"),
    "datetimepicker": ("selected_date_time", "initial_date_time"),
    "file_input": ("files", "initial_files"),
}
EXTERNAL = {"external_select", "multi_external_select"}
MISSING = "Please complete this required field."


class NotOffered(Exception):
    """The person's client does not offer what was asked of it; the message says what it does offer."""


def initial_value(element: Json) -> Json:
    """The value an element starts with."""
    key, initial = VALUE_KEYS[element["type"]]
    empty: Any = [] if key in ("selected_options", "files") or element["type"].startswith("multi_") else None
    return {"type": element["type"], key: element.get(initial, empty)}


def initial_state(blocks: list[Json]) -> Json:
    """`state.values` before anybody touched anything."""
    values: Json = {}
    for block, element in elements_of(blocks):
        if element["type"] in VALUE_KEYS:
            values.setdefault(block["block_id"], {})[element["action_id"]] = initial_value(element)
    return values


def kept_state(blocks: list[Json], before: Json) -> Json:
    """`state.values` after an update: what was typed survives where block_id, action_id and type stayed the same."""
    values = initial_state(blocks)
    for block_id, actions in values.items():
        for action_id, fresh in actions.items():
            old = before.get(block_id, {}).get(action_id)
            if old is not None and old["type"] == fresh["type"]:
                actions[action_id] = old
    return values


def entered(element: Json, raw: Any, known: list[Json], *, force: bool = False) -> Json:
    """The value after a person entered `raw`: a text, an option's value, a list of those, or the value dict itself.

    `known` are the options that a suggestion offered for this element. With `force` an option that was never offered
    goes through, as a forged submission would.
    Raises NotOffered when a select has no such option.
    """
    kind = element["type"]
    key, _ = VALUE_KEYS[kind]
    if isinstance(raw, dict) and key in raw:
        raw = raw[key]
    if key in ("selected_option", "selected_options") and raw is not None:
        choices = offered_options(element) + known
        if key == "selected_option":
            raw = _choose(choices, raw, force=force)
        else:
            raw = [_choose(choices, one, force=force) for one in raw]
    if key == "value" and raw is not None:
        raw = str(raw) or None
    return {"type": kind, key: raw}


def _choose(choices: list[Json], raw: Any, *, force: bool) -> Json:
    for option in choices:
        if raw == option["value"] or (isinstance(raw, dict) and same_option(raw, option)):
            return option
    if force:
        label = {"type": "plain_text", "text": str(raw), "emoji": True}
        return raw if isinstance(raw, dict) else {"text": label, "value": str(raw)}
    offered = [f"{option['text']['text']} ({option['value']})" for option in choices]
    raise NotOffered(f"no option {raw!r} is offered; there is: {offered}")


def refused_by_client(block: Json, value: Json) -> str | None:
    """Why Slack's own client does not let this value of an input block be submitted, or None."""
    element = block["element"]
    key, _ = VALUE_KEYS[element["type"]]
    content = value.get(key)
    if content in (None, [], ""):
        return None if block.get("optional") else MISSING
    if element["type"] == "plain_text_input":
        if len(content) > element.get("max_length", 3000):
            return f"This entry must be less than {element.get('max_length', 3000) + 1} characters."
        if len(content) < element.get("min_length", 0):
            return f"This entry must be more than {element['min_length'] - 1} characters."
    if element["type"] == "number_input":
        return _number_refused(element, content)
    if element["type"] == "email_text_input" and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", content):
        return "Enter a valid email."
    if element["type"] == "url_text_input" and not re.fullmatch(r"https?://\S+", content):
        return "Enter a valid URL."
    return None


def _number_refused(element: Json, content: str) -> str | None:
    try:
        number = Decimal(content)
    except InvalidOperation:
        return "Enter a valid number."
    if not number.is_finite():
        return "Enter a valid number."
    if not element["is_decimal_allowed"] and number != number.to_integral_value():
        return "Enter a whole number."
    if "min_value" in element and number < Decimal(element["min_value"]):
        return f"Enter a number of at least {element['min_value']}."
    if "max_value" in element and number > Decimal(element["max_value"]):
        return f"Enter a number of at most {element['max_value']}."
    return None


def action_of(block: Json, element: Json, value: Json | None, action_ts: str) -> Json:
    """One entry of `actions` in a `block_actions` payload. `value` None: a button was clicked."""
    action: Json = {"action_id": element["action_id"], "block_id": block["block_id"], "type": element["type"]}
    for key in ("text", "value", "url", "style", "placeholder", "confirm"):
        if key in element and not (key == "value" and value is not None):
            action[key] = element[key]
    if value is not None:
        action.update(value)
    return {**action, "action_ts": action_ts}
