"""Write off an invoice: give up the whole amount still due.

`POST /api/v2/invoices/{invoice-id}/write_off` (Chargebee docs, "Write off an invoice"). One parameter,
`comment`, which becomes an internal comment on the invoice.

Chargebee closes the invoice (`status` paid, nothing due, `write_off_amount` = what was due) and creates an
adjustment credit note with the reason code "Write Off" for that amount. Allowed while the status is
payment_due, posted or not_paid and no payment is in progress.

Undone by removing that credit note from the invoice. Dunning does not start again by itself.

Surprising: there is no amount. A part is forgiven with an adjustment credit note instead.
"""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from bot.chargebee.resources import CreditNote, Customer, Invoice
from bot.core.errors import Refusal
from bot.core.money import Money
from bot.core.plan import Call, Party, Plan, Value
from bot.operations.base import (
    COMMENT_MAX,
    Ask,
    Facts,
    Input,
    InvoiceId,
    Operation,
    Params,
    Reader,
    Risk,
    Text,
    Verdict,
    existing,
    insist_changeable,
    marked,
    marks,
    rows,
)

#: The reason code Chargebee itself gives to the credit note of a write-off.
WRITE_OFF_CODE = "Write Off"
OPEN_STATUSES = ("payment_due", "posted", "not_paid")


class WriteOffParams(Params):
    invoice: Annotated[
        InvoiceId,
        Ask(
            input=Input.INVOICE,
            label="Invoice",
            hint="All that is due is written off. For a part, ask for an adjustment credit note instead.",
            placeholder="Type INV-… or a customer, or paste a Chargebee link",
            place=1,
        ),
    ]
    comment: Annotated[
        Text,
        Field(min_length=3, max_length=COMMENT_MAX),
        Ask(
            input=Input.LONG_TEXT,
            label="Reason",
            hint="Approvers read it, and it stays as an internal comment on the invoice.",
            place=2,
        ),
    ]


class WriteOffFacts(Facts):
    invoice: Invoice
    customer: Customer
    note: CreditNote | None  # the newest credit note by which this invoice was written off
    marks: tuple[str, ...]  # billing requests that left their mark on the invoice


async def load(reader: Reader, params: WriteOffParams) -> WriteOffFacts:
    invoice = await existing("invoice", "invoice", reader.invoice(params.invoice))
    write_offs = [n for n in invoice.adjustment_credit_notes if n.cn_create_reason_code == WRITE_OFF_CODE]
    newest = max(write_offs, key=lambda n: (n.cn_date or 0, n.cn_id), default=None)
    return WriteOffFacts(
        as_of=reader.now(),
        site=reader.site,
        invoice=invoice,
        customer=await reader.customer(invoice.customer_id),
        note=await reader.credit_note(newest.cn_id) if newest else None,
        marks=marks(c.notes for c in await reader.comments("invoice", invoice.id)),
    )


def picture(_params: WriteOffParams, facts: WriteOffFacts, _ref: str) -> Mapping[str, Value]:
    invoice, note = facts.invoice, facts.note

    def money(minor: int) -> Money:
        return Money(amount_minor=minor, currency=invoice.currency_code)

    seen: dict[str, Value] = {
        "invoice.status": invoice.status,
        "invoice.amount_due": money(invoice.amount_due),
        "invoice.write_off_amount": money(invoice.write_off_amount),
    }
    if note:
        seen |= {
            "credit_note.type": note.type,
            "credit_note.create_reason_code": note.create_reason_code or None,
            "credit_note.total": money(note.total),
            "credit_note.amount_allocated": money(note.amount_allocated),
            "credit_note.status": note.status,
        }
    return seen


