"""A customer's recent invoices, for the one-time charge: to find its own, and to warn of a twin."""

from collections.abc import Iterable
from typing import Self

from bot.chargebee.resources import Invoice
from bot.core.money import Money
from bot.core.plan import Frozen
from bot.operations.base import SiteProfile, day, marks

DAY_S = 86_400
#: A charge this close with the same amount is probably the same; with the same description too, this close.
SAME_AMOUNT_S = 3 * DAY_S
SAME_TEXT_S = 30 * DAY_S


class RecentLine(Frozen):
    description: str
    amount: int


class RecentInvoice(Frozen):
    """What matters of an invoice here: small, for it is kept with the request. Amounts in minor units."""

    id: str
    customer_id: str
    subscription_id: str
    currency_code: str
    status: str
    date: int
    total: int
    po_number: str
    lines: tuple[RecentLine, ...]

    @property
    def marks(self) -> tuple[str, ...]:
        """The billing requests that made this invoice: one, or none."""
        return marks([self.po_number, *(line.description for line in self.lines)])

    @classmethod
    def of(cls, invoice: Invoice) -> Self:
        lines = tuple(
            RecentLine(description=item.description, amount=item.amount) for item in invoice.line_items
        )
        return cls(
            id=invoice.id,
            customer_id=invoice.customer_id,
            subscription_id=invoice.subscription_id,
            currency_code=invoice.currency_code,
            status=invoice.status,
            date=invoice.date or 0,
            total=invoice.total,
            po_number=invoice.po_number,
            lines=lines,
        )


def alike(
    recent: Iterable[RecentInvoice], amount: Money, description: str, as_of: int, site: SiteProfile
) -> list[str]:
    """The invoices, in words, that look like the same charge; voided ones are not counted."""
    found = []
    for invoice in recent:
        if invoice.status == "voided" or invoice.currency_code != amount.currency:
            continue
        age_s = as_of - invoice.date
        same_amount = [line for line in invoice.lines if line.amount == amount.amount_minor]
        same_text = any(_plain(line.description) == _plain(description) for line in same_amount)
        if same_text and age_s <= SAME_TEXT_S:
            found.append(f"{invoice.id} of {day(invoice.date, site)} for the same thing")
        elif same_amount and age_s <= SAME_AMOUNT_S:
            found.append(f"{invoice.id} of {day(invoice.date, site)}")
    return found


def _plain(description: str) -> str:
    """A description without the mark, case and spacing: what two alike have in common."""
    return " ".join(description.partition(" [BR-")[0].casefold().split())
