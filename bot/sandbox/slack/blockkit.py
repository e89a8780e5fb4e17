"""Block Kit as tables: which blocks and elements exist, where they may stand, and how long their parts may be.

`BLOCKS` and `ELEMENTS` decide; `validation.py` asks them the questions of a whole message or view.

Limits and surfaces: the Block Kit reference, a page for each block and element, and blocks.json. Where
sources disagree the stricter one is taken: number, e-mail, URL and file inputs stand in modals only; an option's
value has at most 150 characters; a data table at most 101 rows.
"""

from collections.abc import Iterator
from typing import Any

from bot.sandbox.slack.rules import (
    ALL,
    MESSAGE,
    MODAL,
    NOT_HOME,
    NOT_MESSAGE,
    NOT_MODAL,
    Check,
    Json,
    Rule,
    Shape,
    anything,
    boolean,
    integer,
    listed,
    number_string,
    one_of,
    record,
    shaped,
    string,
    text,
)


def element(parent: str) -> Rule:
    """Any element that may stand inside a block of kind `parent`."""

    def rule(value: Any, pointer: str, check: Check) -> None:
        kind = value.get("type") if isinstance(value, dict) else None
        shape = ELEMENTS.get(str(kind))
        if shape is None or parent not in shape.parents:
            check.fail(f"{pointer}/type", f"unsupported type: {kind}")
            return
        shaped(shape, value, pointer, check)

    return rule


def block(*kinds: str) -> Rule:
    """A block; `kinds` narrows which, for blocks within blocks."""

    def rule(value: Any, pointer: str, check: Check) -> None:
        kind = value.get("type") if isinstance(value, dict) else None
        shape = BLOCKS.get(str(kind))
        if shape is None or (kinds and kind not in kinds):
            check.fail(f"{pointer}/type", f"unsupported type: {kind}")
            return
        shaped(shape, {"block_id": "-", **value}, pointer, check)

    return rule


OPTION = record(
    {"text": text(75), "value": string(150, 1), "description": text(75), "url": string(3000)},
    ("text", "value"),
)
OPTION_PLAIN = record(
    {"text": text(75, plain=True), "value": string(150, 1), "description": text(75, plain=True)},
    ("text", "value"),
)
OPTIONS = listed(OPTION_PLAIN, 100)
OPTION_GROUPS = listed(record({"label": text(75, plain=True), "options": OPTIONS}, ("label", "options")), 100)
CONFIRM = record(
    {
        "title": text(100, plain=True),
        "text": text(300),
        "confirm": text(30, plain=True),
        "deny": text(30, plain=True),
        "style": one_of("primary", "danger"),
    },
    ("title", "text", "confirm", "deny"),
)
DISPATCH = record({"trigger_actions_on": listed(one_of("on_enter_pressed", "on_character_entered"), 2)})

_ANYWHERE = frozenset({"section", "actions", "input"})
_COMMON: dict[str, Rule] = {"action_id": string(255, 1), "focus_on_load": boolean}
_HINTED: dict[str, Rule] = {**_COMMON, "placeholder": text(150, plain=True)}
_SELECT: dict[str, Rule] = {**_HINTED, "confirm": CONFIRM}
_MULTI: dict[str, Rule] = {**_SELECT, "max_selected_items": integer(1, 1000)}
_STATIC: dict[str, Rule] = {"options": OPTIONS, "option_groups": OPTION_GROUPS}
_FILTER = record(
    {
        "include": listed(one_of("im", "mpim", "private", "public"), 4),
        "exclude_external_shared_channels": boolean,
        "exclude_bot_users": boolean,
    }
)
_CONVERSATION: dict[str, Rule] = {
    "default_to_current_conversation": boolean,
    "response_url_enabled": boolean,
    "filter": _FILTER,
}
_INITIALS = listed(string(255), 100)


def _select(fields: dict[str, Rule], *, multi: bool = False, required: tuple[str, ...] = ()) -> Shape:
    base, parents = (_MULTI, frozenset({"section", "input"})) if multi else (_SELECT, _ANYWHERE)
    return Shape(fields={**base, **fields}, required=required, parents=parents)


def _typed(fields: dict[str, Rule], *, required: tuple[str, ...] = ()) -> Shape:
    """An input that is typed into and stands in modals only."""
    return Shape(
        surfaces=MODAL,
        fields={**_HINTED, "dispatch_action_config": DISPATCH, "initial_value": string(3000), **fields},
        required=required,
        parents=frozenset({"input"}),
    )


