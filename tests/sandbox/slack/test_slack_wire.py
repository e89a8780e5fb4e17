"""The Web API on the wire: tokens, scopes, three ways of sending arguments, errors, rate limits, response URLs."""

from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.clock import Clock
from bot.sandbox.people import cast
from bot.sandbox.slack.methods import METHODS
from bot.sandbox.slack.server import SlackServer
from bot.sandbox.slack.workspace import APP_TOKEN, BOT_TOKEN, Workspace
from tests.sandbox.slack.app_under_test import button, buttons, section
from tests.sandbox.slack.conftest import Call

Json = dict[str, Any]
BEARER = {"Authorization": f"Bearer {BOT_TOKEN}"}


@pytest.mark.parametrize(
    ("headers", "method", "error"),
    [
        ({}, "auth.test", "not_authed"),
        ({"Authorization": "Bearer xoxb-wrong"}, "auth.test", "invalid_auth"),
        ({"Authorization": f"Bearer {APP_TOKEN}"}, "auth.test", "not_allowed_token_type"),
        (BEARER, "apps.connections.open", "not_allowed_token_type"),
        (BEARER, "chat.shout", "unknown_method"),
        (BEARER, "team.info", "missing_scope"),
    ],
)
async def test_a_call_without_the_right_token_or_scope_is_refused(
    slack: SlackServer, http: aiohttp.ClientSession, headers: dict[str, str], method: str, error: str
) -> None:
    async with http.post(f"{slack.api_url}{method}", headers=headers) as response:
        assert (await response.json())["error"] == error


async def test_a_missing_scope_is_named(api: Call) -> None:
    answer = await api("reactions.add", channel="C0BILLING", timestamp="1", name="eyes")
    assert answer["needed"] == "reactions:write"
    assert "chat:write" in answer["provided"].split(",")


async def test_the_granted_scopes_are_in_a_header(slack: SlackServer, http: aiohttp.ClientSession) -> None:
    async with http.post(f"{slack.api_url}auth.test", headers=BEARER) as response:
        assert "users:read.email" in response.headers["X-OAuth-Scopes"].split(",")
        assert (await response.json())["bot_id"] == "B0BILLBOT"


@pytest.mark.parametrize("way", ["json", "data", "params"])
async def test_arguments_arrive_as_json_form_and_query(
    slack: SlackServer, http: aiohttp.ClientSession, way: str
) -> None:
    args: Any = {"channel": "C0BILLING", "text": "hello"}
    async with http.post(f"{slack.api_url}chat.postMessage", headers=BEARER, **{way: args}) as response:
        answer = await response.json()
    assert (answer["ok"], answer["message"]["text"]) == (True, "hello")


@pytest.mark.parametrize(("body", "error"), [("{", "invalid_json"), ("[]", "json_not_object")])
async def test_broken_json_is_named(
    slack: SlackServer, http: aiohttp.ClientSession, body: str, error: str
) -> None:
    headers = {**BEARER, "Content-Type": "application/json"}
    async with http.post(f"{slack.api_url}chat.postMessage", headers=headers, data=body) as response:
        assert (await response.json())["error"] == error


async def test_missing_arguments_are_named(api: Call) -> None:
    answer = await api("chat.update", channel="C0BILLING", text="x")
    assert answer["error"] == "invalid_arguments"
    assert answer["response_metadata"]["messages"] == ["[ERROR] missing required field: ts"]


@pytest.mark.parametrize(
    ("channel", "error"),
    [
        ("C0NOBOT", "not_in_channel"),
        ("C0OLD", "is_archived"),
        ("C0NOWHERE", "channel_not_found"),
        ("U0DORA", "user_disabled"),
        ("U0OTTO", "user_not_visible"),
        ("U0ROBOT", "cannot_dm_bot"),
    ],
)
async def test_the_bot_posts_only_where_it_may(api: Call, channel: str, error: str) -> None:
    assert (await api("chat.postMessage", channel=channel, text="hello"))["error"] == error


async def test_a_private_channel_without_the_bot_is_not_found(api: Call, sandbox: Call) -> None:
    await sandbox("trouble", kind="remove_bot", channel="C0APPROVALS")
    answer = await api("chat.postMessage", channel="C0APPROVALS", text="hello")
    assert answer["error"] == "channel_not_found"


async def test_an_update_with_text_alone_removes_the_blocks_and_keeps_the_versions(
    api: Call, workspace: Workspace
) -> None:
    posted = await api("chat.postMessage", channel="C0BILLING", text="one", blocks=[section("*one*")])
    changed = await api("chat.update", channel="C0BILLING", ts=posted["ts"], text="two")
    assert "blocks" not in changed["message"]
    versions = workspace.messages["C0BILLING"][posted["ts"]].versions
    assert [(one["text"], len(one["blocks"])) for one in versions] == [("one", 1), ("two", 0)]


