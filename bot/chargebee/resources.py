"""What Chargebee sends, as values. v2 and v1 stand apart: their invoices share names with other meanings.

    v2   Invoice  CreditNote  Customer  Subscription  Comment  Configuration  and the items inside them
    v1   InvoiceV1 (the one-time charge answers with it; v1 has no credit notes)

Rules of reading (Chargebee's OpenAPI files, its Node types, docs "Versioning"):

- Chargebee adds attributes at any time, so unknown ones are ignored; it adds values to its enumerations, so
  these are plain text that can be shown, never an error.
- Money is an integer in minor units. A float or a text there is a broken answer and is refused.
- Almost every field may be left out. Left-out money is 0, text is empty, a time is None, a list is empty.
- All times are unix seconds; only `resource_version` is in milliseconds.

Kept are the fields that previews, pickers, verification and the audit look at. A customer's e-mail, phone and
addresses are not among them, so they can neither be stored nor shown by accident. Every model survives
`model_validate(model_dump(mode="json"))`.
"""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Minor = Annotated[int, Field(strict=True)]
Count = Annotated[int, Field(strict=True)]
At = Annotated[int, Field(strict=True)]
Millis = Annotated[int, Field(strict=True)]


class Wire(BaseModel):
    """A part of an answer: immutable, and ignoring attributes it does not know."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class LineItem(Wire):
    """A line of an invoice or a credit note.

    `*_in_decimal` are major units, with multi-decimal pricing. `reference_line_item_id`, on a credit note, is
    the invoice line it credits.
    """

    id: str = ""
    description: str = ""
    entity_type: str = ""
    entity_id: str = ""
    subscription_id: str = ""
    customer_id: str = ""
    date_from: At | None = None
    date_to: At | None = None
    pricing_model: str = ""
    unit_amount: Minor = 0
    quantity: Count = 1
    amount: Minor = 0
    unit_amount_in_decimal: str = ""
    quantity_in_decimal: str = ""
    amount_in_decimal: str = ""
    discount_amount: Minor = 0
    item_level_discount_amount: Minor = 0
    is_taxed: bool = False
    tax_amount: Minor = 0
    reference_line_item_id: str = ""


class Tax(Wire):
    name: str = ""
    amount: Minor = 0
    description: str = ""


class Discount(Wire):
    amount: Minor = 0
    description: str = ""
    entity_type: str = ""
    entity_id: str = ""
    line_item_id: str = ""


class TaxWithheld(Wire):
    """Tax the customer withheld: in the docs' formulas, not in the newest SDK types, read if present."""

    id: str = ""
    amount: Minor = 0
    description: str = ""
    date: At | None = None
    reference_number: str = ""


class LinkedPayment(Wire):
    """`applied_amount` is the part put on this invoice, `txn_amount` the whole transaction."""

    txn_id: str = ""
    txn_status: str = ""
    txn_amount: Minor = 0
    txn_date: At | None = None
    applied_amount: Minor = 0
    applied_at: At | None = None


class LinkedRefund(LinkedPayment):
    """A refund paid out of a credit note."""

    refund_reason_code: str = ""


class AppliedCredit(Wire):
    """A refundable or store credit note put on this invoice. `cn_id` is the credit note."""

    cn_id: str
    cn_status: str = ""
    cn_reason_code: str = ""
    cn_create_reason_code: str = ""
    cn_date: At | None = None
    applied_amount: Minor = 0
    applied_at: At | None = None
    tax_application: str = ""


class RelatedNote(Wire):
    """A credit note as its invoice shows it."""

    cn_id: str
    cn_status: str = ""
    cn_reason_code: str = ""
    cn_create_reason_code: str = ""
    cn_date: At | None = None
    cn_total: Minor = 0


class AdjustmentNote(RelatedNote):
    """An adjustment credit note of this invoice: it lowers what is due. A write-off leaves one."""


class IssuedNote(RelatedNote):
    """A refundable or store credit note made from this invoice: it gives back what was paid."""


class Allocation(Wire):
    """Where a credit note's money went: an invoice."""

    invoice_id: str
    invoice_status: str = ""
    invoice_date: At | None = None
    allocated_amount: Minor = 0
    allocated_at: At | None = None
    tax_application: str = ""


class Einvoice(Wire):
    """`message` says in words why it failed or was skipped."""

    id: str = ""
    reference_id: str = ""
    reference_number: str = ""
    status: str = ""
    message: str = ""


class DocumentNote(Wire):
    """Text printed on the document."""

    note: str = ""
    entity_type: str = ""
    entity_id: str = ""


