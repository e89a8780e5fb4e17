"""Both simulators behind one address, for a browser.

    GET  /                        the page
    GET  /page/<file>             its parts
    GET  /events?as=<user>        what that person sees, as server-sent events: `{"whole": bool, "set": {…}, "gone": […]}`.
                                  The first event is whole; the keys stand in `facts.py`
    *    /slack/sandbox/…         Slack's control interface (`slack/control.py`)
    *    /chargebee/sandbox/…     Chargebee's (`chargebee/control.py`)
    POST /bot/kill, /bot/start    end the bot's process this instant; start it again
    POST /guide/skip, /guide/reset

The page acts through the same interfaces as tests do. Who may ask, and the headers of every answer: `guard.py`.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from importlib.resources import files
from typing import Protocol

from aiohttp import web
from aiohttp.typedefs import Handler

from bot.sandbox.changes import Changes
from bot.sandbox.chargebee import control as chargebee_control
from bot.sandbox.serve import Sandbox
from bot.sandbox.slack.control import Control
from bot.sandbox.slack.delivery import SocketTransport
from bot.sandbox.slack.rules import Json
from bot.sandbox.web import guard
from bot.sandbox.web.facts import phone_facts, site_facts, slack_facts, written
from bot.sandbox.web.guide import Guide, Step

#: Everything that happens within so long goes out as one event.
GATHER_S = 0.03
#: So that a page notices that it is cut off, and the server that a page has gone.
HEARTBEAT_S = 10.0
MAX_BODY = 2 * 1024 * 1024

_TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


class BotControl(Protocol):
    """The bot's process, if the page may end and start it."""

    def alive(self) -> bool: ...

    async def kill(self) -> object: ...

    async def start(self) -> object: ...


