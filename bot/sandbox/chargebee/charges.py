"""The one-time charge: `POST /api/v1/invoices/charge` and `POST
/api/v2/invoices/create_for_charge_items_and_charges`.

| | v1 | v2 |
| --- | --- | --- |
| site | Product Catalog 1, one currency | Product Catalog 2 |
| party | customer or subscription, exactly one | the same |
| currency | the site's | `currency_code`, needed on a site with several |
| collection | as the customer or subscription says | `auto_collection` overrides |
| answer | the invoice in the v1 shape | the invoice in the v2 shape |

An invoice that is to be collected is collected at once: paid, with a linked payment. When the payment source
declines, the answer is 400 `payment_processing_failed`, and the setting
`invoice_left_after_failed_collection` says whether an invoice remains. An invoice that is not to be
collected is `posted` until it is due, then whatever the setting `unpaid_status` says. A payment source whose
id starts with `pm_declined` declines. Sources: chargebee/openapi v1, "Create invoice for a one-time charge";
Chargebee docs, "Create invoice for items and one-time charges", "Invoices", "Currencies". Not simulated:
item prices, discounts other than coupons, pending invoices.
"""

from dataclasses import dataclass
from typing import Any

from bot.sandbox.chargebee import errors, v1_shapes
from bot.sandbox.chargebee.documents import (
    Document,
    add_up_invoice,
    invoice,
    line,
    minor,
    payment,
    rounded,
    total_of,
)
from bot.sandbox.chargebee.invoices import pay_with_credits, usable_notes
from bot.sandbox.chargebee.state import Call, State

DAY_S = 86_400


@dataclass(frozen=True)
class Party:
    """Whom a charge is for; what the subscription says goes before what the customer says."""

    customer: Document
    subscription: Document | None

    @property
    def auto_collection(self) -> str:
        said = (self.subscription or {}).get("auto_collection", self.customer["auto_collection"])
        return str(said)

    @property
    def payment_source_id(self) -> str | None:
        return self.customer.get("primary_payment_source_id")


def charge_v1(state: State, call: Call) -> dict[str, Document]:
    settings, form = state.settings, call.form
    if settings.product_catalog_version != "v1":
        raise errors.incompatible("one-time charges of this API do not exist in Product Catalog 2")
    if settings.multicurrency:
        raise errors.incompatible(
            "currency_code is needed on a site with several currencies", "currency_code"
        )
    party = _party(state, call)
    discounts = _discounts(state, [form.get("coupon")] if "coupon" in form.values else [], "coupon", party)
    rows = [{"amount": form.get("amount"), "description": form.get("description")}]
    charged = _issue(
        state, call, party, rows, currency=settings.base_currency, coupons=discounts, date=state.now()
    )
    return {"invoice": v1_shapes.invoice(charged)}


def charge_v2(state: State, call: Call) -> dict[str, Document]:
    settings, form = state.settings, call.form
    if settings.product_catalog_version != "v2":
        raise errors.incompatible("charge items exist in Product Catalog 2 only")
    party = _party(state, call)
    currency = _currency(state, call, party)
    date = form.get("invoice_date", state.now())
    if date > state.now():
        raise errors.wrong_value("invoice_date", "cannot be in the future")
    coupons = _discounts(state, form.scalars("coupon_ids"), "coupon_ids[0]", party)
    rows = [_charge_row(row, index, currency) for index, row in enumerate(form.rows("charges"))]
    if not rows:
        raise errors.wrong_value("charges[amount][0]", "cannot be blank")
    charged = _issue(state, call, party, rows, currency=currency, coupons=coupons, date=date)
    return {"invoice": charged}


# ------------------------------------------------------------------------------------- who, what


def _party(state: State, call: Call) -> Party:
    customer_id, subscription_id = call.form.get("customer_id"), call.form.get("subscription_id")
    if (customer_id is None) == (subscription_id is None):
        raise errors.invalid("send exactly one of customer_id and subscription_id", "customer_id")
    if subscription_id is None:
        return Party(state.find("customer", customer_id, "customer_id"), None)
    subscription = state.find("subscription", subscription_id, "subscription_id")
    customer = state.find("customer", subscription["customer_id"])
    if customer.get("consolidated_invoicing"):
        raise errors.invalid("is invoiced together with others; charge the customer", "subscription_id")
    return Party(customer, subscription)


def _currency(state: State, call: Call, party: Party) -> str:
    sent: str | None = call.form.get("currency_code")
    if party.subscription is not None:
        own = str(party.subscription["currency_code"])
        if sent not in (None, own):
            raise errors.invalid("is not the currency of the subscription", "currency_code")
        return own
    if sent is None and state.settings.multicurrency:
        raise errors.wrong_value("currency_code", "cannot be blank on a site with several currencies")
    if sent is not None and sent not in state.settings.currencies:
        raise errors.wrong_value("currency_code", "is not enabled for the site")
    return sent or state.settings.base_currency


