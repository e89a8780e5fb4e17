"""What can be done to an invoice: write off, remove a credit note, apply credits, void.

| call | needs | invoice | credit note |
| --- | --- | --- | --- |
| write_off | unpaid, no payment running | paid; written off and adjusted + due | new adjustment note |
| remove_credit_note | applied here, not store | due +; if paid: posted or not_paid | available + |
| apply_credits | unpaid, notes with credit left | due -; paid at zero, else payment_due | allocated + |
| void | unpaid, nothing paid, adjusted, applied or to refund | voided, nothing due | - |

A wrong state answers 409, a wrong amount or a wrong pairing 400, an unknown id 404.
Sources: chargebee/openapi v2, "Write off an invoice", "Remove credit note from an invoice", "Void an
invoice"; Chargebee SDK for Node 2.45, types (apply_credits).
"""

from bot.sandbox.chargebee import errors
from bot.sandbox.chargebee.documents import (
    UNPAID,
    WRITE_OFF_CODE,
    Document,
    add_up_credit_note,
    add_up_invoice,
    allocation,
    applied_entry,
    credit_note,
    note_entry,
    prorated,
    refundable_amount,
    scaled,
    total_of,
)
from bot.sandbox.chargebee.state import Call, State

Answer = dict[str, Document]


def write_off(state: State, call: Call) -> Answer:
    invoice = state.find("invoice", call.document_id)
    require_unpaid(invoice)
    if any(entry["txn_status"] == "in_progress" for entry in invoice["linked_payments"]):
        raise errors.wrong_state("a payment of the invoice is in progress")
    now, due = state.now(), invoice["amount_due"]
    taxes, line_item_taxes = prorated(invoice, due)
    note = credit_note(
        state.number("CN-"),
        kind="adjustment",
        customer_id=invoice["customer_id"],
        date=now,
        now=now,
        currency_code=invoice["currency_code"],
        base_currency_code=invoice["base_currency_code"],
        total=due,
        lines=lines_for(invoice, due - total_of(taxes, "amount")),
        taxes=taxes,
        line_item_taxes=line_item_taxes,
        reference=invoice,
        reason_code="write_off",
        create_reason_code=WRITE_OFF_CODE,
    )
    state.add("credit_note", note)
    adjust(state, invoice, note)
    invoice["write_off_amount"] += due
    state.touch(invoice)
    if comment := call.form.get("comment"):
        state.remark("invoice", invoice["id"], comment, call.caller.key_name)
    state.record("credit_note_created", call.actor, note)
    state.record("invoice_updated", call.actor, invoice)
    return {"invoice": invoice, "credit_note": note}


def remove_credit_note(state: State, call: Call) -> Answer:
    param = "credit_note[id]"
    invoice = state.find("invoice", call.document_id)
    note = state.find("credit_note", call.form.get(param), param)
    if invoice["status"] in ("voided", "pending"):
        raise errors.wrong_state(f"the invoice is {invoice['status']}")
    if note["status"] == "voided":
        raise errors.wrong_state("the credit note is voided", param)
    if note["type"] == "store":
        raise errors.invalid("a store credit note cannot be removed from an invoice", param)
    amount = allocated_to(note, invoice["id"])
    if not any(entry["invoice_id"] == invoice["id"] for entry in note["allocations"]):
        raise errors.invalid("the credit note is not applied to this invoice", param)
    if note["type"] == "refundable" and amount > refundable_amount(invoice):
        raise errors.invalid("more is allocated than the invoice's refundable amount", param)
    take_off(state, invoice, note)
    if invoice["status"] == "paid" and invoice["amount_due"] > 0:
        invoice["status"] = "posted" if invoice.get("due_date", 0) > state.now() else "not_paid"
        invoice.pop("paid_at", None)
    state.touch(invoice)
    state.touch(note)
    state.count_credits(note["customer_id"])
    state.record("invoice_updated", call.actor, invoice)
    state.record("credit_note_updated", call.actor, note)
    return {"invoice": invoice, "credit_note": note}


def apply_credits(state: State, call: Call) -> Answer:
    invoice = state.find("invoice", call.document_id)
    require_unpaid(invoice)
    notes = [
        (f"credit_notes[id][{index}]", state.find("credit_note", note_id, f"credit_notes[id][{index}]"))
        for index, note_id in enumerate(call.form.scalars("credit_notes[id]"))
    ]
    for param, note in notes:
        if note["customer_id"] != invoice["customer_id"] or note["currency_code"] != invoice["currency_code"]:
            raise errors.invalid("the credit note is of another customer or currency", param)
        if note["type"] == "adjustment":
            raise errors.invalid("an adjustment credit note cannot be applied again", param)
        if note["status"] != "refund_due" or note["amount_available"] == 0:
            raise errors.wrong_state("the credit note has no credit left", param)
    used = pay_with_credits(state, invoice, [note for _, note in notes] or usable_notes(state, invoice))
    if not used:
        raise errors.invalid("the customer has no credit to apply")
    invoice["status"] = "paid" if invoice["amount_due"] == 0 else "payment_due"
    if comment := call.form.get("comment"):
        state.remark("invoice", invoice["id"], comment, call.caller.key_name)
    state.touch(invoice)
    state.record("invoice_updated", call.actor, invoice)
    for note in used:
        state.record("credit_note_updated", call.actor, note)
    return {"invoice": invoice}


