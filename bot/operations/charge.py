"""One-time charge: invoice a customer for something outside any plan.

    charge_api = v1   `POST /api/v1/invoices/charge` (v1 docs, "Create invoice for a one-time charge")
    charge_api = v2   `POST /api/v2/invoices/create_for_charge_items_and_charges`, for sites v1 cannot serve:
                      several currencies (v1 has no currency_code), Product Catalog 2

Chargebee makes a new invoice for a customer, or for a subscription's customer. With auto-collection on, the
stored payment method is charged at once, so this call can take money. An invoice nobody has paid can be
voided; what was paid is given back with a refundable credit note.

Nothing in Chargebee stops the same charge from being made twice, and there is no comment: the request's mark
goes into the line's description, or into the PO number (`charge_ref_in`). Both are printed on the invoice. By
it our invoice is found again among the customer's newest.

What is promised: the line, and that the invoice is paid where it is collected at once. The total is promised
only where neither a coupon nor tax can change it; a refused payment may leave an unpaid invoice behind, which
then shows as a difference.

Surprising: v1 does not say which currency it counts in. It is the site's, so typing another one is an error.
"""

from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import Field, model_validator

from bot.chargebee.resources import Customer, Subscription
from bot.core.errors import InvalidInput, Refusal
from bot.core.money import Money, Typed
from bot.core.plan import Call, Party, Plan, Value
from bot.operations.base import (
    Ask,
    CustomerId,
    Facts,
    Input,
    Operation,
    Params,
    Reader,
    Risk,
    SiteProfile,
    SubscriptionId,
    Text,
    Verdict,
    counted,
    enumerated,
    existing,
    marked,
    misplaced,
    rows,
    written,
)
from bot.operations.charge_recent import SAME_TEXT_S, RecentInvoice, alike

#: How many of the customer's newest invoices are looked at: one page of Chargebee's list.
NEWEST = 100
#: How far Chargebee's clock and ours may stand apart.
CLOCKS_APART_S = 3600

DESCRIPTION_MAX = 250
PO_NUMBER_MAX = 100


class ChargeParams(Params):
    customer: Annotated[
        CustomerId | None,
        Ask(
            input=Input.CUSTOMER,
            label="Customer",
            hint="Choose a customer or a subscription, not both.",
            placeholder="Type a name or an id, or paste a Chargebee link",
            place=1,
        ),
    ] = None
    subscription: Annotated[
        SubscriptionId | None,
        Ask(
            input=Input.SUBSCRIPTION,
            label="Subscription",
            hint="Instead of a customer. Not for customers with consolidated invoices.",
            placeholder="Type an id, or paste a Chargebee link",
        ),
    ] = None
    amount: Annotated[
        Typed,
        Ask(
            input=Input.AMOUNT,
            label="Amount",
            hint="Before tax and coupon. Add a currency when the customer has no usual one.",
            place=2,
        ),
    ]
    description: Annotated[
        Text,
        Field(min_length=3, max_length=DESCRIPTION_MAX),
        Ask(
            input=Input.TEXT,
            label="Description",
            hint="What the charge is for: the invoice's line.",
            customer_sees=True,
            place=3,
        ),
    ]
    po_number: Annotated[
        Text | None,
        Field(max_length=PO_NUMBER_MAX),
        Ask(input=Input.TEXT, label="PO number", hint="The customer's purchase order.", customer_sees=True),
    ] = None
    coupon: Annotated[
        Text | None,
        Field(max_length=100),
        Ask(
            input=Input.TEXT,
            label="Coupon",
            hint="The id of a one-time coupon. Only when a customer is charged, not a subscription.",
        ),
    ] = None

    @model_validator(mode="after")
    def _one_party(self) -> Self:
        if self.customer and self.subscription:
            raise misplaced("subscription", "Choose a customer or a subscription, not both.")
        if not self.customer and not self.subscription:
            raise misplaced("customer", "Choose whom to charge: a customer or a subscription.")
        if self.coupon and self.subscription:
            raise misplaced("coupon", "A coupon works only when a customer is charged, not a subscription.")
        return self


class ChargeFacts(Facts):
    """`recent` are the customer's invoices of the last 30 days, and older ones made by billing requests."""

    customer: Customer
    subscription: Subscription | None
    recent: tuple[RecentInvoice, ...]
    reaches_back_to: int  # invoices older than this were not looked at
    usual_currency: str  # of the newest invoice; empty when there is none
    taxed: bool | None  # whether an earlier invoice shows tax; None when there is none to judge by

    def ours(self, ref: str) -> RecentInvoice | None:
        return next((invoice for invoice in self.recent if ref in invoice.marks), None)


