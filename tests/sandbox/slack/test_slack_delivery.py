"""How the app hears of things: Socket Mode and signed HTTP with the real slack_bolt, lost and repeated deliveries."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.app.async_app import AsyncApp

from bot.sandbox.person import Person
from bot.sandbox.slack.server import SlackServer
from bot.sandbox.slack.trouble import Trouble
from bot.sandbox.slack.views import TROUBLE_CONNECTING
from bot.sandbox.slack.workspace import App, Workspace
from tests.sandbox.slack.app_under_test import (
    bolt_app,
    button,
    buttons,
    connected,
    modal,
    section,
    text_input,
)
from tests.sandbox.slack.conftest import COMMANDS, Call

Json = dict[str, Any]
CARD = [section("card"), buttons(button("Go", "go"))]


class Heard:
    """What reached the app's listeners, in order."""

    def __init__(self) -> None:
        self.bodies: list[Json] = []
        self.retries: list[str] = []


def listening(server: SlackServer, heard: Heard) -> AsyncApp:
    app = bolt_app(server)

    async def on_command(ack: Any, body: Json) -> None:
        heard.bodies.append(body)
        await ack("Heard.")

    async def on_action(ack: Any, body: Json) -> None:
        heard.bodies.append(body)
        await ack()

    async def on_view(ack: Any, body: Json) -> None:
        heard.bodies.append(body)
        await ack()

    async def on_event(body: Json, req: Any) -> None:
        heard.bodies.append(body)
        number, reason = (req.headers.get(f"x-slack-retry-{key}", [""])[0] for key in ("num", "reason"))
        if reason:  # over a socket the first delivery says number 0 and no reason
            heard.retries.append(f"{number} {reason}")

    app.command("/write-off")(on_command)
    app.action("go")(on_action)
    app.view("form")(on_view)
    app.view_closed("form")(on_view)
    for kind in ("message", "app_mention", "app_home_opened", "user_change", "subteam_members_changed"):
        app.event(kind)(on_event)
    app.shortcut("find")(on_action)
    return app


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
async def app(slack: SlackServer, heard: Heard) -> AsyncIterator[AsyncApp]:
    bolt = listening(slack, heard)
    async with connected(bolt, slack):
        yield bolt


async def test_a_command_carries_slacks_fields_and_its_answer_is_whispered(
    app: AsyncApp, heard: Heard, person: Callable[[str], Person]
) -> None:
    anna = person("U0ANNA")
    shown = await anna.runs("/write-off INV-1  duplicate", channel="C0APPROVALS")
    assert (shown.acked, shown.text) == (True, "Heard.")
    body = heard.bodies[0]
    assert (body["command"], body["text"], body["channel_name"]) == (
        "/write-off",
        "INV-1  duplicate",
        "privategroup",
    )
    assert body["is_enterprise_install"] == "false"
    assert (await anna.sees("Heard.")).is_ephemeral
    assert await person("U0BO").messages() == []


async def test_with_nobody_connected_a_command_fails_at_once(person: Callable[[str], Person]) -> None:
    shown = await person("U0ANNA").runs("/write-off", channel="C0BILLING")
    assert shown.error == '/write-off failed with the error "dispatch_failed"'
    assert shown.delivered == 0


async def test_an_answer_past_the_budget_is_an_error_for_the_person(workspace: Workspace) -> None:
    server = await SlackServer.start(workspace, ack_budget_s=0.05)
    bolt, never = bolt_app(server), asyncio.Event()

    async def silent() -> None:
        await never.wait()

    bolt.command("/write-off")(silent)
    async with connected(bolt, server):
        shown = await Person(server.sandbox_url, "U0ANNA").runs("/write-off", channel="C0BILLING")
        never.set()
    await server.stop()
    assert shown.error == '/write-off failed with the error "operation_timeout"'


async def test_a_lost_acknowledgement_reaches_the_app_and_frightens_the_person(
    app: AsyncApp, api: Call, sandbox: Call, heard: Heard, person: Callable[[str], Person]
) -> None:
    await api("chat.postMessage", channel="C0BILLING", text="card", blocks=CARD)
    await sandbox("trouble", kind="lose_ack", of="block_actions")
    shown = await person("U0BO").clicks("Go")
    assert (shown.acked, shown.error) == (False, TROUBLE_CONNECTING)
    assert len(heard.bodies) == 1
    assert (await person("U0BO").clicks("Go")).acked


async def test_a_delivery_can_happen_twice(
    app: AsyncApp, api: Call, sandbox: Call, heard: Heard, person: Callable[[str], Person]
) -> None:
    await api("chat.postMessage", channel="C0BILLING", text="card", blocks=CARD)
    await person("U0BO").clicks("Go", deliveries=2)
    await sandbox("trouble", kind="duplicate", of="block_actions")
    await person("U0BO").clicks("Go")
    assert [one["trigger_id"] for one in heard.bodies[:2]] == [heard.bodies[0]["trigger_id"]] * 2
    assert len(heard.bodies) == 4


