"""Create a credit note: take something off an invoice, or give something back.

`POST /api/v2/credit_notes` (Chargebee docs, "Create credit note").

    type          invoice's status               at most                              afterwards
    adjustment    payment_due, posted, not_paid  what is due, less payments running   adjusted, all allocated
    refundable    those, or paid                 the refundable amount                refund_due, all available
    store         those, or paid                 the refundable amount                refund_due, all available
    refundable    no invoice: standalone         nothing stated                       refund_due, all available

The refundable amount is what was paid, applied or withheld, less what other notes gave back already. A
total, or lines (`credit_note_lines`); never both, and an absent total is not the whole.

Impacts (docs): an adjustment note lowers what is due; at nothing due the invoice is paid. Refundable and
store notes are listed with the invoice, and what is due stays. `taxes[].amount` are the invoice's, scaled by
note total / invoice total. Our reading of the rounding: halves up. The tax is promised only where scaling
each tax and scaling their sum come to the same; a store note carries none.

Undone by voiding the note in Chargebee, while none of it is used or refunded.

Nothing in Chargebee stops the same note from being made twice. The request's mark goes into `comment`, which
Chargebee shows as a comment on the note, and by it our note is found again. A new note without any mark may
be ours or somebody's: then nobody can tell, and a person has to look.

Surprising: a refundable note moves no money. The refund is a second step in Chargebee; until then the credit
may be used up by the customer's next invoice.
"""

from collections.abc import Mapping

from bot.chargebee.resources import Invoice
from bot.core.errors import Refusal
from bot.core.money import Money
from bot.core.plan import Call, Party, Plan, Value
from bot.operations.base import (
    Operation,
    Reader,
    Risk,
    Verdict,
    day,
    existing,
    marked,
    marks,
    rows,
    written,
)
from bot.operations.credit_note_lines import columns, half_up
from bot.operations.credit_note_params import CreditNoteFacts, CreditNoteParams, MarkedNote
from bot.operations.credit_note_rules import (
    Sum,
    ceiling_minor,
    currency_of,
    date_of,
    insist_ceiling,
    insist_reason_code,
    insist_status,
    sum_of,
)
from bot.operations.credit_note_templates import LINES

#: How many notes are listed, and of how many of the newest the comments are read.
LISTED = 100
READ = 5
#: A note this close over the same amount is probably the same note.
SAME_TOTAL_S = 3 * 86_400


async def load(reader: Reader, params: CreditNoteParams) -> CreditNoteFacts:
    if params.invoice:
        invoice = await existing("invoice", "invoice", reader.invoice(params.invoice))
        customer = await reader.customer(invoice.customer_id)
        scope = {"reference_invoice_id__is": invoice.id}
    else:
        invoice = None
        customer = await existing("customer", "customer", reader.customer(params.customer or ""))
        scope = {"customer_id__is": customer.id}
    found = await reader.credit_notes(limit=LISTED, type__is=params.type, **scope)
    newest = sorted(found, key=lambda n: (n.generated_at or n.date or 0, n.id), reverse=True)[:READ]
    return CreditNoteFacts(
        as_of=reader.now(),
        site=reader.site,
        invoice=invoice,
        customer=customer,
        notes=tuple(
            [
                MarkedNote(
                    note=note, marks=marks(c.notes for c in await reader.comments("credit_note", note.id))
                )
                for note in newest
            ]
        ),
        listed=tuple(sorted(note.id for note in found)),
        complete=len(found) < LISTED,
    )


def picture(_params: CreditNoteParams, facts: CreditNoteFacts, ref: str) -> Mapping[str, Value]:
    invoice, note = facts.invoice, facts.ours(ref)
    seen: dict[str, Value] = {}
    if invoice:
        issued = sum(n.cn_total for n in invoice.issued_credit_notes if n.cn_status != "voided")
        seen |= {
            "invoice.status": invoice.status,
            "invoice.amount_due": Money(amount_minor=invoice.amount_due, currency=invoice.currency_code),
            "invoice.amount_adjusted": Money(
                amount_minor=invoice.amount_adjusted, currency=invoice.currency_code
            ),
            "invoice.issued": Money(amount_minor=issued, currency=invoice.currency_code),
        }
    if note:
        minor = {
            "credit_note.total": note.total,
            "credit_note.tax": sum(tax.amount for tax in note.taxes),
            "credit_note.lines": sum(item.amount for item in note.line_items),
            "credit_note.amount_allocated": note.amount_allocated,
            "credit_note.amount_available": note.amount_available,
        }
        seen |= {
            "credit_note.type": note.type,
            "credit_note.status": note.status,
            "credit_note.customer_id": note.customer_id,
            "credit_note.create_reason_code": note.create_reason_code or None,
            "credit_note.reason_code": note.reason_code or None,
            # As text: a day by the site's calendar is that day for everybody.
            "credit_note.date": day(note.date, facts.site) if note.date else None,
        }
        seen |= {
            key: Money(amount_minor=amount, currency=note.currency_code) for key, amount in minor.items()
        }
    return seen


