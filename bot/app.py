"""The composition root: the only module that builds what touches the outside, and the one that stops it again."""

import asyncio
import contextlib
import logging
import secrets
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import structlog
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.chargebee.address import checked_url
from bot.chargebee.client import ChargebeeClient, ClientSettings
from bot.chargebee.lookups import Lookups
from bot.core.errors import BotError
from bot.core.policy import Policy, PolicyError, load_policy
from bot.core.record import AuditEntry
from bot.engine import Engine
from bot.engine.ledger import Ledger
from bot.operations import OPERATIONS
from bot.operations.base import SiteProfile
from bot.settings import Settings
from bot.slack.desk import Desk
from bot.slack.identity import Directory
from bot.slack.listeners import Listeners
from bot.slack.notifier import Notifier
from bot.slack.refusals import SLACK_FAILED, code_of, is_passing
from bot.store.sqlite import Store
from bot.tasks import Tasks
from bot.web import WebServer
from bot.worker import Worker

_log = structlog.get_logger(__name__)

#: A socket that has been silent this long is not connected, whatever it says. The SDK pings every 5 s.
SILENT_S = 60
#: After so long without a connection the process ends, so that whatever watches over it starts it anew.
LOST_S = 300
#: How long the first connection may take.
CONNECT_S = 30
#: How long Slack's word about the token is believed, and the codes by which it disowns one.
RECOGNISED_S = 60
UNKNOWN_TO_SLACK = frozenset(
    {"invalid_auth", "not_authed", "token_revoked", "token_expired", "account_inactive"}
)
#: Slack calls made while somebody waits. The acknowledgement's 3 s do not wait for them.
SLACK_TIMEOUT_S = 10


class StartError(BotError):
    """The bot cannot start; the message says what to do."""

    code = "start"


class PolicyFile:
    """The policy in force. A new version that cannot be used is refused whole, and the old one stays."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.current: Policy = self._load()

    def fresh(self) -> Policy:
        """What the file says now, not in force yet. Raises PolicyError when it cannot be used, or is for another workspace."""
        fresh = self._load()
        if fresh.team_id != self.current.team_id:
            raise PolicyError(["workspace.team_id: another workspace takes a new start, with its own token."])
        return fresh

    def _load(self) -> Policy:
        try:
            text = self._path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise PolicyError([f"{self._path} cannot be read: {type(error).__name__}."]) from None
        return load_policy(text, {operation.name: operation.risk.value for operation in OPERATIONS})


def site_profile(settings: Settings) -> SiteProfile:
    """What the operations know about the site."""
    return SiteProfile(
        charge_api=settings.charge_api,
        charge_ref_in=settings.charge_ref_in,
        base_currency=settings.base_currency,
        zero_decimal=settings.zero_decimal,
        reason_codes=settings.reason_codes,
        tz=settings.site_timezone,
        reason_code_required=settings.reason_code_required,
        web_url=settings.chargebee_base_url,
    )


def chargebee_client(
    settings: Settings,
    clock: Callable[[], float],
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> ChargebeeClient[SiteProfile]:
    """The door to Chargebee. A host that is not Chargebee's has been named in the settings on purpose. Raises StartError."""
    host = urlsplit(settings.chargebee_url).hostname
    try:
        url = checked_url(settings.chargebee_base_url, allowed_hosts=[host] if host else [])
    except ValueError as error:
        raise StartError(
            f"The bot cannot speak to Chargebee: {error}.", hint="Correct BILLING_BOT_CHARGEBEE_URL."
        ) from None
    return ChargebeeClient(
        url,
        settings.chargebee_api_key.get_secret_value(),
        site=site_profile(settings),
        clock=clock,
        sleep=sleep,
        read_key=settings.chargebee_read_key.get_secret_value(),
        settings=ClientSettings(connect_s=settings.connect_timeout_s, read_s=settings.read_timeout_s),
    )


