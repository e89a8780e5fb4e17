"""How the stories about the simulated Chargebee site are told: a running site, and a client that speaks raw HTTP."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from bot.sandbox.chargebee.server import ChargebeeServer
from bot.sandbox.chargebee.site import FULL_ACCESS_KEY, Site
from bot.sandbox.clock import Clock

NOW = 1_790_000_000
DAY_S = 86_400
FORM = "application/x-www-form-urlencoded"

Form = dict[str, str | int]
Refusal = tuple[int, str, str | None]


class Story:
    """A site, its clock, and a client that holds the full-access key."""

    def __init__(self, site: Site, clock: Clock, client: httpx.AsyncClient) -> None:
        self.site = site
        self.clock = clock
        self.client = client

    async def get(self, path: str, **query: str | int) -> dict[str, Any]:
        answer = await self.client.get(path, params=query)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def asks(self, path: str, name: str, value: str) -> list[dict[str, Any]]:
        """A list with one filter: the documents without their envelopes."""
        answer = await self.client.get(path, params={name: value, "limit": 100})
        assert answer.status_code == 200, answer.text
        return [next(iter(entry.values())) for entry in answer.json()["list"]]

    async def send(self, path: str, form: Form | None = None, **headers: str) -> httpx.Response:
        """POST a form as a form, empty ones too; header names are given with underscores."""
        body = str(httpx.QueryParams({name: str(value) for name, value in (form or {}).items()}))
        return await self.client.post(
            path,
            content=body,
            headers={"Content-Type": FORM, **{n.replace("_", "-"): v for n, v in headers.items()}},
        )

    async def post(self, path: str, form: Form | None = None, **headers: str) -> dict[str, Any]:
        answer = await self.send(path, form, **headers)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def refused(self, path: str, form: Form | None = None, **headers: str) -> Refusal:
        """What a POST was refused with: status, code, param."""
        return refusal(await self.send(path, form, **headers))

    async def invoice(self, invoice_id: str) -> dict[str, Any]:
        return dict((await self.get(f"/api/v2/invoices/{invoice_id}"))["invoice"])

    async def note(self, note_id: str) -> dict[str, Any]:
        return dict((await self.get(f"/api/v2/credit_notes/{note_id}"))["credit_note"])


def refusal(answer: httpx.Response) -> Refusal:
    body = answer.json()
    assert body["http_status_code"] == answer.status_code
    assert body["message"]
    assert body["type"]
    return answer.status_code, body["api_error_code"], body.get("param")


@asynccontextmanager
async def chargebee(profile: str = "classic") -> AsyncIterator[Story]:
    """A site of a profile on a real socket, its clock standing still at `NOW`."""
    clock = Clock(NOW)
    site = Site(profile=profile, clock=clock)
    server = await ChargebeeServer.start(site)
    try:
        async with httpx.AsyncClient(base_url=server.url, auth=(FULL_ACCESS_KEY, ""), timeout=10) as client:
            yield Story(site, clock, client)
    finally:
        await server.stop()
