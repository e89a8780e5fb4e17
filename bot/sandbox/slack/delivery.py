"""How the app hears of what people do: Socket Mode or signed HTTP requests, acknowledgements, retries.

`Courier` is what the rest of the workspace uses: it applies trouble, keeps the log and remembers events that were not
acknowledged. Below it stands one `Transport`: `SocketTransport` or `HttpTransport`.

An acknowledgement counts when it arrives within `ack_budget_s` of *real* time (Slack: 3 s). Events that were not
acknowledged are not sent again by waiting: `Courier.retry_unacked()` sends them, with the retry fields, when told to.

Sources: "Using Socket Mode", "The Events API", "Verifying requests from Slack".
"""

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlencode

import aiohttp
from aiohttp import web

from bot.sandbox.people import APP
from bot.sandbox.slack.payloads import VERIFICATION_TOKEN
from bot.sandbox.slack.rules import Json
from bot.sandbox.slack.workspace import SIGNING_SECRET, Workspace

ACK_BUDGET_S = 3.0


@dataclass(frozen=True)
class Answer:
    """What came of one delivery. `problem` None: acknowledged; else `timeout`, `no_connection`, `status 500`, …"""

    body: Any = None
    problem: str | None = None

    @property
    def acked(self) -> bool:
        return self.problem is None


@dataclass(frozen=True)
class Parcel:
    """Something for the app. `kind` is the Socket Mode envelope type, `label` the payload's own type."""

    kind: str
    label: str
    payload: Mapping[str, Any]
    retry_num: int = 0
    retry_reason: str = ""


class Transport(Protocol):
    async def send(self, parcel: Parcel) -> Answer: ...

    async def stop(self) -> None: ...


class SocketTransport:
    """Socket Mode: every open link may get the next envelope; the answer comes over the same link."""

    def __init__(self, ws: Workspace, ack_budget_s: float) -> None:
        self._ws, self._ack_budget_s = ws, ack_budget_s
        self._tickets: set[str] = set()
        self._links: dict[web.WebSocketResponse, asyncio.Transport | None] = {}
        self._leaving: set[web.WebSocketResponse] = set()
        self._waiting: dict[str, tuple[web.WebSocketResponse, asyncio.Future[Any]]] = {}
        self._turn = 0

    def ticket(self) -> str:
        """A ticket for one link, as `apps.connections.open` hands out."""
        ticket = self._ws.next_id("ticket")
        self._tickets.add(ticket)
        return ticket

    @property
    def links(self) -> int:
        """How many links are open."""
        return len(self._links)

    async def accept(self, request: web.Request) -> web.StreamResponse:
        """The websocket end point."""
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets:
            return web.Response(status=403, text="invalid ticket")
        self._tickets.discard(ticket)
        link = web.WebSocketResponse()
        await link.prepare(request)
        self._links[link] = request.transport
        hello = {
            "type": "hello",
            "num_connections": self.links,
            "debug_info": {"host": "sandbox", "build_number": 1, "approximate_connection_time": 18060},
            "connection_info": {"app_id": APP},
        }
        try:
            await link.send_json(hello)
            self._ws.touch()
            async for incoming in link:
                if incoming.type == aiohttp.WSMsgType.TEXT:
                    self._heard(incoming.data)
        finally:
            self._gone(link)
        return link

    def _heard(self, data: str) -> None:
        with suppress(ValueError):
            answer = json.loads(data)
            _, future = self._waiting.get(str(answer.get("envelope_id")), (None, None))
            if future and not future.done():
                future.set_result(answer.get("payload"))

    def _gone(self, link: web.WebSocketResponse) -> None:
        if link in self._links:
            del self._links[link]
            self._ws.touch()
        self._leaving.discard(link)
        for where, future in self._waiting.values():
            if where is link and not future.done():
                future.set_exception(ConnectionError())

    async def send(self, parcel: Parcel) -> Answer:
        if not self._links:
            return Answer(problem="no_connection")
        self._turn += 1
        link = list(self._links)[self._turn % len(self._links)]
        envelope: Json = {
            "envelope_id": self._ws.next_id("envelope-"),
            "type": parcel.kind,
            "payload": parcel.payload,
            "accepts_response_payload": parcel.kind != "events_api",
        }
        if parcel.kind == "events_api":
            envelope |= {"retry_attempt": parcel.retry_num, "retry_reason": parcel.retry_reason}
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting[envelope["envelope_id"]] = (link, future)
        try:
            await link.send_json(envelope)
            return Answer(await asyncio.wait_for(future, self._ack_budget_s))
        except TimeoutError:
            return Answer(problem="timeout")
        except (ConnectionError, RuntimeError):
            return Answer(problem="connection_failed")
        finally:
            del self._waiting[envelope["envelope_id"]]

    async def refresh(self) -> None:
        """Slack asks every link to come again. It gets nothing more, and may finish what is under way."""
        message = {"type": "disconnect", "reason": "refresh_requested", "debug_info": {"host": "sandbox"}}
        for link in list(self._links):
            del self._links[link]
            self._leaving.add(link)
            with suppress(ConnectionError):
                await link.send_json(message)

    async def drop(self) -> None:
        """Every link breaks without a word."""
        for link, transport in list(self._links.items()):
            self._gone(link)
            if transport:
                transport.abort()

    async def stop(self) -> None:
        for link in [*self._links, *self._leaving]:
            self._gone(link)
            await link.close()