def _charge_row(row: dict[str, Any], index: int, currency: str) -> dict[str, Any]:
    if ("amount" in row) == ("amount_in_decimal" in row):
        raise errors.invalid("send exactly one of amount and amount_in_decimal", f"charges[amount][{index}]")
    if row.get("date_from", 0) > row.get("date_to", row.get("date_from", 0)):
        raise errors.wrong_value(f"charges[date_to][{index}]", "is before date_from")
    if "amount" in row:
        return row
    amount = minor(row["amount_in_decimal"], currency)
    if amount < 1:
        raise errors.wrong_value(f"charges[amount_in_decimal][{index}]", "is less than the smallest amount")
    return {**row, "amount": amount}


def _discounts(state: State, coupon_ids: list[str], param: str, party: Party) -> list[Document]:
    if coupon_ids and party.subscription is not None:
        raise errors.invalid("coupons go with a customer_id only", param)
    coupons = [state.find("coupon", coupon_id, param) for coupon_id in coupon_ids]
    for coupon in coupons:
        if coupon["duration_type"] != "one_time":
            raise errors.invalid(f"{coupon['id']} is not a one-time coupon", param)
    return coupons


# ----------------------------------------------------------------------------------- the invoice


def _issue(
    state: State,
    call: Call,
    party: Party,
    rows: list[dict[str, Any]],
    *,
    currency: str,
    coupons: list[Document],
    date: int,
) -> Document:
    form = call.form
    collect = form.get("auto_collection", party.auto_collection) == "on"
    source = form.get("payment_source_id") or party.payment_source_id
    if collect and source is None:
        raise errors.no_payment_method("the customer has no payment method")
    declined = collect and str(source).startswith("pm_declined")
    left = state.settings.invoice_left_after_failed_collection
    if declined and left == "none":
        state.record("payment_failed", call.actor, party.customer)
        raise errors.payment_failed("the card was declined")

    term_days = form.get("net_term_days", party.customer.get("net_term_days", 0))
    due_date = date + (0 if collect else term_days * DAY_S)
    lines = [_line(state, row, party, date) for row in rows]
    charged = invoice(
        state.number("INV-"),
        customer_id=party.customer["id"],
        subscription_id=party.subscription["id"] if party.subscription else None,
        status="posted" if due_date > state.now() else state.settings.unpaid_status,
        date=date,
        due_date=due_date,
        currency_code=currency,
        base_currency_code=state.settings.base_currency,
        lines=lines,
        discounts=_taken_off(coupons, total_of(lines, "amount")),
        po_number=form.get("po_number"),
        business_entity_id=call.caller.business_entity_id or party.customer.get("business_entity_id"),
        notes=[{"note": form.get("invoice_note")}] if "invoice_note" in form.values else [],
    )
    charged["recurring"] = False
    charged["generated_at"] = state.now()
    state.add("invoice", charged)
    if state.settings.refundable_credits_pay_new_invoices:
        pay_with_credits(state, charged, usable_notes(state, charged))
    if collect and charged["amount_due"] > 0:
        _collect(state, call, charged, "failure" if declined else "success")
    if charged["amount_due"] == 0:
        charged.update(status="paid", paid_at=state.now())
    elif declined:
        charged["status"] = left
        charged["dunning_status"] = "in_progress" if left == "payment_due" else "exhausted"
    state.touch(charged)
    backdated = date // DAY_S < state.now() // DAY_S
    state.record(f"invoice_generated{'_with_backdating' * backdated}", call.actor, charged)
    if declined:
        raise errors.payment_failed("the card was declined")
    return charged


def _line(state: State, row: dict[str, Any], party: Party, date: int) -> Document:
    start = row.get("date_from", date)
    return line(
        state.number("li_"),
        row.get("description", "Charge"),
        customer_id=party.customer["id"],
        amount=row["amount"],
        tax_rate=state.settings.charge_tax_percent,
        period=(start, row.get("date_to", start)),
        subscription_id=party.subscription["id"] if party.subscription else None,
    )


def _taken_off(coupons: list[Document], sub_total: int) -> list[Document]:
    return [
        {
            "amount": rounded(sub_total * coupon["discount_percentage"], 100),
            "description": coupon["name"],
            "entity_type": "document_level_coupon",
            "entity_id": coupon["id"],
            "object": "discount",
        }
        for coupon in coupons
    ]


def _collect(state: State, call: Call, charged: Document, status: str) -> None:
    """Charge the payment source for what is due, with the result told."""
    now, amount = state.now(), charged["amount_due"]
    transaction = {
        "id": state.number("txn_"),
        "customer_id": charged["customer_id"],
        "type": "payment",
        "payment_method": "card",
        "date": now,
        "amount": amount,
        "currency_code": charged["currency_code"],
        "status": status,
        "updated_at": now,
        "resource_version": 0,
        "object": "transaction",
    }
    state.add("transaction", transaction)
    charged["linked_payments"].append(payment(transaction["id"], amount, now, status))
    add_up_invoice(charged)
    state.record("transaction_created", call.actor, transaction)
    outcome = "payment_succeeded" if status == "success" else "payment_failed"
    state.record(outcome, call.actor, transaction, charged)
