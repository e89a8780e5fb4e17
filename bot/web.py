"""The bot's own small web server: health, readiness, metrics, and in HTTP mode the door for Slack.

    GET  /healthz        200 while the process turns its loop
    GET  /readyz         200 when it can do its work: database, Slack identity, socket; else 503 with what is missing
    GET  /metrics        Prometheus
    POST /slack/events   signed requests from Slack, in HTTP mode

The answers name parts, never people, channels or figures of business.
"""

from collections.abc import Awaitable, Callable, Mapping
from math import nan

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.async_app import AsyncApp

from bot import metrics
from bot.core.lifecycle import State
from bot.store.values import Statistics, StoreError

#: Slack's largest payloads are a fraction of this.
MOST_BYTES = 512 * 1024

#: Each part and whether it works.
Readiness = Callable[[], Awaitable[Mapping[str, bool]]]
#: How much there is now. Raises StoreError.
Figures = Callable[[], Awaitable[Statistics]]


class WebServer:
    """Listens from `start` to `stop`."""

    def __init__(self, ready: Readiness, figures: Figures, *, slack: AsyncApp | None = None) -> None:
        self._ready = ready
        self._figures = figures
        self._slack = slack
        app = web.Application(client_max_size=MOST_BYTES)
        app.router.add_get("/healthz", self._healthz)
        app.router.add_get("/readyz", self._readyz)
        app.router.add_get("/metrics", self._metrics)
        if slack is not None:
            app.router.add_post("/slack/events", self._slack_events)
        self._runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=5)
        self.port = 0

    async def start(self, host: str, port: int) -> None:
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port)
        await site.start()
        self.port = int(self._runner.addresses[0][1])

    async def stop(self) -> None:
        """No new requests; those being answered are answered."""
        await self._runner.cleanup()

    async def _healthz(self, _request: web.Request) -> web.Response:
        return web.json_response({"alive": True})

    async def _readyz(self, _request: web.Request) -> web.Response:
        parts = dict(await self._ready())
        ready = all(parts.values())
        return web.json_response({"ready": ready, **parts}, status=200 if ready else 503)

    async def _metrics(self, _request: web.Request) -> web.Response:
        try:
            show(await self._figures())
        except StoreError:
            show(None)  # what is counted in memory is worth having all the same
        return web.Response(
            body=generate_latest(metrics.REGISTRY), headers={"content-type": CONTENT_TYPE_LATEST}
        )

    async def _slack_events(self, request: web.Request) -> web.Response:
        assert self._slack is not None
        if not well_formed(request):
            return _no(401)
        try:
            read = await to_bolt_request(request)
        except (ValueError, TypeError, AttributeError, LookupError, RecursionError):
            return _no(400)  # the body is read before its signature is checked: nobody knows who sent it
        return await to_aiohttp_response(await self._slack.async_dispatch(read))


def show(found: Statistics | None) -> None:
    """Sets the gauges."""
    for state in State:
        metrics.REQUESTS.labels(state.value).set(found.requests.get(state, 0) if found else nan)
    metrics.OWED.set(found.owed_errands if found else nan)
    metrics.OLDEST_OWED.set(found.oldest_owed_s or 0 if found else nan)


def _no(status: int) -> web.Response:
    return web.json_response({"error": "invalid request"}, status=status)


def well_formed(request: web.Request) -> bool:
    """Whether the signature headers can be checked at all: Bolt answers 500 where it should answer 401 otherwise.

    Without them it answers by itself: 401, or 200 to Slack's unsigned `ssl_check`.
    """
    timestamp = request.headers.get("X-Slack-Request-Timestamp", "0")
    signature = request.headers.get("X-Slack-Signature", "")
    return timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 20 and signature.isascii()
