"""What Slack's client lets whom do, and what it tells them instead; the control interface as a person uses it."""

from collections.abc import Callable
from typing import Any

import aiohttp
import pytest

from bot.sandbox.person import Person
from bot.sandbox.slack.reading import render_text
from bot.sandbox.slack.server import SlackServer
from bot.sandbox.slack.workspace import App, Workspace
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
from tests.sandbox.slack.conftest import Call

Json = dict[str, Any]
CARD = [section("card"), buttons(button("Go", "go"))]


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ({"user": "U0DORA", "channel": "C0BILLING"}, "Dora Deactivated is deactivated"),
        ({"user": "U0ROBOT", "channel": "C0BILLING"}, "Robot is a bot"),
        ({"user": "U0NOBODY", "channel": "C0BILLING"}, "nobody called 'U0NOBODY'"),
        ({"user": "U0OTTO", "channel": "C0BILLING"}, "U0OTTO is not in billing"),
        ({"user": "U0ANNA", "channel": "C0OLD"}, "old-billing is archived"),
        ({"user": "U0ANNA", "channel": "C0NOWHERE"}, "no channel C0NOWHERE"),
    ],
)
async def test_the_client_does_not_let_them(sandbox: Call, body: Json, why: str) -> None:
    answer = await sandbox("command", text="/write-off", **body)
    assert answer["error"] == "cannot"
    assert why in answer["why"]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"user": "U0ANNA", "text": "/refund"}, "/refund is not a valid command."),
        ({"user": "U0OTTO", "text": "/write-off"}, "/write-off is not a valid command."),
        (
            {"user": "U0ANNA", "text": "/write-off", "thread_ts": "1.0"},
            "/write-off is not supported in threads. Sorry!",
        ),
    ],
)
async def test_the_client_answers_itself(sandbox: Call, options: Json, told: str) -> None:
    answer = await sandbox("command", channel="C0SHARED", **options)
    assert (answer["error_shown"], answer["delivered"]) == (told, 0)


async def test_force_delivers_for_whom_the_client_would_not(
    slack: SlackServer, api: Call, workspace: Workspace
) -> None:
    app, users = bolt_app(slack), []

    async def go(ack: Any, body: Json) -> None:
        await ack()
        users.append((body["user"]["id"], body["actions"][0]["value"]))

    app.action("go")(go)
    posted = await api("chat.postMessage", channel="C0BILLING", text="card", blocks=CARD)
    await api("chat.update", channel="C0BILLING", ts=posted["ts"], text="decided")
    spot = {"channel": "C0BILLING", "ts": posted["ts"]}
    async with connected(app, slack):
        dora = Person(slack.sandbox_url, "U0DORA")
        await dora.acts("click", message=spot, action_id="go", force=True)
        await dora.acts("click", message=spot, action_id="go", value="BR-9", force=True)
        with pytest.raises(AssertionError, match="is deactivated"):
            await dora.acts("click", message=spot, action_id="go")
    assert users == [("U0DORA", "BR-1"), ("U0DORA", "BR-9")]


async def test_a_button_that_is_gone_cannot_be_clicked(api: Call, sandbox: Call) -> None:
    posted = await api("chat.postMessage", channel="C0BILLING", text="card", blocks=CARD)
    await api("chat.update", channel="C0BILLING", ts=posted["ts"], text="decided")
    spot = {"channel": "C0BILLING", "ts": posted["ts"]}
    answer = await sandbox("click", user="U0ANNA", message=spot, action_id="go")
    assert "there is no */go" in answer["why"]


async def test_nobody_clicks_what_they_do_not_see(api: Call, sandbox: Call) -> None:
    posted = await api("chat.postMessage", channel="C0APPROVALS", text="card", blocks=CARD)
    hidden = [buttons(button("Go", "go", visible_to_user_ids=["U0BO"]))]
    other = await api("chat.postMessage", channel="C0BILLING", text="card", blocks=hidden)
    secret = {"channel": "C0APPROVALS", "ts": posted["ts"]}
    partly = {"channel": "C0BILLING", "ts": other["ts"]}
    outside = await sandbox("click", user="U0OTTO", message=secret, action_id="go")
    anna = await sandbox("click", user="U0ANNA", message=partly, action_id="go")
    assert "Otto Outsider does not see that message" in outside["why"]
    assert "U0ANNA does not see go" in anna["why"]


def _picker(**more: Any) -> Json:
    element = {"type": "external_select", "action_id": "pick", **more}
    block = {"type": "input", "block_id": "pick", "label": plain("Pick"), "element": element}
    return modal("Form", block, text_input("note", "Note", max_length=5), callback_id="form")


