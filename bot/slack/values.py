"""Values as people read them: money, days, rows of a plan, people, time left. Pure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel.core import Locale, UnknownLocaleError
from babel.dates import format_date

from bot.core.money import ZERO_DECIMAL, Money, format_money
from bot.core.plan import Day, Difference, Plan, Row, Value
from bot.core.record import BillingRequest
from bot.operations.base import SiteProfile
from bot.slack.surfaces.blocks import Bold, Line, Part, Person, clip, visible


@dataclass(frozen=True, kw_only=True)
class Viewer:
    """Who reads it: language and zone, the moment (unix seconds), and the Chargebee site it is about."""

    now: int
    site: SiteProfile
    locale: str = "en-US"
    tz: str = "UTC"


#: Chargebee's words for states and kinds that do not read like English as they are.
_CHARGEBEE = {
    "payment_due": "payment due",
    "not_paid": "not paid",
    "refund_due": "refund due",
    "in_progress": "in progress",
    "non_renewing": "not renewing",
    "in_trial": "in trial",
    "not_applicable": "not applicable",
    "product_unsatisfactory": "product unsatisfactory",
    "service_unsatisfactory": "service unsatisfactory",
    "order_change": "order change",
    "order_cancellation": "order cancellation",
    "write_off": "write off",
    "subscription_change": "subscription change",
    "subscription_cancellation": "subscription cancellation",
    "subscription_pause": "subscription pause",
    "fraudulent": "fraudulent",
}


def zone(tz: str) -> tzinfo:
    """The time zone of that name; UTC when there is none."""
    try:
        return ZoneInfo(tz)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def day_text(at: int, locale: str = "en-US", tz: str = "UTC") -> str:
    """`2026-11-20 (November 20, 2026)`: exact first, then in the reader's language."""
    day = datetime.fromtimestamp(at, zone(tz)).date()
    try:
        known = Locale.parse(locale.replace("_", "-"), sep="-")
    except (UnknownLocaleError, ValueError):
        known = Locale("en")
    return f"{day.isoformat()} ({format_date(day, 'long', locale=known)})"


def value_text(
    value: Value, locale: str = "en-US", tz: str = "UTC", zero_decimal: Collection[str] = ZERO_DECIMAL
) -> str:
    """A value of a row for people. Nothing there is a dash."""
    match value:
        case None | "":
            return "—"
        case Money():
            return visible(format_money(value, locale, zero_decimal))
        case Day(at=at):
            return day_text(at, locale, tz)
        case str():
            return _CHARGEBEE.get(value, value)


def amount_text(
    amount: Money | None, locale: str = "en-US", zero_decimal: Collection[str] = ZERO_DECIMAL
) -> str:
    return value_text(amount, locale, zero_decimal=zero_decimal) if amount else "amount not known beforehand"


def customer_text(plan: Plan) -> str:
    """`Acme GmbH (acme)`: two customers may have one name."""
    party = plan.customer
    if party is None:
        return ""
    name = clip(visible(party.name), 150)
    return name if party.name == party.id else f"{name} ({party.id})"


def headline(record: BillingRequest, viewer: Viewer) -> str:
    """`BR-1042: Write off invoice INV-7, EUR 119.00, Acme GmbH (acme)`."""
    amount = amount_text(record.plan.amount, viewer.locale, viewer.site.zero_decimal)
    return ", ".join(
        filter(None, (f"{record.ref}: {record.plan.summary}", amount, customer_text(record.plan)))
    )


#: So much of one value is shown; a customer's notes can be long.
MOST_VALUE = 300


def _shown(value: Value, viewer: Viewer) -> str:
    return clip(visible(value_text(value, viewer.locale, viewer.tz, viewer.site.zero_decimal)), MOST_VALUE)


def _named(text: str) -> str:
    """A field or a document by name: short, whatever its id is made of."""
    return clip(visible(text), 100)


def row_text(row: Row, viewer: Viewer) -> Line:
    """`Amount due: EUR 119.00 → EUR 0.00`."""
    before, after = (_shown(v, viewer) for v in (row.before, row.after))
    label = _named(row.label)
    if row.before == row.after:
        return (f"{label}: {after}",)
    return (f"{label}: {before} → ", Bold(after))


def difference_text(difference: Difference, viewer: Viewer) -> Line:
    said, found = (_shown(v, viewer) for v in (difference.said, difference.found))
    return (f"{_named(difference.group)}, {_named(difference.label)}: expected {said}, found ", Bold(found))


def changed_text(difference: Difference, viewer: Viewer) -> Line:
    """A difference between what was shown and what is there now, before anything was sent."""
    said, found = (_shown(v, viewer) for v in (difference.said, difference.found))
    return (f"{_named(difference.group)}, {_named(difference.label)}: was {said}, is ", Bold(found))


def time_left(seconds: int) -> str:
    """`3 h 20 min left`."""
    if seconds <= 0:
        return "time is up"
    minutes = max(1, seconds // 60)
    days, rest = divmod(minutes, 24 * 60)
    hours, minutes = divmod(rest, 60)
    parts = [f"{n} {unit}" for n, unit in ((days, "d"), (hours, "h"), (minutes, "min")) if n]
    return " ".join(parts[:2]) + " left"


def duration(seconds: int) -> str:
    """`24 h`, `90 min`."""
    minutes = max(1, round(seconds / 60))
    return f"{minutes // 60} h" if minutes % 60 == 0 else f"{minutes} min"


def all_of(people: Sequence[str], last: str = "and") -> Line:
    """People by id or name: `@Bo, @Fiona and @Carl`."""
    parts: list[Part] = []
    for index, who in enumerate(people):
        if index:
            parts.append(f" {last} " if index == len(people) - 1 else ", ")
        parts.append(Person(who))
    return tuple(parts)
