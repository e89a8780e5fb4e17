"""Send an e-invoice for a credit note.

`POST /api/v2/credit_notes/{credit-note-id}/send_einvoice` (Chargebee docs, "Send an e-invoice for credit
notes"). No parameters and no comment: the reason stays in the bot's record and in a note on the credit note.

The call schedules. Chargebee sends later, and the network answers later still, so the request settles by
looking again:

    scheduled, in_progress, anything new          on its way
    success, registered, accepted, paid, ...      sent: delivered, or cleared with the tax portal
    failed, skipped, rejected                     not sent

Refused when e-invoicing is off for the site or the customer, when it is automatic, when the note is voided,
and when there is an e-invoice already. The docs add "if there are no generated e-invoices with the failed or
skipped status", which contradicts that when read alone; read together: there is none yet, or it failed or
was skipped. What the site's own settings say cannot be read through the API.

Cannot be undone.

Surprising: the docs speak of invoices throughout; the text was taken over from the invoice operation.
"""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from bot.chargebee.resources import CreditNote, Customer
from bot.core.errors import Refusal
from bot.core.money import Money
from bot.core.plan import Call, Party, Plan, Value
from bot.operations.base import (
    REASON_MAX,
    Ask,
    CreditNoteId,
    Facts,
    Input,
    Operation,
    Params,
    Reader,
    Risk,
    Text,
    Verdict,
    existing,
    rows,
)

#: The receiver has it; all but the first are what the receiver said next (OpenAPI, `einvoice.status`).
DELIVERED = frozenset(
    {
        "success",
        "accepted",
        "conditionally_accepted",
        "message_acknowledgement",
        "in_process",
        "under_query",
        "paid",
    }
)
#: Not delivered, but cleared with the tax portal: the e-invoice exists.
CLEARED = "registered"
#: After these it can be sent again.
REPEATABLE = ("failed", "skipped")
NOT_SENT = (*REPEATABLE, "rejected")


class SendEinvoiceParams(Params):
    credit_note: Annotated[
        CreditNoteId,
        Ask(
            input=Input.CREDIT_NOTE,
            label="Credit note",
            hint="The e-invoice goes to the customer, and cannot be called back.",
            placeholder="Type CN-… or a customer, or paste a Chargebee link",
            place=1,
        ),
    ]
    reason: Annotated[
        Text | None,
        Field(max_length=REASON_MAX),
        Ask(
            input=Input.LONG_TEXT,
            label="Reason",
            hint="Approvers read it, and it stays as an internal note on the credit note.",
            place=2,
        ),
    ] = None


class SendEinvoiceFacts(Facts):
    note: CreditNote
    customer: Customer

    @property
    def status(self) -> str:
        """Of the e-invoice; empty when there is none."""
        return self.note.einvoice.status if self.note.einvoice else ""


async def load(reader: Reader, params: SendEinvoiceParams) -> SendEinvoiceFacts:
    note = await existing("credit_note", "credit note", reader.credit_note(params.credit_note))
    return SendEinvoiceFacts(
        as_of=reader.now(),
        site=reader.site,
        note=note,
        customer=await reader.customer(note.customer_id),
    )


def picture(_params: SendEinvoiceParams, facts: SendEinvoiceFacts, _ref: str) -> Mapping[str, Value]:
    """What the receiver says after delivery is still a success; `registered` alone is shown as it is."""
    status = "success" if facts.status in DELIVERED else facts.status
    return {"credit_note.einvoice.status": status or None}


def plan(params: SendEinvoiceParams, facts: SendEinvoiceFacts, ref: str) -> Plan:
    note, customer = facts.note, facts.customer
    _insist_sendable(facts)
    warnings = [
        "Chargebee only schedules it at first; the request stays open until it is delivered or has failed."
    ]
    if facts.status:
        message = note.einvoice.message if note.einvoice else ""
        warnings.append(f"The last e-invoice {facts.status}" + (f": {message}" if message else "."))
    if customer.is_einvoice_enabled is None:
        warnings.append("Chargebee does not say whether e-invoicing is on for this customer.")
    if customer.einvoicing_method != "manual":
        warnings.append("If the site sends e-invoices automatically, Chargebee will refuse this.")
    return Plan(
        operation=OPERATION.name,
        summary=f"Send the e-invoice for credit note {note.id}",
        call=Call(api="v2", path=("credit_notes", note.id, "send_einvoice")),
        rows=rows(
            {"credit_note.einvoice.status": (f"Credit note {note.id}", "E-invoice")},
            picture(params, facts, ref),
            {"credit_note.einvoice.status": "success"},
        ),
        warnings=tuple(warnings),
        amount=Money(amount_minor=note.total, currency=note.currency_code),
        customer=Party(id=customer.id, name=customer.display_name),
        documents=(note.id,),
        note_on=("credit_note", note.id),
    )


def _insist_sendable(facts: SendEinvoiceFacts) -> None:
    """Raises Refusal when a precondition does not hold, as far as the API shows."""
    note, customer = facts.note, facts.customer
    if note.status == "voided":
        raise Refusal(
            f"Credit note {note.id} is voided, so no e-invoice can be sent for it.",
            hint="Choose a credit note that counts.",
        )
    if customer.is_einvoice_enabled is False:
        raise Refusal(
            f"E-invoicing is off for customer {customer.id}.",
            hint="Switch it on for the customer in Chargebee, then ask again.",
        )
    if customer.einvoicing_method == "automatic":
        raise Refusal(
            f"Chargebee sends the e-invoices of customer {customer.id} by itself, so none is sent by hand.",
            hint="Set the customer's e-invoicing to manual in Chargebee, then ask again.",
        )
    if facts.status and facts.status not in REPEATABLE:
        raise Refusal(
            f"Credit note {note.id} has an e-invoice already: {facts.status.replace('_', ' ')}.",
            hint="It can be sent again only after it has failed or was skipped.",
        )


def landed(
    _params: SendEinvoiceParams, before: SendEinvoiceFacts, after: SendEinvoiceFacts, _ref: str
) -> Verdict:
    """Judged by the e-invoice alone. The same failed one as before means that nothing has been sent yet."""
    if after.note.einvoice is None or after.note.einvoice == before.note.einvoice:
        return Verdict.ABSENT
    if after.status in DELIVERED or after.status == CLEARED:
        return Verdict.LANDED
    return Verdict.ABSENT if after.status in NOT_SENT else Verdict.PENDING


OPERATION = Operation(
    name="send_einvoice",
    title="Send e-invoice",
    command="/send-einvoice",
    summary="Send the e-invoice for a credit note to the customer.",
    risk=Risk.DESTRUCTIVE,
    undo="Cannot be undone: once sent, an e-invoice cannot be called back.",
    undoable=False,
    params=SendEinvoiceParams,
    facts=SendEinvoiceFacts,
    load=load,
    plan=plan,
    picture=picture,
    landed=landed,
    settles_later=True,
)
