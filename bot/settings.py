"""Every setting of the bot: one environment variable each, `BILLING_BOT_` and the field's name in capitals.

Where the values come from, first one wins:

    1. the environment
    2. files in the directory named by `BILLING_BOT_SECRETS_DIR`, one value each, the file named like the
       variable in small letters (`billing_bot_slack_bot_token`): how container platforms hand over secrets
    3. the default

Nothing else is read: no `.env`, no other prefix. An unknown `BILLING_BOT_` name is refused, because a
misspelled limit that silently keeps its default is worse than a bot that does not start. Every problem is
reported at once.

Each validator looks only at fields above its own, so that one problem does not hide another.
"""

import difflib
import ipaddress
import json
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    IPvAnyAddress,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from bot.core.errors import BotError
from bot.core.money import ZERO_DECIMAL

PREFIX = "BILLING_BOT_"

#: Slack's library reads these by itself; either one switches it to OAuth, and it then ignores the bot token
#: (slack_bolt, `AsyncApp.__init__`). Whoever builds the app must not meet them.
OAUTH_SWITCHES = ("SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET")

_SITE = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_CURRENCY = re.compile(r"[A-Z]{3}")


class SettingsError(BotError):
    """The configuration cannot be used. `problems` has one sentence for each thing that is wrong."""

    code = "settings"

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems), hint="Every setting is explained in the README.")


def _split(value: object) -> object:
    """`a, b` or a JSON list, for values that contain commas themselves."""
    if not isinstance(value, str):
        return value
    if value.lstrip().startswith("["):
        try:
            return json.loads(value)
        except ValueError:
            raise ValueError('starts like a JSON list but is not one, such as ["a", "b"]') from None
    return [part for part in (piece.strip() for piece in value.split(",")) if part]