@dataclass(kw_only=True)
class Bot:
    """The running bot: everything that has to be stopped again."""

    settings: Settings
    policy: PolicyFile
    store: Store
    session: aiohttp.ClientSession
    chargebee: ChargebeeClient[SiteProfile]
    engine: Engine
    worker: Worker
    tasks: Tasks
    listeners: Listeners
    slack: AsyncApp
    web: WebServer
    socket: AsyncSocketModeHandler | None
    working: asyncio.Task[None] | None = None
    identified: bool = False
    recognised_at: float = 0.0
    lost_since: float | None = None

    @classmethod
    async def start(
        cls,
        settings: Settings,
        *,
        clock: Callable[[], float] = time.time,
        new_key: Callable[[], str] = lambda: str(uuid.uuid4()),
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> "Bot":
        """Builds everything, takes up what an earlier run left, and connects. Raises StartError, PolicyError, StoreError.

        `sleep` is how reads of Chargebee pause before they are tried again.
        """
        policy = PolicyFile(settings.policy_file)
        async with contextlib.AsyncExitStack() as opened:
            chargebee = await opened.enter_async_context(chargebee_client(settings, clock, sleep))
            store = await Store.open(str(settings.database))
            opened.push_async_callback(store.close)
            session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=SLACK_TIMEOUT_S))
            opened.push_async_callback(session.close)
            bot = cls._built(
                settings=settings,
                policy=policy,
                store=store,
                session=session,
                chargebee=chargebee,
                clock=clock,
                new_key=new_key,
            )
            opened.pop_all()  # from here on the bot closes them
        try:
            await bot._connect()  # noqa: SLF001 - our own
        except BaseException:
            await bot.stop()
            raise
        return bot

    @classmethod
    def _built(
        cls,
        *,
        settings: Settings,
        policy: PolicyFile,
        store: Store,
        session: aiohttp.ClientSession,
        chargebee: ChargebeeClient[SiteProfile],
        clock: Callable[[], float],
        new_key: Callable[[], str],
    ) -> "Bot":
        """All the parts, connected with each other and with nothing outside yet."""
        token = settings.slack_bot_token.get_secret_value()
        client = AsyncWebClient(
            token=token,
            base_url=settings.slack_api_url,
            session=session,
            timeout=SLACK_TIMEOUT_S,
            retry_handlers=[],  # the default repeats a post whose connection was cut: a second message
            logger=logging.getLogger("slack_sdk"),
        )
        slack = AsyncApp(
            client=client,
            signing_secret=settings.slack_signing_secret.get_secret_value(),
            process_before_response=True,
            request_verification_enabled=settings.slack_mode == "http",
            logger=logging.getLogger("slack_bolt"),
        )
        tasks = Tasks()
        ledger = Ledger(
            store=store,
            chargebee=chargebee,
            policy=lambda: policy.current,
            clock=clock,
            wake=lambda: worker.wake(),  # noqa: PLW0108 - the worker is built from this ledger
        )
        engine = Engine(ledger, new_key=new_key, origin_ip=str(settings.origin_ip or ""))
        notifier = Notifier(client, store, lambda: policy.current, chargebee.site, clock)
        worker = Worker(engine, notifier.deliver, tick_s=settings.worker_tick_s)
        lookups = Lookups(
            chargebee,
            clock,
            ttl_s=settings.lookup_ttl_s,
            per_minute=settings.lookups_per_minute,
            per_person=settings.lookups_per_person,
            zero_decimal=settings.zero_decimal,
        )
        desk = Desk(
            engine=engine,
            directory=Directory(client, lambda: policy.current, clock),
            lookups=lookups,
            client=client,
            tasks=tasks,
            new_id=lambda: secrets.token_urlsafe(16),
        )
        listeners = Listeners(desk, budget_s=settings.preview_budget_s)
        listeners.register(slack)
        over_http = settings.slack_mode == "http"
        bot = cls(
            settings=settings,
            policy=policy,
            store=store,
            session=session,
            chargebee=chargebee,
            engine=engine,
            worker=worker,
            tasks=tasks,
            listeners=listeners,
            slack=slack,
            web=WebServer(
                lambda: bot.ready(),  # noqa: PLW0108 - not there yet
                lambda: store.statistics(ledger.now()),
                slack=slack if over_http else None,
            ),
            socket=None,
        )
        return bot

    async def _connect(self) -> None:
        settings, client = self.settings, self.slack.client
        try:
            who = await client.auth_test()  # also warms Bolt's own, which is not guarded against a crowd
        except SLACK_FAILED as error:
            raise _not_connected(error, "bot token", "Set BILLING_BOT_SLACK_BOT_TOKEN.") from None
        if who["team_id"] != self.policy.current.team_id:
            raise StartError(
                "The bot token belongs to another workspace than the policy's `workspace.team_id`.",
                hint="Use the token of that workspace, or correct the policy.",
            )
        self.identified = True
        self.recognised_at = time.monotonic()
        await self._audit_policy("policy.load", self.policy.current)
        interrupted = await self.worker.start()
        try:
            await self.web.start(settings.host, settings.port)
        except OSError as error:
            raise StartError(
                f"The bot cannot listen on {settings.host}:{settings.port} ({error.strerror or 'no such address'}).",
                hint="Set BILLING_BOT_HOST and BILLING_BOT_PORT to an address that is free.",
            ) from None
        if settings.slack_mode == "socket":
            self.socket = AsyncSocketModeHandler(
                self.slack, settings.slack_app_token.get_secret_value(), ping_interval=5
            )
            socket = self.socket.client
            try:
                # Asked for here, because `connect` itself tries for ever, whatever is wrong with the token.
                socket.wss_uri = await socket.issue_new_wss_url()
                async with asyncio.timeout(CONNECT_S):
                    await socket.connect()  # type: ignore[no-untyped-call]  # the SDK does not say
            except SLACK_FAILED as error:
                hint = "Set BILLING_BOT_SLACK_APP_TOKEN to a token with connections:write."
                raise _not_connected(error, "app token", hint) from None
        self.working = asyncio.create_task(self.worker.run(), name="worker")
        _log.info("ready", mode=settings.slack_mode, port=self.web.port, count=interrupted)

    async def _audit_policy(self, event: str, policy: Policy) -> None:
        now = self.engine.ledger.now()
        await self.store.note((AuditEntry(at=now, event=event, policy=policy.hash),))

    async def reload_policy(self) -> bool:
        """On SIGHUP. False when the file is refused, and then the old policy stays; `check` says why.

        Either is written down first. Raises StoreError when that cannot be, and then the old policy stays as well.
        """
        try:
            fresh = self.policy.fresh()
        except PolicyError as error:
            _log.error("policy refused", error="PolicyError", count=len(error.problems))
            await self._audit_policy("policy.refuse", self.policy.current)
            return False
        await self._audit_policy("policy.load", fresh)
        self.policy.current = fresh
        _log.info("policy loaded", policy_hash=fresh.hash)
        return True

    async def ready(self) -> Mapping[str, bool]:
        """Each part, and whether it works now."""
        parts = {
            "database": await self.store.healthy(),
            "slack_identity": await self.recognised(),
            "worker": self.working is not None and not self.working.done(),
        }
        if self.settings.slack_mode == "socket":
            parts["slack_socket"] = await self.connected()
        return parts

    async def recognised(self) -> bool:
        """Whether Slack still takes the bot's token; asked at most once a minute. A passing trouble changes nothing."""
        now = time.monotonic()
        if now - self.recognised_at >= RECOGNISED_S:
            self.recognised_at = now
            try:
                await self.slack.client.auth_test()
            except SLACK_FAILED as error:
                self.identified = self.identified and code_of(error) not in UNKNOWN_TO_SLACK
            else:
                self.identified = True
        return self.identified

    async def connected(self) -> bool:
        """Whether the socket is open and its last ping was answered lately."""
        if self.socket is None:
            return False
        client = self.socket.client
        pinged = client.last_ping_pong_time
        return await client.is_connected() and (pinged is None or time.time() - pinged < SILENT_S)

    async def lost(self) -> bool:
        """Whether Slack has been out of reach for so long that only a new start can help."""
        if self.settings.slack_mode != "socket" or await self.connected():
            self.lost_since = None
            return False
        now = time.monotonic()
        self.lost_since = self.lost_since or now
        return now - self.lost_since > LOST_S

    async def stop(self) -> None:
        """Answers what was asked, finishes what was begun, closes everything. The rest is found at the next start."""
        await self.tasks.drain(min(3.0, self.settings.drain_s))
        if self.socket is not None:
            await self.socket.client.close()  # type: ignore[no-untyped-call]  # the SDK does not say
        await self.web.stop()
        cut_off = await self.tasks.drain(1.0) + await self.worker.stop(self.settings.drain_s)
        if self.working is not None:
            self.working.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self.working
        await self.chargebee.aclose()
        await self.session.close()
        await self.store.close()
        _log.info("stopped", count=cut_off)


def _not_connected(error: Exception, token: str, hint: str) -> StartError:
    """Why the start ends here: Slack is away for a while, or says no."""
    code = code_of(error)
    if is_passing(error):
        return StartError(f"Slack cannot be reached ({code}).", hint="Check the network, then start again.")
    return StartError(f"Slack refused the {token} ({code}).", hint=hint)
