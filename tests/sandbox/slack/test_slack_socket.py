"""Socket Mode on the bare wire, without an SDK."""

import asyncio

import aiohttp
import pytest

from bot.sandbox.person import Person
from bot.sandbox.slack.server import SlackServer
from bot.sandbox.slack.workspace import APP_TOKEN


async def _address(slack: SlackServer, http: aiohttp.ClientSession) -> str:
    headers = {"Authorization": f"Bearer {APP_TOKEN}"}
    async with http.post(f"{slack.api_url}apps.connections.open", headers=headers) as response:
        return str((await response.json())["url"])


async def test_a_link_says_hello_and_then_carries_envelopes(
    slack: SlackServer, http: aiohttp.ClientSession
) -> None:
    anna = Person(slack.sandbox_url, "U0ANNA")
    async with http.ws_connect(await _address(slack, http)) as link:
        hello = await link.receive_json()
        assert (hello["type"], hello["num_connections"]) == ("hello", 1)
        assert hello["connection_info"] == {"app_id": "A0BILLBOT"}

        typed = asyncio.create_task(anna.runs("/write-off", channel="C0BILLING"))
        command = await link.receive_json()
        assert (command["type"], command["accepts_response_payload"]) == ("slash_commands", True)
        await link.send_json({"envelope_id": "somebody-elses", "payload": {"text": "no"}})
        await link.send_json({"envelope_id": command["envelope_id"], "payload": {"text": "yes"}})
        assert (await typed).text == "yes"

        opened = asyncio.create_task(anna.opens_home())
        event = await link.receive_json()
        assert (event["type"], event["accepts_response_payload"]) == ("events_api", False)
        assert (event["retry_attempt"], event["retry_reason"]) == (0, "")
        await link.send_json({"envelope_id": event["envelope_id"]})
        assert (await opened).acked


async def test_a_ticket_opens_one_link(slack: SlackServer, http: aiohttp.ClientSession) -> None:
    address = await _address(slack, http)
    async with http.ws_connect(address):
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await http.ws_connect(address)