def plan(params: CreditNoteParams, facts: CreditNoteFacts, ref: str) -> Plan:
    invoice, customer = facts.invoice, facts.customer
    ours = facts.ours(ref)
    if ours is not None:
        raise Refusal(f"{ref} has made this credit note already: it is {ours.id}.")
    if invoice:
        insist_status(params.type, facts, invoice)
    insist_reason_code(params, facts)
    currency = currency_of(params, facts)
    total = sum_of(params, facts, currency)
    if invoice:
        insist_ceiling(params, facts, invoice, total)
    at = date_of(params, facts)
    labels, expected = _expected(params, facts, total, at)
    return Plan(
        operation=OPERATION.name,
        summary=f"Create {'an' if params.type == 'adjustment' else 'a'} {params.type} credit note "
        + (f"for invoice {invoice.id}" if invoice else f"for customer {customer.id}"),
        call=Call(
            api="v2",
            path=("credit_notes",),
            form=_form(params, facts, total, at, ref),
            comment_field="comment",
        ),
        rows=rows(labels, _before(params, facts, ref), expected),
        warnings=_warnings(params, facts, total),
        amount=total.most,
        customer=Party(id=customer.id, name=customer.display_name),
        documents=(invoice.id,) if invoice else (customer.id,),
        note_on=("invoice", invoice.id) if invoice else ("customer", customer.id),
    )


def _form(
    params: CreditNoteParams, facts: CreditNoteFacts, total: Sum, at: int | None, ref: str
) -> tuple[tuple[str, str], ...]:
    form: list[tuple[str, str]] = [("type", params.type)]
    if facts.invoice:
        form.append(("reference_invoice_id", facts.invoice.id))
    else:
        form += [("customer_id", facts.customer.id), ("currency_code", total.most.currency)]
    if total.lines:
        form += columns(total.lines)
    else:
        form.append(("total", str(total.most.amount_minor)))
    optional = {
        "create_reason_code": params.create_reason_code,
        "reason_code": params.reason_code,
        "date": str(at) if at is not None else None,
        "customer_notes": params.customer_notes,
    }
    form += [(name, text) for name, text in optional.items() if text]
    return (*form, ("comment", marked(params.comment, ref)))


# ------------------------------------------------------------------------------------------------------ the rows


def _before(params: CreditNoteParams, facts: CreditNoteFacts, ref: str) -> Mapping[str, Value]:
    """The invoice only: the new note is not there yet."""
    seen = picture(params, facts, ref)
    return {key: value for key, value in seen.items() if key.startswith("invoice.")}


def _expected(
    params: CreditNoteParams, facts: CreditNoteFacts, total: Sum, at: int | None
) -> tuple[dict[str, tuple[str, str]], dict[str, Value]]:
    """Labels and what is promised. What Chargebee decides has no row."""
    invoice, promised = facts.invoice, total.promised
    nothing = Money(amount_minor=0, currency=total.most.currency)
    adjustment = params.type == "adjustment"
    new = "New credit note"
    labels: dict[str, tuple[str, str]] = {}
    expected: dict[str, Value] = {}

    def promise(key: str, group: str, label: str, value: Value) -> None:
        labels[key] = (group, label)
        expected[key] = value

    def moved(minor: int) -> Money:
        return Money(amount_minor=minor, currency=total.most.currency)

    if invoice and promised:
        amount, group = promised.amount_minor, f"Invoice {invoice.id}"
        if adjustment:
            left = invoice.amount_due - amount
            promise("invoice.status", group, "Status", "paid" if left == 0 else invoice.status)
            promise("invoice.amount_due", group, "Amount due", moved(left))
            promise("invoice.amount_adjusted", group, "Adjusted", moved(invoice.amount_adjusted + amount))
        else:
            issued = sum(n.cn_total for n in invoice.issued_credit_notes if n.cn_status != "voided")
            promise("invoice.issued", group, "Given back by credit notes", moved(issued + amount))

    promise("credit_note.type", new, "Type", params.type)
    promise("credit_note.customer_id", new, "Customer", facts.customer.id)
    if total.lines:
        net = sum(line.net_minor for line in total.lines)
        promise("credit_note.lines", new, "Lines", moved(net))
    if promised:
        promise("credit_note.total", new, "Total", promised)
        tax = _tax(params, invoice, promised.amount_minor)
        if tax is not None:
            promise("credit_note.tax", new, "Tax in it", moved(tax))
        promise("credit_note.amount_allocated", new, "Allocated", promised if adjustment else nothing)
        promise("credit_note.amount_available", new, "Available", nothing if adjustment else promised)
    promise("credit_note.status", new, "Status", "adjusted" if adjustment else "refund_due")
    if params.create_reason_code:
        promise("credit_note.create_reason_code", new, "Reason code", params.create_reason_code)
    if params.reason_code:
        promise("credit_note.reason_code", new, "Old reason code", params.reason_code)
    if at is not None:
        promise("credit_note.date", new, "Date", day(at, facts.site))
    return labels, expected


