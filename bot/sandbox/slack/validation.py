"""Is this message, view or list of options one that Slack accepts?

Answers are lists of problems in Slack's wording (`[ERROR] must be less than 25 characters [json-pointer:…]`); an empty
list means accepted. The rules for single blocks and elements stand in `blockkit.py`; here are those that need the
whole: counts, unique ids, a submit button as soon as there is an input. Source: the Block Kit reference.
"""

from collections import Counter
from typing import Any

from bot.sandbox.slack.blockkit import BLOCKS, OPTION_GROUPS, OPTIONS, block, elements_of
from bot.sandbox.slack.rules import Check, Json, record, string, text

TEXT_KEPT = 40_000  # chat.postMessage cuts longer text
TEXT_UPDATE = 4_000  # chat.update refuses longer text
MOST_BLOCKS = {"message": 50, "modal": 100, "home": 100}
MOST_OF_KIND = {"table": 1, "data_visualization": 2}  # in one message
MARKDOWN_TOTAL = 12_000
VIEW_BYTES = 250_000

_MODAL_ONLY = {
    "title": text(24, plain=True),
    "submit": text(24, plain=True),
    "close": text(24, plain=True),
    "clear_on_close": lambda *_: None,
    "notify_on_close": lambda *_: None,
    "submit_disabled": lambda *_: None,
}
_VIEW_PARTS = {
    "type": lambda *_: None,
    "blocks": lambda *_: None,
    "private_metadata": string(3000),
    "callback_id": string(255),
    "external_id": string(255),
}


def block_problems(blocks: Any, surface: str, pointer: str = "/blocks") -> list[str]:
    """What is wrong with the blocks of a message, modal or Home tab (`surface`)."""
    check = Check(surface)
    if not isinstance(blocks, list):
        check.fail(pointer, "must be an array")
        return check.problems
    if len(blocks) > MOST_BLOCKS[surface]:
        check.fail(pointer, f"no more than {MOST_BLOCKS[surface]} items allowed")
    for index, one in enumerate(blocks):
        block()(one, f"{pointer}/{index}", check)
    if not check.problems:
        _check_whole(blocks, pointer, check)
    return check.problems


def _check_whole(blocks: list[Json], pointer: str, check: Check) -> None:
    for block_id, count in Counter(one["block_id"] for one in blocks if one.get("block_id")).items():
        if count > 1:
            check.fail(pointer, f"`block_id` {block_id} already exists")
    kinds = Counter(one["type"] for one in blocks)
    for kind, most in MOST_OF_KIND.items():
        if kinds[kind] > most:
            check.fail(pointer, f"no more than {most} items of type {kind} allowed")
    if sum(len(one["text"]) for one in blocks if one["type"] == "markdown") > MARKDOWN_TOTAL:
        check.fail(pointer, f"markdown text must be less than {MARKDOWN_TOTAL + 1} characters in all")
    focused = 0
    seen: set[tuple[int, str]] = set()
    for holder, part in elements_of(blocks):
        key = (id(holder), str(part.get("action_id")))
        if part.get("action_id") and key in seen:
            check.fail(pointer, f"`action_id` {key[1]} already exists within the block")
        seen.add(key)
        focused += bool(part.get("focus_on_load"))
        _check_initial(part, pointer, check)
    if focused > 1:
        check.fail(pointer, "only one element can have focus_on_load")


def _check_initial(part: Json, pointer: str, check: Check) -> None:
    """A chosen option must be one of the options, exactly as it stands there."""
    if "options" not in part and "option_groups" not in part:
        return
    offered = offered_options(part)
    chosen = [part["initial_option"]] if part.get("initial_option") else part.get("initial_options") or []
    values = Counter(option["value"] for option in offered)
    if any(count > 1 for count in values.values()):
        check.fail(pointer, "option values must be unique")
    for option in chosen:
        if not any(same_option(option, other) for other in offered):
            check.fail(pointer, "initial option must match one of the options exactly")


def offered_options(part: Json) -> list[Json]:
    """The options of a select, radio or checkbox element or of an options answer, groups flattened."""
    flat: list[Json] = list(part.get("options") or [])
    for group in part.get("option_groups") or []:
        flat.extend(group["options"])
    return flat


def same_option(one: Json, other: Json) -> bool:
    return bool(one["value"] == other["value"] and one["text"]["text"] == other["text"]["text"])


def view_problems(view: Any) -> list[str]:
    """What is wrong with a modal or Home view as it was sent."""
    check = Check("modal")
    if not isinstance(view, dict):
        check.fail("/view", "must provide an object")
        return check.problems
    kind = view.get("type")
    if kind not in ("modal", "home"):
        check.fail("/view/type", f"must be one of: modal, home (got {kind})")
        return check.problems
    modal = kind == "modal"
    fields = {**_VIEW_PARTS, **_MODAL_ONLY} if modal else _VIEW_PARTS
    record(fields, ("title", "blocks") if modal else ("blocks",))(view, "/view", check)
    if view.get("blocks") is not None:
        check.problems += block_problems(view["blocks"], kind, "/view/blocks")
    if len(str(view)) > VIEW_BYTES:
        check.fail("/view", "view is too large")
    has_input = any(isinstance(one, dict) and one.get("type") == "input" for one in view.get("blocks") or [])
    if modal and has_input and not view.get("submit"):
        check.fail("/view", "missing required field: submit (a modal with inputs needs it)")
    return check.problems


def option_problems(answer: Any) -> list[str]:
    """What is wrong with an answer to a `block_suggestion`. Slack shows no options at all when anything is."""
    check = Check("modal")
    if not isinstance(answer, dict) or ("options" in answer) == ("option_groups" in answer):
        check.fail("", "must define either options or option_groups")
        return check.problems
    key, rule = ("options", OPTIONS) if "options" in answer else ("option_groups", OPTION_GROUPS)
    if answer[key] != []:
        rule(answer[key], f"/{key}", check)
    return check.problems


def known_block_kinds() -> list[str]:
    """Every kind of block this workspace accepts somewhere."""
    return sorted(BLOCKS)
