"""The `/sandbox/...` interface: what a test or a person may do to the site from outside. No key, loopback
only.

| call | body or query | does |
| --- | --- | --- |
| GET, POST /sandbox/clock | `{"advance_s": 1800}` | the site's time; moves it forward |
| GET /sandbox/calls | | every API call as received: method, path, query, form, headers, status |
| GET, POST, DELETE /sandbox/trouble | one trouble or a list of them (see `trouble.py`) | troubles to come |
| POST /sandbox/release | | held and hanging calls go on |
| POST /sandbox/change | `{"invoice": id, "record_payment_minor": n}` | a payment arrives |
| | `{"kind": "invoice", "id": id, "set": {...}}` | somebody changes fields by hand |
| POST /sandbox/einvoice | `{"credit_note": id, "status": s, "message": m}` | how an e-invoice ends |
| GET, POST /sandbox/settings | any of `state.Settings` | the site's settings |
| GET /sandbox/documents | `?kind=invoices` | everything as it stands |
| POST /sandbox/reset | | as at the beginning |

Answers are JSON; a request that makes no sense gets 400 `{"error": "..."}`. In process, each is a method of
`Site` with the same name.
"""

import ipaddress
import json
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from bot.sandbox.chargebee.errors import ApiError
from bot.sandbox.chargebee.site import Site

Told = Any
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def add_routes(app: web.Application, site: Site) -> None:
    """Put the interface of a site on an application."""
    for (method, path), do in _table(site).items():
        app.router.add_route(method, path, _handler(do))


def _table(site: Site) -> dict[tuple[str, str], Callable[[Told], Any]]:
    """What each call does with its body (for GET: its query)."""

    def add_troubles(told: Told) -> Any:
        return site.trouble(*(told if isinstance(told, list) else [told]))

    def clear_troubles(_: Told) -> Any:
        site.troubles.clear()
        return site.trouble()

    return {
        ("GET", "/sandbox/clock"): lambda _: {"now": site.clock()},
        ("POST", "/sandbox/clock"): lambda told: {"now": site.clock(**told)},
        ("GET", "/sandbox/calls"): lambda _: site.calls(),
        ("GET", "/sandbox/trouble"): lambda _: site.trouble(),
        ("POST", "/sandbox/trouble"): add_troubles,
        ("DELETE", "/sandbox/trouble"): clear_troubles,
        ("POST", "/sandbox/release"): lambda _: site.release(),
        ("POST", "/sandbox/change"): lambda told: site.change(**told),
        ("POST", "/sandbox/einvoice"): lambda told: site.einvoice(**told),
        ("GET", "/sandbox/settings"): lambda _: site.settings(),
        ("POST", "/sandbox/settings"): lambda told: site.settings(**told),
        ("GET", "/sandbox/documents"): lambda query: site.documents(**query),
        ("POST", "/sandbox/reset"): lambda _: site.reset(),
    }


def _handler(do: Callable[[Told], Any]) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        if request.remote is None or not ipaddress.ip_address(request.remote).is_loopback:
            return web.json_response({"error": "only from this machine"}, status=403)
        try:
            body = await request.read()
            told = dict(request.query) if request.method == "GET" else json.loads(body or b"{}")
            answer = do(told)
        except (ValueError, TypeError, ApiError) as problem:
            return web.json_response({"error": str(problem)}, status=400)
        return web.json_response({} if answer is None else answer)

    return handle
