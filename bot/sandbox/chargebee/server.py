"""The site on a socket: a request comes in, is checked in Chargebee's order, and is answered once.

    authentication (401) -> rate (429) -> privilege (403) -> page (404, 405) -> headers (400) -> body (400)
    -> idempotency key (stored answer, 422, 429) -> trouble, if one was told -> the endpoint -> the answer

Troubles act around the endpoint: before it (nothing happens), or after it (it has happened, and the client
cannot know). The call log never holds the Authorization header.
"""

import asyncio
import base64
import binascii
import hashlib
import json
import socket
import struct
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from bot.sandbox.chargebee import control, einvoices, errors, headers, routes, wire
from bot.sandbox.chargebee.errors import ApiError
from bot.sandbox.chargebee.headers import Caller
from bot.sandbox.chargebee.site import ApiKey, Site
from bot.sandbox.chargebee.state import Call
from bot.sandbox.chargebee.trouble import Trouble

Run = Callable[[], dict[str, Any]]

REPLAYED = "chargebee-idempotency-replayed"
HTML_5XX = "<html><head><title>{0}</title></head><body><h1>{0} Service problem</h1></body></html>"


class ChargebeeServer:
    """A site listening on loopback. Make one with `start`."""

    def __init__(self, site: Site, runner: web.AppRunner, url: str) -> None:
        self.site = site
        self.url = url
        self._runner = runner

    @classmethod
    async def start(cls, site: Site, host: str = "127.0.0.1", port: int = 0) -> "ChargebeeServer":
        """Listen; port 0 takes a free one. `url` has no trailing slash and no path."""
        app = web.Application(client_max_size=2**20)
        control.add_routes(app, site)
        app.router.add_route("*", "/{path:.*}", Front(site).answer)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await runner.setup()
        await web.TCPSite(runner, host, port).start()
        return cls(site, runner, f"http://{host}:{runner.addresses[0][1]}")

    async def stop(self) -> None:
        """Let held calls go, close every connection, stop listening."""
        self.site.release()
        await self._runner.cleanup()


class Front:
    """What stands between the socket and the endpoints."""

    def __init__(self, site: Site) -> None:
        self.site = site

    async def answer(self, request: web.Request) -> web.StreamResponse:
        entry = _log_entry(self.site, request)
        self.site.log.append(entry)
        self.site.changes.touch()
        try:
            answer = await self._answer(request, entry)
        except ApiError as refused:
            answer = _json(refused.status, json.dumps(refused.body()).encode())
        finally:
            self.site.changes.touch()
        if answer is None:
            return _cut(request)
        entry["status"] = answer.status
        return answer

    async def _answer(self, request: web.Request, entry: dict[str, Any]) -> web.Response | None:
        """The answer, or None when the connection is to be cut without one."""
        key = self._authenticated(request)
        entry["key_name"] = key.name
        if (wait_s := self.site.over_the_limit()) is not None:
            refused = _json(429, json.dumps(errors.too_many().body()).encode())
            refused.headers["Retry-After"] = str(wait_s)
            return refused
        if request.method != "GET" and not key.may_write:
            raise errors.unauthorized("this API key may only read")

        raw_path = request.raw_path.partition("?")[0]
        endpoint, document_id = routes.find(request.method, raw_path)
        caller = headers.read(
            {name.lower(): value for name, value in request.headers.items()},
            key_name=key.name,
            version=endpoint.version,
            entities=self.site.state.settings.business_entities,
        )
        body = await request.read()
        query = parse_qsl(request.query_string, keep_blank_values=True)
        if endpoint.read is not None:
            read = endpoint.read
            return await self._through_trouble(
                request, entry, lambda: read(self.site.state, document_id, query)
            )
        sent = _form(request, body, endpoint, query)
        entry["form"] = dict(sent)
        return await self._post(request, entry, endpoint, document_id=document_id, sent=sent, caller=caller)

    async def _post(
        self,
        request: web.Request,
        entry: dict[str, Any],
        endpoint: routes.Endpoint,
        *,
        document_id: str,
        sent: list[tuple[str, str]],
        caller: Caller,
    ) -> web.Response | None:
        assert endpoint.act is not None
        assert endpoint.schema is not None
        act, schema = endpoint.act, endpoint.schema

        def run() -> dict[str, Any]:
            form = wire.decode(sent, schema, custom_fields=endpoint.custom_fields)
            call = Call(document_id=document_id, form=form, caller=caller)
            return act(self.site.state, call)

        key, keys = caller.idempotency_key, self.site.idempotency
        if key is None:
            return await self._through_trouble(request, entry, run)
        stored = keys.begin(key, _fingerprint(request, document_id, sent), self.site.clock())
        if stored is not None:
            entry["replayed"] = True
            replay = _json(200, stored)
            replay.headers[REPLAYED] = "true"
            return replay
        succeeded: list[bytes] = []

        def run_and_remember() -> dict[str, Any]:
            answer = run()
            succeeded.append(_dumped(answer))
            return answer

        try:
            return await self._through_trouble(request, entry, run_and_remember)
        finally:
            keys.end(key, succeeded[0] if succeeded else None, self.site.clock())

    async def _through_trouble(
        self, request: web.Request, entry: dict[str, Any], run: Run
    ) -> web.Response | None:
        """Run the endpoint, with whatever trouble was told for this call around it."""
        trouble = self.site.meet_trouble(request.method, entry["path"])
        if trouble is None:
            return self._run(run)
        entry["trouble"] = trouble.kind
        match trouble.kind:
            case "delay":
                await asyncio.sleep(trouble.seconds)
            case "hold":
                await self.site.released()
            case "reset_before":
                return None
            case "hang_before":
                await self.site.released()
                return None
            case "lock_timeout":
                raise errors.locked()
            case "status" if not trouble.applied:
                return _told_status(trouble)
        answer = self._run(run)
        match trouble.kind:
            case "reset_after":
                return None
            case "hang_after":
                await self.site.released()
                return None
            case "status":
                return _told_status(trouble)
        return answer

    def _run(self, run: Run) -> web.Response:
        einvoices.advance(self.site.state)
        return _json(200, _dumped(run()))

    def _authenticated(self, request: web.Request) -> ApiKey:
        scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "basic":
            raise errors.unauthenticated("basic_authentication_failed", "Basic authentication is needed")
        try:
            name, _, password = base64.b64decode(encoded, validate=True).decode("utf-8").partition(":")
        except (binascii.Error, ValueError) as problem:
            raise errors.unauthenticated("basic_authentication_failed", "not Basic credentials") from problem
        key = self.site.keys.get(name)
        if key is None or password:
            raise errors.unauthenticated("api_authentication_failed", "the API key is not valid")
        return key


