"""The shape of every document, and the sums that must agree.

Documents are dictionaries in the v2 shape, money in minor units. A key that starts with an underscore
belongs to the simulator and never leaves through the API. Whatever can be computed from something else is
computed in one place here:

    invoice.amount_due        = total - amount_paid - credits_applied - amount_adjusted - taxes withheld
    invoice.amount_to_collect = amount_due - payments in progress
    note.amount_available     = total - amount_allocated - amount_refunded
    refundable amount         = amount_paid + credits applied + taxes withheld - notes issued   (none voided)

Sources: Chargebee SDK for Node 3.33 and 2.45, types (fields, meanings, the sums of an invoice);
chargebee/openapi v2, "Create credit note" (refundable amount), "Write off an invoice". That the refundable
amount counts `applied_amount`, not `txn_amount`, is inferred.
"""

from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

Document = dict[str, Any]

UNPAID = ("payment_due", "posted", "not_paid")
WRITE_OFF_CODE = "Write Off"

# Every other currency counts in hundredths, three-decimal ones too (Chargebee docs, "Currencies").
ZERO_DECIMAL = frozenset({"JPY", "KRW", "XAF", "XOF"})


def minor(major: Decimal, currency: str) -> int:
    """An amount in major units as Chargebee counts it, halves up."""
    scaled_up = major if currency in ZERO_DECIMAL else major * 100
    return int(scaled_up.quantize(Decimal(1), ROUND_HALF_UP))


def total_of(entries: Iterable[Document], key: str) -> int:
    return sum(int(entry.get(key, 0)) for entry in entries)


def rounded(numerator: int, denominator: int) -> int:
    """The quotient of two amounts that are not negative, to the nearest integer, halves up."""
    return (2 * numerator + denominator) // (2 * denominator) if denominator else 0


def split(amount: int, weights: Sequence[int]) -> list[int]:
    """Divide an amount in proportion to the weights; what rounding leaves goes to the last one."""
    whole = sum(weights)
    if not weights:
        return []
    parts = [rounded(amount * weight, whole) for weight in weights[:-1]]
    return [*parts, amount - sum(parts)]


# ----------------------------------------------------------------------------------------- lines


def line(
    line_id: str,
    description: str,
    *,
    customer_id: str,
    amount: int,
    unit_amount: int | None = None,
    quantity: int = 1,
    pricing_model: str = "flat_fee",
    tax_rate: int = 0,
    entity_type: str = "adhoc",
    entity_id: str | None = None,
    period: tuple[int, int] = (0, 0),
    **more: Any,
) -> Document:
    """One line of an invoice or a note; `amount` is net, `tax_rate` in percent."""
    return present(
        {
            "id": line_id,
            "date_from": period[0],
            "date_to": period[1],
            "unit_amount": amount if unit_amount is None else unit_amount,
            "quantity": quantity,
            "amount": amount,
            "pricing_model": pricing_model,
            "is_taxed": tax_rate > 0,
            "tax_amount": rounded(amount * tax_rate, 100),
            "tax_rate": tax_rate,
            "discount_amount": 0,
            "item_level_discount_amount": 0,
            "customer_id": customer_id,
            "description": description,
            "entity_type": entity_type,
            "entity_id": entity_id,
            "object": "line_item",
            **more,
        }
    )


def taxes_of(lines: Iterable[Document]) -> tuple[list[Document], list[Document]]:
    """The `taxes` and `line_item_taxes` of a document with these lines."""
    by_rate: dict[int, int] = {}
    by_line: list[Document] = []
    for entry in lines:
        if entry["is_taxed"]:
            rate = entry["tax_rate"]
            by_rate[rate] = by_rate.get(rate, 0) + entry["tax_amount"]
            by_line.append(
                {
                    "line_item_id": entry["id"],
                    "tax_name": "VAT",
                    "tax_rate": rate,
                    "taxable_amount": entry["amount"],
                    "tax_amount": entry["tax_amount"],
                    "object": "line_item_tax",
                }
            )
    taxes = [
        {"name": "VAT", "description": f"VAT @ {rate}%", "amount": amount, "object": "tax"}
        for rate, amount in by_rate.items()
    ]
    return taxes, by_line


