"""The policy file as it is written (TOML), and everything that can be wrong with it.

    PolicyFile   the shape; unknown keys and malformed ids are refused by pydantic
    problems()   what the shape cannot say: names that do not exist, gates that nobody could pass
    oddities()   what is allowed but worth telling an administrator

Two entries of `people` with the same e-mail are one human with two Slack accounts: they never count twice,
and one never approves for the other.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Annotated, Literal

from babel.numbers import list_currencies
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from bot.core.money import ZERO_DECIMAL, Money, Typed

ANY = "*"
DESTRUCTIVE = "destructive"


def _form(pattern: str, what: str) -> AfterValidator:
    """A check whose message says what is expected."""

    def check(text: str) -> str:
        if re.fullmatch(pattern, text):
            return text
        raise ValueError(f"“{text}” is not {what}")

    return AfterValidator(check)


TeamId = Annotated[str, _form(r"T[A-Z0-9]{2,}", "a Slack team id, such as T0123ABCD")]
UserId = Annotated[str, _form(r"[UW][A-Z0-9]{2,}", "a Slack user id, such as U0123ABCD")]
ChannelId = Annotated[str, _form(r"[CG][A-Z0-9]{2,}", "a Slack channel id, such as C0123ABCD")]
Email = Annotated[str, _form(r"[^@\s]+@[^@\s]+\.[^@\s]+", "an e-mail"), Field(max_length=254)]
Domain = Annotated[str, _form(r"[^@\s]+\.[^@\s]+", "an e-mail domain, such as acme.example")]
Switch = Literal["webhooks", "emails", "actions"]


def _known_amount(limits: dict[str, str]) -> dict[str, str]:
    for currency, digits in limits.items():
        if currency not in list_currencies():
            raise ValueError(f"there is no currency {currency}")
        if not re.fullmatch(r"(0|[1-9]\d{0,20})(\.\d+)?", digits, re.ASCII):
            raise ValueError(f"“{digits}” is not an amount; write it like 1250 or 1250.50")
        Typed(digits=digits).money(currency, ZERO_DECIMAL)
    return limits


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Workspace(_Table):
    team_id: TeamId


class Route(_Table):
    """Where the cards and notices of one operation go instead; absent means as usual."""

    approvals: ChannelId = ""
    notices: ChannelId = ""


class Channels(_Table):
    """`commands` empty: anywhere inside the workspace, direct messages included."""

    approvals: ChannelId
    notices: ChannelId
    commands: list[ChannelId] = []
    routes: dict[str, Route] = {}


class Identity(_Table):
    match_email_domains: list[Domain] = []


class Person(_Table):
    """`email` is their Chargebee user. Without `slack`, they are found by a confirmed profile e-mail."""

    slack: UserId = ""
    name: str = Field(min_length=1, max_length=80)
    email: Email
    roles: list[str] = []


class Role(_Table):
    """What holding a role allows; `request` and `approve` list operations, `["*"]` means every one."""

    request: list[str] = []
    approve: list[str] = []
    switches: list[Switch] = []
    entities: list[str] = []
    see: Literal["own", "all"] = "own"


class Tier(_Table):
    """`up_to` maps currencies to an amount in major units, inclusive; absent means any amount."""

    up_to: Annotated[dict[str, str], Field(min_length=1), AfterValidator(_known_amount)] | None = None
    approvals: int = Field(ge=0, le=10)
    roles: list[str] = []

    def covers(self, amount: Money | None, zero_decimal: Collection[str]) -> bool:
        """Whether this tier applies to `amount`; one that is unknown or not above zero never fits a limit."""
        if self.up_to is None:
            return True
        if amount is None or amount.amount_minor <= 0 or amount.currency not in self.up_to:
            return False
        scale = 1 if amount.currency in zero_decimal else 100
        return amount.amount_minor <= Decimal(self.up_to[amount.currency]) * scale


class Gate(_Table):
    """`remind_h = 0` means no reminder."""

    expires_h: int = Field(default=24, ge=1, le=24 * 30)
    remind_h: int = Field(default=4, ge=0)
    preview_expires_min: int = Field(default=60, ge=1, le=24 * 60)
    tiers: list[Tier] = Field(min_length=1)


class Entities(_Table):
    offered: dict[str, str] = {}
    by_channel: dict[ChannelId, str] = {}


class PolicyFile(_Table):
    version: Literal[1]
    workspace: Workspace
    channels: Channels
    identity: Identity = Identity()
    people: list[Person] = []
    roles: dict[str, Role] = {}
    gates: dict[str, Gate] = {}
    entities: Entities = Entities()


def human(email: str) -> str:
    """What makes two e-mails the same human's: compared without case and in one Unicode form."""
    return unicodedata.normalize("NFC", email.casefold())


def domain(email: str) -> str:
    return human(email).rpartition("@")[2]


def lists(operations: Iterable[str], operation: str) -> bool:
    """Whether a role's list covers `operation`."""
    return not {ANY, operation}.isdisjoint(operations)


