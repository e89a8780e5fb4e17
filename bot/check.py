"""Is everything set up? One finding for each thing that has to be right, and what to do where it is not.

    configuration  policy  database  manifest       read here
    slack token  scopes  app token  channels        asked of Slack
    chargebee key  read key  catalog  currencies    asked of Chargebee, with reads only

Nothing is changed, except that the app token opens (and drops) a ticket for a socket. Nothing is thrown: what cannot
be checked is a finding too.
"""

import re
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from pydantic import SecretStr
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

import bot
from bot.app import PolicyFile, chargebee_client
from bot.chargebee.client import ChargebeeClient
from bot.core.errors import BotError, ChargebeeError, Refused
from bot.core.policy import Policy, PolicyError
from bot.operations import OPERATIONS
from bot.operations.base import SiteProfile, enumerated
from bot.settings import PREFIX, Settings
from bot.slack.manifest import IMPLIED_SCOPES, SCOPES, manifest_yaml
from bot.store.sqlite import Store

#: How long Slack may take over one question.
SLACK_TIMEOUT_S = 10
#: How many invoices tell which currencies the site uses.
INVOICES_SEEN = 100
#: Where the committed manifest stands: beside the package.
MANIFEST = Path(bot.__file__).parents[1] / "app-manifest.yml"

