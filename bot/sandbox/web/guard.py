"""Who may talk to the page's server, and what its answers let a browser do.

Only this machine, by its own name (another page cannot borrow the address by DNS), and acts only as JSON from the page
itself: a page from elsewhere can neither act nor read. `open_to_all` lifts the first two, for a machine that shows the
sandbox to others.
"""

import ipaddress
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

#: Nothing from outside, nothing inline.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def is_loopback(host: str | None) -> bool:
    """Whether an address or host name means this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def guard(*, open_to_all: bool) -> Middleware:
    """Refuses with 403 (or 415) what is none of the page's own business."""

    @web.middleware
    async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
        host = urlsplit(f"//{request.host}")
        if not open_to_all and not (is_loopback(request.remote) and is_loopback(host.hostname)):
            raise web.HTTPForbidden(text="only from this machine")
        if request.method not in ("GET", "HEAD"):
            origin = request.headers.get("Origin")
            if origin is not None and urlsplit(origin).netloc != host.netloc:
                raise web.HTTPForbidden(text="only from this page")
            if request.content_type != "application/json":
                raise web.HTTPUnsupportedMediaType(text="acts are JSON")
        return await handler(request)

    return guarded


async def add_headers(_request: web.Request, response: web.StreamResponse) -> None:
    """For every answer, streams and errors too."""
    response.headers.update(HEADERS)
