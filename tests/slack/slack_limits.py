"""Slack's documented limits, as one function over JSON: `problems(view_or_blocks)`. Offline, independent of the sandbox.

Sources: Block Kit reference (text lengths, counts, surfaces), "Modals" (titles, submit),
"Select menu element" (`initial_option`).
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any

Json = dict[str, Any]

SURFACES = {"alert": {"modal"}, "input": {"modal", "home", "message"}}
MOST_BLOCKS = {"message": 50, "modal": 100, "home": 100}
BLOCKS = {"section", "divider", "header", "context", "actions", "input", "rich_text", "alert"}
RICH = {"text", "user", "date", "link"}


def view_problems(view: Json) -> list[str]:
    kind = view["type"]
    found = block_problems(view["blocks"], kind)
    if kind == "modal":
        for part in ("title", "submit", "close"):
            if part in view:
                found += _text(view[part], 24, part, plain=True)
        if any(block["type"] == "input" for block in view["blocks"]) and "submit" not in view:
            found.append("inputs without submit")
        if len(json.dumps(view)) > 250_000:
            found.append("too large")
        if len(view.get("private_metadata", "")) > 3000:
            found.append("private_metadata")
    return found


def message_problems(text: str, blocks: Sequence[Json]) -> list[str]:
    found = block_problems(blocks, "message")
    if not text.strip() or len(text) > 4000:
        found.append("text")
    return found


def block_problems(blocks: Sequence[Json], surface: str) -> list[str]:
    found = []
    if not 1 <= len(blocks) <= MOST_BLOCKS[surface]:
        found.append(f"{len(blocks)} blocks")
    ids = [block["block_id"] for block in blocks if "block_id" in block]
    if len(ids) != len(set(ids)) or any(len(block_id) > 255 for block_id in ids):
        found.append(f"block ids {ids}")
    for block in blocks:
        if block["type"] not in BLOCKS or surface not in SURFACES.get(block["type"], {surface}):
            found.append(f"{block['type']} on {surface}")
        found += list(_block(block))
    return found


def _block(block: Json) -> Iterator[str]:
    match block["type"]:
        case "section":
            yield from _text(block["text"], 3000, "section")
            if "accessory" in block:
                yield from _element(block["accessory"])
        case "header":
            yield from _text(block["text"], 150, "header", plain=True)
        case "alert":
            yield from _text(block["text"], 200, "alert")
        case "context":
            if not 1 <= len(block["elements"]) <= 10:
                yield "context elements"
            for element in block["elements"]:
                yield from _text(element, 2000, "context")
        case "actions":
            if not 1 <= len(block["elements"]) <= 25:
                yield "actions elements"
            for element in block["elements"]:
                yield from _element(element)
            if len({element["action_id"] for element in block["elements"]}) != len(block["elements"]):
                yield "one action_id twice in a block"
        case "input":
            yield from _text(block["label"], 2000, "label", plain=True)
            yield from _text(block["hint"], 2000, "hint", plain=True) if "hint" in block else ()
            yield from _element(block["element"])
            if "dispatch_action" in block["element"]:
                yield "dispatch_action on the element"
        case "rich_text":
            yield from _rich(block)


def _rich(part: Json) -> Iterator[str]:
    if not part.get("elements"):
        yield "empty rich text"
    for element in part["elements"]:
        if "elements" in element:
            yield from _rich(element)
        elif element["type"] not in RICH:
            yield f"rich text {element['type']}"
        elif element["type"] == "text" and not element["text"]:
            yield "empty text"


def _element(element: Json) -> Iterator[str]:
    kind = element["type"]
    if not 1 <= len(element["action_id"]) <= 255:
        yield "action_id"
    if "placeholder" in element:
        yield from _text(element["placeholder"], 150, "placeholder", plain=True)
    if kind == "button":
        yield from _text(element["text"], 75, "button", plain=True)
        if len(element.get("value", "")) > 2000 or len(element.get("url", "")) > 3000:
            yield "button value or url"
    if kind == "plain_text_input" and not (
        1 <= element.get("max_length", 3000) <= 3000
        and len(element.get("initial_value", "")) <= element.get("max_length", 3000)
    ):
        yield "initial_value over max_length"
    if kind in {"static_select", "radio_buttons", "checkboxes"}:
        yield from _options(element)
    if kind == "external_select" and element["min_query_length"] != 1:
        yield "min_query_length"
    if kind == "external_select" and "initial_option" in element:
        yield from _option(element["initial_option"])


def _options(element: Json) -> Iterator[str]:
    options = element["options"]
    if not 1 <= len(options) <= (100 if element["type"] == "static_select" else 10):
        yield "number of options"
    if len({o["value"] for o in options}) != len(options):
        yield "options with one value"
    for option in options:
        yield from _option(option)
    chosen = (
        [element["initial_option"]] if "initial_option" in element else element.get("initial_options", [])
    )
    if any(option not in options for option in chosen) or ("initial_options" in element and not chosen):
        yield "initial option is not one of the options"


def _option(option: Json) -> Iterator[str]:
    yield from _text(option["text"], 75, "option", plain=True)
    if not 1 <= len(option["value"]) <= 150:
        yield "option value"
    if "description" in option:
        yield from _text(option["description"], 75, "description", plain=True)


def _text(text: Json, most: int, where: str, *, plain: bool = False) -> list[str]:
    found = []
    if text["type"] not in ({"plain_text"} if plain else {"plain_text", "mrkdwn"}):
        found.append(f"{where}: type")
    if not 1 <= len(text["text"]) <= most:
        found.append(f"{where}: {len(text['text'])} characters")
    return found


def shown(blocks: Any) -> str:
    """Everything a person reads in blocks, a view or a message, in order; people as `@U…`."""
    if isinstance(blocks, list | tuple):
        return "\n".join(filter(None, (shown(part) for part in blocks)))
    if not isinstance(blocks, dict):
        return ""
    kind = blocks.get("type")
    if kind in {"rich_text_section", "rich_text_quote"}:
        return "".join(shown(part) for part in blocks["elements"])
    if kind == "user":
        return f"@{blocks['user_id']}"
    if kind == "date":
        return str(blocks["fallback"])
    if kind == "input":
        order = (blocks["label"], blocks["element"], blocks.get("hint"))
        return "\n".join(filter(None, (shown(part) for part in order)))
    own = str(blocks["text"]) if isinstance(blocks.get("text"), str) else ""
    inner = [own] + [shown(part) for key, part in blocks.items() if key != "state"]
    return "\n".join(filter(None, inner))


def buttons(blocks: Any) -> list[str]:
    """The labels of all buttons, in order."""
    if isinstance(blocks, list | tuple):
        return [label for part in blocks for label in buttons(part)]
    if not isinstance(blocks, dict):
        return []
    own = [str(blocks["text"]["text"])] if blocks.get("type") == "button" else []
    return own + [label for part in blocks.values() for label in buttons(part)]


def typed(view: Json, **fields: Any) -> Json:
    """`view.state.values` as Slack would send it back, with `fields` typed or picked over what stands there."""
    state: Json = {}
    for block in view["blocks"]:
        if block["type"] != "input":
            continue
        element = block["element"]
        name = block["block_id"].split(":")[1]
        state[block["block_id"]] = {element["action_id"]: _payload(element, fields.get(name))}
    return state


def _payload(element: Json, value: Any) -> Json:
    kind = element["type"]
    if kind == "plain_text_input":
        return {"type": kind, "value": element.get("initial_value") if value is None else value or None}
    if kind == "datepicker":
        return {"type": kind, "selected_date": value or element.get("initial_date")}
    if kind == "checkboxes":
        chosen = element.get("initial_options", []) if value is None else [{"value": v} for v in value]
        return {"type": kind, "selected_options": chosen}
    picked = element.get("initial_option") if value is None else _offered(element, value)
    return {"type": kind, "selected_option": picked}


def _offered(element: Json, value: str) -> Json:
    options = [o for o in element.get("options", []) if o["value"] == value]
    return (
        options[0] if options else {"value": value, "text": {"type": "plain_text", "text": f"picked {value}"}}
    )
