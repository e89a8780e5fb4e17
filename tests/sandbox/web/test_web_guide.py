"""The guided path ticks itself off by what is seen in the sandbox."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.demo.guide import PEOPLE, STEPS
from bot.sandbox.clock import Clock
from bot.sandbox.serve import Sandbox
from bot.sandbox.slack import messages
from bot.sandbox.web.guide import Guide

SAID = {"any": "messages", "where": {"text": {"contains": "hello"}}}
PAID = {
    "any": "documents",
    "where": {"object": "invoice", "id": "INV-1042", "amount_paid": {"at_least": 900}},
}


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    running = await Sandbox.start(manifest={}, clock=Clock(now=1_767_225_600))
    yield running
    await running.stop()


def guide(sandbox: Sandbox, *steps: list[dict[str, Any]]) -> Guide:
    whole = [{"title": f"Step {number}", "text": "…", "done": done} for number, done in enumerate(steps)]
    return Guide(whole, sandbox.slack.workspace, sandbox.site, [])


def says(sandbox: Sandbox, text: str) -> None:
    workspace = sandbox.slack.workspace
    messages.put(workspace, workspace.channels["C0GENERAL"], user="U0BO", text=text, blocks=[])


def test_steps_are_done_in_order(sandbox: Sandbox) -> None:
    path = guide(sandbox, [SAID], [PAID])
    sandbox.site.change(invoice="INV-1042", record_payment_minor=900)
    assert path.shown()["done"] == 0
    says(sandbox, "hello there")
    assert path.shown()["done"] == 2


def test_all_conditions_of_a_step_have_to_hold(sandbox: Sandbox) -> None:
    path = guide(sandbox, [SAID, PAID])
    says(sandbox, "hello there")
    assert path.shown()["done"] == 0


def test_new_means_after_the_step_before(sandbox: Sandbox) -> None:
    says(sandbox, "hello there")
    path = guide(sandbox, [SAID], [{**SAID, "new": True}])
    assert path.shown()["done"] == 1
    says(sandbox, "hello again")
    assert path.shown()["done"] == 2


def test_what_was_done_stays_done_and_reset_begins_again(sandbox: Sandbox) -> None:
    path = guide(sandbox, [PAID], [SAID])
    sandbox.site.change(invoice="INV-1042", record_payment_minor=900)
    assert path.shown()["done"] == 1
    sandbox.site.reset()
    assert path.shown()["done"] == 1
    path.reset()
    assert path.shown()["done"] == 0
    path.skip()
    assert path.shown()["done"] == 1


def test_a_step_that_looks_through_something_unknown_is_refused(sandbox: Sandbox) -> None:
    with pytest.raises(ValueError, match="dreams"):
        guide(sandbox, [{"any": "dreams", "where": {}}])


def test_the_demo_s_path_is_one_and_names_people_and_places_that_exist(sandbox: Sandbox) -> None:
    workspace = sandbox.slack.workspace
    path = Guide(STEPS, workspace, sandbox.site, [])
    assert path.shown()["done"] == 0
    assert {step["as"] for step in STEPS if "as" in step} <= workspace.people.keys()
    assert {step["channel"] for step in STEPS if "channel" in step} <= workspace.channels.keys()
    assert PEOPLE.keys() <= workspace.people.keys()