# -------------------------------------------------------------------------------------- invoices


def invoice(
    invoice_id: str,
    *,
    customer_id: str,
    status: str,
    date: int,
    due_date: int,
    currency_code: str,
    base_currency_code: str,
    lines: list[Document],
    subscription_id: str | None = None,
    discounts: Sequence[Document] = (),
    **more: Any,
) -> Document:
    """A new invoice with nothing paid on it yet."""
    taxes, line_item_taxes = taxes_of(lines)
    sub_total, tax = total_of(lines, "amount"), total_of(taxes, "amount")
    document = present(
        {
            "id": invoice_id,
            "customer_id": customer_id,
            "subscription_id": subscription_id,
            "recurring": subscription_id is not None,
            "status": status,
            "price_type": "tax_exclusive",
            "date": date,
            "due_date": due_date,
            "net_term_days": max(0, due_date - date) // 86_400,
            "total": sub_total + tax - total_of(discounts, "amount"),
            "sub_total": sub_total,
            "tax": tax,
            "amount_paid": 0,
            "amount_adjusted": 0,
            "write_off_amount": 0,
            "credits_applied": 0,
            "round_off_amount": 0,
            "currency_code": currency_code,
            "base_currency_code": base_currency_code,
            "generated_at": date,
            "updated_at": date,
            "resource_version": date * 1000,
            "first_invoice": False,
            "has_advance_charges": False,
            "term_finalized": True,
            "is_gifted": False,
            "deleted": False,
            "channel": "web",
            "line_items": lines,
            "discounts": list(discounts),
            "taxes": taxes,
            "line_item_taxes": line_item_taxes,
            "linked_payments": [],
            "applied_credits": [],
            "adjustment_credit_notes": [],
            "issued_credit_notes": [],
            "linked_taxes_withheld": [],
            "linked_orders": [],
            "dunning_attempts": [],
            "notes": [],
            "object": "invoice",
            **more,
        }
    )
    add_up_invoice(document)
    return document


def add_up_invoice(document: Document) -> None:
    """Bring every sum of an invoice in line with its lists."""
    paid = [entry for entry in document["linked_payments"] if entry["txn_status"] == "success"]
    document["amount_paid"] = total_of(paid, "applied_amount")
    document["credits_applied"] = total_of(document["applied_credits"], "applied_amount")
    document["amount_adjusted"] = total_of(document["adjustment_credit_notes"], "cn_total")
    settled = document["amount_paid"] + document["credits_applied"] + document["amount_adjusted"]
    withheld = total_of(document["linked_taxes_withheld"], "amount")
    document["amount_due"] = document["total"] - settled - withheld
    document["amount_to_collect"] = document["amount_due"] - in_progress(document)


def in_progress(document: Document) -> int:
    """The sum of an invoice's payments that are still running."""
    running = [entry for entry in document["linked_payments"] if entry["txn_status"] == "in_progress"]
    return total_of(running, "applied_amount")


def refundable_amount(document: Document) -> int:
    """What may still be given back on an invoice."""
    applied = [entry for entry in document["applied_credits"] if entry["cn_status"] != "voided"]
    issued = [entry for entry in document["issued_credit_notes"] if entry["cn_status"] != "voided"]
    return (
        int(document["amount_paid"])
        + total_of(applied, "applied_amount")
        + total_of(document["linked_taxes_withheld"], "amount")
        - total_of(issued, "cn_total")
    )


def payment(txn_id: str, amount: int, at: int, status: str = "success") -> Document:
    """An entry of `linked_payments`."""
    return {
        "txn_id": txn_id,
        "applied_amount": amount,
        "applied_at": at,
        "txn_status": status,
        "txn_date": at,
        "txn_amount": amount,
    }


# ---------------------------------------------------------------------------------- credit notes


