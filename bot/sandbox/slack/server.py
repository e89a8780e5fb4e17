"""The simulated workspace on a loopback port: Web API, Socket Mode, response URLs and the control interface.

/api/<method>        the Web API: arguments from query, form and JSON together, as the Python SDK sends them
/link                Socket Mode, by the address `apps.connections.open` hands out
/response/<key>      response URLs
/sandbox/<act>       be anybody, see everything, make trouble: `control.py`
"""

import json
from typing import Any

from aiohttp import web

from bot.sandbox.people import APP
from bot.sandbox.slack import messages
from bot.sandbox.slack.control import Control
from bot.sandbox.slack.delivery import ACK_BUDGET_S, Courier, HttpTransport, SocketTransport, Transport
from bot.sandbox.slack.desktop import Desktop
from bot.sandbox.slack.methods import METHODS, call
from bot.sandbox.slack.rules import Json
from bot.sandbox.slack.trouble import API_KINDS
from bot.sandbox.slack.workspace import SlackError, Workspace

MAX_BODY = 2 * 1024 * 1024


class SlackServer:
    """A running workspace. `api_url` ends in `/api/`, `sandbox_url` is where people act."""

    def __init__(self, workspace: Workspace, host: str) -> None:
        self.workspace = workspace
        self._host = host
        self._runner: web.AppRunner | None = None
        self.port = 0
        self.courier: Courier
        self.desktop: Desktop

    @classmethod
    async def start(
        cls,
        workspace: Workspace,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        delivery: str = "socket",
        request_url: str | None = None,
        ack_budget_s: float = ACK_BUDGET_S,
    ) -> "SlackServer":
        """Listen. `delivery`: `socket`, or `http` with the app's `request_url`. `ack_budget_s` is real time."""
        self = cls(workspace, host)
        app = web.Application(client_max_size=MAX_BODY)
        transport: Transport
        if delivery == "socket":
            transport = link = SocketTransport(workspace, ack_budget_s)
            app.router.add_get("/link", link.accept)
            address = f"/link?app_id={APP}&ticket="
            workspace.connection_url = lambda: f"ws://{host}:{self.port}{address}{link.ticket()}"
        elif delivery == "http" and request_url:
            transport = HttpTransport(workspace, request_url, ack_budget_s)
            workspace.connection_url = None
        else:
            raise ValueError("delivery is 'socket', or 'http' with a request_url")
        self.courier = Courier(workspace, transport)
        self.desktop = Desktop(workspace, self.courier, lambda key: f"{self.url}/response/{key}")
        app.router.add_route("*", "/api/{method}", self._api)
        app.router.add_post("/response/{key:.+}", self._response)
        Control(workspace, self.desktop, self.courier).add_to(app)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port)
        await site.start()
        self.port = self._runner.addresses[0][1]
        return self

    @property
    def url(self) -> str:
        return f"http://{self._host}:{self.port}"

    @property
    def api_url(self) -> str:
        return f"{self.url}/api/"

    @property
    def sandbox_url(self) -> str:
        return f"{self.url}/sandbox"

    async def connected(self, links: int = 1) -> None:
        """Wait until the app has so many Socket Mode links open."""
        transport = self.courier.transport
        while isinstance(transport, SocketTransport) and transport.links < links:
            await self.workspace.changed(self.workspace.seq)

    async def stop(self) -> None:
        """Close every link and stop listening."""
        await self.courier.stop()
        if self._runner:
            await self._runner.cleanup()

    async def _api(self, request: web.Request) -> web.StreamResponse:
        name, ws = request.match_info["method"], self.workspace
        try:
            args, token = await _arguments(request)
        except SlackError as error:
            return web.json_response({"ok": False, "error": error.code})
        trouble = ws.trouble.take(*API_KINDS, match=name)
        kind = trouble.kind if trouble else ""
        detail = trouble.detail if trouble else {}
        if kind == "rate_limited":
            headers = {"Retry-After": str(detail.get("retry_after_s", 1))}
            ws.note("call", method=name, args=args, status=429, answer="ratelimited")
            return web.json_response({"ok": False, "error": "ratelimited"}, status=429, headers=headers)
        if kind == "server_error":
            status = int(detail.get("status", 503))
            ws.note("call", method=name, args=args, status=status, answer="html")
            page = "<!DOCTYPE html><html><body>Something went wrong</body></html>"
            return web.Response(status=status, text=page, content_type="text/html")
        answer: Json
        try:
            if kind == "fail":
                answer = {"ok": False, "error": str(detail.get("error", "internal_error"))}
            else:
                answer = call(ws, name, token, args)
        except SlackError as error:
            answer = {"ok": False, "error": error.code, **error.extra}
        ws.note("call", method=name, args=args, status=200, answer=answer.get("error", "ok"))
        if kind == "cut_after_apply" and request.transport:
            request.transport.abort()
        headers = {"X-OAuth-Scopes": ",".join(sorted(ws.app.scopes))}
        scope = METHODS[name].scope if name in METHODS else None
        if isinstance(scope, str):
            headers["X-Accepted-OAuth-Scopes"] = scope
        return web.json_response(answer, headers=headers)

    async def _response(self, request: web.Request) -> web.StreamResponse:
        ws, key = self.workspace, request.match_info["key"]
        try:
            url = ws.use_response_url(key)
        except SlackError as error:
            ws.note("response_url", key=key, answer=error.code)
            return web.json_response({"ok": False, "error": error.code}, status=404)
        try:
            body = await request.json()
            messages.apply_response(ws, url, body, "response_url")
        except ValueError:
            return web.json_response({"ok": False, "error": "invalid_payload"}, status=400)
        except SlackError as error:
            ws.violation(f"response_url shows nothing: {error.code} {error.extra}")
            return web.json_response({"ok": False, "error": error.code, **error.extra}, status=400)
        ws.note("response_url", key=key, answer="ok", body=body)
        return web.Response(text="ok", content_type="text/plain")


async def _arguments(request: web.Request) -> tuple[Json, str | None]:
    """The arguments of a call, merged from query, form and JSON, and the bearer token."""
    args: dict[str, Any] = dict(request.query)
    if request.content_type == "application/json":
        raw = await request.text()
        try:
            body = json.loads(raw) if raw else {}
        except ValueError:
            raise SlackError("invalid_json") from None
        if not isinstance(body, dict):
            raise SlackError("json_not_object")
        args |= body
    elif request.can_read_body:
        args |= {key: value for key, value in (await request.post()).items() if isinstance(value, str)}
    bearer = request.headers.get("Authorization", "")
    token = (
        bearer.removeprefix("Bearer ").strip() if bearer.startswith("Bearer ") else args.pop("token", None)
    )
    args.pop("token", None)
    return args, token
