"""Creating and voiding credit notes.

| type | invoice's status | ceiling | afterwards |
| --- | --- | --- | --- |
| adjustment | payment_due, posted, not_paid | `amount_due` - payments in progress | adjusted, all allocated |
| refundable, store | the same, or paid | the invoice's refundable amount | refund_due, all available |
| refundable, standalone | - | none | refund_due, all available |

The amount is either `total` or `line_items`, never both, never neither. Lines are net; the note's total is
what the same part of the invoice costs with its tax, so that note tax / invoice tax = note total / invoice
total. What a line must say depends on the pricing model of the invoice line it refers to:

| pricing model | unit_amount | quantity | amount |
| --- | --- | --- | --- |
| flat_fee | required | - | - |
| per_unit, volume | required | required | - |
| tiered, stairstep | - | - | required |
| ad hoc (refers to nothing) | required | may be | - |

Where the invoice line is priced in decimals, `unit_amount_in_decimal` and `quantity_in_decimal` take their
places (a reading). Sources: chargebee/openapi v2, "Create credit note", "Void a credit note"; Chargebee SDK
for Node 3.33, request schemas (lengths).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from bot.sandbox.chargebee import errors
from bot.sandbox.chargebee.documents import (
    UNPAID,
    Document,
    credit_note,
    in_progress,
    line,
    minor,
    note_entry,
    prorated,
    refundable_amount,
    rounded,
    taxes_of,
    total_of,
)
from bot.sandbox.chargebee.invoices import adjust, allocated_to, lines_for, retell, take_off
from bot.sandbox.chargebee.state import Call, State
from bot.sandbox.chargebee.wire import LINE_ENTITIES

DAY_S = 86_400


def create(state: State, call: Call) -> dict[str, Document]:
    form, now = call.form, state.now()
    kind: str = form.get("type")
    invoice = _reference(state, call, kind)
    customer = _customer(state, call, invoice)
    currency = _currency(state, call, invoice, customer)
    _check_codes(state, call)
    date = _date(state, call, invoice)
    rows = form.rows("line_items")
    if bool(rows) == ("total" in form.values):
        raise errors.invalid("send either total or line_items", "total")
    if invoice is not None:
        _check_status(kind, invoice)
    lines = [
        _line(state, row, index, invoice, customer_id=customer["id"], currency=currency)
        for index, row in enumerate(rows)
    ]
    total = form.get("total") if not rows else _with_tax(kind, total_of(lines, "amount"), invoice)
    if invoice is not None:
        _check_ceiling(kind, invoice, total, "line_items" if rows else "total")
    taxes, line_item_taxes = _taxes(kind, invoice, lines, total)
    if not rows:
        lines = _lines_of_total(state, invoice, total - total_of(taxes, "amount"), customer["id"], now)

    note = credit_note(
        state.number("CN-"),
        kind=kind,
        customer_id=customer["id"],
        date=date,
        now=now,
        currency_code=currency,
        base_currency_code=state.settings.base_currency,
        total=total,
        lines=lines,
        taxes=taxes,
        line_item_taxes=line_item_taxes,
        reference=invoice,
        reason_code=form.get("reason_code"),
        create_reason_code=form.get("create_reason_code"),
        customer_notes=form.get("customer_notes"),
        **{name: value for name, value in form.values.items() if name.startswith("cf_")},
    )
    if call.caller.business_entity_id is not None:
        note.setdefault("business_entity_id", call.caller.business_entity_id)
    state.add("credit_note", note)
    if invoice is not None:
        if kind == "adjustment":
            adjust(state, invoice, note)
        else:
            invoice["issued_credit_notes"].append(note_entry(note))
        state.touch(invoice)
    state.count_credits(customer["id"])
    if comment := form.get("comment"):
        state.remark("credit_note", note["id"], comment, call.caller.key_name)
    backdated = date // DAY_S < now // DAY_S
    state.record(f"credit_note_created{'_with_backdating' * backdated}", call.actor, note)
    if invoice is None:
        return {"credit_note": note}
    if kind == "adjustment":
        state.record("invoice_updated", call.actor, invoice)
    return {"credit_note": note, "invoice": invoice}


def void(state: State, call: Call) -> dict[str, Document]:
    note = state.find("credit_note", call.document_id)
    if note["status"] in ("refunded", "voided"):
        raise errors.wrong_state(f"the credit note is {note['status']}")
    if note["linked_refunds"] or (note["type"] != "adjustment" and note["allocations"]):
        raise errors.wrong_state("the credit note is allocated or refunded")
    for invoice_id in [entry["invoice_id"] for entry in note["allocations"]]:
        invoice = state.find("invoice", invoice_id)
        if allocated_to(note, invoice_id) > 0:
            invoice["status"] = "not_paid"
            invoice.pop("paid_at", None)
        take_off(state, invoice, note)
        state.touch(invoice)
        state.record("invoice_updated", call.actor, invoice)
    note.update(status="voided", amount_available=0, voided_at=state.now())
    if comment := call.form.get("comment"):
        state.remark("credit_note", note["id"], comment, call.caller.key_name)
    retell(state, note)
    state.touch(note)
    state.count_credits(note["customer_id"])
    state.record("credit_note_updated", call.actor, note)
    return {"credit_note": note}


# ------------------------------------------------------------------ what the parameters must say


def _reference(state: State, call: Call, kind: str) -> Document | None:
    reference_id = call.form.get("reference_invoice_id")
    if reference_id is not None:
        return state.find("invoice", reference_id, "reference_invoice_id")
    if kind != "refundable":
        raise errors.wrong_value("reference_invoice_id", f"cannot be blank for a {kind} credit note")
    if "customer_id" not in call.form.values:
        raise errors.wrong_value("customer_id", "cannot be blank without a reference_invoice_id")
    return None


def _customer(state: State, call: Call, invoice: Document | None) -> Document:
    customer_id = call.form.get("customer_id")
    if invoice is not None and customer_id not in (None, invoice["customer_id"]):
        raise errors.invalid("is not the customer of the invoice", "customer_id")
    return state.find("customer", invoice["customer_id"] if invoice else customer_id, "customer_id")


def _currency(state: State, call: Call, invoice: Document | None, customer: Document) -> str:
    sent: str | None = call.form.get("currency_code")
    if invoice is not None:
        if sent not in (None, invoice["currency_code"]):
            raise errors.invalid("is not the currency of the invoice", "currency_code")
        return str(invoice["currency_code"])
    if sent is None and state.settings.multicurrency:
        raise errors.wrong_value("currency_code", f"cannot be blank for {customer['id']} on this site")
    if sent is not None and sent not in state.settings.currencies:
        raise errors.wrong_value("currency_code", "is not enabled for the site")
    return sent or state.settings.base_currency


def _check_codes(state: State, call: Call) -> None:
    code = call.form.get("create_reason_code")
    if code is None and state.settings.create_reason_codes_mandatory:
        raise errors.wrong_value("create_reason_code", "cannot be blank")
    if code is not None and code not in state.settings.create_reason_codes:
        raise errors.wrong_value("create_reason_code", "is not a reason code of this site")


def _date(state: State, call: Call, invoice: Document | None) -> int:
    now = state.now()
    date: int = call.form.get("date", now)
    if date > now:
        raise errors.wrong_value("date", "cannot be in the future")
    if invoice is not None and date < invoice["date"]:
        raise errors.wrong_value("date", "cannot be before the invoice's date")
    return date


def _check_status(kind: str, invoice: Document) -> None:
    allowed = UNPAID if kind == "adjustment" else ("paid", *UNPAID)
    if invoice["status"] not in allowed:
        raise errors.wrong_state(
            f"the invoice is {invoice['status']}, not {', '.join(allowed)}", "reference_invoice_id"
        )


def _check_ceiling(kind: str, invoice: Document, total: int, param: str) -> None:
    unpaid = invoice["amount_due"] - in_progress(invoice)
    ceiling = unpaid if kind == "adjustment" else refundable_amount(invoice)
    if total > ceiling:
        raise errors.invalid(f"{total} is more than the {max(0, ceiling)} that can be credited", param)


# ------------------------------------------------------------------------------- lines and taxes


@dataclass(frozen=True)
class Rule:
    """Which fields a line of one pricing model must have, and may have."""

    required: tuple[str, ...]
    optional: tuple[str, ...] = ()


RULES: Mapping[str, Rule] = {
    "flat_fee": Rule(("unit_amount",)),
    "per_unit": Rule(("unit_amount", "quantity")),
    "volume": Rule(("unit_amount", "quantity")),
    "tiered": Rule(("amount",)),
    "stairstep": Rule(("amount",)),
    "adhoc": Rule(("unit_amount",), ("quantity",)),
}
PRICED_BY = ("unit_amount", "quantity", "amount")
IN_DECIMAL = {"unit_amount": "unit_amount_in_decimal", "quantity": "quantity_in_decimal"}


def _line(
    state: State,
    row: dict[str, Any],
    index: int,
    invoice: Document | None,
    *,
    customer_id: str,
    currency: str,
) -> Document:
    """One line of the note, checked against the invoice line it refers to. Raises `ApiError` 400."""

    def name(field: str) -> str:
        return f"line_items[{field}][{index}]"

    reference = _referenced_line(row.get("reference_line_item_id"), invoice, name("reference_line_item_id"))
    _check_entity(state, row, reference, index)
    if row.get("date_from", 0) > row.get("date_to", row.get("date_from", 0)):
        raise errors.wrong_value(name("date_to"), "is before date_from")
    in_decimal = _priced_in_decimal(state, row, reference, index)
    rule = RULES[reference["pricing_model"] if reference else "adhoc"]
    twin = IN_DECIMAL if in_decimal else {}
    for field in rule.required:
        if twin.get(field, field) not in row:
            raise errors.wrong_value(name(twin.get(field, field)), "cannot be blank for this line")
    allowed = {twin.get(field, field) for field in (*rule.required, *rule.optional)}
    for field in (*PRICED_BY, *IN_DECIMAL.values()):
        if field in row and field not in allowed:
            raise errors.invalid("is not possible for the pricing model of this line", name(field))

    amount = _amount(row, currency)
    said: Document = {
        "description": "Credit",
        "entity_type": "adhoc",
        "entity_id": None,
        "date_from": state.now(),
        "date_to": state.now(),
        **(reference or {"id": None, "pricing_model": "flat_fee", "tax_rate": 0}),
        **row,
    }
    return line(
        state.number("li_cn_"),
        said["description"],
        customer_id=customer_id,
        amount=amount,
        unit_amount=row.get("unit_amount", amount),
        quantity=row.get("quantity", 1),
        pricing_model=said["pricing_model"],
        tax_rate=said["tax_rate"],
        entity_type=said["entity_type"],
        entity_id=said["entity_id"],
        period=(said["date_from"], said["date_to"]),
        reference_line_item_id=said["id"],
        **{field: str(row[field]) for field in IN_DECIMAL.values() if field in row},
    )


def _referenced_line(line_id: str | None, invoice: Document | None, param: str) -> Document | None:
    if line_id is None:
        return None
    for entry in invoice["line_items"] if invoice else ():
        if entry["id"] == line_id:
            return dict(entry)
    raise errors.wrong_value(param, "is not a line of the invoice")


def _check_entity(state: State, row: dict[str, Any], reference: Document | None, index: int) -> None:
    entity_type = row.get("entity_type")
    param = f"line_items[entity_type][{index}]"
    if entity_type is None:
        if reference is None:
            raise errors.wrong_value(param, "cannot be blank for a line that refers to none")
        return
    if entity_type not in LINE_ENTITIES[state.settings.product_catalog_version]:
        raise errors.wrong_value(param, "belongs to another product catalog")
    if reference is not None and entity_type != reference["entity_type"]:
        raise errors.invalid("is not the entity type of the invoice line", param)
    if (entity_type == "adhoc") == ("entity_id" in row):
        raise errors.invalid("goes with every entity type but adhoc", f"line_items[entity_id][{index}]")


def _priced_in_decimal(state: State, row: dict[str, Any], reference: Document | None, index: int) -> bool:
    sent = [field for field in IN_DECIMAL.values() if field in row]
    if sent and not state.settings.multi_decimal_pricing:
        raise errors.incompatible(
            "multi-decimal pricing is not enabled for the site", f"line_items[{sent[0]}][{index}]"
        )
    if reference is None:
        return bool(sent)
    return "unit_amount_in_decimal" in reference


def _amount(row: dict[str, Any], currency: str) -> int:
    """The net amount of a line in minor units; decimals are major units."""
    if "amount" in row:
        return int(row["amount"])
    if "unit_amount_in_decimal" in row:
        major: Decimal = row["unit_amount_in_decimal"] * row.get("quantity_in_decimal", Decimal(1))
        return minor(major, currency)
    return int(row["unit_amount"]) * int(row.get("quantity", 1))


def _with_tax(kind: str, net: int, invoice: Document | None) -> int:
    """What lines of this net sum come to in total."""
    if invoice is None or kind == "store":
        return net
    before_tax = invoice["total"] - invoice["tax"]
    return rounded(net * invoice["total"], before_tax) if before_tax else net


def _taxes(
    kind: str, invoice: Document | None, lines: list[Document], total: int
) -> tuple[list[Document], list[Document]]:
    if kind == "store":
        for entry in lines:
            entry.update(is_taxed=False, tax_amount=0, tax_rate=0)
        return [], []
    return taxes_of(lines) if invoice is None else prorated(invoice, total)


def _lines_of_total(
    state: State, invoice: Document | None, net: int, customer_id: str, now: int
) -> list[Document]:
    if invoice is not None:
        return lines_for(invoice, net)
    line_id = state.number("li_cn_")
    return [line(line_id, "Credit", customer_id=customer_id, amount=net, period=(now, now))]