def credit_note(
    note_id: str,
    *,
    kind: str,
    customer_id: str,
    date: int,
    now: int,
    currency_code: str,
    base_currency_code: str,
    total: int,
    lines: list[Document],
    taxes: Sequence[Document] = (),
    line_item_taxes: Sequence[Document] = (),
    reference: Document | None = None,
    **more: Any,
) -> Document:
    """A new credit note of which nothing is used yet; `reference` is the invoice it is issued against."""
    reference = reference or {}
    document = present(
        {
            "id": note_id,
            "customer_id": customer_id,
            "subscription_id": reference.get("subscription_id"),
            "reference_invoice_id": reference.get("id"),
            "type": kind,
            "status": "refund_due",
            "date": date,
            "price_type": "tax_exclusive",
            "currency_code": currency_code,
            "base_currency_code": base_currency_code,
            "total": total,
            "sub_total": total - total_of(taxes, "amount"),
            "amount_allocated": 0,
            "amount_refunded": 0,
            "amount_available": total,
            "round_off_amount": 0,
            "fractional_correction": 0,
            "generated_at": now,
            "updated_at": now,
            "resource_version": now * 1000,
            "channel": "web",
            "deleted": False,
            "line_items": lines,
            "taxes": list(taxes),
            "line_item_taxes": list(line_item_taxes),
            "discounts": [],
            "allocations": [],
            "linked_refunds": [],
            "notes": [],
            "business_entity_id": reference.get("business_entity_id"),
            "object": "credit_note",
            **more,
        }
    )
    add_up_credit_note(document)
    return document


def add_up_credit_note(document: Document) -> None:
    """Bring a note's sums and status in line with what is allocated and refunded.

    An adjustment note that is taken off its invoice has credit left to use; that it then reads
    `refund_due`, as every note with credit left does, is a reading.
    """
    document["amount_allocated"] = total_of(document["allocations"], "allocated_amount")
    document["amount_refunded"] = total_of(document["linked_refunds"], "applied_amount")
    used = document["amount_allocated"] + document["amount_refunded"]
    if document["status"] == "voided":
        document["amount_available"] = 0
        return
    document["amount_available"] = document["total"] - used
    if document["amount_available"] > 0:
        document["status"] = "refund_due"
    else:
        document["status"] = "adjusted" if document["type"] == "adjustment" else "refunded"


def prorated(reference: Document, total: int) -> tuple[list[Document], list[Document]]:
    """The `taxes` and `line_item_taxes` of an invoice, scaled by note total / invoice total."""
    whole = reference["total"]
    tax = rounded(reference["tax"] * total, whole)
    taxes = scaled(reference["taxes"], "amount", tax)
    return taxes, scaled(reference["line_item_taxes"], "tax_amount", tax)


def scaled(entries: Sequence[Document], key: str, amount: int) -> list[Document]:
    """Copies of the entries whose `key` adds up to the amount, in the old proportions."""
    parts = split(amount, [int(entry[key]) for entry in entries])
    return [{**entry, key: part} for entry, part in zip(entries, parts, strict=True)]


def note_entry(note: Document) -> Document:
    """How an invoice lists a credit note in `adjustment_credit_notes` and `issued_credit_notes`."""
    return present(
        {
            "cn_id": note["id"],
            "cn_reason_code": note.get("reason_code"),
            "cn_create_reason_code": note.get("create_reason_code"),
            "cn_date": note["date"],
            "cn_total": note["total"],
            "cn_status": note["status"],
        }
    )


def applied_entry(note: Document, amount: int, at: int) -> Document:
    """How an invoice lists a credit note in `applied_credits`."""
    entry = {key: value for key, value in note_entry(note).items() if key != "cn_total"}
    return {**entry, "applied_amount": amount, "applied_at": at, "tax_application": "post_tax"}


def allocation(invoice_document: Document, amount: int, at: int) -> Document:
    """How a credit note lists an invoice in `allocations`."""
    return {
        "invoice_id": invoice_document["id"],
        "allocated_amount": amount,
        "allocated_at": at,
        "invoice_date": invoice_document["date"],
        "invoice_status": invoice_document["status"],
        "tax_application": "post_tax",
    }


def present(document: Document) -> Document:
    """The document without the fields that have no value: Chargebee leaves those out."""
    return {key: value for key, value in document.items() if value is not None}


def shown(document: Document) -> Document:
    """A document as the API shows it."""
    return {key: value for key, value in document.items() if not key.startswith("_")}