async def test_a_thread_counts_its_replies(api: Call, sandbox: Call) -> None:
    await sandbox("app", scopes=["chat:write", "channels:history"])
    top = await api("chat.postMessage", channel="C0BILLING", text="top")
    for text in ("one", "two"):
        last = await api("chat.postMessage", channel="C0BILLING", text=text, thread_ts=top["ts"])
    await api("chat.delete", channel="C0BILLING", ts=last["ts"])
    history = await api("conversations.history", channel="C0BILLING")
    replies = await api("conversations.replies", channel="C0BILLING", ts=top["ts"])
    assert [(one["text"], one["reply_count"]) for one in history["messages"]] == [("top", 1)]
    assert [one["text"] for one in replies["messages"]] == ["top", "one"]


async def test_an_update_longer_than_4000_characters_is_refused(api: Call) -> None:
    posted = await api("chat.postMessage", channel="C0BILLING", text="x" * 4001)
    answer = await api("chat.update", channel="C0BILLING", ts=posted["ts"], text="x" * 4001)
    assert (posted["ok"], answer["error"]) == (True, "msg_too_long")


async def test_only_its_own_messages_can_be_changed(api: Call, sandbox: Call) -> None:
    said = await sandbox("message", user="U0ANNA", channel="C0BILLING", text="mine")
    ts = said["message"]["ts"]
    assert (await api("chat.update", channel="C0BILLING", ts=ts, text="x"))["error"] == "cant_update_message"
    assert (await api("chat.delete", channel="C0BILLING", ts=ts))["error"] == "cant_delete_message"


async def test_an_ephemeral_message_is_seen_by_one_and_cannot_be_updated(
    api: Call, http: aiohttp.ClientSession, slack: SlackServer
) -> None:
    sent = await api("chat.postEphemeral", channel="C0BILLING", user="U0ANNA", text="psst")
    update = await api("chat.update", channel="C0BILLING", ts=sent["message_ts"], text="x")
    assert update["error"] == "message_not_found"
    seen = {}
    for user in ("U0ANNA", "U0BO"):
        async with http.get(f"{slack.sandbox_url}/see", params={"user": user}) as response:
            channels = (await response.json())["channels"]
        seen[user] = [one["text"] for channel in channels for one in channel["messages"]]
    assert seen == {"U0ANNA": ["psst"], "U0BO": []}


async def test_an_ephemeral_message_needs_its_reader_in_the_channel(api: Call) -> None:
    answer = await api("chat.postEphemeral", channel="C0BILLING", user="U0OTTO", text="psst")
    assert answer["error"] == "user_not_in_channel"


async def test_blocks_without_text_are_a_violation(api: Call, workspace: Workspace) -> None:
    assert (await api("chat.postMessage", channel="C0BILLING", blocks=[section("hi")]))["ok"]
    assert "without fallback text" in workspace.violations[0]


async def test_a_rate_limited_call_says_when_to_come_back(
    slack: SlackServer, sandbox: Call, workspace: Workspace
) -> None:
    await sandbox("trouble", kind="rate_limited", method="chat.postMessage", retry_after_s=7)
    client = AsyncWebClient(token=BOT_TOKEN, base_url=slack.api_url)
    with pytest.raises(SlackApiError) as refused:
        await client.chat_postMessage(channel="C0BILLING", text="hello")
    assert refused.value.response.status_code == 429
    assert refused.value.response.headers["Retry-After"] == "7"
    assert (await client.chat_postMessage(channel="C0BILLING", text="hello"))["ok"]
    assert len(workspace.messages["C0BILLING"]) == 1


async def test_the_sdk_posts_twice_when_the_connection_is_cut_after_posting(
    slack: SlackServer, sandbox: Call, workspace: Workspace
) -> None:
    await sandbox("trouble", kind="cut_after_apply", method="chat.postMessage")
    client = AsyncWebClient(token=BOT_TOKEN, base_url=slack.api_url)
    assert (await client.chat_postMessage(channel="C0BILLING", text="hello"))["ok"]
    assert len(workspace.messages["C0BILLING"]) == 2


async def test_a_server_error_is_an_html_page(
    slack: SlackServer, http: aiohttp.ClientSession, sandbox: Call
) -> None:
    await sandbox("trouble", kind="server_error", method="*", status=503)
    async with http.post(f"{slack.api_url}auth.test", headers=BEARER) as response:
        assert (response.status, response.content_type) == (503, "text/html")