async def test_suggestions_follow_slacks_rules(
    slack: SlackServer, api: Call, workspace: Workspace, sandbox: Call
) -> None:
    app, asked = bolt_app(slack), []

    async def look_up(ack: Any, body: Json) -> None:
        asked.append((body["value"], body["view"]["state"]["values"]["note"]["typed"]["value"]))
        await ack(options=[option("x" * (80 if body["value"] == "long" else 5), "1")])

    app.options("pick")(look_up)
    await api("views.open", trigger_id=workspace.new_trigger("U0ANNA"), view=_picker())
    typing = {"user": "U0ANNA", "block_id": "pick", "action_id": "pick"}
    async with connected(app, slack):
        await sandbox("fill", user="U0ANNA", block_id="note", action_id="typed", value="text")
        short = await sandbox("suggest", **typing, query="ab")
        long = await sandbox("suggest", **typing, query="long")
        good = await sandbox("suggest", **typing, query="good")
    assert (short["delivered"], short["options"]) == (0, [])
    assert long["options"] == []
    assert "less than 76" in workspace.violations[0]
    assert [one["value"] for one in good["options"]] == ["1"]
    assert asked == [("long", None), ("good", None)]  # what was typed and not dispatched is not told


async def test_only_offered_options_can_be_chosen_unless_forged(
    api: Call, workspace: Workspace, sandbox: Call
) -> None:
    await api("views.open", trigger_id=workspace.new_trigger("U0ANNA"), view=_picker())
    entry = {"user": "U0ANNA", "block_id": "pick", "action_id": "pick", "value": "INV-9"}
    refused = await sandbox("fill", **entry)
    assert "no option 'INV-9' is offered" in refused["why"]
    await sandbox("fill", **entry, force=True)
    chosen = workspace.modals["U0ANNA"][0].state["pick"]["pick"]["selected_option"]
    assert chosen["value"] == "INV-9"


async def test_a_field_that_dispatches_tells_the_app_what_was_typed(
    slack: SlackServer, api: Call, workspace: Workspace, person: Callable[[str], Person]
) -> None:
    app = bolt_app(slack)

    async def typed(ack: Any, body: Json, client: Any) -> None:
        await ack()
        view, value = body["view"], body["actions"][0]["value"]
        fresh = modal("Form", watched, section(f"You typed {value}"))
        await client.views_update(view_id=view["id"], hash=view["hash"], view=fresh)

    app.action("typed")(typed)
    watched = {**text_input("a", "Amount"), "dispatch_action": True}
    await api("views.open", trigger_id=workspace.new_trigger("U0ANNA"), view=modal("Form", watched))
    async with connected(app, slack):
        form = await person("U0ANNA").sees_modal("Form")
        await form.fill({"Amount": "12.50"})
        form = await person("U0ANNA").sees_modal("Form", containing="You typed 12.50")
    assert form.fields["Amount"].value["value"] == "12.50"


async def test_a_form_says_what_it_lacks(
    api: Call, workspace: Workspace, person: Callable[[str], Person]
) -> None:
    await api("views.open", trigger_id=workspace.new_trigger("U0ANNA"), view=_picker())
    form = await person("U0ANNA").sees_modal("Form")
    with pytest.raises(AssertionError, match=r"no field 'Amount'; there is: \['Pick', 'Note'\]"):
        await form.fill({"Amount": "1"})
    with pytest.raises(AssertionError, match=r"no button 'Preview'; there is: \[\]"):
        await form.click("Preview")
    await form.fill({"Note": "too long"})
    assert await form.submit() == {
        "Pick": "Please complete this required field.",
        "Note": "This entry must be less than 6 characters.",
    }
    assert form.errors["Note"] == "This entry must be less than 6 characters."


async def test_choices_are_made_by_their_labels(
    api: Call, workspace: Workspace, person: Callable[[str], Person]
) -> None:
    options = [option("Adjustment", "adj"), option("Refundable", "ref")]
    blocks = [
        {
            "type": "input",
            "block_id": kind,
            "label": plain(kind),
            "element": {"type": kind, "action_id": "it", "options": options},
        }
        for kind in ("static_select", "radio_buttons", "checkboxes")
    ]
    date = {
        "type": "input",
        "block_id": "date",
        "label": plain("Date"),
        "element": {"type": "datepicker", "action_id": "it"},
    }
    await api("views.open", trigger_id=workspace.new_trigger("U0ANNA"), view=modal("Form", *blocks, date))
    form = await person("U0ANNA").sees_modal("Form")
    choices = {"static_select": "Adjustment", "radio_buttons": "Refundable", "checkboxes": ["Adjustment"]}
    await form.fill({**choices, "Date": "2026-01-31"})
    state = workspace.modals["U0ANNA"][0].state
    assert state["static_select"]["it"]["selected_option"]["value"] == "adj"
    assert state["radio_buttons"]["it"]["selected_option"]["value"] == "ref"
    assert [one["value"] for one in state["checkboxes"]["it"]["selected_options"]] == ["adj"]
    assert state["date"]["it"]["selected_date"] == "2026-01-31"
    assert "static_select: Adjustment" in form.reads
    with pytest.raises(AssertionError, match=r"does not offer 'Store'; there is: \['Adjustment'"):
        await form.fill({"static_select": "Store"})