def void(state: State, call: Call) -> Answer:
    invoice = state.find("invoice", call.document_id)
    require_unpaid(invoice)
    if state.settings.void_reason_code_mandatory and "void_reason_code" not in call.form.values:
        raise errors.wrong_value("void_reason_code", "cannot be blank")
    if any(entry["txn_status"] in ("success", "in_progress") for entry in invoice["linked_payments"]):
        raise errors.wrong_state("the invoice has payments")
    if invoice["amount_adjusted"] or invoice["linked_taxes_withheld"]:
        raise errors.wrong_state("the invoice is adjusted, or tax was withheld on it")
    for entry in [*invoice["applied_credits"], *invoice["issued_credit_notes"]]:
        if entry["cn_status"] in ("refunded", "refund_due"):
            raise errors.wrong_state(f"the credit note {entry['cn_id']} hangs on the invoice")
    invoice.update(status="voided", amount_due=0, amount_to_collect=0, voided_at=state.now())
    if code := call.form.get("void_reason_code"):
        invoice["void_reason_code"] = code
    if comment := call.form.get("comment"):
        state.remark("invoice", invoice["id"], comment, call.caller.key_name)
    state.touch(invoice)
    state.record("invoice_updated", call.actor, invoice)
    return {"invoice": invoice}


# -------------------------------------------------------------------------- what the calls share


def require_unpaid(invoice: Document) -> None:
    if invoice["status"] not in UNPAID:
        raise errors.wrong_state(f"the invoice is {invoice['status']}, not {', '.join(UNPAID)}")


def lines_for(invoice: Document, net: int) -> list[Document]:
    """The invoice's lines scaled to a net sum: how a note over a mere total lists what it credits."""
    return [
        {
            **entry,
            "id": f"cn_{entry['id']}",
            "reference_line_item_id": entry["id"],
            "unit_amount": entry["amount"],
            "quantity": 1,
        }
        for entry in scaled(invoice["line_items"], "amount", net)
    ]


def allocated_to(note: Document, invoice_id: str) -> int:
    """How much of a note is put on one invoice."""
    return total_of((e for e in note["allocations"] if e["invoice_id"] == invoice_id), "allocated_amount")


def adjust(state: State, invoice: Document, note: Document) -> None:
    """Put an adjustment note on its invoice, whole; at nothing due the invoice is paid."""
    at = state.now()
    note["allocations"].append(allocation(invoice, note["total"], at))
    add_up_credit_note(note)
    invoice["adjustment_credit_notes"].append(note_entry(note))
    add_up_invoice(invoice)
    if invoice["amount_due"] == 0:
        invoice.update(status="paid", paid_at=at)
    note["allocations"][-1]["invoice_status"] = invoice["status"]


def take_off(state: State, invoice: Document, note: Document) -> None:
    """Undo what a note does to an invoice; the status of the invoice is the caller's to decide."""
    amount = allocated_to(note, invoice["id"])
    note["allocations"] = [entry for entry in note["allocations"] if entry["invoice_id"] != invoice["id"]]
    add_up_credit_note(note)
    for name in ("applied_credits", "adjustment_credit_notes"):
        invoice[name] = [entry for entry in invoice[name] if entry["cn_id"] != note["id"]]
    if note.get("create_reason_code") == WRITE_OFF_CODE:
        invoice["write_off_amount"] -= amount
    add_up_invoice(invoice)
    retell(state, note)


def pay_with_credits(state: State, invoice: Document, notes: list[Document]) -> list[Document]:
    """Use up the notes on the invoice, in order, until nothing is due. Answers the notes that were used."""
    used = []
    for note in notes:
        amount = min(note["amount_available"], invoice["amount_due"])
        if amount <= 0:
            continue
        note["allocations"].append(allocation(invoice, amount, state.now()))
        add_up_credit_note(note)
        invoice["applied_credits"].append(applied_entry(note, amount, state.now()))
        add_up_invoice(invoice)
        if invoice["amount_due"] == 0:
            invoice["paid_at"] = state.now()
        state.touch(note)
        retell(state, note)
        used.append(note)
    state.count_credits(invoice["customer_id"])
    return used


def usable_notes(state: State, invoice: Document) -> list[Document]:
    """The customer's notes that could pay for an invoice, oldest first."""
    return [
        note
        for note in state.all("credit_note").values()
        if note["customer_id"] == invoice["customer_id"]
        and note["currency_code"] == invoice["currency_code"]
        and note["type"] != "adjustment"
        and note["status"] == "refund_due"
    ]


def retell(state: State, note: Document) -> None:
    """Bring the note's status up to date wherever an invoice lists the note."""
    for invoice in state.all("invoice").values():
        for name in ("applied_credits", "adjustment_credit_notes", "issued_credit_notes"):
            for entry in invoice[name]:
                if entry["cn_id"] == note["id"]:
                    entry["cn_status"] = note["status"]