ELEMENTS: dict[str, Shape] = {
    "button": Shape(
        fields={
            "action_id": string(255, 1),
            "text": text(75, plain=True),
            "value": string(2000),
            "url": string(3000),
            "style": one_of("primary", "danger"),
            "confirm": CONFIRM,
            "accessibility_label": string(75),
            "visible_to_user_ids": listed(string(255), 100),
            "agent_prompt": string(4000),
        },
        required=("text",),
        parents=frozenset({"section", "actions", "card"}),
    ),
    "static_select": Shape(
        fields={**_SELECT, **_STATIC, "initial_option": OPTION_PLAIN},
        any_of=("options", "option_groups"),
        parents=_ANYWHERE,
    ),
    "external_select": _select({"min_query_length": integer(0, 1000), "initial_option": OPTION_PLAIN}),
    "users_select": _select({"initial_user": string(255)}),
    "conversations_select": _select({"initial_conversation": string(255), **_CONVERSATION}),
    "channels_select": _select({"initial_channel": string(255), "response_url_enabled": boolean}),
    "multi_static_select": Shape(
        fields={**_MULTI, **_STATIC, "initial_options": OPTIONS},
        any_of=("options", "option_groups"),
        parents=frozenset({"section", "input"}),
    ),
    "multi_external_select": _select(
        {"min_query_length": integer(0, 1000), "initial_options": OPTIONS}, multi=True
    ),
    "multi_users_select": _select({"initial_users": _INITIALS}, multi=True),
    "multi_conversations_select": _select({"initial_conversations": _INITIALS, **_CONVERSATION}, multi=True),
    "multi_channels_select": _select({"initial_channels": _INITIALS}, multi=True),
    "overflow": Shape(
        fields={"action_id": string(255, 1), "options": listed(OPTION, 5), "confirm": CONFIRM},
        required=("options",),
        parents=frozenset({"section", "actions"}),
    ),
    "radio_buttons": Shape(
        fields={**_COMMON, "options": listed(OPTION, 10), "initial_option": OPTION, "confirm": CONFIRM},
        required=("options",),
        parents=_ANYWHERE,
    ),
    "checkboxes": Shape(
        fields={
            **_COMMON,
            "options": listed(OPTION, 10),
            "initial_options": listed(OPTION, 10),
            "confirm": CONFIRM,
        },
        required=("options",),
        parents=_ANYWHERE,
    ),
    "datepicker": _select({"initial_date": string(10)}),
    "timepicker": _select({"initial_time": string(5), "timezone": string(255)}),
    "datetimepicker": Shape(
        surfaces=NOT_HOME,
        fields={**_COMMON, "initial_date_time": integer(0, 9_999_999_999), "confirm": CONFIRM},
        parents=frozenset({"actions", "input"}),
    ),
    "plain_text_input": Shape(
        fields={
            **_HINTED,
            "initial_value": string(3000),
            "multiline": boolean,
            "min_length": integer(0, 3000),
            "max_length": integer(1, 3000),
            "dispatch_action_config": DISPATCH,
        },
        parents=frozenset({"input"}),
    ),
    "number_input": _typed(
        {
            "is_decimal_allowed": boolean,
            "initial_value": number_string,
            "min_value": number_string,
            "max_value": number_string,
        },
        required=("is_decimal_allowed",),
    ),
    "email_text_input": _typed({}),
    "url_text_input": _typed({}),
    "rich_text_input": Shape(
        surfaces=NOT_MESSAGE,
        fields={
            **_HINTED,
            "initial_value": anything,
            "dispatch_action_config": DISPATCH,
            "min_lines": integer(1, 1000),
            "max_lines": integer(1, 1000),
        },
        parents=frozenset({"input"}),
    ),
    "file_input": Shape(
        surfaces=MODAL,
        fields={**_COMMON, "filetypes": anything, "max_files": integer(1, 10)},
        parents=frozenset({"input"}),
    ),
    "image": Shape(
        fields={"image_url": string(3000, 1), "slack_file": anything, "alt_text": string(2000, 1)},
        required=("alt_text",),
        any_of=("image_url", "slack_file"),
        parents=frozenset({"section", "context"}),
    ),
    "feedback_buttons": Shape(
        surfaces=MESSAGE,
        fields={"action_id": string(255, 1), "positive_button": anything, "negative_button": anything},
        required=("positive_button", "negative_button"),
        parents=frozenset({"context_actions"}),
    ),
    "icon_button": Shape(
        surfaces=MESSAGE,
        fields={
            "action_id": string(255, 1),
            "icon": one_of("trash"),
            "text": text(75, plain=True),
            "value": string(2000),
            "confirm": CONFIRM,
            "accessibility_label": string(75),
            "visible_to_user_ids": listed(string(255), 100),
        },
        required=("icon", "text"),
        parents=frozenset({"context_actions"}),
    ),
}