async def test_everything_a_person_sees_is_plain_text(
    api: Call, workspace: Workspace, person: Callable[[str], Person]
) -> None:
    blocks = [section("*Write off* by <@U0ANNA> &amp; co"), buttons(button("Go", "go"))]
    await api("chat.postMessage", channel="C0APPROVALS", text="card", blocks=blocks)
    home = {"type": "home", "blocks": [section("Nothing waits for you.")]}
    await api("views.publish", user_id="U0BO", view=home)
    await person("U0BO").sees_home("Nothing waits")
    assert await person("U0BO").everything() == [
        "#billing-approvals Billing Bot: Write off by @Anna Agent & co\n[Go]",
        "Home: Nothing waits for you.",
    ]
    assert await person("U0OTTO").everything() == []


def test_markup_is_read_as_slack_shows_it() -> None:
    text = "*bold* _it_ ~gone~ `code` 2*3*4 <https://x.example|page> <!channel> <#C1|room> &lt;b&gt;"
    assert render_text([section(text)]) == "bold it gone code 2*3*4 page @channel #room <b>"


async def test_changes_are_waited_for(slack: SlackServer, http: aiohttp.ClientSession, api: Call) -> None:
    async def changes(since: int, timeout_s: int) -> Json:
        query = {"since": since, "timeout_s": timeout_s}
        async with http.get(f"{slack.sandbox_url}/changes", params=query) as response:
            answer: Json = await response.json()
            return answer

    now = (await changes(-1, 0))["seq"]
    assert await changes(now, 0) == {"ok": True, "seq": now, "changed": False}
    await api("chat.postMessage", channel="C0BILLING", text="hello")
    assert (await changes(now, 5))["changed"]


async def test_the_workspace_can_be_reset_and_its_clock_moved(
    sandbox: Call, api: Call, workspace: Workspace
) -> None:
    await api("chat.postMessage", channel="C0BILLING", text="hello")
    before = workspace.clock()
    assert (await sandbox("clock", advance_s=60))["now"] == before + 60
    await sandbox("reset")
    assert workspace.messages == {}


async def test_a_message_can_be_deleted_and_a_channel_archived_behind_the_bots_back(
    sandbox: Call, api: Call
) -> None:
    posted = await api("chat.postMessage", channel="C0BILLING", text="hello")
    await sandbox("trouble", kind="delete_message", channel="C0BILLING", ts=posted["ts"])
    gone = await api("chat.update", channel="C0BILLING", ts=posted["ts"], text="x")
    await sandbox("trouble", kind="archive", channel="C0BILLING")
    shut = await api("chat.postMessage", channel="C0BILLING", text="x")
    assert (gone["error"], shut["error"]) == ("message_not_found", "is_archived")


@pytest.mark.parametrize(
    ("act", "body"), [("trouble", {"kind": "meteor"}), ("channel", {"id": "C9"}), ("people", {"user": "U9"})]
)
async def test_what_the_control_interface_does_not_know_it_says(sandbox: Call, act: str, body: Json) -> None:
    assert (await sandbox(act, **body))["error"] == "cannot"


async def test_a_body_without_what_it_needs_is_refused(sandbox: Call) -> None:
    assert await sandbox("command", user="U0ANNA") == {
        "ok": False,
        "error": "missing",
        "why": "missing 'text'",
    }


def test_an_app_is_read_from_its_manifest() -> None:
    manifest = {
        "features": {
            "slash_commands": [{"command": "/charge", "should_escape": True}],
            "shortcuts": [{"callback_id": "find", "type": "global"}],
        },
        "oauth_config": {"scopes": {"bot": ["commands"]}},
        "settings": {"event_subscriptions": {"bot_events": ["app_mention"]}},
    }
    assert App.from_manifest(manifest) == App(
        commands=frozenset({"/charge"}),
        scopes=frozenset({"commands"}),
        events=frozenset({"app_mention"}),
        shortcuts={"find": "global"},
        escaping=frozenset({"/charge"}),
    )


async def test_a_command_that_escapes_gets_ids_for_names(sandbox: Call, workspace: Workspace) -> None:
    await sandbox("app", escaping=["/charge"])
    await sandbox("command", user="U0ANNA", channel="C0BILLING", text="/charge for @bo in #billing @nobody")
    told = workspace.log[-1]["payload"]["text"]
    assert told == "for <@U0BO|bo> in <#C0BILLING|billing> @nobody"
