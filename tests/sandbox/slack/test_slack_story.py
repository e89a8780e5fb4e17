"""The real slack_bolt, connected by Socket Mode, tells a whole story in the simulated workspace."""

from collections.abc import Callable
from typing import Any

import pytest
from slack_bolt.app.async_app import AsyncApp

from bot.sandbox.person import Person
from bot.sandbox.slack.server import SlackServer
from bot.sandbox.slack.workspace import Workspace
from tests.sandbox.slack.app_under_test import (
    bolt_app,
    button,
    buttons,
    connected,
    modal,
    option,
    plain,
    section,
    text_input,
)

INVOICE = {
    "type": "input",
    "block_id": "invoice",
    "label": plain("Invoice"),
    "element": {"type": "external_select", "action_id": "picked", "min_query_length": 2},
}
INVOICES = {"INV-1": "INV-1 · Acme", "INV-10": "INV-10 · Beta", "INV-2": "INV-2 · Gamma"}


def write_off_app(server: SlackServer) -> AsyncApp:
    app = bolt_app(server)

    async def command(ack: Any, body: Any, client: Any) -> None:
        await ack()
        form = modal("Write off", INVOICE, text_input("reason", "Reason"), callback_id="form")
        await client.views_open(trigger_id=body["trigger_id"], view=form)

    async def look_up(ack: Any, payload: Any) -> None:
        found = [option(name, key) for key, name in INVOICES.items() if payload["value"] in key]
        await ack(options=found)

    async def submitted(ack: Any, view: Any, body: Any, client: Any) -> None:
        values = view["state"]["values"]
        reason = values["reason"]["typed"]["value"]
        if len(reason) < 5:
            await ack(response_action="errors", errors={"reason": "Say a little more."})
            return
        await ack(response_action="update", view=modal("Working", section("One moment.")))
        invoice = values["invoice"]["picked"]["selected_option"]["value"]
        card = [
            section(f"*{invoice}* asked by <@{body['user']['id']}>"),
            buttons(button("Approve", "approve")),
        ]
        await client.chat_postMessage(channel="C0APPROVALS", text=f"Write off {invoice}?", blocks=card)

    async def approve(ack: Any, body: Any, client: Any) -> None:
        await ack()
        await client.chat_update(
            channel=body["channel"]["id"],
            ts=body["message"]["ts"],
            text=f"Approved by {body['user']['name']}",
        )
        await client.chat_postMessage(channel="U0ANNA", text="Your write-off was approved.")

    app.command("/write-off")(command)
    app.options("picked")(look_up)
    app.view("form")(submitted)
    app.action("approve")(approve)
    return app


async def test_a_write_off_goes_from_command_to_approval(
    slack: SlackServer, workspace: Workspace, person: Callable[[str], Person]
) -> None:
    anna, bo = person("U0ANNA"), person("U0BO")
    async with connected(write_off_app(slack), slack):
        assert (await anna.runs("/write-off", channel="C0BILLING")).acked
        form = await anna.sees_modal("Write off")
        assert list(form.fields) == ["Invoice", "Reason"]
        assert await form.options("Invoice", "INV") == list(INVOICES.values())
        await form.fill({"Invoice": "INV-2", "Reason": "dup"})
        assert await form.submit() == {"Reason": "Say a little more."}
        await form.fill({"Reason": "a duplicate"})
        assert await form.submit() is None
        await anna.sees_modal("Working")

        card = await bo.sees("INV-2 asked by @Anna Agent", channel="billing-approvals")
        assert card.buttons == ["Approve"]
        assert (await bo.clicks("Approve", in_message_containing="INV-2")).acked
        await bo.sees("Approved by bo", channel="C0APPROVALS")
        await anna.sees("Your write-off was approved.", channel="D0ANNA")
    assert [one["text"] for one in workspace.messages["C0APPROVALS"][card.ts].versions] == [
        "Write off INV-2?",
        "Approved by bo",
    ]
    assert workspace.violations == []


async def test_what_is_not_there_is_told_with_what_is(
    slack: SlackServer, person: Callable[[str], Person]
) -> None:
    anna = person("U0ANNA")
    await anna.says("Hello everybody", channel="C0BILLING")
    with pytest.raises(AssertionError, match="#billing Anna Agent: Hello everybody"):
        await anna.sees("Goodbye", timeout_s=0)
