"""Fixtures for the simulated Slack workspace: a frozen clock, a running server, a plain client of its HTTP interface."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest

from bot.sandbox.clock import Clock
from bot.sandbox.person import Person
from bot.sandbox.slack.server import SlackServer
from bot.sandbox.slack.workspace import BOT_TOKEN, App, Workspace

Json = dict[str, Any]
Call = Callable[..., Awaitable[Json]]

NOW = 1_767_225_600
COMMANDS = frozenset({"/write-off", "/charge"})


@pytest.fixture
def clock() -> Clock:
    return Clock(now=NOW)


@pytest.fixture
def workspace(clock: Clock) -> Workspace:
    return Workspace(clock, App(commands=COMMANDS))


@pytest.fixture
async def slack(workspace: Workspace) -> AsyncIterator[SlackServer]:
    """A running workspace with Socket Mode delivery and nobody connected yet."""
    server = await SlackServer.start(workspace)
    yield server
    await server.stop()


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
def api(slack: SlackServer, http: aiohttp.ClientSession) -> Call:
    """Call a Web API method with a JSON body and the bot token."""

    async def call(method: str, **args: Any) -> Json:
        headers = {"Authorization": f"Bearer {BOT_TOKEN}"}
        async with http.post(f"{slack.api_url}{method}", json=args, headers=headers) as response:
            answer: Json = await response.json()
            return answer

    return call


@pytest.fixture
def sandbox(slack: SlackServer, http: aiohttp.ClientSession) -> Call:
    """Call the control interface."""

    async def call(act: str, **body: Any) -> Json:
        async with http.post(f"{slack.sandbox_url}/{act}", json=body) as response:
            answer: Json = await response.json()
            return answer

    return call


@pytest.fixture
def person(slack: SlackServer) -> Callable[[str], Person]:
    return lambda user: Person(slack.sandbox_url, user)
