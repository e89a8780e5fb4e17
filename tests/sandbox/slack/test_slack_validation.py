"""Messages, views and options are held to the documented limits and surfaces."""

from typing import Any

import pytest

from bot.sandbox.slack.blockkit import BLOCKS, ELEMENTS
from bot.sandbox.slack.validation import block_problems, option_problems, view_problems
from tests.sandbox.slack.app_under_test import button, buttons, modal, option, plain, section, text_input
from tests.sandbox.slack.conftest import Call

Json = dict[str, Any]


def select(count: int, **more: Any) -> Json:
    options = [option(f"Option {number}", str(number)) for number in range(count)]
    return {"type": "static_select", "action_id": "choose", "options": options, **more}


def asked(element: Json) -> Json:
    return {"type": "input", "block_id": "asked", "label": plain("Asked"), "element": element}


NUMBER = {"type": "number_input", "action_id": "n", "is_decimal_allowed": True}


@pytest.mark.parametrize(
    ("blocks", "surface", "problem"),
    [
        (
            [section("x" * 3001)],
            "message",
            "must be less than 3001 characters [json-pointer:/blocks/0/text/text]",
        ),
        ([section("")], "message", "must be more than 0 characters"),
        ([section("x")] * 51, "message", "no more than 50 items allowed"),
        ([section("x")] * 101, "modal", "no more than 100 items allowed"),
        ([{"type": "header", "text": plain("x" * 151)}], "message", "less than 151"),
        (
            [{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}],
            "message",
            "unsupported type: mrkdwn",
        ),
        ([buttons(button("x" * 76, "go"))], "message", "less than 76"),
        ([buttons(button("x", "go", value="v" * 2001))], "message", "less than 2001"),
        ([buttons(button("x", "go"), button("y", "go"))], "message", "`action_id` go already exists"),
        ([buttons(*[button("x", f"go{n}") for n in range(26)])], "message", "no more than 25"),
        ([buttons(button("x", "go")), buttons(button("y", "go"))], "message", "`block_id` buttons already"),
        ([section("x") | {"colour": "red"}], "message", "invalid additional property: colour"),
        ([{"type": "alert", "text": plain("x")}], "message", "unsupported type: alert"),
        ([{"type": "markdown", "text": "x"}], "modal", "unsupported type: markdown"),
        ([{"type": "card", "body": plain("x")}], "modal", "unsupported type: card"),
        (
            [{"type": "table", "rows": [[{"type": "raw_text", "text": "x"}]]}],
            "home",
            "unsupported type: table",
        ),
        ([{"type": "table", "rows": [[]] * 101}], "message", "no more than 100"),
        ([{"type": "hologram"}], "message", "unsupported type: hologram"),
        ([asked(NUMBER)], "message", "unsupported type: number_input"),
        ([asked({**NUMBER, "min_value": 1})], "modal", "must be a string"),
        ([asked({"type": "number_input", "action_id": "n"})], "modal", "required field: is_decimal_allowed"),
        ([asked(select(101))], "modal", "no more than 100"),
        ([asked(select(2, initial_option=option("Option 9", "9")))], "modal", "initial option must match"),
        ([asked(select(2, options=[option("x" * 76, "1")]))], "modal", "less than 76"),
        ([asked({**select(11), "type": "radio_buttons"})], "modal", "no more than 10"),
        ([{**text_input("a", "A"), "label": {"type": "mrkdwn", "text": "A"}}], "modal", "unsupported type"),
        ([asked(button("x", "go"))], "modal", "unsupported type: button"),
        ("section", "message", "must be an array"),
        (["section"], "message", "unsupported type: None"),
    ],
)
def test_blocks_past_a_limit_or_on_the_wrong_surface_are_refused(
    blocks: Any, surface: str, problem: str
) -> None:
    assert problem in "\n".join(block_problems(blocks, surface))


@pytest.mark.parametrize(
    ("view", "problem"),
    [
        ({"type": "modal", "blocks": []}, "missing required field: title [json-pointer:/view]"),
        (modal("T" * 25), "must be less than 25 characters [json-pointer:/view/title/text]"),
        (modal("T", close=plain("x" * 25)), "/view/close/text"),
        (modal("T", private_metadata="x" * 3001), "less than 3001"),
        (modal("T", callback_id="x" * 256), "less than 256"),
        ({**modal("T", text_input("a", "A")), "submit": None}, "missing required field: submit"),
        ({"type": "home", "title": plain("T"), "blocks": []}, "invalid additional property: title"),
        ({"type": "popup", "blocks": []}, "must be one of: modal, home"),
        ([], "must provide an object"),
    ],
)
def test_views_past_a_limit_are_refused(view: Any, problem: str) -> None:
    assert problem in "\n".join(view_problems(view))


def test_a_full_form_is_accepted() -> None:
    inputs = [asked(NUMBER), {**asked(select(100)), "block_id": "b"}, text_input("c", "C", max_length=10)]
    view = modal(
        "T" * 24, section("x" * 3000), *inputs, {"type": "alert", "text": plain("x"), "level": "info"}
    )
    assert view_problems(view) == []


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ({}, "either options or option_groups"),
        ({"options": [], "option_groups": []}, "either options or option_groups"),
        ({"options": [option("x" * 76, "1")]}, "less than 76"),
        ({"options": [option("x", "v" * 151)]}, "less than 151"),
        ({"options": [option(str(n), str(n)) for n in range(101)]}, "no more than 100"),
    ],
)
def test_options_slack_would_drop_are_named(answer: Json, problem: str) -> None:
    assert problem in "\n".join(option_problems(answer))


def test_no_options_is_an_answer() -> None:
    assert option_problems({"options": []}) == []


async def test_a_refused_message_says_where(api: Call) -> None:
    answer = await api("chat.postMessage", channel="C0BILLING", text="x", blocks=[section("x" * 3001)])
    assert answer["error"] == "invalid_blocks"
    where = "[ERROR] must be less than 3001 characters [json-pointer:/blocks/0/text/text]"
    assert answer["response_metadata"]["messages"] == [where]


async def test_blocks_that_are_no_json_are_refused(api: Call) -> None:
    answer = await api("chat.postMessage", channel="C0BILLING", text="x", blocks="[")
    assert answer["error"] == "invalid_blocks_format"


def test_every_kind_of_element_stands_in_some_block() -> None:
    homes = {parent for shape in ELEMENTS.values() for parent in shape.parents}
    assert homes <= set(BLOCKS)