class Invoice(Wire):
    """A v2 invoice. `status`: paid, posted, payment_due, not_paid, voided, pending (docs "Invoices")."""

    id: str
    customer_id: str
    currency_code: str
    status: str
    subscription_id: str = ""  # absent on a consolidated invoice: look at the lines
    recurring: bool = False
    first_invoice: bool = False
    price_type: str = ""
    po_number: str = ""
    channel: str = ""  # app_store and play_store documents cannot be changed directly
    business_entity_id: str = ""
    payment_owner: str = ""
    dunning_status: str = ""
    void_reason_code: str = ""
    tax_category: str = ""
    is_gifted: bool = False
    term_finalized: bool = False
    deleted: bool = False

    total: Minor = 0
    sub_total: Minor = 0
    tax: Minor = 0
    amount_paid: Minor = 0
    amount_adjusted: Minor = 0
    write_off_amount: Minor = 0
    credits_applied: Minor = 0
    amount_due: Minor = 0
    amount_to_collect: Minor = 0
    round_off_amount: Minor = 0

    date: At | None = None
    due_date: At | None = None
    net_term_days: Count | None = None
    generated_at: At | None = None
    paid_at: At | None = None
    voided_at: At | None = None
    next_retry_at: At | None = None
    expected_payment_date: At | None = None
    updated_at: At | None = None
    resource_version: Millis = 0

    line_items: tuple[LineItem, ...] = ()
    line_items_next_offset: str = ""  # set: `line_items` is only a part
    discounts: tuple[Discount, ...] = ()
    taxes: tuple[Tax, ...] = ()
    linked_payments: tuple[LinkedPayment, ...] = ()
    applied_credits: tuple[AppliedCredit, ...] = ()
    adjustment_credit_notes: tuple[AdjustmentNote, ...] = ()
    issued_credit_notes: tuple[IssuedNote, ...] = ()
    linked_taxes_withheld: tuple[TaxWithheld, ...] = ()
    notes: tuple[DocumentNote, ...] = ()
    einvoice: Einvoice | None = None

    @property
    def in_progress_minor(self) -> int:
        """Σ `linked_payments.applied_amount` where `txn_status` is in_progress: it may yet arrive."""
        return sum(p.applied_amount for p in self.linked_payments if p.txn_status == "in_progress")

    @property
    def adjustable_minor(self) -> int:
        """The most an adjustment credit note can be: `amount_due` less `in_progress_minor`."""
        return max(0, self.amount_due - self.in_progress_minor)

    @property
    def refundable_minor(self) -> int:
        """The most that can be given back (docs "Create credit note", "Remove credit note from an invoice").

        Σ successful payments + Σ applied credits not voided + Σ taxes withheld, less Σ issued credit notes
        not voided. Of a payment, the part on this invoice counts (`applied_amount`).
        """
        paid = sum(p.applied_amount for p in self.linked_payments if p.txn_status == "success")
        applied = sum(c.applied_amount for c in self.applied_credits if c.cn_status != "voided")
        withheld = sum(t.amount for t in self.linked_taxes_withheld)
        given_back = sum(n.cn_total for n in self.issued_credit_notes if n.cn_status != "voided")
        return max(0, paid + applied + withheld - given_back)

    def line(self, line_item_id: str) -> LineItem | None:
        return next((item for item in self.line_items if item.id == line_item_id), None)


class CreditNote(Wire):
    """`type`: adjustment, refundable, store. `status`: adjusted, refunded, refund_due, voided."""

    id: str
    customer_id: str
    currency_code: str
    type: str
    status: str
    reference_invoice_id: str = ""  # absent for a standalone credit note
    subscription_id: str = ""
    reason_code: str = ""
    create_reason_code: str = ""
    customer_notes: str = ""
    price_type: str = ""
    channel: str = ""
    business_entity_id: str = ""
    tax_category: str = ""
    deleted: bool = False

    total: Minor = 0
    sub_total: Minor = 0
    amount_allocated: Minor = 0
    amount_refunded: Minor = 0
    amount_available: Minor = 0
    round_off_amount: Minor = 0

    date: At | None = None
    generated_at: At | None = None
    refunded_at: At | None = None
    voided_at: At | None = None
    updated_at: At | None = None
    resource_version: Millis = 0

    line_items: tuple[LineItem, ...] = ()
    line_items_next_offset: str = ""
    discounts: tuple[Discount, ...] = ()
    taxes: tuple[Tax, ...] = ()
    allocations: tuple[Allocation, ...] = ()
    linked_refunds: tuple[LinkedRefund, ...] = ()
    notes: tuple[DocumentNote, ...] = ()
    einvoice: Einvoice | None = None

    def allocated_to(self, invoice_id: str) -> int:
        """Σ `allocations.allocated_amount` on that invoice, minor units."""
        return sum(a.allocated_amount for a in self.allocations if a.invoice_id == invoice_id)