async def test_a_click_carries_container_message_and_state(
    app: AsyncApp, api: Call, heard: Heard, person: Callable[[str], Person]
) -> None:
    posted = await api("chat.postMessage", channel="C0SHARED", text="card", blocks=CARD)
    await person("U0OTTO").clicks("Go", in_message_containing="card")
    body = heard.bodies[0]
    assert body["container"]["message_ts"] == body["message"]["ts"] == posted["ts"]
    assert body["actions"][0]["value"] == "BR-1"
    assert (body["team"]["id"], body["user"]["team_id"]) == ("T0BOT", "T0OTHER")
    assert body["state"] == {"values": {}}


async def test_a_click_on_an_ephemeral_message_carries_no_message(
    app: AsyncApp, api: Call, heard: Heard, person: Callable[[str], Person]
) -> None:
    await api("chat.postEphemeral", channel="C0BILLING", user="U0ANNA", text="card", blocks=CARD)
    await person("U0ANNA").clicks("Go")
    assert "message" not in heard.bodies[0]
    assert heard.bodies[0]["container"]["is_ephemeral"]


async def test_a_confirm_dialog_can_be_declined(
    app: AsyncApp, api: Call, heard: Heard, person: Callable[[str], Person]
) -> None:
    dialog = {
        "title": {"type": "plain_text", "text": "Sure?"},
        "text": {"type": "plain_text", "text": "It cannot be undone."},
        "confirm": {"type": "plain_text", "text": "Yes"},
        "deny": {"type": "plain_text", "text": "No"},
    }
    blocks = [buttons(button("Go", "go", confirm=dialog))]
    await api("chat.postMessage", channel="C0BILLING", text="card", blocks=blocks)
    shown = await person("U0BO").clicks("Go", confirm=False)
    assert (shown.asked, heard.bodies) == ("It cannot be undone.", [])


async def test_dropped_links_come_back_and_work(
    app: AsyncApp, slack: SlackServer, sandbox: Call, person: Callable[[str], Person]
) -> None:
    await sandbox("trouble", kind="refresh_sockets")
    await slack.connected()
    assert (await person("U0ANNA").runs("/write-off", channel="C0BILLING")).acked


async def test_a_broken_link_loses_what_was_under_way(
    slack: SlackServer, sandbox: Call, workspace: Workspace, person: Callable[[str], Person]
) -> None:
    bolt, arrived, never = bolt_app(slack), asyncio.Event(), asyncio.Event()

    async def silent() -> None:
        arrived.set()
        await never.wait()

    bolt.command("/write-off")(silent)
    async with connected(bolt, slack):
        running = asyncio.create_task(person("U0ANNA").runs("/write-off", channel="C0BILLING"))
        await arrived.wait()
        await sandbox("trouble", kind="drop_sockets")
        shown = await running
        never.set()
    assert shown.error == '/write-off failed with the error "dispatch_failed"'


async def test_each_link_takes_its_turn(slack: SlackServer, person: Callable[[str], Person]) -> None:
    first, second = Heard(), Heard()
    async with connected(listening(slack, first), slack), connected(listening(slack, second), slack, links=2):
        for _ in range(4):
            await person("U0ANNA").runs("/write-off", channel="C0BILLING")
    assert (len(first.bodies), len(second.bodies)) == (2, 2)


async def test_messages_and_mentions_become_events(
    app: AsyncApp, heard: Heard, person: Callable[[str], Person]
) -> None:
    await person("U0ANNA").says("status of INV-1?")
    await person("U0OTTO").mentions_bot("hello", channel="C0SHARED")
    await person("U0ANNA").says("not for the bot", channel="C0BILLING")
    direct, mention = heard.bodies
    assert (direct["event"]["channel_type"], direct["event"]["channel"]) == ("im", "D0ANNA")
    assert mention["event"]["type"] == "app_mention"
    assert mention["event"]["user_team"] == "T0OTHER"
    assert mention["is_ext_shared_channel"]
    assert (mention["team_id"], mention["context_team_id"]) == ("T0OTHER", "T0BOT")


async def test_an_event_can_be_retried_with_its_headers(
    app: AsyncApp, heard: Heard, person: Callable[[str], Person]
) -> None:
    await person("U0ANNA").opens_home(retry=True)
    assert heard.retries == ["1 http_timeout"]
    assert heard.bodies[0]["event_id"] == heard.bodies[1]["event_id"]


async def test_events_nobody_took_are_sent_again_when_asked(
    slack: SlackServer, heard: Heard, sandbox: Call, person: Callable[[str], Person]
) -> None:
    await person("U0ANNA").says("is anybody there?")
    async with connected(listening(slack, heard), slack):
        assert (await sandbox("retry"))["acked"] == [True]
        assert (await sandbox("retry"))["acked"] == []
    assert heard.retries == ["1 http_error"]