async def load(reader: Reader, params: ChargeParams) -> ChargeFacts:
    subscription = None
    if params.subscription:
        subscription = await existing(
            "subscription", "subscription", reader.subscription(params.subscription)
        )
        customer = await reader.customer(subscription.customer_id)
    else:
        customer = await existing("customer", "customer", reader.customer(params.customer or ""))
    newest = await reader.invoices(limit=NEWEST, customer_id__is=customer.id)
    now = reader.now()
    seen = [RecentInvoice.of(invoice) for invoice in newest]
    return ChargeFacts(
        as_of=now,
        site=reader.site,
        customer=customer,
        subscription=subscription,
        recent=tuple(i for i in seen if i.date > now - SAME_TEXT_S or i.marks),
        reaches_back_to=min(i.date for i in seen) if len(seen) >= NEWEST else 0,
        usual_currency=newest[0].currency_code if newest else "",
        taxed=any(i.tax for i in newest) if newest else None,
    )


def picture(_params: ChargeParams, facts: ChargeFacts, ref: str) -> Mapping[str, Value]:
    ours = facts.ours(ref)
    if ours is None:
        return {}

    def money(minor: int) -> Money:
        return Money(amount_minor=minor, currency=ours.currency_code)

    return {
        "invoice.customer_id": ours.customer_id,
        "invoice.subscription_id": ours.subscription_id or None,
        "line_item.description": ours.lines[0].description if ours.lines else None,
        "line_item.amount": money(sum(line.amount for line in ours.lines)),
        "invoice.po_number": ours.po_number or None,
        "invoice.total": money(ours.total),
        "invoice.status": ours.status,
    }


def plan(params: ChargeParams, facts: ChargeFacts, ref: str) -> Plan:
    customer, subscription, site = facts.customer, facts.subscription, facts.site
    ours = facts.ours(ref)
    if ours is not None:
        raise Refusal(f"{ref} has made this charge already: it is invoice {ours.id}.")
    amount = counted("amount", params.amount, _currency(params, facts), site)
    description, po_number = _texts(params, site, ref)
    at_once = _collects(facts) and bool(_method(facts))

    group = "New invoice"
    labels = {"invoice.customer_id": (group, "Customer")}
    expected: dict[str, Value] = {"invoice.customer_id": customer.id}
    if subscription:
        labels["invoice.subscription_id"] = (group, "Subscription")
        expected["invoice.subscription_id"] = subscription.id
    labels["line_item.description"] = (group, "Description")
    labels["line_item.amount"] = (group, "Charge")
    expected |= {"line_item.description": description, "line_item.amount": amount}
    if po_number:
        labels["invoice.po_number"] = (group, "PO number")
        expected["invoice.po_number"] = po_number
    if not params.coupon and facts.taxed is False:
        labels["invoice.total"] = (group, "Total")
        expected["invoice.total"] = amount
    if at_once:
        labels["invoice.status"] = (group, "Status")
        expected["invoice.status"] = "paid"

    return Plan(
        operation=OPERATION.name,
        summary=f"Charge {_whom(facts)}",
        call=_call(params, amount, description, po_number, site),
        rows=rows(labels, {}, expected),
        warnings=(*_collection(facts, amount), *_total(params, facts), *_twins(params, facts, amount)),
        amount=amount,
        customer=Party(id=customer.id, name=customer.display_name),
        documents=(customer.id, subscription.id) if subscription else (customer.id,),
        # The new invoice has no id yet; its mark leads from it to the note on the customer.
        note_on=("customer", customer.id),
    )


def _whom(facts: ChargeFacts) -> str:
    if facts.subscription:
        return f"subscription {facts.subscription.id}"
    return f"customer {facts.customer.id}"


def _currency(params: ChargeParams, facts: ChargeFacts) -> str:
    """What the charge is counted in. Where Chargebee takes a currency, a customer can be charged in any."""
    typed, site = params.amount.currency, facts.site
    if facts.subscription:
        return facts.subscription.currency_code
    if site.charge_api == "v2" and typed:
        return typed
    preferred = facts.customer.preferred_currency_code
    if site.charge_api == "v1":
        known = site.base_currency or preferred or facts.usual_currency
        if not known:
            raise Refusal(
                "Nothing says in which currency this Chargebee site counts, so the amount cannot be sent.",
                hint="An administrator can set the site's base currency in the bot's settings.",
            )
        return known
    known = preferred or site.base_currency
    if not known:
        raise InvalidInput({"amount": "Add the currency, such as EUR 150: the customer has no usual one."})
    return known


def _texts(params: ChargeParams, site: SiteProfile, ref: str) -> tuple[str, str]:
    """Description and PO number as sent, one of them with the mark. Raises InvalidInput if too long."""
    room = len(marked("x", ref)) - 1
    if site.charge_ref_in == "po_number":
        field, text, most = "po_number", params.po_number or "", PO_NUMBER_MAX
    else:
        field, text, most = "description", params.description, DESCRIPTION_MAX
    if len(text) > most - room:
        raise InvalidInput(
            {field: f"Use at most {most - room} characters (you used {len(text)}): the mark [{ref}] follows."}
        )
    if field == "po_number":
        return params.description, marked(text, ref)
    return marked(text, ref), params.po_number or ""


