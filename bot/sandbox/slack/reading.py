"""What a person reads when they look at blocks: plain text, buttons as [Label], menus as [Placeholder ▾].

Markup is read, not shown: `*bold*` is "bold", `<@U0BO>` is the person's name, `<https://…|page>` is "page".
`names` maps user, channel and group ids to what the client shows.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from bot.sandbox.slack.blockkit import elements_of
from bot.sandbox.slack.rules import Json

Names = Mapping[str, str]

_ANGLE = re.compile(r"<([^<>]+)>")
_STYLES = [
    re.compile(rf"(?<![\w{mark}]){mark}(?=\S)([^{mark}\n]*[^{mark}\s]){mark}(?![\w{mark}])")
    for mark in (r"\*", "_", "~", "`")
]


def render_mrkdwn(text: str, names: Names) -> str:
    """Slack's markup as it is read."""
    shown = _ANGLE.sub(lambda found: _link(found.group(1), names), text)
    for style in _STYLES:
        shown = style.sub(r"\1", shown)
    return shown.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _link(inside: str, names: Names) -> str:
    target, _, label = inside.partition("|")
    if target.startswith("@"):
        return "@" + names.get(target[1:], label or target[1:])
    if target.startswith("#"):
        return "#" + names.get(target[1:], label or target[1:])
    if target.startswith("!subteam^"):
        return "@" + names.get(target[9:], label.removeprefix("@") or target[9:])
    if target.startswith("!date^"):
        return label or target
    if target.startswith("!"):
        return "@" + target[1:]
    return label or target


def text_of(text: Any, names: Names) -> str:
    """A text object (or nothing) as it is read."""
    if not isinstance(text, dict):
        return str(text or "")
    return render_mrkdwn(text["text"], names) if text.get("type") == "mrkdwn" else str(text["text"])


def label_of(element: Json, names: Names) -> str:
    """The words on a button or menu."""
    words = element.get("text") or element.get("placeholder")
    return text_of(words, names) or str(element.get("accessibility_label", element["type"]))


def render_text(blocks: list[Json], names: Names | None = None, state: Json | None = None) -> str:
    """Blocks as a person reads them, one line for each part. `state` fills in what was entered."""
    return "\n".join(line for block in blocks for line in _lines(block, names or {}, state or {}) if line)


def _lines(block: Json, names: Names, state: Json) -> Iterator[str]:
    kind = block["type"]
    if kind == "divider":
        yield "---"
    for key in ("title", "subtitle", "text", "body", "caption"):
        if block.get(key):
            yield text_of(block[key], names)
    for one in block.get("fields") or []:
        yield text_of(one, names)
    if kind == "input":
        yield f"{text_of(block['label'], names)}: {_entered(block['element'], block, state)}".rstrip()
        if block.get("hint"):
            yield text_of(block["hint"], names)
    elif kind == "rich_text":
        yield "".join(_rich(block["elements"], names))
    elif kind in ("table", "data_table"):
        yield from (" | ".join(_cell(cell, names) for cell in row) for row in block["rows"])
    elif kind in ("context", "actions", "context_actions"):
        yield "  ".join(_part(one, names, block, state) for one in block["elements"])
    elif kind == "carousel":
        for card in block["elements"]:
            yield from _lines(card, names, state)
    elif kind == "image":
        yield f"({block['alt_text']})"
    if block.get("accessory"):
        yield _part(block["accessory"], names, block, state)
    if block.get("actions"):
        yield "  ".join(_part(one, names, block, state) for one in block["actions"])
    for child in block.get("child_blocks") or []:
        yield from _lines(child, names, state)


def _part(part: Json, names: Names, block: Json, state: Json) -> str:
    if part["type"] in ("plain_text", "mrkdwn"):
        return text_of(part, names)
    if part["type"] == "image":
        return f"({part['alt_text']})"
    if part["type"] in ("button", "icon_button"):
        return f"[{label_of(part, names)}]"
    return f"[{_entered(part, block, state) or label_of(part, names)} ▾]"


def _entered(element: Json, block: Json, state: Json) -> str:
    """What stands in an element now, as it is read."""
    value = state.get(block.get("block_id", ""), {}).get(element.get("action_id", ""), {})
    content = next((part for key, part in value.items() if key != "type"), None)
    if isinstance(content, list):
        return ", ".join(one["text"]["text"] if isinstance(one, dict) else str(one) for one in content)
    if isinstance(content, dict):
        return str(content.get("text", {}).get("text", ""))
    return "" if content is None else str(content)


def _rich(elements: list[Json], names: Names) -> Iterator[str]:
    for one in elements:
        kind = one["type"]
        if kind == "rich_text_list":
            yield "\n".join("• " + "".join(_rich([item], names)) for item in one["elements"])
        elif "elements" in one:
            yield "".join(_rich(one["elements"], names))
        elif kind == "user":
            yield "@" + names.get(one["user_id"], one["user_id"])
        elif kind == "channel":
            yield "#" + names.get(one["channel_id"], one["channel_id"])
        elif kind == "usergroup":
            yield "@" + names.get(one["usergroup_id"], one["usergroup_id"])
        elif kind == "broadcast":
            yield "@" + one["range"]
        elif kind == "emoji":
            yield f":{one['name']}:"
        elif kind == "date":
            yield str(one.get("fallback", one["timestamp"]))
        else:
            yield str(one.get("text") or one.get("url") or "")


def _cell(cell: Json, names: Names) -> str:
    if cell.get("type") == "rich_text":
        return "".join(_rich(cell["elements"], names))
    return str(cell.get("text", cell.get("value", "")))


def buttons_of(blocks: list[Json], user: str) -> list[tuple[Json, Json]]:
    """The buttons that person sees, each with its block, in reading order."""
    return [
        (block, element)
        for block, element in elements_of(blocks)
        if element["type"] in ("button", "icon_button") and user in element.get("visible_to_user_ids", [user])
    ]


def everything_in(sight: Json) -> list[str]:
    """Plain readable text of a `see` answer, one entry for each message, modal, Home tab and banner."""
    names, lines = sight["names"], []
    for place in sight["channels"]:
        where = "direct message" if place["is_im"] else f"#{place['name']}"
        for one in place["messages"]:
            only = " (only you)" if one["is_ephemeral"] else ""
            author = names.get(one["user"], one["user"])
            lines.append(f"{where} {author}{only}: {read_message(one, names)}")
    for view in sight["modals"]:
        buttons = f" [{text_of(view['submit'], names)}]" if view["submit"] else ""
        lines.append(f"modal {text_of(view['title'], names)}: {read_view(view, names)}{buttons}")
    if sight["home"]:
        lines.append(f"Home: {read_view(sight['home'], names)}")
    return lines + [f"Slack says: {line}" for line in sight["banners"]]


def read_message(message: Json, names: Names) -> str:
    """A message as it is read: its blocks, or its text when it has none."""
    blocks = message.get("blocks")
    return render_text(blocks, names) if blocks else render_mrkdwn(message["text"], names)


def read_view(view: Json, names: Names) -> str:
    """A modal or Home tab as it is read, with what was entered and the errors."""
    lines = [render_text(view["blocks"], names, view["state"]["values"]), *view["errors"].values()]
    return "\n".join([*lines, view["trouble"]] if view["trouble"] else lines)