_INVITE = "Invite the bot there: /invite @billing-bot."


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at. `says` is what was found, `do` what to do about it (empty: nothing)."""

    name: str
    ok: bool
    says: str
    do: str = ""

    def line(self) -> str:
        """`ok    policy         3 people, 5 gates.`"""
        told = " ".join(f"{self.says} {self.do}".split())
        return f"{'ok' if self.ok else 'WRONG':<6}{self.name:<15}{told}"


Findings = Iterable[Finding]


async def check(settings: Settings, *, clock: Callable[[], float] = time.time) -> list[Finding]:
    """Every finding, in a fixed order. `settings` are valid already, or there would be none."""
    found = [_configuration(settings)]
    told, policy = _policy(settings)
    found.append(told)
    found += await _guarded("database", _database(settings))
    found.append(_manifest())
    timeout = aiohttp.ClientTimeout(total=SLACK_TIMEOUT_S)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        client = AsyncWebClient(
            token=settings.slack_bot_token.get_secret_value(),
            base_url=settings.slack_api_url,
            session=session,
            retry_handlers=[],
        )
        found += await _guarded("slack token", _slack_token(client, policy))
        if settings.slack_mode == "socket":
            found += await _guarded("app token", _app_token(client, settings))
        if policy is not None:
            found += await _guarded("channels", _channels(client, policy))
    found += await _guarded("chargebee key", _chargebee(settings, clock))
    return found


async def _guarded(name: str, part: Awaitable[Findings]) -> list[Finding]:
    try:
        return list(await part)
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        return [Finding(name, False, f"Could not be reached ({type(error).__name__}).", "Check the network.")]
    except Exception as error:  # noqa: BLE001 - a check that stops at its first surprise helps nobody
        return [Finding(name, False, f"Could not be checked ({type(error).__name__}).")]


# Read here


def _configuration(settings: Settings) -> Finding:
    return Finding(
        "configuration",
        True,
        f"Slack by {settings.slack_mode} mode, Chargebee at {settings.chargebee_base_url}, "
        f"charges by {settings.charge_api}.",
    )


def _policy(settings: Settings) -> tuple[Finding, Policy | None]:
    try:
        policy = PolicyFile(settings.policy_file).current
    except PolicyError as error:
        return Finding(
            "policy", False, " ".join(error.problems), "Nothing of it is in force until it is mended."
        ), None
    says = f"{len(policy.file.people)} people, {len(OPERATIONS)} operations, version {policy.hash}."
    return Finding("policy", True, " ".join([says, *policy.warnings])), policy


async def _database(settings: Settings) -> Findings:
    path = settings.database
    if not path.exists():
        if path.absolute().parent.is_dir():
            return [Finding("database", True, f"{path} does not exist yet; the first start makes it.")]
        return [
            Finding(
                "database", False, f"{path.parent} is not a directory.", f"Make it, or set {PREFIX}DATABASE."
            )
        ]
    try:
        store = await Store.open(str(path))
    except BotError as error:
        return [Finding("database", False, error.message, error.hint)]
    try:
        if not await store.healthy():
            return [Finding("database", False, f"{path} cannot be written.", "Check its owner and the disk.")]
        chain, head = await store.verify(), await store.head()
    finally:
        await store.close()
    if not chain.ok:
        return [
            Finding(
                "database",
                False,
                f"The audit does not hold: {chain.reason}",
                "Keep the file and find out why.",
            )
        ]
    return [
        Finding(
            "database",
            True,
            f"Writable and up to date; {chain.rows} audit rows hold, the last is {head.hash[:12]}.",
        )
    ]


def _manifest() -> Finding:
    if not MANIFEST.exists():
        return Finding(
            "manifest", True, "There is no app-manifest.yml beside the package; nothing to compare."
        )
    text = MANIFEST.read_text(encoding="utf-8")
    address = re.search(r'request_url: "(https://[^"]*)"', text)
    wanted = manifest_yaml("http", address.group(1)) if address else manifest_yaml()
    if text != wanted:
        return Finding(
            "manifest", False, "app-manifest.yml is not what the code needs.", "Run: billing-bot manifest."
        )
    return Finding("manifest", True, "app-manifest.yml is what the code needs.")


# Asked of Slack


async def _slack_token(client: AsyncWebClient, policy: Policy | None) -> Findings:
    try:
        who = await client.auth_test()
    except SlackApiError as error:
        return [
            Finding(
                "slack token", False, f"Slack refuses it ({_word(error)}).", f"Set {PREFIX}SLACK_BOT_TOKEN."
            )
        ]
    headers = {name.lower(): value for name, value in who.headers.items()}
    return [_workspace(str(who["team_id"]), policy), _scopes(headers.get("x-oauth-scopes"))]


def _workspace(team_id: str, policy: Policy | None) -> Finding:
    if policy is not None and policy.team_id != team_id:
        return Finding(
            "slack token",
            False,
            f"It belongs to {team_id}, the policy is for {policy.team_id}.",
            "Use that workspace's token, or correct workspace.team_id.",
        )
    return Finding("slack token", True, f"It belongs to {team_id}.")


def _scopes(header: str | None) -> Finding:
    if header is None:
        return Finding("scopes", True, "Slack did not say; not checked.")
    granted = {scope.strip() for scope in header.split(",") if scope.strip()}
    missing, extra = SCOPES.keys() - granted, granted - SCOPES.keys() - IMPLIED_SCOPES
    if missing:
        return Finding(
            "scopes",
            False,
            f"Missing: {enumerated(sorted(missing))}.",
            "Update the app from app-manifest.yml, then reinstall it.",
        )
    more = f" Not needed: {enumerated(sorted(extra))}." if extra else ""
    return Finding("scopes", True, f"All {len(SCOPES)} are granted.{more}")


async def _app_token(client: AsyncWebClient, settings: Settings) -> Findings:
    try:
        await client.apps_connections_open(app_token=settings.slack_app_token.get_secret_value())
    except SlackApiError as error:
        return [
            Finding(
                "app token",
                False,
                f"Slack refuses it ({_word(error)}).",
                f"Set {PREFIX}SLACK_APP_TOKEN to a token with connections:write, and switch Socket Mode on.",
            )
        ]
    return [Finding("app token", True, "Slack gives out a socket for it.")]


async def _channels(client: AsyncWebClient, policy: Policy) -> Findings:
    named = policy.file.channels
    routes = [channel for route in named.routes.values() for channel in (route.approvals, route.notices)]
    wanted = sorted({named.approvals, named.notices, *routes} - {""})
    wrong: dict[str, str] = {}
    for channel in wanted:
        try:
            info = (await client.conversations_info(channel=channel))["channel"]
        except SlackApiError as error:
            if _word(error) == "missing_scope":
                return [
                    Finding("channels", True, "Not checked: the bot does not ask to read channels.", _INVITE)
                ]
            wrong[channel] = _word(error)
        else:
            if info.get("is_archived"):
                wrong[channel] = "archived"
            elif not info.get("is_member"):
                wrong[channel] = "the bot is not in it"
    if wrong:
        told = ", ".join(f"{channel} ({what})" for channel, what in wrong.items())
        return [Finding("channels", False, f"{told}.", _INVITE)]
    return [Finding("channels", True, f"The bot is in {enumerated(wanted)}.")]


def _word(error: SlackApiError) -> str:
    return str(error.response["error"])


# Asked of Chargebee


async def _chargebee(settings: Settings, clock: Callable[[], float]) -> Findings:
    """Both keys, then, with the one that reads, the site."""
    found: list[Finding] = []
    if settings.chargebee_read_key:
        alone = settings.model_copy(update={"chargebee_read_key": SecretStr("")})
        async with chargebee_client(alone, clock) as client:
            found.append(await _key("chargebee key", "CHARGEBEE_API_KEY", client))
    async with chargebee_client(settings, clock) as client:
        name, variable = (
            ("read key", "CHARGEBEE_READ_KEY") if found else ("chargebee key", "CHARGEBEE_API_KEY")
        )
        key = await _key(name, variable, client)
        found.append(key)
        if key.ok:
            found += await _guarded("catalog", _site(settings, client))
    return found


async def _key(name: str, variable: str, client: ChargebeeClient[SiteProfile]) -> Finding:
    try:
        await client.ping()
    except Refused as error:
        if error.status == 401:
            return Finding(
                name, False, "Chargebee does not know it.", f"Set {PREFIX}{variable}, of this very site."
            )
        if error.status == 403:
            return Finding(
                name, False, "It may not read.", "Give it read access in Chargebee, or use another key."
            )
        return Finding(name, False, f"Chargebee refuses it ({error.status}).", "Check the site's name.")
    except ChargebeeError as error:
        return Finding(name, False, error.message, error.hint)
    more = (
        " Whether it may perform changes shows at the first one." if variable == "CHARGEBEE_API_KEY" else ""
    )
    return Finding(name, True, f"Chargebee takes it.{more}")


async def _site(settings: Settings, client: ChargebeeClient[SiteProfile]) -> Findings:
    catalog = (await client.configuration()).product_catalog_version
    invoices = await client.invoices(limit=INVOICES_SEEN)
    currencies = sorted({invoice.currency_code for invoice in invoices})
    return [
        _catalog(catalog, settings.charge_api, several=len(currencies) > 1),
        _currencies(currencies, settings),
    ]


def _catalog(catalog: str, charge_api: str, *, several: bool) -> Finding:
    """Which charge call fits: v1 knows neither Product Catalog 2 nor a currency (Chargebee docs, API V1)."""
    if catalog not in ("v1", "v2"):
        return Finding("catalog", True, "Chargebee did not say which Product Catalog this site has.")
    says = f"This site is Product Catalog {catalog[1:]}, charges are made by {charge_api}."
    if catalog == "v2" and charge_api == "v1":
        return Finding("catalog", False, says, f"Set {PREFIX}CHARGE_API=v2.")
    if catalog == "v1" and charge_api == "v2":
        if not several:
            return Finding("catalog", False, says, f"Set {PREFIX}CHARGE_API=v1.")
        return Finding(
            "catalog", True, says, "That call is documented for Product Catalog 2: try it on a test site."
        )
    return Finding("catalog", True, says)


def _currencies(seen: list[str], settings: Settings) -> Finding:
    if not seen:
        return Finding("currencies", True, "There is no invoice yet to tell.")
    says = f"The last invoices are in {enumerated(seen)}."
    if len(seen) > 1 and settings.charge_api == "v1":
        return Finding(
            "currencies",
            False,
            f"{says} A v1 charge cannot name its currency.",
            f"Set {PREFIX}CHARGE_API=v2.",
        )
    if settings.base_currency and settings.base_currency not in seen:
        says = f"{says} {PREFIX}BASE_CURRENCY is {settings.base_currency}."
        return Finding("currencies", False, says, "Correct it, or leave it out.")
    return Finding("currencies", True, says)
