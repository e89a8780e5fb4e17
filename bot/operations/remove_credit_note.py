"""Remove a credit note from an invoice: what it took off the invoice is due again.

`POST /api/v2/invoices/{invoice-id}/remove_credit_note` (Chargebee docs, "Remove credit note from an
invoice"). One parameter, `credit_note[id]`. No comment: the reason stays in the bot's record and in a note
on the invoice.

Allowed for adjustment and refundable notes that are applied to the invoice, not for store notes, nor for
voided notes, nor when the invoice is voided or pending; of a refundable note no more than the invoice's
refundable amount. Removing a write-off's credit note undoes the write-off.

Impacts (docs): the amount is due again and comes off `amount_adjusted` or `credits_applied`, and off
`write_off_amount` for a write-off. A paid invoice becomes posted, or not_paid once it is due; any other
keeps its status. The note's amount moves from allocated to available. The status of an adjustment note
afterwards is not documented, so none is promised.

Surprising: the note lives on with credit to use, and Chargebee may put that on the customer's next invoice.
"""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from bot.chargebee.resources import CreditNote, Customer, Invoice
from bot.core.errors import Refusal
from bot.core.money import Money
from bot.core.plan import Call, Party, Plan, Value
from bot.operations.base import (
    REASON_MAX,
    Ask,
    CreditNoteId,
    Facts,
    Input,
    InvoiceId,
    Operation,
    Params,
    Reader,
    Risk,
    Text,
    Verdict,
    enumerated,
    existing,
    insist_changeable,
    rows,
    written,
)

#: The reason code Chargebee itself gives to the credit note of a write-off.
WRITE_OFF_CODE = "Write Off"


class RemoveCreditNoteParams(Params):
    invoice: Annotated[
        InvoiceId,
        Ask(
            input=Input.INVOICE,
            label="Invoice",
            placeholder="Type INV-… or a customer, or paste a Chargebee link",
            place=1,
        ),
    ]
    credit_note: Annotated[
        CreditNoteId,
        Ask(
            input=Input.CREDIT_NOTE,
            label="Credit note",
            hint="One that is applied to the invoice. A write-off's credit note undoes the write-off.",
            placeholder="Choose one of the invoice's credit notes",
            depends_on="invoice",
            place=2,
        ),
    ]
    reason: Annotated[
        Text,
        Field(min_length=3, max_length=REASON_MAX),
        Ask(
            input=Input.LONG_TEXT,
            label="Reason",
            hint="Approvers read it, and it stays as an internal note on the invoice.",
            place=3,
        ),
    ]


class RemoveCreditNoteFacts(Facts):
    invoice: Invoice
    customer: Customer
    note: CreditNote

    @property
    def allocated_minor(self) -> int:
        """What the note takes off the invoice now."""
        return self.note.allocated_to(self.invoice.id)

    @property
    def is_write_off(self) -> bool:
        return self.note.create_reason_code == WRITE_OFF_CODE


async def load(reader: Reader, params: RemoveCreditNoteParams) -> RemoveCreditNoteFacts:
    invoice = await existing("invoice", "invoice", reader.invoice(params.invoice))
    return RemoveCreditNoteFacts(
        as_of=reader.now(),
        site=reader.site,
        invoice=invoice,
        customer=await reader.customer(invoice.customer_id),
        note=await existing("credit_note", "credit note", reader.credit_note(params.credit_note)),
    )


def picture(_params: RemoveCreditNoteParams, facts: RemoveCreditNoteFacts, _ref: str) -> Mapping[str, Value]:
    invoice, note = facts.invoice, facts.note

    def money(minor: int) -> Money:
        return Money(amount_minor=minor, currency=invoice.currency_code)

    return {
        "invoice.status": invoice.status,
        "invoice.amount_due": money(invoice.amount_due),
        "invoice.amount_adjusted": money(invoice.amount_adjusted),
        "invoice.credits_applied": money(invoice.credits_applied),
        "invoice.write_off_amount": money(invoice.write_off_amount),
        "credit_note.amount_allocated": money(note.amount_allocated),
        "credit_note.amount_available": money(note.amount_available),
        "credit_note.status": note.status,
    }


def plan(params: RemoveCreditNoteParams, facts: RemoveCreditNoteFacts, ref: str) -> Plan:
    invoice, note = facts.invoice, facts.note
    _insist_removable(facts)
    before = picture(params, facts, ref)
    freed = Money(amount_minor=facts.allocated_minor, currency=invoice.currency_code)

    def moved(minor: int) -> Money:
        return Money(amount_minor=minor, currency=invoice.currency_code)

    on_invoice, on_note = f"Invoice {invoice.id}", f"Credit note {note.id}"
    labels = {
        "invoice.status": (on_invoice, "Status"),
        "invoice.amount_due": (on_invoice, "Amount due"),
    }
    expected: dict[str, Value] = {
        "invoice.status": _status_after(facts),
        "invoice.amount_due": moved(invoice.amount_due + freed.amount_minor),
        "credit_note.amount_allocated": moved(note.amount_allocated - freed.amount_minor),
        "credit_note.amount_available": moved(note.amount_available + freed.amount_minor),
    }
    if note.type == "adjustment":
        labels["invoice.amount_adjusted"] = (on_invoice, "Adjusted")
        expected["invoice.amount_adjusted"] = moved(invoice.amount_adjusted - freed.amount_minor)
    else:
        labels["invoice.credits_applied"] = (on_invoice, "Credits applied")
        expected["invoice.credits_applied"] = moved(invoice.credits_applied - freed.amount_minor)
    if facts.is_write_off:
        labels["invoice.write_off_amount"] = (on_invoice, "Written off")
        expected["invoice.write_off_amount"] = moved(invoice.write_off_amount - freed.amount_minor)
    labels["credit_note.amount_allocated"] = (on_note, "Allocated")
    labels["credit_note.amount_available"] = (on_note, "Available")
    if note.type == "refundable":
        labels["credit_note.status"] = (on_note, "Status")
        expected["credit_note.status"] = "refund_due"

    return Plan(
        operation=OPERATION.name,
        summary=f"Remove credit note {note.id} from invoice {invoice.id}",
        call=Call(
            api="v2",
            path=("invoices", invoice.id, "remove_credit_note"),
            form=(("credit_note[id]", note.id),),
        ),
        rows=rows(labels, before, expected),
        warnings=_warnings(facts, freed),
        amount=freed,
        customer=Party(id=facts.customer.id, name=facts.customer.display_name),
        documents=(invoice.id, note.id),
        note_on=("invoice", invoice.id),
    )