class WorkspaceServer:
    """The page on an address. `people`: a line about somebody of the cast, by id; `steps`: the guided path."""

    def __init__(
        self, sandbox: Sandbox, bot: BotControl | None, steps: Sequence[Step], people: Mapping[str, str]
    ) -> None:
        self._sandbox = sandbox
        self._bot = bot
        self._people = people
        self._process: list[Json] = []
        self._guide = Guide(steps, sandbox.slack.workspace, sandbox.site, self._process) if steps else None
        self._changes = Changes()
        self._stopping = False
        self._site_facts: tuple[int, dict[str, str]] = (-1, {})
        self._runner: web.AppRunner | None = None
        self.url = ""

    @classmethod
    async def start(
        cls,
        sandbox: Sandbox,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        bot: BotControl | None = None,
        steps: Sequence[Step] = (),
        people: Mapping[str, str] | None = None,
        open_to_all: bool = False,
    ) -> "WorkspaceServer":
        """Listen. Raises ValueError for a host beyond this machine unless `open_to_all`; OSError when the port is taken."""
        if not open_to_all and not guard.is_loopback(host):
            raise ValueError(f"{host} is not this machine; say open_to_all to mean it")
        self = cls(sandbox, bot, steps, people or {})
        self._runner = web.AppRunner(
            self._app(open_to_all=open_to_all), access_log=None, shutdown_timeout=0.5
        )
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, host, port).start()
        except OSError:
            await self._runner.cleanup()
            raise
        shown = f"[{host}]" if ":" in host else host
        self.url = f"http://{shown}:{self._runner.addresses[0][1]}"
        return self

    async def stop(self) -> None:
        """End every stream and stop listening."""
        self._stopping = True
        self._changes.touch()
        if self._runner:
            await self._runner.cleanup()

    def _app(self, *, open_to_all: bool) -> web.Application:
        app = web.Application(
            middlewares=[guard.guard(open_to_all=open_to_all), self._noticed], client_max_size=MAX_BODY
        )
        app.on_response_prepare.append(guard.add_headers)
        app.router.add_get("/", _index)
        app.router.add_get("/page/{name}", _part)
        app.router.add_get("/events", self._events)
        slack, site = self._sandbox.slack, web.Application()
        workspace = web.Application(client_max_size=MAX_BODY)
        Control(slack.workspace, slack.desktop, slack.courier).add_to(workspace)
        chargebee_control.add_routes(site, self._sandbox.site)
        app.add_subapp("/slack/", workspace)
        app.add_subapp("/chargebee/", site)
        if self._bot:
            app.router.add_post("/bot/kill", self._process_act("killed", self._bot.kill))
            app.router.add_post("/bot/start", self._process_act("started", self._bot.start))
        if self._guide:
            app.router.add_post("/guide/skip", self._guide_act(self._guide.skip))
            app.router.add_post("/guide/reset", self._guide_act(self._guide.reset))
        return app

    # -- acts

    @web.middleware
    async def _noticed(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Every act may have changed something that nobody announces, such as a trouble that now waits."""
        try:
            return await handler(request)
        finally:
            if request.method != "GET":
                self._changes.touch()

    def _process_act(self, name: str, act: Callable[[], Awaitable[object]]) -> Handler:
        async def handler(_request: web.Request) -> web.StreamResponse:
            if self._bot and self._bot.alive() == (name == "started"):
                return web.json_response({"ok": True, "alive": self._bot.alive()})
            await act()
            self._process.append({"what": name, "at": self._sandbox.clock()})
            return web.json_response({"ok": True, "alive": name == "started"})

        return handler

    def _guide_act(self, act: Callable[[], None]) -> Handler:
        async def handler(_request: web.Request) -> web.StreamResponse:
            act()
            return web.json_response({"ok": True})

        return handler

    # -- what is seen

    async def _events(self, request: web.Request) -> web.StreamResponse:
        user = request.query.get("as", "")
        if user not in self._sandbox.slack.workspace.people:
            raise web.HTTPNotFound(text=f"there is nobody called {user!r}")
        stream = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await stream.prepare(request)
        with suppress(ConnectionError):
            async for event in self._changes_for(user):
                await stream.write(event.encode())
        return stream

    async def _changes_for(self, user: str) -> AsyncIterator[str]:
        yield "retry: 1000\n\n"
        sent: dict[str, str] | None = None
        while not self._stopping:
            seen = self._seen()
            facts = self._facts(user)
            before = sent or {}
            fresh = {key: text for key, text in facts.items() if before.get(key) != text}
            gone = [key for key in before if key not in facts]
            if fresh or gone:
                pairs = ",".join(f"{json.dumps(key)}:{text}" for key, text in fresh.items())
                whole = json.dumps(sent is None)
                yield f'data: {{"whole":{whole},"set":{{{pairs}}},"gone":{json.dumps(gone)}}}\n\n'
            else:
                yield "event: beat\ndata: 0\n\n"
            sent = facts
            await self._something(seen)
            await asyncio.sleep(GATHER_S)

    def _seen(self) -> tuple[int, int, int]:
        return self._sandbox.slack.workspace.seq, self._sandbox.site.changes.seq, self._changes.seq

    async def _something(self, seen: tuple[int, int, int]) -> None:
        """Returns when anything changed since, or with the next heartbeat."""
        waits = [
            asyncio.ensure_future(self._sandbox.slack.workspace.changed(seen[0])),
            asyncio.ensure_future(self._sandbox.site.changes.changed(seen[1])),
            asyncio.ensure_future(self._changes.changed(seen[2])),
        ]
        try:
            await asyncio.wait(waits, timeout=HEARTBEAT_S, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waits:
                one.cancel()

    def _facts(self, user: str) -> dict[str, str]:
        workspace, site = self._sandbox.slack.workspace, self._sandbox.site
        if self._site_facts[0] != site.changes.seq:
            self._site_facts = (site.changes.seq, written(site_facts(site)))
        return {
            **written(slack_facts(workspace, user, self._people)),
            **written(phone_facts(workspace)),
            **self._site_facts[1],
            **written(iter(self._common().items())),
        }

    def _common(self) -> Json:
        sandbox = self._sandbox
        transport = sandbox.slack.courier.transport
        links = transport.links if isinstance(transport, SocketTransport) else None
        alive = self._bot.alive() if self._bot else None
        common: Json = {
            "troubles": {
                "slack": sandbox.slack.workspace.trouble.waiting(),
                "chargebee": sandbox.site.troubles.told(),
            },
            "status": {
                "links": links,
                "alive": alive,
                "offset_s": sandbox.clock.offset_s,
                "site": sandbox.chargebee.url,
                "profile": sandbox.site.profile,
            },
        }
        return common | ({"guide": self._guide.shown()} if self._guide else {})


async def _index(_request: web.Request) -> web.StreamResponse:
    return _file("index.html")


async def _part(request: web.Request) -> web.StreamResponse:
    return _file(request.match_info["name"])


def _file(name: str) -> web.Response:
    page = files("bot.sandbox.web") / "page"
    found = next((one for one in page.iterdir() if one.name == name and one.is_file()), None)
    suffix = f".{name.rpartition('.')[2]}"
    if found is None or suffix not in _TYPES:
        raise web.HTTPNotFound(text="there is no such file")
    return web.Response(body=found.read_bytes(), content_type=_TYPES[suffix], charset="utf-8")