def _tax(params: CreditNoteParams, invoice: Invoice | None, total: int) -> int | None:
    """The note's tax, or None where it depends on how Chargebee rounds or on what it charges."""
    if params.type == "store":
        return 0
    if invoice is None or not invoice.total:
        return None
    each = sum(half_up(tax.amount * total, invoice.total) for tax in invoice.taxes)
    together = half_up(invoice.tax * total, invoice.total)
    return each if each == together else None


def _warnings(params: CreditNoteParams, facts: CreditNoteFacts, total: Sum) -> tuple[str, ...]:
    invoice, site, currency = facts.invoice, facts.site, total.most.currency
    warnings = []
    if params.type == "refundable":
        warnings.append(
            "No money moves yet: the refund is a second step in Chargebee. "
            "Until then the credit may be used up by the customer's next invoice."
        )
    if params.type == "store":
        warnings.append("The credit can only be used on later invoices; it is not paid out.")
    if params.customer_notes:
        warnings.append(f"Printed for the customer: “{params.customer_notes}”")
    if total.promised is None:
        low, high = (written(m.amount_minor, currency, site) for m in (total.least, total.most))
        worth = f"at least {low}" if low == high else f"between {low} and {high}"
        warnings.append(f"Chargebee works out the tax, so the total is not known yet: {worth}.")
    if invoice and total.most.amount_minor > ceiling_minor(params, invoice):
        allowed = written(ceiling_minor(params, invoice), currency, site)
        warnings.append(f"At most {allowed} is possible, so Chargebee may refuse this.")
    for seen in facts.notes:
        note = seen.note
        close = facts.as_of - (note.generated_at or note.date or 0) <= SAME_TOTAL_S
        if close and note.status != "voided" and note.total == total.most.amount_minor:
            shown = written(note.total, note.currency_code, site)
            warnings.append(f"{note.id} of {day(note.date or facts.as_of, site)} is already over {shown}.")
    return tuple(warnings)


# ---------------------------------------------------------------------------------------------------- afterwards


def landed(params: CreditNoteParams, before: CreditNoteFacts, after: CreditNoteFacts, ref: str) -> Verdict:
    """A note with our mark is ours. A new note with no mark at all may be, so nobody can tell.

    A note dated back may stand below what was listed: where the list is not complete, that cannot be told either.
    """
    if after.ours(ref):
        return Verdict.LANDED
    hidden = not after.complete and params.date is not None
    return Verdict.PENDING if _unmarked(before, after) or hidden else Verdict.ABSENT


def _unmarked(before: CreditNoteFacts, after: CreditNoteFacts) -> set[str]:
    """The notes that are new and do not bear another request's mark."""
    others = {seen.note.id for seen in after.notes if seen.marks}
    return set(after.listed) - set(before.listed) - others


def created(before: CreditNoteFacts, after: CreditNoteFacts, ref: str) -> tuple[str, ...]:
    """Ours by its mark; where Chargebee shows no mark, the one new note there is."""
    ours = after.ours(ref)
    if ours:
        return (ours.id,)
    unmarked = _unmarked(before, after)
    return tuple(unmarked) if len(unmarked) == 1 else ()


OPERATION = Operation(
    name="credit_note",
    title="Credit note",
    command="/credit-note",
    summary="Take something off an invoice, or give back what was paid.",
    risk=Risk.REVERSIBLE,
    undo="Can be undone by voiding the credit note in Chargebee, while none of it has been used or refunded.",
    params=CreditNoteParams,
    facts=CreditNoteFacts,
    load=load,
    plan=plan,
    picture=picture,
    landed=landed,
    created=created,
    lines=LINES,
)