def _safe_url(url: str) -> str:
    """An address whose host is certain: https, or http to this machine only. No user, query or fragment."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("must be a whole address such as https://example.com")
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        raise ValueError("must have no user, password, query or fragment")
    if parts.scheme == "http" and not _is_loopback(parts.hostname):
        raise ValueError(
            "must be https; plain http is only for this machine, since the key would travel unprotected"
        )
    return url


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _lower(text: object) -> object:
    return text.lower() if isinstance(text, str) else text


def _timezone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError("must be a time zone such as Europe/Berlin") from None
    return name


def _currency(code: str) -> str:
    if not _CURRENCY.fullmatch(code):
        raise ValueError("must be a currency's three capital letters, such as EUR")
    return code


List = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]
Currencies = Annotated[
    tuple[Annotated[str, AfterValidator(_currency)], ...], NoDecode, BeforeValidator(_split)
]
Url = Annotated[str, AfterValidator(_safe_url)]


class Settings(BaseSettings):
    """Validated settings; immutable. Made by `load_settings`. Secrets print as stars.

    A field's description is its line in the README; `needed` says when it has no usable default.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_ignore_empty=True,  # compose files pass what is not set as an empty string
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,  # the input may be a token
        validate_default=True,  # the checks between fields apply to what was not given, too
    )

    # Slack
    slack_mode: Literal["socket", "http"] = Field(
        default="socket",
        description="How Slack reaches the bot: `socket` (the bot connects to Slack; nothing is exposed) or "
        "`http` (Slack sends signed requests to `/slack/events`).",
    )
    slack_bot_token: SecretStr = Field(
        default=SecretStr(""),
        description="The bot's token, `xoxb-…`.",
        json_schema_extra={"needed": "always"},
    )
    slack_app_token: SecretStr = Field(
        default=SecretStr(""),
        description="The app-level token with `connections:write`, `xapp-…`.",
        json_schema_extra={"needed": "in socket mode"},
    )
    slack_signing_secret: SecretStr = Field(
        default=SecretStr(""),
        description="The secret with which Slack signs what it sends.",
        json_schema_extra={"needed": "in http mode"},
    )
    slack_api_url: Url = Field(
        default="https://slack.com/api/",
        description="Where the Slack Web API is; ends in `/api/`. Only for the sandbox or a proxy.",
    )

    # Chargebee
    chargebee_site: str = Field(
        default="",
        description="The site's name: `acme-test` for `https://acme-test.chargebee.com`.",
        json_schema_extra={"needed": "unless `BILLING_BOT_CHARGEBEE_URL` is set"},
    )
    chargebee_url: str = Field(
        default="",
        description="The site's address instead of its name, without a path. For the sandbox or a proxy.",
    )
    chargebee_api_key: SecretStr = Field(
        default=SecretStr(""),
        description="The API key that performs changes.",
        json_schema_extra={"needed": "always"},
    )
    chargebee_read_key: SecretStr = Field(
        default=SecretStr(""),
        description="A read-only API key for look-ups and previews. Without it, the key above reads as well.",
    )
    charge_api: Literal["v1", "v2"] = Field(
        default="v1",
        description="Which call makes a one-time charge: `v1`, or `v2` for sites with Product Catalog 2 or "
        "several currencies. `billing-bot check` says which fits.",
    )
    charge_ref_in: Literal["description", "po_number"] = Field(
        default="description",
        description="Which text of a charge carries the request's ref, by which the charge is found again: "
        "`description` or `po_number`. The customer sees both on the invoice.",
    )
    base_currency: Annotated[str, AfterValidator(lambda code: _currency(code) if code else "")] = Field(
        default="",
        description="The site's base currency, used where the customer has no currency of their own.",
    )
    zero_decimal: Currencies = Field(
        default=tuple(sorted(ZERO_DECIMAL)), description="Currencies the site counts in whole units."
    )
    reason_codes: List = Field(
        default=(),
        description="The reason codes that may be chosen for a credit note, exactly as the site has them. "
        "Separated by commas, or a JSON list.",
    )
    site_timezone: Annotated[str, AfterValidator(_timezone)] = Field(
        default="UTC",
        description="The site's time zone, such as `Europe/Berlin`: the calendar by which a credit note is dated.",
    )
    reason_code_required: bool = Field(
        default=False, description="Whether the site insists on a reason code for every credit note."
    )
    origin_ip: IPvAnyAddress | None = Field(
        default=None,
        description="Sent as `chargebee-request-origin-ip`. Leave it out unless you know whose address it "
        "is: Chargebee hands it to fraud checks as the customer's.",
    )

    # The bot itself
    policy_file: Path = Field(default=Path("policy.toml"), description="The policy: who may do what.")
    database: Path = Field(default=Path("billing-bot.db"), description="The SQLite file. Made when missing.")
    secrets_dir: Path | None = Field(
        default=None,
        description="A directory of files, one setting each, named like the variable in small letters.",
    )
    host: str = Field(
        default="127.0.0.1",
        description="The address to listen on, for health and metrics and for Slack in http mode.",
    )
    port: int = Field(
        default=8080, ge=0, le=65535, description="The port to listen on; 0 takes any free one."
    )
    log_level: Annotated[Literal["info", "warning", "error"], BeforeValidator(_lower)] = Field(
        default="info",
        description="`info`, `warning` or `error`. There is no `debug`: libraries would log whole payloads.",
    )
    log_format: Literal["json", "plain"] = Field(
        default="json", description="`json`, or `plain` for reading at a terminal."
    )
    preview_budget_s: float = Field(
        default=2.0,
        gt=0,
        le=2.5,
        description="How long a submitted form may wait for Chargebee before “checking…” is shown. Slack "
        "gives up at 3.",
    )
    lookups_per_minute: int = Field(
        default=100,
        ge=1,
        description="How many look-ups pickers may make in Chargebee each minute, all people together.",
    )
    lookups_per_person: int = Field(default=40, ge=1, description="The same for one person.")
    lookup_ttl_s: float = Field(default=30.0, ge=0, description="How long a look-up's answer is used again.")
    connect_timeout_s: float = Field(
        default=5.0, gt=0, description="How long to wait for a connection to Chargebee."
    )
    read_timeout_s: float = Field(
        default=30.0,
        gt=0,
        description="How long to wait for Chargebee's answer. After that nobody knows, and the bot looks.",
    )
    worker_tick_s: float = Field(
        default=1.0, gt=0, le=60, description="How often the worker looks for work that nobody announced."
    )
    drain_s: float = Field(
        default=25.0,
        ge=0,
        description="How long a stopping bot finishes what it has begun. A container must wait longer.",
    )

    @field_validator("slack_bot_token")
    @classmethod
    def _bot_token(cls, token: SecretStr) -> SecretStr:
        return _token(token, "xoxb-", "the bot token from “OAuth & Permissions”")

    @field_validator("slack_app_token")
    @classmethod
    def _app_token(cls, token: SecretStr, info: ValidationInfo) -> SecretStr:
        if not token and info.data.get("slack_mode") != "socket":
            return token
        return _token(token, "xapp-", "the app-level token from “Basic Information”")

    @field_validator("slack_signing_secret")
    @classmethod
    def _signing_secret(cls, secret: SecretStr, info: ValidationInfo) -> SecretStr:
        # Slack's library accepts an empty secret and then answers every request with 500.
        if not secret and info.data.get("slack_mode") == "http":
            raise ValueError("is missing: http mode cannot tell Slack from a stranger without it")
        return secret

    @field_validator("slack_api_url")
    @classmethod
    def _api_url(cls, url: str) -> str:
        if not url.endswith("/api/"):
            raise ValueError("must end in /api/")
        return url

    @field_validator("chargebee_site")
    @classmethod
    def _site(cls, site: str) -> str:
        if site and not _SITE.fullmatch(site):
            raise ValueError(
                "must be the site's name alone, such as acme-test for https://acme-test.chargebee.com"
            )
        return site

    @field_validator("chargebee_url")
    @classmethod
    def _site_url(cls, url: str, info: ValidationInfo) -> str:
        site = info.data.get("chargebee_site")
        if not url:
            if site == "":
                raise ValueError(f"is missing, and so is {PREFIX}CHARGEBEE_SITE: set one of them")
            return url
        if site:
            raise ValueError(f"and {PREFIX}CHARGEBEE_SITE are both set: which one is meant? Set one of them")
        if urlsplit(_safe_url(url)).path not in ("", "/"):
            raise ValueError("must have no path: the bot adds /api/v1 or /api/v2 itself")
        return url.rstrip("/")

    @field_validator("chargebee_api_key")
    @classmethod
    def _api_key(cls, key: SecretStr) -> SecretStr:
        if not key:
            raise ValueError("is missing: an API key from Settings > Configure Chargebee > API Keys")
        return key

    @field_validator("reason_code_required")
    @classmethod
    def _reason_codes_to_choose(cls, required: bool, info: ValidationInfo) -> bool:
        if required and info.data.get("reason_codes") == ():
            raise ValueError(f"needs {PREFIX}REASON_CODES: there would be nothing to choose")
        return required

    @field_validator("lookups_per_person")
    @classmethod
    def _share(cls, person: int, info: ValidationInfo) -> int:
        if person > info.data.get("lookups_per_minute", person):
            raise ValueError(f"must not be more than {PREFIX}LOOKUPS_PER_MINUTE")
        return person

    @property
    def chargebee_base_url(self) -> str:
        """Scheme and host, without a slash at the end."""
        return self.chargebee_url or f"https://{self.chargebee_site}.chargebee.com"

    def secret_values(self) -> tuple[str, ...]:
        """Every secret as it is, for the log to recognise."""
        values = (getattr(self, name) for name in type(self).model_fields)
        return tuple(v.get_secret_value() for v in values if isinstance(v, SecretStr) and v)