class Customer(Wire):
    """Names and company can all be absent. `auto_collection` is on or off."""

    id: str
    first_name: str = ""
    last_name: str = ""
    company: str = ""
    auto_collection: str = ""
    consolidated_invoicing: bool = False
    offline_payment_method: str = ""
    primary_payment_source_id: str = ""
    card_status: str = ""
    preferred_currency_code: str = ""
    net_term_days: Count | None = None
    is_einvoice_enabled: bool | None = None  # None: Chargebee does not say
    einvoicing_method: str = ""  # automatic, manual, site_default
    business_entity_id: str = ""
    channel: str = ""
    fraud_flag: str = ""
    pii_cleared: str = ""
    locale: str = ""
    deleted: bool = False
    promotional_credits: Minor = 0
    refundable_credits: Minor = 0
    excess_payments: Minor = 0
    unbilled_charges: Minor = 0
    created_at: At | None = None
    updated_at: At | None = None
    resource_version: Millis = 0

    @property
    def display_name(self) -> str:
        """The company, else the person's name, else the id. Never an e-mail: a whole channel reads it."""
        return self.company.strip() or f"{self.first_name} {self.last_name}".strip() or self.id

    @property
    def collects_at_once(self) -> bool:
        """Whether an invoice made now is charged to the stored payment method at once (docs "Invoices")."""
        return self.auto_collection == "on" and (
            bool(self.primary_payment_source_id) or self.card_status == "valid"
        )


class SubscriptionItem(Wire):
    """What is subscribed to (Product Catalog 2)."""

    item_price_id: str = ""
    item_type: str = ""
    quantity: Count = 1
    amount: Minor = 0


class Subscription(Wire):
    """`status`: in_trial, active, non_renewing, paused, cancelled, future. `plan_id`: Product Catalog 1."""

    id: str
    customer_id: str
    currency_code: str
    status: str
    plan_id: str = ""
    auto_collection: str = ""  # empty: the customer's
    payment_source_id: str = ""
    po_number: str = ""
    channel: str = ""
    business_entity_id: str = ""
    deleted: bool = False
    total_dues: Minor = 0
    due_invoices_count: Count = 0
    subscription_items: tuple[SubscriptionItem, ...] = ()
    created_at: At | None = None
    started_at: At | None = None
    current_term_end: At | None = None
    next_billing_at: At | None = None
    cancelled_at: At | None = None
    updated_at: At | None = None
    resource_version: Millis = 0

    @property
    def plan(self) -> str:
        """What names the subscription: of its items the plan, else the first; else `plan_id`."""
        items = sorted(self.subscription_items, key=lambda item: item.item_type != "plan")
        return items[0].item_price_id if items else self.plan_id


class Comment(Wire):
    """An internal comment. `type`: user or system."""

    id: str
    entity_type: str
    entity_id: str
    notes: str
    added_by: str = ""
    type: str = ""
    created_at: At | None = None


class Configuration(Wire):
    """`product_catalog_version`: v1 or v2. `chargebee_response_schema_type`: plans_addons, items, compat."""

    domain: str = ""
    product_catalog_version: str = ""
    chargebee_response_schema_type: str = ""


class LineItemV1(Wire):
    """`type`: charge, prorated_charge, setup_charge. The line's tax is `tax`, not `tax_amount`."""

    description: str = ""
    type: str = ""
    entity_type: str = ""
    entity_id: str = ""
    date_from: At | None = None
    date_to: At | None = None
    unit_amount: Minor = 0
    quantity: Count = 1
    amount: Minor = 0
    is_taxed: bool = False
    tax: Minor = 0
    reference_line_item_id: str = ""


class LinkedTransactionV1(LinkedPayment):
    """`txn_type`: authorization, payment, refund, payment_reversal."""

    txn_type: str = ""


class InvoiceV1(Wire):
    """A v1 invoice: the total is `amount`, its date `start_date`, and nothing is `posted` (v1 OpenAPI)."""

    id: str
    customer_id: str
    currency_code: str
    status: str
    start_date: At
    end_date: At | None = None
    subscription_id: str = ""
    recurring: bool = False
    first_invoice: bool = False
    price_type: str = ""
    po_number: str = ""
    dunning_status: str = ""
    amount: Minor = 0
    sub_total: Minor = 0
    tax: Minor = 0
    amount_paid: Minor = 0
    amount_adjusted: Minor = 0
    amount_due: Minor = 0
    credits_applied: Minor = 0
    paid_on: At | None = None
    next_retry: At | None = None
    line_items: tuple[LineItemV1, ...] = ()
    linked_transactions: tuple[LinkedTransactionV1, ...] = ()
    notes: tuple[DocumentNote, ...] = ()