class HttpTransport:
    """HTTP delivery to one request URL, signed as Slack signs (v0 HMAC-SHA256 over the raw body)."""

    def __init__(self, ws: Workspace, request_url: str, ack_budget_s: float) -> None:
        self._ws, self._url, self._ack_budget_s = ws, request_url, ack_budget_s
        self._session: aiohttp.ClientSession | None = None

    async def send(self, parcel: Parcel) -> Answer:
        if parcel.kind == "events_api":
            body, content_type = json.dumps(parcel.payload, ensure_ascii=False), "application/json"
        else:
            fields = parcel.payload
            if parcel.kind == "interactive":
                fields = {"payload": json.dumps(parcel.payload, ensure_ascii=False)}
            body, content_type = urlencode(fields), "application/x-www-form-urlencoded"
        headers = {"Content-Type": content_type, **self._signed(body)}
        if parcel.retry_num:
            headers["X-Slack-Retry-Num"] = str(parcel.retry_num)
            headers["X-Slack-Retry-Reason"] = parcel.retry_reason
        return await self.request(body, headers)

    def _signed(self, body: str) -> dict[str, str]:
        stale = self._ws.trouble.take("stale_signature", match="*")
        forged = self._ws.trouble.take("bad_signature", match="*")
        stamp = str(int(time.time()) - (stale.detail.get("by_s", 600) if stale else 0))
        secret = "somebody-else" if forged else SIGNING_SECRET
        digest = hmac.new(secret.encode(), f"v0:{stamp}:{body}".encode(), hashlib.sha256).hexdigest()
        return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={digest}"}

    async def request(self, body: str, headers: dict[str, str]) -> Answer:
        """One POST to the request URL. Only 200 acknowledges."""
        self._session = self._session or aiohttp.ClientSession()
        try:
            async with (
                asyncio.timeout(self._ack_budget_s),
                self._session.post(self._url, data=body.encode(), headers=headers) as response,
            ):
                text = await response.text()
        except TimeoutError:
            return Answer(problem="timeout")
        except aiohttp.ClientError:
            return Answer(problem="connection_failed")
        if response.status != 200:
            return Answer(text, problem=f"status {response.status}")
        if response.content_type == "application/json" and text:
            return Answer(json.loads(text))
        return Answer(text or None)

    async def verify_url(self) -> bool:
        """`url_verification`: the app must echo the challenge."""
        challenge = self._ws.next_id("challenge-")
        payload = {"type": "url_verification", "token": VERIFICATION_TOKEN, "challenge": challenge}
        answer = await self.send(Parcel("events_api", "url_verification", payload))
        echoed = answer.body.get("challenge") if isinstance(answer.body, dict) else answer.body
        return answer.acked and echoed == challenge

    async def ssl_check(self) -> bool:
        """`ssl_check=1`: unsigned, to be answered with 200."""
        body = urlencode({"ssl_check": "1", "token": VERIFICATION_TOKEN})
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return (await self.request(body, headers)).acked

    async def stop(self) -> None:
        if self._session:
            await self._session.close()


class Courier:
    """Delivers parcels over the transport, with trouble where trouble was asked for."""

    def __init__(self, ws: Workspace, transport: Transport) -> None:
        self._ws, self.transport = ws, transport
        self._unacked: list[tuple[Parcel, str]] = []

    async def deliver(self, parcel: Parcel, deliveries: int = 1) -> Answer:
        """Deliver, `deliveries` times at once; the answer is that of the first."""
        if self._ws.trouble.take("duplicate", match=parcel.label):
            deliveries += 1
        lost = self._ws.trouble.take("lose_ack", match=parcel.label)
        answers = await asyncio.gather(*(self._send(parcel) for _ in range(deliveries)))
        answer = Answer(problem="timeout") if lost else answers[0]
        if not answer.acked and parcel.kind == "events_api":
            self._unacked.append((parcel, "http_timeout" if answer.problem == "timeout" else "http_error"))
        return answer

    async def _send(self, parcel: Parcel) -> Answer:
        answer = await self.transport.send(parcel)
        self._ws.note(
            "delivery",
            type=parcel.label,
            payload=dict(parcel.payload),
            retry_num=parcel.retry_num,
            acked=answer.acked,
            problem=answer.problem,
            response=answer.body,
        )
        return answer

    async def deliver_again(self, parcel: Parcel, reason: str = "http_timeout") -> Answer:
        """The same event once more, with the next retry number."""
        return await self.deliver(
            Parcel(parcel.kind, parcel.label, parcel.payload, parcel.retry_num + 1, reason)
        )

    async def retry_unacked(self) -> list[Answer]:
        """Send every unacknowledged event once more. Slack gives up after three retries."""
        waiting, self._unacked = self._unacked, []
        return [
            await self.deliver_again(parcel, reason) for parcel, reason in waiting if parcel.retry_num < 3
        ]

    async def stop(self) -> None:
        await self.transport.stop()