async def test_changed_people_and_groups_become_events(app: AsyncApp, heard: Heard, sandbox: Call) -> None:
    await sandbox("people", user="U0BO", deleted=True)
    await sandbox("people", user="U0FIN", is_restricted=True, quiet=True)
    await sandbox("group", id="S0FINANCE", users=["U0FIN"])
    changed, group = (one["event"] for one in heard.bodies)
    assert (changed["type"], changed["user"]["id"], changed["user"]["deleted"]) == (
        "user_change",
        "U0BO",
        True,
    )
    assert group["removed_users"] == ["U0CARL"]


async def test_a_closed_form_is_told_only_if_it_asked(
    app: AsyncApp, api: Call, workspace: Workspace, heard: Heard, person: Callable[[str], Person]
) -> None:
    for notify in (False, True):
        form = modal("Form", text_input("a", "A"), callback_id="form", notify_on_close=notify)
        await api("views.open", trigger_id=workspace.new_trigger("U0ANNA"), view=form)
        await (await person("U0ANNA").sees_modal("Form")).close()
        await person("U0ANNA").sees_no_modal()
    assert [(one["type"], one["is_cleared"]) for one in heard.bodies] == [("view_closed", False)]


async def test_a_submission_delivered_twice_acts_once_on_the_screen(
    app: AsyncApp, api: Call, workspace: Workspace, heard: Heard, person: Callable[[str], Person]
) -> None:
    form = modal("Form", text_input("a", "A"), callback_id="form")
    await api("views.open", trigger_id=workspace.new_trigger("U0ANNA"), view=form)
    seen = await person("U0ANNA").sees_modal("Form")
    await seen.fill({"A": "text"})
    assert await seen.submit(deliveries=2) is None
    assert [one["view"]["state"]["values"]["a"]["typed"]["value"] for one in heard.bodies] == ["text"] * 2
    assert workspace.modals["U0ANNA"] == []


async def test_a_shortcut_opens_from_anywhere(app: AsyncApp, sandbox: Call, heard: Heard) -> None:
    await sandbox("app", shortcuts={"find": "global"})
    assert (await sandbox("shortcut", user="U0ANNA", callback_id="find"))["acked"]
    assert heard.bodies[0]["type"] == "shortcut"
    assert (await sandbox("shortcut", user="U0ANNA", callback_id="lose"))["error"] == "cannot"


@pytest.fixture
async def over_http(clock: Any, heard: Heard) -> AsyncIterator[SlackServer]:
    """The workspace delivering by signed HTTP to a real Bolt app behind aiohttp."""
    site = web.Application()
    runner = web.AppRunner(site, access_log=None)
    bolt: list[AsyncApp] = []

    async def receive(request: web.Request) -> web.Response:
        answer = await bolt[0].async_dispatch(await to_bolt_request(request))
        return await to_aiohttp_response(answer)

    site.router.add_post("/slack/events", receive)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
    workspace = Workspace(clock, App(commands=COMMANDS))
    server = await SlackServer.start(workspace, delivery="http", request_url=url)
    bolt.append(listening(server, heard))
    yield server
    await server.stop()
    await runner.cleanup()


async def test_signed_http_delivery_satisfies_bolt(over_http: SlackServer, heard: Heard) -> None:
    anna = Person(over_http.sandbox_url, "U0JURGEN")
    shown = await anna.runs("/write-off für Müller & Söhne", channel="C0BILLING")
    assert (shown.acked, shown.text) == (True, "Heard.")
    assert heard.bodies[0]["text"] == "für Müller & Söhne"
    await anna.says("Grüße")
    assert heard.bodies[1]["event"]["text"] == "Grüße"


async def test_interactions_and_retries_go_over_http_too(
    over_http: SlackServer, heard: Heard, http: Any
) -> None:
    workspace = over_http.workspace
    anna = Person(over_http.sandbox_url, "U0ANNA")
    headers = {"Authorization": "Bearer xoxb-sandbox-billing-bot"}
    form = modal("Form", text_input("a", "A"), callback_id="form")
    body = {"trigger_id": workspace.new_trigger("U0ANNA"), "view": form}
    async with http.post(f"{over_http.api_url}views.open", json=body, headers=headers) as response:
        assert (await response.json())["ok"]
    seen = await anna.sees_modal("Form")
    await seen.fill({"A": "text"})
    assert await seen.submit() is None
    await anna.opens_home(retry=True)
    assert heard.retries == ["1 http_timeout"]


@pytest.mark.parametrize("kind", ["stale_signature", "bad_signature"])
async def test_a_wrong_signature_is_refused_by_bolt(over_http: SlackServer, heard: Heard, kind: str) -> None:
    anna = Person(over_http.sandbox_url, "U0ANNA")
    over_http.workspace.trouble.add(Trouble(kind))
    shown = await anna.runs("/write-off", channel="C0BILLING")
    assert shown.error == '/write-off failed with the error "dispatch_failed"'
    assert heard.bodies == []
    assert over_http.workspace.log[-1]["problem"] == "status 401"


async def test_the_request_url_is_verified(over_http: SlackServer, http: Any) -> None:
    async with http.post(f"{over_http.sandbox_url}/verify") as response:
        assert await response.json() == {"ok": True, "url_verification": True, "ssl_check": True}