def _insist_removable(facts: RemoveCreditNoteFacts) -> None:
    """Raises Refusal when a documented precondition does not hold."""
    invoice, note = facts.invoice, facts.note
    insist_changeable(invoice, "Invoice")
    if invoice.status in ("voided", "pending"):
        raise Refusal(
            f"Invoice {invoice.id} is {invoice.status}, so nothing can be removed from it.",
            hint="A credit note can be removed from an invoice in any other status.",
        )
    if note.status == "voided":
        raise Refusal(
            f"Credit note {note.id} is voided, so it no longer counts on any invoice.",
            hint=_removable_instead(facts),
        )
    if note.type not in ("adjustment", "refundable"):
        raise Refusal(
            f"{note.id} is a {note.type} credit note; only adjustment and refundable ones can be removed.",
            hint=_removable_instead(facts),
        )
    if facts.allocated_minor <= 0:
        raise Refusal(
            f"Credit note {note.id} is not applied to invoice {invoice.id}.", hint=_removable_instead(facts)
        )
    if note.type == "refundable" and facts.allocated_minor > invoice.refundable_minor:
        allocated = written(facts.allocated_minor, invoice.currency_code, facts.site)
        most = written(invoice.refundable_minor, invoice.currency_code, facts.site)
        raise Refusal(
            f"{allocated} of {note.id} is on this invoice, but at most {most} may be taken off it.",
            hint="Credit notes were issued from this invoice; void one of them in Chargebee first.",
        )


def _removable_instead(facts: RemoveCreditNoteFacts) -> str:
    """Which notes are on the invoice. A store note among `applied_credits` cannot be told apart here."""
    invoice = facts.invoice
    ids = {n.cn_id for n in invoice.adjustment_credit_notes if n.cn_status != "voided"}
    ids |= {c.cn_id for c in invoice.applied_credits if c.cn_status != "voided"}
    others = sorted(ids - {facts.note.id})
    if not others:
        return f"No other credit note is applied to invoice {invoice.id}."
    return f"Applied to invoice {invoice.id}: {enumerated(others)}."


def _status_after(facts: RemoveCreditNoteFacts) -> str:
    """Only a paid invoice changes: to posted while it is not due yet, else to not_paid."""
    if facts.invoice.status != "paid":
        return facts.invoice.status
    due_date = facts.invoice.due_date or facts.invoice.date or 0
    return "posted" if due_date > facts.as_of else "not_paid"


def _warnings(facts: RemoveCreditNoteFacts, freed: Money) -> tuple[str, ...]:
    invoice = facts.invoice
    shown = written(freed.amount_minor, freed.currency, facts.site)
    warnings = [f"Chargebee may put the freed {shown} on the customer's next invoice by itself."]
    if facts.is_write_off:
        warnings.append("This undoes a write-off: the customer owes the amount again.")
    if invoice.status == "paid":
        warnings.append("The invoice is no longer paid afterwards. Dunning does not start again by itself.")
    if facts.customer.collects_at_once:
        warnings.append("Collection is on: Chargebee may take the amount from the stored payment method.")
    return tuple(warnings)


def landed(
    _params: RemoveCreditNoteParams, before: RemoveCreditNoteFacts, after: RemoveCreditNoteFacts, _ref: str
) -> Verdict:
    """The note is off the invoice, and it is not off because somebody voided it.

    Nothing carries our mark here, but what was asked for is the state itself: it is there, whoever did it.
    """
    if before.allocated_minor <= 0 or after.allocated_minor >= before.allocated_minor:
        return Verdict.ABSENT
    if after.allocated_minor > 0 or after.note.status == "voided":
        return Verdict.PENDING
    return Verdict.LANDED


OPERATION = Operation(
    name="remove_credit_note",
    title="Remove credit note",
    command="/remove-credit-note",
    summary="Take a credit note off an invoice; the amount is due again.",
    risk=Risk.DESTRUCTIVE,
    undo="Not undone in one step: a refundable credit note can be applied to the invoice again in Chargebee, "
    "an adjustment credit note cannot, so a new one would have to be made.",
    params=RemoveCreditNoteParams,
    facts=RemoveCreditNoteFacts,
    load=load,
    plan=plan,
    picture=picture,
    landed=landed,
)