def problems(file: PolicyFile, operations: Mapping[str, str]) -> list[str]:
    """Every reason to refuse `file`, each with its place.

    `operations` maps each operation's name to "reversible" or "destructive".
    """
    return [
        *_unknown_operations(file, operations),
        *_people(file),
        *_roles(file),
        *(problem for name, gate in file.gates.items() for problem in _gate(file, name, gate, operations)),
        *_entities(file),
    ]


def oddities(file: PolicyFile) -> tuple[str, ...]:
    """What is allowed but surprising: one human with two accounts."""
    by_human: dict[str, list[str]] = {}
    for person in file.people:
        by_human.setdefault(human(person.email), []).append(person.slack or person.name)
    return tuple(
        f"people: {' and '.join(accounts)} have the same e-mail, so they count as one person."
        for accounts in by_human.values()
        if len(accounts) > 1
    )


def _unknown_operations(file: PolicyFile, operations: Mapping[str, str]) -> Iterator[str]:
    named = [
        (f"roles.{role}.{verb}[{i}]", name)
        for role, table in file.roles.items()
        for verb, names in (("request", table.request), ("approve", table.approve))
        for i, name in enumerate(names)
        if name != ANY
    ]
    named += [(f"gates.{name}", name) for name in file.gates]
    named += [(f"channels.routes.{name}", name) for name in file.channels.routes]
    yield from (f"{place}: there is no operation {name}." for place, name in named if name not in operations)
    yield from (f"gates: {name} has no gate." for name in operations if name not in file.gates)


def _people(file: PolicyFile) -> Iterator[str]:
    domains = {human(name) for name in file.identity.match_email_domains}
    taken: dict[str, int] = {}
    for i, person in enumerate(file.people):
        place = f"people[{i}]"
        yield from (
            f"{place}.roles: there is no role {role}." for role in person.roles if role not in file.roles
        )
        if not person.slack and domain(person.email) not in domains:
            yield (
                f"{place}: {person.name} has no slack id, and identity.match_email_domains"
                " does not have the domain of their e-mail."
            )
        # A second entry for the same account, or found by the same e-mail, could not be told from the first.
        key = person.slack or human(person.email)
        if key in taken:
            yield f"{place}: {'slack id' if person.slack else 'e-mail'} already used by people[{taken[key]}]."
        taken.setdefault(key, i)


def _roles(file: PolicyFile) -> Iterator[str]:
    for name, role in file.roles.items():
        for entity in role.entities:
            if entity != ANY and entity not in file.entities.offered:
                yield f"roles.{name}.entities: {entity} is not in entities.offered."


def _entities(file: PolicyFile) -> Iterator[str]:
    for channel, entity in file.entities.by_channel.items():
        if entity not in file.entities.offered:
            yield f"entities.by_channel.{channel}: {entity} is not in entities.offered."


def _gate(file: PolicyFile, name: str, gate: Gate, operations: Mapping[str, str]) -> Iterator[str]:
    place = f"gates.{name}"
    if gate.remind_h >= gate.expires_h:
        yield f"{place}.remind_h: has to be less than expires_h."
    highest: dict[str, Decimal] = {}
    for i, tier in enumerate(gate.tiers):
        here, last = f"{place}.tiers[{i}]", i == len(gate.tiers) - 1
        if last and tier.up_to is not None:
            yield f"{here}.up_to: the last tier has to cover every amount, so it has no up_to."
        if not last and tier.up_to is None:
            yield f"{here}: covers every amount, so the tiers after it are never reached."
        for currency, digits in (tier.up_to or {}).items():
            limit = Decimal(digits)
            if currency in highest and limit <= highest[currency]:
                yield f"{here}.up_to.{currency}: has to be more than in the tiers before."
            highest[currency] = max(limit, highest.get(currency, limit))
        if i and tier.approvals < gate.tiers[i - 1].approvals:
            yield f"{here}.approvals: fewer than in the tier before, though the amount is higher."
        if tier.approvals == 0 and operations.get(name) == DESTRUCTIVE:
            yield f"{here}.approvals: {name} is destructive, so somebody else has to approve it."
        yield from _tier_roles(file, name, tier, here)
        yield from _unsatisfiable(file, name, tier, here)


def _tier_roles(file: PolicyFile, name: str, tier: Tier, here: str) -> Iterator[str]:
    for role in tier.roles:
        if role not in file.roles:
            yield f"{here}.roles: there is no role {role}."
        elif not lists(file.roles[role].approve, name):
            yield f"{here}.roles: role {role} may not approve {name}."


def _unsatisfiable(file: PolicyFile, name: str, tier: Tier, here: str) -> Iterator[str]:
    """Every person who may ask for `name` needs enough other humans who could approve it."""
    counting = {role for role in tier.roles if role in file.roles and lists(file.roles[role].approve, name)}
    approvers = {human(person.email) for person in file.people if not counting.isdisjoint(person.roles)}
    for person in file.people:
        asks = any(lists(file.roles[role].request, name) for role in person.roles if role in file.roles)
        others = len(approvers - {human(person.email)})
        if asks and others < tier.approvals:
            yield (
                f"{here}: nobody could satisfy it when {person.name} asks:"
                f" {tier.approvals} needed, {others} other people could approve."
            )
