"""Documents and facts the operations' tests start from, and a reader that answers from a shelf.

`EXAMPLES` holds, by operation, params with the facts before and after the change: the contract tests run over them, so a new
operation adds its own here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from bot.chargebee.resources import Comment, CreditNote, Customer, Invoice, LineItem, Subscription, Tax
from bot.core.errors import NotFound
from bot.core.money import Typed
from bot.operations.base import Facts, Params, SiteProfile
from bot.operations.charge import ChargeFacts, ChargeParams
from bot.operations.charge_recent import RecentInvoice
from bot.operations.credit_note_params import CreditNoteFacts, CreditNoteParams, MarkedNote
from bot.operations.remove_credit_note import RemoveCreditNoteFacts, RemoveCreditNoteParams
from bot.operations.send_einvoice import SendEinvoiceFacts, SendEinvoiceParams
from bot.operations.write_off import WriteOffFacts, WriteOffParams

DAY_S = 86_400
NOW = int(datetime(2026, 11, 20, 9, 30, tzinfo=UTC).timestamp())
REF = "BR-1042"
SITE = SiteProfile(base_currency="EUR")
WORLD = SiteProfile(charge_api="v2", base_currency="EUR")


def customer(**changed: Any) -> Customer:
    return Customer.model_validate(
        {
            "id": "acme",
            "company": "Acme GmbH",
            "auto_collection": "off",
            "preferred_currency_code": "EUR",
            "is_einvoice_enabled": True,
            "einvoicing_method": "manual",
        }
        | changed
    )


def subscription(**changed: Any) -> Subscription:
    return Subscription.model_validate(
        {"id": "sub-1", "customer_id": "acme", "currency_code": "EUR", "status": "active"} | changed
    )


def line(line_id: str = "li_1", amount: int = 10_000, **changed: Any) -> LineItem:
    """A line with 19% tax on top."""
    return LineItem.model_validate(
        {
            "id": line_id,
            "description": "Export",
            "entity_type": "adhoc",
            "pricing_model": "flat_fee",
            "unit_amount": amount,
            "amount": amount,
            "tax_amount": amount * 19 // 100,
        }
        | changed
    )


def invoice(**changed: Any) -> Invoice:
    """EUR 100.00 and 19% tax, all of it due."""
    return Invoice.model_validate(
        {
            "id": "INV-1042",
            "customer_id": "acme",
            "currency_code": "EUR",
            "status": "payment_due",
            "price_type": "tax_exclusive",
            "date": NOW - 10 * DAY_S,
            "due_date": NOW - DAY_S,
            "total": 11_900,
            "sub_total": 10_000,
            "tax": 1_900,
            "amount_due": 11_900,
            "taxes": [Tax(name="VAT", amount=1_900).model_dump()],
            "line_items": [line().model_dump()],
        }
        | changed
    )


def paid_invoice(**changed: Any) -> Invoice:
    payment = {"txn_id": "txn_1", "txn_status": "success", "txn_amount": 11_900, "applied_amount": 11_900}
    return invoice(
        **{"status": "paid", "amount_due": 0, "amount_paid": 11_900, "linked_payments": [payment]} | changed
    )


def note(**changed: Any) -> CreditNote:
    return CreditNote.model_validate(
        {
            "id": "CN-12",
            "customer_id": "acme",
            "currency_code": "EUR",
            "type": "adjustment",
            "status": "adjusted",
            "reference_invoice_id": "INV-1042",
            "total": 5_000,
            "amount_allocated": 5_000,
            "generated_at": NOW,
            "date": NOW,
            "allocations": [{"invoice_id": "INV-1042", "allocated_amount": 5_000}],
        }
        | changed
    )


def typed(digits: str, currency: str = "") -> Typed:
    return Typed(digits=digits, currency=currency)


# ---------------------------------------------------------------------------------------------- facts by operation


def charge_facts(*newest: Invoice, **changed: Any) -> ChargeFacts:
    known: dict[str, Any] = {
        "as_of": NOW,
        "site": SITE,
        "customer": customer(),
        "subscription": None,
        "recent": tuple(RecentInvoice.of(i) for i in newest),
        "reaches_back_to": 0,
        "usual_currency": newest[0].currency_code if newest else "",
        "taxed": any(i.tax for i in newest) if newest else None,
    }
    return ChargeFacts(**known | changed)


def untaxed(**changed: Any) -> Invoice:
    """An earlier invoice without tax, long ago."""
    bare = {"tax": 0, "taxes": [], "total": 10_000, "date": NOW - 20 * DAY_S, "id": "INV-900"}
    return paid_invoice(**bare | {"line_items": [line("li_9", 4_200, tax_amount=0).model_dump()]} | changed)


def charged(text: str = f"Setup fee [{REF}]", amount: int = 15_000, **changed: Any) -> Invoice:
    """The invoice of a one-time charge."""
    items = [line("li_2", amount, tax_amount=0, description=text).model_dump()]
    return invoice(
        **{
            "id": "INV-2000",
            "status": "posted",
            "date": NOW,
            "total": amount,
            "tax": 0,
            "taxes": [],
            "amount_due": amount,
            "line_items": items,
        }
        | changed
    )


def credit_note_facts(
    of: Invoice | None = None, notes: Sequence[MarkedNote] = (), **changed: Any
) -> CreditNoteFacts:
    known: dict[str, Any] = {
        "as_of": NOW,
        "site": SITE,
        "invoice": of,
        "customer": customer(),
        "notes": tuple(notes),
        "listed": tuple(seen.note.id for seen in notes),
        "complete": True,
    }
    return CreditNoteFacts(**known | changed)


def removal_facts(of: Invoice, applied: CreditNote, **changed: Any) -> RemoveCreditNoteFacts:
    known: dict[str, Any] = {
        "as_of": NOW,
        "site": SITE,
        "invoice": of,
        "customer": customer(),
        "note": applied,
    }
    return RemoveCreditNoteFacts(**known | changed)


def adjusted_invoice(**changed: Any) -> Invoice:
    """EUR 50.00 of the invoice were adjusted by CN-12."""
    entry = {"cn_id": "CN-12", "cn_status": "adjusted", "cn_total": 5_000}
    return invoice(
        **{"amount_due": 6_900, "amount_adjusted": 5_000, "adjustment_credit_notes": [entry]} | changed
    )


def einvoice_facts(status: str = "", message: str = "", **changed: Any) -> SendEinvoiceFacts:
    sent = {"einvoice": {"id": "ei_1", "status": status, "message": message}} if status else {}
    given_back = note(type="refundable", status="refund_due", amount_allocated=0, allocations=[], **sent)
    known: dict[str, Any] = {"as_of": NOW, "site": SITE, "note": given_back, "customer": customer()}
    return SendEinvoiceFacts(**known | changed)


def write_off_facts(of: Invoice, **changed: Any) -> WriteOffFacts:
    known: dict[str, Any] = {
        "as_of": NOW,
        "site": SITE,
        "invoice": of,
        "customer": customer(),
        "note": None,
        "marks": (),
    }
    return WriteOffFacts(**known | changed)


# -------------------------------------------------------------------------------------- one of each, before and after


@dataclass(frozen=True, kw_only=True)
class Example:
    params: Params
    before: Facts
    after: Facts


_CREDITED = note(
    id="CN-20",
    total=5_000,
    taxes=[{"name": "VAT", "amount": 798}],
    line_items=[line("li_cn", 4_202).model_dump()],
)
_REFUNDABLE = note(
    id="CN-21",
    type="refundable",
    status="refund_due",
    total=11_900,
    amount_allocated=0,
    amount_available=11_900,
    allocations=[],
    taxes=[{"name": "VAT", "amount": 1_900}],
    line_items=[line("li_cn").model_dump()],
)
_WRITTEN_OFF = note(
    id="CN-30", total=11_900, amount_allocated=11_900, create_reason_code="Write Off", allocations=[]
)

EXAMPLES: Mapping[str, tuple[Example, ...]] = {
    "charge": (
        Example(
            params=ChargeParams(customer="acme", amount=typed("150"), description="Setup fee"),
            before=charge_facts(untaxed()),
            after=charge_facts(charged(), untaxed()),
        ),
        Example(
            params=ChargeParams(
                customer="acme",
                amount=typed("150.00", "USD"),
                description="Setup fee",
                coupon="WELCOME10",
                po_number="PO-7",
            ),
            before=charge_facts(
                site=WORLD, customer=customer(auto_collection="on", primary_payment_source_id="pm_1")
            ),
            after=charge_facts(
                charged(currency_code="USD", status="paid", amount_due=0, total=13_500, po_number="PO-7"),
                site=WORLD,
            ),
        ),
    ),
    "credit_note": (
        Example(
            params=CreditNoteParams(
                type="adjustment", invoice="INV-1042", total=typed("50"), comment="Export was broken"
            ),
            before=credit_note_facts(invoice()),
            after=credit_note_facts(
                invoice(
                    amount_due=6_900,
                    amount_adjusted=5_000,
                    adjustment_credit_notes=[{"cn_id": "CN-20", "cn_total": 5_000}],
                ),
                [MarkedNote(note=_CREDITED, marks=(REF,))],
            ),
        ),
        Example(
            params=CreditNoteParams.model_validate(
                {
                    "type": "refundable",
                    "invoice": "INV-1042",
                    "lines": [{"reference_line_item_id": "li_1", "unit_amount": {"digits": "100"}}],
                    "comment": "Export was broken",
                }
            ),
            before=credit_note_facts(paid_invoice()),
            after=credit_note_facts(
                paid_invoice(
                    issued_credit_notes=[{"cn_id": "CN-21", "cn_total": 11_900, "cn_status": "refund_due"}]
                ),
                [MarkedNote(note=_REFUNDABLE, marks=(REF,))],
            ),
        ),
    ),
    "write_off": (
        Example(
            params=WriteOffParams(invoice="INV-1042", comment="duplicate of INV-1040"),
            before=write_off_facts(invoice()),
            after=write_off_facts(
                invoice(status="paid", amount_due=0, write_off_amount=11_900),
                note=_WRITTEN_OFF,
                marks=(REF,),
            ),
        ),
    ),
    "remove_credit_note": (
        Example(
            params=RemoveCreditNoteParams(invoice="INV-1042", credit_note="CN-12", reason="given by mistake"),
            before=removal_facts(adjusted_invoice(), note()),
            after=removal_facts(
                invoice(),
                note(status="refund_due", amount_allocated=0, amount_available=5_000, allocations=[]),
            ),
        ),
    ),
    "send_einvoice": (
        Example(
            params=SendEinvoiceParams(credit_note="CN-12"),
            before=einvoice_facts("failed", "receiver not found"),
            after=einvoice_facts("success"),
        ),
    ),
}


# ------------------------------------------------------------------------------------------------------ the reader


@dataclass(frozen=True, kw_only=True)
class Shelf:
    """A reader over given documents; what is not there is not found. Filters are by the field, `is` only."""

    site: SiteProfile = SITE
    shelved: Sequence[Invoice | CreditNote | Customer | Subscription] = ()
    comments_by_note: Mapping[str, str] = field(default_factory=dict)

    def now(self) -> int:
        return NOW

    def _one(self, kind: type[Any], document_id: str) -> Any:
        for document in self.shelved:
            if isinstance(document, kind) and document.id == document_id:
                return document
        raise NotFound("not found")

    def _some(self, kind: type[Any], limit: int, filters: Mapping[str, str]) -> list[Any]:
        return [
            document
            for document in self.shelved
            if isinstance(document, kind)
            and all(getattr(document, name.removesuffix("__is")) == value for name, value in filters.items())
        ][:limit]

    async def invoice(self, invoice_id: str) -> Invoice:
        return self._one(Invoice, invoice_id)  # type: ignore[no-any-return]  # kept by kind

    async def credit_note(self, credit_note_id: str) -> CreditNote:
        return self._one(CreditNote, credit_note_id)  # type: ignore[no-any-return]  # kept by kind

    async def customer(self, customer_id: str) -> Customer:
        return self._one(Customer, customer_id)  # type: ignore[no-any-return]  # kept by kind

    async def subscription(self, subscription_id: str) -> Subscription:
        return self._one(Subscription, subscription_id)  # type: ignore[no-any-return]  # kept by kind

    async def invoices(self, *, limit: int = 20, **filters: str) -> list[Invoice]:
        return self._some(Invoice, limit, filters)

    async def credit_notes(self, *, limit: int = 20, **filters: str) -> list[CreditNote]:
        return self._some(CreditNote, limit, filters)

    async def comments(self, entity_type: str, entity_id: str, *, limit: int = 50) -> list[Comment]:
        text = self.comments_by_note.get(entity_id)
        return [Comment(id="co_1", entity_type=entity_type, entity_id=entity_id, notes=text)] if text else []