def _call(params: ChargeParams, amount: Money, description: str, po_number: str, site: SiteProfile) -> Call:
    party = (
        ("subscription_id", params.subscription)
        if params.subscription
        else ("customer_id", params.customer or "")
    )
    minor = str(amount.amount_minor)
    if site.charge_api == "v2":
        form = [
            party,
            ("currency_code", amount.currency),
            ("charges[amount][0]", minor),
            ("charges[description][0]", description),
        ]
        coupon, path = "coupon_ids[0]", ("invoices", "create_for_charge_items_and_charges")
    else:
        form = [party, ("amount", minor), ("description", description)]
        coupon, path = "coupon", ("invoices", "charge")
    if params.coupon:
        form.append((coupon, params.coupon))
    if po_number:
        form.append(("po_number", po_number))
    return Call(api="v2" if site.charge_api == "v2" else "v1", path=path, form=tuple(form))


# ---------------------------------------------------------------------------------------------- warnings


def _collects(facts: ChargeFacts) -> bool:
    """Whether Chargebee collects the invoice: the subscription's word goes before the customer's."""
    said = facts.subscription.auto_collection if facts.subscription else ""
    return (said or facts.customer.auto_collection) == "on"


def _method(facts: ChargeFacts) -> str:
    """The stored payment method in words, or empty."""
    of_subscription = facts.subscription.payment_source_id if facts.subscription else ""
    source = of_subscription or facts.customer.primary_payment_source_id
    if source:
        return f"the stored payment method ({source})"
    return "the stored card" if facts.customer.card_status == "valid" else ""


def _collection(facts: ChargeFacts, amount: Money) -> list[str]:
    if not _collects(facts):
        return ["Collection is off: the invoice stays unpaid until the customer pays it."]
    method = _method(facts)
    if not method:
        return [
            "Collection is on, but no payment method is stored: Chargebee will probably refuse this charge."
        ]
    shown = written(amount.amount_minor, amount.currency, facts.site)
    return [f"This takes money at once: Chargebee collects the {shown}, with tax if any, from {method}."]


def _total(params: ChargeParams, facts: ChargeFacts) -> list[str]:
    warnings = []
    if params.coupon:
        warnings.append(f"Chargebee sets the total: coupon {params.coupon} lowers it by what it is worth.")
    if facts.taxed:
        warnings.append("Chargebee may add tax, as on this customer's earlier invoices.")
    elif facts.taxed is None:
        warnings.append("Chargebee may add tax; there is no earlier invoice to tell by.")
    if facts.customer.refundable_credits or facts.customer.promotional_credits:
        warnings.append("The customer has credits, and Chargebee may use them up on this invoice first.")
    typed, preferred = params.amount.currency, facts.customer.preferred_currency_code
    if not facts.subscription and typed and preferred and typed != preferred:
        warnings.append(f"The customer's usual currency is {preferred}, and this charge is in {typed}.")
    if facts.subscription and facts.customer.consolidated_invoicing:
        warnings.append(
            "The customer's invoices are consolidated, so Chargebee may refuse to charge a subscription: charge the customer."
        )
    if facts.subscription and facts.subscription.status == "cancelled":
        warnings.append(f"Subscription {facts.subscription.id} is cancelled.")
    return warnings


def _twins(params: ChargeParams, facts: ChargeFacts, amount: Money) -> list[str]:
    found = alike(facts.recent, amount, params.description, facts.as_of, facts.site)
    if not found:
        return []
    shown = written(amount.amount_minor, amount.currency, facts.site)
    return [f"{shown} was charged before: {enumerated(found[:5])}. Make sure that this is another charge."]


# -------------------------------------------------------------------------------------------- afterwards


def landed(_params: ChargeParams, before: ChargeFacts, after: ChargeFacts, ref: str) -> Verdict:
    """An invoice with our mark is ours. None proves absence only where the list goes back far enough."""
    if after.ours(ref):
        return Verdict.LANDED
    if after.reaches_back_to < before.as_of - CLOCKS_APART_S:
        return Verdict.ABSENT
    return Verdict.PENDING


def created(_before: ChargeFacts, after: ChargeFacts, ref: str) -> tuple[str, ...]:
    ours = after.ours(ref)
    return (ours.id,) if ours else ()


OPERATION = Operation(
    name="charge",
    title="One-time charge",
    command="/charge",
    summary="Invoice a customer or a subscription for a one-time charge.",
    risk=Risk.REVERSIBLE,
    undo="Not undone in one step: an unpaid invoice can be voided in Chargebee, "
    "and what was paid is given back with a refundable credit note and a refund.",
    params=ChargeParams,
    facts=ChargeFacts,
    load=load,
    plan=plan,
    picture=picture,
    landed=landed,
    created=created,
    takes_entity=lambda site: site.charge_api == "v2",
)
