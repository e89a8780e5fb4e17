"""What a credit note is asked for with, and what is looked at. The rules are told in `credit_note`."""

import datetime as dt
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from bot.chargebee.resources import CreditNote, Customer, Invoice
from bot.core.money import Typed, read_amount
from bot.core.plan import Frozen
from bot.operations.base import (
    COMMENT_MAX,
    Ask,
    CustomerId,
    Facts,
    Input,
    InvoiceId,
    Params,
    Text,
    misplaced,
)
from bot.operations.credit_note_lines import CreditLine

TYPES = {
    "adjustment": "Adjustment: lower what is due",
    "refundable": "Refundable: give back what was paid",
    "store": "Store credit: for later invoices",
}
#: The values Chargebee accepts here; others it only shows. Deprecated in favour of `create_reason_code`.
REASON_CODES = {
    "product_unsatisfactory": "Product unsatisfactory",
    "service_unsatisfactory": "Service unsatisfactory",
    "order_change": "Order change",
    "order_cancellation": "Order cancellation",
    "waiver": "Waiver",
    "other": "Other",
}
ReasonCode = Literal[
    "product_unsatisfactory",
    "service_unsatisfactory",
    "order_change",
    "order_cancellation",
    "waiver",
    "other",
]

LINES_MAX = 40


def _known_currency(code: str | None) -> str | None:
    """Raises ValueError with a sentence for a code that no currency has."""
    if code:
        read_amount(f"1 {code}")
    return code


class CreditNoteParams(Params):
    type: Annotated[
        Literal["adjustment", "refundable", "store"],
        Ask(input=Input.CHOICE, label="Type", choices=TYPES, place=1),
    ]
    invoice: Annotated[
        InvoiceId | None,
        Ask(
            input=Input.INVOICE,
            label="Invoice",
            hint="Leave it empty only for a refundable note that belongs to no invoice.",
            placeholder="Type INV-… or a customer, or paste a Chargebee link",
            place=2,
        ),
    ] = None
    customer: Annotated[
        CustomerId | None,
        Ask(
            input=Input.CUSTOMER,
            label="Customer",
            hint="Only without an invoice.",
            placeholder="Type a name or an id, or paste a Chargebee link",
            only_when=("type", ("refundable",)),
        ),
    ] = None
    total: Annotated[
        Typed | None,
        Ask(input=Input.AMOUNT, label="Total", hint="With tax. Or leave it empty and add lines.", place=3),
    ] = None
    lines: Annotated[
        tuple[CreditLine, ...],
        Field(max_length=LINES_MAX),
        Ask(input=Input.LINES, label="Lines", hint="Instead of a total."),
    ] = ()
    comment: Annotated[
        Text,
        Field(min_length=3, max_length=COMMENT_MAX),
        Ask(
            input=Input.LONG_TEXT,
            label="Reason",
            hint="Approvers read it, and it stays as an internal comment on the credit note.",
            place=4,
        ),
    ]
    create_reason_code: Annotated[
        str | None,
        Field(max_length=100),
        Ask(
            input=Input.CHOICE,
            label="Reason code",
            hint="One of the site's own, written exactly like there.",
            choices_from="reason_codes",
        ),
    ] = None
    date: Annotated[
        dt.date | None,
        Ask(
            input=Input.DATE,
            label="Date",
            hint="Today, if left out. Not before the invoice, and not in the future.",
        ),
    ] = None
    customer_notes: Annotated[
        str | None,
        Field(max_length=2000),
        Ask(
            input=Input.LONG_TEXT,
            label="Notes for the customer",
            hint="Printed on the credit note.",
            customer_sees=True,
        ),
    ] = None
    reason_code: Annotated[
        ReasonCode | None,
        Ask(
            input=Input.CHOICE,
            label="Old reason code",
            hint="Deprecated by Chargebee; use the reason code instead.",
            choices=REASON_CODES,
        ),
    ] = None
    currency: Annotated[
        str | None,
        StringConstraints(to_upper=True, pattern=r"^[A-Za-z]{3}$", max_length=3),
        AfterValidator(_known_currency),
        Ask(
            input=Input.TEXT,
            label="Currency",
            hint="Only without an invoice: a code such as EUR.",
            only_when=("type", ("refundable",)),
        ),
    ] = None

    @model_validator(mode="after")
    def _hangs_together(self) -> Self:
        if not self.invoice and self.type != "refundable":
            raise misplaced("invoice", f"Choose the invoice: a note of type {self.type} belongs to one.")
        if not self.invoice and not self.customer:
            raise misplaced("invoice", "Choose an invoice, or a customer for a note without one.")
        if self.invoice and self.customer:
            raise misplaced("customer", "Leave the customer empty: the invoice says whose note it is.")
        if self.invoice and self.currency:
            raise misplaced("currency", "Leave the currency empty: the note has the invoice's.")
        if self.total and self.lines:
            raise misplaced("total", "Give a total or lines, not both.")
        if not self.total and not self.lines:
            raise misplaced("total", "Write a total, or add lines.")
        return self


class MarkedNote(Frozen):
    note: CreditNote
    marks: tuple[str, ...]  # billing requests that left their mark in its comments


class CreditNoteFacts(Facts):
    """`notes` are the newest of the asked type, `listed` the ids of all that were listed."""

    invoice: Invoice | None
    customer: Customer
    notes: tuple[MarkedNote, ...]
    listed: tuple[str, ...]
    complete: bool  # whether there are no more than were listed

    def ours(self, ref: str) -> CreditNote | None:
        return next((seen.note for seen in self.notes if ref in seen.marks), None)