def load_settings() -> Settings:
    """Settings from the environment and the secrets directory; SettingsError names every problem found."""
    environ = {name.upper(): value for name, value in os.environ.items() if value}
    problems = [*_oauth(environ), *_unknown(environ)]
    directory = environ.get(f"{PREFIX}SECRETS_DIR")
    if directory is not None:
        problems += _unknown_files(Path(directory))
        if not Path(directory).is_dir():
            directory = None  # said already; the library would only warn
    try:
        settings = Settings(_secrets_dir=directory)
    except ValidationError as error:
        raise SettingsError([*problems, *_sentences(error)]) from None
    if problems:
        raise SettingsError(problems)
    return settings


def settings_table() -> str:
    """Every variable as a Markdown table, for the README."""
    lines = ["| Variable | Default | Meaning |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        extra = field.json_schema_extra
        needed = extra.get("needed") if isinstance(extra, dict) else None
        default = f"needed {needed}" if needed else _shown(field.default)
        lines.append(f"| `{PREFIX}{name.upper()}` | {default} | {field.description} |")
    return "\n".join(lines) + "\n"


def _token(token: SecretStr, start: str, what: str) -> SecretStr:
    if not token:
        raise ValueError(f"is missing: it takes {what}, {start}…")
    if not token.get_secret_value().startswith(start):
        raise ValueError(f"must be {what}, which starts with {start}")
    return token


def _oauth(environ: Mapping[str, str]) -> list[str]:
    return [
        f"{name} is set: Slack's library would switch to OAuth and ignore the bot token. Unset it."
        for name in OAUTH_SWITCHES
        if name in environ
    ]


def _unknown(names: Iterable[str]) -> list[str]:
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
    return [
        _not_a_setting(name, known) for name in sorted(names) if name.startswith(PREFIX) and name not in known
    ]


def _unknown_files(directory: Path) -> list[str]:
    if not directory.is_dir():
        return [f"{PREFIX}SECRETS_DIR is not a directory."]
    return _unknown(path.name.upper() for path in directory.iterdir())


def _not_a_setting(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f"{name} is not a setting of the bot." + (f" Is {near[0]} meant?" if near else "")


def _sentences(error: ValidationError) -> list[str]:
    found = []
    for problem in error.errors(include_url=False, include_input=False, include_context=False):
        name = f"{PREFIX}{str(problem['loc'][0]).upper()}" if problem["loc"] else "The settings"
        message = problem["msg"].removeprefix("Value error, ").replace("Input should be", "must be", 1)
        found.append(f"{name} {message}.")
    return found


def _shown(default: object) -> str:
    if isinstance(default, tuple):
        default = ",".join(default)
    if isinstance(default, bool):
        default = str(default).lower()
    return f"`{default}`" if default not in (None, "", SecretStr("")) else ""
