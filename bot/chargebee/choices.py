"""Documents as options of a picker: short labels that tell two alike apart. Pure.

customer       Acme GmbH · acme-1
invoice        INV-1042 · Acme GmbH · EUR 50.00 due · not paid · 2026-11-20
credit note    CN-7 · Acme GmbH · EUR 10.00 · refundable refund due · 2026-11-20
subscription   sub-1 · Acme GmbH · team-monthly · active · 2026-11-20
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.chargebee.resources import CreditNote, Customer, Invoice, Subscription
from bot.core.money import Money, format_money

Document = Customer | Subscription | Invoice | CreditNote

#: Slack refuses an option whose text or description is longer.
LABEL_MAX = 75


@dataclass(frozen=True)
class Choice:
    """One option. `label` and `detail` are at most 75 characters; `detail` may be empty."""

    id: str
    label: str
    detail: str = ""


def choice(document: Document, owner: Customer | None, locale: str, zero_decimal: Collection[str]) -> Choice:
    """`document` as an option. `owner` is its customer where known, else the id stands for it."""
    if isinstance(document, Customer):
        name = document.display_name
        person = f"{document.first_name} {document.last_name}".strip()
        label = fit((name, document.id if document.id != name else ""), shrink=0)
        return Choice(document.id, label, fit((person if person != name else "",)))
    name = owner.display_name if owner else document.customer_id
    detail = fit((document.customer_id if owner else "",))
    status = document.status.replace("_", " ")
    if isinstance(document, Subscription):
        parts = (document.id, name, document.plan, status, day(document.created_at))
        return Choice(document.id, fit(parts, shrink=1), detail)
    if isinstance(document, Invoice):
        minor = document.amount_due or document.total
        suffix = " due" if document.amount_due else ""
    else:
        minor, suffix = document.total, ""
        status = f"{document.type} {status}"
    amount = _amount(minor, document.currency_code, locale, zero_decimal) + suffix
    return Choice(document.id, fit((document.id, name, amount, status, day(document.date)), shrink=1), detail)


def names(document: Document) -> tuple[str, ...]:
    """What a search by prefix looks at in `document`."""
    if isinstance(document, Customer):
        both = f"{document.first_name} {document.last_name}".strip()
        return document.company, document.first_name, document.last_name, both, document.id
    return document.id, document.customer_id


def fit(parts: Sequence[str], shrink: int = 0) -> str:
    """The parts in at most 75 characters, with dots between. `parts[shrink]` gives way first, then the last.

    What tells two alike apart (an id) therefore comes first, or right after the part that gives way.
    """
    kept = [" ".join(part.split()) for part in parts]
    over = len(_joined(kept)) - LABEL_MAX
    if over > 0:
        room = len(kept[shrink]) - over
        kept[shrink] = _cut(kept[shrink], room) if room >= 4 else ""
    while len(kept) > 1 and len(_joined(kept)) > LABEL_MAX:
        kept.pop()
    return _cut(_joined(kept), LABEL_MAX)


def day(at: int | None) -> str:
    """Unix seconds as an ISO date in UTC; empty for None and for what is no date."""
    if at is None:
        return ""
    try:
        return datetime.fromtimestamp(at, UTC).date().isoformat()
    except (ValueError, OverflowError, OSError):
        return ""


def _amount(minor: int, currency: str, locale: str, zero_decimal: Collection[str]) -> str:
    """The amount for people; a currency we cannot make sense of is shown as Chargebee sent it."""
    try:
        return format_money(Money(amount_minor=minor, currency=currency), locale, zero_decimal)
    except ValueError:
        return f"{currency} {minor}"


def _joined(parts: Sequence[str]) -> str:
    return " · ".join(part for part in parts if part)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"
