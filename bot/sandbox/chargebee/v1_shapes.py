"""The documents as the v1 API shows them.

v1 has its own names (`amount` for `total`, `start_date` for `date`, `linked_transactions` for
`linked_payments`), knows no status `posted` (shown as `payment_due`, a reading), and has no credit notes at
all. Sources: chargebee/openapi v1, "Retrieve an invoice", "Retrieve a customer"; Chargebee SDK for Node 3.33,
types.
"""

from bot.sandbox.chargebee.documents import Document, present

SAME_IN_V1 = (
    "id",
    "customer_id",
    "subscription_id",
    "recurring",
    "po_number",
    "vat_number",
    "price_type",
    "currency_code",
    "tax",
    "sub_total",
    "amount_due",
    "amount_adjusted",
    "amount_paid",
    "credits_applied",
    "dunning_status",
    "first_invoice",
)

CUSTOMER_IN_V1 = (
    "id",
    "first_name",
    "last_name",
    "email",
    "phone",
    "company",
    "auto_collection",
    "created_at",
    "taxability",
    "refundable_credits",
    "excess_payments",
)

LINE_ENTITIES = {"plan": "plan", "addon": "addon"}


def invoice(document: Document) -> Document:
    return present(
        {
            **{name: document[name] for name in SAME_IN_V1 if name in document},
            "status": "payment_due" if document["status"] == "posted" else document["status"],
            "start_date": document["date"],
            "end_date": max([document["date"], *(entry["date_to"] for entry in document["line_items"])]),
            "amount": document["total"],
            "paid_on": document.get("paid_at"),
            "next_retry": document.get("next_retry_at"),
            "line_items": [_line(entry) for entry in document["line_items"]],
            "discounts": [_discount(entry) for entry in document["discounts"]],
            "taxes": [
                {"object": "tax", "amount": entry["amount"], "description": entry["description"]}
                for entry in document["taxes"]
            ],
            "linked_transactions": [
                {"object": "linked_transaction", "txn_type": "payment", **entry}
                for entry in document["linked_payments"]
            ],
            "linked_orders": document["linked_orders"],
            "notes": document["notes"],
            "object": "invoice",
        }
    )


def customer(document: Document) -> Document:
    return {
        **{name: document[name] for name in CUSTOMER_IN_V1 if name in document},
        "allow_direct_debit": False,
        "account_credits": document["promotional_credits"],
        "object": "customer",
    }


def _line(entry: Document) -> Document:
    return present(
        {
            "object": "line_item",
            "id": entry["id"],
            "date_from": entry["date_from"],
            "date_to": entry["date_to"],
            "unit_amount": entry["unit_amount"],
            "quantity": entry["quantity"],
            "amount": entry["amount"],
            "is_taxed": entry["is_taxed"],
            "tax": entry["tax_amount"],
            "tax_rate": entry["tax_rate"],
            "description": entry["description"],
            "type": "charge",
            "entity_type": LINE_ENTITIES.get(entry["entity_type"], "adhoc"),
            "entity_id": entry.get("entity_id"),
        }
    )


def _discount(entry: Document) -> Document:
    return {
        "object": "discount",
        "amount": entry["amount"],
        "description": entry["description"],
        "type": "coupon",
        "entity_id": entry["entity_id"],
    }
