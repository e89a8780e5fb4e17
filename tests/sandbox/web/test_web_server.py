"""The page's server: who may ask, what its answers allow, and that state arrives as events."""

import json
import re
import tomllib
from collections.abc import AsyncIterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.sandbox.clock import Clock
from bot.sandbox.serve import Sandbox
from bot.sandbox.slack import messages
from bot.sandbox.slack.workspace import Workspace
from bot.sandbox.web.server import WorkspaceServer

MANIFEST = {
    "features": {
        "slash_commands": [
            {
                "command": "/ask",
                "description": "Ask for something.",
                "usage_hint": "WHAT",
                "should_escape": True,
            }
        ]
    },
    "oauth_config": {"scopes": {"bot": ["commands", "chat:write"]}},
}
PAGE = files("bot.sandbox.web") / "page"


class Process:
    """A bot that only remembers what was done to it."""

    def __init__(self) -> None:
        self.running = True

    def alive(self) -> bool:
        return self.running

    async def kill(self) -> None:
        self.running = False

    async def start(self) -> None:
        self.running = True


class Stream:
    """The facts of one viewer, kept up to date from the events."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response
        self.facts: dict[str, Any] = {}
        self.last: dict[str, Any] = {}

    async def next(self) -> dict[str, Any]:
        """The next event that holds facts."""
        while True:
            line = (await self._response.content.readline()).decode().rstrip("\n")
            if line.startswith("data: {"):
                self.last = json.loads(line.removeprefix("data: "))
                self.facts.update(self.last["set"])
                for key in self.last["gone"]:
                    del self.facts[key]
                return self.last

    async def until(self, key: str, value: Any) -> None:
        while self.facts.get(key) != value:
            await self.next()


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    running = await Sandbox.start(manifest=MANIFEST, clock=Clock(now=1_767_225_600))
    yield running
    await running.stop()


@pytest.fixture
async def server(sandbox: Sandbox) -> AsyncIterator[WorkspaceServer]:
    running = await WorkspaceServer.start(sandbox, bot=Process(), people={"U0ANNA": "asks"})
    yield running
    await running.stop()


@pytest.fixture
async def browser() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
async def anna(server: WorkspaceServer, browser: aiohttp.ClientSession) -> AsyncIterator[Stream]:
    async with browser.get(f"{server.url}/events?as=U0ANNA") as response:
        stream = Stream(response)
        await stream.next()
        yield stream


def written(workspace: Workspace, channel: str, text: str) -> str:
    return messages.put(workspace, workspace.channels[channel], user="U0BO", text=text, blocks=[]).ts


@pytest.mark.parametrize(
    "path", ["/", "/page/app.js", "/page/nothing.js", "/nowhere", "/slack/sandbox/status"]
)
async def test_every_answer_forbids_what_is_inline_or_from_outside(
    server: WorkspaceServer, browser: aiohttp.ClientSession, path: str
) -> None:
    async with browser.get(server.url + path) as response:
        policy = dict(
            part.strip().split(" ", 1) for part in response.headers["Content-Security-Policy"].split(";")
        )
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["img-src"] == "'self' data:"
    assert policy["frame-ancestors"] == "'none'"


async def test_it_listens_on_this_machine_unless_told_otherwise(sandbox: Sandbox) -> None:
    with pytest.raises(ValueError, match="open_to_all"):
        await WorkspaceServer.start(sandbox, host="0.0.0.0")  # noqa: S104 - refused is what is tested


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "evil.example"}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Content-Type": "text/plain"}, 415),
        ({}, 200),
    ],
)
async def test_pages_from_elsewhere_can_do_nothing(
    server: WorkspaceServer, browser: aiohttp.ClientSession, headers: dict[str, str], status: int
) -> None:
    body = json.dumps({"user": "U0ANNA", "channel": "C0BILLING", "text": "hello"})
    sent = {"Content-Type": "application/json"} | headers
    async with browser.post(f"{server.url}/slack/sandbox/message", data=body, headers=sent) as response:
        assert response.status == status


@pytest.mark.parametrize("name", ["..%2Fserver.py", "%2e%2e%2fguard.py", "server.py", ".", ""])
async def test_only_the_files_of_the_page_are_served(
    server: WorkspaceServer, browser: aiohttp.ClientSession, name: str
) -> None:
    async with browser.get(f"{server.url}/page/{name}") as response:
        assert response.status == 404


async def test_the_first_event_is_whole_and_the_next_holds_only_what_changed(
    sandbox: Sandbox, anna: Stream
) -> None:
    assert anna.last["whole"] is True
    assert anna.facts["me"]["id"] == "U0ANNA"
    assert anna.facts["commands"] == [
        {"command": "/ask", "description": "Ask for something.", "usage": "WHAT"}
    ]
    assert anna.facts["invoice:INV-1042"]["status"] == "payment_due"

    ts = written(sandbox.slack.workspace, "C0GENERAL", "hello")
    event = await anna.next()
    assert event["whole"] is False
    assert set(event["set"]) <= {f"message:C0GENERAL/{ts}"} | {
        key for key in event["set"] if key.startswith("latest:")
    }
    assert event["set"][f"message:C0GENERAL/{ts}"]["text"] == "hello"


async def test_everybody_sees_only_what_is_theirs(
    sandbox: Sandbox, server: WorkspaceServer, browser: aiohttp.ClientSession, anna: Stream
) -> None:
    workspace = sandbox.slack.workspace
    room = workspace.channels["C0BILLING"]
    messages.put(workspace, room, user="U0BILLBOT", text="secret", blocks=[], only_for="U0ANNA")
    await anna.next()
    assert "secret" in [one["text"] for key, one in anna.facts.items() if key.startswith("message:")]
    async with browser.get(f"{server.url}/events?as=U0OTTO") as response:
        otto = Stream(response)
        await otto.next()
    assert [key for key in otto.facts if key.startswith("channel:")] == ["channel:C0SHARED"]
    assert "secret" not in json.dumps(otto.facts)


async def test_what_is_deleted_is_gone(sandbox: Sandbox, anna: Stream) -> None:
    workspace = sandbox.slack.workspace
    ts = written(workspace, "C0GENERAL", "oops")
    await anna.next()
    found = workspace.find_message("C0GENERAL", ts)
    assert found
    messages.delete(workspace, found)
    assert (await anna.next())["gone"] == [f"message:C0GENERAL/{ts}"]


async def test_a_change_in_chargebee_arrives_without_asking(sandbox: Sandbox, anna: Stream) -> None:
    sandbox.site.change(invoice="INV-1042", record_payment_minor=900)
    await anna.next()
    assert anna.facts["invoice:INV-1042"]["amount_paid"] == 900
    assert not any(key.startswith("_") for key in anna.facts["customer:acme-us"])


async def test_a_call_is_shown_as_received_and_then_as_answered(
    sandbox: Sandbox, browser: aiohttp.ClientSession, anna: Stream
) -> None:
    url = f"{sandbox.chargebee.url}/api/v2/invoices/INV-1042"
    key = {"Authorization": aiohttp.encode_basic_auth("test_sandbox_full_access", "")}
    async with browser.get(url, headers=key) as response:
        assert response.status == 200
    while anna.facts.get("call:1", {}).get("status") is None:
        await anna.next()
    call = anna.facts["call:1"]
    assert (call["method"], call["path"]) == ("GET", "/api/v2/invoices/INV-1042")
    assert "authorization" not in call["headers"]


async def test_both_control_interfaces_answer_on_the_page_s_own_address(
    server: WorkspaceServer, browser: aiohttp.ClientSession, anna: Stream
) -> None:
    told = {"kind": "reset_after", "method": "POST"}
    async with browser.post(f"{server.url}/chargebee/sandbox/trouble", json=told) as response:
        assert response.status == 200
    async with browser.post(f"{server.url}/slack/sandbox/trouble", json={"kind": "lose_ack"}) as response:
        assert response.status == 200
    while not (anna.facts["troubles"]["slack"] and anna.facts["troubles"]["chargebee"]):
        await anna.next()
    async with browser.post(f"{server.url}/slack/sandbox/clock", json={"advance_s": 60}) as response:
        assert response.status == 200
    while anna.facts["status"]["offset_s"] != 60:
        await anna.next()


async def test_the_process_can_be_ended_and_started(
    server: WorkspaceServer, browser: aiohttp.ClientSession, anna: Stream
) -> None:
    assert anna.facts["status"]["alive"] is True
    async with browser.post(f"{server.url}/bot/kill", json={}) as response:
        assert (await response.json())["alive"] is False
    while anna.facts["status"]["alive"]:
        await anna.next()
    async with browser.post(f"{server.url}/bot/start", json={}) as response:
        assert (await response.json())["alive"] is True


async def test_a_mention_buzzes_for_people_and_not_for_bots(sandbox: Sandbox, anna: Stream) -> None:
    ts = written(sandbox.slack.workspace, "C0BILLING", "<@U0ANNA> and <@U0ROBOT>, look")
    await anna.next()
    assert anna.facts[f"push:C0BILLING/{ts}"]["users"] == ["U0ANNA"]


async def test_a_stream_for_nobody_is_refused(
    server: WorkspaceServer, browser: aiohttp.ClientSession
) -> None:
    async with browser.get(f"{server.url}/events?as=U0NOBODY") as response:
        assert response.status == 404


def test_the_page_is_small_and_asks_nobody_else_for_anything() -> None:
    texts = {one.name: one.read_text(encoding="utf-8") for one in PAGE.iterdir()}
    assert sum(len(text.encode()) for text in texts.values()) < 200_000
    for name, text in texts.items():
        assert re.findall(r"""["'(](?:https?:)?//(?!www.w3.org/2000/svg)[\w.]""", text) == [], name
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(", text), name
    assert not re.search(r"<script(?![^>]*src=)|<style|\son\w+=|\sstyle=", texts["index.html"])


def test_every_file_that_the_page_names_is_there() -> None:
    there = {one.name for one in PAGE.iterdir()}
    named = {
        name
        for one in PAGE.iterdir()
        for name in re.findall(r"""(?:/page/|from "\./)([\w.-]+)""", one.read_text(encoding="utf-8"))
    }
    assert named <= there
    assert there - named <= {"index.html"}


def test_the_page_knows_nothing_of_the_bot() -> None:
    for one in PAGE.iterdir():
        text = one.read_text(encoding="utf-8").lower()
        assert not re.search(r"billing|write.?off invoice|approv|br-\d", text), one.name


def test_the_wheel_holds_the_whole_page() -> None:
    root = Path(__file__).parents[3]
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    patterns = project["tool"]["setuptools"]["package-data"]["bot"]
    packed = {one.name for pattern in patterns for one in (root / "bot").glob(pattern)}
    assert {one.name for one in PAGE.iterdir()} <= packed