async def test_a_failure_on_demand_carries_its_error(api: Call, sandbox: Call) -> None:
    await sandbox("trouble", kind="fail", method="chat.update", error="edit_window_closed")
    posted = await api("chat.postMessage", channel="C0BILLING", text="hello")
    answer = await api("chat.update", channel="C0BILLING", ts=posted["ts"], text="x")
    assert answer["error"] == "edit_window_closed"


async def test_users_are_shown_as_slack_shows_them(api: Call, sandbox: Call) -> None:
    users = {}
    for user in cast():
        users[user] = (await api("users.info", user=user, include_locale=True))["user"]
    assert users["U0JURGEN"]["profile"]["email"] == "jürgen.müller@acme.example"
    assert (users["U0JURGEN"]["tz"], users["U0JURGEN"]["locale"]) == ("Europe/Berlin", "de-DE")
    assert users["U0GUS"]["is_restricted"]
    assert not users["U0GUS"]["is_ultra_restricted"]
    assert users["U0SUE"]["is_ultra_restricted"]
    assert users["U0DORA"]["deleted"]
    assert "tz" not in users["U0DORA"]
    assert users["USLACKBOT"]["is_bot"] is False
    assert users["U0OTTO"]["team_id"] == "T0OTHER"
    assert "is_stranger" not in users["U0OTTO"]
    assert users["U0STELLA"]["is_stranger"]
    assert users["U0TWIN"]["profile"]["email"] == users["U0ANNA"]["profile"]["email"]


async def test_the_email_is_absent_without_its_scope(api: Call, sandbox: Call) -> None:
    await sandbox("app", scopes=["users:read"])
    profile = (await api("users.info", user="U0ANNA"))["user"]["profile"]
    assert "email" not in profile


async def test_lists_come_in_pages(slack: SlackServer) -> None:
    client = AsyncWebClient(token=BOT_TOKEN, base_url=slack.api_url)
    found: list[str] = []
    async for page in await client.users_list(limit=4):
        found += [one["id"] for one in page["members"]]
    assert found == [one.id for one in cast().values() if not one.outside]


async def test_every_answer_is_json_with_ok(api: Call) -> None:
    for method in METHODS:
        assert "ok" in await api(method), method


async def _click_url(api: Call, sandbox: Call, workspace: Workspace, **post: Any) -> tuple[str, str]:
    """Post a message with a button, click it without anybody connected, and answer (ts, response_url)."""
    blocks = [section("card"), buttons(button("Go", "go"))]
    posted = await api("chat.postMessage", channel="C0BILLING", text="card", blocks=blocks, **post)
    spot = {"channel": "C0BILLING", "ts": posted["ts"]}
    await sandbox("click", user="U0ANNA", message=spot, action_id="go")
    return posted["ts"], workspace.log[-1]["payload"]["response_url"]


async def test_a_response_url_works_five_times(
    api: Call, sandbox: Call, workspace: Workspace, http: aiohttp.ClientSession
) -> None:
    _, url = await _click_url(api, sandbox, workspace)
    statuses = []
    for _ in range(6):
        async with http.post(url, json={"text": "hello"}) as response:
            statuses.append(response.status)
    assert statuses == [200] * 5 + [404]


async def test_a_response_url_ends_after_30_minutes(
    api: Call, sandbox: Call, workspace: Workspace, http: aiohttp.ClientSession, clock: Clock
) -> None:
    _, url = await _click_url(api, sandbox, workspace)
    clock.advance(1801)
    async with http.post(url, json={"text": "hello"}) as response:
        assert (response.status, (await response.json())["error"]) == (404, "expired_url")


async def test_a_response_url_replaces_deletes_or_whispers(
    api: Call, sandbox: Call, workspace: Workspace, http: aiohttp.ClientSession
) -> None:
    ts, url = await _click_url(api, sandbox, workspace)
    bodies: list[Json] = [
        {"text": "only Anna"},
        {"text": "everybody", "response_type": "in_channel"},
        {"text": "another card", "replace_original": True},
        {"delete_original": True},
    ]
    for body in bodies:
        async with http.post(url, json=body) as response:
            assert response.status == 200
    here = workspace.messages["C0BILLING"]
    assert here[ts].deleted
    assert [one["text"] for one in here[ts].versions] == ["card", "another card"]
    assert [one.text for one in here.values()][1:] == ["everybody"]
    assert [(one.text, one.only_for) for one in workspace.ephemerals.values()] == [("only Anna", "U0ANNA")]