def _form(
    request: web.Request, body: bytes, endpoint: routes.Endpoint, query: list[tuple[str, str]]
) -> list[tuple[str, str]]:
    """The pairs of a POST body. A call without parameters may come without a content type."""
    for name, _ in query:
        raise errors.unknown_parameter(name)
    content_type = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    bare = not body and not content_type and not endpoint.schema
    if content_type != wire.FORM_TYPE and not bare:
        raise errors.invalid(f"the body is to be {wire.FORM_TYPE}", "Content-Type")
    return wire.pairs(body)


def _fingerprint(request: web.Request, document_id: str, sent: list[tuple[str, str]]) -> str:
    whole = json.dumps([request.method, request.raw_path, document_id, sorted(sent)])
    return hashlib.sha256(whole.encode()).hexdigest()


def _log_entry(site: Site, request: web.Request) -> dict[str, Any]:
    known = {name.lower(): value for name, value in request.headers.items()}
    return {
        "at": site.clock(),
        "method": request.method,
        "path": request.raw_path.partition("?")[0],
        "query": dict(parse_qsl(request.query_string, keep_blank_values=True)),
        "form": {},
        "headers": {name: known[name] for name in headers.LOGGED if name in known},
        "key_name": None,
        "idempotency_key": known.get(headers.IDEMPOTENCY_KEY),
        "replayed": False,
        "status": None,
        "trouble": None,
    }


def _dumped(answer: dict[str, Any]) -> bytes:
    return json.dumps(routes.visible(answer), ensure_ascii=False).encode()


def _json(status: int, body: bytes) -> web.Response:
    return web.Response(status=status, body=body, content_type="application/json", charset="utf-8")


def _told_status(trouble: Trouble) -> web.Response:
    if trouble.status >= 500:
        page = HTML_5XX.format(trouble.status)
        return web.Response(status=trouble.status, text=page, content_type="text/html")
    refused = errors.too_many() if trouble.status == 429 else errors.invalid("told by the sandbox")
    answer = _json(
        trouble.status, json.dumps({**refused.body(), "http_status_code": trouble.status}).encode()
    )
    if trouble.retry_after_s is not None:
        answer.headers["Retry-After"] = str(trouble.retry_after_s)
    return answer


def _cut(request: web.Request) -> web.StreamResponse:
    """Reset the connection; what is returned goes nowhere."""
    if request.transport is not None:
        connection = request.transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        request.transport.abort()
    return web.Response(status=444)