def _context_part(value: Any, pointer: str, check: Check) -> None:
    is_image = isinstance(value, dict) and value.get("type") == "image"
    (element("context") if is_image else text(2000))(value, pointer, check)


def _alert_text(value: Any, pointer: str, check: Check) -> None:
    if isinstance(value, str):
        string(200, 1)(value, pointer, check)
    else:
        text(200)(value, pointer, check)


def _table_rows(value: Any, pointer: str, check: Check) -> None:
    listed(listed(anything, 20), 100)(value, pointer, check)
    if isinstance(value, list) and len(str(value)) > 10_000:
        check.fail(pointer, "must be less than 10001 characters")


def _data_rows(value: Any, pointer: str, check: Check) -> None:
    listed(listed(anything, 20), 101, fewest=2)(value, pointer, check)
    if isinstance(value, list) and len({len(row) for row in value if isinstance(row, list)}) > 1:
        check.fail(pointer, "all rows must have the same number of cells")


def _block(surfaces: frozenset[str] = ALL, required: tuple[str, ...] = (), **fields: Rule) -> Shape:
    any_of = ("text", "fields") if "accessory" in fields else ()
    return Shape(
        surfaces=surfaces, fields={"block_id": string(255, 1), **fields}, required=required, any_of=any_of
    )


BLOCKS: dict[str, Shape] = {
    "section": _block(
        text=text(3000), fields=listed(text(2000), 10), accessory=element("section"), expand=boolean
    ),
    "divider": _block(),
    "header": _block(required=("text",), text=text(150, plain=True), level=integer(1, 4)),
    "context": _block(required=("elements",), elements=listed(_context_part, 10)),
    "actions": _block(required=("elements",), elements=listed(element("actions"), 25)),
    "input": _block(
        required=("label", "element"),
        label=text(2000, plain=True),
        element=element("input"),
        hint=text(2000, plain=True),
        optional=boolean,
        dispatch_action=boolean,
    ),
    "image": _block(
        required=("alt_text",),
        alt_text=string(2000, 1),
        image_url=string(3000, 1),
        slack_file=anything,
        title=text(2000, plain=True),
    ),
    "rich_text": _block(required=("elements",), elements=listed(anything, 1000, fewest=0)),
    "video": _block(
        required=("alt_text", "title", "thumbnail_url", "video_url"),
        alt_text=string(2000),
        title=text(200, plain=True),
        title_url=string(3000),
        thumbnail_url=string(3000),
        video_url=string(3000),
        author_name=string(50),
        description=text(200, plain=True),
        provider_icon_url=string(3000),
        provider_name=string(50),
    ),
    "markdown": _block(MESSAGE, ("text",), text=string(12_000, 1)),
    "table": _block(MESSAGE, ("rows",), rows=_table_rows, column_settings=listed(anything, 20)),
    "data_table": _block(
        MESSAGE,
        ("caption", "rows"),
        caption=anything,
        rows=_data_rows,
        page_size=integer(1, 100),
        row_header_column_index=integer(0, 19),
    ),
    "data_visualization": _block(MESSAGE, title=anything, chart=anything),
    "alert": _block(
        MODAL,
        ("text",),
        text=_alert_text,
        level=one_of("default", "info", "warning", "error", "success"),
    ),
    "card": _block(
        NOT_MODAL,
        title=text(150),
        subtitle=text(150),
        body=text(200),
        hero_image=anything,
        icon=anything,
        actions=listed(element("card"), 3),
    ),
    "carousel": _block(MESSAGE, ("elements",), elements=listed(block("card"), 10)),
    "container": _block(
        MESSAGE, ("title",), title=text(150), child_blocks=listed(block(), 10), is_collapsible=boolean
    ),
    "context_actions": _block(MESSAGE, ("elements",), elements=listed(element("context_actions"), 5)),
    "task_card": _block(
        MESSAGE,
        ("task_id", "title"),
        task_id=string(255, 1),
        title=string(2000),
        status=string(255),
        details=anything,
        output=anything,
        sources=anything,
    ),
    "plan": _block(MESSAGE, ("title",), title=string(2000), tasks=listed(anything, 100)),
}


def elements_of(blocks: list[Json]) -> Iterator[tuple[Json, Json]]:
    """Each interactive element with the block that holds it, in reading order, also within containers and cards."""
    for one in blocks:
        parts = [one.get("accessory"), one.get("element"), *one.get("elements", []), *one.get("actions", [])]
        for part in parts:
            if isinstance(part, dict) and part.get("type") == "card":
                yield from elements_of([part])
            elif isinstance(part, dict) and part.get("type") in ELEMENTS and part["type"] != "image":
                yield one, part
        yield from elements_of(one.get("child_blocks", []))