def plan(params: WriteOffParams, facts: WriteOffFacts, ref: str) -> Plan:
    invoice = facts.invoice
    insist_changeable(invoice, "Invoice")
    if invoice.status not in OPEN_STATUSES:
        raise Refusal(
            f"Invoice {invoice.id} is {invoice.status.replace('_', ' ')}, so there is nothing to write off.",
            hint="Only an invoice that is payment due, posted or not paid can be written off.",
        )
    if invoice.in_progress_minor:
        raise Refusal(
            f"A payment for invoice {invoice.id} is in progress.",
            hint="Wait until it has succeeded or failed, then ask again.",
        )
    if invoice.amount_due <= 0:
        raise Refusal(f"Nothing is due on invoice {invoice.id}.", hint="There is nothing to write off.")

    before = picture(params, facts, ref)
    due = Money(amount_minor=invoice.amount_due, currency=invoice.currency_code)
    on_invoice, on_note = f"Invoice {invoice.id}", "New credit note"
    new_note: dict[str, Value] = {
        "credit_note.type": "adjustment",
        "credit_note.create_reason_code": WRITE_OFF_CODE,
        "credit_note.total": due,
        "credit_note.amount_allocated": due,
        "credit_note.status": "adjusted",
    }
    warnings = []
    if invoice.amount_paid:
        warnings.append("The customer has paid a part of this invoice; what is still due is written off.")
    if invoice.next_retry_at:
        warnings.append("Chargebee is still trying to collect this invoice; the write-off ends that.")
    return Plan(
        operation=OPERATION.name,
        summary=f"Write off invoice {invoice.id}",
        call=Call(
            api="v2",
            path=("invoices", invoice.id, "write_off"),
            form=(("comment", marked(params.comment, ref)),),
            comment_field="comment",
        ),
        rows=rows(
            {
                "invoice.status": (on_invoice, "Status"),
                "invoice.amount_due": (on_invoice, "Amount due"),
                "invoice.write_off_amount": (on_invoice, "Written off"),
                "credit_note.type": (on_note, "Type"),
                "credit_note.create_reason_code": (on_note, "Reason code"),
                "credit_note.total": (on_note, "Total"),
                "credit_note.amount_allocated": (on_note, "Allocated"),
                "credit_note.status": (on_note, "Status"),
            },
            # The new note is not there yet, even when an older write-off of this invoice left one.
            {key: value for key, value in before.items() if key not in new_note},
            new_note
            | {
                "invoice.status": "paid",
                "invoice.amount_due": Money(amount_minor=0, currency=due.currency),
                "invoice.write_off_amount": Money(
                    amount_minor=invoice.write_off_amount + due.amount_minor, currency=due.currency
                ),
            },
        ),
        warnings=tuple(warnings),
        amount=due,
        customer=Party(id=facts.customer.id, name=facts.customer.display_name),
        documents=(invoice.id,),
        note_on=("invoice", invoice.id),
    )


def landed(_params: WriteOffParams, before: WriteOffFacts, after: WriteOffFacts, ref: str) -> Verdict:
    """Ours is there when something more is written off and our mark is on the invoice, whatever the amount: a payment may
    have come in just before the call, and the difference is then told.

    An amount without the mark means that somebody wrote it off, perhaps not we: nobody can tell from here.
    """
    if after.invoice.write_off_amount <= before.invoice.write_off_amount:
        return Verdict.ABSENT
    return Verdict.LANDED if ref in after.marks else Verdict.PENDING


def created(before: WriteOffFacts, after: WriteOffFacts, _ref: str) -> tuple[str, ...]:
    known = before.note.id if before.note else ""
    return (after.note.id,) if after.note and after.note.id != known else ()


OPERATION = Operation(
    name="write_off",
    title="Write off invoice",
    command="/write-off",
    summary="Give up the whole amount due on an invoice.",
    risk=Risk.DESTRUCTIVE,
    undo="Can be undone by removing the write-off's credit note from the invoice; the amount is due again.",
    params=WriteOffParams,
    facts=WriteOffFacts,
    load=load,
    plan=plan,
    picture=picture,
    landed=landed,
    created=created,
)
